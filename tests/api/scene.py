"""A private account and everybody who might come by: the people of the authorization and privacy tests."""

from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

import asyncpg

from tests.api.conftest import Api, a_form
from tests.conftest import PASSWORD, Member, a_jpeg, settle

CANARY = "canary7q"
NAMES = {
    "stranger": "sten",
    "follower": "fred",
    "pending": "pete",
    "ex_follower": "exter",
    "blocked": "bloem",
    "blocker": "brit",
    "owner": "olga",
    "admin": "anna",
    "suspended": "susan",
}
FAILED_EXPORT = """
INSERT INTO exports (id, user_id, state, error, created_at, expires_at)
VALUES (gen_random_uuid(), $1, 'failed', 'not_made', now(), now() + interval '7 days') RETURNING id
"""
INSIDERS = frozenset({"follower", "owner", "read_only"})


@dataclass
class Scene:
    """Whom the tests play, by role, and what there is of the owner's.

    `headers` holds each actor's way in; `ids` what addresses are made of: `post`, `comment` (the follower's, under the
    post), `draft`, `file`, `token`, `session`, `place`, `key` (of the post's photo), `avatar_key`, `asking` (a user name).
    """

    api: Api
    members: dict[str, Member]
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    post: dict[str, Any] = field(default_factory=dict)

    async def ask(self, method: str, path: str, actor: str, **parts: Any) -> Any:
        """The answer to an actor."""
        extra = parts.pop("headers", {})
        return await self.api(method, path, headers={**self.headers[actor], **extra}, **parts)


async def make_scene(api: Api, sql: asyncpg.Connection) -> Scene:
    """The owner's account is private, with one post, a comment under it, a draft, a loose upload, and a follow request."""
    members = {
        role: await api.join(
            name,
            **({"role": "admin", "scopes": ["read", "write", "files", "admin"]} if role == "admin" else {}),
        )
        for role, name in NAMES.items()
    }
    scene = Scene(api, members)
    owner = members["owner"]
    await api.ok("PATCH", "/me", owner, json={"private": True, "bio": "visible to all"})
    await api.ok("PUT", "/me/avatar", owner, data=a_form(a_jpeg(330, 330), name="file"))
    for role in ("follower", "ex_follower", "suspended"):
        await api.follow(members[role], owner)
    await api.ok("DELETE", f"/users/{owner.name}/follow", members["ex_follower"])
    await api.ok("PUT", f"/users/{owner.name}/follow", members["pending"])
    await api.ok("PUT", f"/users/{NAMES['blocked']}/block", owner)
    await api.ok("PUT", f"/users/{owner.name}/block", members["blocker"])
    await _make_things(scene, sql)
    await _make_ways_in(scene, sql)
    return scene


