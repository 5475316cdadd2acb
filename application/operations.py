"""What whoever runs the server looks at and repairs: health, numbers, invariants, dead jobs, idempotent requests."""

import logging
from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.kernel import UserId
from domain.ports import Clock, MediaStore, StoredObject

log = logging.getLogger("heliograph.media")

# A pass over the store in as many parts as the first letters of keys give; every minute has its part.
ROOTS = ("photos", "avatars", "exports")
# Archives of people are few.
PARTS = (
    *(f"{root}/{letter}" for root in ROOTS[:2] for letter in "abcdefghijklmnopqrstuvwxyz234567"),
    "exports/",
)
GRACE = timedelta(days=1)
MOST_PER_SWEEP = 200
MOST_PER_QUESTION = 10_000


@dataclass(frozen=True, slots=True)
class Status:
    """Numbers of one screen. Bytes are of originals."""

    people: int
    posts: int
    comments: int
    likes: int
    files: int
    bytes: int
    jobs_waiting: int
    jobs_running: int
    jobs_dead: int
    reports_open: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant: which one, on how many rows, and some of them."""

    rule: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """What an idempotency key already led to: the stored answer, or still nothing (`status` 0)."""

    resource_id: UUID
    same_request: bool
    status: int
    body: bytes
    content_type: str
    location: str
    age: timedelta


@dataclass(frozen=True, slots=True)
class Backlog:
    """Work that is due: how many jobs, the age of the oldest in seconds, and how many were given up."""

    due: int
    oldest_seconds: float
    dead: int


class StrangeStore(Exception):
    """Rows refer to less than half of what is stored."""


class OperationsReads(Protocol):
    """Queries over the whole system."""

    async def ping(self) -> None:
        """Return when the database answers. Raises Unavailable."""
        ...

    async def status(self) -> Status:
        """Counts as they are now."""
        ...

    async def backlog(self) -> Backlog:
        """How far the work is behind."""
        ...

    async def violations(self) -> list[Violation]:
        """Every broken invariant that the database alone can show."""
        ...

    async def media_prefixes(self, keys: Collection[str] | None = None) -> set[str]:
        """Every prefix in the media store that a row refers to: all, or those of these (`<key>` of `photos/<key>/`)."""
        ...

    def alone(self) -> AbstractAsyncContextManager[bool]:
        """Whether nobody else is in such a block; until it ends nobody else gets True. Waits for nobody."""
        ...

    async def media_keys(self) -> set[str]:
        """Every object that must be in the media store."""
        ...

    async def claim_key(self, user: UserId, key: str, fingerprint: bytes, resource_id: UUID) -> Replay | None:
        """Remember a request, and the id its result will have; None when it is new, else what the first one led to."""
        ...

    async def answer_key(
        self, user: UserId, key: str, status: int, body: bytes, content_type: str, location: str
    ) -> None:
        """Store the answer to the request under the key."""
        ...

    async def take_over_key(self, user: UserId, key: str) -> bool:
        """Restart the age of an unanswered key; False when another was faster."""
        ...

    async def abandon_key(self, user: UserId, key: str) -> None:
        """Let an unanswered key be taken over at once: whoever held it failed and cannot say how far it got."""
        ...

    async def release_key(self, user: UserId, key: str) -> None:
        """Forget a key whose request was refused, so that a corrected one may use it again."""
        ...


class Operations:
    """Looking after a running instance."""

    def __init__(self, reads: OperationsReads, media: MediaStore, clock: Clock) -> None:
        self.reads = reads
        self._media = media
        self._clock = clock

    async def verify(self) -> list[Violation]:
        """Every broken invariant, of rows and of stored objects. An empty list is the proof that all hold."""
        return [*await self.reads.violations(), *await self.verify_media()]

    async def verify_media(self) -> list[Violation]:
        """Where rows and stored objects differ."""
        violations = []
        wanted, prefixes = await self.reads.media_keys(), await self.reads.media_prefixes()
        stored = {found.key async for found in self._media.walk()}
        missing = sorted(wanted - stored)
        orphans = sorted(key for key in stored if prefix_of(key) not in prefixes)
        if missing:
            violations.append(Violation("rows without their object", len(missing), tuple(missing[:5])))
        if orphans:
            violations.append(Violation("objects without a row", len(orphans), tuple(orphans[:5])))
        return violations

    async def collect_garbage(
        self, *, older_than: timedelta = timedelta(hours=1), dry_run: bool = False, force: bool = False
    ) -> list[str]:
        """Remove stored objects that no row refers to; their keys. Young ones may still be on their way to a row.

        Raises StrangeStore, unless with `force`, when this seems not to be the database of these pictures.
        """
        if not (dry_run or force) and not await self.knows_the_store():
            raise StrangeStore
        orphans = await self._orphans("", self._clock.now() - older_than)
        keys = sorted(key for below in orphans.values() for key in below)
        # With the folders, which tell how much of the store is known.
        for gone in [] if dry_run else [*keys, *orphans]:
            await self._media.delete(gone)
        return keys

    async def sweep_orphans(self, *, grace: timedelta = GRACE) -> int:
        """Remove some of what no row refers to and is older than `grace`, in this minute's part; how many objects.

        Nothing is removed while another process is at it, or when this is not the database of these pictures.
        """
        async with self.reads.alone() as alone:
            return await self._sweep_part(grace) if alone else 0

    async def _sweep_part(self, grace: timedelta) -> int:
        now = self._clock.now()
        part = PARTS[int(now.timestamp() // 60) % len(PARTS)]
        orphans = list(await self._orphans(part, now - grace))
        if not orphans:
            return 0
        if not await self.knows_the_store():
            log.warning("Most of the store has no row (%d under %s): nothing is removed", len(orphans), part)
            return 0
        return sum([await self._media.delete(prefix) for prefix in orphans[:MOST_PER_SWEEP]])

    async def _orphans(self, part: str, before: datetime) -> dict[str, list[str]]:
        """The prefixes below `part` that no row refers to, all of them older than `before`, each with its keys."""
        found: dict[str, list[StoredObject]] = {}
        async for stored in self._media.walk(part):
            found.setdefault(prefix_of(stored.key), []).append(stored)
        # Asked after the walk, so that whatever was stored before it has its row by now, or is too young.
        known = await self.reads.media_prefixes([prefix.split("/")[1] for prefix in found] if part else None)
        return {
            prefix: [stored.key for stored in below]
            for prefix, below in found.items()
            if prefix not in known and all(stored.stored_at < before for stored in below)
        }

    async def knows_the_store(self) -> bool:
        """Whether rows refer to at least half of what the whole store holds.

        Where they do not, the database is more likely the wrong one than the pictures.
        """
        kept = [prefix for root in ROOTS for prefix in await self._media.folders(f"{root}/")]
        known = 0
        for start in range(0, len(kept), MOST_PER_QUESTION):
            some = kept[start : start + MOST_PER_QUESTION]
            found = await self.reads.media_prefixes([prefix.split("/")[1] for prefix in some])
            known += len(found.intersection(some))
        return 2 * known >= len(kept)


def prefix_of(key: str) -> str:
    """What a row would refer to: `photos/<key>/`, `avatars/<key>/`."""
    return "/".join(key.split("/")[:2]) + "/"
