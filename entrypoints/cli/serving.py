"""`heliograph serve` and `heliograph demo`."""

import errno
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from application.seeding import Recipe
from entrypoints import VERSION, container
from entrypoints.cli.opening import complete, settings_of, step_number
from entrypoints.cli.terminal import Failed, Refused, terminal
from entrypoints.processes import serve_in_many
from entrypoints.seed import FIRST_POSTS, order
from entrypoints.server import serve_alone
from entrypoints.settings import Settings, command, load

DEMO_PASSWORD = "sunlight-demo"  # noqa: S105 - the demo listens on loopback only and says it aloud
NOTE = "demo.json"


def serve(*, host: str | None = None, port: int | None = None, workers: int | None = None) -> None:
    """The web server, until it is told to stop.

    Parameters
    ----------
    host
        Address to listen on.
    port
        Port to listen on.
    workers
        Web processes.
    """
    settings = settings_of(host=host, port=port, workers=workers)
    with listening_socket(settings, "serve") as listening:
        settings = settings.model_copy(update={"port": listening.getsockname()[1]})
        with container.open_database(settings, owner=True) as database:
            if not database.embedded:
                terminal.say("Database: the outside one of HELIOGRAPH_DATABASE_URL")
            code = complete(_prepare(settings, database))
            terminal.say(f"Heliograph {VERSION} listens on {settings.origin}")
            if code:
                # Also with --quiet: without this line nobody could ever get in.
                terminal.err.print(f"No account yet. Open {settings.origin}/setup and enter the code  {code}")
            run = serve_alone if settings.workers == 1 else serve_in_many
            run(settings, database, listening, when_stopping=_say_stopping)
    terminal.say("Stopped.")


def _say_stopping() -> None:
    terminal.say("Stopping: what is under way gets a moment to finish.")


async def _prepare(settings: Settings, database: container.Database) -> str:
    """Migrate; the setup code while nobody has an account, else nothing."""
    for name in await container.prepare(settings, database):
        terminal.say(f"Migrated: {name}")
    async with container.started(settings, database, work=False) as application:
        return application.joining.setup_code() if await application.joining.needs_setup() else ""


@contextmanager
def listening_socket(settings: Settings, verb: str) -> Iterator[socket.socket]:
    """A socket bound to the address of the settings, taken before `verb` does anything slow. Raises Failed."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise Failed(f"{settings.host} is not an address of this machine: {error.strerror}") from None
    with socket.socket(family, kind, protocol) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.set_inheritable(True)
        try:
            listening.bind(address)
            # At once, so that a second server fails now and not after its database has started. Whoever connects
            # meanwhile waits for the first answer.
            listening.listen(1024)
        except OSError as error:
            raise _cannot_listen(settings, verb, error) from None
        yield listening


def _cannot_listen(settings: Settings, verb: str, error: OSError) -> Failed:
    place = f"{settings.host}:{settings.port}"
    # `make` passes the port on under a name of its own.
    by_make = f"make {verb} PORT=" if "MAKELEVEL" in os.environ else "--port "
    if error.errno == errno.EADDRINUSE:
        text = f"Another program already listens on {place}. Stop it, or choose another port:  {by_make}{settings.port + 1}"
        return Failed(text, 5, "port_in_use")
    if error.errno == errno.EACCES:
        return Failed(f"No permission to listen on {place}. Ports below 1024 need rights; try  {by_make}8000")
    return Failed(f"Cannot listen on {place}: {error.strerror}")


# The demo


def demo(
    *, port: int = 8000, host: str = "127.0.0.1", keep: Path | None = None, public: bool = False
) -> None:
    """A place with people and photos.

    Parameters
    ----------
    port
        Port to listen on.
    host
        Address to listen on; any but this machine's own needs --public.
    keep
        Folder to keep it in; without one it is removed at the end.
    public
        Let other machines in. Everybody can read the passwords.
    """
    if not public and not _is_loopback(host):
        raise Refused(f"The demo's passwords are known to everybody. Listen on {host} only with --public.")
    with _folder(keep) as folder:
        settings = _demo_settings(folder, host, port)
        with listening_socket(settings, "demo") as listening:
            settings = settings.model_copy(update={"port": listening.getsockname()[1]})
            terminal.show(f"Heliograph {VERSION}, demo{'' if keep else ' (data is temporary)'}\n")
            with _Filling(settings) as filling, container.open_database(settings, owner=True) as database:
                _show_demo(settings, database, listening, filling, kept=keep)
    terminal.say("Stopped.")


def _demo_settings(folder: Path, host: str, port: int) -> Settings:
    """Nothing from files or the environment: the demo must never meet a real place's database."""
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    chosen: dict[str, Any] = {
        "data_dir": folder,
        "host": host,
        "port": port,
        "relax_loopback": True,
        "log_level": "warning",
    }
    no_file: dict[str, str] = {}
    return load(Path("/dev/null"), defaults | chosen, no_file)[0]


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep.resolve()
        return
    # Below the system's temporary folder rather than in it: the database's user must be able to pass through.
    made = Path(tempfile.mkdtemp(prefix="heliograph-demo-"))
    made.chmod(0o711)
    try:
        yield made / "data"
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _show_demo(
    settings: Settings,
    database: container.Database,
    listening: socket.socket,
    filling: "_Filling",
    *,
    kept: Path | None,
) -> None:
    def stop() -> None:
        _say_stopping()
        filling.stop()

    try:
        complete(_prepare_demo(settings, database))
        filling.begin(database)
        complete(_show_content(settings, database, filling))
        terminal.show(_invitation(settings, kept))
        serve_alone(settings, database, listening, when_stopping=stop)
    finally:
        # Before its database goes.
        filling.stop()


