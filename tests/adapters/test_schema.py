"""The schema keeps the rules by itself, the models match it, and no list reads a whole table."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tortoise import Model
from tortoise.connection import get_connection

from adapters.pillow.images import SandboxedImages
from adapters.postgres import tables
from application.people import ListKind
from application.program import Application
from domain.kernel import PlaceId, PostId, UserId
from domain.moderation import REASONS
from entrypoints.settings import Settings
from tests.conftest import connect, opened

ROOT = Path(__file__).resolve().parents[2]

COLUMNS = """
SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type, a.attnotnull AS required,
  coalesce((SELECT string_agg(pg_get_constraintdef(k.oid), ' ') FROM pg_constraint k
    WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)), '') AS checks
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'tortoise_migrations'
"""


def bounded(row: asyncpg.Record) -> bool:
    """Whether one of the column's checks limits how long its value may be."""
    column = re.escape(row["column"])
    limit = rf"(char_length|octet_length|cardinality)\({column}\)|\b{column} (= ANY|~|<@) "
    return re.search(limit, row["checks"]) is not None


def test_the_steps_of_the_database_form_one_line() -> None:
    files = sorted((ROOT / "migrations").glob("[0-9]*.py"))
    assert len(files) > 4
    links = [
        re.search(r"dependencies = \[(?:\(\"main\", \"(\w+)\"\))?\]", each.read_text()) for each in files
    ]
    assert [link and link[1] for link in links] == [None, *(each.stem for each in files[:-1])]


@pytest.mark.goal("I4")
async def test_every_text_has_a_limit_in_the_schema(sql: asyncpg.Connection) -> None:
    rows = [
        row
        for row in await sql.fetch(COLUMNS)
        if row["type"] in ("text", "text[]", "bytea", "character varying")
    ]
    assert len(rows) > 40
    unbounded = [f"{row['table']}.{row['column']}" for row in rows if not bounded(row)]
    assert unbounded == []


async def test_the_search_for_limits_finds_a_column_without_one(sql: asyncpg.Connection) -> None:
    await sql.execute("CREATE TABLE loose (id int, words text, few text CHECK (char_length(few) < 5))")
    try:
        found = {row["column"]: bounded(row) for row in await sql.fetch(COLUMNS) if row["table"] == "loose"}
    finally:
        await sql.execute("DROP TABLE loose")
    assert found == {"id": False, "words": False, "few": True}


_REASONS = ", ".join(f"'{reason}'::text" for reason in REASONS)


