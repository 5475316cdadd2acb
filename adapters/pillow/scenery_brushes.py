"""Brushes for drawn photographs: gradients, noise, masks, light, terrain and film. No scene lives here.

Images are Pillow images, sizes and positions pixels of the picture at hand, colours 8-bit sRGB triples, and every chance
comes from the `random.Random` handed in, so that the same seed gives the same picture.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageMath, ImageOps

Colour = tuple[int, int, int]
Size = tuple[int, int]
Point = tuple[float, float]
Stops = Sequence[tuple[float, Colour]]


def dice(*parts: object) -> random.Random:
    """Chances that depend on `parts` alone."""
    return random.Random(":".join(map(str, parts)))  # noqa: S311 - pictures, not secrets


def rgb(code: str) -> Colour:
    """`f2a51a` as a triple."""
    red, green, blue = bytes.fromhex(code)
    return red, green, blue


def rgbs(codes: str) -> list[Colour]:
    """Several colours, separated by spaces."""
    return [rgb(code) for code in codes.split()]


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` at share 0, `other` at share 1."""
    # Written out, because some pictures mix thirty thousand colours.
    t = 0.0 if share < 0 else 1.0 if share > 1 else share
    return (
        round(one[0] + (other[0] - one[0]) * t),
        round(one[1] + (other[1] - one[1]) * t),
        round(one[2] + (other[2] - one[2]) * t),
    )


def vary(rng: random.Random, colour: Colour, by: int) -> Colour:
    """`colour`, lighter or darker by at most `by` of 255."""
    step = rng.randint(-by, by)
    red, green, blue = (min(255, max(0, part + step)) for part in colour)
    return red, green, blue


def gradient(size: Size, stops: Stops) -> Image.Image:
    """RGB from top to bottom through `stops`, (height 0..1, colour) in rising order."""
    rows = min(256, max(2, size[1]))
    parts = bytes(part for row in range(rows) for part in _at(stops, row / (rows - 1)))
    column = Image.frombytes("RGB", (1, rows), parts)
    # Height first and width by repetition: an interpolated resize of the whole sheet costs ten times as much.
    return column.resize((1, size[1]), Image.Resampling.BICUBIC).resize(size, Image.Resampling.NEAREST)


def spread(size: Size, stops: Stops) -> Image.Image:
    """As `gradient`, from left to right."""
    return gradient((size[1], size[0]), stops).transpose(Image.Transpose.TRANSPOSE)


def ramp(size: Size, stops: Sequence[tuple[float, int]]) -> Image.Image:
    """A mask (L) from top to bottom through (height 0..1, value 0..255)."""
    return gradient(size, [(at, (value, value, value)) for at, value in stops]).getchannel(0)


def _at(stops: Stops, place: float) -> Colour:
    before = stops[0]
    for stop in stops:
        if stop[0] >= place:
            width = stop[0] - before[0]
            return mix(before[1], stop[1], (place - before[0]) / width if width else 1.0)
        before = stop
    return stops[-1][1]


