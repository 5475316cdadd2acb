"""A backup while people go on working: one archive with the database, every object it refers to, and a manifest.

Objects never change under their key, are stored before the row that refers to them, and are removed after it. So a row
of a snapshot has its objects for as long as the row lives; only those of rows that are removed after the snapshot may
vanish before they are copied. When that happens another snapshot is taken, and only what it has beyond the earlier ones
is left to copy: each round is shorter than the one before, and the last one is complete. Nobody's deletion waits.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from application.operations import prefix_of
from domain.kernel import NotFound
from domain.ports import MediaStore

DATABASE, MANIFEST, CONFIG, SECRET = "database.dump", "manifest.json", "config.json", "secret.key"
OBJECTS = "objects/"
FORMAT = 1
ROUNDS = 6

Progress = Callable[[int, int], object]


class DamagedArchive(Exception):
    """The file is no backup, is cut off, or something in it is not what it was. The text says what."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the archive: its size in bytes and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


@dataclass(slots=True)
class Manifest:
    """What is in an archive. It is the last file of it: an archive that was cut off has none.

    `counts` are rows by table; `schema` is the newest migration step. `missing` are objects that rows referred to but
    that were gone from the store before the backup began. `secrets` tells whether the secret key is in the archive.
    """

    version: str
    schema: str
    created_at: str
    instance_name: str
    secrets: bool
    format: int = FORMAT
    server: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    files: dict[str, Stored] = field(default_factory=dict)
    objects: dict[str, Stored] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The database at one moment: rows by table and every object that they refer to."""

    counts: dict[str, int]
    keys: frozenset[str]
    server: str


class Dumps(Protocol):
    """Takes the database out and puts it in."""

    async def take(self, file: Path) -> Snapshot:
        """Write the whole database of one moment to `file`, without sessions. Raises BackupFailed, Unavailable."""
        ...

    async def put_back(self, file: Path) -> None:
        """Replace everything in the database by `file`, or change nothing. Raises BackupFailed, Unavailable."""
        ...

    async def check(self, file: Path) -> None:
        """Whether `file` can be read at all. Raises DamagedArchive."""
        ...

    async def counts(self) -> dict[str, int]:
        """Rows by table, now, without what `take` leaves out."""
        ...

    async def keys(self) -> frozenset[str]:
        """Every object that rows refer to, now."""
        ...


class BackupFailed(Exception):
    """The database's own tools, or the disk, did not do their part. The text has their reason."""


class ArchiveWriter(Protocol):
    """An archive in the making; it appears under its name when it is finished."""

    async def add(self, name: str, content: bytes) -> Stored:
        """Append a file."""
        ...

    async def add_file(self, name: str, path: Path) -> Stored:
        """Append a local file."""
        ...


class ArchiveReader(Protocol):
    """An archive that was finished."""

    manifest: Manifest

    def objects(self) -> Iterable[str]:
        """The keys of its objects, in the order in which they lie in it."""
        ...

    async def extract(self, name: str, path: Path) -> None:
        """Write the file `name` to `path`, checked against the manifest. Raises DamagedArchive."""
        ...


async def create(
    writer: ArchiveWriter,
    manifest: Manifest,
    dumps: Dumps,
    media: MediaStore,
    folder: Path,
    progress: Progress,
) -> Manifest:
    """Write everything but the manifest, which is completed and handed back. `folder` is for files in the making."""
    copied = manifest.objects
    gone = await _copy(writer, copied, media, await dumps.keys(), progress)
    file = folder / DATABASE
    for _ in range(ROUNDS):
        snapshot = await dumps.take(file)
        gone_before = gone
        # A few, so that nobody waits for them, and who was told of the end is not told of another.
        gone = await _copy(writer, copied, media, snapshot.keys - copied.keys(), lambda done, total: None)
        # What was missing in two snapshots is not being removed just now: it was lost before.
        if gone <= gone_before:
            break
    else:
        raise BackupFailed("Pictures are being removed faster than they can be copied. Try again later.")
    manifest.files[DATABASE] = await writer.add_file(DATABASE, file)
    manifest.counts, manifest.server, manifest.missing = snapshot.counts, snapshot.server, sorted(gone)
    # Copied in an earlier round, and removed by somebody since.
    manifest.objects = {key: stored for key, stored in copied.items() if key in snapshot.keys}
    return manifest


async def _copy(
    writer: ArchiveWriter,
    copied: dict[str, Stored],
    media: MediaStore,
    keys: frozenset[str],
    progress: Progress,
) -> set[str]:
    """Append the objects; those that are not in the store (any more)."""
    gone = set()
    for number, key in enumerate(sorted(keys), start=1):
        try:
            # Whole, because no object is larger than the largest upload, and a file's header needs its size.
            content = b"".join([chunk async for chunk in media.read(key)])
        except NotFound:
            gone.add(key)
            continue
        copied[key] = await writer.add(OBJECTS + key, content)
        progress(number, len(keys))
    return gone


async def check(reader: ArchiveReader, dumps: Dumps, folder: Path, progress: Progress) -> None:
    """Read every byte of the archive and compare. `folder` is for files taken out of it. Raises DamagedArchive."""
    path = folder / "file"
    names = [*reader.manifest.files, *(OBJECTS + key for key in reader.objects())]
    for number, name in enumerate(names, start=1):
        await reader.extract(name, path)
        if name == DATABASE:
            await dumps.check(path)
        progress(number, len(names))
    if DATABASE not in reader.manifest.files:
        raise DamagedArchive("There is no database in this archive.")


async def restore(
    reader: ArchiveReader, dumps: Dumps, media: MediaStore, folder: Path, progress: Progress
) -> None:
    """Put everything back. Objects first: whatever stops this in between leaves no row without its object.

    What was put back in vain goes again. `folder` is for files taken out of the archive.
    """
    path = folder / "file"
    try:
        for number, key in enumerate(reader.objects(), start=1):
            await reader.extract(OBJECTS + key, path)
            await media.put(key, path)
            progress(number, len(reader.manifest.objects))
        await reader.extract(DATABASE, path)
        await dumps.put_back(path)
    except BaseException:
        # Without the database nobody knows what is in vain, and why it is away is what must be told.
        with suppress(Exception):
            await _take_back(reader, dumps, media)
        raise
    counts = await dumps.counts()
    different = [name for name, count in reader.manifest.counts.items() if counts.get(name) != count]
    if different:
        raise BackupFailed(
            f"These tables have other numbers of rows than the backup: {', '.join(different)}."
        )


async def _take_back(reader: ArchiveReader, dumps: Dumps, media: MediaStore) -> None:
    """Remove the archive's objects from the store, but those that rows refer to: they were here before."""
    known = {prefix_of(key) for key in await dumps.keys()}
    for prefix in {prefix_of(key) for key in reader.objects()} - known:
        await media.delete(prefix)
