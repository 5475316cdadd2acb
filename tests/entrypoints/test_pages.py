"""Pages and forms as a browser without scripts meets them: read the page, fill the form in, follow the answer."""

import ast
import asyncio
import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiohttp
import pytest
from yarl import URL

from adapters.filesystem import takeouts
from adapters.pillow.images import REASONS
from domain.files import Crop
from domain.ports import TryAgain
from entrypoints import requests
from entrypoints.api.openapi import describe
from entrypoints.errors import CODES
from entrypoints.web import site
from entrypoints.web.help_pages import EXPLANATIONS
from entrypoints.web.shots import Shot, crop_of, in_positions, read_free
from tests.browsing import Browser, Page, a_post, check_markup, flash
from tests.conftest import PASSWORD, Server, a_jpeg, join, settle

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>' onload='x {{ 7*7 }} javascript:alert(1)"


# The journey


async def test_everything_a_member_does_works_without_scripts(browse, server):
    ada = await browse("ada")
    post = await a_post(ada)

    mira = await browse()
    page = await mira.get("/register")
    page = await mira.send(page, "/register", username="mira", password=PASSWORD)
    assert page.path == "/welcome"
    assert "Welcome" in flash(page)
    page = await mira.send(page, "/welcome", display_name="Mira")
    assert page.path == "/welcome/people"
    page = await mira.get("/")
    await mira.send(page, "/logout")
    page = await mira.send(await mira.get("/login"), "/login", username="mira", password=PASSWORD)
    assert page.path == "/"

    page = await mira.send(await mira.get("/@ada"), "/@ada/follow")
    assert page.path == "/@ada"
    assert page.form("/@ada/unfollow")
    page = await mira.get("/")
    assert post in {urlsplit(link).path for link in page.links()}

    page = await mira.send(page, f"{post}/like")
    assert page.path == "/"
    assert page.form(f"{post}/unlike")
    page = await mira.send(await mira.get(post), f"{post}/save")
    assert post in {urlsplit(link).path for link in (await mira.get("/@mira/saved")).links()}
    page = await mira.send(page, f"{post}/comments", text="What a light.")
    assert page.path == post
    assert "What a light." in page.words
    assert "What a light." in (await ada.get(post)).words

    own = await a_post(mira, caption="Mine", alt="A slope in teal")
    page = await mira.get(own)
    assert "A slope in teal" in {image.get("alt") for image in page.all("img")}

    page = await mira.get("/settings/profile")
    page = await mira.send(page, "/settings/profile", bio="Up before the light.")
    assert flash(page) == "Saved."
    assert "Up before the light." in (await ada.get("/@mira")).words
    assert flash(await mira.get("/settings/profile")) == ""

    page = await mira.send(page, "/logout")
    assert page.path == "/"
    assert (await mira.get("/settings/profile")).path == "/login?next=/settings/profile"


async def test_deleting_a_post_asks_first_and_says_so_afterwards(browse):
    mira = await browse("mira")
    post = await a_post(mira)
    page = await mira.get(f"{post}/delete")
    assert (await mira.get(post)).status == 200
    page = await mira.send(page, f"{post}/delete")
    assert page.path == "/@mira"
    assert flash(page) == "Post deleted."
    assert (await mira.get(post)).status == 410


async def test_comments_are_answered_liked_changed_and_deleted(browse):
    mira = await browse("mira")
    post = await a_post(mira)
    page = await mira.send(await mira.get(post), f"{post}/comments", text="First")
    answer = next(link for link in page.links() if "reply_to=" in link)
    page = await mira.send(await mira.get(answer), f"{post}/comments", text="Second")
    assert page.html.index("First") < page.html.index("Second")
    assert 'class="comment reply"' in page.html
    page = await mira.send(page, "/comments/[^/]+/like")
    assert "1 like" in page.words
    edit = next(link["href"] for link in page.all("a") if re.fullmatch("/comments/.+/edit", link["href"]))
    page = await mira.send(await mira.get(edit), "/comments/[^/]+/edit", text="")
    assert page.status == 422
    page = await mira.send(page, "/comments/[^/]+/edit", text="Changed")
    assert "Changed" in page.words
    page = await mira.send(await mira.get(edit.replace("/edit", "/delete")), "/comments/[^/]+/delete")
    assert flash(page) == "Comment deleted."
    assert "No comments yet." in page.words


async def test_a_new_comment_is_seen_also_where_there_are_many(browse, server):
    mira = await browse("mira")
    post = await a_post(mira)
    me = await server.program.people._reads.by_name(None, "mira")
    for n in range(40):
        await server.program.commenting.add(me[0].id, UUID(post[3:]), f"Word {n} said")
    page = await mira.send(await mira.get(post), f"{post}/comments", text="The newest word")
    assert "The newest word" in page.words
    assert "Word 39 said" in page.words
    assert "Word 5 said" not in page.words
    earlier = next(link for link in page.links() if "cursor=" in link)
    assert "Word 5 said" in (await mira.get(earlier)).words


async def test_a_post_page_loads_itself_again_until_its_pictures_are_there(browse, server, sql):
    mira = await browse("mira")
    page = await mira.send(await mira.get("/new"), "/new", files=[("a.jpg", a_jpeg())], button=("do", "add"))
    post = await mira.send(page, "/new", button=("do", "anyway"))

    def reloads(page: Page) -> list[str | None]:
        return [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "refresh"]

    assert reloads(post) == ["3"]
    assert "Processing" in post.words
    for elsewhere in ("/", "/@mira", "/explore", f"{post.path}/edit", f"{post.path}/likes"):
        assert reloads(await mira.get(elsewhere)) == [], elsewhere
    # What somebody is writing is not taken from them.
    page = await mira.send(post, f"{post.path}/comments", text="First")
    assert reloads(await mira.get(next(link for link in page.links() if "reply_to=" in link))) == []
    assert reloads(await mira.send(page, f"{post.path}/comments", text="x" * 1_001)) == []
    await sql.execute("UPDATE files SET state = 'failed', error_code = 'damaged', error_detail = ''")
    await settle(server.program)
    assert reloads(await mira.get(post.path)) == []


async def test_the_author_learns_why_a_photo_failed_and_tries_it_again(browse, server, data_dir):
    mira, ada = await browse("mira"), await browse("ada")
    page = await mira.send(await mira.get("/new"), "/new", files=[("a.jpg", a_jpeg())], button=("do", "add"))
    post = (await mira.send(page, "/new", button=("do", "anyway"))).path
    [original] = (data_dir / "media").glob("photos/*/original")
    original.write_bytes(b"no picture any more")
    await settle(server.program)
    reason = "taken here: JPEG, PNG, WebP, GIF, AVIF, HEIC."
    for path in (post, f"{post}/edit", "/settings/data"):
        page = await mira.get(path)
        assert reason in page.words, path
        check_markup(page)
        again = await mira.send(page, "/files/.+/retry")
        assert again.path == path
        assert flash(again) == "The photo is processed again."
        assert not [form for form in again.forms if form.action.endswith("/retry")]
        late = await mira.send(page, "/files/.+/retry")
        assert flash(late) == "Only a failed file can be tried again."
        await settle(server.program)
    page = await ada.get(post)
    assert "Photo not available" in page.words
    assert "processed" not in page.words
    assert reason not in page.words
    original.write_bytes(a_jpeg())
    await mira.send(await mira.get(post), "/files/.+/retry")
    await settle(server.program)
    assert "/m/" in (await ada.get(post)).html


# Compose


