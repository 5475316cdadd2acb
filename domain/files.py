"""Uploads and the pictures made from them: kinds, states, limits, crop, renditions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from domain.kernel import DraftId, Event, FileId, Invalid, Message, PostId, UserId, msg

MAX_PIXELS = 40_000_000
MAX_SIDE = 16_384
MAX_FRAMES = 300
MAX_FRAME_PIXELS = 200_000_000
FORMATS = ("JPEG", "PNG", "WebP", "GIF", "AVIF", "HEIC")
WIDTHS = (320, 640, 1080, 1600, 2160)
AVATAR_WIDTHS = (96, 320)
MAX_ALT = 1_500

Kind = Literal["image", "text", "table", "pdf", "audio", "video", "archive", "other"]
State = Literal["waiting", "processing", "ready", "failed"]


class ImageRefused(Invalid):
    """The file is not a picture that Heliograph takes. `code` says why: one of `unsupported_type`, `damaged`, `empty`,

    `too_many_pixels`, `too_long_side`, `too_many_frames`, `too_expensive`.
    """

    code = "damaged"
    message = msg("This picture is damaged and cannot be opened.")


class NotProcessed(ImageRefused):
    """Making its sizes was given up, for a reason that is not the picture's."""

    code = "not_processed"
    message = msg("This picture could not be processed. Try again.")


class FileTooLarge(Invalid):
    """More bytes than the operator allows."""

    code = "too_large"
    message = msg("This file is larger than {limit_mb} MB, which is the limit.")


