"""From a picture's renditions to the attributes of its markup: candidates, fallback, aspect class, camera line.

Works on anything with the attribute names of the views (`Media`, `Avatar`, `Camera`), so that templates stay
free of sums.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

# Best first: a browser takes the first <source> that it understands.
_MODERN_TYPES = ("image/avif", "image/webp")
_FALLBACK_TYPE = "image/jpeg"
# What `src` should come closest to; only browsers without srcset ever use it.
_FALLBACK_WIDTH = 1080
NARROWEST, WIDEST = 40, 240


class Source(NamedTuple):
    """One candidate list. `srcset` is ready for the attribute."""

    type: str
    srcset: str


def sources(renditions: Iterable[Any]) -> list[Source]:
    """The AVIF and the WebP list, where there are such renditions."""
    by_type: dict[str, list[Any]] = {}
    for rendition in sorted(renditions, key=_width):
        by_type.setdefault(rendition.type, []).append(rendition)
    return [Source(each, _candidates(by_type[each])) for each in _MODERN_TYPES if each in by_type]


@lru_cache(maxsize=4_000)
def srcset(renditions: tuple[Any, ...], media_type: str = _FALLBACK_TYPE) -> str:
    """`url 320w, url 640w …` of one media type, or an empty string."""
    return _candidates(sorted((each for each in renditions if each.type == media_type), key=_width))


def _candidates(renditions: Iterable[Any]) -> str:
    return ", ".join([f"{each.url} {each.width}w" for each in renditions])


def _width(rendition: Any) -> int:
    return int(rendition.width)


def fallback(renditions: Iterable[Any], width: int = _FALLBACK_WIDTH) -> Any | None:
    """The rendition for `src`: a JPEG near `width` if there is one, else whatever is nearest, else None."""
    return min(
        renditions, key=lambda each: (each.type != _FALLBACK_TYPE, abs(each.width - width)), default=None
    )


def largest(renditions: Iterable[Any]) -> Any | None:
    """The rendition with the most pixels, for the page that shows the whole picture; WebP before AVIF before JPEG."""
    order = {"image/webp": 2, "image/avif": 1}
    return max(renditions, key=lambda each: (each.width, order.get(each.type, 0)), default=None)


def aspect(picture: Any, lowest: int = NARROWEST, highest: int = WIDEST) -> str:
    """The class `ar-150` for a picture 1.5 times as wide as high, in steps of 5 and inside the given limits.

    The security policy forbids `style=""`, so the ratios exist as classes. A picture of unknown size counts as square.
    """
    if not picture.width or not picture.height:
        return "ar-100"
    percent = 5 * round(20 * picture.width / picture.height)
    return f"ar-{min(max(percent, lowest), highest)}"


def camera_parts(camera: Any) -> list[str]:
    """`35 mm`, `f/8`, `1/250`, `ISO 100`: the parts that the camera wrote, in the order photographers read them."""
    parts = (
        (camera.focal_mm, f"{camera.focal_mm or 0:g} mm"),
        (camera.aperture, f"f/{camera.aperture or 0:g}"),
        (camera.exposure, f"{camera.exposure}"),
        (camera.iso, f"ISO {camera.iso}"),
    )
    return [text for value, text in parts if value]


def camera_name(camera: Any) -> str:
    """`FUJIFILM X-T5`; the make is left out where the model repeats it."""
    make, model = camera.make or "", camera.model or ""
    return model if model.casefold().startswith(make.casefold()) else f"{make} {model}".strip()


@lru_cache(maxsize=4_000)
def initials(name: str) -> str:
    """One or two letters to stand for a face: of the first and the last word, or one of a single word."""
    letters = [word[0] for word in name.split() if unicodedata.category(word[0])[0] in "LN"]
    return "".join(letters[:1] + letters[1:][-1:]).upper() or "·"
