"""Sessions, cookies, other sites' pages, throttles and revocation."""

import asyncio
import statistics
import time
from typing import Any

import asyncpg
import pytest

from application.access import Client
from domain.sessions import BadCredentials
from entrypoints import container
from entrypoints.api.operation import OPERATIONS
from entrypoints.container import Database
from entrypoints.settings import Settings
from tests.api.conftest import Api
from tests.api.described import Reply
from tests.api.scene import Scene, make_scene
from tests.api.test_authorization import body_of, path_of, rows_of
from tests.conftest import PASSWORD, a_jpeg, settle

UNSAFE = [(op.method, op.path) for op in OPERATIONS if op.method != "GET" and op.auth != "none"]


async def _sign_in(api: Api, name: str) -> tuple[dict[str, str], str]:
    """The cookie header of a new session, and its token for writes."""
    reply = await api("POST", "/sessions", json={"username": name, "password": PASSWORD})
    return {"Cookie": reply.headers["Set-Cookie"].split(";")[0]}, reply.json["csrf_token"]


@pytest.mark.goal("W2")
async def test_other_sites_pages_write_nothing(api: Api, sql: asyncpg.Connection) -> None:
    scene = await make_scene(api, sql)
    cookie, token = await _sign_in(api, scene.ids["owner"])
    _, others = await _sign_in(api, "sten")
    before = await rows_of(sql)
    forged: list[dict[str, str]] = [
        {},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": others},
        {"X-CSRF-Token": token[:-1] + "0" if token[-1] != "0" else token[:-1] + "1"},
        {"X-CSRF-Token": "é"},
        *(
            {"X-CSRF-Token": token, "Origin": origin}
            for origin in (
                "null",
                "https://evil.example",
                api.server.url.replace("http:", "ftp:"),
                api.server.url + ".evil.example",
                "http://127.0.0.1:1",
            )
        ),
    ]
    for method, route in UNSAFE:
        if route.startswith("/admin"):
            continue
        for headers in forged:
            reply = await _send(scene, method, route, cookie | headers)
            assert (reply.status, reply.code) == (403, "csrf"), (method, route, headers)
    assert await rows_of(sql) == before
    assert len(UNSAFE) > 30
    same = {"X-CSRF-Token": token, "Origin": api.server.url}
    assert (await api("PATCH", "/me", headers=cookie | same, json={"bio": "mine"})).status == 200


async def _send(scene: Scene, method: str, route: str, headers: dict[str, str]) -> Reply:
    return await scene.api(
        method, path_of(route, scene.ids), headers=headers, **body_of(method, route, "owner", scene.ids)
    )


_ODD = (
    "http://[",
    "http://[::1",
    "https://[x]",
    "http://a:b:c",
    "http://h:99999",
    "//",
    "é",
    "http://\uff0f",
    " ",
    "",
)


@pytest.mark.goal("W2")
async def test_nobody_is_signed_in_or_up_by_another_site(api: Api) -> None:
    await api.join("mira")
    body = {"username": "mira", "password": PASSWORD}
    for path in ("/sessions", "/tokens"):
        for origin in ("null", "https://evil.example", *_ODD):
            reply = await api("POST", path, json=body, headers={"Origin": origin})
            assert (reply.status, reply.code) == (403, "csrf")
            assert "Set-Cookie" not in reply.headers
    foreign = {"Origin": "https://evil.example"}
    new = {"username": "noor", "password": PASSWORD}
    assert (await api("POST", "/accounts", json=new, headers=foreign)).status == 403


@pytest.mark.goal("W2")
@pytest.mark.settings(public_url="https://photos.example.org")
async def test_over_https_the_cookie_is_bound_to_the_host(api: Api) -> None:
    await api.join("mira")
    body = {"username": "mira", "password": PASSWORD}
    ours = {"Origin": "https://photos.example.org"}
    reply = await api("POST", "/sessions", json=body, headers=ours)
    name, _, rest = reply.headers["Set-Cookie"].partition("=")
    parts = {part.strip().lower() for part in rest.split(";")}
    assert name == "__Host-hg_session"
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= parts
    assert not any(part.startswith("domain") for part in parts)


