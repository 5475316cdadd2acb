"""What every page shares: the renderer of this process, the shell around a page, forms, flashes, static files."""

import base64
import hashlib
import json
import re
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from sanic import HTTPResponse, Request, Sanic
from sanic.response import html, redirect

from application.views import Me
from domain.kernel import NotFound, UserId
from domain.users import Preferences
from entrypoints import requests
from entrypoints.errors import Failure, title
from entrypoints.settings import Settings
from entrypoints.web import rendering
from entrypoints.web.assets import Assets
from entrypoints.web.bytecode import SealedBytecode
from entrypoints.web.navigation import NavItem, navigation
from entrypoints.web.rendering import Flash, Pages, Shell, clock_after
from entrypoints.web.translation import Language, Languages, gettext, speaking, told

FLASH_COOKIE = "hg_flash"
_UNDO = re.compile("/comments/[0-9a-f-]{36}/restore")
THEME_COOKIE = "hg_theme"
LANGUAGE_COOKIE = "hg_lang"
LANGUAGE_SECONDS = 365 * 24 * 3600
THEMES: tuple[Literal["auto", "light", "dark"], ...] = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Site:
    """The renderer with its assets and languages, made once per process."""

    pages: Pages
    assets: Assets
    languages: Languages


_sites: dict[tuple[str, bool], Site] = {}


def open_site(app: Sanic[Any, Any]) -> None:
    """Load templates, static files and languages, once per process; a broken one stops the start."""
    settings: Settings = app.ctx.settings
    spoken = settings.language, settings.log_level == "debug"
    if spoken not in _sites:
        languages = Languages(default=spoken[0], pseudo=spoken[1])
        _sites[spoken] = load(settings.data_dir / "cache" / "templates", app.ctx.secret, languages)
    app.ctx.site = _sites[spoken]


def loaded() -> Site | None:
    """The site of this process, where there is one."""
    return next(iter(_sites.values()), None)


def load(compiled: Path, secret: bytes, languages: Languages | None = None) -> Site:
    """The site, with its templates' code kept in the folder `compiled` for the next start."""
    assets = Assets()
    # Options, and addresses of static files, are compiled into the code.
    options = hashlib.sha256(Path(rendering.__file__).read_bytes()).hexdigest()
    bytecode = SealedBytecode(compiled, secret, f"{options} {assets.version}")
    languages = languages or Languages()
    return Site(Pages(assets, languages, bytecode=bytecode), assets, languages)


def site(request: Request) -> Site:
    """The site of this process."""
    found: Site = request.app.ctx.site
    return found


async def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTTPResponse:
    """A page for whoever asks, or the part of it that a script puts into the page at hand (its block `fragment`)."""
    block = "fragment" if wants_part(request) else None
    shell = await _shell(request)
    content = site(request).pages.render(template, shell, block, **values)
    return html(content, status=status, headers=_page_headers(shell))


async def page_for_anybody(request: Request, template: str) -> HTTPResponse:
    """A page without a word about whoever asks, but in their language and theme: browsers keep it for later."""
    viewer = await me(request)
    shell = Shell(
        csrf_token="",
        language=_choose_language(request, viewer),
        theme=theme(request),
        instance=requests.application(request).place.name,
    )
    return html(site(request).pages.render(template, shell), headers=_page_headers(shell))


def wants_part(request: Request) -> bool:
    """Whether a script asks for a part of the page that it has already."""
    return bool(request.headers.get("hx-request") == "true")


async def me(request: Request) -> Me | None:
    """The account of whoever asks, looked up once per request; None when signed out."""
    if not hasattr(request.ctx, "me"):
        user = await requests.viewer(request)
        request.ctx.me = await requests.application(request).people.me(user) if user else None
    found: Me | None = request.ctx.me
    return found


async def recognise(request: Request) -> None:
    """Find out who looks, so that an error page has their menu; when even that fails, it has a guest's."""
    with suppress(Exception):
        if not hasattr(request.ctx, "me"):
            await requests.identify_browser(request)
        await me(request)


async def speaking_to(request: Request) -> AbstractContextManager[None]:
    """The language and the time zone of whoever asks, for the words that a handler makes."""
    viewer = await me(request)
    return speaking(_choose_language(request, viewer), timezone(viewer))


def timezone(viewer: Me | None) -> str:
    """The time zone in which dates are told."""
    return viewer.timezone if viewer else "UTC"


def _choose_language(request: Request, viewer: Me | None) -> Language:
    return site(request).languages.choose(
        setting=viewer.language if viewer else None,
        cookie=request.cookies.get(LANGUAGE_COOKIE),
        accept_language=_accepted(request),
    )


def accepted_language(request: Request, setting: str = "") -> Language:
    """The language to answer a program in: programs say it with each request, or act for somebody with a `setting`."""
    return site(request).languages.choose(setting=setting, accept_language=_accepted(request))


def _accepted(request: Request) -> str:
    return request.headers.get("accept-language", "")[:500] if request.headers else ""


def keep_language(request: Request, response: HTTPResponse, code: str) -> None:
    """Let this browser be answered in a language; the empty text leaves it to the browser again."""
    requests.set_cookie(request, response, LANGUAGE_COOKIE, code, LANGUAGE_SECONDS if code else 0)


def theme(request: Request) -> Literal["auto", "light", "dark"]:
    """The theme that this browser was told to use."""
    chosen = request.cookies.get(THEME_COOKIE)
    return next((each for each in THEMES if each == chosen), "auto")


