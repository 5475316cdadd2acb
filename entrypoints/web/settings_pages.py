"""Settings: profile, account, password, privacy, appearance, devices, tokens, own data, leaving."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from sanic import HTTPResponse

from application.accounts import ProfileChange
from application.exporting import ExportView
from application.views import Me
from domain.kernel import DomainError, ExportId, Invalid, NotFound, SessionId, TokenId, msg
from domain.notifications import Kind
from domain.sessions import SCOPES
from domain.sign_ins import KEPT, Device
from domain.users import COME_BACK, TEXT_SIZES
from entrypoints import requests
from entrypoints.api.exports import archive_url
from entrypoints.retrying import retrying
from entrypoints.web import site
from entrypoints.web.navigation import NavItem
from entrypoints.web.shots import check_size
from entrypoints.web.translation import current_language
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import NO_TROUBLE, Routes, Trouble, Values, Visit, trouble
from entrypoints.web.zones import choices

routes = Routes("settings")

SHORT_LIST = 10
LIST_SIZE = 30
PROFILE_TEXTS = ("display_name", "bio", "link", "place")
THEME_SECONDS = 365 * 24 * 3600


def settings_menu(path: str) -> list[NavItem]:
    entries = (
        ("profile", _("Profile"), "user"),
        ("account", _("Account"), "settings"),
        ("privacy", _("Privacy"), "lock"),
        ("notifications", _("Notifications"), "bell"),
        ("appearance", _("Appearance"), "sun"),
        ("descriptions", _("Descriptions"), "image"),
        ("security", _("Devices"), "monitor"),
        ("tokens", _("API tokens"), "key-round"),
        ("data", _("Your data"), "file"),
    )
    return [
        NavItem(
            href=f"/settings/{name}", label=label, icon=icon, current=path.startswith(f"/settings/{name}")
        )
        for name, label, icon in entries
    ]


async def _page(
    visit: Visit, template: str, values: Values | None = None, found: Trouble = NO_TROUBLE, **more: Any
) -> HTTPResponse:
    return await visit.page(
        f"settings/{template}",
        status=found.status,
        menu=settings_menu(visit.request.path),
        me=await _me(visit),
        values=values if values is not None else Values(),
        trouble=found,
        **more,
    )


async def _me(visit: Visit) -> Me:
    found = await site.me(visit.request)
    if found is None:
        raise NotFound
    return found


async def _save(
    visit: Visit,
    change: ProfileChange,
    show: Callable[[Values, Trouble], Awaitable[HTTPResponse]],
    values: Values,
) -> HTTPResponse:
    """Store a change and say so on the same page, or show the form again."""
    try:
        password = visit.text("password") or None
        await visit.app.accounts.change_profile(visit.user, change, visit.client, password)
    except DomainError as error:
        if visit.is_by_script:
            raise
        return await show(values, trouble(error))
    return visit.done(visit.request.path, _("Saved."))


@routes.page("/settings", guests=False)
async def index(visit: Visit) -> HTTPResponse:
    about = {
        "/settings/profile": _("Name, picture, what you say about yourself"),
        "/settings/account": _("User name, e-mail, password, language, time zone"),
        "/settings/privacy": _("Who sees your photos; muted and blocked people"),
        "/settings/notifications": _("What you are told of"),
        "/settings/appearance": _("Colours, text size, motion, keys"),
        "/settings/descriptions": _("Photos that nobody described yet"),
        "/settings/security": _("Where you are signed in"),
        "/settings/tokens": _("Programs that act for you"),
        "/settings/data": _("An archive of everything, your originals, leaving"),
    }
    return await _page(visit, "index.html", about=about)


# Profile


@routes.page("/settings/profile", guests=False)
async def profile(visit: Visit) -> HTTPResponse:
    return await _profile(visit, await _profile_values(visit))


async def _profile_values(visit: Visit) -> Values:
    me = await _me(visit)
    return Values({name: getattr(me, name) for name in PROFILE_TEXTS})


async def _profile(visit: Visit, values: Values, found: Trouble = NO_TROUBLE) -> HTTPResponse:
    return await _page(
        visit, "profile.html", values, found, max_mb=requests.settings(visit.request).max_upload_mb
    )


@routes.form("/settings/profile")
async def change_profile(visit: Visit) -> HTTPResponse:
    texts = {name: visit.text(name) for name in PROFILE_TEXTS}

    async def show(values: Values, found: Trouble) -> HTTPResponse:
        return await _profile(visit, values, found)

    return await _save(visit, ProfileChange(**texts), show, Values(texts))


@routes.form("/settings/avatar", files=1, seen_at="/settings/profile")
async def set_avatar(visit: Visit) -> HTTPResponse:
    uploads = visit.form.files.get("picture", [])
    try:
        if not uploads:
            raise Invalid.field("#/picture", "required", msg("Choose a picture."))
        check_size(visit, uploads[0])
        await visit.admit_upload()
        await retrying(lambda: visit.app.accounts.set_avatar(visit.user, uploads[0]))
    except DomainError as error:
        found = trouble(error)
        lines = tuple(("picture", text) for _none, text in found.lines)
        return await _profile(visit, await _profile_values(visit), Trouble(found.status, lines))
    return visit.go("/settings/profile", _("Your picture is changed."))


@routes.form("/settings/avatar/remove", seen_at="/settings/profile")
async def remove_avatar(visit: Visit) -> HTTPResponse:
    await visit.app.accounts.remove_avatar(visit.user)
    return visit.go("/settings/profile", _("Your picture is removed."))


# Account and password


@routes.page("/settings/account", guests=False)
async def account(visit: Visit) -> HTTPResponse:
    me = await _me(visit)
    values = Values(username=me.username, email=me.email or "", language=me.language, timezone=me.timezone)
    return await _account(visit, values)


async def _account(visit: Visit, values: Values, found: Trouble = NO_TROUBLE) -> HTTPResponse:
    spoken = [(each.code, each.name) for each in site.site(visit.request).languages.all]
    zones = choices((await _me(visit)).timezone)
    return await _page(visit, "account.html", values, found, languages=spoken, timezones=zones)


@routes.form("/settings/account")
async def change_account(visit: Visit) -> HTTPResponse:
    texts = {name: visit.text(name) for name in ("username", "email", "language", "timezone")}

    async def show(values: Values, found: Trouble) -> HTTPResponse:
        return await _account(visit, values, found)

    # Browsers fill the password in by themselves; it counts only where it is needed.
    same = texts["email"] == ((await _me(visit)).email or "")
    change = ProfileChange(
        username=texts["username"],
        email=None if same else texts["email"],
        language=texts["language"],
        timezone=texts["timezone"] or None,
    )
    return await _save(visit, change, show, Values(texts))


@routes.page("/settings/password", guests=False)
async def password(visit: Visit) -> HTTPResponse:
    return await _page(visit, "password.html")


@routes.form("/settings/password")
async def change_password(visit: Visit) -> HTTPResponse:
    try:
        await visit.app.accounts.change_password(
            visit.who, visit.client, visit.text("old"), visit.text("new")
        )
    except DomainError as error:
        return await _page(visit, "password.html", found=trouble(error))
    return visit.go("/settings/account", _("Your password is changed. Other devices are signed out."))


# Privacy


@routes.page("/settings/privacy", guests=False)
async def privacy(visit: Visit) -> HTTPResponse:
    people = visit.app.people
    return await _page(
        visit,
        "privacy.html",
        muted=await people.own(visit.user, "muted", SHORT_LIST, None),
        blocked=await people.own(visit.user, "blocked", SHORT_LIST, None),
    )


@routes.form("/settings/privacy")
async def change_privacy(visit: Visit) -> HTTPResponse:
    change = ProfileChange(
        private=visit.ticked("private"),
        show_camera=visit.ticked("show_camera"),
        downloads=visit.ticked("downloads"),
    )
    await visit.app.accounts.change_profile(visit.user, change)
    return visit.done("/settings/privacy", _("Saved."))


@routes.page("/settings/privacy/<kind:muted|blocked>", guests=False)
async def hidden_people(visit: Visit, kind: Any) -> HTTPResponse:
    rows = await visit.app.people.own(visit.user, kind, LIST_SIZE, visit.cursor)
    return await _page(visit, "hidden_people.html", rows=rows, kind=kind)


# Notifications


def _kinds() -> list[tuple[Kind, str]]:
    """What somebody can be told of, as far as anything tells it."""
    return [
        ("like", _("Likes of your photos and comments")),
        ("comment", _("Comments on your photos")),
        ("reply", _("Answers to your comments")),
        ("mention", _("Mentions of your name")),
        ("follow", _("New followers")),
        ("follow_request", _("Requests to follow you")),
        ("follow_accepted", _("Accepted requests of yours")),
        ("new_post", _("New photos of people you follow")),
        ("file_failed", _("Photos that could not be processed")),
    ]


@routes.page("/settings/notifications", guests=False)
async def told_of(visit: Visit) -> HTTPResponse:
    wanted = await visit.app.notifying.preferences(visit.user)
    rows = [(kind, label, wanted[kind]) for kind, label in _kinds()]
    return await _page(visit, "notifications.html", rows=rows)


@routes.form("/settings/notifications")
async def change_told_of(visit: Visit) -> HTTPResponse:
    await visit.app.notifying.prefer(visit.user, {kind: visit.ticked(kind) for kind, _label in _kinds()})
    return visit.done("/settings/notifications", _("Saved."))


# Appearance


@routes.page("/settings/appearance", guests=False)
async def appearance(visit: Visit) -> HTTPResponse:
    wish = (await _me(visit)).preferences
    values = Values(
        theme=site.theme(visit.request),
        text_size=wish.text_size,
        reduce_motion=wish.motion == "reduce",
        single_keys=wish.single_keys,
        alt_reminder=wish.alt_reminder == "always",
    )
    return await _page(visit, "appearance.html", values, text_sizes=TEXT_SIZES)


@routes.form("/settings/appearance")
async def change_appearance(visit: Visit) -> HTTPResponse:
    size, chosen = visit.text("text_size"), visit.text("theme")
    change = ProfileChange(
        text_size=int(size) if size.isdecimal() and len(size) < 4 else None,
        motion="reduce" if visit.ticked("reduce_motion") else "auto",
        single_keys=visit.ticked("single_keys"),
        alt_reminder="always" if visit.ticked("alt_reminder") else "never",
    )
    await visit.app.accounts.change_profile(visit.user, change)
    response = visit.done("/settings/appearance", _("Saved."))
    if chosen in site.THEMES:
        requests.set_cookie(visit.request, response, site.THEME_COOKIE, chosen, THEME_SECONDS)
    return response


# Devices


@routes.page("/settings/security", guests=False)
async def security(visit: Visit) -> HTTPResponse:
    sessions = await visit.app.signing_in.sessions(visit.user)
    return await _page(
        visit,
        "security.html",
        sessions=sessions,
        current=visit.who.secret_id,
        device_name=device_name,
        log=await visit.app.sign_in_log.page(visit.user, SHORT_LIST, visit.cursor),
        kind_name=kind_name,
        days=KEPT.days,
    )


def device_name(user_agent: str) -> str:
    """`Firefox on Linux`, as far as the browser says so."""
    return _kind_name(Device.of(user_agent)) or user_agent[:60] or _("Unknown device")


def kind_name(device: Device) -> str:
    """`Firefox on Linux`, as far as that was written down."""
    return _kind_name(device) or _("Unknown device")


def _kind_name(device: Device) -> str:
    if device.browser and device.system:
        return _("%(browser)s on %(system)s") % {"browser": device.browser, "system": device.system}
    return device.browser or device.system


@routes.form("/settings/security")
async def end_sessions(visit: Visit) -> HTTPResponse:
    """One device by `session`, or all others."""
    which = visit.text("session")
    if which == "others":
        await visit.app.signing_in.end_other_sessions(visit.who)
        return visit.go("/settings/security", _("All other devices are signed out."))
    await visit.app.signing_in.end_session(visit.user, SessionId(_uuid(which)))
    return visit.go("/settings/security", _("That device is signed out."))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


# Tokens

_LEAST = ("read",)


@routes.page("/settings/tokens", guests=False)
async def tokens(visit: Visit) -> HTTPResponse:
    return await _tokens(visit, Values(scopes=_LEAST))


async def _tokens(
    visit: Visit, values: Values, found: Trouble = NO_TROUBLE, secret: str | None = None
) -> HTTPResponse:
    me = await _me(visit)
    hidden = {"messages"} if me.role == "admin" else {"messages", "admin"}  # there are no messages yet
    scopes = [scope for scope in SCOPES if scope not in hidden]
    shown = await visit.app.signing_in.tokens(visit.user)
    return await _page(visit, "tokens.html", values, found, tokens=shown, scopes=scopes, secret=secret)


@routes.form("/settings/tokens")
async def create_token(visit: Visit) -> HTTPResponse:
    """The answer itself shows the secret, because it must not stand in any address or cookie."""
    values = Values(name=visit.text("name"), scopes=visit.form.all("scopes"))
    try:
        issued = await visit.app.signing_in.create_token_as(
            visit.who, visit.client, visit.text("password"), values["name"], values["scopes"]
        )
    except DomainError as error:
        return await _tokens(visit, values, trouble(error))
    return await _tokens(visit, Values(scopes=_LEAST), secret=issued.secret)


@routes.form("/settings/tokens/<token_id:uuid>/revoke", seen_at="/settings/tokens")
async def revoke_token(visit: Visit, token_id: UUID) -> HTTPResponse:
    await visit.app.signing_in.revoke_token(visit.user, TokenId(token_id))
    return visit.go("/settings/tokens", _("The token works no more."))


# Own data


@routes.page("/settings/data", guests=False)
async def data(visit: Visit) -> HTTPResponse:
    return await _data(visit)


async def _data(visit: Visit, found: Trouble = NO_TROUBLE, form: str = "") -> HTTPResponse:
    """`form` is the one that comes back with `found`."""
    exports = await visit.app.exporting.all(visit.user)
    return await _page(
        visit,
        "data.html",
        found=found,
        form=form,
        export=_shown(exports),
        failed=exports[0] if exports and exports[0].state == "failed" else None,
        files=await visit.app.uploading.list(visit.user, SHORT_LIST, visit.cursor),
        storage=await visit.app.uploading.storage(visit.user),
        days=COME_BACK.days,
    )


def _shown(exports: Sequence[ExportView]) -> ExportView | None:
    """The one that is being made, else the one that can be loaded."""
    states = ("waiting", "processing", "ready")
    return min((e for e in exports if e.state in states), key=lambda e: states.index(e.state), default=None)


@routes.form("/settings/data/export", seen_at="/settings/data")
async def ask_for_export(visit: Visit) -> HTTPResponse:
    language = current_language().code
    try:
        await visit.app.exporting.ask(visit.user, visit.client, language)
    except DomainError as error:
        return await _data(visit, trouble(error), "export")
    return visit.go("/settings/data")


@routes.form("/settings/data/export/<export_id:uuid>/load", seen_at="/settings/data")
async def load_export(visit: Visit, export_id: UUID) -> HTTPResponse:
    """Leads to a link that works once, made for this very press."""
    url = archive_url(await visit.app.exporting.get(visit.user, ExportId(export_id)))
    return visit.go(url or "/settings/data")


@routes.form("/settings/data/export/<export_id:uuid>/remove", seen_at="/settings/data")
async def remove_export(visit: Visit, export_id: UUID) -> HTTPResponse:
    await visit.app.exporting.remove(visit.user, ExportId(export_id))
    return visit.go("/settings/data", _("The archive is removed."))


@routes.form("/settings/hide", seen_at="/settings/data#hide")
async def hide(visit: Visit) -> HTTPResponse:
    return await _leave(visit, "hide", _("Your account is switched off. Sign in to use it again."))


@routes.form("/settings/delete", seen_at="/settings/data#delete")
async def leave(visit: Visit) -> HTTPResponse:
    return await _leave(
        visit, "delete", _("Your account is deleted. For 14 days you can sign in to come back.")
    )


async def _leave(visit: Visit, form: str, said: str) -> HTTPResponse:
    try:
        await visit.app.leaving.leave(
            visit.who, visit.client, visit.text("password"), for_good=form == "delete"
        )
    except DomainError as error:
        return await _data(visit, trouble(error), form)
    response = visit.go("/", said)
    requests.clear_session_cookie(visit.request, response)
    return response
