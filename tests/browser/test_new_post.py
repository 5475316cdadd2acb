"""The page for a new post where scripts run: photos travel while one writes, and nothing is lost or silent."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, Dialog, Locator, Page, Route, expect

from tests.browser.people import sign_in
from tests.builders import a_person, a_post
from tests.conftest import PASSWORD, Server, a_jpeg, settle
from tests.image_corpus import camera_exif

pytestmark = pytest.mark.browser

UPLOADS = "**/api/v1/uploads"
COLOURS = ("teal", "navy", "maroon", "olive", "purple", "green", "gray", "orange", "black", "brown", "tan")
DROP = """([files, on]) => {
  const carried = new DataTransfer();
  for (const [name, bytes] of files)
    carried.items.add(new File([Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0))], name, {type: "image/jpeg"}));
  const at = document.querySelector(on);
  at.dispatchEvent(new DragEvent("dragover", {dataTransfer: carried, bubbles: true, cancelable: true}));
  at.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""

Pictures = Callable[..., list[Path]]


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    """So many different pictures, or those of the given names."""

    def make(*names: str, size: tuple[int, int] = (640, 480)) -> list[Path]:
        for name, colour in zip(names, COLOURS, strict=False):
            (tmp_path / name).write_bytes(a_jpeg(*size, colour))
        return [tmp_path / name for name in names]

    return make


async def signed_in(chrome: Browser, server: Server, name: str = "mira", **options: Any) -> Page:
    options = {"viewport": {"width": 390, "height": 844}} | options
    return await sign_in(await chrome.new_context(base_url=server.url, **options), name)


@pytest.fixture
async def mira(chrome: Browser, server: Server) -> AsyncIterator[Page]:
    await server.program.joining.add("mira", PASSWORD)
    page = await signed_in(chrome, server)
    yield page
    await page.context.close()


async def choose(page: Page, files: list[Path]) -> None:
    await page.locator("input[type=file]").set_input_files(files)


def shots(page: Page, state: str = "") -> Locator:
    return page.locator(f'.shot[data-state="{state}"]' if state else ".shot")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


async def described(page: Page, *texts: str) -> None:
    fields = page.locator(".shot textarea:enabled")
    await expect(fields).to_have_count(len(texts))
    for field, text in zip(await fields.all(), texts, strict=True):
        await field.fill(text)


async def posted(page: Page) -> str:
    """The id of the post that the page was led to."""
    await page.wait_for_url("**/p/*")
    await expect(page.locator(".flash")).to_have_text("Posted.")
    return page.url.rsplit("/", 1)[-1]


