"""Posts that publish themselves: at their time, once, whatever their author or the machine does meanwhile."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from application.access import Client
from application.drafting import DraftEdit
from application.posting import PhotoDraft, PostDraft, PostEdit
from application.program import Application
from domain.drafts import MAX_DRAFTS, TooManyDrafts
from domain.files import Crop
from domain.jobs import MAX_ATTEMPTS
from domain.kernel import DraftId, Invalid, NotFound
from domain.posts import Changed
from tests.builders import (
    Someone,
    a_draft,
    a_follow,
    a_person,
    a_picture,
    a_post,
    new_uow,
    shuffled,
    together,
)

HERE = Client("127.0.0.1", "tests", True)


def ahead(**time: float) -> datetime:
    return datetime.now(UTC) + timedelta(**time)


async def time_comes(program: Application, sql: asyncpg.Connection) -> None:
    """Whatever is scheduled is due now."""
    await sql.execute(
        "UPDATE jobs SET due_at = now() WHERE event_type = 'DraftScheduled' AND state = 'waiting'"
    )
    await program.runner.drain()


@pytest.fixture
async def mira(program: Application) -> Someone:
    await a_person(program, role="admin")
    return await a_person(program, "mira")


@pytest.mark.goal("D7")
async def test_a_draft_is_published_at_its_time_and_not_before(program: Application, mira: Someone) -> None:
    noor = await a_person(program)
    await a_follow(program, noor, mira)
    early = await program.posting.publish(mira.id, PostDraft([PhotoDraft(await a_picture(program, mira))]))
    at = ahead(seconds=0.6)
    await a_draft(program, mira, caption="#dawn", publish_at=at)
    await program.runner.drain()
    assert len((await program.feeds.home(noor.id, 10)).items) == 1
    # Published between the scheduling and its time: the scheduled one is newer all the same.
    between = await program.posting.publish(mira.id, PostDraft([PhotoDraft(await a_picture(program, mira))]))
    await asyncio.sleep(0.7)
    await program.runner.drain()
    posts = (await program.feeds.home(noor.id, 10)).items
    assert [card.id for card in posts[1:]] == [between, early]
    assert (posts[0].caption, posts[0].tags) == ("#dawn", ["dawn"])
    assert posts[0].created_at >= at
    assert (await program.drafting.list(mira.id, 10)).items == []
    assert await program.operations.verify() == []


@pytest.mark.goal("D7")
@pytest.mark.goal("K2")
async def test_a_schedule_survives_the_death_of_who_worked_on_it(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    await a_draft(program, mira, publish_at=ahead(hours=1))
    # Claimed by a process that died: its lease runs out, and the next one does it.
    await sql.execute("UPDATE jobs SET due_at = now()")
    async with new_uow(program)() as uow:
        assert len(await uow.jobs.claim(5, program.clock.now())) == 1
        await uow.commit()
    await sql.execute("UPDATE jobs SET leased_until = now() - interval '1 second'")
    await program.runner.drain()
    assert await sql.fetchval("SELECT count(*) FROM posts") == 1
    # And once more, as when its end was not written down.
    await sql.execute("UPDATE jobs SET state = 'waiting', due_at = now() WHERE event_type = 'DraftScheduled'")
    await program.runner.drain()
    assert await sql.fetchval("SELECT count(*) FROM posts") == 1
    assert await program.operations.verify() == []


async def test_a_changed_time_counts_and_a_withdrawn_one_does_not(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    first, second = ahead(hours=1), ahead(hours=2)
    draft = await a_draft(program, mira, publish_at=first)
    await program.drafting.edit(mira.id, draft, DraftEdit(publish_at=second))
    scheduled = await sql.fetch("SELECT due_at FROM jobs WHERE event_type = 'DraftScheduled'")
    assert [row["due_at"] for row in scheduled] == [second], "nothing waits for the first time any more"
    await program.drafting.edit(mira.id, draft, DraftEdit(caption="later", publish_at=second))
    assert await program.operations.reads.violations() == [], "another caption leaves the time alone"
    await program.drafting.edit(mira.id, draft, DraftEdit(withdraw=True))
    await time_comes(program, sql)
    assert (await program.drafting.get(mira.id, draft)).state == "draft"
    await program.drafting.edit(mira.id, draft, DraftEdit(publish_at=first))
    await time_comes(program, sql)
    assert await sql.fetchval("SELECT caption FROM posts") == "later"


async def test_a_job_of_another_time_publishes_nothing(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    # As when it was running while its author chose another time, so that it could not be called off.
    draft = await a_draft(program, mira, publish_at=ahead(hours=1))
    await sql.execute("UPDATE jobs SET state = 'running', leased_until = now() - interval '1 s'")
    await program.drafting.edit(mira.id, draft, DraftEdit(publish_at=ahead(hours=2)))
    await program.runner.drain()
    assert await sql.fetchval("SELECT state FROM jobs WHERE due_at < now() + interval '90 min'") == "done"
    assert (await program.drafting.get(mira.id, draft)).state == "scheduled"
    await program.drafting.delete(mira.id, draft)
    await time_comes(program, sql)
    assert await sql.fetchval("SELECT count(*) FROM posts") == 0
    assert await program.operations.verify() == []


async def test_a_retry_that_waits_is_not_called_off_by_another_caption(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    draft = await a_draft(program, mira, publish_at=ahead(hours=1))
    await sql.execute("UPDATE jobs SET due_at = due_at + interval '1 minute', attempts = 3")
    await program.drafting.edit(mira.id, draft, DraftEdit(caption="other"))
    await time_comes(program, sql)
    assert await sql.fetchval("SELECT caption FROM posts") == "other"


async def test_what_cannot_be_published_stays_and_says_why(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    broken = await a_draft(program, mira, caption="broken", publish_at=ahead(hours=1))
    held = (await program.drafting.get(mira.id, broken)).media[0].upload_id
    await sql.execute("UPDATE files SET state = 'failed', error_code = 'damaged' WHERE id = $1", held)
    await time_comes(program, sql)
    draft = await program.drafting.get(mira.id, broken)
    assert (draft.state, draft.publish_at, draft.error and draft.error.code) == ("failed", None, "not_ready")
    assert draft.error is not None
    assert "could not be processed" in draft.error.detail
    assert [photo.upload_id for photo in draft.media] == [held]
    assert await sql.fetchval("SELECT count(*) FROM posts") == 0
    assert await program.operations.verify() == []
    # Whoever does something about it has a draft again.
    good = PhotoDraft(await a_picture(program, mira))
    await program.drafting.edit(mira.id, broken, DraftEdit(media=[good], publish_at=ahead(hours=1)))
    assert (await program.drafting.get(mira.id, broken)).state == "scheduled"
    await time_comes(program, sql)
    assert await sql.fetchval("SELECT caption FROM posts") == "broken"


async def test_the_draft_of_somebody_suspended_waits_for_them(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    draft = await a_draft(program, mira, publish_at=ahead(hours=1))
    await program.moderation.change(mira.name, suspended=True)
    await time_comes(program, sql)
    assert await sql.fetchval("SELECT count(*) FROM posts") == 0
    await program.moderation.change(mira.name, suspended=False)
    view = await program.drafting.get(mira.id, draft)
    assert (view.state, view.error and view.error.code) == ("failed", "inactive")
    await program.drafting.publish(mira.id, draft)
    assert await program.operations.verify() == []


async def test_a_schedule_that_was_given_up_is_told_to_its_author(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    draft = await a_draft(program, mira, publish_at=ahead(hours=1))
    await sql.execute("ALTER TABLE posts RENAME TO posts_elsewhere")
    try:
        for _ in range(MAX_ATTEMPTS):
            await time_comes(program, sql)
    finally:
        await sql.execute("ALTER TABLE posts_elsewhere RENAME TO posts")
    assert await sql.fetchval("SELECT state FROM jobs WHERE event_type = 'DraftScheduled'") == "dead"
    view = await program.drafting.get(mira.id, draft)
    assert (view.state, view.error and view.error.code) == ("failed", "not_published")
    await program.moderation.retry_jobs(None)
    await time_comes(program, sql)
    assert await sql.fetchval("SELECT count(*) FROM posts") == 0, "its author has been told otherwise"


async def test_uploads_of_drafts_are_kept_and_counted_and_freed_with_them(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    draft = await a_draft(program, mira, photos=2)
    loose = await a_picture(program, mira)
    await sql.execute("UPDATE files SET created_at = now() - interval '40 days'")
    used = await sql.fetchval("SELECT sum(size) FROM files")
    assert (await program.uploading.storage(mira.id)).used_bytes == used
    assert await program.housekeeping.sweep_uploads() == 1
    with pytest.raises(NotFound):
        await program.uploading.get(mira.id, loose)
    assert len((await program.drafting.get(mira.id, draft)).media) == 2
    await program.drafting.delete(mira.id, draft)
    assert await program.housekeeping.sweep_uploads() == 2
    await program.runner.drain()
    assert [found.key async for found in program.media.walk()] == []


async def test_verifying_notices_drafts_that_are_wrong(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    draft = await a_draft(program, mira, publish_at=ahead(hours=1))
    post = await program.posting.publish(mira.id, PostDraft([PhotoDraft(await a_picture(program, mira))]))
    await program.runner.drain()
    assert await program.operations.verify() == []
    for change in (
        "DELETE FROM jobs WHERE event_type = 'DraftScheduled'",
        "UPDATE drafts SET publish_at = publish_at + interval '1 hour'",
        f"UPDATE draft_photos SET file_id = (SELECT id FROM files WHERE post_id = '{post}')",
    ):
        before = {
            table: await sql.fetch(f"SELECT * FROM {table}") for table in ("jobs", "drafts", "draft_photos")
        }
        await sql.execute(change)
        assert [found.count for found in await program.operations.verify()] == [1], change
        for table in ("draft_photos", "drafts", "jobs"):
            await sql.execute(f"DELETE FROM {table}")
        for table, rows in before.items():
            await sql.copy_records_to_table(table, records=[tuple(row) for row in rows])
    assert (await program.drafting.get(mira.id, draft)).state == "scheduled"


# At the same moment


@pytest.mark.goal("C6")
@pytest.mark.settings(database_pool=16)
async def test_a_draft_published_many_times_at_once_is_one_post(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    # Fails when `find` does not lock the draft (an error of the post's photos, or several posts).
    draft = await a_draft(program, mira, photos=2)
    outcomes = await together([program.drafting.publish(mira.id, draft) for _ in range(10)])
    assert outcomes[NotFound] == 9
    assert await sql.fetchval("SELECT count(*) FROM posts") == 1
    assert await program.operations.verify() == []


@pytest.mark.goal("C6")
@pytest.mark.settings(database_pool=16)
async def test_its_time_and_its_author_publish_a_draft_once(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    for number in range(8):
        draft = await a_draft(program, mira, publish_at=ahead(hours=1))
        calls: list[Awaitable[Any]] = [
            time_comes(program, sql),
            program.drafting.publish(mira.id, draft),
            program.drafting.edit(mira.id, draft, DraftEdit(caption=str(number))),
        ]
        await together(shuffled(calls, number))
        assert await sql.fetchval("SELECT count(*) FROM posts") == number + 1
        assert await sql.fetchval("SELECT count(*) FROM drafts") == 0
    assert await program.operations.verify() == []


@pytest.mark.goal("C6")
@pytest.mark.settings(database_pool=16)
async def test_a_changed_schedule_and_the_running_job_agree_in_every_order(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    acts: list[Any] = [
        lambda draft: program.drafting.edit(mira.id, draft, DraftEdit(withdraw=True)),
        lambda draft: program.drafting.edit(mira.id, draft, DraftEdit(publish_at=ahead(hours=5))),
        lambda draft: program.drafting.delete(mira.id, draft),
    ]
    for number in range(12):
        draft = await a_draft(program, mira, caption=str(number), publish_at=ahead(hours=1))
        calls = [time_comes(program, sql), acts[number % 3](draft)]
        outcomes = await together(shuffled(calls, number))
        published = await sql.fetchval("SELECT count(*) FROM posts WHERE caption = $1", str(number))
        kept = await sql.fetchval("SELECT count(*) FROM drafts WHERE caption = $1", str(number))
        deleted = number % 3 == 2 and not outcomes[NotFound]
        assert (published, kept) == ((1, 0) if outcomes[NotFound] else (0, 0 if deleted else 1))
    assert await program.operations.verify() == []


@pytest.mark.goal("C6")
@pytest.mark.settings(database_pool=16)
async def test_an_upload_comes_into_one_draft_or_one_post(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    # Fails when `lock_uploads` does not lock, and when it asks for drafts before it locks.
    for number in range(6):
        upload = PhotoDraft(await a_picture(program, mira))
        other = await a_draft(program, mira, photos=0)
        calls: list[Awaitable[Any]] = [
            program.posting.publish(mira.id, PostDraft([upload])),
            program.drafting.create(mira.id, DraftEdit(media=[upload])),
            program.drafting.edit(mira.id, other, DraftEdit(media=[upload])),
            program.uploading.remove(mira.id, upload.upload_id),
        ]
        await together(shuffled(calls, number))
        assert await program.operations.reads.violations() == []
        places = await sql.fetchval(
            "SELECT (SELECT count(*) FROM files WHERE id = $1 AND post_id IS NOT NULL) "
            "+ (SELECT count(*) FROM draft_photos WHERE file_id = $1)",
            upload.upload_id,
        )
        there = await sql.fetchval("SELECT count(*) FROM files WHERE id = $1", upload.upload_id)
        assert places == there


@pytest.mark.goal("C6")
@pytest.mark.settings(database_pool=16)
async def test_an_upload_is_drafted_or_swept(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    # Fails when `lock_uploads` does not lock (the upload goes although a draft holds it, which its key stops).
    for number in range(10):
        upload = await a_picture(program, mira)
        await sql.execute("UPDATE files SET created_at = now() - interval '2 days'")
        calls: list[Awaitable[Any]] = [
            program.drafting.create(mira.id, DraftEdit(media=[PhotoDraft(upload)])),
            program.housekeeping.sweep_uploads(),
        ]
        outcomes = await together(shuffled(calls, number))
        held = await sql.fetchval("SELECT count(*) FROM draft_photos WHERE file_id = $1", upload)
        assert held == (0 if outcomes[Invalid] else 1)
    await program.runner.drain()
    assert await program.operations.verify() == []


@pytest.mark.goal("C6")
@pytest.mark.settings(database_pool=16)
async def test_drafts_made_at_once_do_not_pass_the_limit(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    # Fails when the account is not locked before its drafts are counted.
    for _ in range(MAX_DRAFTS - 3):
        await program.drafting.create(mira.id, DraftEdit())
    outcomes = await together([program.drafting.create(mira.id, DraftEdit()) for _ in range(12)])
    assert outcomes[TooManyDrafts] == 9
    assert await sql.fetchval("SELECT count(*) FROM drafts") == MAX_DRAFTS


@pytest.mark.goal("D1")
@pytest.mark.settings(database_pool=16)
async def test_of_two_devices_at_once_one_is_told(program: Application, mira: Someone) -> None:
    # Fails when the draft is not locked before its version is compared.
    draft = await a_draft(program, mira)
    edits = [DraftEdit(caption=str(n), expected_versions=[1]) for n in range(8)]
    outcomes = await together([program.drafting.edit(mira.id, draft, edit) for edit in edits])
    assert outcomes[Changed] == 7
    assert (await program.drafting.get(mira.id, draft)).version == 2


@pytest.mark.goal("P2")
async def test_drafts_go_with_their_account(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    leaver = await a_person(program, "leaver")
    for _ in range(7):
        await a_draft(program, leaver, photos=2, publish_at=ahead(hours=1))
    await program.leaving.delete_account(leaver.id)
    steps, finished = 0, False
    while not finished:
        steps += 1
        async with new_uow(program)() as uow:
            finished, prefixes = await uow.accounts.erase(leaver.id, 3)
            await uow.commit()
        for prefix in prefixes:
            await program.media.delete(prefix)
    assert 2 < steps < 100
    await program.runner.drain()
    for table in ("drafts", "draft_photos", "files"):
        assert await sql.fetchval(f"SELECT count(*) FROM {table}") == 0
    await time_comes(program, sql)
    assert await program.operations.verify() == []


async def test_drafts_are_nobodys_but_their_authors(program: Application, mira: Someone) -> None:
    noor = await a_person(program)
    draft = await a_draft(program, mira)
    drafting = program.drafting
    for call in (
        drafting.get(noor.id, draft),
        drafting.edit(noor.id, draft, DraftEdit(caption="mine")),
        drafting.publish(noor.id, draft),
        drafting.delete(noor.id, draft),
        drafting.get(mira.id, DraftId(program.ids.new())),
    ):
        with pytest.raises(NotFound):
            await call
    assert (await drafting.get(mira.id, draft)).version == 1


@pytest.mark.goal("C6")
@pytest.mark.settings(database_pool=16)
async def test_edits_of_the_photos_of_posts_at_once_leave_each_upload_in_one_place(
    program: Application, mira: Someone, sql: asyncpg.Connection
) -> None:
    # Fails when `exchange` does not lock the uploads it takes in (a photo of two posts, or a post without one).
    for number in range(6):
        posts = [await a_post(program, mira, photos=2) for _ in range(2)]
        upload = PhotoDraft(await a_picture(program, mira))
        first = [photo.upload_id for photo in await program.posting.photos(mira.id, posts[0])]
        cut = PhotoDraft(first[0], crop=Crop(0.1, 0.1, 0.5, 0.5))
        calls: list[Awaitable[Any]] = [
            *(program.posting.edit(mira.id, post, PostEdit(media=[upload])) for post in posts),
            program.posting.edit(mira.id, posts[0], PostEdit(media=[PhotoDraft(first[1]), cut])),
            program.posting.delete(mira.id, posts[1]),
            program.drafting.create(mira.id, DraftEdit(media=[upload])),
            program.runner.drain(),
        ]
        await together(shuffled(calls, number))
        assert await program.operations.reads.violations() == []
    await program.runner.drain()
    # Pictures that no test drew cannot be cut; what is stored and what rows say agrees all the same.
    await sql.execute("DELETE FROM jobs WHERE state = 'dead'")
    assert await program.operations.verify() == []
