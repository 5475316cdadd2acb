"""A server to measure, a load to put on it, and the processor time it took.

The figure that counts is processor time per operation of the server's whole process tree, and of PostgreSQL's, from
/proc: it survives a busy machine. Requests per second and latencies are told beside it.
"""

import asyncio
import json
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """A running server: its main process, and where it listens."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    def trees(self) -> tuple[set[int], set[int]]:
        """The pids of the server and of PostgreSQL."""
        children: dict[int, list[int]] = {}
        names: dict[int, str] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                    names[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                except OSError:
                    continue
                parent = int(stat.rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
        every, queue = set(), [self.process.pid]
        while queue:
            pid = queue.pop()
            every.add(pid)
            queue += children.get(pid, [])
        postgres = {pid for pid in every if re.search(r"postgres(:| |$)|supervisor", names.get(pid, ""))}
        return every - postgres, postgres


@contextmanager
def server(folder: Path, *, workers: int = 2, environment: dict[str, str] | None = None) -> Iterator[Server]:
    """A server on `folder` (prepared by an earlier call or empty) and a free port, without write limits."""
    port = free_port()
    command = [sys.executable, "-m", "entrypoints", "serve", "--port", str(port), "--workers", str(workers)]
    settings = {
        "HELIOGRAPH_DATA_DIR": str(folder),
        "HELIOGRAPH_RELAX_LOOPBACK": "true",
        "HELIOGRAPH_LOG_LEVEL": "warning",
    }
    with _running(command, {**settings, **(environment or {})}, port, folder) as target:
        yield target


BARE = """
from sanic import HTTPResponse, Sanic
app = Sanic("bare")
@app.get("/readyz")
async def ready(_):
    return HTTPResponse(b"ready")
if __name__ == "__main__":
    app.run("127.0.0.1", {port}, workers=2, access_log=False, motd=False)
"""


@contextmanager
def bare_server(folder: Path) -> Iterator[Server]:
    """Sanic with one handler and nothing else, in two processes: how fast this machine is today."""
    port = free_port()
    script = folder / "bare.py"
    script.write_text(BARE.format(port=port))
    with _running([sys.executable, str(script)], {}, port, folder) as target:
        yield target


@contextmanager
def _running(command: list[str], environment: dict[str, str], port: int, folder: Path) -> Iterator[Server]:
    with open(folder / "server.log", "ab") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait(port, process, folder)
        yield Server(process, port, folder)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(25)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if b" 200 " in probe.recv(100):
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start; see {folder / 'server.log'}")


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder for a server's data, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="heliograph-bench-", ignore_cleanup_errors=True) as name:
        os.chmod(name, 0o755)
        yield Path(name)


def cpu_seconds(pids: set[int]) -> float:
    """User and system time of these processes so far."""
    total = 0
    for pid in pids:
        try:
            parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(parts[11]) + int(parts[12])
    return total / TICK


def memory_mib(pids: set[int]) -> float:
    """Proportional set size of these processes together."""
    total = 0
    for pid in pids:
        try:
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
        except OSError:
            continue
        total += int(found.group(1)) if found else 0
    return total / 1024


# Load


class Connection:
    """A keep-alive connection that sends ready bytes and reads answers with a length."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=2**22))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """(status, body)."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        found = re.search(rb"content-length: (\d+)", head, re.I)
        body = await self._reader.readexactly(int(found.group(1))) if found else b""
        return status, body

    def close(self) -> None:
        self._writer.close()


def get(path: str, token: str) -> bytes:
    """A GET as bytes."""
    return request("GET", path, token)


def request(method: str, path: str, token: str, body: bytes = b"", kind: str = "application/json") -> bytes:
    """A request as bytes."""
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
    if body or method not in ("GET", "DELETE"):
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


