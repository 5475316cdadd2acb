"""Drafts on pages: the list of them, and what the form for a new post does with one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sanic import HTTPResponse

from application.drafting import DraftEdit
from application.posting import PhotoDraft
from application.views import DraftView
from domain.kernel import DraftId, FileId, Invalid, NotFound, msg
from entrypoints.retrying import retrying
from entrypoints.web.post_forms import begun_with, chosen_audience, typed_place
from entrypoints.web.rendering import full_time, local_input
from entrypoints.web.shots import Shot
from entrypoints.web.translation import current_timezone
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import Routes, Values, Visit

routes = Routes("drafts")

ON_A_PAGE = 20


@routes.page("/drafts", guests=False)
async def drafts(visit: Visit) -> HTTPResponse:
    found = await visit.app.drafting.list(visit.user, ON_A_PAGE, visit.cursor)
    return await visit.page("drafts.html", drafts=found)


@routes.page("/drafts/<draft_id:uuid>/delete", guests=False)
async def ask_to_delete_draft(visit: Visit, draft_id: UUID) -> HTTPResponse:
    draft = await visit.app.drafting.get(visit.user, DraftId(draft_id))
    return await visit.page("delete_draft.html", draft=draft)


@routes.form("/drafts/<draft_id:uuid>/delete")
async def delete_draft(visit: Visit, draft_id: UUID) -> HTTPResponse:
    await visit.app.drafting.delete(visit.user, DraftId(draft_id))
    return visit.go("/drafts", _("Draft deleted."))


# For the form of a new post


async def named_draft(visit: Visit, text: str) -> DraftView | None:
    """The draft that an address or a form names; None for nothing, and for one that is gone."""
    try:
        return await visit.app.drafting.get(visit.user, DraftId(UUID(text)))
    except (ValueError, NotFound):
        return None


async def newest_draft(visit: Visit) -> DraftView | None:
    """What one may go on with instead of beginning something new: the last draft that has no time of its own."""
    found = (await visit.app.drafting.list(visit.user, 10)).items
    return next((draft for draft in found if draft.state != "scheduled"), None)


def shots_of(draft: DraftView) -> list[Shot]:
    """Its photos with what was chosen for them."""
    return [Shot.cut_as(photo.file, photo.alt, photo.crop) for photo in draft.media]


def values_of(draft: DraftView) -> Values:
    """The rest of it, as it stands in the form."""
    return Values(
        caption=draft.caption,
        place=draft.place.name if draft.place else "",
        place_at=draft.place,
        audience=draft.audience,
        comments=draft.comments,
        show_camera=draft.show_camera,
        later=local_input(draft.publish_at) if draft.publish_at else "",
    )


async def save_draft(
    visit: Visit,
    draft: DraftView | None,
    shots: Sequence[Shot],
    values: Values,
    *,
    publish_at: datetime | None,
) -> DraftId:
    """Keep what the form holds, in the draft that it began with or in a new one. Raises Changed, Invalid.

    Without `publish_at` it waits for its author.
    """
    edit = DraftEdit(
        media=[PhotoDraft(FileId(shot.id), shot.alt, shot.crop) for shot in shots],
        caption=values["caption"],
        place=typed_place(values, draft and draft.place),
        remove_place=not values["place"].strip(),
        audience=chosen_audience(values),
        comments=values["comments"],
        show_camera=values["show_camera"],
        publish_at=publish_at,
        withdraw=publish_at is None,
        expected_versions=begun_with(visit),
    )
    drafting = visit.app.drafting
    if draft is None:
        return await retrying(lambda: drafting.create(visit.user, edit))
    await retrying(lambda: drafting.edit(visit.user, DraftId(draft.id), edit))
    return DraftId(draft.id)


def read_later(visit: Visit) -> datetime:
    """The time that the form asks for, on the clock of the reader's time zone. Raises Invalid."""
    try:
        at = datetime.fromisoformat(visit.text("later").strip())
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None:
        raise Invalid.field("#/publish_at", "required", msg("Choose a day and a time."))
    return at.replace(tzinfo=current_timezone())


def said_of(at: datetime) -> str:
    """What is told once something has a time."""
    return _("It will be posted on %(time)s.") % {"time": full_time(at)}
