"""What people's pages do in a browser: lists that filter while one types, buttons that answer, maps with their pins."""

import pytest
from playwright.async_api import Browser, Page, expect

from application.posting import PhotoDraft, PlaceDraft, PostDraft
from tests.browser.people import at_home
from tests.builders import a_follow, a_person, a_picture, a_post
from tests.conftest import Server

pytestmark = pytest.mark.browser


async def _visit(chrome: Browser, server: Server, width: int = 1280) -> Page:
    """The landing page, as a stranger sees it."""
    context = await chrome.new_context(base_url=server.url, viewport={"width": width, "height": 844})
    page = await context.new_page()
    await page.goto("/")
    return page


async def test_a_list_filters_while_one_types(chrome: Browser, server: Server) -> None:
    program = server.program
    mira, *fans = [await a_person(program, name) for name in ("mira", "noor", "nolan", "zoe")]
    for fan in fans:
        await a_follow(program, fan, mira)
    async with at_home(chrome, server, "noor") as page:
        await page.goto("/@mira/followers")
        names = page.locator(".user-row .handle bdi")
        await expect(names).to_have_count(3)
        await page.get_by_label("Filter by name").press_sequentially("no", delay=20)
        await expect(names).to_have_text(["@nolan", "@noor"])
        await page.get_by_label("Filter by name").press_sequentially("x")
        await expect(page.get_by_text("begins like this")).to_be_visible()
        await expect(page.get_by_label("Filter by name")).to_be_focused()


async def test_somebody_suggested_is_followed_without_leaving_home(chrome: Browser, server: Server) -> None:
    program = server.program
    viewer, friend, noor = [await a_person(program, name) for name in ("mira", "ada", "noor")]
    await a_follow(program, viewer, friend)
    await a_follow(program, friend, noor)
    async with at_home(chrome, server) as page:
        row = page.locator("aside .user-row", has_text="Followed by ada")
        await row.get_by_role("button").click()
        await expect(row.get_by_role("button")).to_have_text("Following")
        await expect(row.get_by_role("button")).to_have_attribute("aria-pressed", "true")
        await page.wait_for_load_state("networkidle")
        assert (await program.people.profile(viewer.id, "noor")).viewer.following == "yes"


async def test_a_list_says_at_once_that_a_private_member_was_only_asked(
    chrome: Browser, server: Server
) -> None:
    program = server.program
    _, ada = [await a_person(program, name) for name in ("mira", "ada")]
    noor = await a_person(program, "noor", private=True)
    post = await a_post(program, ada)
    await a_follow(program, noor, ada)
    await program.posting.like(noor.id, post)
    async with at_home(chrome, server) as page:
        # The server never answers here.
        await page.route("**/follow", lambda route: None)
        for path in ("/@ada/followers", f"/p/{post}/likes"):
            await page.goto(path)
            button = page.locator(".user-row", has_text="@noor").get_by_role("button")
            await button.click()
            await expect(button).to_have_text("Requested")


async def test_the_landing_page_is_one_screen_high(chrome: Browser, server: Server) -> None:
    program = server.program
    mira = await a_person(program, "mira")
    for _ in range(3):
        await a_post(program, mira)
    for width in (390, 1280):
        page = await _visit(chrome, server, width)
        size = await page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        assert size == [width, 844]
        await expect(page.get_by_role("link", name="Create account")).to_be_in_viewport(ratio=1)
        wall = await page.locator(".wall").bounding_box()
        assert wall is not None
        assert wall["height"] >= 300
        await page.context.close()


async def test_a_pin_stands_where_the_place_is(chrome: Browser, server: Server) -> None:
    program = server.program
    mira = await a_person(program, "mira")
    photo = PhotoDraft(await a_picture(program, mira))
    await program.posting.publish(mira.id, PostDraft([photo], "", place=PlaceDraft("Bern", 46.9, 7.4)))
    page = await _visit(chrome, server)
    await page.goto("/@mira/places")
    drawn = page.locator("svg.map")
    await expect(drawn).to_have_accessible_name("Map of the places where mira takes photos")
    box = await drawn.bounding_box()
    assert box is not None
    # The middle of the map is the pin, and the land is drawn around it.
    middle = await page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).getAttribute('class')",
        [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2],
    )
    assert middle == "eye"
    assert await page.locator("svg.map use").first.evaluate("use => use.getBBox().width") > 0
    await page.context.close()
