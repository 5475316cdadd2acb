"""Who is told of what: once, nothing of one's own, nothing hidden, nothing that was taken back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from application.access import Client
from application.notifying import NotificationView
from application.program import Application
from domain.files import FileStored
from domain.kernel import Invalid, NotificationId, PostId
from domain.notifications import KINDS, CommentSaid, Kind, of_comment
from tests.builders import Someone, a_comment, a_follow, a_person, a_picture, a_post, new_uow
from tests.conftest import settle


async def told(program: Application, who: Someone, *kinds: Kind) -> list[NotificationView]:
    """What somebody's list shows after everything that is due was done."""
    await settle(program)
    return (await program.notifying.newest(who.id, kinds or None, 50, None)).items


def said(views: list[NotificationView]) -> list[tuple[str, list[str], int]]:
    return [(view.type, [actor.username for actor in view.actors], view.others) for view in views]


@pytest.fixture
async def trio(program: Application) -> tuple[Someone, Someone, Someone, PostId]:
    """Mira with a post, and two others; nobody follows anybody."""
    mira, joon, nora = [await a_person(program, name) for name in ("mira", "joon", "nora")]
    post = await a_post(program, mira)
    await settle(program)
    return mira, joon, nora, post


async def test_likes_of_a_day_are_one_notification_that_names_the_last_three(
    program: Application, trio: tuple[Someone, Someone, Someone, PostId]
) -> None:
    mira, joon, nora, post = trio
    others = [joon, nora, *[await a_person(program, f"guest{n}") for n in range(4)]]
    for who in others:
        await program.posting.like(who.id, post)
        await settle(program)
    (only,) = await told(program, mira)
    assert said([only]) == [("like", ["guest3", "guest2", "guest1"], 3)]
    assert only.post is not None
    assert only.post.id == post
    assert not only.read
    assert (await program.notifying.counts(mira.id)).by_type == {"like": 1}


async def test_nobody_hears_of_their_own_doing_and_a_repeated_like_is_told_once(
    program: Application, trio: tuple[Someone, Someone, Someone, PostId]
) -> None:
    mira, joon, _, post = trio
    await program.posting.like(mira.id, post)
    await a_comment(program, mira, post, "mine, @mira")
    assert await told(program, mira) == []
    for _ in range(3):
        await program.posting.like(joon.id, post)
        await settle(program)
        await program.notifying.read(mira.id)
        await program.posting.unlike(joon.id, post)
        assert await told(program, mira) == [], "what was taken back is not told"
    await program.posting.like(joon.id, post)
    (only,) = await told(program, mira)
    assert only.read, "and coming back it is not news again"


async def test_a_comment_reaches_each_for_their_own_reason(
    program: Application, trio: tuple[Someone, Someone, Someone, PostId]
) -> None:
    mira, joon, nora, post = trio
    first = await a_comment(program, joon, post, "lovely")
    await a_comment(program, nora, post, "@joon @mira yes", first)
    assert said(await told(program, joon)) == [("reply", ["nora"], 0)]
    assert said(await told(program, mira)) == [("mention", ["nora"], 0), ("comment", ["joon"], 0)]
    (reply,) = await told(program, joon)
    assert reply.comment is not None
    assert reply.comment[1] == "@joon @mira yes"
    assert await told(program, nora) == []
    await program.commenting.like(mira.id, first, True)
    assert said(await told(program, joon)) == [("like", ["mira"], 0), ("reply", ["nora"], 0)]
    # Deleting takes it away, and undoing brings it back.
    await program.commenting.delete(joon.id, first)
    assert said(await told(program, mira)) == []
    await program.commenting.restore(joon.id, first)
    assert said(await told(program, mira)) == [("mention", ["nora"], 0), ("comment", ["joon"], 0)]


async def test_following_asking_and_accepting_are_told(program: Application) -> None:
    mira, joon = await a_person(program, "mira"), await a_person(program, "joon", private=True)
    await program.following.follow(joon.id, "mira")
    await program.following.follow(mira.id, "joon")
    assert said(await told(program, mira)) == [("follow", ["joon"], 0)]
    assert said(await told(program, joon)) == [("follow_request", ["mira"], 0)]
    await program.following.answer_request(joon.id, "mira", accept=True)
    assert said(await told(program, joon)) == [], "who accepted knows it, and nobody asks any more"
    assert said(await told(program, mira)) == [("follow_accepted", ["joon"], 0), ("follow", ["joon"], 0)]
    await program.following.unfollow(joon.id, "mira")
    assert said(await told(program, mira)) == [("follow_accepted", ["joon"], 0)]


