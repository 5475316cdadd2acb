"""The live bus, presence and the wake-up call inside one process."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Self
from uuid import UUID
from weakref import WeakSet

_WAITING = 256
_PRESENT_SECONDS = 60.0


class InProcessWake:
    """Implements domain.ports.Wake."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def kick(self) -> None:
        self._event.set()

    async def wait(self, timeout_seconds: float) -> None:
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self._event.clear()


class InProcessLiveBus:
    """Implements domain.ports.LiveBus."""

    def __init__(self) -> None:
        # Weak, so that a subscriber who is dropped without being closed is forgotten too.
        self._subscribers: dict[str, WeakSet[_Subscription]] = {}

    async def publish(self, topic: str, payload: bytes) -> None:
        subscribers = self._subscribers.get(topic)
        if subscribers is None:
            return
        for subscriber in list(subscribers):
            if not subscriber.offer(topic, payload):
                subscribers.discard(subscriber)
        if not subscribers:
            del self._subscribers[topic]

    def subscribe(self, *topics: str) -> AsyncIterator[tuple[str, bytes]]:
        # Registered here and not at the first `anext`, so that nothing published in between is missed.
        subscription = _Subscription()
        for topic in topics:
            self._subscribers.setdefault(topic, WeakSet()).add(subscription)
        return subscription


class _Subscription:
    """What waits for one subscriber, as an iterator. No generator: one that is closed unread would not notice."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, bytes]] = deque(maxlen=_WAITING)
        self._ready = asyncio.Event()
        self._closed = False

    def offer(self, topic: str, payload: bytes) -> bool:
        """False once it is closed."""
        if not self._closed:
            self._waiting.append((topic, payload))
            self._ready.set()
        return not self._closed

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[str, bytes]:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._ready.clear()
            await self._ready.wait()
        return self._waiting.popleft()

    async def aclose(self) -> None:
        """End the iteration, also for somebody who waits in it."""
        self._closed = True
        self._waiting.clear()
        self._ready.set()


class InProcessPresence:
    """Implements domain.ports.Presence."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._connections: dict[UUID, dict[str, float]] = defaultdict(dict)

    async def enter(self, person: UUID, connection: str) -> None:
        self._connections[person][connection] = self._seconds() + _PRESENT_SECONDS

    async def leave(self, person: UUID, connection: str) -> None:
        known = self._connections.get(person, {})
        known.pop(connection, None)
        if not known:
            self._connections.pop(person, None)

    async def present(self, people: Sequence[UUID]) -> set[UUID]:
        now = self._seconds()
        return {
            person for person in people if any(t > now for t in self._connections.get(person, {}).values())
        }
