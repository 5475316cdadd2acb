"""Putting a takeout into one file: lists, pages and copies of objects, a piece at a time, and telling how far it is."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from application import takeout
from domain.exports import Export
from domain.kernel import NotFound
from domain.ports import MediaStore, UnitOfWorks
from domain.users import Account

TELL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Written:
    """A file in the archive. `sha256` in hexadecimal."""

    size: int
    sha256: str


class TakeoutWriter(Protocol):
    """An archive in the making, on local disk. Raises OSError when there is no room for it."""

    async def add(self, name: str, content: bytes) -> Written:
        """Append a text."""
        ...

    async def add_chunks(self, name: str, chunks: AsyncIterator[bytes], *, packed: bool = False) -> Written:
        """Append what comes, without holding it in memory; pictures are not `packed`, as nothing makes them smaller."""
        ...


class TakeoutPages(Protocol):
    """The part of an archive that people read."""

    def extras(self) -> Mapping[str, bytes]:
        """Files that are the same in every archive, by name: style sheet, fonts, README."""
        ...

    def render(self, template: str, language: str, timezone: str, values: Mapping[str, Any]) -> bytes:
        """A page, in the owner's language."""
        ...


class Stopped(Exception):
    """Nobody wants the archive any more."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an archive says of where it was made."""

    version: str
    instance: str
    origin: str


class _List:
    """A list on its way into the archive: lines in a local file, because an archive takes one file at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._file: BinaryIO = path.open("wb")

    async def add(self, documents: Sequence[Mapping[str, Any]]) -> None:
        if documents:
            lines = b"".join(map(takeout.encode, documents))
            await asyncio.to_thread(self._file.write, lines)
            self.lines += len(documents)

    def close(self) -> None:
        self._file.close()


@dataclass(slots=True)
class Packing:
    """One archive on its way. `total` and `done` are bytes of originals, `page_counts` how many pages a list fills."""

    writer: TakeoutWriter
    pages: TakeoutPages
    media: MediaStore
    new_uow: UnitOfWorks
    place: Place
    export: Export
    account: Account
    folder: Path
    total: int = 1
    done: int = 0
    told_at: float = 0.0
    lists: dict[str, _List] = field(default_factory=dict)
    page_counts: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def list(self, name: str) -> _List:
        """The list of this name, among those of takeout.LISTS."""
        if name not in self.lists:
            self.lists[name] = _List(self.folder / f"{name}.jsonl")
        return self.lists[name]

    async def add_extras(self) -> None:
        """What is the same in every archive."""
        for name, content in self.pages.extras().items():
            await self.writer.add(name, content)

    async def add_document(self, name: str, document: Mapping[str, Any]) -> None:
        """A document in a file of its own."""
        await self.writer.add(name, takeout.encode(document, indent=1))

    async def add_page(self, template: str, name: str, values: dict[str, Any]) -> None:
        """A page that people read."""
        shared = {
            "me": self.account,
            "counts": {each: found.lines for each, found in self.lists.items()},
            "pages": self.page_counts,
            "instance": self.place.instance,
            "origin": self.place.origin,
            "made_at": self.export.created_at,
            "root": "" if "/" not in name else "../",
        }
        content = await asyncio.to_thread(
            self.pages.render, template, self.export.language, self.account.timezone, shared | values
        )
        await self.writer.add(name, content)

    async def copy(self, key: str, name: str, counts: int = 0) -> Written | None:
        """Copy an object; None where the store does not have it (any more). `counts` are bytes for the progress."""
        chunks = self.media.read(key)
        try:
            first = await anext(chunks, b"")
        except NotFound:
            self.missing.append(name)
            return None

        async def every() -> AsyncIterator[bytes]:
            yield first
            async for chunk in chunks:
                yield chunk

        written = await self.writer.add_chunks(name, every())
        await self.tell(counts)
        return written

    async def tell(self, counts: int = 0, *, at_once: bool = False) -> None:
        """Say how far it is, at most once a second. Raises Stopped."""
        self.done += counts
        now = time.monotonic()
        if not at_once and now - self.told_at < TELL_SECONDS:
            return
        self.told_at = now
        percent = min(99, 100 * self.done // self.total)
        async with self.new_uow() as uow:
            if not await uow.exports.show_progress(self.export.id, percent):
                raise Stopped
            await uow.commit()

    async def close_lists(self) -> dict[str, Any]:
        """Move the lists into the archive; what `about.json` says of them."""
        files: dict[str, Any] = {}
        for name in takeout.LISTS:
            if name not in self.lists:
                continue
            each = self.lists[name]
            await asyncio.to_thread(each.close)
            written = await self.writer.add_chunks(takeout.list_file(name), _chunks(each.path), packed=True)
            each.path.unlink()
            files[takeout.list_file(name)] = {
                "lines": each.lines,
                "size": written.size,
                "sha256": written.sha256,
            }
        return files

    def about(self, files: dict[str, Any]) -> dict[str, Any]:
        """The list of contents, of what `close_lists` says."""
        return {
            "format": takeout.FORMAT,
            "version": takeout.VERSION,
            "heliograph": self.place.version,
            "instance": self.place.instance,
            "origin": self.place.origin,
            "created_at": self.export.created_at,
            "account": {"id": self.account.id, "username": self.account.username},
            "files": files,
            "missing": self.missing,
        }

    def close(self) -> None:
        """Let go of what is open, finished or not."""
        for each in self.lists.values():
            each.close()


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, 256 * 1024):
            yield chunk
    finally:
        file.close()
