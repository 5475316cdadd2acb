"""A post's own page with scripts: the viewer, comments in place, questions before something is lost."""

import asyncio

import pytest
from playwright.async_api import Browser, Route, expect

from application.accounts import ProfileChange
from application.posting import PhotoDraft, PostDraft
from entrypoints.web import post_pages
from tests.browser.people import PHONE, at_home
from tests.builders import a_comment, a_person, a_post, an_upload
from tests.conftest import Server, settle

pytestmark = pytest.mark.browser


async def test_a_photo_is_looked_at_closely_by_keys_and_the_focus_comes_back(
    chrome: Browser, server: Server
) -> None:
    mira = await a_person(server.program, "mira")
    photos = [await an_upload(server.program, mira, width=w, height=900) for w in (1600, 600)]
    media = [PhotoDraft(photos[0], "A pier"), PhotoDraft(photos[1])]
    post = await server.program.posting.publish(mira.id, PostDraft(media))
    await settle(server.program)
    async with at_home(chrome, server) as page:
        await page.goto(f"/p/{post}")
        first = page.locator(".stage > a").first
        await first.focus()
        await page.keyboard.press("Enter")
        viewer = page.get_by_role("dialog")
        photo, percent = viewer.locator("img"), viewer.locator("[data-percent]")
        await expect(viewer.locator(".count")).to_have_text("1 / 2")
        await expect(photo).to_have_attribute("alt", "A pier")
        await expect(photo).to_have_js_property("naturalWidth", 1600)
        whole = await photo.bounding_box()
        assert whole
        assert whole["width"] <= 1280
        assert whole["height"] <= 800
        await page.keyboard.press("+")
        await page.keyboard.press("+")
        room = viewer.locator(".viewer-room")
        at = await room.evaluate("room => room.scrollLeft")
        await page.keyboard.press("ArrowRight")
        await page.wait_for_function("at => document.querySelector('.viewer-room').scrollLeft > at", arg=at)
        await viewer.get_by_role("button", name="Whole photo or its full size").click()
        await viewer.get_by_role("button", name="Whole photo or its full size").click()
        await expect(percent).to_have_text("100%")
        await page.keyboard.press("0")
        assert await photo.bounding_box() == whole
        await viewer.get_by_role("button", name="Description of the photo").click()
        await expect(viewer.locator(".viewer-alt")).to_have_text("A pier")
        await expect(viewer.get_by_role("link", name="Download the original")).to_have_count(1)
        await page.keyboard.press("ArrowRight")
        await expect(viewer.locator(".count")).to_have_text("2 / 2")
        for _ in range(12):
            await page.keyboard.press("Tab")
            assert await page.evaluate(
                "!!document.activeElement.closest('dialog') || document.activeElement === document.body"
            )
        await page.keyboard.press("Escape")
        await expect(viewer).to_have_count(0)
        await expect(page.locator(".stage > a").nth(1)).to_be_focused()
        await expect(page.locator(".slide").nth(1)).to_be_in_viewport(ratio=0.5)
    # A browser styles a page of its own around a picture, which the policy of pictures forbids and tells.
    async with at_home(chrome, server, java_script_enabled=False, quiet=False) as plain:
        await plain.goto(f"/p/{post}")
        await plain.locator(".stage > a").first.click()
        assert plain.url.endswith(".webp")


