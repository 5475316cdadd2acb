"""Running again what the database undid because another transaction was in the way."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from domain.ports import TryAgain

T = TypeVar("T")

TRIES = 3


async def retrying(act: Callable[[], Awaitable[T]]) -> T:
    """What `act` answers; run again after TryAgain, at most twice. `act` must be fit to run from its start."""
    for tried in range(1, TRIES):
        try:
            return await act()
        except TryAgain:
            await asyncio.sleep(0.01 * tried)
    return await act()
