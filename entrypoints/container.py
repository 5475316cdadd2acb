"""The composition root: the only module that knows adapters.

`started(settings)` opens what needs opening, in order, yields the application, and closes in reverse. The web server,
the CLI and the tests all come in through it.
"""

import asyncio
import json
import logging
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dependency_injector import containers, providers
from tortoise.config import TortoiseConfig
from tortoise.context import TortoiseContext

from adapters.filesystem import archive, takeouts
from adapters.filesystem.media import FilesystemMediaStore, FolderWorkspace
from adapters.inprocess.cache import InProcessCache
from adapters.inprocess.limits import InProcessRateLimiter
from adapters.inprocess.live import InProcessWake
from adapters.pillow.images import SandboxedImages
from adapters.postgres import migrate
from adapters.postgres.backup import PostgresDumps
from adapters.postgres.comment_reads import PostgresCommentReads
from adapters.postgres.directory_reads import PostgresDirectoryReads
from adapters.postgres.drafts import PostgresDraftReads
from adapters.postgres.embedded import (
    Address,
    AlreadyRunning,
    EmbeddedPostgres,
    EmbeddedUnavailable,
    FolderLock,
    StartFailed,
    VersionMismatch,
)
from adapters.postgres.engine import REFUSALS, acquire, orm_config, patient, reading
from adapters.postgres.files import PostgresFileReads
from adapters.postgres.finding_reads import PostgresFindingReads
from adapters.postgres.home_visits import PostgresHomeVisits
from adapters.postgres.instance import PostgresInstances
from adapters.postgres.jobs import take_leases_back
from adapters.postgres.live import PostgresLiveReads
from adapters.postgres.meeting_reads import PostgresMeetingReads
from adapters.postgres.migrate import OneWay, SchemaTooNew
from adapters.postgres.moderation import PostgresModerationReads
from adapters.postgres.notifications import PostgresNotificationReads
from adapters.postgres.operations_reads import PostgresOperationsReads
from adapters.postgres.overview_reads import PostgresOverviewReads
from adapters.postgres.people_reads import PostgresPeopleReads
from adapters.postgres.post_reads import PostgresPostReads
from adapters.postgres.sessions import PostgresIdentities
from adapters.postgres.sign_ins import PostgresSignInReads
from adapters.postgres.takeout_reads import PostgresTakeoutReads
from adapters.postgres.unit_of_work import EventDecoder, PostgresUnitOfWork
from adapters.system.backdating import BackdatedClock, BackdatedIds
from adapters.system.drawing import Drawing
from adapters.system.identifiers import SystemClock, SystemIds, common_passwords
from adapters.system.passwords import Argon2Passwords, OnePassword
from application import backups
from application.accounts import Accounts
from application.archiving import ExportMaker
from application.backups import CONFIG, SECRET, BackupFailed, DamagedArchive, Manifest, Progress
from application.catching_up import CatchingUp
from application.commenting import Commenting
from application.demo_content import DemoContent
from application.directory import Directory
from application.downloading import Downloading
from application.drafting import Drafting
from application.exporting import Exporting, ExportLinks
from application.feeds import Feeds
from application.finding import Finding
from application.following import FollowingPeople
from application.importing import Importing
from application.joining import Joining
from application.leaving import Leaving
from application.living import Living
from application.media import MediaAccess, MediaGrants
from application.meeting import Meeting
from application.moderation import Moderation
from application.notifying import Notifying
from application.operations import ROOTS, Operations, Violation
from application.outbox import Housekeeping, Runner, reactions_to
from application.overview import Overviews
from application.packing import Place, TakeoutPages
from application.paging import Cursors
from application.people import People
from application.posting import Posting
from application.program import Application
from application.reactions import REACTIONS, Means
from application.resetting import Resetting
from application.seeding import Recipe, Seeding
from application.sign_in_log import SignInLog
from application.signing_in import SigningIn
from application.this_place import ThisPlace
from application.unpacking import TakeoutReader
from application.uploading import Turns, Uploading
from domain.instance import DEFAULT_NAME
from domain.kernel import Unavailable
from entrypoints import VERSION, languages, timezones
from entrypoints.settings import BadConfiguration, Settings

