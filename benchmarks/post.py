"""From a 12-megapixel JPEG with EXIF to every size in 100 followers' feeds.

    python -m benchmarks.post [--pictures 20]

Measured: upload → accepted; publish → visible with all its first sizes in the feeds of 100 followers; processor time of
the picture processes per picture beside naive Pillow on the same pictures; the web process's loop lag meanwhile.
"""

import argparse
import asyncio
import io
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import dataset
from benchmarks.harness import (
    Connection,
    Server,
    cpu_seconds,
    database,
    folder,
    get,
    machine,
    median,
    parse,
    request,
    say,
    server,
)


def photograph(seed: int, width: int = 4000, height: int = 3000) -> bytes:
    """A JPEG with EXIF that takes as long to decode as a camera's: structure, noise, quality 92."""
    from PIL import Image, ImageFilter  # noqa: PLC0415 - this process draws; the server is another

    rng = random.Random(seed)
    small = Image.frombytes("RGB", (64, 48), rng.randbytes(64 * 48 * 3)).filter(ImageFilter.GaussianBlur(2))
    picture = small.resize((width, height), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((width // 2, height // 2), 24).resize((width, height)).convert("RGB")
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker", "Camera"
    out = io.BytesIO()
    Image.blend(picture, grain, 0.25).save(out, "JPEG", quality=92, exif=exif)
    return out.getvalue()


_NAIVE = """
import sys, io, resource
from PIL import Image, ImageOps
for path in sys.argv[1:]:
    for width in (320, 640, 1080):
        picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        picture.resize((width, picture.height * width // picture.width), Image.Resampling.LANCZOS).save(
            io.BytesIO(), "WEBP", quality=80)
    picture.resize((20, 15)).save(io.BytesIO(), "WEBP")
"""


def naive(paths: list[Path]) -> float:
    """CPU-ms per picture of the first thing one would write with Pillow: each size from the original, default method."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", _NAIVE, *map(str, paths)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / len(paths) * 1000


class Lag:
    """Loop lag of the web process as a client sees it: the time /healthz takes, every 20 ms."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.samples: list[float] = []

    async def run(self) -> None:
        connection = await Connection.open(self._port)
        while True:
            at = time.perf_counter()
            await connection.ask(get("/healthz", ""))
            self.samples.append(time.perf_counter() - at)
            await asyncio.sleep(0.02)


def picture_cpu(server_: Server) -> float:
    """Processor time of the picture process and its finished children, in seconds."""
    import os  # noqa: PLC0415

    total = 0
    for pid in server_.trees()[0]:
        try:
            if b"adapters.pillow" in Path(f"/proc/{pid}/cmdline").read_bytes():
                parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                total += sum(int(part) for part in parts[11:15])
        except OSError:
            continue
    return total / os.sysconf("SC_CLK_TCK")


async def one(
    target: Server, connection: Connection, picture: bytes, followers: list[bytes]
) -> tuple[float, float]:
    """(upload → accepted, publish → complete in all followers' feeds), in seconds."""
    token = dataset.token_of(0)
    at = time.perf_counter()
    status, body = await connection.ask(request("POST", "/api/v1/uploads", token, picture, "image/jpeg"))
    accepted = time.perf_counter() - at
    assert status == 201, body
    upload = parse(body)["id"]
    content = b'{"media":[{"upload_id":"%b"}],"caption":"bench"}' % upload.encode()
    at = time.perf_counter()
    status, body = await connection.ask(request("POST", "/api/v1/posts", token, content))
    assert status == 201, body
    post = parse(body)["id"]
    connections = [await Connection.open(target.port) for _ in range(4)]
    waiting = list(followers)
    while waiting:
        answers = await asyncio.gather(*(c.ask(r) for c, r in zip(connections, waiting, strict=False)))
        done = [complete(body, post) for _, body in answers]
        if all(done):
            waiting = waiting[len(done) :]
        else:
            await asyncio.sleep(0.01)
    for opened in connections:
        opened.close()
    return accepted, time.perf_counter() - at


def complete(body: bytes, post: str) -> bool:
    """Whether the newest item of a feed is this post with its first sizes."""
    items: list[Any] = parse(body)["items"]
    if not items or items[0]["id"] != post:
        return False
    widths = {r["width"] for r in items[0]["media"][0]["renditions"] if r["type"] == "image/webp"}
    return {320, 640, 1080} <= widths


async def run(target: Server, count: int, scratch: Path) -> None:
    async with database(target) as db:
        await dataset.fill(db, 1)
        await db.execute(
            "INSERT INTO follows (id, follower_id, followee_id, created_at) SELECT gen_random_uuid(), f.id, a.id, now() "
            "FROM users a, (SELECT id FROM users WHERE username <> 'person_0' ORDER BY id LIMIT 100) f "
            "WHERE a.username = 'person_0' ON CONFLICT DO NOTHING"
        )
    followers = [get("/api/v1/feeds/home?limit=1", dataset.token_of(i)) for i in range(1, 101)]
    pictures = [await asyncio.to_thread(photograph, seed) for seed in range(min(count, 6))]
    paths = []
    for number, picture in enumerate(pictures):
        paths.append(scratch / f"{number}.jpg")
        paths[-1].write_bytes(picture)
    lag = Lag(target.port)
    watching = asyncio.create_task(lag.run())
    connection = await Connection.open(target.port)
    await one(target, connection, pictures[0], followers)
    await settle(target)
    accepted, visible, first_cpu = [], [], []
    for number in range(count):
        before = picture_cpu(target)
        taken, seen = await one(target, connection, pictures[number % len(pictures)], followers)
        accepted.append(taken)
        visible.append(seen)
        first_cpu.append(picture_cpu(target) - before)
        await settle(target)
    watching.cancel()
    app, _ = target.trees()
    web = cpu_seconds(app)
    accepted.sort()
    visible.sort()
    lags = sorted(lag.samples)
    say(f"{count} pictures of 12 MP, {len(pictures[0]) / 2**20:.1f} MiB each (web CPU so far {web:.1f} s)")
    say(
        f"upload accepted             p50 {median(accepted) * 1000:6.0f} ms   max {accepted[-1] * 1000:6.0f} ms"
    )
    say(
        f"complete in 100 feeds       p50 {median(visible) * 1000:6.0f} ms   max {visible[-1] * 1000:6.0f} ms"
    )
    say(
        f"picture CPU until then      p50 {median(first_cpu) * 1000:6.0f} ms per picture (look, 3 WebP, JPEG, placeholder)"
    )
    say(
        f"loop lag of the web process p50 {median(lags) * 1000:6.1f} ms   p99 {lags[int(len(lags) * 0.99)] * 1000:6.1f} ms"
    )
    say(f"floor: naive Pillow         {naive(paths):6.0f} CPU-ms per picture (3 WebP and placeholder)")


async def settle(target: Server) -> None:
    """Wait until the slow sizes are made too, so that the next picture is measured alone."""
    async with database(target) as db:
        while await db.fetchval("SELECT count(*) FROM jobs WHERE state IN ('waiting', 'running')"):
            await asyncio.sleep(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=20)
    arguments = parser.parse_args()
    say(machine())
    with folder() as data, folder() as scratch, server(data, workers=1) as target:
        asyncio.run(run(target, arguments.pictures, scratch))


if __name__ == "__main__":
    main()