async def test_good_files_are_kept_and_bad_ones_named(browse):
    mira = await browse("mira")
    page = await mira.get("/new")
    files = [("a.jpg", a_jpeg()), ("b.jpg", b"not a picture"), ("huge.jpg", b"x" * (20 * 2**20 + 1))]
    page = await mira.send(page, "/new", files=files, button=("do", "add"), caption="Kept")
    fields = dict(page.form("/new").fields)
    assert page.status == 200
    assert fields["caption"] == "Kept"
    assert len([name for name, _ in page.form("/new").fields if name == "photo"]) == 1
    assert re.search(r"b\.jpg</bdi>: This is none of the kinds", page.html)
    assert re.search(r"huge\.jpg</bdi>: .*20 MB", page.html)
    # A form that takes one file says it as well, however much too large that is.
    page = await mira.get("/settings/profile")
    page = await mira.send(page, "/settings/avatar", files=[("huge.jpg", b"x" * (54 * 2**20))])
    assert page.status == 422
    assert page.form("/settings/avatar")
    assert "This file is larger than 20 MB, which is the limit." in page.words


async def test_a_picture_that_was_uploaded_before_is_called_so(browse):
    mira = await browse("mira")
    for said in (False, True):
        page = await mira.get("/new")
        page = await mira.send(page, "/new", files=[("a.jpg", a_jpeg())], button=("do", "add"))
        assert ("You uploaded this picture before." in page.words) is said
        assert "Being processed. You can post already." in page.words


@pytest.mark.settings(quota_mb=3)
async def test_the_room_that_is_left_is_told_before_choosing(browse, sql):
    mira = await browse("mira")
    assert "3 MB of your 3 MB are free." in (await mira.get("/new")).words
    await a_post(mira)
    await sql.execute("UPDATE files SET size = 1600000")
    assert "1.4 MB of your 3 MB are free." in (await mira.get("/new")).words
    assert "They take 1.5 MB of your 3 MB; 1.4 MB are free." in (await mira.get("/settings/data")).words


async def test_originals_are_loaded_and_unused_ones_removed(browse, sql):
    mira = await browse("mira")
    post = await a_post(mira)
    await mira.send(await mira.get("/new"), "/new", files=[("loose.jpg", a_jpeg())], button=("do", "add"))
    page = await mira.get("/settings/data")
    assert post in {urlsplit(link).path for link in page.links()}
    assert len([form for form in page.forms if form.action.endswith("/remove")]) == 1
    page = await mira.send(page, "/files/.+/remove")
    assert page.path == "/settings/data"
    assert flash(page) == "The file is removed."
    assert "loose.jpg" not in page.words
    # In a post it stays, also for whoever puts the address together.
    used = await sql.fetchval("SELECT id FROM files")
    changed = page.html.replace("/settings/delete", f"/files/{used}/remove")
    await mira.send(Page(page.url, 200, changed, page.headers), f"/files/{used}/remove")
    assert await sql.fetchval("SELECT count(*) FROM files") == 1
    originals = next(link for link in (await mira.get(post)).links() if link.endswith("/originals"))
    page = await mira.get(originals)
    assert "ridges.jpg" in page.words
    check_markup(page)
    [original] = [link for link in page.links() if link.endswith("/content")]
    async with mira.session.get(original) as answer:
        assert await answer.read() == a_jpeg()


@pytest.mark.settings(relax_loopback=False)
async def test_each_file_of_a_large_form_counts_once(browse):
    mira = await browse("mira")
    page = await mira.get("/new")
    files = [(f"{n}.jpg", b"not a picture" * 10_000) for n in range(10)]
    for _ in range(3):
        page = await mira.send(page, "/new", files=files, button=("do", "add"))
        assert page.html.count("</bdi>: This is none of the kinds") == 10
    page = await mira.send(page, "/new", files=files, button=("do", "add"))
    assert page.status == 429


async def test_photos_are_ordered_cut_and_removed(browse, server):
    mira = await browse("mira")
    page = await mira.get("/new")
    files = [(f"{n}.jpg", a_jpeg(300 + n, 200)) for n in range(3)]
    page = await mira.send(page, "/new", files=files, button=("do", "add"))
    first, second, third = (value for name, value in page.form("/new").fields if name == "photo")
    page = await mira.send(page, "/new", button=("do", f"remove:{second}"))
    assert [value for name, value in page.form("/new").fields if name == "photo"] == [first, third]
    changes = {
        f"alt-{first}": "First",
        f"alt-{third}": "Third",
        f"position-{third}": "1",
        f"ratio-{third}": "1:1",
        f"part-{third}": "4",
        f"turn-{third}": "90",
        "place": "Bergen",
        "audience": "followers",
        "comments": None,
    }
    page = await mira.send(page, "/new", button=("do", "post"), **changes)
    await settle(server.program)
    me = await server.program.people._reads.by_name(None, "mira")
    post = await server.program.feeds.post(me[0].id, UUID(page.path[3:]))
    assert [photo.alt for photo in post.media] == ["Third", "First"]
    assert post.media[0].width == post.media[0].height
    assert (post.place.name, post.audience, post.comments) == ("Bergen", "followers", False)


async def test_what_was_uploaded_is_shown_at_once_where_jobs_run(browse, server):
    mira = await browse("mira")
    working = asyncio.create_task(server.program.runner.run())
    try:
        page = await mira.get("/new")
        page = await mira.send(page, "/new", files=[("a.jpg", a_jpeg())], button=("do", "add"))
        shown = next(image["src"] for image in page.all("img") if image.get("class") == "im")
        assert (await mira.get(shown)).status == 200
    finally:
        await server.program.runner.stop()
        await working


async def test_a_photo_without_description_is_asked_about_once(browse):
    mira = await browse("mira")
    page = await mira.send(await mira.get("/new"), "/new", files=[("a.jpg", a_jpeg())], button=("do", "add"))
    page = await mira.send(page, "/new", button=("do", "post"), caption="Words stay")
    assert page.status == 422
    assert "1 photo has no description." in page.words
    assert dict(page.form("/new").fields)["caption"] == "Words stay"
    page = await mira.send(page, "/new", button=("do", "anyway"))
    assert page.path.startswith("/p/")


async def test_a_form_that_is_sent_twice_makes_one_post(browse):
    mira = await browse("mira")
    page = await mira.send(await mira.get("/new"), "/new", files=[("a.jpg", a_jpeg())], button=("do", "add"))
    one = await mira.send(page, "/new", button=("do", "anyway"))
    other = await mira.send(page, "/new", button=("do", "anyway"))
    assert one.path == other.path


async def test_a_post_is_edited_with_all_its_parts(browse):
    mira = await browse("mira")
    post = await a_post(mira, place="Bergen")
    page = await mira.get(f"{post}/edit")
    stale = page
    alt = next(name for name, _ in page.form(f"{post}/edit").fields if name.startswith("alt-"))
    page = await mira.send(page, f"{post}/edit", caption="New words", place="", **{alt: "New alt"})
    assert flash(page) == "Changes saved."
    assert "New words" in page.words
    assert "Bergen" not in page.words
    assert "New alt" in {image.get("alt") for image in page.all("img")}
    page = await mira.send(stale, f"{post}/edit", caption="Too late")
    assert page.status == 412
    assert dict(page.form(f"{post}/edit").fields)["caption"] == "Too late"
    page = await mira.send(await mira.get(f"{post}/edit"), f"{post}/edit", caption="x" * 2_201)
    assert page.status == 422
    assert page.html.count('aria-invalid="true"') == 1


