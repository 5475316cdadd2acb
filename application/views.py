"""What screens and API answers are made of. Plain values, ready for JSON and for templates."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from domain.drafts import Draft, DraftState
from domain.files import AVATAR_WIDTHS, Camera, Crop, File
from domain.follows import Following
from domain.kernel import Message
from domain.posts import Audience, Counts
from domain.users import AltReminder, Motion, Preferences

T = TypeVar("T")

# Stands in stored post documents where a viewer's grant is put in. JSON carries it raw, and no text of a person's can
# hold it: control characters are refused wherever text comes in.
GRANT_MARK = b"\x7f"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list. `next` and `prev` are cursors, None at the ends.

    `count` is about how long the whole list is, where that was asked and is known; `since` the cursor by which a list
    that knows it is asked for what is newer, `until` the one by which it is asked for everything down to this part's end.
    """

    items: list[T]
    next: str | None = None
    prev: str | None = None
    count: int | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class RenditionView:
    """One size of a picture. `url` is a path of this server."""

    width: int
    height: int
    type: str
    url: str


@dataclass(frozen=True, slots=True)
class Avatar:
    """A square picture of a person; `url` is the size for lists."""

    url: str
    renditions: tuple[RenditionView, ...]


@lru_cache(maxsize=4096)
def present_avatar(key: str | None) -> Avatar | None:
    """The avatar stored under `key`."""
    if key is None:
        return None
    sizes = [RenditionView(w, w, "image/webp", f"/a/{key}/{w}.webp") for w in AVATAR_WIDTHS]
    jpeg = RenditionView(
        AVATAR_WIDTHS[-1], AVATAR_WIDTHS[-1], "image/jpeg", f"/a/{key}/{AVATAR_WIDTHS[-1]}.jpg"
    )
    return Avatar(sizes[-1].url, (*sizes, jpeg))


@dataclass(slots=True)
class Person:
    """A member in a list or beside a post."""

    id: UUID
    username: str
    display_name: str
    avatar: Avatar | None

    @property
    def name(self) -> str:
        """What to call them."""
        return self.display_name or self.username


@dataclass(frozen=True, slots=True)
class MemberViewer:
    """How the one who looks stands to a member."""

    following: Following = "no"
    followed_by: bool = False
    blocked: bool = False
    muted: bool = False
    notify_posts: bool = True
    is_self: bool = False
    can_see_posts: bool = True


@dataclass(frozen=True, slots=True)
class MemberCounts:
    """Followers, followed people, and those of the posts that the one who looks may see."""

    posts: int
    followers: int
    following: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A member's page without the posts; the Account of the API."""

    id: UUID
    username: str
    display_name: str
    bio: str
    link: str
    place: str
    avatar: Avatar | None
    private: bool
    counts: MemberCounts
    created_at: datetime
    viewer: MemberViewer

    @property
    def name(self) -> str:
        """What to call them."""
        return self.display_name or self.username


@dataclass(frozen=True, slots=True)
class Me(Profile):
    """One's own account with what nobody else sees."""

    email: str | None
    role: str
    language: str
    show_camera: bool
    downloads: bool
    timezone: str
    text_size: int
    motion: Motion
    single_keys: bool
    alt_reminder: AltReminder

    @property
    def preferences(self) -> Preferences:
        """How they want their pages."""
        return Preferences(self.text_size, self.motion, self.single_keys, self.alt_reminder)


