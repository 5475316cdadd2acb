"""What people are told, and the SQL behind the list of it.

Whether a notice holds is looked up where what it tells of stands: a like that was taken back is in no table any more.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from adapters.postgres.engine import acquire, changed, count_of
from adapters.postgres.keyset import walk
from adapters.postgres.people_reads import read_person
from adapters.postgres.posts import read_standing_row
from adapters.postgres.relations import not_blocked, standing
from application.notifying import Told, Unread
from application.paging import Key, Slice
from application.views import Person
from domain.kernel import NotificationId, PostId, UserId
from domain.notifications import Heard, Kind, Notice
from domain.ports import Ids

_NOBODY = UUID(int=0)
# How many of those who did the same are looked at, and how many of them are named.
LOOKED_AT, NAMED = 100, 3

# What is new of `told` goes to whoever wants to hear of the kind and neither mutes nor blocks the actor.
_TELL = f"""
WITH told AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[],
    $9::uuid[]) AS t (id, recipient_id, kind, subject_id, actor_id, post_id, comment_id, file_id, export_id)
), fresh AS MATERIALIZED (
  SELECT * FROM told
  WHERE EXISTS (SELECT FROM users WHERE id = told.recipient_id AND state = 'active' FOR KEY SHARE)
    -- Of somebody who has left nothing is written that erasing has passed already.
    AND (told.actor_id IS NULL
      OR EXISTS (SELECT FROM users WHERE id = told.actor_id AND state = 'active' FOR KEY SHARE))
    AND NOT EXISTS (SELECT FROM unwanted_notifications u WHERE u.user_id = told.recipient_id AND u.kind = told.kind)
    AND NOT EXISTS (SELECT FROM mutes WHERE muter_id = told.recipient_id AND muted_id = told.actor_id)
    AND {not_blocked("told.recipient_id", "told.actor_id")}
    AND NOT EXISTS (SELECT FROM notices n WHERE n.recipient_id = told.recipient_id AND n.kind = told.kind
      AND n.subject_id = told.subject_id AND n.actor_id IS NOT DISTINCT FROM told.actor_id)
), gathered AS (
  INSERT INTO notifications AS n
    (id, recipient_id, kind, subject_id, day, post_id, comment_id, file_id, export_id, newest, happened_at)
  SELECT DISTINCT ON (recipient_id, kind, subject_id) id, recipient_id, kind, subject_id,
    ($10::timestamptz AT TIME ZONE 'UTC')::date, post_id, comment_id, file_id, export_id, id, $10
  FROM fresh ORDER BY recipient_id, kind, subject_id, id DESC
  ON CONFLICT ON CONSTRAINT notifications_one_a_day DO UPDATE
    SET newest = greatest(n.newest, excluded.newest), happened_at = greatest(n.happened_at, excluded.happened_at),
      read_at = NULL
  RETURNING id, recipient_id, kind, subject_id
), written AS (
  INSERT INTO notices (id, notification_id, recipient_id, kind, subject_id, actor_id)
  SELECT f.id, g.id, f.recipient_id, f.kind, f.subject_id, f.actor_id
  FROM fresh f JOIN gathered g USING (recipient_id, kind, subject_id)
  ON CONFLICT ON CONSTRAINT notices_once DO NOTHING RETURNING notification_id, recipient_id, kind
)
SELECT DISTINCT recipient_id, kind, notification_id FROM written
"""
# Who is to be told of a post, as long as it is there and shared.
_FOLLOWERS = """
SELECT f.follower_id, f.notify_posts, p.author_id FROM (
  SELECT id, author_id FROM posts WHERE id = $1 AND audience <> 'only_me' FOR KEY SHARE
) p JOIN follows f ON f.followee_id = p.author_id
WHERE f.follower_id > $2 ORDER BY f.follower_id LIMIT $3
"""
# Whether the doing of notice `x` of notification `n` still stands.
_STANDS = """
CASE n.kind
  WHEN 'like' THEN CASE WHEN n.comment_id IS NULL
    THEN EXISTS (SELECT FROM likes WHERE user_id = x.actor_id AND post_id = n.post_id)
    ELSE EXISTS (SELECT FROM comment_likes WHERE user_id = x.actor_id AND comment_id = n.comment_id) END
  WHEN 'follow' THEN EXISTS (SELECT FROM follows WHERE follower_id = x.actor_id AND followee_id = $1)
  WHEN 'follow_request' THEN EXISTS (SELECT FROM follow_requests WHERE requester_id = x.actor_id AND target_id = $1)
  WHEN 'follow_accepted' THEN EXISTS (SELECT FROM follows WHERE follower_id = $1 AND followee_id = x.actor_id)
  ELSE true END
