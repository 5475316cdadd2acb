"""The SQL behind every list of posts: a skeleton of ids in order, hydrated in the same statement.

`$1` is always the viewer (the zero id for somebody signed out). Limits are written into the text, so that the planner
knows how few rows it is about; page sizes are few, and every text is prepared once per connection.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from adapters.postgres.engine import acquire
from adapters.postgres.keyset import LAST, walk
from adapters.postgres.people_reads import read_member_row, read_person
from adapters.postgres.posts import find_standing, read_standing_row
from adapters.postgres.relations import everything, not_blocked, standing
from application.feeds import PostRow
from application.paging import Key, Slice
from application.views import MemberRow, PlaceRef
from domain.kernel import FileId, PlaceId, PostId, UserId
from domain.posts import Place, PostVersion, Standing
from domain.text import is_storable

_NOBODY = UUID(int=0)
_FIRST = UUID(int=0)
_HIGHEST = 2**31 - 1

_HYDRATE = f"""
SELECT k.key, k.rank, p.id, p.author_id, p.audience, p.comments_on, p.card, p.likes, p.comments,
  a.username, a.display_name, a.avatar_key, a.state = 'active' AS active, a.private, a.downloads,
  {standing("$1", "p.author_id")},
  EXISTS (SELECT FROM mutes WHERE muter_id = $1 AND muted_id = p.author_id)
    OR EXISTS (SELECT FROM hidden_posts WHERE user_id = $1 AND post_id = p.id) AS unwanted,
  EXISTS (SELECT FROM likes WHERE user_id = $1 AND post_id = p.id) AS liked,
  EXISTS (SELECT FROM saves WHERE user_id = $1 AND post_id = p.id) AS saved
