"""Everything of an account as one archive, made by a job and kept for a week; and what was brought from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

from domain.kernel import Event, ExportId, UserId, msg

ExportState = Literal["waiting", "processing", "ready", "failed"]

KEPT = timedelta(days=7)

# Why there is no archive, in the words of its owner.
REASONS = {
    "insufficient_storage": msg(
        "There was not enough room on the server. Tell whoever runs it, and try again later."
    ),
    "stopped": msg("It was stopped, because your account was not active any more."),
    "not_made": msg("It could not be made. Try again."),
}


@dataclass(slots=True)
class Export:
    """An archive of one account's data. `progress` in percent, `size` in bytes; `error` is one of REASONS.

    `downloads` counts the links to it that were used, each of which works once.
    """

    id: ExportId
    user_id: UserId
    created_at: datetime
    state: ExportState = "waiting"
    progress: int = 0
    language: str = ""
    key: str | None = None
    size: int = 0
    downloads: int = 0
    error: str | None = None
    expires_at: datetime | None = None

    @property
    def running(self) -> bool:
        """Whether it is still to be made."""
        return self.state in ("waiting", "processing")

    @property
    def prefix(self) -> str | None:
        """Where its object lies in the media store, with the slash at the end; None while there is none."""
        return f"exports/{self.key}/" if self.key else None

    @property
    def object_key(self) -> str:
        """The archive itself."""
        return archive_key(self.key or "")

    def finish(self, key: str, size: int, now: datetime) -> None:
        """It lies in the store under `key`."""
        self.state, self.progress, self.key, self.size = "ready", 100, key, size
        self.expires_at = now + KEPT

    def fail(self, error: str) -> None:
        """It was not made, for one of REASONS; that is told for as long as an archive would be kept."""
        self.state, self.error, self.expires_at = "failed", error, self.created_at + KEPT


def archive_key(key: str) -> str:
    """Where an archive with this key lies."""
    return f"exports/{key}/archive.zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReady(Event):
    export_id: ExportId


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportAsked(Event):
    """Somebody wants all of their data."""

    export_id: ExportId


class Exports(Protocol):
    """Archives by id, and what was brought from elsewhere."""

    async def add(self, export: Export) -> None:
        """Raises AlreadyMade when one of the same account is still being made, or the id is taken."""
        ...

    async def find(self, export_id: ExportId, *, lock: bool = False) -> Export | None:
        """The archive, or None. With `lock` nobody else changes it until the unit ends."""
        ...

    async def of_user(self, user_id: UserId) -> list[Export]:
        """All of an account's, newest first."""
        ...

    async def save(self, export: Export) -> None:
        """Write every field."""
        ...

    async def show_progress(self, export_id: ExportId, progress: int) -> bool:
        """Say how far it is; False when nobody wants it any more, or its owner's account is not active."""
        ...

    async def remove(self, export_ids: Sequence[ExportId]) -> None:
        """Forget them. Their objects are the caller's to orphan."""
        ...

    async def expired(self, now: datetime, limit: int) -> list[Export]:
        """Some of those that are past their time, locked."""
        ...

    async def begin_import(self, user_id: UserId, source_id: UUID, now: datetime) -> None:
        """Remember that the account `source_id` of elsewhere is being brought into this one. Repeating is harmless."""
        ...

    async def imported(self, user_id: UserId) -> dict[UUID, datetime | None]:
        """Which accounts of elsewhere were brought into this one, and when that was finished."""
        ...

    async def finish_import(self, user_id: UserId, source_id: UUID, now: datetime) -> None:
        """Remember that all of it is here."""
        ...
