"""A name that somebody had is never somebody else's: what links to it and mentions it means its owner."""

import asyncio
from collections.abc import Awaitable
from random import Random
from typing import Any

import asyncpg
import pytest

from application.access import Client
from application.accounts import ProfileChange
from application.program import Application
from domain.users import UsernameTaken
from tests.builders import Someone, a_person
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.goal("C4"), pytest.mark.settings(database_pool=16)]

HERE = Client("127.0.0.1", "tests", True)


async def _rename(program: Application, who: Someone, name: str) -> None:
    await program.accounts.change_profile(who.id, ProfileChange(username=name))


async def _name_of(program: Application, who: Someone) -> str:
    return (await program.people.me(who.id)).username


async def test_a_name_of_before_is_its_owners_alone(program: Application) -> None:
    mira, noor = await a_person(program, "mira"), await a_person(program, "noor")
    await _rename(program, mira, "mira.r")
    with pytest.raises(UsernameTaken):
        await program.joining.sign_up(HERE, "Mira", PASSWORD)
    with pytest.raises(UsernameTaken):
        await program.accounts.change_profile(noor.id, ProfileChange(username="mira", bio="It is me."))
    assert (await _name_of(program, noor), (await program.people.me(noor.id)).bio) == ("noor", "")
    await _rename(program, mira, "mira")
    with pytest.raises(UsernameTaken):
        await _rename(program, noor, "mira.r")
    assert await _name_of(program, mira) == "mira"


async def test_a_name_is_claimed_once(program: Application, sql: asyncpg.Connection) -> None:
    mira = await a_person(program, "mira")
    claimed = await sql.fetch("SELECT username, user_id, xmin FROM usernames")
    await program.accounts.change_profile(mira.id, ProfileChange(username="mira", bio="It is me."))
    assert await sql.fetch("SELECT username, user_id, xmin FROM usernames") == claimed


async def test_no_name_of_a_deleted_account_comes_free(program: Application) -> None:
    await a_person(program, role="admin")
    mira = await a_person(program, "mira")
    await _rename(program, mira, "mira.r")
    await program.leaving.delete_account(mira.id)
    await program.runner.drain()
    for name in ("mira", "mira.r"):
        with pytest.raises(UsernameTaken):
            await program.joining.add(name, PASSWORD)


async def test_nobody_slips_into_a_name_while_it_is_left(
    program: Application, sql: asyncpg.Connection
) -> None:
    for number in range(6):
        left, mine = f"left{number}", f"new{number}"
        mira, noor = await a_person(program, left), await a_person(program)
        calls: list[Awaitable[Any]] = [program.joining.add(left, PASSWORD) for _ in range(4)]
        calls += [_rename(program, noor, left), _rename(program, mira, mine)]
        Random(number).shuffle(calls)
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes if outcome is not None] == [UsernameTaken] * 5
        assert await _name_of(program, mira) == mine
        assert await sql.fetchval("SELECT count(*) FROM users WHERE username = $1", left) == 0


async def test_one_of_those_who_want_a_free_name_gets_it(
    program: Application, sql: asyncpg.Connection
) -> None:
    people = [await a_person(program) for _ in range(6)]
    calls: list[Awaitable[Any]] = [_rename(program, each, "mira") for each in people]
    calls += [program.joining.add("mira", PASSWORD) for _ in range(6)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(UsernameTaken) == 11
    assert await sql.fetchval("SELECT count(*) FROM users WHERE username = 'mira'") == 1
    owner = await sql.fetchval("SELECT user_id FROM usernames WHERE username = 'mira'")
    assert owner == await sql.fetchval("SELECT id FROM users WHERE username = 'mira'")


async def test_two_who_want_each_others_name_keep_their_own(program: Application) -> None:
    mira, noor = await a_person(program, "mira"), await a_person(program, "noor")
    outcomes = await asyncio.gather(
        _rename(program, mira, "noor"), _rename(program, noor, "mira"), return_exceptions=True
    )
    assert len([outcome for outcome in outcomes if isinstance(outcome, Exception)]) == 2
    assert (await _name_of(program, mira), await _name_of(program, noor)) == ("mira", "noor")
