"""The place as an app: what is kept for when there is no connection, and what never is."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect

from entrypoints.web.assets import STATIC, Assets
from tests.api.conftest import Api
from tests.browser.people import sign_in
from tests.conftest import Server, a_jpeg

pytestmark = pytest.mark.browser

CONTROLLED = "navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null)"
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
  return found;
}"""


@pytest.fixture
async def page(chrome: Browser, server: Server, client: aiohttp.ClientSession) -> AsyncIterator[Page]:
    """Mira's browser with the service worker at work; she has a post for everybody and one for followers."""
    api = Api(server, client)
    mira = await api.join("mira")
    for audience in ("everyone", "followers"):
        await api.post(mira, audience, audience=audience)
    context = await chrome.new_context(base_url=server.url, service_workers="allow")
    page = await sign_in(context)
    await page.goto("/")
    await page.wait_for_function(CONTROLLED)
    yield page
    await context.close()


async def test_without_connection_a_page_says_so_and_nothing_personal_is_kept(page: Page) -> None:
    await page.goto("/@mira")
    await page.wait_for_function("[...document.images].every(each => each.complete)")
    await page.goto("/settings")
    kept = await page.evaluate(KEPT)
    photos = [path for path in kept if path.startswith("/m/")]
    assert len(photos) == 1, kept
    assert not [path for path in kept if not re.match(r"/(static|m|a)/|/offline$", path)]
    await page.context.set_offline(True)
    await page.goto("/settings")
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are offline")
    assert "mira" not in await page.content()
    # The page is not bare, and goes on where somebody wanted to go.
    assert await page.evaluate("getComputedStyle(document.querySelector('.btn.primary')).minHeight") == "44px"
    await page.context.set_offline(False)
    await page.get_by_role("link", name="Try again").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Settings")


async def test_a_new_version_waits_until_it_is_wanted(page: Page, server: Server, tmp_path: Path) -> None:
    site = server.app.ctx.site
    (tmp_path / "css").mkdir()
    for path in STATIC.rglob("*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(STATIC)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (tmp_path / "css/99-new.css").write_text("@layer utilities { .new { color: tan; } }")
    server.app.ctx.site = replace(site, assets=Assets(tmp_path))
    await page.evaluate("navigator.serviceWorker.getRegistration().then(each => each.update())")
    offer = page.get_by_text("A new version is ready.").last
    await expect(offer).to_be_visible()
    old = {name for name in await page.evaluate("caches.keys()") if name.startswith("hg-files-")}
    assert len(old) == 2
    async with page.expect_navigation():
        await page.get_by_role("button", name="Reload").click()
    await page.wait_for_function(
        "caches.keys().then(all => all.filter(each => each.startsWith('hg-files-')).length === 1)"
    )


async def test_the_manifest_says_what_an_app_needs(client: aiohttp.ClientSession) -> None:
    async with client.get("/manifest.webmanifest", headers={"Accept-Language": "ru"}) as answer:
        told = await answer.json(content_type="application/manifest+json")
    assert (told["id"], told["start_url"], told["display"]) == ("/", "/?source=pwa", "standalone")
    assert told["lang"] == "ru"
    for icon in told["icons"]:
        async with client.get(icon["src"]) as answer:
            assert (answer.status, answer.content_type) == (200, icon["type"])
            assert "immutable" in answer.headers["Cache-Control"]
    assert {each["form_factor"] for each in told["screenshots"]} == {"wide", "narrow"}
    for shot in told["screenshots"]:
        async with client.get(shot["src"]) as answer:
            content = await answer.read()
            assert (answer.status, answer.content_type) == (200, shot["type"])
        assert len(content) <= 100_000
        assert "{}x{}".format(*Image.open(BytesIO(content)).size) == shot["sizes"]
    async with client.get("/sw.js") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        etag = answer.headers["ETag"]
    async with client.get("/sw.js", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304


SHARE = """picture => {
  const form = Object.assign(document.createElement("form"), {
    action: "/share", method: "post", enctype: "multipart/form-data",
  });
  const input = Object.assign(document.createElement("input"), { type: "file", name: "photos" });
  const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(picture)], "from-elsewhere.jpg", { type: "image/jpeg" }));
  input.files = files.files;
  form.append(input);
  document.body.append(form);
  form.submit();
}"""


async def test_photos_of_other_apps_are_added_when_somebody_says_so(page: Page, server: Server) -> None:
    async with page.expect_navigation(url="**/new?shared=1"):
        await page.evaluate(SHARE, list(a_jpeg()))
    await expect(page.get_by_text("from-elsewhere.jpg")).to_have_count(0)
    await page.get_by_role("button", name="Add them").click()
    await expect(page.get_by_text("from-elsewhere.jpg").first).to_be_visible()


async def test_without_the_worker_nothing_that_is_handed_over_is_read(server: Server) -> None:
    async with server.browser() as session, session.post("/share", data={"photos": "x"}) as answer:
        assert answer.status in (200, 303)
        assert answer.url.path == "/login" or answer.headers["Location"] == "/new"
