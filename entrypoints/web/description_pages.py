"""Photos that tell nothing to people who cannot see them, and describing them later."""

from collections.abc import Mapping
from uuid import UUID

from sanic import HTTPResponse

from application.posting import PhotoDraft, PostEdit
from application.views import FileView
from domain.kernel import DomainError, FileId, PostId
from entrypoints.web.settings_pages import settings_menu
from entrypoints.web.translation import gettext as _
from entrypoints.web.translation import ngettext
from entrypoints.web.visits import NO_TROUBLE, Routes, Trouble, Values, Visit, sentence

routes = Routes("descriptions")

HERE = "/settings/descriptions"
AT_ONCE = 12


@routes.page(HERE, guests=False)
async def descriptions(visit: Visit) -> HTTPResponse:
    return await _show(visit, Values())


async def _show(visit: Visit, values: Values, found: Trouble = NO_TROUBLE) -> HTTPResponse:
    photos = await visit.app.uploading.list(visit.user, AT_ONCE, visit.cursor, undescribed=True)
    coverage = await visit.app.uploading.descriptions(visit.user)
    return await visit.page(
        "settings/descriptions.html",
        status=found.status,
        menu=settings_menu(HERE),
        values=values,
        trouble=found,
        photos=photos,
        coverage=coverage,
    )


@routes.form(HERE)
async def describe(visit: Visit) -> HTTPResponse:
    """Each post is changed by itself, so what one of them refuses keeps nothing else from being stored."""
    written = {name: text for name in visit.form.names("alt-") if (text := visit.text(name).strip())}
    values, lines, stored = Values(), [], 0
    for file in await visit.app.uploading.posted(visit.user, _ids(written)):
        name = f"alt-{file.id}"
        try:
            await _describe(visit, file, written[name])
            stored += 1
        except DomainError as error:
            values[name] = written[name]
            lines.append((name, sentence(error)))
    if lines:
        return await _show(visit, values, Trouble(422, tuple(lines)))
    said = ngettext("%(num)s description saved.", "%(num)s descriptions saved.", stored) % {"num": stored}
    return visit.go(HERE, said if stored else _("Nothing was written, so nothing has changed."))


async def _describe(visit: Visit, file: FileView, text: str) -> None:
    assert file.post_id is not None  # noqa: S101 - only posted photos are asked for
    post = await visit.app.feeds.post(visit.user, PostId(file.post_id))
    media = [PhotoDraft(FileId(photo.id), text if photo.id == file.id else None) for photo in post.media]
    await visit.app.posting.edit(visit.user, PostId(post.id), PostEdit(media=media))


def _ids(written: Mapping[str, str]) -> list[FileId]:
    found = []
    for name in written:
        try:
            found.append(FileId(UUID(name.removeprefix("alt-"))))
        except ValueError:
            continue
    return found
