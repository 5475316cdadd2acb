"""Who hears about what: one pure function, and what people are told of later.

A notification gathers all notices of one kind about one subject on one day; a notice is one person's doing in it. Whether
a notice still holds (the like was not taken back, the post can still be seen) is decided whenever it is shown.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

from domain.kernel import CommentId, ExportId, FileId, NotificationId, PostId, UserId

Kind = Literal[
    "like",
    "comment",
    "reply",
    "mention",
    "follow",
    "follow_request",
    "follow_accepted",
    "new_post",
    "message_request",
    "file_ready",
    "file_failed",
    "system",
]
KINDS: tuple[Kind, ...] = (
    "like",
    "comment",
    "reply",
    "mention",
    "follow",
    "follow_request",
    "follow_accepted",
    "new_post",
    "message_request",
    "file_ready",
    "file_failed",
    "system",
)
# How long a notification is kept after its last notice.
KEEP = timedelta(days=90)
# What is told of the place itself cannot be turned off.
ALWAYS: frozenset[Kind] = frozenset({"system"})


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that somebody hears about. `actor` did it; None where nobody did.

    At most one of `post`, `file` and `export` is what it is about; `comment` stands under `post`. Somebody hears once
    about what one actor does to one subject, however often it is repeated.
    """

    recipient: UserId
    kind: Kind
    actor: UserId | None = None
    post: PostId | None = None
    comment: CommentId | None = None
    file: FileId | None = None
    export: ExportId | None = None

    @property
    def subject(self) -> UUID:
        """What a repetition has in common with it."""
        return self.comment or self.post or self.file or self.export or UUID(int=0)


@dataclass(frozen=True, slots=True)
class CommentSaid:
    """A comment, as far as it decides who hears about it. `answered` wrote what it answers."""

    comment: CommentId
    post: PostId
    by: UserId
    post_author: UserId
    answered: UserId | None
    mentioned: Sequence[UserId]


def of_like(post: PostId, author: UserId, by: UserId) -> list[Notice]:
    """Somebody liked a post."""
    return _to_others(by, [Notice(author, "like", by, post)])


def of_comment_like(post: PostId, comment: CommentId, author: UserId, by: UserId) -> list[Notice]:
    """Somebody liked a comment of `author`."""
    return _to_others(by, [Notice(author, "like", by, post, comment)])


def of_comment(said: CommentSaid) -> list[Notice]:
    """Whoever is answered hears of a reply, whoever is named of a mention, the author of the post of a comment: each once."""
    heard: dict[UserId, Kind] = {said.post_author: "comment"}
    heard.update(dict.fromkeys(said.mentioned, "mention"))
    if said.answered is not None:
        heard[said.answered] = "reply"
    return _to_others(
        said.by, [Notice(person, kind, said.by, said.post, said.comment) for person, kind in heard.items()]
    )


def of_post(post: PostId, author: UserId, mentioned: Sequence[UserId]) -> list[Notice]:
    """Whoever a new post names. Its author's followers are told while it comes into their feeds."""
    return _to_others(author, [Notice(person, "mention", author, post) for person in mentioned])


def of_follow(follower: UserId, followee: UserId, *, was_asked: bool) -> list[Notice]:
    """Somebody follows somebody. Where they had asked before, the answer is the news, to whoever asked."""
    if was_asked:
        return [Notice(follower, "follow_accepted", followee)]
    return [Notice(followee, "follow", follower)]


def of_request(requester: UserId, target: UserId) -> list[Notice]:
    """Somebody asks to follow somebody."""
    return [Notice(target, "follow_request", requester)]


def _to_others(actor: UserId, notices: Sequence[Notice]) -> list[Notice]:
    """Nobody is told what they did themselves."""
    return [notice for notice in notices if notice.recipient != actor]


@dataclass(frozen=True, slots=True)
class Heard:
    """A notification that somebody has something new in."""

    recipient: UserId
    kind: Kind
    notification: NotificationId


class Notifications(Protocol):
    """What people were told, inside a unit of work."""

    async def tell(self, notices: Sequence[Notice], at: datetime) -> list[Heard]:
        """Store what happened `at` and was not told before to whoever wants to hear of it; what is really new.

        Left out: kinds that somebody turned off, and actors whom they mute, block or are blocked by.
        """
        ...

    async def tell_followers(
        self, post_id: PostId, after: UserId | None, limit: int, at: datetime
    ) -> tuple[UserId | None, list[Heard]]:
        """Tell the next `limit` followers in id order who want to hear of the author's new posts and may see this one.

        Answers the last follower looked at, None at the end, and what is really new. Repeating is harmless.
        """
        ...

    async def read(
        self, recipient: UserId, now: datetime, *, ids: Collection[NotificationId] | None, until: UUID | None
    ) -> int:
        """Mark these as read, or those up to the place `until`, or all; how many were unread."""
        ...

    async def place(self, recipient: UserId, notification: NotificationId) -> UUID | None:
        """Where one of theirs stands in the list; None when it is not theirs."""
        ...

    async def unread_again(self, recipient: UserId, notification: NotificationId) -> bool:
        """Mark one as unread; False when it is not theirs or is unread."""
        ...

    async def prefer(self, user: UserId, wanted: Mapping[Kind, bool]) -> None:
        """Change some of the preferences."""
        ...

    async def forget(self, before: datetime, limit: int) -> bool:
        """Remove up to `limit` that nothing was added to since `before`; whether more may be left."""
        ...
