"""Words in the reader's language: catalogues, the choice of a language, and the language of the request at hand.

Catalogues are text (`locales/<language>/LC_MESSAGES/heliograph.po`) and are compiled in memory at start, so no binary
file is kept in the repository and none can be older than its source. The source language is English: its words stand
in the code, and a catalogue for it is optional.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup

from domain.kernel import Message, fill
from entrypoints.languages import LOCALES, SOURCE_LANGUAGE, catalogues
from entrypoints.web.pseudo import Accented

DOMAIN = "heliograph"
# More entries than any browser sends; a longer header is somebody's test of our patience.
_MAX_ACCEPTED = 20


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A language that the interface speaks. `code` is what `<html lang>` gets. Each is made once and equals itself."""

    code: str
    locale: Locale
    translations: NullTranslations
    mirrored: bool = False

    @property
    def dir(self) -> str:
        """`ltr` or `rtl`."""
        return "rtl" if self.mirrored else str(self.locale.text_direction)

    @property
    def name(self) -> str:
        """What its speakers call it."""
        return (self.locale.get_display_name() or self.code).capitalize()


@dataclass(frozen=True, slots=True)
class _Reader:
    language: Language
    timezone: tzinfo


_english = Language(SOURCE_LANGUAGE, Locale.parse(SOURCE_LANGUAGE), NullTranslations())
# English as no language is written, for looking at pages: long words everywhere, and lines from right to left.
_PSEUDO = (
    Language("en-XA", _english.locale, Accented()),
    Language("ar-XB", _english.locale, NullTranslations(), mirrored=True),
)
_outside_of_a_request = _Reader(_english, UTC)
_reader: ContextVar[_Reader] = ContextVar("reader", default=_outside_of_a_request)


class Languages:
    """Every language found below `root`, and English in any case.

    With `pseudo`, `en-XA` and `ar-XB` are found too where they are asked for by name; they are in no list.
    """

    def __init__(self, root: Path = LOCALES, *, default: str = SOURCE_LANGUAGE, pseudo: bool = False) -> None:
        self._by_code = {_english.code: _english, **{each.code: each for each in _load(root)}}
        self._pseudo = {each.code.lower(): each for each in _PSEUDO if pseudo}
        self.default = self._by_code[default]

    @property
    def all(self) -> tuple[Language, ...]:
        """In the order of their codes."""
        return tuple(self._by_code[code] for code in sorted(self._by_code))

    def find(self, code: str | None) -> Language | None:
        """The language for a code such as `ru` or `ru-RU`, or None."""
        if not code:
            return None
        wanted = code.replace("_", "-").lower()
        known = {each.lower(): language for each, language in self._by_code.items()} | self._pseudo
        return known.get(wanted) or known.get(wanted.partition("-")[0])

    def choose(
        self, *, setting: str | None = None, cookie: str | None = None, accept_language: str = ""
    ) -> Language:
        """The person's setting, else this browser's choice, else the best of its Accept-Language, else the default."""
        wanted = (setting, cookie, *_by_preference(accept_language))
        return next((found for code in wanted if (found := self.find(code))), self.default)


@contextmanager
def speaking(language: Language, timezone: str = "UTC") -> Iterator[None]:
    """Make `language` and the IANA `timezone` the reader's for this task. An unknown time zone counts as UTC."""
    token = _reader.set(_Reader(language, _zone(timezone)))
    try:
        yield
    finally:
        _reader.reset(token)


def current_language() -> Language:
    """The language of the request at hand, or English outside of one."""
    return _reader.get().language


def current_timezone() -> tzinfo:
    """The time zone of the request at hand, or UTC outside of one."""
    return _reader.get().timezone


def gettext(message: str) -> str:
    """`message` in the reader's language."""
    return current_language().translations.gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form for `n` in the reader's language."""
    return current_language().translations.ngettext(singular, plural, n)


def told(message: str, params: Mapping[str, Any]) -> str:
    """A message of the rules in the reader's language, with its numbers as that language writes them."""
    return fill(gettext(message), {name: _shown(value) for name, value in params.items()})


def _shown(value: Any) -> Any:
    if isinstance(value, Message):
        return in_words(value)
    if type(value) in (int, float):
        return numbers.format_decimal(value, locale=current_language().locale)
    return value


def in_words(message: Message) -> str:
    """A message that was kept, in the reader's language."""
    return told(message.text, message.params)


@lru_cache(maxsize=4_000)
def _marked(language: Language, message: str) -> tuple[Markup, bool]:
    """A message of ours for templates, and whether it has places to fill."""
    text = language.translations.gettext(message)
    return _our_words(text), "%" in text


def _our_words(text: str) -> Markup:
    """Messages of the catalogues may stand in a page as they are; what is filled into them is escaped."""
    return Markup(text)  # noqa: S704 - never a person's text


def template_gettext(message: str, /, **values: Any) -> Markup:
    """What `_()` and `{% trans %}` call: `message` in the reader's language with `values` escaped and filled in.

    The template engine's own does the same and looks three functions up on the way, some hundred times a page.
    """
    text, has_places = _marked(_reader.get().language, message)
    return text % values if has_places else text


def template_ngettext(singular: str, plural: str, n: int, /, **values: Any) -> Markup:
    """The same for the form that belongs to `n`, which the text may name `%(num)s`."""
    text = _our_words(current_language().translations.ngettext(singular, plural, n))
    return text % {"num": n, **values} if "%" in text else text


def pgettext(context: str, message: str) -> str:
    """`message` in the reader's language where one English word has several meanings."""
    return current_language().translations.pgettext(context, message)


def npgettext(context: str, singular: str, plural: str, n: int) -> str:
    """Both of the above."""
    return current_language().translations.npgettext(context, singular, plural, n)


def _load(root: Path) -> Iterator[Language]:
    for code, path in catalogues(root).items():
        locale = Locale.parse(code, sep="-")
        with path.open("rb") as source:
            catalog = read_po(source, locale=locale, domain=DOMAIN)
        compiled = BytesIO()
        write_mo(compiled, catalog)
        compiled.seek(0)
        yield Language(code, locale, GNUTranslations(compiled))


@lru_cache(maxsize=256)
def _by_preference(header: str) -> list[str]:
    """The codes of an Accept-Language header (RFC 9110, 12.5.4), best first, without those refused by `q=0`."""
    weighed: list[tuple[float, int, str]] = []
    for part in header.split(",")[:_MAX_ACCEPTED]:
        found = re.fullmatch(
            r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*", part
        )
        if found and (weight := float(found[2] or 1)) > 0:
            weighed.append((-weight, len(weighed), found[1]))
    return [code for _, _, code in sorted(weighed)]


@cache
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC  # also on a system without a time zone database