@dataclass
class Result:
    """What a load measured. Seconds; `app` and `postgres` are processor time per request in milliseconds."""

    name: str
    requests: int = 0
    errors: int = 0
    seconds: float = 0.0
    app: float = 0.0
    postgres: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds if self.seconds else 0.0

    def refused(self, target: Server, status: int, body: bytes) -> None:
        """Count a wrong answer; show the first, and what the server and its database said last."""
        if not self.errors:
            say(f"{self.name}: {status} {body[:300].decode(errors='replace')}")
            for name in ("server.log", "postgres.log"):
                log = target.folder / name
                say(log.read_text(errors="replace")[-1500:] if log.exists() else f"no {name}")
        self.errors += 1

    def percentile(self, p: float) -> float:
        """A latency percentile in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * p), len(ordered) - 1)] * 1000 if ordered else 0.0

    def line(self) -> str:
        return (
            f"{self.name:<46} {self.app:7.3f} {self.postgres:7.3f} {self.app + self.postgres:7.3f} "
            f"{self.per_second:8.0f} {self.percentile(0.5):7.1f} {self.percentile(0.99):7.1f} {self.errors:5d}"
        )


HEADER = f"{'':<46} {'app':>7} {'db':>7} {'sum':>7} {'req/s':>8} {'p50 ms':>7} {'p99 ms':>7} {'err':>5}"


async def closed_load(
    target: Server,
    name: str,
    make: Callable[[], bytes],
    *,
    connections: int,
    seconds: float,
    good: Callable[[int], bool],
) -> Result:
    """As many requests as `connections` can get answered; capacity and processor time."""
    result = Result(name)
    open_connections = [await Connection.open(target.port) for _ in range(connections)]
    for connection in open_connections:
        for _ in range(12):
            await connection.ask(make())
    app, postgres = target.trees()
    before, started = (cpu_seconds(app), cpu_seconds(postgres)), time.perf_counter()
    deadline = started + seconds

    async def drive(connection: Connection) -> None:
        while time.perf_counter() < deadline:
            at = time.perf_counter()
            status, body = await connection.ask(make())
            result.latencies.append(time.perf_counter() - at)
            result.requests += 1
            if not good(status):
                result.refused(target, status, body)

    await asyncio.gather(*(drive(connection) for connection in open_connections))
    result.seconds = time.perf_counter() - started
    app, postgres = target.trees()
    result.app = (cpu_seconds(app) - before[0]) / max(result.requests, 1) * 1000
    result.postgres = (cpu_seconds(postgres) - before[1]) / max(result.requests, 1) * 1000
    for connection in open_connections:
        connection.close()
    return result


async def open_load(
    target: Server, name: str, make: Callable[[], bytes], *, rate: float, connections: int, seconds: float
) -> Result:
    """Requests at a fixed rate whatever the answers take; latency from the moment each was due."""
    result = Result(name)
    free: asyncio.Queue[Connection] = asyncio.Queue()
    every = [await Connection.open(target.port) for _ in range(connections)]
    for connection in every:
        free.put_nowait(connection)
    app, postgres = target.trees()
    before, started = (cpu_seconds(app), cpu_seconds(postgres)), time.perf_counter()

    async def one(due: float) -> None:
        connection = await free.get()
        status, body = await connection.ask(make())
        free.put_nowait(connection)
        result.latencies.append(time.perf_counter() - due)
        result.requests += 1
        if status >= 400:
            result.refused(target, status, body)

    tasks = []
    for number in range(int(rate * seconds)):
        due = started + number / rate
        await asyncio.sleep(max(0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    result.seconds = time.perf_counter() - started
    app, postgres = target.trees()
    result.app = (cpu_seconds(app) - before[0]) / max(result.requests, 1) * 1000
    result.postgres = (cpu_seconds(postgres) - before[1]) / max(result.requests, 1) * 1000
    for connection in every:
        connection.close()
    return result


@asynccontextmanager
async def database(target: Server) -> AsyncIterator[Any]:
    """A connection to the server's embedded database, as its owner."""
    import asyncpg  # noqa: PLC0415 - only scripts that fill data need it

    from adapters.postgres.embedded import EmbeddedPostgres  # noqa: PLC0415

    address = EmbeddedPostgres.join(target.folder)
    assert address is not None
    connection = await asyncpg.connect(**address.connect_arguments())
    try:
        yield connection
    finally:
        await connection.close()


def machine() -> str:
    """One line about where this was measured."""
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return (
        f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}"
    )


def say(text: str = "") -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def median(values: list[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def parse(body: bytes) -> Any:
    """JSON."""
    return json.loads(body)
