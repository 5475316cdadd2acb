"""How an API operation is declared, and everything that happens around its handler.

A handler is a few lines: it gets a `Call` and path parameters, calls the application and returns a view. Around it:
limits, identity, scope, CSRF, parsing, idempotency, retries, ETags, paging links. The same declarations make the
OpenAPI description.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal
from urllib.parse import quote, unquote, urlencode
from uuid import UUID

import msgspec
from sanic import Blueprint, HTTPResponse, Request

from application.access import Client
from application.operations import Replay
from application.program import Application
from application.views import DraftView, Page, PostCard
from domain.kernel import (
    AlreadyMade,
    Conflict,
    DomainError,
    Invalid,
    NotFound,
    TooMany,
    Unavailable,
    UserId,
    msg,
)
from domain.ports import Allowance, Rate, Upload
from domain.posts import MAX_PHOTOS, Changed
from domain.sessions import Identity
from entrypoints import body, requests
from entrypoints.api.present import to_json
from entrypoints.body import Form
from entrypoints.errors import Unauthenticated
from entrypoints.protocol import Bare
from entrypoints.retrying import retrying
from entrypoints.web.site import accepted_language
from entrypoints.web.translation import speaking

log = logging.getLogger("heliograph.web")

API = Rate("api", 300, 60)
WRITES = Rate("write", 120, 60)
MAX_LIMIT = 100
BASE = "/api/v1"

Handler = Callable[..., Awaitable[Any]]
Uploads = Literal["", "file", "form"]


class Paging(msgspec.Struct, kw_only=True):
    """The parameters of every list. With `count` a page says how long its list is, where the viewer is shown that anyway."""

    limit: int = 20
    cursor: str | None = None
    count: Literal["estimate"] | None = None

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise Invalid.field(
                "#/limit", "out_of_range", msg("Ask for 1 to {limit} items."), limit=MAX_LIMIT
            )
        self.limit = min(self.limit, MAX_LIMIT)


@dataclass(slots=True)
class Call:
    """A parsed request. `user` is set where the operation needs somebody signed in.

    `upload` is set where an operation takes one file, `form` where it was sent a form. `sent` is what the request says
    in plain values, by which two requests under one idempotency key are compared.
    """

    request: Request
    app: Application
    client: Client
    identity: Identity | None
    body: Any = None
    query: Any = None
    upload: Upload | None = None
    form: Form | None = None
    sent: Any = None
    new_id: UUID | None = None

    @property
    def viewer(self) -> UserId | None:
        """Who looks; None for somebody signed out."""
        return self.identity.user_id if self.identity else None

    @property
    def user(self) -> UserId:
        """Who is signed in."""
        return self.who.user_id

    @property
    def who(self) -> Identity:
        """The identity of who is signed in."""
        if self.identity is None:
            raise Unauthenticated
        return self.identity


@dataclass(frozen=True, slots=True)
class Answer:
    """A view with what else the answer needs."""

    value: Any = None
    location: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path, as declared."""

    method: str
    path: str
    id: str
    summary: str
    tag: str
    handler: Handler
    auth: str
    scope: str
    status: int
    body: type[Any] | None
    query: type[Any] | None
    answer: Any
    problems: tuple[str, ...]
    recover: Callable[[Call, UUID], Awaitable[Answer]] | None
    upload: Uploads
    conditional: bool
    unit: bool
    rate: Rate
    example: Any

    @property
    def template(self) -> str:
        """The path as OpenAPI writes it."""
        return re.sub(r"<(\w+)(?::\w+)?>", r"{\1}", self.path)


OPERATIONS: list[Operation] = []


