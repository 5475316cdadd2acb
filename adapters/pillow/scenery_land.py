"""Drawn photographs of land: mountains, dunes, fields, woods, snow, clouds. Each takes chances and a size, gives RGB."""

import math
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from adapters.pillow.scenery_brushes import (
    Colour,
    Point,
    Size,
    View,
    add_light,
    below,
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
    terrain,
    vary,
)


def ridges(rng: random.Random, size: Size) -> Image.Image:
    """Misty ranges one behind the other, at dawn or dusk."""
    w, h = size
    top, low, air, far, near = rng.choice(
        [
            rgbs("8fa3bd f3d9bd f6dcc0 b9a9ac 1d2a36"),
            rgbs("5d7fa6 f7c79b f9cfa6 a98f98 1b2233"),
            rgbs("a9bfc9 e9e6da e3e5dd a3b5ba 12262b"),
            rgbs("6a5b86 f2a27e f0ac8a a47c90 21182c"),
        ]
    )
    image = gradient(size, [(0, top), (0.5, low), (1, low)])
    image = _streaks(rng, image, 0.5, mix(low, (255, 255, 255), 0.4), 0.5)
    sun = w * rng.uniform(0.25, 0.75), h * rng.uniform(0.3, 0.4)
    image = shine(image, sun, w * 0.55, mix(low, rgb("ffe0a8"), 0.5), 1.6)
    image = shine(image, sun, w * 0.05, rgb("fff6e0"), 1.0)
    count = rng.randint(6, 8)
    for i in range(count):
        t = i / (count - 1)
        base, tall = h * (0.36 + 0.5 * t**1.15), h * (0.16 - 0.05 * t)
        line = [base - tall * v for v in skyline(rng, 500, rng.randint(2, 4), 0.48)]
        colour = mix(far, near, t**1.1)
        if i == count - 1:
            line = _treetops(rng, line, h * 0.045)
        foot = (min(line)) / h
        mist = mix(colour, air, 0.72 * (1 - t * 0.6))
        layer = gradient(size, [(0, colour), (foot, colour), (min(1.0, foot + 0.24), mist), (1, mist)])
        cover(image, layer, below(size, line))
        image = _mist(rng, image, base + tall * 0.3, h * 0.1, air, 0.5 * (1 - t))
    return shine(image, sun, w * 0.6, fade_colour(low, 0.28), 1.4)


def fade_colour(colour: Colour, share: float) -> Colour:
    """`colour` as weaker light."""
    return mix((0, 0, 0), colour, share)


def _streaks(
    rng: random.Random, image: Image.Image, until: float, colour: Colour, share: float
) -> Image.Image:
    """Thin high cloud in the upper part of the picture."""
    w, h = image.size
    cloud = levels(noise(rng, (w, h), (2, 9), 5, 0.55), 120, 235, 1.2)
    window = ramp(image.size, [(0, 90), (until * 0.7, 255), (until, 0), (1, 0)])
    cover(image, colour, ImageChops.multiply(cloud, window), share)
    return image


def _mist(
    rng: random.Random, image: Image.Image, y: float, tall: float, colour: Colour, share: float
) -> Image.Image:
    """A bank of fog around height `y`."""
    h = image.height
    bank = ramp(
        image.size, [(max(0, (y - tall) / h), 0), (y / h, 255), (min(1, (y + tall * 1.4) / h), 0), (1.01, 0)]
    )
    bank = ImageChops.multiply(bank, levels(noise(rng, image.size, (3, 6), 3), 30, 220))
    cover(image, colour, bank, share)
    return image


def _treetops(rng: random.Random, line: list[float], tall: float) -> list[float]:
    """A skyline grown over with small conifers: many more points, jagged."""
    result: list[float] = []
    for y in line:
        tree = tall * rng.uniform(0.15, 1) ** 2
        result += [y, y - tree * 0.45, y - tree * 0.35, y - tree, y - tree * 0.4, y - tree * 0.5]
    return result


