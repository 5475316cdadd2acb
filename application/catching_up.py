"""How far down the home feed is news: a line stands above what somebody saw at their visit before this one."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from application.feeds import home_scope
from application.paging import Cursors
from application.views import Page, PostCard
from domain.kernel import PostId, Unavailable, UserId
from domain.ports import Clock

# Whoever reads on for longer is told anew what is new; until then reloading and going back change nothing.
VISIT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class HomeVisit:
    """Somebody's visit to their home feed: when it began, the newest post then, and that of the visit before."""

    began_at: datetime
    newest: PostId
    before: PostId | None


class HomeVisits(Protocol):
    """The latest visit of each account, one row each."""

    async def find(self, viewer: UserId) -> HomeVisit | None:
        """The latest one, or None before the first."""
        ...

    async def begin(self, viewer: UserId, newest: PostId, now: datetime, over: datetime) -> None:
        """Write down a visit in place of the one before, unless that began after `over`: of two tabs one begins it.

        `newest` never goes back, whatever was deleted meanwhile.
        """
        ...


class CatchingUp:
    """Where in the home feed the news ends."""

    def __init__(self, visits: HomeVisits, cursors: Cursors, clock: Clock) -> None:
        self._visits = visits
        self._cursors = cursors
        self._clock = clock

    async def seen_from(self, viewer: UserId, page: Page[PostCard], cursor: str | None = None) -> UUID | None:
        """The first post of `page` that was there at the visit before, where the one above it was not; else None.

        `page` is one of the home feed, `cursor` what it was asked for with. Where it begins with the newest post, it
        may begin a visit, which is the only write.
        """
        if not page.items:
            return None
        now = self._clock.now()
        visit = await self._visits.find(viewer)
        is_over = visit is None or visit.began_at <= now - VISIT
        if is_over and page.prev is None:
            with suppress(Unavailable):  # the page stands without it
                await self._visits.begin(viewer, PostId(page.items[0].id), now, now - VISIT)
        mark = visit and (visit.newest if is_over else visit.before)
        return self._border(viewer, page, cursor, mark) if mark else None

    def _border(self, viewer: UserId, page: Page[PostCard], cursor: str | None, mark: PostId) -> UUID | None:
        first = next((post.id for post in page.items if post.id <= mark), None)
        if first is None or first != page.items[0].id:
            return first
        # What stands above the page is known where somebody reads on: the cursor is its place. Coming from below,
        # the page begins with something new above it where it begins with the very post that was the newest.
        if cursor is not None:
            direction, above = self._cursors.read(home_scope(viewer), cursor)
            if direction == "n":
                return first if above.id > mark else None
        return first if page.prev is not None and first == mark else None
