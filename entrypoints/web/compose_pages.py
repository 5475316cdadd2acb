"""A new post in two steps that need no script: choose the photos, then describe, cut and publish them.

Between the steps nothing is kept but the uploads themselves: everything typed travels in the form (`shots.py`).
"""

from collections.abc import Sequence

from sanic import HTTPResponse

from application.posting import PhotoDraft, PlaceDraft, PostDraft
from domain.files import FORMATS
from domain.kernel import DomainError, FileId, NotFound
from domain.posts import AUDIENCES, MAX_PHOTOS
from entrypoints import requests
from entrypoints.retrying import retrying
from entrypoints.web import site
from entrypoints.web.shots import (
    Refusal,
    Shot,
    change_upload,
    field_names,
    named_uploads,
    read_shots,
    take_in,
    with_pictures,
)
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import NO_TROUBLE, Routes, Trouble, Values, Visit, trouble

routes = Routes("compose")


@routes.page("/new", guests=False)
async def new(visit: Visit) -> HTTPResponse:
    me = await site.me(visit.request)
    start = Values(audience="everyone", comments=True, show_camera=bool(me and me.show_camera))
    if visit.asked("tag"):
        start["caption"] = f"#{visit.asked('tag')[:64]}"
    return await _show(visit, [], start)


async def _show(
    visit: Visit,
    shots: Sequence[Shot],
    values: Values,
    refusals: Sequence[Refusal] = (),
    found: Trouble = NO_TROUBLE,
    undescribed: Sequence[Shot] = (),
) -> HTTPResponse:
    status = found.status if found.lines else 422 if undescribed or (refusals and not shots) else 200
    return await visit.page(
        "new.html",
        status=status,
        shots=shots,
        values=values,
        refusals=refusals,
        trouble=found,
        undescribed=undescribed,
        limits={
            "photos": MAX_PHOTOS,
            "mb": requests.settings(visit.request).max_upload_mb,
            "formats": ", ".join(FORMATS),
        },
        room=MAX_PHOTOS - len(shots),
        storage=await visit.app.uploading.storage(visit.user),
    )


@routes.form("/new", files=2 * MAX_PHOTOS)
async def compose(visit: Visit) -> HTTPResponse:
    """The button that was pressed stands in `do`: add, look, post, anyway, remove:<id> or retry:<id>."""
    shots, values = await _shots(visit), _values(visit)
    added, refusals = await take_in(visit, MAX_PHOTOS - len(shots))
    act, _colon, which = visit.text("do").partition(":")
    if act in ("remove", "retry"):
        shots = await _change(visit, shots, act, which)
    if act not in ("post", "anyway") or added or refusals:
        return await _show(visit, await with_pictures(visit, [*shots, *added]), values, refusals)
    undescribed = [shot for shot in shots if not shot.alt.strip()]
    if undescribed and act == "post":
        return await _show(visit, shots, values, undescribed=undescribed)
    return await _publish(visit, shots, values)


def _values(visit: Visit) -> Values:
    texts = {name: visit.text(name) for name in ("caption", "place", "audience")}
    return Values(texts, comments=visit.ticked("comments"), show_camera=visit.ticked("show_camera"))


async def _shots(visit: Visit) -> list[Shot]:
    """The uploads that the form names, in the order that it wants."""
    return read_shots(visit, await visit.app.uploading.unused(visit.user, named_uploads(visit)))


async def _change(visit: Visit, shots: list[Shot], act: str, which: str) -> list[Shot]:
    """The shots after one of them was removed or is processed again."""
    chosen = next((shot for shot in shots if str(shot.id) == which), None)
    if chosen is None:
        return shots
    # Whatever came of it: what is true now is looked up.
    await change_upload(visit, act, FileId(chosen.id))
    return await _shots(visit)


async def _publish(visit: Visit, shots: Sequence[Shot], values: Values) -> HTTPResponse:
    if not shots:
        return await _already_posted(visit) or await _show(visit, [], values, found=_nothing_chosen())
    try:
        draft = _draft(shots, values)
        post_id = await retrying(lambda: visit.app.posting.publish(visit.user, draft))
    except DomainError as error:
        found = trouble(error, field_names(shots))
        return await _show(visit, shots, values, found=found)
    return visit.go(f"/p/{post_id}", _("Posted."))


def _nothing_chosen() -> Trouble:
    return Trouble(422, (("photos", _("Choose at least one photo.")),))


async def _already_posted(visit: Visit) -> HTTPResponse | None:
    """To the post, when the form came a second time because somebody pressed twice."""
    for file_id in named_uploads(visit)[:1]:
        try:
            file = await visit.app.uploading.get(visit.user, file_id)
        except NotFound:
            return None
        return visit.go(f"/p/{file.post_id}", _("Posted.")) if file.post_id else None
    return None


def _draft(shots: Sequence[Shot], values: Values) -> PostDraft:
    place = values["place"].strip()
    return PostDraft(
        [PhotoDraft(FileId(shot.id), shot.alt, shot.crop) for shot in shots],
        values["caption"],
        PlaceDraft(place) if place else None,
        next((each for each in AUDIENCES if each == values["audience"]), "everyone"),
        values["comments"],
        values["show_camera"],
    )
