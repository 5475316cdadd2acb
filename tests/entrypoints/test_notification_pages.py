"""Being told what happens, on pages without scripts: the list, the bell, the settings."""

import re
from datetime import UTC, datetime, timedelta

from application.accounts import ProfileChange
from tests.browsing import check_markup, flash
from tests.builders import a_comment, a_follow, a_person, a_post
from tests.conftest import settle


def rows(page) -> list[str]:
    """What each row says, in the order of the list."""
    found = re.findall(r'<li class="note.*?</li>', page.html, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", row).split()) for row in found]


def bell(page) -> tuple[str, bool]:
    """The number on the bell, and whether it is seen."""
    found = re.search(r'href="/notifications".*?class="badge"( hidden)?>(\d+\+?)', page.html, re.DOTALL)
    return found[2], not found[1]


def title(page) -> str:
    return re.search(r"<title>(.*?)</title>", page.html)[1]


async def test_a_list_tells_by_day_who_did_what_and_leads_there(browse, server):
    program = server.program
    mira, joon = [await a_person(program, name) for name in ("mira", "joon")]
    await program.accounts.change_profile(joon.id, ProfileChange(display_name="<b>Joon</b>"))
    post = await a_post(program, mira)
    await program.posting.like(joon.id, post)
    comment = await a_comment(program, joon, post, "so <i>bright</i>")
    await a_follow(program, joon, mira)
    await settle(program)
    browser = await browse("mira")
    page = await browser.get("/notifications")
    check_markup(page)
    assert {row.rpartition(" now")[0].removeprefix("· ") for row in rows(page)} == {
        "New: &lt;b&gt;Joon&lt;/b&gt; started following you",
        "New: &lt;b&gt;Joon&lt;/b&gt; commented on your photo",
        "New: &lt;b&gt;Joon&lt;/b&gt; liked your photo",
    }
    assert "<b><bdi>&lt;b&gt;Joon&lt;/b&gt;</bdi></b> liked your photo" in page.html
    assert "so &lt;i&gt;bright&lt;/i&gt;" in page.html
    assert ">Today</h2>" in page.html
    assert {f"/p/{post}", "/@joon"} <= {"/" + link.split("/", 3)[3] for link in page.links()}
    assert f'href="/p/{post}?comment={comment}#comment-{comment}"' in page.html
    for show, count in (
        ("likes", 1),
        ("comments", 1),
        ("follows", 1),
        ("mentions", 0),
        ("posts", 0),
        ("x", 3),
    ):
        assert len(rows(await browser.get(f"/notifications?show={show}"))) == count, show
    nobody = await (await browse("nora")).get("/notifications")
    assert "Nothing yet. Likes, comments and follows will show up here." in nobody.words
    check_markup(nobody)


async def test_days_are_those_of_the_reader(browse, server, sql):
    program = server.program
    mira, joon = [await a_person(program, name) for name in ("mira", "joon")]
    await program.accounts.change_profile(mira.id, ProfileChange(timezone="Asia/Seoul", language="ru"))
    for _ in range(4):
        await program.posting.like(joon.id, await a_post(program, mira))
        await settle(program)
    here = datetime.now(UTC) + timedelta(hours=9)
    midnight = here.replace(hour=0, minute=0, second=0) - timedelta(hours=9)
    ids = [row["id"] for row in await sql.fetch("SELECT id FROM notifications ORDER BY newest DESC")]
    moments = [
        midnight,
        midnight - timedelta(minutes=1),
        midnight - timedelta(days=1, minutes=1),
        datetime(2019, 3, 4, tzinfo=UTC),
    ]
    for notification, moment in zip(ids, moments, strict=True):
        await sql.execute("UPDATE notifications SET happened_at = $2 WHERE id = $1", notification, moment)
    page = await (await browse("mira")).get("/notifications")
    heads = re.findall(r"<h2[^>]*>(.*?)</h2>", page.html)
    assert heads[:2] == ["Сегодня", "Вчера"]
    assert heads[3] == "4 марта 2019\u202fг."


async def test_the_bell_counts_what_is_unread_until_it_is_marked_as_read(browse, server):
    program = server.program
    mira, joon = [await a_person(program, name) for name in ("mira", "joon")]
    browser = await browse("mira")
    assert bell(await browser.get("/")) == ("0", False)
    for _ in range(2):
        await program.posting.like(joon.id, await a_post(program, mira))
    await settle(program)
    page = await browser.get("/explore")
    assert bell(page) == ("2", True)
    assert title(page).startswith("(2) Explore")
    page = await browser.get("/notifications")
    assert bell(page) == ("2", True), "a look does not write"
    assert bell(await browser.get("/notifications")) == ("2", True)
    page = await browser.send(page, "/notifications/read")
    assert flash(page) == "Everything is marked as read."
    assert bell(page) == ("0", False)
    assert title(page).startswith("Notifications")
    assert page.html.count('class="vh" hidden>New:') == len(rows(page)) == 2
    assert not [form for form in page.forms if form.action == "/notifications/read"]


async def test_requests_stand_above_the_list(browse, server):
    program = server.program
    await a_person(program, "quiet", private=True)
    for name in ("ada", "boris", "clara"):
        await program.following.follow((await a_person(program, name)).id, "quiet")
    page = await (await browse("quiet")).get("/notifications")
    words = " ".join(page.words.split())
    assert "clara, boris and 1 other asked to follow you" in words
    assert page.html.index('href="/requests"><b>') < page.html.index('class="empty"')
    check_markup(page)


async def test_a_long_list_goes_on_by_links_and_comes_back_whole(browse, server):
    program = server.program
    mira, joon = [await a_person(program, name) for name in ("mira", "joon")]
    for _ in range(34):
        await program.posting.like(joon.id, await a_post(program, mira))
    await settle(program)
    browser = await browse("mira")
    page = await browser.get("/notifications?show=likes")
    assert len(rows(page)) == 30
    (older,) = [link["href"] for link in page.all("a") if link.get("rel") == "next"]
    assert older.startswith("/notifications?show=likes&cursor=")
    page = await browser.get(older)
    assert len(rows(page)) == 4
    part = await browser.get(older, headers={"HX-Request": "true"})
    assert len(rows(part)) == 4
    assert "<title>" not in part.html
    until = re.search(r'data-until="([^"]+)"', part.html)[1]
    assert len(rows(await browser.get(f"/notifications?show=likes&until={until}"))) == 34


async def test_kinds_are_turned_off_in_a_table(browse, server):
    program = server.program
    mira, joon = [await a_person(program, name) for name in ("mira", "joon")]
    browser = await browse("mira")
    page = await browser.get("/settings/notifications")
    check_markup(page)
    form = page.form("/settings/notifications")
    assert {name for name, _ in form.fields} >= {"like", "comment", "new_post", "file_failed"}
    assert "system" not in page.html
    assert [
        link for link in (await browser.get("/settings")).links() if link.endswith("/settings/notifications")
    ]
    fields = {name: value for name, value in form.fields if name not in ("like", "follow")}
    page = await browser.ask("POST", "/settings/notifications", data=fields)
    assert flash(page) == "Saved."
    wanted = await program.notifying.preferences(mira.id)
    assert (wanted["like"], wanted["follow"], wanted["comment"]) == (False, False, True)
    await program.posting.like(joon.id, await a_post(program, mira))
    await settle(program)
    assert bell(await browser.get("/")) == ("0", False)


async def test_a_link_to_an_old_comment_finds_it_among_many(browse, server):
    program = server.program
    mira, joon = [await a_person(program, name) for name in ("mira", "joon")]
    post = await a_post(program, mira)
    said = [await a_comment(program, joon, post, f"number {number}") for number in range(70)]
    browser = await browse("mira")

    def shown(page) -> list[int]:
        return [int(number) for number in re.findall(r"number (\d+)", page.words)]

    assert shown(await browser.get(f"/p/{post}?comment={said[60]}")) == list(range(40, 70))
    page = await browser.get(f"/p/{post}?comment={said[20]}")
    assert f'id="comment-{said[20]}"' in page.html
    assert shown(page) == list(range(5, 35))
    ways = {link["rel"]: link["href"] for link in page.all("a") if link.get("rel") in ("prev", "next")}
    assert shown(await browser.get(ways["prev"])) == list(range(5))
    assert shown(await browser.get(ways["next"])) == list(range(35, 65))
    for other in ("x", str(post)):
        assert shown(await browser.get(f"/p/{post}?comment={other}")) == list(range(40, 70))