async def test_what_the_database_undoes_in_a_form_with_files_is_done_again(browse, server, monkeypatch):
    def undone_once(use_cases: Any, name: str) -> None:
        real, tries = getattr(use_cases, name), iter([TryAgain("deadlock")])

        async def act(*arguments: Any) -> Any:
            for error in tries:
                raise error
            return await real(*arguments)

        monkeypatch.setattr(use_cases, name, act)

    undone_once(server.program.accounts, "set_avatar")
    undone_once(server.program.uploading, "remove")
    mira = await browse("mira")
    page = await mira.get("/settings/profile")
    page = await mira.send(page, "/settings/avatar", files=[("me.jpg", a_jpeg())])
    assert flash(page) == "Your picture is changed."
    page = await mira.send(await mira.get("/new"), "/new", files=[("a.jpg", a_jpeg())], button=("do", "add"))
    photo = dict(page.form("/new").fields)["photo"]
    page = await mira.send(page, "/new", button=("do", f"remove:{photo}"))
    assert page.status == 200
    assert "photo" not in dict(page.form("/new").fields)


@pytest.mark.parametrize(
    ("ratio", "part", "turn", "expected"),
    [
        ("original", "5", "0", None),
        ("original", "1", "180", Crop(rotate=180)),
        ("1:1", "4", "0", Crop(0, 0, 0.5, 1)),
        ("1:1", "5", "0", Crop(0.25, 0, 0.5, 1)),
        ("1:1", "9", "0", Crop(0.5, 0, 0.5, 1)),
        ("1:1", "3", "90", Crop(0, 0, 1, 0.5, 90)),
        ("1:1", "7", "90", Crop(0, 0.5, 1, 0.5, 90)),
    ],
)
def test_the_crop_is_the_largest_part_at_the_chosen_ninth(ratio, part, turn, expected):
    assert crop_of(400, 200, ratio, part, turn) == expected


@pytest.mark.parametrize(
    ("crop", "choices"),
    [
        (None, ("original", "5", "0", "")),
        (Crop(rotate=180), ("original", "5", "180", "")),
        (Crop(0.25, 0, 0.5, 1), ("1:1", "5", "0", "")),
        (Crop(0, 0.5, 1, 0.5, 90), ("1:1", "7", "90", "")),
        (Crop(0.1, 0.2, 0.3, 0.4, 90), ("free", "5", "90", "0.1,0.2,0.3,0.4")),
    ],
)
def test_a_cut_is_shown_as_the_choices_that_lead_to_it(crop, choices):
    shot = Shot.cut_as(SimpleNamespace(facts={}, width=400, height=200), "", crop)
    assert (shot.ratio, shot.part, shot.turn, shot.free) == choices
    assert shot.crop == crop


@pytest.mark.parametrize("text", ["", "1,2", "0,0,nan,1", "0,0,2,1", "0.9,0,0.2,1", "a,b,c,d", "0,0,0.001,1"])
def test_a_part_that_cannot_be_cut_is_none(text):
    assert read_free(text, "0") is None


def test_moved_photos_get_their_places_and_the_others_close_ranks():
    def order(**wanted: str) -> str:
        class Visit:
            text = staticmethod(lambda name: wanted.get(name.removeprefix("position-"), ""))

        class Photo:
            def __init__(self, id: str) -> None:
                self.id = id

        return "".join(photo.id for photo in in_positions(Visit(), [Photo(c) for c in "abcd"]))

    assert order() == "abcd"
    assert order(a="4", b="2", c="3", d="4") == "bcda"
    assert order(d="1") == "dabc"
    assert order(a="2", b="1") == "bacd"
    assert order(a="99", b="x", c="-1") == "bcda"


# Coming back after an error


def _paths_of(server: Server, method: str) -> set[str]:
    return {
        route.path
        for route in server.app.router.routes
        if method in route.methods and route.name.split(".")[1].startswith("pages")
    }


async def test_whoever_loads_the_address_of_a_form_finds_the_page_that_has_it(browse, server):
    assert len(_paths_of(server, "POST")) > 20
    assert _paths_of(server, "POST") <= _paths_of(server, "GET")
    mira = await browse("mira")
    post = await a_post(mira)
    page = await mira.send(await mira.get(post), f"{post}/comments", text="First")
    comment = re.search(r'id="(comment-[^"]+)"', page.html)[1]
    id = comment.removeprefix("comment-")
    for path, found in [
        ("/settings/avatar", "/settings/profile"),
        ("/settings/avatar/remove", "/settings/profile"),
        (f"/settings/tokens/{id}/revoke", "/settings/tokens"),
        ("/settings/delete", "/settings/data"),
        ("/settings/hide", "/settings/data"),
        ("/logout", "/"),
        (f"{post}/like", post),
        (f"{post}/unsave", post),
        (f"{post}/comments", post),
        (f"/comments/{id}/like", post),
        ("/@mira/follow", "/@mira"),
        ("/@mira/unmute", "/@mira"),
    ]:
        page = await mira.get(path)
        assert (page.status, page.path) == (200, found), path
    guest = await browse()
    hidden = await a_post(mira, audience="only_me")
    assert (await guest.get(f"{hidden}/like")).status == 404
    assert (await guest.get("/settings/avatar")).path == "/login?next=/settings/profile"


# Trust


async def _snapshot(sql: Any) -> list[Any]:
    tables = (
        "users",
        "posts",
        "likes",
        "saves",
        "comments",
        "follows",
        "blocks",
        "mutes",
        "sessions",
        "tokens",
    )
    return [await sql.fetchval(f"SELECT count(*) FROM {table}") for table in tables]


async def test_forms_without_proof_or_from_another_site_change_nothing(browse, sql):
    ada, mira = await browse("ada"), await browse("mira")
    post = await a_post(ada)
    stranger = await browse()
    theirs = dict((await stranger.get("/login")).form("/login").fields)["csrf"]
    paths = [
        f"{post}/like", f"{post}/save", f"{post}/comments", "/@ada/follow", "/@ada/block", "/@ada/mute", "/new",
        f"{post}/edit", f"{post}/delete", "/logout", "/login", "/register", "/requests", "/settings/profile",
        "/settings/account", "/settings/password", "/settings/privacy", "/settings/security", "/settings/tokens",
        "/settings/delete", "/settings/hide", "/come-back", "/settings/avatar/remove",
    ]  # fmt: skip
    own = dict((await mira.get("/settings/privacy")).form("/settings/privacy").fields)["csrf"]
    before = await _snapshot(sql)
    fields = {"text": "x", "username": "eve", "password": PASSWORD, "private": "1", "session": "others"}
    for path in paths:
        for token, headers in [
            (None, {}),
            ("", {}),
            ("0" * 64, {}),
            (theirs, {}),
            (own, {"Origin": "https://evil.example"}),
            (own, {"Origin": "null"}),
        ]:
            data = fields if token is None else {**fields, "csrf": token}
            page = await mira.ask("POST", path, data=data, headers=headers)
            assert page.status == 403, (path, token, headers)
    assert await _snapshot(sql) == before


async def test_a_token_of_a_program_opens_no_page(server, client):
    member = await join(server.program, "mira", scopes=["read"])
    async with client.get(
        "/settings/profile", headers={**member.headers, "Accept": "text/html"}, allow_redirects=False
    ) as response:
        assert response.status == 303
        assert response.headers["Location"].startswith("/login")


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
     "https:evil.example", "http://[", "/\t/evil.example", "/x\r\nSet-Cookie: a=b", "evil.example", ""],
)  # fmt: skip
async def test_ways_back_never_leave_the_site(browse, server, target):
    assert site.safe_path(target) == "/"
    mira = await browse()
    await join(server.program, "mira")
    page = await mira.get("/login", params={"next": target})
    page = await mira.send(page, "/login", username="mira", password=PASSWORD, next=target)
    assert page.path == "/"
    page = await mira.send(await mira.get("/@mira"), "/logout", back=target)
    assert page.path == "/"


