"""Joining: by oneself, by whoever runs the server, and as the first administrator."""

import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from application.access import Client, audit, throttle
from application.people import present_person
from application.views import Person
from domain.follows import Relationship
from domain.instance import DEFAULT_NAME, Instance, clean_name
from domain.kernel import Forbidden, Invalid, UserId, msg
from domain.moderation import Staff
from domain.ports import Clock, Ids, PasswordHasher, Rate, RateLimiter, UnitOfWork, UnitOfWorks
from domain.sessions import InviteRequired
from domain.users import (
    Account,
    Role,
    SignUpClosed,
    SignUpMode,
    canonical_username,
    check_password,
    clean_email,
)
from domain.visibility import can_know

SIGN_UP_PER_ADDRESS = Rate("sign-up", 5, 1800)
SETUP_TRIES = Rate("setup", 5, 900)
NAMES_PER_ADDRESS = Rate("names", 30, 1800)


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that can be used; `by` is None where it was made at the command line or its maker is gone."""

    by: Person | None


class Joining:
    """How accounts come to be."""

    def __init__(
        self,
        new_uow: UnitOfWorks,
        clock: Clock,
        ids: Ids,
        hasher: PasswordHasher,
        limiter: RateLimiter,
        *,
        sign_up: SignUpMode,
        common_passwords: frozenset[str],
        secret: bytes,
        languages: Sequence[str],
        is_timezone: Callable[[str], bool],
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._hasher = hasher
        self._limiter = limiter
        self._common_passwords = common_passwords
        self._secret = secret
        self._languages = languages
        self._is_timezone = is_timezone
        self.sign_up_mode: SignUpMode = sign_up

    async def sign_up(
        self,
        client: Client,
        username: str,
        password: str,
        *,
        email: str | None = None,
        display_name: str | None = None,
        invite: str | None = None,
        language: str = "",
        timezone: str = "",
    ) -> Account:
        """A new member. Raises SignUpClosed, InviteRequired, UsernameTaken, EmailTaken, Invalid or TooMany.

        `language` and `timezone` are guesses of the browser's: what is not known here is left out.
        """
        self._check_open(invite)
        draft = self._draft(username, password, email, display_name)
        draft.language = language if language in self._languages else ""
        draft.timezone = timezone if self._is_timezone(timezone) else draft.timezone
        await throttle(self._limiter, client, SIGN_UP_PER_ADDRESS, client.address)
        account = replace(draft, password_hash=await self._hasher.hash(password))
        async with self._new_uow() as uow:
            await self._use_invite(uow, invite)
            await uow.accounts.add(account)
            await uow.commit()
        return account

    async def check_name(self, client: Client, username: str, invite: str | None = None) -> str:
        """The spelling in which one could join as `username`. Raises what `sign_up` would raise about the name alone."""
        self._check_open(invite)
        name = canonical_username(username)
        await throttle(self._limiter, client, NAMES_PER_ADDRESS, client.address)
        async with self._new_uow() as uow:
            await self._use_invite(uow, invite)
            await uow.accounts.add(Account(UserId(self._ids.new()), name, "", self._clock.now()))
            # and leave without a commit
        return name

    async def invitation(self, code: str) -> Invitation:
        """What is told about an invitation to whoever has its code, which cannot be guessed. Raises InviteRequired."""
        async with self._new_uow() as uow:
            invite = await uow.invites.usable(code, self._clock.now())
            if invite is None:
                raise InviteRequired
            maker = await uow.accounts.find(invite.created_by) if invite.created_by else None
        if maker is None or not can_know(None, maker.id, active=maker.active, relationship=Relationship()):
            return Invitation(None)
        return Invitation(present_person(maker))

    def _check_open(self, invite: str | None) -> None:
        if self.sign_up_mode == "closed":
            raise SignUpClosed
        if self.sign_up_mode == "invite" and not invite:
            raise InviteRequired

    async def _use_invite(self, uow: UnitOfWork, invite: str | None) -> None:
        if self.sign_up_mode == "invite" and not await uow.invites.use(invite or "", self._clock.now()):
            raise InviteRequired

    async def add(
        self,
        username: str,
        password: str,
        *,
        email: str | None = None,
        display_name: str | None = None,
        role: Role = "member",
        by: Staff | None = None,
        source: UUID | None = None,
    ) -> Account:
        """A member made by whoever runs the server; no throttle, no invitation. Logged where somebody is named.

        `source` is the account of elsewhere that is going to be brought into it.
        """
        draft = self._draft(username, password, email, display_name, reserved_ok=role == "admin")
        account = replace(draft, role=role, password_hash=await self._hasher.hash(password))
        async with self._new_uow() as uow:
            await uow.accounts.add(account)
            if source is not None:
                await uow.exports.begin_import(account.id, source, self._clock.now())
            if by is not None:
                await self._log(uow, by, account)
            await uow.commit()
        return account

    async def check(self, username: str, *, email: str | None, display_name: str | None, role: Role) -> None:
        """Whether `add` would take everything but the password. Raises Invalid, UsernameTaken, EmailTaken."""
        password = self._ids.secret()
        draft = self._draft(username, password, email, display_name, reserved_ok=role == "admin")
        async with self._new_uow() as uow:
            await uow.accounts.add(draft)  # and leave without a commit

    def setup_code(self) -> str:
        """The one-time code for the first administrator. The same in every process; useless once an account exists."""
        digest = hmac.digest(self._secret, b"first administrator", "sha256")
        return "-".join(digest.hex()[i : i + 4] for i in (0, 4, 8))

    async def needs_setup(self) -> bool:
        """Whether there is no administrator yet."""
        async with self._new_uow() as uow:
            return not await uow.accounts.has_admin()

    async def set_up(
        self, client: Client, code: str, username: str, password: str, place_name: str = DEFAULT_NAME
    ) -> Account:
        """The first administrator, and the name of the place. Raises Forbidden once there is one, Invalid."""
        await throttle(self._limiter, client, SETUP_TRIES, client.address)
        if not hmac.compare_digest(code.strip().lower().encode(), self.setup_code().encode()):
            raise Invalid.field(
                "#/code", "bad_code", msg("This is not the code that the server printed when it started.")
            )
        draft, called = self._first(username, password, place_name)
        account = replace(draft, role="admin", password_hash=await self._hasher.hash(password))
        async with self._new_uow() as uow:
            if await uow.accounts.has_admin(lock=True):
                raise Forbidden(msg("This server is already set up."))
            await uow.accounts.add(account)
            by = Staff(account.id, account.username, client.address)
            await self._log(uow, by, account)
            await uow.instance.put(Instance(called, first_steps=True))
            await uow.commit()
        return account

    def _first(self, username: str, password: str, place_name: str) -> tuple[Account, str]:
        """The first account and the name of its place, with everything at fault named at once."""
        faults: list[Invalid] = []
        called, draft = DEFAULT_NAME, None
        with _noting(faults):
            called = clean_name(place_name)
        with _noting(faults):
            draft = self._draft(username, password, None, None, reserved_ok=True)
        if faults or draft is None:
            raise _all_of(faults)
        return draft, called

    def _draft(
        self,
        username: str,
        password: str,
        email: str | None,
        display_name: str | None,
        *,
        reserved_ok: bool = False,
    ) -> Account:
        faults: list[Invalid] = []
        account = Account(UserId(self._ids.new()), "", "", self._clock.now())
        with _noting(faults):
            account.username = canonical_username(username, reserved_ok=reserved_ok)
        with _noting(faults):
            account.email = clean_email(email or "")
        with _noting(faults):
            account.rename(display_name or "")
        with _noting(faults):
            check_password(password, self._common_passwords, username, display_name or "", email or "")
        if faults:
            raise _all_of(faults)
        return account

    async def _log(self, uow: UnitOfWork, by: Staff, account: Account) -> None:
        now, whose = self._clock.now(), f"@{account.username}"
        await audit(uow, self._ids.new(), now, by, "user.add", whose, account.role)


@contextmanager
def _noting(faults: list[Invalid]) -> Iterator[None]:
    """What is refused in the block joins `faults`, so that people are told everything at once."""
    try:
        yield
    except Invalid as error:
        faults.append(error)


def _all_of(faults: Sequence[Invalid]) -> Invalid:
    return Invalid(problems=tuple(problem for fault in faults for problem in fault.problems))
