"""Running the command `heliograph` as people do, in processes of its own. Servers and terminals get a true start."""

import atexit
import fcntl
import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from tests.entrypoints.loaded import Loaded

ROOT = Path(__file__).resolve().parents[2]
HELIOGRAPH = [sys.executable, "-m", "entrypoints"]
PASSWORD = "four words make sense"


class Typing:
    """Somebody at a terminal who reads what the command writes and answers."""

    def __init__(self, process: "subprocess.Popen[bytes]", end: int) -> None:
        self.process = process
        self.read = self.whole = ""
        self._end = end

    def wait_for(self, text: str, seconds: float = 60) -> None:
        """Until `text` was written after what was waited for before."""
        until = time.monotonic() + seconds
        while text not in self.read:
            assert self._listen(until), self.read
        self.read = self.read.partition(text)[2]

    def type(self, text: str) -> None:
        os.write(self._end, text.encode())

    def finish(self, seconds: float = 60) -> int:
        """The exit code; what was written last is then in `read`."""
        until = time.monotonic() + seconds
        while self._listen(until):
            pass
        return self.process.wait(1)

    def _listen(self, until: float) -> bool:
        """Whether something came before that moment."""
        if not select.select([self._end], [], [], max(0.0, until - time.monotonic()))[0]:
            return False
        try:
            read = os.read(self._end, 4096)
        except OSError:  # nobody has the other end any more
            return False
        text = read.decode("utf-8", "replace").replace("\r\n", "\n")
        self.read, self.whole = self.read + text, self.whole + text
        return bool(read)


@dataclass(frozen=True, slots=True)
class Place:
    """A data folder and the environment that points to it."""

    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Ours without its settings, with this folder unless a file of settings is named."""
        # Compiling the code anew for each command would be most of what it does.
        ours = ("HELIOGRAPH_", "MAKE", "PYTHONDONTWRITEBYTECODE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        data = {} if "HELIOGRAPH_CONFIG" in more else {"HELIOGRAPH_DATA_DIR": str(self.folder / "data")}
        return {**kept, "PYTHONPATH": str(ROOT), **data, **more}

    def run(
        self, *arguments: str, text: str = "", env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """The command to its end, with `text` on standard input."""
        environment = self.environment(**(env or {}))
        if not options and not any(name.startswith("PYTHON") for name in env or ()):
            return _loaded().run(arguments, text, self.folder, environment, 120)
        return subprocess.run(
            [*HELIOGRAPH, *arguments],
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.folder,
            env=environment,
            check=False,
            **options,
        )

    def result(self, *arguments: str, text: str = "", **env: str) -> Any:
        """What the command, which must succeed, answers as JSON."""
        done = self.run(*arguments, "--json", text=text, env=env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """The command, going on."""
        return subprocess.Popen(
            [*HELIOGRAPH, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "stderr.txt").open("w"),
            text=True,
            cwd=self.folder,
            env=self.environment(**env),
        )

    @contextmanager
    def at_terminal(self, *arguments: str) -> Iterator[Typing]:
        """The command with somebody at its terminal; killed afterwards if it has not ended."""
        ours, its = pty.openpty()

        def control() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        process = subprocess.Popen(
            [*HELIOGRAPH, *arguments],
            stdin=its,
            stdout=its,
            stderr=its,
            cwd=self.folder,
            env=self.environment(),
            preexec_fn=control,  # noqa: PLW1509 - it calls the system only
        )
        os.close(its)
        try:
            yield Typing(process, ours)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            os.close(ours)

    @property
    def said(self) -> str:
        """What the command that was started said on standard error."""
        return (self.folder / "stderr.txt").read_text()

    @contextmanager
    def serving(self, *arguments: str, **env: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
        """The server's address and process; ended afterwards if the test has not done so."""
        process = self.start("serve", "--port", "0", *arguments, **env)
        try:
            yield self._address(process), process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)

    def _address(self, process: subprocess.Popen[str]) -> str:
        until = time.monotonic() + 120
        while time.monotonic() < until and process.poll() is None:
            found = [line for line in self.said.splitlines() if " listens on " in line]
            if found:
                address = found[0].rpartition(" ")[2]
                await_answer(address)
                return address
            time.sleep(0.05)
        raise AssertionError(f"the server did not start: {self.said}")


@cache
def _loaded() -> Loaded:
    """One for all tests of this process."""
    made = Loaded(ROOT, Place(ROOT).environment())
    atexit.register(made.close)
    return made


def await_answer(address: str, seconds: float = 90) -> None:
    """Until the server says that it is ready."""
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=10):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def ask(address: str, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    """One request to the API: status and document."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{address}/api/v1{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
            return answer.status, json.loads(content) if content else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Everything that descends from the process."""
    return psutil.Process(process.pid).children(recursive=True)


def web_processes(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Those of a server with several workers."""
    return [one for one in family(process) if "entrypoints.processes" in _line(one)]


def alive(processes: list[psutil.Process]) -> list[str]:
    """The command lines of those that still run."""
    return [line for line in map(_line, processes) if line]


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()) if process.is_running() else ""
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
