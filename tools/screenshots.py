"""Takes the pictures of README.md and of the app's manifest from a demo: `make screenshots`. They are kept in the repository.

With the address of a demo as its argument it uses that one; else it starts one, and waits until all of it is there.
"""

import asyncio
import io
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageDraw
from playwright.async_api import Browser, Page, async_playwright

from entrypoints.cli.serving import DEMO_PASSWORD, NOTE
from tests.browser.conftest import FLAGS, chromium

ROOT = Path(__file__).parents[1]
README = ROOT / "docs/screenshots"
MANIFEST = ROOT / "entrypoints/web/static/img"
README_BYTES, MANIFEST_BYTES = 150_000, 100_000
DESK: Any = {"width": 1280, "height": 800}
PHONE: Any = {"width": 390, "height": 844}
GAP, CORNER = 20, 24  # between and of phones, in pixels of the page
PATIENCE_SECONDS = 900

Scheme = Literal["light", "dark"]


@contextmanager
def demo() -> Iterator[str]:
    """A demo with all of its posts, on a free port and in a folder that goes with it. Yields its address."""
    with tempfile.TemporaryDirectory(prefix="heliograph-screenshots-") as made:
        Path(made).chmod(0o711)  # the database's user passes through
        folder = Path(made) / "data"
        with subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "entrypoints", "demo", "--port", "0", "--keep", str(folder)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield _when_complete(process, folder / NOTE)
            finally:
                process.terminate()
                process.wait()


def _when_complete(process: subprocess.Popen[str], note: Path) -> str:
    """The address that the demo tells, once its note says that nothing more comes. Raises RuntimeError."""
    assert process.stdout is not None  # noqa: S101 - it was asked for
    found = next((m for m in (re.search(r"Open\s+(http\S+)", line) for line in process.stdout) if m), None)
    if found is None:
        raise RuntimeError("the demo did not start")
    end = time.monotonic() + PATIENCE_SECONDS
    while not json.loads(note.read_text(encoding="utf-8"))["complete"]:
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError("the demo's content did not come")
        time.sleep(0.5)
    return found[1]


async def shoot(address: str) -> None:
    """Everything, in both schemes, from the demo at `address`."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for scheme in ("light", "dark"):
            wide = (await _looks(browser, address, ("/",), scheme, viewport=DESK, device_scale_factor=1.5))[0]
            phones = await _looks(
                browser,
                address,
                ("/", "/@mira"),
                scheme,
                viewport=PHONE,
                device_scale_factor=2,
                has_touch=True,
            )
            _keep(wide, README / f"home-{scheme}.webp", README_BYTES)
            _keep(_side_by_side(phones, 2), README / f"phone-{scheme}.webp", README_BYTES)
            if scheme == "light":
                _keep(
                    wide.resize((DESK["width"], DESK["height"])), MANIFEST / "app-wide.webp", MANIFEST_BYTES
                )
                _keep(phones[0], MANIFEST / "app-narrow.webp", MANIFEST_BYTES)
        await browser.close()


async def _looks(
    browser: Browser, address: str, paths: tuple[str, ...], scheme: Scheme, **options: Any
) -> list[Image.Image]:
    """What Mira sees at `paths` without scrolling."""
    context = await browser.new_context(
        base_url=address,
        color_scheme=scheme,
        reduced_motion="reduce",
        service_workers="block",
        bypass_csp=True,  # waiting evaluates text, which our pages forbid
        **options,
    )
    page = await context.new_page()
    await page.goto("/login")
    await page.get_by_label("User name").fill("mira")
    await page.get_by_label("Password", exact=True).fill(DEMO_PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(address.rstrip("/") + "/")
    pictures = [await _look(page, path) for path in paths]
    await context.close()
    return pictures


async def _look(page: Page, path: str) -> Image.Image:
    await page.goto(path)
    # Photos out of sight are loaded when they come near, if at all.
    await page.wait_for_function(
        """[...document.images].every(image => image.complete || image.getBoundingClientRect().top > innerHeight)
           && document.fonts.status === "loaded" """
    )
    return Image.open(io.BytesIO(await page.screenshot())).convert("RGB")


def _side_by_side(pictures: list[Image.Image], scale: int) -> Image.Image:
    """All of one size, on nothing, with round corners and a hairline that holds on white and on black."""
    (width, height), gap = pictures[0].size, GAP * scale
    together = Image.new("RGBA", (len(pictures) * (width + gap) - gap, height))
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width - 1, height - 1), CORNER * scale, 255)
    for position, picture in enumerate(each.copy() for each in pictures):
        ImageDraw.Draw(picture).rounded_rectangle(
            (0, 0, width - 1, height - 1), CORNER * scale, outline="#857D6E", width=scale
        )
        together.paste(picture, (position * (width + gap), 0), mask)
    return together


def _keep(picture: Image.Image, path: Path, most_bytes: int) -> None:
    """As good as fits into `most_bytes`. Raises ValueError when that would be poor."""
    for quality in range(88, 50, -6):
        made = io.BytesIO()
        picture.save(made, "webp", quality=quality, method=6)
        if made.tell() <= most_bytes:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made.getvalue())
            return
    raise ValueError(f"{path.name} does not fit into {most_bytes} bytes")


def main() -> None:
    """From the demo that was named, else from one of its own."""
    if len(sys.argv) > 1:
        asyncio.run(shoot(sys.argv[1]))
        return
    with demo() as address:
        asyncio.run(shoot(address))


if __name__ == "__main__":
    main()
