"""What an account remembers of who signed in to it, and of who tried. No addresses, and of a device no more than its kind."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

from domain.kernel import UserId

Outcome = Literal["session", "token", "failed"]

KEPT = timedelta(days=90)
# Failed tries from the same kind of device are one entry while they follow each other within this time.
SAME_TRIES = timedelta(hours=1)

# What the browsers and systems say of themselves; the first that fits counts, because most name others too.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
_PROGRAM = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,19}")


@dataclass(frozen=True, slots=True)
class Device:
    """The kind of a device: which browser, or which program, on which system. Empty where it does not say."""

    browser: str = ""
    system: str = ""

    @classmethod
    def of(cls, user_agent: str) -> "Device":
        """The kind of device that says this of itself."""
        browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
        system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
        if not browser and not user_agent.startswith("Mozilla/"):
            program = _PROGRAM.match(user_agent)
            browser = program[0] if program else ""
        return cls(browser, system)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody came in with the password, by a browser or a program, or tried to, `tries` times until `at`."""

    id: UUID
    user_id: UserId
    at: datetime
    outcome: Outcome
    device: Device
    tries: int = 1


class SignIns(Protocol):
    """The log of each account."""

    async def add(self, sign_in: SignIn) -> None:
        """Write one down. Failed tries that follow others of the same device within SAME_TRIES are added to these."""
        ...
