"""Archives move accounts to another Heliograph; what is wrong with one is said, and nothing is half done."""

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from PIL import Image

from adapters.filesystem import takeouts
from adapters.pillow.images import SandboxedImages
from application import unpacking
from application.accounts import ProfileChange
from application.importing import Report
from application.posting import PhotoDraft, PlaceDraft, PostDraft, PostEdit
from application.program import Application
from application.unpacking import RefusedArchive, look
from domain.files import Crop
from domain.kernel import FileId, UserId
from domain.ports import Upload
from entrypoints.settings import Settings
from tests.application.test_exports import HERE, find
from tests.builders import Someone, a_comment, a_follow, a_person, a_post
from tests.conftest import PASSWORD, a_jpeg, connect, opened

POSTS = """
SELECT p.caption, p.tags, p.audience, p.comments_on, p.show_camera, p.created_at, p.edited_at, p.likes, p.comments,
  l.name AS place, l.lat, l.lon,
  (SELECT json_agg(json_build_array(f.sha256, f.alt, f.crop, f.name, f.size, f.width, f.height, f.state) ORDER BY f.position)
   FROM files f WHERE f.post_id = p.id) AS photos
FROM posts p LEFT JOIN places l ON l.id = p.place_id WHERE p.author_id = $1 ORDER BY p.id DESC
"""
COMMENTS = """
SELECT c.text, c.created_at, c.reply_to IS NOT NULL AS answers, p.caption FROM comments c JOIN posts p ON p.id = c.post_id
WHERE c.author_id = $1 AND p.author_id = $1 ORDER BY c.id
"""
SETTINGS = (
    "display_name", "bio", "link", "place", "language", "private", "show_camera", "email", "timezone", "text_size",
    "motion", "single_keys", "alt_reminder", "posts_everyone", "posts_followers", "posts_only_me",
)  # fmt: skip


def a_picture_of(kind: str) -> bytes:
    made = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((400, 300)).save(made, kind)
    return made.getvalue()


async def uploaded(program: Application, owner: Someone, content: bytes, name: str) -> FileId:
    async with program.workspace.directory() as folder:
        path = folder / "sent"
        path.write_bytes(content)
        sent = Upload(path, name, len(content), hashlib.sha256(content).hexdigest())
        return FileId((await program.uploading.receive(owner.id, sent)).id)


async def a_full_account(program: Application) -> Someone:
    """Posts of several formats with everything, comments, likes, follows, settings, an avatar."""
    await a_person(program, "anna", role="admin")
    mira, ada = await a_person(program, "mira"), await a_person(program, "ada")
    change = ProfileChange(
        display_name="Mira L.", bio="Ridges.", link="https://example.org", place="Seoul", show_camera=True, language="ru",
        timezone="Asia/Seoul", text_size=120, motion="reduce", single_keys=False, alt_reminder="never",
    )  # fmt: skip
    await program.accounts.change_profile(mira.id, change)
    await program.accounts.change_profile(mira.id, ProfileChange(email="mira@example.org"), HERE, PASSWORD)
    await program.accounts.change_profile(mira.id, ProfileChange(private=True))
    async with program.workspace.directory() as folder:
        (folder / "me").write_bytes(a_jpeg(330, 330))
        await program.accounts.set_avatar(mira.id, Upload(folder / "me", "me.jpg", 1, "0" * 64))
    posts = []
    for number, kind in enumerate(("JPEG", "PNG", "WEBP", "GIF")):
        photos = [await uploaded(program, mira, a_picture_of(kind), f"день {number}.{kind.lower()}")]
        if number == 1:
            photos.append(await uploaded(program, mira, a_jpeg(320, 240, "navy"), "second.jpg"))
        drafts = [PhotoDraft(photo, f"alt {number}", Crop(0.1, 0.1, 0.5, 0.5, 90)) for photo in photos]
        draft = PostDraft(
            drafts if number < 2 else [PhotoDraft(photos[0])],
            f"caption {number} #утро",
            PlaceDraft("Teide", 28.272, -16.642)
            if number == 0
            else PlaceDraft("Home")
            if number == 1
            else None,
            ("everyone", "followers", "only_me", "everyone")[number],  # type: ignore[arg-type]
            number != 3,
        )
        posts.append(await program.posting.publish(mira.id, draft))
    await program.posting.edit(mira.id, posts[3], PostEdit(caption="caption 3, mended"))
    await a_follow(program, mira, ada)
    await a_follow(program, ada, mira)
    thread = await a_comment(program, mira, posts[0], "my own word")
    await a_comment(program, mira, posts[0], "and an answer", thread)
    await a_comment(program, ada, posts[0], "theirs")
    elsewhere = await a_post(program, ada)
    await a_comment(program, mira, elsewhere, "stays in the archive")
    await program.posting.like(mira.id, elsewhere)
    await program.posting.like(mira.id, posts[0])
    await program.posting.save(mira.id, posts[1], True)
    await program.runner.drain()
    return mira


