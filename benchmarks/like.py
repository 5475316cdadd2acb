"""Likes: random people like random posts; and the same like from 8 clients at once.

python -m benchmarks.like [--seconds 5]
"""

import argparse
import asyncio
import random

from benchmarks import dataset
from benchmarks.harness import (
    HEADER,
    Connection,
    Server,
    closed_load,
    database,
    folder,
    get,
    machine,
    open_load,
    parse,
    request,
    say,
    server,
)


def fine(status: int) -> bool:
    return status == 200


async def same_like_at_once(target: Server, posts: list[str]) -> None:
    """8 clients send the same like at the same moment, 50 times: one row each, never a 5xx."""
    connections = [await Connection.open(target.port) for _ in range(8)]
    statuses: set[int] = set()
    for post in posts:
        like = request("PUT", f"/api/v1/posts/{post}/like", dataset.token_of(1))
        answers = await asyncio.gather(*(connection.ask(like) for connection in connections))
        statuses |= {status for status, _ in answers}
    async with database(target) as db:
        rows = await db.fetchval(
            "SELECT count(*) FROM likes l JOIN users u ON u.id = l.user_id "
            "WHERE u.username = 'person_1' AND post_id = ANY($1::uuid[])",
            posts,
        )
        wrong = await db.fetchval(
            "SELECT count(*) FROM posts p WHERE likes <> (SELECT count(*) FROM likes WHERE post_id = p.id)"
        )
    say(
        f"same like 8 at once: {len(posts)} posts, {rows} rows, statuses {sorted(statuses)}, wrong counters {wrong}"
    )
    assert rows == len(posts)
    assert statuses == {200}
    assert wrong == 0
    for connection in connections:
        connection.close()


async def run(target: Server, seconds: float) -> None:
    async with database(target) as db:
        await dataset.fill(db, 1)
        posts = [row["id"] for row in await db.fetch("SELECT id::text FROM posts")]
    rng = random.Random(5)

    def like() -> bytes:
        return request("PUT", f"/api/v1/posts/{rng.choice(posts)}/like", dataset.token_of(rng.randrange(500)))

    def unlike() -> bytes:
        return request(
            "DELETE", f"/api/v1/posts/{rng.choice(posts)}/like", dataset.token_of(rng.randrange(500))
        )

    connection = await Connection.open(target.port)
    status, body = await connection.ask(like())
    assert status == 200, body
    assert parse(body)["viewer"]["liked"]
    say(HEADER)
    result = await closed_load(target, "like, 8 connections", like, connections=8, seconds=seconds, good=fine)
    say(result.line())
    half = await open_load(
        target,
        "like, open load at half of it",
        like,
        rate=result.per_second / 2,
        connections=8,
        seconds=seconds,
    )
    say(half.line())
    say((await closed_load(target, "unlike", unlike, connections=8, seconds=seconds, good=fine)).line())
    floor = get("/healthz", dataset.token_of(0))
    say(
        (
            await closed_load(target, "floor: /healthz", lambda: floor, connections=8, seconds=2, good=fine)
        ).line()
    )
    await same_like_at_once(target, rng.sample(posts, 50))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    arguments = parser.parse_args()
    say(machine())
    with folder() as data, server(data, workers=2) as target:
        asyncio.run(run(target, arguments.seconds))


if __name__ == "__main__":
    main()
