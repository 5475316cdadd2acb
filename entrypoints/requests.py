"""What every entrypoint needs to know about a request: who asks, from where, and whether they mean it."""

import hashlib
import hmac
import ipaddress
import secrets
import time
from urllib.parse import urlsplit

from sanic import HTTPResponse, Request

from application.access import Client
from application.program import Application
from domain.kernel import Forbidden, NotFound, UserId, msg
from domain.sessions import Identity
from entrypoints.errors import Unauthenticated
from entrypoints.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION_SECONDS = 90 * 24 * 3600
# Tells scripts that another session began or ended, and nothing of the session.
MARK_COOKIE = "hg_mark"


class CrossSite(Forbidden):
    """A write that another site's page may have caused."""

    code = "csrf"
    message = msg("This form is not valid any more. Go back, reload the page and send it again.")


class MissingScope(Forbidden):
    """The token may not do this."""

    code = "missing_scope"
    message = msg("This token lacks the scope {scope}.")


def application(request: Request) -> Application:
    """The application of this process."""
    app: Application = request.app.ctx.application
    return app


def settings(request: Request) -> Settings:
    """The settings of this process."""
    found: Settings = request.app.ctx.settings
    return found


def max_file(request: Request) -> int:
    """The largest upload, in bytes."""
    return settings(request).max_upload_mb * 2**20


def client(request: Request) -> Client:
    """Where the request comes from: the socket's peer, or what the trusted proxies say."""
    chosen = settings(request)
    address = request.ip or ""
    if chosen.trusted_proxies:
        # Some proxies append to the line that is there, others add one of their own.
        lines = ",".join(request.headers.getall("x-forwarded-for", []))
        hops = [hop.strip() for hop in lines.split(",") if hop.strip()]
        if len(hops) >= chosen.trusted_proxies:
            address = hops[-chosen.trusted_proxies]
    key, loopback = _address_key(address)
    return Client(key, request.headers.get("user-agent", "")[:300], chosen.relax_loopback and loopback)


def _address_key(address: str) -> tuple[str, bool]:
    """The part of an address that one client holds (a /64 of IPv6), and whether it is this machine."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown", False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.version == 6 and not ip.is_loopback:
        return str(ipaddress.ip_network((ip, 64), strict=False).network_address), False
    return str(ip), ip.is_loopback


class NotAdmin(NotFound):
    """What administrators have is not there for others."""


# Who asks


# A request that takes no longer than this is one with who sent it.
AT_ONCE_SECONDS = 1.0


async def confirm(request: Request) -> bool:
    """Whether who asks is who they were when the request began, with the same rights.

    A body may take minutes to arrive, and whoever was signed out, suspended or demoted meanwhile does nothing any more.
    """
    known: Identity | None = getattr(request.ctx, "identity", None)
    if known is None or time.monotonic() - request.ctx.identified < AT_ONCE_SECONDS:
        return True
    try:
        now = await (_by_cookie if known.via == "session" else _look_up)(request)
    except Unauthenticated:
        return False
    return now == known


async def identify(request: Request) -> Identity | None:
    """Who asks, or None when nobody signed in. Raises Unauthenticated for a bearer token that is not valid."""
    known: Identity | str | None = getattr(request.ctx, "identity", "unknown")
    if not isinstance(known, str):
        return known
    request.ctx.identified = time.monotonic()
    request.ctx.identity = await _look_up(request)
    return request.ctx.identity  # type: ignore[no-any-return]


async def identify_browser(request: Request) -> Identity | None:
    """Who asks by the session cookie alone. Pages know no tokens, whose scopes they would have to heed."""
    request.ctx.identified = time.monotonic()
    request.ctx.identity = await _by_cookie(request)
    return request.ctx.identity  # type: ignore[no-any-return]


async def _look_up(request: Request) -> Identity | None:
    header = request.headers.get("authorization")
    if header:
        scheme, _, secret = header.partition(" ")
        identity = None
        if scheme.lower() == "bearer":
            identity = await application(request).signing_in.identify_token(secret.strip())
        if identity is None:
            raise Unauthenticated
        return identity
    return await _by_cookie(request)


async def _by_cookie(request: Request) -> Identity | None:
    cookie = session_cookie(request)
    return await application(request).signing_in.identify_session(cookie) if cookie else None


async def require(request: Request, scope: str) -> Identity:
    """Who asks, with the right to. Raises Unauthenticated, MissingScope, CrossSite."""
    identity = await identify(request)
    if identity is None:
        raise Unauthenticated
    check_scope(identity, scope)
    if request.method not in SAFE_METHODS and identity.via == "session":
        check_same_site(request, request.headers.get("x-csrf-token", ""))
    return identity


def check_scope(identity: Identity, scope: str) -> None:
    """Raises MissingScope."""
    # Whoever may publish photos may upload them; `files` is for programs that only upload.
    if scope not in identity.scopes and not (scope == "files" and "write" in identity.scopes):
        raise MissingScope(scope=scope)


async def viewer(request: Request) -> UserId | None:
    """Who looks; None for somebody signed out."""
    identity = await identify(request)
    return identity.user_id if identity else None


# Cookies and forms


def cookie_name(*, secure: bool) -> str:
    """The session cookie's name; over https it carries the prefix that binds it to this very host."""
    return "__Host-hg_session" if secure else "hg_session"


