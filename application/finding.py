"""What the first letters of a name may become, and people whom somebody may like.

Tags and places are found only where a post with them is open to everybody, or the viewer's own: what is offered to
whoever types the right letters must tell nothing of posts that are shared with fewer. People are found by the rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal, Protocol

from application.views import Person, PlaceRef
from domain.kernel import UserId
from domain.text import MAX_TAG, fold, is_storable

Kind = Literal["people", "tags", "places"]

KINDS: tuple[Kind, ...] = ("people", "tags", "places")
SUGGESTIONS = 8
# Of each kind while all of them are asked for; what one leaves free goes to the others in their order.
_SHARES = {"people": 4, "tags": 2, "places": 2}
_SIGNS: dict[str, Kind] = {"@": "people", "#": "tags", "~": "places"}


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag and how many posts with it everybody may see, counted to 100."""

    tag: str
    posts: int


Suggested = Person | TagCount | PlaceRef


class FindingReads(Protocol):
    """The queries behind it. Prefixes are as they were typed, in any spelling that means the same."""

    async def people(self, viewer: UserId | None, prefix: str, limit: int) -> list[Person]:
        """Members whom the viewer may know, by user name or name: those whom they follow first, then by followers."""
        ...

    async def tags(self, viewer: UserId | None, prefix: str, limit: int) -> list[TagCount]:
        """Tags of posts that are open to everybody, by whom the viewer may know, or their own; most used first."""
        ...

    async def places(self, viewer: UserId | None, prefix: str, limit: int) -> list[PlaceRef]:
        """Places of such posts, most used first."""
        ...


class Finding:
    """Looks things up by the beginnings of their names. Viewer first; None is somebody signed out."""

    def __init__(self, reads: FindingReads) -> None:
        self._reads = reads

    async def suggest(
        self, viewer: UserId | None, typed: str, kinds: Sequence[Kind] = KINDS, limit: int = SUGGESTIONS
    ) -> list[Suggested]:
        """At most `limit` things whose name begins with `typed`, grouped by kind; nothing for an empty text.

        `@`, `#` or `~` before it says which kind is meant, where that is among `kinds`.
        """
        prefix = " ".join(typed.split())
        meant = _SIGNS.get(prefix[:1])
        if meant is not None:
            prefix, kinds = prefix[1:], [kind for kind in kinds if kind == meant]
        if not 0 < len(prefix) <= MAX_TAG or not is_storable(prefix):
            return []
        found = {kind: await self._of_kind(viewer, kind, prefix, limit) for kind in KINDS if kind in kinds}
        return list(chain.from_iterable(_share(found, limit).values()))

    async def _of_kind(
        self, viewer: UserId | None, kind: Kind, prefix: str, limit: int
    ) -> Sequence[Suggested]:
        if kind == "people":
            return await self._reads.people(viewer, prefix, limit)
        if kind == "tags":
            return await self._reads.tags(viewer, fold(prefix), limit)
        return await self._reads.places(viewer, prefix, limit)


def _share(found: dict[Kind, Sequence[Suggested]], limit: int) -> dict[Kind, Sequence[Suggested]]:
    """As many of each kind as fit together."""
    counts = {
        kind: min(len(some), _SHARES[kind] if len(found) > 1 else limit) for kind, some in found.items()
    }
    for kind, some in found.items():
        counts[kind] += min(len(some) - counts[kind], limit - sum(counts.values()))
    return {kind: some[: counts[kind]] for kind, some in found.items()}
