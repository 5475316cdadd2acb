"""HTTP itself, spoken by raw sockets: slow, oversized, malformed and rude clients."""

import asyncio
import json
import logging
import random
import re
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.described import SECURITY_HEADERS
from tests.conftest import Server, a_jpeg

NOWHERE = "00000000-0000-7000-8000-000000000000"
# What stands for the parameters of routes; a pattern stands for itself.
PARAMETERS = {"uuid": NOWHERE, "int": "0", "str": "x", "path": "x"}
GET = b"GET /api/v1/instance HTTP/1.1\r\nHost: x\r\n"


@dataclass(frozen=True, slots=True)
class Raw:
    """What came back over a socket until it was closed or fell silent: the first answer's status and all bytes."""

    status: int
    content: bytes
    seconds: float
    closed: bool

    @property
    def answers(self) -> int:
        return self.content.count(b"HTTP/1.1 ")


async def speak(
    server: Server, *parts: bytes, every: float = 0.0, until: float = 15.0, quiet: float = 1.0
) -> Raw:
    """Send the parts, `every` seconds one, and listen until the server closes, or `quiet` seconds say nothing."""
    started = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rsplit(":", 1)[-1]))
    content, closed = bytearray(), asyncio.Event()

    async def listen() -> None:
        try:
            while data := await reader.read(65_536):
                content.extend(data)
        except ConnectionError:
            pass
        closed.set()

    listening = asyncio.create_task(listen())
    try:
        for part in parts:
            if closed.is_set() or time.monotonic() - started > until:
                break
            writer.write(part)
            await writer.drain()
            if every:
                await asyncio.sleep(every)
    except ConnectionError:
        pass
    before = -1
    while not closed.is_set() and time.monotonic() - started < until and before != len(content):
        before = len(content)
        try:
            await asyncio.wait_for(closed.wait(), quiet)
        except TimeoutError:
            continue
    seconds = time.monotonic() - started
    listening.cancel()
    writer.close()
    first = bytes(content[:12])
    return Raw(int(first[9:12]) if first[:5] == b"HTTP/" else 0, bytes(content), seconds, closed.is_set())


