"""Who signed in to an account and who tried, for its owner to look through."""

from datetime import datetime
from typing import Protocol

from application.access import Client
from application.paging import Cursors, Key, Slice, rank_of
from application.views import Page
from domain.kernel import UserId
from domain.ports import Clock, Ids, UnitOfWork, UnitOfWorks
from domain.sign_ins import Device, Outcome, SignIn


class SignInReads(Protocol):
    """The query behind the log."""

    async def of_user(self, user: UserId, part: Slice) -> list[SignIn]:
        """One's own, last first; a key's rank is `rank_of` the moment."""
        ...


class SignInLog:
    """Writes down what belongs there, and shows it.

    Failed tries are kept in memory and written on a timer: a write at once would take time that tells whether the
    account exists.
    """

    def __init__(
        self, new_uow: UnitOfWorks, clock: Clock, ids: Ids, reads: SignInReads, cursors: Cursors
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._reads = reads
        self._cursors = cursors
        self._failed: dict[tuple[UserId, Device], tuple[int, datetime]] = {}

    async def add(self, uow: UnitOfWork, user: UserId, outcome: Outcome, client: Client) -> None:
        """Note a sign-in in the unit that opens the door."""
        await uow.sign_ins.add(
            SignIn(self._ids.new(), user, self._clock.now(), outcome, Device.of(client.user_agent))
        )

    def add_failed(self, user: UserId, client: Client) -> None:
        """Note a try with a wrong password."""
        key = user, Device.of(client.user_agent)
        self._failed[key] = self._failed.get(key, (0, None))[0] + 1, self._clock.now()

    async def write_down(self) -> None:
        """Store the failed tries of lately. Called on a timer."""
        failed, self._failed = self._failed, {}
        if not failed:
            return
        try:
            async with self._new_uow() as uow:
                for (user, device), (tries, at) in failed.items():
                    await uow.sign_ins.add(SignIn(self._ids.new(), user, at, "failed", device, tries))
                await uow.commit()
        except Exception:
            # They are stored the next time, with those that came meanwhile.
            for key, (tries, at) in failed.items():
                more, latest = self._failed.get(key, (0, at))
                self._failed[key] = tries + more, latest
            raise

    async def page(self, user: UserId, limit: int, cursor: str | None) -> Page[SignIn]:
        """One's own log, last first. Raises BadCursor."""
        await self.write_down()
        scope = f"sign-ins:{user}"
        part = self._cursors.slice(scope, limit, cursor)
        rows = await self._reads.of_user(user, part.one_more)
        return self._cursors.cut(scope, part, rows, lambda each: Key(each.id, rank_of(each.at)))
