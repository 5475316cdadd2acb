"""Posts and what people do with them over the API."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from sanic import HTTPResponse

from application.posting import PhotoDraft, PlaceDraft, PostDraft, PostEdit
from application.uploading import InUse
from application.views import MemberRow, Page, PostCard, Reacted, VersionView
from domain.files import Crop
from domain.kernel import FileId, Invalid, NotFound, PostId, Unavailable, msg
from domain.ports import Upload
from domain.posts import MAX_PHOTOS, Counts
from entrypoints import body, media, requests
from entrypoints.api.operation import API, BASE, Answer, Call, Operations, Paging, count, expected_versions
from entrypoints.api.schemas import (
    UNSET,
    CropIn,
    MediaIn,
    MediaPatch,
    NewPost,
    PlaceIn,
    PostPatch,
    given,
)

group = Operations("posts")


def posted(post: PostCard) -> Answer:
    """The answer that tells of a new post."""
    return Answer(post, location=f"{BASE}/posts/{post.id}")


async def recover_post(call: Call, post_id: UUID) -> Answer:
    """The same answer again, for a post that was made before."""
    return posted(await call.app.feeds.post(call.user, PostId(post_id)))


@group.declare(
    "POST",
    "/posts",
    "publish",
    "Publish a post: JSON with uploads, or multipart with `photos`",
    status=201,
    answer=PostCard,
    upload="form",
    body=NewPost,
    recover=recover_post,
    problems=("empty", "damaged", "quota", "insufficient_storage"),
    example={
        "media": [{"upload_id": "01930000-0000-7000-8000-000000000000", "alt": "Ridges"}],
        "caption": "#dawn",
    },
)
async def publish(call: Call) -> Answer:
    new_id = PostId(call.new_id) if call.new_id else None
    if call.form is not None:
        post_id = await _publish_form(call, call.form, new_id)
    else:
        post_id = await call.app.posting.publish(call.user, _draft(call.body), new_id)
    return posted(await call.app.feeds.post(call.user, post_id))


def _draft(sent: NewPost) -> PostDraft:
    return PostDraft(
        uploads(sent.media),
        sent.caption or "",
        as_place(sent.place),
        sent.audience,
        sent.comments,
        sent.show_camera,
    )


def uploads(media: Sequence[MediaIn]) -> list[PhotoDraft]:
    """The photos as the application takes them. Raises Invalid that points at the one with an impossible cut."""
    return [PhotoDraft(FileId(m.upload_id), m.alt, _crop(i, m.crop)) for i, m in enumerate(media)]


def _crop(index: int, crop: CropIn | None) -> Crop | None:
    try:
        return crop.crop() if crop else None
    except Invalid as error:
        raise Invalid(problems=tuple(body.moved(f"#/media/{index}", error))) from None


def as_place(place: PlaceIn | None) -> PlaceDraft | None:
    """The place as the application takes it."""
    return PlaceDraft(place.name, place.lat, place.lon) if place else None


async def _publish_form(call: Call, form: body.Form, new_id: PostId | None) -> PostId:
    """Upload and publish in one request; what was uploaded goes again when publishing is refused."""
    uploads = form.files.get("photos", [])
    fields = body.convert(_members(form), _FormPost)
    if not 1 <= len(uploads) <= MAX_PHOTOS:
        raise Invalid.field("#/photos", "bad_count", msg("A post has 1 to {limit} photos."), limit=MAX_PHOTOS)
    alts = form.all("alt")
    if len(alts) > len(uploads):
        raise Invalid.field("#/alt", "bad_count", msg("There are more descriptions than photos."))
    taken = await _take_in(call, uploads)
    try:
        draft = PostDraft(
            [PhotoDraft(file, alts[i] if i < len(alts) else None) for i, file in enumerate(taken)],
            fields.caption or "",
            as_place(fields.place),
            fields.audience,
            fields.comments,
            fields.show_camera,
        )
        return await call.app.posting.publish(call.user, draft, new_id)
    except BaseException:
        await _give_back(call, taken)
        raise


async def _give_back(call: Call, taken: list[FileId]) -> None:
    """Remove what was taken in. The error that led here is the one to answer with, whatever fails now."""
    for file in taken:
        # A post uses it when only the acknowledgement of its commit was lost.
        with suppress(InUse, NotFound, Unavailable):
            await call.app.uploading.remove(call.user, file)


class _FormPost(NewPost):
    """The fields of the multipart form; media come as files."""

    media: list[MediaIn] = []  # noqa: RUF012 - a struct copies its defaults


async def _take_in(call: Call, uploads: list[Upload]) -> list[FileId]:
    taken: list[FileId] = []
    try:
        for index, upload in enumerate(uploads):
            if index:
                # The first one was counted before the form was read.
                await call.app.uploading.admit(call.user, call.client)
            try:
                taken.append(FileId((await call.app.uploading.receive(call.user, upload)).id))
            except Invalid as error:
                raise Invalid(
                    error.message,
                    code=error.code,
                    problems=tuple(body.moved(f"#/photos/{index}", error)),
                    **error.params,
                ) from error
    except BaseException:
        await _give_back(call, taken)
        raise
    return taken


def _members(form: body.Form) -> dict[str, Any]:
    """The texts of a form as the members of the JSON that it stands for."""
    members: dict[str, Any] = {name: form.text(name) for name in form.texts if name not in ("alt", "csrf")}
    for name in members:
        if len(form.all(name)) > 1:
            raise Invalid.field(f"#/{name[:60]}", "repeated", msg("Give this field once."))
    for name in ("comments", "show_camera"):
        if name in members:
            members[name] = _SWITCH.get(members[name].lower(), members[name])
    if "place" in members:
        members["place"] = _place_member(members["place"])
    names = {name: members.pop(name) for name in ("place.name", "place.lat", "place.lon") if name in members}
    if names.get("place.name"):
        if not all(_NUMBER.fullmatch(names.get(n, "")) for n in ("place.lat", "place.lon")):
            raise Invalid.field("#/place", "invalid", msg("A position is two numbers."))
        lat, lon = (float(names[n]) if names.get(n) else None for n in ("place.lat", "place.lon"))
        members["place"] = {"name": names["place.name"], "lat": lat, "lon": lon}
    return members


_NUMBER = re.compile(r"(?:-?[0-9]{1,3}(?:\.[0-9]{1,20})?)?")

# Pages' check boxes send `on`. What is none of these is refused as JSON's other values are.
_SWITCH = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}


def _place_member(text: str) -> Any:
    if not text.strip():
        return None
    if not text.lstrip().startswith("{"):
        return {"name": text}
    return body.parse_json(text.encode())


@group.declare(
    "GET",
    "/posts/<post_id:uuid>",
    "getPost",
    "Get a post",
    auth="optional",
    answer=PostCard,
    problems=("not_found", "gone"),
)
async def get_post(call: Call, post_id: UUID) -> PostCard:
    return await call.app.feeds.post(call.viewer, PostId(post_id))


@group.declare(
    "PATCH",
    "/posts/<post_id:uuid>",
    "editPost",
    "Edit a post; `media` gives all of its photos: by `id` those that it has, by `upload_id` new ones",
    body=PostPatch,
    answer=PostCard,
    conditional=True,
    problems=("not_found", "gone", "forbidden"),
    example={"caption": "First light on the west ridge. #dawn"},
)
async def edit_post(call: Call, post_id: UUID) -> PostCard:
    sent: PostPatch = call.body
    edit = PostEdit(
        caption=given(sent, "caption"),
        place=as_place(sent.place) if isinstance(sent.place, PlaceIn) else None,
        remove_place=sent.place is None,
        audience=None if sent.audience is UNSET else sent.audience,  # type: ignore[arg-type]
        comments=None if sent.comments is UNSET else bool(sent.comments),
        show_camera=None if sent.show_camera is UNSET else bool(sent.show_camera),
        media=_photos(sent.media) if isinstance(sent.media, list) else None,
        expected_versions=expected_versions(call.request),
    )
    await call.app.posting.edit(call.user, PostId(post_id), edit)
    return await call.app.feeds.post(call.user, PostId(post_id))


def _photos(media: Sequence[MediaPatch]) -> list[PhotoDraft]:
    return [
        PhotoDraft(_which(i, photo), given(photo, "alt"), _new_crop(i, photo))
        for i, photo in enumerate(media)
    ]


def _which(index: int, photo: MediaPatch) -> FileId:
    ids = [each for each in (photo.id, photo.upload_id) if isinstance(each, UUID)]
    if len(ids) != 1:
        raise Invalid.field(f"#/media/{index}", "invalid", msg("Name a photo by either `id` or `upload_id`."))
    return FileId(ids[0])


def _new_crop(index: int, photo: MediaPatch) -> Crop | None:
    """What to cut: the whole picture where null was sent, None where nothing was."""
    if isinstance(photo.crop, CropIn):
        return _crop(index, photo.crop)
    return Crop() if photo.crop is None else None


@group.declare(
    "GET",
    "/posts/<post_id:uuid>/history",
    "getPostHistory",
    "List what a post shows and showed before its edits, newest first",
    auth="optional",
    query=Paging,
    answer=Page[VersionView],
    problems=("not_found", "gone"),
)
async def get_history(call: Call, post_id: UUID) -> Page[VersionView]:
    return await call.app.feeds.history(call.viewer, PostId(post_id), call.query.limit, call.query.cursor)


@group.declare(
    "DELETE",
    "/posts/<post_id:uuid>/history",
    "forgetPostHistory",
    "Forget what a post showed before its edits",
    status=204,
    problems=("not_found", "gone", "forbidden"),
)
async def forget_history(call: Call, post_id: UUID) -> None:
    await call.app.posting.forget_history(call.user, PostId(post_id))


@group.declare(
    "DELETE",
    "/posts/<post_id:uuid>",
    "deletePost",
    "Delete a post with its stored pictures",
    status=204,
    conditional=True,
    problems=("not_found", "gone", "forbidden"),
)
async def delete_post(call: Call, post_id: UUID) -> None:
    await call.app.posting.delete(call.user, PostId(post_id), expected_versions(call.request))


@group.switch(
    "/posts/<post_id:uuid>/like",
    ("like", "Like a post"),
    ("unlike", "Take a like back"),
    answer=Reacted,
    problems=("not_found", "gone"),
)
async def like(call: Call, post_id: UUID, *, on: bool) -> Reacted:
    act = call.app.posting.like if on else call.app.posting.unlike
    return await act(call.user, PostId(post_id))


@group.switch(
    "/posts/<post_id:uuid>/save",
    ("save", "Save a post"),
    ("unsave", "Take a post out of the saved"),
    answer=Reacted,
    problems=("not_found", "gone"),
)
async def save(call: Call, post_id: UUID, *, on: bool) -> Reacted:
    return await call.app.posting.save(call.user, PostId(post_id), on)


@group.switch(
    "/posts/<post_id:uuid>/hidden",
    ("hide", "Say “not interested”"),
    ("unhide", "Take “not interested” back"),
    answer=Reacted,
    problems=("not_found", "gone"),
)
async def hide(call: Call, post_id: UUID, *, on: bool) -> Reacted:
    return await call.app.posting.hide(call.user, PostId(post_id), on)


@group.declare(
    "GET",
    "/posts/<post_id:uuid>/likes",
    "listLikers",
    "List who likes a post",
    auth="optional",
    query=Paging,
    answer=Page[MemberRow],
    problems=("not_found", "gone"),
)
async def list_likers(call: Call, post_id: UUID) -> Page[MemberRow]:
    page = await call.app.feeds.likers(call.viewer, PostId(post_id), call.query.limit, call.query.cursor)
    return replace(page, count=(await counts_of(call, post_id)).likes) if call.query.count else page


async def counts_of(call: Call, post_id: UUID) -> Counts:
    """How many likes and comments a post has. Raises NotFound, Gone."""
    return (await call.app.feeds.post(call.viewer, PostId(post_id))).counts


@group.blueprint.route(
    "/posts/<post_id:uuid>/media/<photo_id:uuid>/original",
    methods=["GET", "HEAD"],
    name="photoOriginal",
    unquote=True,
)
async def photo_original(request: requests.Request, post_id: UUID, photo_id: UUID) -> HTTPResponse | None:
    identity = await requests.identify(request)
    if identity is not None:
        requests.check_scope(identity, "read")
    client = requests.client(request)
    await count(request, API, client, identity)
    found = await requests.application(request).downloading.original(
        identity.user_id if identity else None, client, PostId(post_id), FileId(photo_id)
    )
    return await media.send_original(request, found.key, found.name)
