"""The Tortoise engine of this project, and the only place that knows asyncpg's errors and pool.

It differs from the stock engine in four ways. A request that is cancelled while its transaction begins or ends
gives its connection back. Nobody waits longer than `ACQUIRE_SECONDS` for a connection. A database that is away,
overloaded or restarting is `Unavailable`, whatever asyncpg calls it. And giving a connection back costs no round
trip, because this code leaves no session state behind: no `SET` (only `SET LOCAL`), no session advisory locks, no
`LISTEN`, no temporary tables on a pooled connection. `connect` opens a connection of its own for such things.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import replace
from types import TracebackType
from typing import Any
from weakref import WeakSet

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    BaseDBAsyncClient,
    NestedTransactionContext,
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContextPooled,
)
from tortoise.config import AppConfig, ConnectionConfig, TortoiseConfig
from tortoise.connection import get_connections
from tortoise.exceptions import BaseORMException

from adapters.postgres.embedded import Address
from domain.kernel import Unavailable
from domain.ports import TooLong

CONNECTION = "default"
APP = "main"
ACQUIRE_SECONDS = 3.0
# The server's limit comes first: it ends the statement cleanly. The client's is for a server that went silent.
STATEMENT_SECONDS = 10.0
COMMAND_SECONDS = 15.0
IDLE_TRANSACTION_SECONDS = 15.0

SERVER_SETTINGS = {
    "jit": "off",
    "statement_timeout": f"{STATEMENT_SECONDS * 1000:.0f}",
    "idle_in_transaction_session_timeout": f"{IDLE_TRANSACTION_SECONDS * 1000:.0f}",
}

# What the database says to whoever should not have asked, wrong passwords and missing databases among it.
REFUSALS = (asyncpg.PostgresError, asyncpg.InterfaceError)

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TargetServerAttributeNotMatched,
    # What asyncpg says when it lost count of the conversation, as it does while the server dies.
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)
# asyncpg has one class for lost connections and for wrong use; only the text tells them apart.
_LOST_TEXTS = ("connection is closed", "connection was closed", "pool is clos")
# A connection that dies between two statements goes back to the pool by itself; the same text after we gave it
# back is wrong use of it.
_GIVEN_BACK = "has been released back"


def orm_config(
    database: Address | str,
    *,
    pool_min: int = 2,
    pool_max: int = 10,
    application_name: str = "heliograph",
    statement_cache_size: int = 100,
    migrations: str = "migrations",
    models: str = "adapters.postgres.tables",
) -> TortoiseConfig:
    """Tortoise's configuration for an embedded server's address or a `postgresql://` URL.

    URLs follow asyncpg's rules: several hosts, `sslmode`, `?host=/directory`, the PG* environment variables and
    `.pgpass`. `statement_cache_size=0` is for PgBouncer in transaction mode; then the timeouts of
    `SERVER_SETTINGS` are not sent, because PgBouncer refuses them, and belong to the role (`ALTER ROLE … SET`).
    Raises ValueError for a URL of another kind.
    """
    credentials: dict[str, Any] = {
        "minsize": pool_min,
        "maxsize": pool_max,
        "application_name": application_name,
        "command_timeout": COMMAND_SECONDS,
        "timeout": ACQUIRE_SECONDS,
        "statement_cache_size": statement_cache_size,
        "server_settings": dict(SERVER_SETTINGS) if statement_cache_size else {},
    }
    return TortoiseConfig(
        connections={
            CONNECTION: ConnectionConfig("adapters.postgres.engine", credentials | _place(database))
        },
        apps={APP: AppConfig(models=[models], default_connection=CONNECTION, migrations=migrations)},
        use_tz=True,
        timezone="UTC",
    )


def patient(config: TortoiseConfig, **pool: int) -> TortoiseConfig:
    """The same database without the time limits that are right for requests; `pool` replaces `minsize` and `maxsize`.

    For commands of whoever runs the place: what reads, counts or drops everything takes as long as it takes.
    """
    connection = config.connections[CONNECTION]
    if not isinstance(connection, ConnectionConfig):
        raise TypeError("the configuration does not come from orm_config")
    settings = connection.credentials["server_settings"]
    limits = {"command_timeout": None, "server_settings": settings and {**settings, "statement_timeout": "0"}}
    credentials = {**connection.credentials, **limits, **pool}
    return replace(config, connections={CONNECTION: replace(connection, credentials=credentials)})


def translate(error: BaseException) -> Unavailable | None:
    """`Unavailable` if `error` means that the database cannot serve now, None if it means anything else.

    Understands errors of asyncpg and the ones Tortoise wrapped, time limits included. Serialization failures and
    deadlocks are not among them: repeating the transaction at once is right there.
    """
    if isinstance(error, BaseORMException):
        return translate(error.args[0]) if error.args and isinstance(error.args[0], Exception) else None
    if isinstance(error, asyncpg.DiskFullError):
        return Unavailable(
            f"the database's disk is full: {error}", code="insufficient_storage", retry_after_seconds=60
        )
    if isinstance(error, asyncpg.QueryCanceledError):
        return TooLong(f"the database ended a statement: {error}")
    lost = isinstance(error, asyncpg.InterfaceError) and any(text in str(error) for text in _LOST_TEXTS)
    if lost or isinstance(error, _LOST):
        return Unavailable(f"the database cannot serve: {type(error).__name__}: {error}")
    return None


class translating:  # noqa: N801 - used like a function, and a class costs a tenth of a generator here
    """`with translating():` raises what `translate` makes of an error inside; other errors pass through.

    With the client whose connection the block uses, losing that connection between two statements is covered too.
    """

    __slots__ = ("client",)

    def __init__(self, client: "Client | Transaction | None" = None) -> None:
        self.client = client

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and (unavailable := _translate_for(self.client, error)) is not None:
            raise unavailable from error


# The connection that the reads of one request share, while `reading` is around them.
_shared: ContextVar[asyncpg.Connection | None] = ContextVar("shared", default=None)


class acquire:  # noqa: N801 - used like a function, as `translating` is
    """asyncpg's own connection, for reads in plain SQL: that of the transaction around, if any, else a pooled one.

        async with acquire() as connection: ...

    Raises Unavailable, also for what happens inside the block.
    """

    __slots__ = ("_borrowed", "_client")

    def __init__(self, client: BaseDBAsyncClient | None = None) -> None:
        self._client = client
        self._borrowed: Any = None

    async def __aenter__(self) -> asyncpg.Connection:
        if self._client is None and (shared := _shared.get()) is not None:
            return shared
        self._client = self._client or get_connections().get(CONNECTION)
        with translating(self._client):
            self._borrowed = self._client.acquire_connection()
            return await self._borrowed.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._borrowed is not None:
            with translating(self._client):
                await self._borrowed.__aexit__(kind, error, trace)
        if error is not None and (unavailable := _translate_for(self._client, error)) is not None:
            raise unavailable from error


class reading:  # noqa: N801 - used like a function, as `translating` is
    """One connection for all the reads inside, which must follow one another. Transactions inside take their own.

    Taking a connection from the pool and giving it back costs as much as a small query.
    """

    __slots__ = ("_acquired", "_token")

    async def __aenter__(self) -> None:
        self._acquired = acquire()
        self._token = _shared.set(await self._acquired.__aenter__())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _shared.reset(self._token)
        await self._acquired.__aexit__(kind, error, trace)


def is_reading() -> bool:
    """Whether `reading` is around the caller."""
    return _shared.get() is not None


def count_of(status: str) -> int:
    """How many rows a statement changed, by what the database answers it with (`DELETE 1`)."""
    return int(status.rsplit(" ", 1)[-1])


def changed(status: str) -> bool:
    """Whether a statement changed any row."""
    return count_of(status) > 0


async def connect(config: TortoiseConfig, **changes: Any) -> asyncpg.Connection:
    """A connection outside the pool, for LISTEN, advisory locks and COPY; the caller closes it.

    `changes` replace arguments of `asyncpg.connect`, such as `command_timeout`. Raises Unavailable.
    """
    credentials = {**_credentials(config)}
    name = credentials.pop("application_name")
    settings = {**credentials.pop("server_settings"), "application_name": name}
    for of_pool in ("minsize", "maxsize"):
        credentials.pop(of_pool)
    try:
        return await asyncpg.connect(**credentials, **{"server_settings": settings, **changes})
    except OSError as error:
        raise _unreachable(error) from error
    except Exception:
        with translating():
            raise


class Connection(asyncpg.Connection):
    """A connection of the pool. Whoever is cancelled while a transaction begins or ends leaves it open.

    asyncpg rolls it back, but tells the loop of a fault first, so it is rolled back before.
    """

    __slots__ = ()

    async def _reset(self) -> None:
        self._check_open()
        if self._protocol.is_in_transaction() or self._top_xact is not None:
            self._top_xact = None
            await self.execute("ROLLBACK")
        await super()._reset()


class PooledConnection(PoolConnectionWrapper[asyncpg.Connection]):
    """Borrows a connection for one query. Raises Unavailable."""

    __slots__ = ()
    client: "Client"

    async def __aenter__(self) -> asyncpg.Connection:
        self.connection = await self.client.check_out()
        return self.connection

    async def __aexit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None and (lent := self.connection._con) is not None:  # None once it was lost
            _unsettled.add(lent)
        await self.client.check_in(self.connection)


class Transaction(TransactionWrapper):
    """The client inside a transaction, or inside a savepoint of one."""

    is_open = True

    @property
    def holds_connection(self) -> bool:
        """False after the outermost block: whoever still uses this object then, has kept it for too long."""
        return self._parent.holds_connection if isinstance(self._parent, Transaction) else self.is_open

    def _in_transaction(self) -> NestedTransactionContext:
        return NestedTransactionContext(Transaction(self))

    async def _translate_exceptions(
        self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
    ) -> Any:
        with translating(self):
            return await super()._translate_exceptions(func, *args, **kwargs)


class TransactionBlock(TransactionContextPooled):
    """`async with in_transaction()`: gives its connection back however the block ends.

    A commit that raises Unavailable may have happened: only reading again tells.
    """

    __slots__ = ()
    client: Transaction

    async def __aenter__(self) -> TransactionalDBClient:
        parent: Client = self.client._parent
        connection = self.client._connection = await parent.check_out()
        try:
            await self.client.begin()
        except BaseException:  # cancellation above all: the caller went away while BEGIN was under way
            await parent.check_in(connection)
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # First of all, so that no cancellation below can leave a finished transaction as the current one.
        get_connections().reset(self.token)
        try:
            with translating(self.client):
                await self._finish(error)
        finally:
            self.client.is_open = False
            await self.client._parent.check_in(self.client._connection)

    async def _finish(self, error: BaseException | None) -> None:
        if error is None and not self.client._finalized:
            await self.client.commit()
        elif not self.client._finalized:
            await self._roll_back()
        if isinstance(error, asyncpg.InterfaceError):
            raise error  # as Unavailable, if it says that the connection was lost inside the block

    async def _roll_back(self) -> None:
        try:
            await self.client.rollback()
        except asyncpg.InterfaceError:
            pass  # a cancellation interrupted an earlier one; the pool rolls back what it is given
        except Exception as problem:
            # The server has rolled back by itself; the error that ended the block says more than this one.
            if _translate_for(self.client, problem) is None:
                raise


class Client(AsyncpgDBClient):
    """The client with a pool. Tortoise makes one per connection name and process."""

    holds_connection = True  # during a query, that is

    def __init__(self, *args: Any, dsn: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Kept apart from the other settings because those are logged, and a URL has the password in it.
        self._dsn = dsn
        # asyncpg's pool lets whoever comes take a connection that was given back for somebody who waits.
        self._turns = asyncio.Semaphore(self.pool_maxsize)

    async def check_out(self) -> asyncpg.Connection:
        """A connection of the pool, which `check_in` takes back. Raises Unavailable after `ACQUIRE_SECONDS`."""
        try:
            # Not the pool's own timeout: that one needs a task per call and can lose a connection on cancellation.
            async with asyncio.timeout(ACQUIRE_SECONDS):
                await self._turns.acquire()
                try:
                    if self._pool is None:
                        await self._open_pool()
                    return await self._pool.acquire()
                except BaseException:
                    self._turns.release()
                    raise
        except TimeoutError as error:
            raise Unavailable(f"no database connection was free within {ACQUIRE_SECONDS:.0f} s") from error
        except OSError as error:
            raise _unreachable(error) from error
        except Exception:
            with translating():
                raise

    async def check_in(self, connection: asyncpg.Connection) -> None:
        """Give a connection back to the pool; a lost one is replaced when somebody needs it."""
        try:
            await connection._holder._pool.release(connection)
        except Exception as problem:
            if translate(problem) is None:
                raise
        finally:
            self._turns.release()

    async def _open_pool(self) -> None:
        async with self._pool_init_lock:
            if self._pool is None:
                await self.create_connection(with_db=True)

    def acquire_connection(self) -> PooledConnection:
        return PooledConnection(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionBlock:
        return TransactionBlock(Transaction(self), self._pool_init_lock)

    async def create_pool(self, **kwargs: Any) -> asyncpg.Pool:
        if self._dsn:
            # Values given beside a URL would win over it, the default port for example.
            for part in ("host", "port", "user", "password", "database"):
                kwargs.pop(part, None)
        kwargs["connection_class"] = Connection
        return await asyncpg.create_pool(self._dsn, reset=_leave_as_it_is, **kwargs)

    async def _translate_exceptions(
        self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
    ) -> Any:
        with translating(self):
            return await super()._translate_exceptions(func, *args, **kwargs)


client_class = Client

# Connections in whose use an error or a cancellation occurred, until they are given back.
_unsettled: WeakSet[asyncpg.Connection] = WeakSet()


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    """Instead of asyncpg's reset query; an open transaction is rolled back before this.

    asyncpg prepares a statement without the Sync that only running it sends. Whoever is cancelled between the two
    leaves a server that waits for more, with the statement's time limit running: it would end a statement of
    whoever gets the connection next.
    """
    if connection in _unsettled:
        _unsettled.discard(connection)
        await connection.execute("SELECT")


def _translate_for(client: Client | Transaction | None, error: BaseException) -> Unavailable | None:
    if client is not None and isinstance(error, asyncpg.InterfaceError) and _GIVEN_BACK in str(error):
        return Unavailable("the database connection was lost") if client.holds_connection else None
    return translate(error)


def _credentials(config: TortoiseConfig) -> dict[str, Any]:
    connection = config.connections[CONNECTION]
    if not isinstance(connection, ConnectionConfig):
        raise TypeError("the configuration does not come from orm_config")
    return connection.credentials


def _place(database: Address | str) -> dict[str, Any]:
    if isinstance(database, Address):
        return database.connect_arguments()
    if not database.startswith(("postgresql://", "postgres://")):
        raise ValueError("A database URL starts with postgresql://")
    return {"dsn": database}


def _unreachable(error: OSError) -> Unavailable:
    return Unavailable(f"the database cannot be reached: {type(error).__name__}: {error}")
