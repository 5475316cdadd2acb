"""The work on one picture, run in a disposable process: look at it, cut its sizes, strip it.

Nothing here is imported by a process that serves people. Files are checked from their headers first, then decoded once;
every output is encoded from bare pixels, so that it carries no metadata.
"""

import base64
import errno
import io
import math
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pillow_heif
from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.Image import Resampling, Transpose

from adapters.pillow import camera, headers
from adapters.pillow.zygote import part_path
from domain.files import MAX_FRAME_PIXELS, MAX_FRAMES, MAX_PIXELS, MAX_SIDE

# Loaded for what they register, and here so that no child pays for it; EXIF and the pictures of phones need TIFF and MPO.
PLUGINS = (GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
FORMATS = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WebP", "GIF": "GIF", "AVIF": "AVIF", "HEIF": "HEIC"}
MAX_WEBP_SIDE = 16_383
LQIP_SIDES = (20, 14, 8)
MAX_LQIP_BYTES = 300
SRGB = ImageCms.createProfile("sRGB")
WHITE = (255, 255, 255)

Size = tuple[int, int]
Box = tuple[float, float, float, float]

ENCODINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "webp": ("WEBP", {"quality": 80, "method": 2}),
    "avif": ("AVIF", {"quality": 55, "speed": 8, "max_threads": 1}),
    "jpeg": ("JPEG", {"quality": 82, "optimize": True, "progressive": False}),
}
EXTENSIONS = {"webp": "webp", "avif": "avif", "jpeg": "jpg"}
STRIPPED: dict[str, tuple[str, dict[str, Any]]] = {
    "JPEG": ("JPEG", {"quality": 92, "optimize": True}),
    "PNG": ("PNG", {"compress_level": 1}),
    "WEBP": ("WEBP", {"quality": 90, "method": 2}),
    "GIF": ("PNG", {"compress_level": 1}),
    "AVIF": ("JPEG", {"quality": 92, "optimize": True}),
    "HEIF": ("JPEG", {"quality": 92, "optimize": True}),
}

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

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
ImageFile.LOAD_TRUNCATED_IMAGES = False
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)

warnings.simplefilter("error")
# Cameras and editors write these three faults into sound pictures, and we use nothing of what they spoil.
warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")
warnings.filterwarnings("ignore", message="Image appears to be a malformed MPO file")
warnings.filterwarnings("ignore", message="Invalid APNG")


class Refused(Exception):
    """The picture is not acceptable; the text is one of the reasons that `images.REASONS` knows."""


