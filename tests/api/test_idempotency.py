"""Requests that may be repeated: one thing is made, whatever goes wrong in between (D3)."""

import asyncio
from typing import Any

import asyncpg
import pytest

from domain.kernel import Unavailable
from entrypoints.container import Database
from tests.api.conftest import Api, a_form
from tests.conftest import Member, Server, a_jpeg, connect, settle

pytestmark = pytest.mark.goal("D3")

KEY = {"Idempotency-Key": "0198d7a2-5b1e-7c3a-9f00-5a4d3c2b1a09"}


class Things:
    """The three kinds of creation: how to ask for one, how to ask for another, and how many there are."""

    def __init__(self, api: Api, sql: asyncpg.Connection, who: Member, post: Any) -> None:
        self.api, self.sql, self.who, self.post = api, sql, who, post

    async def make(self, kind: str, *, other: bool = False, key: dict[str, str] | None = None) -> Any:
        headers = KEY if key is None else key
        picture = a_jpeg(200, 200, "navy" if other else "olive")
        if kind == "upload":
            raw = {"Content-Type": "image/jpeg"}
            return await self.api("POST", "/uploads", self.who, data=picture, headers=headers | raw)
        if kind == "post":
            form = a_form(picture, caption="same")
            return await self.api("POST", "/posts", self.who, data=form, headers=headers)
        path = f"/posts/{self.post['id']}/comments"
        text = {"text": "another" if other else "same"}
        return await self.api("POST", path, self.who, json=text, headers=headers)

    async def count(self, kind: str) -> int:
        table = {"upload": "files WHERE post_id IS NULL", "post": "posts", "comment": "comments"}[kind]
        found = await self.sql.fetchval(f"SELECT count(*) FROM {table}")
        return int(found) - (kind == "post")


@pytest.fixture
async def things(api: Api, sql: asyncpg.Connection) -> Things:
    mira = await api.join("mira")
    return Things(api, sql, mira, await api.post(mira))


KINDS = pytest.mark.parametrize("kind", ["upload", "post", "comment"])


@KINDS
async def test_the_same_request_again_gets_the_first_answer(things: Things, kind: str) -> None:
    first = await things.make(kind)
    again = await things.make(kind)
    assert (first.status, again.status) == (201, 201)
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await things.count(kind) == 1


@KINDS
async def test_another_request_under_the_same_key_is_refused(things: Things, kind: str) -> None:
    await things.make(kind)
    reply = await things.make(kind, other=True)
    assert (reply.status, reply.code) == (422, "idempotency_mismatch")
    other_kind = "comment" if kind != "comment" else "upload"
    assert (await things.make(other_kind)).code == "idempotency_mismatch"
    assert await things.count(kind) == 1


@KINDS
async def test_fifty_at_once_make_one(things: Things, kind: str) -> None:
    many = 50 if kind == "comment" else 10
    replies = await asyncio.gather(*(things.make(kind) for _ in range(many)))
    good = [reply for reply in replies if reply.status == 201]
    assert good
    assert len({reply.json["id"] for reply in good}) == 1
    for reply in replies:
        if reply.status != 201:
            assert (reply.status, reply.code) == (409, "idempotency_in_progress")
            assert int(reply.headers["Retry-After"]) >= 1
    assert await things.count(kind) == 1


@KINDS
async def test_of_two_requests_at_once_under_one_key_one_is_told_so(things: Things, kind: str) -> None:
    replies = await asyncio.gather(things.make(kind), things.make(kind, other=True))
    assert {(reply.status, reply.code if reply.status > 299 else "") for reply in replies} == {
        (201, ""),
        (422, "idempotency_mismatch"),
    }
    assert await things.count(kind) == 1


