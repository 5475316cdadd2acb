"""Work that must happen: one row per (event, reaction), from waiting to done or dead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from domain.kernel import EventId

LEASE = timedelta(seconds=15)
HEARTBEAT = timedelta(seconds=4)
POSTPONED = timedelta(seconds=10)
MAX_ATTEMPTS = 5
MAX_DEATHS = 3


def back_off(attempt: int) -> timedelta:
    """How long to wait after failed try number `attempt` (from 1): 1, 4, 16, 64 … seconds, at most ten minutes."""
    return timedelta(seconds=min(4 ** max(attempt - 1, 0), 600))


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed reaction to an event. `fence` is this claim's number: a later claim makes writes under it void.

    `deaths` counts the holders that died while they had it; `parked` says that they were too many, and that it is dead.
    """

    event_id: EventId
    reaction: str
    event_type: str
    payload: dict[str, Any]
    attempts: int
    fence: int
    deaths: int = 0
    parked: bool = False

    @property
    def happened_at(self) -> datetime:
        """When the event happened, to the millisecond: its id is a UUIDv7."""
        return datetime.fromtimestamp((self.event_id.int >> 80) / 1000, UTC)


class Jobs(Protocol):
    """The job table inside a unit of work."""

    async def claim(self, limit: int, now: datetime, *, suspect: bool = True) -> list[Job]:
        """Take up to `limit` due jobs, oldest first, each with a lease; jobs whose holder died are due again.

        One that took `MAX_DEATHS` holders with it is `parked` as dead instead, and comes along to be told about. Of those
        that saw a holder die at most one is given out, and only to who has no other (`suspect`): the one that killed it
        must not take the rest along twice.
        """
        ...

    async def renew(self, jobs: Sequence[Job], now: datetime) -> None:
        """Extend the leases that are still ours."""
        ...

    async def finish(self, job: Job) -> bool:
        """Mark done; False when the lease was lost to another, and then nothing of this unit may be committed."""
        ...

    async def fail(self, job: Job, error: str, now: datetime) -> bool:
        """Note the error and wait, or park as dead after `MAX_ATTEMPTS`: then True, unless the lease was lost."""
        ...

    async def postpone(self, job: Job, error: str, now: datetime) -> None:
        """Wait for `POSTPONED` without counting the try: what the job stands on was away, and the job is not to blame."""
        ...

    async def retry_dead(self, event_id: EventId | None, now: datetime) -> int:
        """Give dead jobs (of one event, or all) a fresh start; how many."""
        ...

    async def forget_news(self, before: datetime) -> None:
        """Remove from the log of what happened what is older."""
        ...

    async def forget(self, now: datetime) -> None:
        """Remove finished jobs after a week, idempotency keys after a day, ended sessions and tokens."""
        ...