async def test_signing_in_leads_on_to_where_one_wanted_to_go(browse, server):
    await join(server.program, "mira")
    mira = await browse()
    page = await mira.get("/settings/tokens")
    assert page.path.startswith("/login")
    page = await mira.send(page, "/login", username="mira", password=PASSWORD)
    assert page.path == "/settings/tokens"


async def test_the_front_page_is_a_door_for_guests_and_the_feed_of_members(browse):
    mira, guest = await browse("mira"), await browse()
    post = await a_post(mira, audience="only_me")
    for _reload in range(2):
        assert f'href="{post}"' in (await mira.get("/")).html
    assert "Your photos, your people, your server." in (await guest.get("/")).words
    page = await mira.send(await mira.get("/"), "/logout")
    assert flash(page) == "You are signed out."
    assert "Your photos, your people, your server." in page.words
    assert f'href="{post}"' not in page.html


async def test_controls_are_their_owners_alone(browse):
    mira, ada, guest = await browse("mira"), await browse("ada"), await browse()
    post = await a_post(mira)
    controls = {"/settings/profile", *(f"{post}/{act}" for act in ("edit", "delete", "originals"))}

    async def seen(browser: Browser) -> set[str]:
        pages = [await browser.get("/@mira"), await browser.get(post)]
        return {urlsplit(link).path for page in pages for link in page.links()} & controls

    assert await seen(mira) == controls
    assert await seen(ada) == set()
    assert await seen(guest) == set()


async def test_explore_is_fresh_or_popular_for_guests_too(browse):
    mira, ada, guest = await browse("mira"), await browse("ada"), await browse()
    old, new = await a_post(mira), await a_post(mira)
    await ada.send(await ada.get(old), f"{old}/like")
    for path, first, second in (("/explore", new, old), ("/explore?sort=popular", old, new)):
        page = (await guest.get(path)).html
        assert page.index(f'href="{first}"') < page.index(f'href="{second}"'), path


async def test_explore_finds_people_tags_and_places_by_how_they_begin(browse):
    ada, guest = await browse("ada"), await browse()
    await a_post(ada, caption="#adagio", place="Adare")
    await a_post(ada, caption="#adrift", place="Adelaide", audience="only_me")
    page = await guest.get("/explore?q=ad")
    for found in ("/@ada", "/tags/adagio", "/places/"):
        assert f'href="{found}' in page.html
    assert "Adare" in page.words
    assert "adrift" not in page.html
    assert "Adelaide" not in page.html
    assert "begins like this" in (await guest.get("/explore?q=zz")).words


async def test_signing_in_always_makes_a_new_session(browse, server, sql):
    mira = await browse("mira")
    before = {cookie.key: cookie.value for cookie in mira.session.cookie_jar}["hg_session"]
    await mira.send(await mira.get("/"), "/logout")
    mira.session.cookie_jar.update_cookies({"hg_session": before}, URL(server.url))
    await mira.sign_in("mira")
    after = {cookie.key: cookie.value for cookie in mira.session.cookie_jar}["hg_session"]
    assert after != before


async def test_what_people_write_stays_text_on_every_page(browse, server):
    mira = await browse("mira")
    await mira.send(
        await mira.get("/settings/profile"), "/settings/profile", display_name=HOSTILE[:50], bio=HOSTILE,
        place=HOSTILE[:60],
    )  # fmt: skip
    post = await a_post(mira, caption=f"{HOSTILE} #tag", alt=HOSTILE, place=HOSTILE[:80])
    page = await mira.send(await mira.get(post), f"{post}/comments", text=HOSTILE)
    await mira.send(
        await mira.get("/settings/tokens"), "/settings/tokens", name=HOSTILE[:80], password=PASSWORD
    )
    seen = 0
    for path in await crawl(mira, limit=60):
        page = await mira.get(path)
        seen += "alert(1)" in page.html
        check_markup(page)
    assert seen >= 8
    page = await mira.get("/register?invite=" + HOSTILE)
    check_markup(await (await browse()).get("/login", params={"next": "/" + HOSTILE, "username": HOSTILE}))
    check_markup(page)


async def crawl(browser: Browser, *, limit: int = 400) -> list[str]:
    """Every page that links lead to, from home on. Each answers."""
    waiting, known, pages = ["/"], {"/"}, []
    while waiting and len(pages) < limit:
        path = waiting.pop(0)
        page = await browser.get(path)
        assert page.status < 400, (path, page.status)
        if not page.headers["Content-Type"].startswith("text/html"):
            continue
        pages.append(path)
        links = {urlsplit(link)._replace(scheme="", netloc="").geturl() for link in page.links()}
        waiting += sorted(links - known)
        known |= links
    return pages


async def test_no_link_is_dead_and_every_page_is_well_formed(browse, server):
    ada, mira = await browse("ada"), await browse("mira")
    for n in range(14):
        await a_post(ada, caption=f"Number {n} #dawn #설악산 with @mira", place="Røst / Værøy")
    await a_post(mira, audience="only_me")
    for path in ("/@ada/follow", "/@ada/mute"):
        await mira.send(await mira.get("/@ada"), path)
    await mira.send(await mira.get("/@ada"), "/@ada/unmute")
    await mira.send(await mira.get("/settings/privacy"), "/settings/privacy", private="1")
    await ada.send(await ada.get("/@mira"), "/@mira/follow")
    page = await mira.get("/")
    assert re.search(r'href="/requests".*?badge">(\d+)', page.html, re.DOTALL)[1] == "1"
    paths = await crawl(mira)
    kinds = [
        "/explore",
        "/new",
        "/requests",
        "/notifications",
        "/settings/tokens",
        "/@ada/followers",
        "/tags/dawn",
        "/docs/errors",
    ]
    assert set(kinds) <= set(paths)
    assert [path for path in paths if path.startswith("/places/")]
    assert [path for path in paths if path.startswith("/?cursor=")]
    for path in paths:
        check_markup(await mira.get(path))
    guest = await browse()
    for path in await crawl(guest):
        check_markup(await guest.get(path))


async def test_responses_hold_nothing_that_the_security_policy_forbids(browse):
    mira = await browse("mira")
    for path in ("/", "/explore", "/new", "/settings", "/nothing-here", "/@mira"):
        page = await mira.get(path)
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert not re.search(r'\s(style|on[a-z]+)="', page.html)
    assert "Your account" in (await mira.get("/nothing-here")).html


# Who sees what


async def test_a_private_profile_shows_nothing_to_others(browse, server):
    ada, mira, guest = await browse("ada"), await browse("mira"), await browse()
    post = await a_post(mira, caption="CANARY", alt="CANARY", place="CANARY")
    await mira.send(await mira.get("/settings/privacy"), "/settings/privacy", private="1")
    for browser in (ada, guest):
        page = await browser.get("/@mira")
        assert page.status == 200
        assert "This account is private" in page.words
        assert not re.search(r"\d posts?\b", page.words), "how many there are is not said"
        for path in ("/@mira", "/explore", "/", "/tags/canary", "/@mira/followers", post, f"{post}/likes"):
            assert "CANARY" not in (await browser.get(path)).html.replace("#canary", "")
        assert (await browser.get(post)).status == 404
        for path in ("/@mira/followers", "/@mira/following?q=m", "/@mira/places"):
            page = await browser.get(path)
            assert "This account is private" in page.words
            assert "user-list" not in page.html
        assert not [link for link in page.links() if link.endswith(("/followers", "/following"))]
    assert 'name="robots" content="noindex"' in (await ada.get("/@mira")).html