class Operations:
    """A group of operations that becomes a blueprint."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.blueprint = Blueprint(f"api_{tag}", url_prefix=BASE)

    def declare(
        self,
        method: str,
        path: str,
        operation_id: str,
        summary: str,
        *,
        auth: str = "user",
        scope: str | None = None,
        status: int = 200,
        body: type[Any] | None = None,
        query: type[Any] | None = None,
        answer: Any = None,
        problems: tuple[str, ...] = (),
        recover: Callable[[Call, UUID], Awaitable[Answer]] | None = None,
        upload: Uploads = "",
        conditional: bool = False,
        unit: bool = False,
        rate: Rate | None = None,
        example: Any = None,
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated handler. `auth` is `none`, `optional`, `user` or `admin`.

        `recover` finds what an idempotent creation made, by the id that it was given; only with it are
        `Idempotency-Key`s taken. `upload` is `file` for one file (multipart or the raw body) and `form` for a form
        with files beside the JSON of `body`. `conditional` operations compare `If-Match` themselves; for other
        changes it is compared with what a GET at the path gives. `unit` says that a GET opens a unit of work;
        the others share one database connection for all their reads. `rate` is the limit that counts it, if not the
        usual one.
        """

        def register(handler: Handler) -> Handler:
            operation = Operation(
                method=method,
                path=path,
                id=operation_id,
                summary=summary,
                tag=self.tag,
                handler=handler,
                auth=auth,
                scope=scope or ("read" if method == "GET" else "write"),
                status=status,
                body=body,
                query=query,
                answer=answer,
                problems=problems,
                recover=recover,
                upload=upload,
                conditional=conditional,
                unit=unit,
                rate=rate or (API if method == "GET" else WRITES),
                example=example,
            )
            OPERATIONS.append(operation)
            self.blueprint.add_route(
                _endpoint(operation),
                path,
                methods=["GET", "HEAD"] if method == "GET" else [method],
                name=operation_id,
                stream=True,
                unquote=True,
            )
            return handler

        return register

    def switch(
        self, path: str, on: tuple[str, str], off: tuple[str, str], **how: Any
    ) -> Callable[[Handler], Handler]:
        """Declare two operations of the decorated handler: PUT for what holds from now on, DELETE to take it back.

        `on` and `off` are their ids and summaries, `how` is what `declare` takes beside them. The handler's argument `on`
        says which of the two is asked for.
        """

        def register(handler: Handler) -> Handler:
            self.declare("PUT", path, *on, **how)(partial(handler, on=True))
            self.declare("DELETE", path, *off, **how)(partial(handler, on=False))
            return handler

        return register


def _endpoint(operation: Operation) -> Callable[..., Awaitable[HTTPResponse]]:
    default_query = operation.query() if operation.query is not None else None

    async def endpoint(request: Request, **path: Any) -> HTTPResponse:
        application = requests.application(request)
        client = requests.client(request)
        identity, headers = await _identify(request, operation, client)
        _authorize(request, operation, identity)
        call = Call(request, application, client, identity)
        if default_query is not None:
            call.query = _read_query(request, operation.query) if request.query_string else default_query
        if operation.upload and _carries_files(request, operation):
            async with _received(call, operation):
                await _confirm(request)
                return await _perform(operation, call, path, headers)
        await _read_body(call, operation)
        await _confirm(request)
        return await _perform(operation, call, path, headers)

    if operation.method != "GET" or operation.auth == "none" or operation.unit:
        return endpoint

    async def reading(request: Request, **path: Any) -> HTTPResponse:
        async with requests.application(request).reading():
            return await endpoint(request, **path)

    return reading


async def count(request: Request, rate: Rate, client: Client, identity: Identity | None) -> None:
    """Count a request; its answer carries what is left, in `request.ctx.limits`. Raises TooMany."""
    key = str(identity.user_id) if identity else client.address
    allowance = await requests.application(request).limiter.hit(rate, key)
    request.ctx.limits = limit_headers(rate, allowance)
    if not allowance.allowed and not client.relaxed:
        raise TooMany(allowance.reset_seconds, rate=rate)


async def _identify(
    request: Request, operation: Operation, client: Client
) -> tuple[Identity | None, dict[str, str]]:
    """Who asks, and the `RateLimit` headers, which a refusal carries as well. Raises Unauthenticated, TooMany."""
    identity, refused = None, None
    if operation.auth != "none":
        try:
            identity = await requests.identify(request)
        except Unauthenticated as error:
            refused = error
    await count(request, operation.rate, client, identity)
    if refused is not None:
        raise refused
    return identity, dict(request.ctx.limits)


