"""The place itself: what it is called, and how far its first administrator has come with it."""

from dataclasses import dataclass
from typing import Protocol

from domain.kernel import Invalid, msg
from domain.text import clean, has_invisible

DEFAULT_NAME = "Heliograph"
MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class Instance:
    """What was stored when the place was set up, or named since.

    With `first_steps` its administrators are shown what to do first.
    """

    name: str
    first_steps: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """What has ever been done here."""

    invited: bool
    backed_up: bool


def clean_name(text: str) -> str:
    """The name of a place. Raises Invalid."""
    name = clean("#/name", text, limit=MAX_NAME, required=True)
    if has_invisible(name):
        raise Invalid.field("#/name", "bad_character", msg("Names cannot hold invisible characters."))
    return name


class Instances(Protocol):
    """The one row about the place."""

    async def find(self, *, lock: bool = False) -> Instance | None:
        """What was stored; None where nothing was. With `lock` it stays so until the unit ends."""
        ...

    async def put(self, instance: Instance) -> None:
        """Store it, in place of what was there."""
        ...

    async def progress(self) -> Progress:
        """Whether anybody was invited or has joined beside the first, and whether a backup was made."""
        ...
