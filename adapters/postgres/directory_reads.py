"""The SQL behind the directory of accounts."""

from adapters.postgres.engine import acquire
from adapters.postgres.keyset import walk
from adapters.postgres.sessions import LIVE
from application.directory import Entry
from application.paging import Slice
from domain.kernel import UserId
from domain.text import is_storable
from domain.users import AccountState, Role

_ENTRY = f"""
SELECT u.id, u.username, u.display_name, u.email, u.role, u.state, u.private,
  u.posts_everyone + u.posts_followers + u.posts_only_me AS posts, u.followers, u.following,
  (SELECT coalesce(sum(size), 0) FROM files WHERE owner_id = u.id)::bigint AS stored_bytes, u.created_at,
  (SELECT max(last_seen_at) FROM sessions WHERE user_id = u.id AND {LIVE}) AS seen_at, u.erase_at
FROM users u WHERE u.state <> 'deleted'
"""
_ENTRIES = f"""
{_ENTRY} AND ($1::uuid IS NULL OR u.id = $1) AND ($2::text IS NULL OR u.role = $2)
ORDER BY u.id LIMIT $3
"""


class PostgresDirectoryReads:
    """Implements application.directory.DirectoryReads."""

    async def entries(self, user_id: UserId | None, role: Role | None, limit: int) -> list[Entry]:
        async with acquire() as connection:
            rows = await connection.fetch(_ENTRIES, user_id, role, limit)
        return [Entry(**dict(row)) for row in rows]

    async def search(
        self, text: str, role: Role | None, state: AccountState | None, part: Slice
    ) -> list[Entry]:
        if not is_storable(text):
            return []
        beyond, order, key = walk(part, "u.id")
        # Reads the table whole for a text: for administrators alone, and a place has some thousand accounts.
        sql = f"""
        {_ENTRY} AND {beyond.format(1)} AND ($2::text IS NULL OR u.role = $2) AND ($3::text IS NULL OR u.state = $3)
          AND ($4 = '' OR strpos(u.username, lower($4)) > 0 OR strpos(lower(u.display_name), lower($4)) > 0
               OR strpos(coalesce(u.email_canonical, ''), lower($4)) > 0)
        ORDER BY u.id {order} LIMIT {int(part.limit)}
        """
        async with acquire() as connection:
            rows = await connection.fetch(sql, key, role, state, text)
        return [Entry(**dict(row)) for row in rows]
