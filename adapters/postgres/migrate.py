"""Brings the database to the schema that this version of the code expects. The steps are in `migrations/`.

All pending steps run in one transaction under a lock: after a crash in the middle nothing is left, and of two
processes that upgrade at once the second finds nothing to do. A step with `atomic = False` (for
`CREATE INDEX CONCURRENTLY`) splits the others into one transaction before it and one after it, and must itself
be repeatable (`IF NOT EXISTS`), because a crash may come before it is recorded.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

import asyncpg
from tortoise.config import TortoiseConfig
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.migration import Migration
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.transactions import in_transaction

from adapters.postgres.engine import APP, CONNECTION, acquire, connect, patient

LOCK_ID = 7_241_001
# Other processes keep serving while a step waits for a table, and everybody else waits behind it.
LOCK_TIMEOUT_SECONDS = 2
ATTEMPTS = 10
POLL_SECONDS = 0.1
RETRY_SECONDS = 1.0

Progress = Callable[[str], object]
Direction = Literal["forward", "backward"]


class SchemaTooNew(Exception):
    """The database was upgraded by a newer Heliograph; `steps` are the names that this one does not know."""

    def __init__(self, steps: list[str]) -> None:
        self.steps = steps
        super().__init__(
            f"The database has steps that this Heliograph does not know ({', '.join(steps)}). "
            "It was upgraded by a newer version: start that one, or restore the backup from before the upgrade."
        )


class OneWay(Exception):
    """The step `name` does not say how it is taken back."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The step {name} cannot be taken back: restore the backup from before the upgrade.")


@dataclass(frozen=True, slots=True)
class Versions:
    """Names of the newest step in the database (None: empty) and of the newest one that this code has."""

    current: str | None
    expected: str | None


async def upgrade(
    config: TortoiseConfig, *, to: str | None = None, progress: Progress | None = None
) -> list[str]:
    """Apply what is pending, up to the step `to`; the names of the steps that this call applied, oldest first.

    Waits without limit while another process upgrades. `progress` gets each name before its step starts.
    Raises SchemaTooNew, Unavailable, and asyncpg's LockNotAvailableError when a table stayed busy.
    """
    async with TortoiseContext() as context:
        # One connection for the steps and one for the lock.
        await context.init(patient(config, minsize=0, maxsize=2))
        async with _alone():
            steps = [step for step in await _pending_steps(config) if to is None or step.name <= to]
            for is_atomic, group in groupby(steps, key=lambda step: bool(step.atomic)):
                await _persist(config, [step.name for step in group], is_atomic=is_atomic, progress=progress)
            return [step.name for step in steps]


async def downgrade(config: TortoiseConfig, to: str, *, progress: Progress | None = None) -> list[str]:
    """Take back the steps after `to`, each with what only it can store; their names, newest first.

    Every step is a transaction of its own, so that whatever stops this leaves a revision, and going on finishes.
    Raises OneWay before anything is changed, SchemaTooNew, Unavailable, and LockNotAvailableError as `upgrade` does.
    """
    async with TortoiseContext() as context:
        await context.init(patient(config, minsize=0, maxsize=2))
        async with _alone():
            await _pending_steps(config)
            applied, known = await _applied(config), _known(config)
            back = [
                (step, before) for before, step in pairwise(known) if step.name in applied and step.name > to
            ][::-1]
            for step, before in back:
                follows = (APP, before.name) in {tuple(each) for each in step.dependencies}
                # The executor goes back along dependencies and silently does nothing where there are none.
                if not follows or not all(operation.reversible for operation in step.operations):
                    raise OneWay(step.name)
            for step, before in back:
                if progress is not None:
                    progress(step.name)
                await _persist(
                    config, [before.name], is_atomic=bool(step.atomic), progress=None, direction="backward"
                )
            return [step.name for step, _before in back]


def find(config: TortoiseConfig, name: str) -> str | None:
    """The one step that this code has whose name begins with `name`."""
    found = [step.name for step in _known(config) if step.name.startswith(name)]
    return found[0] if len(found) == 1 else None


async def pending(config: TortoiseConfig) -> list[str]:
    """Names of the steps that the database lacks, oldest first; changes nothing. Raises SchemaTooNew, Unavailable."""
    return [step.name for step in await _pending_steps(config)]


async def versions(config: TortoiseConfig) -> Versions:
    """What the database has and what the code expects; changes nothing and knows newer databases too."""
    applied, known = await _applied(config), _known(config)
    return Versions(max(applied, default=None), known[-1].name if known else None)


async def _pending_steps(config: TortoiseConfig) -> list[Migration]:
    applied, known = await _applied(config), _known(config)
    unknown = applied - {step.name for step in known}
    if unknown:
        raise SchemaTooNew(sorted(unknown))
    return [step for step in known if step.name not in applied]


def _known(config: TortoiseConfig) -> list[Migration]:
    """The steps on disk; their numbers are their order."""
    loader = MigrationLoader(config.to_dict()["apps"], MigrationRecorder(None))
    loader.load_disk()
    return sorted(loader.disk_migrations.values(), key=lambda step: step.name)


async def _applied(config: TortoiseConfig) -> set[str]:
    connection = await connect(config)
    try:
        if await connection.fetchval("SELECT to_regclass('tortoise_migrations')") is None:
            return set()
        rows = await connection.fetch("SELECT name FROM tortoise_migrations WHERE app = $1", APP)
        return {row["name"] for row in rows}
    finally:
        await connection.close()


@asynccontextmanager
async def _alone() -> AsyncIterator[None]:
    """Hold the upgrade lock on a connection of its own.

    It belongs to a transaction, not to a session, because that works through PgBouncer too. Each attempt is a
    transaction of its own, because `CREATE INDEX CONCURRENTLY` in the process that has the lock waits for all
    transactions that are looking at anything at that moment, and so for ever for one that waits for the lock.
    """
    while True:
        async with acquire() as connection, connection.transaction():
            if await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK_ID):
                # Second, because a statement without parameters also closes the query above, and with it the
                # snapshot that `CREATE INDEX CONCURRENTLY` would wait for.
                await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                yield
                return
        await asyncio.sleep(POLL_SECONDS)


async def _persist(
    config: TortoiseConfig,
    names: list[str],
    *,
    is_atomic: bool,
    progress: Progress | None,
    direction: Direction = "forward",
) -> None:
    """Go to the steps, again when a busy table made it fail."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            await (_in_one_transaction if is_atomic else _one_by_one)(config, names, progress, direction)
            return
        except asyncpg.LockNotAvailableError:
            if attempt == ATTEMPTS:
                raise
            await asyncio.sleep(RETRY_SECONDS)


async def _in_one_transaction(
    config: TortoiseConfig, names: list[str], progress: Progress | None, direction: Direction
) -> None:
    async with in_transaction(CONNECTION) as transaction:
        await transaction.execute_script(
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;"
            f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"
        )
        await _apply(config, names, progress, direction)


async def _one_by_one(
    config: TortoiseConfig, names: list[str], progress: Progress | None, direction: Direction
) -> None:
    for name in names:
        await _apply(config, [name], progress, direction)


async def _apply(
    config: TortoiseConfig, names: list[str], progress: Progress | None, direction: Direction
) -> None:
    executor = MigrationExecutor(get_connection(CONNECTION), config.to_dict()["apps"])
    # The executor reads this table before it makes it, swallows the error, and a transaction would be lost.
    await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))

    def report(event: str, _app: str, name: str) -> None:
        if progress is not None and event == "apply_start":
            progress(name)

    await executor.migrate(
        [MigrationTarget(APP, name) for name in names], direction=direction, progress=report
    )
