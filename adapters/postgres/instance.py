"""The one row about the place."""

import asyncpg

from domain.instance import Instance, Progress


class PostgresInstances:
    """Implements domain.instance.Instances."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def find(self, *, lock: bool = False) -> Instance | None:
        row = await self._c.fetchrow(
            f"SELECT name, first_steps FROM place_itself{' FOR NO KEY UPDATE' if lock else ''}"
        )
        return Instance(row["name"], row["first_steps"]) if row else None

    async def put(self, instance: Instance) -> None:
        await self._c.execute(
            "INSERT INTO place_itself (name, first_steps) VALUES ($1, $2) "
            "ON CONFLICT (one) DO UPDATE SET name = excluded.name, first_steps = excluded.first_steps",
            instance.name,
            instance.first_steps,
        )

    async def progress(self) -> Progress:
        row = await self._c.fetchrow(_PROGRESS)
        return Progress(row["invited"], row["backed_up"])


_PROGRESS = """
SELECT EXISTS (SELECT FROM invites) OR (SELECT count(*) FROM (SELECT FROM users LIMIT 2) few) = 2 AS invited,
  EXISTS (SELECT FROM audit WHERE action = 'backup.create') AS backed_up
"""
