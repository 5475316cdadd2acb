"""Changing a post, its photos too, and what it showed before."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sanic import HTTPResponse

from application.posting import PhotoDraft, PostEdit
from application.views import DraftPhoto, PostCard
from domain.files import Crop
from domain.kernel import DomainError, FileId, PostId
from domain.posts import MAX_PHOTOS
from entrypoints.retrying import retrying
from entrypoints.web.post_forms import begun_with, chosen_audience, typed_place, typed_values
from entrypoints.web.post_pages import failed_photos, own_post
from entrypoints.web.shots import (
    Refusal,
    Shot,
    change_upload,
    field_names,
    in_positions,
    named_uploads,
    photo_limits,
    read_shot,
    take_in,
    with_pictures,
)
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import NO_TROUBLE, Routes, Trouble, Values, Visit, trouble

routes = Routes("editing")

# How a photo of the post is cut until another shape is chosen.
KEPT = "kept"
VERSIONS = 20


@routes.page("/p/<post_id:uuid>/edit", guests=False)
async def edit_post(visit: Visit, post_id: UUID) -> HTTPResponse:
    shown = await own_post(visit, post_id)
    values = Values(
        caption=shown.caption,
        place=shown.place.name if shown.place else "",
        audience=shown.audience,
        comments=shown.comments,
        show_camera=any(photo.camera for photo in shown.media),
        version=shown.version,
    )
    photos = await visit.app.posting.photos(visit.user, PostId(post_id))
    shots = [Shot(photo.file, photo.alt, KEPT) for photo in photos]
    return await _show(visit, shown, shots, values)


async def _show(
    visit: Visit,
    shown: PostCard,
    shots: Sequence[Shot],
    values: Values,
    found: Trouble = NO_TROUBLE,
    refusals: Sequence[Refusal] = (),
) -> HTTPResponse:
    return await visit.page(
        "edit_post.html",
        status=422 if refusals and not found.lines else found.status,
        post=shown,
        shots=shots,
        values=values,
        trouble=found,
        refusals=refusals,
        here_already={photo.id for photo in shown.media},
        failed=await failed_photos(visit, shown),
        limits=photo_limits(visit),
        room=MAX_PHOTOS - len(shots),
    )


@routes.form("/p/<post_id:uuid>/edit", files=2 * MAX_PHOTOS)
async def change_post(visit: Visit, post_id: UUID) -> HTTPResponse:
    """The button that was pressed stands in `do`: add, look, save, remove:<id> or retry:<id>."""
    shown = await own_post(visit, post_id)
    own = {photo.upload_id: photo for photo in await visit.app.posting.photos(visit.user, PostId(post_id))}
    shots, values = await _shots(visit, own), typed_values(visit, "version")
    added, refusals = await take_in(visit, MAX_PHOTOS - len(shots))
    act, _colon, which = visit.text("do").partition(":")
    if act in ("remove", "retry"):
        shots = await _change(visit, shots, own, act, which)
    if act not in ("", "save") or added or refusals:
        seen = await _with_pictures(visit, [*shots, *added], own)
        return await _show(visit, shown, seen, values, refusals=refusals)
    edit = _edit(visit, values, shown, shots, own)
    try:
        await retrying(lambda: visit.app.posting.edit(visit.user, PostId(post_id), edit))
    except DomainError as error:
        return await _show(visit, shown, shots, values, trouble(error, field_names(shots)))
    return visit.go(f"/p/{post_id}", _("Changes saved."))


async def _shots(visit: Visit, own: dict[UUID, DraftPhoto]) -> list[Shot]:
    """The photos that the form names, of the post and new ones, in the order that it wants."""
    named = named_uploads(visit)
    loose = {file.id: file for file in await visit.app.uploading.unused(visit.user, named)}
    files = [own[each].file if each in own else loose[each] for each in named if each in own or each in loose]
    shots = [read_shot(visit, file) for file in files]
    for shot in shots:
        if shot.id in own and visit.text(f"ratio-{shot.id}") in ("", KEPT):
            shot.ratio = KEPT
    ordered: list[Shot] = in_positions(visit, shots)
    return ordered


async def _change(
    visit: Visit, shots: list[Shot], own: dict[UUID, DraftPhoto], act: str, which: str
) -> list[Shot]:
    """The shots after one was taken out or is processed again. A photo of the post goes when the changes are saved."""
    chosen = next((shot for shot in shots if str(shot.id) == which), None)
    if chosen is None:
        return shots
    if chosen.id not in own:
        await change_upload(visit, act, FileId(chosen.id))
        now = {shot.id for shot in await _shots(visit, own)}
        return [shot for shot in shots if shot.id in now]
    return [shot for shot in shots if act != "remove" or shot is not chosen]


async def _with_pictures(visit: Visit, shots: list[Shot], own: dict[UUID, DraftPhoto]) -> list[Shot]:
    new = await with_pictures(visit, [shot for shot in shots if shot.id not in own])
    ready = {shot.id: shot for shot in new}
    return [ready.get(shot.id, shot) for shot in shots]


def _edit(
    visit: Visit, values: Values, shown: PostCard, shots: Sequence[Shot], own: dict[UUID, DraftPhoto]
) -> PostEdit:
    return PostEdit(
        caption=values["caption"],
        place=typed_place(values, shown.place),
        remove_place=not values["place"].strip(),
        audience=chosen_audience(values),
        comments=values["comments"],
        show_camera=values["show_camera"],
        # A form that names no photos leaves them alone.
        media=[PhotoDraft(FileId(shot.id), shot.alt, _crop(shot, own.get(shot.id))) for shot in shots]
        or None,
        expected_versions=begun_with(visit),
    )


def _crop(shot: Shot, was: DraftPhoto | None) -> Crop | None:
    """How a photo is to be cut; None where it stays as it is. What is in the post is turned from how it stands there."""
    if was is None:
        return shot.crop
    now = was.crop or Crop()
    if shot.ratio == KEPT:
        return now.turned(int(shot.turn)) if shot.turn != "0" else None
    turn = str((now.rotate + int(shot.turn)) % 360)
    return replace(shot, turn=turn).crop or Crop()


# What it showed before


@routes.page("/p/<post_id:uuid>/history")
async def history(visit: Visit, post_id: UUID) -> HTTPResponse:
    shown = await visit.app.feeds.post(visit.viewer, PostId(post_id))
    versions = await visit.app.feeds.history(visit.viewer, PostId(post_id), VERSIONS, visit.cursor)
    return await visit.page(
        "history.html", post=shown, versions=versions, photos={photo.id: photo for photo in shown.media}
    )


@routes.page("/p/<post_id:uuid>/history/forget", guests=False)
async def ask_to_forget_history(visit: Visit, post_id: UUID) -> HTTPResponse:
    return await visit.page("forget_history.html", post=await own_post(visit, post_id))


@routes.form("/p/<post_id:uuid>/history/forget")
async def forget_history(visit: Visit, post_id: UUID) -> HTTPResponse:
    await visit.app.posting.forget_history(visit.user, PostId(post_id))
    return visit.go(f"/p/{post_id}", _("Earlier versions are forgotten."))
