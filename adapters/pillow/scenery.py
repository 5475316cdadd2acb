"""Draws the photographs of the demo, so that it needs no downloads and nobody's rights: one picture per scene and seed.

`python -m adapters.pillow.scenery OUTDIR --jobs FILE.json` draws a list in a process of its own; a process that serves
people never imports this module. How the scenes are painted lies in the `scenery_*` modules beside this one.
"""

import argparse
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import ExifTags, Image, ImageDraw, ImageFilter, TiffImagePlugin

from adapters.pillow import scenery_heights as heights
from adapters.pillow import scenery_land as land
from adapters.pillow import scenery_night as night
from adapters.pillow import scenery_plants as plants
from adapters.pillow import scenery_table as table
from adapters.pillow import scenery_walls as walls
from adapters.pillow import scenery_water as water
from adapters.pillow.scenery_brushes import (
    Colour,
    Film,
    Size,
    below,
    cover,
    develop,
    dice,
    gradient,
    mix,
    rgbs,
    shape,
    skyline,
)

AVATAR = "avatar"

WIDE, TALL, SQUARE, PANORAMA = (3, 2), (4, 5), (1, 1), (16, 9)
_DAY = Film(grain=0.05)
_SOFT = Film(contrast=0.12, lift=14, grain=0.06)
_NIGHT = Film(contrast=0.15, lift=5, grain=0.075, bloom=0.2, shadows=(-1, 0, 4), vignette=0.28)
_CLOSE = Film(grain=0.05, vignette=0.26, sharpen=40)


@dataclass(frozen=True, slots=True)
class Scene:
    """How one kind of picture is made: its painter, film, shapes (width : height), and the light a camera would meet.

    `side` is the long side in pixels at which it is painted before it is enlarged; `light` is `day`, `low` or `night`.
    """

    paint: Callable[[random.Random, Size], Image.Image]
    film: Film
    shapes: tuple[tuple[int, int], ...] = (WIDE, TALL, PANORAMA, SQUARE)
    side: int = 840
    light: str = "day"


_SCENES = {
    "ridges": Scene(heights.ridges, _SOFT, (WIDE, PANORAMA, TALL), light="low"),
    "sea": Scene(water.sea, _DAY, light="low"),
    "dunes": Scene(land.dunes, _DAY, (WIDE, TALL, PANORAMA), light="low"),
    "city": Scene(night.city, _NIGHT, (WIDE, PANORAMA, TALL), light="night"),
    "aurora": Scene(night.aurora, _NIGHT, (WIDE, TALL, PANORAMA), light="night"),
    "rain": Scene(night.rain, _NIGHT, (WIDE, TALL, SQUARE), light="night"),
    "lavender": Scene(land.lavender, _DAY, (WIDE, TALL, SQUARE), side=820, light="low"),
    "tea": Scene(land.tea, _DAY, (WIDE, TALL, SQUARE), side=820),
    "forest": Scene(plants.forest, _SOFT, (TALL, WIDE, SQUARE), side=800, light="low"),
    "lake": Scene(water.lake, _DAY, (WIDE, PANORAMA), side=840),
    "snow": Scene(land.snow, _SOFT, (WIDE, SQUARE, TALL)),
    "leaf": Scene(plants.leaf, _CLOSE, (WIDE, TALL, SQUARE)),
    "mesa": Scene(land.mesa, _DAY, (WIDE, PANORAMA)),
    "clouds": Scene(heights.clouds, _SOFT, (WIDE, PANORAMA, TALL), side=840),
    "facade": Scene(walls.facade, replace(_DAY, contrast=0.3), (WIDE, TALL, SQUARE), side=820),
    "harbour": Scene(water.harbour, _DAY, (WIDE, PANORAMA, TALL), light="low"),
    "moon": Scene(heights.moon, _NIGHT, (TALL, WIDE, SQUARE), light="night"),
    "trails": Scene(night.trails, _NIGHT, (WIDE, TALL, SQUARE), light="night"),
    "autumn": Scene(plants.autumn, _CLOSE, (WIDE, TALL, SQUARE)),
    "coffee": Scene(table.coffee, _CLOSE, (SQUARE, TALL, WIDE)),
    "vases": Scene(table.vases, _CLOSE, (TALL, SQUARE, WIDE), side=800),
    "shadows": Scene(walls.shadows, _SOFT, (TALL, WIDE, SQUARE), light="low"),
    "beach": Scene(water.beach, _DAY, (WIDE, TALL, SQUARE)),
    "ice": Scene(water.ice, _DAY, (WIDE, PANORAMA, TALL)),
    "peaks": Scene(heights.peaks, _DAY, (WIDE, TALL, PANORAMA), side=820, light="low"),
    "grasses": Scene(plants.grasses, _CLOSE, (WIDE, TALL, SQUARE), light="low"),
}
SCENES: tuple[str, ...] = tuple(_SCENES)


