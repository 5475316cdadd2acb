"""Reporting something, and the administrators' pages. Members who are none get the answer of pages that do not exist."""

from collections.abc import Mapping
from typing import Any, get_args
from uuid import UUID

from sanic import HTTPResponse

from application.moderation import Reported
from application.resetting import ResetLink
from domain.kernel import CaseId, CommentId, DomainError, EventId, Invalid, NotFound, PostId, msg
from domain.moderation import REASONS, Decision, Staff
from domain.text import fold
from domain.users import Role
from entrypoints import requests
from entrypoints.web.navigation import NavItem
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import NO_TROUBLE, Routes, Trouble, Values, Visit, trouble

routes = Routes("admin")

LIST_SIZE = 50

REASON_LABELS: Mapping[str, str] = {
    "spam": msg("Advertising or spam"),
    "harassment": msg("Bullying or harassment"),
    "hate": msg("Hate"),
    "violence": msg("Violence or threats"),
    "nudity": msg("Nudity"),
    "copyright": msg("Somebody else's work"),
    "other": msg("Something else"),
}
ACTION_LABELS: Mapping[str, str] = {
    "report.keep": msg("kept what was reported"),
    "report.remove": msg("removed what was reported"),
    "report.suspend": msg("suspended whose it was"),
    "user.suspend": msg("suspended"),
    "user.restore": msg("brought back"),
    "user.role": msg("changed the role"),
    "user.sign_out": msg("signed out everywhere"),
    "user.add": msg("made the account"),
    "user.password": msg("set the password"),
    "user.reset": msg("made a link to a new password"),
    "user.delete": msg("deleted the account"),
    "token.create": msg("made a token"),
    "token.revoke": msg("revoked a token"),
    "invite.create": msg("made an invitation"),
    "invite.revoke": msg("revoked an invitation"),
    "job.retry": msg("tried a job again"),
    "place.rename": msg("renamed this place"),
    "place.reset": msg("removed everything there was"),
    "backup.create": msg("made a backup"),
}
STATE_LABELS = {"active": msg("Active"), "suspended": msg("Suspended"), "away": msg("Away")}
ROLE_LABELS: Mapping[str, str] = {
    "member": msg("Member"),
    "admin": msg("Administrator"),
}


# Reporting, for every member


@routes.page("/report", guests=False)
async def report(visit: Visit) -> HTTPResponse:
    return await _report_page(visit, visit.asked)


@routes.form("/report")
async def send_report(visit: Visit) -> HTTPResponse:
    reason = visit.text("reason")
    what = await _reported(visit, visit.text)
    try:
        if reason not in REASONS:
            raise Invalid.field("#/reason", "required", msg("Choose what is wrong."))
        await visit.app.moderation.report(visit.user, what, reason, visit.text("note"), visit.client)
    except NotFound:
        raise
    except DomainError as error:
        values = Values(reason=reason, note=visit.text("note"))
        return await _report_page(visit, visit.text, values, trouble(error))
    return visit.go(visit.back(), _("Thank you. Whoever runs this place will look at it."))


async def _report_page(
    visit: Visit, asked: Any, values: Values | None = None, found: Trouble = NO_TROUBLE
) -> HTTPResponse:
    what = await _reported(visit, asked)
    post = comment = member = None
    if what.post_id is not None:
        post = await visit.app.feeds.post(visit.viewer, what.post_id)
    elif what.comment_id is not None:
        comment = await visit.app.commenting.get(visit.viewer, what.comment_id)
    else:
        member = await visit.app.people.profile(visit.viewer, what.username or "")
    back = f"/p/{post.id}" if post else f"/p/{comment.post_id}" if comment else f"/@{member.username}"  # type: ignore[union-attr]
    return await visit.page(
        "report.html",
        status=found.status,
        post=post,
        comment=comment,
        member=member,
        back=back,
        choices=[(value, _(label), None) for value, label in REASON_LABELS.items()],
        values=values or Values(),
        trouble=found,
    )


async def _reported(visit: Visit, asked: Any) -> Reported:
    """What an address or a form names. Raises NotFound for anything odd."""
    try:
        if asked("post"):
            return Reported(post_id=PostId(UUID(asked("post"))))
        if asked("comment"):
            return Reported(comment_id=CommentId(UUID(asked("comment"))))
    except ValueError:
        raise NotFound from None
    if not asked("member"):
        raise NotFound
    return Reported(username=fold(asked("member")))


# Administrators


def _staff(visit: Visit) -> Staff:
    if visit.who.role != "admin":
        raise NotFound
    return Staff(visit.user, visit.who.username, visit.client.address)


