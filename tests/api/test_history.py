"""Editing the photos of a post, and what it showed before."""

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.conftest import Member, a_jpeg, settle


async def a_gallery(api: Api, who: Member, count: int = 3) -> Any:
    """A post of several photos, described by their numbers."""
    media = [
        {"upload_id": (await api.upload(who, a_jpeg(300 + n, 200)))["id"], "alt": str(n)}
        for n in range(count)
    ]
    made = await api.ok("POST", "/posts", who, json={"media": media, "caption": "first"})
    await settle(api.server.program)
    return await api.ok("GET", f"/posts/{made['id']}", who)


async def history(api: Api, post: Any, who: Member | None = None) -> Any:
    return (await api.ok("GET", f"/posts/{post['id']}/history", who))["items"]


async def test_photos_are_added_left_out_moved_and_cut_anew(api: Api) -> None:
    await api.join("anna", role="admin")
    mira = await api.join("mira")
    post = await a_gallery(api, mira)
    zero, one, two = [photo["id"] for photo in post["media"]]
    new = await api.upload(mira, a_jpeg(500, 400, "gold"))
    await settle(api.server.program)
    gone = {photo["url"].split("/")[2] for photo in post["media"][1]["renditions"]}
    old = post["media"][2]["renditions"][0]["url"]
    change = [
        {"id": two, "crop": {"x": 0, "y": 0, "width": 0.5, "height": 1, "rotate": 90}},
        {"upload_id": new["id"], "alt": "new"},
        {"id": zero, "alt": "zero"},
    ]
    edited = await api.ok("PATCH", f"/posts/{post['id']}", mira, json={"media": change})
    assert [(m["id"], m["alt"]) for m in edited["media"]] == [(two, "2"), (new["id"], "new"), (zero, "zero")]
    assert (edited["version"], bool(edited["edited_at"])) == (2, True)
    await settle(api.server.program)
    shown = await api.ok("GET", f"/posts/{post['id']}")
    assert [m["state"] for m in shown["media"]] == ["ready"] * 3
    assert (shown["media"][0]["width"], shown["media"][0]["height"]) == (100, 302)
    # What was left out is gone with its objects, and the old cut is.
    assert (await api("GET", f"/files/{one}", mira)).status == 404
    assert not [key async for key in api.server.program.media.walk() if key.key.split("/")[1] in gone]
    assert (await api("GET", "/" + old)).status == 404
    assert await api.server.program.operations.verify() == []
    whole = {"media": [{"id": two, "crop": None}, {"id": zero}, {"id": new["id"]}]}
    await api.ok("PATCH", f"/posts/{post['id']}", mira, json=whole)
    await settle(api.server.program)
    shown = await api.ok("GET", f"/posts/{post['id']}")
    assert (shown["media"][0]["width"], shown["media"][0]["alt"]) == (302, "2")
    assert await api.server.program.operations.verify() == []


