"""The checks of one page as it stands in a browser: each answers with sentences about what is wrong, or with none.

Those that look at the page from inside are in `eyes.js`. The letters and numbers are those of the acceptance list; the
table at the end of a tour has a column for each.
"""

import gzip
import os
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Page

from entrypoints.web.assets import Assets
from tests.browser.tour.content import CANARY
from tests.browser.tour.stops import Stop

HERE = Path(__file__).parent
EYES = (HERE / "eyes.js").read_text(encoding="utf-8")
AXE = (HERE.parents[1] / "vendor/axe-core/axe.min.js").read_text(encoding="utf-8")
AXE_PATH = "/axe.js"
KIB = 1024

# Looks from inside that a visit has anyhow; the others need something done to the page first.
AT_EVERY_VISIT = {
    "A03": "headings", "A05": "listeners", "A06": "targets", "A09": "zoom", "A11": "names", "D04": "bar",
    "D05": "sheets", "D07": "fits", "F03": "photos", "F05": "renditions", "I03": "markup",
}  # fmt: skip
D01 = ("overlaps", "unstyled")
# Where rings are looked at under the system's own colours too: a page of each kind of control.
RINGED = ("/", "/new", "/p/{post}", "/settings/appearance")


@dataclass
class Sight:
    """A page that was just loaded, and what came with it. `bodies` are the own files' addresses with their bytes."""

    stop: Stop
    page: Page
    assets: Assets
    html: str
    status: int
    headers: dict[str, str]
    trouble: list[str] = field(default_factory=list)

    async def look(self, *names: str) -> dict[str, list[str]]:
        """What these looks of `eyes.js` complain about."""
        found: dict[str, list[str]] = await self.page.evaluate(
            "names => Object.fromEntries(names.map(name => [name, eyes[name]()]))", list(names)
        )
        return found


async def axe(sight: Sight, only: str | None = None) -> list[str]:
    """A01. All rules of WCAG 2.0 to 2.2, A and AA, or one rule: nothing else changes with the theme than colours."""
    if not await sight.page.evaluate("'axe' in window"):
        await sight.page.add_script_tag(url=AXE_PATH)
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    run = {"type": "rule", "values": [only]} if only else {"type": "tag", "values": rules}
    violations = await sight.page.evaluate(
        """async run => {
            const { violations } = await axe.run(document, { runOnly: run, resultTypes: ["violations"], preload: false });
            return violations.flatMap(each => each.nodes.map(node => `${each.id}: ${node.target.join(" ")}`));
        }""",
        run,
    )
    return [str(each) for each in violations]


async def change_theme(sight: Sight, scheme: str) -> None:
    """As the system does it at dusk; what fades from one colour to the other is there at once."""
    await sight.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await sight.page.evaluate("document.getAnimations().forEach(each => { try { each.finish() } catch {} })")


async def skip_link(sight: Sight) -> list[str]:
    """A02. The first Tab finds the way past the bars, and it leads there."""
    page = sight.page
    focused = "document.activeElement.matches('[autofocus]')"
    if await page.evaluate(focused):  # what the page is for has the focus already
        await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        await page.evaluate("document.querySelector('.skip').focus()")
    else:
        await page.keyboard.press("Tab")
    if not await page.evaluate("document.activeElement.matches('a.skip[href=\"#main\"]')"):
        return [f"first is {await page.evaluate('document.activeElement.outerHTML.slice(0, 80)')}"]
    await page.keyboard.press("Enter")
    return (
        [] if await page.evaluate("document.activeElement.id === 'main'") else ["it does not lead to #main"]
    )


class _Tags(HTMLParser):
    """Complaints about the tags of what the server wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.bad += [f"<{tag} {name}=…>" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.bad.append(f"an inline <{tag}>")
        if given.get("href") == "#" or any(value.startswith("javascript:") for value in given.values()):
            self.bad.append(f"<{tag}> leads nowhere: {given.get('href')}")


async def plain_markup(sight: Sight) -> list[str]:
    """A05. What the server wrote has no inline style, no handler and no link to nowhere."""
    tags = _Tags()
    tags.feed(sight.html)
    return tags.bad


async def large_text(sight: Sight) -> list[str]:
    """A07. 320 px and 200 %: nothing is lost, nothing scrolls sideways."""
    page = sight.page
    size = page.viewport_size
    assert size is not None
    await page.set_viewport_size({"width": 320, "height": size["height"]})
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    found = (await sight.look("fits"))["fits"]
    await page.evaluate("document.documentElement.style.fontSize = ''")
    await page.set_viewport_size(size)
    return found


async def chosen_colours(sight: Sight) -> list[str]:
    """A10. Under the system's own colours, controls keep their borders and rings."""
    await sight.page.emulate_media(forced_colors="active")
    found = await sight.look("borders", *(["rings"] if sight.stop.path in RINGED else []))
    await sight.page.emulate_media(forced_colors="none")
    return [each for complaints in found.values() for each in complaints]