@pytest.mark.goal("O3")
async def test_slow_clients_have_a_total_deadline_and_hurt_nobody(api: Api) -> None:
    mira = await api.join("mira")
    post = "POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n"
    server = api.server
    drips = {
        "head": [speak(server, GET, *[b"X"] * 40, every=0.5, until=20, quiet=20) for _ in range(60)],
        "silent": [speak(server, until=20, quiet=20) for _ in range(100)],
        "half a line": [speak(server, b"GET /api", until=20, quiet=20) for _ in range(20)],
        "tls": [
            speak(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x7f" * 200, until=20, quiet=20)
        ],
        "http/0.9": [speak(server, b"GET /\r\n", until=20, quiet=20)],
        "after asking for a WebSocket": [
            speak(
                server,
                b"POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
                b"GET",
                *[b" "] * 40,
                every=0.5,
                until=20,
                quiet=20,
            )
        ],
        "after a refusal": [
            # The answer comes at once; what is left of the body must not hold the connection.
            speak(
                server,
                b"PUT /api/v1/nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n",
                *[b"x"] * 40,
                every=0.5,
                until=20,
                quiet=20,
            )
        ],
    }
    waiting = {name: [asyncio.create_task(drip) for drip in some] for name, some in drips.items()}
    body = asyncio.create_task(speak(server, post.encode(), *[b" "] * 20, every=0.5, until=9))
    slowest = await _slowest(api, 8.0, mira.headers)
    assert slowest < 0.5
    for name, tasks in waiting.items():
        for raw in await asyncio.gather(*tasks):
            assert raw.closed, name
            assert (3 if name == "after a refusal" else 8) < raw.seconds < 13, (name, raw.seconds)
            expected = {"after a refusal": {404}, "after asking for a WebSocket": {422}}.get(
                name, {408, 400, 0}
            )
            assert raw.status in expected, (name, raw.status)
    assert not (await body).closed


async def _slowest(api: Api, seconds: float, headers: dict[str, str]) -> float:
    """The 95th percentile of how long a healthy client waits, in seconds."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.monotonic()
        assert (await api("GET", "/feeds/home", headers=headers)).status == 200
        times.append(time.monotonic() - started)
        await asyncio.sleep(0.1)
    return sorted(times)[int(len(times) * 0.95)]


@pytest.mark.goal("O3")
async def test_bodies_have_a_total_deadline(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("entrypoints.body.BODY_SECONDS", 2.0)
    monkeypatch.setattr("entrypoints.body.UPLOAD_SECONDS", 2.0)
    monkeypatch.setattr("entrypoints.body.read.__defaults__", (2.0,))
    mira = await api.join("mira")
    head = f"Host: x\r\nAuthorization: Bearer {mira.token}\r\nContent-Length: 500\r\n"
    asked = [
        f"PATCH /api/v1/me HTTP/1.1\r\n{head}Content-Type: application/json\r\n\r\n",
        f"POST /api/v1/uploads HTTP/1.1\r\n{head}Content-Type: image/jpeg\r\n\r\n",
        f"POST /api/v1/posts HTTP/1.1\r\n{head}Content-Type: multipart/form-data; boundary=B\r\n\r\n--B\r\nX: ",
        f"DELETE /api/v1/me/avatar HTTP/1.1\r\n{head}\r\n",
    ]
    drips = [speak(api.server, text.encode(), *[b"-"] * 30, every=0.2, until=12, quiet=12) for text in asked]
    for text, raw in zip(asked, await asyncio.gather(*drips), strict=True):
        assert raw.status == 408, (text, raw.content)
        assert raw.closed
        assert raw.seconds < 7


@pytest.mark.goal("O3")
async def test_an_upload_slower_than_the_least_speed_is_ended(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrypoints.body.GRACE_SECONDS", 0.5)
    mira = await api.join("mira")
    head = (
        f"POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {mira.token}\r\n"
        "Content-Type: image/jpeg\r\nContent-Length: 100000\r\n\r\n"
    )
    raw = await speak(api.server, head.encode(), *[b"x" * 500] * 30, every=0.1, until=6, quiet=6)
    assert raw.status == 408
    fast = await speak(api.server, head.encode(), *[b"x" * 5_000] * 20, every=0.1, until=15, quiet=10)
    assert fast.status == 415


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("10 kB header", GET + b"X-Long: " + b"x" * 10_000 + b"\r\n\r\n", {200, 400, 413, 431}),
        ("20 kB header", GET + b"X-Long: " + b"x" * 20_000 + b"\r\n\r\n", {400, 413, 431}),
        (
            "200 headers",
            GET + b"".join(b"X-%d: y\r\n" % i for i in range(200)) + b"\r\n",
            {200, 400, 413, 431},
        ),
        ("100 kB cookie", GET + b"Cookie: hg_session=" + b"x" * 100_000 + b"\r\n\r\n", {400, 413, 431}),
        ("16 kB address", b"GET /" + b"x" * 16_384 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {400, 413, 414, 431}),
        ("15 kB address", b"GET /" + b"x" * 15_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {404}),
        ("no host", b"GET /api/v1/instance HTTP/1.1\r\n\r\n", {400}),
        ("two hosts", GET + b"host: y\r\n\r\n", {400}),
        ("HTTP/2.0", b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", {400, 505}),
        ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 405, 505}),
        ("no colon", GET + b"nonsense\r\n\r\n", {400}),
        ("bad length", GET + b"Content-Length: x\r\n\r\n", {400}),
        ("negative length", GET + b"Content-Length: -1\r\n\r\n", {400}),
        ("signed length", GET + b"Content-Length: +5\r\n\r\n", {400}),
        ("two lengths", GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", {400}),
        ("length and chunks", GET + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", {400}),
        ("coding behind a vertical tab", GET + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", {400}),
        ("length behind a next line", GET + b"Content-Length:\xc2\x850\r\n\r\n", {400}),
        ("nul in a value", GET + b"X-A: a\0b\r\n\r\n", {400}),
        ("unknown coding", GET + b"Transfer-Encoding: xchunked\r\n\r\n", {400, 501}),
        ("odd expectation", GET + b"Expect: 42\r\nContent-Length: 1\r\n\r\n", {417, 400}),
        ("not ascii", "GET /ü HTTP/1.1\r\nHost: x\r\n\r\n".encode(), {400}),
        ("nul in a header", GET + b"X-A: \x00\r\n\r\n", {200, 400}),
        (
            "bytes in a header",
            GET + b"Accept-Language: \xff\xfe\r\nAuthorization: Bearer \xff\r\n\r\n",
            {200, 400, 401},
        ),
        (
            "bytes in a cookie",
            b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nCookie: hg_session=\xff\xfe\r\n\r\n",
            {400, 401},
        ),
        (
            "bytes in a token",
            b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\n\r\n",
            {400, 401},
        ),
        ("bytes in a tag", GET + b"If-None-Match: \xff\xfe\r\n\r\n", {200, 400}),
        ("bytes in an id", GET + b"X-Request-Id: \xff<script>\r\n\r\n", {200, 400}),
        ("folded header", GET + b"X-A: b\r\n c\r\n\r\n", {200, 400}),
        ("only newlines", b"\r\n\r\n\r\n\r\n", {400}),
        # What a proxy may read in another way: the rest must not become a request of its own.
        ("space before the colon", GET + b"Content-Length : 33\r\n\r\n" + GET + b"\r\n", {400}),
        (
            "coding with a foreign letter",
            GET + "Transfer-Encoding: chun\u212aed\r\n\r\n0\r\n\r\n".encode(),
            {400},
        ),
        ("coding with a space", GET + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", {400}),
        ("foreign digits", GET + "Content-Length: \u0662\r\n\r\nab".encode() + GET + b"\r\n", {400}),
        ("target of a proxy", b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", {400, 405}),
        ("target without a slash", b"GET foo HTTP/1.1\r\nHost: a\r\n\r\n", {400}),
        ("only a query", b"GET ?x HTTP/1.1\r\nHost: a\r\n\r\n", {400}),
        ("nul in the target", b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", {400}),
        (
            "odd boundary",
            b'POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary="\xc4\x80"\r\n'
            b"Content-Length: 1\r\n\r\nx",
            {400},
        ),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
async def test_odd_heads_are_answered_and_never_with_a_failure(
    server: Server, name: str, head: bytes, expected: set[int]
) -> None:
    raw = await speak(server, head, until=5, quiet=0.3)
    assert raw.status in expected, (name, raw.content[:300])
    assert raw.answers == 1
    assert b"content-type: " in raw.content
    for header in SECURITY_HEADERS:
        assert header.lower().encode() in raw.content.lower(), header
    if raw.status >= 400 and name != "odd boundary":
        assert b"application/problem+json" in raw.content


async def test_accepted_languages_cost_nothing(server: Server) -> None:
    started = time.perf_counter()
    odd = b"Accept-Language: " + b"en-GB;q=0.9, " * 800 + b"\r\nAccept-Encoding: identity;q=0\r\n\r\n"
    raw = await speak(server, b"GET /api/v1/nowhere HTTP/1.1\r\nHost: x\r\n" + odd, until=3, quiet=0.2)
    assert raw.status == 404
    assert time.perf_counter() - started < 1.0


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get", "Post", "FOO", "G\tET", "*"])
async def test_other_methods_do_nothing(api: Api, method: str) -> None:
    mira = await api.join("mira")
    for path in ("/api/v1/me", "/healthz", "/api/v1/nowhere"):
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {mira.token}\r\n\r\n"
        raw = await speak(api.server, head.encode(), until=3, quiet=0.2)
        assert raw.status in (400, 404, 405), (method, path, raw.status)
        if raw.status == 405:
            assert b"\r\nallow: " in raw.content.lower()


async def test_no_header_changes_the_method(api: Api) -> None:
    mira = await api.join("mira")
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        reply = await api("GET", "/me?_method=DELETE", mira, headers={name: "DELETE"})
        assert (reply.status, reply.json["username"]) == (200, "mira")


async def test_options_and_405_say_what_is_allowed(api: Api) -> None:
    for path, methods in (
        ("/me", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/sessions", "GET, HEAD, OPTIONS, POST"),
        (f"/posts/{NOWHERE}", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/users/mira/follow", "DELETE, OPTIONS, PUT"),
    ):
        options = await api("OPTIONS", path)
        assert (options.status, options.headers["Allow"]) == (204, methods)
        refused = await api("POST" if "POST" not in methods else "PATCH", path)
        assert (refused.status, refused.code) == (405, "method_not_allowed")
        assert refused.headers["Allow"] == methods
    assert "Access-Control-Allow-Origin" not in (await api("OPTIONS", "/me")).headers


async def test_every_address_says_what_it_allows(api: Api) -> None:
    for route in api.server.app.router.groups.values():
        path = re.sub(r"<\w+:(.*?)>", lambda found: PARAMETERS.get(found[1]) or found[1], "/" + route.path)
        path = path.split("|")[0].replace("[^/]+", "x")
        declared = ", ".join(sorted({"OPTIONS"} | {method for each in route for method in each.methods}))
        for method in {"OPTIONS", "GET", "PUT"} - set(declared.split(", ")) | {"OPTIONS"}:
            answer = await api(method, "/" + path, described=False)
            assert (method, path, answer.status) == (method, path, 204 if method == "OPTIONS" else 405)
            assert (path, answer.headers["Allow"]) == (path, declared)


@pytest.mark.goal("W6")
@pytest.mark.settings(relax_loopback=False)
async def test_spoofed_addresses_have_no_effect(api: Api) -> None:
    lefts = []
    for number in range(4):
        spoofed = {
            "X-Forwarded-For": f"10.0.0.{number}",
            "Forwarded": f"for=10.0.0.{number};host=evil.example",
            "X-Real-IP": f"10.0.0.{number}",
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https",
            "X-Original-URL": "/api/v1/admin/overview",
            "X-Rewrite-URL": "/api/v1/admin/overview",
            "Host": "evil.example",
        }
        reply = await api("GET", "/users/nobody", headers=spoofed)
        assert reply.status == 404
        assert b"evil" not in reply.content
        assert b"evil" not in str(reply.headers).encode()
        lefts.append(int(reply.headers["RateLimit"].split("r=")[1].split(";")[0]))
    assert lefts == [lefts[0] - number for number in range(4)]


async def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    raw = await speak(server, (GET + b"\r\n") * 1_000, until=10, quiet=0.5)
    assert raw.answers == 1_000
    old = await speak(server, b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", until=3, quiet=0.3)
    assert old.status == 200


async def test_a_body_is_asked_for_before_it_is_sent(api: Api) -> None:
    mira = await api.join("mira")
    head = (
        f"POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {mira.token}\r\n"
        f"Content-Type: image/jpeg\r\nExpect: 100-continue\r\nContent-Length: {len(a_jpeg())}\r\n\r\n"
    )
    raw = await speak(api.server, head.encode(), a_jpeg(), every=0.2, until=5)
    assert raw.content.startswith(b"HTTP/1.1 100")
    assert b"HTTP/1.1 201" in raw.content


@pytest.mark.parametrize(
    "chunks",
    [
        b"ffffffffffffffffffff\r\n",
        b"-5\r\n",
        b"zz\r\nx\r\n0\r\n\r\n",
        b"5\r\nab",
        b"2;\nxx\r\n{}\r\n0\r\n\r\n",
        b"1\r\nxx\r\n0\r\n\r\n",
        b"2\r\n{}xx0\r\n\r\n",
        b"0\r\nX A: b\r\n\r\n",
        b"0\r\n X-A: b\r\n\r\n",
        b"0\r\nX-A: b\r\n c\r\n\r\n",
        b"0\r\nX-A: b\nX-B: c\r\n\r\n",
        b"0\r\nGET / HTTP/1.1\r\n\r\n",
        b"0\r\n" + b"X-A: b\r\n" * 200 + b"\r\n",
        b"0\r\nX-A: " + b"b" * 20_000 + b"\r\n\r\n",
        b"0x2\r\n{}\r\n0\r\n\r\n",
        b"0_2\r\n{}\r\n0\r\n\r\n",
    ],
)
async def test_broken_chunks_are_refused(api: Api, chunks: bytes) -> None:
    mira = await api.join("mira")
    head = (
        f"PATCH /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {mira.token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    raw = await speak(api.server, head.encode() + chunks + GET + b"\r\n", until=3, quiet=0.4)
    assert raw.status in (0, 400, 413), raw.content
    assert raw.answers <= 1


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "CHUNKED"])
async def test_fields_after_the_last_chunk_are_read_and_dropped(api: Api, coding: str) -> None:
    mira = await api.join("mira")
    body = b'9\r\n{"bio":"x\r\n2;a=b\r\n"}\r\n0\r\nX-A: b\r\nContent-Length: 9\r\n\r\n'
    for path, status in (("me", 200), ("nowhere", 404)):
        head = (
            f"PATCH /api/v1/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {mira.token}\r\n"
            f"Content-Type: application/json\r\nTransfer-Encoding: {coding}\r\n\r\n"
        )
        split = random.Random(coding).randrange(len(body))
        for parts in ((body,), (body[:split], body[split:]), (body[:-2], body[-2:])):
            # The connection ends with the answer, so nothing that follows can be taken for a request.
            raw = await speak(
                api.server, head.encode(), *parts, GET + b"\r\n", every=0.05, until=3, quiet=0.4
            )
            assert (raw.status, raw.answers, raw.closed) == (status, 1, True), raw.content


@pytest.mark.goal("W1")
@pytest.mark.parametrize(
    "secure",
    [False, pytest.param(True, marks=pytest.mark.settings(public_url="https://photos.example.org"))],
)
async def test_every_answer_carries_the_headers_that_protect(api: Api, secure: bool) -> None:
    mira = await api.join("mira")
    post = await api.post(mira)
    tag = (await api("GET", f"/posts/{post['id']}")).headers["ETag"]
    replies = [
        await api("GET", f"/posts/{post['id']}"),
        await api("GET", f"/posts/{post['id']}", headers={"If-None-Match": tag}),
        await api("HEAD", f"/posts/{post['id']}"),
        await api("OPTIONS", "/me"),
        await api("PUT", "/me"),
        await api("GET", "/me"),
        await api("GET", "/nowhere"),
        await api("PATCH", "/me", mira, data=b"x" * 300_000, headers={"Content-Type": "application/json"}),
        await api("PATCH", "/me", mira, data=b"{", headers={"Content-Type": "application/json"}),
        await api("DELETE", "/me/avatar", mira),
        await api("GET", "/" + post["media"][0]["renditions"][0]["url"]),
        await api("GET", "//m/x/0/x"),
        await api("GET", "//nowhere"),
    ]
    assert [reply.status for reply in replies] == [
        200,
        304,
        200,
        204,
        405,
        401,
        404,
        413,
        400,
        204,
        200,
        404,
        404,
    ]
    for reply in replies:
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy or "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert ("Strict-Transport-Security" in reply.headers) == secure
        assert "Server" not in reply.headers
    for reply in replies[:1] + replies[2:10]:
        assert "public" not in reply.headers["Cache-Control"]
    assert {"Authorization", "Cookie"} <= set(replies[0].headers["Vary"].split(", "))


@pytest.mark.goal("W6")
async def test_the_last_proxy_is_believed_whether_it_appends_or_adds_a_line(server: Server) -> None:
    settings = server.app.ctx.settings
    server.app.ctx.settings = settings.model_copy(update={"trusted_proxies": 1})
    try:
        lefts = []
        for number in range(3):
            lines = f"X-Forwarded-For: 10.0.0.{number}\r\nX-Forwarded-For: 203.0.113.77\r\n\r\n"
            raw = await speak(
                server, GET.replace(b"/instance", b"/users/nobody") + lines.encode(), until=3, quiet=0.3
            )
            lefts.append(int(re.search(rb'RateLimit: "api";r=(\d+)', raw.content, re.I).group(1)))  # type: ignore[union-attr]
        assert lefts == [lefts[0] - number for number in range(3)]
    finally:
        server.app.ctx.settings = settings


async def test_a_client_that_goes_away_is_noted_as_such(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "heliograph.web")
    content = json.dumps({"username": "mira", "password": "no such password"}).encode()
    head = "POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(content)}\r\n\r\n"
    port = int(api.server.url.rsplit(":", 1)[-1])
    for patience in range(40):  # in ms: at one of them the request has begun and the answer is not there yet
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + content)
        await writer.drain()
        await asyncio.sleep(patience / 1000)
        writer.transport.abort()
        await asyncio.sleep(0.1)
        noted = [record.status for record in caplog.records if hasattr(record, "status")]
        assert set(noted) <= {401, 499}
        if 499 in noted:
            return
    raise AssertionError("no request was cut off")


async def _held_open(server: Server, head: str, body: bytes, meanwhile: Awaitable[Any]) -> Raw:
    """Send the head and a byte, do something else, then send the rest."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rsplit(":", 1)[-1]))
    lines = f"{head}\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    writer.write(lines.encode() + b"\r\n" + body[:1])
    await writer.drain()
    await asyncio.sleep(1.2)
    await meanwhile
    writer.write(body[1:])
    content = await reader.read()
    writer.close()
    return Raw(int(content[9:12]), content, 0, True)


@pytest.mark.goal("A4")
async def test_who_loses_their_rights_while_their_request_arrives_does_nothing_any_more(api: Api) -> None:
    program = api.server.program
    mira, noor = await api.join("mira"), await api.join("noor")
    rights = ["read", "write", "admin"]
    boss, rogue = [await api.join(name, role="admin", scopes=rights) for name in ("boss", "rogue")]
    post = await api.post(noor)
    json_kind = "\r\nContent-Type: application/json"
    suspended = await _held_open(
        api.server,
        f"POST /api/v1/posts/{post['id']}/comments HTTP/1.1\r\nAuthorization: Bearer {mira.token}{json_kind}",
        b'{"text": "Too late"}',
        program.moderation.change("mira", suspended=True),
    )
    demoted = await _held_open(
        api.server,
        f"PATCH /api/v1/admin/users/noor HTTP/1.1\r\nAuthorization: Bearer {rogue.token}{json_kind}",
        b'{"role": "admin"}',
        program.moderation.change("rogue", role="member"),
    )
    assert (suspended.status, demoted.status) == (401, 401)
    assert (await api.ok("GET", f"/posts/{post['id']}", boss))["counts"]["comments"] == 0
    assert (await api.ok("GET", "/admin/users/noor", boss))["role"] == "member"
    sent = await _held_open(
        api.server,
        f"PUT /api/v1/posts/{post['id']}/like HTTP/1.1\r\nAuthorization: Bearer {noor.token}",
        b"no body is expected here",
        asyncio.sleep(0),
    )
    assert sent.status == 200, "who is still the same does what they meant"


@pytest.mark.parametrize("path", ["/about", "/healthz", "/api/v1/instance"])
async def test_a_body_that_nobody_asked_for_is_no_error(
    api: Api, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    ask = f"GET {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n".encode()
    raw = await speak(api.server, ask + b"\r\nbody" + ask + b"Connection: close\r\n\r\nbody")
    assert raw.content.count(b"HTTP/1.1 200") == 2
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
