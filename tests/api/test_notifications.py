"""What one was told, over the API."""

from tests.api.conftest import Api
from tests.conftest import settle


async def test_likes_comments_and_follows_are_told_grouped_and_counted(api: Api) -> None:
    mira, joon, noor = await api.join("mira"), await api.join("joon"), await api.join("noor")
    post = await api.post(mira)
    for who in (joon, noor, joon):
        await api.ok("PUT", f"/posts/{post['id']}/like", who)
    await api.ok("PUT", f"/posts/{post['id']}/like", mira)
    comment = await api.comment(noor, post["id"], "so bright")
    await api.ok("PUT", "/users/mira/follow", joon)
    await settle(api.server.program)
    page = await api.ok("GET", "/notifications", mira)
    items = {item["type"]: item for item in page["items"]}
    assert len(page["items"]) == 3
    assert page["next"] is None
    assert items["like"]["text"] == "noor and joon liked your photo"
    assert [actor["username"] for actor in items["like"]["actors"]] == ["noor", "joon"]
    assert items["like"]["url"] == f"/p/{post['id']}"
    assert items["comment"]["comment"] == {"id": comment["id"], "text": "so bright"}
    assert items["comment"]["url"] == f"/p/{post['id']}?comment={comment['id']}#comment-{comment['id']}"
    assert items["follow"]["url"] == "/@joon"
    assert await api.ok("GET", "/notifications/counts", mira) == {
        "unread": 3,
        "by_type": {"follow": 1, "comment": 1, "like": 1},
    }
    assert (await api.ok("GET", "/notifications/counts", joon))["unread"] == 0
    only = await api.ok("GET", "/notifications?type=like", mira)
    assert [item["type"] for item in only["items"]] == ["like"]
    assert (await api("GET", "/notifications?type=poke", mira)).status == 422


async def test_reading_some_down_to_one_or_all(api: Api) -> None:
    mira, joon = await api.join("mira"), await api.join("joon")
    post = await api.post(mira)
    for number in range(4):
        await api.comment(joon, post["id"], f"number {number}")
        await settle(api.server.program)
    newest, second, third, oldest = [
        item["id"] for item in (await api.ok("GET", "/notifications", mira))["items"]
    ]

    async def unread() -> list[str]:
        items = (await api.ok("GET", "/notifications", mira))["items"]
        return [item["id"] for item in items if not item["read"]]

    read = "/notifications/read"
    assert (await api("POST", read, mira, json={"ids": [second]})).status == 204
    assert await unread() == [newest, third, oldest]
    assert (await api("POST", read, mira, json={"until": third})).status == 204
    assert await unread() == [newest]
    assert (await api("POST", read, joon, json={"ids": [newest]})).status == 204
    assert (await api("POST", read, joon, json={"until": newest})).status == 404
    assert await unread() == [newest], "nobody reads for another"
    for bad in ({"ids": [newest], "until": newest}, {"ids": [newest] * 101}, {"ids": ["x"]}, {"un": 1}):
        assert (await api("POST", read, mira, json=bad)).status == 422, bad
    assert (await api("POST", read, mira, json={})).status == 204
    assert await unread() == []


async def test_pages_of_notifications_join_without_repeats(api: Api) -> None:
    mira, joon = await api.join("mira"), await api.join("joon")
    post = await api.post(mira)
    for number in range(7):
        await api.comment(joon, post["id"], f"number {number}")
        await settle(api.server.program)
    seen, cursor = [], ""
    while True:
        page = await api.ok("GET", f"/notifications?limit=3{cursor}", mira)
        seen += [item["comment"]["text"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [f"number {number}" for number in range(6, -1, -1)]


async def test_preferences_say_what_one_wants_to_hear_of(api: Api) -> None:
    mira, joon = await api.join("mira"), await api.join("joon")
    post = await api.post(mira)
    path = "/me/notification-preferences"
    types = (await api.ok("GET", path, mira))["types"]
    assert "system" not in types
    assert all(channels == {"in_app": True} for channels in types.values())
    changed = await api.ok("PUT", path, mira, json={"types": {"like": {"in_app": False}}})
    assert [kind for kind, channels in changed["types"].items() if not channels["in_app"]] == ["like"]
    await api.ok("PUT", f"/posts/{post['id']}/like", joon)
    await api.comment(joon, post["id"], "and a word")
    await settle(api.server.program)
    assert [i["type"] for i in (await api.ok("GET", "/notifications", mira))["items"]] == ["comment"]
    for bad in (
        {"types": {"system": {"in_app": False}}},
        {"types": {"poke": {"in_app": False}}},
        {"types": {"like": {}}},
        {},
    ):
        assert (await api("PUT", path, mira, json=bad)).status == 422, bad
