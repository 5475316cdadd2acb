"""How commands come by settings, a database and the use cases."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from application.program import Application
from entrypoints import container
from entrypoints.cli.terminal import Failed, terminal
from entrypoints.settings import Settings, command, load

T = TypeVar("T")


def settings_of(**overrides: Any) -> Settings:
    """The settings with the flags of the command on top. Raises BadConfiguration."""
    return load(terminal.choices.config, overrides)[0]


def settings_of_place() -> Settings:
    """The settings of a place that is there: most commands make none where there is none. Raises Failed."""
    settings = settings_of()
    if not container.has_place(settings):
        folder = settings.data_dir.resolve()
        what = "holds no database" if folder.exists() else "does not exist"
        raise _no_place(f"{folder} {what}")
    return settings


def with_program(work: Callable[[Application], Awaitable[T]], *, drain: bool = False) -> T:
    """Run `work` on the instance, with its server running or not; with `drain` also the jobs that it causes."""
    with place_opened() as run:
        return run(work, drain)  # type: ignore[no-any-return]


@contextmanager
def place_opened() -> Iterator[Callable[..., Any]]:
    """What runs one piece of work after another as `with_program` does; in between somebody can be asked."""
    settings = settings_of_place()
    with container.open_database(settings, owner=False) as database:
        yield lambda work, drain=False: complete(_work(settings, database, work, drain))


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
    async with container.started(settings, database, work=False, no_limits=True) as application:
        result = await work(application)
        if drain:
            await application.runner.drain()
        return result


async def ready(settings: Settings, database: container.Database) -> None:
    """Whether the tables are there and up to date. Raises Failed."""
    found = await container.schema(settings, database)
    if found.current is None:
        raise _no_place("the database is empty")
    if found.missing:
        raise Failed(
            f"The database lacks {len(found.missing)} steps. Make a backup, then run:  {command()} migrate"
        )


def step_number(step: str | None) -> str:
    """The number of a migration's name, for people; 0 for an empty database."""
    return str(int(step.split("_")[0])) if step else "0"


def _no_place(why: str) -> Failed:
    text = (
        f"No Heliograph here: {why}. `{command()} init` makes one; "
        "HELIOGRAPH_DATA_DIR, or a settings file with --config, says where one is."
    )
    return Failed(text, 4, "no_place")