async def test_followers_hear_of_new_posts_unless_they_do_not_want_to(program: Application) -> None:
    mira, joon, nora, quiet = [await a_person(program, n) for n in ("mira", "joon", "nora", "quiet")]
    for who in (joon, nora, quiet):
        await a_follow(program, who, mira)
    await program.following.notify(nora.id, "mira", False)
    await program.notifying.prefer(quiet.id, {"new_post": False})
    await a_post(program, mira, "for @nora and @stranger")
    await a_post(program, mira, audience="only_me")
    assert said(await told(program, joon)) == [("new_post", ["mira"], 0)]
    assert said(await told(program, nora)) == [("mention", ["mira"], 0)]
    assert said(await told(program, quiet)) == []
    assert said(await told(program, mira, "new_post", "mention")) == []


async def test_telling_followers_in_chunks_reaches_everybody_once(
    program: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.reactions.FAN_OUT_CHUNK", 2)
    mira = await a_person(program, "mira")
    fans = [await a_person(program) for _ in range(5)]
    for fan in fans:
        await a_follow(program, fan, mira)
    await settle(program)
    post = await a_post(program, mira)
    await settle(program)
    async with new_uow(program)() as uow:  # a second try of the same job
        _, heard = await uow.notifications.tell_followers(post, None, 10, program.clock.now())
        assert heard == []
        await uow.commit()
    for fan in fans:
        assert said(await told(program, fan)) == [("new_post", ["mira"], 0)]


async def test_what_cannot_be_seen_any_more_is_neither_shown_nor_counted(
    program: Application, trio: tuple[Someone, Someone, Someone, PostId]
) -> None:
    mira, joon, nora, post = trio
    await a_comment(program, joon, post, "for @nora")
    await program.posting.like(joon.id, post)
    await program.posting.like(nora.id, post)
    assert said(await told(program, nora)) == [("mention", ["joon"], 0)]
    hidings: list[tuple[Callable[[], Awaitable[Any]], Callable[[], Awaitable[Any]]]] = [
        (
            lambda: program.following.block(nora.id, "joon"),
            lambda: program.following.unblock(nora.id, "joon"),
        ),
        (
            lambda: program.following.block(joon.id, "nora"),
            lambda: program.following.unblock(joon.id, "nora"),
        ),
        (
            lambda: program.following.mute(nora.id, "joon", True),
            lambda: program.following.mute(nora.id, "joon", False),
        ),
        (
            lambda: program.following.block(mira.id, "nora"),
            lambda: program.following.unblock(mira.id, "nora"),
        ),
    ]
    for hide, show in hidings:
        await hide()
        assert await told(program, nora) == []
        assert (await program.notifying.counts(nora.id)).unread == 0
        await show()
        assert said(await told(program, nora)) == [("mention", ["joon"], 0)]
    await program.following.block(mira.id, "nora")
    assert said(await told(program, mira, "like")) == [("like", ["joon"], 0)]
    await program.posting.delete(mira.id, post)
    assert await told(program, mira) == []
    assert (await program.notifying.counts(mira.id)).unread == 0


async def test_whoever_is_muted_blocked_or_not_shown_the_post_says_nothing(
    program: Application, trio: tuple[Someone, Someone, Someone, PostId]
) -> None:
    mira, joon, nora, _ = trio
    await program.following.mute(mira.id, "joon", True)
    own = await a_post(program, mira, audience="followers")
    await a_follow(program, joon, mira)
    await program.posting.like(joon.id, own)
    await a_comment(program, joon, own, "do you see this, @nora?")
    assert await told(program, mira) == []
    assert await told(program, nora) == []
    await program.following.mute(mira.id, "joon", False)
    assert await told(program, mira) == [], "what was not told then is not told later"


async def test_reading_is_for_all_some_or_down_to_one(
    program: Application, trio: tuple[Someone, Someone, Someone, PostId]
) -> None:
    mira, joon, nora, post = trio
    for text in ("one", "two", "three"):
        await a_comment(program, joon, post, text)
        await settle(program)
    three, two, one = await told(program, mira)
    await program.notifying.read(nora.id)
    await program.notifying.read(nora.id, ids=[NotificationId(three.id)])
    assert (await program.notifying.counts(mira.id)).unread == 3, "nobody reads for another"
    await program.notifying.read(mira.id, until=NotificationId(two.id))
    assert [view.read for view in await told(program, mira)] == [False, True, True]
    await program.notifying.unread_again(mira.id, NotificationId(one.id))
    assert [view.read for view in await told(program, mira)] == [False, True, False]
    await program.notifying.read(mira.id, ids=[NotificationId(one.id)])
    await program.notifying.read(mira.id)
    assert (await program.notifying.counts(mira.id)).unread == 0


async def test_the_list_is_walked_past_what_is_hidden(
    program: Application, trio: tuple[Someone, Someone, Someone, PostId]
) -> None:
    mira, joon, nora, post = trio
    for number in range(9):
        await a_comment(program, nora if number % 3 else joon, post, f"comment {number}")
        await settle(program)
    await program.following.block(mira.id, "nora")
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(9):
        page = await program.notifying.newest(mira.id, None, 1, cursor)
        seen += [view.comment[1] for view in page.items if view.comment]
        cursor = page.next
        if cursor is None:
            break
    assert seen == ["comment 6", "comment 3", "comment 0"]


async def test_a_picture_that_fails_and_an_archive_that_is_ready_are_told(
    program: Application, sql: asyncpg.Connection
) -> None:
    mira = await a_person(program, "mira")
    broken = await a_picture(program, mira, state="waiting")
    async with new_uow(program)() as uow:
        uow.record(FileStored(file_id=broken))
        await uow.commit()
    assert [view.type for view in await told(program, mira)] == ["file_failed"]
    await program.exporting.ask(mira.id, Client())
    kinds = [view.type for view in await told(program, mira)]
    assert kinds == ["system", "file_failed"]
    await sql.execute("UPDATE files SET state = 'waiting' WHERE id = $1", broken)
    assert [view.type for view in await told(program, mira)] == ["system"], "a new try takes it back"


async def test_fifty_at_once_are_one_notification(
    program: Application, trio: tuple[Someone, Someone, Someone, PostId]
) -> None:
    mira, _, _, post = trio
    guests = [await a_person(program) for _ in range(12)]
    await asyncio.gather(*(program.posting.like(guest.id, post) for guest in guests))
    await asyncio.gather(*(program.runner.drain() for _ in range(4)))
    (only,) = await told(program, mira, "like")
    assert len(only.actors) + only.others == 12
    assert (await program.notifying.counts(mira.id)).unread == 1


async def test_what_is_told_of_the_place_cannot_be_turned_off(program: Application) -> None:
    mira = await a_person(program, "mira")
    wanted = await program.notifying.preferences(mira.id)
    assert set(wanted) == set(KINDS) - {"system"}
    assert all(wanted.values())
    await program.notifying.prefer(mira.id, {"like": False, "follow": False})
    await program.notifying.prefer(mira.id, {"follow": True})
    off = [kind for kind, on in (await program.notifying.preferences(mira.id)).items() if not on]
    assert off == ["like"]
    with pytest.raises(Invalid):
        await program.notifying.prefer(mira.id, {"system": False})


async def test_old_notifications_are_forgotten(
    program: Application, sql: asyncpg.Connection, trio: tuple[Someone, Someone, Someone, PostId]
) -> None:
    mira, joon, _, post = trio
    await program.posting.like(joon.id, post)
    assert len(await told(program, mira)) == 1
    await program.housekeeping.forget()
    assert len(await told(program, mira)) == 1
    await sql.execute("UPDATE notifications SET happened_at = now() - interval '91 days'")
    await program.housekeeping.forget()
    assert await told(program, mira) == []
    assert await sql.fetchval("SELECT count(*) FROM notices") == 0


PEOPLE = st.integers(0, 4)


@examples(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE, PEOPLE, st.none() | PEOPLE, st.lists(PEOPLE, max_size=5))
def test_everybody_hears_of_a_comment_at_most_once_and_its_author_never(
    by: Any, author: Any, answered: Any, mentioned: Any
) -> None:
    notices = of_comment(CommentSaid("c", "p", by, author, answered, mentioned))  # type: ignore[arg-type]
    heard = [notice.recipient for notice in notices]
    assert len(set(heard)) == len(heard)
    assert set(heard) == ({author, *mentioned} | ({answered} - {None})) - {by}
    assert all(notice.kind == "reply" for notice in notices if notice.recipient == answered)