class Gate:
    """Holds uploads until it opens; tells how many wait at it, and how many ever waited together."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.waiting = self.most = 0

    async def __call__(self, route: Route) -> None:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        await self.opened.wait()
        self.waiting -= 1
        await route.continue_()


@pytest.fixture
async def gate(mira: Page) -> AsyncIterator[Gate]:
    made = Gate()
    await mira.context.route(UPLOADS, made)
    yield made
    made.opened.set()
    await mira.context.unroute_all(behavior="ignoreErrors")


async def drop(page: Page, files: list[Path], on: str = "body") -> None:
    carried = [[file.name, base64.b64encode(file.read_bytes()).decode()] for file in files]
    await page.evaluate(DROP, [carried, on])


async def test_six_files_dropped_at_home_travel_three_at_a_time(
    mira: Page, server: Server, pictures: Pictures, gate: Gate
) -> None:
    await mira.goto("/")
    await drop(mira, pictures(*(f"{n}.jpg" for n in range(6))))
    await mira.wait_for_url("**/new*")
    await expect(shots(mira)).to_have_count(6)
    await expect(shots(mira, "sending")).to_have_count(3)
    await expect(shots(mira, "waiting")).to_have_count(3)
    for shot in await shots(mira, "sending").all():
        await expect(shot.get_by_role("progressbar")).to_be_visible()
        await expect(shot.locator(".state")).to_contain_text("Uploading")
    await expect(shots(mira, "waiting").first.locator(".state")).to_have_text("Waiting")
    # The pictures are seen before they are sent.
    await expect(mira.locator(".turned img[src^=blob]")).to_have_count(6)
    gate.opened.set()
    await expect(shots(mira, "checking")).to_have_count(6)
    assert gate.most == 3
    await settle(server.program)
    await expect(shots(mira, "ready")).to_have_count(6)
    await expect(mira.locator("#status")).to_contain_text("Ready")
    await mira.reload()
    assert "carried" not in mira.url


async def test_files_are_taken_by_drop_and_paste_and_at_most_ten(mira: Page, pictures: Pictures) -> None:
    files = pictures(*(f"{n}.jpg" for n in range(11)))
    await mira.goto("/new")
    await drop(mira, files[:1], ".page-head")
    await expect(shots(mira)).to_have_count(1)
    await mira.evaluate(
        """([name, bytes]) => {
          const carried = new DataTransfer();
          carried.items.add(new File([Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0))], name));
          document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: carried, bubbles: true, cancelable: true}));
        }""",
        [files[1].name, base64.b64encode(files[1].read_bytes()).decode()],
    )
    await expect(shots(mira)).to_have_count(2)
    await choose(mira, files[2:])
    await expect(shots(mira)).to_have_count(11)
    await expect(shots(mira, "refused").locator(".shot-note p")).to_have_text("A post has at most 10 photos.")
    await expect(mira.locator("input[type=file]")).to_be_disabled()


@pytest.mark.settings(max_upload_mb=1)
async def test_what_cannot_be_posted_stays_listed_with_the_reason_and_stands_in_the_way(
    mira: Page, server: Server, pictures: Pictures, tmp_path: Path
) -> None:
    [known, _fresh] = pictures("known.jpg", "fresh.jpg")
    await mira.goto("/new")
    await choose(mira, [known])
    await described(mira, "Known")
    await button(mira, "Post").click()
    post = await posted(mira)
    (tmp_path / "setup.exe").write_bytes(b"MZ" + bytes(3_000))
    (tmp_path / "huge.jpg").write_bytes(a_jpeg() + bytes(2**20))
    (tmp_path / "broken.jpg").write_bytes(a_jpeg(1200, 900)[:3_000])
    (tmp_path / "empty.jpg").write_bytes(b"")
    sent: list[str] = []
    mira.on("request", lambda request: sent.append(request.url) if "uploads" in request.url else None)
    await mira.goto("/new")
    names = ("known.jpg", "setup.exe", "huge.jpg", "broken.jpg", "empty.jpg", "fresh.jpg")
    await choose(mira, [tmp_path / name for name in names])
    reasons = {
        "setup.exe": "This is none of the kinds of pictures that are taken here: JPEG, PNG, WebP, GIF, AVIF, HEIC.",
        "huge.jpg": "This file is larger than 1 MB, which is the limit.",
        "broken.jpg": "This picture is damaged and cannot be opened.",
        "empty.jpg": "This file is empty.",
    }
    for name, reason in reasons.items():
        shot = shots(mira, "refused").filter(has_text=name)
        await expect(shot.locator(".state")).to_have_text("Refused")
        await expect(shot.locator(".shot-note p")).to_have_text(reason)
        await expect(shot.locator("textarea")).to_be_hidden()
    same = shots(mira, "duplicate")
    await expect(same.locator(".state")).to_have_text("Already in your library")
    assert await same.locator(".shot-note a").get_attribute("href") == f"/p/{post}"
    assert len(sent) == 3, "what is too large, empty or no picture is not sent at all"
    await button(mira, "Post").click()
    summary = mira.locator(".summary")
    await expect(summary).to_be_focused()
    for name in ("known.jpg", *reasons):
        await expect(summary.get_by_role("link").filter(has_text=name)).to_be_visible()
    await same.get_by_role("button", name="Use it anyway").click()
    await button(mira, "Post").click()
    await expect(summary.get_by_role("listitem")).to_have_count(4)
    await button(mira, "Remove these files").click()
    await expect(shots(mira)).to_have_count(2)
    await described(mira, "Known", "Fresh")
    await button(mira, "Post").click()
    await posted(mira)
    assert await mira.locator(".slide").count() == 2


async def test_photos_without_description_are_asked_about_once(
    mira: Page, server: Server, pictures: Pictures
) -> None:
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg", "b.jpg", "c.jpg"))
    await described(mira, "The first", "", "")
    await expect(mira.locator("#described")).to_have_text("1 of 3 photos have a description.")
    await button(mira, "Post").click()
    notice = mira.locator(".notice")
    await expect(notice.locator("p")).to_have_text("2 photos have no description.")
    await expect(button(mira, "Add descriptions")).to_be_focused()
    await button(mira, "Add descriptions").click()
    await expect(shots(mira).nth(1).locator("textarea")).to_be_focused()
    await expect(notice).to_have_count(0)
    await button(mira, "Post").click()
    await expect(notice).to_have_count(1)
    await button(mira, "Post anyway").click()
    await posted(mira)


async def test_nobody_is_asked_about_descriptions_who_does_not_want_to_be(
    mira: Page, pictures: Pictures
) -> None:
    await mira.goto("/settings/appearance")
    token = await mira.locator('meta[name="csrf-token"]').get_attribute("content")
    answer = await mira.request.patch(
        "/api/v1/me", data={"alt_reminder": "never"}, headers={"X-CSRF-Token": token or ""}
    )
    assert answer.ok, await answer.text()
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg"))
    await expect(shots(mira)).to_have_count(1)
    await mira.keyboard.press("Control+Enter")
    await posted(mira)


@pytest.mark.parametrize("shown", [True, False])
async def test_camera_data_is_published_as_it_was_previewed_and_places_never(
    mira: Page, server: Server, tmp_path: Path, shown: bool
) -> None:
    picture, plain = tmp_path / "camera.jpg", tmp_path / "plain.jpg"
    Image.new("RGB", (800, 600), "teal").save(picture, exif=camera_exif())
    plain.write_bytes(a_jpeg())
    await mira.goto("/new")
    await choose(mira, [picture, plain])
    await mira.get_by_label("Show camera data").set_checked(shown)
    public = mira.locator(".public")
    await expect(public).to_contain_text("Location data is removed from photos.")
    await expect(public.get_by_role("listitem")).to_have_count(2 if shown else 0)
    if shown:
        await expect(public.get_by_role("listitem").first).to_contain_text("Heliotrope H-1")
        await expect(public.get_by_role("listitem").last).to_contain_text("No camera data")
    else:
        await expect(public).to_contain_text("Camera data is not shown.")
    await described(mira, "One", "Two")
    await button(mira, "Post").click()
    post = await posted(mira)
    await settle(server.program)
    told = await (await mira.request.get(f"/api/v1/posts/{post}")).json()
    assert bool(told["media"][0]["camera"]) == shown
    for size in told["media"][0]["renditions"]:
        body = await (await mira.request.get(size["url"])).body()
        assert b"CANARY" not in body
        assert not Image.open(BytesIO(body)).getexif()
    await mira.goto(f"/p/{post}")
    assert (await mira.locator(".camera-line").filter(has_text="ISO").count() > 0) == shown


async def test_a_post_waits_for_its_uploads_and_can_be_called_off(
    mira: Page, server: Server, pictures: Pictures, gate: Gate
) -> None:
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg", "b.jpg"))
    await described(mira, "A", "B")
    await button(mira, "Post").click()
    await expect(button(mira, "Posting when 2 uploads finish")).to_be_visible()
    await button(mira, "Cancel").click()
    await expect(button(mira, "Post")).to_be_focused()
    # Leaving now asks once.
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    mira.on("dialog", stay)
    await mira.evaluate("setTimeout(() => location.reload())")
    await until(lambda: asked == ["beforeunload"])
    await mira.keyboard.press("Control+Enter")
    await expect(button(mira, "Posting when 2 uploads finish")).to_be_visible()
    gate.opened.set()
    await posted(mira)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something that no page shows."""
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.02)


