"""What is told to whoever is connected: events in one order, each on a topic."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.kernel import PostId, UserId

# How long somebody may be away and still be told what they missed, and of how much of it.
KEEP = timedelta(hours=24)
MOST_REPLAYED = 500


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something to tell on `topic`. `data` is plain values."""

    topic: str
    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as it was written down. `seq` grows without gaps over all topics; `data` is JSON."""

    seq: int
    topic: str
    type: str
    data: str
    at: datetime


def me(user: UserId) -> str:
    """The topic of what concerns one account."""
    return f"me:{user}"


# New posts are told on one topic, and whose home feed holds them decides who hears of it.
HOME = "feed:home"


def post_created(post: PostId, author: UserId) -> LiveEvent:
    """A new post has come into its author's followers' home feeds."""
    return LiveEvent(HOME, "post.created", {"id": str(post), "author_id": str(author)})


def post_of(event: LoggedEvent) -> tuple[UUID, UUID]:
    """The post and the author of a `post_created`."""
    data = json.loads(event.data)
    return UUID(data["id"]), UUID(data["author_id"])


def notification_created(recipient: UserId, notification: UUID, kind: str) -> LiveEvent:
    """Somebody was told something."""
    return LiveEvent(me(recipient), "notification.created", {"id": str(notification), "type": kind})
