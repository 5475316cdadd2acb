"""Lists of posts as pages: landing, home, Explore, tags, places."""

import re
from dataclasses import dataclass, replace
from uuid import UUID

from sanic import HTTPResponse

from application.finding import TagCount
from application.meeting import Met
from application.overview import Overview
from application.views import PostCard
from domain.kernel import NotFound, PlaceId, Unavailable, UserId
from domain.text import MAX_TAG, fold
from entrypoints import VERSION
from entrypoints.web import maps, site
from entrypoints.web.visits import Routes, Visit

routes = Routes("feeds")

HOME_SIZE = 12
GRID_SIZE = 24
LANDING_PHOTOS = 3
BESIDE_PEOPLE = 3
CARD_PHOTOS = 3


@routes.page("/")
async def home(visit: Visit) -> HTTPResponse:
    if visit.viewer is None:
        return await _landing(visit)
    page = await visit.app.feeds.home(visit.viewer, HOME_SIZE, visit.cursor, until=visit.until)
    seen_from = await visit.app.catching_up.seen_from(visit.viewer, page, visit.cursor)
    beside = None if site.wants_part(visit.request) else await _beside(visit)
    me = await site.me(visit.request)
    suggested = []
    if beside and me and not (page.items or page.prev or page.next or me.counts.following):
        suggested = [(met, await newest_of(visit, met)) for met in beside.people]
    steps = await visit.app.place.first_steps(me) if beside and me else None
    return await visit.page(
        "home.html",
        posts=page,
        seen_from=seen_from,
        me=me,
        beside=beside,
        suggested=suggested,
        first_steps=steps,
    )


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the home feed."""

    people: list[Met]
    tags: list[TagCount]


async def _beside(visit: Visit) -> Beside:
    people = await visit.app.meeting.suggest(visit.user, BESIDE_PEOPLE)
    return Beside(people, await visit.app.overviews.tags_of_the_week(visit.viewer))


async def newest_of(visit: Visit, met: Met) -> list[PostCard]:
    """The newest photos of somebody who is suggested, as the viewer may see them."""
    return (await visit.app.feeds.of_member(visit.viewer, UserId(met.user.id), CARD_PHOTOS)).items


async def _landing(visit: Visit) -> HTTPResponse:
    photos = await _some_photos(visit)
    needs_setup = not photos and await visit.app.joining.needs_setup()
    mode = visit.app.joining.sign_up_mode
    return await visit.page(
        "landing.html", photos=photos, sign_up=mode, needs_setup=needs_setup, version=VERSION
    )


async def _some_photos(visit: Visit) -> list[PostCard]:
    try:
        fresh = (await visit.app.feeds.explore(None, 4 * LANDING_PHOTOS)).items
    except Unavailable:
        return []  # the page stands without them
    # By different people, where there are enough of them.
    by_author = {post.author.id: post for post in reversed(fresh)}
    first = sorted(fresh, key=lambda post: by_author[post.author.id] is not post)
    return first[:LANDING_PHOTOS]


@routes.page("/explore")
async def explore(visit: Visit) -> HTTPResponse:
    popular = visit.asked("sort") == "popular"
    asked = " ".join(visit.asked("q").split())[:MAX_TAG]
    if asked:
        found = await visit.app.finding.suggest(visit.viewer, asked)
        return await visit.page("explore.html", q=asked, found=found)
    page = await visit.app.feeds.explore(
        visit.viewer, GRID_SIZE, visit.cursor, popular=popular, until=visit.until
    )
    return await visit.page("explore.html", q="", posts=page, popular=popular)


@routes.page("/tags/<tag>")
async def tag(visit: Visit, tag: str) -> HTTPResponse:
    canonical = fold(tag.lstrip("#"))
    page = await visit.app.feeds.tagged(visit.viewer, canonical, GRID_SIZE, visit.cursor, visit.until)
    about = None
    if not site.wants_part(visit.request):
        about = _at_start(visit, await visit.app.overviews.tag(visit.viewer, canonical))
    return await visit.page("tag.html", posts=page, tag=canonical, about=about)


@routes.page("/places/<name>")
async def place(visit: Visit, name: str) -> HTTPResponse:
    found = re.fullmatch(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-.*)?", name, re.DOTALL)
    if found is None:
        raise NotFound
    place_id = PlaceId(UUID(found.group(1)))
    shown = await visit.app.feeds.place(visit.viewer, place_id)
    page = await visit.app.feeds.at_place(visit.viewer, place_id, GRID_SIZE, visit.cursor, visit.until)
    about = None
    if not site.wants_part(visit.request):
        about = _at_start(visit, await visit.app.overviews.place(visit.viewer, place_id))
    return await visit.page(
        "place.html",
        posts=page,
        spot=shown,  # `place` is a function of all templates
        about=about,
        map=maps.window([shown]),
        position=maps.position(shown),
    )


def _at_start(visit: Visit, about: Overview) -> Overview:
    """The best liked photos stand on the first page only."""
    return replace(about, top=[]) if visit.cursor or visit.until else about