async def test_uploads_outlive_a_broken_network(mira: Page, server: Server, pictures: Pictures) -> None:
    await mira.context.route(UPLOADS, lambda route: route.abort())
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg", "b.jpg"))
    await expect(shots(mira, "failed")).to_have_count(2, timeout=15_000)
    await expect(shots(mira).first.locator(".shot-note p")).to_have_text("There is no connection.")
    await described(mira, "A", "B")
    await button(mira, "Post").click()
    await expect(mira.locator(".summary li")).to_have_count(2)
    await mira.context.unroute(UPLOADS)
    await shots(mira).first.get_by_role("button", name="Try again").click()
    await expect(shots(mira, "checking")).to_have_count(1)
    # The others go on by themselves when the browser is online again.
    await mira.evaluate("window.dispatchEvent(new Event('online'))")
    await expect(shots(mira, "checking")).to_have_count(2)
    await button(mira, "Post").click()
    await posted(mira)


async def test_over_a_slow_connection_each_file_goes_alone(mira: Page, pictures: Pictures) -> None:
    late = {"status": 408, "code": "request_timeout", "detail": "The request took too long to arrive."}
    under_way, together = 0, []

    async def answer(route: Route) -> None:
        nonlocal under_way
        under_way += 1
        together.append(under_way)
        await asyncio.sleep(0.1)
        under_way -= 1
        if len(together) <= 3:
            await route.fulfill(status=408, json=late)
        else:
            await route.continue_()

    await mira.context.route(UPLOADS, answer)
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg", "b.jpg", "c.jpg"))
    await expect(shots(mira, "checking")).to_have_count(3)
    assert together == [1, 2, 3, 1, 1, 1]


async def test_a_lost_answer_makes_no_second_file(mira: Page, server: Server, pictures: Pictures) -> None:
    lost: list[int] = []
    [picture] = pictures("a.jpg")

    async def lose(route: Route) -> None:
        if not lost:
            # What a page sends from a file is not known here.
            lost.append((await route.fetch(post_data=picture.read_bytes())).status)
            await route.abort()
        else:
            await route.continue_()

    await mira.context.route(UPLOADS, lose)
    await mira.goto("/new")
    await choose(mira, [picture])
    await expect(shots(mira, "checking")).to_have_count(1)
    assert lost == [201]
    files = await (await mira.request.get("/api/v1/files")).json()
    assert len(files["items"]) == 1


