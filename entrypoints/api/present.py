"""Views as JSON. Posts are put together from their stored documents; everything else is encoded from its dataclass."""

from itertools import product
from typing import Any

import msgspec

from application.views import Page, PostCard, PostViewer

_encode = msgspec.json.Encoder().encode


def to_json(value: Any) -> bytes:
    """A view, a page of views, or plain values as JSON."""
    if isinstance(value, PostCard):
        return b"".join(_post(value))
    if isinstance(value, Page):
        return _page(value)
    return _encode(value)


def _page(page: Page[Any]) -> bytes:
    if not (page.items and isinstance(page.items[0], PostCard)):
        return _encode(page)
    parts = [b'{"items":[']
    for card in page.items:
        parts += _post(card)
        parts.append(b",")
    parts[-1] = b'],"next":%b,"prev":%b}' % (_encode(page.next), _encode(page.prev))
    return b"".join(parts)


def _post(card: PostCard) -> tuple[bytes, ...]:
    # The stored document is JSON already and most of the bytes; encoding it again would be most of the work.
    counts, viewer = card.counts, card.viewer
    return (
        b'{"id":"',
        str(card.id).encode(),
        b'","author":',
        _encode(card.author),
        b",",
        card.document,
        b',"counts":{"likes":%d,"comments":%d},"viewer":' % (counts.likes, counts.comments),
        _VIEWERS[viewer.liked, viewer.saved, viewer.can_edit, viewer.can_comment],
        b',"comments_preview":',
        _encode(card.comments_preview) if card.comments_preview else b"[]",
        b"}",
    )


# Every state of a viewer, encoded once.
_VIEWERS = {state: _encode(PostViewer(*state)) for state in product((False, True), repeat=4)}
