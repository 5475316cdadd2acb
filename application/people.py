"""Pages about people: profiles, followers, followed people, requests, the blocked and the muted."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from application.paging import Cursors, Key, Slice
from application.views import Me, MemberCounts, MemberRow, MemberViewer, Page, Person, Profile, present_avatar
from domain.follows import Relationship
from domain.kernel import NotFound, UserId
from domain.posts import Audience
from domain.text import is_storable, split_links
from domain.users import Account
from domain.visibility import can_know, can_see_posts, can_unblock, can_view

ListKind = Literal["followers", "following", "requests", "blocked", "muted"]


class PeopleReads(Protocol):
    """The queries behind the pages about people."""

    async def by_name(self, viewer: UserId | None, username: str) -> tuple[Account, Relationship] | None:
        """The account in any state with this canonical name, and how the viewer stands to it."""
        ...

    async def by_former_name(
        self, viewer: UserId | None, username: str
    ) -> tuple[Account, Relationship] | None:
        """The same by a name that the account has or had."""
        ...

    async def by_id(self, viewer: UserId, user_id: UserId) -> tuple[Account, Relationship] | None:
        """The same by id."""
        ...

    async def members(
        self, viewer: UserId | None, kind: ListKind, of: UserId, part: Slice
    ) -> list[tuple[Key, MemberRow]]:
        """People around `of`, last joined first, whom the viewer may know (the blocked: of whoever blocked them)."""
        ...

    async def called(
        self, viewer: UserId | None, kind: ListKind, of: UserId, prefix: str, limit: int
    ) -> list[MemberRow]:
        """Those of the same people whose user name or name begins with `prefix`, as far as some thousand of them tell."""
        ...

    async def known_names(self, viewer: UserId | None, names: Sequence[str]) -> tuple[str, ...]:
        """Those of the canonical names that are active members' whom the viewer may know."""
        ...

    async def count_requests(self, target: UserId, most: int) -> int:
        """How many would be on the list of requests to `target`, counted up to `most`."""
        ...


class People:
    """Every page about people. Viewer first; None is somebody signed out."""

    def __init__(self, reads: PeopleReads, cursors: Cursors) -> None:
        self._reads = reads
        self._cursors = cursors

    async def profile(self, viewer: UserId | None, username: str) -> Profile:
        """A member's page. Raises NotFound. Whoever blocked a member still finds them, to undo it."""
        account, relationship = await self._known(viewer, username)
        return present_profile(viewer, account, relationship)

    async def renamed(self, viewer: UserId | None, username: str) -> str:
        """What the member is called now who had this name before. Raises NotFound as `profile` does."""
        account, _ = _knowable(viewer, await self._reads.by_former_name(viewer, username))
        return account.username

    async def me(self, viewer: UserId) -> Me:
        """One's own account. Raises NotFound."""
        found = await self._reads.by_id(viewer, viewer)
        if found is None:
            raise NotFound
        return present_me(found[0])

    async def around(
        self,
        viewer: UserId | None,
        kind: Literal["followers", "following"],
        username: str,
        limit: int,
        cursor: str | None,
    ) -> Page[MemberRow]:
        """Followers or followed people of a member whose posts the viewer may see. Raises NotFound, BadCursor."""
        return await self._list(viewer, kind, await self._open(viewer, username), limit, cursor)

    async def called(
        self,
        viewer: UserId | None,
        kind: Literal["followers", "following"],
        username: str,
        prefix: str,
        limit: int,
    ) -> Page[MemberRow]:
        """Those of the people of `around` whose user name or name begins with `prefix`, in one page. Raises NotFound."""
        of = await self._open(viewer, username)
        if not is_storable(prefix):
            return Page([])
        return Page(await self._reads.called(viewer, kind, of, prefix, limit))

    async def own(
        self, viewer: UserId, kind: Literal["requests", "blocked", "muted"], limit: int, cursor: str | None
    ) -> Page[MemberRow]:
        """Who asks to follow the viewer; whom the viewer blocks or mutes. Raises BadCursor."""
        return await self._list(viewer, kind, viewer, limit, cursor)

    async def named(self, viewer: UserId | None, text: str) -> tuple[str, ...]:
        """User names in `text` that are members' whom the viewer may know."""
        found = [piece[1:].lower() for kind, piece in split_links(text) if kind == "mention"]
        return await self._reads.known_names(viewer, found) if found else ()

    async def waiting(self, viewer: UserId, most: int = 100) -> int:
        """How many ask to follow the viewer. Stops counting at `most`."""
        return await self._reads.count_requests(viewer, most)

    async def _open(self, viewer: UserId | None, username: str) -> UserId:
        """A member whose posts, and so whose lists, the viewer may see. Raises NotFound."""
        account, stands = await self._known(viewer, username)
        if not can_see_posts(
            viewer, account.id, active=account.active, private=account.private, relationship=stands
        ):
            raise NotFound
        return account.id

    async def _known(self, viewer: UserId | None, username: str) -> tuple[Account, Relationship]:
        return _knowable(viewer, await self._reads.by_name(viewer, username))

    async def _list(
        self, viewer: UserId | None, kind: ListKind, of: UserId, limit: int, cursor: str | None
    ) -> Page[MemberRow]:
        scope = f"{kind}:{of}"
        part = self._cursors.slice(scope, limit, cursor)
        rows = await self._reads.members(viewer, kind, of, part.one_more)
        page = self._cursors.cut(scope, part, rows, lambda row: row[0])
        return Page([row for _, row in page.items], page.next, page.prev)


