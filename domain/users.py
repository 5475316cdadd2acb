"""People: names, profiles, and passwords as rules. What lets them in is told in `sessions.py`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar
from urllib.parse import urlsplit

from domain.kernel import (
    Conflict,
    Event,
    Forbidden,
    Invalid,
    UserId,
    msg,
)
from domain.text import clean, fold, has_invisible, shows

Role = Literal["member", "admin"]
AccountState = Literal["active", "suspended", "away", "deleted"]
SignUpMode = Literal["open", "invite", "closed"]
Motion = Literal["auto", "reduce"]
AltReminder = Literal["always", "never"]

TEXT_SIZES = (100, 110, 120, 130, 140)
MOTIONS: tuple[Motion, ...] = ("auto", "reduce")
ALT_REMINDERS: tuple[AltReminder, ...] = ("always", "never")

# How long somebody who deleted their account may come back.
COME_BACK = timedelta(days=14)

PASSWORD_MIN, PASSWORD_MAX = 8, 256
MAX_DISPLAY_NAME, MAX_BIO, MAX_LINK, MAX_PLACE, MAX_EMAIL = 50, 500, 200, 60, 254

_Choice = TypeVar("_Choice", bound=int | str)
_USERNAME = re.compile(r"[a-z0-9_.]{3,30}")
_EMAIL = re.compile(r"[^\s@<>\"(),;:\\]{1,64}@[^\s@<>\"(),;:\\]+\.[^\s@<>\"(),;:\\.]{2,}")

RESERVED_NAMES = frozenset(
    """about account accounts admin administrator api assets blog bot comments contact dev docs everyone explore feed
    feeds files help heliograph home invite login logout mail media messages moderator new notifications null offline
    places privacy recommended register requests root rooms rules search security session sessions settings setup
    shortcuts signup static status support system tags terms token tokens undefined unknown uploads users welcome
    well-known ws www""".split()
)


class UsernameTaken(Conflict):
    code = "username_taken"
    message = msg("This user name is taken.")


class EmailTaken(Conflict):
    code = "email_taken"
    message = msg("This e-mail address already has an account.")


class SignUpClosed(Forbidden):
    code = "sign_up_closed"
    message = msg("This server does not take new accounts.")


class LastAdmin(Conflict):
    code = "last_admin"
    message = msg("The last administrator must stay. Make somebody else an administrator first.")


def canonical_username(text: str, pointer: str = "#/username", *, reserved_ok: bool = False) -> str:
    """The one spelling of a user name: `[a-z0-9_.]{3,30}` after NFKC and case folding. Raises Invalid.

    Applying it to its own result changes nothing. `reserved_ok` is for administrators, who may be called `admin`.
    """
    name = fold(text) if text.isprintable() and not has_invisible(text) else ""
    if not _USERNAME.fullmatch(name) or name.strip(".") != name or ".." in name:
        raise Invalid.field(
            pointer,
            "bad_username",
            msg("Use 3 to 30 of the letters a–z, digits, dot and underscore, no dot at an end."),
        )
    if not reserved_ok and (
        name in RESERVED_NAMES or name.replace(".", "").replace("_", "") in RESERVED_NAMES
    ):
        raise Invalid.field(pointer, "reserved", msg("This name is reserved."))
    return name


def clean_email(email: str) -> str | None:
    """An address as it may be stored, None for an empty one. Raises Invalid."""
    cleaned = clean("#/email", email, limit=254) or None
    if cleaned:
        canonical_email(cleaned)
    return cleaned


def canonical_email(text: str, pointer: str = "#/email") -> str:
    """The form of an e-mail address that is compared: normalised and case folded. Raises Invalid."""
    email = fold(clean(pointer, text, limit=MAX_EMAIL))
    # Folding can make it longer than what was typed.
    if not _EMAIL.fullmatch(email) or has_invisible(email) or len(email) > MAX_EMAIL:
        raise Invalid.field(pointer, "bad_email", msg("This is not an e-mail address."))
    return email


def check_password(password: str, common: frozenset[str], *context: str, pointer: str = "#/password") -> None:
    """Refuse passwords that are too short, too long, among the `common` ones, or made of the person's own names."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise Invalid.field(
            pointer, "bad_length", msg("Use {min} to {max} characters."), min=PASSWORD_MIN, max=PASSWORD_MAX
        )
    if any("\ud800" <= character <= "\udfff" for character in password):
        raise Invalid.field(
            pointer, "bad_character", msg("This text holds a character that cannot be stored.")
        )
    plain = password.casefold()
    words = {word.casefold() for word in context if len(word) >= 3} | {"heliograph"}
    if plain in common or plain.strip("0123456789!.?*") in words or len(set(plain)) < 3:
        raise Invalid.field(pointer, "too_common", msg("This password is too easy to guess."))


def clean_link(text: str) -> str:
    """A web address that is safe to link to, or the empty text. A bare domain gets `https://`. Raises Invalid."""
    link = clean("#/link", text, limit=MAX_LINK)
    if not link:
        return ""
    if "://" not in link and ":" not in link.split("/", maxsplit=1)[0]:
        link = clean("#/link", f"https://{link}", limit=MAX_LINK)
    try:
        parts = urlsplit(link)
        good = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and not parts.username
    except ValueError:
        good = False
    if not good or re.search(r"[\s\"<>\\]", link) or has_invisible(link):
        raise Invalid.field("#/link", "bad_link", msg("Use a web address such as https://example.org."))
    return link


@dataclass(frozen=True, slots=True)
class Preferences:
    """How somebody wants their pages; what it says by itself holds for everybody who said nothing.

    `text_size` is in percent of the browser's own; with `single_keys` pages take keys without a modifier as shortcuts;
    `alt_reminder` is about photos without a description.
    """

    text_size: int = 100
    motion: Motion = "auto"
    single_keys: bool = True
    alt_reminder: AltReminder = "always"


