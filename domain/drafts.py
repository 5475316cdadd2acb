"""Posts in the making: seen by their author alone, published by hand or at a time of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from domain.kernel import DraftId, Event, FileId, Invalid, PostId, UserId, msg
from domain.posts import MAX_CAPTION, Audience, Photo, Place, Post, check_photos
from domain.text import clean, find_mentions, find_tags

MAX_DRAFTS = 100
FURTHEST = timedelta(days=366)

DraftState = Literal["draft", "scheduled", "failed"]


class TooManyDrafts(Invalid):
    code = "too_many_drafts"
    message = msg("You have {limit} drafts, which is the limit. Publish or delete one first.")


@dataclass(slots=True)
class Draft:
    """What a post is made of, perhaps without photos yet. `version` grows with every change.

    `publish_at` is when it will be published by itself, `failure` (code and reason) why that did not work.
    """

    id: DraftId
    author_id: UserId
    created_at: datetime
    updated_at: datetime
    photos: tuple[Photo, ...] = ()
    caption: str = ""
    place: Place | None = None
    audience: Audience = "everyone"
    comments: bool = True
    show_camera: bool = False
    publish_at: datetime | None = None
    failure: tuple[str, str] | None = None
    version: int = 1

    @property
    def state(self) -> DraftState:
        """Whether it waits for its author or for its time."""
        if self.failure is not None:
            return "failed"
        return "draft" if self.publish_at is None else "scheduled"

    def write(self, caption: str) -> None:
        """Set the caption; the rules are those of a post, so that it can become one. Raises Invalid."""
        self.caption = clean("#/caption", caption, limit=MAX_CAPTION, multiline=True)
        find_tags(self.caption)
        find_mentions(self.caption)

    def schedule(self, at: datetime, now: datetime) -> None:
        """Have it published at `at`. Raises Invalid for a time that has no zone, has passed, or is a year away."""
        if at.tzinfo is None:
            raise Invalid.field("#/publish_at", "invalid", msg("Say in which time zone this is."))
        if at <= now:
            raise Invalid.field("#/publish_at", "past", msg("Choose a time that is still to come."))
        if at > now + FURTHEST:
            raise Invalid.field("#/publish_at", "too_late", msg("Choose a time within a year."))
        self.publish_at, self.failure = at, None

    def withdraw(self) -> None:
        """Have it wait for its author again."""
        self.publish_at, self.failure = None, None

    def fail(self, code: str, reason: str) -> None:
        """Say why it was not published at its time."""
        self.publish_at, self.failure = None, (code, reason)
        self.version += 1

    def check(self) -> None:
        """Raises Invalid for what nobody could save: too many photos, or none in one that is to be published."""
        check_photos(self.photos, least=0 if self.publish_at is None else 1)

    def touch(self, now: datetime) -> None:
        """Remember that its author changed it, which settles why it was not published."""
        self.updated_at, self.failure = now, None
        self.version += 1

    def as_post(self, post_id: PostId, now: datetime) -> Post:
        """The post that it becomes. Raises Invalid where it has no photos."""
        post = Post(
            post_id,
            self.author_id,
            self.photos,
            now,
            place=self.place,
            audience=self.audience,
            comments=self.comments,
            show_camera=self.show_camera,
        )
        post.write(self.caption)
        return post


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftScheduled(Event):
    """A draft is to be published at `due_at`, unless its author wants otherwise by then."""

    draft_id: DraftId
    due_at: datetime


class Drafts(Protocol):
    """Drafts, by id. Writes take effect at the commit of the unit."""

    async def add(self, draft: Draft) -> None:
        """Store a draft whose photos are locked uploads that nothing else holds. Raises AlreadyMade."""
        ...

    async def count(self, author: UserId) -> int:
        """How many drafts the author has."""
        ...

    async def find(self, draft_id: DraftId, *, lock: bool = False) -> Draft | None:
        """The draft, or None. With `lock` nobody else changes it until the unit ends."""
        ...

    async def save(self, draft: Draft) -> None:
        """Write every part, photos too; what waited to publish it at another time is called off."""
        ...

    async def remove(self, draft_id: DraftId) -> None:
        """Remove it, and what waited to publish it. Its uploads are nobody's then."""
        ...

    async def holding(self, file_ids: Sequence[FileId]) -> dict[FileId, DraftId]:
        """The drafts that hold these uploads. What was locked before stays as it is told here."""
        ...
