"""A clock that can be set, and ids that follow it. For content that is to look as if it had grown over time."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from uuid import UUID

from adapters.system.identifiers import SystemIds

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


class BackdatedClock:
    """Implements domain.ports.Clock and application.seeding.Time. Each task has its own time."""

    def now(self) -> datetime:
        return _moment.get() or datetime.now(UTC)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        token = _moment.set(moment)
        try:
            yield
        finally:
            _moment.reset(token)


class BackdatedIds(SystemIds):
    """Implements domain.ports.Ids with UUIDv7 of the clock's time."""

    def __init__(self, clock: BackdatedClock) -> None:
        self._clock = clock

    def new(self) -> UUID:
        return self.at(self._clock.now())
