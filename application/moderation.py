"""Reporting, deciding about reports, and what administrators do with accounts and invitations. Each act is logged."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

from application.access import (
    Client,
    access_comment,
    access_member,
    access_post,
    account_of,
    audit,
    keep_an_admin,
    still_staff,
    throttle,
)
from application.paging import Cursors, Key, Slice
from application.posting import remove_post
from application.views import Page, Person
from domain.follows import OneselfNotAllowed
from domain.kernel import (
    CaseId,
    CommentId,
    EventId,
    Invalid,
    InviteId,
    NotFound,
    PostId,
    Problem,
    UserId,
    msg,
)
from domain.moderation import (
    COMMAND_LINE,
    Action,
    AuditEntry,
    Case,
    CaseState,
    Decision,
    NotThere,
    Reason,
    Report,
    Staff,
    TargetKind,
    clean_note,
    excerpt_of,
)
from domain.ports import Clock, Ids, Rate, RateLimiter, UnitOfWork, UnitOfWorks
from domain.sessions import Invite
from domain.users import Account, Role

REPORTS = Rate("report", 30, 3600)
MAX_INVITE_USES = 10_000
MAX_INVITE_DAYS = 365


@dataclass(frozen=True, slots=True)
class Reported:
    """What a member reports: exactly one of the three."""

    post_id: PostId | None = None
    comment_id: CommentId | None = None
    username: str | None = None


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report as administrators see it; without `reporter` where they deleted their account."""

    reporter: Person | None
    reason: str
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list. `target_exists` turns false when the post, the comment or the member is gone.

    `excerpt` is shown beside the privacy rule while the case is open; at `target_path` the rule decides as for all.
    """

    id: UUID
    kind: TargetKind
    target_id: UUID
    target_path: str
    target_exists: bool
    member: Person
    excerpt: str
    report_count: int
    reasons: list[str]
    state: CaseState
    decision: Decision | None
    decided_at: datetime | None
    decided_by: str
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CaseView(CaseRow):
    """A case with its first hundred reports."""

    reports: list[ReportView]


@dataclass(frozen=True, slots=True)
class DeadJobs:
    """The jobs of one event that were given up; with several, `attempts` is the most and `error` one of theirs."""

    event_id: UUID
    event_type: str
    reactions: list[str]
    attempts: int
    error: str


class ModerationReads(Protocol):
    """The queries behind the administrators' lists."""

    async def cases(self, viewer: UserId, state: CaseState, part: Slice) -> list[CaseRow]:
        """Open or closed cases that are not about the viewer, newest first."""
        ...

    async def case(self, viewer: UserId, case_id: CaseId) -> CaseView | None:
        """One case with its reports, unless it is about the viewer."""
        ...

    async def audit(self, part: Slice) -> list[AuditEntry]:
        """What administrators did, newest first."""
        ...

    async def invites(self, now: datetime, part: Slice) -> list[Invite]:
        """The invitations that can be used, newest first."""
        ...

    async def dead_jobs(self, part: Slice) -> list[DeadJobs]:
        """The jobs that were given up, by event, newest first."""
        ...


