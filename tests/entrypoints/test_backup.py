"""Backups: written while people work, whole when put back elsewhere, refused when they are not what they were."""

import asyncio
import io
import json
import re
import resource
import shutil
import tarfile
import tempfile
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from adapters.filesystem import archive
from adapters.filesystem.media import FilesystemMediaStore
from adapters.postgres import engine
from adapters.postgres.backup import PostgresDumps
from application import backups
from application.backups import BackupFailed, Manifest, Snapshot
from domain.files import AVATAR_NAMES
from domain.kernel import Unavailable
from entrypoints import container
from entrypoints.container import Database
from entrypoints.settings import Settings
from tests.conftest import a_jpeg, connect
from tests.entrypoints.command import PASSWORD, Place, ask


@pytest.fixture(scope="module")
def seeded(room: Path) -> Iterator[Place]:
    """A place with six people and eight posts, and its backup `photos.tar` beside the data."""
    place = _place(room, "seeded")
    place.result("migrate")
    counts = place.result(
        "seed", "--people", "6", "--posts", "8", "--password-file", "-", text=PASSWORD + "\n"
    )
    assert (counts["people"], counts["posts"]) == (6, 8)
    assert place.result("verify") == {"ok": True, "violations": []}
    place.result("backup", "create", "photos.tar")
    yield place
    shutil.rmtree(place.folder, ignore_errors=True)


@pytest.fixture
def elsewhere(room: Path, tmp_path: Path) -> Iterator[Place]:
    place = _place(room, f"else-{tmp_path.name}")
    yield place
    shutil.rmtree(place.folder, ignore_errors=True)


def _place(room: Path, name: str) -> Place:
    folder = room / name
    folder.mkdir()
    folder.chmod(0o755)
    return Place(folder)


class Writers:
    """People who post, comment and remove their posts until they are told to stop."""

    def __init__(self, address: str, names: list[str]) -> None:
        self._stop = threading.Event()
        self.posted = 0
        self.failures: list[Any] = []
        self._threads = [threading.Thread(target=self._work, args=(address, name)) for name in names]

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, address: str, name: str) -> None:
        token = ask(address, "POST", "/tokens", {"username": name, "password": PASSWORD})[1]["token"]
        while not self._stop.is_set():
            upload = _upload(address, token, len(self.failures) + self.posted)
            status, post = ask(
                address, "POST", "/posts", {"media": [{"upload_id": upload}], "caption": "#load"}, token
            )
            if status != 201:
                self.failures.append(post)
                return
            self.posted += 1
            ask(address, "POST", f"/posts/{post['id']}/comments", {"text": "Seen."}, token)
            if self.posted % 2:
                ask(address, "DELETE", f"/posts/{post['id']}", token=token)


def _upload(address: str, token: str, number: int) -> str:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"}
    picture = a_jpeg(200 + number % 50, 160)
    request = urllib.request.Request(f"{address}/api/v1/uploads", picture, headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.loads(answer.read())["id"])


@pytest.mark.goal("U4")
def test_a_backup_under_load_is_whole_when_it_is_put_back_elsewhere(seeded: Place, elsewhere: Place) -> None:
    file = elsewhere.folder / "under-load.tar"
    with seeded.serving(HELIOGRAPH_RELAX_LOOPBACK="true") as (address, _):
        credentials = {"username": "greta", "password": PASSWORD}
        assert ask(address, "POST", "/sessions", credentials)[0] in (200, 201)
        assert seeded.result("status")["sessions"] > 0
        with Writers(address, ["mira", "nplatov"]) as writers:
            time.sleep(1.5)
            before = writers.posted
            made = seeded.result("backup", "create", str(file))
            after = writers.posted
            time.sleep(0.5)
    assert writers.failures == []
    assert after > before > 0, "nothing was written meanwhile, so the test shows nothing"
    assert made["missing"] == []

    assert elsewhere.result("backup", "verify", str(file))["counts"] == made["counts"]
    restored = elsewhere.result("backup", "restore", str(file))
    assert (restored["ok"], restored["violations"]) == (True, [])
    assert elsewhere.result("verify") == {"ok": True, "violations": []}
    status = elsewhere.result("status")
    assert status["posts"] == made["counts"]["posts"]
    assert status["sessions"] == 0, "who was signed in then is not signed in now"
    with elsewhere.serving() as (address, _):
        assert ask(address, "POST", "/tokens", credentials)[0] == 201


