"""`heliograph migrate`, `status`, `verify`, `jobs` and `media`."""

from dataclasses import asdict
from uuid import UUID

from application.operations import StrangeStore, Violation
from application.program import Application
from domain.kernel import EventId
from entrypoints import container
from entrypoints.cli.opening import complete, settings_of, settings_of_place, with_program
from entrypoints.cli.terminal import Failed, Refused, terminal
from entrypoints.settings import Settings


def migrate(*, check: bool = False, to: str = "") -> int:
    """Bring the database up to date, or to a step of it, back too.

    Parameters
    ----------
    check
        Change nothing; exit with 1 when steps are missing.
    to
        The last step to have, such as 0001. Going back loses what only the later steps can store. Needs the server
        stopped.
    """
    settings = settings_of_place() if check else settings_of()
    with container.open_database(settings, owner=bool(to)) as database:
        found = complete(container.schema(settings, database))
        if check:
            text = "\n".join(f"Missing: {name}" for name in found.missing) or "The database is up to date."
            terminal.show(text, asdict(found))
            return 1 if found.missing else 0
        target = container.find_step(settings, database, to) if to else None
        if to and target is None:
            raise Failed(f"There is no one step whose name begins with {to}.", 4, "not_found")
        if target and found.current and target < found.current:
            return _go_back(settings, database, target)
        done = complete(
            container.upgrade(settings, database, lambda name: terminal.say(f"Migrating: {name}"), target)
        )
    count = len(done)
    text = f"Migrated: {count} step{'s' if count != 1 else ''}." if done else "The database is up to date."
    terminal.show(text, {"applied": done, "current": target or found.expected})
    return 0


def _go_back(settings: Settings, database: container.Database, target: str) -> int:
    terminal.confirm(f"What only the steps after {target} can store is lost: make a backup first.", target)
    try:
        done = complete(
            container.downgrade(settings, database, lambda name: terminal.say(f"Taking back: {name}"), target)
        )
    except container.OneWay as error:
        raise Failed(str(error), 5, "one_way") from None
    text = f"The database is at {target} again. This version would migrate it when it starts: put the older one in place."
    terminal.show(text, {"taken_back": done, "current": target})
    return 0


def status() -> None:
    """The numbers of this place."""
    now = with_program(lambda program: program.operations.reads.status())
    lines = (
        ("people", f"{now.people:,}"),
        ("posts", f"{now.posts:,} with {now.likes:,} likes and {now.comments:,} comments"),
        ("storage", f"{now.files:,} originals, {now.bytes / 1e6:,.1f} MB"),
        ("jobs", f"{now.jobs_waiting} waiting, {now.jobs_running} running, {now.jobs_dead} given up"),
        ("reports", f"{now.reports_open:,} open"),
        ("sessions", f"{now.sessions:,}"),
    )
    terminal.show("\n".join(f"{name:<10}{text}" for name, text in lines), asdict(now))


def verify() -> int:
    """Check every rule that the data must keep; exit with 1 when one is broken."""
    found = with_program(lambda program: program.operations.verify())
    return _show_violations(found, "Every rule holds.")


def check_media() -> int:
    """Compare the stored pictures with the database; exit with 1 when something is missing or left over."""
    found = with_program(lambda program: program.operations.verify_media())
    return _show_violations(found, "Every picture is there, and none is left over.")


def _show_violations(found: list[Violation], fine: str) -> int:
    lines = [f"{violation.count} × {violation.rule}: {', '.join(violation.examples)}" for violation in found]
    terminal.show(
        "\n".join(lines) or fine, {"ok": not found, "violations": [asdict(violation) for violation in found]}
    )
    return 1 if found else 0


def collect_garbage(*, dry_run: bool = False, force: bool = False) -> None:
    """Remove stored pictures that nothing refers to.

    Parameters
    ----------
    dry_run
        Only list them.
    force
        Remove them also when they are most of what is stored.
    """

    try:
        gone = with_program(lambda program: program.operations.collect_garbage(dry_run=dry_run, force=force))
    except StrangeStore:
        raise Refused(
            "The database does not know most of what is stored: it may be another place's. "
            "See with --dry-run what would go; --force removes it."
        ) from None
    word = "would go" if dry_run else "removed"
    terminal.show("\n".join([*gone, f"{len(gone)} {word}."]), {"dry_run": dry_run, "keys": gone})


def list_jobs(*, limit: int = 100) -> None:
    """What waits, what runs, and what was given up.

    Parameters
    ----------
    limit
        At most so many of those that were given up, the newest first.
    """

    async def work(program: Application) -> None:
        now = await program.operations.reads.status()
        dead = (await program.moderation.dead_jobs(limit)).items
        terminal.say(f"{now.jobs_waiting} waiting, {now.jobs_running} running, {now.jobs_dead} given up")
        rows = [(job.event_id, ", ".join(job.reactions), job.attempts, job.error) for job in dead]
        counts = {"waiting": now.jobs_waiting, "running": now.jobs_running, "dead": now.jobs_dead}
        items = [{**asdict(job), "event_id": str(job.event_id)} for job in dead]
        if rows or terminal.choices.json:
            terminal.table(("event", "work", "tries", "error"), rows, {**counts, "items": items})

    with_program(work)


def retry_jobs(event: UUID | None = None, /) -> None:
    """Give jobs that were given up a fresh start: all, or those of one event."""
    count = with_program(
        lambda program: program.moderation.retry_jobs(EventId(event) if event else None), drain=False
    )
    terminal.show(f"{count} will be tried again while the server runs.", {"retried": count})
