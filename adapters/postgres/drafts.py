"""Drafts with the uploads that they hold: row ↔ entity."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import asyncpg

from adapters.postgres.engine import acquire
from adapters.postgres.file_rows import read_crop, read_file
from application.drafting import DraftRow
from application.paging import Slice, moment_of
from domain.drafts import Draft
from domain.files import File
from domain.kernel import AlreadyMade, DraftId, FileId, UserId
from domain.posts import Photo, Place, place_id

# The job that would publish it at a time that counts no more. One that runs already finds that out by itself.
_CALL_OFF = """
DELETE FROM jobs WHERE event_type = 'DraftScheduled' AND payload ->> 'draft_id' = $1::uuid::text AND state = 'waiting'
  AND (payload ->> 'due_at')::timestamptz IS DISTINCT FROM $2
"""
_SAVE = """
UPDATE drafts SET caption = $2, place_name = $3, lat = $4, lon = $5, audience = $6, comments_on = $7, show_camera = $8,
  publish_at = $9, error_code = $10, error_detail = $11, updated_at = $12, version = $13
WHERE id = $1
"""
_ADD = """
INSERT INTO drafts (id, caption, place_name, lat, lon, audience, comments_on, show_camera, publish_at, error_code,
  error_detail, updated_at, version, author_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
# What the draft says of an upload stands beside the upload's own columns.
_PHOTOS = """
SELECT f.*, d.draft_id, d.alt AS draft_alt, d.crop AS draft_crop FROM draft_photos d JOIN files f ON f.id = d.file_id
WHERE d.draft_id = ANY($1::uuid[]) ORDER BY d.draft_id, d.position
"""


class PostgresDrafts:
    """Implements domain.drafts.Drafts."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def add(self, draft: Draft) -> None:
        try:
            await self._c.execute(_ADD, *_columns(draft), draft.author_id, draft.created_at)
        except asyncpg.UniqueViolationError:
            raise AlreadyMade from None
        await self._hold(draft)

    async def count(self, author: UserId) -> int:
        return int(await self._c.fetchval("SELECT count(*) FROM drafts WHERE author_id = $1", author))

    async def find(self, draft_id: DraftId, *, lock: bool = False) -> Draft | None:
        row = await self._c.fetchrow(
            f"SELECT * FROM drafts WHERE id = $1{' FOR UPDATE' if lock else ''}", draft_id
        )
        if row is None:
            return None
        photos = await self._c.fetch(
            "SELECT file_id AS id, alt AS draft_alt, crop AS draft_crop FROM draft_photos "
            "WHERE draft_id = $1 ORDER BY position",
            draft_id,
        )
        return _read_draft(row, photos)

    async def save(self, draft: Draft) -> None:
        await self._c.execute(_SAVE, *_columns(draft))
        await self._c.execute("DELETE FROM draft_photos WHERE draft_id = $1", draft.id)
        await self._hold(draft)
        await self._c.execute(_CALL_OFF, draft.id, draft.publish_at)

    async def remove(self, draft_id: DraftId) -> None:
        await self._c.execute("DELETE FROM drafts WHERE id = $1", draft_id)
        await self._c.execute(_CALL_OFF, draft_id, None)

    async def holding(self, file_ids: Sequence[FileId]) -> dict[FileId, DraftId]:
        rows = await self._c.fetch(
            "SELECT file_id, draft_id FROM draft_photos WHERE file_id = ANY($1::uuid[])", list(file_ids)
        )
        return {FileId(row["file_id"]): DraftId(row["draft_id"]) for row in rows}

    async def _hold(self, draft: Draft) -> None:
        await self._c.executemany(
            "INSERT INTO draft_photos (file_id, draft_id, position, alt, crop) VALUES ($1, $2, $3, $4, $5)",
            [
                (
                    photo.file_id,
                    draft.id,
                    i,
                    photo.alt,
                    json.dumps(asdict(photo.crop)) if photo.crop else None,
                )
                for i, photo in enumerate(draft.photos)
            ],
        )


class PostgresDraftReads:
    """Implements application.drafting.DraftReads."""

    async def of_author(self, author: UserId, part: Slice) -> list[DraftRow]:
        key = part.after or part.before
        beyond = "" if key is None else f"AND (updated_at, id) {'>' if part.after else '<'} ($2, $3)"
        order = "ASC" if part.after else "DESC"
        return await self._rows(
            f"SELECT * FROM drafts WHERE author_id = $1 {beyond} "
            f"ORDER BY updated_at {order}, id {order} LIMIT {int(part.limit)}",
            author,
            *([] if key is None else [moment_of(key.rank), key.id]),
        )

    async def one(self, author: UserId, draft_id: DraftId) -> DraftRow | None:
        rows = await self._rows("SELECT * FROM drafts WHERE author_id = $1 AND id = $2", author, draft_id)
        return rows[0] if rows else None

    async def count(self, author: UserId) -> int:
        async with acquire() as connection:
            return int(await connection.fetchval("SELECT count(*) FROM drafts WHERE author_id = $1", author))

    async def _rows(self, sql: str, *parameters: Any) -> list[DraftRow]:
        async with acquire() as connection:
            rows = await connection.fetch(sql, *parameters)
            photos: dict[Any, list[asyncpg.Record]] = {row["id"]: [] for row in rows}
            for photo in await connection.fetch(_PHOTOS, list(photos)):
                photos[photo["draft_id"]].append(photo)
        return [_row(row, photos[row["id"]]) for row in rows]


def _row(row: asyncpg.Record, photos: Sequence[asyncpg.Record]) -> DraftRow:
    files: tuple[File, ...] = tuple(read_file(photo) for photo in photos)
    return DraftRow(_read_draft(row, photos), files)


def _read_draft(row: Mapping[str, Any], photos: Sequence[Mapping[str, Any]]) -> Draft:
    name, lat, lon = row["place_name"], row["lat"], row["lon"]
    return Draft(
        DraftId(row["id"]),
        UserId(row["author_id"]),
        row["created_at"],
        row["updated_at"],
        tuple(Photo(photo["id"], photo["draft_alt"], read_crop(photo["draft_crop"])) for photo in photos),
        row["caption"],
        Place(place_id(name, lat, lon), name, lat, lon) if name else None,
        row["audience"],
        row["comments_on"],
        row["show_camera"],
        row["publish_at"],
        (row["error_code"], row["error_detail"] or "") if row["error_code"] else None,
        row["version"],
    )


def _columns(draft: Draft) -> tuple[Any, ...]:
    place, failure = draft.place, draft.failure
    return (
        draft.id,
        draft.caption,
        place.name if place else None,
        place.lat if place else None,
        place.lon if place else None,
        draft.audience,
        draft.comments,
        draft.show_camera,
        draft.publish_at,
        failure[0] if failure else None,
        failure[1][:500] if failure else None,
        draft.updated_at,
        draft.version,
    )
