"""The log of who signed in: row ↔ value, and the list of it."""

from uuid import UUID

import asyncpg

from adapters.postgres.engine import acquire
from application.paging import Key, Slice, moment_of
from domain.kernel import UserId
from domain.sign_ins import SAME_TRIES, Device, SignIn

_LAST = Key(UUID(int=2**128 - 1), 253_402_300_799_000_000)  # the end of the year 9999


class PostgresSignIns:
    """Implements domain.sign_ins.SignIns."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def add(self, sign_in: SignIn) -> None:
        device = sign_in.device
        values = sign_in.user_id, sign_in.at, sign_in.tries, device.browser, device.system
        if sign_in.outcome == "failed" and await self._c.fetchval(_MORE, *values, sign_in.at - SAME_TRIES):
            return
        await self._c.execute(_ADD, *values, sign_in.id, sign_in.outcome)


class PostgresSignInReads:
    """Implements application.sign_in_log.SignInReads."""

    async def of_user(self, user: UserId, part: Slice) -> list[SignIn]:
        beyond, order, key = (">", "ASC", part.after) if part.after else ("<", "DESC", part.before or _LAST)
        async with acquire() as connection:
            rows = await connection.fetch(
                f"SELECT * FROM sign_ins WHERE user_id = $1 AND (at, id) {beyond} ($2, $3) "
                f"ORDER BY at {order}, id {order} LIMIT {int(part.limit)}",
                user,
                moment_of(key.rank),
                key.id,
            )
        return [
            SignIn(
                row["id"],
                user,
                row["at"],
                row["outcome"],
                Device(row["browser"], row["system"]),
                row["tries"],
            )
            for row in rows
        ]


_MORE = """
UPDATE sign_ins SET tries = least(tries + $3, 1000000), at = greatest(at, $2) WHERE id = (
  SELECT id FROM sign_ins WHERE user_id = $1 AND outcome = 'failed' AND browser = $4 AND system = $5 AND at > $6
  ORDER BY at DESC LIMIT 1)
RETURNING id
"""
# Nothing is written about an account that is being erased.
_ADD = """
INSERT INTO sign_ins (id, user_id, at, outcome, tries, browser, system)
  SELECT $6, id, $2, $7, $3, $4, $5 FROM users WHERE id = $1 AND state <> 'deleted' FOR KEY SHARE
"""
