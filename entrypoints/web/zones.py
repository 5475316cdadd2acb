"""Time zones as people choose them: by continent and city, in the reader's language."""

from functools import lru_cache

from babel.core import get_global
from babel.dates import get_timezone_location

from entrypoints.timezones import UTC, is_timezone
from entrypoints.web.translation import Language, current_language
from entrypoints.web.translation import gettext as _

# Codes of the UN for the parts of the world, by the area that begins a zone's name; the words come with the locale.
_PARTS = {
    "Africa": "002",
    "America": "019",
    "Asia": "142",
    "Europe": "150",
    "Pacific": "009",
    "Australia": "009",
}

Choice = tuple[str, str]


def choices(now: str) -> list[Choice | tuple[str, list[Choice]]]:
    """(name, text) of UTC, and of `now` where the list has it under another name; then (part of the world, choices)."""
    groups = _groups(current_language())
    listed = {name for _part, cities in groups for name, _city in cities}
    odd = [] if now in (UTC, *listed) else [(now, now.replace("_", " "))]
    return [(UTC, _("Universal time (UTC)")), *odd, *groups]


@lru_cache
def _groups(language: Language) -> tuple[tuple[str, list[Choice]], ...]:
    found: dict[str, list[Choice]] = {}
    for name in get_global("zone_territories"):
        area = name.partition("/")[0]
        if area not in ("Etc", name) and is_timezone(name):
            city = str(get_timezone_location(name, locale=language.locale, return_city=True))
            found.setdefault(_part(area, language), []).append((name, city))
    return tuple((part, sorted(cities, key=lambda each: each[1])) for part, cities in sorted(found.items()))


def _part(area: str, language: Language) -> str:
    code = "AQ" if area == "Antarctica" else _PARTS.get(area)
    return language.locale.territories[code] if code else _("Islands and oceans")