async def test_a_profile_counts_and_shows_its_photos(browse):
    ada, mira = await browse("ada"), await browse("mira")
    posts = {await a_post(mira) for _ in range(2)}
    page = await ada.send(await ada.get("/@mira"), "/@mira/follow")
    words = " ".join(page.words.split())
    assert "2 posts 1 follower 0 following" in words
    assert posts <= {urlsplit(link).path for link in page.links()}
    assert len([image for image in page.all("img") if image.get("class") == "im"]) == 2


async def test_a_post_page_shows_all_of_the_post(browse):
    mira = await browse("mira")
    post = await a_post(mira, caption="First light #dawn", alt="Ridges under a low sun", place="Bergen")
    page = await mira.send(await mira.get(post), f"{post}/like", back=post)
    for part in ("Photo by mira", "First light", "Bergen", "1 like"):
        assert part in " ".join(page.words.split()), part
    assert "Ridges under a low sun" in {image.get("alt") for image in page.all("img")}
    leads_to = {urlsplit(link).path for link in page.links()}
    assert {"/@mira", "/tags/dawn", f"{post}/likes", f"{post}/edit", f"{post}/delete"} <= leads_to
    assert page.form(f"{post}/comments")


async def test_a_post_page_leads_to_more_by_its_author(browse):
    mira = await browse("mira")
    first = await a_post(mira)
    assert "More by mira" not in (await mira.get(first)).words
    second = await a_post(mira, audience="only_me")
    page = await mira.get(first)
    assert "More by mira" in page.words
    assert second in {urlsplit(link).path for link in page.links()}
    guest = await browse()
    page = await guest.get(first)
    assert "More by mira" not in page.words
    assert second not in page.html


async def test_the_feed_says_what_was_there_at_the_visit_before(browse, server, sql):
    mira = await browse("mira")
    await a_post(mira, caption="old harbour")
    await settle(server.program)
    await mira.get("/")
    await sql.execute("UPDATE home_visits SET began_at = began_at - interval '1 hour'")
    await a_post(mira, caption="new harbour")
    await settle(server.program)
    for _ in range(2):
        page = await mira.get("/")
        assert re.search(r"new harbour.*You have seen everything below.*old harbour", page.words, re.DOTALL)


async def test_a_card_has_the_two_newest_comments_and_a_form(browse):
    mira = await browse("mira")
    post = await a_post(mira)
    page = await mira.get("/")
    for number in ("One", "Two", "Three"):
        page = await mira.send(page, f"{post}/comments", text=f"Word {number}")
        assert page.path == "/"
    words = " ".join(page.words.split())
    assert "Word One" not in words
    assert "Show all 3 comments" in words
    assert words.index("Word Two") < words.index("Word Three")


async def test_a_block_hides_both_ways_and_can_be_undone(browse):
    ada, mira = await browse("ada"), await browse("mira")
    post = await a_post(mira)
    noor = await browse("noor")
    shared = await a_post(noor)
    await ada.send(await ada.get(shared), f"{shared}/comments", text="Hello")
    asked = await mira.get("/@ada/block")
    assert "Unblocking does not bring that back." in asked.words
    assert "/@ada/block" in (await mira.get("/@ada")).html
    page = await mira.send(asked, "/@ada/block")
    assert page.path == "/@ada"
    assert "You blocked this person." in page.words
    assert (await ada.get("/@mira")).status == 404
    assert (await ada.get(post)).status == 404
    # The counter is the same for everybody, the list is not.
    assert "None of the comments is for you to see." in (await mira.get(shared)).words
    assert "Hello" in (await noor.get(shared)).words
    page = await mira.send(await mira.get("/settings/privacy"), "/@ada/unblock")
    assert page.path == "/settings/privacy"
    assert (await ada.get("/@mira")).status == 200


async def test_saved_and_liked_are_for_their_owner(browse):
    ada, mira, guest = await browse("ada"), await browse("mira"), await browse()
    post = await a_post(ada)
    for tab, act in (("saved", "save"), ("liked", "like")):
        await mira.send(await mira.get(post), f"{post}/{act}")
        assert f'href="{post}"' in (await mira.get(f"/@mira/{tab}")).html
        await mira.send(await mira.get(post), f"{post}/un{act}")
        assert f'href="{post}"' not in (await mira.get(f"/@mira/{tab}")).html
        assert (await ada.get(f"/@mira/{tab}")).status == 404
        assert (await guest.get(f"/@mira/{tab}")).status == 404


async def test_requests_are_answered_one_by_one_or_together(browse):
    mira = await browse("mira")
    await mira.send(await mira.get("/settings/privacy"), "/settings/privacy", private="1")
    for name in ("ada", "bea", "cleo"):
        asker = await browse(name)
        page = await asker.send(await asker.get("/@mira"), "/@mira/follow")
        assert flash(page) == "Request sent to @mira."
    page = await mira.get("/requests")
    csrf = dict(page.form("/requests").fields)["csrf"]
    for answer, said in [("accept", "@ada follows you now."), ("decline", "declined the request of @bea")]:
        name = re.search("@(ada|bea)", said)[1]
        page = await mira.ask("POST", "/requests", data={"csrf": csrf, "answer": answer, "username": name})
        assert said in flash(page)
    page = await mira.ask("POST", "/requests", data={"csrf": csrf, "answer": "all"})
    assert "No requests." in page.words
    assert {"/@ada", "/@cleo"} <= {
        urlsplit(link).path for link in (await mira.get("/@mira/followers")).links()
    }


async def test_public_posts_introduce_themselves_to_other_sites(browse, server, monkeypatch):
    settings = server.app.ctx.settings
    unnamed = await (await browse()).get(await a_post(await browse("noor")))
    # Without a configured address the request's own would stand there, which anybody can choose.
    assert "og:" not in unnamed.html
    assert "canonical" not in unnamed.html
    named = settings.model_copy(update={"public_url": server.url})
    monkeypatch.setattr(server.app.ctx, "settings", named)
    mira, guest = await browse("mira"), await browse()
    public = await a_post(mira, caption="Ridges  at\ndawn", alt="Blue ridges")
    for browser in (guest, mira):
        page = await browser.get(public)
        meta = {each.get("property"): each.get("content") for each in page.all("meta")}
        assert meta["og:title"] == "Photo by mira"
        assert meta["og:description"] == "Ridges at dawn"
        assert meta["og:image"].startswith(f"{server.url}/m/")
        assert meta["og:image"].endswith(".jpg")
        assert meta["og:image:alt"] == "Blue ridges"
    hidden = await a_post(mira, audience="followers")
    page = await mira.get(hidden)
    assert "og:" not in page.html
    assert 'content="noindex"' in page.html


async def test_pictures_on_pages_need_no_grants(browse):
    mira, guest = await browse("mira"), await browse()
    post = await a_post(mira, audience="only_me")
    page = await mira.get(post)
    assert "?g=" not in page.html
    picture = next(image["src"] for image in page.all("img") if image.get("class") == "im")
    assert (await mira.get(picture)).status == 200
    assert (await guest.get(picture)).status == 404


# Joining, signing in, settings


async def test_a_refused_form_keeps_what_was_typed_and_says_where_it_is_wrong(browse):
    guest = await browse()
    page = await guest.send(
        await guest.get("/register"), "/register", username="a b", email="nobody", display_name="Mira",
        password="short",
    )  # fmt: skip
    assert page.status == 422
    fields = dict(page.form("/register").fields)
    assert (fields["username"], fields["email"]) == ("a b", "nobody")
    assert fields["password"] == ""
    invalid = {each.get("name") for each in page.all("input") if each.get("aria-invalid") == "true"}
    assert invalid == {"username", "email", "password"}
    ids = {each.get("id") for _, each in page.elements}
    pointed = {each["href"][1:] for each in page.all("a") if (each.get("href") or "").startswith("#f-")}
    assert pointed == {"f-username", "f-email", "f-password"}
    assert pointed <= ids


