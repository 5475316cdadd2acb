"""Home feed: 20 posts with author, media, counts and own like, as JSON; and 12 posts as HTML.

    python -m benchmarks.feed [--scales 1,10] [--seconds 5]

Floors of the same run: a Sanic handler that sends ready bytes of the same size, and the bare SQL "20 newest".
"""

import argparse
import asyncio
import itertools
import random
import time

from benchmarks import dataset
from benchmarks.harness import (
    HEADER,
    Connection,
    Server,
    bare_server,
    closed_load,
    cpu_seconds,
    database,
    folder,
    get,
    machine,
    memory_mib,
    open_load,
    parse,
    say,
    server,
)

HOME = "/api/v1/feeds/home?limit=20"


def ok(status: int) -> bool:
    return status == 200


async def check(target: Server) -> str:
    """The answers are right: 20 posts, newest first, of followed people, with media and counts. The 5th page's path."""
    connection = await Connection.open(target.port)
    path, seen = HOME, []
    for _ in range(4):
        status, body = await connection.ask(get(path, dataset.token_of(0)))
        page = parse(body)
        assert status == 200, body
        assert len(page["items"]) == 20
        seen += [item["id"] for item in page["items"]]
        assert all(item["media"][0]["renditions"] and "likes" in item["counts"] for item in page["items"])
        path = f"{HOME}&cursor={page['next']}"
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 80
    async with database(target) as db:
        expected = await db.fetch(
            "SELECT p.id::text FROM posts p WHERE author_id = $1 OR author_id IN "
            "(SELECT followee_id FROM follows WHERE follower_id = $1) ORDER BY p.id DESC LIMIT 80",
            await db.fetchval("SELECT id FROM users WHERE username = 'person_0'"),
        )
    assert seen == [row["id"] for row in expected]
    connection.close()
    return path


async def bare_sql(target: Server, seconds: float) -> float:
    """PostgreSQL's CPU-ms for "the 20 newest of 100 authors" through a prepared statement."""
    async with database(target) as db:
        reader = await db.fetchval("SELECT id FROM users WHERE username = 'person_0'")
        authors = [
            r[0] for r in await db.fetch("SELECT followee_id FROM follows WHERE follower_id = $1", reader)
        ]
        statement = await db.prepare(
            "SELECT p.id, p.caption, p.created_at, p.author_id FROM unnest($1::uuid[]) AS a (id) CROSS JOIN LATERAL "
            "(SELECT * FROM posts WHERE author_id = a.id ORDER BY id DESC LIMIT 20) p ORDER BY p.id DESC LIMIT 20"
        )
        _, postgres = target.trees()
        before, count, until = cpu_seconds(postgres), 0, time.perf_counter() + seconds
        while time.perf_counter() < until:
            await statement.fetch(authors)
            count += 1
        return (cpu_seconds(postgres) - before) / count * 1000


async def measure(target: Server, scale: int, seconds: float) -> None:
    fifth = await check(target)
    rng = random.Random(3)
    people = [dataset.token_of(rng.randrange(1, 500)) for _ in range(400)]
    readers = itertools.cycle([get(HOME, token) for token in people])
    first, page5 = get(HOME, dataset.token_of(0)), get(fifth, dataset.token_of(0))
    static = get("/api/v1/openapi.json", dataset.token_of(0))
    app, postgres = target.trees()
    say(
        f"\nscale ×{scale}   memory: server {memory_mib(app):.0f} MiB, PostgreSQL {memory_mib(postgres):.0f} MiB"
    )
    say(HEADER)
    for connections in (8, 64):
        cases = (
            ("first page", lambda: first),
            ("page 5", lambda: page5),
            ("random readers", lambda: next(readers)),
        )
        for name, make in cases:
            result = await closed_load(
                target,
                f"{name}, {connections} connections",
                make,
                connections=connections,
                seconds=seconds,
                good=ok,
            )
            say(result.line())
            if connections == 8 and name == "first page":
                half = await open_load(
                    target,
                    "first page, open load at half of it",
                    make,
                    rate=result.per_second / 2,
                    connections=8,
                    seconds=seconds,
                )
                say(half.line())
    html = f"GET / HTTP/1.1\r\nHost: bench\r\nAccept: text/html\r\nCookie: {dataset.cookie_of(0)}\r\n\r\n".encode()
    connection = await Connection.open(target.port)
    status, body = await connection.ask(html)
    assert status == 200
    assert body.count(b"<article") == 12, body[:2000]
    connection.close()
    say(
        (
            await closed_load(
                target, "HTML home, 12 posts", lambda: html, connections=8, seconds=seconds, good=ok
            )
        ).line()
    )
    say(
        (
            await closed_load(
                target,
                "floor: ready bytes of our server",
                lambda: static,
                connections=8,
                seconds=seconds,
                good=ok,
            )
        ).line()
    )
    with folder() as empty, bare_server(empty) as bare:
        ready = get("/readyz", "none")
        say(
            (
                await closed_load(
                    bare, "floor: bare Sanic", lambda: ready, connections=8, seconds=seconds, good=ok
                )
            ).line()
        )
    say(f"{'floor: bare SQL, 20 newest of 100 authors':<46} {'':7} {await bare_sql(target, seconds):7.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scales", default="1,10")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--follows", type=int, default=100)
    arguments = parser.parse_args()
    say(machine())
    for scale in (int(part) for part in arguments.scales.split(",")):
        with folder() as data, server(data, workers=arguments.workers) as target:
            asyncio.run(run(target, scale, arguments))


async def run(target: Server, scale: int, arguments: argparse.Namespace) -> None:
    async with database(target) as db:
        await dataset.fill(db, scale, follows=arguments.follows)
    await measure(target, scale, arguments.seconds)


if __name__ == "__main__":
    main()
