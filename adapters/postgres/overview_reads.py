"""The SQL behind overviews. `$1` is always the viewer (the zero id for somebody signed out)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from adapters.postgres.engine import acquire
from adapters.postgres.finding_reads import COUNT_TAG
from adapters.postgres.people_reads import read_person
from adapters.postgres.posts import read_standing_row
from adapters.postgres.relations import standing
from application.finding import TagCount
from application.overview import About, Glimpse
from application.views import PlaceRef
from domain.kernel import UserId
from domain.text import is_storable

_NOBODY = UUID(int=0)
_POSTS = 1_000

_NEWEST: dict[About, str] = {
    "tag": "SELECT post_id AS id FROM post_tags WHERE tag = $2 ORDER BY post_id DESC LIMIT $3",
    "place": "SELECT id FROM posts WHERE place_id = $2 ORDER BY id DESC LIMIT $3",
    "member": "SELECT id FROM posts WHERE author_id = $2 ORDER BY id DESC LIMIT $3",
}
_GLIMPSES = f"""
SELECT p.id, p.author_id, p.audience, p.comments_on, p.likes, p.tags, a.username, a.display_name, a.avatar_key,
  a.state = 'active' AS active, a.private, {standing("$1", "p.author_id")},
  l.id AS place_id, l.name AS place_name, l.lat, l.lon
FROM ({{newest}}) k JOIN posts p ON p.id = k.id JOIN users a ON a.id = p.author_id
LEFT JOIN places l ON l.id = p.place_id ORDER BY p.id DESC
"""
_FREQUENT = f"""
SELECT tag FROM (
  SELECT author_id, tags FROM posts WHERE audience = 'everyone' AND created_at > $1 ORDER BY id DESC LIMIT {_POSTS}
) p JOIN users a ON a.id = p.author_id AND a.state = 'active' AND NOT a.private CROSS JOIN unnest(p.tags) AS tag
GROUP BY tag ORDER BY count(DISTINCT a.id) DESC, count(*) DESC, tag LIMIT $2
"""
_COUNTED = f"""
SELECT tag, posts FROM unnest($2::text[]) WITH ORDINALITY AS names (tag, n) CROSS JOIN LATERAL ({COUNT_TAG}) counted
WHERE posts > 0 ORDER BY n
"""


class PostgresOverviewReads:
    """Implements application.overview.OverviewReads."""

    async def glimpses(self, viewer: UserId | None, about: About, of: str | UUID, most: int) -> list[Glimpse]:
        if isinstance(of, str) and not is_storable(of):
            return []
        sql = _GLIMPSES.format(newest=_NEWEST[about])
        async with acquire() as connection:
            rows = await connection.fetch(sql, viewer or _NOBODY, of, most)
        return [_glimpse(row) for row in rows]

    async def frequent_tags(self, since: datetime, limit: int) -> list[str]:
        async with acquire() as connection:
            rows = await connection.fetch(_FREQUENT, since, limit)
        return [row["tag"] for row in rows]

    async def counted(self, viewer: UserId | None, tags: Sequence[str]) -> list[TagCount]:
        async with acquire() as connection:
            rows = await connection.fetch(_COUNTED, viewer or _NOBODY, tags)
        return [TagCount(row["tag"], row["posts"]) for row in rows]


def _glimpse(row: asyncpg.Record) -> Glimpse:
    place = PlaceRef(row["place_id"], row["place_name"], row["lat"], row["lon"]) if row["place_id"] else None
    return Glimpse(
        read_standing_row(row), read_person(row["author_id"], row), row["likes"], tuple(row["tags"]), place
    )