async def test_a_taken_name_is_told_beside_its_field(browse, server):
    await join(server.program, "mira")
    guest = await browse()
    page = await guest.send(await guest.get("/register"), "/register", username="Mira", password=PASSWORD)
    assert page.status == 409
    assert 'id="f-username-error"' in page.html


async def test_a_wrong_password_never_says_which_half_was_wrong(browse, server):
    await join(server.program, "mira")
    guest = await browse()
    answers = []
    for name in ("mira", "nobody"):
        page = await guest.send(await guest.get("/login"), "/login", username=name, password="wrong password")
        assert page.status == 401
        assert dict(page.form("/login").fields)["username"] == name
        answers.append(re.sub(rf'value="({name}|[0-9a-f]{{64}})"|[0-9a-f]{{64}}', "", page.html))
    assert answers[0] == answers[1]


async def test_a_taken_name_is_told_together_with_what_else_is_wrong(browse, server):
    await join(server.program, "mira")
    guest = await browse()
    page = await guest.send(await guest.get("/register"), "/register", username="Mira", password="short")
    assert page.status == 422
    invalid = {each.get("name") for each in page.all("input") if each.get("aria-invalid") == "true"}
    assert invalid == {"username", "password"}
    assert "This user name is taken." in page.words
    mira = await browse("mira")
    await mira.send(await mira.get("/settings/account"), "/settings/account", username="mira.r")
    page = await guest.send(page, "/register", username="mira", password="short")
    assert "This user name is taken." in page.words, "a name that was left stays its owner's"
    page = await guest.send(page, "/register", username="greta", password="short")
    assert "taken" not in page.words


@pytest.mark.settings(relax_loopback=False)
async def test_too_many_tries_are_told_with_a_time_of_day(browse):
    guest = await browse()
    page = await guest.get("/login")
    for _ in range(26):
        page = await guest.send(page, "/login", username="mira", password="wrong password")
    assert page.status == 429
    assert re.search(r"Try again at \d+:\d\d", page.words)
    assert 0 < int(page.headers["Retry-After"]) <= 3_600
    assert dict(page.form("/login").fields)["username"] == "mira"


@pytest.mark.settings(relax_loopback=False)
async def test_a_form_in_settings_that_is_sent_too_often_says_when_to_come_back(browse):
    mira = await browse("mira")
    page = await mira.get("/settings/password")
    for _ in range(30):
        page = await mira.send(page, "/settings/password", old="wrong password", new="six other words say it")
        if page.status == 429:
            break
    assert page.status == 429
    assert re.search(r"Try again at \d+:\d\d", page.words)
    assert int(page.headers["Retry-After"]) > 0
    assert page.form("/settings/password")


@pytest.mark.settings(relax_loopback=False)
async def test_an_error_page_says_when_to_come_back(browse):
    mira = await browse("mira")
    page = await mira.get("/settings/privacy")
    for _ in range(125):
        answer = await mira.send(page, "/settings/privacy")
        if answer.status == 429:
            break
    assert answer.status == 429
    assert re.search(r"Try again at \d+:\d\d", answer.words)
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.settings(sign_up="invite")
async def test_an_invitation_opens_the_door(browse, server):
    guest = await browse()
    page = await guest.send(await guest.get("/register"), "/register", username="mira", password=PASSWORD)
    assert page.status == 403
    assert 'id="f-invite-error"' in page.html
    invite = await server.program.moderation.create_invite()
    page = await guest.get(f"/invite/{invite.code}")
    assert page.path == f"/register?invite={invite.code}"
    page = await guest.send(page, "/register", username="mira", password=PASSWORD)
    assert page.path == "/welcome"


@pytest.mark.settings(sign_up="closed")
async def test_a_closed_server_says_so(browse):
    guest = await browse()
    page = await guest.get("/register")
    assert "takes no new members" in page.words
    assert [form.action for form in page.forms] == ["/language"]
    assert "/register" not in (await guest.get("/")).html


async def test_the_first_run_makes_one_administrator_and_then_is_gone(browse, server):
    guest = await browse()
    page = await guest.get("/")
    assert "/setup" in page.html
    page = await guest.send(
        await guest.get("/setup"), "/setup", code="wrong", username="root1", password=PASSWORD
    )
    assert page.status == 422
    assert dict(page.form("/setup").fields)["username"] == "root1"
    code = server.program.joining.setup_code()
    page = await guest.send(page, "/setup", code=code, username="admin", password=PASSWORD)
    assert page.path == "/"
    assert (await server.program.people._reads.by_name(None, "admin"))[0].role == "admin"
    assert (await guest.get("/setup")).status == 404
    assert (await (await browse()).get("/setup")).status == 404


async def test_settings_are_stored(browse, server):
    mira = await browse("mira")
    page = await mira.get("/settings/account")
    page = await mira.send(
        page, "/settings/account", username="mira.s", email="mira@example.org", password=PASSWORD
    )
    assert flash(page) == "Saved."
    assert (await mira.get("/@mira.s")).status == 200
    page = await mira.send(page, "/settings/account", username="x", email="mira@example.org")
    assert page.status == 422
    page = await mira.send(page, "/settings/account", username="mira.s", timezone="Mars/Crater")
    assert page.status == 422
    page = await mira.send(await mira.get("/settings/appearance"), "/settings/appearance", theme="dark")
    assert 'data-theme="dark"' in page.html
    page = await mira.send(
        await mira.get("/settings/profile"), "/settings/avatar", files=[("me.jpg", a_jpeg())]
    )
    assert flash(page) == "Your picture is changed."
    page = await mira.send(page, "/settings/avatar", files=[("me.jpg", b"no")])
    assert page.status == 422
    assert page.html.count('class="summary"') == 1
    assert page.html.index('class="summary"') < page.html.index('id="f-picture"')
    assert "/a/" in page.html
    page = await mira.send(page, "/settings/avatar/remove")
    assert "/a/" not in page.html


async def test_every_page_is_as_its_reader_prefers(browse):
    mira = await browse("mira")
    page = await mira.get("/settings/appearance")
    root = re.search("<html[^>]*>", page.html)[0]
    assert not re.search("data-(text|motion|single-keys)", root)
    assert dict(page.form("/settings/appearance").fields)["text_size"] == "100"
    page = await mira.send(
        page, "/settings/appearance", text_size="130", reduce_motion="1", single_keys=None, alt_reminder=None
    )
    assert flash(page) == "Saved."
    root = re.search("<html[^>]*>", (await mira.get("/")).html)[0]
    assert 'data-text="130" data-motion="reduce" data-single-keys="off"' in root
    assert "data-text" not in (await (await browse()).get("/")).html


async def test_dates_are_told_in_the_time_zone_of_their_reader(browse, sql):
    mira = await browse("mira")
    post = await a_post(mira)
    await mira.send(await mira.get(post), f"{post}/comments", text="What a light.")
    await sql.execute("UPDATE comments SET created_at = '2024-03-04 23:30Z'")
    assert re.search(r"Monday, March 4, 2024, 11:30\sPM", (await mira.get(post)).html)
    page = await mira.get("/settings/account")
    await mira.send(page, "/settings/account", timezone="Asia/Seoul")
    assert re.search(r"Tuesday, March 5, 2024, 8:30\sAM", (await mira.get(post)).html)


