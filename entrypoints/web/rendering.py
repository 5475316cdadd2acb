"""Pages from templates: one Jinja environment for all languages, and what the layout around a page needs.

    pages = Pages(Assets(), Languages())
    shell = Shell(viewer=me, csrf_token=token, nav=navigation(me, "/"))
    html = pages.render("pages/home.html", shell, page=page)

Templates get values and show them. They load nothing and decide nothing about permission. Python hands them plain values
and never HTML, so that escaping has no exception.
"""

import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from unicodedata import east_asian_width

from babel import dates, numbers, units
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from domain.kernel import Message
from domain.text import fold, split_links
from domain.users import PASSWORD_MIN, Preferences
from entrypoints.web import pictures, translation
from entrypoints.web.assets import Assets
from entrypoints.web.navigation import NavItem
from entrypoints.web.translation import Language, Languages, current_language, current_timezone
from entrypoints.web.words import happening

TEMPLATES = Path(__file__).parent / "templates"
_DAY_SECONDS = 86_400
# After a week "9 days ago" is harder to place than the date.
_RELATIVE_FOR_SECONDS = 7 * _DAY_SECONDS
# Some thousand cards: what a process shows again and again.
_MOST_FRAGMENT_BYTES = 16 * 1024 * 1024
# Around the name of a place in a kept fragment. The database stores no such character, so no text of a person's has it.
_EDGE = "\0"


@dataclass(frozen=True, slots=True)
class Flash:
    """One line about what was just done, and the address of a form that takes it back."""

    text: str
    undo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What surrounds every page of a request: who looks, in which language, with which ways to go.

    `viewer` is a Person or None when signed out, `unread` the number of their unread notifications. `links` are for the
    foot of the page, and `languages` those that somebody signed out may choose there.
    """

    csrf_token: str
    viewer: Any | None = None
    language: Language = field(default_factory=current_language)
    timezone: str = "UTC"
    preferences: Preferences = field(default_factory=Preferences)
    theme: Literal["auto", "light", "dark"] = "auto"
    nav: tuple[NavItem, ...] = ()
    unread: int = 0
    links: tuple[NavItem, ...] = ()
    languages: tuple[Language, ...] = ()
    here: str = "/"
    flashes: tuple[Flash, ...] = ()
    instance: str = "Heliograph"
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


_shell: ContextVar[Shell] = ContextVar("shell")


class Pages:
    """Renders templates. Every one of them is compiled at start, so a broken one stops the start, not a visitor."""

    def __init__(
        self,
        assets: Assets,
        languages: Languages,
        root: Path = TEMPLATES,
        bytecode: BytecodeCache | None = None,
    ) -> None:
        self.assets = assets
        self.languages = languages
        self.environment = _environment(root)
        self.environment.bytecode_cache = bytecode
        self.environment.globals["static"] = assets.url
        self.environment.filters.update(static=assets.url, imports=assets.imports)
        self.fragments = Fragments(_MOST_FRAGMENT_BYTES)
        self.environment.globals.update(
            kept=self._kept, card_maker=self._card_maker, tile_maker=self._tile_maker
        )
        for name in self.environment.list_templates():
            self.environment.get_template(name)

    def render(self, template: str, shell: Shell, block: str | None = None, **values: Any) -> str:
        """The page as text, in the language, the time zone and for the viewer of `shell`.

        With `block` only that part of it, if the template itself has such a block.
        """
        token = _shell.set(shell)
        found = self.environment.get_template(template)
        try:
            with translation.speaking(shell.language, shell.timezone):
                if block is None or block not in found.blocks:
                    return found.render(shell=shell, nav=shell.nav, **values)
                context = found.new_context({"shell": shell, "nav": shell.nav, **values})
                page = found.root_render_func(context)
                next(
                    page
                )  # as far as what the template imports and sets; the page around the block is not made
                page.close()
                return "".join(found.blocks[block](context))
        finally:
            _shell.reset(token)

    def _kept(self, macro: Any, places: Mapping[str, Any], *values: Hashable) -> Markup:
        """What `macro` makes of `values`, kept for the next page, with `places` filled in.

        It can depend on nothing but its values, the language and the time zone: who looks is out of its reach, and its
        forms get their proof when they are shown. What differs from page to page stands in it as `place(name)`.
        """
        return self._fill(self._fragment(macro, values, *values), places)

    def _fragment(self, macro: Any, key: tuple[Hashable, ...], *values: Any) -> list[str]:
        """The pieces of what `macro` makes of `values`: text, the name of a place, text, …

        `key` holds everything that the macro looks at, so a fragment shows nobody more than their own page was given.
        """
        full_key = (macro.name, current_language(), current_timezone(), *key)
        pieces = self.fragments.get(full_key)
        if pieces is None:
            token = _shell.set(_NOBODY)
            try:
                pieces = str(macro(*values)).split(_EDGE)
            finally:
                _shell.reset(token)
            self.fragments.put(full_key, pieces)
        return pieces

    def _fill(self, pieces: list[str], places: Mapping[str, Any]) -> Markup:
        filled = pieces.copy()
        for at in range(1, len(pieces), 2):
            name = pieces[at]
            value = _shell.get().csrf_token if name == "csrf" else places[name]
            filled[at] = value if type(value) is Markup else escape(value)
        return _our_markup("".join(filled))

    def _card_maker(self, card: Any, actions: Any) -> Callable[..., Markup]:
        """`post_card` of the templates, from the macro that makes a card for everybody and the one of its buttons.

        Runs a dozen times a page, so it is not a macro itself.
        """

        def post_card(post: Any, back: str, position: int | None = None, priority: bool = False) -> Markup:
            did, counts, at = post.viewer, post.counts, f"/p/{post.id}"
            member = _viewer() is not None
            places = {
                "at": escape(at),
                "talk": escape(f"{at}#comments"),
                "back": escape(f"{back}#post-{post.id}"),
                "position": position,
                "ago": relative_time(post.created_at),
            }
            places["actions"] = self._kept(
                actions, places, counts.likes, counts.comments, member, did.liked, did.saved
            )
            numbered = position is not None
            key = (numbered, priority, member, *_card_key(post))
            return self._fill(self._fragment(card, key, post, numbered, priority, member), places)

        return post_card

    def _tile_maker(self, tile: Any) -> Callable[..., Markup]:
        """A post in a grid, from the macro that makes its tile; `priority` belongs to the first of a page."""

        def post_tile(post: Any, priority: bool = False) -> Markup:
            key = (priority, post.id, post.stored, post.audience, post.author.name, post.counts.likes)
            return self._fill(self._fragment(tile, key, post, priority), {})

        return post_tile


class Fragments:
    """Pieces of pages in memory; beyond `most_bytes`, with their keys, the least recently used go."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._pieces: OrderedDict[tuple[Hashable, ...], list[str]] = OrderedDict()

    def get(self, key: tuple[Hashable, ...]) -> list[str] | None:
        """The pieces kept under `key`; they are not to be changed."""
        found = self._pieces.get(key)
        if found is not None:
            self._pieces.move_to_end(key)
        return found

    def put(self, key: tuple[Hashable, ...], pieces: list[str]) -> None:
        """Keep `pieces` under a new `key`."""
        self._pieces[key] = pieces
        self.bytes += _size(key, pieces)
        while self.bytes > self.most_bytes:
            self.bytes -= _size(*self._pieces.popitem(last=False))

    def clear(self) -> None:
        """Keep nothing."""
        self._pieces.clear()
        self.bytes = 0