log = logging.getLogger("heliograph")

# What commands tell apart when a start fails; they know adapters only through this module.
__all__ = [
    "AlreadyRunning",
    "BackupFailed",
    "DamagedArchive",
    "Drawing",
    "EmbeddedUnavailable",
    "OneWay",
    "SchemaTooNew",
    "StartFailed",
    "VersionMismatch",
]
DATABASE_REFUSES = REFUSALS

ROOT = Path(__file__).resolve().parents[1]
HOUSEKEEPING_SECONDS = 60.0


def _takeout_pages() -> TakeoutPages:
    """Loaded when the first archive is made: commands have no use for templates."""
    from entrypoints.web.takeout_pages import readable_pages  # noqa: PLC0415

    return readable_pages()


class Container(containers.DeclarativeContainer):
    """What is made of what. Everything lives as long as the process."""

    settings = providers.Dependency(instance_of=Settings)
    secret = providers.Dependency(instance_of=bytes)
    images = providers.Dependency(instance_of=SandboxedImages)
    passwords = providers.Dependency(instance_of=Argon2Passwords)

    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(SystemIds)
    wake = providers.Singleton(InProcessWake)
    live_wake = providers.Singleton(InProcessWake)
    limiter = providers.Singleton(InProcessRateLimiter)
    cache = providers.Singleton(InProcessCache)
    media = providers.Singleton(FilesystemMediaStore, settings.provided.data_dir.joinpath.call("media"))
    workspace = providers.Singleton(FolderWorkspace, settings.provided.data_dir.joinpath.call("work"))
    new_uow = providers.Factory(
        PostgresUnitOfWork, clock, ids, wake, live_wake, providers.Object(reactions_to)
    )

    cursors = providers.Singleton(Cursors, secret)
    people_reads = providers.Singleton(PostgresPeopleReads)
    post_reads = providers.Singleton(PostgresPostReads)
    comment_reads = providers.Singleton(PostgresCommentReads)
    export_maker = providers.Singleton(
        ExportMaker,
        new_uow.provider,
        clock,
        ids,
        media,
        workspace,
        providers.Singleton(PostgresTakeoutReads),
        post_reads,
        comment_reads,
        people_reads,
        providers.Object(takeouts.writing),
        providers.Object(_takeout_pages),
        providers.Callable(
            lambda settings: Place(VERSION, settings.instance_name, settings.origin), settings
        ),
    )
    # Leases are about the machine's time, also where `clock` has been set to another.
    means = providers.Singleton(
        Means, new_uow.provider, images, media, workspace, providers.Singleton(SystemClock), ids, export_maker
    )

    turns = providers.Singleton(Turns)
    common = providers.Singleton(common_passwords)
    accounts = providers.Singleton(
        Accounts,
        new_uow.provider,
        clock,
        ids,
        passwords,
        limiter,
        images,
        media,
        workspace,
        turns,
        common_passwords=common,
        languages=languages.codes(),
        is_timezone=providers.Object(timezones.is_timezone),
    )
    sign_in_log = providers.Singleton(
        SignInLog, new_uow.provider, clock, ids, providers.Singleton(PostgresSignInReads), cursors
    )
    feeds = providers.Singleton(Feeds, post_reads, comment_reads, cursors)
    notifying = providers.Singleton(
        Notifying, new_uow.provider, clock, providers.Singleton(PostgresNotificationReads), feeds, cursors
    )
    living = providers.Singleton(Living, providers.Singleton(PostgresLiveReads), live_wake, notifying)
    following = providers.Singleton(FollowingPeople, new_uow.provider, clock)
    application = providers.Singleton(
        Application,
        accounts=accounts,
        joining=providers.Singleton(
            Joining,
            new_uow.provider,
            clock,
            ids,
            passwords,
            limiter,
            sign_up=settings.provided.sign_up,
            common_passwords=common,
            secret=secret,
            languages=languages.codes(),
            is_timezone=providers.Object(timezones.is_timezone),
        ),
        place=providers.Singleton(ThisPlace, new_uow.provider, clock, ids, settings.provided.instance_name),
        resetting=providers.Singleton(
            Resetting,
            new_uow.provider,
            clock,
            ids,
            passwords,
            limiter,
            common_passwords=common,
        ),
        signing_in=providers.Singleton(
            SigningIn,
            new_uow.provider,
            clock,
            ids,
            passwords,
            limiter,
            providers.Singleton(PostgresIdentities),
            cursors,
            sign_in_log,
        ),
        sign_in_log=sign_in_log,
        leaving=providers.Singleton(Leaving, new_uow.provider, clock, ids, passwords, limiter),
        exporting=providers.Singleton(
            Exporting,
            new_uow.provider,
            clock,
            ids,
            limiter,
            providers.Singleton(ExportLinks, secret, clock),
        ),
        following=following,
        importing=providers.Singleton(
            Importing,
            new_uow.provider,
            clock,
            ids,
            images,
            media,
            workspace,
            accounts,
            following,
            quota_bytes=providers.Callable(lambda settings: settings.quota_mb * 2**20, settings),
            max_file=providers.Callable(lambda settings: settings.max_upload_mb * 2**20, settings),
        ),
        posting=providers.Singleton(Posting, new_uow.provider, clock, ids),
        commenting=providers.Singleton(Commenting, new_uow.provider, clock, ids, comment_reads, cursors),
        drafting=providers.Singleton(
            Drafting, new_uow.provider, clock, ids, providers.Singleton(PostgresDraftReads), cursors
        ),
        uploading=providers.Singleton(
            Uploading,
            new_uow.provider,
            clock,
            ids,
            images,
            media,
            limiter,
            providers.Singleton(PostgresFileReads),
            cursors,
            turns,
            quota_bytes=providers.Callable(lambda settings: settings.quota_mb * 2**20, settings),
        ),
        feeds=feeds,
        notifying=notifying,
        living=living,
        catching_up=providers.Singleton(CatchingUp, providers.Singleton(PostgresHomeVisits), cursors, clock),
        downloading=providers.Singleton(
            Downloading, new_uow.provider, images, media, workspace, turns, limiter
        ),
        finding=providers.Singleton(Finding, providers.Singleton(PostgresFindingReads)),
        people=providers.Singleton(People, people_reads, cursors),
        overviews=providers.Singleton(
            Overviews, providers.Singleton(PostgresOverviewReads), feeds, cache, clock
        ),
        meeting=providers.Singleton(Meeting, providers.Singleton(PostgresMeetingReads), cache),
        media_access=providers.Singleton(MediaAccess, people_reads),
        grants=providers.Singleton(MediaGrants, secret, clock),
        operations=providers.Singleton(
            Operations, providers.Singleton(PostgresOperationsReads), media, clock
        ),
        directory=providers.Singleton(
            Directory, new_uow.provider, providers.Singleton(PostgresDirectoryReads), cursors
        ),
        moderation=providers.Singleton(
            Moderation,
            new_uow.provider,
            clock,
            ids,
            limiter,
            providers.Singleton(PostgresModerationReads),
            cursors,
        ),
        runner=providers.Singleton(
            Runner,
            means,
            wake,
            EventDecoder(*REACTIONS),
            parallel=providers.Callable(
                lambda settings: max(settings.image_workers, os.cpu_count() or 1), settings
            ),
        ),
        housekeeping=providers.Singleton(Housekeeping, means),
        media=media,
        workspace=workspace,
        limiter=limiter,
        clock=clock,
        ids=ids,
        reading=providers.Object(reading),
    )


