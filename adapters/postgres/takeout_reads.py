"""The SQL behind takeouts: what is the account's own, walked newest first by key."""

import json
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import asyncpg

from adapters.postgres.engine import acquire
from adapters.postgres.file_rows import read_file
from adapters.postgres.keyset import LAST
from adapters.postgres.posts import POSTS, read_post, read_standing_row
from adapters.postgres.relations import not_blocked, standing
from application.archiving import OwnPost, Said
from domain.files import File
from domain.kernel import CommentId, PostId, UserId
from domain.posts import Comment, Photo, Standing

_POSTS = f"{POSTS} WHERE p.author_id = $1 AND p.id < $2 ORDER BY p.id DESC LIMIT $3"
# A comment with the post that it stands under and how the owner of the takeout stands to that post.
_SAID = f"""
SELECT c.id AS comment_id, c.author_id AS comment_author, c.text, c.reply_to, c.created_at, c.edited_at, c.likes,
  p.id, p.author_id, p.audience, p.comments_on, a.username, a.state = 'active' AS active, a.private,
  {standing("$1", "p.author_id")}
FROM comments c JOIN posts p ON p.id = c.post_id JOIN users a ON a.id = p.author_id
"""
_HIDDEN = f"""
SELECT p.id, p.author_id, p.audience, p.comments_on, a.username, a.state = 'active' AS active, a.private,
  {standing("$1", "p.author_id")}
FROM hidden_posts h JOIN posts p ON p.id = h.post_id JOIN users a ON a.id = p.author_id
WHERE h.user_id = $1 AND h.post_id < $2 ORDER BY h.post_id DESC LIMIT $3
"""
_HISTORY = """
SELECT v.post_id AS post, v.version, v.shown_at, v.audience, v.caption, l.name AS place, v.photos
FROM post_versions v LEFT JOIN places l ON l.id = v.place_id
WHERE v.post_id = ANY($1::uuid[]) ORDER BY v.post_id DESC, v.version DESC
"""
_JSON = ("media", "photos")
_OTHERS = {
    "requests_sent": f"""
        SELECT a.username, a.display_name, r.created_at AS since FROM follow_requests r
        JOIN users a ON a.id = r.target_id
        WHERE r.requester_id = $1 AND a.state = 'active' AND {not_blocked("$1", "a.id")} ORDER BY r.id DESC LIMIT 10000
    """,
    "drafts": """
        SELECT d.id, d.caption, d.place_name, d.lat, d.lon, d.audience, d.comments_on, d.show_camera, d.publish_at,
          d.created_at, d.updated_at, coalesce((SELECT json_agg(json_build_object(
            'upload', p.file_id, 'alt', p.alt, 'crop', p.crop) ORDER BY p.position)
            FROM draft_photos p WHERE p.draft_id = d.id), '[]') AS media
        FROM drafts d WHERE d.author_id = $1 ORDER BY d.updated_at DESC LIMIT 10000
    """,
    "reports": """
        SELECT c.kind, r.reason, r.note, r.created_at FROM reports r JOIN cases c ON c.id = r.case_id
        WHERE r.reporter_id = $1 ORDER BY r.id DESC LIMIT 10000
    """,
    "sign_ins": """
        SELECT at, outcome, tries, browser, system FROM sign_ins WHERE user_id = $1 ORDER BY at DESC, id DESC LIMIT 10000
    """,
    "invitations": """
        SELECT created_at, expires_at, uses, max_uses FROM invites WHERE created_by = $1 ORDER BY id DESC LIMIT 10000
    """,
}


class PostgresTakeoutReads:
    """Implements application.archiving.TakeoutReads."""

    async def former_names(self, user: UserId) -> list[str]:
        async with acquire() as connection:
            rows = await connection.fetch(
                "SELECT n.username FROM usernames n JOIN users u ON u.id = n.user_id "
                "WHERE n.user_id = $1 AND n.username <> u.username ORDER BY n.username",
                user,
            )
        return [row["username"] for row in rows]

    async def posts(self, user: UserId, before: UUID | None, limit: int) -> list[OwnPost]:
        async with acquire() as connection:
            posts = await connection.fetch(_POSTS, user, before or LAST, limit)
            rows = await connection.fetch(
                "SELECT * FROM files WHERE post_id = ANY($1::uuid[]) ORDER BY post_id, position",
                [post["id"] for post in posts],
            )
        files = {
            post: tuple(map(read_file, found)) for post, found in groupby(rows, key=itemgetter("post_id"))
        }
        # Removed between the two statements: then it is not there.
        own = [(post, files[post["id"]]) for post in posts if post["id"] in files]
        return [
            OwnPost(
                read_post(post, [Photo(file.id, file.alt, file.crop) for file in photos]),
                photos,
                post["likes"],
                post["comments"],
            )
            for post, photos in own
        ]

    async def history(self, posts: Sequence[UUID]) -> list[dict[str, Any]]:
        async with acquire() as connection:
            return [_document(row) for row in await connection.fetch(_HISTORY, list(posts))]

    async def uploads(self, user: UserId, before: UUID | None, limit: int) -> list[File]:
        async with acquire() as connection:
            rows = await connection.fetch(
                "SELECT * FROM files WHERE owner_id = $1 AND post_id IS NULL AND id < $2 ORDER BY id DESC LIMIT $3",
                user,
                before or LAST,
                limit,
            )
        return [read_file(row) for row in rows]

    async def comments(self, user: UserId, before: UUID | None, limit: int) -> list[Said]:
        sql = f"{_SAID} WHERE c.author_id = $1 AND c.id < $2 ORDER BY c.id DESC LIMIT $3"
        async with acquire() as connection:
            rows = await connection.fetch(sql, user, before or LAST, limit)
        return [_said(row) for row in rows]

    async def liked_comments(self, user: UserId, before: UUID | None, limit: int) -> list[Said]:
        sql = (
            f"{_SAID} JOIN comment_likes k ON k.comment_id = c.id JOIN users b ON b.id = c.author_id "
            f"WHERE k.user_id = $1 AND k.comment_id < $2 AND b.state = 'active' AND {not_blocked('$1', 'b.id')} "
            "ORDER BY k.comment_id DESC LIMIT $3"
        )
        async with acquire() as connection:
            rows = await connection.fetch(sql, user, before or LAST, limit)
        return [_said(row) for row in rows]

    async def hidden(self, user: UserId, before: UUID | None, limit: int) -> list[tuple[Standing, str]]:
        async with acquire() as connection:
            rows = await connection.fetch(_HIDDEN, user, before or LAST, limit)
        return [(read_standing_row(row), row["username"]) for row in rows]

    async def others(self, user: UserId) -> dict[str, list[dict[str, Any]]]:
        async with acquire() as connection:
            return {
                name: [_document(row) for row in await connection.fetch(sql, user)]
                for name, sql in _OTHERS.items()
            }


def _document(row: asyncpg.Record) -> dict[str, Any]:
    """A row as JSON can hold it; what is JSON already is read."""
    return {name: json.loads(value) if name in _JSON else value for name, value in row.items()}


def _said(row: asyncpg.Record) -> Said:
    comment = Comment(
        CommentId(row["comment_id"]),
        PostId(row["id"]),
        UserId(row["comment_author"]),
        row["text"],
        row["created_at"],
        row["reply_to"],
        row["edited_at"],
        row["likes"],
    )
    return Said(comment, read_standing_row(row), row["username"])
