"""Drawn photographs of water: open sea, harbour, beach from above, ice, a mountain lake.

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
    cover,
    fade,
    field,
    gradient,
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
)
from adapters.pillow.scenery_heights import alps
from adapters.pillow.scenery_motifs import fade_colour, firs, waves


def sea(rng: random.Random, size: Size) -> Image.Image:
    """Open water towards a low sun, with its glitter."""
    w, h = size
    top, low, water, deep, sun = rng.choice(
        [
            rgbs("5f7fae f7cf9e b08d80 1c3048 ffe2b0"),
            rgbs("3f5a94 f29a72 a4607a 1b2448 ffcf98"),
            rgbs("9fbdd2 f4ead2 9db8bd 2b4f62 fff4da"),
            rgbs("2d3f6e d98a7c 6b5578 121a36 ffc0a0"),
        ]
    )
    horizon = h * rng.uniform(0.4, 0.6)
    at = w * rng.uniform(0.25, 0.75), horizon - h * rng.uniform(0.03, 0.16)
    image = gradient(size, [(0, top), (horizon / h * 0.95, low), (1, low)])
    image = shine(image, at, w * 0.6, sun, 1.9)
    _banks(rng, image, horizon, mix(top, low, 0.35), mix(low, sun, 0.6))
    image = shine(image, at, w * 0.045, rgb("fff8e8"), 0.8)
    body = gradient(size, [(horizon / h, mix(water, low, 0.5)), (horizon / h + 0.12, water), (1, deep)])
    swell = waves(rng, size, horizon)
    body = shade(body, swell, 0.75)
    body = _glitter(body, levels(waves(rng, size, horizon, 0.3), 142, 200), at, horizon, sun)
    cover(image, body, below(size, [horizon, horizon], 0.8))
    if rng.random() < 0.5:
        line = [horizon + 1 - h * 0.05 * max(0.0, v - 0.45) for v in skyline(rng, 300, 3)]
        cover(
            image,
            mix(deep, low, 0.45),
            ImageChops.subtract(below(size, line), below(size, [horizon + 1] * 2)),
        )
    return shine(image, at, w * 0.5, fade_colour(sun, 0.4), 1.5)


def _banks(rng: random.Random, image: Image.Image, horizon: float, dark: Colour, light: Colour) -> None:
    """Cloud in flat banks over the horizon, lit from below."""
    size = image.size
    cloud = noise(rng, size, (3, 11), 5, 0.56)
    window = ramp(size, [(0, 120), (horizon / size[1] * 0.7, 255), (horizon / size[1], 30), (1, 0)])
    body = ImageChops.multiply(levels(cloud, 130, 215), window)
    cover(image, dark, body, 0.6)
    rim = ImageChops.subtract(body, ImageChops.offset(body, 0, -max(2, size[1] // 110)))
    cover(image, light, soften(fade(rim, 1.6), 1.5), 0.9)


def _glitter(body: Image.Image, sparks: Image.Image, at: Point, horizon: float, sun: Colour) -> Image.Image:
    """The sun's road on the water."""
    w, h = body.size

    def road(pencil: ImageDraw.ImageDraw, k: int) -> None:
        near, far = w * 0.2, w * 0.05
        points = [(at[0] - far, horizon), (at[0] + far, horizon), (at[0] + near, h), (at[0] - near, h)]
        pencil.polygon([(x * k, y * k) for x, y in points], fill=255)

    lane = soften(shape(body.size, road), w / 22)
    body = add_light(body, fade(lane, 0.42), sun)
    return add_light(body, ImageChops.multiply(sparks, lane), mix(sun, (255, 255, 255), 0.5))


def lake(rng: random.Random, size: Size) -> Image.Image:
    """Mountains and firs doubled in still water."""
    w, h = size
    top, low, snow, rock, air, glow = rng.choice(
        [
            rgbs("4f7fb8 dfe6ea eef2f5 44505e b9c9d8 ffe6c0"),
            rgbs("6c7fb2 f4c6ae f0e4e2 45435a cdb4bd ffb488"),
            rgbs("7fa3bd f3e8d6 f1efe9 4e5658 c9d2d2 ffeccb"),
        ]
    )
    shore = round(h * rng.uniform(0.5, 0.56))
    view = gradient((w, shore), [(0, top), (0.85, low), (1, low)])
    cloud = levels(noise(rng, view.size, (3, 7), 5, 0.55), 130, 225)
    cover(view, (255, 252, 247), cloud, 0.7)
    alps(rng, view, shore * 0.94, (snow, rock, glow), air, 74)
    bank = mix(rgb("1a2a22"), air, 0.08)
    for i in range(2):
        _wood(rng, view, shore * (0.985 + 0.02 * i), h * (0.055 + 0.03 * i), mix(bank, air, 0.35 - 0.35 * i))
    image = Image.new("RGB", size, low)
    image.paste(view, (0, 0))
    mirror = view.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    water = Image.new("RGB", (w, h - shore), mix(top, bank, 0.6))
    water.paste(mirror, (0, 0))
    water = _ripple(rng, water)
    tone = gradient(water.size, [(0, (225, 228, 232)), (0.5, (190, 200, 208)), (1, (96, 112, 122))])
    water = ImageChops.multiply(water, tone)
    image.paste(water, (0, shore))
    edge = ramp(size, [(shore / h - 0.012, 0), (shore / h, 200), (shore / h + 0.012, 0), (1, 0)])
    cover(image, mix(air, (255, 255, 255), 0.3), edge, 0.35)
    _stones(rng, image, bank)
    return image


