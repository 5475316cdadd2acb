"""The SQL behind pages about people, and behind the door to pictures."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from adapters.postgres.accounts import read_account
from adapters.postgres.engine import acquire
from adapters.postgres.keyset import walk
from adapters.postgres.names import USERNAME, begins, name_key
from adapters.postgres.posts import read_standing_row
from adapters.postgres.relations import everything, not_blocked, read_relationship, standing
from application.media import MediaOwner
from application.paging import Key, Slice
from application.people import ListKind, present_relationship
from application.views import MemberRow, Person, present_avatar
from domain.follows import Relationship
from domain.kernel import FileId, SessionId, TokenId, UserId
from domain.text import fold, is_storable
from domain.users import Account
from domain.visibility import can_see_posts

_NOBODY = UUID(int=0)
# How many people of a list, and of the names that begin alike, are looked at.
_CALLED = 1_000

# Per list: its table, the column of whose list it is, and the column of who is on it.
_LISTS: dict[ListKind, tuple[str, str, str]] = {
    "followers": ("follows", "followee_id", "follower_id"),
    "following": ("follows", "follower_id", "followee_id"),
    "requests": ("follow_requests", "target_id", "requester_id"),
    "blocked": ("blocks", "blocker_id", "blocked_id"),
    "muted": ("mutes", "muter_id", "muted_id"),
}


def read_person(person_id: UUID, row: asyncpg.Record) -> Person:
    """A member from a row with `username`, `display_name` and `avatar_key`."""
    key = row["avatar_key"]
    return Person(person_id, row["username"], row["display_name"], present_avatar(key) if key else None)


def read_member_row(viewer: UserId | None, row: asyncpg.Record) -> MemberRow:
    """An active member with how the viewer stands to them, from a row that has `private` too."""
    stands, private = read_relationship(row), row["private"]
    sees = can_see_posts(viewer, row["id"], active=True, private=private, relationship=stands)
    return MemberRow(
        read_person(row["id"], row), present_relationship(viewer, row["id"], stands, sees=sees), private
    )


class PostgresPeopleReads:
    """Implements application.people.PeopleReads and application.media.MediaReads."""

    async def by_name(self, viewer: UserId | None, username: str) -> tuple[Account, Relationship] | None:
        if not is_storable(username):
            return None
        return await self._one("a.username = $2", viewer, username)

    async def by_former_name(
        self, viewer: UserId | None, username: str
    ) -> tuple[Account, Relationship] | None:
        if not is_storable(username):
            return None
        return await self._one("a.id = (SELECT user_id FROM usernames WHERE username = $2)", viewer, username)

    async def by_id(self, viewer: UserId, user_id: UserId) -> tuple[Account, Relationship] | None:
        return await self._one("a.id = $2", viewer, user_id)

    async def _one(
        self, where: str, viewer: UserId | None, value: Any
    ) -> tuple[Account, Relationship] | None:
        sql = f"SELECT a.*, {everything('$1', 'a.id')} FROM users a WHERE {where}"
        async with acquire() as connection:
            row = await connection.fetchrow(sql, viewer or _NOBODY, value)
        return (read_account(row), read_relationship(row)) if row else None

    async def members(
        self, viewer: UserId | None, kind: ListKind, of: UserId, part: Slice
    ) -> list[tuple[Key, MemberRow]]:
        table, owner, member = _LISTS[kind]
        beyond, order, key = walk(part, "e.id")
        known = "true" if kind == "blocked" else not_blocked("$1", "a.id")
        sql = f"""
        SELECT e.id AS key, a.id, a.username, a.display_name, a.avatar_key, a.private, {everything("$1", "a.id")}
        FROM {table} e JOIN users a ON a.id = e.{member}
        WHERE e.{owner} = $2 AND {beyond.format(3)} AND a.state = 'active' AND {known}
        ORDER BY e.id {order} LIMIT {int(part.limit)}
        """
        async with acquire() as connection:
            rows = await connection.fetch(sql, viewer or _NOBODY, of, key)
        return [(Key(row["key"]), read_member_row(viewer, row)) for row in rows]

    async def called(
        self, viewer: UserId | None, kind: ListKind, of: UserId, prefix: str, limit: int
    ) -> list[MemberRow]:
        table, owner, member = _LISTS[kind]
        # Of few people every one is looked at, of many those who joined last, and some whom the names' indexes tell.
        sql = f"""
        WITH met AS (
          SELECT {member} AS id FROM (SELECT * FROM {table} WHERE {owner} = $2 ORDER BY id DESC LIMIT {_CALLED}) e
          UNION SELECT {member} FROM {table} JOIN (
            (SELECT id FROM users WHERE state = 'active' AND {begins(USERNAME, "$4")} ORDER BY {USERNAME} LIMIT {_CALLED})
            UNION ALL
            (SELECT id FROM users WHERE state = 'active' AND display_name <> ''
               AND {begins(name_key("display_name"), name_key("$3"))} ORDER BY {name_key("display_name")} LIMIT {_CALLED})
          ) named ON {member} = named.id WHERE {owner} = $2
        )
        SELECT a.id, a.username, a.display_name, a.avatar_key, a.private, {everything("$1", "a.id")}
        FROM met JOIN users a ON a.id = met.id
        WHERE ({begins("a." + USERNAME, "$4")} OR {begins(name_key("a.display_name"), name_key("$3"))})
          AND a.state = 'active' AND {not_blocked("$1", "a.id")}
        ORDER BY a.username LIMIT $5
        """
        async with acquire() as connection:
            rows = await connection.fetch(sql, viewer or _NOBODY, of, prefix, fold(prefix), limit)
        return [read_member_row(viewer, row) for row in rows]

    async def known_names(self, viewer: UserId | None, names: Sequence[str]) -> tuple[str, ...]:
        sql = f"""
        SELECT username FROM users a
        WHERE username = ANY($2::text[]) AND state = 'active' AND {not_blocked("$1", "a.id")}
        """
        async with acquire() as connection:
            rows = await connection.fetch(sql, viewer or _NOBODY, list(names))
        return tuple(row["username"] for row in rows)

    async def count_requests(self, target: UserId, most: int) -> int:
        sql = f"""
        SELECT count(*) FROM (
          SELECT FROM follow_requests e JOIN users a ON a.id = e.requester_id
          WHERE e.target_id = $1 AND a.state = 'active' AND {not_blocked("$1", "a.id")} LIMIT $2
        ) waiting
        """
        async with acquire() as connection:
            return int(await connection.fetchval(sql, target, most))

    async def owner_of(
        self, viewer: UserId | None, key: str, secret_id: SessionId | TokenId | None = None
    ) -> MediaOwner | None:
        if not is_storable(key):
            return None
        async with acquire() as connection:
            row = await connection.fetchrow(_MEDIA, viewer or _NOBODY, key, secret_id)
        if row is None:
            return None
        found = read_standing_row(row) if row["id"] else None
        return MediaOwner(FileId(row["file_id"]), UserId(row["owner_id"]), found)

    async def avatar_in_use(self, key: str) -> bool:
        if not is_storable(key):
            return False
        async with acquire() as connection:
            return bool(
                await connection.fetchval(
                    "SELECT true FROM users WHERE avatar_key = $1 AND state = 'active'", key
                )
            )


_MEDIA = f"""
SELECT f.id AS file_id, f.owner_id, p.id, p.author_id, p.audience, p.comments_on, a.state = 'active' AS active, a.private,
  {standing("$1", "p.author_id")}
FROM files f JOIN users a ON a.id = f.owner_id LEFT JOIN posts p ON p.id = f.post_id WHERE f.key = $2
  AND ($1 = '00000000-0000-0000-0000-000000000000' OR EXISTS (SELECT FROM users WHERE id = $1 AND state = 'active'))
  AND ($3::uuid IS NULL OR EXISTS (SELECT FROM sessions WHERE id = $3 AND user_id = $1)
    OR EXISTS (SELECT FROM tokens WHERE id = $3 AND user_id = $1 AND ('read' = ANY(scopes) OR f.owner_id = $1)))
"""
