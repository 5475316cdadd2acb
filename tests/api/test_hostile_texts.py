"""Texts, JSON and identifiers that were made to hurt, in every field that takes one."""

import json
import time
import unicodedata
from typing import Any

import asyncpg
import pytest

from domain.posts import MAX_CAPTION, MAX_COMMENT
from tests.api.conftest import Api
from tests.api.described import Reply
from tests.conftest import PASSWORD, Member

PROFILE = {"display_name": 50, "bio": 500, "place": 60}


class Fields:
    """Every place where a text can be left, by name: `await fields.put("caption", text)`."""

    def __init__(self, api: Api, mira: Member, post: dict[str, Any]) -> None:
        self.api, self.mira, self.post = api, mira, post

    async def put(self, name: str, text: str) -> Reply:
        path, body = self._request(name, text)
        method = "PATCH" if path in ("/me", f"/posts/{self.post['id']}") else "POST"
        raw = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return await self.api(method, path, self.mira, data=raw, headers=headers)

    def _request(self, name: str, text: str) -> tuple[str, Any]:
        post = f"/posts/{self.post['id']}"
        if name in PROFILE or name in ("link", "email", "username", "language"):
            return "/me", {name: text}
        return {
            "caption": (post, {"caption": text}),
            "alt": (post, {"media": [{"id": self.post["media"][0]["id"], "alt": text}]}),
            "place_name": (post, {"place": {"name": text}}),
            "comment": (f"{post}/comments", {"text": text}),
            "new_username": ("/accounts", {"username": text, "password": PASSWORD}),
            "invite": ("/accounts", {"username": "timo", "password": PASSWORD, "invite": text}),
            "login": ("/tokens", {"username": text, "password": PASSWORD}),
            "token_name": ("/tokens", {"username": "mira", "password": PASSWORD, "name": text}),
            "scope": ("/tokens", {"username": "mira", "password": PASSWORD, "scopes": [text]}),
        }[name]


FREE = ("display_name", "bio", "place", "caption", "alt", "place_name", "comment")
STRICT = ("link", "email", "username", "language", "new_username", "scope")
EVERY = (*FREE, *STRICT, "invite", "login", "token_name")


@pytest.fixture
async def fields(api: Api) -> Fields:
    mira = await api.join("mira")
    return Fields(api, mira, await api.post(mira, "harmless"))


@pytest.mark.goal("I4")
@pytest.mark.parametrize(
    "text",
    ["a\x00b", "\ud800", "\udc00\ud800", "a\x1bb", "a\x7fb", "a\x85b", "\x08" * 3],
    ids=["nul", "surrogate", "surrogates", "escape", "delete", "c1", "backspaces"],
)
async def test_characters_that_cannot_be_stored_are_refused(fields: Fields, text: str) -> None:
    for name in EVERY:
        reply = await fields.put(name, text)
        login = name in ("login", "invite") and not any("\ud800" <= c <= "\udfff" for c in text)
        assert reply.status in ((401, 201, 403) if login else (422,)), (name, reply.content)


@pytest.mark.goal("I4")
async def test_lengths_count_code_points(fields: Fields) -> None:
    limits = PROFILE | {
        "caption": MAX_CAPTION,
        "alt": 1_500,
        "place_name": 80,
        "comment": MAX_COMMENT,
        "token_name": 80,
    }
    for name, limit in limits.items():
        for character in ("a", "é", "😀"):
            assert (await fields.put(name, character * limit)).status in (200, 201), (name, character)
            refused = await fields.put(name, character * (limit + 1))
            assert refused.status == 422, (name, character)
            assert refused.json["errors"][0]["limit"] == limit
    for name in EVERY:
        assert (await fields.put(name, "x" * 100_000)).status in (401, 409, 422, 201, 403), name
        assert (await fields.put(name, "x" * 1_000_000)).status == 413, name


@pytest.mark.goal("I4")
@pytest.mark.parametrize(
    "text",
    [
        "👨‍👩‍👧‍👦",
        "🇰🇷🏳️‍🌈",
        "👍🏽",
        "𝔄𠮷",
        unicodedata.normalize("NFD", "설악산"),
        unicodedata.normalize("NFD", "Zürich é"),
        "שלום עולם",
    ],
    ids=["family", "flags", "skin", "astral", "jamo", "marks", "hebrew"],
)
async def test_every_script_comes_back_in_normal_form(fields: Fields, text: str) -> None:
    for name in FREE:
        reply = await fields.put(name, text)
        assert reply.status in (200, 201), (name, reply.content)
        normal = json.dumps(unicodedata.normalize("NFC", text), ensure_ascii=False).strip('"')
        assert normal.encode() in reply.content, name