@pytest.mark.goal("U4")
def test_avatars_in_every_size_are_kept_and_looked_at(seeded: Place, elsewhere: Place) -> None:
    file = elsewhere.folder / "avatars.tar"
    made = seeded.run("backup", "create", str(file))
    assert made.returncode == 0
    told = [re.fullmatch(r"Copying (\d+)0%", line) for line in made.stderr.splitlines()]
    tenths = [int(line[1]) for line in told if line]
    assert len(tenths) == len(told), made.stderr
    assert tenths == sorted(set(tenths))
    assert tenths[-1] == 10
    assert "everybody signs in again" in made.stdout
    assert str(seeded.folder / "data" / "secret.key") in made.stdout
    with tarfile.open(file) as tar:
        inside = {name.removeprefix("objects/") for name in tar.getnames() if "/avatars/" in name}
    folders = {name.rpartition("/")[0] for name in inside}
    assert folders
    assert inside == {f"{folder}/{name}" for folder in folders for name in AVATAR_NAMES}
    for name in AVATAR_NAMES:
        path = seeded.folder / "data" / "media" / sorted(folders)[0] / name
        aside = path.rename(elsewhere.folder / "aside")
        try:
            lacking = elsewhere.folder / f"without-{name}.tar"
            assert seeded.run("backup", "create", str(lacking)).returncode == 1
            assert "1 picture was missing" in elsewhere.run("backup", "verify", str(lacking)).stdout
        finally:
            aside.rename(path)


@pytest.mark.goal("U4")
def test_a_place_in_use_is_replaced_only_by_name(seeded: Place) -> None:
    # Before the archive is read, which may take long.
    refused = seeded.run("backup", "restore", "photos.tar")
    assert refused.returncode == 7
    assert "people in 'Heliograph'" in refused.stderr
    assert "Checking" not in refused.stderr
    with seeded.serving():
        running = seeded.run("backup", "restore", "photos.tar", "--yes")
        assert running.returncode == 5
        assert "Checking" not in running.stderr
    there = seeded.run("backup", "create", "photos.tar")
    assert there.returncode == 5


@pytest.mark.goal("U4")
def test_a_backup_is_put_back_over_another_place(seeded: Place, elsewhere: Place) -> None:
    elsewhere.result("migrate")
    elsewhere.result("user", "add", "somebody", "--password-file", "-", text=f"{PASSWORD}\n")
    archive, other = str(elsewhere.folder / "other.tar"), {"HELIOGRAPH_SIGN_UP": "invite"}
    assert seeded.run("backup", "create", archive, env=other).returncode == 0
    key = (elsewhere.folder / "data/secret.key").read_bytes()
    done = elsewhere.run("backup", "restore", archive, "--yes")
    assert done.returncode == 0, done.stderr
    assert (elsewhere.folder / "data/secret.key").read_bytes() == key
    assert "The secret key of this place stays." in done.stdout
    assert "Settings were not applied" in done.stdout
    assert "config.json of the archive: HELIOGRAPH_SIGN_UP=invite\n" in done.stdout
    names = elsewhere.run("user", "list").stdout
    assert "mira" in names
    assert "somebody" not in names
    assert elsewhere.result("verify")["ok"]


@pytest.mark.goal("U4")
def test_secrets_are_in_the_archive_only_when_asked_for(seeded: Place, elsewhere: Place) -> None:
    key = (seeded.folder / "data" / "secret.key").read_bytes()
    assert key not in (seeded.folder / "photos.tar").read_bytes()
    file = elsewhere.folder / "with-secrets.tar"
    seeded.result("backup", "create", str(file), "--with-secrets")
    assert file.stat().st_mode & 0o777 == 0o600
    assert elsewhere.result("backup", "restore", str(file))["ok"]
    restored = elsewhere.folder / "data" / "secret.key"
    assert restored.read_bytes() == key
    assert restored.stat().st_mode & 0o777 == 0o600


def _cut(file: Path) -> str:
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    return "cut off"


def _flip(file: Path) -> str:
    content = bytearray(file.read_bytes())
    with tarfile.open(file) as tar:
        member = next(one for one in tar if one.name.endswith(".webp"))
    content[member.offset_data + member.size // 2] ^= 1
    file.write_bytes(content)
    return "is not what it was"


def _strange(file: Path) -> str:
    file.write_bytes(b"no archive at all" * 100)
    return "no tar archive"


def _future(file: Path) -> str:
    manifest = json.dumps({"format": 99, "version": "9.0.0"}).encode()
    with tarfile.open(file, "w") as tar:
        info = tarfile.TarInfo(backups.MANIFEST)
        info.size = len(manifest)
        tar.addfile(info, io.BytesIO(manifest))
    return "Use the version 9.0.0"


@pytest.mark.goal("U4")
@pytest.mark.parametrize("harm", [_cut, _flip, _strange, _future])
def test_a_damaged_archive_changes_nothing(seeded: Place, elsewhere: Place, harm: Any) -> None:
    file = elsewhere.folder / "damaged.tar"
    shutil.copy(seeded.folder / "photos.tar", file)
    said = harm(file)
    done = elsewhere.run("backup", "restore", str(file))
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert not (elsewhere.folder / "data").exists(), "an archive is checked before anything is touched"


@pytest.mark.goal("K2")
async def test_what_was_put_back_in_vain_goes_again(
    seeded: Place, settings: Settings, clone: Callable[[str], Any]
) -> None:
    database = await clone("in-the-way")
    sql = await connect(database)
    # An empty database, but for something that the backup's tables cannot be made beside.
    await sql.execute(
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE VIEW users AS SELECT 1 AS one"
    )
    await sql.close()
    assert await container.rows_in_use(settings, database) is None
    with pytest.raises(BackupFailed, match="users"):
        await container.restore_backup(
            settings, database, seeded.folder / "photos.tar", lambda done, total: None
        )
    assert [path for path in settings.data_dir.rglob("*") if path.parent.name in ("photos", "avatars")] == []
    assert list((settings.data_dir / "work").iterdir()) == []


@pytest.mark.goal("U4")
async def test_a_backup_takes_no_room_in_memory_or_elsewhere(
    settings: Settings, clone: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, file = await clone("restored"), tmp_path / "photos.tar"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "the machine's folder for temporary files"))
    await container.back_up(settings, database, file, secrets=False, progress=lambda done, total: None)
    assert await container.restore_backup(settings, database, file, lambda done, total: None) == []
    assert list((settings.data_dir / "work").iterdir()) == []