async def packed(program: Application, member: Someone, path: Path) -> None:
    """The member's archive as a file."""
    asked = await program.exporting.ask(member.id, HERE)
    await program.runner.drain()
    export = await find(program, asked.id)
    await program.media.fetch(export.object_key, path)


async def brought(program: Application, path: Path, name: str = "mira", **how: Any) -> tuple[UserId, Report]:
    """What the command does: an account of the archive."""
    with takeouts.reading(path) as reader:
        source = await look(reader)
        made = await program.joining.add(name, PASSWORD, email=source.email, source=source.account_id)
        return made.id, await program.importing.bring(made.id, reader, source, **how)


@pytest.mark.goal("P3")
async def test_an_account_moves_to_another_heliograph(
    clone: Callable[[str], Any], settings: Settings, images: SandboxedImages, tmp_path: Path, room: Path
) -> None:
    here, there = await clone("here"), await clone("there")
    path = tmp_path / "mira.zip"
    async with opened(settings, here, images) as program:
        mira = await a_full_account(program)
        await packed(program, mira, path)
        sql = await connect(here)
        posts, comments = await sql.fetch(POSTS, mira.id), await sql.fetch(COMMENTS, mira.id)
        account = await sql.fetchrow("SELECT * FROM users WHERE id = $1", mira.id)
        await sql.close()
    other = settings.model_copy(update={"data_dir": room / "there"})
    async with opened(other, there, images) as program:
        await a_person(program, "anna", role="admin")
        ada = await a_person(program, "ada")
        user, report = await brought(program, path, "mira.new", same_people=True)
        await program.runner.drain()
        assert [each.why for each in report.refused] == []
        assert report.left == {"comments": 1, "likes": 1}
        assert (report.brought["posts"], report.brought["comments"], report.brought["people"]) == (4, 2, 1)
        sql = await connect(there)
        now = await sql.fetchrow("SELECT * FROM users WHERE id = $1", user)
        assert {name: now[name] for name in SETTINGS} == {name: account[name] for name in SETTINGS}
        assert now["avatar_key"]
        moved = await sql.fetch(POSTS, user)
        assert len(moved) == 4
        for before, after in zip(posts, moved, strict=True):
            # Of the counts, only what the account did itself comes along.
            own = {"likes": after["likes"], "comments": after["comments"]}
            assert dict(after) == dict(before) | own
        assert [row["likes"] for row in moved] == [0, 0, 0, 1]
        assert [dict(row) for row in await sql.fetch(COMMENTS, user)] == [dict(row) for row in comments]
        assert await sql.fetchval("SELECT count(*) FROM saves WHERE user_id = $1", user) == 1
        assert (await program.people.profile(user, "ada")).viewer.following == "yes"
        assert (await program.people.profile(ada.id, "mira.new")).viewer.can_see_posts is False
        assert await program.operations.verify() == []
        again, second = await _again(program, path, "mira.new")
        assert again == user
        assert (second.brought, second.there["posts"], second.there["comments"]) == ({}, 4, 2)
        assert len(await sql.fetch(POSTS, user)) == 4
        await sql.close()


async def _again(program: Application, path: Path, name: str) -> tuple[UserId, Report]:
    with takeouts.reading(path) as reader:
        source = await look(reader)
        user = await program.importing.began(name, source)
        assert user is not None
        return user, await program.importing.bring(user, reader, source)


