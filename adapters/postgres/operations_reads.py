"""The SQL behind operations: counts, invariants, dead jobs, idempotency keys."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from uuid import UUID

from adapters.postgres.cards import stale_cards
from adapters.postgres.engine import acquire
from adapters.postgres.file_rows import read_file
from adapters.postgres.sessions import LIVE
from application.operations import Backlog, Replay, Status, Violation
from domain.exports import archive_key
from domain.files import AVATAR_NAMES
from domain.kernel import UserId

SWEEPING = 7_241_003

# Each answers with rows (as text) that break a rule; an empty answer means that the rule holds.
_RULES = {
    "likes of a post": "SELECT id::text FROM posts p WHERE likes <> (SELECT count(*) FROM likes WHERE post_id = p.id)",
    "comments of a post": (
        "SELECT id::text FROM posts p WHERE comments <> (SELECT count(*) FROM comments WHERE post_id = p.id)"
    ),
    "likes of a comment": (
        "SELECT id::text FROM comments c WHERE likes <> (SELECT count(*) FROM comment_likes WHERE comment_id = c.id)"
    ),
    "posts of a member": (
        "SELECT id::text FROM users u WHERE state <> 'deleted' "
        "AND (posts_everyone, posts_followers, posts_only_me) <> (SELECT count(*) FILTER (WHERE audience = 'everyone'), "
        "count(*) FILTER (WHERE audience = 'followers'), count(*) FILTER (WHERE audience = 'only_me') "
        "FROM posts WHERE author_id = u.id)"
    ),
    "followers of a member": (
        "SELECT id::text FROM users u WHERE state <> 'deleted' "
        "AND followers <> (SELECT count(*) FROM follows WHERE followee_id = u.id)"
    ),
    "followed by a member": (
        "SELECT id::text FROM users u WHERE state <> 'deleted' "
        "AND following <> (SELECT count(*) FROM follows WHERE follower_id = u.id)"
    ),
    "a follow beside a block": (
        "SELECT f.follower_id || ' → ' || f.followee_id FROM follows f JOIN blocks b "
        "ON (b.blocker_id, b.blocked_id) IN ((f.follower_id, f.followee_id), (f.followee_id, f.follower_id))"
    ),
    "a follow request beside the follow": (
        "SELECT r.id::text FROM follow_requests r JOIN follows f "
        "ON f.follower_id = r.requester_id AND f.followee_id = r.target_id"
    ),
    "a post without photos": "SELECT id::text FROM posts p WHERE NOT EXISTS (SELECT FROM files WHERE post_id = p.id)",
    "a photo of another's post": (
        "SELECT f.id::text FROM files f JOIN posts p ON p.id = f.post_id WHERE f.owner_id <> p.author_id"
    ),
    "a photo of a draft that is not its author's alone": (
        "SELECT f.id::text FROM draft_photos h JOIN drafts d ON d.id = h.draft_id JOIN files f ON f.id = h.file_id "
        "WHERE f.owner_id <> d.author_id OR f.post_id IS NOT NULL"
    ),
    "a scheduled draft that nothing will publish": (
        "SELECT d.id::text FROM drafts d WHERE publish_at IS NOT NULL AND NOT EXISTS (SELECT FROM jobs "
        "WHERE event_type = 'DraftScheduled' AND payload ->> 'draft_id' = d.id::text AND state <> 'done' "
        "AND (payload ->> 'due_at')::timestamptz = d.publish_at)"
    ),
    "an earlier state of a post that is not earlier": (
        "SELECT v.post_id::text FROM post_versions v JOIN posts p ON p.id = v.post_id "
        "WHERE v.version >= p.version"
    ),
    "a reply to a reply": (
        "SELECT c.id::text FROM comments c JOIN comments p ON p.id = c.reply_to "
        "WHERE p.reply_to IS NOT NULL OR p.post_id <> c.post_id"
    ),
    "tags beside the caption": (
        "SELECT p.id::text FROM posts p WHERE (SELECT count(*) FROM post_tags t WHERE t.post_id = p.id) "
        "<> cardinality(p.tags) OR EXISTS (SELECT FROM post_tags t WHERE t.post_id = p.id AND t.tag <> ALL (p.tags))"
    ),
    "a leaf of a home feed without its author": (
        "SELECT h.user_id || ' ' || h.post_id FROM home_feed h JOIN posts p ON p.id = h.post_id "
        "WHERE h.author_id <> p.author_id"
    ),
    "an own post missing in the own home feed": (
        "SELECT p.id::text FROM posts p WHERE NOT EXISTS "
        "(SELECT FROM home_feed h WHERE h.user_id = p.author_id AND h.post_id = p.id)"
    ),
    "no administrator": (
        "SELECT 'none' WHERE EXISTS (SELECT FROM users WHERE state <> 'deleted') "
        "AND NOT EXISTS (SELECT FROM users WHERE role = 'admin' AND state = 'active')"
    ),
    "something of a deleted account": (
        "SELECT u.id::text FROM users u WHERE state = 'deleted' AND NOT EXISTS "
        "(SELECT FROM jobs WHERE event_type = 'AccountDeleted' AND state <> 'done' "
        "AND payload ->> 'user_id' = u.id::text) "
        "AND (EXISTS (SELECT FROM posts WHERE author_id = u.id) OR EXISTS (SELECT FROM comments WHERE author_id = u.id) "
        "OR EXISTS (SELECT FROM likes WHERE user_id = u.id) OR EXISTS (SELECT FROM comment_likes WHERE user_id = u.id) "
        "OR EXISTS (SELECT FROM saves WHERE user_id = u.id) OR EXISTS (SELECT FROM files WHERE owner_id = u.id) "
        "OR EXISTS (SELECT FROM drafts WHERE author_id = u.id) "
        "OR EXISTS (SELECT FROM follows WHERE u.id IN (follower_id, followee_id)) "
        "OR EXISTS (SELECT FROM blocks WHERE u.id IN (blocker_id, blocked_id)) "
        "OR EXISTS (SELECT FROM exports WHERE user_id = u.id) OR EXISTS (SELECT FROM imports WHERE user_id = u.id) "
        "OR EXISTS (SELECT FROM sessions WHERE user_id = u.id) OR EXISTS (SELECT FROM tokens WHERE user_id = u.id))"
    ),
    "a job that was given up": "SELECT event_id || ' ' || reaction FROM jobs WHERE state = 'dead'",
}


class PostgresOperationsReads:
    """Implements application.operations.OperationsReads."""

    async def ping(self) -> None:
        async with acquire() as connection:
            await connection.fetchval("SELECT 1")

    async def status(self) -> Status:
        async with acquire() as connection:
            row = await connection.fetchrow(
                f"""
                SELECT (SELECT count(*) FROM users WHERE state = 'active') AS people,
                  (SELECT count(*) FROM posts) AS posts, (SELECT count(*) FROM comments) AS comments,
                  (SELECT coalesce(sum(likes), 0) FROM posts) AS likes, (SELECT count(*) FROM files) AS files,
                  (SELECT coalesce(sum(size), 0) FROM files) AS bytes,
                  (SELECT count(*) FROM jobs WHERE state = 'waiting') AS jobs_waiting,
                  (SELECT count(*) FROM jobs WHERE state = 'running') AS jobs_running,
                  (SELECT count(*) FROM jobs WHERE state = 'dead') AS jobs_dead,
                  (SELECT count(*) FROM cases WHERE decision IS NULL) AS reports_open,
                  (SELECT count(*) FROM sessions WHERE {LIVE}) AS sessions
                """
            )
        return Status(**{name: int(value) for name, value in row.items()})

    async def backlog(self) -> Backlog:
        async with acquire() as connection:
            row = await connection.fetchrow(
                "SELECT count(*) FILTER (WHERE late) AS due, count(*) FILTER (WHERE state = 'dead') AS dead, "
                "coalesce(extract(epoch FROM now() - min(greatest(due_at, created_at)) FILTER (WHERE late)), 0)::float8 "
                "AS oldest_seconds FROM (SELECT *, (state = 'waiting' AND due_at <= now()) "
                "OR (state = 'running' AND leased_until < now()) AS late FROM jobs WHERE state <> 'done') AS open"
            )
        return Backlog(**dict(row))

    async def violations(self) -> list[Violation]:
        found = []
        # One snapshot for all of it, so that what people write meanwhile is seen whole or not at all.
        async with (
            acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            for rule, sql in _RULES.items():
                rows = [row[0] for row in await connection.fetch(sql)]
                if rows:
                    found.append(Violation(rule, len(rows), tuple(rows[:5])))
            stale = await stale_cards(connection)
        if stale:
            examples = tuple(map(str, stale[:5]))
            found.append(Violation("a stored card that is out of date", len(stale), examples))
        return found

    async def media_prefixes(self, keys: Collection[str] | None = None) -> set[str]:
        wanted = None if keys is None else list(keys)
        async with acquire() as connection:
            photos = await connection.fetch(
                "SELECT key FROM files WHERE $1::text[] IS NULL OR key = ANY ($1)", wanted
            )
            avatars = await connection.fetch(
                "SELECT avatar_key AS key FROM users "
                "WHERE avatar_key IS NOT NULL AND ($1::text[] IS NULL OR avatar_key = ANY ($1))",
                wanted,
            )
            exports = await connection.fetch(
                "SELECT key FROM exports WHERE key IS NOT NULL AND ($1::text[] IS NULL OR key = ANY ($1))",
                wanted,
            )
        found = (("photos", photos), ("avatars", avatars), ("exports", exports))
        return {f"{root}/{row['key']}/" for root, rows in found for row in rows}

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        async with acquire() as connection, connection.transaction():
            # A walk through many pictures takes longer than a transaction may idle.
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", SWEEPING)

    async def media_keys(self) -> set[str]:
        async with acquire() as connection:
            rows = await connection.fetch("SELECT * FROM files")
            avatars = await connection.fetch(
                "SELECT avatar_key AS key FROM users WHERE avatar_key IS NOT NULL"
            )
            exports = await connection.fetch("SELECT key FROM exports WHERE key IS NOT NULL")
        keys = {f"avatars/{row['key']}/{name}" for row in avatars for name in AVATAR_NAMES}
        keys |= {archive_key(row["key"]) for row in exports}
        for file in map(read_file, rows):
            keys.add(file.original_key)
            keys.update(file.rendition_prefix + rendition.name for rendition in file.renditions)
        return keys

    async def claim_key(self, user: UserId, key: str, fingerprint: bytes, resource_id: UUID) -> Replay | None:
        async with acquire() as connection:
            new = await connection.fetchval(
                "INSERT INTO idempotency (user_id, key, fingerprint, resource_id, created_at) "
                "VALUES ($1, $2, $3, $4, clock_timestamp()) ON CONFLICT DO NOTHING RETURNING true",
                user,
                key,
                fingerprint,
                resource_id,
            )
            if new:
                return None
            row = await connection.fetchrow(
                "SELECT resource_id, fingerprint = $3 AS same_request, status, body, content_type, location, "
                "clock_timestamp() - created_at AS age FROM idempotency WHERE user_id = $1 AND key = $2",
                user,
                key,
                fingerprint,
            )
        # Released between the two statements: then this request is the first one, and simply asks again.
        return Replay(**dict(row)) if row else await self.claim_key(user, key, fingerprint, resource_id)

    async def answer_key(
        self, user: UserId, key: str, status: int, body: bytes, content_type: str, location: str
    ) -> None:
        async with acquire() as connection:
            await connection.execute(
                "UPDATE idempotency SET status = $3, body = $4, content_type = $5, location = $6 "
                "WHERE user_id = $1 AND key = $2",
                user,
                key,
                status,
                body,
                content_type,
                location,
            )

    async def take_over_key(self, user: UserId, key: str) -> bool:
        async with acquire() as connection:
            return bool(
                await connection.fetchval(
                    "UPDATE idempotency SET created_at = clock_timestamp() WHERE user_id = $1 AND key = $2 "
                    "AND status = 0 AND created_at < clock_timestamp() - interval '10 seconds' RETURNING true",
                    user,
                    key,
                )
            )

    async def abandon_key(self, user: UserId, key: str) -> None:
        async with acquire() as connection:
            await connection.execute(
                "UPDATE idempotency SET created_at = created_at - interval '10 seconds' "
                "WHERE user_id = $1 AND key = $2 AND status = 0",
                user,
                key,
            )

    async def release_key(self, user: UserId, key: str) -> None:
        async with acquire() as connection:
            await connection.execute(
                "DELETE FROM idempotency WHERE user_id = $1 AND key = $2 AND status = 0", user, key
            )