@dataclass(frozen=True, slots=True)
class Database:
    """Where the database is: an outside server's URL, or the embedded server's address."""

    place: Address | str

    @property
    def embedded(self) -> bool:
        """Whether it is our own server in the data folder."""
        return isinstance(self.place, Address)

    def told(self) -> str | list[Any]:
        """The place as JSON can carry it to another process."""
        return list(astuple(self.place)) if isinstance(self.place, Address) else self.place

    @classmethod
    def heard(cls, told: str | list[Any]) -> "Database":
        """The database that `told` speaks of."""
        return cls(told if isinstance(told, str) else Address(*told))

    def config(self, settings: Settings, name: str = "heliograph") -> TortoiseConfig:
        """The ORM's configuration for it."""
        return orm_config(self.place, pool_min=2, pool_max=settings.database_pool, application_name=name)


@dataclass(frozen=True, slots=True)
class Schema:
    """Names of the newest step in the database (None: empty) and in the code, and of those that are missing."""

    current: str | None
    expected: str | None
    missing: list[str]


@contextmanager
def open_database(settings: Settings, *, owner: bool, durable: bool = True) -> Iterator[Database]:
    """The database as configured; the embedded server is started, and stopped at the end. Blocks.

    The `owner` (a server) must have the data folder for itself and raises AlreadyRunning otherwise; a command joins
    the server that is running, or starts one for its own short life. An outside database may have servers on other
    machines too, each with a data folder of its own.
    """
    url = settings.database_url.get_secret_value()
    if url:
        with FolderLock(settings.data_dir) if owner else nullcontext():
            yield Database(url)
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    joined = None if owner else EmbeddedPostgres.join(settings.data_dir)
    if joined is not None:
        yield Database(joined)
        return
    with EmbeddedPostgres(settings.data_dir, durable=durable) as address:
        yield Database(address)


