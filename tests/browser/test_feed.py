"""Home and the grids with scripts: they grow, are found again, answer at once, and can be used by keys alone."""

import asyncio

import asyncpg
import pytest
from playwright.async_api import Browser, Page, Route, expect

from entrypoints.web import feed_pages
from tests.browser.people import PHONE, at_home
from tests.builders import Someone, a_comment, a_person, a_post
from tests.conftest import Server, settle

pytestmark = pytest.mark.browser

PLACE = "post => post.getBoundingClientRect().top"
# Sums what moved by itself; see https://web.dev/articles/cls.
WATCH_SHIFTS = """() => {
  window.shifted = 0;
  new PerformanceObserver(list => {
    for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifted += each.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""


async def photos_of(server: Server, posts: int, **draft: object) -> Someone:
    """Mira with as many posts, the newest one last."""
    mira = await a_person(server.program, "mira")
    for number in range(posts):
        await a_post(server.program, mira, f"Photo {number + 1}", **draft)  # type: ignore[arg-type]
    await settle(server.program)
    return mira


async def scroll_until(page: Page, articles: int) -> None:
    for _ in range(60):
        await page.mouse.wheel(0, 1200)
        await page.wait_for_timeout(60)
        if await page.locator(".post").count() >= articles:
            return
    raise AssertionError(await page.locator(".post").count())


async def test_whoever_comes_back_finds_the_post_where_it_was(chrome: Browser, server: Server) -> None:
    await photos_of(server, 40)
    async with at_home(chrome, server) as page:
        await page.evaluate(WATCH_SHIFTS)
        feed = page.get_by_role("feed", name="Home")
        await expect(feed.get_by_role("article")).to_have_count(12)
        await scroll_until(page, 36)
        await expect(page).to_have_url(server.url + "/?until=" + page.url.partition("=")[2])
        positions = await page.locator(".post").evaluate_all("all => all.map(each => each.ariaPosInSet)")
        assert positions == [str(n + 1) for n in range(len(positions))]
        assert await page.evaluate("shifted") < 0.02
        for _ in range(3):
            await page.keyboard.press("j")
        post = page.locator(".post:focus")
        name, before = await post.get_attribute("id"), await post.evaluate(PLACE)
        await page.keyboard.press("o")
        await page.wait_for_url("**/p/*")
        await page.go_back()
        for again in (False, True):
            if again:
                await page.reload()
            await page.wait_for_load_state()
            await page.wait_for_timeout(500)
            assert abs(await page.locator(f"#{name}").evaluate(PLACE) - before) < 4


async def test_a_line_tells_where_the_news_ends_also_after_reading_on_and_coming_back(
    chrome: Browser, server: Server, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_pages, "HOME_SIZE", 4)
    mira = await photos_of(server, 8)
    async with at_home(chrome, server) as page:
        line = page.get_by_text("You have seen everything below")
        await expect(line).to_have_count(0)
        for number in range(8):
            await a_post(server.program, mira, f"Photo {number + 9}")
        await settle(server.program)
        await sql.execute("UPDATE home_visits SET began_at = began_at - interval '1 hour'")
        await page.reload()
        await scroll_until(page, 16)
        for again in (False, True):
            if again:
                await page.reload()
            # The line begins the third page that was loaded.
            await expect(line).to_have_count(1)
            assert await page.locator(".seen + .post .caption").text_content() == "mira Photo 8"
            positions = await page.locator(".post").evaluate_all("all => all.map(each => each.ariaPosInSet)")
            assert positions == [str(n + 1) for n in range(16)]


async def test_after_some_pages_the_end_can_be_reached(
    chrome: Browser, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_pages, "HOME_SIZE", 2)
    await photos_of(server, 20)
    async with at_home(chrome, server, viewport=PHONE) as page:
        await scroll_until(page, 12)
        await page.mouse.wheel(0, 9_000)
        more = page.get_by_role("link", name="Load more")
        await expect(more).to_be_visible()
        await page.wait_for_timeout(400)
        await expect(page.locator(".post")).to_have_count(12)
        await more.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".post").nth(12)).to_be_focused()
        await scroll_until(page, 20)
        await expect(page.locator(".pages")).to_have_count(0)
        # So much is not shown again at once: the end of it is, and a way to what was above.
        await page.reload()
        await expect(page.locator(".post")).to_have_count(10)
        await expect(page.locator(".caption").last).to_have_text("mira Photo 1")
        await expect(page.get_by_role("link", name="Newer")).to_be_attached()


async def test_a_page_that_does_not_come_can_be_asked_for_again(chrome: Browser, server: Server) -> None:
    await photos_of(server, 14)
    held = asyncio.Event()
    answers = ["hold", "fail", "go on"]

    async def answer(route: Route) -> None:
        what = answers.pop(0)
        if what == "hold":
            await held.wait()
            await route.abort()
        elif what == "fail":
            await route.fulfill(status=503, headers={"X-Request-Id": "abc123"}, body="")
        else:
            await route.continue_()

    async with at_home(chrome, server, quiet=False) as page:
        await page.clock.install(time=0)
        await page.clock.pause_at(60_000)
        await page.route("**/?cursor=*", answer)
        await page.mouse.wheel(0, 20_000)
        feed = page.get_by_role("feed")
        await expect(feed).to_have_attribute("aria-busy", "true")
        await expect(page.locator(".skeleton")).to_have_count(0)
        await page.clock.run_for(350)
        await expect(page.locator(".skeleton.card")).to_have_count(2)
        await page.clock.run_for(8_000)
        await page.locator(".still-working").get_by_role("button", name="Try again").click()
        held.set()
        block = page.locator(".failed-part")
        await expect(block).to_contain_text("abc123")
        await expect(page.locator(".skeleton")).to_have_count(0)
        await expect(feed).not_to_have_attribute("aria-busy", "true")
        await block.get_by_role("button", name="Try again").click()
        await expect(page.locator(".post")).to_have_count(14)
        await expect(block).to_have_count(0)


async def test_grids_grow_too_and_without_scripts_there_are_links(
    chrome: Browser, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_pages, "GRID_SIZE", 6)
    monkeypatch.setattr(feed_pages, "HOME_SIZE", 5)
    await photos_of(server, 14)
    async with at_home(chrome, server) as page:
        for path in ("/explore", "/explore?sort=popular"):
            await page.goto(path)
            for _ in range(6):
                await page.mouse.wheel(0, 2_000)
                await page.wait_for_timeout(80)
            await expect(page.locator(".justified > li")).to_have_count(14)
            assert page.url.startswith(f"{server.url}{path}{'&' if '?' in path else '?'}until=")
            links = await page.locator(".justified a").evaluate_all("all => all.map(each => each.pathname)")
            assert len(set(links)) == 14
        photos = page.locator(".justified a")
        await photos.first.focus()
        for key, at in (("ArrowRight", 1), ("ArrowLeft", 0), ("End", 13), ("Home", 0)):
            await page.keyboard.press(key)
            await expect(photos.nth(at)).to_be_focused()
        await page.keyboard.press("ArrowDown")
        assert await page.evaluate("document.activeElement.getBoundingClientRect().top") > (
            await photos.first.evaluate(PLACE) + 10
        )
        await page.keyboard.press("ArrowUp")
        await expect(photos.first).to_be_focused()
    async with at_home(chrome, server, java_script_enabled=False) as plain:
        for first in ("Photo 9", "Photo 4"):
            await plain.get_by_role("link", name="Older").click()
            await expect(plain.locator(".post").first).to_contain_text(first)
        for first in ("Photo 9", "Photo 14"):
            await plain.get_by_role("link", name="Newer").click()
            await expect(plain.locator(".post").first).to_contain_text(first)


async def test_a_home_is_read_liked_and_talked_about_by_keys_alone(chrome: Browser, server: Server) -> None:
    await photos_of(server, 5)
    async with at_home(chrome, server) as page:
        posts = page.locator(".post")
        for _ in range(3):
            await page.keyboard.press("j")
        third = posts.nth(2)
        await expect(third).to_be_focused()
        await page.keyboard.press("k")
        await page.keyboard.press("PageDown")
        await expect(third).to_be_focused()
        await page.keyboard.press("l")
        like = third.get_by_role("button", name="Like")
        await expect(like).to_have_attribute("aria-pressed", "true")
        await expect(third.locator('[data-count="likes"]')).to_have_text("1")
        await page.keyboard.press("s")
        await expect(third.get_by_role("button", name="Save")).to_have_attribute("aria-pressed", "true")
        send = third.get_by_role("button", name="Send comment")
        await expect(send).to_be_disabled()
        await page.keyboard.press("c")
        await page.keyboard.type('jolly <img src=x onerror=alert(1)> <b hx-get="/logout">')
        await expect(send).to_be_enabled()
        await page.keyboard.press("Control+Enter")
        await expect(third.locator(".preview")).to_contain_text(
            "jolly <img src=x onerror=alert(1)> <b hx-get"
        )
        await expect(third.locator('[data-count="comments"]')).to_have_text("1")
        await expect(third.locator("textarea")).to_be_focused()
        await expect(third.locator("textarea")).to_have_value("")
        await page.keyboard.press("Escape")
        await expect(third).to_be_focused()
        await page.reload()
        await expect(like).to_have_attribute("aria-pressed", "true")
        await expect(third.locator(".preview")).to_have_count(1)


async def test_keys_are_listed_and_those_without_ctrl_can_be_switched_off(
    chrome: Browser, server: Server
) -> None:
    await photos_of(server, 2)
    async with at_home(chrome, server) as page:
        await page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        await expect(dialog).to_contain_text("Next post")
        await page.keyboard.press("j")
        await expect(page.locator(".post:focus")).to_have_count(0)
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await page.evaluate("document.documentElement.dataset.singleKeys = 'off'")
        await page.keyboard.press("j")
        await page.keyboard.press("?")
        await expect(page.locator(".post:focus, dialog")).to_have_count(0)
        await page.keyboard.press("Control+k")
        await page.wait_for_url("**/explore*")


async def test_a_like_shows_at_once_and_goes_back_when_it_is_refused(chrome: Browser, server: Server) -> None:
    await photos_of(server, 1)
    asked: list[str] = []
    held = asyncio.Event()

    async def answer(route: Route) -> None:
        asked.append(route.request.method)
        if len(asked) == 1:
            await held.wait()
            await route.continue_()
        else:
            await route.fulfill(
                status=500, content_type="application/problem+json", body='{"detail": "Not now."}'
            )

    async with at_home(chrome, server, quiet=False) as page:
        await page.route("**/api/v1/posts/*/like", answer)
        like, count = page.get_by_role("button", name="Like"), page.locator('[data-count="likes"]')
        width = await page.locator(".post-acts .number").evaluate("each => each.offsetWidth")
        await like.click()
        await expect(like).to_have_attribute("aria-pressed", "true", timeout=200)
        await expect(count).to_have_text("1")
        # Of presses in between only what is wanted in the end is told: here nothing more.
        await like.click()
        await like.click()
        held.set()
        await page.wait_for_timeout(300)
        assert asked == ["PUT"]
        await like.click()
        await expect(page.locator(".toast")).to_contain_text("Not now.")
        await expect(like).to_have_attribute("aria-pressed", "true")
        await expect(count).to_have_text("1")
        assert await page.locator(".post-acts .number").evaluate("each => each.offsetWidth") == width


async def test_without_a_connection_a_like_waits(chrome: Browser, server: Server) -> None:
    await photos_of(server, 1)
    async with at_home(chrome, server, quiet=False) as page:
        like = page.get_by_role("button", name="Like")
        await page.context.set_offline(True)
        await like.click()
        await expect(like).to_have_class("btn icon like beat waiting")
        await page.context.set_offline(False)
        await expect(like).not_to_have_class("btn icon like beat waiting")
        await page.reload()
        await expect(like).to_have_attribute("aria-pressed", "true")


async def test_photos_turn_by_buttons_and_arrows_and_the_focus_stays(chrome: Browser, server: Server) -> None:
    await photos_of(server, 1, photos=3)
    async with at_home(chrome, server) as page:
        strip, slides = page.locator(".strip"), page.locator(".slide")
        on = page.get_by_role("button", name="Next photo")
        for number in (2, 3, 3):
            await on.press("Enter")
            await expect(on).to_be_focused()
            await expect(slides.nth(number - 1).locator(".count")).to_be_in_viewport(ratio=0.9)
            await expect(slides.nth(number - 1).locator(".count")).to_have_text(f"{number} / 3")
        await expect(on).to_have_attribute("aria-disabled", "true")
        await strip.focus()
        await page.keyboard.press("ArrowLeft")
        await expect(slides.nth(1).locator(".count")).to_be_in_viewport(ratio=0.9)
        await expect(strip).to_be_focused()
        await page.locator(".post").focus()
        await page.keyboard.press("ArrowLeft")
        await expect(slides.nth(0).locator(".count")).to_be_in_viewport(ratio=0.9)
        await expect(page.locator(".carousel [aria-live]")).to_have_text("1 of 3")
        await page.get_by_role("button", name="Like").click()
        assert await page.evaluate("document.getAnimations().length") == 0


async def test_long_and_many_fits_and_opens_in_place(chrome: Browser, server: Server) -> None:
    mira = await a_person(server.program, "mira")
    words = "w" * 60 + " " + "and then the light came over the ridge again, " * 45 + "END"
    post = await a_post(server.program, mira, words[:2_200], photos=10)
    await a_comment(server.program, mira, post, "z" * 300)
    await settle(server.program)
    for size in (PHONE, {"width": 320, "height": 640}):
        async with at_home(chrome, server, viewport=size) as page:
            caption = page.locator(".caption")
            low = await caption.evaluate("each => each.offsetHeight")
            assert low < 90
            await page.get_by_role("link", name="more").click()
            assert await caption.evaluate("each => each.offsetHeight") > 5 * low
            await expect(caption).to_be_focused()
            assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            assert page.url == server.url + "/"


async def test_a_link_is_copied_from_the_menu(chrome: Browser, server: Server) -> None:
    await photos_of(server, 1)
    async with at_home(chrome, server, permissions=["clipboard-read", "clipboard-write"]) as page:
        await page.evaluate("delete Navigator.prototype.share")
        await page.get_by_label("More about this post").click()
        await page.get_by_role("button", name="Share or copy the link").click()
        await expect(page.locator(".toast")).to_contain_text("Link copied.")
        assert (await page.evaluate("navigator.clipboard.readText()")).startswith(server.url + "/p/")
        await expect(page.get_by_label("More about this post")).to_be_focused()


async def test_with_broken_scripts_everything_is_a_form_or_a_link(chrome: Browser, server: Server) -> None:
    await photos_of(server, 2, photos=2)
    async with at_home(chrome, server, quiet=False) as page:
        await page.route("**/*.js", lambda route: route.fulfill(status=500, body=""))
        await page.goto("/")
        await expect(page.locator(".turn")).to_have_count(0)
        await page.get_by_role("button", name="Like").first.click()
        await expect(page.get_by_role("button", name="Like").first).to_have_attribute("aria-pressed", "true")
        await page.locator("textarea").first.fill("Plain words")
        await page.get_by_role("button", name="Send comment").first.click()
        await expect(page.locator(".preview")).to_contain_text("Plain words")
        await page.get_by_label("More about this post").first.click()
        await expect(page.get_by_role("button", name="Share or copy the link")).to_have_count(0)
        await page.get_by_role("link", name="Delete").first.click()
        await page.get_by_role("button", name="Delete").click()
        await expect(page.locator(".flash")).to_contain_text("Post deleted.")
