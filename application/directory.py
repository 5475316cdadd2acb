"""All accounts, for whoever runs the server. Nothing here asks who looks: it is never reachable by people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from application.access import account_of
from application.paging import Cursors, Key, Slice
from application.views import Page
from domain.kernel import NotFound, UserId
from domain.ports import UnitOfWorks
from domain.users import AccountState, Role


@dataclass(frozen=True, slots=True)
class Entry:
    """An account as its operator sees it. `stored_bytes` are of originals; `seen_at` is of the last live session.

    `erase_at` is when an account is erased whose owner has left for good.
    """

    id: UserId
    username: str
    display_name: str
    email: str | None
    role: Role
    state: AccountState
    private: bool
    posts: int
    followers: int
    following: int
    stored_bytes: int
    created_at: datetime
    seen_at: datetime | None
    erase_at: datetime | None


class DirectoryReads(Protocol):
    """The query behind it."""

    async def entries(self, user_id: UserId | None, role: Role | None, limit: int) -> list[Entry]:
        """Accounts that are not deleted, oldest first; all of them, or the one with this id, or those with this role."""
        ...

    async def search(
        self, text: str, role: Role | None, state: AccountState | None, part: Slice
    ) -> list[Entry]:
        """Accounts that are not deleted, newest first, with `text` in user name, name or e-mail address."""
        ...


class Directory:
    """Looks accounts up."""

    def __init__(self, new_uow: UnitOfWorks, reads: DirectoryReads, cursors: Cursors) -> None:
        self._new_uow = new_uow
        self._reads = reads
        self._cursors = cursors

    async def all(self, *, role: Role | None = None, limit: int = 10_000) -> list[Entry]:
        """Accounts that are not deleted, oldest first."""
        return await self._reads.entries(None, role, limit)

    async def search(
        self, text: str, role: Role | None, state: AccountState | None, limit: int, cursor: str | None
    ) -> Page[Entry]:
        """Accounts that are not deleted, newest first. Raises BadCursor."""
        scope = f"directory:{text}:{role}:{state}"
        part = self._cursors.slice(scope, limit, cursor)
        rows = await self._reads.search(text.strip(), role, state, part.one_more)
        return self._cursors.cut(scope, part, rows, lambda entry: Key(entry.id))

    async def get(self, login: str) -> Entry:
        """One account by its user name, in any case and with or without @, or its e-mail address. Raises NotFound."""
        async with self._new_uow() as uow:
            account = await account_of(uow, login)
        found = await self._reads.entries(account.id, None, 1)
        if not found:
            raise NotFound
        return found[0]