def has_place(settings: Settings) -> bool:
    """Whether a place was made in the data folder. An outside database is not asked."""
    outside = settings.database_url.get_secret_value()
    return settings.data_dir.exists() if outside else EmbeddedPostgres.is_in(settings.data_dir)


def has_secret(settings: Settings) -> bool:
    """Whether there is a secret key, in the settings or the data folder."""
    return bool(settings.secret_key.get_secret_value()) or (settings.data_dir / "secret.key").exists()


def read_secret(settings: Settings) -> bytes:
    """The secret that signs cursors, forms and media grants; made once and kept in the data folder if not given."""
    given = settings.secret_key.get_secret_value()
    if given:
        return given.encode()
    path = settings.data_dir / "secret.key"
    with suppress(FileExistsError):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
    secret = path.read_text(encoding="ascii").strip().encode()
    if len(secret) < 32:
        raise BadConfiguration(
            f"{path} is damaged: put a backup's back, or remove it and every open form starts anew"
        )
    return secret


async def prepare(settings: Settings, database: Database) -> list[str]:
    """What the one process that starts first does: migrate, empty the workspace, take leases from the dead.

    Answers with the names of the migrations that were applied. Raises SchemaTooNew.
    """
    applied = await migrate.upgrade(database.config(settings, "heliograph migrate"))
    FolderWorkspace(settings.data_dir / "work").clear()
    if database.embedded:
        # Nobody else can be at work: this process holds the data folder.
        async with connected(settings, database):
            await take_leases_back()
    return applied


async def schema(settings: Settings, database: Database) -> Schema:
    """How far the database's tables are; changes nothing. Raises SchemaTooNew, Unavailable."""
    config = database.config(settings, "heliograph migrate")
    found = await migrate.versions(config)
    return Schema(found.current, found.expected, await migrate.pending(config))


async def upgrade(
    settings: Settings, database: Database, progress: Callable[[str], object], to: str | None = None
) -> list[str]:
    """Bring the tables up to date, or to the step `to`; the names of the steps, each told to `progress` before."""
    return await migrate.upgrade(database.config(settings, "heliograph migrate"), to=to, progress=progress)


async def downgrade(
    settings: Settings, database: Database, progress: Callable[[str], object], to: str
) -> list[str]:
    """Take back the steps after `to`; their names, each told to `progress` before. Raises OneWay."""
    return await migrate.downgrade(database.config(settings, "heliograph migrate"), to, progress=progress)


def find_step(settings: Settings, database: Database, name: str) -> str | None:
    """The one step of the tables whose name begins with `name`."""
    return migrate.find(database.config(settings, "heliograph migrate"), name)


