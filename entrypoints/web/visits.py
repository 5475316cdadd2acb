"""How a page is declared, and everything that happens around its handler.

A handler is a few lines: it gets a `Visit` and path parameters, calls the application and answers with a page or with
a way to go. Around it: who asks, the language, and for forms also limits, reading, the proof that this browser's own
page sent them, and another try after a conflict in the database.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json

from application.access import Client, throttle
from application.program import Application
from domain.kernel import DomainError, Invalid, TooMany, UserId
from domain.sessions import Identity
from entrypoints import body, requests
from entrypoints.api.operation import WRITES
from entrypoints.errors import Unauthenticated, status_of
from entrypoints.retrying import retrying
from entrypoints.web import site
from entrypoints.web.rendering import clock_after
from entrypoints.web.translation import gettext, told

Handler = Callable[..., Awaitable[HTTPResponse]]


@dataclass(slots=True)
class Visit:
    """A request for a page, or a form that was sent. `identity` comes from the session cookie, never from a token."""

    request: Request
    app: Application
    client: Client
    identity: Identity | None
    form: body.Form = field(default_factory=body.Form)
    has_admitted: bool = False

    @property
    def viewer(self) -> UserId | None:
        """Who looks; None for somebody signed out."""
        return self.identity.user_id if self.identity else None

    @property
    def who(self) -> Identity:
        """The identity of who is signed in."""
        if self.identity is None:
            raise Unauthenticated
        return self.identity

    @property
    def user(self) -> UserId:
        """Who is signed in."""
        return self.who.user_id

    @property
    def here(self) -> str:
        """The address of this page with its query, as forms on it send it back."""
        return site.here(self.request)

    @property
    def cursor(self) -> str | None:
        """Where in its list the page starts."""
        return self.request.args.get("cursor") or None

    @property
    def until(self) -> str | None:
        """Down to where its list is shown again, when somebody comes back to it."""
        return self.request.args.get("until") or None

    @property
    def part(self) -> bool:
        """Whether a script asks, for a part of the page that it has already."""
        return site.wants_part(self.request)

    async def admit_upload(self) -> None:
        """Count a file that was sent, once. Raises TooMany."""
        if not self.has_admitted:
            await self.app.uploading.admit(self.user, self.client)
        self.has_admitted = False

    def asked(self, name: str) -> str:
        """A parameter of the address, or the empty text."""
        return str(self.request.args.get(name) or "")

    def text(self, name: str) -> str:
        """A field of the form, or the empty text."""
        return self.form.text(name)

    def ticked(self, name: str) -> bool:
        """Whether a box of the form was ticked: browsers leave the others out."""
        return bool(self.form.text(name))

    def back(self, otherwise: str = "/") -> str:
        """Where the form wants to return to, if that is a page of ours."""
        return site.safe_path(self.text("back"), otherwise)

    def back_to(self, name: str, otherwise: str = "/") -> str:
        """The page of ours that a field of the form names."""
        return site.safe_path(self.text(name), otherwise)

    def go(self, path: str, flash: str = "", undo: str = "") -> HTTPResponse:
        """Post/Redirect/Get to `path`, with a line to show there; `undo` is where a form goes that takes it back."""
        return site.go(path, self.request, flash, undo)

    @property
    def is_by_script(self) -> bool:
        """Whether a script sent the form, and wants a line to say in place of a page."""
        return self.request.headers.get("accept", "").startswith("application/json")

    def done(self, path: str, flash: str) -> HTTPResponse:
        """What a form did: the line for a script, or `go`."""
        return json({"said": flash}) if self.is_by_script else self.go(path, flash)

    async def page(self, template: str, *, status: int = 200, **values: Any) -> HTTPResponse:
        """A page for whoever asks; templates also get the address that their forms return to."""
        values |= {"here": self.here, "part": self.part}
        response = await site.page(self.request, f"pages/{template}", status=status, **values)
        found = values.get("trouble")
        if found is not None and found.retry_after_seconds:
            response.headers["Retry-After"] = str(found.retry_after_seconds)
        return response


class Values(dict[str, Any]):
    """What stands in the fields of a form; a field that was never filled is empty."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a form comes back: (name of the field, or nothing for the whole form; sentence) per problem.

    `retry_after_seconds` is set where it was sent too often.
    """

    status: int = 200
    lines: tuple[tuple[str, str], ...] = ()
    retry_after_seconds: int = 0

    def of(self, name: str) -> str | None:
        """The sentence beside a field."""
        return next((sentence for field_name, sentence in self.lines if field_name == name), None)


NO_TROUBLE = Trouble()
# Errors that belong to one field, whatever the form.
_FIELD_OF = {
    "username_taken": "username",
    "email_taken": "email",
    "invite_required": "invite",
    "reauth_required": "password",
}


def trouble(error: DomainError, names: Mapping[str, str] | None = None) -> Trouble:
    """An error in the words of the form. `names` are the fields that are not called like the part of the pointer."""
    problems = error.problems if isinstance(error, Invalid) else ()
    lines = [
        (_field(problem.pointer, names or {}), told(problem.message, problem.params)) for problem in problems
    ]
    # A value that a rule refuses is one answer for every form, whatever is said to programs.
    status = 422 if isinstance(error, Invalid) else status_of(error)
    wait = error.retry_after_seconds if isinstance(error, TooMany) else 0
    return Trouble(status, tuple(lines) or ((_FIELD_OF.get(error.code, ""), sentence(error)),), wait)


def sentence(error: DomainError) -> str:
    """An error as one sentence in the reader's language; a wait is told as a time of day."""
    if isinstance(error, TooMany):
        when = clock_after(error.retry_after_seconds)
        return gettext("Too many tries. Try again at %(time)s.") % {"time": when}
    problems = error.problems if isinstance(error, Invalid) else ()
    parts = [(each.message, each.params) for each in problems] or [(error.message, error.params)]
    return " ".join(told(message, params) for message, params in parts)