async def _confirm(request: Request) -> None:
    """Raises Unauthenticated for who lost, while the body arrived, what the request began with."""
    if not await requests.confirm(request):
        raise Unauthenticated


def _authorize(request: Request, operation: Operation, identity: Identity | None) -> None:
    """Raises Unauthenticated, NotAdmin, MissingScope, CrossSite."""
    if operation.auth == "none":
        requests.check_origin(request)
    elif identity is None:
        if operation.auth != "optional":
            raise Unauthenticated
    else:
        if operation.auth == "admin" and identity.role != "admin":
            raise requests.NotAdmin
        requests.check_scope(identity, operation.scope)
        if operation.method != "GET" and identity.via == "session":
            requests.check_same_site(request, request.headers.get("x-csrf-token", ""))


def limit_headers(rate: Rate, allowance: Allowance) -> dict[str, str]:
    """A rate and what is left of it, in the form of the IETF draft."""
    policy = rate.name.partition(":")[0]
    return {
        "RateLimit-Policy": f'"{policy}";q={rate.limit};w={rate.window_seconds}',
        "RateLimit": f'"{policy}";r={allowance.remaining};t={allowance.reset_seconds}',
    }


_SURROGATE = re.compile("[\ud800-\udfff]")


def _read_query(request: Request, kind: Any) -> Any:
    doubled = [name for name, found in request.args.items() if len(found) > 1]
    if doubled:
        raise Invalid.field(f"#/{doubled[0][:60]}", "repeated", msg("Give this parameter once."))
    known = body.fields_of(kind)
    given = {name: found[0] for name, found in request.args.items() if name in known}
    for name, text in given.items():
        if "\x00" in text or (not text.isascii() and _SURROGATE.search(text)):
            raise Invalid.field(
                f"#/{name}", "bad_character", msg("This text holds a character that cannot be stored.")
            )
        if len(text) > 18 and name == "limit" and re.fullmatch(r"[+-]?[0-9]+", text):
            given[name] = "-1" if text.startswith("-") else str(MAX_LIMIT)
    return body.convert(given, kind, strict=False)


def _carries_files(request: Request, operation: Operation) -> bool:
    return operation.upload == "file" or body.media_type(request) == "multipart/form-data"


@asynccontextmanager
async def _received(call: Call, operation: Operation) -> AsyncIterator[None]:
    """The request's files, in the workspace while the block runs. Counted before a byte of them is read."""
    await call.app.uploading.admit(call.user, call.client)
    limit = requests.max_file(call.request)
    if operation.upload == "file":
        name = unquote(call.request.headers.get("upload-name", ""))[:400]
        async with body.one_file(call.request, call.app.workspace, limit, name=name) as upload:
            if upload is None:
                raise Invalid.field("#/file", "required", msg("Choose a file."))
            call.upload, call.sent = upload, [upload.name, upload.sha256]
            yield
        return
    async with body.form(
        call.request, call.app.workspace, max_file=limit, max_files=MAX_PHOTOS, file_field="photos"
    ) as call.form:
        call.sent = [call.form.texts, [(n, [u.sha256 for u in us]) for n, us in call.form.files.items()]]
        yield


async def _read_body(call: Call, operation: Operation) -> None:
    """Parse the body into `call.body`. What an operation without one is sent is read and thrown away."""
    if operation.body is not None:
        call.sent = await body.read_json(call.request)
        call.body = body.convert(call.sent, operation.body)
    elif operation.method != "GET" and body.is_coming(call.request):
        await body.read(call.request, body.JSON_BYTES)


