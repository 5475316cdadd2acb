"""The part of a post that is the same for every viewer, kept beside it as ready JSON.

It is derived data: written in the transaction that changes what it shows, and `heliograph verify` compares it with a
fresh one. Reading a feed then neither joins photos nor encodes them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg
import msgspec

from adapters.postgres.files import read_file
from application.views import GRANT_MARK, Media, present_renditions

_POST = """
SELECT p.caption, p.tags, p.mentions, p.audience, p.comments_on, p.show_camera, p.created_at, p.edited_at, p.version,
  l.id AS place_id, l.name AS place_name, l.lat, l.lon
FROM posts p LEFT JOIN places l ON l.id = p.place_id WHERE p.id = $1
"""
_encode = msgspec.json.Encoder().encode


async def refresh_card(connection: asyncpg.Connection, post_id: Any) -> None:
    """Write the card of a post anew. Nothing happens when the post is gone."""
    card = await build_card(connection, post_id)
    if card is not None:
        await connection.execute("UPDATE posts SET card = $2 WHERE id = $1", post_id, card)


async def build_card(connection: asyncpg.Connection, post_id: Any) -> bytes | None:
    """The card as it should be, or None when there is no such post."""
    post = await connection.fetchrow(_POST, post_id)
    if post is None:
        return None
    files = await connection.fetch("SELECT * FROM files WHERE post_id = $1 ORDER BY position", post_id)
    return card_of(post, files)


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
