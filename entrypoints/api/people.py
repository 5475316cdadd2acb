"""Members, follows, blocks and requests over the API."""

from dataclasses import dataclass, replace
from typing import Literal

from application.views import MemberRow, MemberViewer, Page, PostCard, Profile
from domain.follows import Following
from domain.text import fold
from entrypoints.api.operation import Call, Operations, Paging

group = Operations("people")


@dataclass(frozen=True, slots=True)
class FollowState:
    """Whether one follows, has asked to, or does not."""

    following: Following


@group.declare(
    "GET",
    "/users/<username>",
    "getUser",
    "Get a member",
    auth="optional",
    answer=Profile,
    problems=("not_found",),
)
async def get_user(call: Call, username: str) -> Profile:
    return await call.app.people.profile(call.viewer, fold(username))


@group.declare(
    "GET",
    "/users/<username>/posts",
    "listUserPosts",
    "List a member's posts",
    auth="optional",
    query=Paging,
    answer=Page[PostCard],
    problems=("not_found",),
)
async def list_user_posts(call: Call, username: str) -> Page[PostCard]:
    profile = await call.app.people.profile(call.viewer, fold(username))
    if not profile.viewer.can_see_posts:
        return Page([])
    page = await call.app.feeds.of_member(call.viewer, profile.id, call.query.limit, call.query.cursor)
    return replace(page, count=profile.counts.posts) if call.query.count else page


@group.declare(
    "GET",
    "/users/<username>/followers",
    "listFollowers",
    "List who follows a member",
    auth="optional",
    query=Paging,
    answer=Page[MemberRow],
    problems=("not_found",),
)
async def list_followers(call: Call, username: str) -> Page[MemberRow]:
    return await _around(call, "followers", username)


@group.declare(
    "GET",
    "/users/<username>/following",
    "listFollowing",
    "List whom a member follows",
    auth="optional",
    query=Paging,
    answer=Page[MemberRow],
    problems=("not_found",),
)
async def list_following(call: Call, username: str) -> Page[MemberRow]:
    return await _around(call, "following", username)


async def _around(call: Call, kind: Literal["followers", "following"], username: str) -> Page[MemberRow]:
    page = await call.app.people.around(
        call.viewer, kind, fold(username), call.query.limit, call.query.cursor
    )
    if not call.query.count:
        return page
    counts = (await call.app.people.profile(call.viewer, fold(username))).counts
    return replace(page, count=counts.followers if kind == "followers" else counts.following)


@group.switch(
    "/users/<username>/follow",
    ("follow", "Follow, or ask a private member"),
    ("unfollow", "Stop following, or take the request back"),
    answer=FollowState,
    problems=("not_found", "not_yourself"),
)
async def follow(call: Call, username: str, *, on: bool) -> FollowState:
    act = call.app.following.follow if on else call.app.following.unfollow
    return FollowState(await act(call.user, fold(username)))


@group.switch(
    "/users/<username>/block",
    ("block", "Block a member"),
    ("unblock", "Take a block back"),
    answer=MemberViewer,
    problems=("not_found", "not_yourself"),
)
async def block(call: Call, username: str, *, on: bool) -> MemberViewer:
    act = call.app.following.block if on else call.app.following.unblock
    return await act(call.user, fold(username))


@group.switch(
    "/users/<username>/mute",
    ("mute", "Mute a member"),
    ("unmute", "Hear a member again"),
    answer=MemberViewer,
    problems=("not_found", "not_yourself"),
)
async def mute(call: Call, username: str, *, on: bool) -> MemberViewer:
    return await call.app.following.mute(call.user, fold(username), on)


@group.switch(
    "/users/<username>/follow/notify",
    ("notifyPosts", "Hear about a followed member's new posts"),
    ("silencePosts", "Not hear about a followed member's new posts"),
    answer=MemberViewer,
    problems=("not_found", "not_yourself"),
)
async def notify_posts(call: Call, username: str, *, on: bool) -> MemberViewer:
    return await call.app.following.notify(call.user, fold(username), on)


@group.declare(
    "GET",
    "/follow-requests",
    "listFollowRequests",
    "List who asks to follow",
    query=Paging,
    answer=Page[MemberRow],
)
async def list_requests(call: Call) -> Page[MemberRow]:
    return await call.app.people.own(call.user, "requests", call.query.limit, call.query.cursor)


@group.declare(
    "POST",
    "/follow-requests/<username>/accept",
    "acceptFollowRequest",
    "Let somebody follow",
    status=204,
    problems=("not_found", "not_yourself"),
)
async def accept_request(call: Call, username: str) -> None:
    await call.app.following.answer_request(call.user, fold(username), accept=True)


@group.declare(
    "POST",
    "/follow-requests/<username>/decline",
    "declineFollowRequest",
    "Not let somebody follow",
    status=204,
    problems=("not_found", "not_yourself"),
)
async def decline_request(call: Call, username: str) -> None:
    await call.app.following.answer_request(call.user, fold(username), accept=False)


@group.declare(
    "GET", "/me/blocked", "listBlocked", "List whom one blocks", query=Paging, answer=Page[MemberRow]
)
async def list_blocked(call: Call) -> Page[MemberRow]:
    return await call.app.people.own(call.user, "blocked", call.query.limit, call.query.cursor)


@group.declare("GET", "/me/muted", "listMuted", "List whom one mutes", query=Paging, answer=Page[MemberRow])
async def list_muted(call: Call) -> Page[MemberRow]:
    return await call.app.people.own(call.user, "muted", call.query.limit, call.query.cursor)
