"""More than one web process: they share one listening socket, die with their parent, and are replaced when they die.

Sanic has a manager for this, which is not used: it leaves a dead process dead with its requests hanging, and a process
of its own outlives a parent that was killed. Here every process serves alone, as with one worker.
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from entrypoints.container import Database
from entrypoints.settings import Settings

log = logging.getLogger("heliograph.web")

POLL_SECONDS = 0.2
# Longer than a process takes to finish its requests and its jobs, shorter than the 20 s that we promise.
STOP_SECONDS = 17.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY_SECONDS = 60.0


class Stop(Exception):
    """Raised in the main thread by SIGTERM and SIGINT, so that what is open is closed on the way out."""


def serve_in_many(
    settings: Settings,
    database: Database,
    listening: socket.socket,
    when_stopping: Callable[[], object] = lambda: None,
) -> None:
    """Serve with `settings.workers` processes until told to stop. Blocks; for the main thread only."""
    crew = [_Place(settings, database, listening) for _ in range(settings.workers)]
    previous = {number: signal.signal(number, _raise_stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        while True:
            for place in crew:
                place.fill()
            time.sleep(POLL_SECONDS)
    except Stop:
        when_stopping()
    finally:
        for number in previous:
            signal.signal(number, signal.SIG_IGN)
        _stop(crew)
        for number, handler in previous.items():
            signal.signal(number, handler)


def die_with_parent() -> None:
    """In a process started by us: read our standard input, which ends when the parent does, and end then too.

    A pipe rather than the parent's number, because the kernel closes it at once however the parent died.
    """

    def wait() -> None:
        while os.read(0, 1024):
            pass
        # It leads a group of its own, which goes with it.
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def read_line() -> Any:
    """The next line of standard input, as JSON. Ends the process when there is none."""
    line = b""
    # From the descriptor itself and byte for byte, so that no buffer holds what `die_with_parent` waits for.
    while not line.endswith(b"\n"):
        piece = os.read(0, 1)
        if not piece:
            raise SystemExit(1)
        line += piece
    return json.loads(line)


class _Place:
    """One place in the crew and the process that fills it, if it lives."""

    def __init__(self, settings: Settings, database: Database, listening: socket.socket) -> None:
        self._order = json.dumps(_order(settings, database, listening.fileno())).encode() + b"\n"
        self._listening = listening
        self._pause = FIRST_PAUSE
        self._since = 0.0
        self._due = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def fill(self) -> None:
        """Start a process if there is none; after a death with a pause that grows from death to death."""
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            steady = now - self._since > STEADY_SECONDS
            self._pause = FIRST_PAUSE if steady else min(self._pause * 2, LONGEST_PAUSE)
            self._due = now + self._pause
            log.error(
                "web process %d ended with %d, another starts in %.1f s", self.process.pid, code, self._pause
            )
            self.process = None
        if now >= self._due:
            self._since = now
            self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "entrypoints.processes"],
            stdin=subprocess.PIPE,
            pass_fds=(self._listening.fileno(),),
            # Ctrl C reaches the whole group of a terminal; these processes are told by us.
            start_new_session=True,
        )
        if process.stdin is not None:
            # Not through arguments, which everybody on the machine can read.
            process.stdin.write(self._order)
            process.stdin.flush()
        return process


def _stop(crew: list[_Place]) -> None:
    alive = [place.process for place in crew if place.process is not None]
    for process in alive:
        process.terminate()
    until = time.monotonic() + STOP_SECONDS
    for process in alive:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _raise_stop(*_: object) -> None:
    raise Stop


def _order(settings: Settings, database: Database, descriptor: int) -> dict[str, Any]:
    """What a process needs to know, as JSON."""
    return {"settings": settings.told(), "database": database.told(), "listening": descriptor}


def main() -> None:
    """One web process: its order is the first line of standard input."""
    from entrypoints.server import serve_alone  # noqa: PLC0415 - the parent of all has no use for it

    order = read_line()
    die_with_parent()
    settings = Settings(**order["settings"])
    listening = socket.socket(fileno=order["listening"])
    serve_alone(settings, Database.heard(order["database"]), listening)


if __name__ == "__main__":
    main()
