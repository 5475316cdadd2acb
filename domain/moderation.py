"""Reports about posts, comments and members, what was decided about them, and the record of what administrators did."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, get_args
from uuid import UUID

from domain.kernel import CaseId, Conflict, Invalid, UserId, msg
from domain.text import clean

TargetKind = Literal["post", "comment", "member"]
Reason = Literal["spam", "harassment", "hate", "violence", "nudity", "copyright", "other"]
Decision = Literal["keep", "remove", "suspend"]
CaseState = Literal["open", "closed"]
Action = Literal[
    "report.keep",
    "report.remove",
    "report.suspend",
    "user.suspend",
    "user.restore",
    "user.role",
    "user.sign_out",
    "user.add",
    "user.password",
    "user.reset",
    "user.delete",
    "token.create",
    "token.revoke",
    "invite.create",
    "invite.revoke",
    "job.retry",
    "place.rename",
    "place.reset",
    "backup.create",
]

REASONS: tuple[Reason, ...] = get_args(Reason)
MAX_NOTE = 1000
MAX_EXCERPT = 300


class AlreadyClosed(Conflict):
    """Somebody decided about this case before."""

    code = "already_closed"
    message = msg("Somebody decided about this before.")


class NotThere(Conflict):
    """What a case is about was removed before anybody decided."""

    code = "not_there"
    message = msg("It is not there any more. Choose another decision.")


@dataclass(slots=True)
class Case:
    """Everything reported about one thing until somebody decides about it. A later report opens another case.

    `excerpt` is the text as it was when the first report came, so that an edit does not hide what it was about. It is
    the one thing that administrators see beside the privacy rule, and it goes when the case is closed.
    """

    id: CaseId
    kind: TargetKind
    target_id: UUID
    owner_id: UserId
    excerpt: str
    created_at: datetime
    decision: Decision | None = None
    decided_at: datetime | None = None
    decided_by: str = ""
    note: str = ""

    def decide(self, decision: Decision, note: str, by: str, now: datetime) -> None:
        """Close it. `by` is the user name of whoever decides. Raises AlreadyClosed, Invalid."""
        if self.decision is not None:
            raise AlreadyClosed
        if decision == "remove" and self.kind == "member":
            raise Invalid.field(
                "#/decision", "not_possible", msg("A member is suspended or kept, not removed.")
            )
        self.note = clean("#/note", note, limit=MAX_NOTE, multiline=True)
        self.decision, self.decided_at, self.decided_by = decision, now, by
        self.excerpt = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One member's report."""

    reporter_id: UserId
    reason: Reason
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that an administrator did. `actor` is a user name, or nothing for the command line."""

    id: UUID
    at: datetime
    action: Action
    target: str
    actor: str = ""
    detail: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who acts as an administrator: from the command line, nobody in particular."""

    user_id: UserId | None = None
    username: str = ""
    address: str = field(default="", repr=False)


COMMAND_LINE = Staff()


def clean_note(note: str) -> str:
    """The words of a report. Raises Invalid."""
    return clean("#/note", note, limit=MAX_NOTE, multiline=True)


def excerpt_of(text: str) -> str:
    """The beginning of a text, for the case about it."""
    return text if len(text) <= MAX_EXCERPT else text[: MAX_EXCERPT - 1] + "…"


class Moderation(Protocol):
    """Cases with their reports, and the audit log, which only grows."""

    async def report(self, case: Case, report: Report) -> CaseId:
        """Add to the open case about the same thing, or open `case`; its id. A reporter counts once."""
        ...

    async def find(self, case_id: CaseId) -> Case | None:
        """The case, locked until the unit ends."""
        ...

    async def save(self, case: Case) -> None:
        """Write the decision."""
        ...

    async def log(self, entry: AuditEntry) -> None:
        """Add to the audit log."""
        ...