@KINDS
async def test_a_try_that_was_given_up_too_early_and_the_next_make_one(
    things: Things, empty_database: Database, kind: str
) -> None:
    # Both have the key's id: the first is held up for so long that the second takes its key over.
    held = "posts" if kind == "comment" else "users"
    beside = await connect(empty_database)
    async with things.sql.transaction():
        await things.sql.execute(f"SELECT FROM {held} FOR NO KEY UPDATE")
        first = asyncio.create_task(things.make(kind))
        await _until(beside, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        await beside.execute("UPDATE idempotency SET created_at = created_at - interval '11 seconds'")
        second = asyncio.create_task(things.make(kind))
        await _until(beside, "SELECT count(*) = 2 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    await beside.close()
    replies = await asyncio.gather(first, second)
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].json["id"] == replies[1].json["id"]
    assert await things.count(kind) == 1


async def _until(sql: asyncpg.Connection, question: str) -> None:
    async with asyncio.timeout(5):
        while not await sql.fetchval(question):
            await asyncio.sleep(0.01)


async def test_keys_belong_to_their_account(things: Things) -> None:
    first = await things.make("comment")
    things.who = await things.api.join("noor")
    second = await things.make("comment")
    assert second.status == 201
    assert second.json["id"] != first.json["id"]


async def test_a_refused_request_can_be_corrected_under_its_key(things: Things) -> None:
    path = f"/posts/{things.post['id']}/comments"
    wrong = await things.api("POST", path, things.who, json={"text": ""}, headers=KEY)
    assert wrong.status == 422
    assert (await things.make("comment")).status == 201
    raw = {"Content-Type": "image/jpeg", "Idempotency-Key": "picture"}
    assert (await things.api("POST", "/uploads", things.who, data=b"no", headers=raw)).status == 415
    assert (await things.api("POST", "/uploads", things.who, data=a_jpeg(), headers=raw)).status == 201


@KINDS
async def test_after_a_crash_before_the_answer_was_kept_the_thing_is_found(things: Things, kind: str) -> None:
    first = await things.make(kind)
    await settle(things.api.server.program)
    await things.sql.execute("UPDATE idempotency SET status = 0, body = '', content_type = '', location = ''")
    again = await things.make(kind)
    assert (again.status, again.json["id"]) == (201, first.json["id"])
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await things.count(kind) == 1


@KINDS
async def test_after_a_crash_before_the_commit_it_is_made_under_the_id_of_the_first_try(
    things: Things, kind: str
) -> None:
    first = await things.make(kind)
    tables = {"upload": "files", "post": "posts", "comment": "comments"}
    await things.sql.execute(f"DELETE FROM {tables[kind]} WHERE id = $1", first.json["id"])
    await things.sql.execute("DELETE FROM home_feed WHERE post_id = $1", first.json["id"])
    await things.sql.execute("UPDATE idempotency SET status = 0, body = ''")
    running = await things.make(kind)
    assert (running.status, running.code) == (409, "idempotency_in_progress")
    await things.sql.execute("UPDATE idempotency SET created_at = created_at - interval '11 seconds'")
    again = await things.make(kind)
    assert (again.status, again.json["id"]) == (201, first.json["id"])
    assert await things.count(kind) == 1


@pytest.mark.parametrize(("kind", "act"), [("comment", "add"), ("post", "publish")])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_failure_of_ours_can_be_repeated_at_once(
    things: Things, server: Server, monkeypatch: pytest.MonkeyPatch, moment: str, kind: str, act: str
) -> None:
    program = server.program
    posting = type(program.commenting if kind == "comment" else program.posting)
    make = getattr(posting, act)

    async def failing(*arguments: Any) -> Any:
        if moment == "after":
            await make(*arguments)
        raise Unavailable("the database went away")

    monkeypatch.setattr(posting, act, failing)
    failed = await things.make(kind)
    assert (failed.status, failed.code) == (503, "unavailable")
    monkeypatch.setattr(posting, act, make)
    again = await things.make(kind)
    assert again.status == 201
    assert await things.count(kind) == 1
    assert await things.count("upload") == 0
    assert ("Idempotency-Replayed" in again.headers) == (moment == "after")


async def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    things: Things, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = type(server.program.operations.reads)

    async def failing(*_: Any) -> None:
        raise Unavailable("the database went away")

    with monkeypatch.context() as patch:
        patch.setattr(reads, "answer_key", failing)
        first = await things.make("comment")
    assert first.status == 201
    assert (await things.make("comment")).json["id"] == first.json["id"]


async def test_a_report_is_made_once(things: Things) -> None:
    noor = await things.api.join("noor")
    body = {"reason": "spam", "post_id": things.post["id"]}
    replies = [await things.api("POST", "/reports", noor, json=body, headers=KEY) for _ in range(2)]
    assert [(reply.status, reply.content) for reply in replies] == [(201, b"")] * 2
    assert [reply.headers.get("Idempotency-Replayed") for reply in replies] == [None, "true"]
    other = await things.api("POST", "/reports", noor, json=body | {"note": "Again"}, headers=KEY)
    assert (other.status, other.code) == (422, "idempotency_mismatch")
    # A try that was broken off before its answer was kept.
    await things.sql.execute(
        "UPDATE idempotency SET status = 0, created_at = created_at - interval '11 seconds'"
    )
    assert (await things.api("POST", "/reports", noor, json=body, headers=KEY)).status == 201
    assert await things.sql.fetchval("SELECT count(*) FROM reports") == 1


async def test_keys_are_short_and_printable(things: Things) -> None:
    for bad in ("", "x" * 81, "a b", "é"):
        reply = await things.make("comment", key={"Idempotency-Key": bad})
        assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, "#/Idempotency-Key"), bad
    assert (await things.make("comment", key={"Idempotency-Key": "x" * 80})).status == 201


async def test_without_a_key_every_request_makes_one(things: Things) -> None:
    for _ in range(2):
        assert (await things.make("comment", key={})).status == 201
    assert await things.count("comment") == 2
