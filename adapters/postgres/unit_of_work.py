"""The unit of work on one pooled connection, and the jobs that its events become."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import asyncpg
from tortoise.exceptions import BaseORMException
from tortoise.transactions import in_transaction

from adapters.postgres.accounts import PostgresAccounts
from adapters.postgres.comments import PostgresComments
from adapters.postgres.drafts import PostgresDrafts
from adapters.postgres.engine import is_reading, translate
from adapters.postgres.exports import PostgresExports
from adapters.postgres.files import PostgresFiles
from adapters.postgres.follows import PostgresFollows
from adapters.postgres.instance import PostgresInstances
from adapters.postgres.jobs import PostgresJobs
from adapters.postgres.live import append
from adapters.postgres.moderation import PostgresModeration
from adapters.postgres.notifications import PostgresNotifications
from adapters.postgres.posts import PostgresPosts
from adapters.postgres.sessions import PostgresInvites, PostgresResets, PostgresSessions, PostgresTokens
from adapters.postgres.sign_ins import PostgresSignIns
from domain.kernel import Event
from domain.live import LiveEvent
from domain.ports import Clock, Ids, TryAgain, Wake

ReactionsTo = Callable[[Event, datetime], Mapping[str, datetime]]

# The database undid the transaction through no fault of its own; the same again will very likely work.
_UNDONE = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,
)


class PostgresUnitOfWork:
    """Implements domain.ports.UnitOfWork."""

    accounts: PostgresAccounts
    sessions: PostgresSessions
    sign_ins: PostgresSignIns
    tokens: PostgresTokens
    invites: PostgresInvites
    resets: PostgresResets
    follows: PostgresFollows
    posts: PostgresPosts
    drafts: PostgresDrafts
    comments: PostgresComments
    files: PostgresFiles
    jobs: PostgresJobs
    moderation: PostgresModeration
    exports: PostgresExports
    notifications: PostgresNotifications
    instance: PostgresInstances

    def __init__(
        self, clock: Clock, ids: Ids, wake: Wake, live_wake: Wake, reactions_to: ReactionsTo
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._wake = wake
        self._live_wake = live_wake
        self._reactions_to = reactions_to
        self._events: list[Event] = []
        self._news: list[LiveEvent] = []
        self._committed = False

    async def __aenter__(self) -> Self:
        if is_reading():
            # Everybody holding one connection and waiting for a second would wait for ever.
            raise RuntimeError("a unit of work inside `reading`")
        self._transaction = in_transaction("default")
        try:
            self._client = await self._transaction.__aenter__()
        except Exception as error:
            raise translate(error) or error from error
        self._connection: asyncpg.Connection = self._client._connection
        self._open_repositories()
        return self

    def _open_repositories(self) -> None:
        connection, ids = self._connection, self._ids
        self.accounts = PostgresAccounts(connection)
        self.sessions = PostgresSessions(connection)
        self.sign_ins = PostgresSignIns(connection)
        self.tokens = PostgresTokens(connection)
        self.invites = PostgresInvites(connection)
        self.resets = PostgresResets(connection)
        self.follows = PostgresFollows(connection, ids)
        self.posts = PostgresPosts(connection, ids)
        self.drafts = PostgresDrafts(connection)
        self.comments = PostgresComments(connection)
        self.files = PostgresFiles(connection)
        self.jobs = PostgresJobs(connection)
        self.moderation = PostgresModeration(connection)
        self.exports = PostgresExports(connection)
        self.notifications = PostgresNotifications(connection, ids)
        self.instance = PostgresInstances(connection)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended_by = error
        try:
            if not self._committed:
                # Without this the ORM would commit a unit that was merely left.
                with suppress(asyncpg.InterfaceError, asyncpg.PostgresError, BaseORMException, OSError):
                    await self._client.rollback()
        except BaseException as interruption:
            ended_by = interruption
            raise
        finally:
            await self._transaction.__aexit__(type(ended_by) if ended_by else None, ended_by, trace)
        if isinstance(error, Exception):
            self._raise_translated(error)

    @staticmethod
    def _raise_translated(error: Exception) -> None:
        cause = error.args[0] if isinstance(error, BaseORMException) and error.args else error
        if isinstance(cause, _UNDONE):
            raise TryAgain(f"the database undid the transaction: {type(cause).__name__}") from error
        unavailable = translate(error)
        if unavailable is not None:
            raise unavailable from error

    def announce(self, event: LiveEvent) -> None:
        self._news.append(event)

    def record(self, event: Event) -> None:
        self._events.append(event)

    async def commit(self) -> None:
        rows = [row for event in self._events for row in self._job_rows(event)]
        if rows:
            await self._connection.executemany(
                "INSERT INTO jobs (event_id, reaction, event_type, payload, due_at, created_at) "
                "VALUES ($1, $2, $3, $4, $5, $6)",
                rows,
            )
        if self._news:
            await append(self._connection, self._news, self._clock.now())
        await self._client.commit()
        self._committed = True
        if rows:
            self._wake.kick()
        if self._news:
            self._live_wake.kick()

    def _job_rows(self, event: Event) -> list[tuple[Any, ...]]:
        now = self._clock.now()
        reactions = self._reactions_to(event, now)
        if not reactions:
            return []
        event_id, kind, payload = self._ids.new(), type(event).__name__, encode_event(event)
        return [(event_id, name, kind, payload, due_at, now) for name, due_at in reactions.items()]


def encode_event(event: Event) -> str:
    """An event as JSON; ids become text."""
    return json.dumps({f.name: getattr(event, f.name) for f in fields(event)}, default=str)


class EventDecoder:
    """Makes events of what `encode_event` wrote; `types` are all that exist."""

    def __init__(self, *types: type[Event]) -> None:
        self._types = {kind.__name__: kind for kind in types}

    def __call__(self, name: str, payload: dict[str, Any]) -> Event:
        """The event called `name`. Raises KeyError for a type that this version does not know."""
        kind = self._types[name]
        return kind(**{field.name: _revive(field.name, payload[field.name]) for field in fields(kind)})


def _revive(name: str, value: Any) -> Any:
    """Members named `…_id` are ids, those named `…_at` moments; lists were tuples."""
    if name.endswith("_id") and value is not None:
        return UUID(value)
    if name.endswith("_at") and value is not None:
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value
