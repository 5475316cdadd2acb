"""Every route, method and actor (Z1), and the same requests again with somebody else's hands (Z6)."""

import hashlib
import re
from typing import Any

import asyncpg
import pytest

from tests.api.authorization import COLUMNS, ROWS
from tests.api.conftest import BASE, Api, a_form
from tests.api.described import Reply
from tests.api.scene import CANARY, NAMES, Scene, Snapshot, make_scene
from tests.conftest import PASSWORD, Server, a_jpeg

NOWHERE = "01930000-0000-7000-8000-000000000000"
GONE = ("suspended", "revoked", "expired")
ACTORS = [*(column for column in COLUMNS if column not in ("owner", "signed_out")), *GONE, "owner"]


@pytest.fixture
async def scene(api: Api, sql: asyncpg.Connection) -> Scene:
    return await make_scene(api, sql)


def _routes(app: Any) -> set[tuple[str, str]]:
    return {
        (method, "/" + route.path.replace(":str>", ">"))
        for route in app.router.routes
        for method in route.methods - {"HEAD", "OPTIONS"}
        if not route.name.split(".")[1].startswith("pages")
    }


async def test_every_route_has_its_row(server: Server) -> None:
    routes = _routes(server.app)
    assert len(routes) > 60
    assert {(method, _full(route)) for method, route in ROWS} == routes


def _full(route: str) -> str:
    return route if route.startswith(("/m/", "/a/", "/healthz", "/readyz", "/ws")) else BASE + route


def path_of(route: str, ids: dict[str, str]) -> str:
    """The address of the owner's thing; below `BASE` unless it starts with `//`."""
    values = {
        "post_id": ids["post"],
        "comment_id": ids["comment"],
        "draft_id": ids["draft"],
        "file_id": ids["file"],
        "photo_id": ids["photo"],
        "export_id": ids["export"],
        "token_id": ids["token"],
        "session_id": ids["session"],
        "place_id": ids["place"],
        "job_id": NOWHERE,
        "case_id": ids["case"],
        "code": ids["invite"],
        "tag": f"{CANARY}tag",
        "username": ids["asking"] if route.startswith("/follow-requests") else ids["owner"],
        "key": ids["avatar_key"] if route.startswith("/a/") else ids["key"],
        "cut": "0",
        "name": "320.webp",
    }
    path = re.sub(r"<(\w+)(?::\w+)?>", lambda found: values[found.group(1)], route)
    return path if _full(route) != route else "/" + path


def elsewhere(ids: dict[str, str]) -> dict[str, str]:
    """Ids of nothing that ever was."""
    return {
        name: NOWHERE if len(value) == 36 else "a" * 32 if len(value) == 32 else "nobody.at.all"
        for name, value in ids.items()
    }


def body_of(method: str, route: str, actor: str, ids: dict[str, str]) -> dict[str, Any]:
    """What the request carries."""
    login = {"username": NAMES.get(actor, NAMES["follower"]), "password": PASSWORD}
    bodies: dict[tuple[str, str], Any] = {
        ("POST", "/accounts"): {"username": f"new.{actor}", "password": PASSWORD},
        ("POST", "/tokens"): login | {"username": NAMES["owner"]},
        ("POST", "/sessions"): login | {"username": NAMES["owner"]},
        ("PATCH", "/me"): {"bio": "changed"},
        ("PUT", "/me/password"): {"old": PASSWORD, "new": "six quite different words"},
        ("DELETE", "/me"): {"password": PASSWORD},
        ("POST", "/posts"): {"media": [{"upload_id": ids["file"]}]},
        ("PATCH", "/posts/<post_id:uuid>"): {"caption": "changed"},
        ("POST", "/drafts"): {"caption": "later"},
        ("PATCH", "/drafts/<draft_id:uuid>"): {"caption": "changed"},
        ("POST", "/posts/<post_id:uuid>/comments"): {"text": "hello"},
        ("PATCH", "/comments/<comment_id:uuid>"): {"text": "changed"},
        ("POST", "/notifications/read"): {},
        ("PUT", "/me/notification-preferences"): {"types": {"new_post": {"in_app": False}}},
        ("POST", "/reports"): {"post_id": ids["post"], "reason": "other"},
        ("PATCH", "/admin/reports/<case_id:uuid>"): {"decision": "keep"},
        ("PATCH", "/admin/users/<username>"): {"state": "suspended"},
        ("POST", "/admin/invites"): {},
    }
    if (method, route) in (("POST", "/uploads"), ("PUT", "/me/avatar")):
        return {"data": a_form(a_jpeg(), name="file")}
    return {"json": bodies[method, route]} if (method, route) in bodies else {}