FROM ({{skeleton}}) k JOIN posts p ON p.id = k.post_id JOIN users a ON a.id = p.author_id
ORDER BY {{order}}
"""


class PostgresPostReads:
    """Implements application.feeds.PostReads."""

    async def home(self, viewer: UserId, part: Slice) -> list[PostRow]:
        return await self._list("home_feed", "post_id", "user_id = $1", viewer, part)

    async def fresh(self, viewer: UserId | None, part: Slice) -> list[PostRow]:
        return await self._list("posts", "id", "audience = 'everyone'", viewer, part)

    async def popular(self, viewer: UserId | None, part: Slice) -> list[PostRow]:
        if part.after is not None:
            beyond, order, key = "(likes, id) > ($2, $3)", "ASC", part.after
        else:
            beyond, order, key = "(likes, id) < ($2, $3)", "DESC", part.before or Key(LAST, _HIGHEST)
        skeleton = (
            f"SELECT id AS key, likes AS rank, id AS post_id FROM posts WHERE audience = 'everyone' AND {beyond} "
            f"ORDER BY likes {order}, id {order} LIMIT {int(part.limit)}"
        )
        return await self._fetch(skeleton, f"k.rank {order}, k.key {order}", viewer, key.rank, key.id)

    async def by_author(self, viewer: UserId | None, author: UserId, part: Slice) -> list[PostRow]:
        return await self._list("posts", "id", "author_id = $3", viewer, part, author)

    async def by_tag(self, viewer: UserId | None, tag: str, part: Slice) -> list[PostRow]:
        if not is_storable(tag):
            return []
        return await self._list("post_tags", "post_id", "tag = $3", viewer, part, tag)

    async def by_place(self, viewer: UserId | None, place: PlaceId, part: Slice) -> list[PostRow]:
        return await self._list("posts", "id", "place_id = $3", viewer, part, place)

    async def saved(self, viewer: UserId, part: Slice) -> list[PostRow]:
        return await self._list("saves", "id", "user_id = $1", viewer, part, post="post_id")

    async def liked(self, viewer: UserId, part: Slice) -> list[PostRow]:
        return await self._list("likes", "id", "user_id = $1", viewer, part, post="post_id")

    async def one(self, viewer: UserId | None, post_id: PostId) -> PostRow | None:
        rows = await self._fetch(
            "SELECT $2::uuid AS key, 0 AS rank, $2::uuid AS post_id", "k.key", viewer, post_id
        )
        return rows[0] if rows else None

    async def chosen(self, viewer: UserId | None, posts: Sequence[PostId]) -> list[PostRow]:
        skeleton = "SELECT id AS key, 0 AS rank, id AS post_id FROM unnest($2::uuid[]) AS id"
        return await self._fetch(skeleton, "k.key", viewer, posts)

    async def standing(self, viewer: UserId | None, post_id: PostId) -> Standing | None:
        async with acquire() as connection:
            return await find_standing(connection, viewer, post_id)

    async def versions(self, post_id: PostId) -> list[PostVersion]:
        async with acquire() as connection:
            rows = await connection.fetch(
                "SELECT v.*, l.name, l.lat, l.lon FROM post_versions v LEFT JOIN places l ON l.id = v.place_id "
                "WHERE v.post_id = $1 ORDER BY v.version DESC",
                post_id,
            )
        return [_version(row) for row in rows]

    async def likers(
        self, viewer: UserId | None, post_id: PostId, part: Slice
    ) -> list[tuple[Key, MemberRow]]:
        beyond, order, key = walk(part, "l.id")
        sql = f"""
        SELECT l.id AS key, a.id, a.username, a.display_name, a.avatar_key, a.private, {everything("$1", "a.id")}
        FROM likes l JOIN users a ON a.id = l.user_id
        WHERE l.post_id = $2 AND {beyond.format(3)} AND a.state = 'active' AND {not_blocked("$1", "a.id")}
        ORDER BY l.id {order} LIMIT {int(part.limit)}
        """
        async with acquire() as connection:
            rows = await connection.fetch(sql, viewer or _NOBODY, post_id, key)
        return [(Key(row["key"]), read_member_row(viewer, row)) for row in rows]

    async def place(self, place_id: PlaceId) -> PlaceRef | None:
        async with acquire() as connection:
            row = await connection.fetchrow("SELECT id, name, lat, lon FROM places WHERE id = $1", place_id)
        return PlaceRef(**dict(row)) if row else None

    async def _list(
        self,
        table: str,
        column: str,
        where: str,
        viewer: UserId | None,
        part: Slice,
        *parameters: Any,
        post: str | None = None,
    ) -> list[PostRow]:
        """Rows of `table` in the order of `column`, newest first; `post` names the post's id where that is another."""
        beyond, order, key = walk(part, column)
        skeleton = (
            f"SELECT {column} AS key, 0 AS rank, {post or column} AS post_id FROM {table} "
            f"WHERE {where} AND {beyond.format(2)} ORDER BY {column} {order} LIMIT {int(part.limit)}"
        )
        return await self._fetch(skeleton, f"k.key {order}", viewer, key, *parameters)

    async def _fetch(
        self, skeleton: str, order: str, viewer: UserId | None, *parameters: Any
    ) -> list[PostRow]:
        sql = _HYDRATE.format(skeleton=skeleton, order=order)
        async with acquire() as connection:
            rows = await connection.fetch(sql, viewer or _NOBODY, *parameters)
        return [_post_row(row) for row in rows]


def _post_row(row: asyncpg.Record) -> PostRow:
    return PostRow(
        Key(row["key"], row["rank"]),
        read_person(row["author_id"], row),
        read_standing_row(row),
        row["card"],
        row["likes"],
        row["comments"],
        row["liked"],
        row["saved"],
        row["unwanted"],
        row["downloads"],
    )


def _version(row: asyncpg.Record) -> PostVersion:
    return PostVersion(
        row["version"],
        row["shown_at"],
        row["audience"],
        row["caption"],
        Place(PlaceId(row["place_id"]), row["name"], row["lat"], row["lon"]) if row["place_id"] else None,
        tuple(
            (FileId(UUID(photo["id"])), photo["alt"]) if photo else None
            for photo in json.loads(row["photos"])
        ),
    )
