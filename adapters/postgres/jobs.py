"""The job table: claims with leases and fences, attempts, back-off, the dead."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from adapters.postgres.engine import acquire, changed, count_of
from domain.jobs import LEASE, MAX_ATTEMPTS, MAX_DEATHS, POSTPONED, Job, back_off
from domain.kernel import EventId
from domain.sessions import SESSION_IDLE
from domain.sign_ins import KEPT as SIGN_INS_KEPT

_CLAIM = f"""
WITH suspect AS MATERIALIZED (
  SELECT event_id, reaction, state FROM jobs
  WHERE (state = 'waiting' AND due_at <= $1 AND deaths > 0) OR (state = 'running' AND leased_until < $1)
  ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED
), fresh AS MATERIALIZED (
  SELECT event_id, reaction, state FROM jobs WHERE state = 'waiting' AND due_at <= $1 AND deaths = 0
  ORDER BY due_at LIMIT $2 - (SELECT count(*) FROM suspect) FOR UPDATE SKIP LOCKED
), due AS (SELECT * FROM suspect UNION ALL SELECT * FROM fresh)
UPDATE jobs j SET
  deaths = j.deaths + (due.state = 'running')::int,
  attempts = j.attempts + 1,
  fence = j.fence + 1,
  state = CASE WHEN j.deaths + (due.state = 'running')::int >= {MAX_DEATHS} THEN 'dead' ELSE 'running' END,
  leased_until = CASE WHEN j.deaths + (due.state = 'running')::int >= {MAX_DEATHS} THEN NULL ELSE $3::timestamptz END,
  finished_at = CASE WHEN j.deaths + (due.state = 'running')::int >= {MAX_DEATHS} THEN $1 END,
  error = CASE WHEN j.deaths + (due.state = 'running')::int >= {MAX_DEATHS}
    THEN 'its process died {MAX_DEATHS} times while working on it' ELSE j.error END
FROM due WHERE j.event_id = due.event_id AND j.reaction = due.reaction
RETURNING j.*
"""


class PostgresJobs:
    """Implements domain.jobs.Jobs."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def claim(self, limit: int, now: datetime, *, suspect: bool = True) -> list[Job]:
        rows = await self._c.fetch(_CLAIM, now, limit, now + LEASE, int(suspect))
        jobs = [
            Job(
                EventId(row["event_id"]),
                row["reaction"],
                row["event_type"],
                json.loads(row["payload"]),
                row["attempts"],
                row["fence"],
                row["deaths"],
                row["state"] == "dead",
            )
            for row in rows
        ]
        if jobs and all(job.parked for job in jobs):
            jobs += await self.claim(limit, now, suspect=suspect)  # others may be due
        return jobs

    async def renew(self, jobs: Sequence[Job], now: datetime) -> None:
        await self._c.execute(
            "UPDATE jobs j SET leased_until = $4 FROM unnest($1::uuid[], $2::text[], $3::int[]) AS mine (e, r, f) "
            "WHERE j.event_id = mine.e AND j.reaction = mine.r AND j.fence = mine.f AND j.state = 'running'",
            [job.event_id for job in jobs],
            [job.reaction for job in jobs],
            [job.fence for job in jobs],
            now + LEASE,
        )

    async def finish(self, job: Job) -> bool:
        status = await self._c.execute(
            "UPDATE jobs SET state = 'done', leased_until = NULL, finished_at = now(), error = NULL "
            "WHERE event_id = $1 AND reaction = $2 AND fence = $3 AND state = 'running'",
            job.event_id,
            job.reaction,
            job.fence,
        )
        return changed(status)

    async def fail(self, job: Job, error: str, now: datetime) -> bool:
        dead = job.attempts >= MAX_ATTEMPTS
        status = await self._c.execute(
            "UPDATE jobs SET state = $4, leased_until = NULL, due_at = $5, error = $6, finished_at = $7 "
            "WHERE event_id = $1 AND reaction = $2 AND fence = $3 AND state = 'running'",
            job.event_id,
            job.reaction,
            job.fence,
            "dead" if dead else "waiting",
            now + back_off(job.attempts),
            error.replace("\x00", " "),
            now if dead else None,
        )
        return dead and changed(status)

    async def postpone(self, job: Job, error: str, now: datetime) -> None:
        await self._c.execute(
            "UPDATE jobs SET state = 'waiting', leased_until = NULL, attempts = attempts - 1, due_at = $4, error = $5 "
            "WHERE event_id = $1 AND reaction = $2 AND fence = $3 AND state = 'running'",
            job.event_id,
            job.reaction,
            job.fence,
            now + POSTPONED,
            error.replace("\x00", " "),
        )

    async def retry_dead(self, event_id: EventId | None, now: datetime) -> int:
        status = await self._c.execute(
            "UPDATE jobs SET state = 'waiting', attempts = 0, deaths = 0, due_at = $2, finished_at = NULL "
            "WHERE state = 'dead' AND ($1::uuid IS NULL OR event_id = $1)",
            event_id,
            now,
        )
        return count_of(status)

    async def forget_news(self, before: datetime) -> None:
        await self._c.execute("DELETE FROM live_events WHERE at < $1", before)

    async def forget(self, now: datetime) -> None:
        await self._c.execute(
            "DELETE FROM jobs WHERE state = 'done' AND finished_at < $1", now - timedelta(days=7)
        )
        await self._c.execute("DELETE FROM idempotency WHERE created_at < $1", now - timedelta(days=1))
        await self._c.execute("DELETE FROM sessions WHERE expires_at < $1", now)
        await self._c.execute("DELETE FROM sessions WHERE last_seen_at < $1", now - SESSION_IDLE)
        await self._c.execute("DELETE FROM tokens WHERE expires_at < $1", now)
        await self._c.execute("DELETE FROM sign_ins WHERE at < $1", now - SIGN_INS_KEPT)
        await self._c.execute("DELETE FROM password_resets WHERE expires_at < $1", now)


async def take_leases_back() -> None:
    """Make every running job due, as after its process died. Only for whoever knows that no other process works."""
    async with acquire() as connection:
        await connection.execute(
            "UPDATE jobs SET state = 'waiting', leased_until = NULL, deaths = deaths + 1 WHERE state = 'running'"
        )
