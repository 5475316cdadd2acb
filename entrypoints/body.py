"""Reading request bodies: bounded, with a deadline, strictly. What cannot be parsed is never taken for empty."""

import asyncio
import hashlib
import json
import logging
import math
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, unquote

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from sanic import Request

from domain.kernel import DomainError, Invalid, Message, Problem, msg
from domain.ports import Upload, Workspace
from entrypoints.errors import Malformed, TooLarge, TooSlow, UnsupportedType

JSON_BYTES = 256 * 1024
FORM_BYTES = 1024 * 1024
BODY_SECONDS = 30.0
UPLOAD_SECONDS = 120.0
MIN_BYTES_PER_SECOND = 8 * 1024
GRACE_SECONDS = 20.0
# How many times the largest file a form with files may hold where it may drop them: it says so, for one file as for many.
_DROPPED_FILES = 20
MAX_DEPTH = 32
_MAX_PARTS = 120
_MAX_PART_HEAD = 16 * 1024
_MAX_PREAMBLE = 16 * 1024
_SURROGATE = re.compile("[\ud800-\udfff]")

# Whoever sends a broken form is told so; the log need not hear of it.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


async def chunks(request: Request, max_bytes: int, seconds: float) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises TooLarge, TooSlow."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedType(wanted=Message(msg("plain bytes, not compressed")))
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise TooLarge(limit=_size(max_bytes))
    if not is_coming(request):
        return
    # Ours is the limit that counts, and it answers in our words; the framework's is only a second net.
    request.stream.request_max_size = max_bytes + 65_536
    started, got = time.monotonic(), 0
    while True:
        try:
            async with asyncio.timeout(max(0.01, started + seconds - time.monotonic())):
                chunk = await request.stream.read()
        except TimeoutError:
            _hang_up(request)
            raise TooSlow from None
        if not chunk:
            return
        got += len(chunk)
        if got > max_bytes:
            raise TooLarge(limit=_size(max_bytes))
        passed = time.monotonic() - started
        if passed > GRACE_SECONDS and got < passed * MIN_BYTES_PER_SECOND:
            _hang_up(request)
            raise TooSlow
        yield chunk


def is_coming(request: Request) -> bool:
    """Whether the request has a body that nobody has read yet."""
    return request.stream is not None and bool(request.stream.request_body)


def _hang_up(request: Request) -> None:
    """Have the connection end with the answer; nobody waits for what is left of this body."""
    request.stream.request_body, request.stream.keep_alive = None, False


def is_large(request: Request) -> bool:
    """Whether a form is, or may be, larger than its texts alone can be."""
    declared = request.headers.get("content-length", "")
    return not declared.isdigit() or int(declared) > FORM_BYTES


async def read(request: Request, max_bytes: int, seconds: float = BODY_SECONDS) -> bytes:
    """The whole body. Raises TooLarge, TooSlow."""
    return b"".join([chunk async for chunk in chunks(request, max_bytes, seconds)])


# JSON


async def read_json(request: Request) -> dict[str, Any]:
    """The body's JSON object. Raises Malformed, UnsupportedType, TooLarge, TooSlow; an empty body is no object."""
    body = await read(request, JSON_BYTES)
    if not _is_json(request):
        raise UnsupportedType(wanted="application/json")
    return parse_json(body)


def _is_json(request: Request) -> bool:
    merge = request.method == "PATCH" and media_type(request) == "application/merge-patch+json"
    if media_type(request) != "application/json" and not merge:
        return False
    charset = re.search(r";\s*charset\s*=\s*\"?([^\s;\"]*)", request.headers.get("content-type", ""), re.I)
    return charset is None or charset.group(1).lower() in ("utf-8", "utf8")


def parse_json(body: bytes) -> dict[str, Any]:
    """A JSON object without doubled keys, NaN, infinities, and depth beyond MAX_DEPTH. Raises Malformed."""
    if body.startswith(b"\xef\xbb\xbf"):
        raise Malformed
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse, parse_float=_finite
        )
    except (ValueError, RecursionError):
        raise Malformed(msg("This is not valid JSON.")) from None
    if not isinstance(value, dict):
        raise Malformed(msg("Send a JSON object."))
    _check_depth(value, MAX_DEPTH)
    if b"\\u" in body:
        _check_characters(value, "#")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("doubled key")
    return members


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _check_depth(value: Any, left: int) -> None:
    if left < 0:
        raise Malformed(msg("This JSON is nested too deep."))
    if isinstance(value, dict):
        for inner in value.values():
            _check_depth(inner, left - 1)
    elif isinstance(value, list):
        for inner in value:
            _check_depth(inner, left - 1)


