"""The web server: one Sanic application per process, what every response carries, and how it starts and stops."""

import asyncio
import gc
import logging
import os
import re
import secrets
import signal
import socket
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sanic import HTTPResponse, Request, Sanic
from sanic.constants import HTTP_METHODS
from sanic.exceptions import MethodNotAllowed, RequestCancelled
from sanic.server import runners

from application.program import Application
from domain.kernel import NotFound, TooMany, Unavailable
from domain.ports import Allowance
from entrypoints import body, cli, container, media, requests
from entrypoints.api import (
    accounts,
    comments,
    drafts,
    exports,
    feeds,
    files,
    finding,
    notifications,
    people,
    posts,
)
from entrypoints.api import moderation as moderation_api
from entrypoints.api import operations as operations_api
from entrypoints.api.operation import API, BASE, WRITES, count, limit_headers
from entrypoints.errors import Failure, failure_of, problem_document
from entrypoints.live import Switchboard
from entrypoints.protocol import Bare, DeadlineProtocol
from entrypoints.settings import Settings
from entrypoints.web import site
from entrypoints.web.pages import blueprint as pages
from entrypoints.web.translation import speaking, told
from entrypoints.wire import Wire

log = logging.getLogger("heliograph.web")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# A body that nobody asked for is skipped, which is no error.
logging.getLogger("sanic.error").addFilter(
    lambda record: not record.getMessage().endswith("body not consumed.")
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


class HeliographRequest(Request):
    """A request with an id that may stand in logs and pages."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # Sanic knows the coding in small letters only. Other alphabets have letters that turn into ours.
        coding = self.headers.get("transfer-encoding")
        if coding and coding.isascii():
            self.headers["transfer-encoding"] = coding.lower()

    @classmethod
    def generate_id(cls, *_: Any) -> str:
        return secrets.token_hex(8)

    @property
    def id(self) -> str:
        """The client's own id when it is harmless, else a new one."""
        if not isinstance(self._id, str):
            sent = self.headers.get("x-request-id", "")
            self._id = sent if _REQUEST_ID.fullmatch(sent) else self.generate_id()
        return self._id

    async def receive_body(self) -> None:
        """Read the body of a request whose handler does not, within the limits. Raises TooLarge, TooSlow."""
        self.body = await body.read(self, body.FORM_BYTES)


_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def canonical_id(text: str) -> UUID:
    """An id in an address, which has one spelling only. Raises ValueError."""
    if not _ID.fullmatch(text):
        raise ValueError(text)
    return UUID(text)


Start = Callable[[], AbstractAsyncContextManager[Application]]


def create_app(
    settings: Settings, database: container.Database, start: Start | None = None
) -> Sanic[Any, Any]:
    """The application of one process. Cheap, and opens nothing: that happens when the process starts serving.

    `start` is what opens the use cases then, if not `container.started` with these settings.
    """
    app: Sanic[Any, Any] = Sanic("heliograph", request_class=HeliographRequest, configure_logging=False)
    app.config.update(
        REQUEST_MAX_SIZE=2**20,
        REQUEST_MAX_HEADER_SIZE=16 * 1024,
        REQUEST_TIMEOUT=10,
        RESPONSE_TIMEOUT=60,
        KEEP_ALIVE_TIMEOUT=75,
        GRACEFUL_SHUTDOWN_TIMEOUT=10.0,
        ACCESS_LOG=False,
        MOTD=False,
        FALLBACK_ERROR_FORMAT="text",
    )
    app.ctx.settings = settings
    app.ctx.stopping = False
    app.router.register_pattern("uuid", canonical_id, _ID)
    operations = (
        *(accounts, exports, people, files, posts, comments, drafts, feeds, finding, notifications),
        *(moderation_api, operations_api),
    )
    for group in operations:
        app.blueprint(group.group.blueprint)
    app.blueprint(operations_api.outside)
    app.blueprint(media.blueprint)
    app.blueprint(pages)
    app.add_websocket_route(_live, "/ws")
    app.exception(Exception)(_on_error)
    app.exception(asyncio.CancelledError)(_on_cancellation)
    app.on_request(_on_request)
    app.on_response(_on_response)
    app.before_server_start(partial(_open, start=start or partial(container.started, settings, database)))
    app.before_server_stop(_announce_stop)
    app.after_server_stop(_close)
    return app


async def _open(app: Sanic[Any, Any], start: Start) -> None:
    settings: Settings = app.ctx.settings
    configure_logging(settings)
    app.ctx.secret = container.read_secret(settings)
    app.ctx.end = asyncio.Event()
    # Before there are jobs: compiling templates holds everything up, and the database ends transactions that stand still.
    site.open_site(app)
    app.ctx.application = await _keep_open(app, start)
    app.ctx.switchboard = Switchboard()
    app.ctx.switchboard.open(app)
    # What was loaded up to here stays for the life of the process; the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _live(request: Request, wire: Wire) -> None:
    await request.app.ctx.switchboard.serve(request, wire)


async def _announce_stop(app: Sanic[Any, Any]) -> None:
    """From now on `/readyz` says that this server is about to go, and jobs end beside requests, not after them."""
    app.ctx.stopping = True
    await app.ctx.switchboard.close()
    app.ctx.last_jobs = asyncio.create_task(app.ctx.application.runner.stop(), name="last jobs")


async def _keep_open(app: Sanic[Any, Any], start: Start) -> Application:
    """Open the use cases in a task of their own, which closes them when `app.ctx.end` is set.

    Listeners run in different contexts, and what one of them sets in its context another cannot set back.
    """
    opened: asyncio.Future[Application] = asyncio.get_running_loop().create_future()

    async def live() -> None:
        async with start() as application:
            opened.set_result(application)
            await app.ctx.end.wait()

    app.ctx.life = asyncio.create_task(live(), name="use cases")
    await asyncio.wait([opened, app.ctx.life], return_when=asyncio.FIRST_COMPLETED)
    if not opened.done():
        app.ctx.life.result()
    return opened.result()


async def _close(app: Sanic[Any, Any]) -> None:
    await app.ctx.last_jobs
    app.ctx.end.set()
    await app.ctx.life


async def _on_request(request: Request) -> None:
    request.ctx.started = time.perf_counter()
    if "%00" in request.path:
        # No name, id or file holds this character, and no database takes it in a question.
        raise NotFound


async def _on_response(request: Request, response: HTTPResponse) -> None:
    headers = response.headers
    if (request.path or "").startswith(f"{BASE}/") and "RateLimit" not in headers:
        await _say_limits(request, headers)
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if requests.settings(request).secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    headers.setdefault("X-Request-Id", request.id)
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "private, no-store"
    accounts.finish_session(request, response)
    requests.keep_form_cookie(request, response)
    site.forget_flash(request, response)
    started = getattr(request.ctx, "started", None)
    # A page brings a dozen static files along, and nobody asks about those that were found.
    level = (
        logging.DEBUG
        if (request.path or "").startswith("/static/") and response.status < 400
        else logging.INFO
    )
    if log.isEnabledFor(level) and started is not None:
        took = round((time.perf_counter() - started) * 1000, 1)
        facts = {"status": response.status, "ms": took, "request_id": request.id}
        log.log(level, "%s %s", request.method, _loggable(request.path), extra=facts)


def _loggable(path: str | None) -> str:
    """A path without the secret that it is: whoever reads the log must not come in by it."""
    first, _, rest = (path or "").removeprefix("/").partition("/")
    return f"/{first}/…" if rest and first in ("reset", "invite") else path or ""


async def _say_limits(request: Request, headers: Any) -> None:
    """The headers about limits, also on answers to requests that no operation has counted."""
    if not hasattr(request.ctx, "limits"):
        with suppress(TooMany):
            await count(
                request,
                API if request.method in requests.SAFE_METHODS else WRITES,
                requests.client(request),
                None,
            )
    headers.update(request.ctx.limits)


async def _on_cancellation(request: Request, error: asyncio.CancelledError) -> HTTPResponse:
    if isinstance(error, RequestCancelled):
        return Bare(status=499)  # whoever asked went away and reads nothing; the log line has it
    return await _on_error(request, Unavailable("the server stops"))


async def _on_error(request: Request, error: Exception) -> HTTPResponse:
    failure = failure_of(error)
    if isinstance(error, TooMany) and error.rate is not None:
        request.ctx.limits = limit_headers(error.rate, Allowance(False, 0, error.retry_after_seconds))
    if isinstance(error, MethodNotAllowed):
        allowed = {"Allow": ", ".join(_allowed(request))}
        if request.method == "OPTIONS":
            return HTTPResponse(status=204, headers=allowed)
        failure = replace(failure, headers=allowed)
    if failure.status == 500:
        log.error(
            "unexpected error in %s %s",
            request.method,
            _loggable(request.path),
            exc_info=error,
            extra={"request_id": request.id},
        )
    elif failure.status > 500:
        log.warning("%s %s: %r", request.method, _loggable(request.path), error)
    headers = {
        name: value for name, value in (failure.headers or {}).items() if name.lower() != "content-length"
    }
    if failure.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="heliograph"'
    if wants_html(request):
        if failure.status < 500:
            await site.recognise(request)
        return site.error_page(request, failure, headers)
    return problem(request, failure, headers)


def _allowed(request: Request) -> list[str]:
    """The methods that the request's path takes. Sanic's own answer knows one route of several with parameters."""
    allowed = {"OPTIONS"}
    for method in HTTP_METHODS:
        with suppress(MethodNotAllowed):
            request.app.router.get(request.path, method, None)
            allowed.add(method)
    return sorted(allowed)


def wants_html(request: Request) -> bool:
    """Whether a person's browser asks, outside the API."""
    accept = request.headers.get("accept", "") if request.headers else ""
    return not (request.path or "").startswith((BASE, "/m/", "/a/")) and "text/html" in accept


def problem(request: Request, failure: Failure, headers: dict[str, str]) -> HTTPResponse:
    """The failure for a program."""
    language = site.accepted_language(request)
    with speaking(language):
        content = problem_document(failure, requests.settings(request).origin, request.id, told)
    spoken = {"Content-Language": language.code, "Vary": "Accept-Language"}
    return HTTPResponse(
        content,
        failure.status,
        headers={**getattr(request.ctx, "limits", {}), **headers, **spoken},
        content_type="application/problem+json",
    )


def configure_logging(settings: Settings) -> None:
    """Log lines as text for people or JSON for machines, to standard error."""
    shared: list[Callable[..., Any]] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Any = structlog.processors.JSONRenderer()
    if settings.log_format == "text":
        renderer = structlog.dev.ConsoleRenderer(
            colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
        shared.pop()
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("heliograph").setLevel(settings.log_level.upper())


def serve_alone(
    settings: Settings,
    database: container.Database,
    listening: socket.socket,
    when_stopping: Callable[[], object] = lambda: None,
) -> None:
    """Serve with this process until told to stop. Blocks. `listening` is bound; `processes.py` has more of them."""
    # Its advice on a terminal is for those who write programs with it.
    os.environ["SANIC_IGNORE_PRODUCTION_WARNING"] = "true"
    app = create_app(settings, database)
    app.ctx.when_stopping = when_stopping
    _heed_signals(app)
    app.after_server_start(_begin_to_stop_when_asked)
    # Sanic ignores both signals for a moment while it starts, and one that comes then would be lost.
    runners.signal_func = lambda *_: None
    app.prepare(
        sock=listening,
        protocol=DeadlineProtocol,
        single_process=True,
        motd=False,
        access_log=False,
        register_sys_signals=False,
    )
    Sanic.serve_single(primary=app)


def _heed_signals(app: Sanic[Any, Any]) -> None:
    """Note from now on that somebody wants the server to stop.

    The loop's own handlers lose a signal that comes while it starts, and Python's would break off what is being opened.
    """
    app.ctx.asked = cli.interrupted
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(app.ctx, "asked", True))


async def _begin_to_stop_when_asked(app: Sanic[Any, Any]) -> None:
    loop = asyncio.get_running_loop()
    loop.call_later(0.2, _stop_if_asked, app, loop)


def _stop_if_asked(app: Sanic[Any, Any], loop: asyncio.AbstractEventLoop) -> None:
    if app.ctx.asked:
        app.ctx.when_stopping()
        app.stop(terminate=False)
    else:
        loop.call_later(0.2, _stop_if_asked, app, loop)
