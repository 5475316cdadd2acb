"""The contract of `domain.ports.Images`: what is taken, what is refused, what comes out, and what a bad picture can break."""

import asyncio
import base64
import io
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from PIL import Image, ImageCms

from adapters.pillow.images import SandboxedImages
from adapters.pillow.sandbox import ROOT, Limits
from domain.files import (
    AVATAR_NAMES,
    AVATAR_PLAN,
    FIRST_PLAN,
    SECOND_PLAN,
    WIDTHS,
    Crop,
    ImageFacts,
    ImageRefused,
    RenditionPlan,
)
from domain.kernel import Unavailable
from tests import image_corpus as corpus
from tests.image_corpus import BLUE, CANARY, GREEN, RED, YELLOW

PLAIN = RenditionPlan(jpeg=(2160,))
ALL_KINDS = RenditionPlan(webp=(320, 2160), avif=(2160,), jpeg=(2160,))
Save = Callable[[bytes], Path]
Colour = tuple[int, int, int]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def images() -> AsyncIterator[SandboxedImages]:
    adapter = SandboxedImages(2)
    yield adapter
    await adapter.close()


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write bytes to a file with a name that tells nothing."""
    numbers = iter(range(10_000))

    def write(data: bytes) -> Path:
        path = tmp_path / f"source-{next(numbers)}"
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


# --- what is taken


async def test_every_format_is_known_by_its_content(images: SandboxedImages, save: Save) -> None:
    for name, data in corpus.everything().items():
        facts = await images.inspect(save(data))
        assert (facts.format, facts.width, facts.height, facts.frames) == (name, 96, 64, 1)
        assert facts.camera is None
        assert not facts.had_place
        placeholder = base64.b64decode(facts.lqip)
        assert len(placeholder) <= 300
        assert Image.open(io.BytesIO(placeholder)).size == (20, 13)


async def test_every_format_comes_out_in_every_format_with_its_colours(
    images: SandboxedImages, save: Save, out: Path
) -> None:
    for name, data in corpus.everything().items():
        made = await images.render(save(data), ALL_KINDS, None, out)
        assert {r.name for r in made.renditions} == {"96.webp", "96.avif", "96.jpg"}, name
        for rendition in made.renditions:
            assert rendition.bytes == (out / rendition.name).stat().st_size
            assert_quadrants(out / rendition.name, (RED, GREEN, BLUE, YELLOW))


@pytest.mark.goal("I3")
async def test_odd_pictures_are_taken(images: SandboxedImages, save: Save, out: Path) -> None:
    for name, data in corpus.odd_but_fine().items():
        source = save(data)
        facts = await images.inspect(source)
        made = await images.render(source, FIRST_PLAN, None, out)
        assert facts.width == made.width, name


async def test_a_jpeg_that_lacks_its_last_bytes_ends_well_either_way(
    images: SandboxedImages, save: Save
) -> None:
    jpeg = corpus.everything()["JPEG"]
    for missing in (1, 2):
        assert await fate(images, save(jpeg[:-missing])) in {"taken", "damaged"}


async def test_a_picture_of_just_under_forty_megapixels_is_taken(
    images: SandboxedImages, save: Save, out: Path
) -> None:
    source = save(corpus.encoded(Image.new("RGB", (6300, 6300), RED), "PNG", compress_level=1))
    assert (await images.inspect(source)).width == 6300
    assert (await images.render(source, FIRST_PLAN, None, out)).width == 6300


async def test_only_the_first_frame_is_used(images: SandboxedImages, save: Save, out: Path) -> None:
    for kind in ("GIF", "PNG", "WEBP"):
        source = save(corpus.moving(5, kind))
        assert (await images.inspect(source)).frames == 5
        made = await images.render(source, ALL_KINDS, None, out)
        assert all(getattr(Image.open(out / r.name), "n_frames", 1) == 1 for r in made.renditions)


async def test_odd_pixel_formats_keep_their_colour(images: SandboxedImages, save: Save, out: Path) -> None:
    for name, (data, colour) in corpus.modes().items():
        await images.render(save(data), PLAIN, None, out)
        seen = pixel(out / "40.jpg", (20, 15))
        assert difference(seen, colour) < 5, f"{name}: {seen} is not {colour}"


async def test_transparency_stays_where_the_format_has_it(
    images: SandboxedImages, save: Save, out: Path
) -> None:
    clear = Image.new("RGBA", (40, 30), (*RED, 128))
    await images.render(save(corpus.encoded(clear, "PNG")), ALL_KINDS, None, out)
    for name in ("40.webp", "40.avif"):
        with Image.open(out / name) as im:
            assert im.mode == "RGBA"
            assert abs(im.getchannel("A").getpixel((20, 15)) - 128) < 4
    assert pixel(out / "40.jpg", (20, 15))[1] > RED[1] + 80


async def test_colour_profiles_are_applied(images: SandboxedImages, save: Save, out: Path) -> None:
    swapped = corpus.encoded(corpus.quadrants(), "PNG", icc_profile=corpus.swapped_profile())
    await images.render(save(swapped), PLAIN, None, out)
    assert difference(pixel(out / "96.jpg", (20, 15)), (RED[1], RED[0], RED[2])) < 5


# --- turning, cutting, sizes


async def test_all_eight_orientations_come_out_upright(
    images: SandboxedImages, save: Save, out: Path
) -> None:
    assert corpus.oriented(6, "PNG") != corpus.oriented(1, "PNG")
    for orientation in range(1, 9):
        facts = await images.inspect(save(corpus.oriented(orientation, "PNG")))
        assert (facts.width, facts.height) == (96, 64)
        for kind in ("PNG", "JPEG", "WEBP", "AVIF"):
            await images.render(save(corpus.oriented(orientation, kind)), PLAIN, None, out)
            assert_quadrants(out / "96.jpg", (RED, GREEN, BLUE, YELLOW))


@pytest.mark.parametrize(
    ("rotate", "corners"),
    [
        (0, (RED, GREEN, BLUE, YELLOW)),
        (90, (YELLOW, RED, GREEN, BLUE)),
        (180, (BLUE, YELLOW, RED, GREEN)),
        (270, (GREEN, BLUE, YELLOW, RED)),
    ],
)
async def test_turning_is_clockwise_and_after_orientation(
    images: SandboxedImages, save: Save, out: Path, rotate: int, corners: tuple[Colour, ...]
) -> None:
    for orientation in (1, 3, 6, 7):
        source = save(corpus.oriented(orientation, "PNG"))
        made = await images.render(source, PLAIN, Crop(rotate=rotate), out)
        assert (made.width, made.height) == ((96, 64) if rotate in (0, 180) else (64, 96))
        assert_quadrants(out / f"{made.width}.jpg", corners)


async def test_the_crop_is_of_the_turned_picture(images: SandboxedImages, save: Save, out: Path) -> None:
    turned = (YELLOW, RED, GREEN, BLUE)
    for orientation in (1, 5, 8):
        source = save(corpus.oriented(orientation, "PNG"))
        for corner, (x, y) in zip(turned, ((0, 0), (0.5, 0), (0.5, 0.5), (0, 0.5)), strict=True):
            made = await images.render(source, PLAIN, Crop(x, y, 0.5, 0.5, rotate=90), out)
            assert (made.width, made.height) == (32, 48)
            assert difference(pixel(out / "32.jpg", (16, 24)), corner) < 5


async def test_a_crop_of_a_large_jpeg_is_as_sharp_as_its_pixels(
    images: SandboxedImages, save: Save, out: Path
) -> None:
    source = save(
        corpus.encoded(corpus.quadrants((3200, 2400)), "JPEG", quality=95, exif=corpus.camera_exif())
    )
    made = await images.render(source, FIRST_PLAN, Crop(0.5, 0.5, 0.5, 0.5, rotate=90), out)
    assert (made.width, made.height) == (1200, 1600)
    assert {r.name for r in made.renditions} == {"320.webp", "640.webp", "1080.webp", "1080.jpg"}
    assert difference(pixel(out / "1080.jpg", (540, 720)), GREEN) < 5


@pytest.mark.parametrize(
    ("width", "webp", "jpeg"),
    [
        (200, [200], [200]),
        (330, [320], [330]),
        (500, [320, 500], [500]),
        (700, [320, 640], [700]),
        (1080, [320, 640, 1080], [1080]),
        (1600, [320, 640, 1080], [1080]),
    ],
)
async def test_pictures_are_never_enlarged(
    images: SandboxedImages, save: Save, out: Path, width: int, webp: list[int], jpeg: list[int]
) -> None:
    made = await images.render(
        save(corpus.encoded(corpus.quadrants((width, 90)), "PNG")), FIRST_PLAN, None, out
    )
    assert sorted(r.width for r in made.renditions if r.type == "image/webp") == webp
    assert sorted(r.width for r in made.renditions if r.type == "image/jpeg") == jpeg
    assert sorted(path.name for path in out.iterdir()) == sorted(r.name for r in made.renditions)
    for rendition in made.renditions:
        with Image.open(out / rendition.name) as im:
            assert im.size == (rendition.width, rendition.height)


async def test_avatars_are_the_middle_square(images: SandboxedImages, save: Save, out: Path) -> None:
    for kind in ("PNG", "JPEG"):
        for size in ((700, 400), (97, 400), (96, 64), (30, 20)):
            source = save(corpus.encoded(corpus.quadrants(size), kind, quality=95, subsampling=0))
            made = await images.render(source, AVATAR_PLAN, None, out)
            assert {r.name for r in made.renditions} == set(AVATAR_NAMES)
            for rendition in made.renditions:
                with Image.open(out / rendition.name) as im:
                    assert im.size == (rendition.width, rendition.height) == (rendition.width,) * 2
                assert_quadrants(out / rendition.name, (RED, GREEN, BLUE, YELLOW))


async def test_extreme_shapes_have_at_least_one_pixel(images: SandboxedImages, save: Save, out: Path) -> None:
    for size in ((16_384, 1), (1, 16_384), (1, 1)):
        source = save(corpus.encoded(Image.new("RGB", size, RED), "PNG"))
        facts = await images.inspect(source)
        made = await images.render(source, ALL_KINDS, None, out)
        assert (facts.width, facts.height) == (made.width, made.height) == size


# --- what must not come out


@pytest.mark.goal("P1")
async def test_no_byte_of_metadata_survives(images: SandboxedImages, save: Save, tmp_path: Path) -> None:
    for name, data in corpus.tattling().items():
        assert CANARY in data, "the test could not fail"
        source, folder = save(data), tmp_path / name
        folder.mkdir()
        await images.render(source, ALL_KINDS, None, folder)
        assert len(list(folder.iterdir())) == 3
        for path in folder.iterdir():
            assert CANARY not in unpacked(path.read_bytes()), f"{name}: {path.name}"
            with Image.open(path) as im:
                assert not im.getexif(), f"{name}: {path.name}"
                assert not {"exif", "icc_profile", "xmp", "comment", "photoshop"} & set(im.info), (
                    f"{name}: {path.name}"
                )


@pytest.mark.goal("P1")
async def test_the_camera_is_shown_and_nothing_else(images: SandboxedImages, save: Save) -> None:
    for name, data in corpus.tattling().items():
        facts = await images.inspect(save(data))
        assert CANARY.decode() not in repr(facts)
        if name == "GIF":
            continue
        assert facts.had_place, name
        camera = facts.camera
        assert camera is not None
        assert (camera.make, camera.model, camera.lens) == ("Heliotrope", "H-1", "35mm F2.8")
        assert (camera.focal_mm, camera.aperture, camera.exposure, camera.iso) == (35.0, 2.8, "1/250", 400)
        assert camera.taken_at == "2024-05-06T07:08:09"


async def test_nonsense_of_the_camera_is_dropped(images: SandboxedImages, save: Save) -> None:
    exif = corpus.camera_exif(
        tag_829A=1e9,
        tag_829D=0.0,
        tag_920A=-3.0,
        tag_8827=0,
        tag_9003="yesterday",
        tag_A434="a\n\x07b\x1b[0m" + "c" * 200,
    )
    exif[0x010F] = "\u202eevil \u0000 more"
    facts = await images.inspect(save(corpus.encoded(corpus.quadrants(), "JPEG", exif=exif)))
    camera = facts.camera
    assert camera is not None
    assert (camera.focal_mm, camera.aperture, camera.exposure, camera.iso, camera.taken_at) == (None,) * 5
    assert camera.lens is not None
    assert camera.lens.startswith("a b[0mccc")
    assert len(camera.lens) == 80
    assert camera.make is None or camera.make.isprintable()


# --- what is refused


@pytest.mark.goal("I3")
async def test_hostile_files_are_refused_and_harm_nothing(
    images: SandboxedImages, save: Save, out: Path
) -> None:
    assert await fate(images, save(corpus.everything()["PNG"])) == "taken"
    pid, wrong = images.pid, {}
    for name, (data, expected) in corpus.hostile().items():
        source = save(data)
        code = await fate(images, source)
        if code not in expected:
            wrong[name] = code
        if code != "taken":
            with pytest.raises(ImageRefused):
                await images.render(source, FIRST_PLAN, None, out)
    assert wrong == {}
    assert list(out.iterdir()) == []
    assert images.pid == pid, "the picture process had to be replaced"


async def test_every_refusal_has_words_of_our_own(images: SandboxedImages, save: Save) -> None:
    for data in (b"", b"no picture", corpus.everything()["PNG"][:60], corpus.gif(500)):
        with pytest.raises(ImageRefused) as refusal:
            await images.inspect(save(data))
        assert refusal.value.message.format(**refusal.value.params).endswith(".")


async def test_a_missing_file_or_folder_is_not_the_pictures_fault(
    images: SandboxedImages, save: Save, tmp_path: Path
) -> None:
    source = save(corpus.everything()["PNG"])
    with pytest.raises(Unavailable):
        await images.inspect(tmp_path / "nowhere")
    with pytest.raises(Unavailable):
        await images.render(source, FIRST_PLAN, None, tmp_path / "nowhere")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
async def test_a_full_disk_says_so(images: SandboxedImages, save: Save, out: Path) -> None:
    source = save(corpus.encoded(corpus.noise((400, 300)), "PNG"))
    await images.render(source, PLAIN, None, out)
    # Every child writes under its own number first; the numbers to come lead to a disk without room already.
    youngest = latest_pid()
    for ahead in range(1, 400):
        (out / f".{youngest + ahead}.part").symlink_to("/dev/full")
    with pytest.raises(Unavailable) as failure:
        await images.render(source, PLAIN, None, out)
    assert failure.value.code == "insufficient_storage"


# --- limits, accidents, ends


@pytest.mark.goal("I3")
async def test_memory_cpu_and_wall_time_are_limited(save: Save, out: Path) -> None:
    large = save(corpus.encoded(Image.new("RGB", (6300, 6300), RED), "PNG", compress_level=1))
    slow = slow_picture(save)
    for limits, source in (
        (Limits(memory_bytes=180 * 1024**2), large),
        (Limits(cpu_seconds=1), slow),
        (Limits(wall_seconds=0.4), slow),
    ):
        adapter = SandboxedImages(1, limits=limits)
        try:
            assert await fate(adapter, save(corpus.everything()["JPEG"])) == "taken"
            with pytest.raises(ImageRefused) as refusal:
                await adapter.render(source, SECOND_PLAN, None, out)
            assert refusal.value.code == "too_expensive", limits
            assert children(adapter) == []
        finally:
            await adapter.close()


@pytest.mark.goal("I3")
@pytest.mark.skipif(sys.platform != "linux", reason="reads another process's limits")
async def test_the_process_that_decodes_is_fenced_and_knows_no_secret(
    save: Save, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELIOGRAPH_SECRET", "CANARY")
    assert b"CANARY" in subprocess.run(["env"], capture_output=True, check=True).stdout
    adapter = SandboxedImages(1)
    task = asyncio.create_task(adapter.render(slow_picture(save), SECOND_PLAN, None, out))
    try:
        child = await first_child(adapter)
        await until(lambda: child.nice() == 10 and child.rlimit(psutil.RLIMIT_AS)[0] == 1024**3)
        assert child.rlimit(psutil.RLIMIT_CPU)[0] == 20
        assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert "CANARY" not in repr(child.environ())
        assert "CANARY" not in repr(psutil.Process(adapter.pid).environ())
        assert child.net_connections() == []
        status = Path(f"/proc/{child.pid}/status").read_text()
        assert "NoNewPrivs:\t1" in status
        held = {os.readlink(f"/proc/{child.pid}/fd/{fd}").split(":")[0] for fd in range(3)}
        assert held == {"/dev/null"}
    finally:
        task.cancel()
        await adapter.close()


@pytest.mark.goal("I3")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGSEGV, "damaged"), (signal.SIGKILL, "too_expensive")])
async def test_a_child_that_dies_costs_only_its_picture(
    images: SandboxedImages, save: Save, out: Path, number: int, code: str
) -> None:
    task = asyncio.create_task(images.render(slow_picture(save), SECOND_PLAN, None, out))
    child = await first_child(images)
    other = asyncio.create_task(images.inspect(save(corpus.everything()["JPEG"])))
    await asyncio.sleep(0.1)
    child.send_signal(number)
    with pytest.raises(ImageRefused) as refusal:
        await task
    assert refusal.value.code == code
    assert (await other).format == "JPEG"
    assert not [path for path in out.iterdir() if path.name.endswith(".part")]


async def test_a_dead_picture_process_is_replaced(images: SandboxedImages, save: Save, out: Path) -> None:
    source = save(corpus.everything()["JPEG"])
    task = asyncio.create_task(images.render(slow_picture(save), SECOND_PLAN, None, out))
    child = await first_child(images)
    first = images.pid
    assert first
    os.kill(first, signal.SIGKILL)
    with pytest.raises(Unavailable):
        await task
    assert (await images.inspect(source)).format == "JPEG"
    assert images.pid != first
    if sys.platform == "linux":
        await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    second = psutil.Process(images.pid)
    second.kill()
    while second.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.001)
    assert (await images.inspect(source)).format == "JPEG", "even when the loop has not heard of it"


async def test_cancelling_kills_the_child(images: SandboxedImages, save: Save, out: Path) -> None:
    task = asyncio.create_task(images.render(slow_picture(save), SECOND_PLAN, None, out))
    await first_child(images)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: children(images) == [], seconds=1.5)
    assert not [path for path in out.iterdir() if path.name.endswith(".part")]


async def test_giving_up_during_the_start_harms_nobody_else(save: Save) -> None:
    adapter, source = SandboxedImages(2), save(corpus.everything()["JPEG"])
    first = asyncio.create_task(adapter.inspect(source))
    second = asyncio.create_task(adapter.inspect(source))
    try:
        await asyncio.sleep(0.001)
        assert adapter.pid is None, "it has started already"
        first.cancel()
        assert (await second).format == "JPEG"
        assert first.cancelled()
    finally:
        await adapter.close()


@pytest.mark.goal("O6")
async def test_surplus_waits_and_then_is_turned_away(save: Save) -> None:
    adapter = SandboxedImages(1, waiting=2)
    source = save(corpus.encoded(corpus.noise((2000, 1500)), "PNG"))
    most = 0
    tasks = [asyncio.create_task(adapter.inspect(source)) for _ in range(5)]
    try:
        while not all(task.done() for task in tasks):
            most = max(most, len(children(adapter)))
            await asyncio.sleep(0.005)
        results = await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await adapter.close()
    assert most == 1
    assert [isinstance(result, ImageFacts) for result in results].count(True) == 3
    assert [isinstance(result, Unavailable) for result in results].count(True) == 2


@pytest.mark.goal("O6")
async def test_the_loop_is_never_blocked(save: Save, out: Path) -> None:
    adapter, gaps = SandboxedImages(1), [0.0]
    source = save(corpus.encoded(corpus.noise((1500, 1000)), "JPEG"))

    async def tick() -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.005)
            gaps.append(loop.time() - before)

    ticking = asyncio.create_task(tick())
    try:
        await adapter.render(source, FIRST_PLAN, None, out)
    finally:
        await adapter.close()
        ticking.cancel()
    assert len(gaps) > 10
    assert max(gaps) < 0.2


async def test_close_leaves_no_process(save: Save, out: Path) -> None:
    adapter = SandboxedImages(1)
    await adapter.start()
    task = asyncio.create_task(adapter.render(slow_picture(save), SECOND_PLAN, None, out))
    family = [await first_child(adapter), psutil.Process(adapter.pid)]
    await adapter.close()
    await adapter.close()
    with pytest.raises(Unavailable):
        await task
    assert not any(process.is_running() for process in family)
    with pytest.raises(Unavailable):
        await adapter.inspect(save(corpus.everything()["JPEG"]))


async def test_the_picture_process_does_not_outlive_ours(save: Save) -> None:
    program = (
        "import asyncio, os, signal\n"
        "from adapters.pillow.images import SandboxedImages\n"
        "async def main():\n"
        "    adapter = SandboxedImages(1)\n"
        "    await adapter.start()\n"
        "    print(adapter.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], cwd=ROOT, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    await until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


@pytest.mark.goal("I3")
async def test_no_decoder_is_loaded_in_our_process() -> None:
    program = "import sys, adapters.pillow.images; print([m for m in sys.modules if m.startswith(('PIL', 'pillow'))])"
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], cwd=ROOT, capture_output=True
    )
    assert done.stdout.strip() == b"[]", done.stderr


async def test_several_adapters_work_side_by_side(save: Save, out: Path) -> None:
    source, adapters = save(corpus.everything()["JPEG"]), [SandboxedImages(1) for _ in range(3)]
    try:
        facts = await asyncio.gather(*(adapter.inspect(source) for adapter in adapters))
        assert len({adapter.pid for adapter in adapters}) == 3
        assert len(set(facts)) == 1
    finally:
        await asyncio.gather(*(adapter.close() for adapter in adapters))


def test_an_adapter_works_in_a_loop_of_uvloop(save: Save) -> None:
    uvloop = pytest.importorskip("uvloop")
    source = save(corpus.everything()["JPEG"])

    async def look() -> str:
        adapter = SandboxedImages(1)
        try:
            return (await adapter.inspect(source)).format
        finally:
            await adapter.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(look()) == "JPEG"


# --- how they look


async def fate(images: SandboxedImages, source: Path) -> str:
    try:
        await images.inspect(source)
    except ImageRefused as refusal:
        return refusal.code
    return "taken"


def slow_picture(save: Save) -> Path:
    """Keeps a core busy for seconds when all sizes are made of it."""
    return save(corpus.encoded(corpus.noise((WIDTHS[-1], 2000)), "JPEG", quality=80))


def children(images: SandboxedImages) -> list[psutil.Process]:
    try:
        return psutil.Process(images.pid).children() if images.pid else []
    except psutil.NoSuchProcess:
        return []


async def first_child(images: SandboxedImages) -> psutil.Process:
    await until(lambda: bool(children(images)))
    return children(images)[0]


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


def pixel(path: Path, at: tuple[int, int]) -> Colour:
    with Image.open(path) as im:
        red, green, blue = im.convert("RGB").getpixel(at)
        return red, green, blue


def assert_quadrants(path: Path, corners: tuple[Colour, ...]) -> None:
    """Clockwise from the top left."""
    with Image.open(path) as im:
        width, height = im.size
    places = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
    for (x, y), corner in zip(places, corners, strict=True):
        seen = pixel(path, (int(x * width), int(y * height)))
        assert difference(seen, corner) < 5, f"{path.name} at {x}, {y}: {seen} is not {corner}"


def difference(one: Colour, other: Colour) -> float:
    """CIE 1976 ΔE."""
    return sum((a - b) ** 2 for a, b in zip(lab(one), lab(other), strict=True)) ** 0.5


def lab(colour: Colour) -> tuple[float, float, float]:
    red, green, blue = (c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def unpacked(data: bytes) -> bytes:
    """The bytes, and whatever zlib streams they hold, so that packed text shows."""
    found = [data]
    for at in (n for n in range(len(data) - 1) if data[n] == 0x78):
        try:
            found.append(zlib.decompressobj().decompress(data[at:], 1_000_000))
        except zlib.error:
            continue
    return b"\n".join(found)


def latest_pid() -> int:
    """The number of the youngest process of this machine; the next one gets a slightly higher one."""
    return int(Path("/proc/loadavg").read_text().split()[-1])


# --- originals without what they tell


def the_same_but_silent(source: Path, cleaned: Path) -> None:
    with Image.open(source) as before, Image.open(cleaned) as after:
        assert (after.format, after.size, getattr(after, "n_frames", 1)) == (
            "JPEG" if before.format == "MPO" else before.format,
            before.size,
            1 if before.format == "MPO" else getattr(before, "n_frames", 1),
        )
        assert bool(after.info.get("icc_profile")) == bool(before.info.get("icc_profile"))
        assert set(after.getexif()) <= {0x0112}
        assert after.getexif().get(0x0112, 1) == before.getexif().get(0x0112, 1)
        assert not {"comment", "xmp", "photoshop", "parsed_exif"} & set(after.info)
        for frame in range(getattr(after, "n_frames", 1)):
            before.seek(frame)
            after.seek(frame)
            assert after.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()
        if "icc_profile" in before.info and before.mode == "RGB":
            assert as_seen(after).tobytes() == as_seen(before).tobytes()


def as_seen(picture: Image.Image) -> Image.Image:
    """By whoever heeds its profile."""
    own = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
    seen = ImageCms.profileToProfile(picture.convert("RGB"), own, ImageCms.createProfile("sRGB"))
    assert seen is not None
    return seen


@pytest.mark.goal("P1")
async def test_an_original_is_cleaned_without_touching_its_pixels(
    images: SandboxedImages, save: Save, tmp_path: Path
) -> None:
    picture = corpus.quadrants((300, 200))
    sound = {
        **{
            f"tattling {kind}": data
            for kind, data in corpus.tattling().items()
            if kind not in ("AVIF", "HEIC")
        },
        **{
            f"turned {turn} {kind}": corpus.oriented(turn, kind)
            for turn in (3, 6)
            for kind in ("JPEG", "PNG", "WEBP")
        },
        **{f"moving {kind}": corpus.moving(4, kind) for kind in ("GIF", "PNG", "WEBP")},
        "moving with words": corpus.moving(4, "GIF", comment=b"CANARY comment", loop=0),
        "progressive": corpus.encoded(picture, "JPEG", progressive=True, comment=b"CANARY comment"),
        "restarts": corpus.encoded(corpus.noise((300, 200)), "JPEG", restart_marker_blocks=2),
        "clear webp": corpus.encoded(picture.convert("RGBA"), "WEBP", exif=corpus.camera_exif()),
        "palette": corpus.encoded(picture.convert("P"), "PNG", transparency=1),
        "inks": corpus.ycck((40, 30), (0, 255, 255, 0)),
        "a second picture": corpus.odd_but_fine()["phone with a second picture"],
        "garbage exif": corpus.odd_but_fine()["garbage exif"],
        "another profile": corpus.encoded(picture, "JPEG", icc_profile=corpus.swapped_profile()),
        "a profile of version 2": corpus.encoded(picture, "PNG", icc_profile=corpus.old_profile()),
        **corpus.overlong(),
    }
    for name, data in sound.items():
        source, cleaned = save(data), tmp_path / "cleaned"
        assert await images.clean(source, cleaned), name
        the_same_but_silent(source, cleaned)
        assert CANARY not in unpacked(cleaned.read_bytes()), name


@pytest.mark.goal("P1")
async def test_what_is_no_profile_is_left_out(images: SandboxedImages, save: Save, tmp_path: Path) -> None:
    whole = corpus.marked_profile()
    signs = [f"{kind}{n}".encode() for kind in ("A2B", "B2A") for n in range(3)]
    signs += [f"{channel}TRC".encode() for channel in "rgbk"] + [b"chad"]
    overlapping = [(sign, 500 + n, 2**19) for n, sign in enumerate(signs)]
    table = b"".join(struct.pack(">4sII", *each) for each in overlapping)
    grows = whole[:128] + struct.pack(">I", len(overlapping)) + table + bytes(range(256)) * 2_100
    for bent in (
        grows,
        b"CANARY" * 40,
        whole[:200],
        whole[:130] + b"\xff\xff" + whole[132:],
        whole[:128] + bytes(4),
    ):
        for kind in ("JPEG", "PNG", "WEBP"):
            source, cleaned = (
                save(corpus.encoded(corpus.quadrants(), kind, icc_profile=bent)),
                tmp_path / kind,
            )
            assert await images.clean(source, cleaned)
            with Image.open(cleaned) as made:
                made.load()
                assert "icc_profile" not in made.info
            assert CANARY not in unpacked(cleaned.read_bytes())


@pytest.mark.goal("P1")
async def test_what_cannot_be_cleaned_is_said_and_not_written(
    images: SandboxedImages, save: Save, tmp_path: Path
) -> None:
    for kind in ("AVIF", "HEIC"):
        assert not await images.clean(save(corpus.everything()[kind]), tmp_path / "cleaned")
    for name, (data, codes) in corpus.hostile().items():
        # Faults of the packed pixels are found when a file is taken in; here nobody unpacks them.
        with suppress(ImageRefused):
            await images.clean(save(data), tmp_path / "cleaned")
            assert codes == {"damaged"}, name
