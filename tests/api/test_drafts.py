"""Drafts over the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.drafts import MAX_DRAFTS
from tests.api.conftest import Api
from tests.conftest import a_jpeg, settle


def soon(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


async def test_a_draft_keeps_everything_and_becomes_the_post(api: Api) -> None:
    mira = await api.join("mira")
    first, second = await api.upload(mira), await api.upload(mira, a_jpeg(400, 300, "navy"))
    await settle(api.server.program)
    crop = {"x": 0.25, "y": 0.0, "width": 0.5, "height": 1.0, "rotate": 90}
    sent = {
        "media": [
            {"upload_id": second["id"], "alt": "the pier", "crop": crop},
            {"upload_id": first["id"]},
        ],
        "caption": "  Evening #harbour ",
        "place": {"name": "Nordhamn", "lat": 59.33333, "lon": 18.1},
        "audience": "followers",
        "comments": False,
        "show_camera": True,
    }
    made = await api("POST", "/drafts", mira, json=sent)
    draft = made.json
    assert (made.status, made.headers["Location"]) == (201, f"/api/v1/drafts/{draft['id']}")
    assert [(m["upload_id"], m["alt"], m["crop"]) for m in draft["media"]] == [
        (second["id"], "the pier", crop),
        (first["id"], "", None),
    ]
    assert draft["media"][0]["file"]["state"] == "ready"
    assert draft["place"] == {"name": "Nordhamn", "lat": 59.333, "lon": 18.1}
    assert (draft["caption"], draft["audience"]) == ("Evening #harbour", "followers")
    assert (draft["comments"], draft["show_camera"]) == (False, True)
    assert (draft["state"], draft["publish_at"], draft["error"], draft["version"]) == ("draft", None, None, 1)
    assert await api.ok("GET", f"/drafts/{draft['id']}", mira) == draft
    held = await api.ok("GET", f"/files/{first['id']}", mira)
    assert (held["draft_id"], held["post_id"]) == (draft["id"], None)
    assert {file["draft_id"] for file in (await api.ok("GET", "/files", mira))["items"]} == {draft["id"]}
    # Its pictures can be loaded by its author alone.
    picture = draft["media"][0]["file"]["renditions"][0]["url"]
    assert (await api("GET", "/" + picture)).status == 200
    assert (await api("GET", "/" + picture.partition("?")[0])).status == 404

    published = await api("POST", f"/drafts/{draft['id']}/publish", mira)
    post = published.json
    assert (published.status, published.headers["Location"]) == (201, f"/api/v1/posts/{post['id']}")
    await settle(api.server.program)
    post = await api.ok("GET", f"/posts/{post['id']}", mira)
    assert [(m["id"], m["alt"]) for m in post["media"]] == [(second["id"], "the pier"), (first["id"], "")]
    # Turned by a quarter, 400 × 300 is 300 × 400, of which half the width stays.
    assert (post["media"][0]["width"], post["media"][0]["height"]) == (150, 400)
    assert (post["tags"], post["place"]["name"], post["audience"]) == (["harbour"], "Nordhamn", "followers")
    assert post["comments"] is False
    assert post["created_at"] > draft["created_at"]
    assert (await api("GET", f"/drafts/{draft['id']}", mira)).status == 404
    assert (await api.ok("GET", "/drafts", mira))["items"] == []


async def test_a_draft_needs_nothing(api: Api) -> None:
    mira = await api.join("mira")
    await api.ok("PATCH", "/me", mira, json={"show_camera": True})
    draft = await api.ok("POST", "/drafts", mira, json={})
    assert (draft["media"], draft["caption"], draft["place"]) == ([], "", None)
    assert (draft["audience"], draft["comments"]) == ("everyone", True)
    assert draft["show_camera"] is True, "as the account has it"
    reply = await api("POST", f"/drafts/{draft['id']}/publish", mira)
    assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, "#/media")
    assert (await api("GET", f"/drafts/{draft['id']}", mira)).status == 200


async def test_a_draft_is_changed_part_by_part(api: Api) -> None:
    mira = await api.join("mira")
    one, two = await api.upload(mira), await api.upload(mira)
    draft = await api.ok(
        "POST", "/drafts", mira, json={"media": [{"upload_id": one["id"]}], "place": {"name": "Pier"}}
    )
    path = f"/drafts/{draft['id']}"
    changed = await api.ok("PATCH", path, mira, json={"caption": "one", "audience": "only_me"})
    assert (changed["caption"], changed["audience"], changed["version"]) == ("one", "only_me", 2)
    assert (changed["place"]["name"], len(changed["media"])) == ("Pier", 1)
    assert changed["updated_at"] > draft["updated_at"]
    changed = await api.ok("PATCH", path, mira, json={"place": None, "media": [{"upload_id": two["id"]}]})
    assert (changed["place"], changed["media"][0]["upload_id"]) == (None, two["id"])
    assert await api.ok("PATCH", path, mira, json={"caption": "one"}) == changed, (
        "nothing new, nothing changed"
    )
    # What was taken out is nobody's, and may go into another draft.
    other = await api.ok("POST", "/drafts", mira, json={"media": [{"upload_id": one["id"]}]})
    newest = [each["id"] for each in (await api.ok("GET", "/drafts", mira))["items"]]
    assert newest == [other["id"], draft["id"]]


@pytest.mark.goal("C6")
async def test_an_upload_is_in_one_place(api: Api) -> None:
    mira = await api.join("mira")
    free, posted = await api.upload(mira), (await api.post(mira))["media"][0]
    draft = await api.ok("POST", "/drafts", mira, json={"media": [{"upload_id": free["id"]}]})
    taken = {"media": [{"upload_id": free["id"]}]}
    for method, path, body in (
        ("POST", "/drafts", taken),
        ("POST", "/posts", taken),
        ("POST", "/drafts", {"media": [{"upload_id": posted["id"]}]}),
        ("PATCH", f"/drafts/{draft['id']}", {"media": [{"upload_id": posted["id"]}]}),
    ):
        reply = await api(method, path, mira, json=body)
        error = reply.json["errors"][0]
        assert (reply.status, error["pointer"], error["code"]) == (422, "#/media/0/upload_id", "in_use"), path
    assert (await api("DELETE", f"/files/{free['id']}", mira)).status == 409
    twice = {"media": [{"upload_id": free["id"]}] * 2}
    assert (await api("PATCH", f"/drafts/{draft['id']}", mira, json=twice)).json["errors"][0][
        "code"
    ] == "repeated"
    await api.ok("DELETE", f"/drafts/{draft['id']}", mira)
    await api.ok("DELETE", f"/files/{free['id']}", mira)


@pytest.mark.goal("Z6")
async def test_drafts_take_nobody_elses_uploads(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    hers = await api.upload(mira)
    reply = await api("POST", "/drafts", noor, json={"media": [{"upload_id": hers["id"]}]})
    assert (reply.status, reply.json["errors"][0]["code"]) == (422, "not_found")


@pytest.mark.goal("D1")
async def test_the_second_of_two_devices_is_told(api: Api) -> None:
    mira = await api.join("mira")
    made = await api("POST", "/drafts", mira, json={"caption": "one"})
    path = f"/drafts/{made.json['id']}"
    tag = (await api("GET", path, mira)).headers["ETag"]
    first = await api("PATCH", path, mira, json={"caption": "phone"}, headers={"If-Match": tag})
    assert first.status == 200
    second = await api("PATCH", path, mira, json={"caption": "desk"}, headers={"If-Match": tag})
    assert (second.status, second.json["code"]) == (412, "precondition_failed")
    for method, address in (("DELETE", path), ("POST", f"{path}/publish")):
        assert (await api(method, address, mira, headers={"If-Match": tag})).status == 412
    assert (await api.ok("GET", path, mira))["caption"] == "phone"
    new = first.headers["ETag"]
    assert (await api("PATCH", path, mira, json={"caption": "desk"}, headers={"If-Match": new})).status == 200


@pytest.mark.goal("D3")
async def test_a_repeated_request_makes_one_draft_and_one_post(api: Api) -> None:
    mira = await api.join("mira")
    key = {"Idempotency-Key": "one"}
    body = {"media": [{"upload_id": (await api.upload(mira))["id"]}]}
    drafts = [await api("POST", "/drafts", mira, json=body, headers=key) for _ in range(2)]
    assert [reply.status for reply in drafts] == [201, 201]
    assert drafts[0].json == drafts[1].json
    path, key = f"/drafts/{drafts[0].json['id']}/publish", {"Idempotency-Key": "two"}
    posts = [await api("POST", path, mira, headers=key) for _ in range(2)]
    assert [reply.status for reply in posts] == [201, 201]
    assert posts[0].json["id"] == posts[1].json["id"]
    assert len((await api.ok("GET", f"/users/{mira.name}/posts", mira))["items"]) == 1


@pytest.mark.parametrize(
    ("when", "code"),
    [
        (lambda: soon(seconds=-5), "past"),
        (lambda: soon(days=400), "too_late"),
        (lambda: "2031-05-01T12:00:00", "invalid"),
        (lambda: "9999-12-31T23:59:59-12:00", "invalid"),
        (lambda: "tomorrow", "invalid"),
        (lambda: 5, "invalid"),
    ],
)
async def test_impossible_times_are_refused(api: Api, when: Any, code: str) -> None:
    mira = await api.join("mira")
    body = {"media": [{"upload_id": (await api.upload(mira))["id"]}], "publish_at": when()}
    reply = await api("POST", "/drafts", mira, json=body)
    assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, "#/publish_at")
    assert reply.json["errors"][0]["code"] in (code, "too_late")


async def test_what_is_scheduled_has_photos(api: Api) -> None:
    mira = await api.join("mira")
    reply = await api("POST", "/drafts", mira, json={"publish_at": soon(hours=1)})
    assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, "#/media")
    body = {"media": [{"upload_id": (await api.upload(mira))["id"]}], "publish_at": soon(hours=1)}
    draft = await api.ok("POST", "/drafts", mira, json=body)
    assert draft["state"] == "scheduled"
    path = f"/drafts/{draft['id']}"
    assert (await api("PATCH", path, mira, json={"media": []})).status == 422
    withdrawn = await api.ok("PATCH", path, mira, json={"publish_at": None, "media": []})
    assert (withdrawn["state"], withdrawn["publish_at"]) == ("draft", None)


async def test_there_is_room_for_a_hundred_drafts(api: Api) -> None:
    mira = await api.join("mira")
    made = [await api.ok("POST", "/drafts", mira, json={}) for _ in range(MAX_DRAFTS)]
    reply = await api("POST", "/drafts", mira, json={})
    assert (reply.status, reply.json["code"]) == (422, "too_many_drafts")
    assert str(MAX_DRAFTS) in reply.json["detail"]
    await api.ok("DELETE", f"/drafts/{made[0]['id']}", mira)
    await api.ok("POST", "/drafts", mira, json={})


@pytest.mark.goal("O7")
async def test_drafts_are_walked_by_cursor(api: Api) -> None:
    mira = await api.join("mira")
    made = [(await api.ok("POST", "/drafts", mira, json={"caption": str(n)}))["id"] for n in range(7)]
    await api.ok("PATCH", f"/drafts/{made[2]}", mira, json={"caption": "again"})
    order = [made[2], *(each for each in reversed(made) if each != made[2])]
    found, cursor, pages = [], None, []
    while True:
        page = await api.ok("GET", f"/drafts?limit=3{f'&cursor={cursor}' if cursor else ''}", mira)
        pages.append([each["id"] for each in page["items"]])
        found += pages[-1]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == order
    back = await api.ok("GET", f"/drafts?limit=3&cursor={page['prev']}", mira)
    assert [each["id"] for each in back["items"]] == pages[-2]
