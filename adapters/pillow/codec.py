"""The work on one picture, run in a disposable process: look at it, cut its sizes.

Nothing here is imported by a process that serves people. Files are checked from their headers first, then decoded once;
every output is encoded from bare pixels, so that it carries no metadata.
"""

import base64
import errno
import io
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
    ImageFile,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from adapters.pillow import camera, cleaning, headers, pixels
from adapters.pillow.zygote import part_path
from domain.files import MAX_FRAME_PIXELS, MAX_FRAMES, MAX_PIXELS, MAX_SIDE

# Loaded for what they register, and here so that no child pays for it; EXIF and the pictures of phones need TIFF and MPO.
PLUGINS = (GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
FORMATS = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WebP", "GIF": "GIF", "AVIF": "AVIF", "HEIF": "HEIC"}
LQIP_SIDES = (20, 14, 8)
MAX_LQIP_BYTES = 300

ENCODINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "webp": ("WEBP", {"quality": 80, "method": 2}),
    "avif": ("AVIF", {"quality": 55, "speed": 8, "max_threads": 1}),
    "jpeg": ("JPEG", {"quality": 82, "optimize": True, "progressive": False}),
}
EXTENSIONS = {"webp": "webp", "avif": "avif", "jpeg": "jpg"}

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
    known: dict[str, Callable[..., dict[str, Any]]] = {"inspect": inspect, "render": render, "clean": clean}
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
    words = any(said in detail.lower() for said in ("out of memory", "memory allocation"))
    if isinstance(error, MemoryError) or words:
        return {"refused": "memory", "detail": detail}
    bomb = isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning)
    return {"refused": "too_many_pixels" if bomb else "damaged", "detail": detail}


def inspect(source: str) -> dict[str, Any]:
    """The fields of `domain.files.ImageFacts`, with `camera` as a dict or None."""
    with open(source, "rb") as file:
        im, family, frames = _open(file)
        exif = camera.read_exif(im)
        # Cutting empties what the picture knows beside its pixels, so that is read before.
        has_place = camera.has_place(im, exif)
        turns = pixels.turns_of(exif, 0)
        width, height = pixels.turned(im.size, turns)
        small = pixels.cut(im, turns, (0, 0, width, height), pixels.fitting((width, height), 64))
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
        turns = pixels.turns_of(camera.read_exif(im), int(crop["rotate"]) if crop else 0)
        box = pixels.crop_box(pixels.turned(im.size, turns), crop, square)
        whole = (int(box[2] - box[0]), int(box[3] - box[1]))
        wanted = {kind: widths if square else sizes(widths, whole[0]) for kind, widths in plan.items()}
        largest = max((w for widths in wanted.values() for w in widths), default=min(whole[0], 320))
        picture = pixels.opaque(pixels.cut(im, turns, box, pixels.scaled(whole, largest)))
    made = []
    for width in sorted({w for widths in wanted.values() for w in widths}, reverse=True):
        picture = pixels.resized(picture, pixels.scaled(whole, width))
        for kind in (kind for kind, widths in wanted.items() if width in widths):
            _write(_encoded(picture, *ENCODINGS[kind]), folder, f"{width}.{EXTENSIONS[kind]}")
            made.append([picture.width, picture.height, kind])
    return {"width": whole[0], "height": whole[1], "lqip": _lqip(picture), "renditions": made}


def clean(source: str, into: str) -> dict[str, Any]:
    """Write the picture without its metadata to `into`; `cleaned` is False for a kind that must be decoded for that."""
    with open(source, "rb") as file:
        im, family, frames = _open(file)
        orientation, size = camera.orientation(camera.read_exif(im)), im.size
        file.seek(0)
        data = cleaning.cleaned(family, file.read(), orientation)
    if data is None:
        return {"cleaned": False}
    made, _, kept = _open(io.BytesIO(data))
    exif = camera.read_exif(made)
    if (made.size, kept, camera.orientation(exif)) != (size, frames, orientation) or set(exif) - {
        camera.ORIENTATION
    }:
        raise ValueError("the picture is not the same without its metadata")
    _write(data, str(Path(into).parent), Path(into).name)
    return {"cleaned": True}


def sizes(planned: list[int], width: int) -> list[int]:
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


def _check_size(size: tuple[int, int]) -> None:
    if max(size) > MAX_SIDE:
        raise Refused("too_long_side")
    if size[0] * size[1] > MAX_PIXELS:
        raise Refused("too_many_pixels")


def _lqip(picture: Image.Image) -> str:
    page = pixels.on_white(picture)
    for side in LQIP_SIDES:
        page = pixels.resized(page, pixels.fitting(page.size, side))
        data = _encoded(page, "WEBP", {"quality": 50, "method": 4})
        if len(data) <= MAX_LQIP_BYTES:
            break
    return base64.b64encode(data).decode()


def _encoded(im: Image.Image, kind: str, options: dict[str, Any]) -> bytes:
    """Through memory: a full disk must not look like a picture that cannot be encoded."""
    buffer = io.BytesIO()
    try:
        (pixels.on_white(im) if kind == "JPEG" else im).save(buffer, kind, **options)
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
