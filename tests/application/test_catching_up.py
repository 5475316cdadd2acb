"""What was there at the visit before begins at one line, however the home feed is walked."""

import asyncio

import asyncpg
import pytest

from application.program import Application
from application.views import Page, PostCard
from domain.kernel import PostId
from tests.builders import Someone, a_follow, a_person, a_post
from tests.conftest import settle


async def posts_of(program: Application, author: Someone, count: int) -> list[PostId]:
    made = [await a_post(program, author) for _ in range(count)]
    await settle(program)
    return made


async def look(program: Application, viewer: Someone, limit: int = 12, **where: str) -> Page[PostCard]:
    return await program.feeds.home(viewer.id, limit, **where)


async def line(program: Application, viewer: Someone, **where: str) -> object:
    page = await look(program, viewer, **where)
    return await program.catching_up.seen_from(viewer.id, page, where.get("cursor"))


async def later(sql: asyncpg.Connection, minutes: int = 31) -> None:
    """So much time goes by."""
    await sql.execute("UPDATE home_visits SET began_at = began_at - make_interval(mins => $1)", minutes)


@pytest.fixture
async def pair(program: Application) -> tuple[Someone, Someone]:
    """Mira and somebody whom she follows."""
    mira, joon = await a_person(program, "mira"), await a_person(program, "joon")
    await a_follow(program, mira, joon)
    return mira, joon


async def test_the_line_stands_above_what_was_there_at_the_visit_before(
    program: Application, sql: asyncpg.Connection, pair: tuple[Someone, Someone]
) -> None:
    mira, joon = pair
    assert await line(program, mira) is None
    old = await posts_of(program, joon, 3)
    assert await line(program, mira) is None, "the first visit has nothing before it"
    await posts_of(program, joon, 2)
    assert await line(program, mira) is None, "and goes on"
    await later(sql)
    assert await line(program, mira) == old[-1]
    await posts_of(program, joon, 1)
    assert await line(program, mira) == old[-1], "reloading moves nothing"
    await later(sql)
    # What came during the visit was not written down: what is said to be seen was seen.
    newest = (await look(program, mira)).items[1].id
    assert await line(program, mira) == newest
    await later(sql)
    assert await line(program, mira) is None, "nothing is new"


async def test_a_line_outlives_the_post_that_it_stood_above(
    program: Application, sql: asyncpg.Connection, pair: tuple[Someone, Someone]
) -> None:
    mira, joon = pair
    old = await posts_of(program, joon, 3)
    await line(program, mira)
    await posts_of(program, joon, 1)
    await program.posting.delete(joon.id, old[-1])
    await settle(program)
    await later(sql)
    assert await line(program, mira) == old[-2]


@pytest.mark.parametrize(("new", "limit"), [(0, 2), (1, 1), (2, 2), (3, 2), (4, 3), (5, 1)])
async def test_however_the_feed_is_walked_there_is_one_line(
    program: Application, sql: asyncpg.Connection, pair: tuple[Someone, Someone], new: int, limit: int
) -> None:
    mira, joon = pair
    old = await posts_of(program, joon, 3)
    await line(program, mira)
    await posts_of(program, joon, new)
    await later(sql)
    right = [old[-1]] if new else []
    down, up, pages = [], [], []
    page, cursor = await look(program, mira, limit), None
    while True:
        down.append(await program.catching_up.seen_from(mira.id, page, cursor))
        pages.append(page)
        if page.next is None:
            break
        cursor = page.next
        page = await look(program, mira, limit, cursor=cursor)
    while page.prev is not None:
        cursor = page.prev
        page = await look(program, mira, limit, cursor=cursor)
        up.append(await program.catching_up.seen_from(mira.id, page, cursor))
    assert [each for each in down if each] == right
    # The last page was not looked at again on the way up.
    assert [each for each in up if each] == ([] if down[-1] else right)
    for each in pages:
        assert each.until
        back = await look(program, mira, 12, until=each.until)
        seen = await program.catching_up.seen_from(mira.id, back)
        assert seen == (old[-1] if new and each.items[-1].id <= old[-1] else None)


async def test_a_visit_is_written_once_whoever_comes_with_many_tabs(
    program: Application, sql: asyncpg.Connection, pair: tuple[Someone, Someone]
) -> None:
    mira, joon = pair
    old = await posts_of(program, joon, 2)
    await line(program, mira)
    new = await posts_of(program, joon, 2)
    await later(sql)
    lines = await asyncio.gather(*(line(program, mira) for _ in range(8)))
    assert lines == [old[-1]] * 8
    row = await sql.fetchrow("SELECT *, xmin::text AS written FROM home_visits")
    assert (row["before"], row["newest"]) == (old[-1], new[-1])
    first = await look(program, mira, 1)
    await line(program, mira, cursor=first.next or "")
    await line(program, mira)
    assert await sql.fetchval("SELECT xmin::text FROM home_visits") == row["written"]
    # From the middle of the list nothing begins, and the newest is never an older one.
    await later(sql)
    await line(program, mira, cursor=first.next or "")
    assert await sql.fetchval("SELECT newest FROM home_visits") == new[-1]
