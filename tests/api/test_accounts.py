"""Accounts, sessions and tokens do what the contract says."""

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.api.conftest import Api, a_form
from tests.conftest import PASSWORD, a_jpeg

ACCOUNT = {
    "id", "username", "display_name", "bio", "link", "avatar", "private", "counts", "created_at", "viewer",
}  # fmt: skip
VIEWER = {"following", "followed_by", "blocked", "muted", "notify_posts"}


async def test_joining_answers_with_the_account(api: Api) -> None:
    body = {"username": "Mira", "password": PASSWORD, "email": "mira@example.org", "display_name": "Mira R."}
    reply = await api("POST", "/accounts", json=body)
    assert (reply.status, reply.headers["Location"]) == (201, "/api/v1/users/mira")
    assert reply.json.keys() >= ACCOUNT
    assert reply.json["viewer"].keys() >= VIEWER
    assert reply.json["counts"] == {"posts": 0, "followers": 0, "following": 0}
    assert (await api("GET", reply.headers["Location"].removeprefix("/api/v1"))).status == 200


async def test_a_taken_name_is_a_conflict_in_any_spelling(api: Api) -> None:
    await api.join("bob")
    for name in ("bob", "BOB", "ｂｏｂ"):
        reply = await api("POST", "/accounts", json={"username": name, "password": PASSWORD})
        assert (reply.status, reply.code) == (409, "username_taken")


async def test_every_field_at_fault_is_named_at_once(api: Api) -> None:
    body = {"username": "x", "password": "short", "email": "nobody", "colour": 1}
    reply = await api("POST", "/accounts", json=body)
    assert (reply.status, reply.code) == (422, "validation")
    assert [error["pointer"] for error in reply.json["errors"]] == ["#/colour"]
    del body["colour"]
    reply = await api("POST", "/accounts", json=body)
    pointers = {error["pointer"] for error in reply.json["errors"]}
    assert pointers == {"#/username", "#/password", "#/email"}


async def test_preferences_are_members_of_the_own_account_alone(api: Api) -> None:
    mira = await api.join("mira")
    wish = {
        "timezone": "Asia/Seoul",
        "text_size": 120,
        "motion": "reduce",
        "single_keys": False,
        "alt_reminder": "never",
    }
    usual = {
        "timezone": "UTC",
        "text_size": 100,
        "motion": "auto",
        "single_keys": True,
        "alt_reminder": "always",
    }
    assert (await api("GET", "/me", mira)).json.items() >= usual.items()
    assert (await api("PATCH", "/me", mira, json=wish)).json.items() >= wish.items()
    assert not (await api("GET", "/users/mira")).json.keys() & wish.keys()
    for bad in (
        {"timezone": "Mars/Crater"},
        {"timezone": "../etc/passwd"},
        {"text_size": 90},
        {"motion": "more"},
    ):
        reply = await api("PATCH", "/me", mira, json=bad)
        assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, f"#/{next(iter(bad))}")
    assert (await api("GET", "/me", mira)).json.items() >= wish.items()


async def test_members_of_a_request_that_begin_with_x_are_ignored(api: Api) -> None:
    body = {"username": "mira", "password": PASSWORD, "x_client": "tests"}
    assert (await api("POST", "/accounts", json=body)).status == 201


async def test_tokens_are_made_listed_without_their_secret_and_revoked(api: Api) -> None:
    mira = await api.join("mira")
    wanted = {"username": "mira", "password": PASSWORD, "name": "backup", "scopes": ["read"]}
    reply = await api("POST", "/tokens", json=wanted)
    assert reply.status == 201
    made = reply.json
    assert made.keys() >= {"id", "token", "scopes", "expires_at"}
    assert made["token"].startswith("hg_")
    assert made["scopes"] == ["read"]
    listed = await api("GET", "/tokens", mira)
    assert made["token"].encode() not in listed.content
    assert made["id"] in [item["id"] for item in listed.json["items"]]
    header = {"Authorization": f"Bearer {made['token']}"}
    assert (await api("GET", "/me", headers=header)).status == 200
    assert (await api("DELETE", f"/tokens/{made['id']}", mira)).status == 204
    assert (await api("GET", "/me", headers=header)).status == 401
    assert (await api("DELETE", f"/tokens/{made['id']}", mira)).status == 404


async def test_wrong_credentials_are_401(api: Api) -> None:
    await api.join("mira")
    for path in ("/tokens", "/sessions"):
        reply = await api("POST", path, json={"username": "mira", "password": "not this one"})
        assert (reply.status, reply.code) == (401, "bad_credentials")


