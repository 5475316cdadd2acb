"""Drafts over the API: posts in the making, seen by their author alone."""

from datetime import datetime
from uuid import UUID

from application.drafting import DraftEdit
from application.views import DraftView, Page, PostCard
from domain.kernel import DraftId, PostId
from entrypoints.api.operation import BASE, Answer, Call, Operations, Paging, expected_versions
from entrypoints.api.posts import as_place, posted, recover_post, uploads
from entrypoints.api.schemas import UNSET, DraftPatch, NewDraft, PlaceIn, given

group = Operations("drafts")


def _kept(draft: DraftView) -> Answer:
    return Answer(draft, location=f"{BASE}/drafts/{draft.id}")


async def _recover(call: Call, draft_id: UUID) -> Answer:
    return _kept(await call.app.drafting.get(call.user, DraftId(draft_id)))


@group.declare(
    "GET",
    "/drafts",
    "listDrafts",
    "List the own drafts, last changed first",
    query=Paging,
    answer=Page[DraftView],
)
async def list_drafts(call: Call) -> Page[DraftView]:
    return await call.app.drafting.list(call.user, call.query.limit, call.query.cursor)


@group.declare(
    "POST",
    "/drafts",
    "createDraft",
    "Save a draft; with `publish_at` it is published by itself",
    status=201,
    body=NewDraft,
    answer=DraftView,
    recover=_recover,
    problems=("not_found", "too_many_drafts"),
    example={"caption": "#dawn, to be finished"},
)
async def create(call: Call) -> Answer:
    sent: NewDraft = call.body
    edit = DraftEdit(
        media=uploads(sent.media),
        caption=sent.caption or "",
        place=as_place(sent.place),
        audience=sent.audience,
        comments=sent.comments,
        show_camera=sent.show_camera,
        publish_at=sent.publish_at,
    )
    new_id = DraftId(call.new_id) if call.new_id else None
    made = await call.app.drafting.create(call.user, edit, new_id)
    return _kept(await call.app.drafting.get(call.user, made))


@group.declare(
    "GET",
    "/drafts/<draft_id:uuid>",
    "getDraft",
    "Get a draft",
    answer=DraftView,
    problems=("not_found",),
)
async def get_draft(call: Call, draft_id: UUID) -> DraftView:
    return await call.app.drafting.get(call.user, DraftId(draft_id))


@group.declare(
    "PATCH",
    "/drafts/<draft_id:uuid>",
    "editDraft",
    "Change a draft, or when it is published; `media` gives all of its photos",
    body=DraftPatch,
    answer=DraftView,
    conditional=True,
    problems=("not_found",),
    example={"publish_at": "2026-11-24T07:30:00+09:00"},
)
async def edit_draft(call: Call, draft_id: UUID) -> DraftView:
    sent: DraftPatch = call.body
    edit = DraftEdit(
        media=uploads(sent.media) if isinstance(sent.media, list) else None,
        caption=given(sent, "caption"),
        place=as_place(sent.place) if isinstance(sent.place, PlaceIn) else None,
        remove_place=sent.place is None,
        audience=None if sent.audience is UNSET else sent.audience,  # type: ignore[arg-type]
        comments=None if sent.comments is UNSET else bool(sent.comments),
        show_camera=None if sent.show_camera is UNSET else bool(sent.show_camera),
        publish_at=sent.publish_at if isinstance(sent.publish_at, datetime) else None,
        withdraw=sent.publish_at is None,
        expected_versions=expected_versions(call.request),
    )
    await call.app.drafting.edit(call.user, DraftId(draft_id), edit)
    return await call.app.drafting.get(call.user, DraftId(draft_id))


@group.declare(
    "DELETE",
    "/drafts/<draft_id:uuid>",
    "deleteDraft",
    "Delete a draft; its uploads are removed some time later",
    status=204,
    conditional=True,
    problems=("not_found",),
)
async def delete_draft(call: Call, draft_id: UUID) -> None:
    await call.app.drafting.delete(call.user, DraftId(draft_id), expected_versions(call.request))


@group.declare(
    "POST",
    "/drafts/<draft_id:uuid>/publish",
    "publishDraft",
    "Publish a draft now: it becomes a post",
    status=201,
    answer=PostCard,
    recover=recover_post,
    conditional=True,
    problems=("not_found", "validation"),
)
async def publish_draft(call: Call, draft_id: UUID) -> Answer:
    post_id = await call.app.drafting.publish(
        call.user,
        DraftId(draft_id),
        PostId(call.new_id) if call.new_id else None,
        expected_versions(call.request),
    )
    return posted(await call.app.feeds.post(call.user, post_id))
