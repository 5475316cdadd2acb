"""Photos without a description: counted, listed, described later, each by its owner only."""

import pytest

from tests.browsing import Page, a_post, check_markup, flash

HERE = "/settings/descriptions"


def fields(page: Page) -> list[str]:
    return [name for name, _ in page.form(HERE).fields if name.startswith("alt-")]


async def test_what_nobody_described_is_counted_listed_and_described(browse, sql):
    mira = await browse("mira")
    assert "You have not posted any photos yet." in (await mira.get(HERE)).words
    first = await a_post(mira, alt="Ridges")
    second, third = await a_post(mira), await a_post(mira)
    await sql.execute("UPDATE files SET alt = '' WHERE post_id = ANY($1::uuid[])", [second[3:], third[3:]])
    page = await mira.get(HERE)
    check_markup(page)
    assert "1 of your 3 photos has a description." in page.words
    assert page.all("meter")[0]["max"] == "3"
    links = {path for path in (first, second, third) if path in page.html}
    assert links == {second, third}

    newest, older = fields(page)
    page = await mira.send(page, HERE, **{newest: "A slope in teal", older: "x" * 1_501})
    assert page.status == 422
    assert "x" * 1_501 in page.html
    assert fields(page) == [older]
    assert 'alt="A slope in teal"' in (await mira.get(third)).html
    page = await mira.send(page, HERE, **{older: "A slope too"})
    assert flash(page) == "1 description saved."
    assert "Every photo you posted has a description." in page.words
    async with mira.session.get("/api/v1/me") as answer:
        assert (await answer.json())["descriptions"] == {"photos": 3, "described": 3}


@pytest.mark.goal("Z6")
async def test_nobody_describes_what_is_not_theirs(browse, sql):
    mira, ada = await browse("mira"), await browse("ada")
    await a_post(mira)
    await a_post(ada)
    await sql.execute("UPDATE files SET alt = ''")
    theirs = await sql.fetchval(
        "SELECT f.id FROM files f JOIN users u ON u.id = f.owner_id WHERE username = 'mira'"
    )
    page = await ada.get(HERE)
    assert str(theirs) not in page.html
    page = await ada.send(page, HERE, **{f"alt-{theirs}": "Hers no more", "alt-x": "What is this"})
    assert flash(page) == "Nothing was written, so nothing has changed."
    assert await sql.fetchval("SELECT alt FROM files WHERE id = $1", theirs) == ""