def _knowable(
    viewer: UserId | None, found: tuple[Account, Relationship] | None
) -> tuple[Account, Relationship]:
    if found is None:
        raise NotFound
    account, stands = found
    own_block = can_unblock(active=account.active, relationship=stands)
    if not own_block and not can_know(viewer, account.id, active=account.active, relationship=stands):
        raise NotFound
    return account, stands


def present_profile(viewer: UserId | None, account: Account, stands: Relationship) -> Profile:
    """A member as the viewer sees them."""
    return Profile(**_parts(viewer, account, stands))


def present_relationship(
    viewer: UserId | None, member: UserId, stands: Relationship, *, sees: bool = True
) -> MemberViewer:
    """How the viewer stands to a member, in the words of the API. A block from the other side stays unsaid."""
    return MemberViewer(
        stands.following,
        stands.followed_by,
        stands.blocks,
        stands.mutes,
        stands.notify_posts,
        viewer == member,
        sees,
    )


def present_person(account: Account) -> Person:
    """A member beside something of theirs."""
    return Person(account.id, account.username, account.display_name, present_avatar(account.avatar_key))


def present_me(account: Account) -> Me:
    """One's own account."""
    return Me(
        **_parts(account.id, account, Relationship()),
        email=account.email,
        role=account.role,
        language=account.language,
        show_camera=account.show_camera,
        downloads=account.downloads,
        timezone=account.timezone,
        text_size=account.text_size,
        motion=account.motion,
        single_keys=account.single_keys,
        alt_reminder=account.alt_reminder,
    )


def _parts(viewer: UserId | None, account: Account, stands: Relationship) -> dict[str, Any]:
    """The members of a Profile."""
    sees = can_see_posts(
        viewer, account.id, active=account.active, private=account.private, relationship=stands
    )
    return {
        "id": account.id,
        "username": account.username,
        "display_name": account.display_name,
        "bio": account.bio,
        "link": account.link,
        "place": account.place,
        "avatar": present_avatar(account.avatar_key),
        "private": account.private,
        "counts": MemberCounts(_visible_posts(viewer, account, stands), account.followers, account.following),
        "created_at": account.created_at,
        "viewer": present_relationship(viewer, account.id, stands, sees=sees),
    }


def _visible_posts(viewer: UserId | None, account: Account, stands: Relationship) -> int:
    """How many of a member's posts the viewer may see: a number that counts more would tell of what is hidden."""
    counts: dict[Audience, int] = {
        "everyone": account.posts_everyone,
        "followers": account.posts_followers,
        "only_me": account.posts_only_me,
    }
    return sum(
        count
        for audience, count in counts.items()
        if can_view(
            viewer,
            account.id,
            audience,
            active=account.active,
            private=account.private,
            relationship=stands,
        )
    )
