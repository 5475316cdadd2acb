"""Cutting, turning and colouring a decoded picture. What comes out is RGB or RGBA in sRGB, without metadata."""

import io
import math
from collections.abc import Callable

from PIL import Image, ImageCms
from PIL.Image import Resampling, Transpose

from adapters.pillow import camera

MAX_WEBP_SIDE = 16_383
SRGB = ImageCms.createProfile("sRGB")
WHITE = (255, 255, 255)

Size = tuple[int, int]
Box = tuple[float, float, float, float]

# Keyed by what EXIF says and by how far a crop turns clockwise; the values turn counter-clockwise, as Pillow does.
UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
TURNED = {90: Transpose.ROTATE_270, 180: Transpose.ROTATE_180, 270: Transpose.ROTATE_90}
SWAPS_SIDES = {Transpose.TRANSPOSE, Transpose.TRANSVERSE, Transpose.ROTATE_90, Transpose.ROTATE_270}
# Where a point of the turned picture lies in the one before, both as fractions of the sides.
ORIGINS: dict[Transpose, Callable[[float, float], tuple[float, float]]] = {
    Transpose.FLIP_LEFT_RIGHT: lambda x, y: (1 - x, y),
    Transpose.FLIP_TOP_BOTTOM: lambda x, y: (x, 1 - y),
    Transpose.ROTATE_180: lambda x, y: (1 - x, 1 - y),
    Transpose.TRANSPOSE: lambda x, y: (y, x),
    Transpose.TRANSVERSE: lambda x, y: (1 - y, 1 - x),
    Transpose.ROTATE_90: lambda x, y: (1 - y, x),
    Transpose.ROTATE_270: lambda x, y: (y, 1 - x),
}


def turns_of(exif: Image.Exif, clockwise: int) -> list[Transpose]:
    """What makes the stored picture upright, and then turns it as its owner wants."""
    found = (UPRIGHT.get(camera.orientation(exif)), TURNED.get(clockwise))
    return [turn for turn in found if turn is not None]


def turned(size: Size, turns: list[Transpose]) -> Size:
    """Width and height after `turns`; the way back is the same."""
    swaps = sum(turn in SWAPS_SIDES for turn in turns) % 2
    return (size[1], size[0]) if swaps else size


def crop_box(size: Size, crop: dict[str, float] | None, square: bool) -> Box:
    """The part to keep in whole pixels of the upright picture, at least one."""
    width, height = size
    left, top, right, bottom = 0, 0, width, height
    if crop:
        left, top = min(round(crop["x"] * width), width - 1), min(round(crop["y"] * height), height - 1)
        right = max(left + 1, min(width, round((crop["x"] + crop["width"]) * width)))
        bottom = max(top + 1, min(height, round((crop["y"] + crop["height"]) * height)))
    if square:
        side = min(right - left, bottom - top)
        left, top = left + (right - left - side) // 2, top + (bottom - top - side) // 2
        right, bottom = left + side, top + side
    return left, top, right, bottom


def cut(im: Image.Image, turns: list[Transpose], box: Box, size: Size) -> Image.Image:
    """Decode, cut `box` (of the turned picture) to `size`, make it sRGB and turn it: RGB or RGBA without metadata.

    Turning comes last, because it then moves the fewest pixels.
    """
    upright = turned(im.size, turns)
    scale = max(size[0] / (box[2] - box[0]), size[1] / (box[3] - box[1]))
    im.draft(None, (max(1, math.ceil(im.width * scale)), max(1, math.ceil(im.height * scale))))
    im.load()
    profile = im.info.get("icc_profile")
    shares = (box[0] / upright[0], box[1] / upright[1], box[2] / upright[0], box[3] / upright[1])
    picture = _srgb(_part(_plain(im), _origin(shares, turns, im.size), turned(size, turns)), profile)
    for turn in turns:
        picture = picture.transpose(turn)
    picture.info.clear()
    return picture


def opaque(im: Image.Image) -> Image.Image:
    """Without its alpha channel when that hides nothing."""
    if im.mode == "RGBA" and im.getchannel("A").getextrema() == (255, 255):
        return im.convert("RGB")
    return im


def on_white(im: Image.Image) -> Image.Image:
    """For formats without alpha: as it looks on a white page."""
    if im.mode != "RGBA":
        return im
    page = Image.new("RGB", im.size, WHITE)
    page.paste(im, mask=im.getchannel("A"))
    return page


def resized(im: Image.Image, size: Size) -> Image.Image:
    """The picture at `size`, itself when it has that already."""
    return im if im.size == size else im.resize(size, Resampling.LANCZOS, reducing_gap=2.0)


def scaled(whole: Size, width: int) -> Size:
    """`whole` at `width`, in proportion. One pixel is the least, and the tallest WebP is the most, for every format."""
    return width, max(1, min(MAX_WEBP_SIDE, round(whole[1] * width / whole[0])))


def fitting(whole: Size, side: int) -> Size:
    """`whole` in proportion with a long side of at most `side`."""
    share = min(1.0, side / max(whole))
    return max(1, round(whole[0] * share)), max(1, round(whole[1] * share))


def _origin(shares: Box, turns: list[Transpose], size: Size) -> Box:
    """Where a box of the turned picture, in fractions, lies in the stored one of `size`, in pixels."""
    (x0, y0), (x1, y1) = shares[:2], shares[2:]
    for turn in reversed(turns):
        (x0, y0), (x1, y1) = ORIGINS[turn](x0, y0), ORIGINS[turn](x1, y1)
    xs, ys = sorted((x0 * size[0], x1 * size[0])), sorted((y0 * size[1], y1 * size[1]))
    left, top, right, bottom = (round(edge, 6) for edge in (xs[0], ys[0], xs[1], ys[1]))
    return max(0.0, left), max(0.0, top), min(float(size[0]), right), min(float(size[1]), bottom)


def _part(im: Image.Image, box: Box, size: Size) -> Image.Image:
    """`box` of the picture at `size`, bit for bit when nothing has to be scaled."""
    if box == (0, 0, *im.size) and size == im.size:
        return im
    if all(edge.is_integer() for edge in box) and size == (box[2] - box[0], box[3] - box[1]):
        return im.crop((int(box[0]), int(box[1]), int(box[2]), int(box[3])))
    return im.resize(size, Resampling.LANCZOS, box=box, reducing_gap=2.0)


def _plain(im: Image.Image) -> Image.Image:
    """The same picture with 8 bits per channel in one of the modes L, RGB, RGBA and CMYK."""
    if im.mode.startswith("I"):
        # Pillow's own conversion clips instead of scaling.
        return im.point(lambda value: value * (1 / 257) + 0.5).convert("L")
    if im.mode in ("LA", "La", "PA", "RGBa") or (im.mode != "RGBA" and "transparency" in im.info):
        return im.convert("RGBA")
    if im.mode in ("L", "RGB", "RGBA", "CMYK"):
        return im
    return im.convert("L" if im.mode == "1" else "RGB")


def _srgb(im: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture as RGB or RGBA in sRGB. A profile that cannot be read or does not fit is ignored."""
    mode = "RGBA" if im.mode == "RGBA" else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if im.mode == "L" or not _is_srgb(source):
                return ImageCms.profileToProfile(im, source, SRGB, outputMode=mode) or im
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return im.convert(mode)


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    # Most profiles in the wild are this one, and a conversion to itself is the dearest step of a small picture.
    return ImageCms.getProfileDescription(profile).strip().startswith(("sRGB IEC61966", "sRGB built-in"))
