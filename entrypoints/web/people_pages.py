"""Pages about people: profiles with their lists, following, blocking, muting, follow requests."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal
from urllib.parse import quote, unquote

from sanic import HTTPResponse, redirect

from application.views import MemberRow, Page, PostCard, Profile
from domain.follows import OneselfNotAllowed
from domain.kernel import NotFound
from domain.text import fold
from domain.users import MAX_DISPLAY_NAME
from entrypoints.web import maps
from entrypoints.web.feed_pages import GRID_SIZE
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import Routes, Visit

routes = Routes("people")

LIST_SIZE = 30


def _name(handle: str) -> str:
    """The canonical user name in the part of an address that starts with @, which comes as it was sent."""
    return fold(unquote(handle).removeprefix("@"))


@routes.page("/<handle:@[^/]+>")
async def profile(visit: Visit, handle: str) -> HTTPResponse:
    username = _name(handle)
    if handle != f"@{username}":
        return visit.go(f"/@{quote(username, safe='')}")
    try:
        shown = await visit.app.people.profile(visit.viewer, username)
    except NotFound:
        return await _moved(visit, username)
    page: Page[PostCard] = Page([])
    if shown.viewer.can_see_posts:
        page = await visit.app.feeds.of_member(visit.viewer, shown.id, GRID_SIZE, visit.cursor, visit.until)
    return await _profile(visit, shown, "posts", posts=page)


async def _profile(visit: Visit, shown: Profile, tab: str, **values: Any) -> HTTPResponse:
    through = await visit.app.meeting.acquaintances(visit.viewer, shown.id)
    named = await visit.app.people.named(visit.viewer, shown.bio)
    return await visit.page("profile.html", profile=shown, tab=tab, through=through, named=named, **values)


@routes.page("/<handle:@[^/]+>/places")
async def places(visit: Visit, handle: str) -> HTTPResponse:
    try:
        shown = await visit.app.people.profile(visit.viewer, _name(handle))
    except NotFound:
        return await _moved(visit, _name(handle), "/places")
    found = await visit.app.overviews.places_of(visit.viewer, shown.id)
    drawn = maps.window([one.place for one in found])
    return await _profile(visit, shown, "places", places=found, map=drawn)


@routes.page("/<handle:@[^/]+>/<tab:saved|liked>")
async def own_list(visit: Visit, handle: str, tab: str) -> HTTPResponse:
    """Nobody else learns that these pages exist."""
    if visit.identity is None or _name(handle) != visit.who.username:
        raise NotFound
    shown = await visit.app.people.profile(visit.viewer, visit.who.username)
    source = visit.app.feeds.saved if tab == "saved" else visit.app.feeds.liked
    page = await source(visit.user, GRID_SIZE, visit.cursor, visit.until)
    return await _profile(visit, shown, tab, posts=page)


@routes.page("/<handle:@[^/]+>/<kind:followers|following>")
async def around(visit: Visit, handle: str, kind: Literal["followers", "following"]) -> HTTPResponse:
    try:
        shown: Profile = await visit.app.people.profile(visit.viewer, _name(handle))
    except NotFound:
        return await _moved(visit, _name(handle), f"/{kind}")
    asked = " ".join(visit.asked("q").split())[:MAX_DISPLAY_NAME]
    rows: Page[MemberRow] | None = None
    if shown.viewer.can_see_posts and asked:
        rows = await visit.app.people.called(visit.viewer, kind, shown.username, asked, LIST_SIZE)
    elif shown.viewer.can_see_posts:
        rows = await visit.app.people.around(visit.viewer, kind, shown.username, LIST_SIZE, visit.cursor)
    return await visit.page("people.html", profile=shown, rows=rows, kind=kind, q=asked)


async def _moved(visit: Visit, username: str, rest: str = "") -> HTTPResponse:
    """To the page of the member who had this name before."""
    now = await visit.app.people.renamed(visit.viewer, username)
    return redirect(f"/@{now}{rest}", status=301)


def _acts(visit: Visit, username: str) -> dict[str, Callable[[], Awaitable[Any]]]:
    following = visit.app.following
    return {
        "follow": lambda: following.follow(visit.user, username),
        "unfollow": lambda: following.unfollow(visit.user, username),
        "unblock": lambda: following.unblock(visit.user, username),
        "mute": lambda: following.mute(visit.user, username, True),
        "unmute": lambda: following.mute(visit.user, username, False),
        "notify": lambda: following.notify(visit.user, username, True),
        "silence": lambda: following.notify(visit.user, username, False),
    }


@routes.page("/<handle:@[^/]+>/block", guests=False)
async def ask_to_block(visit: Visit, handle: str) -> HTTPResponse:
    shown = await visit.app.people.profile(visit.user, _name(handle))
    if shown.viewer.is_self:
        raise OneselfNotAllowed
    return await visit.page("block.html", member=shown)


@routes.form("/<handle:@[^/]+>/block")
async def block(visit: Visit, handle: str) -> HTTPResponse:
    name = _name(handle)
    await visit.app.following.block(visit.user, name)
    return visit.go(f"/@{name}", _("You blocked @%(name)s.") % {"name": name})


@routes.form("/<handle:@[^/]+>/<act:follow|unfollow|unblock|mute|unmute|notify|silence>", seen_at="/{handle}")
async def about_member(visit: Visit, handle: str, act: str) -> HTTPResponse:
    name = _name(handle)
    answer = await _acts(visit, name)[act]()
    said = {
        "follow": _("Request sent to @%(name)s.") if answer == "requested" else "",
        "unblock": _("You unblocked @%(name)s."),
        "mute": _("You muted @%(name)s. Their posts stay out of your home page."),
        "unmute": _("You see posts by @%(name)s at home again."),
        "notify": _("You will be told about new posts by @%(name)s."),
        "silence": _("You will not be told about new posts by @%(name)s."),
    }.get(act, "")
    return visit.go(visit.back(f"/@{name}"), said % {"name": name} if said else "")


@routes.page("/requests", guests=False)
async def requests(visit: Visit) -> HTTPResponse:
    rows = await visit.app.people.own(visit.user, "requests", LIST_SIZE, visit.cursor)
    through = await visit.app.meeting.acquaintances_of(visit.user, [row.user.id for row in rows.items])
    return await visit.page("requests.html", rows=rows, through=through)


@routes.form("/requests")
async def answer_requests(visit: Visit) -> HTTPResponse:
    """One request by `username`, or all of them."""
    answer, name = visit.text("answer"), fold(visit.text("username"))
    if answer == "all":
        await visit.app.following.accept_all(visit.user)
        return visit.go("/requests", _("You accepted everybody who asked."))
    try:
        await visit.app.following.answer_request(visit.user, name, accept=answer == "accept")
    except NotFound:
        return visit.go("/requests", _("This request is not there any more."))
    said = (
        _("@%(name)s follows you now.") if answer == "accept" else _("You declined the request of @%(name)s.")
    )
    return visit.go("/requests", said % {"name": name})
