"""The drawn photographs: complete, repeatable, cheap enough, and looking like camera files from outside."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import ExifTags, Image, ImageStat

from adapters.pillow import scenery
from application.demo_content import PICTURES

SMALL = 240


@pytest.mark.parametrize("scene", scenery.SCENES)
def test_a_scene_is_drawn_at_the_size_asked_for_and_is_no_flat_area(scene: str) -> None:
    image = scenery.draw(scene, 3, SMALL)
    assert image.mode == "RGB"
    assert max(image.size) == SMALL
    assert max(ImageStat.Stat(image).stddev) > 12


def test_there_are_many_scenes_and_the_demo_uses_every_one() -> None:
    assert len(scenery.SCENES) >= 16
    assert {scene for scene, _ in PICTURES} == set(scenery.SCENES)


@pytest.mark.parametrize("scene", ["forest", "rain", "peaks"])
def test_the_same_seed_draws_the_same_picture_and_another_seed_another(scene: str) -> None:
    first, again, other = (scenery.draw(scene, seed, SMALL) for seed in (4, 4, 5))
    assert first.tobytes() == again.tobytes()
    assert first.size != other.size or first.tobytes() != other.tobytes()


def test_avatars_are_square_and_differ() -> None:
    avatars = [scenery.draw_avatar(seed) for seed in range(6)]
    assert {avatar.size for avatar in avatars} == {(400, 400)}
    assert len({avatar.tobytes() for avatar in avatars}) == 6


def test_a_written_picture_carries_what_a_camera_writes_and_some_carry_a_place(tmp_path: Path) -> None:
    for seed in (2, 3):
        scenery.write(tmp_path / f"{seed}.jpg", "sea", seed, SMALL)
    with Image.open(tmp_path / "2.jpg") as image:
        assert image.format == "JPEG"
        exif = image.getexif()
        facts, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    assert exif[ExifTags.Base.Make]
    for tag in (ExifTags.Base.FNumber, ExifTags.Base.ExposureTime, ExifTags.Base.FocalLength):
        assert float(facts[tag]) > 0
    assert facts[ExifTags.Base.DateTimeOriginal].count(":") == 4
    assert 0 < float(place[ExifTags.GPS.GPSLatitude][0]) < 90
    with Image.open(tmp_path / "3.jpg") as image:
        assert not image.getexif().get_ifd(ExifTags.IFD.GPSInfo)


def test_the_command_draws_its_jobs_inside_its_directory(tmp_path: Path) -> None:
    jobs = [
        {"scene": "sea", "seed": 1, "width": SMALL, "name": "a.jpg"},
        {"scene": "avatar", "seed": 2, "width": 400, "name": "../b.jpg"},
    ]
    listed = tmp_path / "jobs.json"
    listed.write_text(json.dumps(jobs), "utf-8")
    command = [sys.executable, "-m", "adapters.pillow.scenery", str(tmp_path / "out"), "--jobs", str(listed)]
    root = Path(__file__).parents[2]
    subprocess.run(command, cwd=root, check=True, timeout=60)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.jpg", "b.jpg"]


def test_a_full_size_picture_costs_a_fraction_of_a_second(tmp_path: Path) -> None:
    # The budget is 0.2 s on average; the limit leaves room for slow machines and still catches a slip by a factor.
    begun = time.process_time()
    for scene in ("ridges", "lavender", "rain", "facade"):
        scenery.write(tmp_path / "picture.jpg", scene, 2)
    assert (time.process_time() - begun) / 4 < 1.0
