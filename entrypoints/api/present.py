"""Views as JSON. Posts are put together from their stored documents; everything else is encoded from its dataclass.

Messages that were kept are said in the language of the request.
"""

from dataclasses import replace
from itertools import product
from typing import Any

import msgspec

from application.views import DraftView, FileView, Page, PostCard, PostViewer
from domain.kernel import Message
from entrypoints.web.translation import in_words


def _encode_other(value: Any) -> str:
    if isinstance(value, Message):
        return in_words(value)
    raise NotImplementedError(type(value))


_encode = msgspec.json.Encoder(enc_hook=_encode_other).encode


def to_json(value: Any, grant: str = "") -> bytes:
    """A view, a page of views, or plain values as JSON.

    `grant` stands behind the addresses of pictures that not everybody may see.
    """
    if isinstance(value, PostCard):
        return b"".join(_post(value, grant))
    if isinstance(value, Page) and value.items and isinstance(value.items[0], PostCard):
        return _posts(value, grant)
    if isinstance(value, Page):
        return _encode(replace(value, items=[_granted(item, grant) for item in value.items]))
    return _encode(_granted(value, grant))


def _granted(value: Any, grant: str) -> Any:
    if isinstance(value, DraftView):
        return replace(value, media=[replace(p, file=_granted(p.file, grant)) for p in value.media])
    if not isinstance(value, FileView):
        return value
    sizes = tuple(replace(size, url=size.url + grant) for size in value.renditions)
    return replace(value, renditions=sizes)


def _posts(page: Page[PostCard], grant: str) -> bytes:
    parts = [b'{"items":[']
    for card in page.items:
        parts += _post(card, grant)
        parts.append(b",")
    around = _encode({"next": page.next, "prev": page.prev, "count": page.count, "since": page.since})
    parts[-1] = b"]," + around[1:]
    return b"".join(parts)


def _post(card: PostCard, grant: str) -> tuple[bytes, ...]:
    # The stored document is JSON already and most of the bytes; encoding it again would be most of the work.
    counts, viewer = card.counts, card.viewer
    return (
        b'{"id":"',
        str(card.id).encode(),
        b'","author":',
        _encode(card.author),
        b",",
        card.document(grant),
        b',"counts":{"likes":%d,"comments":%d},"viewer":' % (counts.likes, counts.comments),
        _VIEWERS[viewer.liked, viewer.saved, viewer.can_edit, viewer.can_comment],
        b',"comments_preview":',
        _encode(card.comments_preview) if card.comments_preview else b"[]",
        b',"downloads":true}' if card.downloads else b',"downloads":false}',
    )


# Every state of a viewer, encoded once.
_VIEWERS = {state: _encode(PostViewer(*state)) for state in product((False, True), repeat=4)}
