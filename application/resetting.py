"""A new password for somebody who forgot theirs. Without mail, administrators pass on a link that works once."""

from dataclasses import dataclass
from datetime import datetime

from application.access import Client, account_of, audit, throttle
from application.signing_in import secret_hash
from domain.kernel import DomainError, UserId, msg
from domain.moderation import Staff
from domain.ports import Clock, Ids, PasswordHasher, Rate, RateLimiter, UnitOfWork, UnitOfWorks
from domain.sessions import RESET_LIFE, PasswordReset
from domain.users import Account, check_password

RESETS_PER_ADDRESS = Rate("reset", 20, 900)


class LinkExpired(DomainError):
    """Unknown, used, too old, replaced by a newer one, or of an account that is gone: all look the same."""

    code = "link_expired"
    message = msg("This link does not work any more.")


@dataclass(frozen=True, slots=True)
class ResetLink:
    """Where a new password can be chosen, once. The address is the secret and is never shown again."""

    username: str
    path: str
    expires_at: datetime


class Resetting:
    """Makes links to a new password, and takes the password."""

    def __init__(
        self,
        new_uow: UnitOfWorks,
        clock: Clock,
        ids: Ids,
        hasher: PasswordHasher,
        limiter: RateLimiter,
        common_passwords: frozenset[str],
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._hasher = hasher
        self._limiter = limiter
        self._common_passwords = common_passwords

    async def make_link(self, login: str, by: Staff) -> ResetLink:
        """A link for an account, in place of an earlier one; logged. Raises NotFound."""
        now, secret = self._clock.now(), self._ids.secret()
        async with self._new_uow() as uow:
            account = await account_of(uow, login)
            reset = PasswordReset(account.id, secret_hash(secret), by.username, now, now + RESET_LIFE)
            await uow.resets.put(reset)
            await audit(uow, self._ids.new(), now, by, "user.reset", f"@{account.username}")
            await uow.commit()
        return ResetLink(account.username, f"/reset/{secret}", reset.expires_at)

    async def whose(self, client: Client, secret: str) -> str:
        """The user name of whom the link is for. Raises LinkExpired, TooMany."""
        await throttle(self._limiter, client, RESETS_PER_ADDRESS, client.address)
        async with self._new_uow() as uow:
            _reset, account = await self._find(uow, secret)
        return account.username

    async def reset(self, client: Client, secret: str, password: str) -> UserId:
        """Set the password that is asked for, end every session and token; whose it was.

        Raises LinkExpired, Invalid (the link stays good) and TooMany.
        """
        await throttle(self._limiter, client, RESETS_PER_ADDRESS, client.address)
        async with self._new_uow() as uow:
            _reset, account = await self._find(uow, secret)
        check_password(
            password, self._common_passwords, account.username, account.display_name, account.email or ""
        )
        phc = await self._hasher.hash(password)
        async with self._new_uow() as uow:
            # The account before the link, in the order of everybody who changes a password.
            await uow.accounts.find(account.id, lock=True)
            reset, account = await self._find(uow, secret)
            account.password_hash = phc
            await uow.accounts.save(account)
            await uow.resets.drop(account.id)
            await uow.sessions.end_all(account.id)
            await uow.tokens.revoke_all(account.id)
            by = Staff(account.id, account.username, client.address)
            whose = f"@{account.username}"
            await audit(uow, self._ids.new(), self._clock.now(), by, "user.password", whose, reset.told())
            await uow.commit()
        return account.id

    async def _find(self, uow: UnitOfWork, secret: str) -> tuple[PasswordReset, Account]:
        reset = await uow.resets.find(secret_hash(secret))
        account = await uow.accounts.find(reset.user_id) if reset else None
        if reset is None or account is None or not account.active or not reset.is_live(self._clock.now()):
            raise LinkExpired
        return reset, account
