"""Lists of posts and what hangs on them: skeleton, hydrate, rules, present.

A source gives rows in order, already hydrated in one query; the privacy rule filters them; what it takes away is
refilled, so that a page is short only at the end of its list.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from application.access import admit, may_view
from application.commenting import CommentReads
from application.paging import Cursors, Key, Slice
from application.views import (
    CommentView,
    MemberRow,
    Page,
    Person,
    PlaceRef,
    PostCard,
    PostViewer,
    VersionPhoto,
    VersionView,
)
from domain.kernel import NotFound, PlaceId, PostId, UserId
from domain.posts import Counts, PostVersion, Standing
from domain.text import fold
from domain.visibility import is_public

_REFILLS = 8
_MOST = 1_000
# How many pages at most are read again when a list is asked for down to some item.
_PAGES_AGAIN = 5


@dataclass(slots=True)
class PostRow:
    """A post as the database found it for a viewer, before the rules.

    `unwanted` says that they are not interested in it, or muted its author; `downloads` that the author lets others load
    the originals.
    """

    key: Key
    author: Person
    standing: Standing
    stored: bytes
    likes: int
    comments: int
    liked: bool
    saved: bool
    unwanted: bool
    downloads: bool = False


Source = Callable[[Slice], Awaitable[list[PostRow]]]


@dataclass(frozen=True, slots=True)
class Extra:
    """What a list asks beyond the privacy rule: `unwanted` posts too, `public` posts only, `followed` people's only.

    The home feed's skeleton may still hold somebody just unfollowed, so it asks again.
    """

    unwanted: bool = True
    public: bool = False
    followed: bool = False


class PostReads(Protocol):
    """The queries behind the lists. Each answers at most `part.limit` rows beyond the slice's key, nearest first."""

    async def home(self, viewer: UserId, part: Slice) -> list[PostRow]:
        """The viewer's own and followed people's posts."""
        ...

    async def fresh(self, viewer: UserId | None, part: Slice) -> list[PostRow]:
        """Posts open to everyone, newest first."""
        ...

    async def popular(self, viewer: UserId | None, part: Slice) -> list[PostRow]:
        """Posts open to everyone, most liked first; the key's rank is the number of likes."""
        ...

    async def by_author(self, viewer: UserId | None, author: UserId, part: Slice) -> list[PostRow]:
        """One member's posts."""
        ...

    async def by_tag(self, viewer: UserId | None, tag: str, part: Slice) -> list[PostRow]:
        """Posts with a canonical tag."""
        ...

    async def by_place(self, viewer: UserId | None, place: PlaceId, part: Slice) -> list[PostRow]:
        """Posts taken at a place."""
        ...

    async def saved(self, viewer: UserId, part: Slice) -> list[PostRow]:
        """What the viewer saved, last saved first; the key is the save's."""
        ...

    async def liked(self, viewer: UserId, part: Slice) -> list[PostRow]:
        """What the viewer liked, last liked first; the key is the like's."""
        ...

    async def one(self, viewer: UserId | None, post_id: PostId) -> PostRow | None:
        """A single post, or None."""
        ...

    async def chosen(self, viewer: UserId | None, posts: Sequence[PostId]) -> list[PostRow]:
        """The posts with these ids, in no particular order."""
        ...

    async def standing(self, viewer: UserId | None, post_id: PostId) -> Standing | None:
        """How the viewer stands to a post, removed ones included; None when there never was such a post."""
        ...

    async def versions(self, post_id: PostId) -> list[PostVersion]:
        """What a post showed before each of its edits, newest first, at most MAX_VERSIONS."""
        ...

    async def likers(
        self, viewer: UserId | None, post_id: PostId, part: Slice
    ) -> list[tuple[Key, MemberRow]]:
        """Who likes a post, last first, people the viewer may know."""
        ...

    async def place(self, place_id: PlaceId) -> PlaceRef | None:
        """A place, or None."""
        ...


