"""What a tag, a place or a member is about, told from the newest posts of theirs that the viewer may see."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

from application.access import may_view
from application.feeds import Feeds
from application.finding import TagCount
from application.views import Person, PlaceRef, PostCard
from domain.kernel import PlaceId, PostId, UserId
from domain.ports import Cache, Clock
from domain.posts import Standing
from domain.text import fold

# How many posts tell what something is about.
LOOKED_AT = 200
TOP = 9
_TAGS, _PEOPLE = 8, 8
_WEEK = timedelta(days=7)
_REMEMBERED_SECONDS = 60

About = Literal["tag", "place", "member"]


@dataclass(frozen=True, slots=True)
class Glimpse:
    """As much of a post as tells what it is about, before the rules."""

    standing: Standing
    author: Person
    likes: int
    tags: tuple[str, ...]
    place: PlaceRef | None


@dataclass(frozen=True, slots=True)
class PlaceCount:
    """A place and how many posts were taken there."""

    place: PlaceRef
    posts: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What the viewer may know of a tag or a place.

    `posts` is how many there are, `more` that there are more than were counted; `top` the best liked of them where there
    are many; `tags` those that come with it, `people` those who post so most, each most frequent first.
    """

    posts: int
    more: bool
    top: list[PostCard]
    tags: list[str]
    people: list[Person]


class OverviewReads(Protocol):
    """The queries behind it."""

    async def glimpses(self, viewer: UserId | None, about: About, of: str | UUID, most: int) -> list[Glimpse]:
        """The newest posts with a tag, taken at a place, or by a member."""
        ...

    async def frequent_tags(self, since: datetime, limit: int) -> list[str]:
        """Tags of the newest posts open to everybody, by how many people used them."""
        ...

    async def counted(self, viewer: UserId | None, tags: Sequence[str]) -> list[TagCount]:
        """Those of the tags that stand in posts open to everybody or the viewer's own, in the order given."""
        ...


class Overviews:
    """Viewer first; None is somebody signed out."""

    def __init__(self, reads: OverviewReads, feeds: Feeds, cache: Cache, clock: Clock) -> None:
        self._reads = reads
        self._feeds = feeds
        self._cache = cache
        self._clock = clock

    async def tag(self, viewer: UserId | None, tag: str) -> Overview:
        """A tag in any spelling."""
        return await self._of(viewer, "tag", fold(tag.lstrip("#")))

    async def place(self, viewer: UserId | None, place: PlaceId) -> Overview:
        """A place by id."""
        return await self._of(viewer, "place", place)

    async def places_of(self, viewer: UserId | None, member: UUID) -> list[PlaceCount]:
        """Where a member's newest posts were taken, most often first."""
        seen = await self._seen(viewer, "member", member)
        counts = Counter(one.place for one in seen if one.place is not None)
        return [PlaceCount(place, posts) for place, posts in counts.most_common()]

    async def tags_of_the_week(self, viewer: UserId | None) -> list[TagCount]:
        """What people have posted about in the last seven days.

        The names are remembered for a minute; whether a post stands behind them is looked up each time.
        """
        key = "tags of the week"
        stored = await self._cache.get(key)
        if stored is None:
            tags = await self._reads.frequent_tags(self._clock.now() - _WEEK, _TAGS)
            await self._cache.put(key, json.dumps(tags).encode(), _REMEMBERED_SECONDS)
        else:
            tags = json.loads(stored)
        return await self._reads.counted(viewer, tags)

    async def _of(self, viewer: UserId | None, about: About, of: str | UUID) -> Overview:
        seen = await self._seen(viewer, about, of)
        tags = Counter(tag for one in seen for tag in one.tags if tag != of)
        authors = {one.author.id: one.author for one in seen}
        people = Counter(one.author.id for one in seen)
        best = sorted(seen, key=lambda one: (one.likes, one.standing.post_id), reverse=True)
        # Where there are few, the newest are all there is.
        top = [PostId(one.standing.post_id) for one in best[:TOP]] if len(seen) > 2 * TOP else []
        return Overview(
            len(seen),
            len(seen) >= LOOKED_AT,
            await self._feeds.chosen(viewer, top),
            [tag for tag, _ in tags.most_common(_TAGS)],
            [authors[person] for person, _ in people.most_common(_PEOPLE)],
        )

    async def _seen(self, viewer: UserId | None, about: About, of: str | UUID) -> list[Glimpse]:
        found = await self._reads.glimpses(viewer, about, of, LOOKED_AT)
        return [one for one in found if may_view(viewer, one.standing)]
