"""A browser without scripts: read the page, fill the form in, follow the answer."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

from tests.conftest import PASSWORD, Server, a_jpeg, settle


@dataclass
class Form:
    """A form of a page: where it goes and what stands in it. Buttons come in order, as (name, value)."""

    action: str
    method: str
    enctype: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """What a page says: elements, forms, words."""

    def __init__(self, url: str, status: int, html: str, headers: Any) -> None:
        super().__init__()
        self.url, self.status, self.html, self.headers = url, status, html, headers
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.forms: list[Form] = []
        self.words = ""
        self._select: str | None = None
        self._textarea: str | None = None
        self._area = ""
        self._open: Form | None = None
        self.feed(html)

    @property
    def path(self) -> str:
        parts = urlsplit(self.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag == "form":
            self._open = Form(
                found.get("action") or self.url, found.get("method") or "get", found.get("enctype") or ""
            )
            self.forms.append(self._open)
        elif self._open is not None:
            self._control(tag, found)

    def _control(self, tag: str, found: dict[str, str | None]) -> None:
        assert self._open is not None
        name, value, kind = found.get("name"), found.get("value") or "", found.get("type") or "text"
        if tag == "button" or kind == "submit":
            if kind != "button":
                self._open.buttons.append((name or "", value))
        elif tag == "input" and name and kind == "file":
            self._open.files.append(name)
        elif tag == "input" and name and (kind not in ("checkbox", "radio") or "checked" in found):
            self._open.fields.append((name, value))
        elif tag == "select" and name:
            self._select = name
        elif tag == "option" and self._select and "selected" in found:
            self._open.fields.append((self._select, value))
        elif tag == "textarea":
            self._textarea, self._area = name, ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._textarea and self._open is not None:
            # A line break right behind the tag does not count (HTML, "in body" insertion mode).
            self._open.fields.append((self._textarea, self._area.removeprefix("\n")))
            self._textarea = None

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._textarea:
            self._area += data

    def form(self, action: str) -> Form:
        """The first form that goes to `action` (a regular expression)."""
        found = [form for form in self.forms if re.fullmatch(action, urlsplit(form.action).path)]
        assert found, f"no form to {action} on {self.path}: {[form.action for form in self.forms]}"
        return found[0]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def links(self) -> set[str]:
        """The addresses on this server that the page leads to, without their anchors."""
        there = (urljoin(self.url, link.get("href") or "") for link in self.all("a"))
        here = urlsplit(self.url).netloc
        return {link.partition("#")[0] for link in there if urlsplit(link).netloc == here}


class Browser:
    """Cookies, links and forms; redirects are followed as browsers do."""

    def __init__(self, server: Server, session: aiohttp.ClientSession) -> None:
        self.server, self.session = server, session

    async def ask(self, method: str, url: str, **options: Any) -> Page:
        headers = {"Accept": "text/html", **options.pop("headers", {})}
        async with self.session.request(method, url, headers=headers, **options) as response:
            return Page(
                str(response.url), response.status, await response.text(errors="replace"), response.headers
            )

    async def get(self, path: str, **options: Any) -> Page:
        return await self.ask("GET", path, **options)

    async def send(
        self,
        page: Page,
        action: str,
        /,
        files: list[tuple[str, bytes]] | None = None,
        button: tuple[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **changes: Any,
    ) -> Page:
        """Fill `changes` into a form of `page` (None takes a field out) and press a button of it."""
        form = page.form(action)
        assert form.method == "post"
        fields = [(name, value) for name, value in form.fields if name not in changes]
        fields += [(name, value) for name, value in changes.items() if value is not None]
        fields += [button] if button else []
        data: Any = fields
        if form.enctype == "multipart/form-data":
            data = aiohttp.FormData(quote_fields=False)
            for name, value in fields:
                data.add_field(name, value, content_type="text/plain")
            for name, content in files or [("", b"")]:
                data.add_field(form.files[0], content, filename=name, content_type="image/jpeg")
        return await self.ask("POST", urljoin(page.url, form.action), data=data, headers=headers or {})

    async def sign_in(self, name: str) -> "Browser":
        page = await self.send(await self.get("/login"), "/login", username=name, password=PASSWORD)
        assert page.path == "/", page.words
        return self


async def a_post(browser: Browser, *, caption: str = "Ridges #dawn", alt: str = "Ridges", **more: Any) -> str:
    """The path of a new post, made by the forms and with its pictures ready."""
    page = await browser.get("/new")
    page = await browser.send(page, "/new", files=[("ridges.jpg", a_jpeg())], button=("do", "add"))
    upload = dict(page.form("/new").fields)["photo"]
    changes = {"caption": caption, f"alt-{upload}": alt, **more}
    page = await browser.send(page, "/new", button=("do", "post"), **changes)
    assert re.fullmatch(r"/p/[0-9a-f-]{36}", page.path), page.words
    await settle(browser.server.program)
    return page.path


def flash(page: Page) -> str:
    found = re.search(r'<div class="flash"[^>]*>.*?<p>(.*?)</p>', page.html, re.DOTALL)
    return found[1] if found else ""


def check_markup(page: Page) -> None:
    """Nothing in it can act, and it has the skeleton that every page must have."""
    assert len(page.all("h1")) == 1, page.path
    assert len(page.all("main")) == 1, page.path
    for tag, attributes in page.elements:
        assert tag not in {"style", "iframe", "object", "embed", "base"}, (page.path, tag)
        assert tag != "script" or (attributes.get("src") or "").startswith("/static/"), (
            page.path,
            attributes,
        )
        for name, value in attributes.items():
            assert not name.startswith("on"), (page.path, tag, name)
            assert name != "style", (page.path, tag)
            assert not (value or "").strip().lower().startswith("javascript:"), (page.path, tag, name)
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(ids) == len(set(ids)), (page.path, [each for each in ids if ids.count(each) > 1])
    for form in page.forms:
        if form.method == "get":
            continue  # it only asks
        assert form.method == "post"
        assert "csrf" in dict(form.fields), (page.path, form.action)