"""
# A notice that its recipient, $1, still hears of: somebody did it whom they want to hear of, and it stands.
_HOLDS = f"""
x.actor_id IS NULL OR (u.state = 'active' AND {not_blocked("$1", "x.actor_id")}
  AND NOT EXISTS (SELECT FROM mutes WHERE muter_id = $1 AND muted_id = x.actor_id) AND {_STANDS})
"""
# What notification `n` is about, and whether that is gone.
_ABOUT = """
LEFT JOIN comments c ON c.id = n.comment_id
LEFT JOIN files f ON f.id = n.file_id
LEFT JOIN exports e ON e.id = n.export_id
"""
_IS_GONE = """
(n.comment_id IS NOT NULL AND c.id IS NULL) OR (n.kind = 'file_failed' AND f.state <> 'failed')
  OR (n.export_id IS NOT NULL AND e.state <> 'ready')
"""
_LIST = f"""
SELECT n.id, n.newest, n.kind, n.post_id, n.comment_id, n.file_id, n.export_id, n.happened_at, n.read_at,
  c.text AS comment_text, f.name AS file_name, e.state AS export_state, coalesce(who.actors, '{{{{}}}}') AS actors,
  CASE WHEN {_IS_GONE} THEN 0 ELSE who.several END AS several
FROM ({{skeleton}}) n {_ABOUT}
CROSS JOIN LATERAL (
  SELECT array_agg(y.actor_id ORDER BY y.id DESC) AS actors, count(*) AS several FROM (
    SELECT x.id, x.actor_id FROM notices x LEFT JOIN users u ON u.id = x.actor_id
    WHERE x.notification_id = n.id AND ({_HOLDS})
    ORDER BY x.id DESC LIMIT {LOOKED_AT}
  ) y
) who
ORDER BY n.newest {{order}}
"""
# Every page asks this, so it brings no more than what decides.
_UNREAD = f"""
SELECT n.kind, n.post_id, p.id, p.author_id, p.audience, p.comments_on, a.state = 'active' AS active, a.private,
  {standing("$1", "p.author_id")}