@pytest.mark.goal("Z7")
async def test_what_was_emptied_says_so_in_its_log(
    settings: Settings, empty_database: Database, sql: asyncpg.Connection
) -> None:
    original = settings.data_dir / "media/photos/a/original"
    original.parent.mkdir(parents=True)
    original.write_bytes(b"light")
    await container.empty(settings, empty_database)
    assert list((settings.data_dir / "media").iterdir()) == []
    rows = await sql.fetch("SELECT actor, action, target FROM audit")
    assert [tuple(row) for row in rows] == [("", "place.reset", "all")]


@pytest.mark.goal("U4")
async def test_what_looks_at_everything_may_take_longer_than_a_request(
    settings: Settings, empty_database: Database, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engine.SERVER_SETTINGS, "statement_timeout", "100")
    monkeypatch.setattr(engine, "COMMAND_SECONDS", 0.2)
    dumps = PostgresDumps(empty_database.place)

    async def while_somebody_works(look: Callable[[], Awaitable[Any]]) -> Any:
        async with sql.transaction():
            await sql.execute("LOCK TABLE likes")
            looking = asyncio.ensure_future(look())
            await asyncio.wait([looking], timeout=0.5)
        return await looking

    async with container.connected(settings, empty_database):
        with pytest.raises(Unavailable):
            await while_somebody_works(dumps.counts)
    async with container.started(settings, empty_database, work=False, no_limits=True) as program:
        for look in (dumps.counts, dumps.empty, program.operations.verify):
            await while_somebody_works(look)


@pytest.mark.goal("U4")
def test_a_full_disk_leaves_no_half_archive(seeded: Place, elsewhere: Place) -> None:
    def few_bytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    # The server is another process, so that only the archive meets the limit.
    with seeded.serving():
        file = elsewhere.folder / "large.tar"
        done = seeded.run("backup", "create", str(file), preexec_fn=few_bytes)
    assert done.returncode == 1
    assert str(file) in done.stderr
    assert "Traceback" not in done.stderr
    assert list(elsewhere.folder.iterdir()) == []


class VanishingDumps:
    """A database of one picture, which somebody replaces by another right after the first snapshot."""

    def __init__(self, media: FilesystemMediaStore, folder: Path) -> None:
        self._media = media
        self._folder = folder
        self.snapshots = 0

    async def keys(self) -> frozenset[str]:
        return frozenset({"photos/kept/original"})

    async def take(self, file: Path) -> Snapshot:
        self.snapshots += 1
        file.write_bytes(b"rows")
        picture = f"photos/number-{self.snapshots}/original"
        if self.snapshots > 1:
            (self._folder / "picture").write_bytes(b"light")
            await self._media.put(picture, self._folder / "picture")
        return Snapshot({"files": 2}, frozenset({"photos/kept/original", picture}), "18")

    async def put_back(self, file: Path) -> None:
        raise NotImplementedError

    async def check(self, file: Path) -> None:
        return None

    async def counts(self) -> dict[str, int]:
        return {"files": 2}


@pytest.mark.goal("U4")
async def test_a_picture_removed_after_the_snapshot_means_another_snapshot(tmp_path: Path) -> None:
    media = FilesystemMediaStore(tmp_path / "media")
    (tmp_path / "picture").write_bytes(b"light")
    await media.put("photos/kept/original", tmp_path / "picture")
    dumps = VanishingDumps(media, tmp_path)
    manifest = Manifest("0", "0001", "", "tests", secrets=False)
    with archive.writing(tmp_path / "photos.tar") as writer:
        await backups.create(writer, manifest, dumps, media, tmp_path, lambda done, total: None)
        writer.finish(manifest)
    assert dumps.snapshots == 2
    assert set(manifest.objects) == {"photos/kept/original", "photos/number-2/original"}
    assert manifest.missing == []
    with archive.reading(tmp_path / "photos.tar") as reader:
        await backups.check(reader, dumps, tmp_path, lambda done, total: None)
