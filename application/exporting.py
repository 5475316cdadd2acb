"""Takeouts: asking for one, downloading and removing it. `archiving.py` makes them; `takeout.py` tells what is inside."""

import base64
import hashlib
import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.access import Client, own_account, throttle
from domain.exports import REASONS, Export, ExportAsked, ExportState
from domain.files import ObjectsOrphaned
from domain.kernel import ExportId, NotFound, UserId
from domain.ports import Clock, Ids, Rate, RateLimiter, UnitOfWork, UnitOfWorks

EXPORTS = Rate("export", 3, 24 * 3600)
LINK_SECONDS = 600
_STEP = 60


@dataclass(frozen=True, slots=True)
class ExportError:
    """Why there is no archive."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ExportView:
    """An archive as its owner sees it: `progress` in percent, `size` in bytes; `link` opens it once, while it is ready."""

    id: UUID
    state: ExportState
    progress: int
    size: int
    created_at: datetime
    expires_at: datetime | None
    error: ExportError | None
    link: str


class ExportLinks:
    """Keys that open an archive once, within LINK_SECONDS. Only its owner, signed in, can use them."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._secret = hashlib.blake2b(b"export", key=secret[:64], digest_size=32).digest()
        self._clock = clock

    def make(self, export: Export) -> str:
        """A key for the next download. Using any key makes all that were made before it useless."""
        until = int(self._clock.now().timestamp()) // _STEP * _STEP + LINK_SECONDS
        return base64.urlsafe_b64encode(struct.pack(">I", until) + self._mac(export, until)).decode()

    def opens(self, export: Export, key: str) -> bool:
        """Whether the key is of this archive, was not used and is not too old."""
        try:
            raw = base64.b64decode(key.encode("ascii"), altchars=b"-_", validate=True)
        except (ValueError, UnicodeEncodeError):
            return False
        if len(raw) != 22:
            return False
        (until,) = struct.unpack(">I", raw[:4])
        right = hmac.compare_digest(raw[4:], self._mac(export, until))
        return right and self._clock.now().timestamp() < until

    def _mac(self, export: Export, until: int) -> bytes:
        body = struct.pack(">I16s16sQ", until, export.id.bytes, export.user_id.bytes, export.downloads)
        return hashlib.blake2b(body, key=self._secret, digest_size=18).digest()


class Exporting:
    """What people do about their archives."""

    def __init__(
        self, new_uow: UnitOfWorks, clock: Clock, ids: Ids, limiter: RateLimiter, links: ExportLinks
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._limiter = limiter
        self._links = links

    async def ask(
        self, user: UserId, client: Client, language: str = "", new_id: ExportId | None = None
    ) -> ExportView:
        """Have an archive made; while one is being made, that one. Raises TooMany, NotFound."""
        export = Export(new_id or ExportId(self._ids.new()), user, self._clock.now(), language=language[:12])
        async with self._new_uow() as uow:
            # Locked, so that of two requests at once the second finds what the first has asked for.
            account = await own_account(uow, user)
            export.language = export.language or account.language
            running = next((each for each in await uow.exports.of_user(user) if each.running), None)
            if running is not None:
                return self._view(running)
            await throttle(self._limiter, client, EXPORTS, str(user))
            await uow.exports.add(export)
            uow.record(ExportAsked(export_id=export.id))
            await uow.commit()
        return self._view(export)

    async def get(self, user: UserId, export_id: ExportId) -> ExportView:
        """One of one's own, with a link when it is ready. Raises NotFound, also when its time is over."""
        async with self._new_uow() as uow:
            return self._view(await self._own(uow, user, export_id))

    async def all(self, user: UserId) -> list[ExportView]:
        """One's own, newest first."""
        async with self._new_uow() as uow:
            found = await uow.exports.of_user(user)
        return [self._view(export) for export in found if self._lasts(export)]

    async def remove(self, user: UserId, export_id: ExportId) -> None:
        """Remove one's own, or stop making it. Raises NotFound."""
        async with self._new_uow() as uow:
            export = await self._own(uow, user, export_id, lock=True)
            await discard(uow, [export])
            await uow.commit()

    async def open(self, user: UserId, export_id: ExportId, key: str) -> Export:
        """The archive for one download. Raises NotFound for a key that was used, is too old or somebody else's."""
        async with self._new_uow() as uow:
            export = await self._own(uow, user, export_id, lock=True)
            if export.state != "ready" or not self._links.opens(export, key):
                raise NotFound
            export.downloads += 1
            await uow.exports.save(export)
            await uow.commit()
        return export

    async def sweep(self) -> int:
        """Remove archives that are past their time; how many. Called on a timer."""
        async with self._new_uow() as uow:
            expired = await uow.exports.expired(self._clock.now(), 100)
            if expired:
                await discard(uow, expired)
                await uow.commit()
        return len(expired)

    async def _own(self, uow: UnitOfWork, user: UserId, export_id: ExportId, *, lock: bool = False) -> Export:
        export = await uow.exports.find(export_id, lock=lock)
        if export is None or export.user_id != user or not self._lasts(export):
            raise NotFound
        return export

    def _lasts(self, export: Export) -> bool:
        return export.expires_at is None or self._clock.now() < export.expires_at

    def _view(self, export: Export) -> ExportView:
        why = ExportError(export.error, REASONS[export.error]) if export.error else None
        link = self._links.make(export) if export.state == "ready" else ""
        return ExportView(
            export.id,
            export.state,
            export.progress,
            export.size,
            export.created_at,
            export.expires_at,
            why,
            link,
        )


async def discard(uow: UnitOfWork, exports: Sequence[Export]) -> None:
    """Remove archives, finished or not; what lies in the store goes after the commit."""
    for export in exports:
        if export.prefix:
            uow.record(ObjectsOrphaned(prefix=export.prefix))
    await uow.exports.remove([export.id for export in exports])
