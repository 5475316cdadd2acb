"""Uploads, by id and in lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
from tortoise.exceptions import IntegrityError

from adapters.postgres.cards import refresh_card
from adapters.postgres.engine import acquire
from adapters.postgres.file_rows import file_columns, read_file
from adapters.postgres.keyset import walk
from adapters.postgres.tables import FileRow
from application.paging import Slice
from application.views import Descriptions
from domain.files import File, Kind, State
from domain.kernel import AlreadyMade, DraftId, FileId, PostId, UserId

_WITH_DRAFT = "*, (SELECT draft_id FROM draft_photos WHERE file_id = f.id) AS draft_id"
_IN_NO_DRAFT = "NOT EXISTS (SELECT FROM draft_photos WHERE file_id = f.id)"
_STORED = "SELECT coalesce(sum(size), 0) FROM files WHERE owner_id = $1"


class PostgresFiles:
    """Implements domain.files.Files."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def add(self, file: File) -> None:
        try:
            await FileRow.create(**file_columns(file))
        except IntegrityError as error:
            if isinstance(error.args[0], asyncpg.UniqueViolationError):
                raise AlreadyMade from error
            raise

    async def find(self, file_id: FileId, *, lock: bool = False) -> File | None:
        if lock:
            # The post first: whoever edits a post takes it before its files, and both orders at once would deadlock.
            await self._c.execute(
                "SELECT FROM posts WHERE id = (SELECT post_id FROM files WHERE id = $1) FOR NO KEY UPDATE",
                file_id,
            )
        row = await self._c.fetchrow(
            f"SELECT {_WITH_DRAFT} FROM files f WHERE id = $1{' FOR NO KEY UPDATE' if lock else ''}", file_id
        )
        return read_file(row) if row else None

    async def find_many(self, file_ids: Sequence[FileId], *, lock: bool = False) -> list[File]:
        rows = await self._c.fetch(
            f"SELECT * FROM files WHERE id = ANY($1::uuid[]) ORDER BY id{' FOR NO KEY UPDATE' if lock else ''}",
            list(file_ids),
        )
        files = {row["id"]: read_file(row) for row in rows}
        return [files[file_id] for file_id in file_ids if file_id in files]

    async def of_post(self, post_id: PostId) -> list[File]:
        rows = await self._c.fetch("SELECT * FROM files WHERE post_id = $1 ORDER BY position", post_id)
        return [read_file(row) for row in rows]

    async def find_same(self, owner: UserId, sha256: str) -> FileId | None:
        found = await self._c.fetchval(
            "SELECT id FROM files WHERE owner_id = $1 AND sha256 = $2 ORDER BY id LIMIT 1", owner, sha256
        )
        return FileId(found) if found else None

    async def save(self, file: File) -> None:
        values = file_columns(file)
        await FileRow.filter(id=values.pop("id")).update(**values)
        if file.post_id is not None:
            await refresh_card(self._c, file.post_id)

    async def remove(self, file_id: FileId) -> None:
        await FileRow.filter(id=file_id).delete()

    async def stored_bytes(self, owner: UserId) -> int:
        return int(await self._c.fetchval(_STORED, owner))

    async def unattached_before(self, moment: datetime, limit: int) -> list[File]:
        rows = await self._c.fetch(
            f"SELECT * FROM files f WHERE post_id IS NULL AND {_IN_NO_DRAFT} AND created_at < $1 "
            "ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED",
            moment,
            limit,
        )
        # Again, now that they are locked: one of them may have come into a draft before.
        free = await self._c.fetch(
            f"SELECT id FROM files f WHERE id = ANY($1::uuid[]) AND {_IN_NO_DRAFT}",
            [row["id"] for row in rows],
        )
        loose = {row["id"] for row in free}
        return [read_file(row) for row in rows if row["id"] in loose]


class PostgresFileReads:
    """Implements application.uploading.FileReads."""

    async def of_owner(
        self, owner: UserId, kind: Kind | None, state: State | None, part: Slice, *, undescribed: bool = False
    ) -> list[File]:
        beyond, order, key = walk(part, "id")
        if undescribed:
            beyond += " AND post_id IS NOT NULL AND alt = ''"
        async with acquire() as connection:
            rows = await connection.fetch(
                f"SELECT {_WITH_DRAFT} FROM files f WHERE owner_id = $1 AND {beyond.format(2)} "
                "AND ($3::text IS NULL OR kind = $3) "
                f"AND ($4::text IS NULL OR state = $4) ORDER BY id {order} LIMIT {int(part.limit)}",
                owner,
                key,
                kind,
                state,
            )
        return [read_file(row) for row in rows]

    async def descriptions(self, owner: UserId) -> Descriptions:
        sql = (
            "SELECT count(*) AS photos, count(*) FILTER (WHERE alt <> '') AS described "
            "FROM files WHERE owner_id = $1 AND post_id IS NOT NULL"
        )
        async with acquire() as connection:
            return Descriptions(**dict(await connection.fetchrow(sql, owner)))

    async def stored_bytes(self, owner: UserId) -> int:
        async with acquire() as connection:
            return int(await connection.fetchval(_STORED, owner))

    async def unused(
        self, owner: UserId, file_ids: Sequence[FileId], draft: DraftId | None = None
    ) -> list[File]:
        where = (
            "post_id IS NULL AND NOT EXISTS "
            "(SELECT FROM draft_photos WHERE file_id = f.id AND draft_id IS DISTINCT FROM $3)"
        )
        return await _some_of(owner, file_ids, where, draft)

    async def posted(self, owner: UserId, file_ids: Sequence[FileId]) -> list[File]:
        return await _some_of(owner, file_ids, "post_id IS NOT NULL")


async def _some_of(owner: UserId, file_ids: Sequence[FileId], where: str, *parameters: Any) -> list[File]:
    async with acquire() as connection:
        rows = await connection.fetch(
            f"SELECT {_WITH_DRAFT} FROM files f WHERE id = ANY($1::uuid[]) AND owner_id = $2 AND {where} "
            "ORDER BY array_position($1, id)",
            list(file_ids),
            owner,
            *parameters,
        )
    return [read_file(row) for row in rows]
