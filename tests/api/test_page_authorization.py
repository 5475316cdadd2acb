"""Every page and form, and every actor (Z1); nothing of a private account on any page that others find (Z2)."""

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import aiohttp
import asyncpg
import pytest
from yarl import URL

from tests.api.conftest import Api
from tests.api.page_authorization import COLUMNS, ROWS
from tests.api.scene import CANARY, NAMES, Scene, Snapshot, make_scene
from tests.api.test_authorization import NOWHERE, elsewhere
from tests.api.test_privacy import photos_of
from tests.conftest import PASSWORD, Server, a_jpeg

INSIDERS = ("follower", "owner")


@dataclass
class Visitor:
    """An actor's browser without scripts: a session cookie, or a form cookie for a guest."""

    server: Server
    client: aiohttp.ClientSession
    cookie: str
    csrf: str
    seen: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)

    async def ask(self, method: str, path: str, **parts: object) -> tuple[int, str, bytes]:
        """Status, where it leads and content; redirects are told, not followed."""
        url = URL(urljoin(self.server.url, path), encoded=True)
        headers = {"Cookie": self.cookie, "Accept": "text/html"}
        async with self.client.request(
            method, url, headers=headers, allow_redirects=False, **parts
        ) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.read()

    async def send(self, path: str, fields: dict[str, str], picture: bytes | None) -> tuple[int, str, bytes]:
        """Send a form."""
        form = aiohttp.FormData(quote_fields=False)
        for name, value in ({"csrf": self.csrf} | fields).items():
            form.add_field(name, value)
        if picture is not None:
            form.add_field("picture", picture, filename="me.jpg", content_type="image/jpeg")
        return await self.ask("POST", path, data=form)

    async def crawl(self, start: list[str]) -> None:
        """Read pages and pictures from `start` on, wherever links, redirects and pictures lead on this server."""
        waiting = list(start)
        while waiting:
            path = urlsplit(waiting.pop())._replace(scheme="", netloc="", fragment="").geturl()
            if path in self.seen or path.startswith("/static/"):
                continue
            self.seen[path] = _, location, content = await self.ask("GET", path)
            found = [location] if location else []
            if content.startswith(b"<!doctype html>"):
                text = content.decode()
                found += re.findall(r'(?:href|src|action)="(/[^"]*)"', text)
                found += [each.split()[0] for each in re.findall(r'srcset="(/[^",]*)', text)]
            waiting += [each.replace("&amp;", "&") for each in found]


@pytest.fixture
async def scene(api: Api, sql: asyncpg.Connection) -> Scene:
    return await make_scene(api, sql)


async def _visitor(scene: Scene, client: aiohttp.ClientSession, actor: str) -> Visitor:
    server = scene.api.server
    if actor == "guest":
        async with client.get("/login") as answer:
            csrf = re.search(r'name="csrf" value="(\w+)"', await answer.text())
            assert csrf
            return Visitor(server, client, answer.headers["Set-Cookie"].split(";")[0], csrf[1])
    sent = {"username": NAMES[actor], "password": PASSWORD}
    reply = await scene.api("POST", "/sessions", json=sent)
    return Visitor(server, client, reply.headers["Set-Cookie"].split(";")[0], reply.json["csrf_token"])


def spelled_out(route: str) -> list[str]:
    """A route whose parameter has a list of values, once for each of them."""
    found = re.search(r"<\w+:((?:[\w/]+\|)+[\w/]+)>", route)
    if found is None:
        return [route]
    return [each for value in found[1].split("|") for each in spelled_out(route.replace(found[0], value, 1))]


async def test_every_page_and_form_has_its_row(server: Server) -> None:
    routes = {
        (method, route)
        for each in server.app.router.routes
        for method in each.methods - {"HEAD", "OPTIONS"}
        if each.name.split(".")[1].startswith("pages")
        for route in spelled_out("/" + each.path.replace(":str>", ">"))
    }
    assert len(routes) > 70
    assert set(ROWS) == routes


def _path(route: str, ids: dict[str, str]) -> str:
    values = {
        "post_id": ids["post"],
        "notification_id": ids["post"],  # nobody's, which looks like another's
        "comment_id": ids["comment"],
        "draft_id": ids["draft"],
        "file_id": ids["file"],
        "export_id": ids["export"],
        "token_id": ids["token"],
        "secret": "unknown",
        "handle": f"@{ids['owner']}",
        "name": ids["place"],
        "tag": f"{CANARY}tag",
        "code": ids["invite"] if route.startswith("/admin/") else "bad_cursor",
        "version": "v-0",
        "path": "app.css",
        "case_id": ids["case"],
        "job_id": NOWHERE,
        "username": ids["owner"],
    }
    if route == "/report":
        return f"/report?post={ids['post']}"
    return re.sub(r"<(\w+)(?::[^>]+)?>", lambda found: values[found[1]], route)