async def test_set_up_stays_open_until_there_is_an_administrator_and_holds_nobody_up(browse, server, sql):
    stranger, owner = await browse(), await browse()
    page = await stranger.get("/register")
    assert (await stranger.send(page, "/register", username="eve", password=PASSWORD)).path == "/welcome"
    async with sql.transaction():
        # Somebody joins meanwhile: a page that locked the table would wait for them, and everybody else for the page.
        await sql.execute(
            "INSERT INTO users (id, username, password_hash, created_at) VALUES (gen_random_uuid(), 'late', 'x', now())"
        )
        page = await asyncio.wait_for(owner.get("/setup"), 3)
        assert page.status == 200
    code = server.program.joining.setup_code()
    page = await owner.send(page, "/setup", code=code, username="keeper", password=PASSWORD)
    assert page.path == "/"
    assert await sql.fetch("SELECT username FROM users WHERE role = 'admin'") == [("keeper",)]
    assert (await stranger.get("/setup")).status == 404


@pytest.mark.parametrize(
    "packed",
    [
        "garbage", "é", "=", "%00", "bnVsbA==", "e30=", "WyJ4Il0=", "MTI=", "gICA", "x" * 3_000,
        base64.urlsafe_b64encode(b'"' + rb"\ud800" + b'"').decode(),
        base64.urlsafe_b64encode(b'[[1, {"a": 2}], ["ok"]]').decode(),
        base64.urlsafe_b64encode(b"[" * 1_400).decode(),
    ],
)  # fmt: skip
async def test_a_garbled_cookie_is_no_more_than_ignored(browse, packed):
    guest = await browse()
    for name in (site.FLASH_COOKIE, site.THEME_COOKIE, requests.FORM_COOKIE, "hg_session"):
        page = await guest.get("/login", headers={"Cookie": f"{name}={packed}"})
        assert page.status == 200, name
        assert page.form("/login")


async def test_another_address_is_stored_with_the_password_only(browse):
    mira = await browse("mira")
    page = await mira.get("/settings/account")
    for password, status in (("", 403), ("wrong", 422)):
        page = await mira.send(page, "/settings/account", email="mira@example.org", password=password)
        assert page.status == status
        assert 'id="f-password-error"' in page.html
        assert dict(page.form("/settings/account").fields)["email"] == "mira@example.org"
        assert dict((await mira.get("/settings/account")).form("/settings/account").fields)["email"] == ""
    page = await mira.send(page, "/settings/account", email="mira@example.org", password=PASSWORD)
    assert flash(page) == "Saved."
    # What a browser fills in by itself is no matter where it is not needed.
    page = await mira.send(page, "/settings/account", language="", password="an older one")
    assert flash(page) == "Saved."


async def test_a_profile_of_an_old_name_leads_to_the_new_one(browse, client, sql):
    mira, noor, guest = await browse("mira"), await browse("noor"), await browse()
    await mira.send(await mira.get("/settings/account"), "/settings/account", username="mira.r")
    for who in (noor, guest):
        for part in ("", "/followers", "/following"):
            async with who.session.get(f"/@mira{part}", allow_redirects=False) as response:
                assert (response.status, response.headers["Location"]) == (301, f"/@mira.r{part}")
                # Its owner may take the name back, and then a browser that remembers would go round in circles.
                assert response.headers["Cache-Control"] == "private, no-store"
    assert (await noor.get("/@Mira")).path == "/@mira.r"
    for part in ("", "/posts", "/followers"):
        async with client.get(f"/api/v1/users/mira{part}") as response:
            assert response.status == 404
    assert (await guest.get("/@nobody")).status == 404

    await mira.send(await mira.get("/settings/account"), "/settings/account", username="mira")
    assert (await noor.get("/@mira.r")).path == "/@mira"
    await mira.send(await mira.get("/@noor/block"), "/@noor/block")
    assert (await noor.get("/@mira.r")).status == 404
    assert (await mira.get("/@mira.r/followers")).path == "/@mira/followers"
    await sql.execute("UPDATE users SET state = 'suspended' WHERE username = 'mira'")
    assert (await guest.get("/@mira.r")).status == 404


async def test_devices_are_signed_out_from_another(browse, server, sql):
    mira = await browse("mira")
    other = Browser(server, await _another(browse))
    await other.sign_in("mira")
    await sql.execute("UPDATE sessions SET last_seen_at = now() - interval '6 minutes'")
    page = await mira.get("/settings/security")
    assert page.words.count("This device") == 1
    assert "in use now" in page.words
    assert "last seen 6 minutes ago" in page.words
    await server.program.signing_in.write_down_use()
    assert (
        await sql.fetchval("SELECT count(*) FROM sessions WHERE last_seen_at > now() - interval '1 min'") == 1
    )
    page = await mira.send(page, "/settings/security", session="others")
    assert (await other.get("/settings")).path.startswith("/login")
    assert (await mira.get("/settings")).path == "/settings"


async def test_who_signed_in_and_who_tried_is_told(browse, server):
    stranger = await browse()
    await join(server.program, "mira")
    for _ in range(2):
        await stranger.send(await stranger.get("/login"), "/login", username="mira", password="not this one")
    page = await (await browse("mira")).get("/settings/security")
    assert "2 tries with a wrong password" in page.words
    assert page.words.count("Signed in") == 1
    assert "Kept for 90 days, without network addresses." in page.words


async def _another(browse: Any) -> aiohttp.ClientSession:
    return (await browse()).session


async def test_the_password_is_changed_and_other_devices_end(browse):
    mira = await browse("mira")
    page = await mira.get("/settings/password")
    page = await mira.send(
        page, "/settings/password", old="wrong password", new="five other words make sense"
    )
    assert page.status == 422
    assert 'id="f-old-error"' in page.html
    page = await mira.send(page, "/settings/password", old=PASSWORD, new="five other words make sense")
    assert page.path == "/settings/account"


async def test_a_token_shows_its_secret_once(browse, client):
    mira = await browse("mira")
    page = await mira.send(
        await mira.get("/settings/tokens"),
        "/settings/tokens",
        name="Backup",
        scopes="read",
        password=PASSWORD,
    )
    secret = re.search(r'value="(hg_[\w-]+)"', page.html)[1]
    async with client.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"}) as response:
        assert response.status == 200
    page = await mira.get("/settings/tokens")
    assert secret not in page.html
    assert "Backup" in page.words
    page = await mira.send(page, "/settings/tokens/[^/]+/revoke")
    assert "Backup" not in page.words


@pytest.mark.goal("A6")
async def test_a_token_is_made_with_the_password_only(browse, sql):
    mira = await browse("mira")
    page = await mira.get("/settings/tokens")
    before = await sql.fetchval("SELECT count(*) FROM tokens")
    for password, status in (("", 403), ("wrong", 422)):
        page = await mira.send(page, "/settings/tokens", name="Backup", password=password)
        assert page.status == status
        assert 'id="f-password-error"' in page.html
        assert dict(page.form("/settings/tokens").fields)["name"] == "Backup"
        assert await sql.fetchval("SELECT count(*) FROM tokens") == before


async def test_a_new_token_may_only_look_unless_more_is_ticked(browse):
    mira = await browse("mira")
    page = await mira.get("/settings/tokens")
    offered = [each["value"] for each in page.all("input") if each.get("name") == "scopes"]
    assert offered == ["read", "write", "files"]
    assert [value for name, value in page.form("/settings/tokens").fields if name == "scopes"] == ["read"]


async def test_leaving_asks_for_the_password(browse):
    ada, mira = await browse("ada"), await browse("mira")
    page = await mira.send(await mira.get("/settings/data"), "/settings/delete", password="wrong password")
    assert page.status == 422
    assert (await ada.get("/@mira")).status == 200
    page = await mira.send(page, "/settings/delete", password=PASSWORD)
    assert page.path == "/"
    assert flash(page) == "Your account is deleted. For 14 days you can sign in to come back."
    assert (await ada.get("/@mira")).status == 404


