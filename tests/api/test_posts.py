"""Posts, comments, reactions and their lists as the contract says."""

import re
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.api.conftest import Api, a_form
from tests.conftest import PASSWORD, a_jpeg, settle

POST = {
    "id", "author", "caption", "tags", "mentions", "place", "audience", "media", "counts", "viewer",
    "comments_preview", "created_at", "edited_at",
}  # fmt: skip
MEDIA = {"id", "state", "width", "height", "alt", "lqip", "camera", "renditions"}
NOWHERE = "01930000-0000-7000-8000-000000000000"


async def test_a_post_is_published_from_uploads(api: Api) -> None:
    mira, _ = await api.join("mira"), await api.join("noor")
    uploads = [await api.upload(mira), await api.upload(mira, a_jpeg(240, 320))]
    body = {
        "media": [
            {"upload_id": uploads[0]["id"], "alt": "Ridges"},
            {"upload_id": uploads[1]["id"], "crop": {"x": 0, "y": 0.25, "width": 1, "height": 0.5}},
        ],
        "caption": "First light with @noor. #Dawn #ridge",
        "place": {"name": "Seoraksan", "lat": 38.1194, "lon": 128.4656},
        "audience": "followers",
        "comments": False,
    }
    reply = await api("POST", "/posts", mira, json=body)
    made = reply.json
    assert (reply.status, reply.headers["Location"]) == (201, f"/api/v1/posts/{made['id']}")
    assert made.keys() >= POST
    assert (made["tags"], made["mentions"], made["audience"]) == (["dawn", "ridge"], ["noor"], "followers")
    assert made["place"]["name"] == "Seoraksan"
    assert (made["place"]["lat"], made["place"]["lon"]) == (38.119, 128.466)
    assert made["viewer"] == {"liked": False, "saved": False, "can_edit": True, "can_comment": True}
    assert made["counts"] == {"likes": 0, "comments": 0}
    assert all(media.keys() >= MEDIA for media in made["media"])
    assert [media["alt"] for media in made["media"]] == ["Ridges", ""]
    await settle(api.server.program)
    ready = await api.ok("GET", f"/posts/{made['id']}", mira)
    assert {media["state"] for media in ready["media"]} == {"ready"}
    assert (ready["media"][1]["width"], ready["media"][1]["height"]) == (240, 160)
    size = ready["media"][0]["renditions"][0]
    assert size.keys() >= {"width", "height", "type", "url"}
    picture = await api("GET", "/" + size["url"])
    assert (picture.status, picture.headers["Content-Type"]) == (200, size["type"])


async def test_a_post_is_published_from_a_form(api: Api) -> None:
    mira = await api.join("mira")
    fields = {
        "alt": ["One", "Two"],
        "caption": "Two of them #pair",
        "place__name": "Harbour",
        "audience": "everyone",
        "comments": "false",
    }
    reply = await api("POST", "/posts", mira, data=a_form(a_jpeg(), a_jpeg(200, 200), **fields))
    assert reply.status == 201, reply.content
    made = reply.json
    assert [media["alt"] for media in made["media"]] == ["One", "Two"]
    assert (made["caption"], made["tags"], made["place"]["name"]) == (
        "Two of them #pair",
        ["pair"],
        "Harbour",
    )
    assert (made["audience"], made["comments"]) == ("everyone", False)
    plain = await api.ok("POST", "/posts", mira, data=a_form(a_jpeg(), place='{"name": "Pier"}'))
    assert plain["place"]["name"] == "Pier"


async def test_a_refused_form_leaves_nothing(api: Api) -> None:
    mira = await api.join("mira")
    for form in (
        a_form(a_jpeg(), b"no picture"),
        a_form(a_jpeg(), caption="x" * 2_201),
        a_form(a_jpeg(), audience="the moon"),
        a_form(caption="no photo"),
        a_form(*[a_jpeg()] * 11),
    ):
        reply = await api("POST", "/posts", mira, data=form)
        assert reply.status in (415, 422), reply.content
    assert (await api.ok("GET", "/files", mira))["items"] == []