def _size(key: tuple[Hashable, ...], pieces: list[str]) -> int:
    return sum(map(sys.getsizeof, (key, pieces, *key, *pieces)))


def _our_markup(text: str) -> Markup:
    """Text that a template made, whose values are escaped."""
    return Markup(text)  # noqa: S704 - never a person's text


def _place(name: str) -> Markup:
    """Where a kept fragment leaves room for a value of the page."""
    return _our_markup(f"{_EDGE}{name}{_EDGE}")


def _card_key(post: Any) -> tuple[Hashable, ...]:
    """Everything that `post_card` shows of a PostCard but its likes and saves, which are filled in."""
    author, may = post.author, post.viewer
    key = (
        *(post.id, post.stored, post.audience, author.username, author.name),
        *(author.avatar and author.avatar.url, post.counts.comments, may.can_edit, may.can_comment),
        post.downloads,
    )
    for comment in post.comments_preview:
        key += (comment.author.username, comment.author.name, comment.text, comment.mentions)
    return key


def _environment(root: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(root),
        autoescape=True,  # not select_autoescape: no file name may switch escaping off
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        enable_async=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    # The callables look the language up at each call, so one environment serves every language.
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    environment.filters.update(_FILTERS)
    environment.globals.update(
        gettext=translation.template_gettext,
        ngettext=translation.template_ngettext,
        _=translation.template_gettext,
        csrf_token=_csrf_token,
        viewer=_viewer,
        place=_place,
        password_least=PASSWORD_MIN,
        plural_forms=plural_forms,
    )
    return environment


class _Nobody:
    """Stands for the shell while a fragment for everybody is made."""

    csrf_token = _place("csrf")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"a kept fragment is the same for everybody, but asks for {name}")