@pytest.mark.parametrize(
    ("status", "code", "detail", "state", "said"),
    [
        (413, "too_large", "This is larger than 20 MB, which is the limit.", "Refused", None),
        (415, "unsupported_type", "Send this as a picture.", "Refused", None),
        (507, "insufficient_storage", "No room is left on the server.", "Failed", None),
        (429, "rate_limited", "Too many tries.", "Failed", "Too many uploads for now. Try again at "),
    ],
)
async def test_refusals_are_told_in_their_own_words(
    mira: Page, pictures: Pictures, status: int, code: str, detail: str, state: str, said: str | None
) -> None:
    problem = {"status": status, "code": code, "title": "No", "detail": detail}

    async def refuse(route: Route) -> None:
        await route.fulfill(status=status, json=problem, headers={"Retry-After": "900"})

    await mira.context.route(UPLOADS, refuse)
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg"))
    await expect(shots(mira).locator(".state")).to_have_text(state)
    await expect(shots(mira).locator(".shot-note p")).to_contain_text(said or detail)
    await expect(mira.locator("#alert")).to_contain_text("a.jpg")
    await expect(shots(mira).get_by_role("button", name="Try again")).to_be_visible(visible=state == "Failed")


async def test_a_photo_is_taken_to_another_place_by_its_picture(mira: Page, pictures: Pictures) -> None:
    async def names() -> list[str]:
        return await mira.locator(".shot-name bdi").all_inner_texts()

    async def take(photo: int, beside: int, *, drop: bool = True) -> None:
        """Up to the upper or lower edge of another photo, whichever is farther."""
        start = await shots(mira).nth(photo).locator(".shot-thumb").bounding_box()
        end = await shots(mira).nth(beside).bounding_box()
        assert start
        assert end
        x, y = start["x"] + 20, start["y"] + 20
        await mira.mouse.move(x, y)
        await mira.mouse.down()
        await mira.wait_for_timeout(200)
        await mira.mouse.move(x, end["y"] + (5 if beside < photo else end["height"] - 5), steps=8)
        await expect(mira.locator(".dragged, .drop-above, .drop-below")).to_have_count(2)
        if not drop:
            await mira.keyboard.press("Escape")
        await mira.mouse.up()
        await expect(mira.locator(".dragged, .drop-above, .drop-below")).to_have_count(0)

    await mira.set_viewport_size({"width": 1280, "height": 1600})
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg", "b.jpg", "c.jpg"))
    await expect(shots(mira, "checking")).to_have_count(3)
    await take(0, 2)
    assert await names() == ["b.jpg", "c.jpg", "a.jpg"]
    await expect(mira.locator("#status")).to_contain_text("a.jpg: now number 3 of 3")
    await take(2, 1)
    assert await names() == ["b.jpg", "a.jpg", "c.jpg"]
    await take(0, 2, drop=False)
    assert await names() == ["b.jpg", "a.jpg", "c.jpg"]
    assert await mira.locator(".shot[style*=translate]").count() == 0


async def test_photos_are_ordered_removed_and_brought_back_by_buttons(
    mira: Page, server: Server, pictures: Pictures
) -> None:
    async def names() -> list[str]:
        return await mira.locator(".shot-name bdi").all_inner_texts()

    await mira.goto("/new")
    await choose(mira, pictures("a.jpg", "b.jpg", "c.jpg"))
    await expect(shots(mira, "checking")).to_have_count(3)
    later = button(mira, "Move photo 1 later")
    await later.focus()
    await mira.keyboard.press("Enter")
    assert await names() == ["b.jpg", "a.jpg", "c.jpg"]
    # The focus goes with the photo, which is number two now.
    await expect(button(mira, "Move photo 2 later")).to_be_focused()
    await mira.keyboard.press("Enter")
    assert await names() == ["b.jpg", "c.jpg", "a.jpg"]
    await expect(mira.locator("#status")).to_contain_text("a.jpg: now number 3 of 3")
    await expect(button(mira, "Move photo 3 later")).to_have_attribute("aria-disabled", "true")
    await button(mira, "Move photo 3 earlier").press("Enter")
    await button(mira, "Remove photo 1").press("Enter")
    assert await names() == ["a.jpg", "c.jpg"]
    await expect(button(mira, "Remove photo 1")).to_be_focused()
    await button(mira, "Undo").press("Enter")
    assert await names() == ["b.jpg", "a.jpg", "c.jpg"]
    await mira.locator("#f-place").fill("Seoraksan")
    await button(mira, "Remove place").press("Enter")
    await expect(mira.locator("#f-place")).to_have_value("")
    await described(mira, "B", "A", "C")
    await button(mira, "Post").press("Enter")
    post = await posted(mira)
    told = await (await mira.request.get(f"/api/v1/posts/{post}")).json()
    assert [media["alt"] for media in told["media"]] == ["B", "A", "C"]