@dataclass(slots=True)
class Account:
    """A person. Counters are kept by the storage, in the transaction that changes what they count.

    Posts are counted by audience, because not everybody may know of all of them. `away_since` is set from when its owner
    hid the account until they come back; `erase_at`, where they left for good, is until when they may.
    """

    id: UserId
    username: str
    password_hash: str
    created_at: datetime
    email: str | None = None
    display_name: str = ""
    bio: str = ""
    link: str = ""
    place: str = ""
    language: str = ""
    private: bool = False
    role: Role = "member"
    state: AccountState = "active"
    avatar_key: str | None = None
    show_camera: bool = False
    downloads: bool = False
    timezone: str = "UTC"
    text_size: int = 100
    motion: Motion = "auto"
    single_keys: bool = True
    alt_reminder: AltReminder = "always"
    away_since: datetime | None = None
    erase_at: datetime | None = None
    posts_everyone: int = 0
    posts_followers: int = 0
    posts_only_me: int = 0
    followers: int = 0
    following: int = 0

    def rename(self, display_name: str) -> None:
        """Set the name that people read. Direction overrides and zero-width characters are refused."""
        name = clean("#/display_name", display_name, limit=MAX_DISPLAY_NAME)
        joined = name.replace("\u200d", "").replace("\u200c", "")
        if has_invisible(joined) or (name and not shows(name)):
            raise Invalid.field(
                "#/display_name", "bad_character", msg("Names cannot hold invisible characters.")
            )
        self.display_name = name

    def describe(self, *, bio: str | None = None, link: str | None = None, place: str | None = None) -> None:
        """Set the parts of the profile that are given."""
        if bio is not None:
            self.bio = clean("#/bio", bio, limit=MAX_BIO, multiline=True)
        if link is not None:
            self.link = clean_link(link)
        if place is not None:
            self.place = clean("#/place", place, limit=MAX_PLACE)

    def prefer(
        self,
        *,
        text_size: int | None = None,
        motion: str | None = None,
        single_keys: bool | None = None,
        alt_reminder: str | None = None,
    ) -> None:
        """Set the preferences that are given. Raises Invalid."""
        if text_size is not None:
            self.text_size = _one_of("#/text_size", text_size, TEXT_SIZES)
        if motion is not None:
            self.motion = _one_of("#/motion", motion, MOTIONS)
        if single_keys is not None:
            self.single_keys = single_keys
        if alt_reminder is not None:
            self.alt_reminder = _one_of("#/alt_reminder", alt_reminder, ALT_REMINDERS)

    def go_away(self, now: datetime, *, for_good: bool) -> None:
        """Hide it from everybody until its owner comes back; `for_good`, until the time for that is over."""
        self.state, self.away_since = "away", now
        self.erase_at = now + COME_BACK if for_good else None

    def come_back(self) -> None:
        """Show it again."""
        self.state, self.away_since, self.erase_at = "active", None, None

    def suspend(self) -> None:
        """Hide it until an administrator brings it back. Whether its owner has left stays known."""
        self.state = "suspended"

    def restore(self) -> None:
        """Take a suspension back: it is again as its owner wanted it."""
        self.state = "active" if self.away_since is None else "away"

    @property
    def active(self) -> bool:
        """Neither suspended, nor away, nor deleted."""
        return self.state == "active"

    @property
    def away(self) -> bool:
        """Hidden by its owner, who may come back."""
        return self.state == "away"


def _one_of(pointer: str, value: object, choices: tuple[_Choice, ...]) -> _Choice:
    for choice in choices:
        if choice == value:
            return choice
    raise Invalid.field(
        pointer, "unknown", msg("Choose among {choices}."), choices=", ".join(map(str, choices))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeleted(Event):
    """The account is gone for everybody; what it left behind is to be erased."""

    user_id: UserId


class Accounts(Protocol):
    """People by id, name and address."""

    async def add(self, account: Account) -> None:
        """Raises UsernameTaken or EmailTaken, decided by the store's own constraints.

        A name that somebody had before, or who was deleted, stays taken; only they can have it again.
        """
        ...

    async def find(self, user_id: UserId, *, lock: bool = False) -> Account | None:
        """The account in any state, or None. With `lock` nobody else changes it until the unit ends."""
        ...

    async def find_by_name(self, username: str) -> Account | None:
        """The active account with this canonical name, or None."""
        ...

    async def known_names(self, viewer: UserId, names: Sequence[str]) -> tuple[str, ...]:
        """Those of the canonical names that are active members' whom the viewer may know, in the order given."""
        ...

    async def find_by_login(self, login: str) -> Account | None:
        """The account in any state but deleted, by canonical user name or e-mail address."""
        ...

    async def save(self, account: Account) -> None:
        """Write every field but the counters. Raises UsernameTaken or EmailTaken."""
        ...

    async def has_admin(self, *, lock: bool = False) -> bool:
        """Whether there is an administrator, suspended or not. With `lock` nobody makes an account until the unit ends."""
        ...

    async def lock_admins(self) -> list[UserId]:
        """The active administrators; nobody else changes the set until the unit ends."""
        ...

    async def leaving(self, now: datetime, limit: int) -> list[Account]:
        """Some of those whose time to come back is over, locked; those that somebody else looks at are passed over."""
        ...

    async def erase(self, user_id: UserId, limit: int) -> tuple[bool, list[str]]:
        """Take away up to `limit` of each kind of row that a deleted account left, counters in step.

        Answers whether nothing is left but the tombstone that keeps the name, and the prefixes in the media store
        that became orphans. Repeating is harmless.
        """
        ...
