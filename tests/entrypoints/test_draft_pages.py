"""Drafts on pages without scripts: saved, continued, posted now or later, deleted."""

import re
from datetime import UTC, datetime, timedelta

from tests.browsing import check_markup, flash
from tests.conftest import a_jpeg, settle


async def begun(mira):
    page = await mira.get("/new")
    return await mira.send(
        page, "/new", files=[("a.jpg", a_jpeg()), ("b.jpg", a_jpeg(300, 200))], button=("do", "add")
    )


def photos(page):
    return [value for name, value in page.form("/new").fields if name == "photo"]


async def test_a_draft_is_saved_continued_and_posted(browse, server):
    mira = await browse("mira")
    page = await begun(mira)
    first, second = photos(page)
    changes = {
        "caption": "Ridges #dawn",
        "place": "Bergen",
        "audience": "followers",
        f"alt-{first}": "Ridges",
        f"position-{second}": "1",
        f"ratio-{second}": "1:1",
        f"part-{second}": "1",
        f"turn-{second}": "90",
    }
    page = await mira.send(page, "/new", button=("do", "save"), **changes)
    assert (page.path, flash(page)) == ("/drafts", "Draft saved.")
    check_markup(page)
    assert "Ridges #dawn" in page.words
    assert "2 photos" in page.words
    assert "Continue your draft" in (await mira.get("/new")).words
    page = await mira.get(next(link for link in page.links() if "draft=" in link))
    check_markup(page)
    assert photos(page) == [second, first]
    fields = dict(page.form("/new").fields)
    assert (fields["caption"], fields["place"], fields["audience"]) == ("Ridges #dawn", "Bergen", "followers")
    assert (fields[f"alt-{first}"], fields[f"ratio-{second}"]) == ("Ridges", "1:1")
    assert (fields[f"part-{second}"], fields[f"turn-{second}"]) == ("1", "90")
    # Adding one and removing one does not lose what is stored.
    page = await mira.send(page, "/new", files=[("c.jpg", a_jpeg(200, 300))], button=("do", "add"))
    page = await mira.send(page, "/new", button=("do", f"remove:{first}"))
    _, third = photos(page)
    page = await mira.send(page, "/new", button=("do", "anyway"), caption="Ridges #dusk")
    assert (page.path[:3], flash(page)) == ("/p/", "Posted.")
    await settle(server.program)
    owner = (await server.program.people._reads.by_name(None, "mira"))[0].id
    (post,) = (await server.program.feeds.home(owner, 5)).items
    assert [str(photo.id) for photo in post.media] == [second, third]
    assert (post.caption, post.place.name, post.audience) == ("Ridges #dusk", "Bergen", "followers")
    assert post.media[0].width == post.media[0].height
    assert "No drafts" in (await mira.get("/drafts")).words


async def test_a_draft_that_would_hold_nothing_is_not_kept(browse, server):
    mira = await browse("mira")
    save = {"button": ("do", "save")}
    page = await mira.send(await mira.get("/new"), "/new", **save, caption=" \n")
    assert flash(page) == "There was nothing in it, so no draft is kept."
    assert "No drafts." in page.words
    page = await mira.send(await mira.get("/new"), "/new", **save, caption="Ridges")
    assert flash(page) == "Draft saved."
    link = next(link for link in page.links() if "draft=" in link)
    page = await mira.send(await mira.get(link), "/new", **save, caption="")
    assert flash(page) == "There was nothing in it, so no draft is kept."
    assert "No drafts." in page.words


async def test_drafts_without_a_caption_are_told_apart(browse, server, sql):
    mira = await browse("mira")
    for _ in range(2):
        await mira.send(await begun(mira), "/new", button=("do", "save"))
    await sql.execute(
        "UPDATE drafts SET created_at = now() - interval '2 days' WHERE id = (SELECT id FROM drafts LIMIT 1)"
    )
    page = await mira.get("/drafts")
    titles = re.findall(r'<a href="/new\?draft=[^"]+">(Draft from [^<]+)</a>', page.html)
    assert len(set(titles)) == 2
    assert page.words.count("2 photos · changed just now") == 2


async def test_a_post_gets_a_time_on_ones_own_clock(browse, server, sql):
    mira = await browse("mira")
    await sql.execute("UPDATE users SET timezone = 'Asia/Seoul'")
    page = await begun(mira)
    refused = await mira.send(page, "/new", button=("do", "later"), later="")
    assert refused.status == 422
    assert "Choose a day and a time." in refused.words
    refused = await mira.send(page, "/new", button=("do", "later"), later="2020-01-01T10:00")
    assert refused.status == 422
    assert "still to come" in refused.words
    at = (datetime.now(UTC) + timedelta(days=3)).replace(second=0, microsecond=0)
    local = (at + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M")
    assert "Asia/Seoul" in page.words
    page = await mira.send(page, "/new", button=("do", "later"), later=local)
    assert page.path == "/drafts"
    assert flash(page).startswith("It will be posted on ")
    assert "Scheduled for" in page.words
    assert await sql.fetchval("SELECT publish_at FROM drafts") == at
    page = await mira.get(next(link for link in page.links() if "draft=" in link))
    assert dict(page.form("/new").fields)["later"] == local
    await mira.send(page, "/new", button=("do", "save"))
    assert await sql.fetchval("SELECT publish_at FROM drafts") is None


async def test_of_two_tabs_the_second_keeps_what_it_typed_and_is_told(browse, server):
    mira = await browse("mira")
    saved = await mira.send(await begun(mira), "/new", button=("do", "save"), caption="one")
    link = next(link for link in saved.links() if "draft=" in link)
    phone, desk = await mira.get(link), await mira.get(link)
    await mira.send(phone, "/new", button=("do", "save"), caption="phone")
    for act in ("save", "anyway"):
        told = await mira.send(desk, "/new", button=("do", act), caption="desk")
        assert told.status == 412
        assert "This has changed since you opened it." in told.words
        assert dict(told.form("/new").fields)["caption"] == "desk"
    assert "phone" in (await mira.get("/drafts")).words


async def test_a_failed_draft_says_why_and_a_deleted_one_is_gone(browse, server, sql):
    mira = await browse("mira")
    saved = await mira.send(await begun(mira), "/new", button=("do", "save"))
    await sql.execute(
        "UPDATE drafts SET error_code = 'not_ready', error_detail = 'This file could not be processed. Try it again first.'"
    )
    page = await mira.get("/drafts")
    assert "This was not posted at its time. This file could not be processed." in page.words
    link = next(link for link in saved.links() if "draft=" in link)
    assert "This was not posted at its time." in (await mira.get(link)).words
    page = await mira.get(next(link for link in page.links() if link.endswith("/delete")))
    check_markup(page)
    page = await mira.send(page, "/drafts/.*/delete")
    assert (page.path, flash(page)) == ("/drafts", "Draft deleted.")
    gone = await mira.get(link)
    assert (gone.path, flash(gone)) == ("/drafts", "This draft was posted or deleted.")
