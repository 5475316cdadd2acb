"""Hiding one's account, leaving for good, coming back; and deletion by those who run the server."""

from application.access import (
    Client,
    account_of,
    audit,
    confirm,
    keep_an_admin,
    unchanged,
    wrong_password,
)
from application.exporting import discard
from domain.kernel import NotFound, UserId
from domain.moderation import COMMAND_LINE, Staff
from domain.ports import Clock, Ids, PasswordHasher, RateLimiter, UnitOfWork, UnitOfWorks
from domain.sessions import Identity
from domain.users import Account, AccountDeleted

LET_GO_AT_ONCE = 20


class Leaving:
    """What ends an account, for a while or for ever."""

    def __init__(
        self, new_uow: UnitOfWorks, clock: Clock, ids: Ids, hasher: PasswordHasher, limiter: RateLimiter
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._hasher = hasher
        self._limiter = limiter

    async def leave(self, identity: Identity, client: Client, password: str, *, for_good: bool) -> Account:
        """Hide one's account from everybody at once and sign out everywhere, until its owner comes back.

        `for_good`, everything of it is erased when the time to come back is over. Raises Invalid for a wrong password,
        LastAdmin, TooMany.
        """
        user = identity.user_id
        confirmed = await confirm(self._new_uow, self._hasher, self._limiter, client, user, password)
        async with self._new_uow() as uow:
            await keep_an_admin(uow, user)
            account = await unchanged(uow, confirmed)
            if account is None:
                raise wrong_password("#/password")
            account.go_away(self._clock.now(), for_good=for_good)
            await uow.accounts.save(account)
            await _close(uow, user)
            await uow.commit()
        return account

    async def let_go(self) -> int:
        """Delete accounts whose time to come back is over; how many. Called on a timer."""
        async with self._new_uow() as uow:
            leaving = await uow.accounts.leaving(self._clock.now(), LET_GO_AT_ONCE)
            for account in leaving:
                await _delete(uow, account)
            if leaving:
                await uow.commit()
        return len(leaving)

    # For whoever runs the server

    async def delete_account(self, user: UserId, by: Staff | None = None) -> None:
        """Delete at once and for good; logged where somebody is named. Raises LastAdmin, NotFound."""
        async with self._new_uow() as uow:
            await keep_an_admin(uow, user)
            account = await uow.accounts.find(user, lock=True)
            if account is None or account.state == "deleted":
                raise NotFound
            await _delete(uow, account)
            if by is not None:
                now = self._clock.now()
                await audit(uow, self._ids.new(), now, by, "user.delete", f"@{account.username}")
            await uow.commit()

    async def delete_by_name(self, username: str) -> None:
        """Raises NotFound, LastAdmin."""
        async with self._new_uow() as uow:
            account = await account_of(uow, username)
        await self.delete_account(account.id, by=COMMAND_LINE)


async def _delete(uow: UnitOfWork, account: Account) -> None:
    """From now on only its name is left to everybody; what lies behind is erased by a job."""
    # What nobody could see when it went is not told about later.
    account.private = account.private or not account.active
    account.state, account.away_since, account.erase_at = "deleted", None, None
    await uow.accounts.save(account)
    await _close(uow, account.id)
    uow.record(AccountDeleted(user_id=account.id))


async def _close(uow: UnitOfWork, user: UserId) -> None:
    """End every way in, and remove the archives that were made for who has none any more."""
    await uow.sessions.end_all(user)
    await uow.tokens.revoke_all(user)
    await discard(uow, await uow.exports.of_user(user))
