"""What people are told of: the list, the number on the bell, reading, and what somebody wants to hear of.

Rows are gathered when something happens and looked at anew whenever they are shown: what was taken back, what the
viewer may not see any more and whom they do not want to hear of is left out there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.access import may_view
from application.feeds import Feeds
from application.paging import Cursors, Key, Slice
from application.views import Page, Person, PostCard
from domain.kernel import Invalid, NotFound, NotificationId, PostId, UserId, msg
from domain.notifications import ALWAYS, KINDS, Kind
from domain.ports import Clock, UnitOfWorks
from domain.posts import Standing

# How many unread ones are counted; with more, the number stays there.
COUNTED = 100
_REFILLS = 8
# Coming back, one finds at most so many pages again.
_PAGES_AGAIN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notification as the database found it. `several` is how many of its notices hold, counted to 100.

    `actors` are the last three of those who did it, `post_id` what the viewer may or may not see.
    """

    id: NotificationId
    key: Key
    kind: Kind
    actors: Sequence[Person]
    several: int
    post_id: PostId | None
    comment_id: UUID | None
    comment_text: str
    file_id: UUID | None
    file_name: str
    export_id: UUID | None
    export_state: str
    at: datetime
    is_read: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """An unread notification of which something holds. `standing` is how its recipient stands to its post.

    None for both where it is about no post; a post that is gone has no standing.
    """

    kind: Kind
    post_id: PostId | None
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class NotificationView:
    """A notification as its recipient sees it. `others` did the same beside `actors`, the last three, counted to 100.

    `post` is None where it is about none; `comment` is the id and text of one under it, `file` the id and name of one.
    """

    id: UUID
    type: Kind
    actors: Sequence[Person]
    others: int
    post: PostCard | None
    comment: tuple[UUID, str] | None
    file: tuple[UUID, str] | None
    export: tuple[UUID, str] | None
    read: bool
    at: datetime

    @property
    def path(self) -> str:
        """Where it leads."""
        if self.post is not None:
            comment = self.comment and self.comment[0]
            return f"/p/{self.post.id}" + (f"?comment={comment}#comment-{comment}" if comment else "")
        if self.type == "follow_request":
            return "/requests"
        if self.actors:
            return f"/@{self.actors[0].username}"
        return "/settings/data" if self.export else "/files"


@dataclass(frozen=True, slots=True)
class UnreadCounts:
    """How many notifications are unread, counted to 100, and how many of each kind that has any."""

    unread: int
    by_type: Mapping[Kind, int]


class NotificationReads(Protocol):
    """The queries behind it."""

    async def newest(self, recipient: UserId, kinds: Sequence[Kind] | None, part: Slice) -> list[Told]:
        """At most `part.limit` beyond the slice's key, nearest first, of these kinds; those of which nothing holds too."""
        ...

    async def unread(self, recipient: UserId, most: int) -> list[Unread]:
        """The newest `most` unread ones, as far as something of them holds."""
        ...

    async def unwanted(self, user: UserId) -> set[Kind]:
        """Kinds that somebody turned off."""
        ...


