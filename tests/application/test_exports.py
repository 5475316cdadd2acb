"""Takeouts hold everything of an account and nothing that its owner may not see; making one can be cut off anywhere."""

import asyncio
import io
import json
import posixpath
import re
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from adapters.filesystem import takeouts
from adapters.postgres.backup import PostgresDumps
from adapters.postgres.exports import PostgresExports
from adapters.postgres.jobs import PostgresJobs, take_leases_back
from application.access import Client
from application.accounts import ProfileChange
from application.posting import PhotoDraft, PostDraft
from application.program import Application
from domain.exports import Export
from domain.kernel import ExportId, FileId, NotFound, TooMany
from tests.builders import Someone, a_comment, a_follow, a_person, a_post, an_upload, new_uow
from tests.conftest import PASSWORD

HERE = Client("127.0.0.9", relaxed=True)


async def a_takeout(program: Application, member: Someone, language: str = "en") -> zipfile.ZipFile:
    """The member's archive, made and opened."""
    asked = await program.exporting.ask(member.id, HERE, language)
    await program.runner.drain()
    export = await find(program, asked.id)
    assert export.state == "ready", export
    content = b"".join([chunk async for chunk in program.media.read(export.object_key)])
    assert len(content) == export.size
    return zipfile.ZipFile(io.BytesIO(content))


async def find(program: Application, export_id: Any) -> Export:
    async with new_uow(program)() as uow:
        found = await uow.exports.find(ExportId(export_id))
    assert found is not None
    return found


def lines(archive: zipfile.ZipFile, name: str) -> list[Any]:
    """A list of the archive; empty where there is none."""
    path = f"data/{name}.jsonl"
    if path not in archive.namelist():
        return []
    return [json.loads(line) for line in archive.read(path).splitlines()]


@pytest.fixture
async def mira(program: Application) -> Someone:
    await a_person(program, "anna", role="admin")
    return await a_person(program, "mira")


@pytest.mark.goal("P3")
async def test_a_takeout_holds_everything_of_an_account(program: Application, mira: Someone) -> None:
    ada = await a_person(program, "ada")
    await a_follow(program, mira, ada)
    await a_follow(program, ada, mira)
    photo = await an_upload(program, mira)
    loose = await an_upload(program, mira, colour="navy")
    post = await program.posting.publish(
        mira.id, a_draft(photo, caption="Ridges #dawn <b>bold</b>", alt="A ridge", audience="followers")
    )
    theirs = await a_post(program, ada)
    await a_comment(program, ada, post, "so bright")
    await a_comment(program, mira, theirs, "well seen")
    await program.posting.like(mira.id, theirs)
    await program.posting.save(mira.id, post, True)
    archive = await a_takeout(program, mira)
    about = json.loads(archive.read("data/about.json"))
    assert (about["format"], about["version"]) == ("heliograph-takeout", 1)
    assert about["account"] == {"id": str(mira.id), "username": "mira"}
    assert about["missing"] == []
    account = json.loads(archive.read("data/account.json"))
    assert account["username"] == "mira"
    assert "password_hash" not in account
    [told] = lines(archive, "posts")
    assert (told["caption"], told["audience"], told["likes"], told["comments"]) == (
        "Ridges #dawn <b>bold</b>", "followers", 0, 1,
    )  # fmt: skip
    [media] = told["media"]
    assert media["alt"] == "A ridge"
    original = await content(program, photo)
    assert archive.read(media["file"]) == original
    [upload] = lines(archive, "uploads")
    assert archive.read(upload["file"]) == await content(program, loose)
    assert [each["text"] for each in lines(archive, "comments")] == ["well seen"]
    assert [each["text"] for each in lines(archive, "comments_received")] == ["so bright"]
    assert [each["post"]["id"] for each in lines(archive, "likes")] == [str(theirs)]
    assert [each["post"]["author"] for each in lines(archive, "saved")] == ["mira"]
    assert [each["username"] for each in lines(archive, "following")] == ["ada"]
    assert [each["username"] for each in lines(archive, "followers")] == ["ada"]
    for name, facts in about["files"].items():
        assert len(archive.read(name).splitlines()) == facts["lines"], name
    page = archive.read("pages/posts-1.html").decode()
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>bold" not in page
    assert await program.operations.verify() == []