async def _shell(request: Request) -> Shell:
    viewer = await me(request)
    # A part of a page has no navigation around it.
    if viewer is None or wants_part(request):
        return _make_shell(request, viewer)
    app, user = requests.application(request), UserId(viewer.id)
    waiting = await app.people.waiting(user) if viewer.private else 0
    return _make_shell(request, viewer, waiting, (await app.notifying.counts(user)).unread)


def _make_shell(request: Request, viewer: Me | None, waiting: int = 0, unread: int = 0) -> Shell:
    language, zone = _choose_language(request, viewer), timezone(viewer)
    with speaking(language, zone):
        return Shell(
            csrf_token=requests.csrf_token(request),
            viewer=viewer,
            language=language,
            timezone=zone,
            preferences=viewer.preferences if viewer else Preferences(),
            theme=theme(request),
            nav=navigation(viewer, request.path, requests=waiting, unread=unread),
            unread=unread,
            links=(
                NavItem(href="/about", label=gettext("About"), icon="info"),
                NavItem(href="/shortcuts", label=gettext("Keyboard shortcuts"), icon="info"),
                NavItem(href="/docs", label=gettext("API"), icon="file"),
            ),
            languages=site(request).languages.all if viewer is None else (),
            here=here(request),
            flashes=_take_flash(request),
            instance=requests.application(request).place.name,
        )


def here(request: Request) -> str:
    """The address of the page with its query, as forms on it send it back."""
    query = request.query_string
    return f"{quote(request.path, safe='/@%')}{'?' + query if query else ''}"


def error_page(request: Request, failure: Failure, headers: dict[str, str]) -> HTTPResponse:
    """A failure for a person. Needs nothing from the database: what is known of the viewer is used, no more."""
    # What is not there and what is hidden look the same, so the address is not repeated.
    shell = replace(_make_shell(request, getattr(request.ctx, "me", None)), here="/")
    retry_after = int((failure.headers or {}).get("Retry-After", 0) or 0)
    with speaking(shell.language, shell.timezone):
        message = told(failure.message, failure.params)
        if failure.code == "rate_limited" and retry_after:
            message = gettext("Too many tries. Try again at %(time)s.") % {"time": clock_after(retry_after)}
        problems = [told(problem.message, problem.params) for problem in failure.problems]
        content = site(request).pages.render(
            "errors/error.html",
            shell,
            status=failure.status,
            code=failure.code,
            message=" ".join([message, *problems]) if problems else message,
            title=gettext(title(failure.status)),
            request_id=request.id,
            retry_after=retry_after if failure.status == 503 else 0,
            way_on=_way_on(request, failure),
        )
    return html(content, status=failure.status, headers={**headers, **_page_headers(shell)})


def _page_headers(shell: Shell) -> dict[str, str]:
    return {
        "Cache-Control": "private, no-store",
        "Content-Language": shell.language.code,
        "Vary": "Accept-Language, Cookie, HX-Request",
    }


def _way_on(request: Request, failure: Failure) -> tuple[str, str]:
    """The address and the words of the next step."""
    if failure.code == "bad_cursor":
        return quote(request.path, safe="/@%"), gettext("Go to the first page")
    return "/", gettext("Go home")


# Going back after a form, with a word about what happened


def go(path: str, request: Request | None = None, flash: str = "", undo: str = "") -> HTTPResponse:
    """Post/Redirect/Get to `path`, with a line to show there; `undo` is where a form goes that takes it back."""
    response = redirect(path, status=303)
    if request is not None and flash:
        packed = base64.urlsafe_b64encode(json.dumps([flash[:300], undo]).encode()).decode()
        requests.set_cookie(request, response, FLASH_COOKIE, packed, 60)
    return response


def _take_flash(request: Request) -> tuple[Flash, ...]:
    packed = request.cookies.get(FLASH_COOKIE)
    if not packed or len(packed) > 2_000:
        return ()
    request.ctx.flash_shown = True
    try:
        text, undo = map(str, json.loads(base64.urlsafe_b64decode(packed)))
    except (ValueError, TypeError, RecursionError):
        return ()
    # JSON can spell what no page can hold, and another site of this domain may have put the cookie there.
    shown = text[:300].encode("utf-8", "replace").decode()
    return (Flash(shown, undo if _UNDO.fullmatch(undo) else ""),)


def forget_flash(request: Request, response: HTTPResponse) -> None:
    """Once shown, a flash is not shown again."""
    if getattr(request.ctx, "flash_shown", False) and not response.cookies.has_cookie(FLASH_COOKIE):
        requests.set_cookie(request, response, FLASH_COOKIE, "", 0)


def safe_path(path: str, otherwise: str = "/") -> str:
    """`path` when it stays on this site, else `otherwise`. `//host`, `/\\host` and `https:host` lead away."""
    try:
        parts = urlsplit(path)
    except ValueError:
        return otherwise
    stays = path.startswith("/") and not path.startswith("//") and not parts.scheme and not parts.netloc
    return path if stays and "\\" not in path and path.isprintable() else otherwise


async def static(request: Request, version: str, path: str) -> HTTPResponse:
    """A static file. Addresses with the current version never change; older ones still answer, uncached."""
    assets = site(request).assets
    found = assets.serve(path, request.headers.get("accept-encoding", ""))
    if found is None:
        raise NotFound
    headers = {"Cache-Control": assets.cache_control(version), "ETag": found.etag, "Vary": "Accept-Encoding"}
    if found.encoding:
        headers["Content-Encoding"] = found.encoding
    if request.headers.get("if-none-match") == found.etag:
        return HTTPResponse(status=304, headers=headers)
    return HTTPResponse(found.body, headers=headers, content_type=found.content_type)
