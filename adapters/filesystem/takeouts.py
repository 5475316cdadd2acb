"""Archives of people's data as ZIP files: written a piece at a time."""

import asyncio
import errno
import hashlib
import os
import shutil
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from application.exporting import Written

# The database writes to the same disk, and must never find it full because somebody packs their pictures.
RESERVED_BYTES = 256 * 2**20


class ZipWriter:
    """Implements application.exporting.TakeoutWriter."""

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