async def measures(sight: Sight) -> dict[str, Any]:
    """What came with the page, and how soon and how steadily it stood."""
    found: dict[str, Any] = await sight.page.evaluate("eyes.measures()")
    return found


def addresses(sight: Sight, found: dict[str, Any]) -> list[str]:
    """F06. Every file that is kept for ever has an address that changes with it."""
    paths = [urlsplit(url).path for url in found["all"]]
    return [
        f"kept without its version: {path}"
        for path in paths
        if path.endswith((".js", ".css", ".woff2", ".svg")) and not path.startswith(sight.assets.prefix)
    ]


def budgets(sight: Sight, found: dict[str, Any]) -> list[str]:
    """F01. Weights in gzip, counts, and how soon and how steadily the page stands."""
    # Each symbol of the sprite is told as a file of its own.
    own = {re.split("[?#]", url.partition(sight.assets.prefix)[2])[0] for url in found["files"]} - {""}
    weights = {path: len(gzip.compress(_body(sight.assets, path), 9)) for path in own}

    def weight(*endings: str) -> float:
        return sum(size for path, size in weights.items() if path.endswith(endings)) / KIB

    scripts = [path for path in own if path.endswith(".js")]
    html = len(gzip.compress(sight.html.encode(), 6)) / KIB
    door = sight.stop.path in ("/", "/login", "/register") and sight.stop.who == "guest"
    limits = [
        ("kB of scripts", weight(".js"), 28 if door else 40),
        ("scripts", len(scripts), 6),
        ("kB of style", weight(".css"), 14),
        ("kB of fonts", weight(".woff2"), 50 if found["cyrillic"] else 34),
        ("kB of icons", weight("icons.svg"), 4),
        ("kB of HTML", html, 24),
        ("files that the first paint waits for", found["blocking"], 1),
        ("elements", found["nodes"], 1_500),
        (f"of layout shift ({', '.join(map(str, found['moved']))})", found["shift"], 0.02),
    ]
    if os.getloadavg()[0] <= (os.cpu_count() or 1) + 1:  # on a busy machine the seconds are not the page's
        limits.append(("seconds until the largest part stands", found["largest"] / 1_000, 1.5))
    return [f"{value:.4g} {what}, limit {limit}" for what, value, limit in limits if value > limit]


def _body(assets: Assets, path: str) -> bytes:
    served = assets.serve(path)
    assert served is not None, path
    return served.body


async def private(sight: Sight) -> list[str]:
    """I01. Nobody but the owner of the private account reads its words."""
    if sight.stop.who == "quiet":
        return []
    asked = f"/tags/{CANARY}tag" in sight.page.url
    return [f"…{each}…" for each in re.findall(f".{{0,30}}{CANARY}.{{0,30}}", sight.html) if not asked]


async def contained(sight: Sight) -> list[str]:
    """F07. Nothing leaves the server, nothing is blocked, nothing fails."""
    return list(sight.trouble)


def table(rows: dict[str, dict[str, list[str]]], columns: list[str]) -> str:
    """Pages against checks: ✓ fine, ✗ not, · not looked at; then every reason."""
    wide = max(map(len, rows), default=0)
    lines = [" " * wide + "  " + " ".join(columns)]
    for name, cells in rows.items():
        marks = [
            " " + ("·" if column not in cells else "✗" if cells[column] else "✓") + " " for column in columns
        ]
        lines.append(f"{name:<{wide}}  {' '.join(marks)}".rstrip())
    reasons = [
        f"✗ {column} {name}: {reason}"
        for name, cells in rows.items()
        for column in columns
        for reason in dict.fromkeys(cells.get(column, []))
    ]
    return "\n".join([*lines, "", *reasons])


Cells = dict[str, dict[str, list[Any]]]
