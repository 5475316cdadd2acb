"""Files, file names and forms that were made to hurt, sent to the address for uploads."""

import asyncio
import io
import os
import socket
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from entrypoints.settings import Settings
from tests.api.conftest import Api, a_form
from tests.conftest import Member, a_jpeg


def _bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 50_000_000)
    return made.getvalue()


HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
REFUSED: dict[str, tuple[bytes, set[int]]] = {
    "empty": (b"", {422}),
    "one byte": (b"\xff", {415, 422}),
    "20 MB and a byte": (b"\0" * (20 * 2**20 + 1), {413}),
    "zip bomb": (_bomb(), {415}),
    "html": (HTML, {415}),
    "svg": (SVG, {415}),
    "pdf": (b"%PDF-1.7\n" + b"x" * 500, {415}),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", {415}),
    "tiff": (b"II*\0" + b"\0" * 200, {415}),
    "bmp": (b"BM" + struct.pack("<IHHI", 1078, 0, 0, 54) + b"\0" * 100, {415}),
    "half a jpeg": (a_jpeg()[: len(a_jpeg()) // 2], {422}),
    "head of a jpeg": (a_jpeg()[:20], {422}),
    "a png of its head alone": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xc3P\0\0\xc3P\x08\2\0\0\0", {422}),
    "noise": (os.urandom(4_000), {415, 422}),
}


@pytest.mark.goal("I3")
@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_no_picture_is_refused_and_leaves_nothing(
    api: Api, sql: asyncpg.Connection, name: str
) -> None:
    content, expected = REFUSED[name]
    mira = await api.join("mira")
    for way in ("raw", "form", "post", "avatar"):
        reply = await _send(api, mira, way, content)
        assert reply.status in expected, (way, reply.status, reply.content[:300])
    assert await sql.fetchval("SELECT count(*) FROM files") == 0
    assert [stored async for stored in api.server.program.media.walk()] == []
    assert (await api.upload(mira))["kind"] == "image"


async def _send(api: Api, who: Member, way: str, content: bytes) -> Any:
    if way in ("raw", "avatar"):
        method, path = ("POST", "/uploads") if way == "raw" else ("PUT", "/me/avatar")
        return await api(method, path, who, data=content, headers={"Content-Type": "image/jpeg"})
    name, path = ("file", "/uploads") if way == "form" else ("photos", "/posts")
    return await api("POST", path, who, data=a_form(content, name=name, filename="cat.jpg"))


async def test_the_content_decides_what_it_is(api: Api) -> None:
    mira = await api.join("mira")
    for kind in ("image/svg+xml", "text/html", "application/x-anything", "image/png", "nonsense"):
        file = await api.upload(mira, **{"Content-Type": kind})
        assert file["facts"]["format"] == "JPEG"
    for encoding in ("gzip", "br", "deflate", "gzip, gzip"):
        headers = {"Content-Type": "image/jpeg", "Content-Encoding": encoding}
        reply = await api("POST", "/uploads", mira, data=b"\x1f\x8b" + b"\0" * 100, headers=headers)
        assert (reply.status, reply.code) == (415, "unsupported_type")


NAMES = [
    "../../etc/passwd",
    "..\\..\\win.ini",
    "/abs/olute",
    "C:\\x",
    "%2e%2e%2f",
    ".htaccess",
    "CON",
    "-rf",
    " lead",
    "..",
    "",
    "x" * 10_000,
    "ü" * 300,
    "\u202egpj.exe",
    "a;b=c",
    "a'b",
    "🔥.jpg",
]


async def test_file_names_are_shown_and_never_used(api: Api) -> None:
    mira = await api.join("mira")
    for name in NAMES:
        part = name.replace("\\", "\\\\")
        reply = await api("POST", "/uploads", mira, data=a_form(a_jpeg(), name="file", filename=part or "x"))
        assert reply.status in (201, 422), (name, reply.content)
        if reply.status == 201:
            shown = reply.json["name"]
            assert len(shown) <= 255
            assert not set("/\\\r\n\0") & set(shown), name
    stored = [found.key async for found in api.server.program.media.walk()]
    assert all(key.startswith("photos/") and key.endswith("/original") for key in stored)


async def test_raw_names_split_no_header(api: Api) -> None:
    mira = await api.join("mira")
    for name in ('a"b', "a%0d%0aX-Evil: 1", "a%00b", "%ff", "%22;%20filename=%22evil.html", "é.jpg"):
        file = await api.upload(mira, **{"Upload-Name": name})
        reply = await api("GET", f"/files/{file['id']}/content", mira)
        assert reply.status == 200
        assert "X-Evil" not in reply.headers
        assert reply.headers["Content-Disposition"].startswith('attachment; filename="')
        assert reply.headers["Content-Disposition"].count('"') == 2


# Forms


def _part(head: bytes, content: bytes) -> bytes:
    return b"--B\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


FILE_HEAD = b'Content-Disposition: form-data; name="photos"; filename="a.jpg"'
END = b"--B--\r\n"
TEXT_HEAD = b'Content-Disposition: form-data; name="caption"'
MULTIPART = "multipart/form-data; boundary=B"
FORMS: dict[str, tuple[str, bytes, set[int]]] = {
    "no boundary": ("multipart/form-data", _part(FILE_HEAD, b"x") + END, {400}),
    "empty boundary": ("multipart/form-data; boundary=", _part(FILE_HEAD, b"x") + END, {400}),
    "long boundary": ("multipart/form-data; boundary=" + "B" * 300, b"x", {400}),
    "other boundary": ("multipart/form-data; boundary=C", _part(FILE_HEAD, b"x") + END, {400}),
    "no end": (MULTIPART, _part(FILE_HEAD, b"x"), {400}),
    "cut in a part": (MULTIPART, b"--B\r\n" + FILE_HEAD + b"\r\n\r\nxxxx", {400}),
    "cut in a head": (MULTIPART, b"--B\r\nContent-Disp", {400}),
    "nothing": (MULTIPART, b"", {400}),
    "only an end": (MULTIPART, END, {400, 422}),
    "no name": (MULTIPART, _part(b"Content-Disposition: form-data", b"x") + END, {400}),
    "no head": (MULTIPART, _part(b"Content-Type: text/plain", b"x") + END, {400}),
    "other disposition": (
        MULTIPART,
        _part(b'Content-Disposition: attachment; name="photos"', b"x") + END,
        {400},
    ),
    "10000 parts": (MULTIPART, _part(TEXT_HEAD, b"x") * 10_000 + END, {400, 413}),
    "1 MB head": (MULTIPART, _part(FILE_HEAD + b"\r\nX-Y: " + b"y" * 1_000_000, b"x") + END, {400, 413}),
    "10000 heads": (MULTIPART, _part(FILE_HEAD + b"\r\nX-Y: y" * 10_000, b"x") + END, {400, 413}),
    "2 MB text": (MULTIPART, _part(TEXT_HEAD, b"x" * 2_000_000) + END, {413}),
    "text that is not utf-8": (MULTIPART, _part(TEXT_HEAD, b"\xff\xfe") + END, {400}),
    "nested": (
        MULTIPART,
        _part(FILE_HEAD + b"\r\nContent-Type: multipart/mixed; boundary=C", b"--C\r\n\r\nx\r\n--C--") + END,
        {415, 422},
    ),
    "bogus charset": (
        "multipart/form-data; boundary=B; charset=bogus",
        _part(TEXT_HEAD + b"\r\nContent-Type: text/plain; charset=bogus", b"x") + END,
        {400, 422},
    ),
    "unknown field": (MULTIPART, _part(b'Content-Disposition: form-data; name="likes"', b"9") + END, {422}),
    "text where a photo belongs": (
        MULTIPART,
        _part(b'Content-Disposition: form-data; name="photos"', b"x") + END,
        {415},
    ),
    "20 kB before the first part": (MULTIPART, b"x" * 20_000 + b"\r\n" + _part(FILE_HEAD, b"x") + END, {400}),
    "words behind the boundary": (MULTIPART, b"--B x\r\n" + FILE_HEAD + b"\r\n\r\nx\r\n" + END, {400}),
}


@pytest.mark.goal("I6")
@pytest.mark.parametrize("name", FORMS)
async def test_a_form_that_cannot_be_read_is_never_an_empty_form(
    api: Api, sql: asyncpg.Connection, name: str
) -> None:
    kind, content, expected = FORMS[name]
    mira = await api.join("mira")
    started = time.perf_counter()
    for path in ("/posts", "/uploads"):
        reply = await api("POST", path, mira, data=content, headers={"Content-Type": kind})
        wanted = expected | {422} if path == "/uploads" else expected
        assert reply.status in wanted, (path, reply.status, reply.content[:300])
    assert time.perf_counter() - started < 2
    assert await sql.fetchval("SELECT count(*) FROM files") == 0


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_forms_are_read_as_their_standard_has_them(api: Api, size: int) -> None:
    mira = await api.join("mira")
    file = b'Content-Disposition: form-data; name="photos"\r\nContent-Type: image/jpeg'
    forms = {
        "as usual": _part(FILE_HEAD, a_jpeg()) + END,
        "words before the first part": b"A form.\r\nB is no end.\r\n" + _part(FILE_HEAD, a_jpeg()) + END,
        "empty lines before the first part": b"\r\n\r\n" + _part(FILE_HEAD, a_jpeg()) + END,
        "words after the last part": _part(FILE_HEAD, a_jpeg()) + b"--B-- \r\nThat was it.",
        "padded boundaries": (_part(FILE_HEAD, a_jpeg()) + _part(TEXT_HEAD, b"x")).replace(
            b"--B\r", b"--B \t\r"
        )
        + END,
        "a file without a name": _part(file, a_jpeg()) + END,
    }
    for name, form in forms.items():
        sent = form.replace(a_jpeg(), a_jpeg(16, 16)) if size == 1 else form

        async def pieces(sent: bytes = sent) -> Any:
            for start in range(0, len(sent), size):
                yield sent[start : start + size]

        reply = await api("POST", "/posts", mira, data=pieces(), headers={"Content-Type": MULTIPART})
        assert reply.status == 201, (name, reply.content)


async def test_a_form_for_one_file_has_nothing_else(api: Api) -> None:
    mira = await api.join("mira")
    for method, path in (("POST", "/uploads"), ("PUT", "/me/avatar")):
        for form, pointer in (
            (a_form(a_jpeg(), name="photo"), "#/photo"),
            (a_form(a_jpeg(), name="file", caption="x"), "#/caption"),
            (a_form(a_jpeg(), a_jpeg(), name="file"), "#/file"),
            (a_form(a_jpeg(), name="x_file"), "#/file"),
        ):
            reply = await api(method, path, mira, data=form)
            assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, pointer), reply.content
        form = a_form(a_jpeg(), name="file", x_note="x", csrf="x")
        form.add_field("x_more", a_jpeg(), filename="more.jpg")
        assert (await api(method, path, mira, data=form)).status in (200, 201)


# What is cut off


@pytest.mark.goal("I3")
async def test_uploads_that_break_off_leave_nothing(
    api: Api, settings: Settings, sql: asyncpg.Connection
) -> None:
    mira = await api.join("mira")
    port = int(api.server.url.rsplit(":", 1)[-1])
    head = (
        "POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 400000\r\n"
        f"Authorization: Bearer {mira.token}\r\n\r\n"
    )

    async def break_off() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + a_jpeg() + b"\0" * 200_000)
        await writer.drain()
        await asyncio.sleep(0.02)
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()

    await asyncio.gather(*(break_off() for _ in range(100)))
    for _ in range(100):
        left = (
            list(Path(settings.data_dir / "work").glob("*")) if (settings.data_dir / "work").exists() else []
        )
        if not left:
            break
        await asyncio.sleep(0.05)
    assert left == []
    assert await sql.fetchval("SELECT count(*) FROM files") == 0
    assert (await api.upload(mira))["size"] == len(a_jpeg())


@pytest.mark.goal("O4")
async def test_an_endless_upload_is_stopped_at_the_limit(api: Api) -> None:
    mira = await api.join("mira")
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        for _ in range(1_000):
            sent += 2**20
            yield b"\0" * 2**20

    headers = {**mira.headers, "Content-Type": "image/jpeg"}
    before = _resident()
    try:
        async with api.session.post("/api/v1/uploads", data=endless(), headers=headers) as answer:
            assert answer.status == 413
    except aiohttp.ClientConnectionError:
        # The connection may end before the answer could be read, while the client is still writing.
        pass
    # What the kernel's buffers between the two took in comes on top of the 20 MiB that were read.
    assert sent < 30 * 2**20
    assert _resident() - before < 30 * 2**20
    assert (await api.upload(mira))["size"] == len(a_jpeg())


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096