async def tab_to(page: Page, wanted: Locator) -> None:
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"no Tab leads to {wanted}")


async def test_two_photos_are_cut_described_and_posted_without_a_pointer(
    mira: Page, server: Server, pictures: Pictures
) -> None:
    await mira.goto("/new")
    files = pictures("a.jpg", "b.jpg", size=(1200, 800))
    await tab_to(mira, mira.locator("input[type=file]"))
    async with mira.expect_file_chooser() as chooser:
        await mira.keyboard.press("Space")
    await (await chooser.value).set_files(files)
    await expect(mira.locator(".turned img[src^=blob]")).to_have_count(2)
    await tab_to(mira, mira.locator(".shot textarea").first)
    await mira.keyboard.type("The first")
    await tab_to(mira, button(mira, "Crop photo 1"))
    await mira.keyboard.press("Enter")
    dialog = mira.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await tab_to(mira, dialog.get_by_label("Original"))
    await mira.keyboard.press("ArrowRight")
    await expect(dialog.get_by_label("1:1")).to_be_checked()
    await tab_to(mira, dialog.get_by_label("Zoom"))
    await mira.keyboard.press("Shift+ArrowRight")
    await tab_to(mira, dialog.get_by_label("Left–right"))
    for _ in range(3):
        await mira.keyboard.press("ArrowLeft")
    await expect(dialog.get_by_label("Left–right")).to_have_attribute("aria-valuetext", "47%")
    await tab_to(mira, button(mira, "Done"))
    await mira.keyboard.press("Enter")
    await expect(button(mira, "Crop photo 1")).to_be_focused()
    await tab_to(mira, mira.locator(".shot textarea").last)
    await mira.keyboard.type("The second")
    await mira.keyboard.press("Control+Enter")
    post = await posted(mira)
    await settle(server.program)
    told = await (await mira.request.get(f"/api/v1/posts/{post}")).json()
    sizes = [(media["width"], media["height"]) for media in told["media"]]
    # A square of the whole height, zoomed by a tenth of the way to five times.
    assert sizes[0] in ((571, 571), (572, 572))
    assert sizes[1] == (1200, 800)
    assert [media["alt"] for media in told["media"]] == ["The first", "The second"]


async def test_dragging_and_sliders_cut_the_same(mira: Page, server: Server, pictures: Pictures) -> None:
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg", "b.jpg", size=(1600, 1000)))
    dialog = mira.get_by_role("dialog")
    await expect(mira.locator(".turned img[src^=blob]")).to_have_count(2)
    await button(mira, "Crop photo 1").click()
    await dialog.get_by_text("4:5").click()
    stage = await dialog.locator(".crop-stage").bounding_box()
    assert stage
    middle = (stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2)
    await mira.mouse.move(*middle)
    await mira.mouse.wheel(0, -240)
    await mira.mouse.down()
    await mira.mouse.move(middle[0] + 37, middle[1] - 21, steps=4)
    await mira.mouse.up()
    sliders = {name: dialog.locator(f"input[name={name}]") for name in ("zoom", "x", "y")}
    values = {name: await slider.input_value() for name, slider in sliders.items()}
    assert float(values["zoom"]) > 5
    assert float(values["x"]) < 49
    assert float(values["y"]) > 51
    await button(mira, "Done").click()
    await button(mira, "Crop photo 2").click()
    await dialog.get_by_text("4:5").click()
    for name, value in values.items():
        await sliders[name].evaluate(
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', {bubbles: true})); }",
            value,
        )
    await button(mira, "Done").click()
    first, second = [
        [float(number) for number in text.split(",")]
        for text in await mira.locator("[data-field=crop]").evaluate_all("all => all.map((one) => one.value)")
    ]
    pixels = (1600, 1000, 1600, 1000)
    assert all(abs(a - b) * side <= 1 for a, b, side in zip(first, second, pixels, strict=True)), (
        first,
        second,
    )
    # The frame shows it: its shape is the cut's.
    box = await mira.locator(".frame").first.bounding_box()
    assert box
    assert abs(box["width"] / box["height"] - 0.8) < 0.02
    # And opened again the dialog stands where it stood.
    await button(mira, "Crop photo 1").click()
    for name, value in values.items():
        assert abs(float(await sliders[name].input_value()) - float(value)) < 0.1, name
    await mira.keyboard.press("Escape")
    await described(mira, "A", "B")
    await button(mira, "Post").click()
    post = await posted(mira)
    await settle(server.program)
    told = await (await mira.request.get(f"/api/v1/posts/{post}")).json()
    one, other = told["media"]
    assert abs(one["width"] - other["width"]) <= 1
    assert abs(one["height"] - other["height"]) <= 1
    assert abs(one["width"] - first[2] * 1600) <= 1