@asynccontextmanager
async def connected(
    settings: Settings, database: Database, *, no_limits: bool = False
) -> AsyncIterator[TortoiseContext]:
    """The ORM and its pool, open; with `no_limits` statements may take as long as they take. Raises Unavailable."""
    config = database.config(settings)
    with TortoiseContext() as context:
        try:
            await context.init(patient(config) if no_limits else config, _enable_global_fallback=True)
            async with acquire() as connection:
                await connection.fetchval("SELECT 1")
            yield context
        finally:
            await context.close_connections()


@asynccontextmanager
async def started(
    settings: Settings,
    database: Database,
    *,
    work: bool = True,
    no_limits: bool = False,
    cheap_passwords: bool = False,
    images: SandboxedImages | None = None,
    instead: Mapping[str, object] | None = None,
) -> AsyncIterator[Application]:
    """The application on an open, migrated database. With `work` it also runs jobs and the timers.

    With `no_limits`, which is for commands, statements may take as long as they take.

    Pictures that are given stay open at the end: tests share them, because they take a while to start. `instead` has
    objects to use for the container's own, by name.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(connected(settings, database, no_limits=no_limits))
        if images is None:
            images = SandboxedImages(settings.image_workers or None)
            stack.push_async_callback(images.close)
        passwords = Argon2Passwords(cheap=cheap_passwords)
        stack.callback(passwords.close)
        container = Container(
            settings=providers.Object(settings),
            secret=providers.Object(read_secret(settings)),
            images=providers.Object(images),
            passwords=providers.Object(passwords),
        )
        for name, other in (instead or {}).items():
            getattr(container, name).override(providers.Object(other))
        container.check_dependencies()
        application = container.application()
        if work:
            await application.place.read()
            await images.start()
            await stack.enter_async_context(_working(application))
        yield application


@asynccontextmanager
async def _working(application: Application) -> AsyncIterator[None]:
    """Jobs and timers while the block runs; at the end jobs get a moment to finish."""
    tasks = [
        asyncio.create_task(application.runner.run(), name="jobs"),
        asyncio.create_task(application.living.run(), name="live"),
        asyncio.create_task(_keep_house(application), name="housekeeping"),
    ]
    try:
        yield
    finally:
        await application.runner.stop()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=5)


async def _keep_house(application: Application) -> None:
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        for chore in (
            application.signing_in.write_down_use,
            application.sign_in_log.write_down,
            application.place.read,
            application.housekeeping.sweep_uploads,
            application.housekeeping.forget,
            application.operations.sweep_orphans,
            application.leaving.let_go,
            application.exporting.sweep,
        ):
            try:
                await chore()
            except Exception as error:  # noqa: BLE001 - a chore that fails stops neither the others nor its next time
                log.warning("%s: %r", chore.__name__, error)


@asynccontextmanager
async def seeding(
    settings: Settings, database: Database, pictures: Drawing, content: DemoContent, how: Recipe
) -> AsyncIterator[Seeding]:
    """What puts demo content into an instance, with its jobs running meanwhile."""
    clock, passwords = BackdatedClock(), OnePassword()
    instead = {"clock": clock, "ids": BackdatedIds(clock), "passwords": passwords}
    async with started(settings, database, work=False, instead=instead) as application:
        made = Seeding(application, clock, pictures, content, how)
        work = asyncio.create_task(made.work())
        try:
            yield made
        finally:
            await application.runner.stop()
            await asyncio.wait([work], timeout=5)
            passwords.close()


def open_takeout(path: Path) -> AbstractContextManager[TakeoutReader]:
    """An archive of somebody's data, looked through. Raises RefusedArchive, OSError."""
    return takeouts.reading(path)


# Backups


async def back_up(
    settings: Settings, database: Database, path: Path, *, secrets: bool, progress: Progress
) -> Manifest:
    """Write a backup while others work. Raises FileExistsError, BackupFailed, Unavailable, OSError."""
    found = await schema(settings, database)
    manifest = Manifest(
        VERSION,
        found.current or "",
        datetime.now(UTC).isoformat(timespec="seconds"),
        await called(settings, database),
        secrets,
    )
    told = {name: value for name, value in settings.told().items() if name not in settings.SECRETS}
    async with connected(settings, database, no_limits=True):
        media = FilesystemMediaStore(settings.data_dir / "media")
        with archive.writing(path) as writer, FolderWorkspace(settings.data_dir / "work").held() as folder:
            manifest.files[CONFIG] = await writer.add(CONFIG, json.dumps(told, indent=1).encode())
            if secrets:
                manifest.files[SECRET] = await writer.add(SECRET, read_secret(settings))
            await backups.create(writer, manifest, PostgresDumps(database.place), media, folder, progress)
            writer.finish(manifest)
    with suppress(Unavailable):  # the backup is good also where the log cannot say so
        async with started(settings, database, work=False, no_limits=True) as application:
            await application.moderation.log_backup()
    return manifest


