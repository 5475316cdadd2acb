"""A new post in two steps that need no script: choose the photos, then describe, cut and publish them.

Between the steps nothing is kept but the uploads themselves: everything typed travels in the form.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from sanic import HTTPResponse

from application.posting import PhotoDraft, PlaceDraft, PostDraft
from application.views import FileView
from domain.files import FORMATS, Crop, FileTooLarge
from domain.kernel import Conflict, DomainError, FileId, Invalid, NotFound, Unavailable
from domain.ports import Upload
from domain.posts import AUDIENCES, MAX_PHOTOS
from entrypoints import requests
from entrypoints.retrying import retrying
from entrypoints.web import site
from entrypoints.web.post_pages import in_positions
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import NO_TROUBLE, Routes, Trouble, Values, Visit, sentence, trouble

routes = Routes("compose")

RATIOS = {"original": None, "1:1": 1.0, "4:5": 0.8, "3:2": 1.5, "16:9": 16 / 9}
TURNS = ("0", "90", "180", "270")
# The ninths of a picture, as on a number pad from the top: 1 is the top left, 5 the middle.
MIDDLE = "5"
PARTS = tuple(str(n) for n in range(1, 10))
# After which pauses the answer to an upload asks whether there is something to look at; then it comes without.
GLANCES_SECONDS = (0.1, 0.2, 0.4, 0.8)


@dataclass(slots=True)
class Shot:
    """An upload on its way into the post, with what its author chose for it."""

    file: FileView
    alt: str = ""
    ratio: str = "original"
    part: str = MIDDLE
    turn: str = "0"

    @property
    def id(self) -> UUID:
        """The upload's id, by which its fields are named."""
        return self.file.id

    @property
    def crop(self) -> Crop | None:
        """What to cut, or None to leave the picture whole."""
        return crop_of(self.file.width, self.file.height, self.ratio, self.part, self.turn)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not taken in, and why."""

    name: str
    reason: str


def crop_of(width: int, height: int, ratio: str, part: str, turn: str) -> Crop | None:
    """The largest part of a picture with this ratio that reaches to the chosen ninth. None when nothing changes."""
    degrees = int(turn)
    wanted = RATIOS[ratio]
    if wanted is None or not width or not height:
        return Crop(rotate=degrees) if degrees else None
    is_now = width / height if degrees % 180 == 0 else height / width
    wide, high = min(1.0, wanted / is_now), min(1.0, is_now / wanted)
    row, column = divmod(int(part) - 1, 3)
    return Crop((1 - wide) * column / 2, (1 - high) * row / 2, wide, high, degrees)


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
    added, refusals = await _take_in(visit, MAX_PHOTOS - len(shots))
    act, _colon, which = visit.text("do").partition(":")
    if act in ("remove", "retry"):
        shots = await _change(visit, shots, act, which)
    if act not in ("post", "anyway") or added or refusals:
        return await _show(visit, await _with_pictures(visit, [*shots, *added]), values, refusals)
    undescribed = [shot for shot in shots if not shot.alt.strip()]
    if undescribed and act == "post":
        return await _show(visit, shots, values, undescribed=undescribed)
    return await _publish(visit, shots, values)


def _values(visit: Visit) -> Values:
    texts = {name: visit.text(name) for name in ("caption", "place", "audience")}
    return Values(texts, comments=visit.ticked("comments"), show_camera=visit.ticked("show_camera"))


async def _shots(visit: Visit) -> list[Shot]:
    """The uploads that the form names, in the order that it wants."""
    files = await visit.app.uploading.unused(visit.user, _ids(visit.form.all("photo")))
    return in_positions(visit, [_shot(visit, file) for file in files])


def _ids(texts: Sequence[str]) -> list[FileId]:
    ids = []
    for text in texts[:MAX_PHOTOS]:
        try:
            ids.append(FileId(UUID(text)))
        except ValueError:
            continue
    return list(dict.fromkeys(ids))


def _shot(visit: Visit, file: FileView) -> Shot:
    def chosen(name: str, among: Sequence[str], otherwise: str) -> str:
        text = visit.text(f"{name}-{file.id}")
        return text if text in among else otherwise

    return Shot(
        file,
        visit.text(f"alt-{file.id}"),
        chosen("ratio", tuple(RATIOS), "original"),
        chosen("part", PARTS, MIDDLE),
        chosen("turn", TURNS, "0"),
    )


async def _take_in(visit: Visit, room: int) -> tuple[list[Shot], list[Refusal]]:
    """What was uploaded with the form: the good ones, and the others by name."""
    shots: list[Shot] = []
    refusals: list[Refusal] = []
    for upload in visit.form.files.get("photos", []):
        try:
            if len(shots) >= room:
                raise Invalid(_("A post has at most {limit} photos."), limit=MAX_PHOTOS)
            shots.append(Shot(await _receive(visit, upload)))
        except DomainError as error:
            refusals.append(Refusal(upload.name, sentence(error)))
        except Unavailable:
            refusals.append(Refusal(upload.name, _("The server could not store it. Try again in a moment.")))
    return shots, refusals


async def _receive(visit: Visit, upload: Upload) -> FileView:
    check_size(visit, upload)
    await visit.admit_upload()
    return await retrying(lambda: visit.app.uploading.receive(visit.user, upload))


def check_size(visit: Visit, upload: Upload) -> None:
    """Raises FileTooLarge for a file whose bytes were dropped because there were too many."""
    if upload.size > requests.max_file(visit.request):
        raise FileTooLarge(limit_mb=requests.settings(visit.request).max_upload_mb)


async def _with_pictures(visit: Visit, shots: list[Shot]) -> list[Shot]:
    """The shots as they are once their sizes are made: one describes and cuts what one sees. Has not much patience."""
    for pause in GLANCES_SECONDS:
        if not visit.app.runner.at_work or all(shot.file.state in ("ready", "failed") for shot in shots):
            break
        await asyncio.sleep(pause)
        now = await visit.app.uploading.unused(visit.user, [FileId(shot.id) for shot in shots])
        files = {file.id: file for file in now}
        shots = [replace(shot, file=files[shot.id]) for shot in shots if shot.id in files]
    return shots


async def _change(visit: Visit, shots: list[Shot], act: str, which: str) -> list[Shot]:
    """The shots after one of them was removed or is processed again."""
    chosen = next((shot for shot in shots if str(shot.id) == which), None)
    if chosen is None:
        return shots
    uploading = visit.app.uploading
    changing = uploading.remove if act == "remove" else uploading.retry
    # Somebody was faster: what is true now is looked up below.
    with suppress(NotFound, Conflict):
        await retrying(lambda: changing(visit.user, FileId(chosen.id)))
    return await _shots(visit)


async def _publish(visit: Visit, shots: Sequence[Shot], values: Values) -> HTTPResponse:
    if not shots:
        return await _already_posted(visit) or await _show(visit, [], values, found=_nothing_chosen())
    try:
        draft = _draft(shots, values)
        post_id = await retrying(lambda: visit.app.posting.publish(visit.user, draft))
    except DomainError as error:
        found = trouble(error, _names(shots))
        return await _show(visit, shots, values, found=found)
    return visit.go(f"/p/{post_id}", _("Posted."))


def _nothing_chosen() -> Trouble:
    return Trouble(422, (("photos", _("Choose at least one photo.")),))


async def _already_posted(visit: Visit) -> HTTPResponse | None:
    """To the post, when the form came a second time because somebody pressed twice."""
    for file_id in _ids(visit.form.all("photo"))[:1]:
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


def _names(shots: Sequence[Shot]) -> dict[str, str]:
    """The fields that the parts of a refused draft were typed into."""
    names = {"place/name": "place", "media": "photos"}
    for i, shot in enumerate(shots):
        names |= {f"media/{i}/{part}": f"alt-{shot.id}" for part in ("alt", "upload_id", "crop")}
    return names