async def test_comments_are_written_answered_and_told_off_in_place(chrome: Browser, server: Server) -> None:
    await a_person(server.program, "mira")
    ada = await a_person(server.program, "ada")
    post = await a_post(server.program, ada)
    await a_comment(server.program, ada, post, "First")
    async with at_home(chrome, server, viewport=PHONE, quiet=False) as page:
        await page.goto(f"/p/{post}")
        field = page.get_by_role("textbox")
        await field.fill("Second")
        await page.get_by_role("button", name="Send comment").click()
        comments = page.locator(".comment .user-text")
        await expect(comments).to_have_text(["ada First", "mira Second"])
        await expect(page.locator('.post-acts [data-count="comments"]')).to_have_text("2")
        await page.get_by_role("link", name="Reply").first.click()
        await expect(page.locator(".answering")).to_contain_text("Answer to ada")
        await expect(field).to_be_focused()
        await field.fill("An answer")
        # What somebody composes of several keys, as in Korean, is not sent by the Enter that ends it.
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        composing = {"key": "Enter", "ctrlKey": True, "isComposing": True, "bubbles": True}
        await field.dispatch_event("keydown", composing)
        await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert sent == []
        await field.press("Control+Enter")
        await expect(comments).to_have_text(["ada First", "mira An answer", "mira Second"])
        assert len(sent) == 1
        await expect(page.locator(".answering")).to_have_count(0)
        assert page.url == f"{server.url}/p/{post}"
        await field.evaluate("field => { field.maxLength = 5000; }")
        await field.fill("x" * 1_001)
        await field.press("Control+Enter")
        await expect(page.locator(".comment-form .error")).to_contain_text("1,000")
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(field).to_have_value("x" * 1_001)
        await page.context.set_offline(True)
        await field.fill("Kept")
        await expect(page.locator(".comment-form .error")).to_have_count(0)
        await field.press("Control+Enter")
        await expect(page.locator(".comment-form .error")).to_contain_text("no connection")
        await expect(field).to_have_value("Kept")
        await page.context.set_offline(False)
        await field.press("Control+Enter")
        await expect(comments.last).to_have_text("mira Kept")


async def test_a_deleted_comment_can_be_brought_back_for_a_moment(chrome: Browser, server: Server) -> None:
    mira = await a_person(server.program, "mira")
    post = await a_post(server.program, mira)
    first = await a_comment(server.program, mira, post, "First")
    await a_comment(server.program, mira, post, "An answer", reply_to=first)
    await a_comment(server.program, mira, post, "Second")
    everything = ["mira First", "mira An answer", "mira Second"]
    async with at_home(chrome, server) as page:
        await page.goto(f"/p/{post}")
        comments, count = (
            page.locator(".comment .user-text"),
            page.locator('.post-acts [data-count="comments"]'),
        )
        await expect(comments).to_have_text(everything)
        await page.locator(".comment").first.get_by_role("link", name="Delete").click()
        await expect(comments).to_have_text(["mira Second"])
        await expect(count).to_have_text("1")
        await page.locator(".toast").get_by_role("button", name="Undo").click()
        await expect(comments).to_have_text(everything)
        await expect(count).to_have_text("3")
        await page.reload()
        await expect(comments).to_have_text(everything)
        await page.locator(".comment").first.get_by_role("link", name="Delete").click()
        await expect(comments).to_have_text(["mira Second"])
        await page.reload()
        await expect(comments).to_have_text(["mira Second"])


async def test_photos_in_the_making_come_in_while_somebody_writes(chrome: Browser, server: Server) -> None:
    mira, ada = await a_person(server.program, "mira"), await a_person(server.program, "ada")
    photo = await an_upload(server.program, mira)
    post = await server.program.posting.publish(mira.id, PostDraft([PhotoDraft(photo, "A pier")]))
    await server.program.posting.like(ada.id, post)
    async with at_home(chrome, server) as page:
        await page.goto(f"/p/{post}")
        await expect(page.locator(".looked-at")).to_contain_text("Processing")
        await expect(page.locator(".fans")).to_have_text("Liked by ada")
        field = page.get_by_role("textbox")
        await field.fill("Half a sen")
        await settle(server.program)
        await expect(page.get_by_alt_text("A pier")).to_be_visible(timeout=8_000)
        await expect(field).to_have_value("Half a sen")
        await expect(field).to_be_focused()


