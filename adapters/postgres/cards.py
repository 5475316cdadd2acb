"""The part of a post that is the same for every viewer, kept beside it as ready JSON.

It is derived data: written in the transaction that changes what it shows, and `heliograph verify` compares it with a
fresh one. Reading a feed then neither joins photos nor encodes them.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from adapters.postgres.file_rows import read_file
from application.views import GRANT_MARK, Media, present_renditions

_POSTS = """
SELECT p.id, p.caption, p.tags, p.mentions, p.audience, p.comments_on, p.show_camera, p.created_at, p.edited_at, p.version,
  l.id AS place_id, l.name AS place_name, l.lat, l.lon
FROM posts p LEFT JOIN places l ON l.id = p.place_id WHERE p.id = ANY($1::uuid[])
"""
_BATCH = 500
_encode = msgspec.json.Encoder().encode


async def refresh_card(connection: asyncpg.Connection, post_id: Any) -> None:
    """Write the card of a post anew. Nothing happens when the post is gone."""
    for card in (await _build_cards(connection, [post_id])).values():
        await connection.execute("UPDATE posts SET card = $2 WHERE id = $1", post_id, card)


async def stale_cards(connection: asyncpg.Connection) -> list[UUID]:
    """The posts whose stored card is not what it should be. Reads a few hundred posts at a time, in the order of ids.

    Posts that change meanwhile are seen half old and half new, unless the connection is in a transaction of one snapshot.
    """
    stale: list[UUID] = []
    last = UUID(int=0)
    while rows := await connection.fetch(
        f"SELECT id, card FROM posts WHERE id > $1 ORDER BY id LIMIT {_BATCH}", last
    ):
        last = rows[-1]["id"]
        cards = await _build_cards(connection, [row["id"] for row in rows])
        stale += [row["id"] for row in rows if row["card"] != cards.get(row["id"])]
    return stale


async def _build_cards(connection: asyncpg.Connection, posts: Sequence[UUID]) -> dict[UUID, bytes]:
    """The cards as they should be, of those of the posts that there are."""
    files = await connection.fetch(
        "SELECT * FROM files WHERE post_id = ANY($1::uuid[]) ORDER BY post_id, position", posts
    )
    photos = {post: list(rows) for post, rows in groupby(files, key=itemgetter("post_id"))}
    found = await connection.fetch(_POSTS, posts)
    return {post["id"]: card_of(post, photos.get(post["id"], [])) for post in found}


def card_of(post: Mapping[str, Any], files: Iterable[Mapping[str, Any]]) -> bytes:
    """Members of a JSON object without braces, from a post's row and its files'; GRANT_MARK behind every address."""
    place = None
    if post["place_id"]:
        place = {"id": post["place_id"], "name": post["place_name"], "lat": post["lat"], "lon": post["lon"]}
    members = {
        "caption": post["caption"],
        "tags": post["tags"],
        "mentions": post["mentions"],
        "place": place,
        "audience": post["audience"],
        "comments": post["comments_on"],
        "media": [_media(row, show_camera=post["show_camera"]) for row in files],
        "created_at": post["created_at"],
        "edited_at": post["edited_at"],
        "version": post["version"],
    }
    return _encode(members)[1:-1]


def _media(row: Mapping[str, Any], *, show_camera: bool) -> Media:
    file = read_file(row)
    camera = file.facts.camera if file.facts and show_camera else None
    return Media(
        file.id,
        file.state,
        file.width,
        file.height,
        file.alt,
        file.lqip,
        camera,
        present_renditions(file, GRANT_MARK.decode()),
    )
