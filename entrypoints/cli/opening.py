"""How commands come by settings, a database and the use cases."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from application.program import Application
from entrypoints import container
from entrypoints.cli.terminal import Failed, terminal
from entrypoints.settings import Settings, load

T = TypeVar("T")


def settings_of(**overrides: Any) -> Settings:
    """The settings with the flags of the command on top. Raises BadConfiguration."""
    return load(terminal.choices.config, overrides)[0]


def with_program(
    work: Callable[[Application], Awaitable[T]],
    *,
    drain: bool = False,
    overrides: Mapping[str, Any] | None = None,
) -> T:
    """Run `work` on the instance, with its server running or not; with `drain` also the jobs that it causes."""
    settings = settings_of(**(overrides or {}))
    with container.open_database(settings, owner=False) as database:
        return complete(_work(settings, database, work, drain))


def complete(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end. Ctrl C is KeyboardInterrupt whatever else fails while things are being closed."""

    async def interruptible() -> T:
        try:
            return await work
        except Exception:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError from None
            raise

    return asyncio.run(interruptible())


async def _work(
    settings: Settings,
    database: container.Database,
    work: Callable[[Application], Awaitable[T]],
    drain: bool,
) -> T:
    await ready(settings, database)
    async with container.started(settings, database, work=False) as application:
        result = await work(application)
        if drain:
            await application.runner.drain()
        return result


async def ready(settings: Settings, database: container.Database) -> None:
    """Make the tables of a database that has none; one that is behind is left to `heliograph migrate`."""
    found = await container.schema(settings, database)
    if found.current is None:
        await container.upgrade(settings, database, lambda name: None)
    elif found.missing:
        raise Failed(
            f"The database lacks {len(found.missing)} steps. Make a backup, then run:  heliograph migrate"
        )
