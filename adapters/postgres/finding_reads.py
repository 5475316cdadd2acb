"""The SQL behind finding by the beginnings of names: ranges of indexes, each cut off before it grows long.

`$1` is always the viewer (the zero id for somebody signed out), `$2` what was typed.
"""

from uuid import UUID

from adapters.postgres.engine import acquire
from adapters.postgres.names import USERNAME, begins, name_key, tag_key
from adapters.postgres.people_reads import read_person
from adapters.postgres.relations import not_blocked
from application.finding import TagCount
from application.views import Person, PlaceRef
from domain.kernel import UserId
from domain.text import fold

_NOBODY = UUID(int=0)
# How many names of a range may be told, how many followed people, and how many posts of each tag or place are looked at.
_NAMES, _FOLLOWED, _POSTS = 60, 500, 100
# How many names are passed on the way, and how many posts looked at in all. What the viewer may not be told of must not
# keep the rest from being found: whoever wanted that would need so many.
_PASSED, _LOOKED_AT = 1_000, 6_000


# A post that everybody may see, by somebody whom the viewer may know; or the viewer's own.
_OPEN = f"""
(p.author_id = $1 OR p.audience = 'everyone'
  AND EXISTS (SELECT FROM users a WHERE a.id = p.author_id AND a.state = 'active' AND NOT a.private)
  AND {not_blocked("$1", "p.author_id")})
"""
_PEOPLE = f"""
WITH met AS (
  (SELECT id FROM users WHERE state = 'active' AND {begins(USERNAME, "$3")} ORDER BY {USERNAME} LIMIT {_NAMES})
  UNION
  (SELECT id FROM users WHERE state = 'active' AND display_name <> '' AND {begins(name_key("display_name"), name_key("$2"))}
   ORDER BY {name_key("display_name")} LIMIT {_NAMES})
  UNION
  SELECT a.id FROM (
    SELECT followee_id FROM follows WHERE follower_id = $1 ORDER BY id DESC LIMIT {_FOLLOWED}
  ) f JOIN users a ON a.id = f.followee_id
  WHERE a.state = 'active' AND ({begins("a." + USERNAME, "$3")} OR {begins(name_key("a.display_name"), name_key("$2"))})
)
SELECT a.id, a.username, a.display_name, a.avatar_key FROM met JOIN users a ON a.id = met.id
WHERE {not_blocked("$1", "a.id")}
ORDER BY a.username = $3 DESC, EXISTS (SELECT FROM follows WHERE follower_id = $1 AND followee_id = a.id) DESC,
  a.followers DESC, a.username LIMIT $4
"""
# How many of the newest posts with the tag of a row of `names` the viewer may be told of.
COUNT_TAG = f"""
SELECT count(*)::int AS posts FROM (
  SELECT post_id FROM post_tags WHERE tag = names.tag ORDER BY post_id DESC LIMIT {_POSTS}
) newest JOIN posts p ON p.id = newest.post_id WHERE {_OPEN}
"""
# The next name, how many posts of it the viewer may be told of, and how many were looked at for that.
_NEXT = f"""
  SELECT {tag_key("tag")} AS key, tag FROM post_tags
  WHERE {tag_key("tag")} {{0}} AND {tag_key("tag")} < {tag_key("$2")} || chr(1114111) ORDER BY {tag_key("tag")} LIMIT 1
) next CROSS JOIN LATERAL (
  SELECT (count(*) FILTER (WHERE {_OPEN}))::int AS posts, count(*)::int AS looked_at FROM (
    SELECT post_id FROM post_tags WHERE tag = next.tag ORDER BY post_id DESC LIMIT {_POSTS}
  ) newest JOIN posts p ON p.id = newest.post_id
) counted
"""
# From one name to the next, however many posts each has.
_TAGS = f"""
WITH RECURSIVE walk AS (
  SELECT key, tag, posts, looked_at, 1 AS passed, (posts > 0)::int AS told FROM ({_NEXT.format(">= " + tag_key("$2"))}
  UNION ALL
  SELECT next.key, next.tag, counted.posts, walk.looked_at + counted.looked_at, passed + 1,
    told + (counted.posts > 0)::int
  FROM walk CROSS JOIN LATERAL ({_NEXT.format("> walk.key")}
  WHERE told < {_NAMES} AND passed < {_PASSED} AND walk.looked_at < {_LOOKED_AT}
)
SELECT tag, posts FROM walk WHERE posts > 0 ORDER BY posts DESC, tag LIMIT $3
"""
_PLACES = f"""
SELECT id, name, lat, lon FROM (
  SELECT * FROM (
    SELECT * FROM places WHERE {begins(name_key("name"), name_key("$2"))} ORDER BY {name_key("name")} LIMIT {_PASSED}
  ) walk WHERE EXISTS (SELECT FROM (
    SELECT * FROM posts WHERE place_id = walk.id ORDER BY id DESC LIMIT {_POSTS}
  ) p WHERE {_OPEN}) LIMIT {_NAMES}
) names CROSS JOIN LATERAL (
  SELECT count(*) AS posts FROM (
    SELECT * FROM posts WHERE place_id = names.id ORDER BY id DESC LIMIT {_POSTS}
  ) p WHERE {_OPEN}
) counted
WHERE posts > 0 ORDER BY posts DESC, name, id LIMIT $3
"""


class PostgresFindingReads:
    """Implements application.finding.FindingReads."""

    async def people(self, viewer: UserId | None, prefix: str, limit: int) -> list[Person]:
        async with acquire() as connection:
            rows = await connection.fetch(_PEOPLE, viewer or _NOBODY, prefix, fold(prefix), limit)
        return [read_person(row["id"], row) for row in rows]

    async def tags(self, viewer: UserId | None, prefix: str, limit: int) -> list[TagCount]:
        async with acquire() as connection:
            rows = await connection.fetch(_TAGS, viewer or _NOBODY, prefix, limit)
        return [TagCount(row["tag"], row["posts"]) for row in rows]

    async def places(self, viewer: UserId | None, prefix: str, limit: int) -> list[PlaceRef]:
        async with acquire() as connection:
            rows = await connection.fetch(_PLACES, viewer or _NOBODY, prefix, limit)
        return [PlaceRef(**dict(row)) for row in rows]
