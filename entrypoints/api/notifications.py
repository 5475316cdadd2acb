"""What one was told, over the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from application.notifying import NotificationView, UnreadCounts
from application.views import Page, Person, PostCard
from domain.kernel import Invalid, NotificationId, msg
from domain.notifications import Kind
from entrypoints.api.operation import Call, Operations, Paging
from entrypoints.api.schemas import In
from entrypoints.web import site
from entrypoints.web.translation import speaking
from entrypoints.web.words import what_happened

group = Operations("notifications")

# How many can be marked as read by their ids in one request.
MOST_READ = 100


class NotificationsQuery(Paging):
    """With `type`, only those of this type."""

    type: Kind | None = None


@dataclass(frozen=True, slots=True)
class NotifiedPost:
    """The post that it is about: the description and a small size of its first photo, where it has one already."""

    id: UUID
    alt: str
    thumbnail: str | None


@dataclass(frozen=True, slots=True)
class NotifiedComment:
    """The comment that it is about."""

    id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class NotifiedFile:
    """The file that it is about."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Notification:
    """What somebody was told. `text` says it in the reader's language, `url` is where it leads.

    `others` did the same as `actors`, who are the last three, on the same day; counted to 100.
    """

    id: UUID
    type: Kind
    text: str
    url: str
    actors: list[Person]
    others: int
    post: NotifiedPost | None
    comment: NotifiedComment | None
    file: NotifiedFile | None
    read: bool
    created_at: datetime


@group.declare(
    "GET",
    "/notifications",
    "listNotifications",
    "List what one was told, newest first",
    query=NotificationsQuery,
    answer=Page[Notification],
)
async def list_notifications(call: Call) -> Page[Notification]:
    kinds = [call.query.type] if call.query.type else None
    page = await call.app.notifying.newest(call.user, kinds, call.query.limit, call.query.cursor)
    grant = call.app.grants.grant(call.identity)
    with speaking(site.accepted_language(call.request, call.who.language)):
        items = [_notification(view, grant) for view in page.items]
    return Page(items, page.next, page.prev)


@group.declare(
    "GET",
    "/notifications/counts",
    "countNotifications",
    "Count what is unread, up to 100",
    answer=UnreadCounts,
)
async def count(call: Call) -> UnreadCounts:
    return await call.app.notifying.counts(call.user)


class Reading(In):
    """What was read: these ids, or `until` and everything older, or, with neither, all."""

    until: UUID | None = None
    ids: Annotated[list[UUID], msgspec.Meta(max_length=MOST_READ)] | None = None


@group.declare(
    "POST",
    "/notifications/read",
    "readNotifications",
    "Mark as read: some, down to one, or all",
    status=204,
    body=Reading,
    problems=("not_found", "validation"),
    example={},
)
async def read(call: Call) -> None:
    sent: Reading = call.body
    if sent.ids is not None and sent.until is not None:
        raise Invalid.field("#/ids", "not_both", msg("Give `until` or `ids`, not both."))
    await call.app.notifying.read(
        call.user,
        ids=None if sent.ids is None else [NotificationId(each) for each in sent.ids],
        until=NotificationId(sent.until) if sent.until else None,
    )


class Channels(In):
    """Where one wants to hear of something."""

    in_app: bool


Preferences = dict[Kind, Channels]


@dataclass(frozen=True, slots=True)
class NotificationPreferences:
    """What one wants to hear of, type by type. `system` is always told, and so not among them."""

    types: Mapping[Kind, Channels]


class PreferencesChange(In):
    """Types that are left out stay as they are."""

    types: Preferences


@group.declare(
    "GET",
    "/me/notification-preferences",
    "getNotificationPreferences",
    "Get what one wants to hear of",
    answer=NotificationPreferences,
)
async def preferences(call: Call) -> NotificationPreferences:
    wanted = await call.app.notifying.preferences(call.user)
    return NotificationPreferences({kind: Channels(in_app=on) for kind, on in wanted.items()})


@group.declare(
    "PUT",
    "/me/notification-preferences",
    "setNotificationPreferences",
    "Say what one wants to hear of",
    body=PreferencesChange,
    answer=NotificationPreferences,
    problems=("validation",),
    example={"types": {"new_post": {"in_app": False}}},
)
async def prefer(call: Call) -> NotificationPreferences:
    sent: PreferencesChange = call.body
    await call.app.notifying.prefer(
        call.user, {kind: channels.in_app for kind, channels in sent.types.items()}
    )
    return await preferences(call)


def _notification(view: NotificationView, grant: str) -> Notification:
    return Notification(
        view.id,
        view.type,
        what_happened(view),
        view.path,
        list(view.actors),
        view.others,
        _post(view.post, grant) if view.post else None,
        NotifiedComment(*view.comment) if view.comment else None,
        NotifiedFile(*view.file) if view.file else None,
        view.read,
        view.at,
    )


def _post(post: PostCard, grant: str) -> NotifiedPost:
    first = post.media[0]
    small = next((size.url for size in first.renditions if size.width <= 320), None)
    thumbnail = small if small is None or post.public else small + grant
    return NotifiedPost(post.id, first.alt, thumbnail)
