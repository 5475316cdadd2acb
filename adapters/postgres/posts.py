"""Posts with the sets around them. Constraints decide; counters move by the rows that really changed."""

import json
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from adapters.postgres.cards import refresh_card
from adapters.postgres.engine import changed, count_of
from adapters.postgres.file_rows import read_crop
from adapters.postgres.relations import read_standing, standing
from domain.kernel import AlreadyMade, FileId, NotFound, PlaceId, PostId, UserId
from domain.ports import Ids
from domain.posts import MAX_VERSIONS, Audience, Counts, Photo, Place, Post, Standing

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
# The columns that `read_post` reads.
POSTS = "SELECT p.*, l.name AS place_name, l.lat, l.lon FROM posts p LEFT JOIN places l ON l.id = p.place_id"


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


def read_post(row: asyncpg.Record, photos: Sequence[Photo]) -> Post:
    """A post from a row with its columns and those of its place (`place_name`, `lat`, `lon`)."""
    place = (
        Place(PlaceId(row["place_id"]), row["place_name"], row["lat"], row["lon"])
        if row["place_id"]
        else None
    )
    return Post(
        PostId(row["id"]),
        UserId(row["author_id"]),
        tuple(photos),
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
        row = await self._c.fetchrow(f"{POSTS} WHERE p.id = $1{' FOR UPDATE OF p' if lock else ''}", post_id)
        if row is None:
            return None
        photos = await self._c.fetch(
            "SELECT id, alt, crop FROM files WHERE post_id = $1 ORDER BY position", post_id
        )
        return read_post(
            row, [Photo(photo["id"], photo["alt"], read_crop(photo["crop"])) for photo in photos]
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
        return count_of(status) >= limit

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
        return changed(status)

    async def remove_like(self, post_id: PostId, user: UserId) -> bool:
        # The post is locked before what refers to it, as by whoever removes the post: the other order is a deadlock. And by
        # a statement of its own, because the update then starts from the post as it is and not as it was before the wait.
        await self._c.execute("SELECT FROM posts WHERE id = $1 FOR NO KEY UPDATE", post_id)
        return changed(await self._c.execute(_REMOVE_LIKE, post_id, user))

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
        return changed(status)

    async def _remove(self, table: str, post_id: PostId, user: UserId) -> bool:
        status = await self._c.execute(
            f"DELETE FROM {table} WHERE user_id = $1 AND post_id = $2", user, post_id
        )
        return changed(status)

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
