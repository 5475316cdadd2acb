"""What every media store promises. Another adapter joins by a line in STORES."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.filesystem.media import FilesystemMediaStore, FolderWorkspace
from domain.kernel import NotFound, Unavailable
from domain.ports import MediaStore

STORES: list[Callable[[Path], MediaStore]] = [FilesystemMediaStore]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    made: MediaStore = request.param(tmp_path / "store")
    return made


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(bytes(range(256)) * 3_000)
    return path


async def content(store: MediaStore, key: str, start: int = 0, length: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in store.read(key, start, length)])


async def keys(store: MediaStore, prefix: str = "") -> set[str]:
    return {found.key async for found in store.walk(prefix)}


async def test_what_is_put_is_read_and_fetched(store: MediaStore, source: Path, tmp_path: Path) -> None:
    await store.put("photos/abc/0/640.webp", source)
    assert await content(store, "photos/abc/0/640.webp") == source.read_bytes()
    await store.fetch("photos/abc/0/640.webp", tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    ("start", "length"),
    [
        (0, 0),
        (0, 1),
        (255, 3),
        (262_144, 10),
        (100, 262_145),
        (767_999, 1),
        (767_990, 99),
        (768_000, 5),
        (900_000, None),
    ],
)
async def test_any_part_can_be_read(store: MediaStore, source: Path, start: int, length: int | None) -> None:
    await store.put("a/b", source)
    end = None if length is None else start + length
    assert await content(store, "a/b", start, length) == source.read_bytes()[start:end]


async def test_chunks_are_small(store: MediaStore, source: Path) -> None:
    await store.put("a/b", source)
    assert max([len(chunk) async for chunk in store.read("a/b")]) <= 256 * 1024


async def test_putting_again_replaces(store: MediaStore, source: Path) -> None:
    await store.put("a/b", source)
    source.write_bytes(b"new")
    await store.put("a/b", source)
    assert await content(store, "a/b") == b"new"
    assert await keys(store) == {"a/b"}


async def test_readers_see_all_or_nothing_while_it_is_replaced(store: MediaStore, source: Path) -> None:
    whole = source.read_bytes()

    async def put() -> None:
        for _ in range(10):
            await store.put("a/b", source)

    writing = asyncio.create_task(put())
    seen = set()
    while not writing.done():
        try:
            seen.add(await content(store, "a/b"))
        except NotFound:
            seen.add(b"nothing")
    await writing
    assert seen <= {whole, b"nothing"}


async def test_stat_tells_size_and_time_of_objects_only(store: MediaStore, source: Path) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    await store.put("a/b", source)
    found = await store.stat("a/b")
    assert found is not None
    assert (found.key, found.size) == ("a/b", 768_000)
    assert before < found.stored_at < datetime.now(UTC) + timedelta(seconds=5)
    assert await store.stat("a/c") is None
    assert await store.stat("a") is None
    assert await store.stat("a/b/c") is None


async def test_what_is_not_there_is_not_found(store: MediaStore, source: Path, tmp_path: Path) -> None:
    await store.put("a/b", source)
    for key in ("a/c", "a", "a/b/c", "x/y/z"):
        with pytest.raises(NotFound):
            await content(store, key)
        with pytest.raises(NotFound):
            await store.fetch(key, tmp_path / "target")


async def test_deleting_a_prefix_takes_what_lies_under_it_and_nothing_else(
    store: MediaStore, source: Path
) -> None:
    for key in ("photos/a/original", "photos/a/0/1.webp", "photos/ab/original", "avatars/a/1.webp"):
        await store.put(key, source)
    assert await store.delete("photos/a/") == 2
    assert await keys(store) == {"photos/ab/original", "avatars/a/1.webp"}
    assert await store.delete("photos/a/") == 0
    assert await store.delete("avatars/a/1.webp") == 1
    assert await store.delete("avatars/a/1.webp") == 0
    assert await store.delete("photos/never") == 0
    assert await keys(store) == {"photos/ab/original"}


async def test_walking_finds_everything_under_a_prefix(store: MediaStore, source: Path) -> None:
    assert await keys(store) == set()
    for key in ("a/b/c", "a/bc", "b/a"):
        await store.put(key, source)
    assert await keys(store) == {"a/b/c", "a/bc", "b/a"}
    assert await keys(store, "a/b/") == {"a/b/c"}
    assert await keys(store, "a/") == {"a/b/c", "a/bc"}
    assert await keys(store, "nowhere/") == set()


async def test_folders_are_one_level_below_a_prefix(store: MediaStore, source: Path) -> None:
    assert await store.folders("a/") == []
    for key in ("a/b/c", "a/b/d/e", "a/bc/d", "a/f", "b/a/c"):
        await store.put(key, source)
    assert sorted(await store.folders("a/")) == ["a/b/", "a/bc/"]


async def test_walking_goes_on_while_others_delete(store: MediaStore, source: Path) -> None:
    source.write_bytes(b"x")
    for number in range(40):
        await store.put(f"a/{number}/x", source)

    async def delete() -> None:
        for number in range(40):
            await store.delete(f"a/{number}/")

    deleting = asyncio.create_task(delete())
    while not deleting.done():
        await keys(store)
    assert await keys(store) == set()


@pytest.mark.parametrize(
    "key",
    ["../x", "a/../../x", "/etc/passwd", "a//b", ".hidden", "a/.b", "A/B", "a b", "a\x00b", "", "a\\b", "ü"],
)
async def test_a_key_never_leads_outside(store: MediaStore, source: Path, tmp_path: Path, key: str) -> None:
    for call in (
        store.put(key, source),
        store.stat(key),
        content(store, key),
        store.delete(key),
        store.delete(f"{key}/"),
    ):
        with pytest.raises(ValueError, match="key"):
            await call
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "store"]


async def test_a_put_that_fails_leaves_nothing(store: MediaStore, tmp_path: Path) -> None:
    with pytest.raises((NotFound, Unavailable)):
        await store.put("a/b", tmp_path / "is not there")
    assert await store.stat("a/b") is None
    assert await keys(store) == set()


@pytest.mark.goal("K2")
async def test_the_store_in_a_folder_ignores_what_a_crash_left_half_written(
    tmp_path: Path, source: Path
) -> None:
    store = FilesystemMediaStore(tmp_path / "store")
    await store.put("a/b", source)
    (tmp_path / "store" / "a" / ".half.part").write_bytes(b"half")
    assert await keys(store) == {"a/b"}
    assert await store.delete("a/") >= 1
    assert not (tmp_path / "store" / "a").exists()


@pytest.mark.goal("I5")
async def test_a_folder_that_cannot_be_read_is_a_store_that_is_down(tmp_path: Path, source: Path) -> None:
    top = tmp_path / "store"
    store = FilesystemMediaStore(top)
    await store.put("a/b", source)
    (top / "a" / "round").symlink_to("round")
    looks: list[Callable[[], Awaitable[object]]] = [
        lambda: store.stat("a/round"),
        lambda: content(store, "a/round"),
        lambda: keys(store),
        lambda: keys(store, "a/round/"),
        lambda: store.folders("a/round/"),
    ]
    if Path("/proc/self/mem").exists():
        (top / "a" / "unreadable").symlink_to("/proc/self/mem")
        looks.append(lambda: content(store, "a/unreadable"))
    for look in looks:
        with pytest.raises(Unavailable):
            await look()


@pytest.mark.goal("K1")
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs a system that names open files")
async def test_an_object_its_name_and_its_folders_are_durable(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    top, sync = tmp_path / "store", os.fsync
    key = "photos/abc/0/640.webp"

    def note(handle: int) -> None:
        path = os.readlink(f"/proc/self/fd/{handle}")
        synced.append((os.path.relpath(path, top), (top / key).exists()))
        sync(handle)

    store = FilesystemMediaStore(top)
    monkeypatch.setattr(os, "fsync", note)
    await store.put(key, source)
    folders = [(".", False), ("photos", False), ("photos/abc", False)]
    assert synced[:3] == folders, "each folder is there for good before anything is put into it"
    assert synced[3][0].endswith(".part")
    assert synced[4:] == [("photos/abc/0", True)], "its name last"


@pytest.mark.goal("K2")
async def test_a_workspace_directory_is_gone_at_the_end_whatever_happens(tmp_path: Path) -> None:
    workspace = FolderWorkspace(tmp_path / "work")
    seen = []

    async def break_off() -> None:
        async with workspace.directory() as folder:
            seen.append(folder)
            (folder / "deep").mkdir()
            (folder / "deep" / "file").write_bytes(b"x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    async with workspace.directory() as one, workspace.directory() as other:
        assert one != other
        assert list(one.iterdir()) == []
    assert not seen[0].exists()
    assert list((tmp_path / "work").iterdir()) == []
    (tmp_path / "work" / "left behind").mkdir()
    async with workspace.directory() as at_work:
        FolderWorkspace(tmp_path / "work").clear()
        assert list((tmp_path / "work").iterdir()) == [at_work]