def _fields(route: str, actor: str, ids: dict[str, str]) -> dict[str, str]:
    """What a form to `route` is filled in with."""
    login = {"username": NAMES.get(actor, NAMES["stranger"]), "password": PASSWORD}
    given: dict[str, dict[str, str]] = {
        "/login": login,
        "/register": {"username": f"new.{actor}", "password": PASSWORD},
        "/setup": {"code": "x", "username": "root", "password": PASSWORD},
        "/requests": {"answer": "accept", "username": ids["asking"]},
        "/settings/account": {"username": NAMES.get(actor, ""), "language": ""},
        "/settings/password": {"old": PASSWORD, "new": "six quite different words"},
        "/settings/security": {"session": ids["session"]},
        "/settings/tokens": {"scopes": "read", "password": PASSWORD},
        "/settings/delete": {"password": PASSWORD},
        "/settings/hide": {"password": PASSWORD},
        "/settings/appearance": {"theme": "dark"},
        "/report": {"post": ids["post"], "reason": "other"},
        "/admin/reports/<case_id:uuid>": {"decision": "keep"},
        "/admin/users/<username>": {"act": "sign_out"},
        "/admin/settings": {"name": "Harbour"},
        "/admin/invites": {"uses": "1", "days": "1"},
    }
    return given.get(route, {"text": "changed", "caption": "changed"})


async def _try(
    visitor: Visitor, method: str, route: str, actor: str, ids: dict[str, str]
) -> tuple[str, bytes]:
    if method == "GET":
        status, location, content = await visitor.ask("GET", _path(route, ids))
    else:
        picture = a_jpeg() if route == "/settings/avatar" else None
        status, location, content = await visitor.send(_path(route, ids), _fields(route, actor, ids), picture)
    if status == 303 and location.startswith("/login"):
        return "login", b""
    return str(status), re.sub(rb"\b[0-9a-f]{16}\b|\b[0-9a-f]{64}\b", b"", content)


@pytest.mark.goal("Z1")
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_each_actor_gets_the_pages_that_the_table_says(
    scene: Scene, sql: asyncpg.Connection, client: aiohttp.ClientSession, method: str
) -> None:
    visitors = {actor: await _visitor(scene, client, actor) for actor in COLUMNS}
    snapshot = Snapshot(sql)
    await snapshot.take()
    got: dict[str, dict[str, str]] = {}
    expected = {route: row for (each, route), row in ROWS.items() if each == method}
    for route in expected:
        got[route] = {}
        for actor, visitor in visitors.items():
            got[route][actor], content = await _try(visitor, method, route, actor, scene.ids)
            if method == "POST" and got[route][actor] == "303":
                await snapshot.restore()
            if got[route][actor] == "404":
                nothing = await _try(visitor, method, route, actor, elsewhere(scene.ids))
                assert nothing == ("404", content), (method, route, actor)
    assert got == expected


def _starts(scene: Scene) -> list[str]:
    people = [f"/@{name}{part}" for name in NAMES.values() for part in ("", "/followers", "/following")]
    return ["/explore?sort=popular", *people, *(_path(r, scene.ids) for m, r in ROWS if m == "GET")]


@pytest.mark.goal("Z2")
async def test_outsiders_find_nothing_of_a_private_account_on_any_page(
    scene: Scene, client: aiohttp.ClientSession
) -> None:
    photos = await photos_of(scene)
    told: dict[str, list[str]] = {}
    for actor in COLUMNS:
        visitor = await _visitor(scene, client, actor)
        await visitor.crawl(_starts(scene))
        assert len(visitor.seen) > 60, actor
        told[actor] = []
        for path, (_status, _location, content) in visitor.seen.items():
            # What was reported is shown to whoever decides about it.
            if actor == "admin" and path.startswith("/admin/"):
                continue
            # The page of a tag, and what it leads to, repeat what was asked for.
            said = content.replace(f"{CANARY}tag".encode(), b"") if "tag" in path else content
            if content in photos or CANARY.encode() in said:
                told[actor].append(path)
    for actor in COLUMNS:
        assert len(told[actor]) > 8 if actor in INSIDERS else told[actor] == [], actor
