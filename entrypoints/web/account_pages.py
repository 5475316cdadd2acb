"""Joining, signing in and out, and the first run."""

from urllib.parse import quote

from sanic import HTTPResponse

from domain.kernel import DomainError, Invalid, NotFound
from domain.text import fold
from domain.users import UsernameTaken
from entrypoints import requests
from entrypoints.web import site
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import NO_TROUBLE, Routes, Trouble, Values, Visit, sentence, trouble

routes = Routes("account")


async def _form_page(
    visit: Visit, template: str, values: Values, found: Trouble = NO_TROUBLE
) -> HTTPResponse:
    return await visit.page(
        template,
        status=found.status,
        values=values,
        trouble=found,
        sign_up=visit.app.accounts.sign_up_mode,
        next=_next(visit),
    )


def _next(visit: Visit) -> str:
    """Where to go once signed in."""
    return site.safe_path(visit.text("next") or visit.asked("next"))


def _sign_in(visit: Visit, secret: str, *, stay: bool, flash: str = "") -> HTTPResponse:
    response = visit.go(_next(visit), flash)
    requests.set_session_cookie(visit.request, response, secret, stay=stay)
    return response


@routes.page("/login")
async def login(visit: Visit) -> HTTPResponse:
    if visit.identity is not None:
        return visit.go(_next(visit))
    return await _form_page(visit, "login.html", Values(stay=True))


@routes.form("/login", guests=True)
async def sign_in(visit: Visit) -> HTTPResponse:
    name, stay = visit.text("username"), visit.ticked("stay")
    try:
        issued = await visit.app.signing_in.sign_in(
            visit.client, name, visit.text("password"), stay=stay, ask=True
        )
    except DomainError as error:
        return await _form_page(visit, "login.html", Values(username=name, stay=stay), trouble(error))
    if visit.identity is not None:
        await visit.app.signing_in.sign_out(visit.identity)
    response = _sign_in(visit, issued.secret, stay=stay)
    if issued.away:
        response.headers["Location"] = f"/come-back?next={quote(_next(visit), safe='')}"
    return response


@routes.page("/come-back")
async def come_back(visit: Visit) -> HTTPResponse:
    """The question to somebody who hid their account or left, and has just signed in."""
    account = await visit.app.signing_in.away(requests.session_cookie(visit.request))
    if account is None:
        return visit.go("/login" if visit.identity is None else _next(visit))
    return await visit.page("come_back.html", account=account, next=_next(visit))


@routes.form("/come-back", guests=True)
async def decide_to_come_back(visit: Visit) -> HTTPResponse:
    secret = requests.session_cookie(visit.request)
    if visit.text("act") == "stay_away":
        await visit.app.signing_in.stay_away(secret)
        response = visit.go("/", _("You are signed out. Nothing has changed."))
        requests.clear_session_cookie(visit.request, response)
        return response
    try:
        await visit.app.signing_in.come_back(secret)
    except NotFound:
        return visit.go("/login")
    return visit.go(_next(visit), _("Welcome back. Your profile and your posts can be seen again."))


@routes.form("/logout", guests=True, seen_at="/")
async def logout(visit: Visit) -> HTTPResponse:
    if visit.identity is not None:
        await visit.app.signing_in.sign_out(visit.identity)
    response = visit.go("/", _("You are signed out."))
    requests.clear_session_cookie(visit.request, response)
    return response


@routes.page("/register")
async def register(visit: Visit) -> HTTPResponse:
    if visit.identity is not None:
        return visit.go(_next(visit))
    return await _form_page(visit, "register.html", Values(invite=visit.asked("invite")))


@routes.form("/register", guests=True)
async def join(visit: Visit) -> HTTPResponse:
    names = ("username", "display_name", "email", "invite")
    values = Values({name: visit.text(name) for name in names})
    accounts = visit.app.accounts
    try:
        account = await accounts.sign_up(
            visit.client,
            values["username"],
            visit.text("password"),
            email=values["email"] or None,
            display_name=values["display_name"] or None,
            invite=values["invite"].strip() or None,
        )
    except DomainError as error:
        return await _form_page(visit, "register.html", values, await _all_at_once(visit, values, error))
    issued = await visit.app.signing_in.open_session_for(visit.client, account.id)
    return _sign_in(visit, issued.secret, stay=True, flash=_("Welcome. You are signed in."))


async def _all_at_once(visit: Visit, values: Values, error: DomainError) -> Trouble:
    """A name that is taken shows only when the account is stored; who has to mend another field learns it now too."""
    found = trouble(error)
    if not isinstance(error, Invalid) or found.of("username"):
        return found
    try:
        await visit.app.people.renamed(None, fold(values["username"]))
    except NotFound:
        return found
    return Trouble(found.status, (("username", sentence(UsernameTaken())), *found.lines))


@routes.page("/invite/<code>")
async def invite(visit: Visit, code: str) -> HTTPResponse:
    return visit.go(f"/register?invite={quote(code[:100], safe='')}")


@routes.page("/setup")
async def setup(visit: Visit) -> HTTPResponse:
    if not await visit.app.accounts.needs_setup():
        raise NotFound
    return await _form_page(visit, "setup.html", Values(username="admin"))


@routes.form("/setup", guests=True)
async def set_up(visit: Visit) -> HTTPResponse:
    if not await visit.app.accounts.needs_setup():
        raise NotFound
    values = Values(code=visit.text("code"), username=visit.text("username"))
    try:
        account = await visit.app.accounts.set_up(
            visit.client, values["code"], values["username"], visit.text("password")
        )
    except DomainError as error:
        return await _form_page(visit, "setup.html", values, trouble(error))
    issued = await visit.app.signing_in.open_session_for(visit.client, account.id)
    return _sign_in(
        visit, issued.secret, stay=True, flash=_("This server is set up. You are its administrator.")
    )