def draw(scene: str, seed: int, width: int = 1600) -> Image.Image:
    """The RGB picture of `scene` with its long side `width` pixels. The same arguments give the same picture.

    `scene` is one of SCENES, else KeyError. Seeds that follow one another differ in shape, light and palette.
    """
    kind = _SCENES[scene]
    rng = dice(scene, seed)
    ratio = kind.shapes[seed % len(kind.shapes)]
    image = kind.paint(rng, _fit(ratio, kind.side))
    return develop(image, _fit(ratio, width), _exposed(kind.film, rng), rng)


def draw_avatar(seed: int) -> Image.Image:
    """A square of 400 pixels for a person: a small landscape or somebody's outline against the light."""
    rng = dice(AVATAR, seed)
    size = (400, 400)
    top, low, dark, sun = rng.choice(_AVATAR_PALETTES)
    image = gradient(size, [(0, top), (0.75, low), (1, low)])
    paint = _portrait if seed % 3 == 0 else _small_view
    paint(rng, image, (low, dark, sun))
    return develop(image, size, Film(grain=0.04, vignette=0.15, bloom=0.2), rng)


def write(path: Path, scene: str, seed: int, width: int = 1600) -> None:
    """Write a JPEG with the facts that a camera would have left in it, sometimes the place too.

    `scene` may also be `avatar`; avatars have one size and no camera.
    """
    if scene == AVATAR:
        draw_avatar(seed).save(path, "JPEG", quality=90)
        return
    draw(scene, seed, width).save(path, "JPEG", quality=90, exif=_exif(scene, seed), dpi=(300, 300))


def main(argv: list[str] | None = None) -> int:
    """Draw every job of a JSON list of {scene, seed, width, name} into a directory. Returns 0, or argparse's 2."""
    parser = argparse.ArgumentParser(prog="python -m adapters.pillow.scenery", description=draw.__doc__)
    parser.add_argument("outdir", type=Path, help="where the pictures go; made if missing")
    parser.add_argument("--jobs", type=Path, required=True, help="JSON list of {scene, seed, width, name}")
    arguments = parser.parse_args(argv)
    arguments.outdir.mkdir(parents=True, exist_ok=True)
    for job in json.loads(arguments.jobs.read_text("utf-8")):
        name = Path(job["name"]).name
        # Under its name when it is complete, so that whoever waits for it need not ask.
        aside = arguments.outdir / f".{name}.part"
        write(aside, job["scene"], int(job["seed"]), int(job.get("width", 1600)))
        aside.replace(arguments.outdir / name)
    return 0


def _fit(ratio: tuple[int, int], side: int) -> Size:
    longest = max(ratio)
    return max(8, round(side * ratio[0] / longest)), max(8, round(side * ratio[1] / longest))


def _exposed(film: Film, rng: random.Random) -> Film:
    """No two rolls are developed quite alike."""
    return replace(
        film,
        contrast=film.contrast + rng.uniform(-0.06, 0.1),
        lift=film.lift + rng.randint(-3, 6),
        colour=film.colour + rng.uniform(-0.12, 0.06),
    )


_AVATAR_PALETTES = [
    rgbs(codes)
    for codes in (
        "6f8fb8 f6d2a4 26364a ffe8bd",
        "e0a08a f7dcc0 5a3044 fff0d0",
        "8fb3a8 eef0d8 23443c fff6d8",
        "3c3f72 e88f78 1a1a34 ffd2a0",
        "c7b299 f3e7d2 5c4a3c fffaf0",
        "7fa6c9 e9eef0 2c4a62 ffffff",
        "d9a441 f6e3b4 4a3418 fff4cf",
    )
]


def _portrait(rng: random.Random, image: Image.Image, paints: tuple[Colour, Colour, Colour]) -> None:
    """Head and shoulders without a face, a disc of light behind."""
    low, dark, sun = paints
    x, turn = 200 + rng.randint(-18, 18), rng.choice((-1, 1))
    hair = rng.choice(("short", "bun", "long", "hat"))
    cover(
        image,
        mix(sun, low, 0.2),
        shape((400, 400), lambda p, k: p.ellipse([v * k for v in (62, 52, 338, 328)], fill=255), 0.8),
    )

    def body(p: ImageDraw.ImageDraw, k: int) -> None:
        for box in ((x - 47, 112, x + 47, 238), (x - 29, 196, x + 29, 320), (x - 150, 270, x + 150, 620)):
            p.ellipse([v * k for v in box], fill=255)
        _hair(p, hair, x, turn, k)

    mask = shape((400, 400), body)
    cover(
        image,
        gradient((400, 400), [(0, mix(dark, low, 0.12)), (1, dark)]),
        mask.filter(ImageFilter.GaussianBlur(0.7)),
    )


def _hair(p: ImageDraw.ImageDraw, style: str, x: int, turn: int, k: int) -> None:
    boxes = {
        "short": ((x - 51, 104, x + 51, 194), (x + turn * 12 - 40, 98, x + turn * 12 + 40, 160)),
        "bun": ((x - 51, 103, x + 51, 196), (x + turn * 44 - 26, 76, x + turn * 44 + 26, 128)),
        "long": ((x - 57, 100, x + 57, 214), (x - 62, 136, x - 14, 304), (x + 14, 136, x + 62, 304)),
        "hat": ((x - 88, 124, x + 88, 154), (x - 54, 82, x + 54, 170)),
    }
    for box in boxes[style]:
        p.ellipse([v * k for v in box], fill=255)


