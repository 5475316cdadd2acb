"""Comments with their likes, and those that can still be brought back. Counters move by the rows that really changed."""

from datetime import datetime

import asyncpg

from adapters.postgres.engine import changed
from domain.kernel import AlreadyMade, CommentId, NotFound, PostId, UserId
from domain.posts import Comment, RemovedComment

# In one statement the reference is checked last. In two, the check's weak lock on the post would have to become a
# stronger one while somebody who wants to remove the post waits in between.
_ADD_COMMENT = """
WITH added AS (
  INSERT INTO comments (id, post_id, author_id, reply_to, text, created_at, mentions)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  RETURNING post_id
)
UPDATE posts SET comments = comments + 1 FROM added WHERE id = added.post_id
"""
_PUT_ASIDE = """
INSERT INTO removed_comments (id, root_id, post_id, author_id, reply_to, text, mentions, created_at, edited_at, liked_by,
  removed_by, removed_at)
SELECT id, $1, post_id, author_id, reply_to, text, mentions, created_at, edited_at,
  ARRAY(SELECT user_id FROM comment_likes WHERE comment_id = c.id), $2, $3
FROM comments c WHERE id = $1 OR reply_to = $1
"""
_BRING_BACK = """
WITH back AS (
  INSERT INTO comments (id, post_id, author_id, reply_to, text, mentions, created_at, edited_at)
  SELECT r.id, r.post_id, r.author_id, r.reply_to, r.text, r.mentions, r.created_at, r.edited_at
  FROM removed_comments r JOIN users a ON a.id = r.author_id WHERE r.root_id = $1 AND a.state <> 'deleted'
  RETURNING post_id
), sums AS (SELECT post_id, count(*) AS n FROM back GROUP BY post_id)
UPDATE posts SET comments = comments + n FROM sums WHERE id = post_id
"""
_LIKE_AGAIN = """
WITH liked AS (
  INSERT INTO comment_likes (user_id, comment_id)
  SELECT u.id, r.id FROM removed_comments r CROSS JOIN unnest(r.liked_by) AS fan
  JOIN users u ON u.id = fan JOIN comments c ON c.id = r.id WHERE r.root_id = $1 AND u.state <> 'deleted'
  RETURNING comment_id
), sums AS (SELECT comment_id, count(*) AS n FROM liked GROUP BY comment_id)
UPDATE comments SET likes = n FROM sums WHERE id = comment_id
"""


class PostgresComments:
    """Implements domain.posts.Comments."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def add(self, comment: Comment) -> None:
        try:
            await self._c.execute(
                _ADD_COMMENT,
                comment.id,
                comment.post_id,
                comment.author_id,
                comment.reply_to,
                comment.text,
                comment.created_at,
                list(comment.mentions),
            )
        except asyncpg.ForeignKeyViolationError:
            raise NotFound from None
        except asyncpg.UniqueViolationError:
            raise AlreadyMade from None

    async def find(self, comment_id: CommentId, *, lock: bool = False) -> Comment | None:
        if lock:
            # The post first, as everybody else does.
            await self._c.execute(
                "SELECT FROM posts WHERE id = (SELECT post_id FROM comments WHERE id = $1) FOR NO KEY UPDATE",
                comment_id,
            )
        row = await self._c.fetchrow(
            f"SELECT * FROM comments WHERE id = $1{' FOR NO KEY UPDATE' if lock else ''}", comment_id
        )
        if row is None:
            return None
        return _read_comment(row)

    async def save(self, comment: Comment) -> None:
        await self._c.execute(
            "UPDATE comments SET text = $2, edited_at = $3, mentions = $4 WHERE id = $1",
            comment.id,
            comment.text,
            comment.edited_at,
            list(comment.mentions),
        )

    async def remove(self, comment: Comment) -> None:
        await self._c.execute(
            "WITH gone AS (DELETE FROM comments WHERE id = $1 OR reply_to = $1 RETURNING post_id) "
            "UPDATE posts SET comments = comments - (SELECT count(*) FROM gone) WHERE id = $2",
            comment.id,
            comment.post_id,
        )

    async def put_aside(self, comment: Comment, by: UserId, now: datetime) -> None:
        await self._c.execute(_PUT_ASIDE, comment.id, by, now)
        await self.remove(comment)

    async def find_aside(self, comment_id: CommentId) -> RemovedComment | None:
        # The post first, as everybody else does.
        await self._c.execute(
            "SELECT FROM posts WHERE id = (SELECT post_id FROM removed_comments WHERE id = $1) FOR NO KEY UPDATE",
            comment_id,
        )
        row = await self._c.fetchrow(
            "SELECT *, 0 AS likes FROM removed_comments WHERE id = $1 AND root_id = $1 FOR UPDATE", comment_id
        )
        return RemovedComment(_read_comment(row), row["removed_by"], row["removed_at"]) if row else None

    async def bring_back(self, comment_id: CommentId) -> None:
        try:
            await self._c.execute(_BRING_BACK, comment_id)
        except asyncpg.ForeignKeyViolationError:
            raise NotFound from None  # what it answers has gone meanwhile
        await self._c.execute(_LIKE_AGAIN, comment_id)
        await self._c.execute("DELETE FROM removed_comments WHERE root_id = $1", comment_id)

    async def forget_aside(self, before: datetime) -> None:
        await self._c.execute("DELETE FROM removed_comments WHERE removed_at < $1", before)

    async def add_like(self, comment_id: CommentId, user: UserId) -> bool:
        return await self._count(
            comment_id,
            1,
            await self._c.execute(
                "INSERT INTO comment_likes (user_id, comment_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                user,
                comment_id,
            ),
        )

    async def remove_like(self, comment_id: CommentId, user: UserId) -> bool:
        return await self._count(
            comment_id,
            -1,
            await self._c.execute(
                "DELETE FROM comment_likes WHERE user_id = $1 AND comment_id = $2", user, comment_id
            ),
        )

    async def _count(self, comment_id: CommentId, by: int, status: str) -> bool:
        if not changed(status):
            return False
        await self._c.execute("UPDATE comments SET likes = likes + $2 WHERE id = $1", comment_id, by)
        return True


def _read_comment(row: asyncpg.Record) -> Comment:
    return Comment(
        CommentId(row["id"]),
        PostId(row["post_id"]),
        UserId(row["author_id"]),
        row["text"],
        row["created_at"],
        CommentId(row["reply_to"]) if row["reply_to"] else None,
        row["edited_at"],
        row["likes"],
        tuple(row["mentions"]),
    )
