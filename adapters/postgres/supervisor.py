"""The process between Heliograph and its embedded PostgreSQL; started by `embedded.py`, imports only the library.

It is a program of its own because it must outlive its owner by a moment: standard input is a pipe whose other
end only the owner holds, so the kernel reports the owner's death, however it died, as end of file. That works
alike on Linux and macOS and has no thread traps, unlike Linux' parent-death signal, which is here only the
second line of defence, for the case that this process is killed too.

Standard output carries lines to the owner: `ready`, or `failed <text, JSON>` followed by exit status 1.
"""

import contextlib
import fcntl
import json
import os
import select
import signal
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

START_RETRY_SECONDS = 30.0
ORPHAN_SECONDS = 6.0
LOG_TAIL_BYTES = 2000
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
# Reading alone comes first: it lets the server pass closed directories but write only where it is the owner.
# Docker grants only the second one by default.
PRIVILEGES: tuple[tuple[int, ...], ...] = ((), (CAP_DAC_READ_SEARCH,), (CAP_DAC_OVERRIDE,))
# What a starting server says while processes of its dead predecessor are still going away.
PASSING_TROUBLES = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists')


class OwnerGone(Exception):
    """The owner asked us to stop (`patient`) or has died."""

    def __init__(self, *, patient: bool) -> None:
        self.patient = patient
        super().__init__()


class Refused(Exception):
    """Starting is pointless; the text says why and what to do."""


