"""The page of all components: for whoever develops, complete, and readable in both themes and from right to left."""

import re

import aiohttp
import pytest
from playwright.async_api import Browser

from entrypoints.web.rendering import TEMPLATES
from tests.browser.people import DESK, PHONE
from tests.browser.tour.checks import AXE
from tests.conftest import Server

HERE = "/dev/components"
VIOLATIONS = """rules => axe.run(document, {
  runOnly: rules, resultTypes: ["violations"], preload: false,
}).then(({ violations }) => violations.flatMap(each => each.nodes.map(node => `${each.id}: ${node.html.slice(0, 200)}`)))"""


async def test_nobody_finds_it_on_a_usual_server(client: aiohttp.ClientSession) -> None:
    async with client.get(HERE) as answer:
        assert answer.status == 404


def test_every_component_that_pages_can_use_is_on_it() -> None:
    handed_on = (TEMPLATES / "ui/all.html").read_text(encoding="utf-8")
    named = {
        name.strip() for names in re.findall(r"{% set ([\w, ]+?) = ", handed_on) for name in names.split(",")
    }
    assert len(named) > 50
    page = (TEMPLATES / "pages/components.html").read_text(encoding="utf-8")
    assert sorted(name for name in named if f"ui.{name}(" not in page) == []
    headings = set(re.findall(r"\w+", " ".join(re.findall(r'call part\("([^"]+)"', page))))
    assert named == headings


@pytest.mark.browser
@pytest.mark.settings(log_level="debug")
async def test_all_of_it_is_readable_and_nothing_sticks_out(chrome: Browser, server: Server) -> None:
    context = await chrome.new_context(base_url=server.url, viewport=DESK, bypass_csp=True)
    page = await context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    await page.goto(HERE)
    # All rules in one theme, those about colours in the other one too: nothing else changes.
    everything = {
        "type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }  # fmt: skip
    for theme, rules in (("light", everything), ("dark", {"type": "rule", "values": ["color-contrast"]})):
        await page.get_by_role("link", name=theme).click()
        await page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        await page.evaluate(AXE)
        assert await page.evaluate(VIOLATIONS, rules) == [], theme
    ids = await page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert sorted({each for each in ids if ids.count(each) > 1}) == []
    for size in (DESK, PHONE):
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert trouble == []
    await context.close()