@pytest.mark.goal("C1")
@pytest.mark.goal("C4")
@pytest.mark.parametrize(
    ("table", "definition"),
    [
        ("users", "UNIQUE (username)"),
        ("usernames", "PRIMARY KEY (username)"),
        ("users", "UNIQUE (email_canonical)"),
        ("users", "CHECK ((username ~ '^[a-z0-9_.]{3,30}$'::text))"),
        ("users", "CHECK ((posts_everyone >= 0))"),
        ("users", "CHECK ((followers >= 0))"),
        ("users", "CHECK ((following >= 0))"),
        ("posts", "CHECK ((likes >= 0))"),
        ("posts", "CHECK ((comments >= 0))"),
        ("comments", "CHECK ((likes >= 0))"),
        ("follows", "PRIMARY KEY (follower_id, followee_id)"),
        ("follows", "CHECK ((follower_id <> followee_id))"),
        ("follow_requests", "PRIMARY KEY (requester_id, target_id)"),
        ("blocks", "PRIMARY KEY (blocker_id, blocked_id)"),
        ("blocks", "CHECK ((blocker_id <> blocked_id))"),
        ("mutes", "PRIMARY KEY (muter_id, muted_id)"),
        ("likes", "PRIMARY KEY (user_id, post_id)"),
        ("likes", "FOREIGN KEY (post_id) REFERENCES posts(id) ON DELETE CASCADE"),
        ("likes", "FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE"),
        ("saves", "PRIMARY KEY (user_id, post_id)"),
        ("saves", "FOREIGN KEY (post_id) REFERENCES posts(id) ON DELETE CASCADE"),
        ("comments", "FOREIGN KEY (post_id) REFERENCES posts(id) ON DELETE CASCADE"),
        ("comments", "FOREIGN KEY (reply_to) REFERENCES comments(id) ON DELETE CASCADE"),
        ("comment_likes", "PRIMARY KEY (user_id, comment_id)"),
        ("posts", "FOREIGN KEY (author_id) REFERENCES users(id) ON DELETE CASCADE"),
        ("files", "FOREIGN KEY (owner_id) REFERENCES users(id) ON DELETE CASCADE"),
        ("files", "FOREIGN KEY (post_id) REFERENCES posts(id) ON DELETE CASCADE"),
        ("files", "UNIQUE (key)"),
        ("files", "UNIQUE (post_id, \"position\") DEFERRABLE INITIALLY DEFERRED"),
        ("sessions", "UNIQUE (token_hash)"),
        ("tokens", "UNIQUE (token_hash)"),
        ("invites", "UNIQUE (code)"),
        ("invites", "CHECK (((uses >= 0) AND (uses <= max_uses)))"),
        ("home_feed", "PRIMARY KEY (user_id, post_id)"),
        ("jobs", "PRIMARY KEY (event_id, reaction)"),
        ("jobs", "CHECK (((state = 'running'::text) = (leased_until IS NOT NULL)))"),
        ("idempotency", "PRIMARY KEY (user_id, key)"),
        ("draft_photos", "PRIMARY KEY (file_id)"),
        ("draft_photos", "FOREIGN KEY (file_id) REFERENCES files(id) DEFERRABLE INITIALLY DEFERRED"),
        ("draft_photos", "UNIQUE (draft_id, \"position\")"),
        ("drafts", "CHECK (((publish_at IS NULL) OR (error_code IS NULL)))"),
        ("post_versions", "PRIMARY KEY (post_id, version)"),
        ("reports", f"CHECK ((reason = ANY (ARRAY[{_REASONS}])))"),
    ],
)  # fmt: skip
async def test_the_schema_has_the_constraints_that_the_rules_stand_on(
    sql: asyncpg.Connection, table: str, definition: str
) -> None:
    found = await sql.fetch(
        "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conrelid = $1::text::regclass AND convalidated",
        table,
    )
    assert definition in [row["text"] for row in found]


async def test_every_foreign_key_can_be_followed_back_by_an_index(sql: asyncpg.Connection) -> None:
    rows = await sql.fetch(
        """
        SELECT k.conrelid::regclass::text || ' ' || pg_get_constraintdef(k.oid) AS key,
          EXISTS (SELECT FROM pg_index i
            WHERE i.indrelid = k.conrelid AND i.indisvalid
              AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
              AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$')) AS indexed
        FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
        """
    )
    assert len(rows) > 20
    assert [row["key"] for row in rows if not row["indexed"]] == []


MODELS = [
    value
    for value in vars(tables).values()
    if isinstance(value, type) and issubclass(value, Model) and value is not Model
]
TYPES = {
    "UUIDField": "uuid", "TextField": "text", "BooleanField": "boolean", "IntField": "integer", "BigIntField": "bigint",
    "SmallIntField": "smallint", "DatetimeField": "timestamp with time zone", "BinaryField": "bytea", "JSONField": "jsonb",
    "ArrayField": "text[]",
}  # fmt: skip


@pytest.mark.goal("U1")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
async def test_the_models_have_the_columns_of_their_tables(
    sql: asyncpg.Connection, model: type[Model]
) -> None:
    rows = [row for row in await sql.fetch(COLUMNS) if row["table"] == model._meta.db_table]
    found = {row["column"]: (row["type"], not row["required"]) for row in rows}
    fields = {
        (field.source_field or name): (TYPES[type(field).__name__], bool(field.null))
        for name, field in model._meta.fields_map.items()
    }
    assert fields == found


# Queries

