"""Implements domain.ports.Cache inside one process: the least recently used goes first."""

import time
from collections import OrderedDict
from collections.abc import Callable


class InProcessCache:
    """Holds at most `max_bytes` of values."""

    def __init__(self, max_bytes: int = 16 * 2**20, seconds: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    async def get(self, key: str) -> bytes | None:
        found = self._values.get(key)
        if found is None:
            return None
        if found[0] <= self._seconds():
            await self.drop(key)
            return None
        self._values.move_to_end(key)
        return found[1]

    async def put(self, key: str, value: bytes, ttl_seconds: int) -> None:
        await self.drop(key)
        self._values[key] = (self._seconds() + ttl_seconds, value)
        self._bytes += len(value)
        while self._bytes > self._max_bytes:
            _, (_, gone) = self._values.popitem(last=False)
            self._bytes -= len(gone)

    async def drop(self, *keys: str) -> None:
        for key in keys:
            gone = self._values.pop(key, None)
            if gone is not None:
                self._bytes -= len(gone[1])
