"""Joining, signing in and out, and the first run."""

from typing import Any
from urllib.parse import quote

from sanic import HTTPResponse
from sanic.response import json

from application.resetting import LinkExpired
from domain.kernel import DomainError, Invalid, NotFound, TooMany
from domain.sessions import InviteRequired
from domain.text import fold
from domain.users import UsernameTaken
from entrypoints import requests
from entrypoints.errors import status_of
from entrypoints.web import site
from entrypoints.web.translation import current_language, speaking
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import NO_TROUBLE, Routes, Trouble, Values, Visit, sentence, trouble
from entrypoints.web.welcome_pages import way

routes = Routes("account")


async def _form_page(
    visit: Visit, template: str, values: Values, found: Trouble = NO_TROUBLE, **more: Any
) -> HTTPResponse:
    return await visit.page(
        template,
        status=found.status,
        values=values,
        trouble=found,
        sign_up=visit.app.joining.sign_up_mode,
        next=_next(visit),
        **more,
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
        # How long to wait is told by the clock of whoever waits.
        with speaking(current_language(), visit.text("timezone")):
            found = trouble(error)
        return await _form_page(visit, "login.html", Values(username=name, stay=stay), found)
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
    return await _register(visit, Values(invite=visit.asked("invite").strip()))


async def _register(visit: Visit, values: Values, found: Trouble = NO_TROUBLE) -> HTTPResponse:
    """The form, as much of it as makes sense: without a code that works nobody fills in the rest in vain."""
    invitation, is_over = None, False
    try:
        invitation = await visit.app.joining.invitation(values["invite"]) if values["invite"] else None
    except InviteRequired as error:
        is_over = found is NO_TROUBLE
        if is_over and visit.app.joining.sign_up_mode == "invite":
            found = Trouble(status_of(error))
    return await _form_page(visit, "register.html", values, found, invitation=invitation, is_over=is_over)


@routes.form("/register", guests=True)
async def join(visit: Visit) -> HTTPResponse:
    names = ("username", "email", "invite")
    values = Values({name: visit.text(name) for name in names})
    try:
        account = await visit.app.joining.sign_up(
            visit.client,
            values["username"],
            visit.text("password"),
            email=values["email"] or None,
            invite=values["invite"].strip() or None,
            language=visit.request.cookies.get(site.LANGUAGE_COOKIE) or "",
            timezone=visit.text("timezone"),
        )
    except DomainError as error:
        return await _register(visit, values, await _all_at_once(visit, values, error))
    issued = await visit.app.signing_in.open_session_for(visit.client, account.id)
    response = visit.go(way("", _next(visit)), _("Welcome. You are signed in."))
    requests.set_session_cookie(visit.request, response, issued.secret)
    return response


@routes.page("/register/name")
async def check_name(visit: Visit) -> HTTPResponse:
    """What a script says about a user name while it is typed: what sending the form would say of it."""
    try:
        name = await visit.app.joining.check_name(
            visit.client, visit.asked("username"), visit.asked("invite").strip() or None
        )
    except TooMany:
        raise
    except DomainError as error:
        return json({"available": False, "text": sentence(error)})
    return json({"available": True, "username": name, "text": _("This name is free.")})


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


# A forgotten password


@routes.page("/forgot")
async def forgot(visit: Visit) -> HTTPResponse:
    return await visit.page("forgot.html")


@routes.page("/reset/<secret>")
async def reset(visit: Visit, secret: str) -> HTTPResponse:
    return await _reset(visit, secret)


async def _reset(visit: Visit, secret: str, found: Trouble = NO_TROUBLE) -> HTTPResponse:
    status, username = found.status, ""
    try:
        username = await visit.app.resetting.whose(visit.client, secret)
    except LinkExpired as error:
        status = status_of(error)
    return await visit.page("reset.html", status=status, username=username, secret=secret, trouble=found)


@routes.form("/reset/<secret>", guests=True)
async def choose_password(visit: Visit, secret: str) -> HTTPResponse:
    try:
        user = await visit.app.resetting.reset(visit.client, secret, visit.text("password"))
    except DomainError as error:
        return await _reset(visit, secret, trouble(error))
    issued = await visit.app.signing_in.open_session_for(visit.client, user)
    return _sign_in(visit, issued.secret, stay=True, flash=_("Your password is changed. You are signed in."))


# Languages, for whoever is signed out


@routes.form("/language", guests=True, seen_at="/")
async def choose_language(visit: Visit) -> HTTPResponse:
    """For this browser; who is signed in has a setting, which comes first."""
    response = visit.go(visit.back())
    if site.site(visit.request).languages.find(visit.text("language")):
        site.keep_language(visit.request, response, visit.text("language"))
    return response


# The first run


@routes.page("/setup")
async def setup(visit: Visit) -> HTTPResponse:
    if not await visit.app.joining.needs_setup():
        raise NotFound
    return await _setup(visit, Values(username="admin", name=visit.app.place.name))


async def _setup(visit: Visit, values: Values, found: Trouble = NO_TROUBLE) -> HTTPResponse:
    fixed = visit.app.place.name if visit.app.place.is_named_by_settings else ""
    return await visit.page("setup.html", status=found.status, values=values, trouble=found, fixed_name=fixed)


@routes.form("/setup", guests=True)
async def set_up(visit: Visit) -> HTTPResponse:
    if not await visit.app.joining.needs_setup():
        raise NotFound
    place = visit.app.place
    values = Values({name: visit.text(name) for name in ("code", "username", "name")})
    called = place.name if place.is_named_by_settings else values["name"]
    try:
        account = await visit.app.joining.set_up(
            visit.client, values["code"], values["username"], visit.text("password"), called
        )
    except DomainError as error:
        return await _setup(visit, values, trouble(error))
    await place.read()
    issued = await visit.app.signing_in.open_session_for(visit.client, account.id)
    return _sign_in(
        visit, issued.secret, stay=True, flash=_("This server is set up. You are its administrator.")
    )
