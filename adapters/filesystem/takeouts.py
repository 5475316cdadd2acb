"""Archives of people's data as ZIP files: written a piece at a time, and read without believing anything."""

import asyncio
import errno
import hashlib
import os
import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from application.packing import Written
from application.unpacking import RefusedArchive

# The database writes to the same disk, and must never find it full because somebody packs their pictures.
RESERVED_BYTES = 256 * 2**20


class ZipWriter:
    """Implements application.packing.TakeoutWriter."""

    def __init__(self, archive: zipfile.ZipFile, folder: Path) -> None:
        self._zip = archive
        self._folder = folder
        self._now = datetime.now(UTC)
        self._written = 0

    async def add(self, name: str, content: bytes) -> Written:
        async def once() -> AsyncIterator[bytes]:
            yield content

        return await self.add_chunks(name, once(), packed=True)

    async def add_chunks(self, name: str, chunks: AsyncIterator[bytes], *, packed: bool = False) -> Written:
        digest, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(name, self._now.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.external_attr = 0o644 << 16
        # Lists can grow beyond what the short form of a header can tell.
        with self._zip.open(info, "w", force_zip64=packed) as entry:
            async for chunk in chunks:
                await asyncio.to_thread(self._write, entry, chunk)
                digest.update(chunk)
                size += len(chunk)
        return Written(size, digest.hexdigest())

    def _write(self, entry: object, chunk: bytes) -> None:
        self._written += len(chunk)
        # Twice: the store is given a copy of what is written here.
        if shutil.disk_usage(self._folder).free < self._written + len(chunk) + RESERVED_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder))
        entry.write(chunk)  # type: ignore[attr-defined]


@contextmanager
def writing(path: Path) -> Iterator[ZipWriter]:
    """A new archive at `path`. Raises OSError."""
    with zipfile.ZipFile(path, "x", allowZip64=True) as archive:
        yield ZipWriter(archive, path.parent)


# Reading one

# Enough for 70,000 photos; the list of contents is held in memory.
_MOST_DIRECTORY_BYTES = 16 * 2**20
_MOST_ENTRIES = 250_000
_MOST_NAME = 200
_CHUNK = 256 * 1024
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_END, _END_64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_ENCRYPTED = 0x1


class ZipReader:
    """Implements application.unpacking.TakeoutReader. Nothing is ever unpacked under a name from inside."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive
        self._entries = _harmless(archive)
        self.names = frozenset(self._entries)

    async def read(self, name: str, most: int) -> bytes:
        parts, size = [], 0
        async for chunk in self._chunks(name):
            size += len(chunk)
            if size > most:
                raise RefusedArchive(why=f"{name} is too long")
            parts.append(chunk)
        return b"".join(parts)

    async def lines(self, name: str, most_line: int, most: int) -> AsyncIterator[bytes]:
        if name not in self._entries:
            return
        rest, size = b"", 0
        async for chunk in self._chunks(name):
            size += len(chunk)
            *whole, rest = (rest + chunk).split(b"\n")
            if size > most or len(rest) > most_line or any(len(line) > most_line for line in whole):
                raise RefusedArchive(why=f"{name} is too long")
            for line in whole:
                if line.strip():
                    yield line
        if rest.strip():
            yield rest

    async def extract(self, name: str, target: Path | None, most: int) -> Written:
        digest, size = hashlib.sha256(), 0
        with target.open("wb") if target else nullcontext() as file:
            async for chunk in self._chunks(name):
                size += len(chunk)
                if size > most:
                    raise RefusedArchive(why=f"{name} is too long")
                digest.update(chunk)
                if file is not None:
                    await asyncio.to_thread(file.write, chunk)
        return Written(size, digest.hexdigest())

    async def _chunks(self, name: str) -> AsyncIterator[bytes]:
        try:
            entry = await asyncio.to_thread(self._zip.open, self._entries[name])
            with entry:
                while chunk := await asyncio.to_thread(entry.read, _CHUNK):
                    yield chunk
        except _DAMAGED as error:
            raise RefusedArchive(why=f"{name} is damaged ({error})"[:200]) from None


# What the library raises for what is no ZIP, or one that was cut off or bent.
_DAMAGED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    ValueError,
)


@contextmanager
def reading(path: Path) -> Iterator[ZipReader]:
    """An archive. Raises RefusedArchive, OSError."""
    _check_directory(path)
    try:
        archive = zipfile.ZipFile(path)
    except (*_DAMAGED, IndexError) as error:
        raise RefusedArchive(why=f"it is no ZIP archive, or it was cut off ({error})"[:200]) from None
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise RefusedArchive(why="its list of contents lies outside of it") from None
    with archive:
        yield ZipReader(archive)


def _check_directory(path: Path) -> None:
    """The list of contents is not too long to be read into memory. Raises RefusedArchive, OSError."""
    long: list[int] = []
    with path.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        start = max(0, length - 22 - 65_535 - 20)
        file.seek(start)
        tail = file.read()
        at = tail.rfind(_END)
        if at < 0 or len(tail) - at < 22:
            raise RefusedArchive(why="it is no ZIP archive, or it was cut off")
        (size,) = struct.unpack_from("<I", tail, at + 12)
        if at >= 20 and tail[at - 20 : at - 16] == _LOCATOR:
            # Older libraries look for the long form right before its locator, newer ones where that points to.
            (where,) = struct.unpack_from("<Q", tail, at - 12)
            for place in (where, start + at - 20 - 56):
                file.seek(min(max(0, place), length))
                record = file.read(56)
                if len(record) == 56 and record[:4] == _END_64:
                    long.append(struct.unpack_from("<Q", record, 40)[0])
    if max(long, default=size) > _MOST_DIRECTORY_BYTES:
        raise RefusedArchive(why="it holds too many files")


def _harmless(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files by name. Raises RefusedArchive for names that lead elsewhere, links, doubles and what is encrypted."""
    entries: dict[str, zipfile.ZipInfo] = {}
    infos = archive.infolist()
    if len(infos) > _MOST_ENTRIES:
        raise RefusedArchive(why="it holds too many files")
    for info in infos:
        name = info.filename
        # What the library made of it must be what stands in the file: a NUL would end a name early.
        if (
            name != info.orig_filename
            or len(name) > _MOST_NAME
            or not _NAME.fullmatch(name.removesuffix("/"))
        ):
            raise RefusedArchive(why=f"it holds a file with a strange name ({name[:60]!r})")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise RefusedArchive(why=f"{name} is a link")
        if info.flag_bits & _ENCRYPTED:
            raise RefusedArchive(why=f"{name} is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RefusedArchive(why=f"{name} is packed in a way that is not read here")
        if info.header_offset < 0:
            raise RefusedArchive(why=f"{name} lies outside of it")
        if name in entries:
            raise RefusedArchive(why=f"{name} is in it twice")
        if not info.is_dir():
            entries[name] = info
    return entries