@pytest.mark.goal("A2")
async def test_a_session_is_new_at_every_sign_in_and_stored_as_a_hash(
    api: Api, sql: asyncpg.Connection
) -> None:
    await api.join("mira")
    planted = {"Cookie": "hg_session=" + "A" * 43}
    assert (await api("GET", "/me", headers=planted)).status == 401
    first = await api("POST", "/sessions", json={"username": "mira", "password": PASSWORD}, headers=planted)
    secret = first.headers["Set-Cookie"].split(";")[0].partition("=")[2]
    assert secret != "A" * 43
    assert len(secret) >= 43
    assert (await api("GET", "/me", headers=planted)).status == 401
    everything = str([tuple(row) for row in await sql.fetch("SELECT * FROM sessions")])
    assert secret not in everything
    second, _ = await _sign_in(api, "mira")
    assert secret not in second["Cookie"]


@pytest.mark.goal("A2")
async def test_sessions_end_by_age_and_by_idleness(api: Api, sql: asyncpg.Connection) -> None:
    await api.join("mira")
    cookie, _ = await _sign_in(api, "mira")
    assert (await api("GET", "/me", headers=cookie)).status == 200
    await sql.execute("UPDATE sessions SET last_seen_at = now() - interval '14 days 1 second'")
    assert (await api("GET", "/me", headers=cookie)).status == 401
    await sql.execute("UPDATE sessions SET last_seen_at = now(), expires_at = now()")
    assert (await api("GET", "/me", headers=cookie)).status == 401


# Revocation


@pytest.mark.goal("A4")
@pytest.mark.parametrize("cause", ["sign_out", "end_session", "password", "suspended", "leave"])
async def test_a_session_ends_at_once_everywhere(api: Api, cause: str) -> None:
    mira = await api.join("mira")
    post = await api.post(mira, audience="only_me")
    url = "/" + post["media"][0]["renditions"][0]["url"].partition("?")[0]
    cookie, token = await _sign_in(api, "mira")
    seen = await api.ok("GET", f"/posts/{post['id']}", headers=cookie)
    granted = "/" + seen["media"][0]["renditions"][0]["url"]
    assert (await api("GET", granted)).status == 200
    signed = cookie | {"X-CSRF-Token": token}
    assert (await api("GET", url, headers=cookie)).status == 200
    current = next(s for s in (await api.ok("GET", "/sessions", headers=cookie))["items"] if s["current"])
    causes: dict[str, Any] = {
        "sign_out": lambda: api("DELETE", "/sessions/current", headers=signed),
        "end_session": lambda: api("DELETE", f"/sessions/{current['id']}", mira),
        "password": lambda: api(
            "PUT", "/me/password", mira, json={"old": PASSWORD, "new": "six other words"}
        ),
        "suspended": lambda: api.server.program.moderation.change("mira", suspended=True),
        "leave": lambda: api("DELETE", "/me", mira, json={"password": PASSWORD}),
    }
    await causes[cause]()
    await settle(api.server.program)
    assert (await api("GET", "/me", headers=cookie)).status == 401
    assert (await api("PATCH", "/me", headers=signed, json={"bio": "x"})).status == 401
    for address in (url, granted):
        assert (await api("GET", address, headers=cookie)).status == 404


@pytest.mark.goal("A6")
async def test_a_token_loses_what_its_owner_loses(api: Api) -> None:
    anna = await api.join("anna", role="admin", scopes=["read", "admin"])
    await api.join("berta", role="admin")
    assert (await api("GET", "/admin/overview", anna)).status == 200
    await api.server.program.moderation.change("anna", role="member")
    assert (await api("GET", "/admin/overview", anna)).status == 404
    refused = await api(
        "POST", "/tokens", json={"username": "anna", "password": PASSWORD, "scopes": ["admin"]}
    )
    assert refused.status == 422


# Guessing


