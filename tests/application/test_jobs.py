"""Work that was recorded happens, once in effect, whoever dies meanwhile; what cannot be done ends as dead, with a reason."""

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import adapters.postgres.jobs
from adapters.inprocess.live import InProcessWake
from adapters.postgres.operations_reads import SWEEPING
from application import outbox
from application.access import Client
from application.operations import Operations, StrangeStore
from application.outbox import Runner
from application.program import Application
from application.reactions import Means, Write, nothing
from domain.jobs import LEASE, MAX_ATTEMPTS, MAX_DEATHS, POSTPONED, Job, back_off
from domain.kernel import EventId, PostId, Unavailable, UserId
from domain.ports import UnitOfWork
from domain.posts import PostPublished
from tests.builders import a_person, a_picture, a_post, an_upload, new_uow

EVENT = PostPublished(post_id=PostId(UUID(int=1)), author_id=UserId(UUID(int=2)))
ON_PUBLISHING = {"fan_out_to_followers", "tell_of_post"}
NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


@dataclass
class SetClock:
    """A clock that tests move."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


@dataclass
class Workshop:
    """A runner with reactions of the test's own, beside the program's."""

    program: Application
    sql: asyncpg.Connection
    clock: SetClock
    register: Callable[[str, Any], None]

    def runner(self, parallel: int = 4, clock: Any = None) -> Runner:
        means = replace(self.program.runner._means, clock=clock or self.clock)
        return Runner(means, InProcessWake(), self.program.runner._decode, parallel=parallel)

    async def add(
        self, reaction: str, count: int = 1, due: datetime = NOW, kind: str = "PostPublished"
    ) -> list[UUID]:
        payload = json.dumps({"post_id": str(EVENT.post_id), "author_id": str(EVENT.author_id)})
        rows = [(self.program.ids.new(), reaction, kind, payload, due, due) for _ in range(count)]
        await self.sql.executemany(
            "INSERT INTO jobs (event_id, reaction, event_type, payload, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            rows,
        )
        return [row[0] for row in rows]

    async def claim(self, limit: int = 10, later: timedelta = timedelta(0)) -> list[Job]:
        async with new_uow(self.program)() as uow:
            jobs = await uow.jobs.claim(limit, self.clock.now() + later)
            await uow.commit()
        return jobs

    async def states(self) -> dict[str, int]:
        return dict(await self.sql.fetch("SELECT state, count(*) FROM jobs GROUP BY state"))


@pytest.fixture
def workshop(program: Application, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    def register(name: str, reaction: Any) -> None:
        monkeypatch.setitem(outbox._BY_NAME, name, reaction)  # type: ignore[arg-type]

    return Workshop(program, sql, SetClock(), register)


class Diary:
    """A reaction that writes down that it ran, in memory and in a table."""

    def __init__(self, *, slow: float = 0, fails: int = 0, user: UUID | None = None) -> None:
        self.started = 0
        self.slow, self.fails, self.user = slow, fails, user

    async def __call__(self, means: Means, event: Any) -> Write:
        self.started += 1
        await asyncio.sleep(self.slow)
        if self.started <= self.fails:
            raise ValueError(f"no luck\x00 at try {self.started}")
        return self._write if self.user else nothing

    async def _write(self, uow: UnitOfWork) -> None:
        await uow._connection.execute("UPDATE users SET bio = bio || 'x' WHERE id = $1", self.user)  # type: ignore[attr-defined]


# D2: the outbox


@pytest.mark.goal("D2")
async def test_what_is_not_committed_leaves_no_job(program: Application, sql: asyncpg.Connection) -> None:
    async with new_uow(program)() as uow:
        uow.record(EVENT)
    assert await sql.fetchval("SELECT count(*) FROM jobs") == 0

    async def break_off() -> None:
        async with new_uow(program)() as uow:
            uow.record(EVENT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    assert await sql.fetchval("SELECT count(*) FROM jobs") == 0
    async with new_uow(program)() as uow:
        uow.record(EVENT)
        await uow.commit()
    assert await sql.fetchval("SELECT count(*) FROM jobs") == len(ON_PUBLISHING)


@pytest.mark.goal("D2")
async def test_a_refused_write_leaves_no_job_and_an_accepted_one_leaves_all(
    program: Application, sql: asyncpg.Connection
) -> None:
    mira, noor = await a_person(program), await a_person(program)
    post = await a_post(program, mira)
    with pytest.raises(Exception, match="forbidden"):
        await program.posting.delete(noor.id, post)
    assert {row["reaction"] for row in await sql.fetch("SELECT reaction FROM jobs")} == ON_PUBLISHING
    await program.posting.delete(mira.id, post)
    found = {row["reaction"] for row in await sql.fetch("SELECT reaction FROM jobs")}
    assert found == ON_PUBLISHING | {"remove_photos", "withdraw_from_feeds"}


@pytest.mark.goal("D2")
async def test_a_job_that_nobody_was_woken_for_is_found_by_the_sweep(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SWEEP_SECONDS", 0.1)
    diary = Diary()
    workshop.register("diary", diary)
    runner = workshop.runner()
    running = asyncio.create_task(runner.run())
    await asyncio.sleep(0.15)
    await workshop.add("diary")
    await until(lambda: diary.started == 1)
    await runner.stop()
    await running
    assert await workshop.states() == {"done": 1}


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


# D7: done or dead


@pytest.mark.goal("D7")
async def test_a_reaction_that_keeps_failing_is_tried_five_times_with_growing_pauses_and_parked(
    workshop: Workshop,
) -> None:
    diary = Diary(fails=99)
    workshop.register("diary", diary)
    (event,) = await workshop.add("diary")
    runner = workshop.runner()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        await runner.drain()
        assert diary.started == attempt
        row = await workshop.sql.fetchrow("SELECT * FROM jobs")
        assert row["attempts"] == attempt
        assert row["error"] == f"ValueError: no luck  at try {attempt}"
        if attempt < MAX_ATTEMPTS:
            assert row["state"] == "waiting"
            assert row["due_at"] == workshop.clock.now() + back_off(attempt)
            workshop.clock.time = row["due_at"] - timedelta(seconds=0.1)
            await runner.drain()
            assert diary.started == attempt, "not before it is due"
            workshop.clock.time = row["due_at"]
    assert row["state"] == "dead"
    workshop.clock.time += timedelta(days=30)
    await runner.drain()
    assert diary.started == MAX_ATTEMPTS
    (dead,) = (await workshop.program.moderation.dead_jobs(10)).items
    assert (dead.event_id, dead.reactions, dead.attempts) == (event, ["diary"], MAX_ATTEMPTS)
    assert "no luck" in dead.error


async def test_jobs_that_were_given_up_are_walked_by_event_and_started_afresh(workshop: Workshop) -> None:
    events = await workshop.add("diary", 5)
    await workshop.sql.execute(
        "INSERT INTO jobs SELECT event_id, 'second', event_type, payload, state, due_at, attempts, deaths, fence, "
        "leased_until, created_at, finished_at, error FROM jobs WHERE event_id = $1",
        events[1],
    )
    await workshop.sql.execute("UPDATE jobs SET state = 'dead', finished_at = now()")
    moderation = workshop.program.moderation
    walked, cursor = [], None
    while not walked or cursor:
        page = await moderation.dead_jobs(2, cursor)
        walked += page.items
        cursor = page.next
    assert [jobs.event_id for jobs in walked] == sorted(events, reverse=True)
    assert [len(jobs.reactions) for jobs in walked] == [1, 1, 1, 2, 1]
    assert await moderation.retry_jobs(EventId(events[1])) == 2
    assert await workshop.states() == {"dead": 4, "waiting": 2}


@pytest.mark.goal("D7")
async def test_what_fails_because_something_else_is_away_waits_without_using_up_its_tries(
    workshop: Workshop,
) -> None:
    away = True

    async def needs_the_store(means: Means, event: PostPublished) -> Write:
        if away:
            raise Unavailable("the store is away")
        return nothing

    workshop.register("needs_the_store", needs_the_store)
    await workshop.add("needs_the_store")
    for _ in range(MAX_ATTEMPTS + 3):
        await workshop.runner().drain()
        assert await workshop.states() == {"waiting": 1}
        workshop.clock.time += POSTPONED
    away = False
    await workshop.runner().drain()
    assert await workshop.states() == {"done": 1}


@pytest.mark.goal("D7")
async def test_a_statement_that_takes_too_long_each_time_uses_up_the_tries(workshop: Workshop) -> None:
    async def count_everything(means: Means, event: PostPublished) -> Write:
        async with means.new_uow() as uow:
            await uow._connection.execute("SET LOCAL statement_timeout = 5; SELECT pg_sleep(1)")  # type: ignore[attr-defined]
        return nothing

    workshop.register("count_everything", count_everything)
    await workshop.add("count_everything")
    for _ in range(MAX_ATTEMPTS):
        assert await workshop.states() == {"waiting": 1}
        await workshop.runner().drain()
        workshop.clock.time += timedelta(minutes=10)
    assert await workshop.states() == {"dead": 1}
    assert "statement timeout" in await workshop.sql.fetchval("SELECT error FROM jobs")


@pytest.mark.goal("D7")
async def test_a_dead_job_can_be_given_a_fresh_start(workshop: Workshop) -> None:
    diary = Diary(fails=MAX_ATTEMPTS)
    workshop.register("diary", diary)
    await workshop.add("diary")
    runner = workshop.runner()
    for _ in range(MAX_ATTEMPTS):
        await runner.drain()
        workshop.clock.time += timedelta(minutes=10)
    assert await workshop.states() == {"dead": 1}
    assert await workshop.program.moderation.retry_jobs() == 1
    workshop.clock.time = datetime.now(UTC) + timedelta(seconds=1)
    await runner.drain()
    assert await workshop.states() == {"done": 1}


@pytest.mark.goal("D7")
@pytest.mark.parametrize("end", ["fails", "dies"])
async def test_a_picture_whose_job_is_given_up_has_failed_and_its_owner_tries_again(
    program: Application, sql: asyncpg.Connection, tmp_path: Path, end: str
) -> None:
    mira = await a_person(program)
    file = await an_upload(program, mira)
    original = (await program.uploading.original(mira.id, file)).original_key
    await program.media.fetch(original, tmp_path / "kept")
    await program.media.delete(original)
    for _ in range(MAX_ATTEMPTS if end == "fails" else MAX_DEATHS):
        assert (await program.uploading.get(mira.id, file)).state in ("waiting", "processing")
        if end == "fails":
            await sql.execute("UPDATE jobs SET due_at = now()")
            await program.runner.drain()
        else:
            async with new_uow(program)() as uow:
                assert [job.parked for job in await uow.jobs.claim(1, program.clock.now())] == [False]
                await uow.commit()
            await sql.execute("UPDATE jobs SET leased_until = now() - interval '1 second'")
    await program.runner.drain()
    row = await sql.fetchrow("SELECT state, error FROM jobs")
    assert row["state"] == "dead"
    assert row["error"].startswith("NotFound" if end == "fails" else "its process died")
    failed = await program.uploading.get(mira.id, file)
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error.detail == "This picture could not be processed. Try again."
    await program.media.put(original, tmp_path / "kept")
    await program.uploading.retry(mira.id, file)
    await program.runner.drain()
    assert (await program.uploading.get(mira.id, file)).state == "ready"


@pytest.mark.goal("D7")
async def test_a_picture_is_not_given_up_by_somebody_whose_job_is_anothers_by_now(
    program: Application, sql: asyncpg.Connection
) -> None:
    mira = await a_person(program)
    file = await an_upload(program, mira)
    await sql.execute("UPDATE jobs SET attempts = $1", MAX_ATTEMPTS)
    async with new_uow(program)() as uow:
        (zombie,) = await uow.jobs.claim(1, program.clock.now())
        (heir,) = await uow.jobs.claim(1, program.clock.now() + LEASE + timedelta(seconds=1))
        await uow.commit()
    original = (await program.uploading.original(mira.id, file)).original_key
    await program.media.delete(original)
    await program.runner.perform(zombie)
    assert (await program.uploading.get(mira.id, file)).state == "processing"
    await program.runner.perform(heir)
    assert (await program.uploading.get(mira.id, file)).state == "failed"


@pytest.mark.goal("D7")
async def test_a_job_of_a_dead_holder_is_due_again_when_its_lease_is_over(workshop: Workshop) -> None:
    await workshop.add("diary")
    (first,) = await workshop.claim()
    assert await workshop.claim(later=LEASE - timedelta(seconds=1)) == []
    (second,) = await workshop.claim(later=LEASE + timedelta(seconds=1))
    assert (second.event_id, second.fence) == (first.event_id, first.fence + 1)
    assert await workshop.sql.fetchval("SELECT deaths FROM jobs") == 1


@pytest.mark.goal("D7")
async def test_a_job_that_kills_its_holders_is_parked_while_others_finish(workshop: Workshop) -> None:
    diary = Diary()
    workshop.register("diary", diary)
    (killer,) = await workshop.add("killer", due=NOW - timedelta(seconds=1))
    await workshop.add("diary", 100)
    # Fails when jobs that saw a holder die are given out together: then the killer takes the same others along each time.
    for _ in range(MAX_DEATHS):
        held = await workshop.claim(8)
        assert killer in {job.event_id for job in held}
        # The holder dies with everything it had; all of it is due again later.
        workshop.clock.time += LEASE + timedelta(seconds=1)
    await workshop.runner().drain()
    assert await workshop.states() == {"dead": 1, "done": 100}
    assert diary.started == 100
    row = await workshop.sql.fetchrow("SELECT event_id, error FROM jobs WHERE state = 'dead'")
    assert row["event_id"] == killer
    assert "died" in row["error"]


@pytest.mark.goal("D7")
async def test_the_finish_of_a_holder_that_was_given_up_is_refused_and_its_writes_undone(
    workshop: Workshop,
) -> None:
    mira = await a_person(workshop.program)
    diary = Diary(user=mira.id)
    workshop.register("diary", diary)
    await workshop.add("diary")
    (zombie,) = await workshop.claim()
    (heir,) = await workshop.claim(later=LEASE + timedelta(seconds=1))
    await workshop.runner().perform(zombie)
    bio = "SELECT bio FROM users WHERE id = $1"
    assert diary.started == 1
    assert await workshop.sql.fetchval(bio, mira.id) == ""
    assert await workshop.states() == {"running": 1}
    await workshop.runner().perform(heir)
    await workshop.runner().perform(zombie)
    assert diary.started == 3
    assert await workshop.sql.fetchval(bio, mira.id) == "x"
    assert await workshop.states() == {"done": 1}


@pytest.mark.goal("D7")
async def test_a_zombies_failure_does_not_touch_its_heirs_job(workshop: Workshop) -> None:
    workshop.register("diary", Diary(fails=1))
    await workshop.add("diary")
    (zombie,) = await workshop.claim()
    (heir,) = await workshop.claim(later=LEASE + timedelta(seconds=1))
    await workshop.runner().perform(zombie)
    assert await workshop.states() == {"running": 1}
    await workshop.runner().perform(heir)
    assert await workshop.states() == {"done": 1}


@pytest.mark.goal("D7")
@pytest.mark.parametrize(("beat", "starts"), [(0.1, 1), (60, 2)])
async def test_a_job_longer_than_its_lease_starts_once_because_the_lease_is_renewed(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, beat: float, starts: int
) -> None:
    # The second case shows that without renewal it would start twice, and still take effect once.
    monkeypatch.setattr(adapters.postgres.jobs, "LEASE", timedelta(seconds=0.5))
    monkeypatch.setattr(outbox, "HEARTBEAT", timedelta(seconds=beat))
    monkeypatch.setattr(outbox, "SWEEP_SECONDS", 0.1)
    mira = await a_person(workshop.program)
    diary = Diary(slow=0.9, user=mira.id)
    workshop.register("diary", diary)
    await workshop.add("diary")
    runners = [workshop.runner(clock=workshop.program.clock) for _ in range(2)]
    running = [asyncio.create_task(runner.run()) for runner in runners]
    await asyncio.sleep(1.2)
    await asyncio.gather(*(runner.stop() for runner in runners))
    await asyncio.gather(*running)
    assert min(diary.started, 2) == starts
    assert await workshop.sql.fetchval("SELECT bio FROM users WHERE id = $1", mira.id) == "x"
    assert await workshop.states() == {"done": 1}


@pytest.mark.goal("D7")
async def test_two_runners_share_the_work(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SWEEP_SECONDS", 0.1)
    diary = Diary(slow=0.005)
    workshop.register("diary", diary)
    await workshop.add("diary", 60)
    runners = [workshop.runner() for _ in range(3)]
    running = [asyncio.create_task(runner.run()) for runner in runners]
    await until(lambda: diary.started >= 60)
    await asyncio.gather(*(runner.stop() for runner in runners))
    await asyncio.gather(*running)
    assert diary.started == 60
    assert await workshop.states() == {"done": 60}


@pytest.mark.goal("O9")
async def test_stopping_lets_what_runs_finish_and_starts_nothing_new(workshop: Workshop) -> None:
    diary = Diary(slow=0.3)
    workshop.register("diary", diary)
    await workshop.add("diary", 10)
    runner = workshop.runner(parallel=3)
    running = asyncio.create_task(runner.run())
    await until(lambda: diary.started == 3)
    await runner.stop()
    await running
    assert diary.started == 3
    assert await workshop.states() == {"done": 3, "waiting": 7}


@pytest.mark.goal("O9")
@pytest.mark.parametrize("moment", range(8))
async def test_stopping_in_the_middle_of_a_claim_forgets_nothing(workshop: Workshop, moment: int) -> None:
    # Fails when `stop` does not wait for a claim in progress: what it brought was left to its lease, as if we had died.
    diary = Diary(slow=0.05)
    workshop.register("diary", diary)
    await workshop.add("diary", 4)
    runner = workshop.runner()
    running = asyncio.create_task(runner.run())
    await asyncio.sleep(moment * 0.0007)
    await runner.stop()
    await running
    assert "running" not in await workshop.states()


@pytest.mark.goal("O9")
async def test_what_does_not_finish_in_time_is_handed_back_unblamed(workshop: Workshop) -> None:
    diary = Diary(slow=5)
    workshop.register("diary", diary)
    await workshop.add("diary")
    runner = workshop.runner()
    running = asyncio.create_task(runner.run())
    await until(lambda: diary.started == 1)
    await runner.stop(grace_seconds=0.05)
    await running
    assert await workshop.states() == {"waiting": 1}
    [job] = await workshop.claim(later=POSTPONED)
    assert job.attempts == 1, "the interrupted try does not count"


@pytest.mark.goal("O9")
@pytest.mark.goal("D7")
async def test_the_lease_is_kept_while_a_stopped_runner_waits_for_its_job(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters.postgres.jobs, "LEASE", timedelta(seconds=0.4))
    monkeypatch.setattr(outbox, "HEARTBEAT", timedelta(seconds=0.1))
    monkeypatch.setattr(outbox, "SWEEP_SECONDS", 0.1)
    diary = Diary(slow=1)
    workshop.register("diary", diary)
    await workshop.add("diary")
    stopped, other = (workshop.runner(clock=workshop.program.clock) for _ in range(2))
    running = [asyncio.create_task(stopped.run())]
    await until(lambda: diary.started == 1)
    running.append(asyncio.create_task(other.run()))
    await stopped.stop()
    await other.stop()
    await asyncio.gather(*running)
    assert diary.started == 1
    assert await workshop.sql.fetchval("SELECT deaths FROM jobs") == 0
    assert await workshop.states() == {"done": 1}


@pytest.mark.goal("D7")
async def test_an_unknown_event_or_reaction_fails_alone(workshop: Workshop) -> None:
    diary = Diary()
    workshop.register("diary", diary)
    await workshop.add("a reaction of tomorrow")
    await workshop.add("diary", kind="EventOfTomorrow")
    await workshop.add("diary")
    await workshop.add("make_first_sizes", kind="EventOfTomorrow")
    await workshop.runner().drain()
    assert await workshop.states() == {"waiting": 3, "done": 1}
    await workshop.sql.execute("UPDATE jobs SET attempts = $1 WHERE state = 'waiting'", MAX_ATTEMPTS)
    workshop.clock.time += timedelta(seconds=1)
    await workshop.runner().drain()
    assert await workshop.states() == {"dead": 3, "done": 1}


@pytest.mark.goal("D7")
async def test_a_database_that_goes_away_does_not_end_the_runner(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SWEEP_SECONDS", 0.05)
    diary = Diary()
    workshop.register("diary", diary)
    runner = workshop.runner()
    running = asyncio.create_task(runner.run())
    for _ in range(3):
        await workshop.sql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'heliograph'"
        )
        await asyncio.sleep(0.05)
    await workshop.add("diary", 5)
    await until(lambda: diary.started >= 5)
    await runner.stop()
    await running
    assert "dead" not in await workshop.states()


@pytest.mark.goal("P2")
async def test_pictures_without_a_row_go_by_themselves_a_day_later(
    program: Application, data_dir: Path, tmp_path: Path
) -> None:
    mira = await a_person(program)
    kept = {
        (await program.uploading.original(mira.id, await a_picture(program, mira))).prefix.rstrip("/")
        for _ in range(4)
    }
    (tmp_path / "picture").write_bytes(b"light")
    orphans = ("photos/qrst", "avatars/qrst", "avatars/2345")
    for prefix in (*orphans, "photos/uvwx"):
        await program.media.put(f"{prefix}/0/320.webp", tmp_path / "picture")
    clock = SetClock(datetime.now(UTC) + timedelta(hours=23))
    young = (clock.time + timedelta(hours=1)).timestamp()
    os.utime(data_dir / "media/photos/uvwx/0/320.webp", (young, young))
    operations = Operations(program.operations.reads, program.media, clock)

    async def an_hour_and_more() -> set[str]:
        for _ in range(70):
            await operations.sweep_orphans()
            clock.time += timedelta(minutes=1)
        return {"/".join(found.key.split("/")[:2]) async for found in program.media.walk()}

    clock.time -= timedelta(hours=2)
    assert await an_hour_and_more() == {*kept, *orphans, "photos/uvwx"}
    clock.time += timedelta(hours=3)
    assert await an_hour_and_more() == {*kept, "photos/uvwx"}


@pytest.mark.parametrize("keys", [("a",), ("a2", "a3", "a4", "b2"), tuple("abcdefgh")])
async def test_a_store_that_mostly_has_no_rows_is_left_alone(
    program: Application, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    # Another database in front of the pictures must not cost them, however few they are.
    (tmp_path / "picture").write_bytes(b"light")
    for key in keys:
        await program.media.put(f"photos/{key}/original", tmp_path / "picture")
    assert not await program.operations.knows_the_store()
    clock = SetClock(datetime.now(UTC) + timedelta(days=2))
    operations = Operations(program.operations.reads, program.media, clock)
    for _ in range(70):
        assert await operations.sweep_orphans() == 0
        clock.time += timedelta(minutes=1)
    with pytest.raises(StrangeStore):
        await operations.collect_garbage()
    assert len(await operations.collect_garbage(dry_run=True)) == len(keys)
    assert len(await operations.collect_garbage(force=True)) == len(keys), "somebody who insists gets it"
    assert await program.operations.knows_the_store(), "nothing is left of what it did not know"


async def test_pictures_are_swept_by_one_process_at_a_time(
    program: Application, sql: asyncpg.Connection, tmp_path: Path
) -> None:
    await a_picture(program, await a_person(program))
    (tmp_path / "picture").write_bytes(b"light")
    await program.media.put("photos/a/original", tmp_path / "picture")
    clock = SetClock(datetime.now(UTC) + timedelta(days=2))
    operations = Operations(program.operations.reads, program.media, clock)

    async def an_hour_and_more() -> int:
        swept = 0
        for _ in range(70):
            swept += await operations.sweep_orphans()
            clock.time += timedelta(minutes=1)
        return swept

    async with sql.transaction():
        await sql.execute("SELECT pg_advisory_xact_lock($1)", SWEEPING)
        assert await an_hour_and_more() == 0
    assert await an_hour_and_more() == 1


@pytest.mark.goal("A2")
async def test_sessions_that_nobody_used_for_long_are_neither_counted_nor_kept(
    program: Application, sql: asyncpg.Connection
) -> None:
    mira = await a_person(program)
    await program.signing_in.open_session_for(Client(), mira.id)

    async def known() -> tuple[int, bool]:
        seen_at = (await program.directory.get(mira.name)).seen_at
        return (await program.operations.reads.status()).sessions, seen_at is not None

    await sql.execute("UPDATE sessions SET last_seen_at = now() - interval '13 days 23 hours'")
    await program.housekeeping.forget()
    assert await known() == (1, True)
    await sql.execute("UPDATE sessions SET last_seen_at = now() - interval '14 days'")
    assert await known() == (0, False)
    await program.housekeeping.forget()
    assert await sql.fetchval("SELECT count(*) FROM sessions") == 0


async def test_finished_jobs_are_forgotten_after_a_week_and_dead_ones_never(workshop: Workshop) -> None:
    workshop.register("diary", Diary())
    await workshop.add("diary", 2)
    await workshop.add("bad", 1)
    runner = workshop.runner()
    for _ in range(MAX_ATTEMPTS):
        await runner.drain()
        workshop.clock.time += timedelta(minutes=10)
    assert await workshop.states() == {"done": 2, "dead": 1}
    await workshop.sql.execute("UPDATE jobs SET finished_at = now() - interval '6 days 23 hours'")
    await workshop.program.housekeeping.forget()
    assert await workshop.states() == {"done": 2, "dead": 1}
    await workshop.sql.execute("UPDATE jobs SET finished_at = now() - interval '7 days 1 minute'")
    await workshop.program.housekeeping.forget()
    assert await workshop.states() == {"dead": 1}