def _wood(rng: random.Random, image: Image.Image, foot: float, tall: float, colour: Colour) -> None:
    w, h = image.size
    rise = skyline(rng, 60, 3, 0.5)

    def draw(pencil: ImageDraw.ImageDraw, k: int) -> None:
        x = -5.0
        while x < w + 5:
            size = tall * (0.35 + 0.65 * rise[min(59, max(0, int(x / w * 59)))]) * rng.uniform(0.6, 1.15)
            firs(pencil, rng, (x * k, (foot + 3) * k), size * k)
            x += size * rng.uniform(0.1, 0.26)
        pencil.rectangle((0, (foot - tall * 0.08) * k, w * k, h * k), fill=255)

    cover(image, colour, shape(image.size, draw))


def _ripple(rng: random.Random, water: Image.Image) -> Image.Image:
    """Blur and shake a reflection, more so towards the viewer."""
    w, h = water.size
    moved = water.copy()
    phase = [rng.uniform(0, math.tau) for _ in range(3)]
    y = 0
    while y < h:
        t = y / h
        tall = max(1, round(1 + 4 * t))
        push = round(
            (math.sin(y * 0.9 / (1 + 3 * t) + phase[0]) + math.sin(y * 0.37 / (1 + 2 * t) + phase[1]))
            * (0.4 + 3.2 * t)
        )
        moved.paste(water.crop((0, y, w, min(h, y + tall))), (push, y))
        y += tall
    soft = moved.filter(ImageFilter.BoxBlur((1, 5)))
    near = soften(moved.filter(ImageFilter.BoxBlur((2, 14))), 3)
    result = Image.composite(
        near, Image.blend(moved, soft, 0.75), ramp(water.size, [(0, 0), (0.5, 120), (1, 255)])
    )
    return shade(result, waves(rng, water.size, -h * 0.1), 0.16)


def _stones(rng: random.Random, image: Image.Image, colour: Colour) -> None:
    h = image.size[1]
    line = [h * 1.0 - h * 0.16 * max(0.0, v - 0.35) for v in skyline(rng, 300, 3, 0.55)]
    stone = shade(
        Image.new("RGB", image.size, mix(colour, (120, 120, 120), 0.25)),
        noise(rng, image.size, (26, 34), 4, 0.7),
        0.9,
    )
    cover(image, stone, below(image.size, line, 0.8))


def harbour(rng: random.Random, size: Size) -> Image.Image:
    """Masts and hulls against the last light, and their reflections."""
    w, h = size
    top, low, dark, sun = rng.choice(
        [
            rgbs("34508a f6ac78 141a2a ffcf94"),
            rgbs("6a7ba8 f8d4ac 232838 fff0cc"),
            rgbs("2a2f5c ee7f6a 120f20 ffb890"),
        ]
    )
    shore = round(h * rng.uniform(0.56, 0.62))
    view = gradient((w, shore), [(0, top), (0.95, low), (1, low)])
    at = w * rng.uniform(0.3, 0.7), shore * 0.9
    view = shine(view, at, w * 0.6, sun, 1.8)
    _banks(rng, view, shore, mix(top, low, 0.25), mix(low, sun, 0.5))
    for i in range(2):
        line = [shore - h * (0.1 - 0.045 * i) * v for v in skyline(rng, 300, 3 + 2 * i, 0.5)]
        cover(view, mix(dark, low, 0.6 - 0.22 * i), below(view.size, line))
    image = Image.new("RGB", size)
    fleet = _fleet(rng, view.size, shore)
    cover(view, mix(dark, low, 0.1), fleet)
    image.paste(view, (0, 0))
    water = view.transpose(Image.Transpose.FLIP_TOP_BOTTOM).crop((0, 0, w, h - shore))
    water = _ripple(rng, water)
    water = ImageChops.multiply(water, gradient(water.size, [(0, (220, 215, 215)), (1, (105, 108, 128))]))
    sheet = Image.new("RGB", size)
    sheet.paste(water, (0, shore))
    swell = waves(rng, size, shore)
    sheet = _glitter(
        shade(sheet, swell, 0.35),
        levels(waves(rng, size, shore, 0.3), 152, 210),
        at,
        shore,
        fade_colour(sun, 0.75),
    )
    image.paste(sheet.crop((0, shore, w, h)), (0, shore))
    for _ in range(5):
        spot = rng.uniform(0.05, 0.95) * w, shore - h * rng.uniform(0.01, 0.04)
        image = shine(image, spot, w * 0.025, rgb("ffd28a"), 1.3)
    return image


