"""The log of what happened, for whoever is connected."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from adapters.postgres.engine import acquire
from domain.kernel import UserId
from domain.live import HOME, LiveEvent, LoggedEvent

# One statement, and the last of its transaction: others wait for the row from here to the commit.
_APPEND = """
WITH head AS (
  INSERT INTO live_head AS h (seq) VALUES (cardinality($1::text[]))
  ON CONFLICT (one) DO UPDATE SET seq = h.seq + excluded.seq RETURNING h.seq - cardinality($1::text[]) AS before
)
INSERT INTO live_events (seq, topic, type, data, at)
SELECT head.before + n, topic, type, data, $4
FROM head, unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS t (topic, type, data, n)
"""


async def append(connection: asyncpg.Connection, events: Sequence[LiveEvent], now: datetime) -> None:
    """Write events down, in order. The transaction must end right after."""
    await connection.execute(
        _APPEND,
        [event.topic for event in events],
        [event.type for event in events],
        [json.dumps(event.data, separators=(",", ":"), ensure_ascii=False) for event in events],
        now,
    )


class PostgresLiveReads:
    """Implements application.living.LiveReads."""

    async def head(self) -> int:
        async with acquire() as connection:
            return int(await connection.fetchval("SELECT seq FROM live_head") or 0)

    async def after(self, seq: int, limit: int) -> list[LoggedEvent]:
        async with acquire() as connection:
            rows = await connection.fetch(
                "SELECT seq, topic, type, data, at FROM live_events WHERE seq > $1 ORDER BY seq LIMIT $2",
                seq,
                limit,
            )
        return [LoggedEvent(*row) for row in rows]

    async def missed(
        self, user: UserId, topics: Collection[str], after: int, upto: int, limit: int
    ) -> list[LoggedEvent] | None:
        async with acquire() as connection:
            oldest = await connection.fetchval("SELECT min(seq) FROM live_events")
            if after < upto and (oldest is None or after < oldest - 1):
                return None
            rows = await connection.fetch(
                _MISSED,
                list(topics),
                after,
                upto,
                limit,
                user,
                HOME,
            )
        return [LoggedEvent(*row) for row in rows]

    async def holders(self, post: UUID, author: UUID, people: Collection[UserId]) -> set[UserId]:
        async with acquire() as connection:
            rows = await connection.fetch(_HOLDERS, post, author, list(people))
        return {UserId(row["user_id"]) for row in rows}


# Somebody, `h.user_id`, whose home feed holds a post, may see it, and wants to see its author's.
_HOLDS = """
EXISTS (SELECT FROM posts p JOIN users a ON a.id = p.author_id
  WHERE p.id = h.post_id AND p.audience <> 'only_me' AND a.state = 'active')
AND EXISTS (SELECT FROM follows WHERE follower_id = h.user_id AND followee_id = h.author_id)
AND NOT EXISTS (SELECT FROM mutes WHERE muter_id = h.user_id AND muted_id = h.author_id)
"""
_HOLDERS = f"""
SELECT h.user_id FROM home_feed h
WHERE h.post_id = $1 AND h.author_id = $2 AND h.user_id = ANY($3::uuid[]) AND {_HOLDS}
"""
_MISSED = f"""
SELECT seq, topic, type, data, at FROM live_events
WHERE topic = ANY($1::text[]) AND seq > $2 AND seq <= $3 AND (topic <> $6 OR EXISTS (
  SELECT FROM home_feed h WHERE h.user_id = $5 AND h.post_id = (data::jsonb ->> 'id')::uuid AND {_HOLDS}
)) ORDER BY seq LIMIT $4
"""