_NOBODY: Any = _Nobody()


def plural_forms(singular: str, plural: str) -> dict[str, str]:
    """The texts of a counted message by CLDR category (`one`, `few`, `other` …), with `{n}` where the number goes."""
    rule = current_language().locale.plural_form
    numbers = {rule(n): n for n in reversed(range(200))}
    forms = {category: translation.ngettext(singular, plural, n) for category, n in numbers.items()}
    forms.setdefault("other", translation.ngettext(singular, plural, 5))
    return {category: text.replace("%(num)s", "{n}") for category, text in forms.items()}


def _csrf_token() -> str:
    return _shell.get().csrf_token


def _viewer() -> Any | None:
    return _shell.get().viewer


def rich_text(text: str) -> Iterator[tuple[str, str]]:
    """Cut user text into (`kind`, piece) for the macro `user_text`, which writes the markup."""
    return split_links(text)


def runs_over(text: str, columns: int, lines: float = 4.4) -> bool:
    """Whether `text` probably takes more than `lines` lines where `columns` Latin letters stand beside each other.

    Letters of East Asia are nearly twice as wide. A guess is enough: what is cut is shown at a press, and one line more
    than is cut to is not worth one.
    """
    widths = (sum(1.8 if east_asian_width(c) in "WF" else 1 for c in line) for line in text.split("\n"))
    return sum(max(1.0, width / columns) for width in widths) > lines


def compact(number: int) -> str:
    """`987`, `12K`, `1.2M`, as the reader's language writes it; full up to 9,999."""
    return _compact(number, current_language())


def decimal(number: float) -> str:
    """`1,234,567` as the reader's language writes it."""
    return _decimal(number, current_language())


@lru_cache(maxsize=4_000)
def _compact(number: int, language: Language) -> str:
    if number < 10_000:
        return _decimal(number, language)
    return numbers.format_compact_decimal(number, locale=language.locale, fraction_digits=1)


@lru_cache(maxsize=4_000)
def _decimal(number: float, language: Language) -> str:
    return numbers.format_decimal(number, locale=language.locale)


def percent(number: int) -> str:
    """`43%`, in French and Russian `43 %`: as many hundredths."""
    return numbers.format_percent(number / 100, locale=current_language().locale)


def filesize(size: int) -> str:
    """`812 kB`, `3.4 MB`: bytes in the units of people, a thousand each."""
    if size < 1_000_000:
        return _size_in(max(min(size, 1), round(size / 1_000)), "kilobyte")
    return _size_in(round(size / 1_000_000, 1), "megabyte")


