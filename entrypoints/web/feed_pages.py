"""Lists of posts as pages: landing, home, Explore, tags, places."""

import re
from uuid import UUID

from sanic import HTTPResponse

from application.views import PostCard
from domain.kernel import NotFound, PlaceId, Unavailable
from domain.text import fold
from entrypoints.web import site
from entrypoints.web.visits import Routes, Visit

routes = Routes("feeds")

HOME_SIZE = 12
GRID_SIZE = 24
LANDING_PHOTOS = 3


@routes.page("/")
async def home(visit: Visit) -> HTTPResponse:
    if visit.viewer is None:
        return await _landing(visit)
    page = await visit.app.feeds.home(visit.viewer, HOME_SIZE, visit.cursor, until=visit.until)
    return await visit.page("home.html", posts=page, me=await site.me(visit.request))


async def _landing(visit: Visit) -> HTTPResponse:
    photos = await _some_photos(visit)
    needs_setup = not photos and await visit.app.accounts.needs_setup()
    mode = visit.app.accounts.sign_up_mode
    return await visit.page("landing.html", photos=photos, sign_up=mode, needs_setup=needs_setup)


async def _some_photos(visit: Visit) -> list[PostCard]:
    try:
        return (await visit.app.feeds.explore(None, LANDING_PHOTOS)).items
    except Unavailable:
        return []  # the page stands without them


@routes.page("/explore")
async def explore(visit: Visit) -> HTTPResponse:
    popular = visit.asked("sort") == "popular"
    page = await visit.app.feeds.explore(
        visit.viewer, GRID_SIZE, visit.cursor, popular=popular, until=visit.until
    )
    return await visit.page("explore.html", posts=page, popular=popular)


@routes.page("/tags/<tag>")
async def tag(visit: Visit, tag: str) -> HTTPResponse:
    canonical = fold(tag.lstrip("#"))
    page = await visit.app.feeds.tagged(visit.viewer, canonical, GRID_SIZE, visit.cursor, visit.until)
    return await visit.page("tag.html", posts=page, tag=canonical)


@routes.page("/places/<name>")
async def place(visit: Visit, name: str) -> HTTPResponse:
    found = re.fullmatch(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-.*)?", name, re.DOTALL)
    if found is None:
        raise NotFound
    place_id = PlaceId(UUID(found.group(1)))
    shown = await visit.app.feeds.place(visit.viewer, place_id)
    page = await visit.app.feeds.at_place(visit.viewer, place_id, GRID_SIZE, visit.cursor, visit.until)
    return await visit.page("place.html", posts=page, place=shown)