async def test_what_is_brought_is_announced_to_nobody(
    program: Application, tmp_path: Path, sql: asyncpg.Connection
) -> None:
    ada, mira = await a_person(program, "ada"), await a_person(program, "mira")
    await a_follow(program, ada, mira)
    path = an_archive(tmp_path, [a_post_of()])
    with takeouts.reading(path) as reader:
        report = await program.importing.bring(mira.id, reader, await look(reader))
    await program.runner.drain()
    assert report.brought["posts"] == 1
    assert (await program.feeds.home(ada.id, 10)).items == []
    assert len((await program.feeds.of_member(ada.id, mira.id, 10)).items) == 1
    assert await sql.fetchval("SELECT count(*) FROM jobs WHERE event_type = 'PostPublished'") == 0


async def test_who_is_named_in_it_is_whom_the_account_may_know_here(
    program: Application, tmp_path: Path, sql: asyncpg.Connection
) -> None:
    mira, ada = await a_person(program, "mira", role="admin"), await a_person(program, "ada")
    await a_person(program, "eve")
    await program.following.block(ada.id, "mira")
    post = a_post_of(caption="with @eve, @ada and @nobody")
    said = {
        "id": str(UUID(int=9)),
        "created_at": WHEN.isoformat(),
        "text": "@eve @ada",
        "post": {"id": post["id"]},
    }
    path = an_archive(tmp_path, [post], more=a_list("comments", said))
    report = await outcome(program, path, mira.id)
    assert isinstance(report, Report)
    assert report.brought == {"posts": 1, "comments": 1}
    assert await sql.fetchval("SELECT mentions FROM posts") == ["eve"]
    assert await sql.fetchval("SELECT mentions FROM comments") == ["eve"]


async def test_a_line_that_is_no_document_is_told_once_and_stops_nothing(
    program: Application, tmp_path: Path, sql: asyncpg.Connection
) -> None:
    mira = await a_person(program, "mira", role="admin")
    post = a_post_of()
    for name in ("comments", "likes", "saved"):
        liked = {"post": {"id": post["id"]}}
        path = an_archive(tmp_path, [post], more=a_list(name, b"{broken", liked))
        report = await outcome(program, path, mira.id)
        assert isinstance(report, Report), (name, report)
        assert f"line 1 of {name}" in [each.what for each in report.refused]
        assert report.refusals == (2 if name == "comments" else 1), (name, report.refused)
    assert await sql.fetchval("SELECT likes FROM posts") == 1
    assert await sql.fetchval("SELECT count(*) FROM saves") == 1


async def test_bringing_goes_on_where_it_was_cut_off(
    program: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: asyncpg.Connection
) -> None:
    mira = await a_person(program, "mira", role="admin")
    path = an_archive(tmp_path, [a_post_of(number=n) for n in range(4)])

    class Killed(BaseException):
        """What no handler catches."""

    def die(number: int) -> None:
        if number == 2:
            raise Killed

    with takeouts.reading(path) as reader:
        source = await look(reader)
        with pytest.raises(Killed):
            await program.importing.bring(mira.id, reader, source, progress=die)
        assert await sql.fetchval("SELECT count(*) FROM posts") == 2
        report = await program.importing.bring(mira.id, reader, source)
    assert (report.there["posts"], report.brought["posts"]) == (2, 2)
    await program.runner.drain()
    assert await program.operations.verify() == []


async def test_a_post_that_was_removed_since_does_not_come_again(
    program: Application, tmp_path: Path
) -> None:
    mira = await a_person(program, "mira", role="admin")
    path = an_archive(tmp_path, [a_post_of()])
    with takeouts.reading(path) as reader:
        source = await look(reader)
        await program.importing.bring(mira.id, reader, source)
        [card] = (await program.feeds.of_member(mira.id, mira.id, 10)).items
        await program.posting.delete(mira.id, card.id)  # type: ignore[arg-type]
        report = await program.importing.bring(mira.id, reader, source)
    assert report.there["posts"] == 1
    assert (await program.feeds.of_member(mira.id, mira.id, 10)).items == []


