"""Pictures over HTTP: who may load them, ranges, caching, and headers that keep a file from acting as a page."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from sanic import Blueprint, HTTPResponse, Request
from sanic.exceptions import RangeNotSatisfiable

from domain.exports import Export
from domain.kernel import NotFound, SessionId, TokenId, UserId
from domain.ports import StoredObject
from entrypoints import requests
from entrypoints.api.operation import is_known

blueprint = Blueprint("media")

_TYPES = {"webp": "image/webp", "avif": "image/avif", "jpg": "image/jpeg"}
_NAME = re.compile(r"[0-9]{1,5}\.(webp|avif|jpg)")
_KEY = re.compile(r"[a-z2-7]{32}")
_CUT = re.compile(r"0|[1-9][0-9]{0,8}")
_FOREVER = "max-age=31536000, immutable"
# A cache that several people share must ask again soon, because a post can stop being public.
_SHARED = "s-maxage=60"
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@blueprint.route("/m/<key>/<cut>/<name>", methods=["GET", "HEAD"], name="photo")
async def photo(request: Request, key: str, cut: str, name: str) -> HTTPResponse | None:
    """A size of a photo, for whoever may see its post: by the session, a token, or a grant in the address."""
    kind = _kind(key, name)
    if not _CUT.fullmatch(cut):
        raise NotFound
    viewer, secret_id = await _viewer(request)
    public = await requests.application(request).media_access.admit(viewer, key, secret_id)
    caching = f"public, {_FOREVER}, {_SHARED}" if public else f"private, {_FOREVER}"
    return await _send(request, f"photos/{key}/{cut}/{name}", kind, caching)


@blueprint.route("/a/<key>/<name>", methods=["GET", "HEAD"], name="avatar")
async def avatar(request: Request, key: str, name: str) -> HTTPResponse | None:
    """A size of an avatar."""
    kind = _kind(key, name)
    await requests.application(request).media_access.admit_avatar(key)
    return await _send(request, f"avatars/{key}/{name}", kind, f"public, {_FOREVER}, {_SHARED}")


def _kind(key: str, name: str) -> str:
    """The media type of an object. Raises NotFound for an address that no object can have."""
    found = _NAME.fullmatch(name)
    if found is None or not _KEY.fullmatch(key):
        raise NotFound
    return _TYPES[found.group(1)]


async def send_original(request: Request, key: str, name: str) -> HTTPResponse | None:
    """An object under the name `name`, always as an attachment."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    extra = {"Content-Disposition": disposition}
    return await _send(request, key, "application/octet-stream", "private, no-cache", extra)


async def send_archive(request: Request, export: Export, username: str) -> HTTPResponse | None:
    """An archive, whole: its link is used up, so there is nothing to go on with."""
    media = requests.application(request).media
    stored = await media.stat(export.object_key)
    if stored is None:
        raise NotFound
    name = f"heliograph-{username}-{export.created_at:%Y-%m-%d}.zip"
    headers = {
        **HEADERS,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(stored.size),
        "Cache-Control": "private, no-store",
        "Accept-Ranges": "none",
        "Vary": "Cookie, Authorization",
    }
    response = await request.respond(status=200, headers=headers, content_type="application/zip")
    async for chunk in media.read(export.object_key):
        await response.send(chunk)
    await response.eof()
    return None


async def _viewer(request: Request) -> tuple[UserId | None, SessionId | TokenId | None]:
    """The holder of the address's grant, and what it was made for.

    Without one that is valid, whoever is signed in with the right to read.
    """
    grant = request.args.get("g") if request.query_string else None
    holder = requests.application(request).grants.holder(grant) if grant else None
    if holder is not None:
        return holder.user_id, holder.secret_id
    identity = await requests.identify(request)
    if identity is None:
        return None, None
    requests.check_scope(identity, "read")
    return identity.user_id, None


async def _send(
    request: Request, key: str, content_type: str, caching: str, extra: dict[str, str] | None = None
) -> HTTPResponse | None:
    media = requests.application(request).media
    stored = await media.stat(key)
    if stored is None:
        raise NotFound
    # Objects never change under their key, so the key is a validator as good as any.
    etag = f'"{key.replace("/", "-")}-{stored.size:x}"'
    headers = {
        **HEADERS,
        **(extra or {}),
        "Cache-Control": caching,
        "ETag": etag,
        "Last-Modified": stored.stored_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "Accept-Ranges": "bytes",
        "Vary": "Cookie, Authorization",
    }
    if _has(request, etag, stored.stored_at):
        return HTTPResponse(status=304, headers=headers)
    start, length, status = _range(request, stored, etag, headers)
    headers["Content-Length"] = str(length)
    if request.method == "HEAD":
        return HTTPResponse(status=status, headers=headers, content_type=content_type)
    response = await request.respond(status=status, headers=headers, content_type=content_type)
    async for chunk in media.read(key, start, length):
        await response.send(chunk)
    await response.eof()
    return None


def _has(request: Request, etag: str, stored_at: datetime) -> bool:
    """Whether the client has it already. A date counts only beside no tag."""
    tags, date = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
    if tags is not None or date is None:
        return is_known(tags or "", etag)
    try:
        since = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return False
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    return stored_at.replace(microsecond=0) <= since


def _range(
    request: Request, stored: StoredObject, etag: str, headers: dict[str, str]
) -> tuple[int, int, int]:
    """(start, length, status) of what was asked for; several ranges at once are answered with everything.

    Only GET has ranges. Raises RangeNotSatisfiable.
    """
    whole = (0, stored.size, 200)
    if request.method != "GET":
        return whole
    asked = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", request.headers.get("range", "").strip())
    if asked is None or asked.group(0) == "bytes=-" or request.headers.get("if-range", etag) != etag:
        return whole
    first, last = asked.groups()
    if first:
        start, end = int(first), min(int(last) if last else stored.size - 1, stored.size - 1)
    else:
        start, end = max(0, stored.size - int(last)), stored.size - 1
    if start > end or start >= stored.size:
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{stored.size}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{stored.size}"
    return start, end - start + 1, 206
