"""The picture process: loads the decoders once, forks a disposable child per picture, decodes nothing itself.

Speaks lines of JSON over the inherited socket whose number is its argument. In: `{id, work, arguments, limits}` and
`{id, cancel}`. Out: `{id, ok}`, `{id, refused, detail}` or `{id, unavailable, detail, code}`. Ends, with its children, at
the end of input. Single-threaded, so that forking is safe.
"""

import contextlib
import ctypes
import gc
import json
import os
import resource
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

MAX_ANSWER_BYTES = 64 * 1024
MAX_OPEN_FILES = 32
NICENESS = 10
ANSWER_FD = 3

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWNET = 0x4000_0000

Work = Callable[[str, dict[str, Any]], dict[str, Any]]
Message = dict[str, Any]


@dataclass(slots=True)
class Child:
    """A running disposable process and what it has answered so far."""

    id: int
    pid: int
    pipe: int
    deadline: float
    folder: str | None
    answer: bytearray = field(default_factory=bytearray)


class Zygote:
    """Forks, watches and reaps; one loop, no threads."""

    def __init__(self, line: socket.socket, work: Work) -> None:
        self._line = line
        self._work = work
        self._pid = os.getpid()
        self._unread = bytearray()
        self._children: dict[int, Child] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(line, selectors.EVENT_READ)

    def run(self) -> None:
        """Serve until the other end hangs up."""
        while True:
            for key, _ in self._selector.select(self._patience_seconds()):
                if key.fileobj is self._line:
                    if not self._listen():
                        return self._end_all()
                elif child := self._children.get(key.data):
                    self._collect(child)
            self._end_overdue()

    def _listen(self) -> bool:
        try:
            data = self._line.recv(65536)
        except OSError:
            data = b""
        self._unread += data
        *lines, rest = bytes(self._unread).split(b"\n")
        self._unread = bytearray(rest)
        for text in lines:
            self._take(json.loads(text))
        return bool(data)

    def _take(self, message: Message) -> None:
        if message.get("cancel"):
            if child := self._children.get(message["id"]):
                self._end(child)
            return
        try:
            self._fork(message)
        except OSError as error:
            self._say({"id": message["id"], "unavailable": True, "detail": f"cannot fork: {error}"})

    def _fork(self, message: Message) -> None:
        reading, writing = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(reading)
            os.close(writing)
            raise
        if pid == 0:
            _be_a_child(message, writing, self._work, self._pid)
        os.close(writing)
        os.set_blocking(reading, False)
        deadline = time.monotonic() + message["limits"]["wall_seconds"]
        child = Child(message["id"], pid, reading, deadline, message["arguments"].get("folder"))
        self._children[child.id] = child
        self._selector.register(reading, selectors.EVENT_READ, child.id)

    def _collect(self, child: Child) -> None:
        data = os.read(child.pipe, 65536)
        child.answer += data
        if data and len(child.answer) <= MAX_ANSWER_BYTES:
            return
        self._say({"id": child.id, **_verdict(bytes(child.answer), self._end(child))})

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for child in [c for c in self._children.values() if c.deadline <= now]:
            self._end(child)
            self._say({"id": child.id, "refused": "time", "detail": "wall time"})

    def _end_all(self) -> None:
        for child in list(self._children.values()):
            self._end(child)

    def _end(self, child: Child) -> int:
        """Make sure that it is gone, and return its wait status. Killing one that has exited changes nothing."""
        os.kill(child.pid, signal.SIGKILL)
        _, status = os.waitpid(child.pid, 0)
        self._selector.unregister(child.pipe)
        os.close(child.pipe)
        del self._children[child.id]
        if child.folder:
            with contextlib.suppress(OSError):
                os.unlink(part_path(child.folder, child.pid))
        return status

    def _patience_seconds(self) -> float | None:
        if not self._children:
            return None
        return max(0.0, min(c.deadline for c in self._children.values()) - time.monotonic())

    def _say(self, message: Message) -> None:
        with contextlib.suppress(OSError):
            self._line.sendall(json.dumps(message).encode() + b"\n")


def part_path(folder: str, pid: int) -> Path:
    """Where the child `pid` writes before it renames; named so that somebody else can remove it afterwards."""
    return Path(folder) / f".{pid}.part"


def _verdict(answer: bytes, status: int) -> Message:
    with contextlib.suppress(ValueError):
        said = json.loads(answer)
        if isinstance(said, dict):
            return said
    if not os.WIFSIGNALED(status):
        return {"refused": "damaged", "detail": f"exit {os.waitstatus_to_exitcode(status)}"}
    number = os.WTERMSIG(status)
    reason = {signal.SIGXCPU: "time", signal.SIGKILL: "memory"}.get(signal.Signals(number), "damaged")
    return {"refused": reason, "detail": f"signal {number}"}


def _be_a_child(message: Message, writing: int, work: Work, zygote: int) -> NoReturn:
    """Everything that a disposable process does. Never returns into the zygote's code."""
    status = 1
    try:
        gc.disable()
        # The zygote's socket and the pipes of other children would keep those open after their owners are gone.
        os.dup2(writing, ANSWER_FD)
        os.closerange(ANSWER_FD + 1, 4096)
        _fence(message["limits"], zygote)
        answer = json.dumps(work(message["work"], message["arguments"])).encode()
        while answer:
            answer = answer[os.write(ANSWER_FD, answer) :]
        status = 0
    finally:
        os._exit(status)


def _fence(limits: dict[str, Any], zygote: int) -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != zygote:
        os._exit(1)
    os.nice(NICENESS)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, limits["file_bytes"])
    _limit(resource.RLIMIT_CPU, limits["cpu_seconds"])
    _limit(resource.RLIMIT_AS, limits["memory_bytes"])


def _limit(kind: int, most: int) -> None:
    # macOS refuses some of these; the wall time holds there all the same.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (most, most + 1 if kind == resource.RLIMIT_CPU else most))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        LIBC.prctl(option, value, 0, 0, 0)


def _leave_network() -> None:
    """On Linux, where it is allowed: no interface but a dead loopback, for the zygote and all its children."""
    if sys.platform == "linux":
        # Root keeps its user namespace, because it would lose its rights over files in a new one.
        LIBC.unshare(CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWUSER | CLONE_NEWNET)


LIBC = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Load the decoders, greet, serve."""
    line = socket.socket(fileno=int(sys.argv[1]))
    line.set_inheritable(False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        from adapters.pillow import codec  # noqa: PLC0415 - a decoder that cannot be loaded is told over the line
    except Exception as error:  # noqa: BLE001 - whatever it is, the other end wants to know
        line.sendall(json.dumps({"failed": repr(error)}).encode() + b"\n")
        return
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _leave_network()
    gc.collect()
    gc.freeze()
    line.sendall(b'{"ready": true}\n')
    Zygote(line, codec.perform).run()