async def _perform(
    operation: Operation, call: Call, path: dict[str, Any], headers: dict[str, str]
) -> HTTPResponse:
    if operation.method in ("PATCH", "DELETE") and not operation.conditional:
        await _check_match(operation, call, path)
    if operation.recover is not None and call.identity is not None:
        key = call.request.headers.get("idempotency-key")
        if key is not None:
            return await _once(operation, call, path, key, headers)
    return await _answer(operation, call, path, headers)


async def _answer(
    operation: Operation, call: Call, path: dict[str, Any], headers: dict[str, str]
) -> HTTPResponse:
    answer = await _run(operation, call, path)
    return _respond(operation, call, answer, headers)


async def _run(operation: Operation, call: Call, path: dict[str, Any]) -> Answer:
    """The handler's answer; what the database undid is run again, at most twice."""
    value = await retrying(lambda: operation.handler(call, **path))
    return value if isinstance(value, Answer) else Answer(value)


def _respond(operation: Operation, call: Call, answer: Answer, headers: dict[str, str]) -> HTTPResponse:
    status = operation.status
    if answer.location:
        headers["Location"] = answer.location
    headers.update(answer.headers)
    if status == 204 or (answer.value is None and operation.answer is None):
        return Bare(status=status, headers=headers)
    with speaking(accepted_language(call.request)):
        content = to_json(answer.value, call.app.grants.grant(call.identity))
    if operation.method in ("GET", "PATCH"):
        # What a PATCH answers with is what a GET at its path would say now.
        headers["ETag"] = etag = etag_of(answer.value, content)
    if operation.method == "GET":
        headers["Cache-Control"] = "private, no-cache"
        headers["Vary"] = "Authorization, Cookie, Accept-Language"
        if is_known(call.request.headers.get("if-none-match", ""), etag):
            return HTTPResponse(status=304, headers=headers)
        if isinstance(answer.value, Page):
            _link(call.request, answer.value, headers)
    return HTTPResponse(content, status, headers=headers, content_type="application/json")


def etag_of(value: Any, content: bytes) -> str:
    """A validator of the bytes; what has versions starts with its own, which is what `If-Match` is about."""
    digest = hashlib.sha256(content).hexdigest()[:16]
    if isinstance(value, PostCard | DraftView):
        return f'"v{value.version}-{digest}"'
    return f'W/"{digest}"'


def expected_versions(request: Request) -> frozenset[int] | None:
    """The versions of which `If-Match` insists on one; None without it. An unreadable tag matches nothing."""
    wanted = request.headers.get("if-match", "").strip()
    if not wanted or wanted == "*":
        return None
    found = (re.fullmatch(r'(?:W/)?"v(\d{1,9})-[0-9a-f]+"', tag.strip()) for tag in wanted.split(","))
    return frozenset(int(tag.group(1)) for tag in found if tag)


async def _check_match(operation: Operation, call: Call, path: dict[str, Any]) -> None:
    """Hold `If-Match` against what a GET at the same path gives the caller now; where there is none, nothing matches.

    Raises Changed, and what the GET raises.
    """
    wanted = call.request.headers.get("if-match", "").strip()
    if not wanted or wanted == "*":
        return
    reader = next((op for op in OPERATIONS if op.method == "GET" and op.path == operation.path), None)
    if reader is None:
        raise Changed
    if reader.query is not None:
        # What a GET without parameters gives: the operation itself takes none.
        call = replace(call, query=reader.query())
    now = await _run(reader, call, path)
    content = to_json(now.value, call.app.grants.grant(call.identity))
    # Weak tags are taken too: ours are, and a proxy that compresses weakens those that are not.
    if not is_known(wanted, etag_of(now.value, content)):
        raise Changed


def is_known(header: str, etag: str) -> bool:
    """Whether `If-None-Match` or `If-Match` names this validator, be either of them weak."""
    if not header:
        return False
    plain = etag.removeprefix("W/")
    return header.strip() == "*" or any(tag.strip().removeprefix("W/") == plain for tag in header.split(","))