def firs(pencil: ImageDraw.ImageDraw, rng: random.Random, foot: Point, tall: float, fill: int = 255) -> None:
    """One conifer, `tall` pixels high, with its foot at `foot`."""
    x, y = foot
    tiers = max(7, min(26, int(tall / 7)))
    half = tall * rng.uniform(0.14, 0.2)
    pencil.polygon([(x - tall * 0.012, y), (x, y - tall), (x + tall * 0.012, y)], fill=fill)
    for tier in range(tiers):
        t = (tier + 1) / tiers
        yt, reach = y - tall * (1 - t * 0.93), half * t**0.85
        for side in (-1, 1):
            tip = x + side * reach * rng.uniform(0.6, 1.1)
            drop = tall * 0.05 * rng.uniform(0.6, 1.5)
            pencil.polygon(
                [
                    (x, yt - drop * 1.2),
                    (tip, yt + drop),
                    (x + side * reach * 0.45, yt + drop * 0.25),
                    (x, yt + drop * 0.9),
                ],
                fill=fill,
            )


def dunes(rng: random.Random, size: Size) -> Image.Image:
    """Sand with sharp crests, a lit side and a dark one."""
    w, h = size
    top, low, light, dark = rng.choice(
        [
            rgbs("3f78b5 e6d3b4 eab577 6b3d22"),
            rgbs("7c8fae f3cda0 f0a866 5a2d24"),
            rgbs("2f5d95 d9c9b8 d99a5c 4a2a22"),
            rgbs("b9a6a8 f7d7b0 efbf8f 72483a"),
        ]
    )
    horizon = h * rng.uniform(0.3, 0.42)
    image = gradient(size, [(0, top), (horizon / h, low), (1, low)])
    count = rng.randint(4, 6)
    side = rng.choice((-1, 1))
    for i in range(count):
        t = i / (count - 1)
        _dune(rng, image, t, horizon, (light, dark, low), side)
    return image


def _dune(
    rng: random.Random,
    image: Image.Image,
    t: float,
    horizon: float,
    colours: tuple[Colour, Colour, Colour],
    side: int,
) -> None:
    """One dune over the whole width: a body in the light and, below a wandering crest, its shadow."""
    w, h = image.size
    light, dark, air = colours
    base = horizon + (h - horizon) * t**1.25 * 0.8
    tall = h * (0.05 + 0.2 * t)
    count = 240
    peak = rng.uniform(0.25, 0.75)
    wave = skyline(rng, count, 2, 0.3, 3)
    hump = [math.exp(-(((i / count - peak) / 0.33) ** 2)) for i in range(count)]
    line = [base + tall * 0.55 - tall * (0.75 * hump[i] + 0.35 * wave[i]) for i in range(count)]
    haze = 0.75 * (1 - t) ** 1.3
    sunny, shady = mix(light, air, haze), mix(dark, air, haze * 0.9)
    body = Image.new("RGB", image.size, sunny)
    body = shade(body, _sand(rng, image.size, t), 0.35 + 0.5 * t)
    grade = gradient(
        image.size,
        [(0, mix(sunny, (255, 246, 225), 0.25)), (min(0.99, base / h), sunny), (1, mix(sunny, shady, 0.4))],
    )
    body = Image.blend(body, grade, 0.45)
    dusk = _crest_shadow(rng, image.size, line, int(peak * count), side, tall)
    soft = ImageChops.lighter(dusk, fade(soften(dusk, h * 0.012), 0.6))
    night = shade(Image.new("RGB", image.size, shady), _sand(rng, image.size, t), 0.4 * t)
    cover(body, night, soft)
    cover(image, body, below(image.size, line))


def _crest_shadow(
    rng: random.Random, size: Size, line: list[float], peak: int, side: int, tall: float
) -> Image.Image:
    """What the crest hides from the sun: from the peak the crest winds down towards the viewer."""
    w, h = size
    count = len(line)
    step = w / (count - 1)
    sway, turn = w * rng.uniform(0.03, 0.08), rng.uniform(1.2, 2.2)
    lean = rng.uniform(0.1, 0.45) * w * side
    crest = []
    for k in range(41):
        s = k / 40
        bend = math.sin(s * math.pi * turn) * sway * s**0.6
        crest.append(
            (peak * step + side * 0 - lean * s * 0.8 + bend, line[peak] + (h * 1.02 - line[peak]) * s**1.2)
        )
    edge = range(peak, count) if side > 0 else range(peak, -1, -1)
    rim = [(i * step, line[i] - 4) for i in edge]
    corner = (w if side > 0 else 0, h)
    return shape(
        size, lambda p, k: p.polygon([(x * k, y * k) for x, y in [*reversed(crest), *rim, corner]], fill=255)
    )


