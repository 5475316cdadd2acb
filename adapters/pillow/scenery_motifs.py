"""What several drawn photographs share: thin cloud, fog, skylines with trees, conifers, waves, weaker light."""

import random

from PIL import Image, ImageChops, ImageDraw

from adapters.pillow.scenery_brushes import Colour, Point, Size, cover, levels, mix, noise, ramp


def fade_colour(colour: Colour, share: float) -> Colour:
    """`colour` as weaker light."""
    return mix((0, 0, 0), colour, share)


def fade_rgb(image: Image.Image, share: float) -> Image.Image:
    """`image` as weaker light."""
    return image.point([round(v * share) for v in range(256)] * 3)


def streaks(
    rng: random.Random, image: Image.Image, until: float, colour: Colour, share: float
) -> Image.Image:
    """Thin high cloud in the upper part of the picture."""
    w, h = image.size
    cloud = levels(noise(rng, (w, h), (2, 9), 5, 0.55), 120, 235, 1.2)
    window = ramp(image.size, [(0, 90), (until * 0.7, 255), (until, 0), (1, 0)])
    cover(image, colour, ImageChops.multiply(cloud, window), share)
    return image


def mist(
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


def treetops(rng: random.Random, line: list[float], tall: float) -> list[float]:
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


def waves(rng: random.Random, size: Size, horizon: float, scale: float = 1.0) -> Image.Image:
    """L noise of water seen at a low angle: tiny flat waves at the horizon (pixels from the top), long ones near.

    `scale` below 1 gives the small waves that ride on the large ones.
    """
    w, h = size
    deep = h - horizon
    result = Image.new("L", size, 128)
    for step in range(6):
        t = step / 5
        tall = 1.6 + deep * 0.055 * scale * t**1.4
        cells = max(4, round(w / (tall * 5.5))), max(4, round(h / tall))
        layer = noise(rng, size, cells, 2, 0.6)
        middle = horizon + deep * t**1.7
        width = deep * (0.05 + 0.3 * t)
        window = ramp(size, [(max(0.0, (middle - width) / h), 0), (min(0.999, middle / h), 255), (1.0, 255)])
        cover(result, layer, window)
    return result