async def test_without_its_script_the_page_is_the_plain_one(
    chrome: Browser, server: Server, pictures: Pictures
) -> None:
    await server.program.joining.add("mira", PASSWORD)
    page = await signed_in(chrome, server)

    async def fail(route: Route) -> None:
        await route.fulfill(status=500)

    await page.context.route("**/js/*.js", fail)
    await page.goto("/new")
    await choose(page, pictures("a.jpg"))
    await button(page, "Continue").click()
    await page.get_by_label("Description of the photo").fill("A slope")
    await button(page, "Post").last.click()
    await posted(page)
    await page.context.close()


async def test_tags_people_and_places_are_suggested_while_one_types(
    mira: Page, server: Server, pictures: Pictures
) -> None:
    await server.program.joining.add("soyeon", PASSWORD, display_name="이소연")
    await mira.goto("/new")
    caption = mira.get_by_label("Caption")
    await caption.focus()
    await mira.keyboard.type("With @soy", delay=20)
    option = mira.get_by_role("option", name="@soyeon")
    await expect(option).to_be_visible()
    active = await caption.get_attribute("aria-activedescendant")
    assert active == await option.get_attribute("id")
    await mira.keyboard.press("Enter")
    await expect(caption).to_have_value("With @soyeon ")
    await expect(option).to_be_hidden()
    await mira.keyboard.type("@soy", delay=20)
    await expect(mira.get_by_role("option").first).to_be_visible()
    await mira.keyboard.press("Escape")
    await expect(mira.get_by_role("option").first).to_be_hidden()
    # Where a post is edited it is the same.
    await caption.fill("")
    await choose(mira, pictures("a.jpg"))
    await described(mira, "A slope")
    await button(mira, "Post").click()
    await mira.goto(f"/p/{await posted(mira)}/edit")
    await caption.focus()
    await mira.keyboard.type("@soy", delay=20)
    await expect(option).to_be_visible()


async def test_enter_and_tab_take_the_first_of_the_people_and_otherwise_do_what_they_do(
    mira: Page, server: Server
) -> None:
    for name in ("soyeon", "sora"):
        await server.program.joining.add(name, PASSWORD)
    await mira.goto("/new")
    caption, options = mira.get_by_label("Caption"), mira.get_by_role("option")
    await caption.focus()
    await mira.keyboard.type("@so", delay=20)
    await expect(options).to_have_count(2)
    # Typing on leaves those who are not meant out, before the server has answered too.
    await mira.keyboard.type("ye")
    await mira.keyboard.press("Tab")
    await expect(caption).to_have_value("@soyeon ")
    await expect(caption).to_be_focused()
    await expect(options).to_have_count(0)
    await mira.keyboard.press("Enter")
    await expect(caption).to_have_value("@soyeon \n")
    await mira.keyboard.type("@sor", delay=20)
    await expect(options).to_have_count(1)
    # While letters are put together, Enter belongs to the input method.
    for how in ("{ isComposing: true }", "{ keyCode: 229 }"):
        taken = await caption.evaluate(
            f"field => !field.dispatchEvent(new KeyboardEvent('keydown', "
            f"{{ key: 'Enter', bubbles: true, cancelable: true, ...{how} }}))"
        )
        assert not taken, how
    await mira.keyboard.press("Escape")
    await expect(options).to_have_count(0)
    await mira.keyboard.press("Enter")
    await expect(caption).to_have_value("@soyeon \n@sor\n")


async def test_enter_makes_a_line_while_tags_are_only_suggested(mira: Page, server: Server) -> None:
    someone = await a_person(server.program, "soyeon")
    await a_post(server.program, someone, caption="#sunset")
    await mira.goto("/new")
    caption, option = mira.get_by_label("Caption"), mira.get_by_role("option", name="#sunset")
    await caption.focus()
    await mira.keyboard.type("#sun", delay=20)
    await expect(option).to_be_visible()
    await mira.keyboard.press("Enter")
    await expect(caption).to_have_value("#sun\n")


