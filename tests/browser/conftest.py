"""A real browser. Where there is no Chromium the tests are skipped with the reason; in CI its absence is a failure."""

import os
import shutil
from collections.abc import AsyncIterator
from functools import partial

import pytest
from playwright.async_api import Browser, async_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium() -> str | None:
    """Where the browser is."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
async def chrome() -> AsyncIterator[Browser]:
    """One browser for all tests of this process."""
    executable = chromium()
    if executable is None:
        reason = "no Chromium is installed (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=FLAGS)
        # What a service worker answers, tests could neither count nor replace; those about it say `allow`. Fading from
        # page to page would be half of what the browser does; those that go the usual way say `no-preference`.
        browser.new_context = partial(  # type: ignore[method-assign]
            browser.new_context, service_workers="block", reduced_motion="reduce"
        )
        yield browser
        await browser.close()
