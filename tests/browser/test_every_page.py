"""The tour: every page, at two sizes, in both themes, against the checks of the acceptance list.

`make pages` runs it alone and prints the table; with HELIOGRAPH_SHOTS=/some/folder it keeps a picture of every page
there, and with HELIOGRAPH_PAGES=text it visits only the pages whose line in the table has that text. A new page needs a
line in `tour/stops.py`.
"""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request
from sanic.exceptions import MethodNotAllowed
from sanic.response import HTTPResponse

from application.program import Application
from domain.kernel import Invalid, TooMany, Unavailable
from entrypoints.container import Database
from entrypoints.errors import Malformed, TooLarge, Unauthenticated, UnsupportedType
from entrypoints.requests import CrossSite
from entrypoints.settings import Settings
from tests.api.conftest import Api
from tests.browser.tour import checks
from tests.browser.tour.checks import AT_EVERY_VISIT, AXE, AXE_PATH, D01, EYES, Sight
from tests.browser.tour.content import Content, fill
from tests.browser.tour.stops import FAILURES, FIRST, STOPS, Stop, is_open, unvisited
from tests.conftest import Server, serving

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "reduced_motion": "no-preference",
    "device_scale_factor": 2,
}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}

ERRORS: dict[int, Callable[[], Exception]] = {
    400: Malformed,
    401: Unauthenticated,
    403: CrossSite,
    405: lambda: MethodNotAllowed("", "GET", ()),
    413: lambda: TooLarge(limit="20 MB"),
    415: lambda: UnsupportedType(wanted="image/jpeg"),
    422: Invalid,
    429: lambda: TooMany(95),
    500: RuntimeError,
    503: lambda: Unavailable("the database restarts", retry_after_seconds=30),
}


async def fail(_: Any, status: int) -> None:
    """A handler of the tour's own, for errors that no address has by itself."""
    raise ERRORS[status]()


async def axe(_: Any) -> HTTPResponse:
    """A file of the tour's own, which browsers keep as they understood it: handed over anew, that took half of a visit."""
    kept = {"Cache-Control": "public, max-age=3600, immutable"}
    return HTTPResponse(AXE, headers=kept, content_type="text/javascript; charset=utf-8")


def add_own(app: Any) -> None:
    """Add the tour's own addresses."""
    app.add_route(fail, "/fail/<status:int>")
    app.add_route(axe, AXE_PATH)


@pytest.fixture
async def server(
    settings: Settings, empty_database: Database, program: Application, listening: socket.socket
) -> AsyncIterator[Server]:
    """The server with addresses that fail."""
    async with serving(settings, empty_database, program, listening, add_own) as running:
        yield running


@dataclass
class Tour:
    """What is found, page by page: name of the stop → check → complaints."""

    server: Server
    chrome: Browser
    shots: Path | None
    content: Content = field(default_factory=Content)
    cells: checks.Cells = field(default_factory=dict)

    def note(self, stop: Stop, check: str, complaints: list[str], where: str = "") -> None:
        row = self.cells.setdefault(str(stop), {})
        row.setdefault(check, []).extend(f"{where} {each}".strip() for each in complaints)


