"""Our end of the picture process: starts it, asks it, watches it, ends it. No decoder is imported here."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from domain.kernel import Unavailable

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 20.0
GRACE_SECONDS = 5.0
MAX_ANSWER_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may cost its process: address space, CPU time, wall time, the size of one written file."""

    memory_bytes: int = 1024**3
    cpu_seconds: int = 20
    wall_seconds: float = 30.0
    file_bytes: int = 256 * 1024**2


class Sandbox:
    """At most `workers` disposable processes at once, `waiting` more callers in line, then Unavailable.

    Belongs to one event loop. Start it after any fork: another process that holds our end of the socket would keep the
    picture process alive.
    """

    def __init__(self, workers: int, waiting: int, limits: Limits) -> None:
        self._turns = asyncio.Semaphore(workers)
        self._room = workers + waiting
        self._callers = 0
        self._limits = limits
        self._opening: asyncio.Task[_Link] | None = None
        self._link: _Link | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process that forks the disposable ones, or None before the first start."""
        return self._link.pid if self._link else None

    async def start(self) -> None:
        """Start the picture process unless it runs. Raises Unavailable when it does not come up."""
        await self._connect()

    async def close(self) -> None:
        """End the picture process and its children. Calls in flight raise Unavailable. May be repeated."""
        self._closed = True
        if self._opening:
            await asyncio.wait([self._opening])
        if self._link:
            await self._link.close()

    async def call(self, work: str, **arguments: Any) -> dict[str, Any]:
        """The answer of a fresh process to `work` (see `zygote`). Cancelling kills that process."""
        async with self._turn():
            link = await self._connect()
            return await link.ask({"work": work, "arguments": arguments, "limits": asdict(self._limits)})

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._callers >= self._room:
            raise Unavailable("too many pictures are waiting", retry_after_seconds=5)
        self._callers += 1
        try:
            async with self._turns:
                yield
        finally:
            self._callers -= 1

    async def _connect(self) -> "_Link":
        if self._closed:
            raise Unavailable("the picture process was closed")
        if self._link and self._link.alive:
            return self._link
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._reopen())
        # Others may wait for the same start, so a caller who gives up must not stop it half-way.
        return await asyncio.shield(self._opening)

    async def _reopen(self) -> "_Link":
        if self._link:
            await self._link.close()
        self._link = await _Link.open(self._limits.wall_seconds + GRACE_SECONDS)
        return self._link


class _Link:
    """One running picture process, and the questions that it has not answered yet."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        patience_seconds: float,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._patience_seconds = patience_seconds
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._listening: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, patience_seconds: float) -> "_Link":
        """Start a process and wait until it has loaded its decoders."""
        ours, theirs = socket.socketpair()
        try:
            process = await asyncio.to_thread(_spawn, theirs)
        except OSError as error:
            ours.close()
            raise Unavailable(f"the picture process cannot be started: {error}") from error
        finally:
            theirs.close()
        ours.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=MAX_ANSWER_BYTES)
        link = cls(process, reader, writer, patience_seconds)
        try:
            await link._greet()
        except BaseException:
            await asyncio.shield(link.close())
            raise
        return link

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked. Looks at the process too: its death is known before the socket tells."""
        listening = self._listening is not None and not self._listening.done()
        return listening and self._process.poll() is None

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        number = self._count
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            await self._say({"id": number, **question})
            async with asyncio.timeout(self._patience_seconds):
                return await answer
        except TimeoutError as error:
            # It enforces the wall time itself, so one that says nothing for longer is stuck.
            self._process.kill()
            raise Unavailable("the picture process does not answer") from error
        except asyncio.CancelledError:
            with contextlib.suppress(OSError):
                self._writer.write(_line({"id": number, "cancel": True}))
            raise
        finally:
            self._asked.pop(number, None)

    async def close(self) -> None:
        """Hang up, which makes the process kill its children and leave; then reap it."""
        self._writer.close()
        if self._listening:
            self._listening.cancel()
        self._fail_all("the picture process was closed")
        await asyncio.to_thread(_reap, self._process)

    async def _greet(self) -> None:
        try:
            async with asyncio.timeout(START_SECONDS):
                line = await self._reader.readline()
        except TimeoutError as error:
            raise Unavailable("the picture process does not start") from error
        greeting = json.loads(line) if line else {"failed": "it ended at once"}
        if "failed" in greeting:
            raise Unavailable(f"the picture process does not start: {greeting['failed']}")
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            while line := await self._reader.readline():
                message = json.loads(line)
                answer = self._asked.get(message.pop("id"))
                if answer and not answer.done():
                    answer.set_result(message)
        except (OSError, ValueError, KeyError, AttributeError):
            # A line that is no answer of ours means that it can no longer be trusted.
            self._process.kill()
        finally:
            self._fail_all("the picture process ended")

    async def _say(self, message: dict[str, Any]) -> None:
        try:
            self._writer.write(_line(message))
            await self._writer.drain()
        except OSError as error:
            raise Unavailable("the picture process ended") from error

    def _fail_all(self, reason: str) -> None:
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(Unavailable(reason))


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _spawn(theirs: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own module, no shell, nothing from people in the arguments
        [sys.executable, "-m", "adapters.pillow", str(theirs.fileno())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(theirs.fileno(),),
        cwd=ROOT,
        env=_environment(),
        start_new_session=True,  # Ctrl C at our terminal is for us; it ends with us
    )


def _environment() -> dict[str, str]:
    """Nothing of ours, so no secret. The loader's paths stay, because some Pythons do not start without them."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    # One malloc arena: the address space of a second one counts against the limit without being used.
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"} | kept


def _reap(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
