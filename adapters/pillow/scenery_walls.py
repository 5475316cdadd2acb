"""Drawn photographs of walls: evening sun through a window, and a white house under a hard sun.

Each painter takes chances and a size in pixels, and gives RGB.
"""

import math
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from adapters.pillow.scenery_brushes import (
    Colour,
    Point,
    Size,
    cover,
    fade,
    field,
    gradient,
    mix,
    noise,
    relief,
    rgb,
    rgbs,
    shade,
    shape,
    soften,
)

Outline = list[Point]


# Stains and roughness of a wall, both L around 128.
Plaster = tuple[Image.Image, Image.Image]


def shadows(rng: random.Random, size: Size) -> Image.Image:
    """Evening sun through a window and a plant, on a plain wall."""
    w = size[0]
    wall, cold = rng.choice(
        [rgbs("ecd9bd 8d8290"), rgbs("e8b99a 7c5f70"), rgbs("dfe0d6 7d8a98"), rgbs("d9a98c 5f4a58")]
    )
    lean = rng.uniform(-0.25, 0.25)
    image = shade(Image.new("RGB", size, wall), noise(rng, size, (4, 4), 5, 0.6), 0.1)
    image = shade(image, relief(field(rng, size, (60, 50), 3, 0.7, ridged=False), (1, 1), 160), 0.3)
    lit = soften(shape(size, lambda p, k: _panes(p, k, size, lean)), w / 120)
    plant = Image.new("L", size)
    for depth in range(3):
        mask = shape(size, lambda p, k: _fronds(p, rng, size, k))
        plant = ImageChops.lighter(
            plant,
            fade(mask.filter(ImageFilter.GaussianBlur(w * (0.002 + 0.005 * depth))), 0.95 - 0.22 * depth),
        )
    lit = ImageChops.subtract(lit, plant)
    shady = ImageChops.multiply(image, Image.new("RGB", size, cold))
    glow = gradient(size, [(0, mix(wall, (255, 236, 190), 0.6)), (1, mix(wall, (255, 190, 120), 0.45))])
    sunny = ImageChops.multiply(
        image.point([min(255, round(v * 1.12)) for v in range(256)] * 3),
        mix_image(glow, (255, 255, 255), 0.55),
    )
    return Image.composite(sunny, shady, lit)


def mix_image(image: Image.Image, colour: Colour, share: float) -> Image.Image:
    """`image` on its way to one colour."""
    return Image.blend(image, Image.new("RGB", image.size, colour), share)


def _panes(pencil: ImageDraw.ImageDraw, k: int, size: Size, lean: float) -> None:
    w, h = size
    for column in range(2):
        for row in range(3):
            x, y = w * (0.2 + 0.31 * column), h * (0.1 + 0.28 * row)
            points = [(0, 0), (w * 0.285, 0), (w * 0.285, h * 0.255), (0, h * 0.255)]
            slanted = [((x + a) * k, (y + b + lean * (x + a - w / 2)) * k) for a, b in points]
            pencil.polygon(slanted, fill=255)


def _fronds(pencil: ImageDraw.ImageDraw, rng: random.Random, size: Size, k: int) -> None:
    """Stems with pairs of long leaves, from below or the side."""
    w, h = size
    for _ in range(3):
        x, y, angle = rng.uniform(0.1, 0.9) * w, h * 1.05, -math.pi / 2 + rng.uniform(-0.5, 0.5)
        bend = rng.uniform(-0.05, 0.05)
        for step in range(24):
            nx, ny = x + math.cos(angle) * h * 0.036, y + math.sin(angle) * h * 0.036
            pencil.line((x * k, y * k, nx * k, ny * k), fill=255, width=max(1, round(w * 0.004 * k)))
            x, y, angle = nx, ny, angle + bend
            long = w * 0.085 * math.sin(math.pi * min(1.0, (step + 3) / 26)) * rng.uniform(0.7, 1.2)
            for side in (-1, 1):
                _blade(pencil, (x, y), angle + side * rng.uniform(0.6, 0.95), long, k)


def _blade(pencil: ImageDraw.ImageDraw, at: Point, angle: float, long: float, k: int) -> None:
    cos, sin = math.cos(angle), math.sin(angle)
    outline = []
    for i in range(13):
        t = i / 12
        a, b = (t, math.sin(math.pi * t**0.8) * 0.13) if i <= 12 else (0, 0)
        outline.append((a, b))
    both = outline + [(a, -b) for a, b in reversed(outline)]
    pencil.polygon(
        [
            ((at[0] + (a * cos - b * sin) * long) * k, (at[1] + (a * sin + b * cos) * long) * k)
            for a, b in both
        ],
        fill=255,
    )


