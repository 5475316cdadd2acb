"""What every concept shares: ids, events and the five families of errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NewType
from uuid import UUID

if TYPE_CHECKING:
    from domain.ports import Rate

UserId = NewType("UserId", UUID)
SessionId = NewType("SessionId", UUID)
TokenId = NewType("TokenId", UUID)
InviteId = NewType("InviteId", UUID)
FileId = NewType("FileId", UUID)
PostId = NewType("PostId", UUID)
DraftId = NewType("DraftId", UUID)
CommentId = NewType("CommentId", UUID)
PlaceId = NewType("PlaceId", UUID)
EventId = NewType("EventId", UUID)
CaseId = NewType("CaseId", UUID)
ExportId = NewType("ExportId", UUID)
NotificationId = NewType("NotificationId", UUID)


def msg(text: str) -> str:
    """Mark `text` for the translators; it is looked up in the reader's language where it is shown."""
    return text


def fill(text: str, params: Mapping[str, Any]) -> str:
    """Put `params` into the braces of `text`; braces that nothing fills stay."""
    for name, value in params.items():
        shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
        text = text.replace(f"{{{name}}}", shown)
    return text


class Message(str):
    """A sentence in English that knows what it was made of, so that whoever reads it later has it in their language."""

    __slots__ = ("params", "text")
    text: str
    params: Mapping[str, Any]

    def __new__(cls, text: str, params: Mapping[str, Any] | None = None) -> "Message":
        made = super().__new__(cls, fill(text, params or {}))
        made.text, made.params = text, params or {}
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, in the past tense. Fields are ids and plain values, so that it survives a restart."""


class DomainError(Exception):
    """A rule said no. `code` is stable and never translated; `message` may be shown to anybody.

    `params` fill the braces of `message` after translation and travel with it, so they must be public-safe.
    """

    code = "error"
    message = msg("That did not work.")

    def __init__(self, message: str | None = None, *, code: str | None = None, **params: Any) -> None:
        self.message = message or self.message
        self.code = code or self.code
        self.params = params
        super().__init__(f"{self.code}: {self.message}")


class NotFound(DomainError):
    """It does not exist, or this viewer may not know that it does. Both look the same."""

    code = "not_found"
    message = msg("There is nothing at this address, or it is not shared with you.")


class Forbidden(DomainError):
    """The viewer may know about it but not do this."""

    code = "forbidden"
    message = msg("You may not do this.")


class Conflict(DomainError):
    """The world has changed, or the name is taken."""

    code = "conflict"
    message = msg("This conflicts with something that is already there.")


class AlreadyMade(Conflict):
    """Something with this very id is there: another try of the same request was faster."""

    code = "already_made"


@dataclass(frozen=True, slots=True)
class Problem:
    """One field that needs a change. `pointer` is a JSON pointer into the request (`#/media/1/alt`)."""

    pointer: str
    code: str
    message: str
    params: dict[str, Any] = field(default_factory=dict)


class Invalid(DomainError):
    """Well-formed, but refused. `problems` names every field at fault."""

    code = "validation"
    message = msg("Some fields are not valid.")

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        problems: tuple[Problem, ...] = (),
        **params: Any,
    ) -> None:
        super().__init__(message, code=code, **params)
        self.problems = problems

    @classmethod
    def field(cls, pointer: str, code: str, message: str, **params: Any) -> "Invalid":
        """An error about exactly one field."""
        return cls(problems=(Problem(pointer, code, message, params),))


class TooMany(DomainError):
    """Too often or too much at once. `retry_after_seconds` says when trying again makes sense, `rate` what refused."""

    code = "rate_limited"
    message = msg("Too many tries. Try again in {retry_after_seconds} seconds.")

    def __init__(
        self,
        retry_after_seconds: int,
        message: str | None = None,
        *,
        rate: "Rate | None" = None,
        **params: Any,
    ) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds, **params)
        self.retry_after_seconds = retry_after_seconds
        self.rate = rate


class Unavailable(Exception):
    """Something that Heliograph stands on (database, disk, image process) cannot serve now; trying later may work.

    Adapters translate their technology's failures to this. `code` is `unavailable`, or `insufficient_storage`.
    """

    def __init__(self, detail: str, *, code: str = "unavailable", retry_after_seconds: int = 2) -> None:
        self.code = code
        self.retry_after_seconds = retry_after_seconds
        super().__init__(detail)
