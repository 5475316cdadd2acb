"""What is told of tags and places is told from posts that the viewer may see."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings

from application.program import Application
from domain.kernel import PlaceId
from tests.builders import a_person, a_post
from tests.model import Model
from tests.strategies import ONE_OF_EACH, TAGS, Act, all_acts, histories, lived


async def test_the_best_liked_come_first_where_there_are_many(program: Application) -> None:
    mira, noor = await a_person(program, "mira"), await a_person(program, "noor")
    posts = [await a_post(program, mira, "#sea #foam", place="Mole") for _ in range(18)]
    assert (await program.overviews.tag(None, "#Sea")).top == []
    posts.append(await a_post(program, noor, "#sea #gull", place="Mole"))
    for post in (posts[3], posts[7]):
        await program.posting.like(mira.id, post)
    await program.posting.like(noor.id, posts[7])
    sea = await program.overviews.tag(None, "#Sea")
    assert [card.id for card in sea.top[:2]] == [posts[7], posts[3]]
    assert (len(sea.top), sea.posts, sea.more) == (9, 19, False)
    assert sea.tags == ["foam", "gull"]
    assert [person.username for person in sea.people] == ["mira", "noor"]
    place = (await program.feeds.post(None, posts[0])).place
    assert place is not None
    assert (await program.overviews.place(None, PlaceId(place.id))).posts == 19
    ((found),) = await program.overviews.places_of(None, mira.id)
    assert (found.place, found.posts) == (place, 18)


async def test_tags_of_the_week_count_people_and_forget_at_once_what_was_hidden(program: Application) -> None:
    people = [await a_person(program) for _ in range(3)]
    for person in people:
        await a_post(program, person, "#shared")
    for _ in range(4):
        await a_post(program, people[0], "#alone")
    assert [one.tag for one in await program.overviews.tags_of_the_week(None)] == ["shared", "alone"]
    await program.moderation.change(people[0].name, suspended=True)
    assert [(one.tag, one.posts) for one in await program.overviews.tags_of_the_week(None)] == [("shared", 2)]


@pytest.mark.goal("Z2")
@pytest.mark.goal("Z4")
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@example(ONE_OF_EACH)
@given(histories(all_acts, 30))
async def test_overviews_tell_exactly_what_the_rule_allows(
    program: Application, start_over: Callable[[], Any], sql: asyncpg.Connection, history: list[Act]
) -> None:
    await lived(program, start_over, history)
    model = await Model.read(sql)
    for viewer in model.viewers:
        for tag in TAGS:
            seen = model.visible(viewer, lambda p, t=tag: t in p["tags"])
            told = await program.overviews.tag(viewer, tag)
            assert told.posts == len(seen)
            assert {person.id for person in told.people} == {model.posts[post]["author_id"] for post in seen}
        for member in model.users:
            seen = model.visible(viewer, lambda p, m=member: p["author_id"] == m and p["place_id"])
            places = Counter(model.posts[post]["place_id"] for post in seen)
            assert {
                one.place.id: one.posts for one in await program.overviews.places_of(viewer, member)
            } == places
