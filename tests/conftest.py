"""What tests stand on: a real PostgreSQL, the real program on it, the real server, real pictures.

Every test process has a server and a database of its own, so `pytest -n 2` needs no arrangement between them. A test
that asks for `program` finds empty tables (deleting from them takes 5 ms, cloning a database takes 80) and in-process
state that nobody has used. Settings differ from the defaults by `@pytest.mark.settings(sign_up="invite")`.
"""

import asyncio
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import hypothesis
import pytest
from PIL import Image
from sanic import Sanic

from adapters.pillow.images import SandboxedImages
from adapters.postgres import migrate
from adapters.postgres.embedded import Address, EmbeddedPostgres
from adapters.postgres.engine import orm_config
from application.program import Application
from domain.kernel import UserId
from entrypoints import container
from entrypoints.container import Database
from entrypoints.protocol import DeadlineProtocol
from entrypoints.settings import Settings

PASSWORD = "four words make sense"
POOL = 8

Sanic.test_mode = True

hypothesis.settings.register_profile(
    "dev", deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
hypothesis.settings.register_profile(
    "ci", hypothesis.settings.get_profile("dev"), derandomize=True, database=None, print_blob=True
)
hypothesis.settings.register_profile("deep", hypothesis.settings.get_profile("dev"), max_examples=2_000)
hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "settings(**changes): settings that differ from the tests' usual ones")
    # Whoever runs the tests in the background may have them started deaf to Ctrl C, and programs started here with them.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest are begun first, so that none of them is alone at the end."""
    slow = (
        "test_every_page.py",
        "test_cli.py",
        "test_backup.py",
        "test_crash.py",
        "test_serving.py",
        "test_make.py",
        "test_smoke.py",
    )
    items.sort(key=lambda item: item.path.name not in slow)


# The database