async def test_the_page_fits_a_small_phone(
    chrome: Browser, server: Server, pictures: Pictures, tmp_path: Path
) -> None:
    await server.program.joining.add("mira", PASSWORD)
    size = {"width": 320, "height": 640}
    mira = await signed_in(chrome, server, viewport=size, has_touch=True, is_mobile=True)
    long_name = tmp_path / ("a-very-long-name-of-a-file-" * 6 + ".jpg")
    long_name.write_bytes(a_jpeg())
    (tmp_path / "setup.exe").write_bytes(b"MZ")
    await mira.goto("/new")
    await choose(mira, [*pictures("a.jpg"), long_name, tmp_path / "setup.exe"])
    await expect(shots(mira)).to_have_count(3)
    assert await mira.evaluate("document.documentElement.scrollWidth") <= 320
    small = await mira.locator("main button:visible").evaluate_all(
        "all => all.map((one) => [one.ariaLabel || one.textContent.trim(), one.getBoundingClientRect()])"
        ".filter(([, box]) => box.width < 44 || box.height < 44).map(([name]) => name)"
    )
    assert small == []
    await button(mira, "Crop photo 1").click()
    done = await button(mira, "Done").bounding_box()
    assert done
    assert done["y"] + done["height"] <= 640
    assert done["x"] + done["width"] <= 320
    await mira.context.close()


async def test_a_reload_brings_everything_back(mira: Page, server: Server, pictures: Pictures) -> None:
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg", "b.jpg", size=(1600, 1000)))
    await expect(shots(mira, "checking")).to_have_count(2)
    await settle(server.program)
    await expect(shots(mira, "ready")).to_have_count(2)
    await described(mira, "The first", "")
    await mira.get_by_label("Caption").fill("Ridges #dawn")
    await mira.locator("#f-place").fill("Seoraksan")
    await button(mira, "Crop photo 2").click()
    await mira.get_by_role("dialog").get_by_text("1:1").click()
    await button(mira, "Done").click()
    await expect(mira.locator("[data-field=crop]").last).not_to_have_value("")
    cut = await mira.locator("[data-field=crop]").last.input_value()
    await expect(mira.locator("#kept")).to_contain_text("Draft saved at")
    assert "/new?draft=" in mira.url
    # What was typed a moment ago is not lost either: the page writes it down while it goes.
    await mira.get_by_label("Followers").check()
    await mira.goto("/")
    await mira.goto("/new")
    await expect(mira.get_by_role("link", name="Continue your draft from")).to_be_visible()
    await button_or_link(mira, "Start new").click()
    await expect(mira.locator("#continue")).to_have_count(0)
    await expect(shots(mira)).to_have_count(0)
    await mira.goto("/new")
    await mira.get_by_role("link", name="Continue your draft from").click()
    await expect(shots(mira, "ready")).to_have_count(2)
    assert await mira.locator(".shot textarea").evaluate_all("all => all.map((one) => one.value)") == [
        "The first",
        "",
    ]
    assert await mira.locator("[data-field=crop]").last.input_value() == cut
    await expect(mira.get_by_label("Caption")).to_have_value("Ridges #dawn")
    await expect(mira.locator("#f-place")).to_have_value("Seoraksan")
    await expect(mira.get_by_label("Followers")).to_be_checked()
    await mira.reload()
    await expect(shots(mira, "ready")).to_have_count(2)
    await expect(button(mira, "Move photo 2 earlier")).to_be_visible()
    await described(mira, "The first", "The second")
    await button(mira, "Post").click()
    await posted(mira)
    await settle(server.program)
    assert (await (await mira.request.get("/api/v1/drafts")).json())["items"] == []


def button_or_link(page: Page, name: str) -> Locator:
    return button(page, name).or_(page.get_by_role("link", name=name, exact=True))


async def test_two_devices_do_not_write_over_each_other(
    chrome: Browser, mira: Page, server: Server, pictures: Pictures
) -> None:
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg"))
    await mira.get_by_label("Caption").fill("From the phone")
    await expect(mira.locator("#kept")).to_contain_text("Draft saved at")
    desk = await signed_in(chrome, server)
    await desk.goto(mira.url)
    await desk.get_by_label("Caption").fill("From the desk")
    await expect(desk.locator("#kept")).to_contain_text("Draft saved at")
    await mira.get_by_label("Caption").fill("From the phone again")
    notice = mira.locator(".notice")
    await expect(notice).to_contain_text("This draft was changed on another device.")
    await expect(mira.get_by_label("Caption")).to_have_value("From the phone again")
    await button(mira, "Keep mine").click()
    await expect(notice).to_have_count(0)
    await expect(mira.locator("#kept")).to_contain_text("Draft saved at")
    await desk.get_by_label("Caption").fill("From the desk again")
    await expect(desk.locator(".notice")).to_be_visible()
    await button(desk, "Load the other version").click()
    await expect(desk.get_by_label("Caption")).to_have_value("From the phone again")
    await described(desk, "A slope")
    await button(desk, "Post").click()
    await posted(desk)
    await desk.context.close()