def _check_characters(value: Any, pointer: str) -> None:
    """Raises Invalid for half a surrogate pair, which only an escape can bring in and no UTF-8 can hold."""
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise Invalid.field(
                pointer, "bad_character", msg("This text holds a character that cannot be stored.")
            )
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_characters(name, pointer)
            _check_characters(inner, f"{pointer}/{name[:60]}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_characters(inner, f"{pointer}/{index}")


@lru_cache(maxsize=256)
def fields_of(kind: type[Any]) -> dict[str, Any]:
    """The members of a struct by the names they have outside."""
    return {found.encode_name: found for found in msgspec.structs.fields(kind)}


def convert(members: dict[str, Any], kind: type[Any], *, strict: bool = True) -> Any:
    """`members` as the struct `kind`, field by field, so that the answer names every field at fault. Raises Invalid.

    Unknown members are refused, those whose name starts with `x_` ignored, at every depth. Texts that no store can
    hold are refused here.
    """
    known = fields_of(kind)
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for name, raw in members.items():
        if name in known:
            try:
                values[known[name].name] = msgspec.convert(
                    _without_extras(raw), known[name].type, strict=strict
                )
            except msgspec.ValidationError as error:
                problems.append(_problem(f"#/{name}", error))
            except DomainError as error:
                problems += moved(f"#/{name}", error)
        elif not name.startswith("x_"):
            problems.append(Problem(f"#/{name[:60]}", "unknown", msg("This field is not known here."), {}))
    problems += [
        Problem(f"#/{name}", "required", msg("This field is required."), {})
        for name, found in known.items()
        if found.required and name not in members
    ]
    if problems:
        raise Invalid(problems=tuple(problems[:20]))
    try:
        return kind(**values)
    except DomainError as error:
        raise Invalid(problems=tuple(moved("#", error))) from None


def _without_extras(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_extras(inner) for name, inner in value.items() if not name.startswith("x_")}
    if isinstance(value, list):
        return [_without_extras(inner) for inner in value]
    return value


# What the parser expected, and how to say it. The first that fits counts.
_WANTED = (
    ("uuid", msg("This must be an id.")),
    ("array", msg("This must be a list.")),
    ("object", msg("This must be an object.")),
    ("str", msg("This must be a text.")),
    ("float", msg("This must be a number.")),
    ("int", msg("This must be a whole number.")),
    ("bool", msg("This must be true or false.")),
)


def _problem(pointer: str, error: msgspec.ValidationError) -> Problem:
    text, _, path = str(error).partition(" - at `$")
    pointer += path.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/")
    named = re.search(r"field `(.*)`", text, re.S)
    if named:
        pointer += f"/{named.group(1)[:60].replace('~', '~0').replace('/', '~1')}"
        if "unknown field" in text:
            return Problem(pointer, "unknown", msg("This field is not known here."), {})
        return Problem(pointer, "required", msg("This field is required."), {})
    if "enum value" in text:
        return Problem(pointer, "invalid", msg("This is none of the possible values."), {})
    expected = text.partition(", got")[0]
    words = (words for kind, words in _WANTED if re.search(rf"\b{kind}\b", expected, re.I))
    return Problem(pointer, "invalid", next(words, msg("This value does not fit.")), {})


def moved(pointer: str, error: DomainError) -> list[Problem]:
    """The problems of an error, as problems of the part of the request at `pointer`."""
    if isinstance(error, Invalid) and error.problems:
        return [
            Problem(pointer + p.pointer.removeprefix("#"), p.code, p.message, p.params)
            for p in error.problems
        ]
    return [Problem(pointer, error.code, error.message, error.params)]


# Forms and files


@dataclass
class Form:
    """A form as it came: texts by name, in order, and files in the workspace."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[Upload]] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """The last text called `name`; browsers and clients repeat a name only for lists."""
        return self.texts.get(name, [default])[-1]

    def names(self, start: str) -> list[str]:
        """The names of the texts that begin so."""
        return [name for name in self.texts if name.startswith(start)]

    def all(self, name: str) -> list[str]:
        """Every text called `name`."""
        return self.texts.get(name, [])


def media_type(request: Request) -> str:
    """The body's media type without parameters, lower case."""
    return (request.headers.get("content-type") or "").split(";", 1)[0].strip().lower()


@asynccontextmanager
async def form(
    request: Request,
    workspace: Workspace,
    *,
    max_file: int,
    max_files: int,
    file_field: str = "",
    drop_large: bool = False,
) -> AsyncIterator[Form]:
    """The form of a request; its files live as long as the block. Raises Malformed, TooLarge, TooSlow, UnsupportedType.

    With `file_field` all parts of that name are files, whatever they say of themselves, no other part may be one, and
    parts whose name starts with `x_` are ignored.
    With `drop_large` a file beyond `max_file` spoils nothing: it arrives with its size and without its bytes.
    """
    kind = media_type(request)
    if kind == "application/x-www-form-urlencoded":
        yield _parse_urlencoded(await read(request, FORM_BYTES))
    elif kind == "multipart/form-data":
        async with workspace.directory() as room:
            reader = _Multipart(_boundary(request), room, max_file, max_files, file_field, drop_large)
            most = max(max_files, _DROPPED_FILES) if drop_large and max_files else max_files
            await reader.feed(chunks(request, max_file * most + FORM_BYTES, UPLOAD_SECONDS))
            yield reader.form
    else:
        raise UnsupportedType(wanted="multipart/form-data")


@asynccontextmanager
async def raw_upload(
    request: Request, workspace: Workspace, *, name: str, max_file: int
) -> AsyncIterator[Upload]:
    """A body that is the file itself. Raises TooLarge, TooSlow."""
    async with workspace.directory() as room:
        sink = _Sink(room / "0", max_file)
        try:
            async for chunk in chunks(request, max_file, UPLOAD_SECONDS):
                sink.write(chunk)
                await asyncio.sleep(0)
        finally:
            sink.close()
        yield sink.upload(name)


@asynccontextmanager
async def one_file(
    request: Request, workspace: Workspace, max_file: int, *, name: str = ""
) -> AsyncIterator[Upload | None]:
    """The one file of a request: multipart `file`, or the raw body called `name`. None when the form has no file."""
    if media_type(request) == "multipart/form-data":
        async with form(request, workspace, max_file=max_file, max_files=1, file_field="file") as sent:
            for text in sent.texts.keys() - {"csrf"}:
                raise _unknown(text)
            yield next(iter(sent.files.get("file", ())), None)
    else:
        async with raw_upload(request, workspace, name=name, max_file=max_file) as upload:
            yield upload


def _unknown(name: str) -> Invalid:
    return Invalid.field(f"#/{name[:60]}", "unknown", msg("This field is not known here."))


def _parse_urlencoded(body: bytes) -> Form:
    parsed = Form()
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=200, errors="strict")
    except ValueError:
        raise Malformed from None
    for name, value in pairs:
        parsed.texts.setdefault(name, []).append(value)
    return parsed