# Archives that were made to do harm, or were damaged

ACCOUNT = {"id": "01930b2c-7d1e-7c3a-9f00-5a4d3c2b1a09", "username": "mira"}
WHEN = datetime(2024, 5, 1, 12, tzinfo=UTC)


def a_post_of(*, number: int = 0, picture: bytes | None = None, **changes: Any) -> dict[str, Any]:
    """A post's document with the bytes of its picture under `bytes`."""
    content = a_jpeg() if picture is None else picture
    post = {
        "id": str(UUID(int=number + 1)),
        "created_at": (WHEN + timedelta(days=number)).isoformat(),
        "caption": "a caption",
        "audience": "everyone",
        "comments_on": True,
        "show_camera": False,
        "place": None,
        "media": [
            {
                "file": f"media/posts/{number}/1.jpg", "sha256": hashlib.sha256(content).hexdigest(), "alt": "", "crop": None,
                "name": "a.jpg",
            }
        ],
        "bytes": content,
        "packed": f"media/posts/{number}/1.jpg",
    }  # fmt: skip
    return post | changes


def an_archive(
    folder: Path,
    posts: list[Any],
    *,
    more: dict[str, bytes] | None = None,
    about: dict[str, Any] | None = None,
) -> Path:
    """An archive of these posts."""
    path = folder / f"{uuid4()}.zip"
    text = b"".join(
        (
            json.dumps({k: v for k, v in post.items() if k not in ("bytes", "packed")}).encode()
            if isinstance(post, dict)
            else post
        )
        + b"\n"
        for post in posts
    )
    lists = {"data/posts.jsonl": text} | {
        name: it for name, it in (more or {}).items() if name.endswith(".jsonl")
    }
    told = {
        "format": "heliograph-takeout", "version": 1, "account": ACCOUNT,
        "files": {name: {"sha256": hashlib.sha256(it).hexdigest()} for name, it in lists.items()},
    }  # fmt: skip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/about.json", json.dumps(told | (about or {})))
        archive.writestr("data/posts.jsonl", text)
        for post in posts:
            if isinstance(post, dict):
                archive.writestr(post["packed"], post["bytes"])
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return path


def a_list(name: str, *documents: Any) -> dict[str, bytes]:
    """A list for `an_archive`; bytes stand in it as they are."""
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in documents]
    return {f"data/{name}.jsonl": b"".join(line + b"\n" for line in lines)}


async def outcome(program: Application, path: Path, owner: UserId) -> Report | str:
    """What became of it: a report, or why all of it was refused."""
    try:
        with takeouts.reading(path) as reader:
            return await program.importing.bring(owner, reader, await look(reader))
    except RefusedArchive as error:
        return str(error.params["why"])


@pytest.mark.parametrize(
    "name",
    [
        "../up",
        "/abs",
        "a/../../b",
        "C:\\x",
        "a\\b",
        "media/..",
        "a//b",
        "nul\x00.jpg",
        "é.jpg",
        "a/./b",
        "x" * 300,
    ],
)
async def test_names_that_lead_elsewhere_are_refused(program: Application, tmp_path: Path, name: str) -> None:
    mira = await a_person(program, role="admin")
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(an_archive(tmp_path, [a_post_of()])) as good, zipfile.ZipFile(path, "w") as bad:
        for each in good.infolist():
            bad.writestr(each.filename, good.read(each))
        info = zipfile.ZipInfo("placeholder")
        info.filename = name
        bad.writestr(info, b"x")
    assert "strange name" in str(await outcome(program, path, mira.id))


async def test_links_doubles_and_secrets_are_refused(program: Application, tmp_path: Path) -> None:
    mira = await a_person(program, role="admin")
    link = zipfile.ZipInfo("media/link")
    link.external_attr = 0o120777 << 16
    for info, why in ((link, "is a link"), (zipfile.ZipInfo("data/posts.jsonl"), "is in it twice")):
        path = an_archive(tmp_path, [a_post_of()])
        with (
            zipfile.ZipFile(path, "a") as archive,
            pytest.warns(UserWarning, match="Duplicate name") if "twice" in why else nothing(),
        ):
            archive.writestr(info, b"/etc/passwd")
        assert why in str(await outcome(program, path, mira.id))
    path = an_archive(tmp_path, [a_post_of()])
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(content)
    assert "is encrypted" in str(await outcome(program, path, mira.id))


