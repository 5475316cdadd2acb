"""Implements domain.ports.MediaStore in a folder."""

import asyncio
import errno
import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from domain.kernel import NotFound, Unavailable
from domain.ports import StoredObject

T = TypeVar("T")

CHUNK = 256 * 1024
# The last is what a process meets that may not write any larger file.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DISK = {*_FULL, errno.EIO, errno.EROFS}
_KEY = re.compile(r"[a-z0-9_-][a-z0-9._-]*(?:/[a-z0-9_-][a-z0-9._-]*)*/?")


class FilesystemMediaStore:
    """Objects are files below `folder`; a new one is written aside, synced and renamed, so readers see all or nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def put(self, key: str, source: Path) -> None:
        await self._in_thread(self._put, self._path(key), source)

    async def fetch(self, key: str, target: Path) -> None:
        await self._in_thread(shutil.copyfile, self._path(key), target)

    async def stat(self, key: str) -> StoredObject | None:
        try:
            found = await self._in_thread(os.stat, self._path(key))
        except NotFound:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        return StoredObject(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    async def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        file = await self._in_thread(open, self._path(key), "rb")
        try:
            await self._in_thread(file.seek, start)
            left = length
            while left is None or left > 0:
                chunk = await self._in_thread(file.read, CHUNK if left is None else min(CHUNK, left))
                if not chunk:
                    return
                left = None if left is None else left - len(chunk)
                yield chunk
        finally:
            file.close()

    async def delete(self, prefix: str) -> int:
        return await self._in_thread(self._delete, self._path(prefix), prefix.endswith("/"))

    async def walk(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        for stored in await self._in_thread(self._walk, prefix):
            yield stored

    async def folders(self, prefix: str) -> list[str]:
        return await self._in_thread(self._folders, prefix)

    def _folders(self, prefix: str) -> list[str]:
        try:
            with os.scandir(self._path(prefix)) as found:
                return [f"{prefix}{entry.name}/" for entry in found if entry.is_dir()]
        except FileNotFoundError:
            return []

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a storage key: {key!r}")
        return self._folder / key

    def _put(self, path: Path, source: Path) -> None:
        _make_folder(path.parent)
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with open(handle, "wb") as target, open(source, "rb") as origin:
                shutil.copyfileobj(origin, target, CHUNK)
                target.flush()
                os.fsync(target.fileno())
            os.chmod(aside, 0o640)
            os.replace(aside, path)
            _sync_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                os.unlink(aside)
            raise

    def _delete(self, path: Path, whole: bool) -> int:
        if not whole:
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
                if path.is_file():
                    raise
                return 0
            return 1
        count = sum(1 for found in path.rglob("*") if found.is_file())
        with suppress(FileNotFoundError):
            shutil.rmtree(path)
        return count

    def _walk(self, prefix: str) -> list[StoredObject]:
        found = []
        above, _, first = prefix.rpartition("/")
        top = self._path(above) if above else self._folder
        # Unlike `rglob`, this passes over folders that vanish meanwhile.
        for folder, below, names in os.walk(top, onerror=_unless_gone):
            if folder == str(top):
                below[:] = [name for name in below if name.startswith(first)]
            for name in names:
                path = Path(folder, name)
                key = path.relative_to(self._folder).as_posix()
                if key.startswith(prefix) and not name.startswith("."):
                    with suppress(FileNotFoundError):
                        facts = path.stat()
                        moment = datetime.fromtimestamp(facts.st_mtime, UTC)
                        found.append(StoredObject(key, facts.st_size, moment))
        return found

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        try:
            return await asyncio.to_thread(work, *arguments)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NotFound from None
        except OSError as error:
            raise unavailable(error) from error


def _unless_gone(error: OSError) -> None:
    """What a walk makes of a folder that it cannot list: only one that is not there (any more) is passed over."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def unavailable(error: OSError) -> Unavailable:
    """What a failing disk means to the rest of the program."""
    full = error.errno in _FULL
    return Unavailable(
        f"media folder: {error}",
        code="insufficient_storage" if full else "unavailable",
        retry_after_seconds=30,
    )


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each durably: a power cut must not take a stored object's folder away."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir()
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class FolderWorkspace:
    """Implements domain.ports.Workspace below `folder`, which is emptied at the start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def clear(self) -> None:
        """Remove what earlier processes left behind, but nothing that a process is at work in."""
        for path in self._folder.glob("*"):
            with suppress(OSError), _locked(path, fcntl.LOCK_EX):
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def held(self) -> Iterator[Path]:
        """What `directory` gives, for those who may block. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            with _locked(path, fcntl.LOCK_SH):
                yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    @asynccontextmanager
    async def directory(self) -> AsyncIterator[Path]:
        held = self.held()
        try:
            path = await asyncio.to_thread(held.__enter__)
        except OSError as error:
            raise unavailable(error) from error
        try:
            yield path
        except OSError as error:
            # A connection that breaks off is an OSError too, and nothing of the disk's.
            if error.errno not in _DISK:
                raise
            raise unavailable(error) from error
        finally:
            await asyncio.to_thread(held.__exit__, None, None, None)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """Hold the folder's lock, which the kernel takes away from whoever dies. Raises BlockingIOError, OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
