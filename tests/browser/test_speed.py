"""How soon pages stand and answer, also on an old phone with a slow line, and what one sees meanwhile.

The slow profile is that of the acceptance list: 1.6 Mb/s, 150 ms there and back, a fourth of the processor. What takes
seconds is tried again, because a machine that does other things can only be slower than the page is; where the whole
machine is busy, seconds are not held against the page.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from PIL import Image
from playwright.async_api import Browser, Page, Route, expect

from application.posting import PhotoDraft, PostDraft
from domain.kernel import PostId
from entrypoints.web.assets import IMMUTABLE
from tests.browser.people import PHONE, enter
from tests.browser.tour.content import a_picture
from tests.builders import Someone, a_comment, a_person, an_upload
from tests.conftest import Server, settle

pytestmark = pytest.mark.browser

KBIT = 1_000 / 8
LARGEST_MS, LOCAL_MS, ANSWER_MS, TASK_MS, SHIFT = 2_500, 1_500, 200, 200, 0.02
# See https://web.dev/articles/vitals; milliseconds, but for the shift.
WATCH = """(() => {
  const seen = window.seen = { largest: 0, shift: 0, task: 0, answer: 0 };
  const watch = (type, see, more) =>
    new PerformanceObserver(list => list.getEntries().forEach(see)).observe({ type, buffered: true, ...more });
  watch("largest-contentful-paint", each => { seen.largest = each.startTime; });
  watch("layout-shift", each => { if (!each.hadRecentInput) seen.shift += each.value; });
  watch("longtask", each => { seen.task = Math.max(seen.task, each.duration); });
  watch("event", each => { if (each.interactionId) seen.answer = Math.max(seen.answer, each.duration); },
    { durationThreshold: 16 });
})();"""
# All of the first screen is there, and what was painted has been told.
STANDS = """() => document.readyState === "complete" && document.fonts.status === "loaded"
  && [...document.images].every(each => each.complete || each.getBoundingClientRect().top > innerHeight)"""
TOLD = "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(window.seen), 100)))"


def busy() -> bool:
    """Whether this machine does much besides."""
    return os.getloadavg()[0] > (os.cpu_count() or 1) + 1


async def at_best(measure: Callable[[], Awaitable[dict[str, float]]], limits: dict[str, float]) -> None:
    """Fails when none of three tries is within the limits."""
    for tries in (3, 2, 1):
        found = await measure()
        over = {name: found[name] for name, limit in limits.items() if found[name] > limit}
        if not over or busy():
            return
        assert tries > 1, (over, limits)


@asynccontextmanager
async def slow_phone(
    chrome: Browser, server: Server, name: str = "", *, line: bool = True
) -> AsyncIterator[Page]:
    """A phone that has never been here, with the slow profile; of somebody, or of a stranger."""
    context = await chrome.new_context(
        base_url=server.url, viewport=PHONE, device_scale_factor=2, has_touch=True
    )
    if name:
        await enter(context, name)
    page = await context.new_page()
    await page.add_init_script(WATCH)
    tools = await context.new_cdp_session(page)
    if line:
        await tools.send("Network.enable")
        conditions = {
            "offline": False, "latency": 150,
            "downloadThroughput": 1_600 * KBIT, "uploadThroughput": 750 * KBIT,
        }  # fmt: skip
        await tools.send("Network.emulateNetworkConditions", conditions)
    await tools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    yield page
    await context.close()


async def seen(page: Page) -> dict[str, float]:
    await page.wait_for_function(STANDS)
    told: dict[str, float] = await page.evaluate(TOLD)
    return told


async def photographed(server: Server, by: Someone, posts: int) -> PostId:
    """So many posts of photographs as they come out of cameras; the newest one's id."""
    program = server.program
    for number in range(posts):
        content = a_picture("ridges", 3, 1_600, 1_060 + number)
        photo = PhotoDraft(await an_upload(program, by, content=content), "Ridges under a low sun")
        post = await program.posting.publish(by.id, PostDraft([photo], f"First light, {number}. #dawn"))
    await settle(program)
    return post


