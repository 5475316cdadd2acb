"""Drawn photographs from high places: ranges in mist, snow mountains, a sea of cloud, the moon over hills.

Each painter takes chances and a size in pixels, and gives RGB.
"""

import random

from PIL import Image, ImageChops, ImageMath, ImageOps

from adapters.pillow.scenery_brushes import (
    Colour,
    Point,
    Size,
    View,
    below,
    cover,
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
    shape,
    shine,
    skyline,
    soften,
    terrain,
)
from adapters.pillow.scenery_motifs import fade_colour, mist, streaks, treetops


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
    image = streaks(rng, image, 0.5, mix(low, (255, 255, 255), 0.4), 0.5)
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
            line = treetops(rng, line, h * 0.045)
        foot = (min(line)) / h
        pale = mix(colour, air, 0.72 * (1 - t * 0.6))
        layer = gradient(size, [(0, colour), (foot, colour), (min(1.0, foot + 0.24), pale), (1, pale)])
        cover(image, layer, below(size, line))
        image = mist(rng, image, base + tall * 0.3, h * 0.1, air, 0.5 * (1 - t))
    return shine(image, sun, w * 0.6, fade_colour(low, 0.28), 1.4)


def peaks(rng: random.Random, size: Size) -> Image.Image:
    """High snow mountains in low light."""
    h = size[1]
    horizon = h * rng.uniform(0.54, 0.62)
    top, low, snow, rock, air, glow = rng.choice(
        [
            rgbs("5b83b4 f0cdb8 f3e9e6 4a4a58 d9c3c0 ffb27a"),
            rgbs("2f5e9e bcd3e6 f2f5f8 46505c b5cade ffe9c8"),
            rgbs("7a6f9c f5b8a0 eadfe6 453f52 d8a9a8 ff9a78"),
        ]
    )
    image = gradient(size, [(0, top), (horizon / h * 0.9, low), (1, low)])
    image = streaks(rng, image, 0.5, mix(low, (255, 255, 255), 0.5), 0.6)
    alps(rng, image, horizon, (snow, rock, glow), air)
    return image


def alps(
    rng: random.Random,
    image: Image.Image,
    horizon: float,
    paints: tuple[Colour, Colour, Colour],
    air: Colour,
    tall: float = 104,
) -> None:
    """Snow mountains drawn over `image`; `paints` are snow, rock and the colour of the light."""
    snow, rock, glow = paints
    deep = (700, 420)
    land = field(rng, deep, (5, 3), 7, 0.47, ridged=True)
    side = rng.choice((-1, 1))
    lit = relief(land, (2 * side, -1.4), 1500)
    steep = relief(land, (0, 2), 900)
    cliffs = levels(noise(rng, deep, (30, 20), 4, 0.7), 90, 165)
    bare = levels(ImageChops.add(ImageChops.invert(steep), cliffs, 2), 120, 172)
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
    terrain(image, shaped, skin, View(horizon, 40, tall, 44, 400, 1.1, 156, 0.62), air)


def _weighted(land: Image.Image, rise: Image.Image) -> Image.Image:
    result: Image.Image = ImageMath.lambda_eval(lambda a: a["l"] * a["l"] * a["r"] / 160, l=land, r=rise)
    return result


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
    bank = ImageMath.lambda_eval(lambda a: a["b"] * 0.6 + a["p"] / 255 * 0.55, b=bank, p=puff)
    lit = relief(bank, (1.5, -3.5), 420)
    heights = bank.point(lambda v: v * 255).convert("L")
    skin = ImageOps.colorize(levels(lit, 60, 185), shadow, white, mid=mix(shadow, white, 0.62))
    deeper = mix(shadow, top, 0.5)
    skin = Image.composite(skin, Image.new("RGB", deep, deeper), levels(heights, 60, 150))
    terrain(image, bank, skin, View(horizon, 64, 44, 34, 600, 1.0, 130, 0.72), mix(low, sun, 0.3))
    image = Image.blend(image, soften(image, w / 260), 0.55)
    return shine(image, at, w * 0.8, fade_colour(sun, 0.35), 1.4)


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
            line = treetops(rng, line, h * 0.035 * (i - 0.6))
        cover(image, mix(mix(low, hill, 0.45), hill, t), below(size, line, 0.5))
        image = mist(rng, image, h * (0.68 + 0.1 * i), h * 0.08, low, 0.35 * (1 - t))
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