def session_cookie(request: Request) -> str:
    """The session's secret as the browser sent it, or the empty text."""
    return str(request.cookies.get(cookie_name(secure=settings(request).secure)) or "")


def set_session_cookie(request: Request, response: HTTPResponse, secret: str, *, stay: bool = True) -> None:
    """Sign this browser in. Without `stay` the cookie ends with the browser."""
    set_cookie(
        request,
        response,
        cookie_name(secure=settings(request).secure),
        secret,
        SESSION_SECONDS if stay else None,
    )
    mark = hashlib.sha256(b"mark" + secret.encode()).hexdigest()[:16]
    set_cookie(request, response, MARK_COOKIE, mark, SESSION_SECONDS if stay else None, readable=True)


def clear_session_cookie(request: Request, response: HTTPResponse) -> None:
    """Sign this browser out, and have it forget what it kept of the pages."""
    set_cookie(request, response, cookie_name(secure=settings(request).secure), "", 0)
    set_cookie(request, response, MARK_COOKIE, "", 0, readable=True)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def set_cookie(
    request: Request,
    response: HTTPResponse,
    name: str,
    value: str,
    max_age: int | None,
    *,
    readable: bool = False,
) -> None:
    """Set a cookie for this host. Scripts can read it only if it is `readable`."""
    response.add_cookie(
        name,
        value,
        path="/",
        secure=settings(request).secure,
        httponly=not readable,
        samesite="Lax",
        max_age=max_age,
    )


FORM_COOKIE = "hg_form"


def csrf_token(request: Request) -> str:
    """What a form of this browser must carry: bound to its session, or to a cookie of its own before signing in."""
    bound = session_cookie(request) or form_cookie(request)
    return _csrf(request, bound)


def csrf_token_for(request: Request, secret: str) -> str:
    """The token of a session that was just made."""
    return _csrf(request, secret)


def form_cookie(request: Request) -> str:
    """The cookie that forms of a signed-out browser are bound to, made for this request if there is none."""
    known: str | None = getattr(request.ctx, "form_cookie", None)
    if known is None:
        sent = str(request.cookies.get(FORM_COOKIE) or "")
        known = sent if len(sent) == 43 else secrets.token_urlsafe(32)
        request.ctx.form_cookie = known
        request.ctx.form_cookie_is_new = known != sent
    return known


def keep_form_cookie(request: Request, response: HTTPResponse) -> None:
    """Give the browser the cookie that `csrf_token` made for it."""
    if getattr(request.ctx, "form_cookie_is_new", False):
        set_cookie(request, response, FORM_COOKIE, request.ctx.form_cookie, None)


def check_same_site(request: Request, token: str) -> None:
    """Raises CrossSite unless the token belongs to this browser and no other site's page sent the request."""
    check_origin(request)
    bound = session_cookie(request) or str(request.cookies.get(FORM_COOKIE) or "")
    if not bound or not hmac.compare_digest(token.encode("utf-8", "replace"), _csrf(request, bound).encode()):
        raise CrossSite


def check_origin(request: Request) -> None:
    """Raises CrossSite for a request that a browser sends for a page of another site."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    here = urlsplit(settings(request).public_url).netloc or request.host
    try:
        sent = urlsplit(origin)
    except ValueError:
        raise CrossSite from None
    if sent.scheme not in ("http", "https") or sent.netloc not in (here, request.host):
        raise CrossSite


def _csrf(request: Request, bound: str) -> str:
    secret: bytes = request.app.ctx.secret
    return hmac.digest(
        hashlib.sha256(b"csrf" + secret).digest(), bound.encode("utf-8", "replace"), "sha256"
    ).hex()
