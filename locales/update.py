"""Make the catalogues follow the code: `make messages`.

New messages come in untranslated, what the code no longer says goes, and what is translated stays. Nothing is guessed,
and neither places in the code nor dates are written, so a difference of two catalogues is a difference in words.
"""

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes
from jinja2.ext import babel_extract

LOCALES = Path(__file__).parent
ROOT = LOCALES.parent
TRANSLATED = ("ko", "ru")
# `msg` marks messages of the rules, which are looked up where they are shown.
KEYWORDS = DEFAULT_KEYWORDS | {"msg": None}
_PASSING = re.compile(
    rb'^"(Project-Id-Version|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report-Msgid-Bugs-To|Generated-By).*\n',
    re.MULTILINE,
)

Key = tuple[str | None, str]


def messages(root: Path = ROOT) -> dict[Key, str | tuple[str, ...]]:
    """Every message of the code: (context, English) → English, or (singular, plural)."""
    with (LOCALES / "babel.cfg").open(encoding="utf-8") as config:
        methods, options = parse_mapping_cfg(config)
    found: dict[Key, str | tuple[str, ...]] = {}
    for _, _, words, _, context in extract_from_dir(root, methods, options, keywords=KEYWORDS):
        key = (context, words if isinstance(words, str) else words[0])
        # The form with a plural serves both where a message is used with and without one.
        if key not in found or not isinstance(words, str):
            found[key] = words
    return found


def templates(
    source: BinaryIO, keywords: Any, comment_tags: Any, options: dict[str, Any]
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """What Babel asks of an extractor, for our templates: `_()`, `{% trans %}`, and the macro for words of scripts."""
    text = source.read()
    yield from babel_extract(BytesIO(text), keywords, comment_tags, options)
    environment = Environment(trim_blocks=True, extensions=["jinja2.ext.i18n"])  # noqa: S701 - renders nothing
    for call in environment.parse(text.decode()).find_all(nodes.Call):
        if getattr(call.node, "attr", getattr(call.node, "name", "")) == "counted":
            singular, plural = (each.as_const() for each in call.args[1:3])
            yield call.lineno, "ngettext", (singular, plural), []


def path_of(language: str) -> Path:
    """The catalogue of a language."""
    return LOCALES / language / "LC_MESSAGES" / "heliograph.po"


def read(language: str) -> Catalog:
    """The catalogue as it is; an empty one where there is none yet."""
    path = path_of(language)
    if not path.exists():
        return Catalog(Locale.parse(language), charset="utf-8", fuzzy=False)
    with path.open("rb") as source:
        return read_po(source, locale=Locale.parse(language), domain="heliograph")


def merged(language: str) -> bytes:
    """The catalogue as it should be for the code as it is."""
    known = read(language)
    catalog = Catalog(Locale.parse(language), header_comment="", charset="utf-8", fuzzy=False)
    for (context, _), words in messages().items():
        before = known.get(words if isinstance(words, str) else words[0], context)
        said = before is not None and before.id == words
        catalog.add(
            words,
            before.string if said else None,
            context=context,
            flags=before.flags & {"fuzzy"} if said else (),
            user_comments=before.user_comments if said else (),
        )
    written = BytesIO()
    write_po(written, catalog, width=110, no_location=True, sort_output=True)
    return _heading(language) + _PASSING.sub(b"", written.getvalue()).lstrip()


def _heading(language: str) -> bytes:
    """The comment above everything, which no line is broken of."""
    path = path_of(language)
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return b"".join(takewhile(lambda line: line.startswith(b"#"), lines))


def main() -> int:
    """Write the catalogues, and say what waits for a translator."""
    for language in TRANSLATED:
        path = path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(merged(language))
        catalog = read(language)
        waiting = [each for each in catalog if each.id and (each.fuzzy or not all(_forms(each.string)))]
        sys.stdout.write(f"{path.relative_to(ROOT)}: {len(catalog)} messages, {len(waiting)} to translate\n")
    return 0


def _forms(string: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


if __name__ == "__main__":
    sys.exit(main())
