"""Upgrading the schema: once, in order, completely or not at all."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from tortoise.config import TortoiseConfig

from adapters.postgres.embedded import Address, EmbeddedPostgres
from adapters.postgres.engine import APP, orm_config
from adapters.postgres.migrate import (
    OneWay,
    SchemaTooNew,
    Versions,
    downgrade,
    find,
    pending,
    upgrade,
    versions,
)
from domain.kernel import Unavailable

ROOT = Path(__file__).parents[2]
STEP = """
from tortoise import migrations
from tortoise.migrations.operations import RunSQL

class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = {links!r}
    operations = [RunSQL({sql!r}, reverse_sql={back!r})]
"""
UPGRADE = """
import asyncio, sys
from adapters.postgres.engine import orm_config
from adapters.postgres.migrate import upgrade
config = orm_config(sys.argv[1], migrations=sys.argv[2], models="tests.adapters.no_tables")
print(",".join(asyncio.run(upgrade(config, progress=lambda name: print("begin", name, flush=True)))))
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("migrate"), durable=False) as address:
        yield address


@pytest.fixture
async def database(address: Address, request: pytest.FixtureRequest) -> AsyncIterator[Address]:
    """An empty database per test."""
    name = f"d{abs(hash(request.node.name))}"
    connection = await asyncpg.connect(**address.connect_arguments())
    await connection.execute(f"CREATE DATABASE {name}")
    yield replace(address, database=name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


class Steps:
    """A package of migrations that grows."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder / name, name
        self.folder.mkdir()
        (self.folder / "__init__.py").touch()

    def add(self, name: str, sql: str, *, atomic: bool = True, back: str | None = None) -> None:
        before = max((file.stem for file in self.folder.glob("0*.py") if file.stem < name), default=None)
        links = [(APP, before)] if before else []
        step = STEP.format(sql=sql, atomic=atomic, back=back, links=links)
        (self.folder / f"{name}.py").write_text(step)

    def remove(self, name: str) -> None:
        (self.folder / f"{name}.py").unlink()


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Steps:
    monkeypatch.syspath_prepend(tmp_path)
    return Steps(tmp_path, f"steps_{abs(hash(request.node.name))}")


@pytest.fixture
def config(database: Address, steps: Steps) -> TortoiseConfig:
    return orm_config(database, migrations=steps.name, models="tests.adapters.no_tables")


async def ask(database: Address, sql: str) -> object:
    connection = await asyncpg.connect(**database.connect_arguments())
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_pending_steps_are_applied_in_order_and_once(config: TortoiseConfig, steps: Steps) -> None:
    steps.add("0001_a", "CREATE TABLE a (id int)")
    steps.add("0002_b", "INSERT INTO a VALUES (1)")
    assert await versions(config) == Versions(None, "0002_b")
    assert await pending(config) == ["0001_a", "0002_b"]
    seen: list[str] = []
    assert await upgrade(config, progress=seen.append) == seen == ["0001_a", "0002_b"]
    assert await upgrade(config) == await pending(config) == []
    steps.add("0003_c", "INSERT INTO a VALUES (2)")
    assert await pending(config) == ["0003_c"]
    assert await upgrade(config) == ["0003_c"]
    assert await versions(config) == Versions("0003_c", "0003_c")


async def test_it_goes_to_a_step_forth_and_back(
    config: TortoiseConfig, steps: Steps, database: Address
) -> None:
    steps.add("0001_a", "CREATE TABLE a (id int)")
    steps.add("0002_b", "CREATE TABLE b (id int)", back="DROP TABLE b")
    steps.add(
        "0003_c", "CREATE INDEX CONCURRENTLY c ON a (id)", atomic=False, back="DROP INDEX CONCURRENTLY c"
    )
    assert [find(config, name) for name in ("0002", "0003_c", "000", "0004")] == [
        "0002_b",
        "0003_c",
        None,
        None,
    ]
    assert await upgrade(config, to="0002_b") == ["0001_a", "0002_b"]
    assert await upgrade(config) == ["0003_c"]
    seen: list[str] = []
    assert await downgrade(config, "0001_a", progress=seen.append) == seen == ["0003_c", "0002_b"]
    assert await ask(database, "SELECT to_regclass('b') IS NULL AND to_regclass('c') IS NULL")
    assert await versions(config) == Versions("0001_a", "0003_c")
    assert await downgrade(config, "0001_a") == []
    steps.add("0004_d", "CREATE TABLE d (id int)")
    assert await upgrade(config) == ["0002_b", "0003_c", "0004_d"]
    with pytest.raises(OneWay, match="0004_d"):
        await downgrade(config, "0002_b")
    assert await pending(config) == []


async def test_asking_changes_nothing(config: TortoiseConfig, steps: Steps, database: Address) -> None:
    steps.add("0001_a", "CREATE TABLE a (id int)")
    await pending(config)
    await versions(config)
    assert await ask(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


@pytest.mark.goal("U3")
async def test_a_failing_step_leaves_nothing_of_the_ones_before(
    config: TortoiseConfig, steps: Steps, database: Address
) -> None:
    steps.add("0001_a", "CREATE TABLE a (id int)")
    steps.add("0002_b", "CREATE TABLE a (id int)")
    with pytest.raises(Exception, match="already exists"):
        await upgrade(config)
    assert await ask(database, "SELECT to_regclass('a')") is None
    steps.remove("0002_b")
    assert await upgrade(config) == ["0001_a"]


@pytest.mark.goal("U3")
async def test_of_two_processes_one_upgrades_and_the_other_finds_it_done(
    steps: Steps, database: Address
) -> None:
    steps.add("0001_a", "CREATE TABLE a (id int); INSERT INTO a VALUES (1); SELECT pg_sleep(0.4)")
    steps.add("0002_b", "CREATE INDEX CONCURRENTLY IF NOT EXISTS a_id ON a (id)", atomic=False)
    steps.add("0003_c", "INSERT INTO a VALUES (2)")
    processes = [start_upgrade(database, steps) for _ in range(3)]
    outputs = [(await asyncio.to_thread(process.communicate, timeout=20))[0] for process in processes]
    assert sorted(output.splitlines()[-1] for output in outputs) == ["", "", "0001_a,0002_b,0003_c"]
    assert await ask(database, "SELECT array_agg(id ORDER BY id) FROM a") == [1, 2]


@pytest.mark.goal("U3")
async def test_killed_in_the_middle_nothing_is_left_and_the_next_one_finishes(
    config: TortoiseConfig, steps: Steps, database: Address
) -> None:
    steps.add("0001_a", "CREATE TABLE a (id int)")
    steps.add("0002_b", "SELECT pg_sleep(1)")
    process = start_upgrade(database, steps)
    assert process.stdout is not None
    while "0002_b" not in await asyncio.to_thread(process.stdout.readline):
        assert process.poll() is None
    await asyncio.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert await upgrade(config) == ["0001_a", "0002_b"]


def start_upgrade(database: Address, steps: Steps) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{steps.folder.parent}"}
    command = [sys.executable, "-c", UPGRADE, database.url(), steps.name]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.goal("U3")
async def test_a_busy_table_is_waited_for_in_small_portions(
    config: TortoiseConfig, steps: Steps, database: Address
) -> None:
    steps.add("0001_a", "CREATE TABLE a (id int)")
    await upgrade(config)
    steps.add("0002_b", "ALTER TABLE a ADD COLUMN more int")
    reader = await asyncpg.connect(**database.connect_arguments())
    block = reader.transaction()
    await block.start()
    await reader.execute("SELECT * FROM a")
    upgrading = asyncio.create_task(upgrade(config))
    await asyncio.sleep(2.5)
    started = time.monotonic()
    # Between two attempts others get through; without the limit this would wait behind the upgrade.
    async with asyncio.timeout(2.5):
        await ask(database, "SELECT count(*) FROM a")
    assert time.monotonic() - started < 2.5
    await block.commit()
    await reader.close()
    assert await upgrading == ["0002_b"]


async def test_a_newer_database_is_refused(config: TortoiseConfig, steps: Steps) -> None:
    steps.add("0001_a", "CREATE TABLE a (id int)")
    steps.add("0002_b", "CREATE TABLE b (id int)")
    await upgrade(config)
    steps.remove("0002_b")
    for attempt in (upgrade(config), pending(config)):
        with pytest.raises(SchemaTooNew, match="0002_b"):
            await attempt
    assert await versions(config) == Versions("0002_b", "0001_a")


async def test_without_a_database_it_is_unavailable(tmp_path: Path, steps: Steps) -> None:
    steps.add("0001_a", "CREATE TABLE a (id int)")
    nowhere = orm_config(
        f"postgresql://x@/x?host={tmp_path}", migrations=steps.name, models="tests.adapters.no_tables"
    )
    for attempt in (upgrade(nowhere), pending(nowhere), versions(nowhere)):
        with pytest.raises(Unavailable):
            await attempt
