"""Names found by their beginnings: in any spelling, and never more than the privacy rule allows."""

import unicodedata
from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings

from application.accounts import ProfileChange
from application.finding import Kind, TagCount
from application.posting import PostEdit
from application.program import Application
from application.views import Person, PlaceRef
from tests.builders import Someone, a_follow, a_person, a_post
from tests.model import Model, Viewer
from tests.strategies import ONE_OF_EACH, Act, all_acts, histories, lived


async def suggested(program: Application, viewer: Someone | None, typed: str, *kinds: Kind) -> list[Any]:
    """Names of what is offered, in order."""
    some = (kinds,) if kinds else ()
    found = await program.finding.suggest(viewer.id if viewer else None, typed, *some)
    return [name_of(one) for one in found]


def name_of(one: Person | TagCount | PlaceRef) -> str:
    if isinstance(one, Person):
        return one.username
    return f"#{one.tag}" if isinstance(one, TagCount) else one.name


async def named(program: Application, username: str, display_name: str) -> Someone:
    who = await a_person(program, username)
    await program.accounts.change_profile(who.id, ProfileChange(display_name=display_name))
    return who


async def test_people_are_found_by_either_name(program: Application) -> None:
    await named(program, "mira", "Sølvi Berg")
    await named(program, "sol.invictus", "")
    for typed, expected in (
        ("sol", ["sol.invictus"]),
        ("SOL", ["sol.invictus"]),
        ("søl", ["mira"]),
        ("SØLVI B", ["mira"]),
        ("berg", []),
        ("o", []),
        ("", []),
        ("@", []),
        ("@mir", ["mira"]),
        ("mira.", []),
    ):
        assert await suggested(program, None, typed, "people") == expected, typed


