"""Who may load which picture. Media follow the visibility of their post, decided again at every load."""

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from application.access import may_view
from domain.kernel import FileId, NotFound, UserId
from domain.ports import Clock
from domain.posts import Standing
from domain.visibility import is_public

GRANT_SECONDS = 300
_STEP = 60


class MediaGrants:
    """Short proofs of who looks, for addresses that must work without a cookie. Valid for 4 to 5 minutes.

    A grant opens nothing by itself: the privacy rule is asked about its holder at every load.
    """

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._secret = hashlib.blake2b(b"media", key=secret[:64], digest_size=32).digest()
        self._clock = clock

    def grant(self, viewer: UserId | None) -> str:
        """What to put behind an address that is not public, `?g=…`; empty for somebody signed out."""
        if viewer is None:
            return ""
        until = int(self._clock.now().timestamp()) // _STEP * _STEP + GRANT_SECONDS
        body = struct.pack(">I16s", until, viewer.bytes)
        return f"?g={base64.urlsafe_b64encode(body + self._mac(body)).decode()}"

    def holder(self, grant: str) -> UserId | None:
        """Whose grant it is, or None when it is forged or too old."""
        try:
            raw = base64.b64decode(grant.encode("ascii"), altchars=b"-_", validate=True)
        except (ValueError, UnicodeEncodeError):
            return None
        body, mac = raw[:20], raw[20:]
        if len(raw) != 36 or not hmac.compare_digest(mac, self._mac(body)):
            return None
        until, viewer = struct.unpack(">I16s", body)
        return UserId(UUID(bytes=viewer)) if self._clock.now().timestamp() < until else None

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

    async def owner_of(self, viewer: UserId | None, key: str) -> MediaOwner | None:
        """The upload under `key` and how the viewer stands to its post; None for an unknown key."""
        ...

    async def avatar_in_use(self, key: str) -> bool:
        """Whether an active member's avatar lies under `key`."""
        ...


class MediaAccess:
    """The door to pictures."""

    def __init__(self, reads: MediaReads) -> None:
        self._reads = reads

    async def admit(self, viewer: UserId | None, key: str) -> bool:
        """Whether the picture is public (True) or just open to this viewer (False). Raises NotFound."""
        owner = await self._reads.owner_of(viewer, key)
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
