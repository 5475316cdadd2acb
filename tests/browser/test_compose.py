"""Cutting without scripts: what the form shows is what the server cuts."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.async_api import Browser, Page, expect

from tests.browser.people import sign_in
from tests.conftest import PASSWORD, Server, settle

pytestmark = pytest.mark.browser

COLOURS = ("red", "lime", "blue", "yellow", "magenta", "cyan", "white", "grey", "black")


def nine_fields(path: Path) -> Path:
    """A picture whose ninths tell themselves apart."""
    picture = Image.new("RGB", (960, 600))
    for i, colour in enumerate(COLOURS):
        picture.paste(colour, (i % 3 * 320, i // 3 * 200, i % 3 * 320 + 320, i // 3 * 200 + 200))
    picture.save(path, "JPEG", quality=95)
    return path


@pytest.fixture
async def mira(chrome: Browser, server: Server) -> AsyncIterator[Page]:
    await server.program.joining.add("mira", PASSWORD)
    context = await chrome.new_context(
        base_url=server.url, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    yield await sign_in(context)
    await context.close()


CHOICES = [
    ("As it is", "4:5", "Right"),
    ("To the right", "Whole photo", None),
    ("To the right", "16:9", "Bottom"),
    ("Upside down", "Square", "Left"),
    ("To the left", "3:2", "Bottom right"),
]


async def test_the_preview_shows_what_the_server_cuts(mira: Page, server: Server, tmp_path: Path) -> None:
    await mira.goto("/new")
    files = [nine_fields(tmp_path / f"{i}.jpg") for i in range(len(CHOICES))]
    await mira.locator("input[type=file]").set_input_files(files)
    await mira.get_by_role("button", name="Continue").click()
    await settle(server.program)
    await mira.get_by_role("button", name="Show the photo").first.click()
    shown = []
    for i, (turn, shape, part) in enumerate(CHOICES):
        shot = mira.locator(".shot").nth(i)
        await shot.locator(".cut > summary").click()
        await shot.get_by_label(turn, exact=True).check()
        await shot.get_by_label(shape, exact=True).check()
        if part is None:
            await expect(shot.locator(".keep")).to_be_hidden()
        else:
            await shot.locator(".keep").get_by_label(part, exact=True).check()
        shown.append(await shot.locator(".frame").screenshot())
    await mira.get_by_role("button", name="Post", exact=True).last.click()
    await mira.get_by_role("button", name="Post anyway").click()
    await settle(server.program)
    await mira.goto(mira.url)
    for i, choice in enumerate(CHOICES):
        address = await mira.locator(".post-page img.im").nth(i).get_attribute("src")
        cut = await (await mira.context.request.get(address or "")).body()
        assert difference(shown[i], cut) < 12, choice


def difference(one: bytes, other: bytes) -> float:
    """How far two pictures are apart, per point and channel, 0 to 255; the shape counts."""
    pictures = [Image.open(BytesIO(each)).convert("RGB") for each in (one, other)]
    ratios = [each.width / each.height for each in pictures]
    assert abs(ratios[0] / ratios[1] - 1) < 0.04, ratios
    small = [each.resize((24, 24), Image.Resampling.BOX) for each in pictures]
    return max(ImageStat.Stat(ImageChops.difference(*small)).mean)
