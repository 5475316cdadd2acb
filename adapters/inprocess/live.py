"""The live bus, presence and the wake-up call inside one process."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID

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
        self._subscribers: dict[str, set[_Subscriber]] = defaultdict(set)

    async def publish(self, topic: str, payload: bytes) -> None:
        for subscriber in self._subscribers.get(topic, ()):
            subscriber.offer(topic, payload)

    def subscribe(self, *topics: str) -> AsyncIterator[tuple[str, bytes]]:
        # Registered here and not at the first `anext`, so that nothing published in between is missed.
        subscriber = _Subscriber()
        for topic in topics:
            self._subscribers[topic].add(subscriber)
        return self._listen(subscriber, topics)

    async def _listen(
        self, subscriber: "_Subscriber", topics: Sequence[str]
    ) -> AsyncIterator[tuple[str, bytes]]:
        try:
            while True:
                yield await subscriber.take()
        finally:
            for topic in topics:
                self._subscribers[topic].discard(subscriber)
                if not self._subscribers[topic]:
                    del self._subscribers[topic]


class _Subscriber:
    def __init__(self) -> None:
        self._waiting: deque[tuple[str, bytes]] = deque(maxlen=_WAITING)
        self._ready = asyncio.Event()

    def offer(self, topic: str, payload: bytes) -> None:
        self._waiting.append((topic, payload))
        self._ready.set()

    async def take(self) -> tuple[str, bytes]:
        while not self._waiting:
            self._ready.clear()
            await self._ready.wait()
        return self._waiting.popleft()


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
