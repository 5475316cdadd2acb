"""Lists of posts over the API."""

from uuid import UUID

from application.views import Page, PlaceRef, PostCard
from domain.kernel import PlaceId
from entrypoints.api.operation import Call, Operations, Paging
from entrypoints.api.schemas import ExploreQuery, HomeQuery

group = Operations("feeds")


@group.declare(
    "GET",
    "/feeds/home",
    "homeFeed",
    "Own and followed people's posts, newest first; `since` asks for what is newer than a cursor",
    query=HomeQuery,
    answer=Page[PostCard],
)
async def home(call: Call) -> Page[PostCard]:
    return await call.app.feeds.home(call.user, call.query.limit, call.query.cursor, call.query.since)


@group.declare(
    "GET",
    "/feeds/explore",
    "exploreFeed",
    "What is open to everyone, fresh or popular",
    auth="optional",
    query=ExploreQuery,
    answer=Page[PostCard],
)
async def explore(call: Call) -> Page[PostCard]:
    popular = call.query.sort == "popular"
    return await call.app.feeds.explore(call.viewer, call.query.limit, call.query.cursor, popular=popular)


@group.declare(
    "GET",
    "/tags/<tag>/posts",
    "listTagPosts",
    "Posts with a tag",
    auth="optional",
    query=Paging,
    answer=Page[PostCard],
    problems=("not_found",),
)
async def tagged(call: Call, tag: str) -> Page[PostCard]:
    return await call.app.feeds.tagged(call.viewer, tag, call.query.limit, call.query.cursor)


@group.declare(
    "GET",
    "/places/<place_id:uuid>",
    "getPlace",
    "Get a place",
    auth="optional",
    answer=PlaceRef,
    problems=("not_found",),
)
async def get_place(call: Call, place_id: UUID) -> PlaceRef:
    return await call.app.feeds.place(call.viewer, PlaceId(place_id))


@group.declare(
    "GET",
    "/places/<place_id:uuid>/posts",
    "listPlacePosts",
    "Posts taken at a place",
    auth="optional",
    query=Paging,
    answer=Page[PostCard],
    problems=("not_found",),
)
async def at_place(call: Call, place_id: UUID) -> Page[PostCard]:
    await call.app.feeds.place(call.viewer, PlaceId(place_id))
    return await call.app.feeds.at_place(call.viewer, PlaceId(place_id), call.query.limit, call.query.cursor)


@group.declare(
    "GET",
    "/me/saved",
    "listSaved",
    "Posts one saved",
    query=Paging,
    answer=Page[PostCard],
)
async def saved(call: Call) -> Page[PostCard]:
    return await call.app.feeds.saved(call.user, call.query.limit, call.query.cursor)


@group.declare(
    "GET",
    "/me/liked",
    "listLiked",
    "Posts one likes",
    query=Paging,
    answer=Page[PostCard],
)
async def liked(call: Call) -> Page[PostCard]:
    return await call.app.feeds.liked(call.user, call.query.limit, call.query.cursor)