@pytest.mark.parametrize("way", ["delete", "hide"])
async def test_who_left_is_asked_whether_they_come_back(browse, way):
    ada, mira = await browse("ada"), await browse("mira")
    post = await a_post(mira)
    await mira.send(await mira.get("/settings/data"), f"/settings/{way}", password=PASSWORD)
    for path in ("/@mira", post):
        assert (await ada.get(path)).status == 404
    asked = await _sign_in_again(mira)
    assert asked.path.startswith("/come-back?next=")
    assert ("Everything of it is erased on" in asked.words) is (way == "delete")
    # Signed in is nobody until they have decided.
    assert (await mira.get("/settings/data")).path.startswith("/login?")
    stayed = await mira.send(asked, "/come-back", act="stay_away")
    assert flash(stayed) == "You are signed out. Nothing has changed."
    assert (await mira.get("/come-back")).path == "/login"
    back = await mira.send(await _sign_in_again(mira), "/come-back", act="come_back")
    assert flash(back) == "Welcome back. Your profile and your posts can be seen again."
    assert back.path == "/settings/profile"
    assert (await ada.get(post)).status == 200


async def _sign_in_again(member):
    page = await member.get("/login?next=/settings/profile")
    return await member.send(page, "/login", username="mira", password=PASSWORD)


# Addresses


async def test_small_addresses_answer(browse, client):
    for path, kind in [
        ("/robots.txt", "text/plain"),
        ("/favicon.ico", "image/svg+xml"),
        ("/favicon.svg", "image/svg+xml"),
    ]:
        async with client.get(path) as response:
            assert response.status == 200
            assert response.headers["Content-Type"].startswith(kind)
    async with client.get("/.well-known/change-password", allow_redirects=False) as response:
        assert response.headers["Location"] == "/settings/password"
    guest = await browse()
    assert (await guest.get("/docs/errors/nonsense")).status == 404
    assert (await guest.get("/places/nonsense")).status == 404
    assert (await guest.get("/p/nonsense")).status == 404
    await browse("mira")
    assert (await guest.get("/@MIRA")).path == "/@mira"
    assert unquote((await guest.get("/tags/%23D%C3%A4mmerung")).words).count("#dämmerung")
    for odd in ("%00", "%ED%A0%80", "%E2%80%AE", "a" * 2_000):
        assert (await guest.get(URL(f"{guest.server.url}/tags/{odd}", encoded=True))).status < 500


@pytest.mark.parametrize("tag", ["می\u200cخواهم", "नमस्\u200dते", "ﬃ" * 40], ids=["zwnj", "zwj", "long"])
async def test_the_link_of_every_tag_leads_to_its_posts(browse, tag):
    mira = await browse("mira")
    post = await a_post(mira, caption=f"Ridges #{tag}")
    link = next(each["href"] for each in (await mira.get(post)).all("a") if each.get("class") == "tag")
    page = await (await browse()).get(URL(f"{mira.server.url}{link}", encoded=True))
    assert page.status == 200
    assert post in {urlsplit(each).path for each in page.links()}


async def test_the_reference_lists_every_call_of_the_api(browse, server):
    guest = await browse()
    page = await guest.get("/api")
    assert page.path == "/docs"
    assert (await guest.get("/docs/api")).path == "/docs"
    ids = {each.get("id") for each in page.all("details")}
    described = describe(server.url)["paths"]
    assert {
        operation["operationId"] for methods in described.values() for operation in methods.values()
    } == ids
    assert "`" not in page.words
    publish = page.words[page.words.index("Publish a post") :]
    assert "Scope: write" in " ".join(publish.split())[:100]
    example = f'curl -X POST {server.url}/api/v1/posts -H "Authorization: Bearer $TOKEN" -H'
    assert example in publish
    assert "/docs" in {urlsplit(link).path for link in (await guest.get("/about")).links()}


def test_every_problem_code_of_the_program_is_explained():
    codes = set(CODES.values()) | {code for code, *_ in REASONS.values()}
    root = Path(__file__).parents[2]
    for path in [
        *root.glob("domain/*.py"),
        *root.glob("application/*.py"),
        *root.glob("entrypoints/**/*.py"),
    ]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                for line in node.body:
                    if isinstance(line, ast.Assign) and line.targets[0].id == "code":
                        codes.add(line.value.value)
    assert len(codes) > 20
    # Archives are brought in on the command line, which explains itself.
    assert codes - {"error", "refused_archive"} <= set(EXPLANATIONS)


async def test_a_list_position_that_is_not_ours_is_refused_politely(browse):
    mira = await browse("mira")
    for path in ("/", "/explore", "/tags/%EC%84%A4"):
        page = await mira.get(URL(f"{mira.server.url}{path}?cursor=nonsense", encoded=True))
        assert page.status == 400
        assert page.all("h1")
        way = [each["href"] for each in page.all("a") if each.get("class") == "btn primary"]
        assert way == [path]


async def test_newer_and_older_lead_through_home_and_back(browse):
    mira = await browse("mira")
    for n in range(27):
        await a_post(mira, caption=f"Number {n:02}.")
    page = await mira.get("/")
    assert "Number 26." in page.words
    for _ in range(2):
        page = await mira.get(next(link["href"] for link in page.all("a") if link.get("rel") == "next"))
    assert "Number 00." in page.words
    assert not [link for link in page.all("a") if link.get("rel") == "next"]
    for _ in range(2):
        page = await mira.get(next(link["href"] for link in page.all("a") if link.get("rel") == "prev"))
    assert "Number 26." in page.words


@pytest.mark.goal("A4")
async def test_a_form_that_arrives_after_its_sender_was_signed_out_does_nothing(
    server: Server, browse: Any
) -> None:
    browser = await browse("mira")
    token = dict((await browser.get("/settings/profile")).form("/settings/profile").fields)["csrf"]

    async def held() -> AsyncIterator[bytes]:
        yield b"display_name=Thief&csrf="
        await asyncio.sleep(1.2)
        await server.program.moderation.change("mira", sign_out=True)
        yield token.encode()

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    page = await browser.ask("POST", f"{server.url}/settings/profile", data=held(), headers=form)
    assert page.path.startswith("/login")
    assert (await server.program.people.profile(None, "mira")).display_name != "Thief"


# One's own data


async def test_an_archive_is_made_watched_and_loaded_on_a_page(browse, server):
    mira = await browse("mira")
    await a_post(mira)
    page = await mira.get("/settings/data")
    page = await mira.send(page, "/settings/data/export")
    assert "It begins soon." in page.words
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page.html
    await settle(server.program)
    page = await mira.get("/settings/data")
    assert "Your archive is ready." in page.words
    assert "http-equiv" not in page.html
    loaded = await mira.send(page, "/settings/data/export/[^/]+/load")
    assert loaded.headers["Content-Type"] == "application/zip"
    # The same press once more makes a link of its own.
    assert (await mira.send(page, "/settings/data/export/[^/]+/load")).status == 200
    gone = await mira.send(page, "/settings/data/export/[^/]+/remove")
    assert flash(gone) == "The archive is removed."
    assert "Make an archive" in gone.words


async def test_why_there_is_no_archive_is_told(browse, server, monkeypatch):
    mira = await browse("mira")
    monkeypatch.setattr(takeouts, "RESERVED_BYTES", 2**60)
    await mira.send(await mira.get("/settings/data"), "/settings/data/export")
    await settle(server.program)
    page = await mira.get("/settings/data")
    assert "The archive could not be made. There was not enough room on the server." in page.words
    assert "Try again" in page.words
