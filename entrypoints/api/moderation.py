"""Reports, and what administrators see and do, over the API."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msgspec import UNSET

from application.directory import Entry
from application.moderation import CaseRow, CaseView, Reported
from application.views import Page
from domain.kernel import CaseId, CommentId, InviteId, NotFound, PostId
from domain.moderation import AuditEntry, Staff
from domain.sessions import Invite
from domain.text import fold
from entrypoints import requests
from entrypoints.api import examples
from entrypoints.api.operation import BASE, Answer, Call, Operations, Paging
from entrypoints.api.schemas import CaseDecision, CasesQuery, NewInvite, NewReport, UserPatch, UsersQuery

group = Operations("moderation")


@dataclass(frozen=True, slots=True)
class InviteOut:
    """An invitation. Whoever opens `url` can join, until `max_uses` people did or it expires."""

    code: str
    url: str
    uses: int
    max_uses: int
    created_at: datetime
    expires_at: datetime


def staff(call: Call) -> Staff:
    """Who acts, for the audit log."""
    return Staff(call.user, call.who.username, call.client.address)


async def _recover_report(call: Call, report_id: UUID) -> Answer:
    # Reporting again changes nothing, so a try that was broken off is simply made again.
    raise NotFound


@group.declare(
    "POST",
    "/reports",
    "report",
    "Report a post, a comment or a member to the administrators; a second time changes nothing",
    status=201,
    body=NewReport,
    recover=_recover_report,
    problems=("not_found", "gone", "not_yourself"),
    example={"post_id": examples.OTHER_ID, "reason": "spam", "note": "The third time today."},
)
async def report(call: Call) -> None:
    sent: NewReport = call.body
    what = Reported(
        PostId(sent.post_id) if sent.post_id else None,
        CommentId(sent.comment_id) if sent.comment_id else None,
        None if sent.username is None else fold(sent.username),
    )
    await call.app.moderation.report(call.user, what, sent.reason, sent.note, call.client)


@group.declare(
    "GET",
    "/admin/reports",
    "adminReports",
    "What was reported, newest first",
    auth="admin",
    scope="admin",
    query=CasesQuery,
    answer=Page[CaseRow],
    problems=("not_found",),
)
async def cases(call: Call) -> Page[CaseRow]:
    return await call.app.moderation.cases(call.user, call.query.state, call.query.limit, call.query.cursor)


@group.declare(
    "GET",
    "/admin/reports/<case_id:uuid>",
    "adminReport",
    "Everything that was reported about one thing",
    auth="admin",
    scope="admin",
    answer=CaseView,
    problems=("not_found",),
)
async def case(call: Call, case_id: UUID) -> CaseView:
    return await call.app.moderation.case(call.user, CaseId(case_id))


@group.declare(
    "PATCH",
    "/admin/reports/<case_id:uuid>",
    "adminDecide",
    "Decide: keep it, remove it, or suspend whose it is",
    auth="admin",
    scope="admin",
    body=CaseDecision,
    answer=CaseView,
    problems=("not_found", "already_closed", "not_there", "last_admin"),
    example={"decision": "remove", "note": "An advertisement."},
)
async def decide(call: Call, case_id: UUID) -> CaseView:
    sent: CaseDecision = call.body
    await call.app.moderation.decide(staff(call), CaseId(case_id), sent.decision, sent.note)
    return await call.app.moderation.case(call.user, CaseId(case_id))


@group.declare(
    "GET",
    "/admin/users",
    "adminUsers",
    "Accounts, newest first; `q` looks in user names, names and e-mail addresses",
    auth="admin",
    scope="admin",
    query=UsersQuery,
    answer=Page[Entry],
    problems=("not_found",),
)
async def users(call: Call) -> Page[Entry]:
    asked: UsersQuery = call.query
    return await call.app.directory.search(asked.q, asked.role, asked.state, asked.limit, asked.cursor)


@group.declare(
    "GET",
    "/admin/users/<username>",
    "adminUser",
    "An account",
    auth="admin",
    scope="admin",
    unit=True,
    answer=Entry,
    problems=("not_found",),
)
async def user(call: Call, username: str) -> Entry:
    return await call.app.directory.get(fold(username))


@group.declare(
    "PATCH",
    "/admin/users/<username>",
    "adminChangeUser",
    "Suspend or restore an account, change its role, end its sessions and tokens",
    auth="admin",
    scope="admin",
    body=UserPatch,
    answer=Entry,
    problems=("not_found", "last_admin"),
    example={"state": "suspended"},
)
async def change_user(call: Call, username: str) -> Entry:
    sent: UserPatch = call.body
    name = (await call.app.directory.get(fold(username))).username
    await call.app.moderation.change(
        name,
        role=None if sent.role is UNSET else sent.role,
        suspended=None if sent.state is UNSET else sent.state == "suspended",
        sign_out=sent.sign_out is True,
        by=staff(call),
    )
    return await call.app.directory.get(name)


def _invite(call: Call, invite: Invite) -> InviteOut:
    url = requests.settings(call.request).origin + invite.path
    return InviteOut(invite.code, url, invite.uses, invite.max_uses, invite.created_at, invite.expires_at)


@group.declare(
    "GET",
    "/admin/invites",
    "adminInvites",
    "Invitations that can be used, newest first",
    auth="admin",
    scope="admin",
    query=Paging,
    answer=Page[InviteOut],
    problems=("not_found",),
)
async def invites(call: Call) -> Page[InviteOut]:
    page = await call.app.moderation.invites(call.query.limit, call.query.cursor)
    return Page([_invite(call, each) for each in page.items], page.next, page.prev)


async def _recover_invite(call: Call, invite_id: UUID) -> Answer:
    return _made_invite(call, await call.app.moderation.invite(InviteId(invite_id)))


def _made_invite(call: Call, invite: Invite) -> Answer:
    return Answer(_invite(call, invite), location=f"{BASE}/admin/invites/{invite.code}")


@group.declare(
    "POST",
    "/admin/invites",
    "adminCreateInvite",
    "Make an invitation for `uses` people (1 without it) that is valid for `days` (14 without it)",
    auth="admin",
    scope="admin",
    status=201,
    body=NewInvite,
    answer=InviteOut,
    recover=_recover_invite,
    problems=("not_found",),
    example={"uses": 10, "days": 7},
)
async def create_invite(call: Call) -> Answer:
    sent: NewInvite = call.body
    invite = await call.app.moderation.create_invite(
        staff(call), uses=sent.uses, days=sent.days, new_id=InviteId(call.new_id) if call.new_id else None
    )
    return _made_invite(call, invite)


@group.declare(
    "DELETE",
    "/admin/invites/<code>",
    "adminRevokeInvite",
    "Make an invitation useless",
    auth="admin",
    scope="admin",
    status=204,
    problems=("not_found",),
)
async def revoke_invite(call: Call, code: str) -> None:
    await call.app.moderation.revoke_invite(code, staff(call))


@group.declare(
    "GET",
    "/admin/audit",
    "adminAudit",
    "What administrators did, newest first",
    auth="admin",
    scope="admin",
    query=Paging,
    answer=Page[AuditEntry],
    problems=("not_found",),
)
async def audit(call: Call) -> Page[AuditEntry]:
    return await call.app.moderation.audit(call.query.limit, call.query.cursor)
