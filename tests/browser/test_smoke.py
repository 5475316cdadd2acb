"""The main job in a real browser, with scripts off and on: join, publish, be followed, be seen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, expect

from tests.conftest import PASSWORD, Server, a_jpeg, settle

pytestmark = pytest.mark.browser

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}


@asynccontextmanager
async def someone(
    chrome: Browser, server: Server, *, script: bool, size: dict[str, int]
) -> AsyncIterator[Page]:
    """A fresh browser profile; at the end nothing was blocked, nothing failed, and nothing left the server."""
    context = await chrome.new_context(
        base_url=server.url,
        java_script_enabled=script,
        viewport=size,
        color_scheme="dark" if script else "light",
        reduced_motion="no-preference",
    )
    page = await context.new_page()
    trouble: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            trouble.append(f"{message.text} {message.location}")

    def asked(request: Request) -> None:
        if not request.url.startswith((server.url, "data:", "blob:")):
            trouble.append(f"left the server: {request.url}")

    page.on("console", heard)
    page.on("request", asked)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    yield page
    await context.close()
    assert not trouble, trouble


async def join(page: Page, name: str) -> None:
    await page.goto("/")
    await page.get_by_role("link", name="Create account").first.click()
    await page.get_by_label("User name").fill(name)
    await page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await page.goto(f"/@{name}")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(name)


async def publish(page: Page, picture: Path, alt: str, caption: str) -> None:
    await page.goto("/new")
    await page.locator("input[type=file]").first.set_input_files(picture)
    # With scripts the photo is on its way already, and the page is the same.
    if await page.get_by_role("button", name="Continue").is_visible():
        await page.get_by_role("button", name="Continue").click()
    await page.locator("textarea[name^=alt-]").first.fill(alt)
    await page.get_by_label("Caption").fill(caption)
    await page.get_by_role("button", name="Post", exact=True).last.click()
    await expect(page.get_by_text(caption.split(" #", maxsplit=1)[0]).first).to_be_visible()


@pytest.mark.parametrize(
    ("script", "size"), [(False, PHONE), (True, DESK)], ids=["plain-phone", "script-desk"]
)
async def test_a_photo_goes_from_one_person_to_another(
    chrome: Browser, server: Server, tmp_path: Path, script: bool, size: dict[str, int]
) -> None:
    await server.program.joining.add("keeper", PASSWORD, role="admin")
    picture = tmp_path / "ridge.jpg"
    picture.write_bytes(a_jpeg(1200, 800))
    async with (
        someone(chrome, server, script=script, size=size) as mira,
        someone(chrome, server, script=script, size=size) as greta,
    ):
        await join(mira, "mira")
        await publish(mira, picture, "Ridges under a low sun", "First light #dawn")
        await settle(server.program)
        await join(greta, "greta")
        await greta.goto("/@mira")
        async with greta.expect_response("**/follow"):
            await greta.get_by_role("button", name="Follow", exact=True).first.click()
        await greta.goto("/")
        shown = greta.get_by_alt_text("Ridges under a low sun").first
        await expect(shown).to_be_visible()
        assert await shown.evaluate("image => image.complete && image.naturalWidth > 0") if script else True
        async with greta.expect_response("**/like"):
            await greta.get_by_role("button", name="Like", exact=False).first.click()
        # The page has loaded itself again for the last time: the two would end each other.
        await expect(mira.locator("meta[http-equiv=refresh]")).to_have_count(0, timeout=10_000)
        await mira.reload()
        await expect(mira.get_by_text("1", exact=False).first).to_be_visible()
        for person in (mira, greta):
            assert (
                await person.evaluate("document.documentElement.scrollWidth <= innerWidth")
                if script
                else True
            )