@dataclass(frozen=True, slots=True)
class Camera:
    """What the camera wrote that may be shown: never a place, never a serial number. Empty parts are None."""

    make: str | None = None
    model: str | None = None
    lens: str | None = None
    focal_mm: float | None = None
    aperture: float | None = None
    exposure: str | None = None
    iso: int | None = None
    taken_at: str | None = None


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What one look at a picture tells. Width and height in pixels, upright; `lqip` a WebP of about 100 bytes, base64.

    `format` is one of FORMATS, `frames` counts a moving picture's frames (the first is used). `had_place` tells that the
    file carried a position, which is never stored.
    """

    format: str
    width: int
    height: int
    frames: int
    lqip: str
    camera: Camera | None
    had_place: bool


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of the picture to keep: fractions of its sides, once upright and turned `rotate` degrees clockwise."""

    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0
    rotate: int = 0

    def __post_init__(self) -> None:
        inside = 0 <= self.x < 1 and 0 <= self.y < 1 and self.width > 0 and self.height > 0
        if not inside or self.x + self.width > 1.000_001 or self.y + self.height > 1.000_001:
            raise Invalid.field("#/crop", "out_of_range", msg("The crop must lie inside the picture."))
        if min(self.width, self.height) < 0.02:
            raise Invalid.field(
                "#/crop", "too_small", msg("The crop must keep at least a fiftieth of each side.")
            )
        if self.rotate not in (0, 90, 180, 270):
            raise Invalid.field("#/crop/rotate", "out_of_range", msg("Turn by 0, 90, 180 or 270 degrees."))

    def turned(self, degrees: int) -> "Crop":
        """The same part once the picture is turned `degrees` more, clockwise and in quarters."""
        x, y, width, height = self.x, self.y, self.width, self.height
        for _ in range(degrees // 90):
            x, y, width, height = max(0.0, 1 - y - height), x, height, width
        return Crop(x, y, width, height, (self.rotate + degrees) % 360)


@dataclass(frozen=True, slots=True)
class RenditionPlan:
    """Which sizes to make of a picture. `square` cuts the middle square first and fills every size, as for avatars."""

    webp: tuple[int, ...] = ()
    avif: tuple[int, ...] = ()
    jpeg: tuple[int, ...] = ()
    square: bool = False


FIRST_PLAN = RenditionPlan(webp=(320, 640, 1080), jpeg=(1080,))
SECOND_PLAN = RenditionPlan(webp=(1600, 2160), avif=WIDTHS)
AVATAR_NAMES = (*(f"{width}.webp" for width in AVATAR_WIDTHS), f"{AVATAR_WIDTHS[-1]}.jpg")
AVATAR_PLAN = RenditionPlan(webp=AVATAR_WIDTHS, jpeg=(320,), square=True)


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoded size. `type` is a media type; the file is named `<width>.<ext>` with ext `avif`, `webp` or `jpg`."""

    width: int
    height: int
    type: str
    bytes: int

    @property
    def name(self) -> str:
        """The last part of its storage key."""
        return f"{self.width}.{self.type.removeprefix('image/').replace('jpeg', 'jpg')}"


@dataclass(frozen=True, slots=True)
class RenditionSet:
    """What `Images.render` made, and the size and tiny placeholder of the (cropped, upright) picture."""

    width: int
    height: int
    lqip: str
    renditions: tuple[Rendition, ...]


@dataclass(slots=True)
class File:
    """Something a person uploaded. Its original lies under `key`; an image's renditions lie beside it.

    `post_id` and `position` are set while it is part of a post; then `alt` and `crop` belong to that use. `draft_id` is
    the draft that holds it, where it was looked up.
    """

    id: FileId
    owner_id: UserId
    name: str
    size: int
    sha256: str
    kind: Kind
    key: str
    created_at: datetime
    state: State = "waiting"
    step: str | None = None
    error: tuple[str, Message] | None = None
    facts: ImageFacts | None = None
    renditions: tuple[Rendition, ...] = ()
    width: int = 0
    height: int = 0
    lqip: str = ""
    steps: tuple[tuple[str, float], ...] = ()
    duplicate_of: FileId | None = None
    post_id: PostId | None = None
    draft_id: DraftId | None = None
    position: int | None = None
    alt: str = ""
    crop: Crop | None = None
    cut: int = 0

    @property
    def prefix(self) -> str:
        """Where all its objects lie in the media store, with the slash at the end."""
        return f"photos/{self.key}/"

    @property
    def original_key(self) -> str:
        """The uploaded bytes, for the owner alone."""
        return f"{self.prefix}original"

    @property
    def rendition_prefix(self) -> str:
        """Where its sizes lie. Every new cut has its own place, so an address always shows the same picture."""
        return f"{self.prefix}{self.cut}/"

    @property
    def finished(self) -> bool:
        """Whether every size has been made, the slow ones too."""
        return self.state == "ready" and any(r.type == "image/avif" for r in self.renditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStored(Event):
    """An upload's original is in the store and waits to be processed (again, after a new crop or a retry)."""

    file_id: FileId


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFailed(Event):
    """Its sizes could not be made; its owner may have it tried again."""

    file_id: FileId


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReady(Event):
    """The sizes that pages need first are there; the slow, small ones may follow."""

    file_id: FileId


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsOrphaned(Event):
    """Nothing refers to what lies under `prefix` any more."""

    prefix: str


class Files(Protocol):
    """Uploads, by id. Writes take effect at the commit of the unit."""

    async def add(self, file: File) -> None:
        """Store a new upload."""
        ...

    async def find(self, file_id: FileId, *, lock: bool = False) -> File | None:
        """The upload, or None. With `lock` nobody else changes it until the unit ends."""
        ...

    async def find_many(self, file_ids: Sequence[FileId], *, lock: bool = False) -> list[File]:
        """Those of `file_ids` that exist, in the order asked for."""
        ...

    async def of_post(self, post_id: PostId) -> list[File]:
        """The photos of a post, in order."""
        ...

    async def find_same(self, owner: UserId, sha256: str) -> FileId | None:
        """The oldest upload of this owner with the same bytes, or None."""
        ...

    async def save(self, file: File) -> None:
        """Write every field of an existing upload, and bring the post it belongs to up to date."""
        ...

    async def remove(self, file_id: FileId) -> None:
        """Forget the upload. Its objects are the caller's to orphan."""
        ...

    async def stored_bytes(self, owner: UserId) -> int:
        """The sum of the sizes of the owner's originals."""
        ...

    async def unattached_before(self, moment: datetime, limit: int) -> list[File]:
        """Up to `limit` uploads older than `moment` that neither a post nor a draft uses, oldest first, locked."""
        ...
