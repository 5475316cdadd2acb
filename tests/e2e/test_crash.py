"""A server on the embedded default, killed at any moment, starts again by itself and has lost nothing it acknowledged.

The ledger is the oracle: every intent and every acknowledgement that the client read. After each restart, what was
acknowledged is there exactly once, what was not is there once or not at all, and repeating a request with its key never
makes a second one. `HELIOGRAPH_TEST_ROUNDS` asks for more rounds than the few of a usual run.
"""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.conftest import a_jpeg

ROOT = Path(__file__).parents[2]
PASSWORD = "four words make sense"
ROUNDS = int(os.environ.get("HELIOGRAPH_TEST_ROUNDS", "4"))


@dataclass
class Ledger:
    """What the client meant to do and what it was told. Keys are idempotency keys; values the acknowledged ids."""

    comments: dict[str, str | None] = field(default_factory=dict)
    posts: dict[str, str | None] = field(default_factory=dict)
    uploads: dict[str, str] = field(default_factory=dict)
    liked: dict[str, bool] = field(default_factory=dict)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="heliograph-crash-", ignore_cleanup_errors=True) as name:
        os.chmod(name, 0o755)
        yield Path(name)


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "HELIOGRAPH_DATA_DIR": str(folder / "data"),
        "HELIOGRAPH_RELAX_LOOPBACK": "true",
        "HELIOGRAPH_LOG_LEVEL": "warning",
    }
    with open(folder / "server.log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "entrypoints", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


async def ready(port: int, process: subprocess.Popen[bytes], folder: Path, seconds: float = 30) -> float:
    """How long it took until the server answered."""
    started = time.monotonic()
    while time.monotonic() < started + seconds:
        assert process.poll() is None, (folder / "server.log").read_text()[-2000:]
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return time.monotonic() - started
        except OSError:
            await asyncio.sleep(0.05)
    raise AssertionError((folder / "server.log").read_text()[-2000:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def api(port: int, token: str = "") -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    timeout = aiohttp.ClientTimeout(total=15)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers, timeout=timeout) as session:
        yield session


async def join(port: int, name: str) -> str:
    async with api(port) as session:
        body = {"username": name, "password": PASSWORD}
        async with session.post("/api/v1/accounts", json=body) as answer:
            assert answer.status == 201, await answer.text()
        async with session.post("/api/v1/tokens", json=body) as answer:
            return str((await answer.json())["token"])


async def publish(session: aiohttp.ClientSession, ledger: Ledger, picture: bytes) -> None:
    upload_key, key = str(uuid4()), str(uuid4())
    headers = {"Idempotency-Key": upload_key, "Content-Type": "image/jpeg"}
    async with session.post("/api/v1/uploads", data=picture, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        ledger.uploads[key] = str((await answer.json())["id"])
    ledger.posts[key] = None
    body = {"media": [{"upload_id": ledger.uploads[key]}], "caption": key}
    async with session.post("/api/v1/posts", json=body, headers={"Idempotency-Key": key}) as answer:
        assert answer.status == 201, await answer.text()
        ledger.posts[key] = str((await answer.json())["id"])


async def remark(session: aiohttp.ClientSession, ledger: Ledger, post: str) -> None:
    key = str(uuid4())
    ledger.comments[key] = None
    headers = {"Idempotency-Key": key}
    async with session.post(f"/api/v1/posts/{post}/comments", json={"text": key}, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        ledger.comments[key] = str((await answer.json())["id"])


async def like(session: aiohttp.ClientSession, ledger: Ledger, post: str) -> None:
    liked = not ledger.liked.get(post, False)
    async with session.request("PUT" if liked else "DELETE", f"/api/v1/posts/{post}/like") as answer:
        assert answer.status == 200, await answer.text()
        ledger.liked[post] = liked


async def work(port: int, token: str, ledger: Ledger, home: str, picture: bytes, seed: int) -> None:
    """Write until the server is gone."""
    rng = random.Random(seed)
    async with api(port, token) as session:
        while True:
            choice = rng.random()
            try:
                if choice < 0.15:
                    await publish(session, ledger, picture)
                elif choice < 0.6:
                    await remark(session, ledger, home)
                else:
                    await like(session, ledger, home)
            except (TimeoutError, aiohttp.ClientError, OSError):
                return


async def everything(session: aiohttp.ClientSession, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        parameters = {"limit": "100", **({"cursor": cursor} if cursor else {})}
        async with session.get(path, params=parameters) as answer:
            assert answer.status == 200, await answer.text()
            page = await answer.json()
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


async def audit(port: int, token: str, name: str, ledger: Ledger, home: str) -> None:
    """Acknowledged once and only once; unacknowledged at most once; a repeated request finds the first."""
    async with api(port, token) as session:
        comments = [item["text"] for item in await everything(session, f"/api/v1/posts/{home}/comments")]
        posts = [item["caption"] for item in await everything(session, f"/api/v1/users/{name}/posts")]
        for key, acknowledged in ledger.comments.items():
            assert comments.count(key) == 1 if acknowledged else comments.count(key) <= 1, key
        for key, acknowledged in ledger.posts.items():
            assert posts.count(key) == 1 if acknowledged else posts.count(key) <= 1, key
        if home in ledger.liked:
            async with session.get(f"/api/v1/posts/{home}") as answer:
                post = await answer.json()
            # The very last try may have been done without having been acknowledged.
            assert post["counts"]["likes"] == int(post["viewer"]["liked"])
            ledger.liked[home] = post["viewer"]["liked"]
        await repeat(session, ledger, home)


async def repeat(session: aiohttp.ClientSession, ledger: Ledger, home: str) -> None:
    """Send what was not acknowledged again under its old key until it is; it must then be there once."""
    for key, acknowledged in [*ledger.comments.items()]:
        if acknowledged is None:
            path = f"/api/v1/posts/{home}/comments"
            ledger.comments[key] = await insist(session, path, {"text": key}, key)
    for key, acknowledged in [*ledger.posts.items()]:
        if acknowledged is None:
            body = {"media": [{"upload_id": ledger.uploads[key]}], "caption": key}
            ledger.posts[key] = await insist(session, "/api/v1/posts", body, key)


async def insist(session: aiohttp.ClientSession, path: str, body: dict[str, Any], key: str) -> str:
    deadline = time.monotonic() + 20
    while True:
        async with session.post(path, json=body, headers={"Idempotency-Key": key}) as answer:
            if answer.status == 201:
                return str((await answer.json())["id"])
            assert answer.status == 409, await answer.text()
            assert time.monotonic() < deadline, "a key stays in progress for ever"
        await asyncio.sleep(0.5)


def verify(folder: Path) -> None:
    """The invariants, as the operator's own command checks them."""
    environment = {**os.environ, "HELIOGRAPH_DATA_DIR": str(folder / "data")}
    done = subprocess.run(
        [sys.executable, "-m", "entrypoints", "verify"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    assert "no administrator" in done.stdout + done.stderr or done.returncode == 0, done.stdout + done.stderr


@pytest.mark.goal("D1")
@pytest.mark.goal("K1")
@pytest.mark.goal("K7")
async def test_a_killed_server_starts_again_and_lost_nothing_it_acknowledged(folder: Path) -> None:
    port, ledger, rng = free_port(), Ledger(), random.Random()
    picture = a_jpeg(640, 480)
    process = start(folder, port)
    try:
        await ready(port, process, folder)
        token = await join(port, "writer")
        async with api(port, token) as session:
            await publish(session, ledger, picture)
        home = next(iter(ledger.posts.values()))
        assert home is not None
        for number in range(ROUNDS):
            writers = [
                asyncio.create_task(work(port, token, ledger, home, picture, number * 10 + i))
                for i in range(1)
            ]
            await asyncio.sleep(rng.uniform(0.05, 0.8))
            process.send_signal(signal.SIGKILL)
            process.wait()
            await asyncio.gather(*writers)
            process = start(folder, port)
            assert await ready(port, process, folder) < 15
            await audit(port, token, "writer", ledger, home)
        assert len(ledger.comments) > ROUNDS, "the load was too small to prove anything"
        await finished(folder)
    finally:
        process.kill()
        process.wait()
    verify(folder)


async def finished(folder: Path) -> None:
    """Every job of the killed servers ends; nothing is left waiting (D7)."""
    import asyncpg

    from adapters.postgres.embedded import EmbeddedPostgres

    address = EmbeddedPostgres.join(folder / "data")
    assert address is not None
    connection = await asyncpg.connect(**address.connect_arguments())
    try:
        deadline = time.monotonic() + 60
        while await connection.fetchval("SELECT count(*) FROM jobs WHERE state <> 'done'"):
            assert time.monotonic() < deadline, await connection.fetch(
                "SELECT * FROM jobs WHERE state <> 'done'"
            )
            await asyncio.sleep(0.2)
    finally:
        await connection.close()
