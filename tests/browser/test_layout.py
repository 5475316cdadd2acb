"""What only a browser can measure: nothing sticks out, nothing is cut that should be read."""

import pytest
from playwright.async_api import Browser, Route, expect

from application.accounts import ProfileChange
from tests.browser.people import PHONE, at_home
from tests.conftest import PASSWORD, Server

pytestmark = pytest.mark.browser

WIDER_THAN_ITS_BOX = (
    "row => [row, ...row.children].filter(each => each.scrollWidth > each.clientWidth + 1).length"
)


async def test_pages_fit_and_names_are_read_whole(chrome: Browser, server: Server) -> None:
    joining, following = server.program.joining, server.program.following
    mira = await joining.add("mira", PASSWORD, display_name="Mira Lindqvist of Bergen, Norway and elsewhere")
    other = await joining.add("wide.and.long.name", PASSWORD)
    await following.follow(mira.id, "wide.and.long.name")
    await following.follow(other.id, "mira")
    async with at_home(chrome, server) as page:
        # On a wide screen the own name stands beside the picture, on one line.
        box = await page.locator(".account > summary > .label").first.bounding_box()
        assert box
        assert box["height"] < 32
        for path in ("/", "/settings", "/@wide.and.long.name/followers", "/@mira/followers"):
            await page.goto(path)
            for width in (320, 390, 1280):
                await page.set_viewport_size({"width": width, "height": 800})
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, (width, path)
                foot = await page.locator(".shell > footer").bounding_box()
                main = await page.locator("main").bounding_box()
                assert foot
                assert main
                assert foot["y"] >= main["y"] + main["height"] - 1, "the foot stands below what the page says"
                if path == "/@mira/followers":
                    handle = page.locator(".user-row .handle").first
                    assert "Follows you" in await handle.inner_text()
                    assert await handle.evaluate(WIDER_THAN_ITS_BOX) == 0, width


async def test_a_typeface_that_comes_late_moves_nothing(chrome: Browser, server: Server) -> None:
    await server.program.joining.add("mira", PASSWORD, display_name="Mira Lindqvist")
    shifts = """() => new Promise(done => {
      let sum = 0;
      const watch = new PerformanceObserver(list => { for (const each of list.getEntries()) sum += each.value; });
      watch.observe({ type: "layout-shift", buffered: true });
      document.fonts.ready.then(() => requestAnimationFrame(() => setTimeout(() => done(sum), 100)));
    })"""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    async with at_home(chrome, server, viewport=PHONE) as page:
        await page.route("**/*.woff2", keep)
        for language in ("en", "ru"):
            await page.set_extra_http_headers({"Accept-Language": language})
            for path in ("/", "/requests", "/drafts", "/settings"):
                await page.goto(path, wait_until="domcontentloaded")
                assert await page.evaluate("document.documentElement.lang") == language
                await page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
                assert held, "the page asks for its typeface"
                while held:
                    await held.pop().continue_()
                assert await page.evaluate(shifts) < 0.02, (language, path)


async def test_counts_and_menus_are_one_row_on_a_phone(chrome: Browser, server: Server) -> None:
    greta = await server.program.joining.add("greta", PASSWORD, role="admin")
    await server.program.accounts.change_profile(greta.id, ProfileChange(language="ru"))
    tops = "all => new Set(all.map(each => each.getBoundingClientRect().top)).size"
    for width in (320, 390):
        async with at_home(chrome, server, "greta", viewport={"width": width, "height": 844}) as page:
            await page.goto("/@greta")
            assert await page.locator(".counts > li").evaluate_all(tops) == 1
            for path in ("/admin", "/admin/audit"):
                await page.goto(path)
                menu = page.locator(".settings-list")
                assert await menu.locator("a").evaluate_all(tops) == 1
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
                # The one that is open is seen.
                await expect(menu.locator("[aria-current]")).to_be_in_viewport(ratio=1)


async def test_an_animation_between_pages_that_is_left_out_is_no_failure(
    chrome: Browser, server: Server
) -> None:
    await server.program.joining.add("mira", PASSWORD)
    async with at_home(chrome, server, reduced_motion="no-preference") as page:
        # As when somebody goes on before it has ended.
        await page.add_init_script(
            "addEventListener('pagereveal', ({ viewTransition }) => {"
            "  const skip = () => { window.skipped = true; viewTransition?.skipTransition(); };"
            "  document.readyState === 'complete' ? skip() : addEventListener('load', skip);"
            "})"
        )
        for path in ("/explore", "/"):
            await page.locator(f'nav a[href="{path}"]').first.click()
            await page.wait_for_function("() => window.skipped")
        await page.wait_for_timeout(100)