class Supervisor:
    """Runs one server. `plan` is what `EmbeddedPostgres` sends: paths, settings and whom to run as."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.folder = Path(plan["folder"])
        self.data = Path(plan["data"])
        self.unfinished = self.data.with_name(self.data.name + ".new")
        self.binaries = Path(plan["binaries"])
        self.settings: list[str] = [part for setting in plan["settings"] for part in ("-c", setting)]
        self.initdb: list[str] = plan["initdb"]
        self.first_sql: str = plan["first_sql"]
        self.identity: tuple[int, int] | None = tuple(plan["identity"]) if plan["identity"] else None
        self.first_identity: tuple[int, int] | None = (
            tuple(plan["first_identity"]) if plan["first_identity"] else None
        )
        self.running_as: tuple[int, int] | None = None
        self.privileges: tuple[int, ...] = ()
        self.log = 2  # our own standard error too
        self.log_start = 0
        self.owner = os.getppid()
        self.server: int | None = None
        self.wake, wake_writer = os.pipe2(os.O_NONBLOCK) if hasattr(os, "pipe2") else os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(wake_writer, False)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)

    def run(self) -> None:
        """Serve until the owner is gone. Raises Refused."""
        try:
            self._take_over()
            self._prepare()
            self._serve()
        except OwnerGone as gone:
            self._shut_down(patient=gone.patient)

    def _take_over(self) -> None:
        """Wait until a predecessor is through, then stop a server that it may have left behind."""
        lock = os.open(self.folder / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if self.identity:
            os.fchown(lock, *self.identity)
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                self._pause(0.05)
        self._stop_orphan()

    def _stop_orphan(self) -> None:
        noted = Postmaster.read(self.data)
        if noted is None:
            return
        if not noted.is_alive():
            noted.forget_if_reused()
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(noted.pid, number)
            if self._gone(noted, ORPHAN_SECONDS):
                return
        raise Refused(
            f"An old PostgreSQL (process {noted.pid}) still uses {self.data} and cannot be stopped."
        )

    def _gone(self, noted: "Postmaster", seconds: float) -> bool:
        until = time.monotonic() + seconds
        while noted.is_alive():
            if time.monotonic() > until:
                return False
            self._pause(0.05)
        return True

    def _prepare(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._clear_unfinished()
            self._initialise()
        self._own(self.data, self.identity)
        self._find_privileges(self.data, self.identity)

    def _clear_unfinished(self) -> None:
        """A killed `initdb` leaves its own directory, never half a real one, because of the rename at the end."""
        import shutil  # noqa: PLC0415 - several megabytes, needed once in a life

        if self.unfinished.exists():
            shutil.rmtree(self.unfinished)
        if self.data.exists() and not any(self.data.iterdir()):
            self.data.rmdir()
        if self.data.exists():
            raise Refused(
                f"{self.data} is not empty, but it is no PostgreSQL data directory either. Move it away."
            )
        self.unfinished.mkdir(mode=0o700)

    def _initialise(self) -> None:
        # `initdb` insists on a user with a name, the server does not; the files change hands afterwards.
        self._own(self.unfinished, self.first_identity)
        self._find_privileges(self.unfinished, self.first_identity)
        self._mark_log()
        if self._run([self._binary("initdb"), "-D", str(self.unfinished), *self.initdb]) != 0:
            raise Refused(f"PostgreSQL could not create its data directory: {self._log_tail()}")
        # A single-user server makes role and database before anybody can see the directory.
        single = [self._binary("postgres"), "--single", "-D", str(self.unfinished), *self.settings]
        if self._run([*single, "-c", "exit_on_error=on", "postgres"], text=self.first_sql, quiet=True) != 0:
            raise Refused(f"PostgreSQL could not create the database: {self._log_tail()}")
        self.unfinished.rename(self.data)
        descriptor = os.open(self.folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    def _own(self, folder: Path, identity: tuple[int, int] | None) -> None:
        """Make the tree belong to the server's user; a copy made by root, for example, does not."""
        if identity is None or folder.stat().st_uid == identity[0]:
            return
        for path, folders, files in os.walk(folder, topdown=False):
            for name in (*folders, *files):
                os.chown(os.path.join(path, name), *identity, follow_symlinks=False)
        # The top goes last: an interrupted walk starts again.
        os.chown(folder, *identity)
        folder.chmod(0o700)

    def _find_privileges(self, folder: Path, identity: tuple[int, int] | None) -> None:
        """From now on run everything as `identity`, with the least that lets it reach its binaries and its data."""
        self.running_as = identity
        if identity is None:
            return
        for privileges in PRIVILEGES:
            self.privileges = privileges
            if self._run([self._binary("postgres"), "--version"], look_into=folder, quiet=True) == 0:
                return
        closed = first_closed((self.binaries, folder), identity[0])
        raise Refused(
            f"PostgreSQL does not run as root, and user {identity[0]} may not pass through {closed}. "
            f"Open it with `chmod o+x {closed}`, choose another folder, or start Heliograph as an ordinary user."
        )

    def _serve(self) -> None:
        give_up = time.monotonic() + START_RETRY_SECONDS
        while not self._start_server():
            reason = self._log_tail()
            if time.monotonic() > give_up or not any(trouble in reason for trouble in PASSING_TROUBLES):
                raise Refused(f"PostgreSQL did not start: {reason}")
            self._pause(0.2)
        tell("ready")
        for back_off in self._deaths():
            self._pause(back_off)
            self._start_server()

    def _deaths(self) -> Iterator[float]:
        """Each time the server has died: how many seconds to wait before the next start."""
        back_off, started = 0.1, time.monotonic()
        while True:
            while self.server is not None:
                self._pause(2.0)
            back_off = 0.1 if time.monotonic() - started > 30.0 else min(back_off * 2, 5.0)
            started = time.monotonic()
            yield back_off

    def _start_server(self) -> bool:
        """True when it accepts connections (crash recovery may take minutes), False when it has exited."""
        self._mark_log()
        self._forget_stale_pid()
        self.server = self._fork([self._binary("postgres"), "-D", str(self.data), *self.settings])
        while self.server is not None:
            noted = Postmaster.read(self.data)
            if noted is not None and noted.pid == self.server and noted.is_ready:
                return True
            self._pause(0.01)
        return False

    def _forget_stale_pid(self) -> None:
        noted = Postmaster.read(self.data)
        if noted is not None and not noted.is_alive():
            noted.forget_if_reused()

    def _shut_down(self, *, patient: bool) -> None:
        """Fast shutdown writes everything out; if that takes too long, the next start replays the log instead."""
        for number, seconds in (
            (signal.SIGINT, 60.0 if patient else 5.0),
            (signal.SIGQUIT, 2.0),
            (signal.SIGKILL, 1.0),
        ):
            until = time.monotonic() + seconds
            asked = -1.0
            while self.server is not None and time.monotonic() < until:
                if asked < time.monotonic() - 1:
                    # Again and again, because a server that was forked this moment still ignores it.
                    os.kill(self.server, number)
                    asked = time.monotonic()
                select.select([self.wake], [], [], 0.05)
                self._reap()

    def _pause(self, seconds: float) -> None:
        """Sleep; a child's end wakes us early, the owner's end raises OwnerGone."""
        ready, _, _ = select.select([0, self.wake], [], [], seconds)
        self._reap()
        if 0 in ready:
            raise OwnerGone(patient=bool(os.read(0, 16)))
        # A process that the owner forked may hold a copy of the pipe; then only the new parent tells.
        if os.getppid() != self.owner:
            raise OwnerGone(patient=False)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.wake, 512)
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid == self.server:
                    self.server = None

    def _run(
        self, command: list[str], *, text: str = "", look_into: Path | None = None, quiet: bool = False
    ) -> int:
        """Exit status of a short-lived command; the owner's death kills it with all its children."""
        reader, writer = os.pipe()
        os.write(writer, text.encode())
        os.close(writer)
        pid = self._fork(command, stdin=reader, look_into=look_into, quiet=quiet)
        os.close(reader)
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            ready, _, _ = select.select([0, self.wake], [], [], 0.5)
            with contextlib.suppress(BlockingIOError):
                os.read(self.wake, 512)
            if 0 in ready or os.getppid() != self.owner:
                os.killpg(pid, signal.SIGKILL)
                self._bury()
                raise OwnerGone(patient=False)

    def _bury(self) -> None:
        """Wait for all children, grandchildren included, so that none of them writes any more."""
        until = time.monotonic() + 2.0
        with contextlib.suppress(ChildProcessError):
            while time.monotonic() < until:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    select.select([self.wake], [], [], 0.01)

    def _fork(
        self,
        command: list[str],
        *,
        stdin: int | None = None,
        look_into: Path | None = None,
        quiet: bool = False,
    ) -> int:
        us = os.getpid()
        pid = os.fork()
        if pid:
            with contextlib.suppress(OSError):
                os.setpgid(pid, pid)
            return pid
        with contextlib.suppress(BaseException):
            os.setpgid(0, 0)
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing if stdin is None else stdin, 0)
            os.dup2(nothing if quiet else self.log, 1)
            os.dup2(nothing if look_into else self.log, 2)
            become(self.running_as, self.privileges, parent=us)
            if look_into:
                os.scandir(look_into).close()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            os.execv(command[0], command)  # noqa: S606 - our own binary, no shell
        os._exit(126)

    def _binary(self, name: str) -> str:
        return str(self.binaries / name)

    def _mark_log(self) -> None:
        self.log_start = os.fstat(self.log).st_size

    def _log_tail(self) -> str:
        size = os.fstat(self.log).st_size
        start = max(self.log_start, size - LOG_TAIL_BYTES)
        return os.pread(self.log, size - start, start).decode(errors="replace").strip()


