"""People whom somebody may like to follow, and who of those they follow knows a member.

Who follows whom is used only as far as the viewer may read it: on the lists of people whom they follow themselves. What
is remembered for a minute are ids; whether somebody is shown, and why, is decided anew each time.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from application.people import present_relationship
from application.views import MemberViewer, Person
from domain.follows import Relationship
from domain.kernel import UserId
from domain.ports import Cache
from domain.visibility import can_know

REMEMBERED_SECONDS = 60
MOST_SUGGESTED = 20
# Of the people who know a member, how many are named.
NAMED = 2
_CANDIDATES = 40

ReasonCode = Literal["followed_by", "popular_here"]


@dataclass(frozen=True, slots=True)
class Acquaintances:
    """People whom the viewer follows and who follow a member: how many, and the best known ones of them."""

    count: int = 0
    named: tuple[Person, ...] = ()

    @property
    def unnamed(self) -> int:
        """How many more there are than are named."""
        return self.count - len(self.named)


NO_ONE = Acquaintances()


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody the viewer may like: known to `through`, or else popular here."""

    user: Person
    viewer: MemberViewer
    through: Acquaintances
    private: bool = False

    @property
    def reason(self) -> ReasonCode:
        """Why."""
        return "followed_by" if self.through.count else "popular_here"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member as the database found them for a viewer, before the rules."""

    user: Person
    active: bool
    private: bool
    stands: Relationship


class MeetingReads(Protocol):
    """The queries behind it; each looks at a bounded number of rows, however many people follow each other."""

    async def followed_by_followed(self, viewer: UserId, limit: int) -> list[UserId]:
        """Whom many of the people follow whom the viewer follows, and the viewer does not."""
        ...

    async def popular_authors(self, limit: int) -> list[UserId]:
        """Whose posts of late, open to everybody, are liked most."""
        ...

    async def candidates(self, viewer: UserId, members: Sequence[UUID]) -> list[Candidate]:
        """The members, in no particular order."""
        ...

    async def acquaintances(self, viewer: UserId, members: Sequence[UUID]) -> dict[UUID, Acquaintances]:
        """For each member whom somebody knows: people whom the viewer follows and who follow the member."""
        ...


class Meeting:
    """Suggests people."""

    def __init__(self, reads: MeetingReads, cache: Cache) -> None:
        self._reads = reads
        self._cache = cache

    async def suggest(self, viewer: UserId, limit: int) -> list[Met]:
        """Active members whom the viewer neither follows, asked, mutes nor blocks, nor is blocked by; best first."""
        known = await self._remembered(
            f"people:{viewer}", lambda: self._reads.followed_by_followed(viewer, _CANDIDATES)
        )
        popular = await self._remembered("people", lambda: self._reads.popular_authors(_CANDIDATES))
        order = list(dict.fromkeys([*known, *popular]))
        found = {
            one.user.id: one for one in await self._reads.candidates(viewer, order) if _suits(viewer, one)
        }
        # Some of them may have nobody left who knows them.
        likely = [found[member] for member in order if member in found][: 2 * limit]
        through = await self._reads.acquaintances(viewer, [one.user.id for one in likely])
        met = [
            Met(one.user, _present(viewer, one), through.get(one.user.id, NO_ONE), one.private)
            for one in likely
            if one.user.id in through or (one.user.id in popular and not one.private)
        ]
        return met[:limit]

    async def acquaintances(self, viewer: UserId | None, member: UUID) -> Acquaintances:
        """Who of the people that the viewer follows follows the member. The member is one whom they may know."""
        if viewer is None or viewer == member:
            return NO_ONE
        return (await self._reads.acquaintances(viewer, [member])).get(member, NO_ONE)

    async def acquaintances_of(self, viewer: UserId, members: Sequence[UUID]) -> dict[UUID, Acquaintances]:
        """The same for several members, also for those whom nobody of them follows."""
        found = await self._reads.acquaintances(viewer, members) if members else {}
        return {member: found.get(member, NO_ONE) for member in members}

    async def _remembered(self, key: str, ask: Callable[[], Awaitable[list[UserId]]]) -> list[UUID]:
        stored = await self._cache.get(key)
        if stored is not None:
            return [UUID(bytes=stored[at : at + 16]) for at in range(0, len(stored), 16)]
        members = await ask()
        await self._cache.put(key, b"".join(member.bytes for member in members), REMEMBERED_SECONDS)
        return list(members)


def _suits(viewer: UserId, one: Candidate) -> bool:
    if one.user.id == viewer or one.stands.following != "no" or one.stands.mutes:
        return False
    return can_know(viewer, UserId(one.user.id), active=one.active, relationship=one.stands)


def _present(viewer: UserId, one: Candidate) -> MemberViewer:
    return present_relationship(viewer, UserId(one.user.id), one.stands, sees=not one.private)
