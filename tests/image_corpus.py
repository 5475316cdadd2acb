"""Pictures for tests, all made here: sound ones of every kind, odd ones, and hostile ones. Functions return file bytes."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from typing import Any

import pillow_heif
from PIL import Image, ImageCms

pillow_heif.register_heif_opener()

CANARY = b"CANARY"
RED, GREEN, BLUE, YELLOW = (220, 30, 40), (20, 160, 70), (30, 60, 200), (240, 210, 40)


def quadrants(size: tuple[int, int] = (96, 64), mode: str = "RGB") -> Image.Image:
    """Red, green, blue and yellow quarters, clockwise from the top left, so that every turn and flip shows."""
    width, height = size
    im = Image.new("RGB", size, RED)
    im.paste(GREEN, (width // 2, 0, width, height // 2))
    im.paste(YELLOW, (0, height // 2, width // 2, height))
    im.paste(BLUE, (width // 2, height // 2, width, height))
    return im.convert(mode)


def noise(size: tuple[int, int]) -> Image.Image:
    """Something that no encoder can shrink."""
    return Image.merge("RGB", [Image.effect_noise(size, 90) for _ in range(3)])


def encoded(im: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    im.save(buffer, kind, **options)
    return buffer.getvalue()


# --- sound


def everything(size: tuple[int, int] = (96, 64)) -> dict[str, bytes]:
    """One plain picture in each format that is taken."""
    im = quadrants(size)
    return {
        "JPEG": encoded(im, "JPEG", quality=95, subsampling=0),
        "PNG": encoded(im, "PNG"),
        "WebP": encoded(im, "WEBP", quality=95),
        "GIF": encoded(im, "GIF"),
        "AVIF": encoded(im, "AVIF", quality=95),
        "HEIC": encoded(im, "HEIF", quality=95),
    }


def modes() -> dict[str, tuple[bytes, tuple[int, int, int]]]:
    """Flat pictures in odd pixel formats, each with the colour that people must see, on white where it is clear."""
    grey16 = Image.new("I;16", (40, 30), 128 * 257)
    palette = Image.new("P", (40, 30), 1)
    palette.putpalette([0, 0, 0, *GREEN, 9, 9, 9])
    return {
        "cmyk": (encoded(Image.new("CMYK", (40, 30), (0, 255, 255, 0)), "JPEG", quality=98), (255, 0, 0)),
        "ycck": (ycck((40, 30), (0, 255, 255, 0)), (255, 0, 0)),
        "cmyk grey": (
            encoded(Image.new("CMYK", (40, 30), (0, 0, 0, 128)), "JPEG", quality=98),
            (127, 127, 127),
        ),
        "grey jpeg": (encoded(Image.new("L", (40, 30), 90), "JPEG", quality=98), (90, 90, 90)),
        "grey 16": (encoded(grey16, "PNG"), (128, 128, 128)),
        "one bit": (encoded(Image.new("1", (40, 30), 1), "PNG"), (255, 255, 255)),
        "grey alpha": (encoded(Image.new("LA", (40, 30), (0, 128)), "PNG"), (127, 127, 127)),
        "colour 16": (png16((40, 30), (128 * 257, 64 * 257, 200 * 257)), (128, 64, 200)),
        "palette": (encoded(palette, "PNG"), GREEN),
        "palette clear": (encoded(palette, "PNG", transparency=1), (255, 255, 255)),
        "palette half": (
            encoded(palette, "PNG", transparency=b"\xff\x80\xff"),
            tuple((c + 255) // 2 for c in GREEN),
        ),
        "rgb key": (encoded(Image.new("RGB", (40, 30), RED), "PNG", transparency=RED), (255, 255, 255)),
        "gif clear": (encoded(palette, "GIF", transparency=1), (255, 255, 255)),
        "rgba webp": (
            encoded(Image.new("RGBA", (40, 30), (*BLUE, 0)), "WEBP", lossless=True),
            (255, 255, 255),
        ),
    }


def ycck(size: tuple[int, int], ink: tuple[int, int, int, int]) -> bytes:
    """A JPEG as Adobe writes it: inverted inks, the first three as luma and chroma, said by the Adobe marker."""
    luma = Image.new("RGB", (1, 1), ink[:3]).convert("YCbCr").tobytes()
    # The encoder inverts what it is given and believes to be inks.
    samples = (*(255 - part for part in luma), ink[3])
    data = encoded(Image.new("CMYK", size, samples), "JPEG", quality=98)
    at = data.index(b"Adobe") + 11
    return data[:at] + b"\x02" + data[at + 1 :]


def png16(size: tuple[int, int], colour: tuple[int, int, int]) -> bytes:
    row = b"\0" + struct.pack(">3H", *colour) * size[0]
    return png((*size, 16, 2), zlib.compress(row * size[1]))


def oriented(orientation: int, kind: str, size: tuple[int, int] = (96, 64)) -> bytes:
    """`quadrants(size)` stored so that EXIF `orientation` makes it upright."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    im = quadrants(size)
    if orientation in undo:
        im = im.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = (
        {"quality": 98, "subsampling": 0} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    )
    return encoded(im, kind, exif=exif, **options)


