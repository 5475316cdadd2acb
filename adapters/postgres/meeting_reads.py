"""The SQL behind suggestions of people. `$1` is always the viewer."""

from collections.abc import Sequence
from uuid import UUID

from adapters.postgres.engine import acquire
from adapters.postgres.people_reads import read_person
from adapters.postgres.relations import everything, not_blocked, read_relationship
from application.meeting import NAMED, Acquaintances, Candidate
from domain.kernel import UserId

# How many followed people are asked, for how many of theirs each; and how many posts tell who is popular.
_ASKED, _THEIRS, _POSTS = 100, 50, 1_000
# For one member more of them can be asked.
_FOLLOWED = 500

_FOLLOWED_BY_FOLLOWED = f"""
SELECT theirs.id FROM (
  SELECT followee_id AS id FROM follows WHERE follower_id = $1 ORDER BY follows.id DESC LIMIT {_ASKED}
) mine JOIN users friend ON friend.id = mine.id AND friend.state = 'active'
CROSS JOIN LATERAL (
  SELECT followee_id AS id FROM follows WHERE follower_id = mine.id ORDER BY follows.id DESC LIMIT {_THEIRS}
) theirs
WHERE theirs.id <> $1 AND NOT EXISTS (SELECT FROM follows WHERE follower_id = $1 AND followee_id = theirs.id)
  AND NOT EXISTS (SELECT FROM follow_requests WHERE requester_id = $1 AND target_id = theirs.id)
  AND NOT EXISTS (SELECT FROM mutes WHERE muter_id = $1 AND muted_id = theirs.id)
  AND {not_blocked("$1", "theirs.id")}
GROUP BY theirs.id ORDER BY count(*) DESC, theirs.id DESC LIMIT $2
"""
_POPULAR = f"""
SELECT a.id FROM (
  SELECT author_id, likes FROM posts WHERE audience = 'everyone' ORDER BY posts.id DESC LIMIT {_POSTS}
) p JOIN users a ON a.id = p.author_id AND a.state = 'active' AND NOT a.private
GROUP BY a.id ORDER BY sum(p.likes) + count(*) DESC, a.id LIMIT $1
"""
_CANDIDATES = f"""
SELECT a.id, a.username, a.display_name, a.avatar_key, a.state = 'active' AS active, a.private,
  {everything("$1", "a.id")}
FROM users a WHERE a.id = ANY($2::uuid[])
"""
# The viewer follows them, so their lists are open to the viewer, and with them that they follow the member.
_ACQUAINTANCES = f"""
WITH mine AS MATERIALIZED (
  SELECT followee_id AS id FROM follows WHERE follower_id = $1 ORDER BY follows.id DESC LIMIT {_FOLLOWED}
)
SELECT member, known.* FROM unnest($2::uuid[]) AS member CROSS JOIN LATERAL (
  SELECT a.id, a.username, a.display_name, a.avatar_key, count(*) OVER ()::int AS count
  FROM mine JOIN follows f ON f.follower_id = mine.id AND f.followee_id = member JOIN users a ON a.id = mine.id
  WHERE a.state = 'active' AND {not_blocked("$1", "a.id")} AND {not_blocked("$1", "member")}
  ORDER BY a.followers DESC, a.id LIMIT {NAMED}
) known
"""


class PostgresMeetingReads:
    """Implements application.meeting.MeetingReads."""

    async def followed_by_followed(self, viewer: UserId, limit: int) -> list[UserId]:
        async with acquire() as connection:
            rows = await connection.fetch(_FOLLOWED_BY_FOLLOWED, viewer, limit)
        return [UserId(row["id"]) for row in rows]

    async def popular_authors(self, limit: int) -> list[UserId]:
        async with acquire() as connection:
            rows = await connection.fetch(_POPULAR, limit)
        return [UserId(row["id"]) for row in rows]

    async def candidates(self, viewer: UserId, members: Sequence[UUID]) -> list[Candidate]:
        async with acquire() as connection:
            rows = await connection.fetch(_CANDIDATES, viewer, members)
        return [
            Candidate(read_person(row["id"], row), row["active"], row["private"], read_relationship(row))
            for row in rows
        ]

    async def acquaintances(self, viewer: UserId, members: Sequence[UUID]) -> dict[UUID, Acquaintances]:
        async with acquire() as connection:
            rows = await connection.fetch(_ACQUAINTANCES, viewer, members)
        found: dict[UUID, Acquaintances] = {}
        for row in rows:
            before = found.get(row["member"])
            named = (*(before.named if before else ()), read_person(row["id"], row))
            found[row["member"]] = Acquaintances(row["count"], named)
        return found
