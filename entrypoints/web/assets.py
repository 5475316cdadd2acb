"""The static tree, read once at start: one style sheet, one content hash, compressed copies. Knows no web framework.

Every file is served below `/static/v-<hash>/`, and any change to any file changes the hash. So a browser may keep what it
got for ever, relative `url()` and `import` need no rewriting, and no bundler runs.
"""

import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import brotli  # type: ignore[import-untyped]

STATIC = Path(__file__).parent / "static"
STYLE_SHEET = "app.css"
IMMUTABLE = "public, max-age=31536000, immutable"

# Only what is listed is served: a stray editor file or the vendor lock never becomes a public page.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    "": "text/plain; charset=utf-8",  # LICENSE files
}
_COMPRESSED_ALREADY = {".png", ".webp", ".woff2"}
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BETWEEN_LINES = re.compile(r"\s*\n\s*")
# Whole lines only: what stands behind code may be part of a text.
_SCRIPT_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*.*?\*/[ \t]*)$", re.DOTALL | re.MULTILINE)
# What a module needs before it runs; what it loads at a press stands in no such statement.
_IMPORT = re.compile(r'^import (?:[^"]* from )?"\./([^"]+)"', re.MULTILINE)


class Served(NamedTuple):
    """One answer: the bytes, their type, the Content-Encoding (None for plain), a strong ETag of these bytes."""

    body: bytes
    content_type: str
    encoding: str | None
    etag: str


@dataclass(frozen=True, slots=True)
class _Asset:
    content_type: str
    copies: Mapping[str | None, bytes]  # by encoding, best first
    digest: str


class Assets:
    """The static tree in memory. Build it once per process; build it again to see changed files in development."""

    def __init__(self, root: Path = STATIC) -> None:
        contents = dict(_files(root))
        self.version = _hash(contents)
        self.prefix = f"/static/v-{self.version}/"
        contents[STYLE_SHEET] = _join_style_sheets(contents)
        contents |= {
            path: _without_comments(body) for path, body in contents.items() if path.startswith("js/")
        }
        self._assets = {
            path: _asset(path, body) for path, body in contents.items() if not path.startswith("css/")
        }
        scripts = {path: body.decode() for path, body in contents.items() if path.startswith("js/")}
        self._imports = {path: _imports(path, scripts) for path in scripts}

    def url(self, path: str) -> str:
        """The address of `path` (`img/mark.svg`). Raises LookupError for a file that is not there."""
        if path not in self._assets:
            raise LookupError(f"no static file {path!r}")
        return self.prefix + path

    def imports(self, path: str) -> tuple[str, ...]:
        """The modules without which the script `path` does not run, and theirs. LookupError for one that is not there."""
        return self._imports[path]

    def serve(self, path: str, accept_encoding: str = "") -> Served | None:
        """What to answer for `path` below the prefix, or None. Choose Brotli, then gzip, then plain."""
        asset = self._assets.get(path)
        if asset is None:
            return None
        accepted = _accepted(accept_encoding)
        encoding = next(each for each in asset.copies if each is None or each in accepted)
        return Served(
            asset.copies[encoding], asset.content_type, encoding, f'"{asset.digest}-{encoding or "id"}"'
        )

    def favicon(self, accept_encoding: str = "") -> Served:
        """The answer for `/favicon.ico`, which browsers ask for on their own."""
        served = self.serve("img/favicon.svg", accept_encoding)
        if served is None:
            raise LookupError("no static file 'img/favicon.svg'")
        return served

    def paths(self) -> tuple[str, ...]:
        """Every path that can be served."""
        return tuple(sorted(self._assets))

    def cache_control(self, version: str) -> str:
        """For ever under the current hash; not at all under another, which would freeze new bytes under an old name."""
        return IMMUTABLE if version == self.version else "no-cache"


def _files(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix in _TYPES and not path.name.startswith("."):
            yield path.relative_to(root).as_posix(), path.read_bytes()


def _hash(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for path in sorted(contents):
        # Lengths go in, so that moving bytes from one file's end to the next one's start is a change too.
        digest.update(f"{path}\0{len(contents[path])}\0".encode())
        digest.update(contents[path])
    return digest.hexdigest()[:12]


def _join_style_sheets(contents: Mapping[str, bytes]) -> bytes:
    """All of `css/` in path order, which is layer order, without comments and indentation."""
    sheets = (contents[path].decode() for path in sorted(contents) if path.startswith("css/"))
    joined = _COMMENT.sub("", "\n".join(sheets))
    return _BETWEEN_LINES.sub("\n", joined).strip().encode() + b"\n"


def _without_comments(script: bytes) -> bytes:
    """One of our own scripts without the lines that only explain it, and without indentation: a fifth less to load."""
    return _BETWEEN_LINES.sub("\n", _SCRIPT_COMMENT.sub("", script.decode())).strip().encode() + b"\n"


def _imports(path: str, scripts: Mapping[str, str]) -> tuple[str, ...]:
    """What the module `path` imports, with what that imports, each once and in the order of the code."""
    found: dict[str, None] = {}
    waiting = [path]
    while waiting:
        named = [f"js/{name}" for name in _IMPORT.findall(scripts[waiting.pop(0)])]
        waiting += [each for each in named if each not in found]
        found |= dict.fromkeys(named)
    found.pop(path, None)
    return tuple(found)


def _asset(path: str, body: bytes) -> _Asset:
    suffix = Path(path).suffix
    copies: dict[str | None, bytes] = {}
    if suffix not in _COMPRESSED_ALREADY:
        copies = {"br": brotli.compress(body, quality=11), "gzip": gzip.compress(body, 9, mtime=0)}
    # A copy that is no smaller costs the browser work for nothing.
    copies = {encoding: copy for encoding, copy in copies.items() if len(copy) < len(body)}
    return _Asset(_TYPES[suffix], {**copies, None: body}, hashlib.sha256(body).hexdigest()[:16])


def _accepted(header: str) -> set[str]:
    """The codings of an Accept-Encoding header (RFC 9110, 12.5.3) that are not refused with `q=0`."""
    accepted = set()
    for part in header.lower().split(","):
        coding, _, parameter = (piece.strip() for piece in part.partition(";"))
        if not re.fullmatch(r"q=0(\.0{0,3})?", parameter):
            accepted.add(coding)
    return accepted