async def check_backup(path: Path, progress: Progress) -> Manifest:
    """Read every byte of a backup and compare. Raises DamagedArchive, OSError."""
    # There may be no place yet, and the usual folder for what is temporary may be memory, too little for a database.
    scratch = Path(os.environ.get("TMPDIR") or "/var/tmp")  # noqa: S108 - a folder of its own is made in it
    with archive.reading(path) as reader, FolderWorkspace(scratch).held() as folder:
        await backups.check(reader, PostgresDumps(), folder, progress)
        return reader.manifest


async def archived_settings(path: Path) -> dict[str, Any]:
    """The settings of the place that was backed up, without secrets. Raises DamagedArchive."""
    with archive.reading(path) as reader, tempfile.TemporaryDirectory(prefix="heliograph-backup-") as folder:
        file = Path(folder) / CONFIG
        if CONFIG in reader.manifest.files:
            await reader.extract(CONFIG, file)
        told: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
        return told


async def called(settings: Settings, database: Database) -> str:
    """What the place is called."""
    async with connected(settings, database, no_limits=True), acquire() as connection:
        # A place of an earlier version, or none at all, has nothing stored.
        is_there = await connection.fetchval("SELECT to_regclass('public.place_itself') IS NOT NULL")
        stored = await PostgresInstances(connection).find() if is_there else None
    return settings.instance_name or (stored.name if stored else DEFAULT_NAME)


async def rows_in_use(settings: Settings, database: Database) -> dict[str, int] | None:
    """Rows by table, or None where nobody has used this place: no account, no picture."""
    media, dumps = FilesystemMediaStore(settings.data_dir / "media"), PostgresDumps(database.place)
    async with connected(settings, database, no_limits=True):
        if await dumps.has_people() or [x async for x in media.walk()]:
            return await dumps.counts()
    return None


async def restore_backup(
    settings: Settings, database: Database, path: Path, progress: Progress
) -> list[Violation]:
    """Replace everything by a checked backup, bring it up to date, and verify it; what is wrong with it.

    The secret key comes back when it is in the archive and none is configured. Raises BackupFailed, SchemaTooNew.
    """
    media = FilesystemMediaStore(settings.data_dir / "media")
    with archive.reading(path) as reader:
        async with connected(settings, database, no_limits=True):
            with FolderWorkspace(settings.data_dir / "work").held() as folder:
                await backups.restore(reader, PostgresDumps(database.place), media, folder, progress)
        if SECRET in reader.manifest.files and not settings.secret_key.get_secret_value():
            target = settings.data_dir / "secret.key"
            target.unlink(missing_ok=True)
            target.touch(0o600)
            await reader.extract(SECRET, target)
    await prepare(settings, database)
    async with started(settings, database, work=False, no_limits=True) as application:
        # What was here before, and what removals were still to take away when the backup was made.
        await application.operations.collect_garbage(older_than=timedelta(), force=True)
        return await application.operations.verify()


async def empty(settings: Settings, database: Database) -> None:
    """Remove every account, post and picture. The new log begins with that."""
    async with started(settings, database, work=False, no_limits=True) as application:
        await PostgresDumps(database.place).empty()
        await application.moderation.log_reset()
        for root in ROOTS:
            await application.media.delete(f"{root}/")


async def image_codecs() -> dict[str, bool]:
    """Which formats the picture process can read and write. Not in this process, which has no decoders."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adapters.pillow.codecs", stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    answer, _ = await process.communicate()
    found: dict[str, bool] = json.loads(answer)
    return found
