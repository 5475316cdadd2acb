"""What the first bytes of a file tell before any decoder sees it: the family, a WebP's canvas, a GIF's frames."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

HEAD_BYTES = 64
AVIF_BRANDS = {b"avif", b"avis"}
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
GIF_IMAGE, GIF_EXTENSION, GIF_END = 0x2C, 0x21, 0x3B


def family(head: bytes) -> str | None:
    """Pillow's name of the format that the file claims to be, or None when it is none that we take."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    return _isobmff_family(head)


def _isobmff_family(head: bytes) -> str | None:
    if head[4:8] != b"ftyp":
        return None
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))}
    if brands & AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & HEIF_BRANDS else None


def webp_canvas(head: bytes) -> tuple[int, int] | None:
    """Width and height of an extended WebP in pixels; None for a simple one, whose size is limited by its format."""
    if head[12:16] != b"VP8X" or len(head) < 30:
        return None
    return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1


def gif_frames(file: BinaryIO, most: int) -> int:
    """The number of frames, found by walking the blocks without unpacking any; stops counting above `most`.

    Raises EOFError when the file ends inside a block, and SyntaxError when there is something between blocks. A missing
    end mark is forgiven.
    """
    file.seek(0)
    screen = _exactly(file, 13)
    _skip_palette(file, screen[10])
    frames = 0
    for kind in _gif_blocks(file):
        frames += kind == GIF_IMAGE
        if frames > most:
            break
    return frames


def _gif_blocks(file: BinaryIO) -> Iterator[int]:
    while (mark := file.read(1)) and mark[0] != GIF_END:
        if mark[0] == GIF_IMAGE:
            _skip_palette(file, struct.unpack("<4HB", _exactly(file, 9))[4])
            _exactly(file, 1)
        elif mark[0] == GIF_EXTENSION:
            _exactly(file, 1)
        elif mark[0] == 0:
            continue  # Some writers leave a stray terminator between blocks; browsers skip it.
        else:
            raise SyntaxError("not a GIF block")
        _skip_chain(file)
        yield mark[0]


def _skip_palette(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        _exactly(file, 3 << ((flags & 7) + 1))


def _skip_chain(file: BinaryIO) -> None:
    while size := _exactly(file, 1)[0]:
        _exactly(file, size)


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise EOFError("the file ends inside a block")
    return data