class Moderation:
    """What members report, and what administrators do."""

    def __init__(
        self,
        new_uow: UnitOfWorks,
        clock: Clock,
        ids: Ids,
        limiter: RateLimiter,
        reads: ModerationReads,
        cursors: Cursors,
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._limiter = limiter
        self._reads = reads
        self._cursors = cursors

    async def report(
        self, reporter: UserId, what: Reported, reason: Reason, note: str, client: Client
    ) -> None:
        """Tell the administrators about something. A second time changes nothing.

        Nothing comes back, because a case would tell whether others have reported the same. Raises NotFound,
        OneselfNotAllowed, Invalid, TooMany.
        """
        note = clean_note(note)
        await throttle(self._limiter, client, REPORTS, str(reporter))
        now = self._clock.now()
        async with self._new_uow() as uow:
            case = await self._case_about(uow, reporter, what, now)
            if case.owner_id == reporter:
                raise OneselfNotAllowed
            await uow.moderation.report(case, Report(reporter, reason, note, now))
            await uow.commit()

    async def _case_about(self, uow: UnitOfWork, reporter: UserId, what: Reported, now: datetime) -> Case:
        new_id = CaseId(self._ids.new())
        if (what.post_id, what.comment_id, what.username).count(None) != 2:
            raise Invalid.field("#/post_id", "one_of", msg("Report one post, one comment or one member."))
        if what.post_id is not None:
            await access_post(uow, reporter, what.post_id)
            post = await uow.posts.find(what.post_id)
            if post is None:
                raise NotFound
            return Case(new_id, "post", post.id, post.author_id, excerpt_of(post.caption), now)
        if what.comment_id is not None:
            comment, _ = await access_comment(uow, reporter, what.comment_id)
            return Case(new_id, "comment", comment.id, comment.author_id, excerpt_of(comment.text), now)
        member, _ = await access_member(uow, reporter, what.username or "", blocked=True)
        return Case(new_id, "member", member.id, member.id, excerpt_of(member.bio), now)

    # Administrators

    async def cases(self, viewer: UserId, state: CaseState, limit: int, cursor: str | None) -> Page[CaseRow]:
        """Open or closed cases, newest first, but none about the viewer. Raises BadCursor."""
        scope = f"cases:{state}"
        part = self._cursors.slice(scope, limit, cursor)
        rows = await self._reads.cases(viewer, state, part.one_more)
        return self._cursors.cut(scope, part, rows, lambda row: Key(row.id))

    async def case(self, viewer: UserId, case_id: CaseId) -> CaseView:
        """One case, which another administrator sees where it is about the viewer. Raises NotFound."""
        found = await self._reads.case(viewer, case_id)
        if found is None:
            raise NotFound
        return found

    async def audit(self, limit: int, cursor: str | None) -> Page[AuditEntry]:
        """What administrators did, newest first. Raises BadCursor."""
        part = self._cursors.slice("audit", limit, cursor)
        rows = await self._reads.audit(part.one_more)
        return self._cursors.cut("audit", part, rows, lambda entry: Key(entry.id))

    async def decide(self, by: Staff, case_id: CaseId, decision: Decision, note: str) -> None:
        """Close a case: keep what it is about, remove it, or suspend whose it is.

        Raises NotFound, AlreadyClosed, Invalid, LastAdmin.
        """
        async with self._new_uow() as uow:
            await still_staff(uow, by)
            case = await uow.moderation.find(case_id)
            if case is None or case.owner_id == by.user_id:
                raise NotFound
            owner = await uow.accounts.find(case.owner_id)
            target = f"@{owner.username if owner else ''} {case.kind} {case.target_id}"
            case.decide(decision, note, by.username, self._clock.now())
            if decision == "remove":
                await self._remove(uow, case)
            elif decision == "suspend":
                await _suspend(uow, case.owner_id)
            await uow.moderation.save(case)
            await self._log(uow, by, _DECIDED[decision], target, case.note)
            await uow.commit()

    async def _remove(self, uow: UnitOfWork, case: Case) -> None:
        """What the case is about. Raises NotThere when its author was faster."""
        if case.kind == "post":
            post = await uow.posts.find(PostId(case.target_id), lock=True)
            if post is None:
                raise NotThere
            await remove_post(uow, post)
        else:
            comment = await uow.comments.find(CommentId(case.target_id), lock=True)
            if comment is None:
                raise NotThere
            await uow.comments.remove(comment)

    async def change(
        self,
        username: str,
        *,
        role: Role | None = None,
        suspended: bool | None = None,
        sign_out: bool = False,
        by: Staff = COMMAND_LINE,
    ) -> None:
        """Give somebody another role, hide them and everything of theirs or bring them back, end their sessions.

        All of it or nothing. Raises NotFound, LastAdmin.
        """
        async with self._new_uow() as uow:
            await still_staff(uow, by)
            found = await account_of(uow, username)
            if suspended or role not in (None, "admin"):
                await keep_an_admin(uow, found.id)
            account = await _locked(uow, found.id)
            target = f"@{account.username}"
            if role not in (None, account.role):
                account.role = role or account.role
                await self._log(uow, by, "user.role", target, account.role)
            if suspended not in (None, account.state == "suspended"):
                (account.suspend if suspended else account.restore)()
                await self._log(uow, by, "user.suspend" if suspended else "user.restore", target)
            await uow.accounts.save(account)
            if suspended or sign_out:
                await _end_everything(uow, account.id)
            if sign_out:
                await self._log(uow, by, "user.sign_out", target)
            await uow.commit()

    async def invites(self, limit: int, cursor: str | None = None) -> Page[Invite]:
        """The invitations that can be used, newest first. Raises BadCursor."""
        part = self._cursors.slice("invites", limit, cursor)
        rows = await self._reads.invites(self._clock.now(), part.one_more)
        return self._cursors.cut("invites", part, rows, lambda invite: Key(invite.id))

    async def invite(self, invite_id: InviteId) -> Invite:
        """An invitation. Raises NotFound."""
        async with self._new_uow() as uow:
            found = await uow.invites.find(invite_id)
        if found is None:
            raise NotFound
        return found

    async def create_invite(
        self, by: Staff = COMMAND_LINE, *, uses: int = 1, days: int = 14, new_id: InviteId | None = None
    ) -> Invite:
        """An invitation for as many people, valid for as many days. Raises Invalid for odd numbers."""
        problems = [
            Problem(pointer, "out_of_range", msg("A number from 1 to {limit}."), {"limit": limit})
            for pointer, number, limit in (
                ("#/uses", uses, MAX_INVITE_USES),
                ("#/days", days, MAX_INVITE_DAYS),
            )
            if not 1 <= number <= limit
        ]
        if problems:
            raise Invalid(problems=tuple(problems))
        now = self._clock.now()
        invite = Invite(
            new_id or InviteId(self._ids.new()),
            self._ids.key()[:16],
            by.user_id,
            now,
            now + timedelta(days=days),
            uses,
        )
        async with self._new_uow() as uow:
            await uow.invites.add(invite)
            await self._log(uow, by, "invite.create", invite.code)
            await uow.commit()
        return invite

    async def revoke_invite(self, code: str, by: Staff = COMMAND_LINE) -> None:
        """Make an invitation useless. Raises NotFound where there is none that could be used."""
        async with self._new_uow() as uow:
            if not await uow.invites.revoke(code, self._clock.now()):
                raise NotFound
            await self._log(uow, by, "invite.revoke", code)
            await uow.commit()

    async def dead_jobs(self, limit: int, cursor: str | None = None) -> Page[DeadJobs]:
        """The jobs that were given up, by event, newest first. Raises BadCursor."""
        part = self._cursors.slice("dead-jobs", limit, cursor)
        rows = await self._reads.dead_jobs(part.one_more)
        return self._cursors.cut("dead-jobs", part, rows, lambda jobs: Key(jobs.event_id))

    async def retry_jobs(self, event_id: EventId | None = None, by: Staff = COMMAND_LINE) -> int:
        """Give jobs that were given up a fresh start, all of them or those of one event; how many."""
        async with self._new_uow() as uow:
            await still_staff(uow, by)
            count = await uow.jobs.retry_dead(event_id, self._clock.now())
            if count:
                await self._log(uow, by, "job.retry", str(event_id or "all"))
            await uow.commit()
        return count

    async def log_reset(self) -> None:
        """Write down that everything was removed from the command line, the log of before with it."""
        async with self._new_uow() as uow:
            await self._log(uow, COMMAND_LINE, "place.reset", "all")
            await uow.commit()

    async def log_backup(self) -> None:
        """Write down that a backup was made."""
        async with self._new_uow() as uow:
            await self._log(uow, COMMAND_LINE, "backup.create", "all")
            await uow.commit()

    async def _log(self, uow: UnitOfWork, by: Staff, action: Action, target: str, detail: str = "") -> None:
        await audit(uow, self._ids.new(), self._clock.now(), by, action, target, detail)


_DECIDED: dict[Decision, Literal["report.keep", "report.remove", "report.suspend"]] = {
    "keep": "report.keep",
    "remove": "report.remove",
    "suspend": "report.suspend",
}


async def _locked(uow: UnitOfWork, user: UserId) -> Account:
    account = await uow.accounts.find(user, lock=True)
    if account is None or account.state == "deleted":
        raise NotFound
    return account


async def _suspend(uow: UnitOfWork, user: UserId) -> None:
    await keep_an_admin(uow, user)
    account = await _locked(uow, user)
    account.suspend()
    await uow.accounts.save(account)
    await _end_everything(uow, user)


async def _end_everything(uow: UnitOfWork, user: UserId) -> None:
    await uow.sessions.end_all(user)
    await uow.tokens.revoke_all(user)
