"""Drawn photographs of the night: a skyline over water, rain on glass, northern lights, turning stars.

Each painter takes chances and a size in pixels, and gives RGB.
"""

import math
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from adapters.pillow.scenery_brushes import (
    Colour,
    Point,
    Size,
    add_light,
    below,
    bokeh,
    cover,
    fade,
    gradient,
    levels,
    mix,
    noise,
    ramp,
    rgb,
    rgbs,
    shade,
    shape,
    shine,
    skyline,
    soften,
    vary,
)
from adapters.pillow.scenery_motifs import fade_colour, fade_rgb, firs, waves

LAMPS = rgbs("ffd9a0 ffc27a fff0d2 ffb060 e8f0ff ffcf8f")


NEON = rgbs("ff5a4e ffb347 5ec8ff ff7fb0 8affc8 ffd27a ffe6b8")


def city(rng: random.Random, size: Size) -> Image.Image:
    """Towers at the blue hour, their windows doubled in the river."""
    w, h = size
    top, low, wall = rng.choice(
        [rgbs("16264e e08a6a 141a2c"), rgbs("0f1d3c 5f7fb0 0f1626"), rgbs("2a2450 f0a08a 1a1628")]
    )
    shore = round(h * rng.uniform(0.62, 0.7))
    view = gradient((w, shore), [(0, top), (0.9, low), (1, low)])
    cover(view, mix(top, low, 0.5), levels(noise(rng, view.size, (2, 9), 4), 130, 230), 0.6)
    lights = Image.new("RGB", view.size)
    for layer in range(3):
        _blocks(rng, view, lights, layer / 2, mix(wall, low, 0.38 - 0.17 * layer))
    view = ImageChops.screen(view, lights)
    glow = soften(lights, w / 90)
    view = ImageChops.screen(view, glow.point([min(255, round(v * 1.5)) for v in range(256)] * 3))
    image = Image.new("RGB", size)
    image.paste(view, (0, 0))
    water = view.transpose(Image.Transpose.FLIP_TOP_BOTTOM).crop((0, 0, w, h - shore))
    long = water.filter(ImageFilter.BoxBlur((1, h / 22)))
    water = Image.blend(water.filter(ImageFilter.BoxBlur((1, 8))), long, 0.6)
    water = water.point([min(255, round(v * 1.12)) for v in range(256)] * 3)
    water = shade(water, waves(rng, water.size, -8), 0.75)
    water = ImageChops.multiply(water, gradient(water.size, [(0, (235, 235, 240)), (1, (120, 125, 150))]))
    image.paste(water, (0, shore))
    return image


def _blocks(rng: random.Random, view: Image.Image, lights: Image.Image, t: float, colour: Colour) -> None:
    """One row of towers with their windows; hides what is lit behind it."""
    w, h = view.size
    walls, lamps = ImageDraw.Draw(view), ImageDraw.Draw(lights)
    x = -w * 0.02
    hump, spread = rng.uniform(0.3, 0.7), rng.uniform(0.15, 0.3)
    while x < w:
        wide = w * rng.uniform(0.025, 0.07) * (0.7 + 0.5 * t)
        rise = 0.16 + 0.6 * math.exp(-(((x / w - hump) / spread) ** 2)) * (1 - 0.45 * t)
        top = h - h * rise * rng.uniform(0.55, 1.1)
        tone = vary(rng, colour, 8)
        box = (x, top, x + wide, h)
        walls.rectangle(box, fill=tone)
        lamps.rectangle(box, fill=(0, 0, 0))
        if rng.random() < 0.3:
            walls.line((x + wide / 2, top, x + wide / 2, top - h * 0.06), fill=tone, width=2)
        if rng.random() < 0.4:
            walls.rectangle((x + wide * 0.2, top - h * 0.03, x + wide * 0.8, top), fill=tone)
        _windows(rng, lamps, box, t)
        x += wide * rng.uniform(0.85, 1.25)