async def _prepare_demo(settings: Settings, database: container.Database) -> None:
    await container.prepare(settings, database)
    found = await container.schema(settings, database)
    terminal.show(terminal.check("ok", "database ready", f"schema {step_number(found.current)}", width=20))
    terminal.show(terminal.check("ok", "media store ready", "", width=20))


async def _show_content(settings: Settings, database: container.Database, filling: "_Filling") -> None:
    async with container.started(settings, database, work=False) as application:
        now = await application.operations.reads.status()
    counts = f"{now.people} people, {now.posts} posts, {now.likes:,} likes, {now.comments} comments ({filling.seconds:.1f} s)"
    terminal.show(terminal.check("ok", "content", counts, width=20))
    if not filling.complete:
        more = f"more posts are being added, {filling.recipe.posts} in all"
        terminal.show(terminal.check("ok", "", more, width=20))


def _invitation(settings: Settings, kept: Path | None) -> Text:
    end = (
        f"Ctrl C stops.  It is kept in {kept}"
        if kept
        else f"Ctrl C stops and removes everything.  Keep it with:  {command()} demo --keep ./heliograph-data"
    )
    return Text(
        f"\n  Open      {settings.origin}\n"
        f"  Sign in   mira   password: {DEMO_PASSWORD}\n"
        "  Second    nplatov, soyeon, greta  (same password)\n"
        "  Admin     admin  (same password)\n\n"
        f"{end}"
    )


class _Filling:
    """The process that puts content into the demo, and the note beside the data of how far it is.

    It has a process of its own so that pages are served while it draws. An interrupted one goes on at the next start.
    """

    def __init__(self, settings: Settings) -> None:
        self._began = time.perf_counter()
        self._note = settings.data_dir / NOTE
        noted = json.loads(self._note.read_text("utf-8")) if self._note.exists() else {}
        self.complete = bool(noted.get("complete"))
        moment = datetime.fromisoformat(noted["now"]) if noted else datetime.now(UTC)
        self.recipe = Recipe(moment, password=DEMO_PASSWORD)
        self._first = threading.Event()
        self._process = None if self.complete else self._start(settings)

    def __enter__(self) -> "_Filling":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process if it still works."""
        if self._process is not None and self._process.poll() is None:
            # With those that draw for it.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.perf_counter() - self._began

    def begin(self, database: container.Database) -> None:
        """Let the process put its pictures in, and wait for the first posts. Raises Failed when it gave up."""
        process = self._process
        if process is None or process.stdin is None:
            return
        self._write(complete=False)
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(database.told()).encode() + b"\n")
        threading.Thread(target=self._listen, args=(process,), name="filling", daemon=True).start()
        self._first.wait()
        if process.poll():
            raise Failed("The demo's content could not be made; the reason stands above.")

    def _start(self, settings: Settings) -> subprocess.Popen[bytes]:
        """Before the database, so that it has drawn something when that is ready."""
        process = subprocess.Popen(
            [sys.executable, "-m", "entrypoints.seed"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            # Ctrl C is for us; its standard input ends with us, and it with that.
            start_new_session=True,
        )
        if process.stdin is not None:
            process.stdin.write(json.dumps(order(settings, self.recipe, FIRST_POSTS)).encode() + b"\n")
        return process

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        for line in process.stdout or ():
            if json.loads(line)["part"] == "all":
                self._write(complete=True)
            self._first.set()
        process.wait()
        self._first.set()

    def _write(self, *, complete: bool) -> None:
        self.complete = complete
        facts = {name: value for name, value in asdict(self.recipe).items() if name != "password"}
        self._note.write_text(json.dumps({**facts, "now": self.recipe.now.isoformat(), "complete": complete}))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
