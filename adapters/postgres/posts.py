"""Posts and comments with the sets around them. Constraints decide; counters move by the rows that really changed."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from adapters.postgres.cards import refresh_card
from adapters.postgres.files import read_crop
from adapters.postgres.relations import read_standing, standing
from domain.kernel import AlreadyMade, CommentId, FileId, NotFound, PlaceId, PostId, UserId
from domain.ports import Ids
from domain.posts import MAX_VERSIONS, Audience, Comment, Counts, Photo, Place, Post, RemovedComment, Standing

_NOBODY = UUID(int=0)

_STANDING = f"""
SELECT p.*, a.state = 'active' AS active, a.private, {standing("$2", "p.author_id")}
FROM (
  SELECT id, author_id, audience, comments_on, false AS removed FROM posts WHERE id = $1
  UNION ALL SELECT id, author_id, audience, false, true FROM removed_posts WHERE id = $1
) p JOIN users a ON a.id = p.author_id
"""
_REMOVE_LIKE = """
WITH gone AS (DELETE FROM likes WHERE post_id = $1 AND user_id = $2 RETURNING post_id)
UPDATE posts SET likes = likes - 1 FROM gone WHERE id = gone.post_id
"""
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
_POST = """
SELECT p.*, l.name AS place_name, l.lat, l.lon FROM posts p LEFT JOIN places l ON l.id = p.place_id WHERE p.id = $1
"""


async def find_standing(
    connection: asyncpg.Connection, viewer: UserId | None, post_id: PostId
) -> Standing | None:
    """How the viewer stands to a post, removed ones included, or None when there never was such a post."""
    row = await connection.fetchrow(_STANDING, post_id, viewer or _NOBODY)
    return read_standing_row(row, removed=row["removed"]) if row else None


def read_standing_row(row: asyncpg.Record, *, removed: bool = False) -> Standing:
    """A standing from a row with the columns of a post and of its author, and those of `standing`."""
    return Standing(
        row["id"],
        row["author_id"],
        row["audience"],
        row["comments_on"],
        row["active"],
        row["private"],
        read_standing(row),
        removed,
    )


class PostgresPosts:
    """Implements domain.posts.Posts."""

    def __init__(self, connection: asyncpg.Connection, ids: Ids) -> None:
        self._c = connection
        self._ids = ids

    async def add(self, post: Post) -> None:
        try:
            await self._c.execute(
                "INSERT INTO posts (id, author_id, caption, tags, mentions, place_id, audience, comments_on, show_camera, "
                "created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                post.id,
                post.author_id,
                post.caption,
                list(post.tags),
                list(post.mentions),
                post.place.id if post.place else None,
                post.audience,
                post.comments,
                post.show_camera,
                post.created_at,
                post.version,
            )
        except asyncpg.UniqueViolationError:
            raise AlreadyMade from None
        await self._write_tags(post)
        await self._place_photos(post, attach=True)
        if await self._count(post.author_id, post.audience, 1) != "active":
            raise NotFound  # left or was suspended since the request began
        await self._c.execute("INSERT INTO home_feed VALUES ($1, $2, $1)", post.author_id, post.id)
        await refresh_card(self._c, post.id)

    async def find(self, post_id: PostId, *, lock: bool = False) -> Post | None:
        row = await self._c.fetchrow(_POST + (" FOR UPDATE OF p" if lock else ""), post_id)
        if row is None:
            return None
        photos = await self._c.fetch(
            "SELECT id, alt, crop FROM files WHERE post_id = $1 ORDER BY position", post_id
        )
        place = (
            Place(PlaceId(row["place_id"]), row["place_name"], row["lat"], row["lon"])
            if row["place_id"]
            else None
        )
        return Post(
            PostId(row["id"]),
            UserId(row["author_id"]),
            tuple(Photo(photo["id"], photo["alt"], read_crop(photo["crop"])) for photo in photos),
            row["created_at"],
            row["caption"],
            tuple(row["tags"]),
            tuple(row["mentions"]),
            place,
            row["audience"],
            row["comments_on"],
            row["show_camera"],
            row["edited_at"],
            row["version"],
        )

    async def standing(self, viewer: UserId | None, post_id: PostId) -> Standing | None:
        return await find_standing(self._c, viewer, post_id)

    async def save(self, post: Post) -> None:
        before = await self._c.fetchval("SELECT audience FROM posts WHERE id = $1 FOR UPDATE", post.id)
        await self._c.execute(
            "UPDATE posts SET caption = $2, tags = $3, mentions = $4, place_id = $5, audience = $6, comments_on = $7, "
            "show_camera = $8, edited_at = $9, version = $10 WHERE id = $1",
            post.id,
            post.caption,
            list(post.tags),
            list(post.mentions),
            post.place.id if post.place else None,
            post.audience,
            post.comments,
            post.show_camera,
            post.edited_at,
            post.version,
        )
        if before not in (None, post.audience):
            await self._count(post.author_id, before, -1)
            await self._count(post.author_id, post.audience, 1)
        await self._c.execute("DELETE FROM post_tags WHERE post_id = $1", post.id)
        await self._write_tags(post)
        await self._place_photos(post, attach=False)
        await refresh_card(self._c, post.id)

    async def keep_version(self, before: Post) -> None:
        photos = [{"id": str(photo.file_id), "alt": photo.alt} for photo in before.photos]
        await self._c.execute(
            "INSERT INTO post_versions (post_id, version, shown_at, audience, caption, place_id, photos) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            before.id,
            before.version,
            before.shown_at,
            before.audience,
            before.caption,
            before.place.id if before.place else None,
            json.dumps(photos),
        )
        await self._c.execute(
            "DELETE FROM post_versions WHERE post_id = $1 AND version <= "
            "(SELECT version FROM post_versions WHERE post_id = $1 ORDER BY version DESC OFFSET $2 LIMIT 1)",
            before.id,
            MAX_VERSIONS,
        )

    async def forget_photos(self, post_id: PostId, gone: Sequence[FileId]) -> None:
        await self._c.execute(
            """
            UPDATE post_versions SET photos = (
              SELECT jsonb_agg(CASE WHEN photo ->> 'id' = ANY($2::text[]) THEN 'null' ELSE photo END ORDER BY n)
              FROM jsonb_array_elements(photos) WITH ORDINALITY AS every (photo, n))
            WHERE post_id = $1
            """,
            post_id,
            [str(file_id) for file_id in gone],
        )

    async def forget_versions(self, post_id: PostId) -> None:
        await self._c.execute("DELETE FROM post_versions WHERE post_id = $1", post_id)

    async def remove(self, post: Post) -> None:
        audience = await self._c.fetchval(
            "WITH gone AS (DELETE FROM posts WHERE id = $1 RETURNING id, author_id, audience), "
            "kept AS (INSERT INTO removed_posts SELECT id, author_id, audience FROM gone) SELECT audience FROM gone",
            post.id,
        )
        if audience is not None:
            await self._count(post.author_id, audience, -1)

    async def add_place(self, place: Place) -> None:
        await self._c.execute(
            "INSERT INTO places (id, name, lat, lon) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            place.id,
            place.name,
            place.lat,
            place.lon,
        )

    async def fan_out(self, post_id: PostId, after: UserId | None, limit: int) -> UserId | None:
        last = await self._c.fetchval(
            """
            WITH post AS MATERIALIZED (
              -- Removing it has to wait, or its withdrawal from the feeds could run before this.
              SELECT id, author_id FROM posts WHERE id = $1 FOR KEY SHARE
            ), chunk AS (
              SELECT f.follower_id, p.id, p.author_id FROM post p JOIN follows f ON f.followee_id = p.author_id
              WHERE f.follower_id > $2
              ORDER BY f.follower_id LIMIT $3
            ), written AS (
              INSERT INTO home_feed (user_id, post_id, author_id) SELECT follower_id, id, author_id FROM chunk
              ON CONFLICT DO NOTHING
            )
            SELECT follower_id FROM chunk ORDER BY follower_id DESC LIMIT 1
            """,
            post_id,
            after or _NOBODY,
            limit,
        )
        return UserId(last) if last else None

    async def fan_in(self, post_id: PostId, limit: int) -> bool:
        status = await self._c.execute(
            "DELETE FROM home_feed WHERE post_id = $1 AND user_id IN "
            "(SELECT user_id FROM home_feed WHERE post_id = $1 ORDER BY user_id LIMIT $2)",
            post_id,
            limit,
        )
        return int(status.rsplit(" ", 1)[-1]) >= limit

    async def add_like(self, post_id: PostId, user: UserId) -> bool:
        try:
            status = await self._c.execute(
                "WITH added AS (INSERT INTO likes (id, user_id, post_id) VALUES ($1, $2, $3) "
                "ON CONFLICT DO NOTHING RETURNING post_id) "
                "UPDATE posts SET likes = likes + 1 FROM added WHERE id = added.post_id",
                self._ids.new(),
                user,
                post_id,
            )
        except asyncpg.ForeignKeyViolationError:
            raise NotFound from None
        return not status.endswith(" 0")

    async def remove_like(self, post_id: PostId, user: UserId) -> bool:
        # The post is locked before what refers to it, as by whoever removes the post: the other order is a deadlock. And by
        # a statement of its own, because the update then starts from the post as it is and not as it was before the wait.
        await self._c.execute("SELECT FROM posts WHERE id = $1 FOR NO KEY UPDATE", post_id)
        return not (await self._c.execute(_REMOVE_LIKE, post_id, user)).endswith(" 0")

    async def add_save(self, post_id: PostId, user: UserId) -> bool:
        return await self._add("saves", post_id, user)

    async def remove_save(self, post_id: PostId, user: UserId) -> bool:
        return await self._remove("saves", post_id, user)

    async def hide(self, post_id: PostId, user: UserId, hidden: bool) -> None:
        if not hidden:
            await self._remove("hidden_posts", post_id, user)
            return
        try:
            await self._c.execute(
                "INSERT INTO hidden_posts VALUES ($1, $2) ON CONFLICT DO NOTHING", user, post_id
            )
        except asyncpg.ForeignKeyViolationError:
            raise NotFound from None

    async def tally(self, post_id: PostId, user: UserId) -> tuple[Counts, bool, bool]:
        row = await self._c.fetchrow(
            "SELECT likes, comments, EXISTS (SELECT FROM likes WHERE user_id = $2 AND post_id = $1) AS liked, "
            "EXISTS (SELECT FROM saves WHERE user_id = $2 AND post_id = $1) AS saved FROM posts WHERE id = $1",
            post_id,
            user,
        )
        if row is None:
            raise NotFound
        return Counts(row["likes"], row["comments"]), row["liked"], row["saved"]

    async def _count(self, author: UserId, audience: Audience, by: int) -> str:
        """Count a post of the author's, and answer with the state of their account."""
        column = f"posts_{audience}"
        sql = f"UPDATE users SET {column} = {column} + $2 WHERE id = $1 RETURNING state"
        return str(await self._c.fetchval(sql, author, by))

    async def _add(self, table: str, post_id: PostId, user: UserId) -> bool:
        try:
            status = await self._c.execute(
                f"INSERT INTO {table} (id, user_id, post_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                self._ids.new(),
                user,
                post_id,
            )
        except asyncpg.ForeignKeyViolationError:
            raise NotFound from None
        return not status.endswith(" 0")

    async def _remove(self, table: str, post_id: PostId, user: UserId) -> bool:
        status = await self._c.execute(
            f"DELETE FROM {table} WHERE user_id = $1 AND post_id = $2", user, post_id
        )
        return not status.endswith(" 0")

    async def _write_tags(self, post: Post) -> None:
        if post.tags:
            await self._c.execute(
                "INSERT INTO post_tags (tag, post_id) SELECT tag, $2 FROM unnest($1::text[]) AS tag",
                list(post.tags),
                post.id,
            )

    async def _place_photos(self, post: Post, *, attach: bool) -> None:
        for position, photo in enumerate(post.photos):
            keep_alt = attach and not photo.alt
            await self._c.execute(
                "UPDATE files SET post_id = $2, position = $3, alt = CASE WHEN $5 THEN alt ELSE $4 END WHERE id = $1",
                photo.file_id,
                post.id,
                position,
                photo.alt,
                keep_alt,
            )


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
        if status.endswith(" 0"):
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