def facade(rng: random.Random, size: Size) -> Image.Image:
    """White and coloured walls under a hard sun: planes, a stair, one window, their shadows."""
    w, h = size
    sky, wall, other = rng.choice(
        [
            rgbs("2f7fc4 f3efe6 d98a6a"),
            rgbs("4a98cf f5e6d0 e0b04a"),
            rgbs("2466a8 eef0ee 5f88b0"),
            rgbs("78a8cc f1d7c6 c25a4a"),
        ]
    )
    image = gradient(size, [(0, mix(sky, (0, 20, 60), 0.2)), (1, mix(sky, (255, 255, 255), 0.4))])
    slope = rng.choice((-1, 1))
    top = h * rng.uniform(0.2, 0.34)
    split = w * rng.uniform(0.38, 0.62)
    left = [(-5, top), (split, top + h * 0.06), (split, h + 5), (-5, h + 5)]
    right = [(split, top + h * 0.2), (w + 5, top + h * 0.12), (w + 5, h + 5), (split, h + 5)]
    plaster = (
        noise(rng, size, (5, 4), 6, 0.62),
        relief(field(rng, size, (80, 60), 2, 0.7, ridged=False), (1, 1.5), 140),
    )
    _plane(plaster, image, right, other, 0.35)
    _plane(plaster, image, left, wall, 0.2)
    _cast(
        image,
        [
            (split, top + h * 0.22),
            (split + w * 0.2, top + h * 0.42),
            (split + w * 0.2, h + 5),
            (split, h + 5),
        ],
        right,
        other,
    )
    _opening(rng, plaster, image, (split * rng.uniform(0.3, 0.5), top + h * 0.2), (w * 0.11, h * 0.2), wall)
    _plane(
        plaster,
        image,
        [
            (-5, top - h * 0.035),
            (split + w * 0.012, top + h * 0.03),
            (split + w * 0.012, top + h * 0.062),
            (-5, top),
        ],
        mix(wall, (255, 255, 255), 0.4),
        0.05,
    )
    _cast(
        image,
        [(-5, top), (split, top + h * 0.062), (split, top + h * 0.1), (-5, top + h * 0.045)],
        left,
        wall,
    )
    _steps(rng, plaster, image, wall, right)
    return image if slope > 0 else ImageOps.mirror(image)


def _plane(plaster: Plaster, image: Image.Image, points: Outline, colour: Colour, rough: float) -> None:
    """A plastered wall."""
    size = image.size
    paint = gradient(size, [(0, mix(colour, (255, 255, 255), 0.1)), (1, mix(colour, (120, 90, 80), 0.12))])
    paint = shade(shade(paint, plaster[0], rough), plaster[1], 0.3)
    cover(
        image, paint, shape(size, lambda p, k: p.polygon([(x * k, y * k) for x, y in points], fill=255), 0.4)
    )


def _cast(image: Image.Image, points: Outline, onto: Outline, colour: Colour) -> None:
    """A hard shadow, kept on the wall it falls on; blue, as the sky lights it."""
    size = image.size
    mask = shape(size, lambda p, k: p.polygon([(x * k, y * k) for x, y in points], fill=255), 0.8)
    area = shape(size, lambda p, k: p.polygon([(x * k, y * k) for x, y in onto], fill=255))
    dark = ImageChops.multiply(image, Image.new("RGB", size, mix(rgb("7f8fb8"), colour, 0.12)))
    cover(image, dark, ImageChops.multiply(mask, area), 0.92)


def _opening(
    rng: random.Random,
    plaster: Plaster,
    image: Image.Image,
    at: Point,
    sizes: tuple[float, float],
    wall: Colour,
) -> None:
    """A deep window with its reveal, a shutter colour and the shadow of the lintel."""
    x, y = at
    wide, tall = sizes
    pane = rng.choice(rgbs("2e5a6e 4a6a4c 6a2f2a 28384e"))
    box = [(x, y), (x + wide, y + tall * 0.03), (x + wide, y + tall * 1.03), (x, y + tall)]
    _plane(plaster, image, box, mix(wall, (110, 110, 130), 0.5), 0.1)
    inner = [
        (x + wide * 0.16, y + tall * 0.12),
        (x + wide, y + tall * 0.14),
        (x + wide, y + tall * 1.0),
        (x + wide * 0.16, y + tall * 0.97),
    ]
    _plane(plaster, image, inner, pane, 0.25)
    pencil = ImageDraw.Draw(image)
    middle = x + wide * 0.58
    pencil.line(
        (middle, y + tall * 0.13, middle, y + tall * 0.98),
        fill=mix(pane, (0, 0, 0), 0.4),
        width=max(2, round(wide * 0.04)),
    )
    for i in range(1, 9):
        level = y + tall * (0.13 + 0.85 * i / 9)
        pencil.line(
            (x + wide * 0.18, level, x + wide, level + tall * 0.01), fill=mix(pane, (0, 0, 0), 0.25), width=1
        )
    _cast(
        image,
        [(x + wide * 0.16, y), (x + wide, y), (x + wide, y + tall * 0.3), (x + wide * 0.16, y + tall * 0.45)],
        inner,
        pane,
    )


def _steps(rng: random.Random, plaster: Plaster, image: Image.Image, wall: Colour, behind: Outline) -> None:
    """An outside stair seen from its side, climbing along the second wall, with its shadow on that wall."""
    w, h = image.size
    count = rng.randint(6, 8)
    run, rise = w * 0.46 / count, h * 0.36 / count
    foot = w - count * run
    corners = [(foot + (i // 2) * run, h - ((i + 1) // 2) * rise) for i in range(2 * count + 1)]
    outline = [*corners, (w + 5, corners[-1][1]), (w + 5, h + 5), (foot, h + 5)]
    _cast(image, [(x - run * 0.7, y + rise * 0.15) for x, y in outline], behind, wall)
    _plane(plaster, image, outline, mix(wall, rgb("8f9ab8"), 0.3), 0.25)
    pencil = ImageDraw.Draw(image)
    edge = max(2, round(rise * 0.16))
    for x, y in corners[1::2]:
        pencil.line((x - 1, y, x + run + 1, y), fill=mix(wall, (255, 255, 255), 0.5), width=edge)
