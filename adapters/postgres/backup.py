"""Implements application.backups.Dumps with PostgreSQL's own programs.

They come from the wheel for an embedded server, and from PATH for an outside one, whose version they should have. An
embedded server is reached through its socket as its own role, which works from every user that may open the folder.
"""

import asyncio
import os
import shutil
import urllib.parse
from collections.abc import Iterable
from pathlib import Path

import asyncpg
from tortoise.transactions import in_transaction

from adapters.postgres.embedded import Address, EmbeddedUnavailable, binaries
from adapters.postgres.engine import CONNECTION, acquire
from adapters.postgres.operations_reads import PostgresOperationsReads
from application.backups import BackupFailed, DamagedArchive, Snapshot

# Who could come in then should not be able to after a restore, and answers to requests of then are of no use. Archives
# of people's data hold once more what the backup holds already; whoever wants one asks for it again.
LEFT_OUT = ("sessions", "password_resets", "idempotency", "exports")
_RESTORE = ("--no-owner", "--no-privileges")


class PostgresDumps:
    """One database. Needs an open pool without time limits for everything but `check`, which also needs no place."""

    def __init__(self, place: Address | str | None = None) -> None:
        self._place = place
        self._reads = PostgresOperationsReads()

    async def take(self, file: Path) -> Snapshot:
        async with in_transaction(CONNECTION) as client:
            connection: asyncpg.Connection = client._connection
            await connection.execute(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
                "SET LOCAL idle_in_transaction_session_timeout = 0"
            )
            name = await connection.fetchval("SELECT pg_export_snapshot()")
            snapshot = Snapshot(
                await _counts(connection),
                await self.keys(),
                await connection.fetchval("SHOW server_version"),
            )
            left_out = (f"--exclude-table-data=public.{table}" for table in LEFT_OUT)
            await self._run(
                "pg_dump", "--format=custom", f"--snapshot={name}", *left_out, f"--file={file}", self._url()
            )
        return snapshot

    async def put_back(self, file: Path) -> None:
        script, first = file.with_suffix(".sql"), file.with_suffix(".first.sql")
        await self._run("pg_restore", *_RESTORE, f"--file={script}", str(file))
        async with acquire() as connection:
            first.write_text(_drop(await _tables(connection), await _functions(connection)), "utf-8")
        # One transaction: whoever is interrupted keeps what there was.
        await self._run(
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            f"--file={first}",
            f"--file={script}",
            f"--dbname={self._url()}",
        )

    async def check(self, file: Path) -> None:
        try:
            await self._run("pg_restore", "--list", str(file))
        except BackupFailed as error:
            raise DamagedArchive(str(error)) from None

    async def counts(self) -> dict[str, int]:
        async with acquire() as connection:
            return await _counts(connection)

    async def keys(self) -> frozenset[str]:
        async with acquire() as connection:
            if "files" not in await _tables(connection):
                return frozenset()
        return frozenset(key for key in await self._reads.media_keys() if not key.startswith("exports/"))

    async def empty(self) -> None:
        """Remove every row but the record of migrations."""
        async with acquire() as connection:
            tables = [table for table in await _tables(connection) if table != "tortoise_migrations"]
            await connection.execute(f"TRUNCATE {_listed(tables)}")

    async def has_people(self) -> bool:
        """Whether somebody has been here: an account, or tables that are not ours."""
        async with acquire() as connection:
            tables = await _tables(connection)
            if "users" not in tables:
                return bool(tables)
            return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM users)"))

    def _url(self) -> str:
        return self._place.url() if isinstance(self._place, Address) else _without_password(self._place or "")

    async def _run(self, program: str, *arguments: str) -> None:
        process = await asyncio.create_subprocess_exec(
            self._program(program),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment(),
        )
        try:
            _, said = await process.communicate()
        except BaseException:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            reason = said.decode(errors="replace").strip().splitlines() or [
                f"ended with {process.returncode}"
            ]
            raise BackupFailed(f"{program}: {' '.join(reason[:4])}")

    def _program(self, name: str) -> str:
        """Of an outside server's version if it is there, else the wheel's, which reads every older dump."""
        outside = shutil.which(name)
        if outside and isinstance(self._place, str):
            return outside
        try:
            return str(binaries() / name)
        except EmbeddedUnavailable:
            if outside:
                return outside
            raise BackupFailed(
                f"{name} is needed and is not there. Install PostgreSQL's client programs of the server's version."
            ) from None

    def _environment(self) -> dict[str, str]:
        """The password goes here and not into the arguments, which everybody on the machine can read."""
        environment = {**os.environ, "PGCONNECT_TIMEOUT": "10"}
        if isinstance(self._place, str) and (password := urllib.parse.urlsplit(self._place).password):
            environment["PGPASSWORD"] = urllib.parse.unquote(password)
        return environment


def _without_password(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    user, _, _ = parts.netloc.rpartition("@")[0].partition(":")
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{user}@{host}" if user else host).geturl()


async def _tables(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    )
    return [row["tablename"] for row in rows]


async def _functions(connection: asyncpg.Connection) -> list[str]:
    """Our own ones, with the types of their parameters; not those that an extension brought."""
    rows = await connection.fetch(
        "SELECT oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
        "AND pg_get_userbyid(proowner) = current_user AND NOT EXISTS (SELECT FROM pg_depend WHERE "
        "classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')"
    )
    return [row["name"] for row in rows]


async def _counts(connection: asyncpg.Connection) -> dict[str, int]:
    tables = [table for table in await _tables(connection) if table not in LEFT_OUT]
    counts = {}
    for table in tables:
        counts[table] = await connection.fetchval(f'SELECT count(*) FROM public."{table}"')
    return counts


def _listed(tables: Iterable[str]) -> str:
    return ", ".join(f'public."{table}"' for table in tables)


def _drop(tables: list[str], functions: list[str]) -> str:
    lines = [f"DROP TABLE {_listed(tables)} CASCADE;"] if tables else []
    lines += [f"DROP FUNCTION {name} CASCADE;" for name in functions]
    return "\n".join(lines) + "\n"