async def test_browser_sessions_are_opened_listed_and_ended(api: Api) -> None:
    await api.join("mira")
    first = await api("POST", "/sessions", json={"username": "mira", "password": PASSWORD})
    second = await api("POST", "/sessions", json={"username": "mira", "password": PASSWORD})
    assert first.status == 201
    jar = SimpleCookie(first.headers["Set-Cookie"])["hg_session"]
    assert (jar["httponly"], jar["samesite"], jar["path"]) == (True, "Lax", "/")
    cookie = {"Cookie": f"hg_session={jar.value}", "X-CSRF-Token": first.json["csrf_token"]}
    devices = (await api("GET", "/sessions", headers=cookie)).json["items"]
    assert {device["id"]: device["current"] for device in devices} == {
        first.json["id"]: True,
        second.json["id"]: False,
    }
    assert (await api("DELETE", f"/sessions/{second.json['id']}", headers=cookie)).status == 204
    ended = await api("DELETE", "/sessions/current", headers=cookie)
    assert ended.status == 204
    assert "Max-Age=0" in ended.headers["Set-Cookie"]
    assert (await api("GET", "/me", headers=cookie)).status == 401


async def test_the_own_profile_is_changed_member_by_member(api: Api) -> None:
    mira = await api.join("mira")
    change = {"display_name": "Mira", "bio": "Ridges.\nHarbours.", "link": "example.org", "place": "Seoul"}
    me = await api.ok("PATCH", "/me", mira, json={**change, "private": True})
    assert me["bio"] == change["bio"]
    assert (me["link"], me["place"], me["private"]) == ("https://example.org", "Seoul", True)
    me = await api.ok("PATCH", "/me", mira, json={"bio": None})
    assert (me["bio"], me["display_name"]) == ("", "Mira")
    seen = await api.ok("GET", "/users/mira")
    assert "email" not in seen
    assert "role" not in seen


@pytest.mark.goal("A6")
async def test_another_address_needs_the_password(api: Api) -> None:
    mira = await api.join("mira")

    async def change(**body: Any) -> tuple[int, str]:
        reply = await api("PATCH", "/me", mira, json=body)
        return reply.status, reply.code if reply.status >= 400 else ""

    assert await change(email="m@example.org", bio="kept apart") == (403, "reauth_required")
    assert await change(email="m@example.org", bio="kept apart", password="wrong") == (422, "validation")
    me = await api.ok("GET", "/me", mira)
    assert (me["email"], me["bio"]) == (None, "")
    assert await change(email="m@example.org", password=PASSWORD) == (200, "")
    assert await change(email="m@example.org", bio="the same address") == (200, "")
    assert await change(email=None) == (403, "reauth_required")
    assert await change(username="mira.r", private=True) == (200, "")
    assert (await api.ok("GET", "/me", mira))["email"] == "m@example.org"
    assert await change(email=None, password=PASSWORD) == (200, "")
    assert (await api.ok("GET", "/me", mira))["email"] is None


@pytest.mark.settings(relax_loopback=False)
async def test_names_are_not_collected(api: Api) -> None:
    mira = await api.join("mira")
    names = [f"mira{number}" for number in range(6)]
    replies = [await api("PATCH", "/me", mira, json={"username": name}) for name in names]
    assert [reply.status for reply in replies] == [200] * 5 + [429]
    assert (await api("PATCH", "/me", mira, json={"username": "mira4", "bio": "hi"})).status == 200


@pytest.mark.parametrize("form", [False, True])
async def test_an_avatar_is_set_and_removed(api: Api, form: bool) -> None:
    mira = await api.join("mira")
    data: Any = a_form(a_jpeg(640, 320), name="file") if form else a_jpeg(30, 20)
    headers = {} if form else {"Content-Type": "image/jpeg"}
    me = await api.ok("PUT", "/me/avatar", mira, data=data, headers=headers)
    for size in me["avatar"]["renditions"]:
        with Image.open(BytesIO((await api("GET", "/" + size["url"])).content)) as shown:
            assert shown.size == (size["width"], size["height"])
    picture = await api("GET", "/" + me["avatar"]["url"])
    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/webp")
    with Image.open(BytesIO(picture.content)) as cut:
        assert cut.size == (320, 320)
    raw = {"Content-Type": "image/jpeg"}
    assert (await api("PUT", "/me/avatar", mira, data=b"no picture", headers=raw)).status == 415
    assert (await api.ok("GET", "/me", mira))["avatar"] == me["avatar"]
    assert (await api("DELETE", "/me/avatar", mira)).status == 204
    assert (await api.ok("GET", "/me", mira))["avatar"] is None
    assert (await api("GET", "/" + me["avatar"]["url"])).status == 404


