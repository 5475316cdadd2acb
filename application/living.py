"""Tells whoever is connected to this process what happens, from the log in which everything stands in one order.

A wake-up call says that there may be news; the log says what. So a call that is lost, or a process that was away, costs
time and never an event: the log is also looked at on a timer.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Protocol
from uuid import UUID

from application.notifying import Notifying
from domain.kernel import UserId
from domain.live import HOME, MOST_REPLAYED, LoggedEvent, me, post_of
from domain.ports import Wake

log = logging.getLogger("heliograph.live")

LOOK_SECONDS = 1.0
# How often at most one account is told its counts, in seconds.
COUNT_SECONDS = 1.0
_BATCH = 500


class LiveReads(Protocol):
    """The queries behind it."""

    async def head(self) -> int:
        """The number of the last event; 0 before the first."""
        ...

    async def after(self, seq: int, limit: int) -> list[LoggedEvent]:
        """The next events in order."""
        ...

    async def missed(
        self, user: UserId, topics: Collection[str], after: int, upto: int, limit: int
    ) -> list[LoggedEvent] | None:
        """The events on these topics in `(after, upto]`, in order; None where the log does not reach back so far.

        Of new posts those that `holders` would give to `user`.
        """
        ...

    async def holders(self, post: UUID, author: UUID, people: Collection[UserId]) -> set[UserId]:
        """Those of `people` whose home feed holds the post, who follow its author and have not muted them."""
        ...


class Listener(Protocol):
    """A connection. `topics` are those that it subscribed to and may; it is told what comes after event `since`."""

    user: UserId
    topics: set[str]
    since: int

    def deliver(self, frame: bytes) -> None:
        """Send what was encoded, without waiting."""
        ...


Encode = Callable[[LoggedEvent], bytes]
EncodeCounts = Callable[[int], bytes]


class Living:
    """The connections of this process, by account."""

    def __init__(self, reads: LiveReads, wake: Wake, notifying: Notifying) -> None:
        self._reads = reads
        self._wake = wake
        self._notifying = notifying
        self._listeners: dict[UserId, set[Listener]] = {}
        self._seq: int | None = None
        self._encode: Encode = lambda event: event.data.encode()
        self._encode_counts: EncodeCounts = lambda unread: b"%d" % unread
        self._uncounted: dict[UserId, None] = {}
        self._to_count = asyncio.Event()

    def speak(self, encode: Encode, encode_counts: EncodeCounts) -> None:
        """How events become what listeners are given. Each is encoded once, whoever hears it."""
        self._encode, self._encode_counts = encode, encode_counts

    async def join(self, listener: Listener) -> int:
        """Tell `listener` what happens from now on. Answers the number of the last event that it is not told."""
        if self._seq is None:
            head = await self._reads.head()
            # Others may have asked meanwhile, and been told already.
            self._seq = head if self._seq is None else self._seq
        self._listeners.setdefault(listener.user, set()).add(listener)
        listener.since = self._seq
        return self._seq

    def leave(self, listener: Listener) -> None:
        """Tell it nothing more. Leaving twice is harmless."""
        known = self._listeners.get(listener.user)
        if known is None:
            return
        known.discard(listener)
        if not known:
            del self._listeners[listener.user]
        if not self._listeners:
            self._seq = None

    async def replay(
        self, user: UserId, topics: Collection[str], after: int, upto: int
    ) -> list[bytes] | None:
        """What somebody missed, encoded, in order; None where it is too much, or too long ago."""
        if after > upto:
            return None
        events = await self._reads.missed(user, topics, after, upto, MOST_REPLAYED + 1)
        if events is None or len(events) > MOST_REPLAYED:
            return None
        return [self._encode(event) for event in events]

    async def run(self) -> None:
        """Tell what happens until it is cancelled. Survives every failure of the database by trying again."""
        counting = asyncio.create_task(self._count(), name="live counts")
        try:
            while True:
                await self._wake.wait(LOOK_SECONDS)
                try:
                    while await self._tell_next():
                        pass
                except Exception as error:  # noqa: BLE001 - whatever the database says, the next look asks again
                    log.warning("cannot read what happened: %r", error)
        finally:
            counting.cancel()
            with suppress(asyncio.CancelledError):
                await counting

    async def _tell_next(self) -> bool:
        """Tell some events; whether there may be more."""
        if self._seq is None:
            return False
        events = await self._reads.after(self._seq, _BATCH)
        for event in events:
            hearing = await self._hearing(event)
            if self._seq is None:  # everybody left meanwhile
                return False
            if hearing:
                frame = self._encode(event)
                for listener in hearing:
                    listener.deliver(frame)
            # Everybody may have left and somebody come back, who begins further on.
            self._seq = max(self._seq, event.seq)
        return len(events) == _BATCH

    async def _hearing(self, event: LoggedEvent) -> Sequence[Listener]:
        if event.topic != HOME:
            user = UserId(UUID(event.topic.partition(":")[2]))
            self._count_soon([user])
            return self._of([user], event)
        post, author = post_of(event)
        asked: set[UserId] = set()
        people: set[UserId] = set()
        # Whoever comes while it is asked about others is asked about too.
        while new := [user for user in self._listeners if user not in asked]:
            people |= await self._reads.holders(post, author, new)
            asked.update(new)
        self._count_soon(people)
        return self._of(people, event)

    def _of(self, people: Collection[UserId], event: LoggedEvent) -> list[Listener]:
        return [
            each
            for user in people
            for each in self._listeners.get(user, ())
            if event.topic in each.topics and each.since < event.seq
        ]

    def _count_soon(self, people: Collection[UserId]) -> None:
        here = [user for user in people if user in self._listeners]
        if here:
            self._uncounted.update(dict.fromkeys(here))
            self._to_count.set()

    async def _count(self) -> None:
        """Tell accounts their counts, each at most once in a while."""
        while True:
            await self._to_count.wait()
            self._to_count.clear()
            people, self._uncounted = list(self._uncounted), {}
            for user in people:
                try:
                    await self._tell_counts(user)
                except Exception as error:  # noqa: BLE001 - the next event counts again
                    log.warning("cannot count: %r", error)
            await asyncio.sleep(COUNT_SECONDS)

    async def _tell_counts(self, user: UserId) -> None:
        counts = await self._notifying.counts(user)
        frame = self._encode_counts(counts.unread)
        for listener in list(self._listeners.get(user, ())):
            if me(user) in listener.topics:
                listener.deliver(frame)