def noise(rng: random.Random, size: Size, cells: Size, octaves: int = 4, gain: float = 0.5) -> Image.Image:
    """Cloudy L noise over the full range. `cells` is how many blots of the coarsest octave fit in each direction."""
    finest = cells[0] << (octaves - 1), cells[1] << (octaves - 1)
    coarse = all(side >= 3 * count for side, count in zip(size, finest, strict=True))
    sheet = (max(1, size[0] // 2), max(1, size[1] // 2)) if coarse else size
    total, weight, result = 0.0, 1.0, Image.new("L", sheet)
    for octave in range(octaves):
        grid = min(sheet[0], cells[0] << octave) + 1, min(sheet[1], cells[1] << octave) + 1
        # Only the coarse blots are large enough for the corners of a straight interpolation to show.
        smooth = Image.Resampling.BICUBIC if octave < 2 else Image.Resampling.BILINEAR
        layer = Image.frombytes("L", grid, rng.randbytes(grid[0] * grid[1])).resize(sheet, smooth)
        total += weight
        result = Image.blend(result, layer, weight / total)
        weight *= gain
    result = ImageOps.autocontrast(result, cutoff=0.3)
    return result if sheet == size else result.resize(size, Image.Resampling.BILINEAR)


def field(
    rng: random.Random, size: Size, cells: Size, octaves: int, gain: float, *, ridged: bool
) -> Image.Image:
    """Heights as mode F, about 0..1. Ridged ones have sharp crests, the others are rolling."""
    result: Image.Image = Image.new("F", size)
    weight = 1 / sum(gain**octave for octave in range(octaves))
    for octave in range(octaves):
        grid = (cells[0] << octave) + 1, (cells[1] << octave) + 1
        raw = Image.frombytes("L", grid, rng.randbytes(grid[0] * grid[1])).convert("F")
        layer = raw.resize(size, Image.Resampling.BICUBIC)
        result = ImageMath.lambda_eval(
            lambda a: a["sum"] + a["weight"] * (1 - abs(a["n"] / 127.5 - 1) if ridged else a["n"] / 255),
            sum=result, n=layer, weight=weight,
        )  # fmt: skip
        weight *= gain
    return result


def relief(heights: Image.Image, light: tuple[float, float], strength: float) -> Image.Image:
    """How brightly light from direction (x, y) falls on `heights` (mode F): L around 128."""
    dx, dy = light
    moved = heights.transform(
        heights.size, Image.Transform.AFFINE, (1, 0, -dx, 0, 1, -dy), Image.Resampling.BILINEAR
    )
    steep: Image.Image = ImageMath.lambda_eval(
        lambda a: 128 + (a["h"] - a["m"]) * a["s"], h=heights, m=moved, s=strength
    )
    return steep.convert("L")


def levels(mask: Image.Image, low: int, high: int, power: float = 1.0) -> Image.Image:
    """`mask` stretched so that `low` becomes black and `high` white, then bent by `power`."""
    width = max(1, high - low)
    return mask.point([round(255 * min(1.0, max(0.0, (v - low) / width)) ** power) for v in range(256)])


def fade(mask: Image.Image, share: float) -> Image.Image:
    """`mask` times `share`."""
    return mask.point([min(255, round(v * share)) for v in range(256)])


def cover(image: Image.Image, paint: Image.Image | Colour, mask: Image.Image, share: float = 1.0) -> None:
    """Lay `paint` over `image` where `mask` (same size) is light."""
    image.paste(paint, (0, 0, *image.size), mask if share == 1.0 else fade(mask, share))


def shape(size: Size, draw: Callable[[ImageDraw.ImageDraw, int], None], blur: float = 0.0) -> Image.Image:
    """A smooth mask. `draw` gets a pencil for a sheet of twice the size and that factor."""
    sheet = Image.new("L", (size[0] * 2, size[1] * 2))
    draw(ImageDraw.Draw(sheet), 2)
    mask = sheet.reduce(2)
    return mask.filter(ImageFilter.GaussianBlur(blur)) if blur else mask


def below(size: Size, line: Sequence[float], blur: float = 0.0) -> Image.Image:
    """A mask of what lies under a skyline: evenly spaced heights in pixels from the top."""
    step = size[0] / (len(line) - 1)
    top, bottom = max(0, math.floor(min(line)) - 1), min(size[1], math.ceil(max(line)) + 2)
    mask = Image.new("L", size)
    mask.paste(255, (0, max(0, bottom), *size))
    if top < bottom:
        # Only the band in which the line runs has edges to smooth.
        sheet = Image.new("L", (size[0] * 2, (bottom - top) * 2))
        points = [(i * step * 2, (y - top) * 2) for i, y in enumerate(line)]
        ImageDraw.Draw(sheet).polygon([*points, (sheet.width, sheet.height), (0, sheet.height)], fill=255)
        mask.paste(sheet.reduce(2), (0, top))
    return mask.filter(ImageFilter.GaussianBlur(blur)) if blur else mask


def skyline(
    rng: random.Random, count: int, first: int = 3, gain: float = 0.5, octaves: int = 7
) -> list[float]:
    """`count` heights between 0 and 1 of a fractal line; `first` swings of the coarsest octave."""
    total = [0.0] * count
    weight = 1.0
    for octave in range(octaves):
        swings = first << octave
        if swings > count:
            break
        knots = [rng.random() for _ in range(swings + 2)]
        shift = rng.random()
        for i in range(count):
            at = i / count * swings + shift
            k = int(at)
            t = at - k
            t = t * t * (3 - 2 * t)
            total[i] += weight * (knots[k] + (knots[min(k + 1, swings + 1)] - knots[k]) * t)
        weight *= gain
    low, high = min(total), max(total)
    return [(v - low) / (high - low) for v in total]


def halo(size: Size, centre: Point, radius: float, power: float = 2.0, squash: float = 1.0) -> Image.Image:
    """A soft round mask, white in the middle; `squash` above 1 makes it wider than high."""
    small = max(1, size[0] // 4), max(1, size[1] // 4)
    wide, high = max(2, round(radius / 2 * squash)), max(2, round(radius / 2))
    disc = Image.radial_gradient("L").crop((37, 37, 219, 219)).resize((wide, high), Image.Resampling.BICUBIC)
    # The built-in gradient is 128 at this crop's edge, so that light ends exactly at the radius.
    disc = disc.point([round(255 * max(0.0, 1 - v / 128) ** power) for v in range(256)])
    mask = Image.new("L", small)
    mask.paste(disc, (round(centre[0] / 4 - wide / 2), round(centre[1] / 4 - high / 2)))
    return mask.resize(size, Image.Resampling.BILINEAR)


def shine(
    image: Image.Image, centre: Point, radius: float, colour: Colour, power: float = 2.0, squash: float = 1.0
) -> Image.Image:
    """`image` with a glow added as light adds: bright things stay bright."""
    mask = halo(image.size, centre, radius, power, squash)
    return ImageChops.screen(image, ImageOps.colorize(mask, (0, 0, 0), colour))


def add_light(image: Image.Image, mask: Image.Image, colour: Colour) -> Image.Image:
    """`image` screened with `colour` where `mask` is light."""
    return ImageChops.screen(image, ImageOps.colorize(mask, (0, 0, 0), colour))


def shade(image: Image.Image, lit: Image.Image, strength: float = 1.0) -> Image.Image:
    """`image` lightened and darkened by an L map around 128 (soft light)."""
    if strength != 1.0:
        lit = lit.point([round(min(255, max(0, 128 + (v - 128) * strength))) for v in range(256)])
    return ImageChops.soft_light(image, Image.merge("RGB", (lit, lit, lit)))


def soften(image: Image.Image, radius: float) -> Image.Image:
    """A wide blur that costs little: blurred at reduced size."""
    factor = max(1, min(8, int(radius / 2)))
    if factor == 1:
        return image.filter(ImageFilter.GaussianBlur(radius))
    small = image.reduce(factor).filter(ImageFilter.GaussianBlur(radius / factor))
    return small.resize(image.size, Image.Resampling.BILINEAR)


def bokeh(image: Image.Image, centre: Point, radius: float, colour: Colour, strength: float) -> None:
    """Add one out-of-focus light, a little brighter at its rim, in place."""
    side = max(4, round(radius * 2))
    stamp = _bokeh_stamp(side, strength)
    left, top = round(centre[0] - side / 2), round(centre[1] - side / 2)
    box = (left, top, left + side, top + side)
    light = ImageOps.colorize(stamp, (0, 0, 0), colour)
    image.paste(ImageChops.screen(image.crop(box), light), box)


def _bokeh_stamp(side: int, strength: float) -> Image.Image:
    big = Image.new("L", (side * 2, side * 2))
    pencil = ImageDraw.Draw(big)
    edge, body = round(255 * strength), round(200 * strength)
    pencil.ellipse((2, 2, side * 2 - 3, side * 2 - 3), fill=edge)
    inset = max(2, round(side * 0.09))
    pencil.ellipse((inset, inset, side * 2 - inset, side * 2 - inset), fill=body)
    return big.reduce(2).filter(ImageFilter.GaussianBlur(max(0.6, side * 0.02)))


@dataclass(frozen=True, slots=True)
class View:
    """How terrain is seen: from `height` above it, `near` to `far` away (map rows), with relief `tall` (same unit).

    `horizon` is in pixels from the top, `lens` the width of the picture in distances, `haze` how much of the far end is lost.
    """

    horizon: float
    height: float
    tall: float
    near: float
    far: float
    lens: float = 1.1
    slices: int = 150
    haze: float = 0.9


def terrain(image: Image.Image, heights: Image.Image, skin: Image.Image, view: View, air: Colour) -> None:
    """Draw a landscape over `image`, back to front in slices. `heights` (F, 0..1) and `skin` (RGB) are equal-sized maps.

    Map row 0 lies at the viewer's feet; `air` is what distance fades to.
    """
    wide = image.width
    columns = min(wide, 420)
    xs = [i * wide * 2 / (columns - 1) for i in range(columns)]
    last_low = view.horizon
    for number in range(view.slices + 1):
        share = number / view.slices
        z = view.far * (view.near / view.far) ** share
        line = _slice(heights, view, z, columns, wide)
        row = _row(skin, view, z, wide).convert("RGB")
        haze = view.haze * ((z - view.near) / (view.far - view.near)) ** 0.65
        row = Image.blend(row, Image.new("RGB", row.size, air), haze)
        low = (
            image.height
            if number == view.slices
            else min(image.height, max(line) + max(14.0, max(line) - last_low))
        )
        last_low = max(line)
        _paste_slice(image, row, xs, line, low + 10)


def _row(layer: Image.Image, view: View, z: float, wide: int) -> Image.Image:
    reach = min(layer.width, z * view.lens)
    left = (layer.width - reach) / 2
    affine = (reach / wide, 0, left, 0, 0, min(layer.height - 1.5, z))
    return layer.transform((wide, 1), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)


def _slice(heights: Image.Image, view: View, z: float, columns: int, wide: int) -> list[float]:
    scale = wide / view.lens / z
    base, tall = view.horizon + view.height * scale, view.tall * scale
    return [base - tall * h for h in memoryview(_row(heights, view, z, columns).tobytes()).cast("f")]


def _paste_slice(
    image: Image.Image, row: Image.Image, xs: list[float], line: list[float], low: float
) -> None:
    top = max(0, math.floor(min(line)) - 1)
    bottom = min(image.height, math.ceil(low))
    if bottom <= top:
        return
    sheet = Image.new("L", (image.width * 2, (bottom - top) * 2))
    points = [(x, (y - top) * 2) for x, y in zip(xs, line, strict=True)]
    edge = sheet.height + 2
    ImageDraw.Draw(sheet).polygon([*points, (sheet.width, edge), (0, edge)], fill=255)
    strip = row.resize((image.width, bottom - top), Image.Resampling.NEAREST)
    image.paste(strip, (0, top), sheet.reduce(2))


@dataclass(frozen=True, slots=True)
class Film:
    """How a picture is developed. Tints are added to shadows and lights; `lift` raises black (0..255)."""

    contrast: float = 0.25
    lift: int = 8
    shadows: tuple[int, int, int] = (-2, 0, 5)
    lights: tuple[int, int, int] = (5, 1, -5)
    colour: float = 0.95
    grain: float = 0.09
    vignette: float = 0.22
    bloom: float = 0.12
    sharpen: int = 60


def develop(image: Image.Image, size: Size, film: Film, rng: random.Random) -> Image.Image:
    """The finished RGB picture of `size`: bloom, vignette, grading, then grain, as film would have it."""
    if film.bloom:
        light = soften(levels_rgb(image, 150), image.width / 60)
        image = ImageChops.screen(image, light.point([round(v * film.bloom) for v in range(256)] * 3))
    image = _vignette(image, film.vignette)
    if film.sharpen:
        k = -film.sharpen / 1000
        image = image.filter(ImageFilter.Kernel((3, 3), (k, k, k, k, 1 - 8 * k, k, k, k, k)))
    if film.colour != 1.0:
        image = ImageEnhance.Color(image).enhance(film.colour)
    image = image.point(_curves(film)).resize(size, Image.Resampling.BICUBIC)
    return ImageChops.add(image, _grain(size, film.grain, rng), 1.0, -128)


def levels_rgb(image: Image.Image, low: int) -> Image.Image:
    """Only what is brighter than `low`, stretched."""
    return image.point([max(0, round((v - low) * 255 / (255 - low))) for v in range(256)] * 3)


def _vignette(image: Image.Image, strength: float) -> Image.Image:
    dark = Image.radial_gradient("L").point(
        [round(255 * (1 - strength * (v / 255) ** 2.2)) for v in range(256)]
    )
    dark = dark.resize(image.size, Image.Resampling.BILINEAR)
    return ImageChops.multiply(image, Image.merge("RGB", (dark, dark, dark)))


def _curves(film: Film) -> list[int]:
    table = []
    for channel in range(3):
        for value in range(256):
            x = value / 255
            x += (x * x * (3 - 2 * x) - x) * film.contrast
            toned = film.lift + x * (252 - film.lift) + film.shadows[channel] * (1 - x) ** 2 * 2
            table.append(round(min(255, max(0, toned + film.lights[channel] * x * x))))
    return table


def _grain(size: Size, strength: float, rng: random.Random) -> Image.Image:
    side = 320
    one = Image.frombytes("L", (side, side), rng.randbytes(side * side)).filter(ImageFilter.GaussianBlur(0.7))
    grey = one.point([round(128 + (v - 128) * strength * 2.2) for v in range(256)])
    tile = Image.merge("RGB", (grey, grey, grey))
    sheet = Image.new("RGB", size)
    for top in range(0, size[1], side):
        for left in range(0, size[0], side):
            sheet.paste(
                tile if (left // side + top // side) % 2 else tile.transpose(Image.Transpose.ROTATE_90),
                (left, top),
            )
    return sheet
