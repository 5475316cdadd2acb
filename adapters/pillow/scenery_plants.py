"""Drawn photographs of plants: a wood in fog, leaves near and far, grass against the sun.

Each painter takes chances and a size in pixels, and gives RGB.
"""

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
    skyline,
    soften,
    vary,
)
from adapters.pillow.scenery_motifs import fade_colour, mist


def forest(rng: random.Random, size: Size) -> Image.Image:
    """Trunks in fog, lighter with distance, and shafts of light from above."""
    w, h = size
    air, dark, ground, sun = rng.choice(
        [
            rgbs("cfd8cd 14201a 3a4a30 fff3cf"),
            rgbs("e6d6b8 221a12 5a4526 ffe7b0"),
            rgbs("b9c9d3 101c24 2c3d3a eaf4ff"),
        ]
    )
    source = w * rng.uniform(0.2, 0.8), -h * 0.1
    image = gradient(
        size,
        [(0, mix(air, sun, 0.5)), (0.62, air), (0.75, mix(air, ground, 0.4)), (1, mix(ground, dark, 0.55))],
    )
    image = shine(image, (source[0], h * 0.15), w * 0.5, sun, 1.5)
    for layer in range(6):
        t = layer / 5
        colour = mix(mix(air, ground, 0.15), dark, t**0.9)
        mask = _trunks(rng, size, t)
        bark = shade(Image.new("RGB", size, colour), noise(rng, size, (max(8, w // 9), 5), 3), 0.15 + 0.5 * t)
        cover(image, bark, mask.filter(ImageFilter.GaussianBlur(2.2 * (1 - t) + 0.3)))
        image = mist(rng, image, h * (0.62 + 0.1 * t), h * 0.3, air, 0.5 * (1 - t))
    _undergrowth(rng, image, mix(ground, dark, 0.5), dark)
    return _shafts(rng, image, source, sun)


def _trunks(rng: random.Random, size: Size, t: float) -> Image.Image:
    w, h = size
    count = round(16 - 13 * t**0.7)
    thick = w * (0.006 + 0.04 * t**1.8)

    def draw(pencil: ImageDraw.ImageDraw, k: int) -> None:
        for _ in range(count):
            x, foot = rng.uniform(-0.05, 1.05) * w, h * (0.62 + 0.3 * t + rng.uniform(-0.03, 0.03))
            wide, lean = thick * rng.uniform(0.6, 1.3), rng.uniform(-0.03, 0.03) * w
            left = [(x - wide * 0.75, foot), (x - wide * 0.5, foot - h * 0.05), (x - wide * 0.32 + lean, -5)]
            right = [(x + wide * 0.32 + lean, -5), (x + wide * 0.5, foot - h * 0.05), (x + wide * 0.8, foot)]
            pencil.polygon([(px * k, py * k) for px, py in left + right], fill=255)
            for _ in range(rng.randint(2, 6)):
                _twig(pencil, rng, (x + lean * 0.6, rng.uniform(0.02, 0.5) * h), wide, k)

    return shape(size, draw)


def _twig(pencil: ImageDraw.ImageDraw, rng: random.Random, at: Point, thick: float, k: int) -> None:
    x, y = at
    side, reach = rng.choice((-1, 1)), thick * rng.uniform(1.5, 6)
    width = max(1, round(thick * 0.16 * k))
    for _ in range(3):
        nx, ny = x + side * reach * 0.4, y - reach * rng.uniform(-0.15, 0.3)
        pencil.line((x * k, y * k, nx * k, ny * k), fill=255, width=width)
        x, y, width = nx, ny, max(1, width // 2 + 1)


def _undergrowth(rng: random.Random, image: Image.Image, light: Colour, dark: Colour) -> None:
    h = image.size[1]
    for i in range(4):
        line = [h * (0.8 + 0.055 * i) - h * 0.06 * v for v in skyline(rng, 700, 5, 0.75, 8)]
        cover(image, mix(light, dark, i / 3), below(image.size, line, 1.5), 0.85)


def _shafts(rng: random.Random, image: Image.Image, source: Point, colour: Colour) -> Image.Image:
    w, h = image.size

    def draw(pencil: ImageDraw.ImageDraw, k: int) -> None:
        for _ in range(14):
            x, wide = rng.uniform(-0.3, 1.3) * w, rng.uniform(0.01, 0.05) * w
            sx, sy = source[0] + rng.uniform(-10, 10), source[1]
            points = [(sx, sy), (sx + 6, sy), (x + wide, h * 1.05), (x - wide, h * 1.05)]
            pencil.polygon([(px * k, py * k) for px, py in points], fill=rng.randint(50, 120))

    rays = shape((w // 2, h // 2), lambda p, k: draw(p, 1), 3).resize(image.size, Image.Resampling.BICUBIC)
    rays = ImageChops.multiply(rays, ramp(image.size, [(0, 230), (0.5, 200), (0.85, 30), (1, 0)]))
    return add_light(image, rays, fade_colour(colour, 0.85))


def autumn(rng: random.Random, size: Size) -> Image.Image:
    """Leaves in the colours of October, sharp in front of blurred light."""
    w = size[0]
    paints = rng.choice(
        [
            rgbs("e2892b c9481f f0b33c 9a2d1c e9c453"),
            rgbs("d7a02c e8c048 b86a1e 8c8a2e f3d472"),
            rgbs("c23a24 e0622c 9c1f22 ee9a3a d9472a"),
        ]
    )
    image = gradient(
        size,
        [
            (0, mix(paints[4], (255, 250, 225), 0.55)),
            (0.5, mix(paints[1], rgb("55602f"), 0.5)),
            (1, rgb("241a12")),
        ],
    )
    blots = noise(rng, size, (6, 5), 3, 0.6)
    cover(image, mix(paints[0], (255, 240, 200), 0.3), levels(blots, 140, 230), 0.7)
    image = soften(image, w / 50)
    image = _leaf_lights(rng, image, paints)
    for t, count in ((0.2, 70), (0.55, 60), (1.0, 34)):
        layer, mask = _leaves(rng, size, paints, t, count)
        blur = (1 - t) * w / 130 + 0.3
        cover(
            image,
            layer.filter(ImageFilter.GaussianBlur(blur)) if t < 1 else layer,
            mask.filter(ImageFilter.GaussianBlur(blur)),
        )
    return shine(image, (w * rng.uniform(0.2, 0.8), 0), w * 0.6, rgb("8a6a30"), 1.4)


def _leaf_lights(rng: random.Random, image: Image.Image, paints: list[Colour]) -> Image.Image:
    w, h = image.size
    for _ in range(46):
        at = rng.uniform(0, w), h * rng.random() ** 1.2
        bokeh(
            image,
            at,
            w * rng.uniform(0.012, 0.05),
            mix(rng.choice(paints), (255, 244, 205), 0.4),
            rng.uniform(0.08, 0.4),
        )
    return image


def _leaves(
    rng: random.Random, size: Size, paints: list[Colour], t: float, count: int
) -> tuple[Image.Image, Image.Image]:
    """Leaves hanging in from above and the sides, and the mask of where they are."""
    w, h = size
    layer, mask = Image.new("RGB", size, paints[0]), Image.new("L", size)
    pens = ImageDraw.Draw(layer), ImageDraw.Draw(mask)
    for _ in range(count):
        angle = rng.uniform(0, math.tau)
        reach = rng.uniform(0.42, 1.0)
        at = (
            w * (0.5 + 0.62 * reach * math.cos(angle)),
            h * (0.42 - 0.62 * reach * abs(math.sin(angle)) + rng.uniform(-0.05, 0.1)),
        )
        long = w * (0.03 + 0.045 * t) * rng.uniform(0.7, 1.2)
        _leaf(
            pens,
            rng,
            at,
            long,
            vary(rng, mix(rng.choice(paints), (60, 20, 10), 0.35 * (1 - t) * rng.random()), 22),
        )
    return layer, mask


def _leaf(
    pens: tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw],
    rng: random.Random,
    at: Point,
    long: float,
    colour: Colour,
) -> None:
    turn, thin = rng.uniform(0.2, 2.9), rng.uniform(0.35, 1)
    cos, sin = math.cos(turn), math.sin(turn)

    def place(r: float, a: float) -> Point:
        x, y = r * math.cos(a) * long, r * math.sin(a) * long * thin
        return at[0] + x * cos - y * sin, at[1] + x * sin + y * cos

    outline = []
    for i in range(44):
        a = i / 44 * math.tau
        lobes = 0.62 + 0.3 * abs(math.cos(a * 2.5)) ** 1.5 + 0.05 * math.cos(a * 17)
        outline.append(place(lobes * (0.8 + 0.2 * math.cos(a)), a))
    pens[0].polygon(outline, fill=colour)
    pens[1].polygon(outline, fill=255)
    half = outline[:23]
    pens[0].polygon(half, fill=mix(colour, (255, 236, 170), 0.22))
    for spoke in (0.0, 1.256, -1.256, 2.3, -2.3):
        pens[0].line(
            (*place(0.1, math.pi), *place(0.8, spoke)),
            fill=mix(colour, (90, 30, 10), 0.35),
            width=max(1, round(long / 26)),
        )


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
