"""Archives of accounts, and what was brought from elsewhere: row ↔ entity."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError

from adapters.postgres.engine import changed
from adapters.postgres.tables import ExportRow
from domain.exports import Export
from domain.kernel import AlreadyMade, ExportId, UserId

_COLUMNS = tuple(Export.__slots__)


def _read(row: Mapping[str, Any]) -> Export:
    return Export(**{name: row[name] for name in _COLUMNS})


class PostgresExports:
    """Implements domain.exports.Exports."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def add(self, export: Export) -> None:
        try:
            await ExportRow.create(**{name: getattr(export, name) for name in _COLUMNS})
        except IntegrityError as error:
            if isinstance(error.args[0], asyncpg.UniqueViolationError):
                raise AlreadyMade from error
            raise

    async def find(self, export_id: ExportId, *, lock: bool = False) -> Export | None:
        row = await self._c.fetchrow(
            f"SELECT * FROM exports WHERE id = $1{' FOR NO KEY UPDATE' if lock else ''}", export_id
        )
        return _read(row) if row else None

    async def of_user(self, user_id: UserId) -> list[Export]:
        rows = await self._c.fetch("SELECT * FROM exports WHERE user_id = $1 ORDER BY id DESC", user_id)
        return [_read(row) for row in rows]

    async def save(self, export: Export) -> None:
        values = {name: getattr(export, name) for name in _COLUMNS}
        await ExportRow.filter(id=values.pop("id")).update(**values)

    async def show_progress(self, export_id: ExportId, progress: int) -> bool:
        status = await self._c.execute(
            "UPDATE exports e SET state = 'processing', progress = $2 FROM users u WHERE e.id = $1 "
            "AND e.state IN ('waiting', 'processing') AND u.id = e.user_id AND u.state = 'active'",
            export_id,
            progress,
        )
        return changed(status)

    async def remove(self, export_ids: Sequence[ExportId]) -> None:
        await self._c.execute("DELETE FROM exports WHERE id = ANY($1::uuid[])", list(export_ids))

    async def expired(self, now: datetime, limit: int) -> list[Export]:
        rows = await self._c.fetch(
            "SELECT * FROM exports WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED",
            now,
            limit,
        )
        return [_read(row) for row in rows]

    async def begin_import(self, user_id: UserId, source_id: UUID, now: datetime) -> None:
        await self._c.execute(
            "INSERT INTO imports (user_id, source_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            user_id,
            source_id,
            now,
        )

    async def imported(self, user_id: UserId) -> dict[UUID, datetime | None]:
        rows = await self._c.fetch("SELECT source_id, finished_at FROM imports WHERE user_id = $1", user_id)
        return {row["source_id"]: row["finished_at"] for row in rows}

    async def finish_import(self, user_id: UserId, source_id: UUID, now: datetime) -> None:
        await self._c.execute(
            "UPDATE imports SET finished_at = $3 WHERE user_id = $1 AND source_id = $2",
            user_id,
            source_id,
            now,
        )
