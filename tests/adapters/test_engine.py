"""The engine gives back every connection, waits for nobody without limit and survives its server."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from tortoise.context import TortoiseContext
from tortoise.transactions import in_transaction

from adapters.postgres import engine
from adapters.postgres.embedded import Address, EmbeddedPostgres
from adapters.postgres.engine import acquire, connect, orm_config, translate, translating
from domain.kernel import Unavailable

MODELS = "tests.adapters.no_tables"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[Address]:
    with EmbeddedPostgres(folder, durable=False) as address:
        yield address


@pytest.fixture
async def client(address: Address) -> AsyncIterator[engine.Client]:
    async with opened(orm_config(address, pool_min=1, pool_max=4, models=MODELS)) as client:
        yield client


class opened:  # noqa: N801 - reads like a function
    def __init__(self, config: engine.TortoiseConfig) -> None:
        self.config, self.context = config, TortoiseContext()

    async def __aenter__(self) -> engine.Client:
        await self.context.__aenter__()
        await self.context.init(self.config)
        return self.context.connections.get(engine.CONNECTION)

    async def __aexit__(self, *error: object) -> None:
        await self.context.__aexit__(None, None, None)


async def hold_all(client: engine.Client, seconds: float) -> None:
    async def hold() -> None:
        async with acquire(client) as connection:
            await connection.fetchval("SELECT 1")
            await asyncio.sleep(seconds)

    await asyncio.gather(*(hold() for _ in range(4)))


def all_free(client: engine.Client) -> bool:
    return all(holder.is_idle() for holder in client._pool._holders) and client._pool._queue.qsize() == 4


@pytest.mark.goal("O5")
async def test_cancelled_callers_leave_the_pool_whole(client: engine.Client) -> None:
    await client.execute_script("CREATE TABLE IF NOT EXISTS rude (id int)")

    async def rude(number: int) -> None:
        if number % 3 == 0:
            async with acquire(client) as connection:
                await connection.fetchval("SELECT pg_sleep(0.001)")
        elif number % 3 == 1:
            async with in_transaction():
                await client.execute_query("SELECT 1")
        else:
            async with in_transaction() as transaction:
                await transaction.execute_query("INSERT INTO rude VALUES (1)")
                async with in_transaction() as inner:
                    await inner.execute_query("SELECT pg_sleep(0.001)")

    cancelled = 0
    # asyncpg reports each connection that it has to roll back.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    for attempt in range(10_000):
        tasks = [asyncio.create_task(rude(attempt + number)) for number in range(10)]
        for number, task in enumerate(tasks):
            await asyncio.sleep((attempt * 37 + number * 11) % 100 / 100_000)
            cancelled += task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if cancelled >= 600:
            break
    await asyncio.sleep(0.2)
    asyncio.get_running_loop().set_exception_handler(None)
    assert all_free(client)
    await asyncio.wait_for(hold_all(client, 0.0), 5)


async def test_a_cancelled_commit_does_not_stay_the_current_transaction(client: engine.Client) -> None:
    for delay in range(40):
        block = in_transaction()
        with_deadline = asyncio.timeout(0.0001 * delay)
        try:
            async with with_deadline, block as transaction:
                await transaction.execute_query("SELECT 1")
        except (TimeoutError, Unavailable):
            pass
        assert engine.get_connections().get(engine.CONNECTION) is client
        assert await client.execute_query_dict("SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.goal("O5")
async def test_a_cancelled_rollback_hides_no_other_error(client: engine.Client) -> None:
    async def refused() -> None:
        async with in_transaction() as transaction:
            await transaction.execute_query("SELECT 1")
            await transaction.rollback()
            raise LookupError

    for delay in range(60):
        task = asyncio.create_task(refused())
        for _ in range(delay):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises((asyncio.CancelledError, LookupError)):
            await task
    assert all_free(client)


async def test_waiting_for_a_connection_ends_after_three_seconds(client: engine.Client) -> None:
    held = asyncio.create_task(hold_all(client, 3.5))
    await asyncio.sleep(0.3)
    attempts = [client.execute_query("SELECT 1"), begin(), read(client)]
    started = time.monotonic()
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert 2.5 < time.monotonic() - started < 4.0
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    await held
    assert (await client.execute_query("SELECT 1"))[0] == 1


async def begin() -> None:
    async with in_transaction():
        pass


async def read(client: engine.Client) -> None:
    async with acquire(client) as connection:
        await connection.fetchval("SELECT 1")


async def test_nobody_is_overtaken_while_waiting_for_a_connection(address: Address) -> None:
    asked, overtaken = 0, []

    async def visitor(client: engine.Client, number: int) -> None:
        nonlocal asked
        for _ in range(30):
            asked += 1
            ticket = asked
            async with acquire(client) as connection:
                overtaken.append(len(overtaken) + 1 - ticket)
                await connection.fetchval("SELECT 1")
            for _ in range(number % 5):
                await asyncio.sleep(0)

    config = orm_config(address, pool_min=2, pool_max=2, models=MODELS)
    async with opened(config) as client:
        await asyncio.gather(*(visitor(client, number) for number in range(20)))
    # Who asked as the nth is served as the nth, or a moment beside.
    assert max(overtaken) <= 2


async def test_reads_inside_a_transaction_use_its_connection(client: engine.Client) -> None:
    async with in_transaction() as transaction:
        async with acquire() as connection:
            inside = await connection.fetchval("SELECT pg_backend_pid()")
        [row] = await transaction.execute_query_dict("SELECT pg_backend_pid() AS pid")
    assert inside == row["pid"]


async def test_giving_back_costs_no_round_trip(client: engine.Client) -> None:
    async with acquire(client) as connection:
        await connection.execute("SET application_name TO 'left behind'")
    async with acquire(client) as connection:
        assert await connection.fetchval("SHOW application_name") == "left behind"


@pytest.mark.parametrize("rudeness", [asyncio.CancelledError(), ValueError()])
async def test_who_leaves_before_a_prepared_statement_ran_leaves_no_time_limit_running(
    address: Address, rudeness: BaseException
) -> None:
    config = orm_config(address, pool_min=1, pool_max=1, models=MODELS)
    async with opened(config) as client:
        with pytest.raises(type(rudeness)):  # noqa: PT012 - the end of the block is part of it
            async with acquire(client) as connection:
                await connection.execute("SET statement_timeout TO '100ms'")
                pid = await connection.fetchval("SELECT pg_backend_pid()")
                await connection.prepare("SELECT 42")
                raise rudeness
        watcher = await connect(config)
        state = await watcher.fetchval("SELECT state FROM pg_stat_activity WHERE pid = $1", pid)
        await watcher.close()
        await asyncio.sleep(0.3)
        async with acquire(client) as connection:
            assert await connection.fetchval("SELECT 42") == 42
            assert await connection.fetchval("SELECT pg_backend_pid()") == pid
    assert state == "idle"


async def test_the_session_has_time_limits(client: engine.Client) -> None:
    async with acquire(client) as connection:
        names = ("statement_timeout", "idle_in_transaction_session_timeout", "jit", "application_name")
        shown = [await connection.fetchval(f"SHOW {name}") for name in names]
    assert shown == ["10s", "15s", "off", "heliograph"]


async def test_a_transaction_whose_session_was_ended_is_unavailable_and_the_next_one_works(
    client: engine.Client, address: Address
) -> None:
    for statement in ("SELECT 1", None):
        with pytest.raises(Unavailable):  # noqa: PT012 - the end of the block is part of it
            async with in_transaction() as transaction:
                [row] = await transaction.execute_query_dict("SELECT pg_backend_pid() AS pid")
                await terminate(address, row["pid"])
                if statement:
                    await transaction.execute_query(statement)
        assert (await client.execute_query("SELECT 1"))[0] == 1
    assert all_free(client)


async def test_a_read_whose_session_was_ended_is_unavailable(client: engine.Client, address: Address) -> None:
    with pytest.raises(Unavailable):  # noqa: PT012 - the end of the block is part of it
        async with acquire(client) as connection:
            await terminate(address, await connection.fetchval("SELECT pg_backend_pid()"))
            await connection.fetchval("SELECT 1")
    assert (await client.execute_query("SELECT 1"))[0] == 1


async def terminate(address: Address, pid: int) -> None:
    other = await asyncpg.connect(**address.connect_arguments())
    await other.fetchval("SELECT pg_terminate_backend($1, 1000)", pid)
    await other.close()
    await asyncio.sleep(0.05)


async def test_an_idle_transaction_is_ended_by_the_server(address: Address) -> None:
    config = orm_config(address, pool_min=1, pool_max=1, models=MODELS)
    config.connections[engine.CONNECTION].credentials["server_settings"][
        "idle_in_transaction_session_timeout"
    ] = "100"
    async with opened(config):
        with pytest.raises(Unavailable):  # noqa: PT012 - the end of the block is part of it
            async with in_transaction() as transaction:
                await transaction.execute_query("SELECT 1")
                await asyncio.sleep(0.4)
                await transaction.execute_query("SELECT 1")


@pytest.mark.goal("K3")
async def test_after_a_restart_each_pooled_connection_fails_at_most_once(
    client: engine.Client, folder: Path
) -> None:
    await hold_all(client, 0.05)
    os.kill(int((folder / "postgres/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    await back(folder)
    failures = 0
    for _ in range(12):
        try:
            await client.execute_query("SELECT 1")
        except Unavailable:
            failures += 1
    assert failures <= 1
    assert all_free(client)


async def back(folder: Path) -> None:
    """Wait for the new server."""
    async with asyncio.timeout(10):
        await asyncio.sleep(0.3)
        while await asyncio.to_thread(EmbeddedPostgres.join, folder) is None:
            await asyncio.sleep(0.05)


@pytest.mark.goal("O5")
async def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    nowhere = Address(str(tmp_path), 5432, "heliograph", "heliograph")
    for database in (nowhere, nowhere.url(), "postgresql://u:secret@127.0.0.1:1/db"):
        config = orm_config(database, models=MODELS)
        with pytest.raises(Unavailable) as caught:
            await connect(config)
        assert "secret" not in str(caught.value)
        async with opened(config) as client:
            for attempt in (client.execute_query("SELECT 1"), begin(), read(client)):
                with pytest.raises(Unavailable):
                    await attempt


async def test_a_url_is_as_good_as_an_address(address: Address) -> None:
    config = orm_config(address.url(), pool_min=0, pool_max=1, application_name="by-url", models=MODELS)
    async with opened(config) as client:
        [row] = await client.execute_query_dict(
            "SELECT current_user::text AS who, current_database()::text AS db"
        )
        assert row == {"who": address.user, "db": address.database}
        assert await client.execute_query_dict("SHOW application_name") == [{"application_name": "by-url"}]
        # Tortoise logs what it opened the pool with.
        assert address.host not in str(client._template)
    with pytest.raises(ValueError, match="postgresql://"):
        orm_config("mysql://localhost/x")


async def test_without_a_statement_cache_nothing_that_pgbouncer_refuses_is_sent(address: Address) -> None:
    config = orm_config(address, pool_max=1, pool_min=0, statement_cache_size=0, models=MODELS)
    async with opened(config) as client:
        assert await client.execute_query_dict("SHOW statement_timeout") == [{"statement_timeout": "0"}]
        assert (await client.execute_query("SELECT $1::int", [1]))[0] == 1
        async with acquire(client) as connection:
            assert connection._stmt_cache.get_max_size() == 0


def test_only_what_means_away_is_translated() -> None:
    assert translate(ConnectionRefusedError()) is not None
    assert translate(asyncpg.InternalClientError("cannot switch to state 12")) is not None
    assert translate(TimeoutError()) is not None
    assert translate(asyncpg.TooManyConnectionsError("full")) is not None
    assert translate(asyncpg.InterfaceError("connection is closed")) is not None
    assert translate(asyncpg.DiskFullError("no space")).code == "insufficient_storage"
    assert translate(asyncpg.InterfaceError("another operation is in progress")) is None
    assert translate(asyncpg.UniqueViolationError("twice")) is None
    assert translate(asyncpg.SerializationError("again")) is None
    assert translate(FileNotFoundError()) is None
    with pytest.raises(KeyError), translating():
        raise KeyError
    with pytest.raises(Unavailable), translating():
        raise asyncpg.CannotConnectNowError("starting up")