class Notifying:
    """What somebody was told. Viewer first."""

    def __init__(
        self, new_uow: UnitOfWorks, clock: Clock, reads: NotificationReads, feeds: Feeds, cursors: Cursors
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._reads = reads
        self._feeds = feeds
        self._cursors = cursors

    async def newest(
        self,
        viewer: UserId,
        kinds: Sequence[Kind] | None,
        limit: int,
        cursor: str | None,
        until: str | None = None,
    ) -> Page[NotificationView]:
        """Newest first; of these kinds where some are given. Raises BadCursor.

        `until` instead of a cursor asks for everything down to the page that had this `until`, some pages at most.
        """
        scope = f"notifications:{viewer}:{','.join(kinds or ())}"
        if until is not None:
            return await self._again(viewer, kinds, scope, _PAGES_AGAIN * limit, until)
        part = self._cursors.slice(scope, limit, cursor)
        kept, rest = await self._collect(viewer, kinds, part)
        if not part.forward:
            kept.reverse()
        around = self._cursors.page(scope, part, kept, lambda row: row[0], more=rest is not None)
        page = Page([view for _, view in kept], around.next, around.prev)
        if kept:
            page = replace(page, until=self._cursors.write(scope, "n", kept[-1][0]))
        if rest is None or len(kept) == part.limit:
            return page
        # A short page is not the end while hidden ones were all that was found so far.
        if part.forward:
            return replace(page, next=self._cursors.write(scope, "n", rest))
        return replace(page, prev=self._cursors.write(scope, "p", rest))

    async def _again(
        self, viewer: UserId, kinds: Sequence[Kind] | None, scope: str, most: int, until: str
    ) -> Page[NotificationView]:
        last = self._cursors.last(scope, until)
        kept, above = await self._collect(viewer, kinds, Slice(most, after=last.just_older))
        beyond, rest = await self._collect(viewer, kinds, Slice(1, before=last))
        kept.reverse()
        return Page(
            [view for _, view in kept],
            next=until if beyond or rest else None,
            prev=self._cursors.write(scope, "p", kept[0][0] if kept else last) if above else None,
            until=until,
        )

    async def counts(self, viewer: UserId) -> UnreadCounts:
        """How many are unread. Told is only what the list would show."""
        by_kind: dict[Kind, int] = {}
        for one in await self._reads.unread(viewer, COUNTED):
            if one.post_id is None or (one.standing is not None and may_view(viewer, one.standing)):
                by_kind[one.kind] = by_kind.get(one.kind, 0) + 1
        return UnreadCounts(sum(by_kind.values()), by_kind)

    async def read(
        self,
        viewer: UserId,
        *,
        ids: Collection[NotificationId] | None = None,
        until: NotificationId | None = None,
        before: datetime | None = None,
    ) -> None:
        """Mark these as read, or `until` and all that are older, or what happened `before`, or all.

        Unknown ids are ignored; NotFound for `until`.
        """
        async with self._new_uow() as uow:
            # Places in the list are UUIDv7.
            place = UUID(int=int(before.timestamp() * 1000) << 80) if before else None
            if until is not None:
                place = await uow.notifications.place(viewer, until)
                if place is None:
                    raise NotFound
            if await uow.notifications.read(viewer, self._clock.now(), ids=ids, until=place):
                await uow.commit()

    async def unread_again(self, viewer: UserId, notification: NotificationId) -> None:
        """Mark one as unread. Nothing happens where it is unread or not theirs."""
        async with self._new_uow() as uow:
            if await uow.notifications.unread_again(viewer, notification):
                await uow.commit()

    async def preferences(self, viewer: UserId) -> Mapping[Kind, bool]:
        """Whether the viewer wants to hear of each kind that can be turned off."""
        unwanted = await self._reads.unwanted(viewer)
        return {kind: kind not in unwanted for kind in KINDS if kind not in ALWAYS}

    async def prefer(self, viewer: UserId, wanted: Mapping[Kind, bool]) -> None:
        """Change some of them. Raises Invalid for a kind that is always told."""
        for kind in wanted:
            if kind in ALWAYS:
                raise Invalid.field(f"#/{kind}", "always_told", msg("This cannot be turned off."))
        async with self._new_uow() as uow:
            await uow.notifications.prefer(viewer, wanted)
            await uow.commit()

    async def _collect(
        self, viewer: UserId, kinds: Sequence[Kind] | None, part: Slice
    ) -> tuple[list[tuple[Key, NotificationView]], Key | None]:
        """What holds in walking order, and the key from which more may follow, None at the end."""
        kept: list[tuple[Key, NotificationView]] = []
        at = part.one_more
        for _ in range(_REFILLS):
            rows = await self._reads.newest(viewer, kinds, at)
            kept += await self._present(viewer, rows)
            if len(kept) > part.limit:
                return kept[: part.limit], kept[part.limit - 1][0]
            if len(rows) < at.limit:
                return kept, None
            last = rows[-1].key
            at = Slice(at.limit, before=last) if part.forward else Slice(at.limit, after=last)
        return kept, last

    async def _present(self, viewer: UserId, rows: Sequence[Told]) -> list[tuple[Key, NotificationView]]:
        holding = [row for row in rows if row.several > 0]
        wanted = list(dict.fromkeys(row.post_id for row in holding if row.post_id is not None))
        posts = {post.id: post for post in await self._feeds.chosen(viewer, wanted)} if wanted else {}
        return [
            (row.key, _view(row, posts.get(row.post_id) if row.post_id else None))
            for row in holding
            if row.post_id is None or row.post_id in posts
        ]


def _view(row: Told, post: PostCard | None) -> NotificationView:
    return NotificationView(
        row.id,
        row.kind,
        row.actors,
        row.several - len(row.actors) if row.actors else 0,
        post,
        (row.comment_id, row.comment_text) if row.comment_id else None,
        (row.file_id, row.file_name) if row.file_id else None,
        (row.export_id, row.export_state) if row.export_id else None,
        row.is_read,
        row.at,
    )
