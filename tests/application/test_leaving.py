"""Who leaves is hidden at once and may come back; what is left then is erased in steps, none of which holds much for long."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from adapters.pillow.images import SandboxedImages
from application.access import Client
from application.program import Application
from application.reactions import ERASE_CHUNK
from domain.kernel import NotFound
from domain.sessions import Away, BadCredentials, Identity
from domain.users import LastAdmin, UsernameTaken
from entrypoints.settings import Settings
from tests.builders import Someone, a_comment, a_follow, a_person, a_post
from tests.conftest import PASSWORD, connect, opened

CROWD = """
INSERT INTO users (id, username, password_hash, created_at, following)
  SELECT gen_random_uuid(), 'fan' || n, 'x', now(), 1 FROM generate_series(1, 3000) n;
INSERT INTO follows (id, follower_id, followee_id, created_at)
  SELECT gen_random_uuid(), id, $star, now() FROM users WHERE username LIKE 'fan%';
UPDATE users SET followers = 3000 WHERE id = $star;
INSERT INTO home_feed SELECT f.id, p.id, $star FROM users f, posts p WHERE f.username LIKE 'fan%';
INSERT INTO likes SELECT gen_random_uuid(), f.id, p.id FROM users f, posts p WHERE f.username LIKE 'fan1%';
UPDATE posts SET likes = (SELECT count(*) FROM likes WHERE post_id = posts.id);
INSERT INTO cases (id, kind, target_id, owner_id, excerpt, created_at)
  VALUES (gen_random_uuid(), 'member', $star, $star, '', now());
INSERT INTO reports (case_id, reporter_id, reason, note, created_at)
  SELECT c.id, f.id, 'spam', '', now() FROM users f, cases c WHERE f.username LIKE 'fan%';
CREATE TABLE steps (step xid8 NOT NULL, relation text NOT NULL, rows bigint NOT NULL);
CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO steps SELECT pg_current_xact_id(), TG_TABLE_NAME, count(*) FROM changed;
  RETURN NULL;
