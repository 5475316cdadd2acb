"""Languages that are looked at: nothing is cut off in long words, pages turn around, texts keep their own direction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Page

from tests.browser.people import sign_in
from tests.browser.tour.checks import EYES
from tests.conftest import Member, Server, a_jpeg, settle

pytestmark = pytest.mark.browser

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
MIXED = "새벽 산책 #한강\nУтро у воды\nOne more morning 🙂\nصباح الخير"
PAGES = (
    "/ /explore /@ada /@mira /@mira/followers /new /drafts /requests /tags/%ED%95%9C%EA%B0%95 /settings "
    "/settings/profile /settings/privacy /settings/data /settings/tokens /admin /admin/users /p/POST /p/POST/likes "
    "/p/POST/delete /docs/api /offline /nothing/here"
).split()
GUEST_PAGES = "/ /login /register /forgot /about /shortcuts".split()
# What of a page is cut off, or stands beside the screen.
CUT_OFF = """() => {
  const found = [], wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > wide + 1) found.push("the page scrolls sideways");
  for (const each of document.querySelectorAll("button, a.btn, h1, h2, label, legend, summary, th, dt, .chip, .tabs a")) {
    const box = each.getBoundingClientRect(), style = getComputedStyle(each);
    if (!box.width || each.closest(".vh, .skip, .scroll, [hidden]")) continue;
    const text = (each.innerText || each.ariaLabel || "").slice(0, 40);
    if (style.display !== "inline" && each.scrollWidth > each.clientWidth + 1 && style.overflowX !== "visible")
      found.push(`cut off: ${text}`);
    if (!each.closest(".tabs") && (box.right > wide + 1 || box.left < -1)) found.push(`outside: ${text}`);
  }
  return found;
}"""


@asynccontextmanager
async def looking(
    chrome: Browser, server: Server, language: str, size: dict[str, int]
) -> AsyncIterator[tuple[Page, str]]:
    """A page for mira, who looks after the server, and the address of a post of two photos with a caption in four scripts."""
    mira = await server.join("mira", role="admin")
    post = await posted(server, mira)
    await posted(server, await server.join("ada"))
    await settle(server.program)
    context = await chrome.new_context(base_url=server.url, viewport=size, locale=language)
    yield await sign_in(context), post
    await context.close()


async def posted(server: Server, who: Member) -> str:
    form = aiohttp.FormData({"caption": MIXED})
    for name in ("a.jpg", "b.jpg"):
        form.add_field("photos", a_jpeg(900, 600), filename=name, content_type="image/jpeg")
    async with (
        aiohttp.ClientSession(server.url) as program,
        program.post("/api/v1/posts", data=form, headers=who.headers) as answer,
    ):
        made: Any = await answer.json()
    return str(made["id"])


@pytest.mark.settings(log_level="debug")
@pytest.mark.parametrize("language", ["en-XA", "ar-XB"])
async def test_nothing_is_cut_off_or_beside_the_screen(
    chrome: Browser, server: Server, language: str
) -> None:
    async with looking(chrome, server, language, PHONE) as (page, post):
        guest = await chrome.new_context(base_url=server.url, viewport=PHONE, locale=language)
        wrong = []
        for visitor, paths in ((page, PAGES), (await guest.new_page(), GUEST_PAGES)):
            await visitor.add_init_script(EYES)
            for path in paths:
                await visitor.goto(path.replace("POST", post))
                assert await visitor.locator("html").get_attribute("lang") == language
                for size in (DESK, PHONE) if language == "en-XA" else (PHONE,):
                    await visitor.set_viewport_size(size)  # type: ignore[arg-type]
                    found = await visitor.evaluate(f"[...({CUT_OFF})(), ...eyes.fits(), ...eyes.overlaps()]")
                    wrong += [(path, size["width"], each) for each in found]
        await guest.close()
        assert wrong == []


@pytest.mark.settings(log_level="debug")
async def test_a_page_from_right_to_left_is_mirrored_and_its_numbers_are_not(
    chrome: Browser, server: Server
) -> None:
    async with looking(chrome, server, "ar-XB", DESK) as (page, post):
        await page.goto(f"/p/{post}")
        assert await page.locator("html").get_attribute("dir") == "rtl"

        async def left(selector: str) -> float:
            box = await page.locator(selector).first.bounding_box()
            assert box is not None, selector
            return box["x"]

        # The menu is at the right, and what is told about the photo at the left of it.
        assert await left("header.site") > 640
        assert await left(".told") < await left(".looked-at")
        counter = page.locator("bdi[dir=ltr]", has_text="1 / 2").first
        assert await counter.evaluate("each => getComputedStyle(each).direction") == "ltr"
        await page.goto("/settings/profile")
        flipped = page.locator("svg.flip").first
        assert await flipped.evaluate("each => getComputedStyle(each).scale") == "-1 1"


async def test_each_paragraph_of_a_caption_has_its_own_direction(chrome: Browser, server: Server) -> None:
    async with looking(chrome, server, "en", PHONE) as (page, post):
        await page.goto(f"/p/{post}")
        caption = page.locator(".caption").first
        assert await caption.evaluate("each => getComputedStyle(each).unicodeBidi") == "plaintext"
        # Where each line begins: the Arabic one at the right edge, the others at the left.
        edges = await caption.evaluate("""each => {
          const range = document.createRange(), box = each.getBoundingClientRect(), texts = [];
          const padding = parseFloat(getComputedStyle(each).paddingLeft);
          const walker = document.createTreeWalker(each, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) texts.push(walker.currentNode);
          return ["Утро", "One", "صباح"].map(word => {
            const text = texts.find(each => each.data.includes(word)), at = text.data.indexOf(word);
            range.setStart(text, at); range.setEnd(text, at + word.length);
            const word_box = range.getBoundingClientRect();
            return [word_box.left - box.left - padding < 2, box.right - padding - word_box.right < 2];
          });
        }""")
        assert edges == [[True, False], [True, False], [False, True]]
