"""Rules for everything people type: one normal form, nothing invisible, lengths in code points.

Source of the character classes: Unicode 15, general category Cc and the bidirectional and zero-width controls of UAX #9.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain, groupby

from domain.kernel import Invalid, msg

# C0 and C1 controls but tab and line feed; lone surrogates, which no UTF-8 store can hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u00ad\u061c\u180e]")
# What shows nothing by itself: joiners, variants and tags of what stands before, fillers of Hangul, Braille without a dot.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)

# Vowel signs and accents are no word characters to Python, but most Indic, Thai or pointed Hebrew words hold some.
_IS_MARK = groupby(
    map(chr, chain(range(0x300, 0x1F000), range(0xE0100, 0xE01F0))),
    lambda character: unicodedata.category(character)[0] == "M",
)
_MARKS = "".join(f"{run[0]}-{run[-1]}" for is_mark, found in _IS_MARK if is_mark and (run := list(found)))
_TAG_BODY = rf"[^\W_](?:[\w\u200c\u200d{_MARKS}]{{0,63}})"
_TAG = re.compile(rf"(?<![\w&/#])#({_TAG_BODY})")
_MENTION = re.compile(r"(?<![\w@/.])@([A-Za-z0-9_.]{3,30})")
_LINK = re.compile(r"https?://[^\s<>\"'\u0000-\u0020]+")

MAX_TAGS = 30
MAX_TAG = 200
MAX_MENTIONS = 20
MIN_NAME = 3
# No normal form joins more code points into one. Normalising takes time that grows with the square of the length, so what
# is too long in any case is not normalised.
MOST_JOINED = 4
MAX_FOLDED = 254 * MOST_JOINED


def clean(pointer: str, text: str, *, limit: int, multiline: bool = False, required: bool = False) -> str:
    """`text` in normal form C without outer white space. Raises Invalid for what must not be stored.

    `limit` counts code points after normalisation. Line breaks are kept only when `multiline`.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _FORBIDDEN.search(text):
        raise Invalid.field(
            pointer, "bad_character", msg("This text holds a character that cannot be stored.")
        )
    text = text.strip() if multiline else " ".join(text.split())
    if len(text) <= limit * MOST_JOINED:
        text = unicodedata.normalize("NFC", text)
    if required and not shows(text):
        raise Invalid.field(pointer, "required", msg("This field is required."))
    if len(text) > limit:
        raise Invalid.field(pointer, "too_long", msg("At most {limit} characters."), limit=limit)
    return text


def is_storable(text: str) -> bool:
    """Whether the database can hold `text` at all; what it cannot hold need not be looked for."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def shows(text: str) -> bool:
    """Whether there is anything to see of `text`."""
    return bool(_BLANK.sub("", _INVISIBLE.sub("", text)).strip())


def has_invisible(text: str) -> bool:
    """Whether `text` holds zero-width characters or direction overrides, which names must not have."""
    return bool(_INVISIBLE.search(text))


def fold(text: str) -> str:
    """The form in which two spellings are the same: NFKC, case folded, NFC again.

    What is longer than any name, tag or address stays as it is: nothing is called like that.
    """
    if len(text) > MAX_FOLDED:
        return text
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", folded))


def find_tags(caption: str) -> tuple[str, ...]:
    """The canonical tags of a caption in order of first appearance, each once. At most MAX_TAGS, else Invalid."""
    tags = tuple(dict.fromkeys(fold(piece[1:]) for kind, piece in split_links(caption) if kind == "tag"))
    if len(tags) > MAX_TAGS:
        raise Invalid.field("#/caption", "too_many_tags", msg("At most {limit} tags."), limit=MAX_TAGS)
    return tags


def find_mentions(text: str, pointer: str = "#/caption") -> tuple[str, ...]:
    """The canonical user names that `text` mentions, each once. At most MAX_MENTIONS, else Invalid."""
    mentions = tuple(dict.fromkeys(p[1:].lower() for kind, p in split_links(text) if kind == "mention"))
    if len(mentions) > MAX_MENTIONS:
        raise Invalid.field(
            pointer, "too_many_mentions", msg("At most {limit} mentions."), limit=MAX_MENTIONS
        )
    return mentions


def split_links(text: str) -> Iterator[tuple[str, str]]:
    """Cut `text` into (`kind`, piece) with kind `text`, `tag`, `mention` or `link`; the pieces join to `text`."""
    at = 0
    for found in re.finditer(
        f"(?P<link>{_LINK.pattern})|(?P<tag>{_TAG.pattern})|(?P<mention>{_MENTION.pattern})", text
    ):
        kind = found.lastgroup if found.lastgroup in ("link", "tag", "mention") else _kind(found)
        piece = found.group(0)
        if kind == "link":
            piece = piece.rstrip(".,;:!?)]}»”")
        elif kind == "mention":
            piece = piece.rstrip(".")
        if (kind == "mention" and len(piece) <= MIN_NAME) or (
            kind == "tag" and len(fold(piece[1:])) > MAX_TAG
        ):
            continue  # neither a name nor a tag: it stays a part of the text around it
        if found.start() > at:
            yield "text", text[at : found.start()]
        yield kind, piece
        at = found.start() + len(piece)
    if at < len(text):
        yield "text", text[at:]


def _kind(found: re.Match[str]) -> str:
    return next(kind for kind in ("link", "tag", "mention") if found.group(kind) is not None)
