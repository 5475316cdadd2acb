"""Implements the archives of application.backups as plain tar files.

Plain, because nearly all of an archive is pictures, which no compressor makes smaller, and the dump inside is compressed
already; any tar reads it, and single files can be taken out without unpacking what lies before.
"""

import asyncio
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from application.backups import FORMAT, MANIFEST, OBJECTS, DamagedArchive, Manifest, Stored

CHUNK = 1 << 20


class TarWriter:
    """Implements application.backups.ArchiveWriter."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    async def add(self, name: str, content: bytes) -> Stored:
        return await asyncio.to_thread(self._add, name, content)

    async def add_file(self, name: str, path: Path) -> Stored:
        return await asyncio.to_thread(self._add_file, name, path)

    def finish(self, manifest: Manifest) -> None:
        """Append the manifest, which makes the archive whole."""
        self._add(MANIFEST, json.dumps(asdict(manifest), indent=1).encode())

    def _add(self, name: str, content: bytes) -> Stored:
        self._tar.addfile(_info(name, len(content)), io.BytesIO(content))
        return Stored(len(content), hashlib.sha256(content).hexdigest())

    def _add_file(self, name: str, path: Path) -> Stored:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            self._tar.addfile(_info(name, size), file)
        return Stored(size, digest)


@contextmanager
def writing(path: Path) -> Iterator[TarWriter]:
    """A new archive, readable by its owner only, which appears under its name when the block ends well.

    Raises FileExistsError, and OSError when the disk is full; then nothing is left behind.
    """
    if path.exists():
        raise FileExistsError(f"{path} is already there.")
    aside = path.with_name(f".{path.name}.part")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield TarWriter(tar)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise


class TarReader:
    """Implements application.backups.ArchiveReader."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._members = _members(tar)
        self.manifest = self._read_manifest()
        for name in self._names():
            if name not in self._members:
                raise DamagedArchive(f"{name} is missing.")

    def objects(self) -> Iterable[str]:
        keys = self.manifest.objects
        return sorted(keys, key=lambda key: self._members[OBJECTS + key].offset)

    async def extract(self, name: str, path: Path) -> None:
        await asyncio.to_thread(self._extract, name, path)

    def _extract(self, name: str, path: Path) -> None:
        wanted = self.manifest.files.get(name) or self.manifest.objects[name.removeprefix(OBJECTS)]
        digest = hashlib.sha256()
        source = self._tar.extractfile(self._members[name])
        if source is None:
            raise DamagedArchive(f"{name} is not a file.")
        try:
            with source, path.open("wb") as target:
                while chunk := source.read(CHUNK):
                    digest.update(chunk)
                    target.write(chunk)
        except (tarfile.TarError, EOFError) as error:
            raise DamagedArchive(f"{name}: {error}") from None
        if digest.hexdigest() != wanted.sha256:
            raise DamagedArchive(f"{name} is not what it was when the backup was made.")

    def _names(self) -> Iterator[str]:
        yield from self.manifest.files
        yield from (OBJECTS + key for key in self.manifest.objects)

    def _read_manifest(self) -> Manifest:
        member = self._members.get(MANIFEST)
        source = self._tar.extractfile(member) if member else None
        if source is None:
            raise DamagedArchive("It has no manifest: it was cut off, or it is no backup of Heliograph.")
        try:
            return _manifest(json.load(source))
        except (ValueError, TypeError, KeyError) as error:
            raise DamagedArchive(f"Its manifest cannot be read: {error}") from None


@contextmanager
def reading(path: Path) -> Iterator[TarReader]:
    """An archive. Raises DamagedArchive, OSError."""
    try:
        with tarfile.open(path, mode="r:") as tar:
            yield TarReader(tar)
    except tarfile.TarError as error:
        raise DamagedArchive(f"{path} is no tar archive, or it was cut off: {error}.") from None


def _members(tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """By name; of files with one name the last. Anything that is not a plain file is left aside."""
    return {member.name: member for member in tar.getmembers() if member.isreg()}


def _manifest(told: dict[str, Any]) -> Manifest:
    if told["format"] != FORMAT:
        raise DamagedArchive(
            f"It has format {told['format']}, and this Heliograph reads {FORMAT}. Use the version {told.get('version')}."
        )
    for part in ("files", "objects"):
        told[part] = {name: Stored(**stored) for name, stored in told[part].items()}
    return Manifest(**told)


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info
