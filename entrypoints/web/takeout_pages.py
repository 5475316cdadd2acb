"""The part of a takeout that people read: pages that work from a folder, without a network, in light and dark."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from entrypoints.web import site
from entrypoints.web.assets import STATIC, Assets
from entrypoints.web.rendering import Pages
from entrypoints.web.translation import Languages, speaking

_HERE = Path(__file__).parent
_STYLES = ("css/00-reset.css", "css/10-tokens.css", "css/20-base.css")
_FONTS = ("onest-latin-wght-normal.woff2", "onest-cyrillic-wght-normal.woff2")


class ReadablePages:
    """Implements application.packing.TakeoutPages."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def extras(self) -> Mapping[str, bytes]:
        return _extras()

    def render(self, template: str, language: str, timezone: str, values: Mapping[str, Any]) -> bytes:
        found = self._pages.languages.choose(setting=language)
        with speaking(found, timezone):
            page = self._pages.environment.get_template(f"takeout/{template}")
            return page.render(language=found, **values).encode()


@cache
def readable_pages() -> ReadablePages:
    """Made once per process, of the server's own templates where there is a server."""
    loaded = site.loaded()
    return ReadablePages(loaded.pages if loaded else Pages(Assets(), Languages()))


@cache
def _extras() -> Mapping[str, bytes]:
    texts = ["@layer reset, tokens, base, pages;"]
    texts += [(STATIC / name).read_text("utf-8") for name in _STYLES]
    # Only ours know where fonts lie.
    style = "\n".join(texts).replace('url("vendor/onest/', 'url("')
    style += (_HERE / "takeout.css").read_text("utf-8")
    fonts = {f"pages/{name}": (STATIC / "vendor/onest" / name).read_bytes() for name in _FONTS}
    licence = (STATIC / "vendor/onest/LICENSE").read_bytes()
    return {
        "README.txt": (_HERE / "takeout.txt").read_bytes(),
        "pages/style.css": style.encode(),
        "pages/mark.svg": (STATIC / "img/favicon.svg").read_bytes(),
        "pages/LICENSE-Onest.txt": licence,
        **fonts,
    }
