"""Profiles, people's lists, landing, tags, places and what stands beside the home feed, without scripts."""

from application.accounts import ProfileChange
from application.posting import PhotoDraft, PlaceDraft, PostDraft
from tests.browsing import check_markup, flash
from tests.builders import Someone, a_follow, a_person, a_picture
from tests.builders import a_post as publish
from tests.conftest import Server

SOMEWHERE = PlaceDraft("Hallasan", 33.36, 126.53)


async def people(server: Server, *names: str) -> list[Someone]:
    return [await a_person(server.program, name) for name in names]


async def test_home_suggests_people_with_the_reason_and_tags_of_the_week(browse, server):
    program = server.program
    mira, noor, timo, zoe, ada = await people(server, "mira", "noor", "timo", "zoe", "ada")
    for friend in (noor, ada):
        await a_follow(program, mira, friend)
        await a_follow(program, friend, timo)
    await publish(program, noor, "#harbour")
    await publish(program, zoe, "#harbour #gulls")
    await program.runner.drain()
    home = await (browser := await browse("mira")).get("/")
    assert "Followed by noor and 1 other" in " ".join(home.words.split())
    assert "Popular here" in home.words
    assert {"/tags/harbour", "/tags/gulls"} <= _paths(home)
    check_markup(home)
    page = await browser.send(home, "/@timo/follow")
    assert page.path == "/"
    assert not [form for form in page.forms if form.action == "/@timo/follow"]
    assert (await program.people.profile(mira.id, "timo")).viewer.following == "yes"
    # A part of the page that a script asks for has no side.
    part = await browser.get("/", headers={"HX-Request": "true"})
    assert "Tags of the week" not in part.words


def _paths(page) -> set[str]:
    return {"/" + link.split("/", 3)[3] for link in page.links()}


async def test_a_new_account_is_offered_people_with_their_photos(browse, server):
    noor, timo = await people(server, "noor", "timo")
    for _ in range(4):
        await publish(server.program, noor)
    browser = await browse("mira")
    home = await browser.get("/")
    assert "Follow a few people" in home.words
    assert home.html.count('class="met"') == 1
    assert home.html.count('href="/p/') == 3
    assert timo.name not in home.html
    check_markup(home)
    page = await browser.send(home, "/@noor/follow")
    assert page.path == "/"
    assert "Follow a few people" not in page.words


async def test_a_profile_says_who_knows_them_and_asks_before_less_is_told(browse, server):
    program = server.program
    viewer, noor, *others = await people(server, "viewer", "noor", "ada", "boris", "clara", "dora")
    for other in others:
        await a_follow(program, viewer, other)
        await a_follow(program, other, noor)
    browser = await browse("viewer")
    words = " ".join((await browser.get("/@noor")).words.split())
    assert "Followed by ada, boris and 2 others" in words
    assert "Followed by" not in (await (await browse()).get("/@noor")).words
    page = await browser.send(await browser.get("/@noor"), "/@noor/follow")
    page = await browser.send(page, "/@noor/silence")
    assert flash(page) == "You will not be told about new posts by @noor."
    assert not (await program.people.profile(viewer.id, "noor")).viewer.notify_posts
    page = await browser.send(page, "/@noor/notify")
    assert (await program.people.profile(viewer.id, "noor")).viewer.notify_posts
    page = await browser.send(page, "/@noor/mute")
    assert "Muted" in page.words
    page = await browser.send(page, "/@noor/unfollow")
    assert page.form("/@noor/follow")
    check_markup(page)


async def test_lists_of_people_are_filtered_on_the_server(browse, server):
    program = server.program
    (mira,) = await people(server, "mira")
    for name, display_name in (("noor", "Noor Haddad"), ("n_platov", "Николай"), ("ada", "Nora")):
        fan = (await people(server, name))[0]
        await program.accounts.change_profile(fan.id, ProfileChange(display_name=display_name))
        await a_follow(program, fan, mira)
    await people(server, "nobody_follows")
    browser = await browse("noor")
    for asked, expected in (
        ("", {"noor", "n_platov", "ada"}),
        ("no", {"noor", "ada"}),
        ("НИК", {"n_platov"}),
        ("n_", {"n_platov"}),
        ("x", set()),
        ("%", set()),
    ):
        page = await browser.get("/@mira/followers", params={"q": asked})
        found = {name for name in ("noor", "n_platov", "ada", "nobody_follows") if f">@{name}<" in page.html}
        assert found == expected, asked
        check_markup(page)
    assert "begins like this" in (await browser.get("/@mira/followers?q=x")).words
    part = await browser.get("/@mira/followers?q=no", headers={"HX-Request": "true"})
    assert part.html.startswith('<div id="people">')


async def test_a_tag_shows_its_best_photos_first_and_leads_to_its_neighbours(browse, server):
    program = server.program
    mira, noor = await people(server, "mira", "noor")
    for number in range(20):
        post = await publish(program, mira, "#sea #foam" if number % 2 else "#sea")
    await program.posting.like(noor.id, post)
    page = await (await browse("noor")).get("/tags/sea")
    assert "20 posts" in page.words
    assert "/tags/foam" in _paths(page)
    assert page.html.index("Top") < page.html.index(f"/p/{post}") < page.html.index("Newest")
    assert page.html.count('class="sheet"') == 2
    assert "/new?tag=sea" in _paths(page)
    check_markup(page)
    page = await (await browse("noor")).get("/tags/nothing")
    assert (
        dict((await (await browse("noor")).get("/new?tag=nothing")).form("/new").fields)["caption"]
        == "#nothing"
    )
    assert "/new?tag=nothing" in _paths(page)


async def test_a_place_has_a_map_where_its_position_is_known(browse, server):
    program = server.program
    (mira,) = await people(server, "mira")
    for place in (SOMEWHERE, PlaceDraft("Home")):
        picture = await a_picture(program, mira)
        await program.posting.publish(mira.id, PostDraft([PhotoDraft(picture)], "", place=place))
    browser = await browse()
    pages = await browser.get("/@mira/places")
    assert pages.html.count('class="map"') == 1
    check_markup(pages)
    by_name = {place.place.name: place.place for place in await program.overviews.places_of(None, mira.id)}
    there = await browser.get(f"/places/{by_name['Hallasan'].id}")
    assert 'aria-label="Map of the world around Hallasan: 33.4° N, 126.5° E"' in there.html
    assert "/@mira" in _paths(there)
    check_markup(there)
    nowhere = await browser.get(f"/places/{by_name['Home'].id}")
    assert 'class="map"' not in nowhere.html
    assert nowhere.status == 200


async def test_the_front_page_shows_photos_by_different_people(browse, server):
    program = server.program
    mira, noor = await people(server, "mira", "noor")
    old = await publish(program, noor)
    posts = [await publish(program, mira) for _ in range(3)]
    page = await (await browse()).get("/")
    shown = [path for path in _order(page) if path.startswith("/p/")]
    assert shown == [f"/p/{posts[2]}", f"/p/{old}", f"/p/{posts[1]}"]
    check_markup(page)


def _order(page) -> list[str]:
    return [str(link.get("href")) for link in page.all("a")]


async def test_the_first_photo_of_a_profile_has_its_tile(browse, server):
    await people(server, "mira")
    page = await (await browse("mira")).get("/@mira")
    assert "Your first photo goes here." in page.words
    assert "/new" in _paths(page)
    check_markup(page)
