"""Accounts and their names: row ↔ entity."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
from tortoise.exceptions import IntegrityError

from adapters.postgres.erasing import erase
from adapters.postgres.relations import not_blocked
from adapters.postgres.tables import UserRow
from domain.kernel import Conflict, UserId
from domain.text import fold, is_storable
from domain.users import Account, EmailTaken, UsernameTaken, canonical_email

_COLUMNS = (
    "id username password_hash created_at email display_name bio link place language private role state avatar_key "
    "show_camera downloads timezone text_size motion single_keys alt_reminder "
    "away_since erase_at posts_everyone posts_followers posts_only_me followers following"
).split()
_COUNTERS = {"posts_everyone", "posts_followers", "posts_only_me", "followers", "following"}


def read_account(row: Any) -> Account:
    """An account from a row, mapping or ORM object, that has its columns."""
    get = row.__getitem__ if hasattr(row, "keys") else row.__getattribute__
    return Account(**{name: get(name) for name in _COLUMNS})


def _columns(account: Account) -> dict[str, Any]:
    values = {name: getattr(account, name) for name in _COLUMNS if name not in _COUNTERS}
    return values | {"email_canonical": canonical_email(account.email) if account.email else None}


_TAKEN: dict[str, type[Conflict]] = {"users_username_key": UsernameTaken, "users_email_key": EmailTaken}


def _taken(error: IntegrityError) -> Conflict:
    cause = error.args[0] if error.args else None
    return _TAKEN.get(getattr(cause, "constraint_name", "") or "", Conflict)()


class PostgresAccounts:
    """Implements domain.users.Accounts."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def add(self, account: Account) -> None:
        try:
            await UserRow.create(**_columns(account), **dict.fromkeys(_COUNTERS, 0))
        except IntegrityError as error:
            raise _taken(error) from error
        await self._claim_name(account)

    async def find(self, user_id: UserId, *, lock: bool = False) -> Account | None:
        row = await self._c.fetchrow(
            f"SELECT {', '.join(_COLUMNS)} FROM users WHERE id = $1{' FOR NO KEY UPDATE' if lock else ''}",
            user_id,
        )
        return read_account(row) if row else None

    async def find_by_name(self, username: str) -> Account | None:
        if not is_storable(username):
            return None
        row = await UserRow.get_or_none(username=username, state="active")
        return read_account(row) if row else None

    async def known_names(self, viewer: UserId, names: Sequence[str]) -> tuple[str, ...]:
        if not names:
            return ()
        rows = await self._c.fetch(
            "SELECT a.username FROM unnest($2::text[]) WITH ORDINALITY AS named (name, n) "
            "JOIN users a ON a.username = named.name "
            f"WHERE a.state = 'active' AND {not_blocked('$1', 'a.id')} ORDER BY n",
            viewer,
            list(names),
        )
        return tuple(row["username"] for row in rows)

    async def find_by_login(self, login: str) -> Account | None:
        name = fold(login.strip())
        if not is_storable(name):
            return None
        row = await self._c.fetchrow(
            f"SELECT {', '.join(_COLUMNS)} FROM users WHERE (username = $1 OR email_canonical = $1) AND state <> 'deleted'",
            name[:254],
        )
        return read_account(row) if row else None

    async def save(self, account: Account) -> None:
        values = _columns(account)
        before = await self._c.fetchval("SELECT username FROM users WHERE id = $1", account.id)
        try:
            await UserRow.filter(id=values.pop("id")).update(**values)
        except IntegrityError as error:
            raise _taken(error) from error
        if account.username != before:
            await self._claim_name(account)

    async def _claim_name(self, account: Account) -> None:
        # Answers with the row whoever made it, and waits for a claim that is being made.
        owner = await self._c.fetchval(
            "INSERT INTO usernames (username, user_id) VALUES ($1, $2) "
            "ON CONFLICT (username) DO UPDATE SET user_id = usernames.user_id RETURNING user_id",
            account.username,
            account.id,
        )
        if owner != account.id:
            raise UsernameTaken

    async def has_admin(self, *, lock: bool = False) -> bool:
        if lock:
            # A table lock, because the first administrator is made by whoever comes first, and there is no row to lock yet.
            await self._c.execute("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
        return bool(
            await self._c.fetchval(
                "SELECT EXISTS (SELECT FROM users WHERE role = 'admin' AND state <> 'deleted')"
            )
        )

    async def lock_admins(self) -> list[UserId]:
        rows = await self._c.fetch(
            "SELECT id FROM users WHERE role = 'admin' AND state = 'active' ORDER BY id FOR NO KEY UPDATE"
        )
        return [UserId(row["id"]) for row in rows]

    async def leaving(self, now: datetime, limit: int) -> list[Account]:
        rows = await self._c.fetch(
            f"SELECT {', '.join(_COLUMNS)} FROM users WHERE erase_at <= $1 AND state <> 'deleted' "
            "ORDER BY erase_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED",
            now,
            limit,
        )
        return [read_account(row) for row in rows]

    async def erase(self, user_id: UserId, limit: int) -> tuple[bool, list[str]]:
        return await erase(self._c, user_id, limit)