def _small_view(rng: random.Random, image: Image.Image, paints: tuple[Colour, Colour, Colour]) -> None:
    """A sun over two or three hills."""
    low, dark, sun = paints
    x, y, r = rng.randint(120, 280), rng.randint(110, 200), rng.randint(34, 62)
    cover(
        image,
        sun,
        shape(
            (400, 400), lambda p, k: p.ellipse([v * k for v in (x - r, y - r, x + r, y + r)], fill=255), 0.7
        ),
    )
    count = rng.randint(3, 4)
    for i in range(count):
        line = [190 + 200 * (i + 0.6) / count - 70 * v for v in skyline(rng, 120, 2, 0.4, rng.choice((2, 5)))]
        cover(image, mix(mix(low, dark, 0.28), dark, i / (count - 1)), below((400, 400), line))


_CAMERAS = (
    ("Helio", "Helio M2", "Helio 35mm f/2", 35.0),
    ("Helio", "Helio M2", "Helio 90mm f/2.8", 90.0),
    ("Corvane", "Corvane R60", "Corvane 24-70mm f/4", 50.0),
    ("Corvane", "Corvane R60", "Corvane 16mm f/2.8", 16.0),
    ("Lumera", "Lumera Pocket 3", "Lumera 28mm f/2.8", 28.0),
    ("Tessaro", "Tessaro 645", "Tessaro 80mm f/2.8", 80.0),
)
# Exposure times in seconds as (numerator, denominator), f-numbers and film speeds that suit the light.
_EXPOSURES = {
    "day": (((1, 250), (1, 500), (1, 1000)), (5.6, 8.0, 11.0), (100, 200)),
    "low": (((1, 60), (1, 125), (1, 250)), (4.0, 5.6, 8.0), (100, 200, 400)),
    "night": (((2, 1), (8, 1), (15, 1)), (2.0, 2.8), (800, 1600, 3200)),
}
_SPOTS = (
    (68.1466, 13.7989),
    (38.1195, 128.4656),
    (38.7139, -9.1335),
    (53.2587, 107.4021),
    (46.4102, 11.8440),
)


def _exif(scene: str, seed: int) -> Image.Exif:
    rng = dice("exif", scene, seed)
    make, model, lens, focal = rng.choice(_CAMERAS)
    times, apertures, speeds = _EXPOSURES[_SCENES[scene].light]
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = make, model
    exif[ExifTags.Base.Orientation] = 1
    taken = _taken(rng, _SCENES[scene].light)
    exif[ExifTags.Base.DateTime] = taken
    facts = exif.get_ifd(ExifTags.IFD.Exif)
    facts[ExifTags.Base.DateTimeOriginal] = taken
    facts[ExifTags.Base.ExposureTime] = TiffImagePlugin.IFDRational(*rng.choice(times))
    facts[ExifTags.Base.FNumber] = TiffImagePlugin.IFDRational(round(rng.choice(apertures) * 10), 10)
    facts[ExifTags.Base.ISOSpeedRatings] = rng.choice(speeds)
    facts[ExifTags.Base.FocalLength] = TiffImagePlugin.IFDRational(round(focal * 10), 10)
    facts[ExifTags.Base.LensModel] = lens
    if seed % 2 == 0:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(_position(rng))
    return exif


def _taken(rng: random.Random, light: str) -> str:
    hour = {"day": rng.randint(9, 16), "low": rng.choice((6, 7, 18, 19)), "night": rng.choice((21, 22, 23))}[
        light
    ]
    day = f"{rng.choice((2024, 2025))}:{rng.randint(1, 12):02}:{rng.randint(1, 28):02}"
    return f"{day} {hour:02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"


def _position(rng: random.Random) -> dict[int, object]:
    """A real spot, moved a little; it is there to be removed by whoever takes the upload."""
    latitude, longitude = (part + rng.uniform(-0.02, 0.02) for part in rng.choice(_SPOTS))
    return {
        ExifTags.GPS.GPSLatitudeRef: "N" if latitude >= 0 else "S",
        ExifTags.GPS.GPSLatitude: _sexagesimal(abs(latitude)),
        ExifTags.GPS.GPSLongitudeRef: "E" if longitude >= 0 else "W",
        ExifTags.GPS.GPSLongitude: _sexagesimal(abs(longitude)),
    }


def _sexagesimal(degrees: float) -> tuple[TiffImagePlugin.IFDRational, ...]:
    whole = int(degrees)
    minutes = (degrees - whole) * 60
    seconds = (minutes - int(minutes)) * 60
    parts = ((whole, 1), (int(minutes), 1), (round(seconds * 100), 100))
    return tuple(TiffImagePlugin.IFDRational(*part) for part in parts)


if __name__ == "__main__":
    raise SystemExit(main())