@dataclass(frozen=True, slots=True)
class Descriptions:
    """Photos that somebody posted, and how many of them have a description."""

    photos: int
    described: int


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member in a list of followers, likers or requests. Who is `private` is asked before one follows them."""

    user: Person
    viewer: MemberViewer
    private: bool = False


@dataclass(frozen=True, slots=True)
class Media:
    """A photo of a post. `lqip` is a base64 WebP of about 100 bytes; `camera` is None unless its author shows it."""

    id: UUID
    state: str
    width: int
    height: int
    alt: str
    lqip: str
    camera: Camera | None
    renditions: tuple[RenditionView, ...]


@dataclass(frozen=True, slots=True)
class PlaceRef:
    """A place as a post names it."""

    id: UUID
    name: str
    lat: float | None = None
    lon: float | None = None

    @property
    def slug(self) -> str:
        """The readable part of its address; the id decides."""
        return "-".join("".join(c if c.isalnum() else " " for c in self.name).split()).lower()


@dataclass(slots=True)
class PostViewer:
    """What the one who looks did with a post and may do with it."""

    liked: bool
    saved: bool
    can_edit: bool
    can_comment: bool


@dataclass(slots=True)
class CommentCounts:
    """Likes of a comment."""

    likes: int


@dataclass(slots=True)
class CommentViewer:
    """What the one who looks did with a comment and may do with it."""

    liked: bool = False
    can_edit: bool = False
    can_delete: bool = False


@dataclass(slots=True)
class CommentView:
    """A comment. `mentions` are the members whom its text names."""

    id: UUID
    post_id: UUID
    author: Person
    text: str
    reply_to: UUID | None
    counts: CommentCounts
    viewer: CommentViewer
    created_at: datetime
    edited_at: datetime | None
    mentions: tuple[str, ...] = ()


@dataclass
class PostCard:
    """A post as a viewer sees it.

    `stored` is the part that is the same for everybody: the JSON text that the database keeps beside the post, with
    GRANT_MARK behind every media address. API answers put `document` in as it is; pages read it through the
    properties, where addresses carry no grant: a browser has its cookie, and may keep what it loaded.
    `public` tells that everybody may see it, `downloads` that the viewer may load the originals of its photos.
    """

    id: UUID
    author: Person
    audience: Audience
    stored: bytes
    counts: Counts
    viewer: PostViewer
    comments_preview: list[CommentView] = field(default_factory=list)
    public: bool = False
    downloads: bool = False

    def document(self, grant: str) -> bytes:
        """The members of the JSON object between the author and the counts, without braces.

        `grant` stands behind the addresses of a post that not everybody may see.
        """
        return self.stored.replace(GRANT_MARK, b"" if self.public else grant.encode())

    @cached_property
    def _parts(self) -> dict[str, Any]:
        return _parse(self.stored)

    @property
    def caption(self) -> str:
        """What the author wrote."""
        return str(self._parts["caption"])

    @property
    def tags(self) -> list[str]:
        """Canonical tags."""
        return list(self._parts["tags"])

    @property
    def mentions(self) -> list[str]:
        """Canonical user names."""
        return list(self._parts["mentions"])

    @property
    def comments(self) -> bool:
        """Whether comments are on."""
        return bool(self._parts["comments"])

    @cached_property
    def place(self) -> PlaceRef | None:
        """Where it was taken, if the author says so."""
        place = self._parts["place"]
        return PlaceRef(UUID(place["id"]), place["name"], place["lat"], place["lon"]) if place else None

    @property
    def media(self) -> tuple[Media, ...]:
        """The photos in order."""
        photos: tuple[Media, ...] = self._parts["media"]
        return photos

    @property
    def version(self) -> int:
        """How often it was edited, from 1. Read off the end, so that nothing is parsed for it."""
        return int(self.stored.rsplit(b'"version":', 1)[-1])

    @property
    def created_at(self) -> datetime:
        """When it was published."""
        moment: datetime = self._parts["created_at"]
        return moment

    @property
    def edited_at(self) -> datetime | None:
        """When it was last edited."""
        moment: datetime | None = self._parts["edited_at"]
        return moment


@dataclass(frozen=True, slots=True)
class VersionPhoto:
    """A photo as it stood in a post: its id and description. Of one that was taken out since, neither is told."""

    id: UUID | None
    alt: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """What a post showed from `edited_at` on; the first of a history is what it shows now."""

    version: int
    edited_at: datetime
    caption: str
    place: PlaceRef | None
    media: tuple[VersionPhoto, ...]


@lru_cache(maxsize=2_000)
def _parse(stored: bytes) -> dict[str, Any]:
    """The document's members, without grants. Many pages show the same posts, so what was read once is kept."""
    parts: dict[str, Any] = json.loads(b"{%b}" % stored.replace(GRANT_MARK, b""))
    parts["media"] = tuple(_media(item) for item in parts["media"])
    for name in ("created_at", "edited_at"):
        parts[name] = datetime.fromisoformat(parts[name]) if parts[name] else None
    return parts


def _media(item: dict[str, Any]) -> Media:
    camera = Camera(**item["camera"]) if item["camera"] else None
    renditions = tuple(
        RenditionView(r["width"], r["height"], r["type"], r["url"]) for r in item["renditions"]
    )
    return Media(
        UUID(item["id"]),
        item["state"],
        item["width"],
        item["height"],
        item["alt"],
        item["lqip"],
        camera,
        renditions,
    )


