"""The SQL behind the directory of accounts."""

from adapters.postgres.engine import acquire
from application.directory import Entry
from domain.users import Role

_ENTRIES = """
SELECT u.id, u.username, u.display_name, u.email, u.role, u.state, u.private,
  u.posts_everyone + u.posts_followers + u.posts_only_me AS posts, u.followers, u.following,
  (SELECT coalesce(sum(size), 0) FROM files WHERE owner_id = u.id)::bigint AS stored_bytes, u.created_at,
  (SELECT max(last_seen_at) FROM sessions WHERE user_id = u.id) AS seen_at
FROM users u
WHERE u.state <> 'deleted' AND ($1::text IS NULL OR u.username = $1) AND ($2::text IS NULL OR u.role = $2)
ORDER BY u.id LIMIT $3
"""


class PostgresDirectoryReads:
    """Implements application.directory.DirectoryReads."""

    async def entries(self, username: str | None, role: Role | None, limit: int) -> list[Entry]:
        async with acquire() as connection:
            rows = await connection.fetch(_ENTRIES, username, role, limit)
        return [Entry(**dict(row)) for row in rows]
