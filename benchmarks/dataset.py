"""Fills a migrated database with people, posts, likes, comments and home feeds, quickly, by COPY.

At scale 1: 501 people, 5,000 posts. Person 0 is the reader, who follows 100; everybody else follows about 20.
"""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg

from adapters.postgres.cards import card_of
from domain.files import WIDTHS

PASSWORD_HASH = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ"
START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = (
    "light ridge harbour morning quiet street winter rain glass paper north field window table coast".split()
)


def identifier(rng: random.Random, when: datetime) -> UUID:
    """A UUIDv7 of the moment `when`."""
    milliseconds = int(when.timestamp() * 1000)
    tail = rng.getrandbits(74)
    return UUID(int=milliseconds << 80 | 7 << 76 | (tail >> 62) << 64 | 2 << 62 | tail & (2**62 - 1))


def token_of(index: int) -> str:
    """The bearer token of person number `index`."""
    return f"hg_benchmark-{index:08d}"


def cookie_of(index: int) -> str:
    """The session cookie of person number `index`, below 1,000."""
    return f"hg_session=benchmark-{index:08d}"


async def fill(
    connection: asyncpg.Connection, scale: int, *, follows: int = 100, seed: int = 1
) -> dict[str, Any]:
    """Write the data set; {"people": [ids], "reader": id, "posts": n}. About 20 s per scale 10."""
    rng = random.Random(seed)
    people = [identifier(rng, START + timedelta(seconds=i)) for i in range(max(501 * scale, follows + 1))]
    posts = [
        (identifier(rng, when), rng.randrange(1, len(people)), when)
        for when in (START + timedelta(days=1, seconds=i * 300 / scale) for i in range(5000 * scale))
    ]
    following = _graph(rng, len(people), follows)
    async with _bare(connection):
        await _people(connection, people, following, posts)
        likes, comments = await _reactions(connection, rng, people, posts)
        await _posts(connection, rng, people, posts, likes, comments)
        await _feeds(connection)
    await connection.execute("VACUUM ANALYZE", timeout=None)
    return {"people": people, "reader": people[0], "posts": len(posts)}


def _graph(rng: random.Random, people: int, follows: int) -> list[list[int]]:
    graph = []
    for person in range(people):
        count = follows if person == 0 else rng.randint(10, 30)
        chosen = rng.sample(range(people), min(count + 1, people))
        graph.append([other for other in chosen if other != person][:count])
    return graph


async def _people(
    connection: asyncpg.Connection, people: list[UUID], following: list[list[int]], posts: list[Any]
) -> None:
    followers, posted = [0] * len(people), [0] * len(people)
    for chosen in following:
        for other in chosen:
            followers[other] += 1
    for _, author, _ in posts:
        posted[author] += 1
    rows = [
        (
            person,
            f"person_{i}",
            PASSWORD_HASH,
            f"Person {i}",
            START,
            posted[i],
            followers[i],
            len(following[i]),
        )
        for i, person in enumerate(people)
    ]
    columns = [
        "id",
        "username",
        "password_hash",
        "display_name",
        "created_at",
        "posts_everyone",
        "followers",
        "following",
    ]
    await connection.copy_records_to_table("users", records=rows, columns=columns)
    rng = random.Random(2)
    edges = [
        (identifier(rng, START), people[one], people[other], START)
        for one, chosen in enumerate(following)
        for other in chosen
    ]
    columns = ["id", "follower_id", "followee_id", "created_at"]
    await connection.copy_records_to_table("follows", records=edges, columns=columns)
    tokens = [
        (
            identifier(rng, START),
            person,
            "",
            sha256(token_of(i).encode()).digest(),
            ["read", "write", "files"],
            START,
            _later(),
        )
        for i, person in enumerate(people[:1000])
    ]
    columns = ["id", "user_id", "name", "token_hash", "scopes", "created_at", "expires_at"]
    await connection.copy_records_to_table("tokens", records=tokens, columns=columns)
    now = datetime.now(UTC)
    sessions = [
        (
            identifier(rng, START),
            person,
            sha256(cookie_of(i).split("=")[1].encode()).digest(),
            now,
            now,
            _later(),
        )
        for i, person in enumerate(people[:1000])
    ]
    columns = ["id", "user_id", "token_hash", "created_at", "last_seen_at", "expires_at"]
    await connection.copy_records_to_table("sessions", records=sessions, columns=columns)


def _later() -> datetime:
    return START + timedelta(days=3650)


async def _reactions(
    connection: asyncpg.Connection, rng: random.Random, people: list[UUID], posts: list[Any]
) -> tuple[list[Any], list[Any]]:
    """Draw who likes and comments what; written after the posts, because rows refer to them."""
    likes, comments = [], []
    for number, (post, _, when) in enumerate(posts):
        for liker in rng.sample(range(len(people)), min(int(rng.paretovariate(1.2) * 3), 60)):
            likes.append((identifier(rng, when), people[liker], post, number))
        for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
            text = " ".join(rng.choices(WORDS, k=rng.randint(3, 12)))
            author = people[rng.randrange(len(people))]
            comments.append((identifier(rng, when + timedelta(hours=1)), post, author, text, when, number))
    return likes, comments