def camera_exif(**override: Any) -> Image.Exif:
    """EXIF of a usual camera, with a position, serial numbers, an owner and a maker's note, all marked with the canary."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x013B] = "Heliotrope", "H-1", "CANARY artist"
    exif[0x8298], exif[0x010E] = "CANARY copyright", "CANARY description"
    more = exif.get_ifd(0x8769)
    more[0x829A], more[0x829D], more[0x920A] = 0.004, 2.8, 35.0
    more[0x8827], more[0x9003], more[0xA434] = 400, "2024:05:06 07:08:09", "35mm F2.8"
    more[0xA431], more[0xA430], more[0x927C] = "CANARY serial", "CANARY owner", b"CANARY maker note"
    more[0x9286] = b"ASCII\0\0\0CANARY user comment"
    for name, value in override.items():
        more[int(name.removeprefix("tag_"), 16)] = value
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (48.0, 8.0, 15.0), "E", (11.0, 34.0, 30.0)
    place[27] = b"ASCII\0\0\0CANARY place"
    return exif


def tattling_jpeg() -> bytes:
    """A JPEG with the canary in EXIF, its thumbnail, XMP, IPTC, a comment, the profile's description and behind its end."""
    plain = encoded(quadrants(), "JPEG", quality=95, icc_profile=marked_profile(), comment=b"CANARY comment")
    thumbnail = encoded(Image.new("RGB", (16, 16), RED), "JPEG", comment=b"CANARY thumbnail")
    segments = (
        _segment(0xE1, b"Exif\0\0" + camera_exif().tobytes()[6:] + thumbnail),
        _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp()),
        _segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0" + _iptc(b"CANARY city")),
        _segment(0xE5, b"CANARY unknown segment"),
    )
    return plain[:2] + b"".join(segments) + plain[2:] + b"CANARY appended"


def tattling() -> dict[str, bytes]:
    """One file of each format with the canary in every carrier that the format has."""
    im, exif, more = quadrants(), camera_exif().tobytes(), {"icc_profile": marked_profile()}
    rich = {"exif": exif, "xmp": xmp(), **more}
    text = [(b"tEXt", b"Comment\0CANARY text"), (b"zTXt", b"Author\0\0" + zlib.compress(b"CANARY packed"))]
    text += [
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp()),
        (b"tIME", b"CANARYx"),
        (b"prVt", b"CANARY private"),
    ]
    return {
        "JPEG": tattling_jpeg(),
        "PNG": with_chunks(encoded(im, "PNG", exif=exif, **more), text) + b"CANARY appended",
        "WebP": encoded(im, "WEBP", **rich),
        "GIF": encoded(im, "GIF", comment=b"CANARY comment"),
        "AVIF": encoded(im, "AVIF", **rich),
        "HEIC": encoded(im, "HEIF", **rich),
    }


