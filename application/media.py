"""Who may load which picture. Media follow the visibility of their post, decided again at every load."""

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from application.access import may_view
from domain.kernel import FileId, NotFound, SessionId, TokenId, UserId
from domain.ports import Clock
from domain.posts import Standing
from domain.sessions import Identity
from domain.visibility import is_public

GRANT_SECONDS = 300
_STEP = 60


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose grant it is, and the session or token that it was made for."""

    user_id: UserId
    secret_id: SessionId | TokenId


class MediaGrants:
    """Short proofs of who looks, for addresses that must work without a cookie. Valid for 4 to 5 minutes.

    A grant opens nothing by itself: at every load it is asked whether its session or token is still there, and the
    privacy rule about its holder.
    """

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._secret = hashlib.blake2b(b"media", key=secret[:64], digest_size=32).digest()
        self._clock = clock

    def grant(self, viewer: Identity | None) -> str:
        """What to put behind an address that is not public, `?g=…`; empty for somebody signed out."""
        if viewer is None:
            return ""
        until = int(self._clock.now().timestamp()) // _STEP * _STEP + GRANT_SECONDS
        body = struct.pack(">I16s16s", until, viewer.user_id.bytes, viewer.secret_id.bytes)
        return f"?g={base64.urlsafe_b64encode(body + self._mac(body)).decode()}"

    def holder(self, grant: str) -> Holder | None:
        """Whose grant it is, or None when it is forged or too old."""
        try:
            raw = base64.b64decode(grant.encode("ascii"), altchars=b"-_", validate=True)
        except (ValueError, UnicodeEncodeError):
            return None
        body, mac = raw[:36], raw[36:]
        if len(raw) != 52 or not hmac.compare_digest(mac, self._mac(body)):
            return None
        until, viewer, secret = struct.unpack(">I16s16s", body)
        if self._clock.now().timestamp() >= until:
            return None
        return Holder(UserId(UUID(bytes=viewer)), TokenId(UUID(bytes=secret)))

    def _mac(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, key=self._secret, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class MediaOwner:
    """What a key belongs to; `standing` is None while no post uses it."""

    file_id: FileId
    owner_id: UserId
    standing: Standing | None


class MediaReads(Protocol):
    """Finds what a storage key belongs to."""

    async def owner_of(
        self, viewer: UserId | None, key: str, secret_id: SessionId | TokenId | None = None
    ) -> MediaOwner | None:
        """The upload under `key` and how the viewer stands to its post; None for an unknown key.

        None also for a viewer who is not active, or whose session or token `secret_id` is gone.
        """
        ...

    async def avatar_in_use(self, key: str) -> bool:
        """Whether an active member's avatar lies under `key`."""
        ...


class MediaAccess:
    """The door to pictures."""

    def __init__(self, reads: MediaReads) -> None:
        self._reads = reads

    async def admit(
        self, viewer: UserId | None, key: str, secret_id: SessionId | TokenId | None = None
    ) -> bool:
        """Whether the picture is public (True) or just open to this viewer (False). Raises NotFound.

        `secret_id` is the session or token of a grant, which may have ended since the grant was made.
        """
        owner = await self._reads.owner_of(viewer, key, secret_id)
        if owner is None:
            raise NotFound
        standing = owner.standing
        if standing is None:
            if viewer != owner.owner_id:
                raise NotFound
            return False
        if not may_view(viewer, standing):
            raise NotFound
        return is_public(standing.audience, active=standing.author_active, private=standing.author_private)

    async def admit_avatar(self, key: str) -> None:
        """Avatars are as public as names. Raises NotFound for one that nobody uses."""
        if not await self._reads.avatar_in_use(key):
            raise NotFound