def perform(work: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Do `work` and turn every outcome into an answer. Only for a process that ends right afterwards."""
    known: dict[str, Callable[..., dict[str, Any]]] = {"inspect": inspect, "render": render, "strip": strip}
    try:
        return {"ok": known[work](**arguments)}
    except Refused as refusal:
        return {"refused": str(refusal)}
    except Exception as error:  # noqa: BLE001 - decoders of hostile bytes raise anything
        return _failure(error)


def _failure(error: Exception) -> dict[str, Any]:
    detail = repr(error)[:500]
    # Pillow's own complaints have no number; those with one come from the file system and are no fault of the picture.
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return {"refused": "memory", "detail": detail}
    if isinstance(error, OSError) and error.errno is not None:
        return {"unavailable": True, "errno": error.errno, "detail": detail}
    # The libraries of AVIF and HEIC have no type for it, only these words.
    if (
        isinstance(error, MemoryError)
        or "out of memory" in detail.lower()
        or "memory allocation" in detail.lower()
    ):
        return {"refused": "memory", "detail": detail}
    bomb = isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning)
    return {"refused": "too_many_pixels" if bomb else "damaged", "detail": detail}


def inspect(source: str) -> dict[str, Any]:
    """The fields of `domain.files.ImageFacts`, with `camera` as a dict or None."""
    with open(source, "rb") as file:
        im, family, frames = _open(file)
        exif = camera.read_exif(im)
        # Decoding forgets the metadata, so everything that it tells is read before.
        has_place = camera.has_place(im, exif)
        turns = _turns(exif, 0)
        width, height = _turned(im.size, turns)
        small = _cut(im, turns, (0, 0, width, height), _fitting((width, height), 64))
        return {
            "format": FORMATS[family],
            "width": width,
            "height": height,
            "frames": frames,
            "lqip": _lqip(small),
            "camera": camera.facts(exif),
            "had_place": has_place,
        }


def render(
    source: str, plan: dict[str, list[int]], square: bool, crop: dict[str, float] | None, folder: str
) -> dict[str, Any]:
    """Write the sizes into `folder`; the fields of `domain.files.RenditionSet`, a rendition as [width, height, kind]."""
    with open(source, "rb") as file:
        im, _, _ = _open(file)
        turns = _turns(camera.read_exif(im), int(crop["rotate"]) if crop else 0)
        box = _crop_box(_turned(im.size, turns), crop, square)
        whole = (int(box[2] - box[0]), int(box[3] - box[1]))
        wanted = {kind: sizes(tuple(widths), whole[0]) for kind, widths in plan.items()}
        largest = max((w for widths in wanted.values() for w in widths), default=min(whole[0], 320))
        picture = _opaque(_cut(im, turns, box, _scaled(whole, largest)))
    made = []
    for width in sorted({w for widths in wanted.values() for w in widths}, reverse=True):
        picture = _resized(picture, _scaled(whole, width))
        for kind in (kind for kind, widths in wanted.items() if width in widths):
            _write(_encoded(picture, *ENCODINGS[kind]), folder, f"{width}.{EXTENSIONS[kind]}")
            made.append([picture.width, picture.height, kind])
    return {"width": whole[0], "height": whole[1], "lqip": _lqip(picture), "renditions": made}


def strip(source: str, folder: str, name: str) -> dict[str, Any]:
    """Write the whole picture, upright and bare, to `name` in `folder`."""
    picture, family = _whole(source)
    _write(_encoded(picture, *STRIPPED[family]), folder, name)
    return {}


def _whole(source: str) -> tuple[Image.Image, str]:
    """The whole picture and its family. Apart from `strip`, so that the decoder's memory is free before encoding."""
    with open(source, "rb") as file:
        im, family, _ = _open(file)
        turns = _turns(camera.read_exif(im), 0)
        size = _turned(im.size, turns)
        return _opaque(_cut(im, turns, (0, 0, *size), size)), family


def sizes(planned: tuple[int, ...], width: int) -> list[int]:
    """The planned widths that a picture of `width` can fill, and its own if no planned one comes within a tenth."""
    filled = [w for w in planned if w <= width]
    if planned and width < max(planned) and width > 1.1 * max(filled, default=0):
        filled.append(width)
    return filled


def _open(file: BinaryIO) -> tuple[Image.Image, str, int]:
    """The picture, its family and its frames, after every check that headers allow. Only a PNG is decoded already."""
    head = file.read(headers.HEAD_BYTES)
    if not head:
        raise Refused("empty")
    family = headers.family(head)
    if family is None:
        raise Refused("unsupported_type")
    if family == "WEBP" and (canvas := headers.webp_canvas(head)):
        # Its decoder allocates the whole canvas while it opens the file.
        _check_size(canvas)
    frames = headers.gif_frames(file, MAX_FRAMES) if family == "GIF" else 1
    file.seek(0)
    im = Image.open(file, formats=(family,))
    if family in ("PNG", "WEBP", "AVIF"):
        frames = int(getattr(im, "n_frames", 1))
    _check_size(im.size)
    if frames > MAX_FRAMES or (frames > 1 and frames * im.width * im.height > MAX_FRAME_PIXELS):
        raise Refused("too_many_frames")
    if family == "PNG":
        # Its EXIF may follow the pixels, so asking for that decodes, where a fault of the pixels would be taken for one of
        # the EXIF and forgiven.
        im.load()
    return im, family, max(1, frames)


def _check_size(size: Size) -> None:
    if max(size) > MAX_SIDE:
        raise Refused("too_long_side")
    if size[0] * size[1] > MAX_PIXELS:
        raise Refused("too_many_pixels")


def _turns(exif: Image.Exif, clockwise: int) -> list[Transpose]:
    """What makes the stored picture upright, and then turns it as its owner wants."""
    found = (UPRIGHT.get(camera.orientation(exif)), TURNED.get(clockwise))
    return [turn for turn in found if turn is not None]


def _turned(size: Size, turns: list[Transpose]) -> Size:
    swaps = sum(turn in SWAPS_SIDES for turn in turns) % 2
    return (size[1], size[0]) if swaps else size


def _crop_box(size: Size, crop: dict[str, float] | None, square: bool) -> Box:
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


def _cut(im: Image.Image, turns: list[Transpose], box: Box, size: Size) -> Image.Image:
    """Decode, cut `box` (of the turned picture) to `size`, make it sRGB and turn it: RGB or RGBA without metadata.

    Turning comes last, because it then moves the fewest pixels.
    """
    upright = _turned(im.size, turns)
    scale = max(size[0] / (box[2] - box[0]), size[1] / (box[3] - box[1]))
    im.draft(None, (max(1, math.ceil(im.width * scale)), max(1, math.ceil(im.height * scale))))
    im.load()
    profile = im.info.get("icc_profile")
    shares = (box[0] / upright[0], box[1] / upright[1], box[2] / upright[0], box[3] / upright[1])
    cut = _srgb(_part(_plain(im), _origin(shares, turns, im.size), _turned(size, turns)), profile)
    for turn in turns:
        cut = cut.transpose(turn)
    cut.info.clear()
    return cut


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


def _opaque(im: Image.Image) -> Image.Image:
    """Without its alpha channel when that hides nothing."""
    if im.mode == "RGBA" and im.getchannel("A").getextrema() == (255, 255):
        return im.convert("RGB")
    return im


def _on_white(im: Image.Image) -> Image.Image:
    if im.mode != "RGBA":
        return im
    page = Image.new("RGB", im.size, WHITE)
    page.paste(im, mask=im.getchannel("A"))
    return page


def _resized(im: Image.Image, size: Size) -> Image.Image:
    return im if im.size == size else im.resize(size, Resampling.LANCZOS, reducing_gap=2.0)


def _scaled(whole: Size, width: int) -> Size:
    """`whole` at `width`, in proportion. One pixel is the least, and the tallest WebP is the most, for every format."""
    return width, max(1, min(MAX_WEBP_SIDE, round(whole[1] * width / whole[0])))


def _fitting(whole: Size, side: int) -> Size:
    """`whole` in proportion with a long side of at most `side`."""
    share = min(1.0, side / max(whole))
    return max(1, round(whole[0] * share)), max(1, round(whole[1] * share))


def _lqip(picture: Image.Image) -> str:
    page = _on_white(picture)
    for side in LQIP_SIDES:
        page = _resized(page, _fitting(page.size, side))
        data = _encoded(page, "WEBP", {"quality": 50, "method": 4})
        if len(data) <= MAX_LQIP_BYTES:
            break
    return base64.b64encode(data).decode()


def _encoded(im: Image.Image, kind: str, options: dict[str, Any]) -> bytes:
    """Through memory: a full disk must not look like a picture that cannot be encoded."""
    buffer = io.BytesIO()
    try:
        (_on_white(im) if kind == "JPEG" else im).save(buffer, kind, **options)
    except ValueError as error:
        # libwebp's only way to say that it ran out of memory.
        raise MemoryError(str(error)) if str(error) == "encoding error 1" else error from error
    return buffer.getvalue()


def _write(data: bytes, folder: str, name: str) -> None:
    part = part_path(folder, os.getpid())
    with open(part, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, Path(folder) / name)