async def test_the_only_photo_is_replaced_and_never_just_removed(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    post = await api.post(mira)
    path = f"/posts/{post['id']}"
    hers, free, held = [await api.upload(who) for who in (noor, mira, mira)]
    await api.ok("POST", "/drafts", mira, json={"media": [{"upload_id": held["id"]}]})
    other = (await api.post(mira))["media"][0]["id"]
    for media, pointer, code in (
        ([], "#/media", "bad_count"),
        ([{"upload_id": hers["id"]}], "#/media/0/upload_id", "not_found"),
        ([{"id": post["media"][0]["id"]}, {"upload_id": held["id"]}], "#/media/1/upload_id", "in_use"),
        ([{"id": other}], "#/media/0/upload_id", "in_use"),
        ([{"id": free["id"]}] * 2, "#/media", "repeated"),
        ([{"id": free["id"], "upload_id": free["id"]}], "#/media/0", "invalid"),
        ([{"alt": "none"}], "#/media/0", "invalid"),
        ([{"id": free["id"], "crop": {"x": 0.9, "width": 0.5}}], "#/media/0/crop", "out_of_range"),
    ):
        reply = await api("PATCH", path, mira, json={"media": media})
        assert reply.status == 422, media
        assert (reply.json["errors"][0]["pointer"], reply.json["errors"][0]["code"]) == (pointer, code)
    assert (await api.ok("GET", path, mira))["version"] == 1
    edited = await api.ok("PATCH", path, mira, json={"media": [{"upload_id": free["id"]}]})
    assert [m["id"] for m in edited["media"]] == [free["id"]]
    (now, before) = await history(api, post)
    assert now["media"] == [{"id": free["id"], "alt": ""}]
    assert before["media"] == [{"id": None, "alt": ""}]


async def test_every_edit_that_is_seen_keeps_what_was_before(api: Api) -> None:
    mira = await api.join("mira")
    post = await a_gallery(api, mira)
    path = f"/posts/{post['id']}"
    zero, _one, two = [photo["id"] for photo in post["media"]]
    (only,) = await history(api, post)
    assert (only["version"], only["caption"], only["edited_at"]) == (1, "first", post["created_at"])
    await api.ok("PATCH", path, mira, json={"caption": "second", "place": {"name": "Pier"}})
    # Who may see or comment is no edit of what people see.
    same = await api.ok("PATCH", path, mira, json={"comments": False, "show_camera": True})
    second = (await api.ok("GET", path))["edited_at"]
    assert same["edited_at"] == second
    await api.ok(
        "PATCH", path, mira, json={"place": None, "media": [{"id": two}, {"id": zero, "alt": "zero"}]}
    )
    found = await history(api, post)
    assert [(v["version"], v["caption"], v["place"] and v["place"]["name"]) for v in found] == [
        (4, "second", None),
        (3, "second", "Pier"),
        (1, "first", None),
    ]
    assert found[1]["edited_at"] == second
    assert [photo["alt"] for photo in found[0]["media"]] == ["2", "zero"]
    # Of the photo that was taken out only that there was one is known, also of its description.
    assert found[2]["media"] == [{"id": zero, "alt": "0"}, {"id": None, "alt": ""}, {"id": two, "alt": "2"}]
    pages = await api.ok("GET", f"{path}/history?limit=2")
    assert [v["version"] for v in pages["items"]] == [4, 3]
    rest = await api.ok("GET", f"{path}/history?limit=2&cursor={pages['next']}")
    assert [v["version"] for v in rest["items"]] == [1]
    assert (await api("DELETE", f"{path}/history", mira, headers={"If-Match": '"v1-0"'})).status == 412
    await api.ok("DELETE", f"{path}/history", mira)
    assert [v["version"] for v in await history(api, post)] == [4]


@pytest.mark.goal("Z2")
async def test_what_was_shown_to_few_is_not_shown_to_all_by_its_history(api: Api) -> None:
    mira, noor, fan = [await api.join(name) for name in ("mira", "noor", "fred")]
    await api.follow(fan, mira)
    post = await api.post(mira, "for me", audience="only_me")
    path = f"/posts/{post['id']}"
    await api.ok("PATCH", path, mira, json={"caption": "for friends", "audience": "followers"})
    await api.ok("PATCH", path, mira, json={"caption": "for all", "audience": "everyone"})
    seen = {
        who: [v["caption"] for v in await history(api, post, member)]
        for who, member in (("owner", mira), ("fan", fan), ("other", noor), ("guest", None))
    }
    assert seen == {
        "owner": ["for all", "for friends", "for me"],
        "fan": ["for all", "for friends"],
        "other": ["for all"],
        "guest": ["for all"],
    }


@pytest.mark.goal("Z2")
async def test_what_a_private_account_showed_stays_with_its_followers(api: Api) -> None:
    await api.join("anna", role="admin")
    mira, noor, fan = [await api.join(name) for name in ("mira", "noor", "fred")]
    await api.follow(fan, mira)
    await api.ok("PATCH", "/me", mira, json={"private": True})
    post = await api.post(mira, "among us")
    path = f"/posts/{post['id']}"
    await api.ok("PATCH", path, mira, json={"caption": "as it was when all could see it"})
    await api.ok("PATCH", "/me", mira, json={"private": False})
    await api.ok("PATCH", path, mira, json={"caption": "now"})
    seen = [[v["caption"] for v in await history(api, post, who)] for who in (mira, fan, noor, None)]
    public = ["now", "as it was when all could see it"]
    assert seen == [[*public, "among us"], [*public, "among us"], public, public]


@pytest.mark.goal("P2")
async def test_a_history_goes_with_its_post_and_is_not_endless(api: Api, sql: Any) -> None:
    mira = await api.join("mira")
    post = await api.post(mira, "0")
    for n in range(1, 103):
        await api.ok("PATCH", f"/posts/{post['id']}", mira, json={"caption": str(n)})
    rows = await sql.fetch("SELECT caption FROM post_versions ORDER BY version")
    assert [row["caption"] for row in rows] == [str(n) for n in range(2, 102)]
    await api.ok("DELETE", f"/posts/{post['id']}", mira)
    assert await sql.fetchval("SELECT count(*) FROM post_versions") == 0