async def _try(scene: Scene, method: str, route: str, actor: str, ids: dict[str, str]) -> Reply:
    reply: Reply = await scene.ask(method, path_of(route, ids), actor, **body_of(method, route, actor, ids))
    return reply


def _groups() -> dict[str, list[tuple[str, str]]]:
    """The rows by the first word of their route."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for method, route in ROWS:
        groups.setdefault(route.split("/")[1], []).append((method, route))
    return groups


@pytest.mark.goal("Z1")
@pytest.mark.parametrize("group", _groups())
async def test_each_actor_gets_what_the_table_says(scene: Scene, sql: asyncpg.Connection, group: str) -> None:
    snapshot = Snapshot(sql)
    await snapshot.take()
    got, expected = {}, {}
    for method, route in _groups()[group]:
        got[method, route] = await _statuses(scene, snapshot, method, route)
        expected[method, route] = _expected(ROWS[method, route])
    assert got == expected


async def _statuses(scene: Scene, snapshot: Snapshot, method: str, route: str) -> dict[str, int]:
    """What each actor gets. Where that is 404, it is the very answer that nothing at all gets."""
    got: dict[str, int] = {}
    for actor in ACTORS:
        reply = await _try(scene, method, route, actor, scene.ids)
        got[actor] = reply.status
        if method != "GET" and reply.status < 300:
            await snapshot.restore()
        if reply.status == 404:
            nothing = await _try(scene, method, route, actor, elsewhere(scene.ids))
            assert nothing.status == 404, (method, route, actor)
            assert nothing.plain == reply.plain, (method, route, actor)
            assert nothing.headers.keys() == reply.headers.keys(), (method, route, actor)
    return got


def _expected(row: dict[str, int]) -> dict[str, int]:
    expected = {actor: status for actor, status in row.items() if actor != "signed_out"}
    expected |= dict.fromkeys(GONE, row["signed_out"])
    if row["anon"] != 401:
        expected["expired"] = row["anon"]
    return expected


# Somebody else's requests


async def rows_of(sql: asyncpg.Connection) -> dict[str, str]:
    """A hash of every table's rows, but for what reading may touch."""
    tables = await sql.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
        "AND tablename NOT IN ('tortoise_migrations', 'jobs')"
    )
    hashes = {}
    for (table,) in tables:
        rows = await sql.fetch(f'SELECT t::text AS line FROM "{table}" t ORDER BY 1')
        hashes[table] = hashlib.sha256("\n".join(row["line"] for row in rows).encode()).hexdigest()
    return hashes


@pytest.mark.goal("Z6")
async def test_the_owners_requests_replayed_by_others_change_nothing(
    scene: Scene, sql: asyncpg.Connection
) -> None:
    own = [(m, r) for m, r in ROWS if "<" in r and "<username>" not in r and m != "GET"]
    before = await rows_of(sql)
    for method, route in own:
        for actor in ("anon", "stranger", "pending", "blocked", "read_only"):
            reply = await _try(scene, method, route, actor, scene.ids)
            assert reply.status in (401, 403, 404), (method, route, actor, reply.status)
    assert len(own) > 15
    assert await rows_of(sql) == before


@pytest.mark.goal("Z6")
async def test_members_that_belong_to_the_server_are_refused(scene: Scene, sql: asyncpg.Connection) -> None:
    before = await rows_of(sql)
    extra = ("id", "user_id", "author_id", "role", "is_admin", "like_count", "created_at", "__proto__")
    for method, route in (
        ("PATCH", "/me"),
        ("PATCH", "/posts/<post_id:uuid>"),
        ("POST", "/posts"),
        ("POST", "/drafts"),
        ("PATCH", "/drafts/<draft_id:uuid>"),
    ):
        good = body_of(method, route, "owner", scene.ids)["json"]
        for name in extra:
            reply = await scene.ask(method, path_of(route, scene.ids), "owner", json={**good, name: "x"})
            assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, f"#/{name}")
    assert await rows_of(sql) == before


@pytest.mark.goal("W2")
async def test_looking_never_writes(scene: Scene, sql: asyncpg.Connection) -> None:
    before = await rows_of(sql)
    for method, route in ROWS:
        if method == "GET":
            for actor in ("anon", "follower", "owner", "stranger"):
                await _try(scene, method, route, actor, scene.ids)
    assert await rows_of(sql) == before
