"""Every field of every entity survives being saved and loaded; what is asked for in odd letters is simply not there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.access import Client
from application.posting import PhotoDraft, PostDraft, PostEdit
from application.program import Application
from domain.files import FORMATS, Camera, Crop, File, ImageFacts, Rendition
from domain.follows import Relationship
from domain.kernel import (
    CommentId,
    FileId,
    InviteId,
    Message,
    NotFound,
    PlaceId,
    PostId,
    SessionId,
    TokenId,
    UserId,
)
from domain.posts import Comment, Photo, Place, Post, clean_place
from domain.sessions import SCOPES, Invite, Session, Token
from domain.users import ALT_REMINDERS, MOTIONS, TEXT_SIZES, Account
from tests.builders import a_person, a_picture, a_post, an_upload, new_uow

quick = settings(max_examples=25, suppress_health_check=list(HealthCheck))
NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)

storable = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])


def words(most: int, least: int = 0) -> st.SearchStrategy[str]:
    return st.text(storable, min_size=least, max_size=most)


moments = st.datetimes(NOW.replace(2000, tzinfo=None), NOW.replace(2100, tzinfo=None), timezones=st.just(UTC))
fractions = st.floats(0.02, 0.5)
crops = st.builds(Crop, fractions, fractions, fractions, fractions, st.sampled_from([0, 90, 180, 270]))
counts = st.integers(0, 2**31 - 1)


def ids(kind: Any) -> Any:
    return st.builds(kind, st.uuids(version=4))


accounts = st.builds(
    Account,
    id=ids(UserId),
    username=st.from_regex(r"[a-z0-9_.]{3,30}", fullmatch=True),
    password_hash=words(200),
    created_at=moments,
    email=st.none() | st.sampled_from(["mira@example.org", "Ｍira@Example.org"]),
    display_name=words(50),
    bio=words(500),
    link=words(200),
    place=words(60),
    language=words(12),
    private=st.booleans(),
    role=st.sampled_from(["member", "admin"]),
    state=st.sampled_from(["active", "suspended", "deleted"]),
    avatar_key=st.none() | words(64, 1),
    show_camera=st.booleans(),
    downloads=st.booleans(),
    timezone=words(64, 1),
    text_size=st.sampled_from(TEXT_SIZES),
    motion=st.sampled_from(MOTIONS),
    single_keys=st.booleans(),
    alt_reminder=st.sampled_from(ALT_REMINDERS),
    posts_everyone=st.just(0),
    posts_followers=st.just(0),
    posts_only_me=st.just(0),
    followers=st.just(0),
    following=st.just(0),
)
cameras = st.builds(
    Camera,
    make=st.none() | words(80),
    model=st.none() | words(80),
    lens=st.none() | words(80),
    focal_mm=st.none() | st.floats(0, 5_000),
    aperture=st.none() | st.floats(0, 100),
    exposure=st.none() | words(20),
    iso=st.none() | counts,
    taken_at=st.none() | words(30),
)
facts = st.builds(
    ImageFacts,
    st.sampled_from(FORMATS),
    counts,
    counts,
    counts,
    words(200),
    st.none() | cameras,
    st.booleans(),
)
renditions = st.builds(
    Rendition, counts, counts, st.sampled_from(["image/webp", "image/avif", "image/jpeg"]), counts
)
FILE: dict[str, Any] = {
    "id": ids(FileId),
    "name": words(255, 1),
    "size": st.integers(0, 2**63 - 1),
    "sha256": st.text("0123456789abcdef", min_size=64, max_size=64),
    "kind": st.sampled_from(["image", "text", "table", "pdf", "audio", "video", "archive", "other"]),
    "key": words(64, 1),
    "created_at": moments,
    "state": st.sampled_from(["waiting", "processing", "ready", "failed"]),
    "step": st.none() | words(40, 1),
    "error": st.none() | st.tuples(words(40, 1), words(500).map(Message)),
    "facts": st.none() | facts,
    "renditions": st.lists(renditions, max_size=4).map(tuple),
    "width": counts,
    "height": counts,
    "lqip": words(600),
    "steps": st.lists(st.tuples(words(20), st.floats(0, 1e6)), max_size=3).map(tuple),
    "duplicate_of": st.none(),
    "post_id": st.none(),
    "draft_id": st.none(),
    "position": st.none(),
    "alt": words(1_500),
    "crop": st.none() | crops,
    "cut": counts,
}


@quick
@given(accounts, accounts)
async def test_an_account_comes_back_as_it_was_added_and_as_it_was_saved(
    program: Application, start_over: Callable[[], Any], first: Account, second: Account
) -> None:
    await start_over()
    async with new_uow(program)() as uow:
        await uow.accounts.add(first)
        assert await uow.accounts.find(first.id) == first
        second.id, second.created_at = first.id, first.created_at
        await uow.accounts.save(second)
        assert await uow.accounts.find(first.id) == second
        found = await uow.accounts.find_by_login(second.username)
        assert found == (None if second.state == "deleted" else second)
        await uow.commit()


@quick
@given(st.data())
async def test_sessions_tokens_and_invitations_come_back_as_they_were(
    program: Application, start_over: Callable[[], Any], data: st.DataObject
) -> None:
    await start_over()
    mira = await a_person(program)
    hashes = st.binary(min_size=32, max_size=32)
    session = data.draw(
        st.builds(
            Session, ids(SessionId), st.just(mira.id), hashes, moments, st.just(NOW), st.just(NOW + timedelta(days=9)),
            words(300), words(45),
        )
    )  # fmt: skip
    scopes = st.lists(st.sampled_from(SCOPES), unique=True).map(tuple)
    token = data.draw(
        st.builds(
            Token, ids(TokenId), st.just(mira.id), words(80), hashes, scopes, moments, st.just(NOW + timedelta(days=9)),
            st.none() | moments,
        )
    )  # fmt: skip
    creators = st.sampled_from([None, mira.id])
    invite = data.draw(
        st.builds(
            Invite, ids(InviteId), words(64, 1), creators, moments, st.just(NOW + timedelta(days=9)), st.integers(2, 10_000),
            st.integers(0, 1),
        )
    )  # fmt: skip
    async with new_uow(program)() as uow:
        await uow.sessions.add(session)
        await uow.tokens.add(token)
        await uow.invites.add(invite)
        assert await uow.sessions.of_user(mira.id, NOW) == [session]
        assert await uow.tokens.of_user(mira.id, NOW) == [token]
        assert await uow.invites.find(invite.id) == invite
        await uow.commit()


@quick
@given(st.data())
async def test_a_file_comes_back_as_it_was_added_and_as_it_was_saved(
    program: Application, start_over: Callable[[], Any], data: st.DataObject
) -> None:
    await start_over()
    mira = await a_person(program)
    files = st.builds(File, owner_id=st.just(mira.id), **FILE)
    first, second = data.draw(files), data.draw(files)
    original = await a_picture(program, mira)
    first.duplicate_of = original
    async with new_uow(program)() as uow:
        await uow.files.add(first)
        assert await uow.files.find(first.id) == first
        second.id = first.id
        await uow.files.save(second)
        assert await uow.files.find(first.id) == second
        assert await uow.files.find_many([first.id]) == [second]
        await uow.commit()
    assert set(FILE) | {"owner_id"} == set(File.__slots__), "else a new field is not tried"


@quick
@given(st.data())
async def test_a_post_and_a_comment_come_back_as_they_were(
    program: Application, start_over: Callable[[], Any], data: st.DataObject
) -> None:
    await start_over()
    mira = await a_person(program)
    photos = []
    for _ in range(data.draw(st.integers(1, 3))):
        crop, alt = data.draw(st.none() | crops), data.draw(words(1_500))
        photos.append(Photo(await a_picture(program, mira, crop=crop), alt, crop))
    tags = st.lists(words(200, 1), max_size=4, unique=True).map(tuple)
    places = st.builds(Place, ids(PlaceId), words(80, 1), st.floats(-90, 90), st.floats(-180, 180))

    def draw_post(post_id: PostId, order: tuple[Photo, ...]) -> Post:
        return data.draw(
            st.builds(
                Post, st.just(post_id), st.just(mira.id), st.just(order), st.just(NOW), words(2_200), tags, tags,
                st.none() | places, st.sampled_from(["everyone", "followers", "only_me"]), st.booleans(), st.booleans(),
                st.none() | moments, st.integers(1, 2**31 - 1),
            )
        )  # fmt: skip

    post = draw_post(PostId(program.ids.new()), tuple(photos))
    async with new_uow(program)() as uow:
        edited_at, post.edited_at = post.edited_at, None
        if post.place:
            await uow.posts.add_place(post.place)
        await uow.posts.add(post)
        assert await uow.posts.find(post.id) == post
        changed = draw_post(post.id, tuple(reversed(photos)))
        changed.edited_at = edited_at
        if changed.place:
            await uow.posts.add_place(changed.place)
        await uow.posts.save(changed)
        assert await uow.posts.find(post.id) == changed
        comment = Comment(
            CommentId(program.ids.new()), post.id, mira.id, data.draw(words(1_000, 1)), data.draw(moments)
        )
        await uow.comments.add(comment)
        assert await uow.comments.find(comment.id) == comment
        reply = Comment(CommentId(program.ids.new()), post.id, mira.id, "yes", NOW, comment.id)
        await uow.comments.add(reply)
        assert await uow.comments.find(reply.id) == reply
        comment.text, comment.edited_at = data.draw(words(1_000, 1)), data.draw(moments)
        await uow.comments.save(comment)
        assert await uow.comments.find(comment.id) == comment
        await uow.commit()


async def test_every_flag_of_a_relationship_comes_back(program: Application) -> None:
    mira, noor, shy = await a_person(program), await a_person(program), await a_person(program, private=True)
    follow = program.following

    async def stands(viewer: UserId, member: UserId) -> Relationship:
        async with new_uow(program)() as uow:
            return await uow.follows.relationship(viewer, member)

    assert await stands(mira.id, noor.id) == Relationship()
    await follow.follow(mira.id, noor.name)
    await follow.notify(mira.id, noor.name, False)
    await follow.mute(mira.id, noor.name, True)
    assert await stands(mira.id, noor.id) == Relationship(follows=True, mutes=True, notify_posts=False)
    assert await stands(noor.id, mira.id) == Relationship(followed_by=True)
    await follow.follow(mira.id, shy.name)
    assert await stands(mira.id, shy.id) == Relationship(requested=True)
    await follow.block(shy.id, mira.name)
    assert await stands(mira.id, shy.id) == Relationship(blocked_by=True)
    assert await stands(shy.id, mira.id) == Relationship(blocks=True)


# Bugs that were here


async def test_a_photo_that_is_cropped_while_publishing_stays_in_its_post(program: Application) -> None:
    await a_person(program, role="admin")
    mira = await a_person(program)
    uploads = [await an_upload(program, mira, width=900, height=600), await an_upload(program, mira)]
    await program.runner.drain()
    crop = Crop(0.25, 0.25, 0.5, 0.5, 90)
    drafts = [PhotoDraft(uploads[0], "a boat", crop), PhotoDraft(uploads[1], "a hut")]
    post = await program.posting.publish(mira.id, PostDraft(drafts))
    before = (await program.feeds.post(None, post)).media
    assert [(photo.id, photo.alt) for photo in before] == [(uploads[0], "a boat"), (uploads[1], "a hut")]
    await program.runner.drain()
    cropped, whole = (await program.feeds.post(None, post)).media
    assert (cropped.state, cropped.width, cropped.height) == ("ready", 300, 450)
    assert cropped.alt == "a boat"
    assert (whole.width, whole.height) == (320, 240)
    assert await program.operations.verify() == []


async def test_photos_keep_their_crop_and_words_when_they_change_places(program: Application) -> None:
    await a_person(program, role="admin")
    mira = await a_person(program)
    post = await a_post(program, mira, photos=3)
    one, two, three = [photo.id for photo in (await program.feeds.post(None, post)).media]
    order = [PhotoDraft(FileId(three), "last"), PhotoDraft(FileId(one)), PhotoDraft(FileId(two), "")]
    await program.posting.edit(mira.id, post, PostEdit(media=order))
    media = (await program.feeds.post(None, post)).media
    assert [photo.id for photo in media] == [three, one, two]
    assert [photo.alt for photo in media] == ["last", "", ""]
    assert await program.operations.verify() == []


async def test_a_suspended_or_deleted_author_publishes_nothing(
    program: Application, sql: asyncpg.Connection
) -> None:
    await a_person(program, role="admin")
    for end in (
        lambda who: program.moderation.change(who.name, suspended=True),
        lambda who: program.leaving.delete_by_name(who.name),
    ):
        mira = await a_person(program)
        draft = PostDraft([PhotoDraft(await a_picture(program, mira))])
        await end(mira)
        with pytest.raises(NotFound):
            await program.posting.publish(mira.id, draft)
    assert await sql.fetchval("SELECT count(*) FROM posts") == 0


async def test_a_suspended_member_can_be_deleted(program: Application, sql: asyncpg.Connection) -> None:
    await a_person(program, role="admin")
    mira = await a_person(program)
    await program.moderation.change(mira.name, suspended=True)
    await program.leaving.delete_by_name(mira.name)
    assert await sql.fetchval("SELECT state FROM users WHERE id = $1", mira.id) == "deleted"
    with pytest.raises(NotFound):
        await program.leaving.delete_by_name(mira.name)


@pytest.mark.goal("I5")
@pytest.mark.parametrize(
    "text", ["a\x00b", "\ud800", "x" * 100_000, "' OR 1=1--", "%", "_", "\\", ""], ids=ascii
)
async def test_odd_letters_find_nothing_and_break_nothing(program: Application, text: str) -> None:
    mira = await a_person(program)
    assert (await program.feeds.tagged(mira.id, text, 10)).items == []
    for call in (
        lambda: program.people.profile(mira.id, text),
        lambda: program.people.around(None, "followers", text, 10, None),
        lambda: program.following.follow(mira.id, text),
        lambda: program.following.block(mira.id, text),
        lambda: program.media_access.admit(mira.id, text),
        lambda: program.media_access.admit_avatar(text),
        lambda: program.moderation.change(text, role="admin"),
    ):
        with pytest.raises(NotFound):
            await call()
    assert await program.signing_in.identify_session(text) is None
    assert await program.signing_in.identify_token(text) is None
    assert program.grants.holder(text) is None
    with pytest.raises(Exception, match="bad_credentials"):
        await program.signing_in.create_token(Client("127.0.0.1", "", True), text, "four words make sense")


async def test_the_longest_name_of_a_place_is_one_place(program: Application) -> None:
    mira = await a_person(program)
    name = "\ufdfa" * 80
    assert clean_place(name, None, None)[0] == name
    one = await a_post(program, mira, "#" + "\ufdfa" * 64, place=name)
    other = await a_post(program, mira, place=name)
    places = [(await program.feeds.post(None, post)).place for post in (one, other)]
    assert places[0] == places[1]


async def test_uploads_for_a_post_are_looked_up_without_a_transaction(
    program: Application, sql: asyncpg.Connection
) -> None:
    mira, noor = await a_person(program), await a_person(program)
    first, second, posted, others = [await a_picture(program, by) for by in (mira, mira, mira, noor)]
    await program.posting.publish(mira.id, PostDraft([PhotoDraft(posted)]))
    found = await program.uploading.unused(mira.id, [second, others, first, posted])
    assert [file.id for file in found] == [second, first]
    last = await sql.fetchval(
        "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "ORDER BY state_change DESC LIMIT 1"
    )
    assert last.startswith("SELECT")
