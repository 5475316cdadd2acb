"""What EXIF says about the camera, made safe to show. Serial numbers, owner names and places are never read out."""

import contextlib
import math
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from PIL import Image

MAKE, MODEL, ORIENTATION = 0x010F, 0x0110, 0x0112
EXIF_IFD, GPS_IFD = 0x8769, 0x8825
EXPOSURE_TIME, F_NUMBER, ISO, TAKEN_AT, FOCAL_LENGTH, LENS = 0x829A, 0x829D, 0x8827, 0x9003, 0x920A, 0xA434
MAX_TEXT = 80
# A GPS directory with nothing but its version is written by some phones whose owner forbade the position.
GPS_VERSION = 0


def read_exif(im: Image.Image) -> Image.Exif:
    """The picture's EXIF, empty when it is unreadable: a broken note is no reason to refuse a picture."""
    try:
        return im.getexif()
    except Exception:  # noqa: BLE001 - parsers of hostile metadata raise anything
        return Image.Exif()


def orientation(exif: Image.Exif) -> int:
    """1 to 8, as EXIF counts; 1 for anything else."""
    value = exif.get(ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def has_place(im: Image.Image, exif: Image.Exif) -> bool:
    """Whether EXIF or XMP carries a position."""
    xmp = im.info.get("xmp") or im.info.get("XML:com.adobe.xmp") or b""
    text = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else bytes(xmp)
    return any(tag != GPS_VERSION for tag in _directory(exif, GPS_IFD)) or b"GPSLatitude" in text


def facts(exif: Image.Exif) -> dict[str, Any] | None:
    """The fields of `domain.files.Camera`, or None when there is nothing to show."""
    more = _directory(exif, EXIF_IFD)
    found = {
        "make": _text(exif.get(MAKE)),
        "model": _text(exif.get(MODEL)),
        "lens": _text(more.get(LENS)),
        "focal_mm": _number(more.get(FOCAL_LENGTH), 0.5, 5_000),
        "aperture": _number(more.get(F_NUMBER), 0.3, 200),
        "exposure": _exposure(_number(more.get(EXPOSURE_TIME), 1e-6, 86_400, digits=7)),
        "iso": _whole(more.get(ISO), 1, 10_000_000),
        "taken_at": _moment(more.get(TAKEN_AT)),
    }
    return found if any(value is not None for value in found.values()) else None


def _directory(exif: Image.Exif, tag: int) -> Mapping[int, Any]:
    try:
        return exif.get_ifd(tag)
    except Exception:  # noqa: BLE001 - parsers of hostile metadata raise anything
        return {}


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return None
    # EXIF text is ASCII by the book; what is not is UTF-8 in practice, which Pillow reads as Latin-1.
    with contextlib.suppress(UnicodeError):
        value = value.encode("latin-1").decode("utf-8")
    value = value.split("\0")[0]
    shown = "".join(
        " " if c.isspace() else c for c in value if c.isspace() or unicodedata.category(c)[0] != "C"
    )
    return " ".join(shown.split())[:MAX_TEXT].strip() or None


def _number(value: Any, least: float, most: float, digits: int = 2) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return round(number, digits) if math.isfinite(number) and least <= number <= most else None


def _whole(value: Any, least: int, most: int) -> int | None:
    first = value[0] if isinstance(value, tuple) and value else value
    return first if isinstance(first, int) and least <= first <= most else None


def _exposure(seconds: float | None) -> str | None:
    """ "1/250" below a third of a second, as cameras show it, else "0.5" or "30"."""
    if not seconds:
        return None
    return f"1/{round(1 / seconds)}" if seconds < 0.33 else f"{seconds:.1f}".removesuffix(".0")


def _moment(value: Any) -> str | None:
    """The local time that the camera wrote, as ISO 8601 without a zone."""
    try:
        moment = datetime.strptime(str(value).strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - it has no zone
    except ValueError:
        return None
    return moment.isoformat() if 1826 <= moment.year <= 2200 else None
