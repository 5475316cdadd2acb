"""What holds after any history: counters equal recounts, reactions may run twice, lists join without a gap."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.access import Client
from application.paging import BadCursor
from application.program import Application
from application.reactions import REACTIONS
from application.views import Page
from domain.files import FileStored
from domain.kernel import PlaceId, PostId
from tests.builders import a_comment, a_draft, a_follow, a_person, a_picture, a_post, an_upload, new_uow
from tests.strategies import Act, a_community, all_acts, histories, lived

slow = settings(max_examples=15, suppress_health_check=list(HealthCheck))


@pytest.mark.goal("C2")
@slow
@given(histories(all_acts, 50))
async def test_counters_equal_recounts_after_any_history(
    program: Application, start_over: Callable[[], Any], history: list[Act]
) -> None:
    await lived(program, start_over, history)
    assert await program.operations.reads.violations() == []
    await program.runner.drain()
    assert await program.operations.verify() == []


@pytest.mark.goal("C2")
@slow
@given(st.lists(histories(all_acts, 25), min_size=2, max_size=5))
async def test_counters_equal_recounts_after_histories_at_the_same_time(
    program: Application, start_over: Callable[[], Any], lives: list[list[Act]]
) -> None:
    await start_over()
    community = await a_community(program)
    await community.live([Act("publish", who, 0, ("everyone", None, None)) for who in range(5)])
    work = asyncio.create_task(program.runner.drain())
    await asyncio.gather(*(community.live(life) for life in lives))
    await work
    await program.runner.drain()
    assert await program.operations.verify() == []


async def test_the_recount_notices_every_counter_that_is_off(
    program: Application, sql: asyncpg.Connection
) -> None:
    await a_person(program, role="admin")
    mira, noor = await a_person(program), await a_person(program)
    post = await a_post(program, mira)
    await a_follow(program, noor, mira)
    await a_comment(program, noor, post)
    assert await program.operations.verify() == []
    for change in (
        "UPDATE posts SET likes = likes + 1",
        "UPDATE posts SET comments = 0",
        "UPDATE comments SET likes = 7",
        "UPDATE users SET posts_everyone = posts_everyone + 1",
        "UPDATE users SET posts_everyone = 0, posts_only_me = posts_everyone",
        "UPDATE users SET followers = 9",
        "UPDATE users SET following = 9",
        "UPDATE posts SET card = '{}'",
        "DELETE FROM files",
        "DELETE FROM home_feed",
        "UPDATE users SET role = 'member'",
        "INSERT INTO blocks SELECT gen_random_uuid(), follower_id, followee_id, now() FROM follows",
        "INSERT INTO follow_requests SELECT gen_random_uuid(), follower_id, followee_id, now() FROM follows",
    ):
        transaction = sql.transaction()
        await transaction.start()
        await sql.execute(change)
        await transaction.rollback()
        assert await program.operations.verify() == []
        backup = await _rows(sql)
        await sql.execute(change)
        assert await program.operations.verify() != [], change
        await _restore(sql, backup)
    assert await program.operations.verify() == []


TABLES = ("users", "posts", "files", "comments", "follows", "follow_requests", "blocks", "home_feed")


async def _rows(sql: asyncpg.Connection) -> dict[str, list[asyncpg.Record]]:
    return {table: await sql.fetch(f"SELECT * FROM {table}") for table in TABLES}


async def _restore(sql: asyncpg.Connection, backup: dict[str, list[asyncpg.Record]]) -> None:
    for table in reversed(TABLES):
        await sql.execute(f"DELETE FROM {table}")
    for table, rows in backup.items():
        await sql.copy_records_to_table(table, records=[tuple(row) for row in rows])


# Reactions


async def _snapshot(sql: asyncpg.Connection) -> dict[str, list[Any]]:
    """Every row but the jobs' own, without what tells the time of processing.

    What is announced is written in the transaction that marks the job as done, so here it is announced once more.
    """
    tables = await sql.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = {}
    for (table,) in tables:
        if table not in ("jobs", "tortoise_migrations", "live_head", "live_events"):
            rows = await sql.fetch(f"SELECT to_jsonb(t) - 'steps' AS row FROM {table} t ORDER BY t::text")
            found[table] = sorted(row["row"] for row in rows)
    return found


@pytest.mark.goal("D7")
async def test_every_reaction_run_twice_is_the_reaction_run_once(
    program: Application, sql: asyncpg.Connection
) -> None:
    await a_person(program, role="admin")
    mira, noor, leaver = [await a_person(program) for _ in range(3)]
    await a_follow(program, noor, mira)
    await a_follow(program, leaver, mira)
    await a_follow(program, mira, leaver)
    await an_upload(program, mira)
    shown = await a_post(program, mira)
    await program.commenting.like(noor.id, await a_comment(program, leaver, shown), True)
    await program.posting.like(noor.id, shown)
    await program.following.follow(noor.id, (await a_person(program, private=True)).name)
    broken = await a_picture(program, mira, state="waiting")
    async with new_uow(program)() as uow:
        uow.record(FileStored(file_id=broken))
        await uow.commit()
    await a_post(program, leaver)
    removed = await a_post(program, mira)
    await program.runner.drain()
    await a_post(program, mira)
    await program.posting.delete(mira.id, removed)
    await an_upload(program, leaver)
    await a_draft(program, mira, publish_at=program.clock.now() + timedelta(hours=1))
    await program.exporting.ask(mira.id, Client("127.0.0.1"))
    await program.leaving.delete_by_name(leaver.name)
    await program.runner.drain()
    await sql.execute("UPDATE jobs SET due_at = now()")
    await program.runner.drain()

    seen = {row["reaction"] for row in await sql.fetch("SELECT DISTINCT reaction FROM jobs")}
    assert seen == {reaction.__name__ for reactions in REACTIONS.values() for reaction in reactions}
    assert {row["state"] for row in await sql.fetch("SELECT state FROM jobs")} == {"done"}
    once, stored = await _snapshot(sql), {found.key async for found in program.media.walk()}
    assert await program.operations.verify() == []
    await sql.execute("UPDATE jobs SET state = 'waiting', due_at = now()")
    await program.runner.drain()
    assert {row["state"] for row in await sql.fetch("SELECT state FROM jobs")} == {"done"}
    assert await _snapshot(sql) == once
    assert {found.key async for found in program.media.walk()} == stored
    assert await program.operations.verify() == []


@pytest.mark.goal("P2")
async def test_nothing_of_a_deleted_account_stays_but_its_name(
    program: Application, sql: asyncpg.Connection
) -> None:
    await a_person(program, role="admin")
    mira, leaver = await a_person(program, "mira"), await a_person(program, "leaver")
    for one, other in ((mira, leaver), (leaver, mira)):
        await a_follow(program, one, other)
        await a_comment(program, one, await a_post(program, other, photos=10))
        await a_post(program, other)
    shared = await a_post(program, mira)
    await program.posting.like(leaver.id, shared)
    await program.posting.save(leaver.id, shared, True)
    await program.posting.hide(leaver.id, shared, True)
    await program.commenting.like(leaver.id, await a_comment(program, mira, shared), True)
    reply = await a_comment(program, mira, shared, "hm", await a_comment(program, leaver, shared))
    await an_upload(program, leaver)
    for photos in range(3):
        await a_draft(program, leaver, photos=photos)
    await program.signing_in.token_for("leaver", "x", None)
    await program.runner.drain()
    # As it would be with a hundred times as many rows: many steps, each of which may be the last before a crash.
    unit = new_uow(program)
    await program.leaving.delete_account(leaver.id)
    steps, finished = 0, False
    while not finished:
        steps += 1
        assert steps < 1_000
        async with unit() as uow:
            finished, prefixes = await uow.accounts.erase(leaver.id, 3)
            await uow.commit()
        for prefix in prefixes:
            await program.media.delete(prefix)
    assert steps > 2
    await program.runner.drain()
    assert await program.operations.verify() == []
    with pytest.raises(Exception, match="not_found"):
        await program.commenting.get(mira.id, reply)
    columns = await sql.fetch(
        "SELECT table_name, column_name FROM information_schema.columns c JOIN pg_tables t ON t.tablename = c.table_name "
        "WHERE c.table_schema = 'public' AND c.data_type = 'uuid'"
    )
    for table, column in columns:
        if (table, column) not in {("users", "id"), ("usernames", "user_id")}:
            left = await sql.fetchval(f"SELECT count(*) FROM {table} WHERE {column} = $1", leaver.id)
            assert left == 0, (table, column)
    row = await sql.fetchrow("SELECT * FROM users WHERE id = $1", leaver.id)
    assert row["username"] == "leaver"
    assert not any(
        row[name] for name in ("email", "display_name", "bio", "link", "place", "avatar_key", "password_hash")
    )
    with pytest.raises(Exception, match="username_taken"):
        await program.joining.add("leaver", "four words make sense")


# Pages

Listing = Callable[[int, str | None], Awaitable[Page[Any]]]


def _id(item: Any) -> UUID:
    return getattr(item, "id", None) or item.user.id


async def walk(
    listing: Listing, limit: int, between: Callable[[], Awaitable[Any]] | None = None
) -> tuple[list[UUID], list[str]]:
    """A whole list from its start, and the cursors that led on. `between` the first pages something may happen."""
    found: list[UUID] = []
    cursors: list[str] = []
    cursor = None
    while True:
        page = await listing(limit, cursor)
        assert len(page.items) <= limit
        found += [_id(item) for item in page.items]
        if page.next is None:
            return found, cursors
        cursors.append(cursor := page.next)
        if (
            between is not None and len(cursors) <= 6
        ):  # a list that grows at its end by a page per page has no end
            await between()


async def walk_back(listing: Listing, limit: int, cursor: str) -> list[UUID]:
    """Everything before the page that `cursor` leads to."""
    page = await listing(limit, cursor)
    found: list[UUID] = []
    while page.prev is not None:
        page = await listing(limit, page.prev)
        found = [_id(item) for item in page.items] + found
    return found


@pytest.mark.goal("O7")
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 14), st.integers(1, 6), st.booleans())
async def test_joined_pages_are_the_list_also_while_it_grows(
    program: Application, start_over: Callable[[], Any], length: int, limit: int, grows: bool
) -> None:
    await start_over()
    mira, noor = await a_person(program), await a_person(program)
    shared = await a_post(program, mira)
    posts: list[PostId] = []
    comments: list[UUID] = []
    fans: list[UUID] = []

    async def one_more() -> None:
        post = await a_post(program, mira, "#harbour", place="Nordhamn")
        await program.posting.like(noor.id, post)
        await program.posting.save(noor.id, post, True)
        posts.insert(0, post)
        comments.append(await a_comment(program, noor, shared))
        fan = await a_person(program)
        await program.posting.like(fan.id, shared)
        await program.following.follow(fan.id, mira.name)
        fans.insert(0, fan.id)

    for _ in range(length):
        await one_more()
    place = (await program.feeds.post(None, posts[0])).place if posts else None
    feeds, name = program.feeds, mira.name
    lists: dict[str, tuple[Listing, Callable[[], Sequence[UUID]]]] = {
        "home": (lambda n, c: feeds.home(mira.id, n, c), lambda: [*posts, shared]),
        "explore": (lambda n, c: feeds.explore(None, n, c), lambda: [*posts, shared]),
        "member": (lambda n, c: feeds.of_member(noor.id, mira.id, n, c), lambda: [*posts, shared]),
        "tag": (lambda n, c: feeds.tagged(None, "harbour", n, c), lambda: posts),
        "saved": (lambda n, c: feeds.saved(noor.id, n, c), lambda: posts),
        "liked": (lambda n, c: feeds.liked(noor.id, n, c), lambda: posts),
        "likers": (lambda n, c: feeds.likers(None, shared, n, c), lambda: fans),
        "followers": (lambda n, c: program.people.around(None, "followers", name, n, c), lambda: fans),
        "comments": (lambda n, c: program.commenting.list(None, shared, n, c), lambda: comments),
    }
    if place is not None:
        lists["place"] = (lambda n, c: feeds.at_place(None, PlaceId(place.id), n, c), lambda: posts)
    for label, (listing, current) in lists.items():
        before = list(current())
        found, cursors = await walk(listing, limit, one_more if grows else None)
        if label == "comments" and grows:
            assert found == comments
        else:
            assert found == before, label
        for cursor in cursors:
            earlier = await walk_back(listing, limit, cursor)
            assert earlier == list(current())[: len(earlier)], label
            assert len(earlier) == len(set(earlier))
            assert set(found[: limit * (cursors.index(cursor) + 1)]) <= set(earlier), label


@pytest.mark.goal("O7")
async def test_the_popular_list_joins_without_repeats(program: Application) -> None:
    mira = await a_person(program)
    fans = [await a_person(program) for _ in range(4)]
    posts = [await a_post(program, mira) for _ in range(13)]
    for number, post in enumerate(posts):
        for fan in fans[: number % 5]:
            await program.posting.like(fan.id, post)
    expected = [posts[n] for n in sorted(range(13), key=lambda n: (n % 5, n), reverse=True)]
    for limit in (1, 4, 13, 100):
        found, cursors = await walk(lambda n, c: program.feeds.explore(None, n, c, popular=True), limit)
        assert found == expected
        for cursor in cursors:
            back = await walk_back(
                lambda n, c: program.feeds.explore(None, n, c, popular=True), limit, cursor
            )
            assert back == expected[: len(back)]


async def test_a_list_is_read_again_down_to_where_somebody_was(program: Application) -> None:
    mira, noor = await a_person(program), await a_person(program)
    posts = [await a_post(program, mira, "#pier", place="Nordhamn") for _ in range(9)]
    for post in posts:
        await program.posting.like(noor.id, post)
        await program.posting.save(noor.id, post, True)
    place = (await program.feeds.post(None, posts[0])).place
    assert place is not None
    feeds, at = program.feeds, PlaceId(place.id)
    lists: dict[str, Callable[[int, str | None, str | None], Awaitable[Page[Any]]]] = {
        "home": lambda n, c, u: feeds.home(mira.id, n, c, until=u),
        "fresh": lambda n, c, u: feeds.explore(noor.id, n, c, until=u),
        "popular": lambda n, c, u: feeds.explore(None, n, c, popular=True, until=u),
        "member": lambda n, c, u: feeds.of_member(noor.id, mira.id, n, c, u),
        "tag": lambda n, c, u: feeds.tagged(None, "pier", n, c, u),
        "place": lambda n, c, u: feeds.at_place(None, at, n, c, u),
        "saved": lambda n, c, u: feeds.saved(noor.id, n, c, u),
        "liked": lambda n, c, u: feeds.liked(noor.id, n, c, u),
    }
    newest_first = posts[::-1]
    for name, listing in lists.items():
        first = await listing(4, None, None)
        second = await listing(4, first.next, None)
        last = await listing(4, second.next, None)
        for page, length in ((first, 4), (second, 8), (last, 9)):
            again = await listing(4, None, page.until)
            assert [card.id for card in again.items] == newest_first[:length], name
            assert (again.prev, again.until) == (None, page.until)
            assert (again.next is None) == (page.next is None)
        rest = await listing(4, (await listing(4, None, second.until)).next, None)
        assert [card.id for card in rest.items] == newest_first[8:], name
        with pytest.raises(BadCursor):
            await listing(4, None, second.prev)


async def test_a_list_that_is_read_again_is_no_longer_than_five_pages(program: Application) -> None:
    mira, noor = await a_person(program), await a_person(program)
    posts = [await a_post(program, mira) for _ in range(8)]
    newest_first = posts[::-1]
    cursor, pages = None, []
    for _ in range(7):
        pages.append(await program.feeds.explore(noor.id, 1, cursor))
        cursor = pages[-1].next
    again = await program.feeds.explore(noor.id, 1, until=pages[-1].until)
    assert [card.id for card in again.items] == newest_first[2:7]
    above = await program.feeds.explore(noor.id, 5, again.prev)
    assert [card.id for card in above.items] == newest_first[:2]
    # What came or went meanwhile shifts nothing: the last one stays the last.
    new = await a_post(program, mira)
    await program.posting.delete(mira.id, newest_first[6])
    third = await program.feeds.explore(noor.id, 1, until=pages[2].until)
    assert [card.id for card in third.items] == [new, *newest_first[:3]]
    again = await program.feeds.explore(noor.id, 1, until=pages[-1].until)
    assert [card.id for card in again.items] == newest_first[1:6]
    assert again.next is not None


async def test_what_came_since_a_page_is_read_from_its_start(program: Application) -> None:
    mira = await a_person(program)
    old = [await a_post(program, mira) for _ in range(3)]
    first = await program.feeds.home(mira.id, 2)
    assert [card.id for card in first.items] == [old[2], old[1]]
    again = await program.feeds.home(mira.id, 2, (await program.feeds.home(mira.id, 2, first.next)).prev)
    assert [card.id for card in again.items] == [old[2], old[1]]
    new = [await a_post(program, mira) for _ in range(3)]
    since = (await program.feeds.home(mira.id, 1, first.next)).prev
    assert since is not None
    newer = await program.feeds.home(mira.id, 10, since=since)
    assert [card.id for card in newer.items] == [*reversed(new), old[2], old[1]]