@pytest.mark.goal("I4")
async def test_names_show_what_they_are(fields: Fields) -> None:
    for invisible in ("\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad"):
        for name in ("new_username", "username", "display_name"):
            assert (await fields.put(name, f"mi{invisible}ra")).status == 422, (name, invisible)
    reserved = (
        "api static ws .well-known me .. null undefined admin settings a b- mira! mi_ra. .mira mi..ra".split()
    )
    for name in reserved:
        assert (await fields.put("new_username", name)).status == 422, name
        assert (await fields.put("username", name)).status == 422, name


@pytest.mark.goal("W3")
@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{7*7}}",
        "${7*7}",
        "javascript:alert(1)",
        "x onmouseover=alert(1)",
        "' OR 1=1--",
        "'; DROP TABLE users; --",
        "%_%\\",
        "a\r\nBcc: x@example.org",
    ],
)
async def test_code_is_stored_as_text(fields: Fields, text: str, sql: asyncpg.Connection) -> None:
    for name in FREE:
        reply = await fields.put(name, text)
        assert reply.status in (200, 201), (name, reply.content)
        one_line = name in ("display_name", "place", "place_name")
        kept = " ".join(text.split()) if one_line else text.replace("\r\n", "\n")
        assert json.dumps(kept)[1:-1].encode() in reply.content, name
    for name in STRICT:
        assert (await fields.put(name, text)).status == 422, name
    assert await sql.fetchval("SELECT count(*) FROM users") == 1


async def test_links_are_web_addresses(fields: Fields) -> None:
    for good in ("example.org", "https://example.org/a?b=c#d", "http://bücher.example/ü"):
        assert (await fields.put("link", good)).status == 200, good
    for bad in (
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//evil",
        "https://user:pass@example.org",
        "https://",
        'https://example.org/"onclick=x',
        "https://exa mple.org",
        "ftp://example.org",
        "https://example.org\\@evil",
        "http://[::1",
    ):
        assert (await fields.put("link", bad)).status == 422, bad


@pytest.mark.goal("A1")
async def test_passwords_are_taken_exactly_as_they_are(api: Api) -> None:
    passwords = [
        "  spaces around  ",
        "nul\x00inside it",
        "emoji 🔑🔑🔑🔑 yes",
        "x7q" * 85,
        "пароль и ещё слова",
    ]
    for number, password in enumerate(passwords):
        body = {"username": f"user{number}", "password": password}
        assert (await api("POST", "/accounts", json=body)).status == 201, password
        assert (await api("POST", "/tokens", json=body)).status == 201, password
        for other in (password.strip() + "x", password.split("\x00")[0], password[:200]):
            if other != password:
                wrong = {**body, "password": other}
                assert (await api("POST", "/tokens", json=wrong)).status == 401, other
    for bad in ("short77", "x7q" * 86, "password", "heliograph1", "aaaaaaaaaaaa", "mira.the.second"):
        body = {"username": "mira.the.second", "password": bad}
        assert (await api("POST", "/accounts", json=body)).status == 422, bad
    long = {"username": "mira", "password": "x" * 1_000_000}
    for path in ("/accounts", "/tokens", "/sessions"):
        assert (await api("POST", path, json=long)).status == 413


# JSON


_BODIES: dict[str, tuple[bytes, set[int]]] = {
    "empty": (b"", {400}),
    "no object": (b"[]", {400}),
    "text": (b'"x"', {400}),
    "null": (b"null", {400}),
    "not closed": (b'{"bio": "x"', {400}),
    "more after it": (b'{"bio": "x"} {}', {400}),
    "200000 brackets": (b"[" * 200_000, {400}),
    "200000 brackets in a member": (b'{"bio": ' + b"[" * 200_000, {400}),
    "depth 33": (b'{"bio": ' + b"[" * 33 + b"]" * 33 + b"}", {400}),
    "depth 31": (b'{"bio": ' + b"[" * 31 + b"]" * 31 + b"}", {422}),
    "NaN": (b'{"bio": NaN}', {400}),
    "Infinity": (b'{"bio": -Infinity}', {400}),
    "1e999": (b'{"bio": 1e999}', {400}),
    "5000 digits": (b'{"bio": ' + b"9" * 5_000 + b"}", {400}),
    "2^64": (b'{"bio": 18446744073709551616}', {422}),
    "true for a text": (b'{"bio": true}', {422}),
    "one for a switch": (b'{"private": 1}', {422}),
    "a text for a switch": (b'{"private": "true"}', {422}),
    "doubled key": (b'{"bio": "a", "bio": "b"}', {400}),
    "doubled escaped key": (b'{"bio": "a", "b\\u0069o": "b"}', {400}),
    "byte order mark": (b'\xef\xbb\xbf{"bio": "a"}', {400}),
    "utf-16": ('{"bio": "a"}'.encode("utf-16"), {400}),
    "not utf-8": (b'{"bio": "\xff"}', {400}),
    "comment": (b'{"bio": "a" /* */}', {400}),
    "trailing comma": (b'{"bio": "a",}', {400}),
    "single quotes": (b"{'bio': 'a'}", {400}),
    "raw control character": (b'{"bio": "a\nb"}', {400}),
    "surrogate key": (b'{"\\ud800": 1}', {422}),
    "nul key": (b'{"\\u0000": 1}', {422}),
    "long key": (b'{"' + b"k" * 10_000 + b'": 1}', {422}),
    "__proto__": (b'{"__proto__": {"role": "admin"}}', {422}),
    "constructor": (b'{"constructor": 1}', {422}),
    "20000 keys": (json.dumps({str(i): 1 for i in range(20_000)}).encode(), {422}),
    "10 MB": (b'{"bio": "' + b"x" * 10_000_000 + b'"}', {413}),
    "just too large": (b'{"bio": "' + b"x" * (256 * 1024) + b'"}', {413}),
}


