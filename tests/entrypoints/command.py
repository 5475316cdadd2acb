"""Running the command `heliograph` as people do, in processes of its own."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
HELIOGRAPH = [sys.executable, "-m", "entrypoints"]
PASSWORD = "four words make sense"


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
        return subprocess.run(
            [*HELIOGRAPH, *arguments],
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.folder,
            env=self.environment(**(env or {})),
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
        until = time.monotonic() + 40
        while time.monotonic() < until and process.poll() is None:
            found = [line for line in self.said.splitlines() if " listens on " in line]
            if found:
                address = found[0].rpartition(" ")[2]
                await_answer(address)
                return address
            time.sleep(0.05)
        raise AssertionError(f"the server did not start: {self.said}")


def await_answer(address: str, seconds: float = 30) -> None:
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
