"""Implements domain.ports.RateLimiter inside one process, by counting in two halves of a sliding window."""

import math
import time
from collections.abc import Callable

from domain.ports import Allowance, Rate

_MANY = 50_000


class InProcessRateLimiter:
    """Each key remembers how often it was hit in this window and the one before, which counts by what is left of it."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._windows: dict[tuple[str, str], tuple[int, int, int]] = {}

    async def hit(self, policy: Rate, key: str) -> Allowance:
        now = self._seconds() / policy.window_seconds
        window, passed = int(now), now % 1
        before, current = self._look(policy, key, window)
        current += 1
        if len(self._windows) > _MANY:
            self._forget_the_oldest()
        self._windows[policy.name, key] = (window, before, current)
        # Rounded, so that whoever comes back in exactly the time that was asked for is let in.
        used = round(before * (1 - passed) + current, 6)
        left = max(0, math.floor(policy.limit - used))
        wait = 1 - passed if left else _windows_until_room(policy.limit, before, current, passed)
        return Allowance(used <= policy.limit, left, max(1, math.ceil(wait * policy.window_seconds)))

    async def forget(self, policy: Rate, key: str) -> None:
        self._windows.pop((policy.name, key), None)

    def _forget_the_oldest(self) -> None:
        """Make room for a tenth; dicts keep the order in which keys came."""
        for key in list(self._windows)[: _MANY // 10]:
            del self._windows[key]

    def _look(self, policy: Rate, key: str, window: int) -> tuple[int, int]:
        """Hits in the window before `window`, and in it so far."""
        known, before, current = self._windows.get((policy.name, key), (window, 0, 0))
        if known == window:
            return before, current
        return (current, 0) if known == window - 1 else (0, 0)


def _windows_until_room(limit: int, before: int, current: int, passed: float) -> float:
    """After how many windows one more try would fit, if nothing else is tried meanwhile."""
    room = limit - 1
    if current <= room:
        # The window before weighs less with every second; there is room when its share has shrunk enough.
        return max(0.0, 1 - (room - current) / before - passed) if before else 0.0
    return 1 - passed + 1 - room / current
