"""Following, asking, blocking and muting as the contract says."""

from tests.api.conftest import Api

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
