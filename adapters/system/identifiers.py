"""The clock, ids and secrets of the machine."""

import base64
import secrets
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7


class SystemClock:
    """Implements domain.ports.Clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemIds:
    """Implements domain.ports.Ids."""

    def new(self) -> UUID:
        return uuid7()

    def at(self, moment: datetime) -> UUID:
        milliseconds = int(moment.timestamp() * 1000)
        high, low = secrets.randbits(12), secrets.randbits(62)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)

    def secret(self) -> str:
        return secrets.token_urlsafe(32)

    def key(self) -> str:
        return base64.b32encode(secrets.token_bytes(20)).decode().lower()


def common_passwords() -> frozenset[str]:
    """The 3,000 passwords that are tried first, from the frequency list of the zxcvbn package."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - a second of memory that few commands need

    return frozenset(word for word in FREQUENCY_LISTS["passwords"][:3000])
