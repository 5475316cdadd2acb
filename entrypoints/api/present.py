"""Views as JSON. Posts are put together from their stored documents; everything else is encoded from its dataclass."""

from typing import Any

import msgspec

from application.views import Page, PostCard

_encode = msgspec.json.Encoder().encode


def to_json(value: Any) -> bytes:
    """A view, a page of views, or plain values as JSON."""
    if isinstance(value, PostCard):
        return _post(value)
    if isinstance(value, Page):
        return _page(value)
    return _encode(value)


def _page(page: Page[Any]) -> bytes:
    if page.items and isinstance(page.items[0], PostCard):
        items = b",".join([_post(card) for card in page.items])
        return b'{"items":[%b],"next":%b,"prev":%b}' % (items, _encode(page.next), _encode(page.prev))
    return _encode(page)


def _post(card: PostCard) -> bytes:
    # The stored document is JSON already and most of the bytes; encoding it again would be most of the work.
    return b'{"id":"%b","author":%b,%b,"counts":%b,"viewer":%b,"comments_preview":%b}' % (
        str(card.id).encode(),
        _encode(card.author),
        card.document,
        _encode(card.counts),
        _encode(card.viewer),
        _encode(card.comments_preview),
    )
