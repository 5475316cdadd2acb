"""Nothing of a private account anywhere (Z2), pictures that follow their post (Z3), blocks in both directions (Z4)."""

import re
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from tests.api.authorization import ROWS
from tests.api.conftest import Api
from tests.api.described import Reply
from tests.api.scene import CANARY, INSIDERS, Scene, make_scene
from tests.api.test_authorization import ACTORS, GONE, path_of
from tests.conftest import PASSWORD, settle

# The tag of the canary is in the address of its list, and a list that is empty still links nowhere.
_OUTSIDERS = [actor for actor in ACTORS if actor not in INSIDERS and actor not in GONE]


@pytest.fixture
async def scene(api: Api, sql: asyncpg.Connection) -> Scene:
    return await make_scene(api, sql)


async def _crawl(scene: Scene, actor: str) -> dict[str, Reply]:
    """Every address of the API that can be looked at, as the actor sees it, and all that it links to."""
    waiting = [path_of(route, scene.ids) for method, route in ROWS if method == "GET"]
    waiting += ["/feeds/explore?sort=popular", f"/tags/{CANARY}/posts", "/feeds/home?limit=1"]
    waiting += [f"/search/suggestions?q={sign}{CANARY[:3]}" for sign in ("", "%40", "%23", "~")]
    others = [member.name for member in scene.members.values() if member.name != scene.ids["owner"]]
    waiting += [
        f"/users/{name}{part}" for name in others for part in ("", "/posts", "/followers", "/following")
    ]
    seen: dict[str, Reply] = {}
    while waiting:
        path = waiting.pop()
        if path in seen or "openapi" in path:
            continue
        seen[path] = reply = await scene.ask("GET", path, actor)
        found = (
            re.findall(rb'"(/[ma]/[^"]+)"', reply.content) if "json" in reply.headers["Content-Type"] else []
        )
        waiting += ["/" + url.decode() for url in found]
    return seen


async def _canaries(scene: Scene, actor: str, photos: set[bytes]) -> list[str]:
    """Where the actor comes upon something of the private post."""
    return [
        path
        for path, reply in (await _crawl(scene, actor)).items()
        if (CANARY.encode() in reply.content or reply.content in photos)
        # What was reported is shown to whoever decides about it.
        and not (actor == "admin" and path.startswith("/admin/"))
    ]


async def photos_of(scene: Scene) -> set[bytes]:
    """The bytes of every size of the private post's picture."""
    media = scene.api.server.program.media
    prefix = f"photos/{scene.ids['key']}/"
    return {b"".join([part async for part in media.read(found.key)]) async for found in media.walk(prefix)}


@pytest.mark.goal("Z2")
async def test_outsiders_find_nothing_of_a_private_account_anywhere(scene: Scene) -> None:
    photos = await photos_of(scene)
    assert len(photos) > 3
    for insider in ("follower", "owner"):
        assert len(await _canaries(scene, insider, photos)) > 8
    for actor in _OUTSIDERS:
        assert await _canaries(scene, actor, photos) == [], actor


def _urls(scene: Scene) -> list[str]:
    return [size["url"] for media in scene.post["media"] for size in media["renditions"]]


async def _loads(scene: Scene, actor: str, urls: list[str]) -> set[int]:
    return {(await scene.ask("GET", "/" + url, actor)).status for url in urls}


async def _unfollow(scene: Scene) -> None:
    await scene.ask("DELETE", f"/users/{scene.ids['owner']}/follow", "follower")


async def _block(scene: Scene) -> None:
    await scene.ask("PUT", f"/users/{scene.members['follower'].name}/block", "owner")


async def _only_me(scene: Scene) -> None:
    await scene.ask("PATCH", f"/posts/{scene.ids['post']}", "owner", json={"audience": "only_me"})


async def _delete(scene: Scene) -> None:
    await scene.ask("DELETE", f"/posts/{scene.ids['post']}", "owner")