async def test_a_form_is_as_strict_as_json(api: Api) -> None:
    mira = await api.join("mira")
    beside = a_form(a_jpeg())
    beside.add_field("cover", a_jpeg(), filename="cover.jpg")
    for form, pointer, code in (
        (a_form(a_jpeg(), comments="maybe"), "#/comments", "invalid"),
        (a_form(a_jpeg(), show_camera=""), "#/show_camera", "invalid"),
        (a_form(a_jpeg(), caption=["one", "two"]), "#/caption", "repeated"),
        (a_form(a_jpeg(), alt=["one", "two"]), "#/alt", "bad_count"),
        (a_form(a_jpeg(), likes="9"), "#/likes", "unknown"),
        (a_form(a_jpeg(), name="photo"), "#/photo", "unknown"),
        (a_form(a_jpeg(), place__name="Pier", place__lat="1_0", place__lon="٣"), "#/place", "invalid"),
        (beside, "#/cover", "unknown"),
    ):
        reply = await api("POST", "/posts", mira, data=form)
        assert reply.status == 422, reply.content
        found = reply.json["errors"][0]
        assert (found["pointer"], found["code"]) == (pointer, code)
    twice = await api("POST", "/posts", mira, data=a_form(a_jpeg(), place='{"name": "a", "name": "b"}'))
    assert (twice.status, twice.code) == (400, "bad_request")
    assert (await api.ok("GET", "/files", mira))["items"] == []
    for sent, expected in (("On", True), ("1", True), ("true", True), ("off", False), ("0", False)):
        form = a_form(a_jpeg(), comments=sent, x_note=["a", "b"], csrf="x")
        assert (await api.ok("POST", "/posts", mira, data=form))["comments"] == expected


async def test_a_post_is_refused_field_by_field(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    mine, hers = await api.upload(mira), await api.upload(noor)
    ok = {"upload_id": mine["id"]}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"media": []}, "#/media"),
        ({"media": [{"upload_id": hers["id"]}]}, "#/media/0/upload_id"),
        ({"media": [{"upload_id": NOWHERE}]}, "#/media/0/upload_id"),
        ({"media": [ok, ok]}, "#/media"),
        ({"media": [ok | {"alt": "x" * 1_501}]}, "#/media/0/alt"),
        ({"media": [ok | {"crop": {"x": 2}}]}, "#/media/0/crop"),
        ({"media": [ok], "caption": "x" * 2_201}, "#/caption"),
        ({"media": [ok], "caption": " ".join(f"#t{i}" for i in range(31))}, "#/caption"),
        ({"media": [ok], "caption": " ".join(f"@user{i}" for i in range(21))}, "#/caption"),
        ({"media": [ok], "place": {"name": "x", "lat": 1}}, "#/place"),
        ({"media": [ok], "place": {"name": "x", "lat": 91, "lon": 0}}, "#/place"),
        ({"media": [ok], "audience": "moon"}, "#/audience"),
        ({"media": [{"foo": 1, **ok}]}, "#/media/0/foo"),
        ({"media": [{"alt": "x"}]}, "#/media/0/upload_id"),
        ({"media": [ok], "place": {"lat": 1}}, "#/place/name"),
        ({"media": [ok], "likes": 7}, "#/likes"),
        ({}, "#/media"),
    ]
    for body, pointer in wrong:
        reply = await api("POST", "/posts", mira, json=body)
        assert reply.status == 422, (body, reply.content)
        assert reply.json["errors"][0]["pointer"] == pointer, (body, reply.content)
    odd = {"media": 5, "caption": 5, "place": "x", "comments": "x", "audience": 5}
    reply = await api("POST", "/posts", mira, json=odd)
    words = ["a list.", "a text.", "an object.", "true or false.", "a text."]
    assert [error["detail"] for error in reply.json["errors"]] == [f"This must be {word}" for word in words]
    extras = {"media": [ok | {"x_foo": {"a": 1}}], "place": {"name": "Pier", "x_a": [1]}, "x_b": 2}
    await api.ok("POST", "/posts", mira, json=extras)
    taken = await api("POST", "/posts", mira, json={"media": [ok]})
    assert taken.json["errors"][0]["code"] == "in_use"