def _field(pointer: str, names: Mapping[str, str]) -> str:
    path = pointer.removeprefix("#").strip("/")
    return names.get(path, path.split("/", maxsplit=1)[0])


class Routes:
    """A group of pages that becomes a blueprint."""

    def __init__(self, name: str) -> None:
        self.blueprint = Blueprint(f"pages_{name}")

    def page(self, path: str, *, guests: bool = True) -> Callable[[Handler], Handler]:
        """Declare the decorated handler as what is seen at `path`. Without `guests` one signs in first."""

        def register(handler: Handler) -> Handler:
            name = f"see_{handler.__name__}"
            self.blueprint.add_route(
                _seen(handler, guests), path, methods=["GET", "HEAD"], name=name, unquote=True
            )
            return handler

        return register

    def form(
        self, path: str, *, guests: bool = False, files: int = 0, seen_at: str | None = None
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated handler as what happens when a form is sent to `path`. It may carry `files` files.

        Where nothing is seen at `path` itself, `seen_at` is the page that has the form, with the names of the path's
        parameters in braces: whoever reloads after an error, or comes back from signing in, is led there.
        """

        def register(handler: Handler) -> Handler:
            name = f"send_{handler.__name__}"
            self.blueprint.add_route(
                _sent(handler, guests, files), path, methods=["POST"], name=name, stream=True, unquote=True
            )
            if seen_at is not None:
                self.blueprint.add_route(
                    _led_to(seen_at),
                    path,
                    methods=["GET", "HEAD"],
                    name=f"find_{handler.__name__}",
                    unquote=True,
                )
            return handler

        return register


def _seen(handler: Handler, guests: bool) -> Handler:
    async def endpoint(request: Request, **path: Any) -> HTTPResponse:
        visit = await _arrive(request)
        if visit.identity is None and not guests:
            return to_login(visit.here)
        with await site.speaking_to(request):
            return await handler(visit, **path)

    return endpoint


def _sent(handler: Handler, guests: bool, files: int) -> Handler:
    async def endpoint(request: Request, **path: Any) -> HTTPResponse:
        requests.check_origin(request)
        visit = await _arrive(request)
        await _limit(visit)
        stranger = visit.identity is None and not guests
        if stranger and files:
            return to_login(visit.here)  # before a byte of their files is read
        limit = requests.max_file(request)
        if files and visit.viewer and body.is_large(request):
            # Counted before a byte is written to disk; this one is the first file then.
            await visit.admit_upload()
            visit.has_admitted = True
        async with body.form(
            request, visit.app.workspace, max_file=limit, max_files=files, drop_large=True
        ) as visit.form:
            requests.check_same_site(request, visit.text("csrf"))
            if stranger or not await requests.confirm(request):
                return to_login(visit.back())
            with await site.speaking_to(request):
                if files:
                    return await handler(visit, **path)
                return await retrying(lambda: handler(visit, **path))

    return endpoint


def _led_to(page: str) -> Handler:
    async def endpoint(_: Request, **path: Any) -> HTTPResponse:
        return site.go(
            page.format(**{name: quote(unquote(str(value)), safe="@") for name, value in path.items()})
        )

    return endpoint


async def _arrive(request: Request) -> Visit:
    identity = await requests.identify_browser(request)
    return Visit(request, requests.application(request), requests.client(request), identity)


async def _limit(visit: Visit) -> None:
    await throttle(visit.app.limiter, visit.client, WRITES, str(visit.viewer or visit.client.address))


def to_login(back: str) -> HTTPResponse:
    """To the sign-in page, and from there to `back`."""
    return site.go(f"/login?next={quote(back, safe='')}" if back != "/" else "/login")