async def _leave(scene: Scene) -> None:
    await scene.ask("DELETE", "/me", "owner", json={"password": "four words make sense"})


async def _suspend(scene: Scene) -> None:
    await scene.api.server.program.moderation.change(scene.ids["owner"], suspended=True)


@pytest.mark.goal("Z3")
@pytest.mark.parametrize(
    "change", [_unfollow, _block, _only_me, _delete, _leave, _suspend], ids=lambda change: change.__name__
)
async def test_pictures_are_gone_at_once(scene: Scene, change: Callable[[Scene], Awaitable[None]]) -> None:
    granted = _urls(scene)
    # What the follower was given carries a grant of the follower's, which opens the picture without any cookie.
    post = (await scene.ask("GET", f"/posts/{scene.ids['post']}", "follower")).json
    granted = [size["url"] for media in post["media"] for size in media["renditions"]]
    plain = [url.partition("?")[0] for url in granted]
    assert all("?g=" in url for url in granted)
    assert await _loads(scene, "anon", granted) == {200}
    assert await _loads(scene, "anon", plain) == {404}
    assert await _loads(scene, "follower", plain) == {200}
    await change(scene)
    await settle(scene.api.server.program)
    for actor in ("anon", "follower", "stranger"):
        assert await _loads(scene, actor, granted + plain) == {404}, actor


@pytest.mark.goal("Z3")
async def test_a_grant_opens_only_what_its_holder_may_see(scene: Scene) -> None:
    url = _urls(scene)[0].partition("?")[0]
    other = await scene.api.post(scene.members["stranger"], "", audience="only_me")
    grant = other["media"][0]["renditions"][0]["url"].partition("?")[2]
    assert (await scene.ask("GET", f"/{url}?{grant}", "anon")).status == 404
    for wrong in ("g=", "g=x", "g=" + "A" * 48, grant[:-2] + "AA", "g=%00", "g=%F0%9F%98%80"):
        assert (await scene.ask("GET", f"/{url}?{wrong}", "anon")).status == 404, wrong
    # One that is too old or not a grant takes nothing away from whoever is signed in.
    assert (await scene.ask("GET", f"/{url}?g=x", "follower")).status == 200


@pytest.mark.goal("A4")
async def test_a_grant_ends_with_the_token_that_it_was_given_to(scene: Scene) -> None:
    api, follower = scene.api, scene.members["follower"]
    signed = {"username": follower.name, "password": PASSWORD}
    other = await api.ok("POST", "/tokens", json=signed)
    headers = {"Authorization": f"Bearer {other['token']}"}
    post = await api.ok("GET", f"/posts/{scene.ids['post']}", headers=headers)
    kept = await api.ok("GET", f"/posts/{scene.ids['post']}", follower)
    ended, open_still = [found["media"][0]["renditions"][0]["url"] for found in (post, kept)]
    assert await _loads(scene, "anon", [ended, open_still]) == {200}
    await api.ok("DELETE", f"/tokens/{other['id']}", follower)
    assert await _loads(scene, "anon", [ended]) == {404}
    assert await _loads(scene, "anon", [open_still]) == {200}


@pytest.mark.goal("A4")
async def test_a_grant_of_somebody_suspended_opens_nothing(scene: Scene, sql: asyncpg.Connection) -> None:
    follower = scene.members["follower"]
    post = await scene.api.ok("GET", f"/posts/{scene.ids['post']}", follower)
    urls = [size["url"] for media in post["media"] for size in media["renditions"]]
    # The state alone, without the end of tokens that comes with it: each of the two must do.
    await sql.execute("UPDATE users SET state = 'suspended' WHERE id = $1", follower.id)
    assert await _loads(scene, "anon", urls) == {404}
    await sql.execute("UPDATE users SET state = 'active' WHERE id = $1", follower.id)
    assert await _loads(scene, "anon", urls) == {200}


