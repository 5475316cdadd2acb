"""Edges between people, with the counters and home feeds that follow from them."""

from datetime import datetime
from uuid import UUID

import asyncpg

from adapters.postgres.engine import changed
from adapters.postgres.relations import everything, read_relationship
from domain.follows import Relationship
from domain.kernel import UserId
from domain.ports import Ids

# How many of a newly followed member's posts join the follower's home feed.
BACKFILL = 200


class PostgresFollows:
    """Implements domain.follows.Follows."""

    def __init__(self, connection: asyncpg.Connection, ids: Ids) -> None:
        self._c = connection
        self._ids = ids

    async def lock_pair(self, one: UserId, other: UserId) -> None:
        await self._c.execute(
            "SELECT FROM users WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE", [one, other]
        )

    async def relationship(self, viewer: UserId | None, member: UserId) -> Relationship:
        if viewer is None or viewer == member:
            return Relationship()
        row = await self._c.fetchrow(f"SELECT {everything('$1::uuid', '$2::uuid')}", viewer, member)
        return read_relationship(row)

    async def follow(self, follower: UserId, followee: UserId, now: datetime) -> bool:
        await self.take_request(follower, followee)
        added = await self._c.execute(
            "INSERT INTO follows (id, follower_id, followee_id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            self._ids.new(),
            follower,
            followee,
            now,
        )
        if not changed(added):
            return False
        await self._count(follower, followee, 1)
        await self._c.execute(
            "INSERT INTO home_feed (user_id, post_id, author_id) "
            "SELECT $1, id, author_id FROM posts WHERE author_id = $2 "
            f"ORDER BY id DESC LIMIT {BACKFILL} ON CONFLICT DO NOTHING",
            follower,
            followee,
        )
        return True

    async def unfollow(self, follower: UserId, followee: UserId) -> bool:
        asked = await self.take_request(follower, followee)
        return await self._drop(follower, followee) or asked

    async def ask(self, requester: UserId, target: UserId, now: datetime) -> bool:
        status = await self._c.execute(
            "INSERT INTO follow_requests (id, requester_id, target_id, created_at) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT DO NOTHING",
            self._ids.new(),
            requester,
            target,
            now,
        )
        return changed(status)

    async def take_request(self, requester: UserId, target: UserId) -> bool:
        return changed(
            await self._c.execute(
                "DELETE FROM follow_requests WHERE requester_id = $1 AND target_id = $2", requester, target
            )
        )

    async def block(self, blocker: UserId, blocked: UserId, now: datetime) -> bool:
        await self.unfollow(blocker, blocked)
        await self.unfollow(blocked, blocker)
        return await self._edge("blocks", "blocker_id", "blocked_id", blocker, blocked, now)

    async def unblock(self, blocker: UserId, blocked: UserId) -> bool:
        return changed(
            await self._c.execute(
                "DELETE FROM blocks WHERE blocker_id = $1 AND blocked_id = $2", blocker, blocked
            )
        )

    async def mute(self, muter: UserId, muted: UserId, now: datetime) -> bool:
        return await self._edge("mutes", "muter_id", "muted_id", muter, muted, now)

    async def unmute(self, muter: UserId, muted: UserId) -> bool:
        return changed(
            await self._c.execute("DELETE FROM mutes WHERE muter_id = $1 AND muted_id = $2", muter, muted)
        )

    async def notify(self, follower: UserId, followee: UserId, wanted: bool) -> bool:
        return changed(
            await self._c.execute(
                "UPDATE follows SET notify_posts = $3 WHERE follower_id = $1 AND followee_id = $2",
                follower,
                followee,
                wanted,
            )
        )

    async def accept_all(self, target: UserId, now: datetime) -> list[UserId]:
        requesters = await self._lock_who_asks(target)
        for requester in requesters:
            await self.follow(requester, target, now)
        return requesters

    async def _lock_who_asks(self, target: UserId) -> list[UserId]:
        """Lock the target and all who ask, in the order of `lock_pair`, and answer with those who ask.

        Somebody may ask while we wait. They cannot be locked then without breaking the order, so everybody is let go
        again, which going back to a savepoint does, and it starts anew.
        """
        known: set[UUID] = set()
        while True:
            attempt = self._c.transaction()
            await attempt.start()
            await self._c.execute(
                "SELECT FROM users WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE", [target, *known]
            )
            rows = await self._c.fetch(
                "SELECT requester_id FROM follow_requests WHERE target_id = $1 ORDER BY requester_id", target
            )
            asking = [UserId(row["requester_id"]) for row in rows]
            if known.issuperset(asking):
                await attempt.commit()
                return asking
            await attempt.rollback()
            known.update(asking)

    async def _edge(
        self, table: str, source: str, target: str, one: UserId, other: UserId, now: datetime
    ) -> bool:
        status = await self._c.execute(
            f"INSERT INTO {table} (id, {source}, {target}, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            self._ids.new(),
            one,
            other,
            now,
        )
        return changed(status)

    async def _drop(self, follower: UserId, followee: UserId) -> bool:
        status = await self._c.execute(
            "DELETE FROM follows WHERE follower_id = $1 AND followee_id = $2", follower, followee
        )
        if not changed(status):
            return False
        await self._count(follower, followee, -1)
        await self._c.execute(
            "DELETE FROM home_feed WHERE user_id = $1 AND author_id = $2", follower, followee
        )
        return True

    async def _count(self, follower: UUID, followee: UUID, by: int) -> None:
        await self._c.execute("UPDATE users SET following = following + $2 WHERE id = $1", follower, by)
        await self._c.execute("UPDATE users SET followers = followers + $2 WHERE id = $1", followee, by)
