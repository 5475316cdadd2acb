"""A new post in two steps that need no script: choose the photos, then describe, cut and publish them.

Between the steps nothing is kept but the uploads themselves: everything typed travels in the form (`shots.py`).
"""

from collections.abc import Sequence
from uuid import UUID

from sanic import HTTPResponse

from application.posting import PhotoDraft, PostDraft
from application.views import DraftView
from domain.kernel import DomainError, DraftId, FileId, NotFound, PostId
from domain.posts import MAX_PHOTOS
from entrypoints.retrying import retrying
from entrypoints.web import site
from entrypoints.web.draft_pages import (
    named_draft,
    newest_draft,
    read_later,
    said_of,
    save_draft,
    shots_of,
    values_of,
)
from entrypoints.web.post_forms import begun_with, chosen_audience, typed_place, typed_values
from entrypoints.web.shots import (
    BLANK,
    Refusal,
    Shot,
    change_upload,
    field_names,
    named_uploads,
    photo_limits,
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
    if not visit.asked("draft"):
        return await _show(visit, [], start)
    draft = await named_draft(visit, visit.asked("draft"))
    if draft is None:
        return visit.go("/drafts", _("This draft was posted or deleted."))
    return await _show(visit, shots_of(draft), values_of(draft), draft=draft)


@routes.page("/new/posted/<post_id:uuid>", guests=False)
async def posted(visit: Visit, post_id: UUID) -> HTTPResponse:
    """Where a script goes once it has published: to the post, with the word that a form's answer has."""
    shown = await visit.app.feeds.post(visit.user, PostId(post_id))
    return visit.go(f"/p/{post_id}", _("Posted.") if shown.viewer.can_edit else "")


async def _show(
    visit: Visit,
    shots: Sequence[Shot],
    values: Values,
    refusals: Sequence[Refusal] = (),
    found: Trouble = NO_TROUBLE,
    undescribed: Sequence[Shot] = (),
    draft: DraftView | None = None,
) -> HTTPResponse:
    """`draft` is the one that the form belongs to; its version is the one that the form began with."""
    status = found.status if found.lines else 422 if undescribed or (refusals and not shots) else 200
    return await visit.page(
        "new.html",
        status=status,
        shots=shots,
        blank=BLANK,
        values=values,
        refusals=refusals,
        trouble=found,
        undescribed=undescribed,
        limits=photo_limits(visit),
        room=MAX_PHOTOS - len(shots),
        storage=await visit.app.uploading.storage(visit.user),
        draft=draft,
        version=visit.text("version") or (draft.version if draft else ""),
        newest=None if draft or shots or visit.asked("start") else await newest_draft(visit),
        drafts=await visit.app.drafting.count(visit.user),
    )


@routes.form("/new", files=2 * MAX_PHOTOS)
async def compose(visit: Visit) -> HTTPResponse:
    """The button that was pressed stands in `do`: add, look, post, anyway, save, later, remove:<id> or retry:<id>."""
    draft = await named_draft(visit, visit.text("draft"))
    shots, values = await _shots(visit, draft), typed_values(visit, "later")
    added, refusals = await take_in(visit, MAX_PHOTOS - len(shots))
    act, _colon, which = visit.text("do").partition(":")
    if act in ("remove", "retry"):
        shots = await _change(visit, shots, act, which, draft)
    if act not in ("post", "anyway", "save", "later") or refusals or (added and act != "save"):
        seen = await with_pictures(visit, [*shots, *added], draft and DraftId(draft.id))
        return await _show(visit, seen, values, refusals, draft=draft)
    if act in ("save", "later"):
        return await _keep(visit, draft, [*shots, *added], values, later=act == "later")
    me = await site.me(visit.request)
    undescribed = [shot for shot in shots if not shot.alt.strip()]
    if undescribed and act == "post" and (me is None or me.alt_reminder == "always"):
        return await _show(visit, shots, values, undescribed=undescribed, draft=draft)
    return await _publish(visit, shots, values, draft)


async def _shots(visit: Visit, draft: DraftView | None) -> list[Shot]:
    """The uploads that the form names, in the order that it wants."""
    held_by = draft and DraftId(draft.id)
    return read_shots(visit, await visit.app.uploading.unused(visit.user, named_uploads(visit), held_by))


async def _change(
    visit: Visit, shots: list[Shot], act: str, which: str, draft: DraftView | None
) -> list[Shot]:
    """The shots after one of them was removed or is processed again."""
    chosen = next((shot for shot in shots if str(shot.id) == which), None)
    if chosen is None:
        return shots
    # Whatever came of it: what is true now is looked up.
    await change_upload(visit, act, FileId(chosen.id))
    now = await _shots(visit, draft)
    # What the draft holds goes from the form, and from the draft when that is saved.
    return [shot for shot in now if act != "remove" or shot.id != chosen.id]


async def _keep(
    visit: Visit, draft: DraftView | None, shots: Sequence[Shot], values: Values, *, later: bool
) -> HTTPResponse:
    """Save a draft, to be posted by hand or `later` by itself. One that would hold nothing is not kept."""
    is_empty = not (shots or values["caption"].strip() or values["place"].strip())
    try:
        if is_empty and not later:
            if draft is not None:
                await visit.app.drafting.delete(visit.user, DraftId(draft.id), begun_with(visit))
            return visit.go("/drafts", _("There was nothing in it, so no draft is kept."))
        at = read_later(visit) if later else None
        await save_draft(visit, draft, shots, values, publish_at=at)
    except DomainError as error:
        found = trouble(error, field_names(shots) | {"publish_at": "later"})
        return await _show(visit, shots, values, found=found, draft=draft)
    return visit.go("/drafts", said_of(at) if at else _("Draft saved."))


async def _publish(
    visit: Visit, shots: Sequence[Shot], values: Values, draft: DraftView | None
) -> HTTPResponse:
    if not shots:
        found = _nothing_chosen()
        return await _already_posted(visit) or await _show(visit, [], values, found=found, draft=draft)
    try:
        post_id = await _put_out(visit, shots, values, draft)
    except DomainError as error:
        found = trouble(error, field_names(shots))
        return await _show(visit, shots, values, found=found, draft=draft)
    return visit.go(f"/p/{post_id}", _("Posted."))


async def _put_out(visit: Visit, shots: Sequence[Shot], values: Values, draft: DraftView | None) -> PostId:
    """Publish what the form holds; a draft first becomes what it holds."""
    if draft is None:
        made = _draft(shots, values)
        return await retrying(lambda: visit.app.posting.publish(visit.user, made))
    draft_id = await save_draft(visit, draft, shots, values, publish_at=None)
    return await retrying(lambda: visit.app.drafting.publish(visit.user, draft_id))


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
    return PostDraft(
        [PhotoDraft(FileId(shot.id), shot.alt, shot.crop) for shot in shots],
        values["caption"],
        typed_place(values),
        chosen_audience(values) or "everyone",
        values["comments"],
        values["show_camera"],
    )
