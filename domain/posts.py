"""Posts with their photos, comments, likes and saves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID, uuid5

from domain.files import MAX_ALT, Crop
from domain.follows import Relationship
from domain.kernel import CommentId, Conflict, Event, FileId, Forbidden, Invalid, PlaceId, PostId, UserId, msg
from domain.text import clean, find_mentions, find_tags

Audience = Literal["everyone", "followers", "only_me"]
AUDIENCES: tuple[Audience, ...] = ("everyone", "followers", "only_me")

MAX_PHOTOS = 10
MAX_CAPTION = 2_200
MAX_COMMENT = 1_000
MAX_PLACE_NAME = 80
MAX_VERSIONS = 100
# How long a deleted comment can be brought back.
UNDO = timedelta(seconds=30)


class CommentsOff(Forbidden):
    code = "comments_off"
    message = msg("Comments are turned off for this post.")


class NotYours(Forbidden):
    code = "forbidden"
    message = msg("Only its author can change this.")


class Changed(Conflict):
    """The thing was edited since the client read it (`If-Match`)."""

    code = "precondition_failed"
    message = msg("This has changed since you opened it. Look at it again before you change it.")


@dataclass(frozen=True, slots=True)
class Place:
    """A named place, with a position when its author gave one (degrees, WGS 84)."""

    id: PlaceId
    name: str
    lat: float | None = None
    lon: float | None = None

    @classmethod
    def named(cls, name: str, lat: float | None, lon: float | None) -> "Place":
        """The place that somebody means, who may type it in several ways. Raises Invalid."""
        name, lat, lon = clean_place(name, lat, lon)
        return cls(place_id(name, lat, lon), name, lat, lon)


_PLACES = UUID("6f0d5a0e-58a4-5c1e-9d0f-2f6f8d1c9b11")


def place_id(name: str, lat: float | None, lon: float | None) -> PlaceId:
    """The id of a place: the same for everybody who names it so, and telling nothing of who did before or when."""
    return PlaceId(uuid5(_PLACES, f"{name}\n{lat}\n{lon}"))


def clean_place(name: str, lat: float | None, lon: float | None) -> tuple[str, float | None, float | None]:
    """A place as it may be stored; positions are rounded to about 100 m. Raises Invalid."""
    name = clean("#/place/name", name, limit=MAX_PLACE_NAME, required=True)
    if (lat is None) != (lon is None):
        raise Invalid.field("#/place", "incomplete", msg("A position needs both latitude and longitude."))
    if lat is None or lon is None:
        return name, None, None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise Invalid.field("#/place", "out_of_range", msg("Latitude is -90 to 90, longitude -180 to 180."))
    return name, round(lat, 3), round(lon, 3)


@dataclass(frozen=True, slots=True)
class Photo:
    """One picture of a post, as its author placed it."""

    file_id: FileId
    alt: str = ""
    crop: Crop | None = None


def check_photos(photos: Sequence[Photo], *, least: int = 1) -> None:
    """Raises Invalid for too few, too many, or the same one twice."""
    if not least <= len(photos) <= MAX_PHOTOS:
        raise Invalid.field("#/media", "bad_count", msg("A post has 1 to {limit} photos."), limit=MAX_PHOTOS)
    if len({photo.file_id for photo in photos}) != len(photos):
        raise Invalid.field("#/media", "repeated", msg("A photo can be in a post only once."))


@dataclass(slots=True)
class Post:
    """One to ten photos with words. `version` grows with every edit."""

    id: PostId
    author_id: UserId
    photos: tuple[Photo, ...]
    created_at: datetime
    caption: str = ""
    tags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    place: Place | None = None
    audience: Audience = "everyone"
    comments: bool = True
    show_camera: bool = False
    edited_at: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        check_photos(self.photos)

    def write(self, caption: str) -> None:
        """Set the caption; tags and mentions follow from it. Raises Invalid."""
        self.caption = clean("#/caption", caption, limit=MAX_CAPTION, multiline=True)
        self.tags = find_tags(self.caption)
        self.mentions = find_mentions(self.caption)

    @property
    def shown_at(self) -> datetime:
        """Since when it has shown what it shows."""
        return self.edited_at or self.created_at

    def shows(self, other: "Post") -> bool:
        """Whether it tells the same as `other`, whoever may see it and whatever they may do there."""
        return (self.caption, self.place, self.photos) == (other.caption, other.place, other.photos)

    def touch(self, now: datetime, *, seen: bool) -> None:
        """Remember that the author changed it; with `seen` it is told to have been edited."""
        self.edited_at = now if seen else self.edited_at
        self.version += 1


@dataclass(frozen=True, slots=True)
class PostVersion:
    """What a post showed from `shown_at` until its next edit, to those of `audience`.

    A photo is its id and description then; None where it was taken out of the post since.
    """

    version: int
    shown_at: datetime
    audience: Audience
    caption: str
    place: Place | None
    photos: tuple[tuple[FileId, str] | None, ...]


def clean_alt(index: int, alt: str) -> str:
    """The description of photo number `index`. Raises Invalid that points at it."""
    return clean(f"#/media/{index}/alt", alt, limit=MAX_ALT, multiline=True)


@dataclass(slots=True)
class Comment:
    """A remark under a post, or one level below another comment of the same post."""

    id: CommentId
    post_id: PostId
    author_id: UserId
    text: str
    created_at: datetime
    reply_to: CommentId | None = None
    edited_at: datetime | None = None
    likes: int = 0
    mentions: tuple[str, ...] = ()

    def write(self, text: str) -> None:
        """Set the text; mentions follow from it. Raises Invalid when it is empty, too long or mentions too many."""
        self.text = clean("#/text", text, limit=MAX_COMMENT, multiline=True, required=True)
        self.mentions = find_mentions(self.text, "#/text")


@dataclass(frozen=True, slots=True)
class RemovedComment:
    """A comment that was deleted a moment ago, by whom and when. Nobody sees it."""

    comment: Comment
    removed_by: UserId
    removed_at: datetime

    def can_return(self, viewer: UserId, now: datetime) -> bool:
        """Whoever deleted it may take that back, for a while."""
        return viewer == self.removed_by and now < self.removed_at + UNDO


@dataclass(slots=True)
class Standing:
    """What decides whether a viewer may see a post and what to do there, without the post itself.

    `removed` is one that was taken away since.
    """

    post_id: PostId
    author_id: UserId
    audience: Audience
    comments: bool
    author_active: bool
    author_private: bool
    relationship: Relationship
    removed: bool = False


@dataclass(slots=True)
class Counts:
    """Likes and comments of a post."""

    likes: int
    comments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPublished(Event):
    post_id: PostId
    author_id: UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDeleted(Event):
    """`prefixes` name what its photos left in the media store."""

    post_id: PostId
    prefixes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLiked(Event):
    post_id: PostId
    user_id: UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Commented(Event):
    comment_id: CommentId
    post_id: PostId
    author_id: UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentLiked(Event):
    comment_id: CommentId
    user_id: UserId


class Posts(Protocol):
    """Posts, and the sets that people form around them. Writes take effect at the commit of the unit."""

    async def add(self, post: Post) -> None:
        """Store a post whose photos are uploads of its author that no other post uses, and count it.

        It joins the author's own home feed at once; other feeds follow by `fan_out`.
        """
        ...

    async def find(self, post_id: PostId, *, lock: bool = False) -> Post | None:
        """The post, or None. With `lock` nobody else changes it until the unit ends."""
        ...

    async def standing(self, viewer: UserId | None, post_id: PostId) -> Standing | None:
        """How the viewer stands to a post, removed ones included, in one look; None when there never was such a post."""
        ...

    async def save(self, post: Post) -> None:
        """Write caption, place, audience, switches, and the photos in their new order."""
        ...

    async def keep_version(self, before: Post) -> None:
        """Remember what the post showed before an edit; of very many edits only the last MAX_VERSIONS."""
        ...

    async def forget_photos(self, post_id: PostId, gone: Sequence[FileId]) -> None:
        """Leave nothing of these photos in what is remembered of the post, but that there was one."""
        ...

    async def forget_versions(self, post_id: PostId) -> None:
        """Forget all that the post showed before."""
        ...

    async def remove(self, post: Post) -> None:
        """Remove the post with all that hangs on it, counters in step, and remember that it was there."""
        ...

    async def add_place(self, place: Place) -> None:
        """Store the place unless it is there."""
        ...

    async def fan_out(self, post_id: PostId, after: UserId | None, limit: int) -> UserId | None:
        """Put the post into the home feeds of the next `limit` followers in id order; the last one, None at the end.

        Repeating is harmless.
        """
        ...

    async def fan_in(self, post_id: PostId, limit: int) -> bool:
        """Take a removed post out of up to `limit` home feeds; whether more may be left."""
        ...

    async def add_like(self, post_id: PostId, user: UserId) -> bool:
        """False when it was there."""
        ...

    async def remove_like(self, post_id: PostId, user: UserId) -> bool:
        """False when there was none."""
        ...

    async def add_save(self, post_id: PostId, user: UserId) -> bool:
        """False when it was there."""
        ...

    async def remove_save(self, post_id: PostId, user: UserId) -> bool:
        """False when there was none."""
        ...

    async def hide(self, post_id: PostId, user: UserId, hidden: bool) -> None:
        """Remember or forget that the user is not interested."""
        ...

    async def tally(self, post_id: PostId, user: UserId) -> tuple[Counts, bool, bool]:
        """Counts as they stand inside this unit, and whether the user likes and has saved the post."""
        ...


class Comments(Protocol):
    """Comments, by id."""

    async def add(self, comment: Comment) -> None:
        """Store it and count it on the post. Raises NotFound when the post has gone meanwhile."""
        ...

    async def find(self, comment_id: CommentId, *, lock: bool = False) -> Comment | None:
        """The comment, or None."""
        ...

    async def save(self, comment: Comment) -> None:
        """Write the text."""
        ...

    async def remove(self, comment: Comment) -> None:
        """Remove it and its replies, the post's counter in step."""
        ...

    async def put_aside(self, comment: Comment, by: UserId, now: datetime) -> None:
        """Remove a locked comment and its replies, so that they can be brought back with their likes."""
        ...

    async def find_aside(self, comment_id: CommentId) -> RemovedComment | None:
        """The comment that was put aside, locked; None for a reply that only went along with another."""
        ...

    async def bring_back(self, comment_id: CommentId) -> None:
        """Undo `put_aside`, but for what belongs to accounts that were deleted since. Raises NotFound."""
        ...

    async def forget_aside(self, before: datetime) -> None:
        """Remove for good what was put aside before this moment."""
        ...

    async def add_like(self, comment_id: CommentId, user: UserId) -> bool:
        """False when it was there."""
        ...

    async def remove_like(self, comment_id: CommentId, user: UserId) -> bool:
        """False when there was none."""
        ...