def marked_profile() -> bytes:
    """A working RGB profile that is not called sRGB, so that it is applied, with the canary in its description."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    wide = "sRGB".encode("utf-16-be")
    assert wide in data
    return data.replace(wide, "CANA".encode("utf-16-be")) + CANARY


def old_profile() -> bytes:
    """The same as before texts had languages."""
    data = bytearray(marked_profile())
    data[8] = 2
    return bytes(data)


def overlong() -> dict[str, bytes]:
    """Files with the canary behind the content of parts that a picture needs, where decoders do not look."""
    jpeg, png = encoded(quadrants(), "JPEG", quality=95), encoded(quadrants(), "PNG")
    moving_gif = moving(2, "GIF", loop=0)
    known = {b"gAMA": struct.pack(">I", 45_455), b"sRGB": b"\0", b"sBIT": b"\x08\x08\x08", b"tRNS": bytes(6)}
    return {
        "a long Adobe segment": jpeg[:2] + _segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01" + CANARY) + jpeg[2:],
        "a number of lines": jpeg[:2] + _segment(0xDC, b"\0\x40" + CANARY) + jpeg[2:],
        "a suggested palette": with_chunks(png, [(b"PLTE", (CANARY * 3)[:18])]),
        "a long end": png[:-12] + _chunk(b"IEND", CANARY),
        **{
            f"a long {kind.decode()}": with_chunks(png, [(kind, content + CANARY)])
            for kind, content in known.items()
        },
        "a long loop": moving_gif.replace(
            b"NETSCAPE2.0\x03\x01\0\0\0", b"NETSCAPE2.0\x03\x01\0\0" + bytes((len(CANARY),)) + CANARY + b"\0"
        ),
    }


def swapped_profile() -> bytes:
    """A profile whose red and green are each other's, so that applying it shows."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(
        "sRGB".encode("utf-16-be"), "swap".encode("utf-16-be")))  # fmt: skip
    red, green = data.index(b"rXYZ"), data.index(b"gXYZ")
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data)


def xmp() -> bytes:
    return b'<x:xmpmeta xmlns:x="adobe:ns:/"><rdf:Description exif:GPSLatitude="48,8N" note="CANARY xmp"/></x:xmpmeta>'


# --- hostile


