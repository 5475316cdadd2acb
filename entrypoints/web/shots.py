"""Photos in a form on their way into a post: which, in what order, described and cut how.

Nothing is kept between two answers but the uploads themselves: everything chosen travels in the form. The fields of an
upload end in its id: `alt-`, `turn-`, `ratio-`, `part-`, `crop-`, `position-`; `photo` names the uploads in their order.
"""

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from application.views import FileView
from domain.files import FORMATS, Camera, Crop, FileTooLarge
from domain.kernel import Conflict, DomainError, DraftId, FileId, Invalid, NotFound, Unavailable
from domain.ports import Upload
from domain.posts import MAX_PHOTOS
from entrypoints import requests
from entrypoints.api.present import to_json
from entrypoints.retrying import retrying
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import Visit, sentence

RATIOS = {"original": None, "1:1": 1.0, "4:5": 0.8, "3:2": 1.5, "16:9": 16 / 9}
# A part that was chosen freely; it stands in `crop-<id>` as four fractions: x, y, width, height.
FREE = "free"
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
    free: str = ""

    @property
    def id(self) -> UUID:
        """The upload's id, by which its fields are named."""
        return self.file.id

    @property
    def crop(self) -> Crop | None:
        """What to cut, or None to leave the picture whole."""
        if self.ratio == FREE:
            return read_free(self.free, self.turn)
        return crop_of(*upright_size(self.file), self.ratio, self.part, self.turn)

    @property
    def numbers(self) -> str:
        """What to cut, for scripts: `x,y,width,height,rotate`, or nothing."""
        cut = self.crop
        return f"{cut.x:.6f},{cut.y:.6f},{cut.width:.6f},{cut.height:.6f},{cut.rotate}" if cut else ""

    @property
    def window(self) -> "Window | None":
        """How to draw a part that was chosen freely; None where there is none, or nothing to see yet."""
        crop, (width, height) = read_free(self.free, self.turn), upright_size(self.file)
        return window(width, height, crop) if crop and width and height else None

    @property
    def camera(self) -> Camera | None:
        """What the camera wrote, which is published if its author wants."""
        wrote = self.file.facts.get("camera")
        return Camera(**wrote) if wrote else None

    @property
    def json(self) -> str:
        """The upload as the API tells it, for scripts."""
        return to_json(self.file).decode()

    @classmethod
    def cut_as(cls, file: FileView, alt: str, crop: Crop | None) -> "Shot":
        """The choices that lead to `crop`: those of the form where there are such, else the part as it is."""
        if crop is None:
            return cls(file, alt)
        turn, size = str(crop.rotate), upright_size(file)
        for ratio in RATIOS:
            for part in (MIDDLE, *PARTS):
                if _alike(crop_of(*size, ratio, part, turn), crop):
                    return cls(file, alt, ratio, part, turn)
        free = ",".join(f"{number:.6g}" for number in (crop.x, crop.y, crop.width, crop.height))
        return cls(file, alt, FREE, MIDDLE, turn, free)


# What a script makes the photos from that are added while the page is open; it puts an id of its own for this one.
BLANK = Shot(
    FileView(
        id=UUID(int=0),
        name="",
        size=0,
        sha256="",
        kind="image",
        state="ready",
        progress=0,
        step=None,
        error=None,
        facts={},
        steps=(),
        created_at=datetime.min.replace(tzinfo=UTC),
        duplicate_of=None,
        post_id=None,
        width=0,
        height=0,
        lqip="",
        renditions=(),
    )
)


