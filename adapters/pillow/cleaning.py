"""A picture without what its file tells beside the pixels: no position, no camera, no words, no second pictures.

The compressed pixels stay as they are, byte for byte, with the colours of their profile and the turn that makes them upright.
Each format lists the parts that are kept and how long they are, so that a part nobody thought of goes. For a process that
ends right afterwards.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator

from adapters.pillow.profiles import plain_profile

UPRIGHT = 1
_ORIENTATION = 0x0112
_SHORT = 3

# JPEG (ITU-T T.81, table B.1)
_END, _SCAN, _FIRST_APPLICATION, _PROFILE, _ADOBE = 0xD9, 0xDA, 0xE0, 0xE2, 0xEE
# Frames, Huffman tables, arithmetic conditioning; scans, quantisation tables, the number of lines, restart intervals.
_JPEG_KEPT = {*range(0xC0, 0xD0), _SCAN, 0xDB, 0xDC, 0xDD}
# How long those may be that say so themselves, though it never changes.
_JPEG_BYTES = {0xDC: 2, 0xDD: 2, _ADOBE: 12}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}
# Inside a scan a zero follows every 0xFF that is no marker, and restart marks belong to the scan.
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JFIF, _ICC = b"JFIF\0", b"ICC_PROFILE\0"
_ICC_PART = 65_519

# PNG (third edition) and its animations
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_PIXELS = {b"IDAT", b"fdAT"}
# How long the others may be: (in any picture) or (by its colour type, where that decides).
_PNG_BYTES = {
    b"IHDR": 13,
    b"IEND": 0,
    b"acTL": 8,
    b"fcTL": 26,
    b"gAMA": 4,
    b"cHRM": 32,
    b"sRGB": 1,
    b"cICP": 4,
}
_PNG_BYTES_BY_TYPE = {
    b"PLTE": {3: 768},
    b"tRNS": {0: 2, 2: 6, 3: 256},
    b"sBIT": {0: 1, 2: 3, 3: 3, 4: 2, 6: 4},
}
_MOST_PROFILE = 4 * 2**20

# WebP (RFC 9649)
_WEBP_KEPT = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_HAS_PROFILE, _HAS_EXIF, _HAS_XMP = 0x20, 0x08, 0x04
_VP8X_BYTES = 10
_FRAME_HEADER = 16

# GIF
_GIF_IMAGE, _GIF_EXTENSION, _GIF_END, _GIF_CONTROL, _GIF_APPLICATION = 0x2C, 0x21, 0x3B, 0xF9, 0xFF
_GIF_LOOPS = {b"NETSCAPE2.0", b"ANIMEXTS1.0"}
# How long their one block of content is.
_GIF_BYTES = {_GIF_CONTROL: {4}, _GIF_APPLICATION: {3}}


def cleaned(family: str, data: bytes, orientation: int) -> bytes | None:
    """`data` of the `family` (Pillow's name) without its metadata; None for a family whose parts cannot be taken out so.

    `orientation` is what its EXIF says (1 to 8). Raises ValueError for a file that is not made as its format says.
    """
    clean = _CLEANERS.get(family)
    try:
        return clean(data, orientation) if clean else None
    except (IndexError, struct.error) as error:
        raise ValueError("the file ends inside a part") from error


def _turn(orientation: int) -> bytes:
    """A TIFF structure that says nothing but the orientation."""
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)


def _jpeg(data: bytes, orientation: int) -> bytes:
    made = [data[:2]]
    if orientation != UPRIGHT:
        made.append(_segment(0xE1, b"Exif\0\0" + _turn(orientation)))
    parts = list(_jpeg_parts(data))
    profile = _jpeg_profile(parts)
    for code, content, packed in parts:
        if code in _WITHOUT_LENGTH:
            made.append(bytes((0xFF, code)))
        elif code == _PROFILE and content.startswith(_ICC):
            made.append(profile)
            profile = b""
        elif (kept := _kept_segment(code, content)) is not None:
            made.append(_segment(code, kept))
        made.append(packed)
    return b"".join([*made, b"\xff\xd9"])


def _jpeg_parts(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Every segment: its code, its content, and the packed pixels that follow a scan's.

    Behind the end there is nothing of this picture: previews, films of moving photos, second cameras.
    """
    at: int | None = 2
    while at is not None:
        at, code = _marker(data, at)
        if code == _END:
            return
        if code in _WITHOUT_LENGTH:
            yield code, b"", b""
            continue
        length = struct.unpack_from(">H", data, at)[0]
        content = data[at + 2 : at + length]
        if length < 2 or len(content) != length - 2:
            raise ValueError("a segment is longer than the file")
        start = at = at + length
        if code == _SCAN:
            found = _AFTER_SCAN.search(data, start)
            at = found.start() if found else None
        yield code, content, data[start:at]


def _jpeg_profile(parts: list[tuple[int, bytes, bytes]]) -> bytes:
    """The colour profile anew, in as many segments as it needs."""
    found = sorted(
        content[len(_ICC) :] for code, content, _ in parts if code == _PROFILE and content.startswith(_ICC)
    )
    plain = plain_profile(b"".join(part[2:] for part in found)) or b""
    pieces = [plain[at : at + _ICC_PART] for at in range(0, len(plain), _ICC_PART)]
    return b"".join(
        _segment(_PROFILE, _ICC + bytes((number, len(pieces))) + piece)
        for number, piece in enumerate(pieces, 1)
    )


def _segment(code: int, content: bytes) -> bytes:
    return bytes((0xFF, code)) + struct.pack(">H", len(content) + 2) + content


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """The place behind the marker at `at`, and its code. Any number of fill bytes may stand before it."""
    if data[at] != 0xFF:
        raise ValueError("no marker where one must be")
    while data[at] == 0xFF:
        at += 1
    return at + 1, data[at]


def _kept_segment(code: int, content: bytes) -> bytes | None:
    """What stays of a segment, or None."""
    if code == _FIRST_APPLICATION:
        # Version, unit and density; the small picture that may follow goes.
        return content[:12] + b"\0\0" if content.startswith(_JFIF) and len(content) >= 14 else None
    if code in _JPEG_KEPT or (code == _ADOBE and content.startswith(b"Adobe")):
        return content[: _JPEG_BYTES.get(code)]
    return None


def _png(data: bytes, orientation: int) -> bytes:
    made, colour_type = [_PNG_START], data[25]
    for kind, content in _png_chunks(data):
        if kind == b"IDAT" and orientation != UPRIGHT:
            made.append(_png_chunk(b"eXIf", _turn(orientation)))
            orientation = UPRIGHT
        if (kept := _kept_chunk(kind, content, colour_type)) is not None:
            made.append(_png_chunk(kind, kept))
    return b"".join(made)


def _kept_chunk(kind: bytes, content: bytes, colour_type: int) -> bytes | None:
    """What stays of a chunk, or None."""
    if kind == b"iCCP":
        return _png_profile(content)
    if kind in _PNG_PIXELS:
        return content
    most = _PNG_BYTES.get(kind, _PNG_BYTES_BY_TYPE.get(kind, {}).get(colour_type))
    return None if most is None else content[:most]


def _png_profile(content: bytes) -> bytes | None:
    _name, _, packed = content.partition(b"\0")
    try:
        plain = plain_profile(zlib.decompressobj().decompress(packed[1:], _MOST_PROFILE))
    except zlib.error:
        return None
    return plain and b"Photo\0\0" + zlib.compress(plain, 9)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG_START)
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + 8 + length]
        if len(content) != length:
            raise ValueError("a chunk is longer than the file")
        yield kind, content
        at += 12 + length


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _webp(data: bytes, orientation: int) -> bytes:
    made = []
    chunks = list(_riff_chunks(data[12 : 8 + struct.unpack_from("<I", data, 4)[0]]))
    profile = next((plain_profile(content) for kind, content in chunks if kind == b"ICCP"), None)
    said = (_HAS_EXIF if orientation != UPRIGHT else 0) | (_HAS_PROFILE if profile else 0)
    for kind, content in chunks:
        if kind == b"VP8X":
            flags = content[0] & ~(_HAS_PROFILE | _HAS_EXIF | _HAS_XMP) | said
            content = bytes((flags,)) + content[1:_VP8X_BYTES]  # noqa: PLW2901
        elif kind == b"ICCP":
            content, profile = profile, None  # noqa: PLW2901
            if content is None:
                continue
        elif kind == b"ANMF":
            inner = (
                _riff_chunk(*each) for each in _riff_chunks(content[_FRAME_HEADER:]) if each[0] in _WEBP_KEPT
            )
            content = content[:_FRAME_HEADER] + b"".join(inner)  # noqa: PLW2901
        if kind in _WEBP_KEPT:
            made.append(_riff_chunk(kind, content))
    if orientation != UPRIGHT:
        made.append(_riff_chunk(b"EXIF", _turn(orientation)))
    whole = b"WEBP" + b"".join(made)
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        content = data[at + 8 : at + 8 + length]
        if len(content) != length:
            raise ValueError("a chunk is longer than the file")
        yield kind, content
        at += 8 + length + length % 2


def _riff_chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _gif(data: bytes, orientation: int) -> bytes:
    at = 13 + _palette(data[10])
    made = [data[:at]]
    while data[at] != _GIF_END:
        start, mark, label = at, data[at], data[at + 1]
        if mark == _GIF_IMAGE:
            at = _behind_chain(data, at + 10 + _palette(data[at + 9]) + 1)
            made.append(data[start:at])
        elif mark == _GIF_EXTENSION:
            at = _behind_chain(data, at + 2)
            loops = label == _GIF_APPLICATION and data[start + 3 : start + 14] in _GIF_LOOPS
            head = 14 if loops else 2
            if (loops or label == _GIF_CONTROL) and data[start + head] in _GIF_BYTES[label]:
                made.append(data[start : start + head + 1 + data[start + head]] + b"\0")
        elif mark == 0:
            at += 1  # some writers leave a stray terminator between blocks
        else:
            raise ValueError("not a GIF block")
    return b"".join([*made, bytes((_GIF_END,))])


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _behind_chain(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


_CLEANERS: dict[str, Callable[[bytes, int], bytes]] = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp, "GIF": _gif}
