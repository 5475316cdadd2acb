"""People are suggested for a reason that the viewer may read anyway, and never whom the privacy rule hides."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings

from application.program import Application
from domain.kernel import UserId
from tests.builders import Someone, a_follow, a_person, a_post
from tests.model import Model, ids
from tests.strategies import ONE_OF_EACH, Act, a_community, all_acts, histories


async def forget(program: Application) -> None:
    """What was remembered for a minute is from before."""
    program.meeting._cache._values.clear()  # type: ignore[attr-defined]


async def suggested(
    program: Application, viewer: Someone, limit: int = 20
) -> list[tuple[str, list[str], int]]:
    return [
        (met.user.username, [person.username for person in met.through.named], met.through.count)
        for met in await program.meeting.suggest(viewer.id, limit)
    ]


async def test_whom_most_of_the_followed_follow_comes_first(program: Application) -> None:
    viewer, anna, boris, clara, dora, emil = [
        await a_person(program, name) for name in ("viewer", "anna", "boris", "clara", "dora", "emil")
    ]
    for friend in (anna, boris, clara):
        await a_follow(program, viewer, friend)
        await a_follow(program, friend, dora)
    await a_follow(program, anna, emil)
    await a_follow(program, dora, anna)
    assert await suggested(program, viewer) == [("dora", ["anna", "boris"], 3), ("emil", ["anna"], 1)]
    assert await suggested(program, viewer, 1) == [("dora", ["anna", "boris"], 3)]
    (met,) = await program.meeting.suggest(viewer.id, 1)
    assert (met.reason, met.through.unnamed) == ("followed_by", 1)


async def test_who_follows_nobody_is_offered_who_is_liked_here(program: Application) -> None:
    viewer, quiet, loud, shy = [await a_person(program, name) for name in ("viewer", "quiet", "loud", "shy")]
    post = await a_post(program, loud)
    await a_post(program, shy, audience="followers")
    for fan in (viewer, quiet):
        await program.posting.like(fan.id, post)
    await a_post(program, quiet)
    assert await suggested(program, viewer) == [("loud", [], 0), ("quiet", [], 0)]
    assert {met.reason for met in await program.meeting.suggest(viewer.id, 20)} == {"popular_here"}


async def test_what_is_remembered_shows_nobody_whom_the_viewer_just_lost_or_followed(
    program: Application,
) -> None:
    viewer, anna, boris, clara = [
        await a_person(program, name) for name in ("viewer", "anna", "boris", "clara")
    ]
    for other in (anna, boris, clara):
        await a_post(program, other)
    assert len(await suggested(program, viewer)) == 3
    await program.following.follow(viewer.id, "anna")
    await program.following.block(boris.id, "viewer")
    await program.moderation.change("clara", suspended=True)
    assert await suggested(program, viewer) == []


async def test_a_member_is_known_to_whom_the_viewer_follows_alone(program: Application) -> None:
    viewer, anna, boris, dora = [
        await a_person(program, name) for name in ("viewer", "anna", "boris", "dora")
    ]
    await a_follow(program, viewer, anna)
    for fan in (anna, boris, viewer):
        await a_follow(program, fan, dora)
    through = await program.meeting.acquaintances(viewer.id, dora.id)
    assert (through.count, [person.username for person in through.named]) == (1, ["anna"])
    for nobody, member in ((None, dora), (dora.id, dora), (boris.id, anna)):
        assert (await program.meeting.acquaintances(nobody, member.id)).count == 0


def expected(model: Model, viewer: UserId) -> dict[UUID, set[UUID]]:
    """Whom the viewer may like, each with those who know them."""
    people: dict[UUID, set[UUID]] = {}
    for member, row in model.users.items():
        nothing = ("follows", "follow_requests", "mutes")
        if member == viewer or any(model.has(edge, viewer, member) for edge in nothing):
            continue
        if not model.knows(viewer, member):
            continue
        friends = {
            friend for friend in model.users
            if model.has("follows", viewer, friend) and model.has("follows", UserId(friend), member)
            and model.knows(viewer, friend)
        }  # fmt: skip
        public = any(p["author_id"] == member and model.public(p["id"]) for p in model.posts.values())
        if friends or (public and not row["private"]):
            people[member] = friends
    return people


@pytest.mark.goal("Z2")
@pytest.mark.goal("Z4")
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@example(ONE_OF_EACH)
@given(histories(all_acts, 36))
async def test_suggestions_keep_the_privacy_rule(
    program: Application, start_over: Callable[[], Any], sql: asyncpg.Connection, history: list[Act]
) -> None:
    await start_over()
    community = await a_community(program)
    half = len(history) // 2
    await community.live(history[:half])
    for person in community.people:
        await program.meeting.suggest(person.id, 20)
    # What is remembered from now is about a world that goes on.
    await community.live(history[half:])
    model = await Model.read(sql)
    viewers = [UserId(user) for user, row in model.users.items() if row["state"] == "active"]
    for fresh in (False, True):
        if fresh:
            await forget(program)
        for viewer in viewers:
            met = await program.meeting.suggest(viewer, 20)
            right = expected(model, viewer)
            assert {one.user.id for one in met} <= set(right)
            assert not fresh or {one.user.id for one in met} == set(right)
            for one in met:
                assert one.through.count == len(right[one.user.id])
                assert {person.id for person in one.through.named} <= right[one.user.id]
                for friend in one.through.named:
                    # The viewer reads on the friend's own list that they follow the member.
                    list_of = program.people.around(viewer, "following", friend.username, 100, None)
                    assert one.user.id in await ids(list_of)
            for member in model.users:
                if model.knows(viewer, member) and member != viewer:
                    through = await program.meeting.acquaintances(viewer, member)
                    friends = {
                        friend for friend in model.users
                        if model.has("follows", viewer, friend) and model.has("follows", UserId(friend), member)
                        and model.knows(viewer, friend)
                    }  # fmt: skip
                    assert through.count == len(friends)
