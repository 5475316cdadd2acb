"""Reports, and what administrators see and do, over the API."""

from uuid import UUID

from msgspec import UNSET

from application.directory import Entry
from application.moderation import CaseRow, CaseView, Reported
from application.views import Page
from domain.kernel import CaseId, CommentId, PostId
from domain.moderation import AuditEntry, Staff
from domain.text import fold
from entrypoints.api import examples
from entrypoints.api.operation import Call, Operations, Paging
from entrypoints.api.schemas import CaseDecision, CasesQuery, NewReport, UserPatch, UsersQuery

group = Operations("moderation")


def staff(call: Call) -> Staff:
    """Who acts, for the audit log."""
    return Staff(call.user, call.who.username, call.client.address)


@group.declare(
    "POST",
    "/reports",
    "report",
    "Report a post, a comment or a member to the administrators; a second time changes nothing",
    status=201,
    body=NewReport,
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