def _windows(
    rng: random.Random, lamps: ImageDraw.ImageDraw, box: tuple[float, float, float, float], t: float
) -> None:
    left, top, right, bottom = box
    pitch, tall = 4.2 + 2.2 * t, 5.2 + 2.6 * t
    mood, lit = rng.choice(LAMPS), rng.uniform(0.12, 0.5)
    y = top + tall
    while y < bottom - 2:
        office = rng.random() < 0.08
        x = left + pitch * 0.7
        while x < right - pitch * 0.7:
            if office or rng.random() < lit * 0.75:
                colour = fade_colour(mix(mood, rng.choice(LAMPS), 0.4), rng.uniform(0.3, 0.95))
                lamps.rectangle((x, y, x + pitch * 0.45, y + tall * 0.42), fill=colour)
            x += pitch
        y += tall


def rain(rng: random.Random, size: Size) -> Image.Image:
    """Drops on a window, the street behind it only lights."""
    w, h = size
    street = _street(rng, size)
    image = soften(street, w / 160)
    haze = rng.choice(rgbs("2a3a52 3a3048 2c4248"))
    image = Image.blend(image, Image.new("RGB", size, haze), 0.18)
    fog = levels(noise(rng, size, (5, 6), 4), 40, 255)
    cover(image, mix(haze, (150, 165, 180), 0.35), fog, 0.25)
    small = street.resize((max(8, w // 10), max(8, h // 10)), Image.Resampling.BOX).transpose(
        Image.Transpose.ROTATE_180
    )
    small = small.point([min(255, round(v * 1.35 + 10)) for v in range(256)] * 3)
    for _ in range(360):
        _drop(rng, image, small, w * 0.0022 * rng.uniform(0.6, 1.6))
    for _ in range(110):
        _drop(rng, image, small, w * rng.uniform(0.004, 0.011))
    for _ in range(26):
        _drop(rng, image, small, w * rng.uniform(0.011, 0.021))
    for _ in range(4):
        _trail(rng, image, small)
    return image


def _street(rng: random.Random, size: Size) -> Image.Image:
    w, h = size
    top, mid, low = rng.choice(
        [rgbs("141a2e 27304a 0d1018"), rgbs("1e1830 40304a 120d18"), rgbs("10222a 24424a 0a1216")]
    )
    image = gradient(size, [(0, top), (0.55, mid), (1, low)])
    for _ in range(70):
        y = h * min(0.98, max(0.02, rng.gauss(0.52, 0.17)))
        radius = w * rng.uniform(0.014, 0.05)
        bokeh(image, (rng.uniform(0, w), y), radius, rng.choice(NEON), rng.uniform(0.15, 0.7))
    below_street = image.crop((0, round(h * 0.35), w, round(h * 0.62))).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    wet = below_street.resize((w, round(h * 0.4)), Image.Resampling.BILINEAR).filter(
        ImageFilter.BoxBlur((2, 26))
    )
    sheet = Image.new("RGB", size)
    sheet.paste(wet, (0, round(h * 0.62)))
    return ImageChops.screen(image, fade_rgb(sheet, 0.55))


def _drop(
    rng: random.Random, image: Image.Image, small: Image.Image, r: float, at: Point | None = None
) -> None:
    """One drop: a small upside-down view of the street, dark above, bright below, with a glint."""
    w, h = image.size
    x, y = at or (rng.uniform(0, w), rng.uniform(0, h))
    wide, tall = max(3, round(r * 2)), max(3, round(r * rng.uniform(2, 2.5)))
    sx, sy = x / w * small.width * 0.7, y / h * small.height * 0.7
    span = small.width * 0.3, small.height * 0.3
    lens = small.resize((wide, tall), Image.Resampling.BILINEAR, (sx, sy, sx + span[0], sy + span[1]))
    lens = ImageChops.multiply(
        lens, gradient((wide, tall), [(0, (70, 72, 84)), (0.55, (190, 190, 195)), (1, (255, 255, 255))])
    )
    mask = Image.new("L", (wide * 2, tall * 2))
    ImageDraw.Draw(mask).ellipse((0, 0, wide * 2 - 1, tall * 2 - 1), fill=235)
    image.paste(lens, (round(x - r), round(y - r)), mask.reduce(2))
    if r > 4:
        g = r * 0.22
        ImageDraw.Draw(image).ellipse(
            (x - r * 0.35 - g, y - r * 0.35 - g, x - r * 0.35 + g, y - r * 0.35 + g), fill=(225, 232, 240)
        )


def _trail(rng: random.Random, image: Image.Image, small: Image.Image) -> None:
    w, h = image.size
    x, y, end = rng.uniform(0.05, 0.95) * w, 0.0, rng.uniform(0.4, 0.95) * h
    sway = rng.uniform(0, 6)
    clear = Image.new("L", image.size)
    pencil = ImageDraw.Draw(clear)
    while y < end:
        nx = x + math.sin(y / 60 + sway) * 1.4
        pencil.line((x, y, nx, y + 6), fill=190, width=round(w * 0.007))
        x, y = nx, y + 6
    cover(image, (12, 16, 26), clear.filter(ImageFilter.GaussianBlur(1.5)), 0.3)
    _drop(rng, image, small, w * 0.011, (x, end))


def stars(rng: random.Random, size: Size, count: int, until: float) -> Image.Image:
    """A mask of stars down to `until` (pixels), many faint and a few bright."""
    sheet = Image.new("L", size)
    pencil = ImageDraw.Draw(sheet)
    for _ in range(count):
        x, y = rng.uniform(0, size[0]), rng.uniform(0, until)
        light = rng.random() ** 4
        r = 0.35 + light * 1.1
        pencil.ellipse((x - r, y - r, x + r, y + r), fill=round(60 + 195 * light))
    return sheet.filter(ImageFilter.GaussianBlur(0.5))


def aurora(rng: random.Random, size: Size) -> Image.Image:
    """Northern lights over firs."""
    w, h = size
    top, low, green, crown = rng.choice(
        [
            rgbs("050b1c 16324a 5cf0a4 7a6cf0"),
            rgbs("07081c 1d2450 6affc0 e06ac8"),
            rgbs("04101c 123a44 8af07a 4ac8e0"),
        ]
    )
    image = gradient(size, [(0, top), (0.85, low), (1, low)])
    image = add_light(image, stars(rng, size, 900, h * 0.85), (225, 235, 255))
    for band in range(3):
        image = _curtain(
            rng,
            image,
            h * (0.28 + 0.15 * band),
            h * rng.uniform(0.26, 0.4),
            (green, crown),
            0.95 - 0.2 * band,
        )
    line = [h * 0.87 - h * 0.09 * v for v in skyline(rng, 300, 3, 0.45)]
    cover(image, mix(top, low, 0.35), below(size, line, 0.6))
    foot = [h * 0.93 - h * 0.02 * v for v in skyline(rng, 200, 4)]

    def wood(pencil: ImageDraw.ImageDraw, k: int) -> None:
        x = -10.0
        while x < w + 10:
            edge = abs(x / w - 0.5) * 2
            tall = h * (0.07 + 0.2 * edge**2) * rng.uniform(0.5, 1.2)
            firs(pencil, rng, (x * k, h * 0.965 * k), tall * k)
            x += tall * rng.uniform(0.12, 0.3)

    black = mix(top, (0, 0, 0), 0.4)
    cover(image, black, shape(size, wood))
    cover(image, black, below(size, foot, 1))
    return image


def _curtain(
    rng: random.Random, image: Image.Image, y: float, tall: float, paints: tuple[Colour, Colour], share: float
) -> Image.Image:
    """One folded band of light: rays hang upwards from a winding lower edge."""
    w, h = image.size
    cols = 260
    edge, rays = skyline(rng, cols, 2, 0.35, 4), skyline(rng, cols, 9, 0.8, 6)
    body = skyline(rng, cols, 2, 0.5, 4)
    sheet = Image.new("L", (cols, 200))
    for i in range(cols):
        height = max(8, round(200 * (0.3 + 0.7 * rays[i]) * 0.62))
        light = (0.15 + 0.85 * body[i] ** 1.3) * (0.45 + 0.55 * rays[i])
        foot = round(190 - 46 * edge[i] - 14 * rays[i])
        ray = _RAY.resize((1, height), Image.Resampling.BILINEAR).point(
            [round(v * light) for v in range(256)]
        )
        sheet.paste(ray, (i, foot - height))
    wide = sheet.resize((w, round(tall * 2)), Image.Resampling.BICUBIC)
    mask = Image.new("L", image.size)
    mask.paste(wide, (0, round(y - tall)))
    mask = ImageChops.lighter(mask.filter(ImageFilter.GaussianBlur(1.5)), fade(soften(mask, w / 40), 0.9))
    green, crown = paints
    hue = gradient(
        image.size,
        [(max(0.0, (y - tall * 0.75) / h), crown), (min(1.0, (y + tall * 0.1) / h), green), (1.01, green)],
    )
    light = ImageChops.multiply(hue, Image.merge("RGB", (mask, mask, mask)))
    return ImageChops.screen(image, fade_rgb(light, share))


_RAY = ramp((1, 64), [(0, 0), (0.35, 50), (0.68, 190), (0.8, 255), (0.9, 150), (1, 0)])


def trails(rng: random.Random, size: Size) -> Image.Image:
    """An hour of stars turning around the pole over a dark ridge."""
    w, h = size
    top, low, warm = rng.choice(
        [rgbs("0a1430 2a4468 ffd9a8"), rgbs("120f2c 54406a ffc8a0"), rgbs("08161e 2a5054 f0e0c0")]
    )
    image = gradient(size, [(0, top), (0.9, low), (1, low)])
    pole = w * rng.uniform(0.3, 0.7), h * rng.uniform(0.3, 0.55)
    sweep = rng.uniform(24, 44)
    cold = add_light(image, _arcs(rng, size, pole, sweep, 330), rgb("cfe0ff"))
    image = add_light(cold, _arcs(rng, size, pole, sweep, 160), warm)
    image = shine(image, (w * rng.uniform(0.2, 0.8), h * 0.92), w * 0.45, fade_colour(warm, 0.5), 1.6)
    for i in range(2):
        line = [h * (0.84 + 0.08 * i) - h * 0.13 * v for v in skyline(rng, 400, 3, 0.48)]
        cover(image, mix(mix(top, low, 0.3), (2, 4, 8), 0.45 + 0.5 * i), below(size, line, 0.4))
    return _tent(rng, image) if rng.random() < 0.6 else image


def _arcs(rng: random.Random, size: Size, pole: Point, sweep: float, count: int) -> Image.Image:
    """A mask of `count` paths of stars around `pole`, each turned by `sweep` degrees."""
    w, h = size
    paths = Image.new("L", (w * 2, h * 2))
    pencil = ImageDraw.Draw(paths)
    far = math.hypot(max(pole[0], w - pole[0]), pole[1] + h * 0.2)
    for _ in range(count):
        r, turn, light = far * rng.random() ** 0.62, rng.uniform(0, 360), rng.random() ** 2.2
        box = [2 * (pole[0] - r), 2 * (pole[1] - r), 2 * (pole[0] + r), 2 * (pole[1] + r)]
        pencil.arc(box, turn, turn + sweep, fill=round(50 + 190 * light), width=2 if light < 0.8 else 3)
    return paths.reduce(2)


def _tent(rng: random.Random, image: Image.Image) -> Image.Image:
    """A small lit tent on the ridge, so that there is somebody under that sky."""
    w, h = image.size
    x, y, s = w * rng.uniform(0.25, 0.75), h * 0.93, w * 0.035
    image = shine(image, (x, y - s * 0.4), s * 5, rgb("b8651e"), 1.7)
    body = shape(
        image.size,
        lambda p, k: p.polygon(
            [((x - s) * k, y * k), (x * k, (y - s * 1.1) * k), ((x + s) * k, y * k)], fill=255
        ),
        0.6,
    )
    cover(image, spread_light(image.size, y - s, y), body)
    return image


def spread_light(size: Size, top: float, bottom: float) -> Image.Image:
    """Canvas lit from within, between two heights."""
    h = size[1]
    return gradient(size, [(top / h, rgb("a85a1c")), (bottom / h, rgb("ffd88a")), (1.001, rgb("ffd88a"))])