async def _make_things(scene: Scene, sql: asyncpg.Connection) -> None:
    api, owner, follower = scene.api, scene.members["owner"], scene.members["follower"]
    picture = a_jpeg(400, 300, "crimson")
    caption = f"{CANARY} caption #{CANARY}tag @{NAMES['stranger']}"
    form = a_form(picture, caption=caption, alt=f"{CANARY} alt", place__name=f"{CANARY} place")
    post = await api.ok("POST", "/posts", owner, data=form)
    comment = await api.comment(follower, post["id"], f"{CANARY} comment")
    for member in (owner, follower):
        await api.ok("PUT", f"/posts/{post['id']}/like", member)
        await api.ok("PUT", f"/posts/{post['id']}/save", member)
    held = await api.upload(owner, a_jpeg(320, 300, "gold"), **{"Upload-Name": f"{CANARY}-held.jpg"})
    draft = {
        "media": [{"upload_id": held["id"], "alt": f"{CANARY} draft alt"}],
        "caption": f"{CANARY} draft",
        "place": {"name": f"{CANARY} draft place"},
    }
    draft = await api.ok("POST", "/drafts", owner, json=draft)
    loose = await api.upload(owner, a_jpeg(300, 400, "navy"), **{"Upload-Name": f"{CANARY}.jpg"})
    await settle(api.server.program)
    report = {"post_id": post["id"], "reason": "other", "note": f"{CANARY} report"}
    await api.ok("POST", "/reports", follower, json=report)
    scene.post = await api.ok("GET", f"/posts/{post['id']}", owner)
    avatar = (await api.ok("GET", "/me", owner))["avatar"]["url"]
    url = scene.post["media"][0]["renditions"][0]["url"]
    scene.ids = {
        "post": post["id"],
        "comment": comment["id"],
        "file": loose["id"],
        "draft": draft["id"],
        "place": scene.post["place"]["id"],
        "key": url.split("/")[2],
        "photo": scene.post["media"][0]["id"],
        "rendition": url.partition("?")[0].rsplit("/", 1)[-1],
        "avatar_key": avatar.split("/")[2],
        "token": (await api.ok("GET", "/tokens", owner))["items"][0]["id"],
        "owner": owner.name,
        "asking": NAMES["pending"],
        "invite": (await api.server.program.moderation.create_invite()).code,
        "case": str(await sql.fetchval("SELECT id FROM cases")),
        "export": str(await sql.fetchval(FAILED_EXPORT, owner.id)),
    }


async def _make_ways_in(scene: Scene, sql: asyncpg.Connection) -> None:
    api = scene.api
    signed = {"username": NAMES["owner"], "password": PASSWORD}
    scene.ids["session"] = (await api.ok("POST", "/sessions", json=signed))["id"]
    await api.server.program.moderation.change(NAMES["suspended"], suspended=True)
    as_follower = {"username": NAMES["follower"], "password": PASSWORD}
    read_only = await api.ok("POST", "/tokens", json={**as_follower, "scopes": ["read"]})
    revoked = await api.ok("POST", "/tokens", json=as_follower)
    await api.ok("DELETE", f"/tokens/{revoked['id']}", scene.members["follower"])
    session = await api("POST", "/sessions", json=as_follower)
    await sql.execute("UPDATE sessions SET expires_at = now() WHERE id = $1", session.json["id"])
    scene.headers = {role: member.headers for role, member in scene.members.items()} | {
        "anon": {},
        "read_only": {"Authorization": f"Bearer {read_only['token']}"},
        "revoked": {"Authorization": f"Bearer {revoked['token']}"},
        "expired": {
            "Cookie": session.headers["Set-Cookie"].split(";")[0],
            "X-CSRF-Token": session.json["csrf_token"],
        },
    }


class Snapshot:
    """The rows of every table, to be put back. Keeps them in tables of its own connection's."""

    def __init__(self, sql: asyncpg.Connection) -> None:
        self._sql = sql
        self._tables: list[str] = []

    async def take(self) -> None:
        """Remember the rows as they are."""
        rows = await self._sql.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
            "AND tablename NOT IN ('tortoise_migrations', 'audit')"  # nobody takes a line out of the audit log
        )
        links = await self._sql.fetch(
            "SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent FROM pg_constraint "
            "WHERE contype = 'f' AND conrelid <> confrelid"
        )
        parents: dict[str, set[str]] = {row["tablename"]: set() for row in rows}
        for link in links:
            parents[link["child"]].add(link["parent"])
        self._tables = list(TopologicalSorter(parents).static_order())
        for table in self._tables:
            await self._sql.execute(f'CREATE TEMP TABLE "kept_{table}" AS TABLE public."{table}"')

    async def restore(self) -> None:
        """Put them back, parents before children."""
        script = [f'DELETE FROM public."{table}"' for table in self._tables]
        script += [f'INSERT INTO public."{table}" SELECT * FROM "kept_{table}"' for table in self._tables]
        async with self._sql.transaction():
            await self._sql.execute(";".join(script))
