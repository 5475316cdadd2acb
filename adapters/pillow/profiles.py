"""Colour profiles without what they tell beside colours: whose screen it was, its name and serial number, words, dates.

Source: ICC.1:2022 and ICC.1:2001-04. For a process that ends right afterwards.
"""

import struct

_HEADER, _ENTRY, _MOST_TAGS = 128, 12, 100
_MOST_BYTES = 4 * 2**20
_SIGN = b"acsp"
_COLOURS = {
    *(b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"wtpt", b"bkpt", b"chad", b"cicp"),
    *(b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2"),
}
# Every profile must have a name and terms of use; these say nothing.
_NAME, _TERMS = "Photo", "None"
_DATE = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)


def plain_profile(profile: bytes) -> bytes | None:
    """The profile with the same colours and nothing else; None for what is none."""
    try:
        tags = _tags(profile)
    except struct.error:
        return None
    if not tags:
        return None
    tags |= _words(profile[8])
    made, places = b"", {}
    start = _HEADER + 4 + _ENTRY * len(tags)
    for content in tags.values():
        # Channels often share a curve.
        if content not in places:
            places[content] = start + len(made)
            made += content + bytes(-len(content) % 4)
        if len(made) > _MOST_BYTES:
            return None  # contents that overlap would become more and more
    table = b"".join(
        struct.pack(">4sII", sign, places[content], len(content)) for sign, content in tags.items()
    )
    return _header(profile, start + len(made)) + struct.pack(">I", len(tags)) + table + made


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """What colours need, by signature; nothing where that is not whole. Raises struct.error."""
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    if profile[36:40] != _SIGN or count > _MOST_TAGS or len(profile) > _MOST_BYTES:
        return {}
    found = {}
    for number in range(count):
        sign, at, size = struct.unpack_from(">4sII", profile, _HEADER + 4 + _ENTRY * number)
        content = profile[at : at + size]
        if len(content) != size or size < 8:
            return {}
        if sign in _COLOURS:
            found[sign] = content
    return found


def _header(profile: bytes, size: int) -> bytes:
    """Version, class, spaces, intent and illuminant; neither who made it nor for which device."""
    return b"".join(
        [
            struct.pack(">I4x", size),
            profile[8:24],
            _DATE,
            _SIGN,
            bytes(24),
            profile[64:80],
            bytes(48),
        ]
    )


def _words(major: int) -> dict[bytes, bytes]:
    if major >= 4:
        return {b"desc": _localized(_NAME), b"cprt": _localized(_TERMS)}
    name = _NAME.encode() + b"\0"
    return {
        b"desc": b"desc" + struct.pack(">4xI", len(name)) + name + bytes(4 + 4 + 2 + 1 + 67),
        b"cprt": b"text" + bytes(4) + _TERMS.encode() + b"\0",
    }


def _localized(text: str) -> bytes:
    packed = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">4xII4sII", 1, 12, b"enUS", len(packed), 28) + packed