def mebibytes(size: int) -> str:
    """`4,999.5 MB`: what is left of a limit, in the unit of the settings, and never more than there is."""
    return _size_in(10 * size // 2**20 / 10, "megabyte")


def _size_in(number: float, unit: str) -> str:
    return units.format_unit(number, f"digital-{unit}", "short", locale=current_language().locale)


def relative_time(moment: datetime) -> str:
    """`2h`, `3d`; a date when it is more than a week ago. Beside what it dates; in sentences it is `time_since`."""
    return _told_from_now(moment, translation.gettext("now"), "narrow")


def time_since(moment: datetime) -> str:
    """`2 hours ago`, `just now`; a date when it is more than a week ago."""
    return _told_from_now(moment, translation.gettext("just now"), "long")


def _told_from_now(moment: datetime, at_once: str, form: Literal["narrow", "long"]) -> str:
    now = _shell.get().now if _shell.get(None) else datetime.now(UTC)
    age_seconds = int((now - moment).total_seconds())
    if age_seconds >= _RELATIVE_FOR_SECONDS:
        return short_date(moment, now)
    # A clock a little behind ours must not say "in 3 seconds" about something that has happened.
    return at_once if age_seconds < 60 else _duration(age_seconds, form, current_language())


_durations: dict[tuple[int, int, str, Language], str] = {}


def _duration(seconds: int, form: Literal["narrow", "long"], language: Language) -> str:
    """A minute or more as one number and unit, long ones with `ago`. There are few such texts: each is made once."""
    unit = next(size for size in (_DAY_SECONDS, 3_600, 60) if seconds >= size)
    key = (unit, round(seconds / unit), form, language)
    if key not in _durations:
        _durations[key] = dates.format_timedelta(
            -seconds, format=form, threshold=1, add_direction=form == "long", locale=language.locale
        )
    return _durations[key]


def short_date(moment: datetime, now: datetime) -> str:
    """`Mar 4`, with the year when it is not this one."""
    local, today = moment.astimezone(current_timezone()), now.astimezone(current_timezone())
    return _short_date(local.date(), local.year == today.year, current_language())


@lru_cache(maxsize=4_000)
def _short_date(day: date, this_year: bool, language: Language) -> str:
    return dates.format_skeleton("MMMd" if this_year else "yMMMd", day, locale=language.locale)


def full_time(moment: datetime) -> str:
    """`Saturday, March 4, 2023 at 12:41`, in the reader's time zone."""
    return _full_time(moment.replace(second=0, microsecond=0), current_language(), current_timezone())


@lru_cache(maxsize=4_000)
def _full_time(moment: datetime, language: Language, zone: tzinfo) -> str:
    day = dates.format_date(moment.astimezone(zone), "full", locale=language.locale)
    time = _clock(moment, language, zone)
    return language.translations.gettext("%(date)s, %(time)s") % {"date": day, "time": time}


def local_input(moment: datetime) -> str:
    """`2023-03-04T12:41` on the reader's clock, as a field for a day and a time has it."""
    return moment.astimezone(current_timezone()).strftime("%Y-%m-%dT%H:%M")


def short_time(moment: datetime) -> str:
    """`12:41 PM` for a moment of today, else with its day."""
    now = _shell.get().now if _shell.get(None) else datetime.now(UTC)
    zone, locale = current_timezone(), current_language().locale
    clock = dates.format_time(moment, "short", tzinfo=zone, locale=locale)
    if moment.astimezone(zone).date() == now.astimezone(zone).date():
        return clock
    return translation.gettext("%(date)s, %(time)s") % {"date": short_date(moment, now), "time": clock}


def clock_after(seconds: int) -> str:
    """The time of day in so many seconds, `12:41 PM UTC`: easier to wait for than a number of seconds."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds + 59)
    zone = current_timezone()
    return f"{_clock(moment, current_language(), zone)} {moment.astimezone(zone).tzname()}"


def _clock(moment: datetime, language: Language, zone: tzinfo) -> str:
    """`12:41 PM`; where the halves of the day have names of their own, those: `오후 12:41`."""
    pattern = re.sub(r"\ba\b", "aaaa", language.locale.time_formats["short"].pattern)
    return dates.format_time(moment, pattern, tzinfo=zone, locale=language.locale)


def month_and_year(moment: datetime) -> str:
    """`March 2023`."""
    return dates.format_skeleton("yMMMM", moment, tzinfo=current_timezone(), locale=current_language().locale)


def long_date(moment: datetime) -> str:
    """`March 4, 2023`, in the reader's time zone."""
    return dates.format_date(moment.astimezone(current_timezone()), "long", locale=current_language().locale)


def day_name(moment: datetime) -> str:
    """`Today`, `Yesterday`, `Sat, Mar 4`, and the whole date of another year."""
    now = _shell.get().now if _shell.get(None) else datetime.now(UTC)
    day, today = (each.astimezone(current_timezone()).date() for each in (moment, now))
    if day >= today:
        return translation.gettext("Today")
    if day == today - timedelta(days=1):
        return translation.gettext("Yesterday")
    locale = current_language().locale
    if day.year != today.year:
        return dates.format_date(day, "long", locale=locale)
    named = dates.format_skeleton("MMMMEEEEd", day, locale=locale)
    return named[:1].upper() + named[1:]


def bare_link(url: str) -> str:
    """A web address as people say it: without scheme and closing slash."""
    return url.removeprefix("https://").removeprefix("http://").removesuffix("/")


def translated(text: str) -> str:
    """A text that was stored, in the reader's language."""
    return translation.in_words(text) if isinstance(text, Message) else translation.gettext(text)


_FILTERS: dict[str, Callable[..., Any]] = {
    "rich_text": rich_text,
    "runs_over": runs_over,
    "fold": fold,
    "compact": compact,
    "decimal": decimal,
    "percent": percent,
    "filesize": filesize,
    "mebibytes": mebibytes,
    # For texts that were stored, which `_` would take for our own markup.
    "translated": translated,
    "relative_time": relative_time,
    "time_since": time_since,
    "short_time": short_time,
    "full_time": full_time,
    "month_and_year": month_and_year,
    "long_date": long_date,
    "day_name": day_name,
    "bare_link": bare_link,
    "happening": happening,
    "sources": pictures.sources,
    "srcset": pictures.srcset,
    "fallback": pictures.fallback,
    "largest": pictures.largest,
    "aspect": pictures.aspect,
    "camera_parts": pictures.camera_parts,
    "camera_name": pictures.camera_name,
    "initials": pictures.initials,
}
