"""Being told what happens, with scripts: what stood in view is read, the bell follows, the list grows."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.people import at_home
from tests.builders import a_comment, a_person, a_post
from tests.conftest import Server, settle

pytestmark = pytest.mark.browser

BELL = '.nav a[href="/notifications"] .badge'


async def test_what_stood_in_view_is_read_and_the_bell_goes_down(chrome: Browser, server: Server) -> None:
    program = server.program
    mira, joon = [await a_person(program, name) for name in ("mira", "joon")]
    post = await a_post(program, mira)
    for number in range(34):
        await a_comment(program, joon, post, f"number {number}")
    await settle(program)
    async with at_home(chrome, server) as page:
        await expect(page.locator(BELL)).to_have_text("34 unread")
        await page.keyboard.press("g")
        await page.keyboard.press("n")
        await page.wait_for_url("**/notifications")
        rows = page.locator(".note")
        await expect(rows).to_have_count(30)
        assert (await page.title()).startswith("(34) Notifications")
        # A shorter look marks nothing; longer ones mark what is in view, and nothing below.
        await expect(rows.first).to_have_class("note user-row new")
        await expect(rows.first).to_have_class("note user-row", timeout=6_000)
        await expect(page.locator(BELL)).not_to_have_text("34 unread")
        left = int((await page.locator(BELL).text_content() or "").split()[0])
        assert 15 < left < 32
        assert left == (await program.notifying.counts(mira.id)).unread
        assert (await page.title()).startswith(f"({left}) Notifications")
        # The list grows in place, and a day stays one day.
        await page.mouse.wheel(0, 20_000)
        await expect(rows).to_have_count(34)
        await expect(page.locator(".notes h2")).to_have_count(1)
        # A key leads on to the first one, and keeps it for later.
        await page.keyboard.press("j")
        await expect(rows.first.locator(".said")).to_be_focused()
        await page.keyboard.press("u")
        await expect(rows.first).to_have_class("note user-row new")
        await page.keyboard.press("Shift+A")
        await expect(page.locator(".note.new")).to_have_count(0)
        await expect(page.locator(BELL)).to_be_hidden()
        await expect(page.locator('form[action="/notifications/read"]')).to_be_hidden()
        assert (await page.title()).startswith("Notifications")
        assert (await program.notifying.counts(mira.id)).unread == 0
        # The oldest comment is on none of the first pages of the post.
        await page.locator(".note .said").last.click()
        await expect(page.locator(".comment:target")).to_contain_text("number 0")


async def test_whoever_opens_one_at_once_has_read_it(chrome: Browser, server: Server) -> None:
    program = server.program
    mira, joon = [await a_person(program, name) for name in ("mira", "joon")]
    await program.posting.like(joon.id, await a_post(program, mira))
    await settle(program)
    async with at_home(chrome, server) as page:
        await page.goto("/notifications")
        await page.locator(".note .said").click()
        await page.wait_for_url("**/p/*")
        await expect(page.locator(BELL)).to_be_hidden()
