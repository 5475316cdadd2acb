"""Following, asking, blocking and muting as the contract says."""

from typing import Any

import asyncpg
import pytest

from tests.api.conftest import Api
from tests.api.described import Reply

PERSON = {"id", "username", "display_name", "avatar"}


async def test_following_is_a_resource(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    for _ in range(2):
        assert await api.ok("PUT", "/users/mira/follow", noor) == {"following": "yes"}
    seen = await api.ok("GET", "/users/MIRA", noor)
    assert (seen["viewer"]["following"], seen["counts"]["followers"]) == ("yes", 1)
    assert (await api.ok("GET", "/users/noor", mira))["viewer"]["followed_by"] is True
    followers = await api.ok("GET", "/users/mira/followers")
    assert [row["user"]["username"] for row in followers["items"]] == ["noor"]
    assert followers["items"][0]["user"].keys() >= PERSON
    following = await api.ok("GET", "/users/noor/following")
    assert [row["user"]["username"] for row in following["items"]] == ["mira"]
    for _ in range(2):
        assert await api.ok("DELETE", "/users/mira/follow", noor) == {"following": "no"}
    assert (await api.ok("GET", "/users/mira", noor))["counts"]["followers"] == 0


async def test_only_the_posts_that_one_may_see_are_counted(api: Api) -> None:
    mira, fan, noor = await api.join("mira"), await api.join("fan"), await api.join("noor")
    await api.follow(fan, mira)
    for audience in ("everyone", "everyone", "followers", "only_me"):
        last = await api.post(mira, audience=audience)

    async def counted() -> list[int]:
        return [
            (await api.ok("GET", "/users/mira", who))["counts"]["posts"] for who in (mira, fan, noor, None)
        ]

    assert await counted() == [4, 3, 2, 2]
    assert (await api.ok("GET", "/me", mira))["counts"]["posts"] == 4
    await api.ok("PATCH", f"/posts/{last['id']}", mira, json={"audience": "followers"})
    assert await counted() == [4, 4, 2, 2]
    await api.ok("PATCH", "/me", mira, json={"private": True})
    assert await counted() == [4, 4, 0, 0]
    await api.ok("DELETE", f"/posts/{last['id']}", mira)
    assert await counted() == [3, 3, 0, 0]


async def test_nobody_follows_themselves_or_a_stranger_to_the_place(api: Api) -> None:
    mira = await api.join("mira")
    reply = await api("PUT", "/users/mira/follow", mira)
    assert (reply.status, reply.code) == (422, "not_yourself")
    assert (await api("PUT", "/users/nobody/follow", mira)).status == 404


async def test_a_private_account_is_asked(api: Api) -> None:
    mira, noor, timo = await api.join("mira"), await api.join("noor"), await api.join("timo")
    await api.ok("PATCH", "/me", mira, json={"private": True})
    for who in (noor, timo):
        assert await api.ok("PUT", "/users/mira/follow", who) == {"following": "requested"}
    asking = await api.ok("GET", "/follow-requests", mira)
    assert [row["user"]["username"] for row in asking["items"]] == ["timo", "noor"]
    assert (await api("POST", "/follow-requests/noor/accept", mira)).status == 204
    assert (await api("POST", "/follow-requests/timo/decline", mira)).status == 204
    assert (await api("POST", "/follow-requests/timo/accept", mira)).status == 404
    assert (await api.ok("GET", "/users/mira", noor))["viewer"]["following"] == "yes"
    assert (await api.ok("GET", "/users/mira", timo))["viewer"]["following"] == "no"
    assert (await api("GET", "/users/mira/posts", timo)).json["items"] == []


async def test_new_posts_are_told_unless_silenced(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    assert (await api("PUT", "/users/mira/follow/notify", noor)).status == 404
    await api.follow(noor, mira)
    assert (await api.ok("GET", "/users/mira", noor))["viewer"]["notify_posts"] is True
    assert (await api.ok("DELETE", "/users/mira/follow/notify", noor))["notify_posts"] is False
    assert (await api.ok("PUT", "/users/mira/follow/notify", noor))["notify_posts"] is True


async def test_a_block_ends_follows_and_can_be_taken_back(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    await api.follow(noor, mira)
    assert (await api.ok("PUT", "/users/noor/block", mira))["blocked"] is True
    assert (await api("GET", "/users/mira", noor)).status == 404
    assert (await api.ok("GET", "/users/noor", mira))["viewer"]["blocked"] is True
    blocked = await api.ok("GET", "/me/blocked", mira)
    assert [row["user"]["username"] for row in blocked["items"]] == ["noor"]
    assert (await api.ok("DELETE", "/users/noor/block", mira))["blocked"] is False
    assert (await api.ok("GET", "/users/mira", noor))["viewer"]["following"] == "no"


# What is answered about a member: (nobody of that name, one who blocks me, one whom I block, both of us do).
BLOCKS = {
    "GET /users/{name}": (404, 404, 200, 200),
    "GET /users/{name}/posts": (404, 404, 200, 200),
    "GET /users/{name}/followers": (404, 404, 404, 404),
    "GET /users/{name}/following": (404, 404, 404, 404),
    "PUT /users/{name}/follow": (404, 404, 404, 404),
    "DELETE /users/{name}/follow": (404, 404, 404, 404),
    "PUT /users/{name}/follow/notify": (404, 404, 404, 404),
    "DELETE /users/{name}/follow/notify": (404, 404, 404, 404),
    "PUT /users/{name}/mute": (404, 404, 404, 404),
    "DELETE /users/{name}/mute": (404, 404, 404, 404),
    "POST /follow-requests/{name}/accept": (404, 404, 404, 404),
    "POST /follow-requests/{name}/decline": (404, 404, 404, 404),
    "PUT /users/{name}/block": (404, 404, 200, 200),
    "DELETE /users/{name}/block": (404, 404, 200, 200),
}


@pytest.mark.goal("Z4")
async def test_no_answer_tells_whether_one_is_blocked(api: Api, sql: asyncpg.Connection) -> None:
    me = await api.join("mira")
    absent, theirs, mine, both = "nobody", "noor", "timo", "jiho"
    for name in (theirs, mine, both):
        await api.join(name)
    for name in (mine, both):
        await api.ok("PUT", f"/users/{name}/block", me)
    for name in (theirs, both):
        # Who was blocked finds nobody to block in return; a pair that blocks each other can only come from elsewhere.
        await sql.execute(
            "INSERT INTO blocks SELECT gen_random_uuid(), one.id, other.id, now() FROM users one, users other "
            "WHERE one.username = $1 AND other.username = 'mira'",
            name,
        )
    listed = await api.ok("GET", "/me/blocked", me)
    assert [row["user"]["username"] for row in listed["items"]] == [both, mine]
    assert listed["items"][0]["viewer"] == listed["items"][1]["viewer"]
    for request, expected in BLOCKS.items():
        method, path = request.split()
        got = {name: await api(method, path.format(name=name), me) for name in (absent, theirs, mine, both)}
        assert tuple(reply.status for reply in got.values()) == expected, request
        assert _unnamed(got[absent], absent) == _unnamed(got[theirs], theirs), request
        assert _unnamed(got[mine], mine) == _unnamed(got[both], both), request


def _unnamed(reply: Reply, name: str) -> Any:
    """What an answer says apart from whom it is about."""
    if reply.status != 200:
        return reply.plain.replace(name.encode(), b""), sorted(reply.headers)
    said = {key: value for key, value in reply.json.items() if key not in ("id", "username", "created_at")}
    return said, sorted(reply.headers)


async def test_a_mute_hides_posts_from_home_only(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    await api.follow(noor, mira)
    post = await api.post(mira)
    assert [item["id"] for item in (await api.ok("GET", "/feeds/home", noor))["items"]] == [post["id"]]
    assert (await api.ok("PUT", "/users/mira/mute", noor))["muted"] is True
    assert (await api.ok("GET", "/feeds/home", noor))["items"] == []
    assert [item["id"] for item in (await api.ok("GET", "/users/mira/posts", noor))["items"]] == [post["id"]]
    muted = await api.ok("GET", "/me/muted", noor)
    assert [row["user"]["username"] for row in muted["items"]] == ["mira"]
    assert (await api.ok("DELETE", "/users/mira/mute", noor))["muted"] is False
    assert len((await api.ok("GET", "/feeds/home", noor))["items"]) == 1


async def test_what_a_comment_answers_is_named_only_to_whoever_sees_it(api: Api) -> None:
    mira, noor, timo = await api.join("mira"), await api.join("noor"), await api.join("timo")
    post = await api.post(mira)
    hidden = await api.comment(noor, post["id"], "Above")
    sent = {"text": "Below", "reply_to": hidden["id"]}
    await api.ok("POST", f"/posts/{post['id']}/comments", mira, json=sent)
    await api.ok("PUT", "/users/noor/block", timo)
    for who, expected in ((timo, [None]), (mira, [None, hidden["id"]])):
        items = (await api.ok("GET", f"/posts/{post['id']}/comments", who))["items"]
        assert [item["reply_to"] for item in items] == expected
