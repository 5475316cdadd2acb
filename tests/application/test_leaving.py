"""What an account leaves is erased in steps, none of which holds much for long."""

from collections.abc import Callable
from typing import Any

from adapters.pillow.images import SandboxedImages
from application.reactions import ERASE_CHUNK
from entrypoints.settings import Settings
from tests.builders import a_person, a_post
from tests.conftest import connect, opened

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
        await program.accounts.delete_account(star.id)
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
        await program.accounts.delete_account(leaver.id)
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
