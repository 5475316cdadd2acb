"""Small maps without tiles: a window on the outline of the land (`img/land.svg`), and where the pins are in it.

The outline is equirectangular, ten units a degree: 3600 wide from 180° west, 1800 high from 90° north.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from babel import numbers

from entrypoints.web.translation import current_language
from entrypoints.web.translation import gettext as _

WORLD, HEIGHT = 3_600, 1_800
# The window of a single place, and how much of a window lies beyond the outermost pins.
_WIDTH, _RATIO, _MARGIN = 1_200, 3, 1.3
_GRID = 100
# How far land that begins in one copy of the world goes on into the next.
_OVER = 110


class Position(Protocol):
    """Degrees, WGS 84; None where nobody said."""

    @property
    def lat(self) -> float | None: ...

    @property
    def lon(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Map:
    """A window: its corner and size, the copies of the world that it cuts, the lines of its grid, and its pins."""

    x: int
    y: int
    width: int
    height: int
    copies: tuple[int, ...]
    meridians: range
    parallels: range
    pins: tuple[tuple[int, int], ...]


def window(places: Iterable[Position]) -> Map | None:
    """A map with a pin at each place that has a position, or None. Three times as wide as high if that will do."""
    spots = [(each.lat, each.lon) for each in places]
    pins = sorted({(_x(lon), _y(lat)) for lat, lon in spots if lat is not None and lon is not None})
    if not pins:
        return None
    left, right = _span([x for x, _ in pins])
    top, bottom = min(y for _, y in pins), max(y for _, y in pins)
    width = min(max(_WIDTH, int(_MARGIN * (right - left))), WORLD)
    height = min(max(width // _RATIO, int(_MARGIN * (bottom - top))), HEIGHT)
    x = (left + right - width) // 2
    y = min(max((top + bottom - height) // 2, 0), HEIGHT - height)
    copies = tuple(at for at in (-WORLD, 0, WORLD) if at - _OVER < x + width and at + WORLD + _OVER > x)
    # Around the back of the world a pin stands in the copy that the window shows.
    shown = tuple((px + at, py) for px, py in pins for at in (-WORLD, 0, WORLD) if x <= px + at <= x + width)
    return Map(x, y, width, height, copies, _lines(x, width), _lines(y, height), shown)


def _span(xs: Sequence[int]) -> tuple[int, int]:
    """The shortest stretch of a circle with all of them on it; its end may lie beyond the edge of the world."""
    around = [*xs, xs[0] + WORLD]
    _, before = max((around[n + 1] - around[n], n) for n in range(len(xs)))
    start = around[before + 1]
    end = around[before] + WORLD
    return (start - WORLD, end - WORLD) if start >= WORLD else (start, end)


def _lines(start: int, length: int) -> range:
    return range(-(-start // _GRID) * _GRID, start + length, _GRID)


def _x(lon: float) -> int:
    return round((lon + 180) * 10) % WORLD


def _y(lat: float) -> int:
    return round((90 - lat) * 10)


def position(place: Position) -> str:
    """`38.1° N, 128.5° E` as the reader's language writes numbers, or nothing."""
    if place.lat is None or place.lon is None:
        return ""
    north = _("%(degrees)s° N") if place.lat >= 0 else _("%(degrees)s° S")
    east = _("%(degrees)s° E") if place.lon >= 0 else _("%(degrees)s° W")
    return f"{north % {'degrees': _degrees(place.lat)}}, {east % {'degrees': _degrees(place.lon)}}"


def _degrees(value: float) -> str:
    return numbers.format_decimal(round(abs(value), 1), locale=current_language().locale)