async def test_bombs_go_off_nowhere(
    program: Application, tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "LIST_BYTES", 4 * 2**20)
    mira = await a_person(program, role="admin")
    endless = an_archive(tmp_path, [a_post_of(caption="x" * 2**21)])
    assert "too long" in str(await outcome(program, endless, mira.id))
    many = [b"{" + b" " * 500_000 + b"}"] * 12
    assert "too long" in str(await outcome(program, an_archive(tmp_path, many), mira.id))
    large = a_post_of(picture=b"\x00" * (21 * 2**20))
    report = await outcome(program, an_archive(tmp_path, [large]), mira.id)
    assert isinstance(report, Report)
    assert "too long" in report.refused[0].why
    deep = b"[" * 200_000
    report = await outcome(program, an_archive(tmp_path, [deep, a_post_of()]), mira.id)
    assert isinstance(report, Report)
    assert (report.refusals, report.brought["posts"]) == (1, 1)
    assert list((data_dir / "work").iterdir()) == []


async def test_a_list_of_contents_that_is_too_long_is_not_read(program: Application, tmp_path: Path) -> None:
    mira = await a_person(program, role="admin")
    path = an_archive(tmp_path, [a_post_of()])
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.rfind(b"PK\x05\x06") + 12, 2**31)
    path.write_bytes(content)
    assert "too many files" in str(await outcome(program, path, mira.id))


@pytest.mark.parametrize("pointed_to", [True, False], ids=["at its place", "right before its locator"])
async def test_the_long_form_of_its_length_counts_wherever_it_stands(
    program: Application, tmp_path: Path, pointed_to: bool
) -> None:
    mira = await a_person(program, role="admin")
    path = an_archive(tmp_path, [a_post_of()])
    content = bytearray(path.read_bytes())
    end = content.rfind(b"PK\x05\x06")
    plain, long = [b"PK\x06\x06" + struct.pack("<Q28xQQ", 44, size, 0) for size in (100, 2**40)]
    first, second = (long, plain) if pointed_to else (plain, long)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    path.write_bytes(bytes(content[:end]) + first + second + locator + bytes(content[end:]))
    assert "too many files" in str(await outcome(program, path, mira.id))


async def test_places_outside_of_the_archive_are_refused(program: Application, tmp_path: Path) -> None:
    mira = await a_person(program, role="admin")
    good = an_archive(tmp_path, [a_post_of()]).read_bytes()
    end = good.rfind(b"PK\x05\x06")
    for at, value in ((end + 16, 2**31), (end + 12, 2**20)):
        content = bytearray(good)
        struct.pack_into("<I", content, at, value)
        path = tmp_path / "bent.zip"
        path.write_bytes(content)
        assert isinstance(await outcome(program, path, mira.id), str)


@pytest.mark.parametrize("cut", [0, 1, 20, 100, -10, -200])
async def test_what_was_cut_off_is_refused(program: Application, tmp_path: Path, cut: int) -> None:
    mira = await a_person(program, role="admin")
    path = an_archive(tmp_path, [a_post_of()])
    path.write_bytes(path.read_bytes()[:cut])
    assert isinstance(await outcome(program, path, mira.id), str)


@pytest.mark.parametrize(
    "about",
    [
        {"format": "other"},
        {"version": 2},
        {"version": True},
        {"account": None},
        {"account": {"id": "x"}},
        {"files": {}},
    ],
)
async def test_what_is_no_archive_of_ours_is_refused(
    program: Application, tmp_path: Path, about: dict[str, Any]
) -> None:
    mira = await a_person(program, role="admin")
    assert isinstance(await outcome(program, an_archive(tmp_path, [a_post_of()], about=about), mira.id), str)


