"""What an archive of elsewhere says. Archives are anybody's work: nothing in one is believed."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar, get_args
from uuid import UUID

from application import takeout
from application.packing import Written
from domain.files import Crop
from domain.kernel import Invalid, msg
from domain.posts import Audience, Place

DOCUMENT_BYTES = 2**20
LINE_BYTES = 2**20
LIST_BYTES = 512 * 2**20

_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)

T = TypeVar("T")


class RefusedArchive(Invalid):
    """The file is no archive of ours, or one that was made to do harm. `why` says what is wrong with it."""

    code = "refused_archive"
    message = msg("This archive cannot be taken in: {why}.")


class TakeoutReader(Protocol):
    """An archive that was looked through: every name in it is harmless and there once."""

    names: frozenset[str]

    async def read(self, name: str, most: int) -> bytes:
        """A small file, whole. Raises RefusedArchive when it is longer than `most` or damaged."""
        ...

    def lines(self, name: str, most_line: int, most: int) -> AsyncIterator[bytes]:
        """The lines of a list, none longer than `most_line`; nothing where there is no such file. Raises RefusedArchive."""
        ...

    async def extract(self, name: str, target: Path | None, most: int) -> Written:
        """Copy a file to `target`, if there is one. Raises RefusedArchive, also once it is longer than `most`."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """Whose archive it is, as it says, and the SHA-256 of its lists by name."""

    account_id: UUID
    username: str
    origin: str
    email: str | None
    lists: dict[str, str]


async def look(reader: TakeoutReader) -> Source:
    """Whose archive it is. Raises RefusedArchive."""
    try:
        return await _look(reader)
    except Refused as error:
        raise RefusedArchive(why=str(error)) from None


async def _look(reader: TakeoutReader) -> Source:
    if takeout.ABOUT not in reader.names:
        raise RefusedArchive(why="it is not a whole archive of Heliograph")
    about = parse(await reader.read(takeout.ABOUT, DOCUMENT_BYTES))
    if about.get("format") != takeout.FORMAT:
        raise RefusedArchive(why="it is not an archive of Heliograph")
    if about.get("version") != takeout.VERSION or about.get("version") is True:
        raise RefusedArchive(why=f"its version is {about.get('version')!r:.20}, and this Heliograph reads 1")
    whose = take(about, "account", dict)
    email = (await account_of(reader)).get("email")
    return Source(
        read_id(whose, "id"),
        take(whose, "username", str)[:30],
        str(about.get("origin", ""))[:200],
        email if isinstance(email, str) and email else None,
        _lists(about),
    )


def _lists(about: dict[str, Any]) -> dict[str, str]:
    told, found = about.get("files"), {}
    for name in map(takeout.list_file, takeout.LISTS):
        facts = told.get(name) if isinstance(told, dict) else None
        if isinstance(facts, dict):
            found[name] = str(facts.get("sha256"))
    return found


async def check_lists(reader: TakeoutReader, source: Source) -> None:
    """Every list is what it was when the archive was made, before anything of one is taken. Raises RefusedArchive."""
    for name in map(takeout.list_file, takeout.LISTS):
        wanted = source.lists.get(name)
        if (name in reader.names) is not (wanted is not None):
            raise RefusedArchive(why=f"{name} is not what its list of contents says")
        if wanted is not None and (await reader.extract(name, None, LIST_BYTES)).sha256 != wanted:
            raise RefusedArchive(why=f"{name} is not what it was when the archive was made")


def lines_of(reader: TakeoutReader, name: str) -> AsyncIterator[bytes]:
    """The lines of a list of takeout.LISTS. Raises RefusedArchive when they are too long."""
    return reader.lines(takeout.list_file(name), LINE_BYTES, LIST_BYTES)


async def account_of(reader: TakeoutReader) -> dict[str, Any]:
    """Profile and settings as they stand in the archive; empty where they are not in it. Raises RefusedArchive."""
    if takeout.ACCOUNT not in reader.names:
        return {}
    return parse(await reader.read(takeout.ACCOUNT, DOCUMENT_BYTES))


# Members of documents


class Refused(Exception):
    """One thing is not brought; the text says why."""


def parse(line: bytes) -> dict[str, Any]:
    """A JSON object as strict as those of requests. Raises RefusedArchive."""
    try:
        found = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError):
        raise RefusedArchive(why="something in it is no JSON") from None
    if not isinstance(found, dict):
        raise RefusedArchive(why="something in it is no JSON object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def take(document: dict[str, Any], name: str, kind: type[T]) -> T:
    """A member of this kind. Raises Refused."""
    value = document.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Refused(f"{name} is missing or of another kind")
    return value


def expect_kind(name: str, value: object, kind: type) -> None:
    """Raises Refused for a value of another kind."""
    if type(value) is not kind:
        raise Refused(f"{name} is of another kind")


def read_id(document: dict[str, Any], name: str) -> UUID:
    """A member that is an id. Raises Refused."""
    try:
        return UUID(take(document, name, str))
    except ValueError:
        raise Refused(f"{name} is no id") from None


def as_id(text: str) -> UUID:
    """An id, or one that nothing has."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def read_moment(document: dict[str, Any], name: str, latest: datetime) -> datetime:
    """A time that may have been. Raises Refused."""
    text = take(document, name, str)
    try:
        moment = datetime.fromisoformat(text[:40])
    except ValueError:
        raise Refused(f"{name} is no time") from None
    if moment.tzinfo is None or not _OLDEST <= moment <= latest:
        raise Refused(f"{name} is out of range")
    return moment.astimezone(UTC)


def read_crop(document: dict[str, Any]) -> Crop | None:
    """How a photo is cut. Raises Refused, Invalid."""
    told = document.get("crop")
    if told is None:
        return None
    if not isinstance(told, dict):
        raise Refused("crop is no object")
    x, y, width, height = (_number(told, name) for name in ("x", "y", "width", "height"))
    return Crop(x, y, width, height, take(told, "rotate", int))


def _number(document: dict[str, Any], name: str) -> float:
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1_000:
        raise Refused(f"{name} is no number")
    return float(value)


def read_place(document: dict[str, Any]) -> Place | None:
    """Where a post was taken. Raises Refused, Invalid."""
    told = document.get("place")
    if told is None:
        return None
    if not isinstance(told, dict):
        raise Refused("place is no object")
    at = [None if told.get(name) is None else _number(told, name) for name in ("lat", "lon")]
    return Place.named(take(told, "name", str), *at)


def read_audience(document: dict[str, Any]) -> Audience:
    """Who may see a post. Raises Refused."""
    value = take(document, "audience", str)
    for each in get_args(Audience):
        if each == value:
            found: Audience = each
            return found
    raise Refused("audience is not known")