@pytest.mark.goal("A3")
@pytest.mark.settings(relax_loopback=False)
async def test_guessing_one_account_is_throttled_even_for_the_right_password(api: Api) -> None:
    await api.join("mira")
    for _ in range(25):
        reply = await api("POST", "/tokens", json={"username": "mira", "password": "a wrong guess"})
        assert reply.status == 401
    for path in ("/tokens", "/sessions"):
        reply = await api("POST", path, json={"username": "mira", "password": PASSWORD})
        assert (reply.status, reply.code) == (429, "rate_limited")
        assert 0 < int(reply.headers["Retry-After"]) <= 3_600
        assert reply.json["retry_after_seconds"] == int(reply.headers["Retry-After"])
        assert reply.headers["RateLimit-Policy"] == '"login";q=25;w=300'


@pytest.mark.goal("A3")
@pytest.mark.settings(relax_loopback=False, trusted_proxies=1)
async def test_throttles_are_per_account_and_per_address(api: Api) -> None:
    await api.join("mira")
    await api.join("noor")

    async def guess(name: str, address: str, password: str = "a wrong guess") -> int:
        body = {"username": name, "password": password}
        return (await api("POST", "/tokens", json=body, headers={"X-Forwarded-For": address})).status

    # One account, many addresses; then the same address block again for the address's own limit.
    statuses = [await guess("mira", f"192.0.2.{number}") for number in range(26)]
    assert statuses == [401] * 25 + [429]
    assert await guess("noor", "198.51.100.1", PASSWORD) == 201
    statuses = [await guess(f"name{number}", "203.0.113.9") for number in range(26)]
    assert statuses == [401] * 25 + [429]
    assert await guess("noor", "203.0.113.9", PASSWORD) == 429
    assert await guess("noor", "203.0.113.10", PASSWORD) == 201
    # One client holds a whole /64.
    statuses = [await guess(f"name{number}", f"2001:db8::{number:x}") for number in range(26)]
    assert statuses == [401] * 25 + [429]
    assert await guess("noor", "2001:db8:0:1::1", PASSWORD) == 201
    # Spelling the name otherwise does not help.
    for spelling in ("MIRA", " mira ", "ｍｉｒａ"):
        assert await guess(spelling, "198.51.100.77", PASSWORD) == 429


@pytest.mark.goal("A3")
@pytest.mark.goal("A5")
@pytest.mark.settings(relax_loopback=False, trusted_proxies=1)
async def test_guesses_by_name_and_by_address_are_counted_together(api: Api) -> None:
    joining = api.server.program.joining
    await joining.add("mira", PASSWORD, email="mira@example.org")
    await joining.add("noor", PASSWORD, email="noor@example.org")
    hosts = iter(range(250))

    async def guess(login: str, password: str = "a wrong guess") -> Reply:
        headers = {"X-Forwarded-For": f"192.0.2.{next(hosts)}"}
        return await api("POST", "/tokens", json={"username": login, "password": password}, headers=headers)

    assert {(await guess("mira@example.org")).status for _ in range(12)} == {401}
    assert {(await guess("mira")).status for _ in range(13)} == {401}
    # The 25 are used up, and nothing tells whose address it is that one guessed by.
    for login in ("mira", "mira@example.org"):
        assert _shape(await guess(login, PASSWORD)) == _shape(await guess("nobody@example.org", PASSWORD))
    statuses = [(await guess("mira@example.org")).status for _ in range(13)]
    others = [(await guess("nobody@example.org")).status for _ in range(24)]
    assert (statuses, others) == ([401] * 12 + [429], [401] * 23 + [429])
    assert (await guess("noor", PASSWORD)).status == 201
    assert (await guess("noor@example.org", PASSWORD)).status == 201


