"""Settings that answer at once, a picture that is cut where it is chosen, and a form that says what it thinks meanwhile."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, expect

from application.accounts import ProfileChange
from tests.browser.people import at_home, enter, sign_in
from tests.browser.test_smoke import DESK, PHONE, someone
from tests.conftest import PASSWORD, Server, join

pytestmark = pytest.mark.browser


async def test_settings_are_stored_and_hold_as_soon_as_they_are_chosen(
    chrome: Browser, server: Server, tmp_path: Path
) -> None:
    await join(server.program, "mira")
    async with someone(chrome, server, script=True, size=DESK) as page:
        await enter(page.context)
        await page.goto("/settings/appearance")
        await expect(page.get_by_role("button", name="Save")).to_be_hidden()
        await page.locator("[name=text_size][value='130']").check()
        await page.get_by_role("switch", name="Single-key shortcuts").uncheck()
        await expect(page.get_by_role("status").filter(has_text="Saved.")).to_have_count(1)
        root = page.locator("html[data-text='130'][data-single-keys=off]")
        await expect(root).to_have_count(1)
        await page.reload()
        await expect(root).to_have_count(1)
        await page.keyboard.press("n")
        await expect(page).to_have_url(f"{server.url}/settings/appearance")

        # Red at its start, blue at its end: what the round shows is what is stored.
        picture = Image.new("RGB", (600, 200), "red")
        picture.paste("blue", (400, 0, 600, 200))
        picture.save(tmp_path / "wide.png")
        await page.goto("/settings/profile")
        async with page.expect_file_chooser() as choosing:
            await page.get_by_text("Choose a picture").click()
        await (await choosing.value).set_files(tmp_path / "wide.png")
        await expect(page.get_by_text("wide.png")).to_be_visible()
        await page.get_by_label("Left–right").fill("100")
        await page.get_by_role("button", name="Use this picture").click()
        face = page.locator(".round img.avatar")
        await expect(face).to_have_count(1)
        url = await face.get_attribute("src")
        stored = await page.request.get(url or "")
        (tmp_path / "face").write_bytes(await stored.body())
        red, _green, blue = Image.open(tmp_path / "face").convert("RGB").getpixel((20, 20))
        assert blue > 200
        assert red < 60


# What the page stands on, in each picture of it that was painted since it began to load.
PAINTED = """(() => {
  window.painted = [];
  const look = () => {
    if (document.body) painted.push(getComputedStyle(document.documentElement).backgroundColor);
    if (painted.length < 40) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();"""


async def test_colours_follow_the_device_until_they_are_chosen_and_never_flash(
    chrome: Browser, server: Server
) -> None:
    await join(server.program, "mira")
    async with someone(chrome, server, script=True, size=PHONE) as page:
        await page.add_init_script(PAINTED)
        await enter(page.context)

        async def load() -> str:
            await page.goto("/settings/appearance")
            await page.wait_for_function("() => painted.length >= 5")
            [ground] = set(await page.evaluate("painted"))
            return str(ground)

        ground = "getComputedStyle(document.documentElement).backgroundColor"
        dark = await load()
        await page.emulate_media(color_scheme="light")
        light = str(await page.evaluate(ground))
        assert light != dark
        assert await load() == light
        async with page.expect_response("**/settings/appearance"):
            await page.get_by_label("Dark", exact=True).check()
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert await page.evaluate(ground) == dark
        assert await load() == dark, "the device is light, and no picture of the page was"
        await page.emulate_media(color_scheme="dark")
        async with page.expect_response("**/settings/appearance"):
            await page.get_by_label("Light", exact=True).check()
        assert await load() == light


async def test_a_name_and_a_password_are_spoken_about_while_they_are_typed(
    chrome: Browser, server: Server
) -> None:
    await join(server.program, "mira")
    async with someone(chrome, server, script=True, size=PHONE) as page:
        await page.goto("/register")
        line = page.locator("#name-line")
        await page.get_by_label("User name").fill("mira")
        await expect(line).to_contain_text("/@mira This user name is taken.")
        await page.get_by_label("User name").fill("Ada")
        await expect(line).to_contain_text("/@ada This name is free.")
        field = page.locator("#f-password")
        await field.fill("four")
        await expect(page.get_by_text("4 more characters")).to_be_visible()
        await field.fill(PASSWORD)
        await expect(page.get_by_text("Very good length.")).to_be_visible()
        await page.get_by_role("button", name="Show").click()
        await expect(field).to_have_attribute("type", "text")


async def test_after_signing_out_going_back_shows_nothing_private(chrome: Browser, server: Server) -> None:
    await join(server.program, "mira")
    async with someone(chrome, server, script=True, size=DESK) as page:
        await page.goto("/login")
        await page.get_by_label("User name").fill("mira")
        await page.locator("#f-password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.goto("/settings")
        await page.evaluate("localStorage.setItem('hg.draft', 'private')")
        await page.locator("main form[action='/logout'] button").click()
        await expect(page).to_have_url(f"{server.url}/")
        await page.go_back()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert await page.evaluate("localStorage.length") == 0


async def test_requests_are_answered_without_leaving_the_page(chrome: Browser, server: Server) -> None:
    mira = await join(server.program, "mira")
    await server.program.accounts.change_profile(mira.id, ProfileChange(private=True))
    for name in ("ada", "eve"):
        await server.program.following.follow((await join(server.program, name)).id, "mira")
    async with someone(chrome, server, script=True, size=PHONE) as page:
        await enter(page.context)
        await page.goto("/requests")
        await page.get_by_role("button", name="Accept @ada").click()
        await expect(page.get_by_role("status").filter(has_text="@ada follows you now.")).to_have_count(1)
        await expect(page.get_by_role("button", name="Accept @eve")).to_be_focused()
        await page.get_by_role("button", name="Decline @eve").click()
        await expect(page.get_by_text("No requests.")).to_be_visible()
    followers = await server.program.people.around(mira.id, "followers", "mira", 9, None)
    assert [row.user.username for row in followers.items] == ["ada"]


async def test_the_time_zone_of_the_device_is_offered(chrome: Browser, server: Server) -> None:
    await join(server.program, "mira")
    context = await chrome.new_context(base_url=server.url, timezone_id="Europe/Berlin")
    page = await sign_in(context)
    await page.goto("/settings/account")
    await page.get_by_role("button", name="Use the time zone of this device").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.get_by_role("button", name="Use the time zone of this device")).to_be_hidden()
    await context.close()


async def test_the_link_of_an_invitation_is_copied(chrome: Browser, server: Server) -> None:
    await join(server.program, "greta", role="admin")
    invite = await server.program.moderation.create_invite()
    link = server.url + invite.path
    allowed = ["clipboard-read", "clipboard-write"]
    async with at_home(chrome, server, "greta", permissions=allowed) as page:
        await page.goto("/admin/invites")
        await page.get_by_role("button", name="Copy").click()
        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert await page.evaluate("navigator.clipboard.readText()") == link
    async with at_home(chrome, server, "greta", java_script_enabled=False) as page:
        await page.goto("/admin/invites")
        await expect(page.get_by_text(link)).to_be_visible()
        await expect(page.get_by_role("button", name="Copy")).to_have_count(0)