@pytest.mark.goal("Z3")
async def test_caches_that_several_people_share_keep_no_private_picture(scene: Scene) -> None:
    private = await scene.ask("GET", "/" + _urls(scene)[0], "follower")
    assert private.headers["Cache-Control"].startswith("private")
    post = await scene.api.post(scene.members["stranger"])
    public = await scene.ask("GET", "/" + post["media"][0]["renditions"][0]["url"], "anon")
    assert public.headers["Cache-Control"].startswith("public")
    assert "s-maxage=60" in public.headers["Cache-Control"]
    for reply in (private, public):
        assert {"Cookie", "Authorization"} <= set(re.split(", ?", reply.headers["Vary"]))
        assert reply.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.goal("Z3")
async def test_originals_and_loose_uploads_are_their_owners_alone(scene: Scene) -> None:
    file = scene.post["media"][0]["id"]
    for actor in ACTORS:
        expected = 200 if actor == "owner" else None
        reply = await scene.ask("GET", f"/files/{file}/content", actor)
        assert reply.status == expected if expected else reply.status in (401, 403, 404), actor
    loose = (await scene.ask("GET", f"/files/{scene.ids['file']}", "owner")).json["renditions"][0]["url"]
    for actor in [*_OUTSIDERS, "follower"]:
        assert (await scene.ask("GET", "/" + loose.partition("?")[0], actor)).status == 404
    for wrong in ("original", "../original", "%2e%2e/original", "..%2foriginal", "320.svg", "320.webp/"):
        path = f"//m/{scene.ids['key']}/0/{wrong}"
        assert (await scene.ask("GET", path, "stranger")).status == 404


@pytest.mark.goal("Z4")
async def test_a_block_hides_both_from_each_other(api: Api) -> None:
    mira, noor, timo = await api.join("mira"), await api.join("noor"), await api.join("timo")
    mine, hers, his = [await api.post(who, f"{CANARY} {who.name} #row") for who in (mira, noor, timo)]
    for post in (mine, hers, his):
        for who in (mira, noor):
            await api.comment(who, post["id"], f"{CANARY} comment by {who.name}")
            await api.ok("PUT", f"/posts/{post['id']}/like", who)
    await api.ok("PUT", "/users/noor/block", mira)
    for who, other, post in ((mira, noor, hers), (noor, mira, mine)):
        nothing = await api("GET", "/posts/01930000-0000-7000-8000-000000000000", who)
        reply = await api("GET", f"/posts/{post['id']}", who)
        assert (reply.status, reply.plain) == (404, nothing.plain)
        for path in (
            "/feeds/explore",
            "/feeds/explore?sort=popular",
            "/tags/row/posts",
            "/me/liked",
            f"/posts/{his['id']}",
            f"/posts/{his['id']}/comments",
            f"/posts/{his['id']}/likes",
        ):
            seen = await api("GET", path, who)
            assert seen.status == 200
            assert f'"{other.name}"'.encode() not in seen.content, path
            assert f"by {other.name}".encode() not in seen.content, path
    assert (await api("GET", "/users/mira", noor)).status == 404


@pytest.mark.goal("Z2")
async def test_going_private_hides_what_was_public(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    post = await api.post(mira, f"{CANARY} #{CANARY}", place={"name": CANARY})
    comment = await api.comment(noor, post["id"])
    url = "/" + post["media"][0]["renditions"][0]["url"]
    paths = [f"/posts/{post['id']}", f"/comments/{comment['id']}", f"/places/{post['place']['id']}", url]
    lists = [
        "/feeds/explore",
        f"/tags/{CANARY}/posts",
        "/users/mira/posts",
        f"/search/suggestions?q={CANARY}",
    ]
    assert [(await api("GET", path)).status for path in paths] == [200] * 4
    assert all([(await api.ok("GET", path))["items"] for path in lists])
    await api.ok("PATCH", "/me", mira, json={"private": True})
    assert [(await api("GET", path, noor)).status for path in paths] == [404] * 4
    assert [(await api.ok("GET", path, noor))["items"] for path in lists] == [[]] * 4