class Postmaster:
    """What `postmaster.pid` in a data directory says."""

    def __init__(self, file: Path, lines: list[str]) -> None:
        self.file = file
        self.pid = int(lines[0])
        self.port = int(lines[3]) if len(lines) > 3 and lines[3].strip() else 0
        self.sockets = lines[4].strip() if len(lines) > 4 else ""
        self.is_ready = len(lines) > 7 and lines[7].strip() == "ready"

    @classmethod
    def read(cls, data: Path) -> "Postmaster | None":
        """None when there is no such file, or one that is just being written."""
        file = data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            return cls(file, file.read_text().splitlines())
        return None

    def is_alive(self) -> bool:
        """Whether the noted process is really the server of this directory and not a later one of the same number."""
        arguments = arguments_of(self.pid)
        return bool(arguments) and "postgres" in arguments[0] and str(self.file.parent) in arguments[1:]

    def forget_if_reused(self) -> None:
        """After a restart of the machine or container the number may be anybody's; PostgreSQL would not start then.

        Removing the file is safe here: PostgreSQL finds left-over backends through its shared memory anyway.
        """
        if arguments_of(self.pid):
            self.file.unlink(missing_ok=True)


def arguments_of(pid: int) -> list[str]:
    """The command line of a living process; empty when there is none."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="surrogateescape").split("\0")[:-1]
        return []
    import subprocess  # noqa: PLC0415 - only where there is no /proc

    command = ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)]
    line = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - fixed
    program, _, rest = line.partition(" -D ")
    return [program, rest.partition(" -c ")[0]] if line else []


def first_closed(paths: tuple[Path, ...], uid: int) -> Path:
    """The first directory on the way to `paths` that `uid` may not pass, by the mode bits alone."""
    for path in paths:
        for step in (*reversed(path.parents), path):
            found = step.stat()
            if not found.st_mode & stat.S_IXOTH and found.st_uid != uid:
                return step
    return paths[0]


def become(identity: tuple[int, int] | None, privileges: tuple[int, ...], *, parent: int) -> None:
    """Give up root for good, except the few capabilities in `privileges`, which survive into the next program."""
    if identity is not None:
        if privileges:
            prctl(PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setgid(identity[1])
        os.setuid(identity[0])
        if privileges:
            keep(privileges)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(126)


PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_SET_CHILD_SUBREAPER = 1, 8, 36
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAPABILITY_VERSION_3 = 0x20080522


def keep(privileges: tuple[int, ...]) -> None:
    """Make the capabilities ambient (capabilities(7)); all others are dropped. Raises OSError."""
    import ctypes  # noqa: PLC0415 - Linux only

    mask = sum(1 << number for number in privileges)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    for number in privileges:
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number)


def prctl(option: int, *arguments: int) -> None:
    """prctl(2). Raises OSError."""
    import ctypes  # noqa: PLC0415 - Linux only

    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    if ctypes.CDLL(None, use_errno=True).prctl(option, *padded) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def tell(line: str) -> None:
    """One line to the owner, who may be dead already."""
    with contextlib.suppress(OSError):
        os.write(1, line.encode() + b"\n")


def main() -> NoReturn:
    """Entry point: `supervisor.py <plan as JSON>`."""
    # Whoever means the whole group or the whole service must reach the owner; it tells us when it is finished.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            # Backends of a killed server become our children instead of zombies of a container's process 1.
            prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        Supervisor(json.loads(sys.argv[1])).run()
    except Exception as error:  # noqa: BLE001 - the owner must hear of every failure, there is nobody else
        text = str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
        tell("failed " + json.dumps(text))
        sys.exit(1)
    sys.exit(0)


if __name__ == "__main__":
    main()