async def test_pages_stand_soon_on_a_slow_line(chrome: Browser, server: Server) -> None:
    post = await photographed(server, await a_person(server.program, "mira"), posts=4)
    for who, path in (
        ("", "/"),
        ("mira", "/"),
        ("mira", f"/p/{post}"),
        ("mira", "/explore"),
        ("mira", "/new"),
    ):

        async def load(who: str = who, path: str = path) -> dict[str, float]:
            async with slow_phone(chrome, server, who) as page:
                await page.goto(path)
                return {**await seen(page), "path": path}  # type: ignore[dict-item]

        await at_best(load, {"largest": LARGEST_MS, "task": TASK_MS, "shift": SHIFT})


async def test_what_is_pressed_and_typed_answers_at_once(chrome: Browser, server: Server) -> None:
    mira = await a_person(server.program, "mira")
    post = await photographed(server, mira, posts=2)
    await a_comment(server.program, mira, post)

    async def use() -> dict[str, float]:
        async with slow_phone(chrome, server, "mira", line=False) as page:
            await page.goto("/")
            await seen(page)
            card = page.locator(".post").first
            async with page.expect_response("**/*like"):
                await card.get_by_role("button", name="Like").click()
            await card.get_by_label("More about this post").click()
            await expect(card.get_by_role("link", name="Edit")).to_be_visible()
            await page.keyboard.press("Escape")
            await page.goto(f"/p/{post}")
            await seen(page)
            await page.get_by_role("textbox").press_sequentially("What a light", delay=30)
            await page.locator(".stage > a").first.click()
            await expect(page.get_by_role("dialog")).to_be_visible()
            return await seen(page)

    await at_best(use, {"answer": ANSWER_MS})


async def test_until_a_photo_comes_its_colours_are_there(chrome: Browser, server: Server) -> None:
    post = await photographed(server, await a_person(server.program, "mira"), posts=1)
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    async with slow_phone(chrome, server, "mira") as page:
        await page.route("**/m/**", hold)
        for path in ("/", f"/p/{post}"):
            await page.goto(path, wait_until="commit")
            frame = page.locator(".frame").first
            await page.wait_for_function("() => document.querySelector('.frame .ph')?.naturalWidth > 0")
            await page.wait_for_timeout(300)
            early = Image.open(BytesIO(await frame.screenshot())).convert("RGB")
            assert held, "the photo is on its way"
            spread = [high - low for low, high in early.resize((16, 16)).getextrema()]
            assert max(spread) > 40, f"one colour only: {spread}"
            if shots := os.environ.get("HELIOGRAPH_SHOTS"):
                early.save(Path(shots) / f"early-{path.strip('/')[:1] or 'home'}.png")
            while held:
                await held.pop().continue_()
            assert (await seen(page))["shift"] < SHIFT


async def test_files_of_a_page_are_kept_for_ever_under_an_address_that_changes(
    chrome: Browser, server: Server, client: aiohttp.ClientSession
) -> None:
    await a_person(server.program, "mira")
    context = await chrome.new_context(base_url=server.url)
    await enter(context)
    page = await context.new_page()
    await page.goto("/new")
    loaded: list[str] = await page.evaluate("performance.getEntriesByType('resource').map(each => each.name)")
    await context.close()
    prefix = server.app.ctx.site.assets.prefix
    files = {url.partition("#")[0] for url in loaded if "/static/" in url}
    assert {path.rpartition(".")[2] for path in files} >= {"css", "js", "svg", "woff2"}

    async def kept(url: str) -> tuple[int, str]:
        async with client.get(url) as answer:
            return answer.status, answer.headers["Cache-Control"]

    for url in files:
        assert url.startswith(server.url + prefix)
        assert await kept(url) == (200, IMMUTABLE)
        assert await kept(url.replace(prefix, "/static/v-000000000000/")) == (200, "no-cache")


def test_what_is_measured_would_be_noticed() -> None:
    async def slow() -> dict[str, float]:
        return {"largest": LARGEST_MS + 1.0}

    if not busy():
        with pytest.raises(AssertionError):
            asyncio.run(at_best(slow, {"largest": LARGEST_MS}))