@pytest.mark.goal("A3")
@pytest.mark.settings(relax_loopback=False, trusted_proxies=1)
async def test_strangers_guesses_do_not_keep_the_owner_from_the_account(api: Api) -> None:
    mira = await api.join("mira")
    hosts = iter(range(250))

    async def guess() -> int:
        headers = {"X-Forwarded-For": f"192.0.2.{next(hosts)}"}
        body = {"username": "mira", "password": "a wrong guess"}
        return (await api("POST", "/tokens", json=body, headers=headers)).status

    async def confirm(password: str) -> int:
        headers = {"X-Forwarded-For": f"198.51.100.{next(hosts)}"}
        body = {"email": f"m{next(hosts)}@example.org", "password": password}
        return (await api("PATCH", "/me", mira, json=body, headers=headers)).status

    assert [await guess() for _ in range(26)] == [401] * 25 + [429]
    assert await confirm(PASSWORD) == 200
    # Whoever found somebody's browser open may not guess for ever either; the right password starts anew.
    assert {await confirm("a wrong guess") for _ in range(24)} == {422}
    assert await confirm(PASSWORD) == 200
    assert [await confirm("a wrong guess") for _ in range(26)] == [422] * 25 + [429]


def _shape(reply: Reply) -> Any:
    """What somebody outside can tell answers apart by."""
    noisy = {"x-request-id", "ratelimit", "date"}
    return (
        reply.status,
        reply.plain,
        sorted((n, v) for n, v in reply.headers.items() if n.lower() not in noisy),
    )


@pytest.mark.goal("A5")
async def test_whether_an_account_exists_is_not_told(api: Api) -> None:
    await api.join("mira")
    await api.join("susan")
    await api.server.program.moderation.change("susan", suspended=True)
    await api.join("dora")
    await api.server.program.leaving.delete_by_name("dora")
    for path in ("/tokens", "/sessions"):
        shapes = []
        for name in ("mira", "susan", "dora", "nobody", "MIRA", "x", "", "a\x00b", "mira@example.org"):
            reply = await api("POST", path, json={"username": name, "password": "a wrong guess"})
            shapes.append(_shape(reply))
        assert shapes == [shapes[0]] * len(shapes)
        right = await api("POST", path, json={"username": "susan", "password": PASSWORD})
        assert _shape(right) == shapes[0]


@pytest.mark.goal("A5")
async def test_the_time_does_not_tell_either(
    settings: Settings, empty_database: Database, sql: asyncpg.Connection
) -> None:
    here = Client("127.0.0.1", "tests", True)
    logins = ["mira", "mira@example.org", "susan", "dora", "nobody", "nobody@example.org", "x", "\N{SNOWMAN}"]
    taken: dict[str, list[float]] = {login: [] for login in ("", *logins)}
    async with container.started(settings, empty_database, work=False) as program:
        for name in ("mira", "susan", "dora"):
            await program.joining.add(name, PASSWORD, email=f"{name}@example.org")
        await sql.execute("UPDATE users SET state = 'suspended' WHERE username = 'susan'")
        await sql.execute("UPDATE users SET state = 'deleted' WHERE username = 'dora'")
        # The processor's time of this process, which no other program takes part in, with passwords that cost as much
        # as outside of tests. Taken in turns, so that a warm-up is nobody's.
        for _ in range(9):
            for login, times in taken.items():
                started = time.process_time()
                if login:
                    with pytest.raises(BadCredentials):
                        await program.signing_in.sign_in(here, login, "a wrong guess")
                else:
                    await program.accounts._hasher.verify("a wrong guess", None)
                times.append(time.process_time() - started)
    medians = {login: statistics.median(times) for login, times in taken.items()}
    one_check = medians.pop("")
    assert one_check > 0.005
    assert min(medians.values()) > 0.8 * one_check, medians
    assert max(medians.values()) < 1.3 * min(medians.values()), medians


# Limits


def _left(reply: Reply) -> int:
    return int(reply.headers["RateLimit"].split(";r=")[1].split(";")[0])