def _fleet(rng: random.Random, size: Size, shore: float) -> Image.Image:
    w, h = size
    count = 7 if w > h else 5

    def draw(pencil: ImageDraw.ImageDraw, k: int) -> None:
        for i in range(count):
            x = w * (i + rng.uniform(0.2, 0.8)) / count
            _boat(pencil, rng, (x * k, shore * k), w * rng.uniform(0.07, 0.13) * k, k)

    return shape(size, draw)


def _boat(pencil: ImageDraw.ImageDraw, rng: random.Random, at: Point, long: float, k: int) -> None:
    x, y = at
    side = rng.choice((-1, 1))
    deck = y - long * 0.13
    hull = [
        (x - side * long * 0.5, deck),
        (x + side * long * 0.58, deck - long * 0.06),
        (x + side * long * 0.4, y + 2),
        (x - side * long * 0.44, y + 2),
    ]
    pencil.polygon(hull, fill=255)
    cabin = (x - long * 0.16, deck - long * 0.1, x + long * 0.12, deck + 2)
    pencil.rectangle(cabin, fill=255)
    mast = long * rng.uniform(1.0, 1.7)
    foot = x + side * long * 0.05
    thick = max(k, round(long * 0.014))
    pencil.line((foot, deck, foot, deck - mast), fill=255, width=thick)
    pencil.line(
        (foot, deck - mast * 0.12, foot - side * long * 0.42, deck - mast * 0.1), fill=255, width=thick * 2
    )
    for end in (-0.48, 0.55):
        pencil.line((foot, deck - mast * 0.97, x + side * long * end, deck), fill=170, width=max(1, k // 2))
    pencil.line(
        (foot - long * 0.07, deck - mast * 0.62, foot + long * 0.07, deck - mast * 0.62),
        fill=255,
        width=max(1, thick // 2),
    )


def beach(rng: random.Random, size: Size) -> Image.Image:
    """Surf on sand, straight from above."""
    sand, wet, shallow, deep = rng.choice(
        [
            rgbs("ead7b4 b99c74 74cfc4 0f6f8c"),
            rgbs("e3d0b8 a58a70 8fc7c9 2c6c86"),
            rgbs("4a4744 2b2a2b 7ea9ad 1d4a5c"),
        ]
    )
    reach = _reach(rng, size)
    image = Image.composite(Image.new("RGB", size, sand), Image.new("RGB", size, sand), reach)
    image = shade(image, relief(field(rng, size, (40, 30), 4, 0.7, ridged=False), (2, 2), 260), 0.35)
    cover(image, wet, levels(reach, 80, 112), 0.75)
    water = ImageOps.colorize(levels(reach, 112, 235), shallow, deep, mid=mix(shallow, deep, 0.6))
    swell = relief(field(rng, size, (7, 8), 5, 0.55, ridged=True), (2, 3), 330)
    water = shade(water, swell, 0.5)
    cover(image, water, levels(reach, 108, 136))
    lace = field(rng, size, (12, 12), 3, 0.55, ridged=True).point(lambda v: v * 255).convert("L")
    for middle, width, share in ((116, 7, 1.0), (140, 16, 0.85), (170, 11, 0.6), (196, 7, 0.35)):
        line = reach.point([round(255 * max(0.0, 1 - abs(v - middle) / width) ** 0.8) for v in range(256)])
        foam = ImageChops.multiply(line, levels(ImageChops.add(lace, fade(line, 0.25)), 150, 215))
        cover(image, (250, 252, 250), ImageChops.lighter(foam, fade(line, 0.25)), share)
    return _sunlit(rng, image)


def _sunlit(rng: random.Random, image: Image.Image) -> Image.Image:
    """Uneven daylight, as thin cloud gives it."""
    return shade(image, noise(rng, image.size, (2, 2), 2), 0.22)


def _reach(rng: random.Random, size: Size) -> Image.Image:
    """How far out each point lies: 0 on land to 255 in deep water, with a winding shore."""
    w, h = size
    base = (
        ramp((w, h), [(0, 10), (1, 250)])
        if w >= h
        else ramp((h, w), [(0, 10), (1, 250)]).rotate(90, expand=True)
    )
    tilt = base.rotate(rng.uniform(-24, 24), Image.Resampling.BICUBIC, fillcolor=128)
    zoom = 0.62
    box = (w * (1 - zoom) / 2, h * (1 - zoom) / 2, w * (1 + zoom) / 2, h * (1 + zoom) / 2)
    tilt = levels(tilt, 44, 212).resize(size, Image.Resampling.BICUBIC, box)
    bends = noise(rng, size, (3, 3), 4, 0.4)
    return soften(Image.blend(tilt, bends, 0.24), 3)


def ice(rng: random.Random, size: Size) -> Image.Image:
    """Clear winter ice with white cracks, running to a far shore."""
    w, h = size
    top, low, light, deep = rng.choice(
        [
            rgbs("5f93c8 dfe8ee 6fb9c4 0a2c44"),
            rgbs("8c93c4 f4d3c4 7aa9c0 12284a"),
            rgbs("a8bccb eef0ee 86b4b4 163a44"),
        ]
    )
    horizon = h * rng.uniform(0.26, 0.38)
    image = gradient(size, [(0, top), (horizon / h, low), (1, low)])
    line = [horizon - h * 0.075 * v for v in skyline(rng, 300, 3, 0.5)]
    cover(image, mix(top, (245, 248, 252), 0.45), below(size, line))
    flat = _ice_sheet(rng, (w, w), light, deep)
    ground = flat.transform(
        (w, round(h - horizon)), Image.Transform.PERSPECTIVE, _lay(w, h - horizon), Image.Resampling.BICUBIC
    )
    air = ramp(ground.size, [(0, 235), (0.12, 90), (0.5, 0), (1, 0)])
    cover(ground, mix(low, light, 0.25), air)
    image.paste(ground, (0, round(horizon)))
    return shine(image, (w * rng.uniform(0.2, 0.8), horizon), w * 0.6, fade_colour(low, 0.6), 1.6)


def _lay(w: float, deep: float) -> tuple[float, ...]:
    """Perspective that lays a square map of side `w` on the ground: its far edge on the horizon, about a third near."""
    g = 2.4 / deep
    return (1.0, w / 2 * g, 0.0, 0.0, (3.3 * w * 0.98) / deep, 1.0, 0.0, g)


def _ice_sheet(rng: random.Random, size: Size, light: Colour, deep: Colour) -> Image.Image:
    w, h = size
    sheet = ImageOps.colorize(noise(rng, size, (5, 5), 5, 0.55), deep, light, mid=mix(deep, light, 0.3))
    veil = Image.new("L", size)
    pencil = ImageDraw.Draw(veil)
    for _ in range(15):
        at, turn = (rng.uniform(0, w), rng.uniform(0, h)), rng.uniform(0, math.tau)
        _crack(pencil, rng, at, turn, w * 0.9, rng.uniform(1.5, 4), 3)
        _crack(pencil, rng, at, turn + math.pi, w * 0.9, rng.uniform(1.5, 4), 3)
    glow = soften(veil, 6)
    cover(sheet, mix(light, (255, 255, 255), 0.5), levels(glow, 0, 130), 0.6)
    cover(sheet, (236, 248, 250), veil.filter(ImageFilter.GaussianBlur(0.8)), 0.8)
    frost = levels(noise(rng, size, (6, 6), 6, 0.65), 165, 230)
    cover(sheet, (238, 244, 248), frost, 0.6)
    return sheet


def _crack(
    pencil: ImageDraw.ImageDraw,
    rng: random.Random,
    at: Point,
    turn: float,
    long: float,
    width: float,
    depth: int,
) -> None:
    x, y = at
    walked = 0.0
    while walked < long and width > 0.5:
        step = rng.uniform(8, 26)
        turn += rng.gauss(0, 0.16)
        nx, ny = x + math.cos(turn) * step, y + math.sin(turn) * step
        pencil.line((x, y, nx, ny), fill=rng.randint(120, 255), width=max(1, round(width)))
        if depth and rng.random() < 0.07:
            _crack(
                pencil,
                rng,
                (nx, ny),
                turn + rng.choice((-1, 1)) * rng.uniform(0.5, 1.2),
                long * 0.4,
                width * 0.6,
                depth - 1,
            )
        x, y, walked, width = nx, ny, walked + step, width * 0.992
