"""Archives of one's own data over the API."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from sanic import HTTPResponse, Request

from application.exporting import ExportError, ExportView
from domain.exports import ExportState
from domain.kernel import ExportId
from entrypoints import media, requests
from entrypoints.api.operation import API, BASE, Answer, Call, Operations, count

group = Operations("exports")


@dataclass(frozen=True, slots=True)
class ExportOut:
    """An archive of everything of the own account. `progress` in percent, `size` in bytes.

    `url` is there while it is ready. It loads the archive once, within ten minutes, for nobody but its owner; every GET
    gives one that works.
    """

    id: UUID
    state: ExportState
    progress: int
    size: int
    created_at: datetime
    expires_at: datetime | None
    error: ExportError | None
    url: str | None


def archive_url(export: ExportView) -> str | None:
    """Where the archive is loaded, once."""
    path = f"{BASE}/me/exports/{export.id}/archive"
    return f"{path}?key={quote(export.link, safe='')}" if export.link else None


def _present(export: ExportView) -> ExportOut:
    return ExportOut(
        export.id,
        export.state,
        export.progress,
        export.size,
        export.created_at,
        export.expires_at,
        export.error,
        archive_url(export),
    )


async def _recover(call: Call, export_id: UUID) -> Answer:
    return _answer(await call.app.exporting.get(call.user, ExportId(export_id)))


def _answer(export: ExportView) -> Answer:
    return Answer(_present(export), location=f"{BASE}/me/exports/{export.id}")


@group.declare(
    "POST",
    "/me/exports",
    "createExport",
    "Have everything of the own account packed into one archive; while that is done, asking again changes nothing",
    status=202,
    answer=ExportOut,
    recover=_recover,
)
async def create_export(call: Call) -> Answer:
    new_id = ExportId(call.new_id) if call.new_id else None
    return _answer(await call.app.exporting.ask(call.user, call.client, new_id=new_id))


@group.declare(
    "GET",
    "/me/exports/<export_id:uuid>",
    "getExport",
    "How far an archive is and, when it is ready, a link that loads it once; it is kept for 7 days",
    unit=True,
    answer=ExportOut,
    problems=("not_found",),
)
async def get_export(call: Call, export_id: UUID) -> ExportOut:
    return _present(await call.app.exporting.get(call.user, ExportId(export_id)))


@group.declare(
    "DELETE",
    "/me/exports/<export_id:uuid>",
    "deleteExport",
    "Remove an archive, or stop making it",
    status=204,
    problems=("not_found",),
)
async def delete_export(call: Call, export_id: UUID) -> None:
    await call.app.exporting.remove(call.user, ExportId(export_id))


@group.blueprint.route(
    "/me/exports/<export_id:uuid>/archive", methods=["GET"], name="exportArchive", unquote=True
)
async def export_archive(request: Request, export_id: UUID) -> HTTPResponse | None:
    # Originals are in it.
    identity = await requests.require(request, "files")
    await count(request, API, requests.client(request), identity)
    key = str(request.args.get("key") or "")
    export = await requests.application(request).exporting.open(identity.user_id, ExportId(export_id), key)
    return await media.send_archive(request, export, identity.username)