FILL = """
INSERT INTO users (id, username, password_hash, created_at, posts_everyone, followers, following, private)
  SELECT uuidv7(), 'user' || n, 'x', now(), 10, 20, 20, false FROM generate_series(1, 600) n;
CREATE TEMP TABLE person AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM users;
INSERT INTO users (id, username, password_hash, created_at)
  SELECT uuidv7(), 'quiet' || n, 'x', now() FROM generate_series(1, 6000) n;
INSERT INTO places (id, name) SELECT uuidv7(), 'Place ' || n FROM generate_series(1, 60) n;
CREATE TEMP TABLE spot AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM places;
INSERT INTO posts (id, author_id, caption, tags, place_id, audience, created_at, likes, comments, card)
  SELECT uuidv7(), person.id, 'c', ARRAY['tag' || g.n % 60], spot.id, 'everyone', now(), g.n % 12, 3, convert_to(
    '"caption":"c","tags":[],"mentions":[],"place":null,"audience":"everyone","comments":true,"media":[],' ||
    '"created_at":"2024-05-01T00:00:00Z","edited_at":null,"version":1', 'UTF8')
  FROM generate_series(1, 6000) g (n) JOIN person ON person.n = g.n % 600 JOIN spot ON spot.n = g.n % 60;
CREATE TEMP TABLE thing AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id, author_id FROM posts;
INSERT INTO post_tags SELECT tags[1], id FROM posts;
INSERT INTO follows (id, follower_id, followee_id, created_at)
  SELECT uuidv7(), a.id, b.id, now() FROM person a JOIN generate_series(1, 20) k ON true
  JOIN person b ON b.n = (a.n + k * 7) % 600;
INSERT INTO follows (id, follower_id, followee_id, created_at)
  SELECT uuidv7(), a.id, b.id, now() FROM person a JOIN person b
  ON a.n = 0 AND b.n > 300 OR b.n = 0 AND a.n > 300 ON CONFLICT DO NOTHING;
INSERT INTO home_feed SELECT f.follower_id, p.id, p.author_id FROM follows f JOIN posts p ON p.author_id = f.followee_id
  WHERE f.follower_id IN (SELECT id FROM person WHERE n < 50);
INSERT INTO likes SELECT uuidv7(), person.id, thing.id FROM thing JOIN generate_series(1, 2) k ON true
  JOIN person ON person.n = (thing.n * 3 + k) % 600 ON CONFLICT DO NOTHING;
INSERT INTO likes SELECT uuidv7(), person.id, thing.id FROM thing, person
  WHERE person.n = 0 AND thing.n % 50 = 1 ON CONFLICT DO NOTHING;
INSERT INTO likes SELECT uuidv7(), person.id, thing.id FROM thing, person WHERE thing.n = 5999 ON CONFLICT DO NOTHING;
INSERT INTO saves SELECT uuidv7(), user_id, post_id FROM likes WHERE user_id IN (SELECT id FROM person WHERE n < 300);
INSERT INTO comments (id, post_id, author_id, text, created_at) SELECT uuidv7(), thing.id, person.id, 'hm', now()
  FROM thing JOIN generate_series(1, 2) k ON true JOIN person ON person.n = (thing.n + k * 11) % 600;
INSERT INTO comments (id, post_id, author_id, text, created_at) SELECT uuidv7(), thing.id, person.id, 'hm', now()
  FROM thing, person WHERE thing.n = 5999;
INSERT INTO comment_likes SELECT person.id, c.id
  FROM (SELECT id, row_number() OVER () AS n FROM comments) c JOIN generate_series(0, 5) k ON true
  JOIN person ON person.n = (c.n + k * 100) % 600;
INSERT INTO blocks SELECT uuidv7(), a.id, b.id, now() FROM person a, person b WHERE a.n = 2 AND b.n BETWEEN 300 AND 430;
INSERT INTO mutes SELECT uuidv7(), a.id, b.id, now() FROM person a, person b WHERE a.n = 2 AND b.n BETWEEN 100 AND 230;
INSERT INTO follow_requests SELECT uuidv7(), b.id, a.id, now()
  FROM person a, person b WHERE a.n = 2 AND b.n BETWEEN 100 AND 230;
INSERT INTO files (id, owner_id, name, size, sha256, kind, key, created_at, state, post_id, position)
  SELECT uuidv7(), author_id, 'x', 5, repeat('0', 64), 'image', 'key' || n, now(), 'ready', id, 0 FROM thing;
INSERT INTO files (id, owner_id, name, size, sha256, kind, key, created_at, state)
  SELECT uuidv7(), person.id, 'x', 5, repeat('1', 64), 'image', 'spare' || k, now(), 'ready'
  FROM person, generate_series(1, 130) k WHERE n = 0;
INSERT INTO drafts (id, author_id, audience, comments_on, show_camera, created_at, updated_at, version)
  SELECT uuidv7(), id, 'everyone', true, false, now(), now() - interval '1 minute' * k, 1
  FROM person, generate_series(1, 100) k WHERE n < 60;
CREATE TEMP TABLE held AS
  SELECT row_number() OVER (ORDER BY d.id, k) AS n, uuidv7() AS id, d.id AS draft_id, d.author_id, k - 1 AS position
  FROM drafts d, generate_series(1, 2) k;
INSERT INTO files (id, owner_id, name, size, sha256, kind, key, created_at, state)
  SELECT id, author_id, 'f', 1, repeat('0', 64), 'image', 'held' || n, now(), 'ready' FROM held;
INSERT INTO draft_photos (file_id, draft_id, position) SELECT id, draft_id, position FROM held;
INSERT INTO sessions SELECT uuidv7(), id, sha256(convert_to(id::text, 'UTF8')), now(), now(), now() + interval '1 day'
  FROM person;
INSERT INTO tokens SELECT uuidv7(), id, '', sha256(convert_to(id::text, 'UTF8')), '{read}', now(), now() + interval '1 day'
  FROM person;
"""
BIG = {
    "posts",
    "likes",
    "comments",
    "home_feed",
    "saves",
    "follows",
    "files",
    "post_tags",
    "users",
    "comment_likes",
    "drafts",
    "draft_photos",
}


