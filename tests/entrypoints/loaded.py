"""`heliograph` without its start: a process that has loaded every command, and splits itself in two for each one.

Loading takes most of a short command's time, and a test may give thirty. The half that becomes the command gets its
arguments, environment, folder and files, runs `main` like any other, and ends as Python ends. What Python reads before
it runs anything (`PYTHON…`), terminals and signals are for a true start.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class Loaded:
    """That process. It ends with the one that started it."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._turn = threading.Lock()
        self._line, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(its.fileno())],
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
            )

    def run(
        self,
        arguments: Sequence[str],
        text: str,
        folder: Path,
        environment: Mapping[str, str],
        seconds: float,
    ) -> subprocess.CompletedProcess[str]:
        """One command to its end, as `subprocess.run` gives it. TimeoutExpired after so many seconds."""
        order = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            given.write(text.encode())
            given.seek(0)
            code = self._code(json.dumps(order), [given.fileno(), out.fileno(), err.fileno()], seconds)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(arguments, code, out.read().decode(), err.read().decode())

    def close(self) -> None:
        """Let it end."""
        self._line.close()
        self._process.wait(10)

    def _code(self, order: str, files: list[int], seconds: float) -> int:
        until, process = time.monotonic() + seconds, 0
        told, tells = os.pipe()
        try:
            with self._turn:
                socket.send_fds(self._line, [order.encode() + b"\n"], [*files, tells])
                os.close(tells)
                process = _heard(told, until, order)
            return _heard(told, until, order)
        except subprocess.TimeoutExpired:
            if process:
                os.kill(process, signal.SIGKILL)
            raise
        finally:
            os.close(told)


def _heard(told: int, until: float, order: str) -> int:
    if not select.select([told], [], [], max(0.0, until - time.monotonic()))[0]:
        raise subprocess.TimeoutExpired(order, 0)
    said = os.read(told, 4)
    assert said, "the process that has loaded the commands has ended"
    return int.from_bytes(said, "big", signed=True)


# The process itself


def _main(line: socket.socket) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _load()
    # What is never looked at again is never copied.
    gc.collect()
    gc.freeze()
    while True:
        content, files, *_ = socket.recv_fds(line, 65_536, 4)
        if not content:
            return
        while not content.endswith(b"\n"):
            content += line.recv(65_536)
        if not os.fork():
            _wait_for(content, files)
            return
        for each in files:
            os.close(each)


def _load() -> None:
    from entrypoints.cli import commands

    verbs = [*commands._PLAIN, *(verb for _, verbs in commands._NOUNS.values() for verb in verbs)]
    for name in {where.partition(":")[0] for _, where, *_ in verbs}:
        importlib.import_module(f"entrypoints.cli.{name}")
    for name in ("entrypoints.errors", "zxcvbn"):
        importlib.import_module(name)


def _wait_for(order: bytes, files: list[int]) -> None:
    """Split once more: one half waits and tells how the other one ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    process = os.fork()
    if process:
        os.write(files[3], process.to_bytes(4, "big", signed=True))
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        os.write(files[3], code.to_bytes(4, "big", signed=True))
        os._exit(0)
    os.close(files[3])
    _become(json.loads(order), files[:3])


def _become(order: dict[str, object], files: list[int]) -> None:
    from entrypoints.cli import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, each in enumerate(files):
        os.dup2(each, number)
        os.close(each)
    os.environ.clear()
    os.environ.update(order["environment"])  # type: ignore[call-overload]
    time.tzset()
    os.chdir(str(order["folder"]))
    # As `python -m` does it.
    sys.path[0] = os.getcwd()
    sys.argv[1:] = order["arguments"]  # type: ignore[assignment]
    main()


if __name__ == "__main__":
    _main(socket.socket(fileno=int(sys.argv[1])))