async def _posts(
    connection: asyncpg.Connection,
    rng: random.Random,
    people: list[UUID],
    posts: list[Any],
    likes: list[Any],
    comments: list[Any],
) -> None:
    liked, talked = [0] * len(posts), [0] * len(posts)
    for *_, number in likes:
        liked[number] += 1
    for *_, number in comments:
        talked[number] += 1
    for start in range(0, len(posts), 50_000):
        post_rows, file_rows = [], []
        for number, (post, author, when) in enumerate(posts[start : start + 50_000], start):
            files = [
                _file(rng, post, people[author], when, position)
                for position in range(rng.choice((1, 1, 1, 2, 3)))
            ]
            row = _post(rng, post, people[author], when)
            card = card_of(row, files)
            post_rows.append(
                (
                    post,
                    people[author],
                    row["caption"],
                    row["tags"],
                    "everyone",
                    when,
                    liked[number],
                    talked[number],
                    card,
                )
            )
            file_rows += [tuple(file[name] for name in _FILE) for file in files]
        columns = [
            "id",
            "author_id",
            "caption",
            "tags",
            "audience",
            "created_at",
            "likes",
            "comments",
            "card",
        ]
        await connection.copy_records_to_table("posts", records=post_rows, columns=columns)
        await connection.copy_records_to_table("files", records=file_rows, columns=list(_FILE))
    await connection.copy_records_to_table(
        "likes", records=[row[:3] for row in likes], columns=["id", "user_id", "post_id"]
    )
    await connection.copy_records_to_table(
        "comments",
        records=[row[:5] for row in comments],
        columns=["id", "post_id", "author_id", "text", "created_at"],
    )


def _post(rng: random.Random, post: UUID, author: UUID, when: datetime) -> dict[str, Any]:
    tags = rng.sample(WORDS, 2)
    caption = " ".join(rng.choices(WORDS, k=rng.randint(4, 20))) + "".join(f" #{tag}" for tag in tags)
    return {
        "caption": caption,
        "tags": tags,
        "mentions": [],
        "place_id": None,
        "audience": "everyone",
        "comments_on": True,
        "show_camera": False,
        "created_at": when,
        "edited_at": None,
        "version": 1,
    }


_FILE = (
    "id owner_id name size sha256 kind key created_at state facts renditions steps width height lqip post_id position"
).split()
_LQIP = "UklGRkoAAABXRUJQVlA4ID4AAADwAQCdASoUAA0APzmEuVOvKKWisAgB4CcJZQAA" + "A" * 60


def _file(rng: random.Random, post: UUID, author: UUID, when: datetime, position: int) -> dict[str, Any]:
    sizes = [(width, width * 2 // 3) for width in WIDTHS]
    renditions = [
        {"width": w, "height": h, "type": kind, "bytes": w * h // 12}
        for kind in ("image/avif", "image/webp")
        for w, h in sizes
    ]
    renditions.append({"width": 1080, "height": 720, "type": "image/jpeg", "bytes": 90_000})
    return {
        "id": identifier(rng, when),
        "owner_id": author,
        "name": "photo.jpg",
        "size": 3_000_000,
        "sha256": f"{rng.getrandbits(256):064x}",
        "kind": "image",
        "key": f"{rng.getrandbits(160):040x}".translate(str.maketrans("0189", "wxyz"))[:32],
        "created_at": when,
        "state": "ready",
        "facts": None,
        "renditions": json.dumps(renditions),
        "steps": "[]",
        "width": 4000,
        "height": 2667,
        "lqip": _LQIP,
        "post_id": post,
        "position": position,
        "error_code": None,
        "error_detail": None,
        "step": None,
        "duplicate_of": None,
        "alt": "",
        "cut": 0,
        "crop": None,
    }


async def _feeds(connection: asyncpg.Connection) -> None:
    # In the order of the key, so that its index grows at its end alone.
    await connection.execute(
        "INSERT INTO home_feed (user_id, post_id, author_id) "
        "SELECT f.follower_id, p.id, p.author_id FROM follows f JOIN posts p ON p.author_id = f.followee_id "
        "UNION ALL SELECT author_id, id, author_id FROM posts ORDER BY 1, 2",
        timeout=None,
    )


# Those that grow with the scale, in the order in which their foreign keys can be checked again.
_LARGE = ["posts", "files", "follows", "likes", "comments", "home_feed"]
_CONSTRAINTS = """
SELECT conrelid::regclass::text AS relation, conname, pg_get_constraintdef(oid) AS definition, contype = 'f' AS foreign
FROM pg_constraint WHERE contype IN ('p', 'u', 'f')
  AND (conrelid::regclass::text = ANY($1::text[]) OR (contype = 'f' AND confrelid::regclass::text = ANY($1::text[])))
ORDER BY contype = 'f' DESC
"""
_INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
WHERE indrelid::regclass::text = ANY($1::text[]) AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)
"""


@asynccontextmanager
async def _bare(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """The large tables without indexes and constraints, which come back at the end: many times faster to fill."""
    constraints = await connection.fetch(_CONSTRAINTS, _LARGE)
    indexes = await connection.fetch(_INDEXES, _LARGE)
    for row in constraints:
        await connection.execute(f'ALTER TABLE {row["relation"]} DROP CONSTRAINT "{row["conname"]}"')
    for row in indexes:
        await connection.execute(f"DROP INDEX {row['name']}")
    yield
    await connection.execute("SET maintenance_work_mem = '1GB'")
    for row in indexes:
        await connection.execute(row["definition"], timeout=None)
    for row in reversed(constraints):
        change = f'ALTER TABLE {row["relation"]} ADD CONSTRAINT "{row["conname"]}" {row["definition"]}'
        await connection.execute(change, timeout=None)
