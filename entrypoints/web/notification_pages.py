"""What one was told, as pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from sanic import HTTPResponse

from application.notifying import NotificationView
from application.views import Person
from domain.kernel import NotificationId
from domain.notifications import Kind
from entrypoints.web import site
from entrypoints.web.translation import current_timezone
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import Routes, Visit
from entrypoints.web.words import asking

routes = Routes("notifications")

LIST_SIZE = 30
FACES = 2
# What each filter shows, by its name in the address.
SHOWN: dict[str, tuple[Kind, ...]] = {
    "follows": ("follow", "follow_request", "follow_accepted"),
    "likes": ("like",),
    "comments": ("comment", "reply"),
    "mentions": ("mention",),
    "posts": ("new_post",),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """People who wait for an answer: the last ones, and all of them in words."""

    people: Sequence[Person]
    pieces: Sequence[tuple[str, str]]


@routes.page("/notifications", guests=False)
async def notifications(visit: Visit) -> HTTPResponse:
    show = visit.asked("show")
    kinds = SHOWN.get(show)
    page = await visit.app.notifying.newest(visit.user, kinds, LIST_SIZE, visit.cursor, visit.until)
    return await visit.page(
        "notifications.html",
        rows=page,
        days=_by_day(page.items),
        show=show if kinds else "",
        asked=None if visit.part or visit.cursor else await _asked(visit),
        filters=_filters(show if kinds else ""),
    )


def _filters(show: str) -> list[tuple[str, str, bool]]:
    names = {
        "": _("All"),
        "follows": _("Follows"),
        "likes": _("Likes"),
        "comments": _("Comments"),
        "mentions": _("Mentions"),
        "posts": _("New posts"),
    }
    return [
        (f"/notifications?show={each}" if each else "/notifications", name, each == show)
        for each, name in names.items()
    ]


def _by_day(views: Sequence[NotificationView]) -> list[tuple[str, list[NotificationView]]]:
    """(day as YYYY-MM-DD where the reader is, what was told on it), in the order of the list."""
    days = groupby(views, key=lambda view: view.at.astimezone(current_timezone()).date().isoformat())
    return [(day, list(told)) for day, told in days]


async def _asked(visit: Visit) -> Asked | None:
    me = await site.me(visit.request)
    if me is None or not me.private:
        return None
    rows = await visit.app.people.own(visit.user, "requests", FACES, None)
    people = [row.user for row in rows.items]
    count = await visit.app.people.waiting(visit.user) if people else 0
    return Asked(people, list(asking(people, count))) if people else None


@routes.form("/notifications/read", seen_at="/notifications")
async def read_all(visit: Visit) -> HTTPResponse:
    await visit.app.notifying.read(visit.user)
    return visit.done(visit.back("/notifications"), _("Everything is marked as read."))


@routes.form("/notifications/<notification_id:uuid>/unread", seen_at="/notifications")
async def unread_again(visit: Visit, notification_id: UUID) -> HTTPResponse:
    await visit.app.notifying.unread_again(visit.user, NotificationId(notification_id))
    return visit.done("/notifications", _("Marked as unread."))