async def test_a_new_password_ends_other_sessions_and_tokens(api: Api) -> None:
    mira = await api.join("mira")
    other = await api.ok("POST", "/tokens", json={"username": "mira", "password": PASSWORD})
    session = await api("POST", "/sessions", json={"username": "mira", "password": PASSWORD})
    cookie = {"Cookie": session.headers["Set-Cookie"].split(";")[0]}
    wrong = await api("PUT", "/me/password", mira, json={"old": "wrong", "new": "five other words here"})
    assert wrong.status == 422
    assert wrong.json["errors"][0]["pointer"] == "#/old"
    body = {"old": PASSWORD, "new": "five other words make sense"}
    assert (await api("PUT", "/me/password", mira, json=body)).status == 204
    assert (await api("GET", "/me", mira)).status == 200
    assert (await api("GET", "/me", headers={"Authorization": f"Bearer {other['token']}"})).status == 401
    assert (await api("GET", "/me", headers=cookie)).status == 401
    assert (await api("POST", "/tokens", json={"username": "mira", "password": PASSWORD})).status == 401


async def test_leaving_needs_the_password_and_hides_everything(api: Api) -> None:
    mira = await api.join("mira")
    post = await api.post(mira)
    assert (await api("DELETE", "/me", mira, json={"password": "wrong"})).status == 422
    left = await api("DELETE", "/me", mira, json={"password": PASSWORD})
    assert left.status == 202
    days = datetime.fromisoformat(left.json["erase_at"]) - datetime.now(UTC)
    assert timedelta(days=13, hours=23) < days < timedelta(days=14)
    assert (await api("GET", "/me", mira)).status == 401
    assert (await api("GET", "/users/mira")).status == 404
    assert (await api("GET", f"/posts/{post['id']}")).status == 404
    again = await api("POST", "/accounts", json={"username": "mira", "password": PASSWORD})
    assert again.code == "username_taken"


async def test_who_left_comes_back_by_saying_so(api: Api) -> None:
    mira = await api.join("mira")
    post = await api.post(mira)
    signed = {"username": "mira", "password": PASSWORD}
    for for_good in (True, False):
        token = (await api.ok("POST", "/tokens", json=signed))["token"]
        headers = {"Authorization": f"Bearer {token}"}
        gone = await api.ok(
            "DELETE", "/me", headers=headers, json={"password": PASSWORD, "for_good": for_good}
        )
        assert (gone["erase_at"] is not None) is for_good
        for path in ("/sessions", "/tokens"):
            reply = await api("POST", path, json=signed)
            assert (reply.status, reply.code) == (403, "account_away")
            reply = await api("POST", path, json=signed | {"password": "not mine at all", "come_back": True})
            assert (reply.status, reply.code) == (401, "bad_credentials")
        assert (await api("GET", f"/posts/{post['id']}")).status == 404
        assert (await api("POST", "/sessions", json=signed | {"come_back": True})).status == 201
        assert (await api("GET", f"/posts/{post['id']}")).status == 200
        assert (await api("GET", "/me", headers=headers)).status == 401


@pytest.mark.settings(sign_up="closed")
async def test_a_closed_server_takes_nobody(api: Api) -> None:
    reply = await api("POST", "/accounts", json={"username": "mira", "password": PASSWORD})
    assert (reply.status, reply.code) == (403, "sign_up_closed")
    assert (await api.ok("GET", "/instance"))["sign_up"] == "closed"


@pytest.mark.settings(sign_up="invite")
async def test_an_invitation_lets_one_person_in(api: Api) -> None:
    code = (await api.server.program.moderation.create_invite()).code
    wanted = {"username": "mira", "password": PASSWORD}
    assert (await api("POST", "/accounts", json=wanted)).code == "invite_required"
    assert (await api("POST", "/accounts", json={**wanted, "invite": code})).status == 201
    other = {"username": "noor", "password": PASSWORD, "invite": code}
    assert (await api("POST", "/accounts", json=other)).code == "invite_required"


async def test_a_token_that_may_write_may_upload_and_one_for_files_may_not_write(api: Api) -> None:
    writer = await api.join("writer", scopes=["read", "write"])
    uploader = await api.join("uploader", scopes=["files"])
    for member in (writer, uploader):
        reply = await api("POST", "/uploads", member, data=a_jpeg(), headers={"Content-Type": "image/jpeg"})
        assert reply.status == 201
    reply = await api("PUT", "/users/writer/follow", uploader)
    assert (reply.status, reply.code) == (403, "missing_scope")
