"""For random communities, every read shows exactly what the privacy rule allows, to everybody and to those signed out.

The model knows the tables and `domain.visibility` and nothing of the queries: a pre-filter in SQL that is too
wide shows something, one that is too narrow hides something, and both fail here.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from application.access import Gone
from application.program import Application
from domain.kernel import CommentId, NotFound, PlaceId, PostId, UserId
from domain.text import fold
from tests.builders import Someone, a_follow, a_post
from tests.model import Model, Viewer, ids
from tests.strategies import (
    ONE_OF_EACH,
    TAGS,
    Act,
    Community,
    a_community,
    acts,
    all_acts,
    endings,
    histories,
    lived,
    moods,
    relations,
)

pytestmark = [pytest.mark.goal("Z2"), pytest.mark.goal("Z3"), pytest.mark.goal("Z4")]


async def shown(reading: Awaitable[Any]) -> bool:
    try:
        await reading
    except (NotFound, Gone):
        return False
    return True


async def check_lists(app: Application, model: Model, viewer: Viewer) -> None:
    """Every list of posts."""
    feeds, n = app.feeds, 100
    public = model.visible(viewer, lambda p: model.public(p["id"]) and not model.unwanted(viewer, p))
    assert await ids(feeds.explore(viewer, n)) == public
    popular = sorted(public, key=lambda post: (model.posts[post]["likes"], post), reverse=True)
    assert await ids(feeds.explore(viewer, n, popular=True)) == popular
    for member in model.users:
        expected = model.visible(viewer, lambda p, m=member: p["author_id"] == m)
        assert await ids(feeds.of_member(viewer, UserId(member), n)) == expected
    for tag in TAGS:
        expected = model.visible(viewer, lambda p, t=tag: fold(t) in p["tags"])
        assert await ids(feeds.tagged(viewer, tag.upper(), n)) == expected
    for place in model.places:
        expected = model.visible(viewer, lambda p, x=place: p["place_id"] == x)
        assert await ids(feeds.at_place(viewer, PlaceId(place), n)) == expected
        assert await shown(feeds.place(viewer, PlaceId(place))) == bool(expected)
    if viewer is not None:
        home = model.visible(
            viewer,
            lambda p: (
                (p["author_id"] == viewer or model.has("follows", viewer, p["author_id"]))
                and not model.unwanted(viewer, p)
            ),
        )
        assert await ids(feeds.home(viewer, n)) == home
        for edge, listing in (("likes", feeds.liked), ("saves", feeds.saved)):
            mine = [
                post for user, post, _ in model.edges[edge] if user == viewer and model.sees(viewer, post)
            ]
            assert await ids(listing(viewer, n)) == mine


async def check_posts(app: Application, model: Model, viewer: Viewer) -> None:
    """Every post with its comments, likers and pictures."""
    for post in model.posts:
        may = model.sees(viewer, post)
        assert await shown(app.feeds.post(viewer, PostId(post))) == may
        assert await shown(app.commenting.list(viewer, PostId(post), 50)) == may
        assert await shown(app.feeds.likers(viewer, PostId(post), 50)) == may
        talk = [c["id"] for c in reversed(model.comments.values()) if c["post_id"] == post]
        heard = [c for c in talk if model.knows(viewer, model.comments[c]["author_id"])]
        for comment in talk:
            assert await shown(app.commenting.get(viewer, CommentId(comment))) == (may and comment in heard)
        if not may:
            continue
        assert await ids(app.commenting.list(viewer, PostId(post), 50)) == heard
        card = await app.feeds.post(viewer, PostId(post))
        assert [c.id for c in card.comments_preview] == heard[-2:]
        assert card.viewer.liked == model.has("likes", viewer, post)
        assert card.viewer.saved == model.has("saves", viewer, post)
        likers = [
            user for user, liked, _ in model.edges["likes"] if liked == post and model.knows(viewer, user)
        ]
        assert await ids(app.feeds.likers(viewer, PostId(post), 50)) == likers


async def check_pictures(app: Application, model: Model, viewer: Viewer) -> None:
    """The door to pictures, for those of posts and for those that no post uses."""
    for file in model.files:
        if file["post_id"] is None:
            assert await shown(app.media_access.admit(viewer, file["key"])) == (viewer == file["owner_id"])
        elif await shown(app.media_access.admit(viewer, file["key"])):
            assert model.sees(viewer, file["post_id"])
            assert await app.media_access.admit(viewer, file["key"]) == model.public(file["post_id"])
        else:
            assert not model.sees(viewer, file["post_id"])


async def check_people(app: Application, model: Model, viewer: Viewer) -> None:
    """Profiles, and the lists of people around them."""
    for member, row in model.users.items():
        name = row["username"]
        stands = model.stands(viewer, member)
        # Whoever blocked a member still finds the profile, to undo it; the posts stay away.
        undo = stands.blocks and row["state"] == "active"
        assert await shown(app.people.profile(viewer, name)) == (model.knows(viewer, member) or undo)
        if model.knows(viewer, member) or undo:
            profile = await app.people.profile(viewer, name)
            assert profile.viewer.can_see_posts == model.sees_posts_of(viewer, member)
            visible = model.visible(viewer, lambda p, m=member: p["author_id"] == m)
            assert profile.counts.posts == len(visible)
        may = model.sees_posts_of(viewer, member)
        for kind, mine, other in (("followers", 1, 0), ("following", 0, 1)):
            assert await shown(app.people.around(viewer, kind, name, 50, None)) == may  # type: ignore[arg-type]
            if may:
                around = [e[other] for e in model.edges["follows"] if e[mine] == member]
                expected = [person for person in around if model.knows(viewer, person)]
                assert await ids(app.people.around(viewer, kind, name, 50, None)) == expected  # type: ignore[arg-type]
    if viewer is None:
        return
    active = {user for user, row in model.users.items() if row["state"] == "active"}
    for kind, edge, mine, other in (
        ("requests", "follow_requests", 1, 0),
        ("blocked", "blocks", 0, 1),
        ("muted", "mutes", 0, 1),
    ):
        found = [e[other] for e in model.edges[edge] if e[mine] == viewer]
        expected = [p for p in found if p in active and (kind == "blocked" or model.knows(viewer, p))]
        assert await ids(app.people.own(viewer, kind, 50, None)) == expected  # type: ignore[arg-type]
        if kind == "requests":
            assert await app.people.waiting(viewer) == len(expected)


async def check_everything(community: Community, sql: asyncpg.Connection) -> None:
    app = community.program
    model = await Model.read(sql)
    viewers: list[Viewer] = [None, *(UserId(u) for u, row in model.users.items() if row["state"] == "active")]
    for viewer in viewers:
        await check_lists(app, model, viewer)
        await check_posts(app, model, viewer)
        await check_pictures(app, model, viewer)
        await check_people(app, model, viewer)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@example(ONE_OF_EACH)
@given(histories(all_acts, 36))
async def test_every_read_shows_exactly_what_the_rule_allows(
    program: Application, start_over: Callable[[], Any], sql: asyncpg.Connection, history: list[Act]
) -> None:
    community = await lived(program, start_over, history)
    # Home feeds are filled by a job; what is read before it ran may lack something and never shows too much.
    model = await Model.read(sql)
    for person in community.people:
        early = {card.id for card in (await program.feeds.home(person.id, 100)).items}
        assert all(model.sees(person.id, post) for post in early)
    await program.runner.drain()
    await check_everything(community, sql)


async def test_the_model_notices_what_is_shown_and_what_is_missing(
    program: Application, sql: asyncpg.Connection
) -> None:
    community = await a_community(program)
    await community.live(ONE_OF_EACH)
    await program.runner.drain()
    await check_everything(community, sql)
    model = await Model.read(sql)
    stranger: Someone = community.people[3]
    hidden, open_ = community.posts[0], community.posts[3]
    assert not model.sees(stranger.id, hidden)
    assert model.sees(stranger.id, open_)
    model.users = {u: {**row, "private": False} for u, row in model.users.items()}  # type: ignore[misc]
    with pytest.raises(AssertionError):
        await check_lists(program, model, stranger.id)
    model = await Model.read(sql)
    model.edges["blocks"] = []
    with pytest.raises(AssertionError):
        await check_people(program, model, community.people[4].id)


@pytest.mark.goal("O7")
async def test_many_hidden_posts_in_a_row_do_not_end_a_list(program: Application) -> None:
    community = await a_community(program, 2)
    shy, mira = community.people
    wanted = await a_post(program, mira, "#harbour", place="Nordhamn")
    for _ in range(40):
        await a_post(program, shy, "#harbour", place="Nordhamn")
    newer = await a_post(program, mira, "#harbour", place="Nordhamn")
    await community.act(Act("hide away", 0))
    place = (await program.feeds.post(None, wanted)).place
    assert place is not None
    for reading in (
        lambda c: program.feeds.explore(None, 1, c),
        lambda c: program.feeds.explore(None, 1, c, popular=True),
        lambda c: program.feeds.tagged(None, "harbour", 1, c),
        lambda c: program.feeds.at_place(None, PlaceId(place.id), 1, c),
    ):
        found, cursor = [], None
        for _ in range(50):
            page = await reading(cursor)
            found += [card.id for card in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert found == [newer, wanted]


async def test_a_place_is_known_to_who_may_see_any_post_there(program: Application) -> None:
    community = await a_community(program, 3)
    shy, mira, noor = community.people
    wanted = await a_post(program, mira, place="Nordhamn")
    for _ in range(30):
        await a_post(program, shy, place="Nordhamn", audience="only_me")
    place = (await program.feeds.post(None, wanted)).place
    assert place is not None
    assert (await program.feeds.place(noor.id, PlaceId(place.id))).name == "Nordhamn"
    await a_follow(program, noor, mira)
    await program.following.block(mira.id, noor.name)
    assert not await shown(program.feeds.place(noor.id, PlaceId(place.id)))


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@example([Act("publish", 0, 0, ("everyone", None, None))], [Act("block", 0, 1), Act("block", 2, 0)])
@example([Act("publish", 0, 0, ("everyone", None, None)), Act("follow", 2, 0)], [Act("hide away", 0)])
@example([Act("publish", 0, 0, ("everyone", None, None))], [Act("suspend", 0)])
@example([Act("publish", 0, 0, ("everyone", None, None))], [Act("leave", 0)])
@example([Act("publish", 0, 0, ("followers", None, None)), Act("follow", 2, 0)], [])
@given(histories(acts, 30), histories(st.one_of(relations, moods, endings), 12))
async def test_that_a_post_was_removed_is_said_to_whom_it_would_be_shown(
    program: Application,
    start_over: Callable[[], Any],
    sql: asyncpg.Connection,
    history: list[Act],
    afterwards: list[Act],
) -> None:
    community = await lived(program, start_over, history)
    posts = (await Model.read(sql)).posts
    for post, row in posts.items():
        await program.posting.delete(row["author_id"], PostId(post))
    await community.live(afterwards)
    await program.runner.drain()
    model = await Model.read(sql)
    model.posts = posts
    for viewer in (None, *(p.id for p in community.people if model.users[p.id]["state"] == "active")):
        for post in posts:
            expected = Gone if model.sees(viewer, post) else NotFound
            for reading in (program.feeds.post, partial(program.commenting.list, limit=5)):
                with pytest.raises(expected) as caught:
                    await reading(viewer, PostId(post))
                assert type(caught.value) is expected
            if viewer is not None:
                with pytest.raises(expected):
                    await program.posting.like(viewer, PostId(post))