@pytest.fixture(scope="module")
async def filled(clone: Callable[[str], Any]) -> Any:
    """A database with six thousand posts, big enough for the planner to care."""
    database = await clone("filled")
    connection = await connect(database)
    await connection.execute(FILL)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return database


class Town:
    """The filled database seen by its busiest member, with every query written down."""

    def __init__(self, program: Application, sql: asyncpg.Connection, ids: dict[str, UUID]) -> None:
        self.program, self.sql = program, sql
        self.me, self.fan, self.hermit = ids["me"], ids["fan"], ids["hermit"]
        self.post, self.place = ids["post"], ids["place"]
        self.queries: list[tuple[str, tuple[Any, ...]]] = []

    def write_down(self, record: Any) -> None:
        # The driver asks once per connection how types are made.
        own = "typeinfo_tree" in record.query or "set_config" in record.query
        if not own and not record.query.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            self.queries.append((record.query, tuple(record.args)))

    async def asked_by(self, reading: Awaitable[Any]) -> tuple[Any, list[tuple[str, tuple[Any, ...]]]]:
        self.queries.clear()
        answer = await reading
        return answer, list(self.queries)

    async def scans(self, query: str, arguments: tuple[Any, ...]) -> set[str]:
        """The tables that the query's plan reads from end to end."""
        plan = json.loads(await self.sql.fetchval(f"EXPLAIN (FORMAT JSON) {query}", *arguments))
        return {node["Relation Name"] for node in _nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"}


def _nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(deeper for child in node.get("Plans", []) for deeper in _nodes(child))]


@pytest.fixture
async def town(filled: Any, settings: Settings, images: SandboxedImages) -> AsyncIterator[Town]:
    async with opened(settings.model_copy(update={"database_pool": 2}), filled, images) as program:
        sql = await connect(filled)
        ids = {
            "me": await sql.fetchval("SELECT min(id::text)::uuid FROM users"),
            "hermit": await sql.fetchval("SELECT DISTINCT blocker_id FROM blocks"),
            "fan": await sql.fetchval("SELECT id FROM users ORDER BY id LIMIT 1 OFFSET 450"),
            "post": await sql.fetchval("SELECT max(id::text)::uuid FROM posts"),
            "place": await sql.fetchval(
                "SELECT place_id FROM posts GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
            ),
        }
        town = Town(program, sql, ids)
        pool = get_connection("default")._pool  # type: ignore[attr-defined]
        held = [await pool.acquire() for _ in range(2)]
        for connection in held:
            connection.add_query_logger(town.write_down)
        for connection in held:
            await pool.release(connection)
        yield town
        await sql.close()


