"""Drawn photographs of things close by: a leaf, a cup, vases, a wall with a plant's shadow, a white facade."""

import math
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from adapters.pillow.scenery_brushes import (
    Colour,
    Point,
    Size,
    add_light,
    below,
    bokeh,
    cover,
    fade,
    field,
    gradient,
    halo,
    levels,
    mix,
    noise,
    ramp,
    relief,
    rgb,
    rgbs,
    shade,
    shape,
    shine,
    soften,
    spread,
)

Outline = list[Point]


def leaf(rng: random.Random, size: Size) -> Image.Image:
    """A leaf against the light: veins, cells and drops of dew."""
    w, h = size
    light, mid, dark = rng.choice(
        [
            rgbs("d6e87a 6fa23a 1f4a1e"),
            rgbs("f0c867 c2702a 5a2313"),
            rgbs("b8e0a0 4f9a5e 123c30"),
            rgbs("f2a07a b03a34 4a1220"),
        ]
    )
    image = ImageOps.colorize(noise(rng, size, (3, 3), 4, 0.5), mid, mix(mid, light, 0.75))
    slope = rng.uniform(-0.28, 0.28)
    start, end = (-0.05 * w, h * (0.5 - slope)), (1.05 * w, h * (0.5 + slope))
    veins, fine = _veins(rng, size, start, end)
    cells = field(rng, size, (34, 26), 3, 0.7, ridged=True).point(lambda v: v * 255).convert("L")
    image = shade(image, relief(cells.convert("F").point(lambda v: v / 255), (1, 2), 190), 0.55)
    cover(image, mix(mid, dark, 0.45), levels(cells, 178, 235), 0.3)
    cover(image, mix(light, (255, 255, 230), 0.25), fine.filter(ImageFilter.GaussianBlur(0.8)), 0.4)
    wide = soften(veins, w / 90)
    cover(image, mix(mid, dark, 0.6), ImageChops.offset(wide, 0, h // 90), 0.75)
    cover(image, mix(light, (255, 255, 235), 0.35), veins.filter(ImageFilter.GaussianBlur(1)))
    image = shine(image, (w * rng.uniform(0.2, 0.8), h * 0.15), w * 0.6, mix((0, 0, 0), light, 0.5), 1.4)
    rim = halo(size, (w * rng.uniform(0.35, 0.65), h * rng.uniform(0.35, 0.65)), w * 0.85, 0.8)
    cover(image, mix(dark, (0, 0, 0), 0.25), ImageChops.invert(levels(rim, 0, 150)), 0.8)
    image = Image.composite(image, soften(image, w / 120), levels(rim, 60, 150))
    for _ in range(rng.randint(14, 26)):
        _dew(
            rng,
            image,
            (rng.uniform(0.05, 0.95) * w, rng.uniform(0.05, 0.95) * h),
            w * rng.uniform(0.006, 0.03) * rng.random() ** 0.5,
            light,
        )
    return image


def _veins(rng: random.Random, size: Size, start: Point, end: Point) -> tuple[Image.Image, Image.Image]:
    """Masks of the thick veins (a midrib with side ribs) and of the fine net between them."""
    w, h = size
    sheet, net = Image.new("L", (w * 2, h * 2)), Image.new("L", size)
    thick, thin = ImageDraw.Draw(sheet), ImageDraw.Draw(net)
    turn = math.atan2(end[1] - start[1], end[0] - start[0])
    thick.line((start[0] * 2, start[1] * 2, end[0] * 2, end[1] * 2), fill=255, width=round(w * 0.026))
    count = 13
    for i in range(-3, count):
        t = (i + 0.5) / count
        x, y = start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t
        for side in (-1, 1):
            _rib(rng, (thick, thin), (x, y), (turn, side), w)
    return sheet.reduce(2), net


def _rib(
    rng: random.Random,
    pens: tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw],
    at: Point,
    way: tuple[float, int],
    w: float,
) -> None:
    turn, side = way
    angle = turn + side * rng.uniform(0.92, 1.02)
    x, y = at
    width = w * 0.0085
    for step in range(46):
        angle -= side * 0.011
        nx, ny = x + math.cos(angle) * w * 0.02, y + math.sin(angle) * w * 0.02
        pens[0].line((x * 2, y * 2, nx * 2, ny * 2), fill=230, width=max(2, round(width * 2)))
        x, y, width = nx, ny, width * 0.965
        if step % 2:
            _capillary(rng, pens[1], (x, y), angle + rng.choice((-1, 1)) * rng.uniform(1.0, 1.7), w)


def _capillary(rng: random.Random, pencil: ImageDraw.ImageDraw, at: Point, angle: float, w: float) -> None:
    x, y = at
    for _ in range(rng.randint(4, 8)):
        angle += rng.gauss(0, 0.4)
        nx, ny = x + math.cos(angle) * w * 0.008, y + math.sin(angle) * w * 0.008
        pencil.line((x, y, nx, ny), fill=210, width=1)
        x, y = nx, ny


def _dew(rng: random.Random, image: Image.Image, at: Point, r: float, light: Colour) -> None:
    """A drop: what lies under it larger, dark towards the light, bright where light leaves, one glint and a shadow."""
    if r < 2.5:
        return
    x, y = at
    side = round(r * 2)
    box = (round(x - r), round(y - r), round(x - r) + side, round(y - r) + side)
    mask = Image.new("L", (side * 2, side * 2))
    ImageDraw.Draw(mask).ellipse((1, 1, side * 2 - 2, side * 2 - 2), fill=255)
    mask = mask.reduce(2)
    image.paste(
        mix(light, (0, 0, 0), 0.75),
        (box[0], box[1] + max(1, side // 9)),
        fade(mask, 0.45).filter(ImageFilter.GaussianBlur(side / 16)),
    )
    under = image.crop(box).resize(
        (side, side), Image.Resampling.BICUBIC, (side * 0.2, side * 0.2, side * 0.8, side * 0.8)
    )
    tone = gradient((side, side), [(0, (120, 120, 120)), (0.5, (200, 200, 200)), (1, (255, 255, 255))])
    lens = ImageChops.multiply(under, tone)
    lens = add_light(
        lens,
        halo((side, side), (side * 0.5, side * 0.85), side * 0.55, 1.2),
        mix(light, (255, 255, 255), 0.2),
    )
    image.paste(lens, box[:2], mask)
    g, gx, gy = r * rng.uniform(0.14, 0.2), x - r * 0.35, y - r * 0.4
    ImageDraw.Draw(image).ellipse((gx - g, gy - g, gx + g, gy + g), fill=(252, 254, 250))


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
        cover(
            crema, rgb("f1dfc0"), _rosetta(side).rotate(rng.uniform(0, 360), Image.Resampling.BICUBIC), 0.92
        )
    image.paste(crema, (round(at[0] - r), round(at[1] - r)), _round(side))
    cover(image, (255, 250, 240), halo(image.size, (at[0] - r * 0.4, at[1] - r * 0.45), r * 0.5, 1.6), 0.3)


def _rosetta(side: int) -> Image.Image:
    def draw(pencil: ImageDraw.ImageDraw, k: int) -> None:
        s = side * k
        for i in range(6):
            t = i / 5
            y, wide = s * (0.3 + 0.42 * t), s * (0.1 + 0.24 * math.sin(math.pi * (0.2 + 0.7 * t)))
            tall = s * 0.13
            pencil.arc(
                (s / 2 - wide, y - tall, s / 2 + wide, y + tall), 15, 165, fill=255, width=round(s * 0.032)
            )
        pencil.line((s / 2, s * 0.2, s / 2, s * 0.84), fill=255, width=round(s * 0.02))
        pencil.ellipse((s * 0.42, s * 0.17, s * 0.58, s * 0.31), fill=255)

    return shape((side, side), draw, side / 150)


def _paper(rng: random.Random, image: Image.Image, at: Point, r: float) -> None:
    """The corner of an open notebook under the saucer's edge."""
    w, h = image.size
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


_SHAPES = (
    ((0, 0.13), (0.06, 0.12), (0.3, 0.1), (0.42, 0.15), (0.7, 0.3), (0.92, 0.26), (1, 0.17)),
    ((0, 0.09), (0.05, 0.08), (0.4, 0.075), (0.52, 0.12), (0.66, 0.2), (0.95, 0.2), (1, 0.17)),
    ((0, 0.34), (0.1, 0.36), (0.45, 0.38), (0.8, 0.28), (0.93, 0.17), (1, 0.18)),
    ((0, 0.16), (0.12, 0.13), (0.25, 0.22), (0.55, 0.34), (0.85, 0.26), (1, 0.16)),
    ((0, 0.2), (0.3, 0.205), (0.8, 0.22), (0.97, 0.22), (1, 0.2)),
)


def _vase(rng: random.Random, image: Image.Image, foot: Point, tall: float, clay: Colour, side: int) -> None:
    """One turned vessel: its profile filled with light that runs around it, a rim, a shadow on the table."""
    x, y = foot
    profile = rng.choice(_SHAPES)
    widths = [_between(profile, i / 60) * tall * 0.9 for i in range(61)]
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
    for (t0, v0), (t1, v1) in zip(profile, profile[1:], strict=False):
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


def shadows(rng: random.Random, size: Size) -> Image.Image:
    """Evening sun through a window and a plant, on a plain wall."""
    w, h = size
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
    _plane(rng, image, right, other, 0.35)
    _plane(rng, image, left, wall, 0.2)
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
    _opening(rng, image, (split * rng.uniform(0.3, 0.5), top + h * 0.2), (w * 0.11, h * 0.2), wall)
    _plane(
        rng,
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
    _steps(rng, image, (split, h), wall, other)
    return image if slope > 0 else ImageOps.mirror(image)


def _plane(rng: random.Random, image: Image.Image, points: Outline, colour: Colour, rough: float) -> None:
    """A plastered wall."""
    size = image.size
    paint = gradient(size, [(0, mix(colour, (255, 255, 255), 0.1)), (1, mix(colour, (120, 90, 80), 0.12))])
    paint = shade(paint, noise(rng, size, (5, 4), 6, 0.62), rough)
    paint = shade(paint, relief(field(rng, size, (80, 60), 2, 0.7, ridged=False), (1, 1.5), 140), 0.3)
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
    rng: random.Random, image: Image.Image, at: Point, sizes: tuple[float, float], wall: Colour
) -> None:
    """A deep window with its reveal, a shutter colour and the shadow of the lintel."""
    x, y = at
    wide, tall = sizes
    pane = rng.choice(rgbs("2e5a6e 4a6a4c 6a2f2a 28384e"))
    box = [(x, y), (x + wide, y + tall * 0.03), (x + wide, y + tall * 1.03), (x, y + tall)]
    _plane(rng, image, box, mix(wall, (110, 110, 130), 0.5), 0.1)
    inner = [
        (x + wide * 0.16, y + tall * 0.12),
        (x + wide, y + tall * 0.14),
        (x + wide, y + tall * 1.0),
        (x + wide * 0.16, y + tall * 0.97),
    ]
    _plane(rng, image, inner, pane, 0.25)
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


def _steps(rng: random.Random, image: Image.Image, corner: Point, wall: Colour, other: Colour) -> None:
    """An outside stair that climbs along the second wall: lit treads, dark risers."""
    w, h = image.size
    count = rng.randint(6, 8)
    run, rise = w * 0.5 / count, h * 0.36 / count
    for i in range(count):
        x, y = w - (count - i) * run * 0.98, h * 1.0 - i * rise
        body = [(x, y - rise), (w + 5, y - rise), (w + 5, h + 5), (x, h + 5)]
        _flat(image, body, mix(wall, (255, 255, 255), 0.15) if i % 1 == 0 else other)
        _flat(
            image,
            [(x, y - rise), (x + run * 0.5, y - rise), (x + run * 0.5, h + 5), (x, h + 5)],
            mix(mix(wall, rgb("7f8fb8"), 0.62), other, 0.12),
        )


def _flat(image: Image.Image, points: Outline, colour: Colour) -> None:
    ImageDraw.Draw(image).polygon(points, fill=colour)


def grasses(rng: random.Random, size: Size) -> Image.Image:
    """Blades and ears against a low sun, most of them out of focus."""
    w, h = size
    top, low, dark, sun = rng.choice(
        [
            rgbs("e8b25a 8a5a24 1f160c ffe2a0"),
            rgbs("d9a9a0 6a4a58 1c1420 ffd8c0"),
            rgbs("c9cf8a 5a6a2c 12180c fff2b8"),
        ]
    )
    image = gradient(size, [(0, mix(top, (255, 250, 225), 0.4)), (0.55, top), (1, low)])
    at = w * rng.uniform(0.25, 0.75), h * rng.uniform(0.22, 0.42)
    image = shine(image, at, w * 0.6, sun, 1.6)
    for _ in range(34):
        bokeh(
            image,
            (rng.uniform(0, w), h * rng.uniform(0.35, 1)),
            w * rng.uniform(0.012, 0.045),
            mix(top, sun, rng.random()),
            rng.uniform(0.06, 0.3),
        )
    for t in (0.0, 0.35, 0.7, 1.0):
        mask = shape(size, lambda p, k, near=t: _blades(p, rng, size, k, near))  # type: ignore[misc]
        colour = mix(mix(low, top, 0.45), dark, t**0.8)
        cover(image, colour, mask.filter(ImageFilter.GaussianBlur(w * 0.011 * (1 - t) + 0.4)), 0.95)
        image = shine(image, at, w * 0.4, mix((0, 0, 0), sun, 0.22), 1.5)
    return image


def _blades(pencil: ImageDraw.ImageDraw, rng: random.Random, size: Size, k: int, t: float) -> None:
    w, h = size
    for _ in range(round(46 - 22 * t)):
        x, y, angle = rng.uniform(-0.1, 1.1) * w, h * 1.02, -math.pi / 2 + rng.gauss(0, 0.12)
        bend, tall = rng.gauss(0, 0.035), h * rng.uniform(0.25, 0.75)
        width = w * (0.0028 + 0.003 * t) * rng.uniform(0.6, 1.4)
        for step in range(16):
            nx, ny = x + math.cos(angle) * tall / 16, y + math.sin(angle) * tall / 16
            pencil.line(
                (x * k, y * k, nx * k, ny * k), fill=255, width=max(1, round(width * (1 - step / 18) * k))
            )
            x, y, angle = nx, ny, angle + bend
        if rng.random() < 0.45:
            _ear(pencil, rng, (x, y), angle, w * 0.013 * (0.6 + 0.6 * t), k)


def _ear(pencil: ImageDraw.ImageDraw, rng: random.Random, at: Point, angle: float, s: float, k: int) -> None:
    x, y = at
    for i in range(9):
        reach = s * math.sin(math.pi * (i + 1) / 10)
        for side in (-1, 1):
            a = angle + side * rng.uniform(0.25, 0.6)
            pencil.line(
                (x * k, y * k, (x + math.cos(a) * reach * 2) * k, (y + math.sin(a) * reach * 2) * k),
                fill=255,
                width=max(1, round(s * 0.22 * k)),
            )
        x, y = x + math.cos(angle) * s * 0.55, y + math.sin(angle) * s * 0.55
