"""Uploads over the API."""

from uuid import UUID

from sanic import HTTPResponse

from application.views import FileView, Page
from domain.kernel import FileId
from entrypoints import media, requests
from entrypoints.api.operation import API, BASE, Answer, Call, Operations, count
from entrypoints.api.schemas import FilesQuery

group = Operations("files")


def _answer(file: FileView) -> Answer:
    return Answer(file, location=f"{BASE}/files/{file.id}")


async def _recover(call: Call, file_id: UUID) -> Answer:
    return _answer(await call.app.uploading.get(call.user, FileId(file_id)))


@group.declare(
    "POST",
    "/uploads",
    "upload",
    "Upload a picture: multipart with `file`, or the raw bytes with `Upload-Name`",
    scope="files",
    status=201,
    answer=FileView,
    upload="file",
    recover=_recover,
    problems=("empty", "damaged", "quota", "insufficient_storage"),
)
async def upload(call: Call) -> Answer:
    assert call.upload is not None  # noqa: S101 - the declaration asks for a file
    new_id = FileId(call.new_id) if call.new_id else None
    return _answer(await call.app.uploading.receive(call.user, call.upload, new_id))


@group.declare(
    "GET",
    "/files",
    "listFiles",
    "List the own uploads; with `undescribed` only posted photos that have no description",
    scope="files",
    query=FilesQuery,
    answer=Page[FileView],
)
async def list_files(call: Call) -> Page[FileView]:
    query: FilesQuery = call.query
    return await call.app.uploading.list(
        call.user, query.limit, query.cursor, query.kind, query.state, undescribed=query.undescribed
    )


@group.declare(
    "GET",
    "/files/<file_id:uuid>",
    "getFile",
    "Get an upload",
    unit=True,
    scope="files",
    answer=FileView,
    problems=("not_found",),
)
async def get_file(call: Call, file_id: UUID) -> FileView:
    return await call.app.uploading.get(call.user, FileId(file_id))


@group.declare(
    "DELETE",
    "/files/<file_id:uuid>",
    "deleteFile",
    "Remove an upload that no post uses",
    scope="files",
    status=204,
    problems=("not_found", "in_use"),
)
async def delete_file(call: Call, file_id: UUID) -> None:
    await call.app.uploading.remove(call.user, FileId(file_id))


@group.declare(
    "POST",
    "/files/<file_id:uuid>/retry",
    "retryFile",
    "Process a failed upload again",
    scope="files",
    status=202,
    answer=FileView,
    problems=("not_found", "conflict"),
)
async def retry_file(call: Call, file_id: UUID) -> Answer:
    return _answer(await call.app.uploading.retry(call.user, FileId(file_id)))


@group.blueprint.route(
    "/files/<file_id:uuid>/content", methods=["GET", "HEAD"], name="fileContent", unquote=True
)
async def file_content(request: requests.Request, file_id: UUID) -> HTTPResponse | None:
    identity = await requests.require(request, "files")
    await count(request, API, requests.client(request), identity)
    file = await requests.application(request).uploading.original(identity.user_id, FileId(file_id))
    return await media.send_original(request, file.original_key, file.name)