FROM (
  SELECT * FROM notifications WHERE recipient_id = $1 AND read_at IS NULL ORDER BY newest DESC LIMIT $2
) n {_ABOUT}
LEFT JOIN posts p ON p.id = n.post_id
LEFT JOIN users a ON a.id = p.author_id
WHERE ({_IS_GONE}) IS NOT TRUE AND EXISTS (
  SELECT FROM notices x LEFT JOIN users u ON u.id = x.actor_id WHERE x.notification_id = n.id AND ({_HOLDS})
)
"""


class PostgresNotifications:
    """Implements domain.notifications.Notifications."""

    def __init__(self, connection: asyncpg.Connection, ids: Ids) -> None:
        self._c = connection
        self._ids = ids

    async def tell(self, notices: Sequence[Notice], at: datetime) -> list[Heard]:
        if not notices:
            return []
        rows = await self._c.fetch(
            _TELL,
            [self._ids.at(at) for _ in notices],
            [notice.recipient for notice in notices],
            [notice.kind for notice in notices],
            [notice.subject for notice in notices],
            [notice.actor for notice in notices],
            [notice.post for notice in notices],
            [notice.comment for notice in notices],
            [notice.file for notice in notices],
            [notice.export for notice in notices],
            at,
        )
        return [Heard(*row) for row in rows]

    async def tell_followers(
        self, post_id: PostId, after: UserId | None, limit: int, at: datetime
    ) -> tuple[UserId | None, list[Heard]]:
        rows = await self._c.fetch(_FOLLOWERS, post_id, after or _NOBODY, limit)
        notices = [
            Notice(UserId(row["follower_id"]), "new_post", UserId(row["author_id"]), post_id)
            for row in rows
            if row["notify_posts"]
        ]
        return UserId(rows[-1]["follower_id"]) if rows else None, await self.tell(notices, at)

    async def read(
        self, recipient: UserId, now: datetime, *, ids: Collection[NotificationId] | None, until: UUID | None
    ) -> int:
        status = await self._c.execute(
            "UPDATE notifications SET read_at = $2 WHERE recipient_id = $1 AND read_at IS NULL "
            "AND ($3::uuid[] IS NULL OR id = ANY($3)) AND ($4::uuid IS NULL OR newest <= $4)",
            recipient,
            now,
            None if ids is None else list(ids),
            until,
        )
        return count_of(status)

    async def place(self, recipient: UserId, notification: NotificationId) -> UUID | None:
        found: UUID | None = await self._c.fetchval(
            "SELECT newest FROM notifications WHERE id = $2 AND recipient_id = $1", recipient, notification
        )
        return found

    async def unread_again(self, recipient: UserId, notification: NotificationId) -> bool:
        return changed(
            await self._c.execute(
                "UPDATE notifications SET read_at = NULL WHERE id = $2 AND recipient_id = $1 AND read_at IS NOT NULL",
                recipient,
                notification,
            )
        )

    async def prefer(self, user: UserId, wanted: Mapping[Kind, bool]) -> None:
        off = [kind for kind, on in wanted.items() if not on]
        await self._c.execute(
            "DELETE FROM unwanted_notifications WHERE user_id = $1 AND kind = ANY($2::text[])",
            user,
            [kind for kind, on in wanted.items() if on],
        )
        await self._c.execute(
            "INSERT INTO unwanted_notifications (user_id, kind) SELECT u.id, kind FROM users u, unnest($2::text[]) AS kind "
            "WHERE u.id = $1 AND u.state = 'active' ON CONFLICT DO NOTHING",
            user,
            off,
        )

    async def forget(self, before: datetime, limit: int) -> bool:
        status = await self._c.execute(
            "DELETE FROM notifications WHERE id IN (SELECT id FROM notifications WHERE happened_at < $1 "
            "ORDER BY happened_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
            before,
            limit,
        )
        return count_of(status) == limit


class PostgresNotificationReads:
    """Implements application.notifying.NotificationReads."""

    async def newest(self, recipient: UserId, kinds: Sequence[Kind] | None, part: Slice) -> list[Told]:
        beyond, order, key = walk(part, "newest")
        skeleton = (
            f"SELECT * FROM notifications WHERE recipient_id = $1 AND {beyond.format(2)} "
            f"{'AND kind = ANY($3::text[])' if kinds else 'AND $3::text[] IS NULL'} "
            f"ORDER BY newest {order} LIMIT {int(part.limit)}"
        )
        async with acquire() as connection:
            rows = await connection.fetch(
                _LIST.format(skeleton=skeleton, order=order), recipient, key, list(kinds) if kinds else None
            )
            people = await _people(
                connection, {each for row in rows for each in row["actors"][:NAMED] if each}
            )
        return [_told(row, people) for row in rows]

    async def unread(self, recipient: UserId, most: int) -> list[Unread]:
        async with acquire() as connection:
            rows = await connection.fetch(_UNREAD, recipient, most)
        return [
            Unread(
                row["kind"],
                PostId(row["post_id"]) if row["post_id"] else None,
                read_standing_row(row) if row["id"] else None,
            )
            for row in rows
        ]

    async def unwanted(self, user: UserId) -> set[Kind]:
        async with acquire() as connection:
            rows = await connection.fetch("SELECT kind FROM unwanted_notifications WHERE user_id = $1", user)
        return {row["kind"] for row in rows}


async def _people(connection: asyncpg.Connection, ids: set[UUID]) -> dict[UUID, Person]:
    if not ids:
        return {}
    rows = await connection.fetch(
        "SELECT id, username, display_name, avatar_key FROM users WHERE id = ANY($1::uuid[])", list(ids)
    )
    return {row["id"]: read_person(row["id"], row) for row in rows}


def _told(row: asyncpg.Record, people: Mapping[UUID, Person]) -> Told:
    named = [people[each] for each in row["actors"][:NAMED] if each in people]
    return Told(
        id=NotificationId(row["id"]),
        key=Key(row["newest"]),
        kind=row["kind"],
        actors=named,
        post_id=PostId(row["post_id"]) if row["post_id"] else None,
        comment_id=row["comment_id"],
        comment_text=row["comment_text"] or "",
        file_id=row["file_id"],
        file_name=row["file_name"] or "",
        export_id=row["export_id"],
        export_state=row["export_state"] or "",
        several=row["several"],
        at=row["happened_at"],
        is_read=row["read_at"] is not None,
    )