async def _page(visit: Visit, template: str, *, status: int = 200, **values: Any) -> HTTPResponse:
    _staff(visit)
    path = visit.request.path
    menu = [
        NavItem(href=href, label=label, icon=icon, current=path == href or (depth and path.startswith(href)))
        for href, label, icon, depth in (
            ("/admin", _("Overview"), "shield", False),
            ("/admin/reports", _("Reports"), "flag", True),
            ("/admin/users", _("People"), "users", True),
            ("/admin/invites", _("Invitations"), "user-plus", True),
            ("/admin/jobs", _("Jobs"), "rotate-cw", True),
            ("/admin/settings", _("This place"), "settings", True),
            ("/admin/audit", _("Log"), "file", True),
        )
    ]
    labels = {
        "reasons": REASON_LABELS,
        "actions": ACTION_LABELS,
        "roles": ROLE_LABELS,
        "states": STATE_LABELS,
    }
    return await visit.page(f"admin/{template}", status=status, menu=menu, labels=labels, **values)


@routes.page("/admin", guests=False)
async def overview(visit: Visit) -> HTTPResponse:
    _staff(visit)
    reads = visit.app.operations.reads
    return await _page(visit, "index.html", numbers=await reads.status(), backlog=await reads.backlog())


@routes.form("/admin/first-steps", seen_at="/admin")
async def end_first_steps(visit: Visit) -> HTTPResponse:
    _staff(visit)
    await visit.app.place.end_first_steps()
    return visit.go("/")


@routes.page("/admin/reports", guests=False)
async def cases(visit: Visit) -> HTTPResponse:
    _staff(visit)
    state: Any = "closed" if visit.asked("state") == "closed" else "open"
    page = await visit.app.moderation.cases(visit.user, state, LIST_SIZE, visit.cursor)
    return await _page(visit, "reports.html", cases=page, state=state)


@routes.page("/admin/reports/<case_id:uuid>", guests=False)
async def case(visit: Visit, case_id: UUID) -> HTTPResponse:
    return await _case(visit, CaseId(case_id))


async def _case(
    visit: Visit, case_id: CaseId, found: Trouble = NO_TROUBLE, values: Values | None = None
) -> HTTPResponse:
    _staff(visit)
    shown = await visit.app.moderation.case(visit.user, case_id)
    return await _page(
        visit,
        "report.html",
        status=found.status,
        case=shown,
        shows=await _what_it_shows(visit, shown),
        trouble=found,
        values=values or Values(),
    )


async def _what_it_shows(visit: Visit, shown: Any) -> Any:
    """What a case is about, as far as this administrator may see it."""
    try:
        if shown.kind == "post":
            return await visit.app.feeds.post(visit.viewer, PostId(shown.target_id))
        if shown.kind == "comment":
            return await visit.app.commenting.get(visit.viewer, CommentId(shown.target_id))
        return await visit.app.people.profile(visit.viewer, shown.member.username)
    except DomainError:
        return None


@routes.form("/admin/reports/<case_id:uuid>")
async def decide(visit: Visit, case_id: UUID) -> HTTPResponse:
    by = _staff(visit)
    decision: Any = visit.text("decision")
    try:
        if decision not in get_args(Decision):
            raise Invalid.field("#/decision", "required", msg("Choose what to do."))
        await visit.app.moderation.decide(by, CaseId(case_id), decision, visit.text("note"))
    except NotFound:
        raise
    except DomainError as error:
        values = Values(decision=decision, note=visit.text("note"))
        return await _case(visit, CaseId(case_id), trouble(error), values)
    return visit.go("/admin/reports", _("Done, and written to the log."))


@routes.page("/admin/users", guests=False)
async def users(visit: Visit) -> HTTPResponse:
    _staff(visit)
    text, role, state = visit.asked("q"), visit.asked("role"), visit.asked("state")
    page = await visit.app.directory.search(
        text,
        role if role in get_args(Role) else None,  # type: ignore[arg-type]
        state if state in ("active", "suspended", "away") else None,  # type: ignore[arg-type]
        LIST_SIZE,
        visit.cursor,
    )
    return await _page(visit, "users.html", entries=page, asked=Values(q=text, role=role, state=state))


@routes.page("/admin/users/<username>", guests=False)
async def user(visit: Visit, username: str) -> HTTPResponse:
    return await _user(visit, username)


async def _user(
    visit: Visit, username: str, found: Trouble = NO_TROUBLE, link: ResetLink | None = None
) -> HTTPResponse:
    _staff(visit)
    entry = await visit.app.directory.get(fold(username))
    origin = requests.settings(visit.request).origin
    return await _page(
        visit, "user.html", status=found.status, entry=entry, trouble=found, link=link, origin=origin
    )


