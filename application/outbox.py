"""Runs what was recorded: claims due jobs, runs their reactions, marks them done or backs off.

Delivery is at least once; a reaction's writes and its `done` are one transaction under the claim's fence.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from application.reactions import DELAYS, REACTIONS, WHEN_GIVEN_UP, Means, Reaction, Write
from domain.files import ObjectsOrphaned
from domain.jobs import HEARTBEAT, Job
from domain.kernel import Event, Unavailable
from domain.live import KEEP as KEEP_NEWS
from domain.notifications import KEEP as KEEP_NOTIFICATIONS
from domain.ports import TooLong, UnitOfWork, Wake
from domain.posts import UNDO

log = logging.getLogger("heliograph.jobs")

SWEEP_SECONDS = 3.0

Decode = Callable[[str, dict[str, object]], Event]
_BY_NAME: Mapping[str, Reaction] = {r.__name__: r for reactions in REACTIONS.values() for r in reactions}
_WHEN_GIVEN_UP: Mapping[str, Callable[[Any], Write]] = {r.__name__: w for r, w in WHEN_GIVEN_UP.items()}


def reactions_to(event: Event, now: datetime) -> Mapping[str, datetime]:
    """The names of the reactions to an event, which become one job each, and when they are due."""
    start: datetime = getattr(event, "due_at", now)
    return {
        reaction.__name__: start + DELAYS.get(reaction, timedelta(0))
        for reaction in REACTIONS.get(type(event), ())
    }


class Runner:
    """Works the job table off, `parallel` jobs at a time, until it is stopped."""

    def __init__(self, means: Means, wake: Wake, decode: Decode, *, parallel: int) -> None:
        self._means = means
        self._wake = wake
        self._decode = decode
        self._parallel = parallel
        self._running: dict[asyncio.Task[None], Job] = {}
        self._stopping = False
        self._claims = False
        self._claiming = asyncio.Lock()

    @property
    def at_work(self) -> bool:
        """Whether this process runs jobs as they come."""
        return self._claims and not self._stopping

    async def run(self) -> None:
        """Claim and run until `stop`. Survives every failure of the database by trying again."""
        self._claims = True
        async with self._beating():
            while not self._stopping:
                if not await self._fill():
                    await self._wake.wait(SWEEP_SECONDS)
            # `stop` gives what runs some time, and its leases must not run out meanwhile.
            if self._running:
                await asyncio.wait(list(self._running))

    async def stop(self, grace_seconds: float = 10.0) -> None:
        """Claim nothing more and give what runs `grace_seconds` to finish; the rest is handed back, for the next runner."""
        self._stopping = True
        self._wake.kick()
        async with self._claiming:
            # A claim in progress has ended, and what it brought is among what runs.
            running = set(self._running)
        if running:
            _, late = await asyncio.wait(running, timeout=grace_seconds)
            jobs = [self._running[task] for task in late if task in self._running]
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            for job in jobs:
                await self._note_failure(job, Unavailable("the server was stopped"))

    async def drain(self) -> None:
        """Run everything that is due now, and what that causes, to its end. For commands and tests."""
        while True:
            jobs = await self._claim(self._parallel)
            if not jobs:
                return
            async with self._beating():
                tasks = [self._start(job) for job in jobs]
                await asyncio.gather(*tasks)

    async def _fill(self) -> bool:
        """Start as many due jobs as there is room for; whether any was started."""
        room = self._parallel - len(self._running)
        if room <= 0:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED, timeout=SWEEP_SECONDS)
            return True
        async with self._claiming:
            return not self._stopping and await self._start_some(room)

    async def _start_some(self, room: int) -> bool:
        try:
            suspect = not any(job.deaths for job in self._running.values())
            jobs = await self._claim(room, suspect=suspect)
        except Exception as error:  # noqa: BLE001 - whatever the database says, the next sweep asks again
            log.warning("cannot claim jobs: %r", error)
            return False
        for job in jobs:
            self._start(job)
        return bool(jobs)

    async def _claim(self, limit: int, *, suspect: bool = True) -> list[Job]:
        async with self._means.new_uow() as uow:
            jobs = await uow.jobs.claim(limit, self._means.clock.now(), suspect=suspect)
            for job in jobs:
                if job.parked:
                    await self._write_given_up(uow, job)
            await uow.commit()
        return [job for job in jobs if not job.parked]

    def _start(self, job: Job) -> asyncio.Task[None]:
        task = asyncio.create_task(self.perform(job), name=f"{job.reaction} {job.event_id}")
        self._running[task] = job
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._wake.kick()

    async def perform(self, job: Job) -> None:
        """Run one claimed job; never raises but for cancellation."""
        try:
            event = self._decode(job.event_type, job.payload)
            means = replace(self._means, happened_at=job.happened_at)
            write = await _BY_NAME[job.reaction](means, event)
            async with self._means.new_uow() as uow:
                if await uow.jobs.finish(job):
                    await write(uow)
                    await uow.commit()
        except Exception as error:  # noqa: BLE001 - a reaction may fail in any way; the job table keeps the reason
            log.warning("job %s of %s failed, try %d: %r", job.reaction, job.event_id, job.attempts, error)
            await self._note_failure(job, error)

    async def _note_failure(self, job: Job, error: Exception) -> None:
        # Whatever is away comes back; a statement that takes too long may do so at every try.
        away = isinstance(error, Unavailable) and not isinstance(error, TooLong)
        try:
            async with self._means.new_uow() as uow:
                text, now = f"{type(error).__name__}: {error}"[:1000], self._means.clock.now()
                if away:
                    await uow.jobs.postpone(job, text, now)
                elif await uow.jobs.fail(job, text, now):
                    await self._write_given_up(uow, job)
                await uow.commit()
        except Exception as second:  # noqa: BLE001 - the lease runs out and the job is due again
            log.warning("cannot note the failure of %s: %r", job.event_id, second)

    async def _write_given_up(self, uow: UnitOfWork, job: Job) -> None:
        if job.reaction not in _WHEN_GIVEN_UP:
            return
        try:
            event = self._decode(job.event_type, job.payload)
        except Exception as error:  # noqa: BLE001 - it is given up because nobody can read it
            log.warning("cannot read event %s: %r", job.event_id, error)
            return
        await _WHEN_GIVEN_UP[job.reaction](event)(uow)

    @asynccontextmanager
    async def _beating(self) -> AsyncIterator[None]:
        """Leases of what runs are renewed while the block runs."""
        beat = asyncio.create_task(self._heartbeat())
        try:
            yield
        finally:
            beat.cancel()

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT.total_seconds())
            jobs = list(self._running.values())
            if not jobs:
                continue
            try:
                async with self._means.new_uow() as uow:
                    await uow.jobs.renew(jobs, self._means.clock.now())
                    await uow.commit()
            except Exception as error:  # noqa: BLE001 - a missed beat is made up by the next one
                log.warning("cannot renew leases: %r", error)


class Housekeeping:
    """What is done on a timer rather than because of an event."""

    def __init__(self, means: Means, *, keep_uploads: timedelta = timedelta(hours=24)) -> None:
        self._means = means
        self._keep_uploads = keep_uploads

    async def sweep_uploads(self) -> int:
        """Remove uploads of more than a day ago that neither a post nor a draft uses; how many."""
        async with self._means.new_uow() as uow:
            files = await uow.files.unattached_before(self._means.clock.now() - self._keep_uploads, 100)
            for file in files:
                await uow.files.remove(file.id)
                uow.record(ObjectsOrphaned(prefix=file.prefix))
            if files:
                await uow.commit()
        return len(files)

    async def forget(self) -> None:
        """Remove jobs, idempotency keys, sessions, deleted comments and notifications that are past their use."""
        now = self._means.clock.now()
        async with self._means.new_uow() as uow:
            await uow.jobs.forget(now)
            await uow.comments.forget_aside(now - UNDO)
            await uow.notifications.forget(now - KEEP_NOTIFICATIONS, 5_000)
            await uow.jobs.forget_news(now - KEEP_NEWS)
            await uow.commit()