async def test_a_post_gets_a_time_of_its_own(mira: Page, server: Server, pictures: Pictures) -> None:
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg"))
    await described(mira, "A slope")
    await expect(mira.locator("#kept")).to_contain_text("Draft saved at")
    await mira.get_by_text("Post later").click()
    await mira.get_by_label("Day and time").fill(f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M}")
    await button(mira, "Post at this time").click()
    await mira.wait_for_url("**/drafts")
    await expect(mira.locator(".flash")).to_contain_text("It will be posted on")
    await expect(mira.get_by_text("Scheduled for")).to_have_count(1)


async def test_a_draft_that_cannot_be_saved_says_so_and_is_saved_later(
    mira: Page, pictures: Pictures
) -> None:
    await mira.context.route("**/api/v1/drafts", lambda route: route.abort())
    await mira.goto("/new")
    await mira.get_by_label("Caption").fill("Ridges")
    await expect(mira.locator("#kept")).to_have_text("The draft is not saved: There is no connection.")
    await mira.context.unroute("**/api/v1/drafts")
    await mira.evaluate("window.dispatchEvent(new Event('online'))")
    await expect(mira.locator("#kept")).to_contain_text("Draft saved at")


async def test_who_was_signed_out_goes_on_after_signing_in_elsewhere(
    mira: Page, server: Server, pictures: Pictures
) -> None:
    await mira.goto("/new")
    await mira.context.clear_cookies()
    await choose(mira, pictures("a.jpg"))
    await expect(shots(mira, "failed").locator(".shot-note p")).to_contain_text("You are signed out.")
    await mira.get_by_label("Caption").fill("Written meanwhile")
    await expect(mira.locator("#kept")).to_contain_text("The draft is not saved: You are signed out.")
    other = await mira.context.new_page()
    await other.goto("/login")
    await other.get_by_label("User name").fill("mira")
    await other.get_by_label("Password").first.fill(PASSWORD)
    await button(other, "Sign in").click()
    await other.wait_for_url(server.url + "/")
    await mira.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect(shots(mira, "checking")).to_have_count(1)
    await expect(mira.locator("#kept")).to_contain_text("Draft saved at")
    await described(mira, "A slope")
    await button(mira, "Post").click()
    await posted(mira)


async def test_what_the_server_refuses_is_told_beside_its_field(mira: Page, pictures: Pictures) -> None:
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg"))
    await described(mira, "A slope")
    await mira.get_by_label("Caption").fill(" ".join(f"#tag{n}" for n in range(60)))
    await button(mira, "Post").click()
    await expect(mira.locator(".summary")).to_be_focused()
    caption = mira.get_by_label("Caption")
    await expect(caption).to_have_attribute("aria-invalid", "true")
    said = await mira.locator(".summary li").inner_text()
    await expect(mira.locator("#f-caption-error")).to_have_text(said)
    await caption.fill("#dawn")
    await button(mira, "Post").click()
    await posted(mira)


async def test_of_a_post_from_which_everything_was_taken_no_draft_is_kept(
    mira: Page, pictures: Pictures
) -> None:
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg"))
    await mira.get_by_label("Caption").fill("Ridges")
    await expect(mira.locator("#kept")).to_contain_text("Draft saved at")
    await mira.get_by_label("Caption").fill("")
    await button(mira, "Remove photo 1").click()
    await expect(mira.locator("#kept")).to_have_text("")
    assert mira.url.endswith("/new")
    assert (await (await mira.request.get("/api/v1/drafts")).json())["items"] == []
    await button(mira, "Undo").click()
    await expect(mira.locator("#kept")).to_contain_text("Draft saved at")


async def test_an_upload_that_fails_while_the_post_waits_is_told(
    mira: Page, pictures: Pictures, gate: Gate
) -> None:
    await mira.goto("/new")
    await choose(mira, pictures("a.jpg"))
    await described(mira, "A slope")
    await button(mira, "Post").click()
    await expect(button(mira, "Posting when 1 upload finishes")).to_be_visible()
    await mira.context.unroute_all(behavior="ignoreErrors")
    problem = {"status": 507, "code": "insufficient_storage", "detail": "No room is left on the server."}
    await mira.context.route(UPLOADS, lambda route: route.fulfill(status=507, json=problem))
    await button(mira, "Remove photo 1").click()
    # The line goes away by itself, maybe before a pointer has come to rest on it.
    await button(mira, "Undo").dispatch_event("click")
    await expect(mira.locator(".summary")).to_contain_text("a.jpg: No room is left on the server.")
    await expect(button(mira, "Post")).to_be_visible()