END $$;
CREATE TRIGGER write_down AFTER DELETE ON follows REFERENCING OLD TABLE AS changed EXECUTE FUNCTION write_down();
CREATE TRIGGER write_down AFTER DELETE ON home_feed REFERENCING OLD TABLE AS changed EXECUTE FUNCTION write_down();
CREATE TRIGGER write_down AFTER DELETE ON likes REFERENCING OLD TABLE AS changed EXECUTE FUNCTION write_down();
CREATE TRIGGER write_down AFTER DELETE ON reports REFERENCING OLD TABLE AS changed EXECUTE FUNCTION write_down();
CREATE TRIGGER write_down AFTER UPDATE ON users REFERENCING OLD TABLE AS changed EXECUTE FUNCTION write_down();
"""


async def test_an_account_with_very_many_followers_is_erased_in_bounded_steps(
    clone: Callable[[str], Any], settings: Settings, images: SandboxedImages
) -> None:
    database = await clone("crowd")
    async with opened(settings, database, images) as program:
        sql = await connect(database)
        await a_person(program, role="admin")
        star = await a_person(program, "star")
        for _ in range(6):
            await a_post(program, star)
        await program.runner.drain()
        await sql.execute(CROWD.replace("$star", f"'{star.id}'"))
        assert await program.operations.verify() == []
        await program.leaving.delete_account(star.id)
        await program.runner.drain()
        assert await program.operations.verify() == []
        for table in ("follows", "home_feed", "likes", "posts", "files", "cases", "reports"):
            assert await sql.fetchval(f"SELECT count(*) FROM {table}") == 0, table
        assert await sql.fetchval("SELECT max(following) FROM users") == 0
        rows = await sql.fetch(
            "SELECT relation, max(n) AS most, sum(n) AS whole FROM "
            "(SELECT step, relation, sum(rows) AS n FROM steps GROUP BY 1, 2) each_step GROUP BY 1"
        )
        await sql.close()
    most = {row["relation"]: (int(row["most"]), int(row["whole"])) for row in rows}
    assert most["reports"] == (ERASE_CHUNK, 3_000)
    assert most["follows"] == (ERASE_CHUNK, 3_000)
    assert most["users"][0] <= ERASE_CHUNK + 1
    assert most["home_feed"][1] == 18_006
    assert most["home_feed"][0] <= 21 * ERASE_CHUNK
    assert most["likes"][0] < most["likes"][1]


async def test_what_was_written_while_an_account_was_erased_goes_soon(
    clone: Callable[[str], Any], settings: Settings, images: SandboxedImages
) -> None:
    database = await clone("late")
    async with opened(settings, database, images) as program:
        sql = await connect(database)
        mira, leaver = await a_person(program, role="admin"), await a_person(program, "leaver")
        post = await a_post(program, mira)
        await program.runner.drain()
        await program.leaving.delete_account(leaver.id)
        await program.runner.drain()
        # A request that was under way, and knows nothing of it.
        await program.posting.like(leaver.id, post)
        await program.following.follow(leaver.id, mira.name)
        assert await program.operations.verify() == [], "its time has not come yet"
        await sql.execute("UPDATE jobs SET due_at = now() WHERE reaction = 'erase_account_again'")
        await program.runner.drain()
        assert await sql.fetchval("SELECT likes FROM posts") == 0
        assert await sql.fetchval("SELECT count(*) FROM follows") == 0
        assert await program.operations.verify() == []
        await program.posting.like(leaver.id, post)
        assert [broken.rule for broken in await program.operations.verify()] == [
            "something of a deleted account"
        ]
        await sql.close()


HERE = Client("127.0.0.9", relaxed=True)


async def _who(program: Application, member: Someone) -> Identity:
    session = await program.signing_in.open_session_for(HERE, member.id)
    identity = await program.signing_in.identify_session(session.secret)
    assert identity is not None
    return identity


async def _leave(program: Application, member: Someone, *, for_good: bool = True) -> None:
    await program.leaving.leave(await _who(program, member), HERE, PASSWORD, for_good=for_good)


async def _time_is_up(sql: asyncpg.Connection) -> None:
    await sql.execute("UPDATE users SET erase_at = now() WHERE erase_at IS NOT NULL")


@pytest.mark.goal("A4")
@pytest.mark.parametrize("for_good", [True, False])
async def test_who_is_away_is_not_there_for_anybody(program: Application, for_good: bool) -> None:
    await a_person(program, role="admin")
    ada, mira = await a_person(program), await a_person(program, "mira")
    await a_follow(program, ada, mira)
    await a_follow(program, mira, ada)
    post, other = await a_post(program, mira), await a_post(program, ada)
    await a_comment(program, mira, other, "away soon")
    await program.runner.drain()
    token = await program.signing_in.token_for("mira", "", None)
    session = await program.signing_in.open_session_for(HERE, mira.id)
    await _leave(program, mira, for_good=for_good)
    await program.runner.drain()
    assert await program.signing_in.identify_token(token.secret) is None
    assert await program.signing_in.identify_session(session.secret) is None
    for look in (
        lambda: program.people.profile(ada.id, "mira"),
        lambda: program.feeds.post(ada.id, post),
        lambda: program.following.follow(ada.id, "mira"),
    ):
        with pytest.raises(NotFound):
            await look()
    assert (await program.commenting.list(ada.id, other, 10)).items == []
    assert [card.id for card in (await program.feeds.home(ada.id, 10)).items] == [other]
    assert (await program.people.around(ada.id, "following", ada.name, 10, None)).items == []
    with pytest.raises(UsernameTaken):
        await program.joining.add("mira", PASSWORD)
    assert await program.operations.verify() == []


async def test_whoever_comes_back_finds_everything_where_it_was(program: Application) -> None:
    await a_person(program, role="admin")
    ada, mira = await a_person(program), await a_person(program, "mira")
    await a_follow(program, ada, mira)
    post = await a_post(program, mira, "still here")
    await program.runner.drain()
    await _leave(program, mira)
    with pytest.raises(BadCredentials):
        await program.signing_in.sign_in(HERE, "mira", "wrong")
    with pytest.raises(Away):
        await program.signing_in.sign_in(HERE, "mira", PASSWORD)
    waiting = await program.signing_in.sign_in(HERE, "mira", PASSWORD, ask=True)
    assert waiting.away
    assert await program.signing_in.identify_session(waiting.secret) is None
    await program.signing_in.come_back(waiting.secret)
    assert await program.signing_in.identify_session(waiting.secret) is not None
    assert (await program.feeds.post(ada.id, post)).caption == "still here"
    assert (await program.people.profile(ada.id, "mira")).viewer.following == "yes"
    with pytest.raises(NotFound):
        await program.signing_in.come_back(waiting.secret)
    assert await program.leaving.let_go() == 0


@pytest.mark.goal("P2")
async def test_after_the_time_to_come_back_everything_is_erased(
    program: Application, sql: asyncpg.Connection
) -> None:
    await a_person(program, role="admin")
    mira = await a_person(program, "mira")
    await a_post(program, mira)
    await _leave(program, mira)
    assert await program.leaving.let_go() == 0
    waiting = await program.signing_in.sign_in(HERE, "mira", PASSWORD, ask=True)
    await _time_is_up(sql)
    assert await program.leaving.let_go() == 1
    assert await program.leaving.let_go() == 0
    with pytest.raises(NotFound):
        await program.signing_in.come_back(waiting.secret)
    await program.runner.drain()
    assert await program.operations.verify() == []
    assert [found async for found in program.media.walk()] == []
    row = await sql.fetchrow("SELECT * FROM users WHERE id = $1", mira.id)
    assert row is not None
    assert (row["state"], row["password_hash"], row["erase_at"]) == ("deleted", "", None)


async def test_a_suspension_neither_stops_the_erasure_nor_brings_anybody_back(
    program: Application, sql: asyncpg.Connection
) -> None:
    await a_person(program, role="admin")
    mira, noor = await a_person(program, "mira"), await a_person(program, "noor")
    await _leave(program, mira)
    await _leave(program, noor, for_good=False)
    for name in ("mira", "noor"):
        await program.moderation.change(name, suspended=True)
        with pytest.raises(BadCredentials):
            await program.signing_in.sign_in(HERE, name, PASSWORD, come_back=True)
    await program.moderation.change("noor", suspended=False)
    assert await sql.fetchval("SELECT state FROM users WHERE username = 'noor'") == "away"
    await _time_is_up(sql)
    assert await program.leaving.let_go() == 1
    assert await sql.fetchval("SELECT state FROM users WHERE username = 'mira'") == "deleted"


@pytest.mark.goal("C5")
async def test_the_last_administrator_cannot_go_away(program: Application) -> None:
    anna = await a_person(program, role="admin")
    for for_good in (True, False):
        with pytest.raises(LastAdmin):
            await _leave(program, anna, for_good=for_good)


async def test_the_time_to_come_back_is_two_weeks(program: Application, sql: asyncpg.Connection) -> None:
    await a_person(program, role="admin")
    mira = await a_person(program)
    await _leave(program, mira)
    assert await sql.fetchval("SELECT erase_at - away_since FROM users WHERE id = $1", mira.id) == timedelta(
        days=14
    )