@routes.form("/admin/users/<username>")
async def change_user(visit: Visit, username: str) -> HTTPResponse:
    by, act, role = _staff(visit), visit.text("act"), visit.text("role")
    if act == "reset":
        # The answer itself shows the link, because it must not stand in any address or cookie of this browser.
        return await _user(visit, username, link=await visit.app.resetting.make_link(fold(username), by))
    changes: dict[str, dict[str, Any]] = {
        "suspend": {"suspended": True},
        "restore": {"suspended": False},
        "sign_out": {"sign_out": True},
        "role": {"role": role} if role in get_args(Role) else {},
    }
    if not changes.get(act):
        raise Invalid.field("#/act", "required", msg("Choose what to do."))
    entry = await visit.app.directory.get(fold(username))
    try:
        await visit.app.moderation.change(entry.username, **changes[act], by=by)
    except NotFound:
        raise
    except DomainError as error:
        return await _user(visit, username, trouble(error))
    if entry.id == visit.user:
        return visit.go("/")  # who took the role from themselves sees nothing here any more
    return visit.go(f"/admin/users/{entry.username}", _("Done, and written to the log."))


@routes.page("/admin/invites", guests=False)
async def invites(visit: Visit) -> HTTPResponse:
    return await _invites(visit, Values(uses="1", days="14"))


async def _invites(visit: Visit, values: Values, found: Trouble = NO_TROUBLE) -> HTTPResponse:
    _staff(visit)
    return await _page(
        visit,
        "invites.html",
        status=found.status,
        invites=await visit.app.moderation.invites(LIST_SIZE, visit.cursor),
        origin=requests.settings(visit.request).origin,
        sign_up=visit.app.joining.sign_up_mode,
        values=values,
        trouble=found,
    )


@routes.form("/admin/invites")
async def create_invite(visit: Visit) -> HTTPResponse:
    by, values = _staff(visit), Values(uses=visit.text("uses"), days=visit.text("days"))
    try:
        await visit.app.moderation.create_invite(
            by, uses=_number(values["uses"]), days=_number(values["days"])
        )
    except DomainError as error:
        return await _invites(visit, values, trouble(error))
    return visit.go("/admin/invites", _("The invitation is made. Its link stands first in the list."))


def _number(text: str) -> int:
    """A number from a form; for anything else one that no rule takes."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


@routes.form("/admin/invites/<code>/revoke", seen_at="/admin/invites")
async def revoke_invite(visit: Visit, code: str) -> HTTPResponse:
    await visit.app.moderation.revoke_invite(code, _staff(visit))
    return visit.go("/admin/invites", _("The invitation lets nobody in any more."))


@routes.page("/admin/jobs", guests=False)
async def jobs(visit: Visit) -> HTTPResponse:
    _staff(visit)
    dead = await visit.app.moderation.dead_jobs(LIST_SIZE, visit.cursor)
    return await _page(visit, "jobs.html", dead=dead, backlog=await visit.app.operations.reads.backlog())


@routes.form("/admin/jobs/<job_id:uuid>/retry", seen_at="/admin/jobs")
async def retry_job(visit: Visit, job_id: UUID) -> HTTPResponse:
    if not await visit.app.moderation.retry_jobs(EventId(job_id), _staff(visit)):
        raise NotFound
    return visit.go("/admin/jobs", _("It is tried again."))


@routes.page("/admin/settings", guests=False)
async def place_settings(visit: Visit) -> HTTPResponse:
    return await _place_settings(visit, Values(name=visit.app.place.name))


async def _place_settings(visit: Visit, values: Values, found: Trouble = NO_TROUBLE) -> HTTPResponse:
    fixed = visit.app.place.is_named_by_settings
    return await _page(
        visit, "settings.html", status=found.status, values=values, trouble=found, is_fixed=fixed
    )


@routes.form("/admin/settings")
async def name_place(visit: Visit) -> HTTPResponse:
    by, name = _staff(visit), visit.text("name")
    try:
        await visit.app.place.rename(by, name)
    except Invalid as error:
        return await _place_settings(visit, Values(name=name), trouble(error))
    return visit.go("/admin/settings", _("Saved."))


@routes.page("/admin/audit", guests=False)
async def audit(visit: Visit) -> HTTPResponse:
    _staff(visit)
    return await _page(visit, "audit.html", entries=await visit.app.moderation.audit(LIST_SIZE, visit.cursor))
