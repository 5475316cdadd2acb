"""The SQL behind lists of comments. `$1` is always the viewer (the zero id for somebody signed out)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from adapters.postgres.engine import acquire
from adapters.postgres.people_reads import read_person
from adapters.postgres.posts import find_standing
from adapters.postgres.relations import not_blocked
from application.paging import Slice
from application.views import CommentCounts, CommentView, CommentViewer
from domain.kernel import CommentId, PostId, UserId
from domain.posts import Standing

_NOBODY = UUID(int=0)
_FIRST = UUID(int=0)

# Comments by people whom the viewer may know; the condition that follows says which.
_KNOWN = f"""
SELECT c.*, a.username, a.display_name, a.avatar_key FROM comments c JOIN users a ON a.id = c.author_id
WHERE a.state = 'active' AND {not_blocked("$1", "c.author_id")} AND
"""
# What a comment answers is not named to somebody who does not see it.
_COMMENT = f"""
SELECT c.id, c.post_id, c.text, c.likes, c.created_at, c.edited_at, c.mentions, c.author_id,
  CASE WHEN c.reply_to IS NOT NULL THEN (
    SELECT r.id FROM comments r JOIN users a ON a.id = r.author_id
    WHERE r.id = c.reply_to AND a.state = 'active' AND {not_blocked("$1", "a.id")}) END AS reply_to,
  c.username, c.display_name, c.avatar_key, p.author_id AS post_author_id,
  EXISTS (SELECT FROM comment_likes WHERE user_id = $1 AND comment_id = c.id) AS liked
FROM
"""


class PostgresCommentReads:
    """Implements application.commenting.CommentReads."""

    async def standing(self, viewer: UserId | None, post_id: PostId) -> Standing | None:
        async with acquire() as connection:
            return await find_standing(connection, viewer, post_id)

    async def newest(self, viewer: UserId | None, posts: Sequence[UUID], each: int) -> list[CommentView]:
        newest = f"{_KNOWN} c.post_id = p.id ORDER BY c.id DESC LIMIT {int(each)}"
        wanted = (
            f"posts p CROSS JOIN LATERAL ({newest}) c WHERE p.id = ANY($2::uuid[]) ORDER BY c.post_id, c.id"
        )
        return await self._fetch(_COMMENT + wanted, viewer, list(posts))

    async def of_post(self, viewer: UserId | None, post_id: PostId, part: Slice) -> list[CommentView]:
        if part.before is not None:
            beyond, order, key = "c.id < $3", "DESC", part.before.id
        else:
            beyond, order, key = "c.id > $3", "ASC", part.after.id if part.after else _FIRST
        part_of_them = f"{_KNOWN} c.post_id = $2 AND {beyond} ORDER BY c.id {order} LIMIT {int(part.limit)}"
        wanted = f"({part_of_them}) c JOIN posts p ON p.id = c.post_id ORDER BY c.id {order}"
        return await self._fetch(_COMMENT + wanted, viewer, post_id, key)

    async def one(self, viewer: UserId | None, comment_id: CommentId) -> CommentView | None:
        wanted = f"({_KNOWN} c.id = $2) c JOIN posts p ON p.id = c.post_id"
        rows = await self._fetch(_COMMENT + wanted, viewer, comment_id)
        return rows[0] if rows else None

    async def _fetch(self, sql: str, viewer: UserId | None, *parameters: Any) -> list[CommentView]:
        async with acquire() as connection:
            rows = await connection.fetch(sql, viewer or _NOBODY, *parameters)
        return [_read_comment(viewer, row) for row in rows]


def _read_comment(viewer: UserId | None, row: asyncpg.Record) -> CommentView:
    own = viewer == row["author_id"]
    return CommentView(
        row["id"],
        row["post_id"],
        read_person(row["author_id"], row),
        row["text"],
        row["reply_to"],
        CommentCounts(row["likes"]),
        CommentViewer(row["liked"], own, own or viewer == row["post_author_id"]),
        row["created_at"],
        row["edited_at"],
        tuple(row["mentions"]),
    )