@dataclass(frozen=True, slots=True)
class Window:
    """A cut as attributes of an SVG: its `viewBox`, and the picture's size and `transform` in it."""

    box: str
    width: int
    height: int
    transform: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not taken in, and why."""

    name: str
    reason: str


def upright_size(file: FileView) -> tuple[int, int]:
    """Width and height of the whole picture in pixels, however it is cut now."""
    return file.facts.get("width") or file.width, file.facts.get("height") or file.height


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


def window(width: int, height: int, crop: Crop) -> Window:
    """Where a cut lies in a picture of this many pixels, which is turned first."""
    wide, high = (width, height) if crop.rotate % 180 == 0 else (height, width)
    x, y = {0: (0, 0), 90: (height, 0), 180: (width, height), 270: (0, width)}[crop.rotate]
    edges = (crop.x * wide, crop.y * high, crop.width * wide, crop.height * high)
    box = " ".join(f"{edge:.1f}" for edge in edges)
    return Window(box, width, height, f"translate({x} {y}) rotate({crop.rotate})")


def read_free(text: str, turn: str) -> Crop | None:
    """A freely chosen part, or None for a text that is none."""
    try:
        x, y, width, height = (float(number) for number in text.split(","))
        return (
            Crop(x, y, width, height, int(turn)) if all(map(math.isfinite, (x, y, width, height))) else None
        )
    except (ValueError, Invalid):
        return None


def _alike(one: Crop | None, other: Crop) -> bool:
    """Whether two cuts differ by less than a pixel of any picture."""
    if one is None:
        return False
    pairs = ((one.x, other.x), (one.y, other.y), (one.width, other.width), (one.height, other.height))
    return one.rotate == other.rotate and all(abs(a - b) < 1e-5 for a, b in pairs)


def named_uploads(visit: Visit) -> list[FileId]:
    """The uploads that the form names, each once."""
    ids = []
    for text in visit.form.all("photo")[:MAX_PHOTOS]:
        with suppress(ValueError):
            ids.append(FileId(UUID(text)))
    return list(dict.fromkeys(ids))


def read_shots(visit: Visit, files: Sequence[FileView]) -> list[Shot]:
    """`files` with what the form says of each, in the order that it wants."""
    return in_positions(visit, [read_shot(visit, file) for file in files])


def read_shot(visit: Visit, file: FileView) -> Shot:
    """An upload with what the form says of it; what it says nothing of is as at the start."""

    def chosen(name: str, among: Sequence[str], otherwise: str) -> str:
        text = visit.text(f"{name}-{file.id}")
        return text if text in among else otherwise

    turn, free = chosen("turn", TURNS, "0"), visit.text(f"crop-{file.id}")[:100]
    ratios = (*RATIOS, FREE) if read_free(free, turn) else tuple(RATIOS)
    ratio = chosen("ratio", ratios, "original")
    return Shot(file, visit.text(f"alt-{file.id}"), ratio, chosen("part", PARTS, MIDDLE), turn, free)


def in_positions(visit: Visit, photos: Sequence[Any]) -> list[Any]:
    """`photos` (things with an `id`) as the form's position fields want them.

    Whatever was moved gets the place that was chosen for it; the others fill the rest in their old order.
    """
    wanted = [visit.text(f"position-{photo.id}") for photo in photos]
    chosen = [int(text) - 1 if text.isdecimal() and len(text) < 3 else i for i, text in enumerate(wanted)]
    moved = sorted((at, i) for i, at in enumerate(chosen) if at != i)
    order = [photo for i, photo in enumerate(photos) if chosen[i] == i]
    for at, i in moved:
        order.insert(min(max(at, 0), len(order)), photos[i])
    return order


async def take_in(visit: Visit, room: int) -> tuple[list[Shot], list[Refusal]]:
    """What was uploaded with the form: the good ones, at most `room`, and the others by name."""
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


async def with_pictures(visit: Visit, shots: list[Shot], draft: DraftId | None = None) -> list[Shot]:
    """The shots as they are once their sizes are made: one describes and cuts what one sees. Has not much patience.

    `draft` is the one that may hold some of them.
    """
    for pause in GLANCES_SECONDS:
        if not visit.app.runner.at_work or all(shot.file.state in ("ready", "failed") for shot in shots):
            break
        await asyncio.sleep(pause)
        now = await visit.app.uploading.unused(visit.user, [FileId(shot.id) for shot in shots], draft)
        files = {file.id: file for file in now}
        shots = [replace(shot, file=files[shot.id]) for shot in shots if shot.id in files]
    return shots


async def change_upload(visit: Visit, act: str, file_id: FileId) -> None:
    """`remove` an upload, or `retry` one that failed. That somebody was faster is no error."""
    uploading = visit.app.uploading
    changing = uploading.remove if act == "remove" else uploading.retry
    with suppress(NotFound, Conflict):
        await retrying(lambda: changing(visit.user, file_id))


def photo_limits(visit: Visit) -> dict[str, Any]:
    """What is told before photos are chosen."""
    mb = requests.settings(visit.request).max_upload_mb
    return {"photos": MAX_PHOTOS, "mb": mb, "formats": ", ".join(FORMATS)}


def field_names(shots: Sequence[Shot]) -> dict[str, str]:
    """The fields that the parts of a refused post were typed into."""
    names = {"place/name": "place", "media": "photos"}
    for i, shot in enumerate(shots):
        names |= {f"media/{i}/{part}": f"alt-{shot.id}" for part in ("alt", "upload_id", "crop")}
    return names