Read = Callable[[Town, int], Awaitable[Any]]


def _own(kind: ListKind) -> Read:
    return lambda town, n: town.program.people.own(UserId(town.hermit), kind, n, None)  # type: ignore[arg-type]


def _around(kind: ListKind) -> Read:
    return lambda town, n: town.program.people.around(UserId(town.fan), kind, "user1", n, None)  # type: ignore[arg-type]


LISTS: dict[str, tuple[int, Read]] = {
    "home": (2, lambda t, n: t.program.feeds.home(UserId(t.me), n)),
    "explore": (2, lambda t, n: t.program.feeds.explore(UserId(t.me), n)),
    "explore signed out": (2, lambda t, n: t.program.feeds.explore(None, n)),
    "popular": (2, lambda t, n: t.program.feeds.explore(UserId(t.me), n, popular=True)),
    "member": (2, lambda t, n: t.program.feeds.of_member(UserId(t.fan), UserId(t.me), n)),
    "tag": (2, lambda t, n: t.program.feeds.tagged(UserId(t.fan), "tag7", n)),
    "place": (2, lambda t, n: t.program.feeds.at_place(UserId(t.fan), PlaceId(t.place), n)),
    "saved": (2, lambda t, n: t.program.feeds.saved(UserId(t.me), n)),
    "liked": (2, lambda t, n: t.program.feeds.liked(UserId(t.me), n)),
    "comments": (2, lambda t, n: t.program.commenting.list(UserId(t.fan), PostId(t.post), n)),
    "likers": (2, lambda t, n: t.program.feeds.likers(UserId(t.fan), PostId(t.post), n)),
    "followers": (2, _around("followers")),
    "following": (2, _around("following")),
    "requests": (1, _own("requests")),
    "blocked": (1, _own("blocked")),
    "muted": (1, _own("muted")),
    "drafts": (2, lambda t, n: t.program.drafting.list(UserId(t.me), n)),
    "files": (1, lambda t, n: t.program.uploading.list(UserId(t.me), n, None)),
}


@pytest.mark.goal("O7")
@pytest.mark.parametrize("name", LISTS)
async def test_a_list_asks_as_often_for_one_as_for_a_hundred_and_reads_no_whole_table(
    town: Town, name: str
) -> None:
    asked, read = LISTS[name]
    for limit in (1, 10, 100):
        page, queries = await town.asked_by(read(town, limit))
        assert len(page.items) == (min(limit, 10) if name == "member" else limit)
        assert len(queries) == asked, [query for query, _ in queries]
        for query, arguments in queries:
            assert not (await town.scans(query, arguments)) & BIG, (limit, query)


@pytest.mark.goal("O7")
async def test_the_number_of_who_waits_is_counted_in_the_database_and_not_far(town: Town) -> None:
    for most, expected in ((1, 1), (100, 100), (1_000, 131)):
        number, queries = await town.asked_by(town.program.people.waiting(UserId(town.hermit), most))
        assert number == expected
        ((query, arguments),) = queries
        assert not await town.scans(query, arguments) & BIG
        plan = json.loads(await town.sql.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *arguments))
        read = [node for node in _nodes(plan[0]["Plan"]) if node.get("Relation Name") == "follow_requests"]
        assert [node["Actual Rows"] for node in read] == [expected]


@pytest.mark.goal("O7")
async def test_the_search_for_scans_notices_one(town: Town) -> None:
    assert await town.scans("SELECT * FROM likes WHERE id::text LIKE $1", ("%x%",)) == {"likes"}


