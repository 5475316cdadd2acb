"""Somebody at a browser, signed in; what went wrong in it is told at the end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

from tests.conftest import PASSWORD, Server

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}


async def enter(context: BrowserContext, name: str = "mira") -> None:
    """Sign in without the form, which other tests fill in as people do."""
    answer = await context.request.post("/api/v1/sessions", data={"username": name, "password": PASSWORD})
    assert answer.ok, await answer.text()


async def sign_in(context: BrowserContext, name: str = "mira") -> Page:
    """A page for somebody who is signed in."""
    await enter(context, name)
    return await context.new_page()


@asynccontextmanager
async def at_home(
    chrome: Browser, server: Server, name: str = "mira", *, quiet: bool = True, **options: Any
) -> AsyncIterator[Page]:
    """The home page of `name` on a desk, or as `options` of the browser's profile say.

    With `quiet`, scripts that fail and anything that the security policy stops fail the test.
    """
    context = await chrome.new_context(base_url=server.url, **{"viewport": DESK, **options})
    page = await sign_in(context, name)
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    await page.goto("/")
    yield page
    await context.close()
    assert not (quiet and trouble), trouble