async def test_earlier_comments_come_in_above_and_nothing_jumps(
    chrome: Browser, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_pages, "COMMENTS", 4)
    mira = await a_person(server.program, "mira")
    post = await a_post(server.program, mira)
    for number in range(10):
        await a_comment(server.program, mira, post, f"Word {number}")
    async with at_home(chrome, server, viewport=PHONE) as page:
        await page.goto(f"/p/{post}")
        earlier = page.get_by_role("link", name="Show earlier comments")
        for shown in (8, 10):
            await earlier.scroll_into_view_if_needed()
            first = await page.locator(".comment").first.get_attribute("id")
            place = "comment => comment.getBoundingClientRect().top"
            before = await page.locator(f"#{first}").evaluate(place)
            await earlier.click()
            await expect(page.locator(".comment")).to_have_count(shown)
            assert abs(await page.locator(f"#{first}").evaluate(place) - before) < 4
        words = await page.locator(".comment .user-text").all_inner_texts()
        assert words == [f"mira Word {number}" for number in range(10)]
        await expect(earlier).to_have_count(0)


async def test_deleting_asks_in_a_dialog_whose_safe_way_has_the_focus(
    chrome: Browser, server: Server
) -> None:
    mira = await a_person(server.program, "mira")
    post = await a_post(server.program, mira, "Going soon")
    await settle(server.program)
    async with at_home(chrome, server, quiet=False) as page:
        menu = page.get_by_label("More about this post")
        await menu.click()
        await page.get_by_role("link", name="Delete").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("link", name="Keep it")).to_be_focused()
        assert await page.evaluate("document.getAnimations().length") == 0, (
            "nothing moves for who wants it so"
        )
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(menu).to_be_focused()
        await expect(page.locator(".post")).to_have_count(1)
        await menu.click()
        await page.get_by_role("link", name="Delete").click()
        await dialog.get_by_role("button", name="Delete").click()
        await expect(page.locator(".flash")).to_contain_text("Post deleted.")
        assert (await page.goto(f"/p/{post}")).status == 410  # type: ignore[union-attr]


async def test_following_answers_at_once_and_says_when_it_was_only_asked(
    chrome: Browser, server: Server
) -> None:
    for name in ("mira", "ada"):
        await a_person(server.program, name)
    await a_person(server.program, "noor", private=True)
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await route.continue_()

    async with at_home(chrome, server) as page:
        await page.route("**/follow", hold)
        button, followers = page.locator("button.follow"), page.locator("[data-count=followers]")
        for name, word, count in (("ada", "Following", "1 follower"), ("noor", "Requested", "0 followers")):
            held.clear()
            await page.goto(f"/@{name}")
            await expect(button).to_have_text("Follow")
            await expect(followers).to_have_text("0 followers")
            async with page.expect_response("**/follow"):
                await button.click()
                await expect(button).to_have_text(word)
                await expect(followers).to_have_text(count)
                held.set()
            await page.wait_for_timeout(50)
            await expect(button).to_have_text(word)
            await expect(button).to_have_attribute("aria-pressed", "true")
            await expect(followers).to_have_text(count)
            await page.reload()
            await expect(page.locator(".profile")).to_contain_text(word)
            await expect(page.locator(".profile")).to_contain_text(count)


async def test_what_was_shown_too_early_about_following_is_put_right(chrome: Browser, server: Server) -> None:
    await a_person(server.program, "mira")
    ada = await a_person(server.program, "ada")
    async with at_home(chrome, server, quiet=False) as page:
        await page.goto("/@ada")
        button, followers = page.locator("button.follow"), page.locator("[data-count=followers]")
        # The page still takes her for somebody whom anybody may follow.
        await server.program.accounts.change_profile(ada.id, ProfileChange(private=True))
        async with page.expect_response("**/follow"):
            await button.click()
        await expect(button).to_have_text("Requested")
        await expect(followers).to_have_text("0 followers")
        async with page.expect_response("**/follow"):
            await button.click()
        await expect(button).to_have_text("Follow")
        await page.route("**/follow", lambda route: route.fulfill(status=500, body=""))
        await button.click()
        await expect(page.locator(".toast")).to_be_visible()
        await expect(button).to_have_text("Follow")
        await expect(followers).to_have_text("0 followers")