@pytest.mark.goal("O7")
async def test_a_page_far_down_costs_as_much_as_the_first(town: Town) -> None:
    read = town.program.feeds.explore
    page, first = await town.asked_by(read(None, 100))
    for _ in range(50):
        page, queries = await town.asked_by(read(None, 100, page.next))
    assert len(queries) == len(first)
    assert len(page.items) == 100
    query, arguments = queries[0]
    plan = json.loads(await town.sql.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", *arguments))
    read_rows = [
        node["Actual Rows"] for node in _nodes(plan[0]["Plan"]) if node.get("Relation Name") == "posts"
    ]
    assert max(read_rows) <= 3 * 101


@pytest.mark.goal("O7")
async def test_what_every_request_asks_is_found_by_an_index(town: Town) -> None:
    me, post = UserId(town.me), PostId(town.post)
    readings: list[Callable[[], Awaitable[Any]]] = [
        lambda: town.program.feeds.post(me, post),
        lambda: town.program.people.profile(me, "user500"),
        lambda: town.program.people.me(me),
        lambda: town.program.signing_in.identify_session("x"),
        lambda: town.program.signing_in.identify_token("x"),
        lambda: town.program.media_access.admit(me, "key5999"),
    ]
    for reading in readings:
        _, queries = await town.asked_by(reading())
        assert 1 <= len(queries) <= 2
        for query, arguments in queries:
            assert not (await town.scans(query, arguments)) & (BIG | {"sessions", "tokens"}), query


@pytest.mark.goal("O7")
@pytest.mark.parametrize("typed", ["u", "user5", "tag", "t", "pla", "z"])
async def test_names_are_found_in_ranges_of_indexes(town: Town, typed: str) -> None:
    _, queries = await town.asked_by(town.program.finding.suggest(UserId(town.me), typed))
    assert len(queries) == 3
    for query, arguments in queries:
        assert not await town.scans(query, arguments) & (BIG | {"places"}), query
        # Cut off: whatever there is of them, some thousand rows are looked at.
        plan = json.loads(await town.sql.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *arguments))
        read = [node["Actual Rows"] * node["Actual Loops"] for node in _nodes(plan[0]["Plan"])]
        assert max(read) <= 61 * 101


@pytest.mark.goal("O7")
async def test_overviews_and_filters_look_at_few_rows_however_long_the_lists_are(town: Town) -> None:
    me, app = UserId(town.me), town.program
    readings: list[Awaitable[Any]] = [
        app.overviews.tag(me, "tag7"),
        app.overviews.place(me, PlaceId(town.place)),
        app.overviews.places_of(me, town.fan),
        app.overviews.tags_of_the_week(me),
        app.people.called(me, "followers", "user1", "user5", 30),
    ]
    for reading in readings:
        _, queries = await town.asked_by(reading)
        assert 1 <= len(queries) <= 3
        for query, arguments in queries:
            assert not await town.scans(query, arguments) & (BIG - {"users"}), query
            plan = json.loads(await town.sql.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *arguments))
            read = [node["Actual Rows"] * node["Actual Loops"] for node in _nodes(plan[0]["Plan"])]
            assert max(read) <= 7_000, query


@pytest.mark.goal("O7")
async def test_people_are_suggested_from_few_rows_however_many_follow_each_other(town: Town) -> None:
    met, queries = await town.asked_by(town.program.meeting.suggest(UserId(town.me), 10))
    assert len(met) == 10
    assert len(queries) == 4
    for query, arguments in queries:
        assert not await town.scans(query, arguments) & (BIG - {"users"}), query
        plan = json.loads(await town.sql.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *arguments))
        read = [node["Actual Rows"] * node["Actual Loops"] for node in _nodes(plan[0]["Plan"])]
        assert max(read) <= 10_000, query
    _, again = await town.asked_by(town.program.meeting.suggest(UserId(town.me), 10))
    assert len(again) == 2


async def test_what_every_web_process_forgets_each_minute_is_found_by_an_index(town: Town) -> None:
    _, queries = await town.asked_by(town.program.housekeeping.forget())
    deletions = [one for one in queries if one[0].startswith(("DELETE FROM sessions", "DELETE FROM tokens"))]
    assert len(deletions) == 3
    for query, arguments in deletions:
        assert await town.scans(query, arguments) == set(), query