async def test_no_sign_of_a_pattern_means_more_than_itself(program: Application) -> None:
    await a_person(program, "mira")
    await a_person(program, "m_ra")
    for typed in ("m%", "%", "*", ".*", "m\\", "'", "\U0010ffff", "m\x00", "\ud800"):
        assert await suggested(program, None, typed) == [], typed
    assert await suggested(program, None, "m_", "people") == ["m_ra"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
async def test_every_script_is_found_in_any_spelling(program: Application, form: Any) -> None:
    soyeon = await named(program, "soyeon", "김소연")
    await named(program, "nplatov", "Никита Йорданов")
    await a_post(program, soyeon, "#설악산 #Ёлка #café", place="Área Norte")
    for typed, expected in (
        ("김", "soyeon"),
        ("김소연", "soyeon"),
        # Each state of the word while its syllables are put together.
        ("ㄱ", "soyeon"),
        ("기", "soyeon"),
        ("김ㅅ", "soyeon"),
        ("никита й", "nplatov"),
        ("НИК", "nplatov"),
        ("설ㅇ", "#설악산"),
        ("서", "#설악산"),
        ("ёл", "#ёлка"),
        ("CAFÉ", "#café"),
        ("cafe", "#café"),
        ("área", "Área Norte"),
        ("AREA N", None),
    ):
        found = await suggested(program, None, unicodedata.normalize(form, typed))
        assert found == ([expected] if expected else []), typed


async def test_the_exact_name_comes_first_then_whom_one_follows_then_the_best_known(
    program: Application,
) -> None:
    viewer, *others = [
        await a_person(program, name) for name in ("zoe", "anna.b", "anna.c", "anna.d", "anna")
    ]
    b, c, d, _ = others
    await a_follow(program, viewer, d)
    for fan in (b, d):
        await a_follow(program, fan, c)
    assert await suggested(program, viewer, "anna", "people") == ["anna", "anna.d", "anna.c", "anna.b"]
    assert await suggested(program, None, "anna", "people") == ["anna", "anna.c", "anna.d", "anna.b"]


async def test_somebody_followed_is_found_however_many_are_called_so(
    program: Application, sql: asyncpg.Connection
) -> None:
    viewer, friend = await a_person(program, "zoe"), await a_person(program, "anzu")
    await a_follow(program, viewer, friend)
    await sql.execute(
        "INSERT INTO users (id, username, password_hash, created_at, followers) "
        "SELECT gen_random_uuid(), 'an' || n, 'x', now(), 5 FROM generate_series(1, 300) n"
    )
    assert (await suggested(program, viewer, "an", "people"))[0] == "anzu"


async def test_tags_and_places_are_counted_and_the_most_used_come_first(program: Application) -> None:
    mira = await a_person(program, "mira")
    for caption, place in (
        ("#light #lighthouse", "Lista"),
        ("#lighthouse", "Lista fyr"),
        ("#Lighthouse", "Lista fyr"),
    ):
        await a_post(program, mira, caption, place=place)
    found = await program.finding.suggest(None, "li")
    assert found[:2] == [TagCount("lighthouse", 3), TagCount("light", 1)]
    assert [name_of(place) for place in found[2:]] == ["Lista fyr", "Lista"]


async def test_a_sign_says_what_is_meant_and_kinds_share_the_room(program: Application) -> None:
    mira = await a_person(program, "mira")
    people = [await a_person(program, f"lina{number}") for number in range(9)]
    for number in range(9):
        await a_post(program, mira, f"#lin{number}", place=f"Lindau {number}")
    every = await suggested(program, mira, "lin")
    assert len(every) == 8
    assert [name[:3] for name in every] == ["lin"] * 4 + ["#li"] * 2 + ["Lin"] * 2
    assert len(await suggested(program, mira, "@lin")) == 8
    assert set(await suggested(program, mira, "#lin")) <= {f"#lin{number}" for number in range(9)}
    assert all(name.startswith("Lindau") for name in await suggested(program, mira, "~lin"))
    assert await suggested(program, mira, "@lin", "tags") == []
    for person in people[2:]:
        await program.following.block(person.id, "mira")
    # What people leave free goes to the others.
    assert [name[:3] for name in await suggested(program, mira, "lin")] == ["lin"] * 2 + ["#li"] * 4 + [
        "Lin"
    ] * 2


async def test_ones_own_private_words_are_offered_to_oneself_alone(program: Application) -> None:
    mira, noor = await a_person(program, "mira"), await a_person(program, "noor")
    await a_follow(program, noor, mira)
    await a_post(program, mira, "#diary", place="Diary desk", audience="only_me")
    await a_post(program, mira, "#dinner", place="Dining room", audience="followers")
    assert set(await suggested(program, mira, "di")) == {"#diary", "#dinner", "Diary desk", "Dining room"}
    for other in (noor, None):
        assert await suggested(program, other, "di") == []


async def test_nobody_keeps_others_from_being_offered_by_words_of_their_own(
    program: Application, sql: asyncpg.Connection
) -> None:
    mira, noor = await a_person(program, "mira"), await a_person(program, "noor")
    await a_post(program, noor, "#sunset", place="Sun terrace")
    hidden = await a_post(program, mira, audience="only_me")
    # Nine hundred tags that come first, on one post here, and as many places.
    await sql.execute(
        "INSERT INTO post_tags (tag, post_id) SELECT 'suna' || n, $1 FROM generate_series(1, 900) n", hidden
    )
    await sql.execute(
        "INSERT INTO places (id, name) SELECT gen_random_uuid(), 'Sun a' || n FROM generate_series(1, 900) n"
    )
    for viewer in (noor, None):
        assert await suggested(program, viewer, "sun") == ["#sunset", "Sun terrace"]


def open_to(model: Model, viewer: Viewer, post: UUID) -> bool:
    """Whether words of the post may be offered: everybody may see it, and the viewer too; or it is their own."""
    return model.posts[post]["author_id"] == viewer or (model.public(post) and model.sees(viewer, post))


@pytest.mark.goal("Z2")
@pytest.mark.goal("Z4")
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@example(ONE_OF_EACH)
@given(histories(all_acts, 30))
async def test_suggestions_are_exactly_what_everybody_may_see(
    program: Application, start_over: Callable[[], Any], sql: asyncpg.Connection, history: list[Act]
) -> None:
    await lived(program, start_over, history)
    model = await Model.read(sql)
    for viewer in model.viewers:
        suggest = program.finding.suggest
        people = {one.id for one in await suggest(viewer, "p", ("people",)) if isinstance(one, Person)}
        named = {id_ for id_, row in model.users.items() if row["username"].startswith("p")}
        assert people == {member for member in named if model.knows(viewer, member)}
        counts: dict[str, int] = {}
        places = set()
        for post, row in model.posts.items():
            if open_to(model, viewer, post):
                places.add(row["place_id"])
                for tag in row["tags"]:
                    counts[tag] = counts.get(tag, 0) + 1
        for tag in {tag for row in model.posts.values() for tag in row["tags"]}:
            found = [one for one in await suggest(viewer, tag[0], ("tags",)) if name_of(one) == f"#{tag}"]
            assert found == ([TagCount(tag, counts[tag])] if tag in counts else [])
        for place, row in model.places.items():
            found = [one for one in await suggest(viewer, row["name"], ("places",)) if one.id == place]  # type: ignore[union-attr]
            assert bool(found) == (place in places)


async def test_only_names_that_lead_somewhere_are_mentions(program: Application) -> None:
    mira, _, timo = [await a_person(program, name) for name in ("mira", "noor", "timo")]
    await program.following.block(timo.id, "mira")
    text = "with @Noor, @nobody, @timo and @mira"
    post = await a_post(program, mira, text)
    comment = await program.commenting.add(mira.id, post, text)
    assert (await program.feeds.post(None, post)).mentions == ["noor", "mira"]
    assert (await program.commenting.get(None, comment)).mentions == ("noor", "mira")
    assert await program.people.named(mira.id, text) == await program.people.named(mira.id, f"{text} @x")
    assert set(await program.people.named(mira.id, text)) == {"noor", "mira"}
    assert set(await program.people.named(None, text)) == {"noor", "mira", "timo"}
    # An edit that says the same says nothing new about who is there by now.
    await a_person(program, "nobody")
    await program.posting.edit(mira.id, post, PostEdit(caption=text))
    assert (await program.feeds.post(None, post)).version == 1
    await program.posting.edit(mira.id, post, PostEdit(caption=f"{text}!"))
    assert (await program.feeds.post(None, post)).mentions == ["noor", "nobody", "mira"]
    await program.commenting.edit(mira.id, comment, "@nobody")
    assert (await program.commenting.get(None, comment)).mentions == ("nobody",)