async def test_a_bent_list_is_refused_before_anything_is_taken(
    program: Application, tmp_path: Path, sql: asyncpg.Connection
) -> None:
    mira = await a_person(program, role="admin")
    files = {"data/posts.jsonl": {"lines": 1, "sha256": "0" * 64}}
    told = await outcome(program, an_archive(tmp_path, [a_post_of()], about={"files": files}), mira.id)
    assert "is not what it was" in str(told)
    assert await sql.fetchval("SELECT count(*) FROM posts") == 0


BAD = {
    "a picture that is not there": {
        "media": [{"file": "media/posts/9/9.jpg", "sha256": "0" * 64, "alt": ""}]
    },
    "another file of the archive": {"media": [{"file": "data/about.json", "sha256": "0" * 64, "alt": ""}]},
    "another picture than was packed": {
        "media": [{"file": "media/posts/0/1.jpg", "sha256": "0" * 64, "alt": "", "crop": None}]
    },
    "no picture": {"media": []},
    "eleven pictures": {"media": [{}] * 11},
    "a picture that is none": {"bytes": b"GIF89a nonsense"},
    "no caption": {"caption": None},
    "a caption that is too long": {"caption": "x" * 2_201},
    "a caption that cannot be stored": {"caption": "a\x00b"},
    "a lone surrogate": {"caption": "\ud800"},
    "an audience that is not known": {"audience": "friends"},
    "a date in the future": {"created_at": "2999-01-01T00:00:00Z"},
    "a date before photography of ours": {"created_at": "0001-01-01T00:00:00+00:00"},
    "a date without a zone": {"created_at": "2024-01-01T00:00:00"},
    "no date": {"created_at": "yesterday"},
    "an id that is none": {"id": "../../x"},
    "a place nowhere": {"place": {"name": "x", "lat": 500, "lon": 0}},
    "a place that is a list": {"place": []},
    "numbers for switches": {"comments_on": 1},
}


@pytest.mark.parametrize("change", BAD.values(), ids=list(BAD))
async def test_a_bad_post_is_told_and_the_others_come(
    program: Application, tmp_path: Path, sql: asyncpg.Connection, change: dict[str, Any]
) -> None:
    mira = await a_person(program, role="admin")
    bad = a_post_of()
    if "bytes" in change:
        bad = a_post_of(picture=change["bytes"])
    report = await outcome(program, an_archive(tmp_path, [bad | change, a_post_of(number=1)]), mira.id)
    assert isinstance(report, Report)
    assert report.refusals == 1, report
    assert report.refused[0].kind == "posts"
    assert report.brought == {"posts": 1}
    assert await sql.fetchval("SELECT count(*) FROM posts") == 1
    assert await sql.fetchval("SELECT count(*) FROM files") == 1
    await program.runner.drain()
    assert await program.operations.verify() == []


async def test_what_is_told_of_an_archive_gives_no_orders_to_a_terminal(
    program: Application, tmp_path: Path
) -> None:
    mira = await a_person(program, role="admin")
    orders = "\x1b]0;owned\x07\u202e\ud800"
    unreadable = a_post_of() | {"id": orders}
    elsewhere = a_post_of(number=1)
    elsewhere["media"][0]["file"] = f"media/{orders}"
    report = await outcome(program, an_archive(tmp_path, [unreadable, elsewhere]), mira.id)
    assert isinstance(report, Report)
    assert report.refusals == 2
    told = "".join(each.what + each.why for each in report.refused)
    assert told.isprintable()
    assert "owned" in told


@pytest.mark.settings(quota_mb=1)
async def test_the_room_of_a_member_is_the_same_for_archives(
    program: Application, tmp_path: Path, sql: asyncpg.Connection
) -> None:
    mira = await a_person(program, role="admin")
    path = an_archive(tmp_path, [a_post_of(), a_post_of(number=1)])
    with takeouts.reading(path) as reader:
        source = await look(reader)
        await program.importing.bring(mira.id, reader, source)
    await sql.execute("UPDATE files SET size = 1048576")
    path = an_archive(tmp_path, [a_post_of(number=7)])
    report = await outcome(program, path, mira.id)
    assert isinstance(report, Report)
    assert "MB are left" in report.refused[0].why
    await program.runner.drain()
    assert [broken.rule for broken in await program.operations.verify()] == []


class nothing:  # noqa: N801 - read like a function
    """No warning is waited for."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...