class Feeds:
    """Every list of posts. Viewer first; None is somebody signed out.

    `until` instead of a cursor asks for everything from the start of a list down to the page that had this `until`, so
    that somebody who comes back finds what they had in front of them: at most five times `limit`, the oldest ones.
    """

    def __init__(self, reads: PostReads, comments: CommentReads, cursors: Cursors) -> None:
        self._reads = reads
        self._comments = comments
        self._cursors = cursors

    async def home(
        self,
        viewer: UserId,
        limit: int,
        cursor: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> Page[PostCard]:
        """Own and followed people's posts, newest first, without unwanted ones. Raises BadCursor.

        The page's `since` asks for what is newer than its first post, or than `since` where there is none.
        """

        async def source(part: Slice) -> list[PostRow]:
            return await self._reads.home(viewer, part)

        scope, rule = home_scope(viewer), Extra(unwanted=False, followed=True)
        page = await self._walk(viewer, scope, source, limit, cursor, since, until, rule)
        first = self._cursors.write(scope, "p", Key(page.items[0].id)) if page.items else since
        return replace(page, since=first)

    async def explore(
        self,
        viewer: UserId | None,
        limit: int,
        cursor: str | None = None,
        *,
        popular: bool = False,
        until: str | None = None,
    ) -> Page[PostCard]:
        """What is open to everyone, fresh or popular, without unwanted ones. Raises BadCursor."""

        async def source(part: Slice) -> list[PostRow]:
            return await (self._reads.popular if popular else self._reads.fresh)(viewer, part)

        scope = "popular" if popular else "fresh"
        return await self._walk(
            viewer, scope, source, limit, cursor, None, until, Extra(unwanted=False, public=True)
        )

    async def of_member(
        self,
        viewer: UserId | None,
        member: UserId,
        limit: int,
        cursor: str | None = None,
        until: str | None = None,
    ) -> Page[PostCard]:
        """One member's posts, newest first. Raises BadCursor."""

        async def source(part: Slice) -> list[PostRow]:
            return await self._reads.by_author(viewer, member, part)

        return await self._walk(viewer, f"member:{member}", source, limit, cursor, until=until)

    async def tagged(
        self,
        viewer: UserId | None,
        tag: str,
        limit: int,
        cursor: str | None = None,
        until: str | None = None,
    ) -> Page[PostCard]:
        """Posts with a tag in any spelling, newest first. Raises BadCursor."""
        canonical = fold(tag.lstrip("#"))

        async def source(part: Slice) -> list[PostRow]:
            return await self._reads.by_tag(viewer, canonical, part)

        return await self._walk(viewer, f"tag:{canonical}", source, limit, cursor, until=until)

    async def at_place(
        self,
        viewer: UserId | None,
        place: PlaceId,
        limit: int,
        cursor: str | None = None,
        until: str | None = None,
    ) -> Page[PostCard]:
        """Posts taken at a place, newest first. Raises BadCursor."""

        async def source(part: Slice) -> list[PostRow]:
            return await self._reads.by_place(viewer, place, part)

        return await self._walk(viewer, f"place:{place}", source, limit, cursor, until=until)

    async def saved(
        self, viewer: UserId, limit: int, cursor: str | None = None, until: str | None = None
    ) -> Page[PostCard]:
        """What the viewer saved and may still see, last saved first. Raises BadCursor."""

        async def source(part: Slice) -> list[PostRow]:
            return await self._reads.saved(viewer, part)

        return await self._walk(viewer, f"saved:{viewer}", source, limit, cursor, until=until)

    async def liked(
        self, viewer: UserId, limit: int, cursor: str | None = None, until: str | None = None
    ) -> Page[PostCard]:
        """What the viewer liked and may still see, last liked first. Raises BadCursor."""

        async def source(part: Slice) -> list[PostRow]:
            return await self._reads.liked(viewer, part)

        return await self._walk(viewer, f"liked:{viewer}", source, limit, cursor, until=until)

    async def post(self, viewer: UserId | None, post_id: PostId) -> PostCard:
        """One post with its two newest comments. Raises NotFound or Gone."""
        return (await self._present(viewer, [await self._one(viewer, post_id)]))[0]

    async def chosen(self, viewer: UserId | None, posts: Sequence[PostId]) -> list[PostCard]:
        """Those of the posts that the viewer may see, in the order given."""
        if not posts:
            return []
        found = {row.standing.post_id: row for row in await self._reads.chosen(viewer, posts)}
        rows = [found[post] for post in posts if post in found and may_view(viewer, found[post].standing)]
        return [_card(viewer, row, []) for row in rows]

    async def history(
        self, viewer: UserId | None, post_id: PostId, limit: int, cursor: str | None = None
    ) -> Page[VersionView]:
        """What a post shows and showed, newest first. Raises NotFound, Gone, BadCursor.

        What it showed to fewer people than now is seen by those who might have seen it then.
        """
        row = await self._one(viewer, post_id)
        now = _card(viewer, row, [])
        here = {photo.id for photo in now.media}
        earlier = [
            _version_view(version, here)
            for version in await self._reads.versions(post_id)
            if may_view(viewer, replace(row.standing, audience=version.audience))
        ]
        return self._cursors.cut_whole(
            f"history:{post_id}",
            limit,
            cursor,
            [_version_now(now), *earlier],
            lambda view: Key(post_id, view.version),
        )

    async def likers(
        self, viewer: UserId | None, post_id: PostId, limit: int, cursor: str | None = None
    ) -> Page[MemberRow]:
        """Who likes a post, last first. Raises NotFound, Gone, BadCursor."""
        admit(viewer, await self._reads.standing(viewer, post_id))
        scope = f"likers:{post_id}"
        part = self._cursors.slice(scope, limit, cursor)
        rows = await self._reads.likers(viewer, post_id, part.one_more)
        page = self._cursors.cut(scope, part, rows, lambda row: row[0])
        return Page([row for _, row in page.items], page.next, page.prev)

    async def place(self, viewer: UserId | None, place_id: PlaceId) -> PlaceRef:
        """A place by id. Raises NotFound, also where nothing that the viewer may see was taken."""
        place = await self._reads.place(place_id)
        if place is None or not (await self.at_place(viewer, place_id, 5)).items:
            raise NotFound
        return place

    async def _one(self, viewer: UserId | None, post_id: PostId) -> PostRow:
        row = await self._reads.one(viewer, post_id)
        if row is None:
            admit(viewer, await self._reads.standing(viewer, post_id))
            raise NotFound
        admit(viewer, row.standing)
        return row

    async def _walk(
        self,
        viewer: UserId | None,
        scope: str,
        source: Source,
        limit: int,
        cursor: str | None,
        since: str | None = None,
        until: str | None = None,
        rule: Extra | None = None,
    ) -> Page[PostCard]:
        rule = rule or Extra()
        if until is not None:
            return await self._walk_again(viewer, scope, source, _PAGES_AGAIN * limit, until, rule)
        part = self._cursors.slice(scope, limit, cursor, since)
        kept, rest = await self._collect(viewer, source, part, rule)
        if not part.forward:
            kept.reverse()
        around = self._cursors.page(scope, part, kept, lambda row: row.key, more=rest is not None)
        page = Page(await self._present(viewer, kept), around.next, around.prev)
        if kept:
            page = replace(page, until=self._cursors.write(scope, "n", kept[-1].key))
        if rest is None or len(kept) == part.limit:
            return page
        # A short page, even an empty one, is not the end while hidden posts were all that was found so far.
        if part.forward:
            return replace(page, next=self._cursors.write(scope, "n", rest))
        return replace(page, prev=self._cursors.write(scope, "p", rest))

    async def _walk_again(
        self, viewer: UserId | None, scope: str, source: Source, most: int, until: str, rule: Extra
    ) -> Page[PostCard]:
        last = self._cursors.last(scope, until)
        kept, above = await self._collect(viewer, source, Slice(most, after=last.just_older), rule)
        beyond, rest = await self._collect(viewer, source, Slice(1, before=last), rule)
        kept.reverse()
        return Page(
            await self._present(viewer, kept),
            next=until if beyond or rest else None,
            prev=self._cursors.write(scope, "p", kept[0].key if kept else last) if above else None,
            until=until,
        )

    async def _collect(
        self, viewer: UserId | None, source: Source, part: Slice, rule: Extra
    ) -> tuple[list[PostRow], Key | None]:
        """Visible rows in walking order, and the key from which more may follow, None at the end of the list.

        What the rules took away is asked for again, twice as much each time.
        """
        kept: list[PostRow] = []
        at, wanted = part, part.limit + 1
        for _ in range(_REFILLS):
            rows = await source(Slice(wanted, at.before, at.after))
            kept += [row for row in rows if _shown(viewer, row, rule)]
            if len(kept) > part.limit:
                return kept[: part.limit], kept[part.limit - 1].key
            if len(rows) < wanted:
                return kept, None
            last = rows[-1].key
            at = Slice(wanted, before=last) if part.forward else Slice(wanted, after=last)
            wanted = min(2 * wanted, _MOST)
        return kept, last

    async def _present(self, viewer: UserId | None, rows: Sequence[PostRow]) -> list[PostCard]:
        talked = [row.standing.post_id for row in rows if row.comments]
        previews: dict[UUID, list[CommentView]] = {}
        if talked:
            for comment in await self._comments.newest(viewer, talked, 2):
                previews.setdefault(comment.post_id, []).append(comment)
        return [_card(viewer, row, previews.get(row.standing.post_id, [])) for row in rows]


def home_scope(viewer: UserId) -> str:
    """What cursors of somebody's home feed are bound to."""
    return f"home:{viewer}"


def _shown(viewer: UserId | None, row: PostRow, rule: Extra) -> bool:
    standing = row.standing
    if row.unwanted and not rule.unwanted:
        return False
    if rule.public and not is_public(
        standing.audience, active=standing.author_active, private=standing.author_private
    ):
        return False
    if rule.followed and not (standing.relationship.follows or viewer == standing.author_id):
        return False
    return may_view(viewer, standing)


def _card(viewer: UserId | None, row: PostRow, preview: list[CommentView]) -> PostCard:
    standing = row.standing
    own = viewer is not None and viewer == standing.author_id
    public = is_public(standing.audience, active=standing.author_active, private=standing.author_private)
    return PostCard(
        standing.post_id,
        row.author,
        standing.audience,
        row.stored,
        Counts(row.likes, row.comments),
        PostViewer(row.liked, row.saved, own, viewer is not None and (standing.comments or own)),
        preview,
        public,
        own or row.downloads,
    )


def _version_now(card: PostCard) -> VersionView:
    photos = tuple(VersionPhoto(photo.id, photo.alt) for photo in card.media)
    return VersionView(card.version, card.edited_at or card.created_at, card.caption, card.place, photos)


def _version_view(version: PostVersion, here: Collection[UUID]) -> VersionView:
    place = version.place
    return VersionView(
        version.version,
        version.shown_at,
        version.caption,
        PlaceRef(place.id, place.name, place.lat, place.lon) if place else None,
        tuple(
            VersionPhoto(photo[0], photo[1])
            if photo is not None and photo[0] in here
            else VersionPhoto(None, "")
            for photo in version.photos
        ),
    )
