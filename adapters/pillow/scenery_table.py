"""Drawn photographs of a table: coffee from above, and ceramics in side light.

Each painter takes chances and a size in pixels, and gives RGB.
"""

import math
import random
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageOps

from adapters.pillow.scenery_brushes import (
    Colour,
    Point,
    Size,
    below,
    cover,
    gradient,
    halo,
    mix,
    noise,
    ramp,
    rgb,
    rgbs,
    shade,
    shape,
    soften,
    spread,
)


def wood(rng: random.Random, size: Size, colour: Colour) -> Image.Image:
    """A table top of planks seen from above."""
    w, h = size
    image = Image.new("RGB", size, colour)
    grain = noise(rng, size, (3, 60), 4, 0.75)
    image = shade(image, grain, 0.55)
    image = shade(image, noise(rng, size, (2, 12), 3, 0.6), 0.4)
    pencil = ImageDraw.Draw(image)
    y = h * rng.uniform(0.1, 0.3)
    while y < h:
        pencil.line((0, y, w, y), fill=mix(colour, (0, 0, 0), 0.7), width=max(2, h // 260))
        pencil.line((0, y + h / 200, w, y + h / 200), fill=mix(colour, (255, 240, 220), 0.18), width=1)
        y += h * 0.31
    return image


def coffee(rng: random.Random, size: Size) -> Image.Image:
    """A cup from above on a table in window light."""
    w, h = size
    table, china = rng.choice(
        [rgbs("8a6242 f2ece0"), rgbs("5c4636 3f5560"), rgbs("b59a7c e9e4da"), rgbs("4a4038 c9b8a0")]
    )
    image = wood(rng, size, table)
    at, r = (w * rng.uniform(0.38, 0.62), h * rng.uniform(0.42, 0.58)), min(w, h) * rng.uniform(0.2, 0.25)
    if rng.random() < 0.7:
        _paper(rng, image, at, r)
    _drop_shadow(image, at, r * 1.55, r * 0.16)
    _disc(image, at, r * 1.55, mix(china, (255, 255, 255), 0.1), 0.3)
    _disc(image, at, r * 1.08, mix(china, (0, 0, 0), 0.08), -0.25)
    turn = rng.uniform(-0.9, 0.9)
    _handle(image, at, r, turn, china)
    _drop_shadow(image, at, r * 1.0, r * 0.22)
    _disc(image, at, r, china, 0.35)
    _disc(image, at, r * 0.9, mix(china, (60, 40, 30), 0.35), -0.6)
    _brew(rng, image, at, r * 0.84)
    return _window_light(rng, image)


def _disc(image: Image.Image, at: Point, r: float, colour: Colour, slope: float) -> None:
    """A round of one colour, lighter towards the upper left by `slope` (negative: a hollow)."""
    side = round(r * 2)
    up, down = mix(colour, (255, 252, 244), abs(slope)), mix(colour, (20, 14, 12), abs(slope))
    stops = [(0.0, up), (0.5, colour), (1.0, down)] if slope > 0 else [(0.0, down), (0.5, colour), (1.0, up)]
    body = gradient((side, side), stops).rotate(40, Image.Resampling.BILINEAR, fillcolor=colour)
    body = Image.blend(body, Image.new("RGB", body.size, colour), 0.35)
    image.paste(body, (round(at[0] - r), round(at[1] - r)), _round(side))


def _round(side: int) -> Image.Image:
    mask = Image.new("L", (side * 2, side * 2))
    ImageDraw.Draw(mask).ellipse((1, 1, side * 2 - 2, side * 2 - 2), fill=255)
    return mask.reduce(2)


def _drop_shadow(image: Image.Image, at: Point, r: float, away: float) -> None:
    x, y = at[0] + away, at[1] + away
    mask = shape(image.size, lambda p, k: p.ellipse([v * k for v in (x - r, y - r, x + r, y + r)], fill=255))
    cover(image, rgb("140c08"), soften(mask, r * 0.1), 0.62)


def _handle(image: Image.Image, at: Point, r: float, turn: float, china: Colour) -> None:
    far = r * 1.32
    x, y = at[0] + math.cos(turn) * far, at[1] + math.sin(turn) * far

    def bar(pencil: ImageDraw.ImageDraw, k: int) -> None:
        pencil.line((at[0] * k, at[1] * k, x * k, y * k), fill=255, width=round(r * 0.2 * k))
        e = r * 0.1
        pencil.ellipse([v * k for v in (x - e, y - e, x + e, y + e)], fill=255)

    mask = shape(image.size, bar)
    cover(
        image, rgb("140c08"), soften(ImageChops.offset(mask, round(r * 0.1), round(r * 0.12)), r * 0.06), 0.45
    )
    cover(image, mix(china, (255, 255, 255), 0.15), mask)


def _brew(rng: random.Random, image: Image.Image, at: Point, r: float) -> None:
    """Coffee with crema; often a poured leaf of milk on it."""
    side = round(r * 2)
    crema = ImageOps.colorize(
        noise(rng, (side, side), (4, 4), 5, 0.6), rgb("4a2410"), rgb("a9652f"), mid=rgb("7a4420")
    )
    edge = ImageChops.invert(halo((side, side), (r, r), r * 1.05, 0.45))
    cover(crema, rgb("321608"), edge, 0.9)
    if rng.random() < 0.75:
        cover(crema, rgb("f1dfc0"), _milk(side).rotate(rng.uniform(0, 360), Image.Resampling.BICUBIC), 0.92)
    image.paste(crema, (round(at[0] - r), round(at[1] - r)), _round(side))
    cover(image, (255, 250, 240), halo(image.size, (at[0] - r * 0.4, at[1] - r * 0.45), r * 0.5, 1.6), 0.3)


def _milk(side: int) -> Image.Image:
    """A poured heart with a ring of foam around it."""

    def draw(pencil: ImageDraw.ImageDraw, k: int) -> None:
        s = side * k
        pencil.arc((s * 0.14, s * 0.12, s * 0.86, s * 0.84), 150, 390, fill=150, width=round(s * 0.03))
        for x in (0.4, 0.6):
            pencil.ellipse((s * (x - 0.15), s * 0.26, s * (x + 0.15), s * 0.56), fill=255)
        pencil.polygon([(s * 0.27, s * 0.48), (s * 0.73, s * 0.48), (s * 0.5, s * 0.82)], fill=255)
        pencil.line((s * 0.5, s * 0.2, s * 0.5, s * 0.4), fill=0, width=round(s * 0.02))

    return shape((side, side), draw, side / 90)


def _paper(rng: random.Random, image: Image.Image, at: Point, r: float) -> None:
    """The corner of an open notebook under the saucer's edge."""
    turn, side = rng.uniform(-0.25, 0.25), rng.choice((-1, 1))
    middle = at[0] + side * r * 2.3, at[1] + r * rng.uniform(-0.8, 0.8)
    wide, tall = r * 1.25, r * 1.75
    corners = [(-wide, -tall), (wide, -tall), (wide, tall), (-wide, tall)]
    cos, sin = math.cos(turn), math.sin(turn)
    points = [(middle[0] + x * cos - y * sin, middle[1] + x * sin + y * cos) for x, y in corners]
    mask = shape(image.size, lambda p, k: p.polygon([(x * k, y * k) for x, y in points], fill=255))
    cover(
        image, rgb("140c08"), soften(ImageChops.offset(mask, round(r * 0.08), round(r * 0.08)), r * 0.07), 0.5
    )
    sheet = shade(Image.new("RGB", image.size, rgb("ece5d6")), noise(rng, image.size, (4, 3), 3), 0.12)
    pencil = ImageDraw.Draw(sheet)
    for i in range(9):
        y = -tall * 0.75 + i * tall * 0.17
        reach = wide * rng.uniform(0.3, 0.8) if i in (4, 8) else wide * 0.8
        _scribble(pencil, rng, (middle, cos, sin), (-wide * 0.8, reach, y), r * 0.03)
    cover(image, sheet, mask)


def _scribble(
    pencil: ImageDraw.ImageDraw,
    rng: random.Random,
    frame: tuple[Point, float, float],
    line: tuple[float, float, float],
    tall: float,
) -> None:
    """One line of handwriting that says nothing."""
    (mx, my), cos, sin = frame
    x, end, y = line
    points = []
    while x < end:
        wave = 0.0 if rng.random() < 0.12 else rng.uniform(-1, 1) * tall
        points.append((mx + x * cos - (y + wave) * sin, my + x * sin + (y + wave) * cos))
        x += tall * 0.55
    pencil.line(points, fill=rgb("4a4a5c"), width=1)


def _window_light(rng: random.Random, image: Image.Image) -> Image.Image:
    """Slanting daylight with the bars of a window in it, from the upper left."""
    w, h = image.size
    lean = rng.uniform(0.25, 0.6)

    def panes(pencil: ImageDraw.ImageDraw, k: int) -> None:
        for column in range(2):
            for row in range(2):
                x, y = w * (0.08 + 0.42 * column), h * (-0.1 + 0.56 * row)
                points = [
                    (x, y),
                    (x + w * 0.37, y + h * 0.06),
                    (x + w * 0.37 + h * lean * 0.5, y + h * 0.56),
                    (x + h * lean * 0.5, y + h * 0.5),
                ]
                pencil.polygon([(a * k, b * k) for a, b in points], fill=255)

    lit = soften(shape(image.size, panes), w / 60)
    dark = ImageChops.multiply(image, Image.new("RGB", image.size, (138, 134, 150)))
    warm = ImageChops.multiply(
        image.point([min(255, round(v * 1.16)) for v in range(256)] * 3),
        Image.new("RGB", image.size, (255, 246, 228)),
    )
    return Image.composite(warm, dark, lit)


_SHAPES = (
    ((0, 0.13), (0.06, 0.12), (0.3, 0.1), (0.42, 0.15), (0.7, 0.3), (0.92, 0.26), (1, 0.17)),
    ((0, 0.09), (0.05, 0.08), (0.4, 0.075), (0.52, 0.12), (0.66, 0.2), (0.95, 0.2), (1, 0.17)),
    ((0, 0.34), (0.1, 0.36), (0.45, 0.38), (0.8, 0.28), (0.93, 0.17), (1, 0.18)),
    ((0, 0.16), (0.12, 0.13), (0.25, 0.22), (0.55, 0.34), (0.85, 0.26), (1, 0.16)),
    ((0, 0.2), (0.3, 0.205), (0.8, 0.22), (0.97, 0.22), (1, 0.2)),
)


def vases(rng: random.Random, size: Size) -> Image.Image:
    """Three or four quiet vessels on a table, light from one side."""
    w, h = size
    wall, table = rng.choice(
        [rgbs("b9b0a2 8f8374"), rgbs("8d9a98 6f6a60"), rgbs("c9b7a6 a08a74"), rgbs("6a7076 544c46")]
    )
    clays = rng.sample(rgbs("e6dccb c98f6b 7c8f88 d8c49a 9a5f4a b7b9b4 4f5d6a e2d3c6"), 4)
    side = rng.choice((-1, 1))
    edge = h * rng.uniform(0.66, 0.72)
    image = spread(size, [(0, mix(wall, (255, 248, 230), 0.3)), (1, mix(wall, (20, 18, 24), 0.5))])
    image = image if side < 0 else ImageOps.mirror(image)
    image = shade(image, noise(rng, size, (4, 4), 5, 0.5), 0.2)
    board = spread(size, [(0, mix(table, (255, 240, 220), 0.3)), (1, mix(table, (10, 8, 12), 0.45))])
    board = shade(board if side < 0 else ImageOps.mirror(board), noise(rng, size, (3, 50), 4, 0.7), 0.3)
    cover(image, board, below(size, [edge, edge], 2.5))
    count = rng.randint(3, 4) if w >= h else 3
    places = [w * (0.5 + (i - (count - 1) / 2) * 0.62 / count) for i in range(count)]
    order = sorted(range(count), key=lambda _: rng.random())
    for depth, i in enumerate(order):
        foot = edge + h * (0.05 + 0.05 * depth)
        _vase(
            rng,
            image,
            (places[i] + rng.uniform(-0.02, 0.02) * w, foot),
            h * rng.uniform(0.26, 0.5),
            clays[i],
            side,
        )
    return Image.composite(image, soften(image, w / 200), ramp(size, [(0, 90), (0.3, 255), (1, 255)]))


def _vase(rng: random.Random, image: Image.Image, foot: Point, tall: float, clay: Colour, side: int) -> None:
    """One turned vessel: its profile filled with light that runs around it, a rim, a shadow on the table."""
    x, y = foot
    profile = rng.choice(_SHAPES)
    rough = [_between(profile, i / 60) * tall * 0.9 for i in range(61)]
    widths = [sum(rough[max(0, i - 4) : i + 5]) / len(rough[max(0, i - 4) : i + 5]) for i in range(61)]
    left = [(x - widths[i], y - tall * (1 - i / 60)) for i in range(61)]
    right = [(x + widths[i], y - tall * (1 - i / 60)) for i in range(61)]
    belly, base = max(widths), widths[-1]
    _vase_shadow(image, foot, (belly, base, tall), side)

    def body(pencil: ImageDraw.ImageDraw, k: int) -> None:
        pencil.polygon([(a * k, b * k) for a, b in left + right[::-1]], fill=255)
        pencil.ellipse([v * k for v in (x - base, y - base * 0.22, x + base, y + base * 0.22)], fill=255)
        pencil.ellipse(
            [
                v * k
                for v in (
                    x - widths[0],
                    left[0][1] - widths[0] * 0.24,
                    x + widths[0],
                    left[0][1] + widths[0] * 0.24,
                )
            ],
            fill=255,
        )

    wide, high = round(belly * 2), round(tall + belly)
    stops = [
        (0, mix(clay, (255, 250, 238), 0.25)),
        (0.22, mix(clay, (255, 250, 238), 0.55)),
        (0.45, clay),
        (0.8, mix(clay, (18, 15, 20), 0.72)),
        (1, mix(clay, (40, 34, 40), 0.58)),
    ]
    round_light = spread((wide, high), stops)
    round_light = round_light if side < 0 else ImageOps.mirror(round_light)
    speckle = noise(rng, (wide, high), (max(4, wide // 5), max(4, high // 5)), 2, 0.8)
    round_light = shade(shade(round_light, speckle, 0.16), noise(rng, (wide, high), (1, 18), 3, 0.7), 0.14)
    sheet = Image.new("RGB", image.size, clay)
    sheet.paste(round_light, (round(x - belly), round(y - tall - belly * 0.4)))
    cover(image, sheet, shape(image.size, body, 0.5))
    mouth = (
        x - widths[0] * 0.86,
        left[0][1] - widths[0] * 0.17,
        x + widths[0] * 0.86,
        left[0][1] + widths[0] * 0.17,
    )
    hole = shape(image.size, lambda p, k: p.ellipse([v * k for v in mouth], fill=255), 0.8)
    cover(image, mix(clay, (8, 6, 8), 0.85), hole, 0.95)


def _between(profile: tuple[tuple[float, float], ...], t: float) -> float:
    for (t0, v0), (t1, v1) in pairwise(profile):
        if t <= t1:
            s = (t - t0) / (t1 - t0)
            s = s * s * (3 - 2 * s)
            return v0 + (v1 - v0) * s
    return profile[-1][1]


def _vase_shadow(image: Image.Image, foot: Point, sizes: tuple[float, float, float], side: int) -> None:
    x, y = foot
    belly, base, tall = sizes
    away = -side * tall * 0.9
    points = [
        (x - base, y),
        (x + base, y),
        (x + away + belly * 0.8, y - tall * 0.1),
        (x + away - belly * 0.8, y - tall * 0.16),
    ]
    cast = shape(image.size, lambda p, k: p.polygon([(a * k, b * k) for a, b in points], fill=255))
    cover(image, rgb("0e0b0d"), soften(cast, tall * 0.05), 0.42)
    touch = (x - base * 1.12, y - base * 0.2, x + base * 1.12, y + base * 0.34)
    near = shape(image.size, lambda p, k: p.ellipse([v * k for v in touch], fill=255))
    cover(image, rgb("0e0b0d"), soften(near, base * 0.12), 0.65)