def hostile() -> dict[str, tuple[bytes, set[str]]]:
    """Files that must be refused, each with the codes that say it well."""
    jpeg, unsupported = encoded(noise((400, 300)), "JPEG", quality=90), {"unsupported_type"}
    return {
        "F1 png 50000 x 50000": (png((50_000, 50_000, 8, 2), zlib.compress(b"\0")), {"too_many_pixels", "too_long_side"}),
        "F4 png 1 x 10 million": (png((1, 10_000_000, 8, 0), zlib.compress(b"\0" * 2000)), {"too_long_side"}),
        "png over 40 MP": (png((6400, 6400, 8, 0), zlib.compress(b"\0" * 2000)), {"too_many_pixels"}),
        "webp over 40 MP": (vp8x(16_000, 16_000), {"too_many_pixels"}),
        "gif screen 60000": (b"GIF89a" + struct.pack("<HHBBB", 60_000, 60_000, 0, 0, 0) + gif_frame() + b";",
                             {"too_many_pixels", "too_long_side"}),
        "F6 png text bomb": (with_chunks(everything()["PNG"], [(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 50_000_000, 9))]),
                             {"damaged"}),
        "F7 jpeg cut at half": (jpeg[: len(jpeg) // 2], {"damaged"}),
        "F7 jpeg cut at 20 bytes": (jpeg[:20], {"damaged"}),
        "F10 gif 10 000 frames": (gif(10_000), {"too_many_frames"}),
        "F10 gif frames x pixels": (gif(299, (4000, 4000)), {"too_many_frames"}),
        "F12 webp 500 frames": (moving(500, "WEBP"), {"too_many_frames"}),
        "F12 apng 500 frames": (moving(500, "PNG"), {"too_many_frames"}),
        "F14 nothing": (b"", {"empty"}),
        "F14 one byte": (b"\xff", unsupported),
        "F14 zeros": (b"\0" * 1_000_000, unsupported),
        "F15 zip bomb": (zip_bomb(), unsupported),
        "F16 svg script": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', unsupported),
        "F16 svg entity": (b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
                           unsupported),
        "F16 svgz": (gzip.compress(b"<svg/>"), unsupported),
        "F17 html": (b"<!doctype html><title>cat</title>", unsupported),
        "F19 eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", unsupported),
        "F19 psd": (b"8BPS\0\x01" + b"\0" * 60, unsupported),
        "F19 dds": (b"DDS " + b"\0" * 124, unsupported),
        **{f"F19 {kind}": (encoded(quadrants(), kind), unsupported) for kind in
           ("TIFF", "BMP", "ICO", "PCX", "JPEG2000", "PPM", "TGA")},
        "F22 webp huffman": (broken_webp(), {"damaged"}),
        "F22 png with bad packing": (_flipped(encoded(noise((80, 60)), "PNG"), 41), {"damaged"}),
        "F22 png with a bad tail": (_flipped(encoded(noise((80, 60)), "PNG"), 7000), {"damaged"}),
        "F22 png cut": (encoded(noise((80, 60)), "PNG")[:3000], {"damaged"}),
        "F22 gif cut": (encoded(noise((80, 60)), "GIF")[:3000], {"damaged"}),
        "F22 webp cut": (encoded(noise((80, 60)), "WEBP")[:1000], {"damaged"}),
        "F22 avif cut": (encoded(noise((80, 60)), "AVIF")[:2000], {"damaged"}),
        "F22 heic cut": (encoded(noise((80, 60)), "HEIF")[:2000], {"damaged"}),
        "F22 heic without boxes": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\xff" * 200, {"damaged"}),
        "F22 avif without boxes": (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + b"\xff" * 200, {"damaged"}),
        "jpeg of nothing": (b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9", {"damaged"}),
    }  # fmt: skip


def odd_but_fine() -> dict[str, bytes]:
    """Files that look wrong and must be taken."""
    jpeg = everything()["JPEG"]
    return {
        "F6 png with 10 000 texts": with_chunks(
            everything()["PNG"], [(b"iTXt", b"k\0\0\0\0\0text")] * 10_000
        ),
        "F12 gif without delay": moving(3, "GIF", duration=0, loop=0),
        "garbage profile": encoded(quadrants(), "JPEG", quality=95, icc_profile=b"\xff" * 500),
        "cmyk profile on rgb": encoded(
            quadrants(), "PNG", icc_profile=marked_profile().replace(b"RGB ", b"CMYK")
        ),
        "garbage exif": jpeg[:2]
        + _segment(0xE1, b"Exif\0\0MM\0\x2a\xff\xff\xff\xff" + b"\xff" * 90)
        + jpeg[2:],
        "exif that ends early": jpeg[:2]
        + _segment(0xE1, b"Exif\0\0" + camera_exif().tobytes()[6:60])
        + jpeg[2:],
        "orientation 9": encoded(quadrants(), "JPEG", quality=95, exif=_orientation(9)),
        "phone with a second picture": encoded(
            quadrants(), "MPO", quality=95, save_all=True, append_images=[quadrants()]
        ),
    }


def png(header: tuple[int, int, int, int], data: bytes) -> bytes:
    """A PNG from (width, height, bits, colour type) and packed rows, which need not fit each other."""
    ihdr = struct.pack(">IIBBBBB", *header, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", ihdr) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def with_chunks(data: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    return data[:33] + b"".join(_chunk(kind, content) for kind, content in chunks) + data[33:]


def gif(frames: int, screen: tuple[int, int] = (1, 1)) -> bytes:
    """Moving, with frames of one pixel on a screen of any size."""
    palette = b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + palette + gif_frame() * frames + b";"


def gif_frame() -> bytes:
    return b"\x21\xf9\x04\x04\0\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"


def moving(frames: int, kind: str, **options: Any) -> bytes:
    """Frames that differ, so that no encoder joins them."""
    pictures = [Image.new("RGB", (8, 8), (n * 67 % 256, n * 151 % 256, n * 201 % 256)) for n in range(frames)]
    return encoded(
        pictures[0], kind, save_all=True, append_images=pictures[1:], **{"duration": 40, **options}
    )


def vp8x(width: int, height: int) -> bytes:
    body = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0"
    body += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    simple = everything()["WebP"][12:]
    return b"RIFF" + struct.pack("<I", len(body + simple) + 4) + b"WEBP" + body + simple


def broken_webp() -> bytes:
    """Lossless, with its Huffman codes overwritten, as in CVE-2023-4863."""
    data = bytearray(encoded(noise((64, 64)), "WEBP", lossless=True))
    data[26:90] = b"\xff" * 64
    return bytes(data)


def zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}.jpg", b"\0" * 1_000_000)
    return buffer.getvalue()


def _orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def _flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 0xFF
    return bytes(changed)


def _segment(kind: int, content: bytes) -> bytes:
    return bytes((0xFF, kind)) + struct.pack(">H", len(content) + 2) + content


def _iptc(city: bytes) -> bytes:
    record = b"\x1c\x02\x5a" + struct.pack(">H", len(city)) + city
    return b"\0\0" + struct.pack(">I", len(record)) + record + b"\0" * (len(record) % 2)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