def _link(request: Request, page: Page[Any], headers: dict[str, str]) -> None:
    links = []
    for relation, cursor in (("next", page.next), ("prev", page.prev)):
        if cursor:
            parameters = {
                name: found[0] for name, found in request.args.items() if name not in ("cursor", "since")
            }
            query = urlencode(parameters | {"cursor": cursor})
            links.append(f'<{quote(request.path, safe="/%@")}?{query}>; rel="{relation}"')
    if links:
        headers["Link"] = ", ".join(links)


# Idempotency


class KeyReused(Invalid):
    """The key belongs to another request."""

    code = "idempotency_mismatch"
    message = msg("This idempotency key was used for another request.")


class StillRunning(Conflict):
    """The first request under this key has not been answered yet."""

    code = "idempotency_in_progress"
    message = msg("The first request with this key is still running.")


async def _once(
    operation: Operation, call: Call, path: dict[str, Any], key: str, headers: dict[str, str]
) -> HTTPResponse:
    """Run the creation under `key`, or answer as the first time.

    The key's row holds the id that the new thing will get. So the same request can make it only once, even when the
    process died between making it and storing the answer: then `recover` finds it by that id.
    """
    if not re.fullmatch(r"[\x21-\x7e]{1,80}", key):
        raise Invalid.field(
            "#/Idempotency-Key", "invalid", msg("Use 1 to 80 printable characters, such as a UUID.")
        )
    reads = call.app.operations.reads
    new_id = call.app.ids.new()
    known = await reads.claim_key(call.user, key, _fingerprint(operation, call, path), new_id)
    if known is not None:
        if not known.same_request:
            raise KeyReused
        replayed = await _replay(operation, call, known, headers)
        if replayed is not None:
            return replayed
        if not await reads.take_over_key(call.user, key):
            raise StillRunning(retry_after_seconds=1)
    call.new_id = known.resource_id if known else new_id
    try:
        response = await _answer(operation, call, path, headers)
    except AlreadyMade:
        # Another try under the key was faster: this one took it over, or lost it to that one.
        made = await _made_before(operation, call, call.new_id, headers)
        if made is None:
            raise
        return made
    except DomainError:
        await reads.release_key(call.user, key)
        raise
    except BaseException:
        await _give_up_key(call, key)
        raise
    try:
        await reads.answer_key(
            call.user,
            key,
            response.status,
            response.body or b"",
            response.content_type or "",
            headers.get("Location", ""),
        )
    except Unavailable as error:
        # The thing is made; whoever asks again is given it by `recover`.
        log.warning("the answer under an idempotency key was not kept: %r", error)
    return response


async def _give_up_key(call: Call, key: str) -> None:
    """Let the next try under the key begin at once: whether anything was made, `recover` will tell it."""
    try:
        await asyncio.shield(call.app.operations.reads.abandon_key(call.user, key))
    except Exception as error:  # noqa: BLE001 - then the key is free again after some seconds
        log.warning("an idempotency key was not given up: %r", error)


def _fingerprint(operation: Operation, call: Call, path: dict[str, Any]) -> bytes:
    digest = hashlib.sha256(f"{operation.id} {sorted(path.items())} ".encode())
    digest.update(msgspec.json.encode(call.sent, order="deterministic"))
    return digest.digest()


async def _replay(
    operation: Operation, call: Call, known: Replay, headers: dict[str, str]
) -> HTTPResponse | None:
    if not known.status:
        return await _made_before(operation, call, known.resource_id, headers)
    headers = headers | {"Idempotency-Replayed": "true"}
    if known.location:
        headers["Location"] = known.location
    if not known.body:
        return Bare(status=known.status, headers=headers)
    return HTTPResponse(known.body, known.status, headers=headers, content_type=known.content_type)


async def _made_before(
    operation: Operation, call: Call, resource_id: UUID, headers: dict[str, str]
) -> HTTPResponse | None:
    """The answer about what another try made under this id; None when there is no such thing of the caller's."""
    if operation.recover is None:
        return None
    try:
        made = await operation.recover(call, resource_id)
    except NotFound:
        return None
    return _respond(operation, call, made, headers | {"Idempotency-Replayed": "true"})
