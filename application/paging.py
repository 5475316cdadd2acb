"""Cursors: opaque to clients, signed, and bound to the list they came from.

Lists are walked by key (keyset), so a page never shifts when something is inserted or removed before it.
"""

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar
from uuid import UUID

from application.views import Page
from domain.kernel import Invalid, msg

T = TypeVar("T")

MAX_LIMIT = 100
_EPOCH = datetime.fromtimestamp(0, UTC)


class BadCursor(Invalid):
    """Not made here, made for another list, or cut."""

    code = "bad_cursor"
    message = msg("This list position is not valid any more. Start from the first page.")


@dataclass(frozen=True, slots=True)
class Key:
    """Where an item stands: newest first by `id`, or by (`rank`, `id`) where a list is ranked."""

    id: UUID
    rank: int = 0

    @property
    def just_older(self) -> "Key":
        """The place right behind this one, where nothing stands: what is newer than that begins with this item."""
        return Key(UUID(int=max(0, self.id.int - 1)), self.rank)


def rank_of(moment: datetime) -> int:
    """A moment as a rank: microseconds since 1970, than which the database knows none shorter."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(rank: int) -> datetime:
    """The moment that `rank_of` made a rank of."""
    return _EPOCH + timedelta(microseconds=rank)


@dataclass(frozen=True, slots=True)
class Slice:
    """What a client asks for: `limit` items beyond (`before`: older) or ahead of (`after`: newer) a key."""

    limit: int
    before: Key | None = None
    after: Key | None = None

    @property
    def forward(self) -> bool:
        """Whether the list is walked from its start towards its end."""
        return self.after is None

    @property
    def one_more(self) -> "Slice":
        """The same with one item more, which tells whether the walk could go on."""
        return Slice(self.limit + 1, self.before, self.after)


class Cursors:
    """Makes and reads cursors. `secret` is at least 32 bytes; whoever lacks it cannot make one."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hashlib.blake2b(b"cursor", key=secret[:64], digest_size=32).digest()

    def write(self, scope: str, direction: Literal["n", "p"], key: Key) -> str:
        """A cursor for the list `scope`, pointing on (`n`) or back (`p`) from `key`."""
        body = struct.pack(">c16sq", direction.encode(), key.id.bytes, key.rank)
        return base64.urlsafe_b64encode(body + self._mac(scope, body)).decode()

    def read(self, scope: str, text: str) -> tuple[str, Key]:
        """(direction, key). Raises BadCursor."""
        try:
            raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        except (ValueError, UnicodeEncodeError):
            raise BadCursor from None
        body, mac = raw[:25], raw[25:]
        # The last character carries bits that mean nothing; only one spelling of them is ours.
        if len(raw) != 37 or base64.urlsafe_b64encode(raw).decode() != text:
            raise BadCursor
        if not hmac.compare_digest(mac, self._mac(scope, body)):
            raise BadCursor
        direction, id_bytes, rank = struct.unpack(">c16sq", body)
        return direction.decode(), Key(UUID(bytes=id_bytes), rank)

    def slice(self, scope: str, limit: int, cursor: str | None, since: str | None = None) -> Slice:
        """What the parameters of a request mean for the list `scope`. Raises BadCursor."""
        if since is not None:
            return Slice(limit, after=self.read(scope, since)[1])
        if cursor is None:
            return Slice(limit)
        direction, key = self.read(scope, cursor)
        return Slice(limit, before=key) if direction == "n" else Slice(limit, after=key)

    def last(self, scope: str, until: str) -> Key:
        """The last item of a page whose `until` this is. Raises BadCursor."""
        direction, key = self.read(scope, until)
        if direction != "n":
            raise BadCursor
        return key

    def page(
        self, scope: str, part: Slice, items: Sequence[T], key: Callable[[T], Key], *, more: bool
    ) -> Page[T]:
        """`items` with the cursors around them. `more` says whether the walk could go on in its direction."""
        shown = list(items)
        if not shown:
            return Page(shown)
        older = more if part.forward else True
        newer = part.before is not None if part.forward else more
        return Page(
            shown,
            next=self.write(scope, "n", key(shown[-1])) if older else None,
            prev=self.write(scope, "p", key(shown[0])) if newer else None,
        )

    def cut(self, scope: str, part: Slice, rows: Sequence[T], key: Callable[[T], Key]) -> Page[T]:
        """The page of a list that was asked for one item more than `part.limit`, in the order of the walk."""
        shown = rows[: part.limit] if part.forward else rows[: part.limit][::-1]
        return self.page(scope, part, shown, key, more=len(rows) > part.limit)

    def cut_whole(
        self, scope: str, limit: int, cursor: str | None, whole: Sequence[T], key: Callable[[T], Key]
    ) -> Page[T]:
        """A page of a list that is here as a whole, in any order. Raises BadCursor."""
        part = self.slice(scope, limit, cursor)
        rows = sorted(whole, key=lambda item: _place(key(item)), reverse=part.forward)
        if part.before is not None:
            rows = [item for item in rows if _place(key(item)) < _place(part.before)]
        elif part.after is not None:
            rows = [item for item in rows if _place(key(item)) > _place(part.after)]
        return self.cut(scope, part, rows, key)

    def _mac(self, scope: str, body: bytes) -> bytes:
        return hashlib.blake2b(
            scope.encode("utf-8", "replace") + b"\0" + body, key=self._secret, digest_size=12
        ).digest()


def _place(key: Key) -> tuple[int, UUID]:
    return key.rank, key.id
