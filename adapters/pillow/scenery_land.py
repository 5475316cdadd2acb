"""Drawn photographs of open land: dunes, table mountains, fields in rows, a tree in the snow.

Each painter takes chances and a size in pixels, and gives RGB.
"""

import math
import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageFilter

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
    vary,
)
from adapters.pillow.scenery_motifs import fade_colour, streaks


def dunes(rng: random.Random, size: Size) -> Image.Image:
    """Sand with sharp crests, a lit side and a dark one."""
    h = size[1]
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
    h = image.size[1]
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
    image = streaks(rng, image, 0.6, (255, 250, 244), 0.75)
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
    scrub = levels(noise(rng, size, (90, 190), 2, 0.8), 160, 225).filter(ImageFilter.GaussianBlur(0.8))
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


def lavender(rng: random.Random, size: Size) -> Image.Image:
    """Violet rows that run to the horizon under an evening sky."""
    skies = (
        "6d7fb5 f6c9a2 8a6cc0 3b3a5c 4a3a34",
        "8fb4d8 f3e3c8 9a7bd0 4c4f66 5a4a3c",
        "7f78b0 f2b8a0 9468b4 3a3050 43322e",
    )
    return _rows(rng, size, rgbs(rng.choice(skies)))


def tea(rng: random.Random, size: Size) -> Image.Image:
    """Green rows of tea under a light sky."""
    skies = (
        "9cc0cf f6edd6 7fa650 2d4a2a 3c3a26",
        "86aac0 f0e6c4 94b04a 35502a 40402a",
        "a9c4c0 eef0dc 6f9a58 24442c 34382a",
    )
    return _rows(rng, size, rgbs(rng.choice(skies)))


def _rows(rng: random.Random, size: Size, paints: list[Colour]) -> Image.Image:
    w, h = size
    top, low, bloom, leaf, soil = paints
    horizon = h * rng.uniform(0.32, 0.42)
    image = gradient(size, [(0, top), (horizon / h, low), (1, low)])
    image = streaks(rng, image, horizon / h, mix(low, (255, 255, 255), 0.3), 0.8)
    sun = w * rng.uniform(0.2, 0.8), horizon - h * 0.02
    image = shine(image, sun, w * 0.5, low, 1.5)
    for i in range(2):
        line = [horizon - h * (0.055 - 0.035 * i) * v for v in skyline(rng, 300, 3 + 3 * i)]
        cover(image, mix(mix(leaf, low, 0.65 - 0.2 * i), top, 0.2), below(size, line))
    _bushes(rng, image, (horizon, w * rng.uniform(0.3, 0.7)), (bloom, leaf, soil, low))
    # The nearest bushes are out of focus, as they would be for a lens that looks at the horizon.
    image = Image.composite(soften(image, w / 230), image, ramp(size, [(0, 0), (0.66, 0), (1, 255)]))
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
    blots = 2 if gap < 12 else 5 if gap < 45 else 16
    for blot in range(blots):
        t = blot / max(1, blots - 1)
        x = at[0] + rng.gauss(0, 0.2) * gap * (1 - 0.3 * t)
        y = at[1] - gap * 0.34 * t + rng.gauss(0, 0.03) * gap
        wide = gap * rng.uniform(0.045, 0.11) * (1.25 if blots == 5 else 1) if blots > 2 else gap * 0.34
        tall = wide * rng.uniform(0.7, 1.4)
        colour = vary(rng, mix(leaf, mix(bloom, (255, 235, 240), 0.25 * t), 0.15 + 0.85 * t), 16)
        pencil.ellipse((x - wide, y - tall, x + wide, y + tall), fill=colour)


Limb = tuple[float, float, float, float, float]
Turn = Callable[[float, float], Point]


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


def _draw_limbs(pencil: ImageDraw.ImageDraw, limbs: list[Limb], foot: Point, k: int, turn: Turn) -> None:
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