@pytest.mark.goal("B1")
@pytest.mark.settings(relax_loopback=False)
async def test_each_general_limit_holds_and_leaves_others_alone(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    for method, path, limit in (("GET", "/me", 300), ("DELETE", "/me/avatar", 120)):
        replies = [await api(method, path, mira) for _ in range(limit + 1)]
        assert {reply.status for reply in replies[:-1]} == {200 if method == "GET" else 204}
        assert _left(replies[0]) == limit - 1
        refused = replies[-1]
        assert (refused.status, refused.code, _left(refused)) == (429, "rate_limited", 0)
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert (await api(method, path, noor)).status < 300
        # Counted by account when somebody is signed in, by address otherwise.
        assert (await api("GET", "/instance")).status == 200
    assert (await api("GET", "/feeds/home", mira)).status == 429
    assert (await api("POST", "/tokens", json={"username": "mira", "password": PASSWORD})).status == 201


@pytest.mark.goal("B1")
@pytest.mark.settings(relax_loopback=False)
async def test_refused_callers_are_counted_too(api: Api) -> None:
    wrong = {"Authorization": "Bearer hg_wrong"}
    statuses = [(await api("GET", "/me", headers=wrong)).status for _ in range(301)]
    assert statuses == [401] * 300 + [429]


@pytest.mark.goal("B1")
@pytest.mark.settings(relax_loopback=False)
async def test_sign_ups_are_limited_by_address(api: Api) -> None:
    bodies = [{"username": f"user{number}", "password": PASSWORD} for number in range(6)]
    assert [(await api("POST", "/accounts", json=body)).status for body in bodies] == [201] * 5 + [429]
    assert (await api("POST", "/tokens", json=bodies[0])).status == 201


@pytest.mark.goal("B1")
@pytest.mark.settings(relax_loopback=False)
async def test_uploads_are_limited_by_account_before_they_are_read(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    raw = {"Content-Type": "image/jpeg"}

    async def send(who: Any) -> int:
        return (await api("POST", "/uploads", who, data=b"no picture", headers=raw)).status

    statuses = [await send(mira) for _ in range(31)]
    assert statuses == [415] * 30 + [429]
    for path in ("/uploads", "/posts"):
        form = {"Content-Type": "multipart/form-data; boundary=B"}
        refused = await api("POST", path, mira, data=b"--B", headers=form)
        assert (refused.status, refused.headers["RateLimit-Policy"]) == (429, '"upload";q=30;w=1800')
    assert (await api("PUT", "/me/avatar", mira, data=b"x", headers=raw)).status == 429
    assert (await api("PATCH", "/me", mira, json={"bio": "still here"})).status == 200
    assert await send(noor) == 415


@pytest.mark.goal("A3")
@pytest.mark.settings(relax_loopback=False)
async def test_the_password_of_an_open_session_cannot_be_guessed(api: Api) -> None:
    mira = await api.join("mira")
    statuses = []
    for number in range(26):
        if number % 2:
            reply = await api("DELETE", "/me", mira, json={"password": "wrong"})
        else:
            reply = await api("PUT", "/me/password", mira, json={"old": "wrong", "new": "six other words"})
        statuses.append(reply.status)
    assert statuses == [422] * 25 + [429]


@pytest.mark.settings(quota_mb=1)
async def test_room_is_limited(api: Api, sql: asyncpg.Connection) -> None:
    mira = await api.join("mira")
    await api.upload(mira)
    await sql.execute("UPDATE files SET size = 1048576")
    raw = {"Content-Type": "image/jpeg"}
    reply = await api("POST", "/uploads", mira, data=a_jpeg(200, 200), headers=raw)
    assert (reply.status, reply.code) == (422, "quota")
    assert reply.json["detail"].startswith("This needs 0.01 MB, and 0 of your 1 MB are left.")
    assert (await api.ok("GET", "/me", mira))["storage"] == {"used_bytes": 2**20, "quota_bytes": 2**20}
    assert (await api.ok("GET", "/instance"))["limits"]["quota_bytes"] == 2**20
    assert "storage" not in await api.ok("GET", "/users/mira", mira)


async def test_many_sign_ups_of_one_name_make_one_account(api: Api, sql: asyncpg.Connection) -> None:
    names = ["Bob", "BOB", "ｂｏｂ", "bob"] * 5
    replies = await asyncio.gather(
        *(api("POST", "/accounts", json={"username": name, "password": PASSWORD}) for name in names)
    )
    assert sorted(reply.status for reply in replies) == [201] + [409] * 19
    assert await sql.fetchval("SELECT count(*) FROM users") == 1
