"""Health, the machine-readable description, and what administrators see, over HTTP."""

from dataclasses import dataclass
from uuid import UUID

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import text

from application.moderation import DeadJobs
from application.operations import Status
from application.views import Page
from domain.kernel import EventId, NotFound, Unavailable
from entrypoints import VERSION, requests
from entrypoints.api import asyncapi
from entrypoints.api.moderation import staff
from entrypoints.api.openapi import document
from entrypoints.api.operation import API, Call, Operations, Paging, count, is_known

group = Operations("operations")
outside = Blueprint("operations_outside")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client should know before it asks: sizes in bytes, lengths in code points, counts."""

    max_upload_bytes: int
    quota_bytes: int
    max_photos: int
    max_caption: int
    max_comment: int
    max_alt: int
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Instance:
    """What this place is called and allows."""

    name: str
    version: str
    sign_up: str
    limits: Limits


@group.declare(
    "GET", "/instance", "getInstance", "What this place is called and allows", auth="none", answer=Instance
)
async def instance(call: Call) -> Instance:
    from domain import files, posts  # noqa: PLC0415 - only the numbers

    settings = requests.settings(call.request)
    limits = Limits(
        requests.max_file(call.request),
        call.app.uploading.quota_bytes,
        posts.MAX_PHOTOS,
        posts.MAX_CAPTION,
        posts.MAX_COMMENT,
        files.MAX_ALT,
        files.FORMATS,
    )
    return Instance(call.app.place.name, VERSION, settings.sign_up, limits)


@group.declare(
    "GET",
    "/admin/overview",
    "adminOverview",
    "Numbers of the whole instance",
    auth="admin",
    scope="admin",
    answer=Status,
    problems=("not_found",),
)
async def overview(call: Call) -> Status:
    return await call.app.operations.reads.status()


@group.declare(
    "GET",
    "/admin/jobs",
    "adminJobs",
    "Jobs that failed for good, by event, newest first",
    auth="admin",
    scope="admin",
    query=Paging,
    answer=Page[DeadJobs],
    problems=("not_found",),
)
async def jobs(call: Call) -> Page[DeadJobs]:
    return await call.app.moderation.dead_jobs(call.query.limit, call.query.cursor)


@group.declare(
    "POST",
    "/admin/jobs/<job_id:uuid>/retry",
    "adminRetryJob",
    "Try a job that was given up again",
    auth="admin",
    scope="admin",
    status=202,
    problems=("not_found",),
)
async def retry_job(call: Call, job_id: UUID) -> None:
    if not await call.app.moderation.retry_jobs(EventId(job_id), staff(call)):
        raise NotFound


@group.blueprint.route("/openapi.json", methods=["GET", "HEAD"], name="openapi")
async def openapi(request: Request) -> HTTPResponse:
    await count(request, API, requests.client(request), None)
    content, etag = document(requests.settings(request).origin)
    headers = {"Cache-Control": "public, max-age=300", "ETag": etag}
    if is_known(request.headers.get("if-none-match", ""), etag):
        return HTTPResponse(status=304, headers=headers)
    return HTTPResponse(content, headers=headers, content_type="application/json")


@group.blueprint.route("/asyncapi.json", methods=["GET", "HEAD"], name="asyncapi")
async def describe_live(request: Request) -> HTTPResponse:
    await count(request, API, requests.client(request), None)
    content, etag = asyncapi.encoded(requests.settings(request).origin)
    headers = {"Cache-Control": "public, max-age=300", "ETag": etag}
    if is_known(request.headers.get("if-none-match", ""), etag):
        return HTTPResponse(status=304, headers=headers)
    return HTTPResponse(content, headers=headers, content_type="application/json")


@outside.route("/healthz", methods=["GET", "HEAD"], name="healthz")
async def healthz(_: Request) -> HTTPResponse:
    """Alive: the loop turns."""
    return text("ok\n")


@outside.route("/readyz", methods=["GET", "HEAD"], name="readyz")
async def readyz(request: Request) -> HTTPResponse:
    """Ready: the database answers, and the server is not about to stop."""
    if request.app.ctx.stopping:
        return text("stopping\n", status=503, headers={"Retry-After": "2"})
    try:
        await requests.application(request).operations.reads.ping()
    except Unavailable:
        return text("database\n", status=503, headers={"Retry-After": "2"})
    return text("ok\n")
