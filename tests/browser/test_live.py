"""What happens is seen without reloading."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from entrypoints import live
from tests.browser.people import at_home
from tests.builders import a_follow, a_person, a_post
from tests.conftest import Server, settle

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("telling")]


@pytest.fixture
async def telling(server: Server) -> AsyncIterator[None]:
    """What happens is told, as in a server at work."""
    task = asyncio.create_task(server.program.living.run())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_new_posts_wait_above_the_home_feed_until_they_are_asked_for(
    chrome: Browser, server: Server
) -> None:
    mira, joon = await a_person(server.program, "mira"), await a_person(server.program, "joon")
    await a_follow(server.program, mira, joon)
    await a_post(server.program, joon, "the first")
    await settle(server.program)
    async with at_home(chrome, server) as page:
        articles, news = page.get_by_role("article"), page.locator(".news a")
        await expect(articles).to_have_count(1)
        await expect(news).to_be_hidden()
        async with asyncio.timeout(15):
            while mira.id not in server.program.living._listeners:
                await asyncio.sleep(0.05)
        for number in (1, 2):
            await a_post(server.program, joon, f"news {number}")
            await settle(server.program)
            await expect(news).to_have_text(["1 new post", "2 new posts"][number - 1])
        await expect(articles).to_have_count(1)
        await news.click()
        await expect(articles).to_have_count(3)
        await expect(page.locator(".news a")).to_be_hidden()


async def test_a_connection_that_is_lost_is_told_and_comes_back(chrome: Browser, server: Server) -> None:
    await a_person(server.program, "mira")
    async with at_home(chrome, server, quiet=False) as page:
        board = server.app.ctx.switchboard

        async def connections(count: int) -> None:
            async with asyncio.timeout(15):
                while len(board._all()) != count:
                    await asyncio.sleep(0.05)

        await connections(1)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(live, "SOCKETS_PER_PERSON", 0)
            for each in board._all():
                each.wire.abort()
            await expect(page.locator(".banner")).to_have_text("Reconnecting…", timeout=20_000)
        await connections(1)
        await expect(page.locator(".banner")).to_have_count(0)
        await page.goto("/settings")
        await connections(1)