@pytest.fixture(scope="session")
def room() -> Iterator[Path]:
    """This process's folder. Not pytest's own, through which the database's user cannot pass when root runs tests."""
    made = Path(tempfile.mkdtemp(prefix="heliograph-tests-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(room: Path) -> Iterator[Address]:
    """An embedded server of this process; its first database stays as it is, for `pristine`."""
    with EmbeddedPostgres(room / "server", durable=False) as address:
        yield address


@pytest.fixture(scope="session")
async def pristine(postgres: Address) -> str:
    """The name of a migrated, empty database that nobody is connected to, to be cloned."""
    await migrate.upgrade(orm_config(postgres))
    return postgres.database


@pytest.fixture(scope="session")
async def clone(postgres: Address, pristine: str) -> Callable[[str], Any]:
    """`await clone("name")` makes a migrated, empty database for tests that bend its tables or fill it."""

    async def make(name: str) -> Database:
        connection = await asyncpg.connect(**(postgres.connect_arguments() | {"database": "postgres"}))
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{pristine}" STRATEGY wal_log')
        finally:
            await connection.close()
        return Database(replace(postgres, database=name))

    return make


@pytest.fixture(scope="session")
async def database(clone: Callable[[str], Any]) -> Database:
    """The database that all ordinary tests share, one after the other."""
    made: Database = await clone("tests")
    return made


@pytest.fixture(scope="session")
async def sweep(database: Database) -> AsyncIterator[Callable[[], Any]]:
    """`await sweep()` empties every table: before each test, and between the examples of a Hypothesis test."""
    connection = await connect(database)
    tables = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
    )
    # Accounts go first: most of the rest goes with them by foreign keys.
    names = sorted((row["tablename"] for row in tables), key=lambda name: (name != "users", name))
    # The audit log lets nobody delete.
    script = ";".join(f'DELETE FROM "{name}"' if name != "audit" else "TRUNCATE audit" for name in names)
    yield lambda: connection.execute(script)
    await connection.close()


@pytest.fixture
async def empty_database(database: Database, sweep: Callable[[], Any]) -> Database:
    """The shared database with nothing in it."""
    await sweep()
    return database


@pytest.fixture
async def sql(empty_database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own, beside the program, to look at rows and to bend them."""
    connection = await connect(empty_database)
    yield connection
    await connection.close()


async def connect(database: Database) -> asyncpg.Connection:
    """A connection beside any pool, without time limits."""
    assert isinstance(database.place, Address)
    return await asyncpg.connect(**database.place.connect_arguments())


# The program


@pytest.fixture(scope="session")
async def images() -> AsyncIterator[SandboxedImages]:
    """The picture processes of this test process; they are started by the first picture."""
    made = SandboxedImages(2)
    yield made
    await made.close()


@pytest.fixture
def data_dir(room: Path) -> Iterator[Path]:
    """Media, work folder and secret of one test."""
    made = Path(tempfile.mkdtemp(prefix="data-", dir=room))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket on a port that nobody else has; taken first, because the settings name the port."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        yield made


@pytest.fixture
def settings(data_dir: Path, listening: socket.socket, request: pytest.FixtureRequest) -> Settings:
    """The tests' usual settings: no limits for this machine; changed by `@pytest.mark.settings`."""
    usual: dict[str, Any] = {
        "data_dir": data_dir,
        "port": listening.getsockname()[1],
        "database_pool": POOL,
        "secret_key": "a secret of tests that is long enough",
        "relax_loopback": True,
        "log_level": "error",
    }
    for marker in reversed(list(request.node.iter_markers("settings"))):
        usual |= marker.kwargs
    return Settings(**usual)


@pytest.fixture
async def program(
    settings: Settings, empty_database: Database, images: SandboxedImages
) -> AsyncIterator[Application]:
    """The use cases on empty tables. Jobs run when the test says `await program.runner.drain()`."""
    async with opened(settings, empty_database, images) as application:
        yield application


@pytest.fixture
def start_over(program: Application, sweep: Callable[[], Any], data_dir: Path) -> Callable[[], Any]:
    """`await start_over()` gives each example of a Hypothesis test empty tables and an empty media folder."""

    async def clean() -> None:
        await sweep()
        for folder in (data_dir / "media").iterdir():
            shutil.rmtree(folder)

    return clean


@asynccontextmanager
async def opened(
    settings: Settings, database: Database, images: SandboxedImages | None = None, *, work: bool = False
) -> AsyncIterator[Application]:
    """The program as the server opens it, with passwords that take no time. Only one at a time."""
    async with container.started(
        settings, database, work=work, cheap_passwords=True, images=images
    ) as application:
        yield application


# The server


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who joined, with a token that may do everything a member may."""

    id: UserId
    name: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """For requests of theirs."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class Server:
    """The real server, listening in this very loop."""

    url: str
    app: Any
    program: Application

    async def join(
        self, name: str = "mira", *, role: Any = "member", scopes: list[str] | None = None
    ) -> Member:
        """A new member with a token."""
        return await join(self.program, name, role=role, scopes=scopes)

    @asynccontextmanager
    async def browser(self, **options: Any) -> AsyncIterator[aiohttp.ClientSession]:
        """A client that keeps cookies and does not follow redirects by itself unless told to."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(self.url, cookie_jar=jar, **options) as session:
            yield session


@pytest.fixture
async def server(
    settings: Settings, empty_database: Database, program: Application, listening: socket.socket
) -> AsyncIterator[Server]:
    """The real server on a port of its own, with the very `program` of the test."""
    async with serving(settings, empty_database, program, listening) as running:
        yield running


@pytest.fixture
async def client(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    """A client without cookies: `await client.get("/api/v1/…", headers=member.headers)`."""
    async with aiohttp.ClientSession(server.url, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


def _no_more(app: Any) -> None:
    """Adds no address."""


@asynccontextmanager
async def serving(
    settings: Settings,
    database: Database,
    program: Application,
    listening: socket.socket,
    prepare: Callable[[Any], object] = _no_more,
) -> AsyncIterator[Server]:
    """The server in the running loop, from its first listener to its last. `prepare` may add addresses to it."""
    app = _app(settings, database, program, prepare)
    listening.listen()
    running = await app.create_server(sock=listening, return_asyncio_server=True, protocol=DeadlineProtocol)
    assert running is not None
    if not app.state.is_started:
        await running.startup()
    await running.before_start()
    await running.after_start()
    await running.start_serving()
    try:
        yield Server(f"http://127.0.0.1:{listening.getsockname()[1]}", app, program)
    finally:
        await running.before_stop()
        running.close()
        for connection in list(running.connections):
            connection.close_if_idle()
        await running.after_stop()


_apps: dict[Callable[[Any], object], Any] = {}


def _app(
    settings: Settings, database: Database, program: Application, prepare: Callable[[Any], object]
) -> Any:
    """The application as the server makes it. One serves all tests of this process: turning its addresses into code
    takes longer than most tests. What it learns while it runs is in `ctx`, which each test starts anew."""
    from entrypoints.server import create_app  # late, because most tests need no web at all

    if prepare not in _apps:
        made = create_app(settings, database, start=lambda: nullcontext(made.ctx.program))
        prepare(made)
        _apps[prepare] = made
    app = _apps[prepare]
    app.ctx.__dict__.clear()
    app.ctx.settings, app.ctx.stopping, app.ctx.program = settings, False, program
    return app


async def join(
    program: Application, name: str, *, role: Any = "member", scopes: list[str] | None = None
) -> Member:
    """A new member with a token, without the throttle of the front door."""
    account = await program.joining.add(name, PASSWORD, role=role)
    issued = await program.signing_in.token_for(name, "tests", scopes)
    return Member(account.id, name, issued.secret)


# Pictures


_jpegs: dict[tuple[int, int, str], bytes] = {}


def a_jpeg(width: int = 320, height: int = 240, colour: str = "teal") -> bytes:
    """A small JPEG with a slope in it, made once."""
    key = (width, height, colour)
    if key not in _jpegs:
        picture = Image.new("RGB", (width, height), colour)
        picture.paste(Image.linear_gradient("L").resize((width, max(height // 2, 1))), (0, 0))
        made = BytesIO()
        picture.save(made, "JPEG", quality=80)
        _jpegs[key] = made.getvalue()
    return _jpegs[key]


async def settle(program: Application) -> None:
    """Run every job that is due and what it causes, then let callbacks run."""
    await program.runner.drain()
    await asyncio.sleep(0)