@pytest.mark.goal("P3")
async def test_the_pages_of_a_takeout_load_and_lead_to_what_is_in_it(
    program: Application, mira: Someone
) -> None:
    for number in range(3):
        photo = await an_upload(program, mira, colour=("teal", "navy", "olive")[number])
        await program.posting.publish(mira.id, a_draft(photo, caption=f"number {number}"))
    await program.runner.drain()
    archive = await a_takeout(program, mira)
    names = set(archive.namelist())
    pages = [name for name in names if name.endswith(".html")]
    assert {"index.html", "pages/people.html", "pages/account.html"} <= set(pages)
    for page in pages:
        text = archive.read(page).decode()
        assert "<script" not in text
        assert " style=" not in text
        for address in re.findall(r'(?:href|src)="([^"#]+)', text):
            if not address.startswith("http"):
                folder = page.rpartition("/")[0]
                assert posixpath.normpath(posixpath.join(folder, address)) in names, (page, address)
    assert archive.read("pages/posts-1.html").count(b"<img") >= 3


@pytest.mark.goal("P3")
@pytest.mark.goal("Z2")
async def test_what_its_owner_may_not_see_is_not_in_it(program: Application, mira: Someone) -> None:
    olga, brit = await a_person(program, "olga"), await a_person(program, "brit")
    hidden = await a_post(program, olga, "canary7q of olga")
    blocked = await a_post(program, brit, "canary7q of brit")
    own = await a_post(program, mira)
    for post in (hidden, blocked):
        await program.posting.like(mira.id, post)
        await program.posting.save(mira.id, post, True)
        await a_comment(program, mira, post, "my own words")
    await a_comment(program, brit, own, "canary7q under mine")
    await program.accounts.change_profile(olga.id, ProfileChange(private=True))
    await program.following.block(brit.id, mira.name)
    archive = await a_takeout(program, mira)
    whole = b"".join(archive.read(name) for name in archive.namelist())
    for trace in (b"canary7q", str(hidden).encode(), str(blocked).encode(), b"@olga", b"@brit"):
        assert trace not in whole, trace
    assert [(each["text"], each["post"]) for each in lines(archive, "comments")] == [
        ("my own words", None)
    ] * 2
    assert lines(archive, "likes") == lines(archive, "saved") == []


