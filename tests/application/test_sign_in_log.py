"""Everybody can look through who came in with their password and who tried; nothing more of anybody is kept."""

from contextlib import suppress

import asyncpg
import pytest

from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.access import Client
from application.paging import BadCursor
from application.program import Application
from domain.kernel import TooMany, Unavailable
from domain.sessions import BadCredentials
from domain.sign_ins import Device
from tests.builders import Someone, a_person
from tests.conftest import PASSWORD

FIREFOX = Client("203.0.113.7", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
PHONE = Client(
    "203.0.113.8", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Safari/604.1"
)
SCRIPT = Client("203.0.113.9", "curl/8.12.1")


@pytest.fixture
async def mira(program: Application) -> Someone:
    return await a_person(program, "mira")


async def fail(program: Application, client: Client, login: str = "mira") -> None:
    with pytest.raises(BadCredentials):
        await program.signing_in.sign_in(client, login, "another one entirely")


async def log(program: Application, who: Someone) -> list[tuple[str, str, str, int]]:
    page = await program.sign_in_log.page(who.id, 100, None)
    return [(each.outcome, each.device.browser, each.device.system, each.tries) for each in page.items]


async def test_who_came_in_and_who_tried_stands_in_the_log(
    program: Application, sql: asyncpg.Connection, mira: Someone
) -> None:
    await program.signing_in.sign_in(FIREFOX, "mira", PASSWORD)
    await fail(program, PHONE)
    await program.sign_in_log.write_down()
    await fail(program, PHONE)
    await fail(program, PHONE)
    await program.signing_in.create_token(SCRIPT, "mira", PASSWORD)
    assert await log(program, mira) == [
        ("token", "curl", "", 1),
        ("failed", "Safari", "iPhone", 3),
        ("session", "Firefox", "Linux", 1),
    ]
    kept = {str(value) for row in await sql.fetch("SELECT * FROM sign_ins") for value in row.values()}
    assert not [value for value in kept if "203.0" in value or "Mozilla" in value]


async def test_tries_that_do_not_follow_each_other_are_told_apart(
    program: Application, sql: asyncpg.Connection, mira: Someone
) -> None:
    await fail(program, PHONE)
    await fail(program, FIREFOX)
    await program.sign_in_log.write_down()
    await sql.execute("UPDATE sign_ins SET at = at - interval '61 minutes' WHERE browser = 'Safari'")
    await fail(program, PHONE)
    assert sorted(await log(program, mira)) == [
        ("failed", "Firefox", "Linux", 1),
        ("failed", "Safari", "iPhone", 1),
        ("failed", "Safari", "iPhone", 1),
    ]


@pytest.mark.goal("A5")
async def test_a_failed_try_writes_nothing_at_once_whether_or_not_there_is_an_account(
    program: Application, sql: asyncpg.Connection, mira: Someone
) -> None:
    await fail(program, FIREFOX)
    await fail(program, FIREFOX, "nobody")
    assert await sql.fetchval("SELECT count(*) FROM sign_ins") == 0
    assert len(await log(program, mira)) == 1
    assert await sql.fetchval("SELECT count(*) FROM sign_ins") == 1


async def test_tries_that_could_not_be_stored_are_stored_later(
    program: Application, mira: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: PostgresUnitOfWork) -> None:
        raise Unavailable("the database went away")

    await fail(program, FIREFOX)
    with monkeypatch.context() as bent:
        bent.setattr(PostgresUnitOfWork, "commit", away)
        with pytest.raises(Unavailable):
            await program.sign_in_log.write_down()
    await fail(program, FIREFOX)
    assert await log(program, mira) == [("failed", "Firefox", "Linux", 2)]


async def test_guessing_on_when_it_is_in_vain_leaves_no_more(program: Application, mira: Someone) -> None:
    for number in range(30):
        with suppress(TooMany):
            await fail(program, Client(f"203.0.113.{number}"))
    assert await log(program, mira) == [("failed", "", "", 25)]


async def test_the_log_is_walked_and_forgotten(
    program: Application, sql: asyncpg.Connection, mira: Someone
) -> None:
    for days in (1, 30, 89, 91):
        await program.signing_in.sign_in(FIREFOX, "mira", PASSWORD)
        await sql.execute(
            "UPDATE sign_ins SET at = now() - make_interval(days => $1) WHERE at > now() - interval '1 hour'",
            days,
        )
    await program.housekeeping.forget()
    assert len(await log(program, mira)) == 3
    walked, cursor = [], None
    while True:
        page = await program.sign_in_log.page(mira.id, 1, cursor)
        walked += [each.at for each in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert walked == sorted(walked, reverse=True)
    assert len(walked) == 3
    last = await program.sign_in_log.page(mira.id, 1, page.prev)
    assert [each.at for each in last.items] == [walked[1]]
    other = await a_person(program)
    assert await log(program, other) == []
    with pytest.raises(BadCursor):
        await program.sign_in_log.page(other.id, 1, page.prev)


@pytest.mark.goal("P2")
async def test_the_log_goes_with_the_account(
    program: Application, sql: asyncpg.Connection, mira: Someone
) -> None:
    await a_person(program, role="admin")
    await program.signing_in.sign_in(FIREFOX, "mira", PASSWORD)
    await fail(program, FIREFOX)
    await program.leaving.delete_account(mira.id)
    await program.runner.drain()
    await program.sign_in_log.write_down()
    assert await sql.fetchval("SELECT count(*) FROM sign_ins") == 0


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ("", Device()),
        ("Mozilla/5.0 (something new)", Device()),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", Device("Edge", "Windows")),
        ("HelioBot-with-a-very-long-name/1.0 (x)", Device("HelioBot-with-a-very")),
        ("<script>", Device()),
    ],
)
def test_of_a_device_its_kind_is_kept(says: str, kind: Device) -> None:
    assert Device.of(says) == kind