def _sand(rng: random.Random, size: Size, t: float) -> Image.Image:
    """Wind ripples: L around 128."""
    w, h = size
    ripples = field(rng, (w // 2, h // 2), (14, 50 - int(26 * t)), 2, 0.5, ridged=True)
    return relief(ripples, (1, 1.5), 120).resize(size, Image.Resampling.BICUBIC)


def peaks(rng: random.Random, size: Size) -> Image.Image:
    """High snow mountains in low light."""
    w, h = size
    horizon = h * rng.uniform(0.5, 0.58)
    top, low, snow, rock, air, glow = rng.choice(
        [
            rgbs("5b83b4 f0cdb8 f3e9e6 4a4a58 d9c3c0 ffb27a"),
            rgbs("2f5e9e bcd3e6 f2f5f8 46505c b5cade ffe9c8"),
            rgbs("7a6f9c f5b8a0 eadfe6 453f52 d8a9a8 ff9a78"),
        ]
    )
    image = gradient(size, [(0, top), (horizon / h * 0.9, low), (1, low)])
    image = _streaks(rng, image, 0.5, mix(low, (255, 255, 255), 0.5), 0.6)
    alps(rng, image, horizon, (snow, rock, glow), air)
    return image


def alps(
    rng: random.Random,
    image: Image.Image,
    horizon: float,
    paints: tuple[Colour, Colour, Colour],
    air: Colour,
    tall: float = 150,
) -> None:
    """Snow mountains drawn over `image`; `paints` are snow, rock and the colour of the light."""
    snow, rock, glow = paints
    deep = (700, 420)
    land = field(rng, deep, (5, 3), 7, 0.47, ridged=True)
    side = rng.choice((-1, 1))
    lit = relief(land, (2 * side, -1.4), 1500)
    steep = relief(land, (0, 2), 900)
    cliffs = levels(noise(rng, deep, (30, 20), 4, 0.7), 90, 165)
    bare = levels(ImageChops.add(ImageChops.invert(steep), cliffs, 2), 128, 165)
    skin = Image.composite(Image.new("RGB", deep, rock), Image.new("RGB", deep, snow), bare)
    dark = Image.blend(skin, ImageChops.multiply(skin, Image.new("RGB", deep, (92, 112, 158))), 0.85)
    sunny = ImageChops.multiply(skin, Image.new("RGB", deep, mix(glow, (255, 255, 255), 0.55)))
    skin = Image.composite(sunny, dark, levels(lit, 96, 175))
    rise = (
        ImageOps.colorize(ramp(deep, [(0, 0), (0.3, 60), (0.65, 255), (1, 255)]), "black", "white")
        .getchannel(0)
        .convert("F")
    )
    shaped = _weighted(land, rise)
    terrain(image, shaped, skin, View(horizon, 40, tall, 60, 400, 1.1, 170, 0.62), air)


def _weighted(land: Image.Image, rise: Image.Image) -> Image.Image:
    from PIL import ImageMath

    return ImageMath.lambda_eval(lambda a: a["l"] * a["l"] * a["r"] / 160, l=land, r=rise)


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
    for layer in range(7):
        t = layer / 6
        colour = mix(mix(air, ground, 0.15), dark, t**0.9)
        mask = _trunks(rng, size, t)
        bark = shade(Image.new("RGB", size, colour), noise(rng, size, (max(8, w // 9), 5), 3), 0.15 + 0.5 * t)
        cover(image, bark, mask.filter(ImageFilter.GaussianBlur(2.2 * (1 - t) + 0.3)))
        image = _mist(rng, image, h * (0.62 + 0.1 * t), h * 0.3, air, 0.5 * (1 - t))
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
    w, h = image.size
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


def rows(rng: random.Random, size: Size) -> Image.Image:
    """Lavender or tea in rows that run to the horizon under an evening sky."""
    w, h = size
    top, low, bloom, leaf, soil = rng.choice(
        [
            rgbs("6d7fb5 f6c9a2 8a6cc0 3b3a5c 4a3a34"),
            rgbs("8fb4d8 f3e3c8 9a7bd0 4c4f66 5a4a3c"),
            rgbs("9cc0cf f6edd6 7fa650 2d4a2a 3c3a26"),
        ]
    )
    horizon = h * rng.uniform(0.32, 0.42)
    image = gradient(size, [(0, top), (horizon / h, low), (1, low)])
    image = _streaks(rng, image, horizon / h, mix(low, (255, 255, 255), 0.3), 0.8)
    sun = w * rng.uniform(0.2, 0.8), horizon - h * 0.02
    image = shine(image, sun, w * 0.5, low, 1.5)
    for i in range(2):
        line = [horizon - h * (0.055 - 0.035 * i) * v for v in skyline(rng, 300, 3 + 3 * i)]
        cover(image, mix(mix(leaf, low, 0.65 - 0.2 * i), top, 0.2), below(size, line))
    _bushes(rng, image, (horizon, w * rng.uniform(0.3, 0.7)), (bloom, leaf, soil, low))
    return shine(image, sun, w * 0.7, fade_colour(low, 0.4), 1.3)


def _bushes(
    rng: random.Random, image: Image.Image, vanish: Point, paints: tuple[Colour, Colour, Colour, Colour]
) -> None:
    """Round plants on lines through the vanishing point, far ones first; ellipses, then the sunny half of each."""
    w, h = image.size
    bloom, leaf, soil, air = paints
    horizon, middle = vanish
    deep = h - horizon
    cover(
        image,
        gradient(image.size, [(horizon / h, mix(soil, air, 0.6)), (1, soil)]),
        below(image.size, [horizon + 1] * 2),
    )
    pencil = ImageDraw.Draw(image)
    gap = w * 0.17
    number = 0
    while number < 120:
        t = 1.06 * (number / 119) ** 2.1 + 0.012
        y = horizon + deep * t
        haze = 0.6 * (1 - t) ** 2.2 if t < 1 else 0
        for row in range(-60, 61):
            x = middle + row * gap * t * 1.25
            if not -gap < x < w + gap or gap * t < 1.2:
                continue
            _bush(pencil, rng, (x, y), gap * t, (mix(bloom, air, haze), mix(leaf, air, haze)))
        number += 1


def _bush(
    pencil: ImageDraw.ImageDraw, rng: random.Random, at: Point, gap: float, paints: tuple[Colour, Colour]
) -> None:
    bloom, leaf = paints
    blots = 2 if gap < 12 else 5 if gap < 50 else 11
    for blot in range(blots):
        t = blot / max(1, blots - 1)
        x = at[0] + rng.gauss(0, 0.2) * gap * (1 - 0.3 * t)
        y = at[1] - gap * 0.34 * t + rng.gauss(0, 0.03) * gap
        wide = gap * rng.uniform(0.06, 0.14) if blots > 2 else gap * 0.34
        tall = wide * rng.uniform(0.7, 1.4)
        colour = vary(rng, mix(leaf, mix(bloom, (255, 235, 240), 0.25 * t), 0.15 + 0.85 * t), 16)
        pencil.ellipse((x - wide, y - tall, x + wide, y + tall), fill=colour)


def snow(rng: random.Random, size: Size) -> Image.Image:
    """A white field, one bare tree, its shadow, and hardly a horizon."""
    w, h = size
    top, low, white, blue = rng.choice(
        [
            rgbs("c5d3e0 eef1f3 f4f6f9 a9bdd6"),
            rgbs("b7c0d8 f6d9cf f7eceb aeb0d0"),
            rgbs("8ea9c9 e9eef2 f2f5f9 8ba6cb"),
        ]
    )
    horizon = h * rng.uniform(0.6, 0.7)
    image = gradient(size, [(0, top), (horizon / h, low), (1, low)])
    sun = w * rng.choice((0.12, 0.88)), horizon - h * rng.uniform(0.1, 0.25)
    image = shine(image, sun, w * 0.5, mix(low, rgb("fff0d8"), 0.5), 1.5)
    wood = [horizon - h * 0.022 * v for v in skyline(rng, 400, 7, 0.8)]
    cover(image, mix(low, blue, 0.7), below(size, wood, 1.2))
    field_line = [horizon + h * 0.03 * (v - 0.5) for v in skyline(rng, 100, 2, 0.3, 3)]
    drift = relief(field(rng, size, (3, 12), 5, 0.5, ridged=False), (2, 3), 500)
    ground = shade(gradient(size, [(horizon / h, mix(white, low, 0.7)), (1, white)]), drift, 0.5)
    ground = Image.composite(
        ground, ImageChops.multiply(ground, Image.new("RGB", size, blue)), levels(drift, 70, 150)
    )
    foot = w * rng.uniform(0.35, 0.65), horizon + h * rng.uniform(0.05, 0.1)
    tall = h * rng.uniform(0.36, 0.46)
    limbs = _limbs(rng, tall)
    lean = (foot[0] - sun[0]) / w * 1.3
    shadow = shape(
        size, lambda p, k: _draw_limbs(p, limbs, foot, k, lambda x, y: (x - y * lean * 1.6, -y * 0.42)), 1.5
    )
    cover(ground, ImageChops.multiply(ground, Image.new("RGB", size, blue)), shadow, 0.8)
    cover(image, ground, below(size, field_line, 1))
    bark = mix(rgb("2b2a30"), blue, 0.12)
    cover(image, bark, shape(size, lambda p, k: _draw_limbs(p, limbs, foot, k, lambda x, y: (x, y))))
    return _flakes(rng, image) if rng.random() < 0.5 else image


Limb = tuple[float, float, float, float, float]


def _limbs(rng: random.Random, tall: float) -> list[Limb]:
    """A bare tree as lines (x, y, x, y, width) from its foot at (0, 0), y upwards negative."""
    result: list[Limb] = []

    def grow(x: float, y: float, angle: float, length: float, width: float, depth: int) -> None:
        bend = rng.uniform(-0.12, 0.12)
        for part in range(2):
            nx, ny = x + math.cos(angle) * length / 2, y + math.sin(angle) * length / 2
            result.append((x, y, nx, ny, width * (1 - 0.12 * part)))
            x, y, angle = nx, ny, angle + bend
        if depth == 0:
            return
        turn = rng.uniform(0.3, 0.55)
        for side in (-1, 1):
            shrink = rng.uniform(0.66, 0.84)
            grow(x, y, angle + side * turn * rng.uniform(0.6, 1.3), length * shrink, width * 0.64, depth - 1)
        if rng.random() < 0.45:
            grow(x, y, angle + rng.uniform(-0.2, 0.2), length * 0.7, width * 0.5, depth - 1)

    grow(0, 0, -math.pi / 2 + rng.uniform(-0.08, 0.08), tall * 0.25, tall * 0.05, 7)
    return result


def _draw_limbs(pencil: ImageDraw.ImageDraw, limbs: list[Limb], foot: Point, k: int, turn) -> None:  # type: ignore[no-untyped-def]
    for x, y, nx, ny, width in limbs:
        (ax, ay), (bx, by) = turn(x, y), turn(nx, ny)
        line = ((foot[0] + ax) * k, (foot[1] + ay) * k, (foot[0] + bx) * k, (foot[1] + by) * k)
        pencil.line(line, fill=255, width=max(1, round(width * k)))


def _flakes(rng: random.Random, image: Image.Image) -> Image.Image:
    w, h = image.size
    sheet = Image.new("L", image.size)
    pencil = ImageDraw.Draw(sheet)
    for _ in range(420):
        x, y, r = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.4, 1) ** 3 * 3
        pencil.ellipse((x - r, y - r, x + r, y + r), fill=rng.randint(90, 220))
    return add_light(image, sheet.filter(ImageFilter.GaussianBlur(1)), (255, 255, 255))


def mesa(rng: random.Random, size: Size) -> Image.Image:
    """Table mountains of red, layered rock over a dry plain."""
    w, h = size
    top, low, rock, dark, plain = rng.choice(
        [
            rgbs("3d7cba c8d8de c4673a 54271f b98556"),
            rgbs("59619c f7bd8e c2593a 3f1f2b 8a5240"),
            rgbs("8aa6c6 f4dcc0 cf8357 6a3b30 c79b6d"),
        ]
    )
    horizon = h * rng.uniform(0.62, 0.72)
    image = gradient(size, [(0, top), (horizon / h, low), (1, low)])
    image = _streaks(rng, image, 0.6, (255, 250, 244), 0.75)
    line = [horizon - h * 0.05 * v for v in skyline(rng, 200, 3)]
    cover(image, mix(rock, low, 0.65), below(size, line))
    side = rng.choice((-1, 1))
    for i, place in enumerate(rng.sample([0.12, 0.34, 0.55, 0.78, 0.95], 3)):
        t = 0.25 + i * 0.3
        _butte(
            rng,
            image,
            (w * place, horizon + h * 0.03 * i),
            h * rng.uniform(0.16, 0.2) * (1 + i * 0.5),
            (mix(rock, low, 0.5 - t * 0.5), mix(dark, low, 0.5 - t * 0.5)),
            side,
        )
    ground = gradient(size, [(horizon / h, mix(plain, low, 0.45)), (1, mix(plain, dark, 0.35))])
    bumps = field(rng, size, (9, 40), 4, 0.6, ridged=False)
    ground = shade(ground, relief(bumps, (2 * side, 2), 260), 0.8)
    scrub = levels(noise(rng, size, (60, 130), 2, 0.8), 178, 200)
    cover(
        ground,
        mix(dark, rgb("3c4028"), 0.6),
        ImageChops.multiply(scrub, ramp(size, [(horizon / h, 60), (1, 220)])),
    )
    edge = [horizon + h * 0.055 + h * 0.01 * v for v in skyline(rng, 200, 6)]
    cover(image, ground, below(size, edge, 1))
    return image


def _butte(
    rng: random.Random, image: Image.Image, foot: Point, tall: float, paints: tuple[Colour, Colour], side: int
) -> None:
    """One table mountain: a cliff with strata and a fan of rubble at its foot."""
    w, h = image.size
    wide, x, y = tall * rng.uniform(0.7, 1.7), foot[0], foot[1] + tall * 0.12
    cap = y - tall
    shoulder = y - tall * rng.uniform(0.42, 0.52)
    count = 60
    rough = skyline(rng, count, 9, 0.6)
    crown = [
        (
            x - wide / 2 + wide * i / (count - 1),
            cap + tall * 0.05 * (rough[i] > 0.62) + tall * 0.03 * rough[i],
        )
        for i in range(count)
    ]
    cliff = [(x - wide * 0.56, shoulder), *crown, (x + wide * 0.57, shoulder)]
    rubble = [(x + wide * 1.15 + tall * 0.4, y + tall * 0.1), (x - wide * 1.15 - tall * 0.4, y + tall * 0.1)]
    mask = shape(image.size, lambda p, k: p.polygon([(a * k, b * k) for a, b in cliff + rubble], fill=255))
    light, dark = paints
    strata = noise(rng, (4, 120), (1, 40), 3, 0.8).resize(image.size, Image.Resampling.BICUBIC)
    body = shade(Image.new("RGB", image.size, light), strata, 0.55)
    cracks = noise(rng, image.size, (max(20, w // 14), 4), 4, 0.75)
    body = shade(body, cracks, 0.75)
    away = Image.new("L", image.size)
    step = x + side * wide * rng.uniform(0.0, 0.2)
    box = (step, 0, w, h) if side > 0 else (0, 0, step, h)
    ImageDraw.Draw(away).rectangle([round(v) for v in box], fill=255)
    ragged = ImageChops.add(soften(away, tall * 0.12), fade(cracks, 0.7), 1, -90)
    cover(
        body,
        ImageChops.multiply(body, Image.new("RGB", image.size, mix(dark, (150, 130, 150), 0.3))),
        levels(ragged, 70, 190),
        0.85,
    )
    slope = gradient(
        image.size,
        [
            (max(0, shoulder / h), mix(light, dark, 0.25)),
            (min(1, y / h + 0.02), mix(light, (235, 200, 160), 0.25)),
        ],
    )
    cover(
        body,
        shade(slope, noise(rng, image.size, (70, 50), 3, 0.7), 0.4),
        below(image.size, [shoulder + tall * 0.02 * v for v in skyline(rng, 60, 8)], 2),
        0.75,
    )
    cover(image, body, mask)


def clouds(rng: random.Random, size: Size) -> Image.Image:
    """A sea of cloud seen from above, low sun behind it."""
    w, h = size
    top, low, white, shadow, sun = rng.choice(
        [
            rgbs("2b5a9c cfe0ee fbf7f2 8296b8 fff1d6"),
            rgbs("49508c f8b98f fbd8c4 6f6490 ffd2a0"),
            rgbs("1f3f78 f1d9b8 f6e7dc 5f759f ffe6b8"),
        ]
    )
    horizon = h * rng.uniform(0.34, 0.46)
    image = gradient(size, [(0, top), (horizon / h, low), (1, low)])
    at = w * rng.uniform(0.2, 0.8), horizon - h * 0.04
    image = shine(image, at, w * 0.5, sun, 1.8)
    image = shine(image, at, w * 0.07, (255, 250, 238), 0.9)
    deep = (620, 620)
    bank = field(rng, deep, (9, 9), 5, 0.42, ridged=False)
    puff = ImageChops.invert(
        field(rng, deep, (9, 9), 5, 0.45, ridged=True).point(lambda v: v * 255).convert("L")
    ).convert("F")
    from PIL import ImageMath

    bank = ImageMath.lambda_eval(lambda a: a["b"] * 0.6 + a["p"] / 255 * 0.55, b=bank, p=puff)
    lit = relief(bank, (1.5, -3.5), 420)
    heights = bank.point(lambda v: v * 255).convert("L")
    skin = ImageOps.colorize(levels(lit, 60, 185), shadow, white, mid=mix(shadow, white, 0.62))
    deeper = mix(shadow, top, 0.5)
    skin = Image.composite(skin, Image.new("RGB", deep, deeper), levels(heights, 60, 150))
    terrain(image, bank, skin, View(horizon, 64, 44, 34, 600, 1.0, 190, 0.72), mix(low, sun, 0.3))
    image = Image.blend(image, soften(image, w / 260), 0.55)
    return shine(image, at, w * 0.8, fade_colour(sun, 0.35), 1.4)


def autumn(rng: random.Random, size: Size) -> Image.Image:
    """Leaves in the colours of October, sharp in front of blurred light."""
    w, h = size
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
    from adapters.pillow.scenery_brushes import bokeh

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


def terraces(rng: random.Random, size: Size) -> Image.Image:
    """Flooded rice terraces that hold the colours of the sky."""
    w, h = size
    top, low, bank, mirror = rng.choice(
        [
            rgbs("6f86b8 f5c7a0 26351f f2cfae"),
            rgbs("86a9c8 e9ecdf 2d4a26 d7e4ea"),
            rgbs("4f5590 f29f7c 1f2620 f0a98a"),
        ]
    )
    image = gradient(size, [(0, mix(top, mirror, 0.2)), (0.6, mirror), (1, mix(mirror, top, 0.55))])
    slope = _hill(rng, size)
    water = soften(noise(rng, size, (4, 6), 3), 4)
    image = shade(image, water, 0.5)
    steps = 17
    rims = [0] * 256
    for value in range(256):
        phase = value * steps / 256 % 1
        rims[value] = round(255 * max(0.0, 1 - abs(phase - 0.12) / 0.15))
    edge = slope.point(lambda v: v).point(rims).filter(ImageFilter.GaussianBlur(1.1))
    grass = shade(Image.new("RGB", size, bank), noise(rng, size, (160, 120), 2, 0.8), 0.9)
    cover(image, grass, levels(edge, 40, 150))
    glint = slope.point(
        [round(255 * max(0.0, 1 - abs(v * steps / 256 % 1 - 0.33) / 0.07)) for v in range(256)]
    )
    image = add_light(image, fade(glint.filter(ImageFilter.GaussianBlur(1.2)), 0.35), mirror)
    _tufts(rng, image, slope, bank)
    image = _mist(rng, image, h * 0.04, h * 0.26, mix(low, (255, 255, 255), 0.2), 1.0)
    return shine(image, (w * rng.uniform(0.1, 0.9), -h * 0.05), w * 0.7, low, 1.5)


def _hill(rng: random.Random, size: Size) -> Image.Image:
    """A slope that falls towards the viewer, seen from across the valley: wide near terraces, narrow far ones."""
    from PIL import ImageMath

    fall = (
        ramp(size, [(0, 250), (0.25, 168), (0.6, 70), (1, 8)])
        .filter(ImageFilter.GaussianBlur(size[1] / 14))
        .convert("F")
    )
    swell = field(rng, size, (3, 3), 3, 0.36, ridged=False)
    mixed = ImageMath.lambda_eval(lambda a: a["f"] * 0.72 + a["s"] * 105 - 18, f=fall, s=swell)
    return ImageMath.lambda_eval(lambda a: a["m"], m=mixed).convert("L")


def _tufts(rng: random.Random, image: Image.Image, slope: Image.Image, colour: Colour) -> None:
    w, h = image.size
    pencil = ImageDraw.Draw(image)
    for _ in range(26):
        x, y = rng.uniform(0, w), h * rng.uniform(0.12, 0.95)
        r = w * 0.004 + w * 0.016 * y / h * rng.uniform(0.5, 1)
        for _ in range(9):
            a, b, s = rng.gauss(0, 0.5) * r, rng.gauss(0, 0.45) * r, r * rng.uniform(0.25, 0.5)
            pencil.ellipse(
                (x + a - s, y + b - s, x + a + s, y + b + s),
                fill=vary(rng, mix(colour, (90, 110, 60), 0.2), 14),
            )


def moon(rng: random.Random, size: Size) -> Image.Image:
    """A large moon behind dark hills."""
    w, h = size
    top, low, hill = rng.choice(
        [rgbs("0e1730 3d4a72 0a0f1c"), rgbs("1b1a3a 8a5a78 120d1c"), rgbs("14202c 4f6a74 0a1216")]
    )
    image = gradient(size, [(0, top), (0.8, low), (1, low)])
    at, r = (w * rng.uniform(0.3, 0.7), h * rng.uniform(0.3, 0.42)), min(w, h) * rng.uniform(0.11, 0.17)
    image = shine(image, at, r * 6, mix(low, rgb("ffe6b8"), 0.35), 2.2)
    disc = shape(
        size,
        lambda p, k: p.ellipse([v * k for v in (at[0] - r, at[1] - r, at[0] + r, at[1] + r)], fill=255),
        0.7,
    )
    cover(image, _moon_face(rng, size, at, r), disc)
    cover(
        image,
        mix(low, top, 0.3),
        ImageChops.multiply(levels(noise(rng, size, (2, 14), 4), 128, 220), halo(size, at, r * 5, 1)),
        0.7,
    )
    for i in range(4):
        t = i / 3
        line = [h * (0.64 + 0.1 * i) - h * 0.13 * v for v in skyline(rng, 400, 2 + i, 0.42)]
        if i >= 2:
            line = _treetops(rng, line, h * 0.035 * (i - 0.6))
        cover(image, mix(mix(low, hill, 0.45), hill, t), below(size, line, 0.5))
        image = _mist(rng, image, h * (0.68 + 0.1 * i), h * 0.08, low, 0.35 * (1 - t))
    return image


def _moon_face(rng: random.Random, size: Size, at: Point, r: float) -> Image.Image:
    face = Image.new("RGB", size, rgb("f4ead2"))
    side = round(r * 2) + 2
    seas = levels(noise(rng, (side, side), (3, 3), 5, 0.55), 110, 200)
    patch = ImageOps.colorize(seas, rgb("fbf3df"), rgb("b9ad98"))
    limb = (
        Image.radial_gradient("L")
        .crop((37, 37, 219, 219))
        .resize((side, side))
        .point(lambda v: 255 - round((v / 128) ** 4 * 60) if v < 128 else 195)
    )
    patch = ImageChops.multiply(patch, Image.merge("RGB", (limb, limb, limb)))
    face.paste(patch, (round(at[0] - r) - 1, round(at[1] - r) - 1))
    return face
