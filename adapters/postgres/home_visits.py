"""When somebody last came to their home feed, and what was the newest there."""

from datetime import datetime

from adapters.postgres.engine import acquire
from application.catching_up import HomeVisit
from domain.kernel import PostId, UserId


class PostgresHomeVisits:
    """Implements application.catching_up.HomeVisits."""

    async def find(self, viewer: UserId) -> HomeVisit | None:
        async with acquire() as connection:
            row = await connection.fetchrow(
                "SELECT began_at, newest, before FROM home_visits WHERE user_id = $1", viewer
            )
        return HomeVisit(**dict(row)) if row else None

    async def begin(self, viewer: UserId, newest: PostId, now: datetime, over: datetime) -> None:
        async with acquire() as connection:
            await connection.execute(_BEGIN, viewer, newest, now, over)


# Somebody who left, or leaves at this moment, gets no row that would outlive what is erased of them.
_BEGIN = """
INSERT INTO home_visits AS v (user_id, newest, began_at)
  SELECT id, $2, $3 FROM users WHERE id = $1 AND state = 'active' FOR KEY SHARE
ON CONFLICT (user_id) DO UPDATE
  SET before = v.newest, newest = greatest(v.newest, excluded.newest), began_at = excluded.began_at
  WHERE v.began_at <= $4
"""