def _boundary(request: Request) -> bytes:
    try:
        _, options = parse_options_header(request.headers.get("content-type", ""))
    except ValueError:
        raise Malformed from None
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 200:
        raise Malformed(msg("The form has no boundary."))
    return boundary


class _Sink:
    """A file being received: bounded, hashed on the way."""

    def __init__(self, path: Path, max_bytes: int, drop: bool = False) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._drop = drop
        self._hash = hashlib.sha256()
        self._size = 0
        self._file: BinaryIO = open(path, "wb")  # noqa: SIM115 - closed by `close`, in a finally of the reader

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._max_bytes:
            if self._drop:
                return
            raise TooLarge(limit=_size(self._max_bytes))
        self._hash.update(data)
        self._file.write(data)

    def close(self) -> None:
        self._file.close()

    def upload(self, name: str) -> Upload:
        return Upload(self._path, name, self._size, self._hash.hexdigest())


class _Multipart:
    """Feeds a push parser and keeps what it finds: texts in memory, files in `room`."""

    def __init__(
        self,
        boundary: bytes,
        room: Path,
        max_file: int,
        max_files: int,
        file_field: str,
        drop_large: bool,
    ) -> None:
        self.form = Form()
        self._first = re.compile(rb"\r\n(--" + re.escape(boundary) + rb")([ \t]*)(?=[^ \t])")
        self._before: bytes | None = b"\r\n"
        self._room = room
        self._max_file = max_file
        self._max_files = max_files
        self._file_field = file_field
        self._is_ignored = False
        self._drop_large = drop_large
        self._head: dict[str, bytes] = {}
        self._field, self._value = b"", b""
        self._sink: _Sink | None = None
        self._text = b""
        self._name = self._filename = ""
        self._parts = self._files = self._head_bytes = self._text_bytes = 0
        self._ended = False
        callbacks: dict[str, Callable[..., None]] = {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }
        self._parser = MultipartParser(boundary, callbacks, max_header_size=_MAX_PART_HEAD)  # type: ignore[arg-type]

    async def feed(self, body: AsyncIterator[bytes]) -> None:
        try:
            async for chunk in body:
                self._write(chunk)
                await asyncio.sleep(0)
        except FormParserError:
            raise Malformed(msg("The form cannot be read.")) from None
        finally:
            if self._sink is not None:
                self._sink.close()
        if not self._ended:
            raise Malformed(msg("The form ends too early."))

    def _write(self, data: bytes) -> None:
        """Hand on what begins with the first boundary. The parser knows no words and no padding around that one."""
        if self._before is not None:
            data = self._before + data
            found = self._first.search(data)
            if (found.start() if found else len(data)) > _MAX_PREAMBLE:
                raise Malformed(msg("The form has no boundary."))
            self._before = None if found else data
            if found is None:
                return
            rest = data[found.end() :]
            data = found[1] + (b"" if rest.startswith(b"\r") else found[2]) + rest
        self._parser.write(data)

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise TooLarge(limit=_count(_MAX_PARTS))
        self._head, self._field, self._value, self._text, self._head_bytes = {}, b"", b"", b"", 0

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._grow_head(end - start)
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._grow_head(end - start)
        self._value += data[start:end]

    def _grow_head(self, by: int) -> None:
        self._head_bytes += by
        if self._head_bytes > _MAX_PART_HEAD:
            raise TooLarge(limit=_size(_MAX_PART_HEAD))

    def _header_end(self) -> None:
        self._head[self._field.decode("latin-1").lower()] = self._value
        self._field, self._value = b"", b""

    def _headers_finished(self) -> None:
        disposition, options = parse_options_header(self._head.get("content-disposition", b""))
        if disposition != b"form-data" or b"name" not in options:
            raise Malformed(msg("A part of the form has no name."))
        self._name = options[b"name"].decode("utf-8", "replace")[:100]
        extended = options.get(b"filename*")
        self._filename = options.get(b"filename", b"").decode("utf-8", "replace")
        if extended and extended.lower().startswith(b"utf-8''"):
            self._filename = unquote(extended[7:].decode("latin-1"))
        self._is_ignored = bool(self._file_field) and self._name.startswith("x_")
        if self._is_ignored:
            return
        if self._name == self._file_field or b"filename" in options or extended:
            if self._file_field not in ("", self._name):
                raise _unknown(self._name)
            self._files += 1
            if self._files > self._max_files:
                raise Invalid.field(
                    f"#/{self._name}", "bad_count", msg("At most {limit} files."), limit=self._max_files
                )
            self._sink = _Sink(self._room / str(self._files), self._max_file, self._drop_large)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._sink is not None:
            self._sink.write(data[start:end])
            return
        if self._is_ignored:
            return
        self._text_bytes += end - start
        if self._text_bytes > FORM_BYTES:
            raise TooLarge(limit=_size(FORM_BYTES))
        self._text += data[start:end]

    def _part_end(self) -> None:
        if self._sink is not None:
            self._sink.close()
            upload = self._sink.upload(self._filename)
            self._sink = None
            # What a browser sends for a file field that was left empty.
            if upload.size or upload.name:
                self.form.files.setdefault(self._name, []).append(upload)
            return
        if self._is_ignored:
            return
        try:
            self.form.texts.setdefault(self._name, []).append(self._text.decode("utf-8"))
        except UnicodeDecodeError:
            raise Malformed(msg("The form's texts are not UTF-8.")) from None

    def _end(self) -> None:
        self._ended = True


def _size(count: int) -> str:
    return f"{count // 2**20} MB" if count >= 2**20 else f"{count // 1024} kB"


def _count(count: int) -> str:
    return f"{count} parts"