async def test_a_post_is_edited_by_its_author(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    post = await api.ok("POST", "/posts", mira, data=a_form(a_jpeg(), a_jpeg(200, 200), place__name="Pier"))
    first, second = (media["id"] for media in post["media"])
    change = {
        "caption": "New words #new",
        "place": None,
        "audience": "only_me",
        "media": [{"id": second, "alt": "Second"}, {"id": first}],
    }
    assert (await api("PATCH", f"/posts/{post['id']}", noor, json=change)).status == 403
    changed = await api.ok("PATCH", f"/posts/{post['id']}", mira, json=change)
    assert (changed["caption"], changed["tags"], changed["place"]) == ("New words #new", ["new"], None)
    assert [(media["id"], media["alt"]) for media in changed["media"]] == [(second, "Second"), (first, "")]
    assert changed["edited_at"]
    assert (await api("GET", f"/posts/{post['id']}", noor)).status == 404


async def test_ids_have_one_spelling(api: Api) -> None:
    mira = await api.join("mira")
    post, file = (await api.post(mira))["id"], (await api.upload(mira))["id"]
    for path, id_ in (("/posts/{}", post), ("/posts/{}/likes", post), ("/files/{}/content", file)):
        assert (await api("GET", path.format(id_), mira)).status == 200
        for other in (id_.upper(), id_.replace("-", ""), f"{{{id_}}}", f"urn:uuid:{id_}", f"{id_}%0a"):
            assert (await api("GET", path.format(other), mira)).status == 404, other


async def test_a_deleted_post_is_gone_with_its_objects(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    post = await api.post(mira)
    urls = [size["url"] for size in post["media"][0]["renditions"]]
    assert (await api("DELETE", f"/posts/{post['id']}", noor)).status == 403
    assert (await api("DELETE", f"/posts/{post['id']}", mira)).status == 204
    await settle(api.server.program)
    assert (await api("GET", f"/posts/{post['id']}")).status == 410
    assert [(await api("GET", "/" + url)).status for url in urls] == [404] * len(urls)
    assert [stored async for stored in api.server.program.media.walk()] == []


@pytest.mark.parametrize(("kind", "member"), [("like", "liked"), ("save", "saved")])
async def test_likes_and_saves_are_sets(api: Api, kind: str, member: str) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    post = await api.post(mira)
    for _ in range(2):
        answer = await api.ok("PUT", f"/posts/{post['id']}/{kind}", noor)
        assert answer.keys() == {"counts", "viewer"}
        assert answer["viewer"][member] is True
        assert answer["counts"]["likes"] == (kind == "like")
    assert [item["id"] for item in (await api.ok("GET", f"/me/{member}", noor))["items"]] == [post["id"]]
    for _ in range(2):
        answer = await api.ok("DELETE", f"/posts/{post['id']}/{kind}", noor)
        assert answer["viewer"][member] is False
        assert answer["counts"]["likes"] == 0


async def test_what_one_is_not_interested_in_stays_out_of_home_and_explore(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    await api.follow(noor, mira)
    post = await api.post(mira, "#row")
    lists = ("/feeds/home", "/feeds/explore", "/feeds/explore?sort=popular")

    async def shown(who: Any) -> list[int]:
        return [len((await api.ok("GET", path, who))["items"]) for path in lists]

    for _ in range(2):
        await api.ok("PUT", f"/posts/{post['id']}/hidden", noor)
    assert await shown(noor) == [0, 0, 0]
    assert await shown(mira) == [1, 1, 1]
    assert (await api.ok("GET", f"/posts/{post['id']}", noor))["id"] == post["id"]
    for path in ("/users/mira/posts", "/tags/row/posts"):
        assert len((await api.ok("GET", path, noor))["items"]) == 1
    for _ in range(2):
        await api.ok("DELETE", f"/posts/{post['id']}/hidden", noor)
    assert await shown(noor) == [1, 1, 1]


async def test_who_likes_a_post_is_listed(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    post = await api.post(mira)
    await api.ok("PUT", f"/posts/{post['id']}/like", noor)
    likers = await api.ok("GET", f"/posts/{post['id']}/likes")
    assert [row["user"]["username"] for row in likers["items"]] == ["noor"]


async def test_comments_are_written_answered_liked_edited_and_deleted(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    post = await api.post(mira)
    path = f"/posts/{post['id']}/comments"
    reply = await api("POST", path, noor, json={"text": "  What a light.  "})
    comment = reply.json
    assert (reply.status, reply.headers["Location"]) == (201, f"/api/v1/comments/{comment['id']}")
    assert await api.ok("GET", f"/comments/{comment['id']}", noor) == comment
    assert comment["text"] == "What a light."
    answer = await api.ok("POST", path, mira, json={"text": "Thanks", "reply_to": comment["id"]})
    deeper = await api.ok("POST", path, noor, json={"text": "Sure", "reply_to": answer["id"]})
    assert deeper["reply_to"] == answer["reply_to"] == comment["id"]
    listed = await api.ok("GET", path)
    assert [item["text"] for item in listed["items"]] == ["What a light.", "Thanks", "Sure"]
    assert (await api.ok("GET", f"/posts/{post['id']}"))["counts"]["comments"] == 3
    assert (await api.ok("PUT", f"/comments/{comment['id']}/like", mira))["counts"]["likes"] == 1
    assert (await api.ok("DELETE", f"/comments/{comment['id']}/like", mira))["counts"]["likes"] == 0
    assert (await api("PATCH", f"/comments/{comment['id']}", mira, json={"text": "Mine"})).status == 403
    edited = await api.ok("PATCH", f"/comments/{comment['id']}", noor, json={"text": "What light!"})
    assert edited["edited_at"]
    assert (await api("DELETE", f"/comments/{answer['id']}", noor)).status == 403
    assert (await api("DELETE", f"/comments/{comment['id']}", mira)).status == 204
    assert (await api.ok("GET", path))["items"] == []


async def test_comments_can_be_off(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    post = await api.post(mira, comments=False)
    reply = await api("POST", f"/posts/{post['id']}/comments", noor, json={"text": "But"})
    assert (reply.status, reply.code) == (403, "comments_off")
    assert (await api.ok("GET", f"/posts/{post['id']}", noor))["viewer"]["can_comment"] is False


async def test_a_reply_must_answer_a_comment_of_the_same_post(api: Api) -> None:
    mira = await api.join("mira")
    one, other = await api.post(mira), await api.post(mira)
    comment = await api.comment(mira, one["id"])
    body = {"text": "Hm", "reply_to": comment["id"]}
    reply = await api("POST", f"/posts/{other['id']}/comments", mira, json=body)
    assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, "#/reply_to")


# Conditional requests


async def test_a_change_can_insist_on_what_was_read(api: Api) -> None:
    mira = await api.join("mira")
    post = await api.post(mira)
    path = f"/posts/{post['id']}"
    read = (await api("GET", path, mira)).headers["ETag"]
    changed = await api("PATCH", path, mira, json={"caption": "One"}, headers={"If-Match": read})
    assert changed.status == 200
    late = await api("PATCH", path, mira, json={"caption": "Two"}, headers={"If-Match": read})
    assert (late.status, late.code) == (412, "precondition_failed")
    assert (await api("DELETE", path, mira, headers={"If-Match": '"nonsense"'})).status == 412
    assert (await api.ok("GET", path, mira))["caption"] == "One"
    now = changed.headers["ETag"]
    assert (await api("GET", path, mira)).headers["ETag"] == now
    for many in (f'"zzz", {now}', f"W/{now}", "*"):
        assert (await api("PATCH", path, mira, json={}, headers={"If-Match": many})).status == 200, many
    assert (await api("PATCH", path, mira, json={}, headers={"If-Match": '"a", "v9-0"'})).status == 412
    assert (await api("DELETE", path, mira, headers={"If-Match": now})).status == 204


async def test_every_change_can_insist_on_what_was_read(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    admin = await api.join("anna", role="admin", scopes=["read", "admin"])
    post = await api.post(mira)
    comment = await api.comment(mira, post["id"])
    await api.ok("POST", "/reports", noor, json={"reason": "spam", "post_id": post["id"]})
    case = (await api.ok("GET", "/admin/reports", admin))["items"][0]
    file = await api.upload(mira)
    await settle(api.server.program)
    changes: list[tuple[str, str, Any, Any]] = [
        ("PATCH", "/me", mira, {"bio": "Ridges."}),
        ("PATCH", f"/comments/{comment['id']}", mira, {"text": "Other"}),
        ("PATCH", "/admin/users/noor", admin, {"role": "admin"}),
        ("PATCH", f"/admin/reports/{case['id']}", admin, {"decision": "keep"}),
        ("DELETE", f"/comments/{comment['id']}", mira, None),
        ("DELETE", f"/files/{file['id']}", mira, None),
    ]
    for method, path, who, body in changes:
        read = (await api("GET", path, who)).headers["ETag"]
        stale = await api(method, path, who, json=body, headers={"If-Match": '"zzz", W/"other"'})
        assert (stale.status, stale.code) == (412, "precondition_failed"), path
        assert (await api("GET", path, who)).headers["ETag"] == read
        done = await api(method, path, who, json=body, headers={"If-Match": f'"zzz", {read}'})
        assert done.status in (200, 204), (path, done.content)
        if method == "PATCH":
            assert (await api("GET", path, who)).headers["ETag"] == done.headers["ETag"] != read, path
    # Where nothing can be read, no tag is right; what is not there is not there.
    tokens = await api.ok("GET", "/tokens", mira)
    for path in (f"/tokens/{tokens['items'][0]['id']}", "/me/avatar", "/users/noor/mute"):
        assert (await api("DELETE", path, mira, headers={"If-Match": '"x"'})).status == 412, path
    for path in (f"/files/{NOWHERE}", f"/comments/{NOWHERE}", f"/files/{file['id']}"):
        assert (await api("DELETE", path, mira, headers={"If-Match": '"x"'})).status == 404, path
    assert (await api("DELETE", "/me/avatar", mira, headers={"If-Match": "*"})).status == 204


async def test_a_change_that_says_nothing_new_changes_nothing(api: Api) -> None:
    mira = await api.join("mira")
    post = await api.post(mira, "#row", alt="Ridges", place={"name": "Pier", "lat": 1.2345, "lon": 2})
    path = f"/posts/{post['id']}"
    media = [{"id": post["media"][0]["id"], "alt": "Ridges"}]
    place = {"name": "Pier", "lat": 1.2345, "lon": 2}
    for change in ({}, {"x_a": 1}, {"caption": "#row", "media": media, "place": place, "comments": True}):
        same = await api.ok("PATCH", path, mira, json=change)
        assert (same["version"], same["edited_at"]) == (1, None), change
    media[0]["alt"] = None
    cleared = await api.ok("PATCH", path, mira, json={"media": media})
    assert (cleared["version"], cleared["media"][0]["alt"]) == (2, "")
    comment = await api.comment(mira, post["id"], "Here")
    same = await api.ok("PATCH", f"/comments/{comment['id']}", mira, json={"text": " Here "})
    assert same["edited_at"] is None


async def test_what_has_not_changed_is_not_sent_again(api: Api) -> None:
    mira = await api.join("mira")
    post = await api.post(mira)
    for path in ("/feeds/home", f"/posts/{post['id']}", "/users/mira", "/files", "/me", "/feeds/explore"):
        first = await api("GET", path, mira)
        tag = first.headers["ETag"]
        again = await api("GET", path, mira, headers={"If-None-Match": f'"other", {tag}'})
        assert (again.status, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
        head = await api("HEAD", path, mira)
        assert (head.status, head.headers["Content-Length"]) == (200, str(len(first.content)))
    await api.ok("PUT", f"/posts/{post['id']}/like", mira)
    assert (await api("GET", "/feeds/home", mira, headers={"If-None-Match": tag})).status == 200


# Lists


async def _ids(api: Api, path: str, who: Any, limit: int = 2) -> list[str]:
    """The ids of a whole list, walked by its `Link` headers; back again it is the same."""
    start = f"{path}{'&' if '?' in path else '?'}limit={limit}"
    pages = await _walk(api, start, who, "next")
    ids = [id_of(item) for page in pages for item in page["items"]]
    if len(pages) > 1:
        assert len(pages) == -(-len(ids) // limit)
        last = f"{start}&cursor={pages[-2]['next']}"
        back = await _walk(api, last, who, "prev")
        assert [id_of(item) for page in reversed(back) for item in page["items"]] == ids, path
        assert back[-1]["prev"] is None, path
    return ids


def id_of(item: Any) -> str:
    """What a list's item is known by."""
    return str(item.get("id") or item.get("event_id") or item["user"]["id"])


async def _walk(api: Api, at: str | None, who: Any, relation: str) -> list[Any]:
    pages: list[Any] = []
    while at:
        assert len(pages) < 20, at
        reply = await api("GET", at, who)
        page = reply.json
        limit = re.search(r"limit=(\d+)", at)
        assert limit
        assert len(page["items"]) <= int(limit[1])
        pages.append(page)
        links = dict(
            reversed(part.split("; rel=")) for part in reply.headers.get("Link", "").split(", ") if part
        )
        for name in ("next", "prev"):
            assert (f'"{name}"' in links) == (page[name] is not None)
        at = links[f'"{relation}"'].strip("<>").removeprefix("/api/v1") if page[relation] else None
    return pages


async def test_every_list_of_posts_is_walked_by_cursor(api: Api) -> None:
    mira = await api.join("mira")
    posts = [await api.post(mira, "#row", place={"name": "Pier"}) for _ in range(5)]
    for post in posts:
        await api.ok("PUT", f"/posts/{post['id']}/like", mira)
        await api.ok("PUT", f"/posts/{post['id']}/save", mira)
    newest_first = [post["id"] for post in reversed(posts)]
    place = posts[0]["place"]["id"]
    assert (await api.ok("GET", f"/places/{place}"))["name"] == "Pier"
    for path in (
        "/feeds/home",
        "/feeds/explore",
        "/feeds/explore?sort=popular",
        "/users/mira/posts",
        "/tags/ROW/posts",
        f"/places/{place}/posts",
        "/me/saved",
        "/me/liked",
    ):
        assert await _ids(api, path, mira) == newest_first, path


async def test_every_other_list_is_walked_by_cursor(api: Api, sql: asyncpg.Connection) -> None:
    admin = await api.join("anna", role="admin", scopes=["read", "admin"])
    mira, others = await api.join("mira"), [await api.join(f"member{i}") for i in range(5)]
    post = await api.post(mira)
    for other in others:
        await api.follow(other, mira)
        await api.follow(mira, other)
        await api.ok("PUT", f"/posts/{post['id']}/like", other)
        comment = await api.comment(other, post["id"])
        await api.ok("POST", "/reports", mira, json={"reason": "spam", "comment_id": comment["id"]})
        await api.ok("PUT", f"/users/{other.name}/mute", mira)
        await api.ok("PATCH", f"/admin/users/{other.name}", admin, json={"sign_out": True})
        await api.server.program.signing_in.token_for("mira", "another", None)
        body = {"username": "mira", "password": PASSWORD}
        await api.ok("POST", "/sessions", json=body)
        await api.upload(mira)
    await settle(api.server.program)
    await sql.execute("UPDATE jobs SET state = 'dead'")
    jobs = await sql.fetchval("SELECT count(DISTINCT event_id) FROM jobs WHERE state = 'dead'")
    lists = [
        ("/users/mira/followers", mira, 5),
        ("/users/mira/following", mira, 5),
        (f"/posts/{post['id']}/likes", mira, 5),
        (f"/posts/{post['id']}/comments", mira, 5),
        ("/me/muted", mira, 5),
        ("/files", mira, 6),
        ("/files?kind=image", mira, 6),
        ("/tokens", mira, 6),
        ("/sessions", mira, 5),
        ("/admin/reports", admin, 5),
        ("/admin/users", admin, 7),
        ("/admin/audit", admin, 5),
        ("/admin/jobs", admin, jobs),
    ]
    for path, who, many in lists:
        assert len(set(await _ids(api, path, who))) == many, path
    for path in ("/tokens", "/sessions"):
        assert (await api("GET", f"{path}?limit=0", mira)).status == 422
        assert (await api("GET", f"{path}?cursor=x", mira)).code == "bad_cursor"
    for other in others:
        await api.ok("PUT", f"/users/{other.name}/block", mira)
    assert len(await _ids(api, "/me/blocked", mira)) == 5
    await api.ok("PATCH", "/me", mira, json={"private": True})
    for number in range(5):
        await api.ok("PUT", "/users/mira/follow", await api.join(f"asking{number}"))
    assert len(await _ids(api, "/follow-requests", mira)) == 5


async def test_a_page_says_how_long_its_list_is_where_that_is_known(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    await api.follow(noor, mira)
    post = await api.post(mira)
    await api.post(mira, audience="only_me")
    await api.comment(noor, post["id"])
    for path, who, count in (
        ("/users/mira/posts", mira, 2),
        ("/users/mira/posts", noor, 1),
        ("/users/mira/followers", noor, 1),
        ("/users/mira/following", noor, 0),
        (f"/posts/{post['id']}/comments", None, 1),
        (f"/posts/{post['id']}/likes", None, 0),
        ("/feeds/home", noor, None),
        ("/files", mira, None),
    ):
        assert (await api.ok("GET", f"{path}?count=estimate", who))["count"] == count, path
        assert (await api.ok("GET", path, who))["count"] is None, path
    assert (await api("GET", "/files?count=exact", mira)).status == 422


async def test_home_tells_what_is_newer(api: Api) -> None:
    mira = await api.join("mira")
    for _ in range(3):
        await api.post(mira)
    page = await api.ok("GET", "/feeds/home?limit=1", mira)
    assert page["prev"] is None
    nothing = await api.ok("GET", f"/feeds/home?since={page['since']}", mira)
    assert (nothing["items"], nothing["since"]) == ([], page["since"])
    assert (await api.ok("GET", "/feeds/home", await api.join("noor")))["since"] is None
    second = await api.ok("GET", f"/feeds/home?limit=1&cursor={page['next']}", mira)
    newest = await api.post(mira)
    newer = await api.ok("GET", f"/feeds/home?since={second['prev']}", mira)
    assert newest["id"] in [item["id"] for item in newer["items"]]
    first = await api.ok("GET", f"/feeds/home?since={page['since']}", mira)
    assert [item["id"] for item in first["items"]] == [newest["id"]]
    assert (await api.ok("GET", f"/feeds/home?since={first['since']}", mira))["items"] == []


async def test_files_are_listed_by_kind_and_state(api: Api) -> None:
    mira = await api.join("mira")
    ids = [(await api.upload(mira))["id"] for _ in range(3)]
    assert await _ids(api, "/files", mira) == ids[::-1]
    assert len((await api.ok("GET", "/files?kind=image&state=waiting", mira))["items"]) == 3
    assert (await api.ok("GET", "/files?state=ready", mira))["items"] == []
    assert (await api("GET", "/files?state=odd", mira)).status == 422


async def test_cursors_belong_to_their_list(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    for _ in range(2):
        await api.post(mira)
    cursor = (await api.ok("GET", "/feeds/home?limit=1", mira))["next"]
    for path in ("/feeds/explore", "/users/mira/posts", "/me/saved"):
        reply = await api("GET", f"{path}?cursor={cursor}", mira)
        assert (reply.status, reply.code) == (400, "bad_cursor"), path
    for wrong in (cursor[:-4] + "AAAA", cursor[:-1], "x", "%00", "%ff", "%F0%9F%98%80", "A" * 4_000):
        assert (await api("GET", f"/feeds/home?cursor={wrong}", mira)).status in (400, 422), wrong
    assert (await api("GET", f"/feeds/home?cursor={cursor}", noor)).code == "bad_cursor"


async def test_limits_are_clamped_or_refused(api: Api) -> None:
    mira = await api.join("mira")
    for good in ("1", "100", "101", "1" + "0" * 30):
        assert (await api("GET", f"/feeds/home?limit={good}", mira)).status == 200, good
    for bad in ("0", "-1", "abc", "1.5", "%00", "1&limit=2", "-1" + "0" * 30, "%D9%A3"):
        assert (await api("GET", f"/feeds/home?limit={bad}", mira)).status == 422, bad
    assert (await api("GET", "/feeds/home?page=-1", mira)).status == 200


# Files


async def test_a_file_has_every_member(api: Api) -> None:
    mira = await api.join("mira")
    reply = await api("POST", "/uploads", mira, data=a_form(a_jpeg(), name="file", filename="Grat ü.jpg"))
    file = reply.json
    assert (reply.status, reply.headers["Location"]) == (201, f"/api/v1/files/{file['id']}")
    wanted = {
        "id", "name", "size", "sha256", "kind", "state", "progress", "step", "error", "facts", "steps",
        "created_at", "duplicate_of",
    }  # fmt: skip
    assert file.keys() >= wanted
    assert (file["name"], file["size"], file["kind"]) == ("Grat ü.jpg", len(a_jpeg()), "image")
    await settle(api.server.program)
    ready = await api.ok("GET", f"/files/{file['id']}", mira)
    assert (ready["state"], ready["progress"], ready["error"]) == ("ready", 1.0, None)
    assert ready["steps"]
    assert all(step.keys() == {"name", "seconds"} for step in ready["steps"])
    assert ready["facts"]["format"] == "JPEG"
    same = await api.upload(mira)
    assert same["duplicate_of"] == file["id"]
    assert (await api("POST", f"/files/{file['id']}/retry", mira)).status == 409


async def test_a_raw_upload_is_named_by_a_header(api: Api) -> None:
    mira = await api.join("mira")
    assert (await api.upload(mira, **{"Upload-Name": "Grat%20%C3%BC.jpg"}))["name"] == "Grat ü.jpg"


async def test_a_file_that_failed_says_why_and_is_tried_again(api: Api, data_dir: Path) -> None:
    mira = await api.join("mira")
    file = await api.upload(mira)
    [original] = (data_dir / "media").glob("photos/*/original")
    original.write_bytes(b"no picture any more")
    await settle(api.server.program)
    failed = await api.ok("GET", f"/files/{file['id']}", mira)
    assert failed["state"] == "failed"
    assert failed["error"] == {
        "code": "unsupported_type",
        "detail": "This is none of the kinds of pictures that are taken here: JPEG, PNG, WebP, GIF, AVIF, HEIC.",
    }
    body = {"media": [{"upload_id": file["id"]}]}
    refused = await api("POST", "/posts", mira, json=body)
    assert refused.json["errors"][0]["code"] == "not_ready"
    retried = await api("POST", f"/files/{file['id']}/retry", mira)
    assert (retried.status, retried.json["state"]) == (202, "waiting")
    assert retried.headers["Location"] == f"/api/v1/files/{file['id']}"
    original.write_bytes(a_jpeg())
    await settle(api.server.program)
    assert (await api.ok("GET", f"/files/{file['id']}", mira))["state"] == "ready"
    assert (await api("POST", "/posts", mira, json=body)).status == 201


async def test_the_original_comes_back_as_an_attachment(api: Api) -> None:
    mira = await api.join("mira")
    file = await api.upload(mira, **{"Upload-Name": 'a"%0d%0ab.jpg'})
    path = f"/files/{file['id']}/content"
    whole = await api("GET", path, mira)
    assert whole.content == a_jpeg()
    assert whole.headers["Content-Type"] == "application/octet-stream"
    assert whole.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    size = len(whole.content)
    for asked, expected in (
        ("bytes=0-3", whole.content[:4]),
        ("bytes=4-", whole.content[4:]),
        ("bytes=-5", whole.content[-5:]),
        (f"bytes={size - 1}-{size + 9}", whole.content[-1:]),
    ):
        part = await api("GET", path, mira, headers={"Range": asked})
        assert (part.status, part.content) == (206, expected), asked
    beyond = await api("GET", path, mira, headers={"Range": f"bytes={size}-"})
    assert (beyond.status, beyond.code) == (416, "range_not_satisfiable")
    assert beyond.headers["Content-Range"] == f"bytes */{size}"
    assert (await api("GET", path, mira, headers={"Range": "bytes=0-1,3-4"})).status == 200
    tag = whole.headers["ETag"]
    assert (await api("GET", path, mira, headers={"If-None-Match": tag})).status == 304
    stored = whole.headers["Last-Modified"]
    before = format_datetime(parsedate_to_datetime(stored) - timedelta(seconds=1), usegmt=True)
    for conditions, status in (
        ({"If-Modified-Since": stored}, 304),
        ({"If-Modified-Since": before}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": stored, "If-None-Match": '"other"'}, 200),
    ):
        for method in ("GET", "HEAD"):
            assert (await api(method, path, mira, headers=conditions)).status == status, conditions
    for asked in ({}, {"Range": "bytes=0-3"}, {"Range": f"bytes={size}-"}):
        head = await api("HEAD", path, mira, headers=asked)
        assert (head.status, head.content, head.headers["Content-Length"]) == (200, b"", str(size))


async def test_a_file_in_a_post_stays(api: Api) -> None:
    mira = await api.join("mira")
    post = await api.post(mira)
    reply = await api("DELETE", f"/files/{post['media'][0]['id']}", mira)
    assert (reply.status, reply.code) == (409, "in_use")
    loose = await api.upload(mira)
    assert (await api("DELETE", f"/files/{loose['id']}", mira)).status == 204
    assert (await api("GET", f"/files/{loose['id']}", mira)).status == 404


# For administrators


async def test_administrators_see_numbers_and_dead_jobs(api: Api) -> None:
    admin = await api.join("anna", role="admin", scopes=["read", "admin"])
    assert (await api.ok("GET", "/admin/overview", admin))["people"] == 1
    assert (await api.ok("GET", "/admin/jobs", admin))["items"] == []
    assert (await api("POST", f"/admin/jobs/{NOWHERE}/retry", admin)).status == 404