@pytest.mark.goal("I6")
async def test_json_that_is_not_quite_json(api: Api, sql: asyncpg.Connection) -> None:
    mira = await api.join("mira")
    before = await sql.fetchrow("SELECT * FROM users")
    for name, (content, expected) in _BODIES.items():
        started = time.perf_counter()
        reply = await api("PATCH", "/me", mira, data=content, headers={"Content-Type": "application/json"})
        assert reply.status in expected, (name, reply.status, reply.content[:200])
        assert time.perf_counter() - started < 1.0, name
    assert await sql.fetchrow("SELECT * FROM users") == before


@pytest.mark.goal("I6")
async def test_only_json_is_taken_for_json(api: Api) -> None:
    mira = await api.join("mira")
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "application/vnd.api+json",
        "application/json; charset=latin-1",
        'application/json;a=b; Charset="utf-16"',
    ):
        headers = {"Content-Type": kind}
        reply = await api("PATCH", "/me", mira, data=b'{"bio": "x"}', headers=headers)
        assert (reply.status, reply.code) == (415, "unsupported_type"), kind
    for kind in ("application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"):
        headers = {"Content-Type": kind}
        assert (await api("PATCH", "/me", mira, data=b'{"bio": "x"}', headers=headers)).status == 200, kind
    assert (await api("POST", "/reports", mira, data=b"{}", headers=headers)).status == 415


async def test_numbers_stay_numbers(api: Api) -> None:
    mira = await api.join("mira")
    post = await api.post(mira)
    for raw in ("true", '"1"', "[]", "{}", "1e308", "-0.0", "9" * 400, "180.0000001"):
        body = f'{{"place": {{"name": "x", "lat": 0, "lon": {raw}}}}}'.encode()
        reply = await api(
            "PATCH", f"/posts/{post['id']}", mira, data=body, headers={"Content-Type": "application/json"}
        )
        assert reply.status == (200 if raw == "-0.0" else 422), (raw, reply.content)


# Identifiers


@pytest.mark.goal("I5")
async def test_identifiers_that_name_nothing_are_not_found(api: Api) -> None:
    mira = await api.join("mira")
    post = await api.post(mira)
    file = post["media"][0]["id"]
    for path in (
        f"/posts/{file}",
        f"/files/{post['id']}",
        f"/comments/{post['id']}",
        f"/places/{post['id']}",
        "/posts/1%00",
        f"/posts/{post['id']}%00",
        "/posts/1",
        "/posts/..",
        "/posts/../admin/overview",
        "/posts/%2e%2e/admin",
        "/posts/" + "9" * 5_000,
        "/posts/" + "0" * 36,
        "/posts/{}",
        "/users/%00",
        "/users/a%00b",
        "/users/%ff%fe",
        "/users/%ed%a0%80",
        "/users/" + "x" * 5_000,
        "/users/..%2f..%2fetc",
        "/users/@mira",
        "/tags/%00/posts",
        "//m/%00/0/320.webp",
        "//m/" + "a" * 32 + "/99999999999999999999/320.webp",
        "//m/" + "a" * 32 + "/-1/320.webp",
        "//a/" + "a" * 32 + "/%2e%2e%2f320.webp",
    ):
        reply = await api("GET", path, mira, described=False)
        assert reply.status == 404, (path, reply.status)
        assert reply.code == "not_found"
    for method in ("PUT", "DELETE"):
        assert (await api(method, "/users/%00/follow", mira)).status == 404
    upper = await api("GET", f"/posts/{post['id'].upper()}", mira)
    assert upper.status in (200, 404)
    for tag in ("%F0%9F%98%80", "%", "_", "%25%25", "x" * 3_000, "%ff"):
        reply = await api("GET", f"/tags/{tag}/posts", mira, described=False)
        assert reply.status in (200, 404), (tag, reply.status)
        if reply.status == 200:
            assert reply.json["items"] == []