@dataclass
class Walker:
    """One size of screen; every visitor has a browser profile of their own, with one page that is used again.

    A page is looked at in the theme in which the one before was left, then in the other one.
    """

    tour: Tour
    size: str
    options: dict[str, Any]
    pages: dict[str, tuple[BrowserContext, Page, list[str]]] = field(default_factory=dict)
    schemes: dict[str, str] = field(default_factory=dict)

    async def walk(self, stops: list[Stop]) -> None:
        for stop in stops:
            if self.size in stop.sizes:
                await self.visit(stop)
        for context, *_ in self.pages.values():
            await context.close()

    async def visit(self, stop: Stop) -> None:
        sight = await self._open(stop)
        await (self._as_phone if self.size == "M" else self._as_desk)(sight)

    async def _open(self, stop: Stop) -> Sight:
        page, trouble = await self._page(stop.who)
        trouble.clear()
        path = stop.path.format(**self.tour.content.ids)
        answer = await page.goto(path, wait_until="load")
        assert answer is not None
        # A failure that is meant is told in the console too.
        said = [each for each in trouble if f"status of {stop.status}" not in each]
        sight = Sight(
            stop,
            page,
            self.tour.server.app.ctx.site.assets,
            await answer.text(),
            answer.status,
            answer.headers,
            said,
        )
        status = [] if answer.status == stop.status else [f"{answer.status}, not {stop.status}"]
        self._note(sight, "F07", status + await checks.contained(sight))
        return sight

    async def _page(self, who: str) -> tuple[Page, list[str]]:
        if who not in self.pages:
            context = await self.tour.chrome.new_context(
                base_url=self.tour.server.url, color_scheme="light", **self.options
            )
            self.schemes[who] = "light"
            await context.add_init_script(EYES)
            if who in self.tour.content.cookies:
                cookie = {"name": "hg_session", "value": self.tour.content.cookies[who]}
                await context.add_cookies([{**cookie, "url": self.tour.server.url}])
            page = await context.new_page()
            self.pages[who] = context, page, _listen(page, self.tour.server.url)
        _, page, trouble = self.pages[who]
        return page, trouble

    async def _as_phone(self, sight: Sight) -> None:
        """With motion, and with what a page weighs."""
        await self._look(sight)
        self._note(sight, "A05", await checks.plain_markup(sight))
        self._note(sight, "I01", await checks.private(sight))
        found = await checks.measures(sight)
        self._note(sight, "F01", checks.budgets(sight, found))
        self._note(sight, "F06", checks.addresses(sight, found))
        await self._both_themes(sight)
        self._note(sight, "A07", await checks.large_text(sight))

    async def _as_desk(self, sight: Sight) -> None:
        """Without motion, with the keyboard."""
        self._note(sight, "A08", (await sight.look("still"))["still"])
        await self._look(sight)
        await self._both_themes(sight)
        self._note(sight, "A02", await checks.skip_link(sight))
        self._note(sight, "A04", (await sight.look("rings"))["rings"])
        self._note(sight, "A10", await checks.chosen_colours(sight))

    async def _both_themes(self, sight: Sight) -> None:
        who = sight.stop.who
        self._note(sight, "A01", await checks.axe(sight), self.schemes[who])
        await self._shot(sight, self.schemes[who])
        self.schemes[who] = "dark" if self.schemes[who] == "light" else "light"
        await checks.change_theme(sight, self.schemes[who])
        self._note(sight, "A01", await checks.axe(sight, "color-contrast"), self.schemes[who])
        await self._shot(sight, self.schemes[who])

    async def _look(self, sight: Sight) -> None:
        found = await sight.look(*AT_EVERY_VISIT.values(), *D01, *(["empty"] if sight.stop.empty else []))
        for check, name in AT_EVERY_VISIT.items():
            self._note(sight, check, found[name])
        self._note(sight, "D01", [each for name in D01 for each in found[name]])
        if sight.stop.empty:
            self._note(sight, "D06", found["empty"])

    def _note(self, sight: Sight, check: str, complaints: list[str], where: str = "") -> None:
        self.tour.note(sight.stop, check, complaints, f"{self.size} {where}".strip())

    async def _shot(self, sight: Sight, theme: str) -> None:
        if self.tour.shots is not None:
            name = re.sub(r"[^\w.@-]+", "_", f"{sight.stop.who}{sight.stop.path}")
            await sight.page.screenshot(path=self.tour.shots / f"{name}-{self.size}-{theme}.png")


def _listen(page: Page, url: str) -> list[str]:
    """What the page says is wrong with it, from now on."""
    trouble: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            trouble.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            trouble.append(f"left the server: {request.url}")
        if "hostile" in request.url:
            trouble.append(f"somebody's words made a request: {request.url}")

    page.on("console", heard)
    page.on("request", asked)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("dialog", lambda dialog: trouble.append(f"a dialog: {dialog.message}"))
    return trouble


async def test_every_page_passes_every_check(
    chrome: Browser, server: Server, client: aiohttp.ClientSession, sql: asyncpg.Connection
) -> None:
    shots = Path(os.environ["HELIOGRAPH_SHOTS"]) if os.environ.get("HELIOGRAPH_SHOTS") else None
    if shots is not None:
        shots.mkdir(parents=True, exist_ok=True)
    tour = Tour(server, chrome, shots)
    for stops in (FIRST, STOPS + FAILURES):
        if stops is not FIRST:
            tour.content = await fill(Api(server, client), sql)
            missing = unvisited(server.app, FIRST + STOPS + FAILURES, tour.content.ids)
            assert not missing, f"without a line in tour/stops.py: {', '.join(sorted(missing))}"
        chosen = [stop for stop in stops if os.environ.get("HELIOGRAPH_PAGES", "") in str(stop)]
        await asyncio.gather(Walker(tour, "M", PHONE).walk(chosen), Walker(tour, "D", DESK).walk(chosen))
    columns = sorted({check for row in tour.cells.values() for check in row})
    found = checks.table(tour.cells, columns)
    print(f"\n{found}")
    assert not [
        (stop, check)
        for stop, row in tour.cells.items()
        for check, complaints in row.items()
        if complaints and not is_open(stop, check)
    ], found