async def test_secrets_are_in_no_takeout(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    token = await program.signing_in.token_for("mira", "backup", None)
    session = await program.signing_in.open_session_for(HERE, mira.id)
    archive = await a_takeout(program, mira)
    whole = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (
        token.secret,
        session.secret,
        await sql.fetchval("SELECT password_hash FROM users LIMIT 1"),
    ):
        assert secret.encode() not in whole
    assert [each["name"] for each in lines(archive, "tokens")] == ["backup"]
    assert len(lines(archive, "sessions")) == 1


async def test_every_table_of_people_is_in_a_takeout_or_left_out_for_a_reason(
    sql: asyncpg.Connection,
) -> None:
    rows = await sql.fetch(
        "SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint "
        "WHERE contype = 'f' AND confrelid = 'users'::regclass"
    )
    packed = {
        "usernames", "sessions", "tokens", "invites", "follows", "follow_requests", "blocks", "mutes", "posts", "files",
        "likes", "saves", "hidden_posts", "comments", "comment_likes", "reports",
        "drafts", "sign_ins",
    }  # fmt: skip
    left_out = {
        "removed_comments": "a comment that was deleted half a minute ago",
        "removed_posts": "an id of what its author removed",
        "idempotency": "answers of a day, which repeat the rest",
        "cases": "what others reported, in their words",
        "exports": "the archives themselves",
        "imports": "where it was brought from",
        "notifications": "what others did, which they may take back",
        "notices": "what others did, which they may take back",
        "unwanted_notifications": "which kinds of news are off; nothing that was written",
        "home_visits": "how far the home feed was read",
        "password_resets": "a secret",
        "place_itself": "not about people",
    }
    assert {row["name"] for row in rows} <= packed | set(left_out)


# Asking


async def test_asking_twice_is_asking_once_and_one_archive_is_kept(
    program: Application, mira: Someone
) -> None:
    first = await program.exporting.ask(mira.id, HERE)
    assert (await program.exporting.ask(mira.id, HERE)).id == first.id
    both = await asyncio.gather(*(program.exporting.ask(mira.id, HERE) for _ in range(2)))
    assert {each.id for each in both} == {first.id}
    await program.runner.drain()
    old = await find(program, first.id)
    second = await program.exporting.ask(mira.id, HERE)
    assert second.id != first.id
    await program.runner.drain()
    assert [each.id for each in await program.exporting.all(mira.id)] == [second.id]
    assert await program.media.stat(old.object_key) is None
    assert await program.operations.verify() == []


@pytest.mark.goal("B1")
async def test_three_a_day_are_enough(program: Application, mira: Someone) -> None:
    strict = Client("127.0.0.9")
    for _ in range(3):
        asked = await program.exporting.ask(mira.id, strict)
        await program.exporting.remove(mira.id, ExportId(asked.id))
    with pytest.raises(TooMany):
        await program.exporting.ask(mira.id, strict)


@pytest.mark.goal("C6")
async def test_a_link_works_once_for_its_owner_and_not_for_long(
    program: Application, mira: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await a_person(program)
    await a_takeout(program, mira)
    [export] = await program.exporting.all(mira.id)
    with pytest.raises(NotFound):
        await program.exporting.open(ada.id, ExportId(export.id), export.link)
    with pytest.raises(NotFound):
        await program.exporting.get(ada.id, ExportId(export.id))
    tries = [program.exporting.open(mira.id, ExportId(export.id), export.link) for _ in range(8)]
    opened = [
        each for each in await asyncio.gather(*tries, return_exceptions=True) if isinstance(each, Export)
    ]
    assert len(opened) == 1
    again = (await program.exporting.get(mira.id, ExportId(export.id))).link
    now = program.clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(program.exporting._links, "_clock", Still(now))
    with pytest.raises(NotFound):
        await program.exporting.open(mira.id, ExportId(export.id), again)
    fresh = (await program.exporting.get(mira.id, ExportId(export.id))).link
    await program.exporting.open(mira.id, ExportId(export.id), fresh)
    for wrong in ("", "x", "é", fresh[:-4], "A" * 32):
        with pytest.raises(NotFound):
            await program.exporting.open(mira.id, ExportId(export.id), wrong)


async def test_an_archive_goes_after_a_week(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    await a_takeout(program, mira)
    [export] = await program.exporting.all(mira.id)
    assert export.expires_at is not None
    assert timedelta(days=6, hours=23) < export.expires_at - program.clock.now() <= timedelta(days=7)
    assert await program.exporting.sweep() == 0
    await sql.execute("UPDATE exports SET expires_at = now()")
    with pytest.raises(NotFound):
        await program.exporting.get(mira.id, ExportId(export.id))
    assert await program.exporting.sweep() == 1
    await program.runner.drain()
    assert [found.key async for found in program.media.walk("exports")] == []


@pytest.mark.goal("U4")
async def test_backups_leave_archives_out(program: Application, mira: Someone) -> None:
    await a_post(program, mira)
    await a_takeout(program, mira)
    dumps = PostgresDumps()
    assert {key.partition("/")[0] for key in await dumps.keys()} == {"photos"}
    assert "exports" not in await dumps.counts()


@pytest.mark.goal("P2")
async def test_leaving_takes_the_archive_along(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    await a_takeout(program, mira)
    session = await program.signing_in.open_session_for(HERE, mira.id)
    identity = await program.signing_in.identify_session(session.secret)
    assert identity is not None
    await program.leaving.leave(identity, HERE, PASSWORD, for_good=True)
    await program.runner.drain()
    assert [found.key async for found in program.media.walk("exports")] == []
    assert await sql.fetchval("SELECT count(*) FROM exports") == 0


# What goes wrong


@pytest.mark.goal("O8")
async def test_without_room_the_archive_fails_with_the_reason_and_leaves_nothing(
    program: Application, mira: Someone, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_post(program, mira)
    monkeypatch.setattr(takeouts, "RESERVED_BYTES", 2**60)
    asked = await program.exporting.ask(mira.id, HERE)
    await program.runner.drain()
    told = await program.exporting.get(mira.id, ExportId(asked.id))
    assert told.state == "failed"
    assert told.error is not None
    assert told.error.code == "insufficient_storage"
    assert [found.key async for found in program.media.walk("exports")] == []
    assert list((data_dir / "work").iterdir()) == []
    monkeypatch.undo()
    assert await a_takeout(program, mira)


@pytest.mark.goal("K2")
@pytest.mark.parametrize("step", ["show_progress", "put", "finish"])
async def test_an_archive_that_was_cut_off_is_made_again(
    program: Application, mira: Someone, data_dir: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await a_post(program, mira)
    asked = await program.exporting.ask(mira.id, HERE)
    where: dict[str, Any] = {
        "show_progress": PostgresExports, "put": type(program.media), "finish": PostgresJobs,
    }  # fmt: skip

    class Killed(BaseException):
        """What no handler catches, as a process that is killed."""

    async def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as bent:
        bent.setattr(where[step], step, die)
        async with new_uow(program)() as uow:
            [job] = [
                job for job in await uow.jobs.claim(50, program.clock.now()) if job.reaction == "make_export"
            ]
            await uow.commit()
        with pytest.raises(Killed):
            await program.runner.perform(job)
    assert list((data_dir / "work").iterdir()) == []
    await take_leases_back()
    await program.runner.drain()
    assert (await program.exporting.get(mira.id, ExportId(asked.id))).state == "ready"
    # What a try before it left in the store belongs to nothing, and goes with the other orphans.
    await program.operations.collect_garbage(older_than=timedelta(), force=True)
    assert await program.operations.verify() == []
    assert len([found async for found in program.media.walk("exports")]) == 1


@pytest.mark.goal("A4")
@pytest.mark.parametrize("cause", ["removed", "suspended"])
async def test_an_archive_that_nobody_may_have_is_not_made(
    program: Application, mira: Someone, cause: str
) -> None:
    asked = await program.exporting.ask(mira.id, HERE)
    if cause == "removed":
        await program.exporting.remove(mira.id, ExportId(asked.id))
    else:
        await program.moderation.change("mira", suspended=True)
    await program.runner.drain()
    assert [found.key async for found in program.media.walk("exports")] == []
    if cause == "suspended":
        assert (await find(program, asked.id)).error == "stopped"


async def test_a_picture_that_is_not_in_the_store_any_more_is_named(
    program: Application, mira: Someone
) -> None:
    photo = await an_upload(program, mira)
    await program.posting.publish(mira.id, a_draft(photo))
    async with new_uow(program)() as uow:
        file = await uow.files.find(photo)
    assert file is not None
    await program.media.delete(file.original_key)
    archive = await a_takeout(program, mira)
    [told] = lines(archive, "posts")
    assert told["media"][0]["file"] is None
    assert len(json.loads(archive.read("data/about.json"))["missing"]) >= 1


def a_draft(photo: FileId, caption: str = "", alt: str | None = None, **more: Any) -> PostDraft:
    return PostDraft([PhotoDraft(photo, alt)], caption, **more)


async def content(program: Application, photo: FileId) -> bytes:
    async with new_uow(program)() as uow:
        file = await uow.files.find(photo)
    assert file is not None
    return b"".join([chunk async for chunk in program.media.read(file.original_key)])


class Still:
    """A clock that stands."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment
