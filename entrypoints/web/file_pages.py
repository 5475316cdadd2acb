"""What people do with their own uploads, wherever these are shown."""

from uuid import UUID

from sanic import HTTPResponse

from domain.kernel import Conflict, FileId
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import Routes, Visit, sentence

routes = Routes("files")


@routes.form("/files/<file_id:uuid>/<act:retry|remove>", seen_at="/settings/data")
async def change_file(visit: Visit, file_id: UUID, act: str) -> HTTPResponse:
    back = visit.back("/settings/data")
    try:
        if act == "retry":
            await visit.app.uploading.retry(visit.user, FileId(file_id))
            return visit.go(back, _("The photo is processed again."))
        await visit.app.uploading.remove(visit.user, FileId(file_id))
    except Conflict as error:
        return visit.go(back, sentence(error))
    return visit.go(back, _("The file is removed."))