@dataclass(frozen=True, slots=True)
class FileError:
    """Why processing failed. `detail` is a Message, said in the language of whoever reads it."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class FileStep:
    """One finished step of processing."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class FileView:
    """An upload as its owner sees it. `progress` runs from 0 to 1."""

    id: UUID
    name: str
    size: int
    sha256: str
    kind: str
    state: str
    progress: float
    step: str | None
    error: FileError | None
    facts: dict[str, Any]
    steps: tuple[FileStep, ...]
    created_at: datetime
    duplicate_of: UUID | None
    post_id: UUID | None
    width: int
    height: int
    lqip: str
    renditions: tuple[RenditionView, ...]
    draft_id: UUID | None = None


def present_renditions(file: File, mark: str = "") -> tuple[RenditionView, ...]:
    """Addresses of the sizes of a picture, `mark` behind each."""
    base = f"/m/{file.key}/{file.cut}"
    return tuple(RenditionView(r.width, r.height, r.type, f"{base}/{r.name}{mark}") for r in file.renditions)


def present_file(file: File) -> FileView:
    """A file for its owner."""
    facts: dict[str, Any] = {}
    if file.facts is not None:
        camera = file.facts.camera
        facts = {
            "format": file.facts.format,
            "width": file.facts.width,
            "height": file.facts.height,
            "frames": file.facts.frames,
            "had_place": file.facts.had_place,
            "camera": {name: getattr(camera, name) for name in camera.__slots__} if camera else None,
        }
    progress = {"waiting": 0.0, "processing": 0.5, "failed": 1.0, "ready": 1.0}[file.state]
    return FileView(
        id=file.id,
        name=file.name,
        size=file.size,
        sha256=file.sha256,
        kind=file.kind,
        state=file.state,
        progress=progress,
        step=file.step,
        error=FileError(*file.error) if file.error else None,
        facts=facts,
        steps=tuple(FileStep(*step) for step in file.steps),
        created_at=file.created_at,
        duplicate_of=file.duplicate_of,
        post_id=file.post_id,
        width=file.width,
        height=file.height,
        lqip=file.lqip,
        renditions=present_renditions(file),
        draft_id=file.draft_id,
    )


@dataclass(frozen=True, slots=True)
class DraftPhoto:
    """A photo of a draft, with what its author chose for it. `file` is the whole picture, not cut yet."""

    upload_id: UUID
    alt: str
    crop: Crop | None
    file: FileView


@dataclass(frozen=True, slots=True)
class DraftPlace:
    """A place that is named, and nobody's yet."""

    name: str
    lat: float | None
    lon: float | None


@dataclass(frozen=True, slots=True)
class DraftError:
    """Why a draft was not published at its time. `detail` is a Message, said in the language of whoever reads it."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class DraftView:
    """A post in the making as its author sees it. `publish_at` is set while it waits to be published by itself."""

    id: UUID
    media: tuple[DraftPhoto, ...]
    caption: str
    place: DraftPlace | None
    audience: Audience
    comments: bool
    show_camera: bool
    publish_at: datetime | None
    state: DraftState
    error: DraftError | None
    created_at: datetime
    updated_at: datetime
    version: int


def present_draft(draft: Draft, files: Sequence[File]) -> DraftView:
    """A draft for its author; `files` are the uploads of its photos, in the same order."""
    place = draft.place
    return DraftView(
        id=draft.id,
        media=tuple(
            DraftPhoto(photo.file_id, photo.alt, photo.crop, present_file(file))
            for photo, file in zip(draft.photos, files, strict=True)
        ),
        caption=draft.caption,
        place=DraftPlace(place.name, place.lat, place.lon) if place else None,
        audience=draft.audience,
        comments=draft.comments,
        show_camera=draft.show_camera,
        publish_at=draft.publish_at,
        state=draft.state,
        error=DraftError(draft.failure[0], Message(draft.failure[1])) if draft.failure else None,
        created_at=draft.created_at,
        updated_at=draft.updated_at,
        version=draft.version,
    )


@dataclass(frozen=True, slots=True)
class Storage:
    """How much room somebody's originals take, of how much."""

    used_bytes: int
    quota_bytes: int

    @property
    def free_bytes(self) -> int:
        """What is left; nothing where the quota was lowered below what is used."""
        return max(0, self.quota_bytes - self.used_bytes)


@dataclass(frozen=True, slots=True)
class Reacted:
    """A post's counts and what the viewer did, after liking, saving or the opposite."""

    counts: Counts
    viewer: PostViewer
