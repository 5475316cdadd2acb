"""Bringing an archive of another Heliograph into an account here. Archives are anybody's work: nothing in one is believed.

What is brought gets ids that follow from where it comes from, so doing it again finds what is there instead of making it
twice. A post appears whole, with all of its pictures, or not at all. Nobody is told about it as something new.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NoReturn, Protocol, TypeVar, get_args
from uuid import UUID

from application import takeout
from application.accounts import Accounts, ProfileChange
from application.exporting import Written
from application.following import FollowingPeople
from application.uploading import QuotaReached
from domain.files import Crop, File, FileStored, ImageRefused
from domain.kernel import (
    CommentId,
    DomainError,
    FileId,
    Invalid,
    NotFound,
    PostId,
    Unavailable,
    UserId,
    fill,
    msg,
)
from domain.ports import Clock, Ids, Images, MediaStore, UnitOfWork, UnitOfWorks, Upload, Workspace
from domain.posts import (
    MAX_PHOTOS,
    Audience,
    Comment,
    Photo,
    Place,
    Post,
    check_photos,
    clean_alt,
    clean_place,
    place_id,
)
from domain.users import Account

DOCUMENT_BYTES = 2**20
LINE_BYTES = 2**20
LIST_BYTES = 512 * 2**20
# What is told one by one; the rest is counted.
TOLD = 200
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(minutes=5)

T = TypeVar("T")
Kind = Literal["settings", "avatar", "posts", "comments", "likes", "saves", "people"]


class RefusedArchive(Invalid):
    """The file is no archive of ours, or one that was made to do harm. `why` says what is wrong with it."""

    code = "refused_archive"
    message = msg("This archive cannot be taken in: {why}.")


class TakeoutReader(Protocol):
    """An archive that was looked through: every name in it is harmless and there once."""

    names: frozenset[str]

    async def read(self, name: str, most: int) -> bytes:
        """A small file, whole. Raises RefusedArchive when it is longer than `most` or damaged."""
        ...

    def lines(self, name: str, most_line: int, most: int) -> AsyncIterator[bytes]:
        """The lines of a list, none longer than `most_line`; nothing where there is no such file. Raises RefusedArchive."""
        ...

    async def extract(self, name: str, target: Path | None, most: int) -> Written:
        """Copy a file to `target`, if there is one. Raises RefusedArchive, also once it is longer than `most`."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """Whose archive it is, as it says, and the SHA-256 of its lists by name."""

    account_id: UUID
    username: str
    origin: str
    email: str | None
    lists: dict[str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not brought, and why."""

    kind: Kind
    what: str
    why: str


@dataclass(slots=True)
class Report:
    """What became of an archive: by kind, how many were brought, how many were here already, and how many stay in it

    because what they are about is not here: words under posts of other people.
    """

    brought: dict[str, int] = field(default_factory=dict)
    there: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    refusals: int = 0

    def add(self, kind: Kind, *, new: bool) -> None:
        """Count one."""
        counts = self.brought if new else self.there
        counts[kind] = counts.get(kind, 0) + 1

    def leave(self, kind: Kind) -> None:
        """Count one that stays in the archive."""
        self.left[kind] = self.left.get(kind, 0) + 1

    def refuse(self, kind: Kind, what: str, why: str) -> None:
        """Note one that was not brought."""
        self.refusals += 1
        if len(self.refused) < TOLD:
            self.refused.append(Refusal(kind, what[:80], why))


async def look(reader: TakeoutReader) -> Source:
    """Whose archive it is. Raises RefusedArchive."""
    try:
        return await _look(reader)
    except _Refused as error:
        raise RefusedArchive(why=str(error)) from None


async def _look(reader: TakeoutReader) -> Source:
    if takeout.ABOUT not in reader.names:
        raise RefusedArchive(why="it is not a whole archive of Heliograph")
    about = parse(await reader.read(takeout.ABOUT, DOCUMENT_BYTES))
    if about.get("format") != takeout.FORMAT:
        raise RefusedArchive(why="it is not an archive of Heliograph")
    if about.get("version") != takeout.VERSION or about.get("version") is True:
        raise RefusedArchive(why=f"its version is {about.get('version')!r:.20}, and this Heliograph reads 1")
    whose = _take(about, "account", dict)
    document = (
        parse(await reader.read(takeout.ACCOUNT, DOCUMENT_BYTES)) if takeout.ACCOUNT in reader.names else {}
    )
    email = document.get("email")
    return Source(
        _uuid(whose, "id"),
        _take(whose, "username", str)[:30],
        str(about.get("origin", ""))[:200],
        email if isinstance(email, str) and email else None,
        _lists(about),
    )


def _lists(about: dict[str, Any]) -> dict[str, str]:
    told, found = about.get("files"), {}
    for name in map(takeout.list_file, takeout.LISTS):
        facts = told.get(name) if isinstance(told, dict) else None
        if isinstance(facts, dict):
            found[name] = str(facts.get("sha256"))
    return found


class Importing:
    """Brings archives into accounts."""

    def __init__(
        self,
        new_uow: UnitOfWorks,
        clock: Clock,
        ids: Ids,
        images: Images,
        media: MediaStore,
        workspace: Workspace,
        accounts: Accounts,
        following: FollowingPeople,
        *,
        quota_bytes: int,
        max_file: int,
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._images = images
        self._media = media
        self._workspace = workspace
        self._accounts = accounts
        self._following = following
        self._quota_bytes = quota_bytes
        self._max_file = max_file

    async def began(self, username: str, source: Source) -> UserId | None:
        """The account with this name if this very archive's account was brought into it before; None for any other.

        Raises NotFound when there is no account with this name.
        """
        async with self._new_uow() as uow:
            account = await uow.accounts.find_by_login(username)
            if account is None:
                raise NotFound
            known = await uow.exports.imported(account.id)
        return account.id if source.account_id in known else None

    async def bring(
        self,
        owner: UserId,
        reader: TakeoutReader,
        source: Source,
        *,
        same_people: bool = False,
        progress: Callable[[int], object] = lambda _: None,
    ) -> Report:
        """Bring what the archive holds into the account; what is there already stays as it is.

        With `same_people` those here with the same user names are followed, muted and blocked as over there. `progress`
        is told how many posts were looked at. Raises RefusedArchive, Unavailable; going on later finishes it.
        """
        await _check_lists(reader, source)
        async with self._new_uow() as uow:
            finished = (await uow.exports.imported(owner)).get(source.account_id) is not None
            await uow.exports.begin_import(owner, source.account_id, self._clock.now())
            await uow.commit()
        bringing = _Bringing(self, owner, reader, source)
        if not finished:
            # First of all: a private account's posts must not be seen by everybody meanwhile.
            await bringing.settings()
            await bringing.avatar()
        await bringing.posts(progress)
        await bringing.comments()
        await bringing.reactions()
        if same_people:
            await bringing.people()
        async with self._new_uow() as uow:
            await uow.exports.finish_import(owner, source.account_id, self._clock.now())
            await uow.commit()
        return bringing.report


async def _check_lists(reader: TakeoutReader, source: Source) -> None:
    """Every list is what it was when the archive was made, before anything of one is taken. Raises RefusedArchive."""
    for name in map(takeout.list_file, takeout.LISTS):
        wanted = source.lists.get(name)
        if (name in reader.names) is not (wanted is not None):
            raise RefusedArchive(why=f"{name} is not what its list of contents says")
        if wanted is not None and (await reader.extract(name, None, LIST_BYTES)).sha256 != wanted:
            raise RefusedArchive(why=f"{name} is not what it was when the archive was made")


class _Refused(Exception):
    """One thing is not brought; the text says why."""


@dataclass(slots=True)
class _Bringing:
    """One archive on its way into one account."""

    importing: Importing
    owner: UserId
    reader: TakeoutReader
    source: Source
    report: Report = field(default_factory=Report)
    # What things of over there are called here.
    known_posts: dict[UUID, PostId] = field(default_factory=dict)
    known_comments: dict[tuple[PostId, UUID], CommentId] = field(default_factory=dict)

    # Settings

    async def settings(self) -> None:
        """Profile and settings, each for itself."""
        if takeout.ACCOUNT not in self.reader.names:
            return
        document = parse(await self.reader.read(takeout.ACCOUNT, DOCUMENT_BYTES))
        # Those two say who somebody is, and are decided here.
        names = [each.name for each in fields(ProfileChange) if each.name not in ("username", "email")]
        for name in sorted(names, key=lambda each: each != "private"):
            if name not in document:
                continue
            value = document[name]
            try:
                _expect_kind(name, value, type(getattr(_BLANK, name, "")))
                change = ProfileChange(**{name: value})
                await self.importing._accounts.change_profile(self.owner, change)
            except (_Refused, DomainError) as error:
                self.report.refuse("settings", name, _reason(error))
            else:
                self.report.add("settings", new=True)

    async def avatar(self) -> None:
        """The picture, unless the account has one."""
        async with self.importing._new_uow() as uow:
            account = await uow.accounts.find(self.owner)
        if account is None or account.avatar_key or takeout.AVATAR not in self.reader.names:
            return
        async with self.importing._workspace.directory() as folder:
            path = folder / "avatar"
            try:
                written = await self.reader.extract(takeout.AVATAR, path, self.importing._max_file)
                sent = Upload(path, "avatar.jpg", written.size, written.sha256)
                await self.importing._accounts.set_avatar(self.owner, sent)
            except DomainError as error:
                self.report.refuse("avatar", takeout.AVATAR, _reason(error))
            else:
                self.report.add("avatar", new=True)

    # Posts

    async def posts(self, progress: Callable[[int], object]) -> None:
        """Every post, each whole or not at all."""
        number = 0
        async for line in self._lines("posts"):
            number += 1
            what = f"post {number}"
            try:
                document = parse(line)
                what = str(document.get("id", what))
                new = await self._post(document)
            except (_Refused, DomainError) as error:
                self.report.refuse("posts", what, _reason(error))
            else:
                self.report.add("posts", new=new)
            progress(number)

    async def _post(self, document: dict[str, Any]) -> bool:
        """False when it is here already. Raises _Refused, DomainError, Unavailable."""
        source_id, created_at = _uuid(document, "id"), self._moment(document, "created_at")
        post_id = PostId(self._id("post", source_id, created_at))
        media = _take(document, "media", list)
        if not 1 <= len(media) <= MAX_PHOTOS:
            raise _Refused(f"a post has 1 to {MAX_PHOTOS} photos")
        photos = []
        for number, each in enumerate(media):
            if not isinstance(each, dict):
                raise _Refused("a photo is no object")
            file_id = FileId(self._id(f"photo {number} of", source_id, created_at))
            photos.append(Photo(file_id, clean_alt(number, _take(each, "alt", str)), _crop(each)))
        check_photos(photos)
        post = Post(
            post_id,
            self.owner,
            tuple(photos),
            created_at,
            place=_place(document),
            audience=_audience(document),
            comments=_take(document, "comments_on", bool),
            show_camera=_take(document, "show_camera", bool),
        )
        post.write(_take(document, "caption", str))
        if document.get("edited_at") is not None:
            post.edited_at = self._moment(document, "edited_at")
            post.version = 2
        async with self.importing._new_uow() as uow:
            standing = await uow.posts.standing(self.owner, post_id)
        if standing is not None:
            if not standing.removed:
                self.known_posts[source_id] = post_id
            return False
        await self._store(post, media)
        self.known_posts[source_id] = post_id
        return True

    async def _store(self, post: Post, media: list[dict[str, Any]]) -> None:
        """Pictures first, then everything that speaks of them in one transaction."""
        files: list[File] = []
        store = self.importing._media
        try:
            async with self.importing._workspace.directory() as folder:
                for photo, each in zip(post.photos, media, strict=True):
                    path = folder / "picture"
                    file = await self._picture(photo, each, path)
                    files.append(file)
                    await store.put(file.original_key, path)
            async with self.importing._new_uow() as uow:
                await self._check_quota(uow, sum(file.size for file in files))
                for file in files:
                    await uow.files.add(file)
                    uow.record(FileStored(file_id=file.id))
                if post.place is not None:
                    await uow.posts.add_place(post.place)
                await uow.posts.add(post)
                if post.edited_at is not None:
                    await uow.posts.save(post)
                await uow.commit()
        except BaseException:
            with suppress(Unavailable):  # housekeeping finds what stays
                await self._clear_away(files)
            raise

    async def _clear_away(self, files: list[File]) -> None:
        """Take pictures back that belong to nothing; who was stopped during the commit may have rows all the same."""
        async with self.importing._new_uow() as uow:
            kept = {file.key for file in await uow.files.find_many([file.id for file in files])}
        for file in files:
            if file.key not in kept:
                await self.importing._media.delete(file.prefix)

    async def _picture(self, photo: Photo, document: dict[str, Any], path: Path) -> File:
        name, wanted = _take(document, "file", str), _take(document, "sha256", str)
        if not name.startswith("media/") or name not in self.reader.names:
            raise _Refused(f"{name[:80]} is not in the archive")
        written = await self.reader.extract(name, path, self.importing._max_file)
        if written.sha256 != wanted:
            raise _Refused(f"{name[:80]} is not what it was when the archive was made")
        if written.size == 0:
            raise ImageRefused(msg("This file is empty."), code="empty")
        facts = await self.importing._images.inspect(path)
        return File(
            photo.file_id,
            self.owner,
            _name(document),
            written.size,
            written.sha256,
            "image",
            self.importing._ids.key(),
            self.importing._clock.now(),
            facts=facts,
            width=facts.width,
            height=facts.height,
            lqip=facts.lqip,
            alt=photo.alt,
            crop=photo.crop,
        )

    async def _check_quota(self, uow: UnitOfWork, size: int) -> None:
        account = await uow.accounts.find(self.owner, lock=True)
        if account is None or not account.active:
            raise NotFound
        used, limit = await uow.files.stored_bytes(self.owner), self.importing._quota_bytes
        if used + size > limit:
            raise QuotaReached(
                needed_mb=f"{size / 2**20:.2f}",
                left_mb=f"{max(0, limit - used) / 2**20:.2f}",
                limit_mb=limit // 2**20,
            )

    # Comments, likes, saves

    async def comments(self) -> None:
        """One's own words under one's own posts: threads first, then the answers in them."""
        for answers in (False, True):
            async for line in self._lines("comments"):
                what = "comment"
                try:
                    document = parse(line)
                    what = str(document.get("id", what))
                    if (document.get("reply_to") is not None) is answers:
                        await self._comment(document)
                except (_Refused, DomainError) as error:
                    self.report.refuse("comments", what, _reason(error))

    async def _comment(self, document: dict[str, Any]) -> None:
        """An answer to words that are not here stands for itself."""
        source_id, created_at = _uuid(document, "id"), self._moment(document, "created_at")
        post_id = self._post_here(document)
        if post_id is None:
            post = document.get("post")
            if isinstance(post, dict) and post.get("author") == self.source.username:
                raise _Refused("the post that it stands under is not here")
            self.report.leave("comments")
            return
        parent = document.get("reply_to")
        comment = Comment(
            CommentId(self._id("comment", source_id, created_at)), post_id, self.owner, "", created_at
        )
        comment.write(_take(document, "text", str))
        comment.reply_to = (
            self.known_comments.get((post_id, _as_uuid(parent))) if isinstance(parent, str) else None
        )
        if document.get("edited_at") is not None:
            comment.edited_at = self._moment(document, "edited_at")
        async with self.importing._new_uow() as uow:
            new = await uow.comments.find(comment.id) is None
            if new:
                await uow.comments.add(comment)
                if comment.edited_at is not None:
                    await uow.comments.save(comment)
                await uow.commit()
        if parent is None:
            self.known_comments[post_id, source_id] = comment.id
        self.report.add("comments", new=new)

    async def reactions(self) -> None:
        """Likes and saves of one's own posts. Those of others are not here."""
        for name, kind in (("likes", "likes"), ("saved", "saves")):
            async for line in self._lines(name):
                try:
                    post_id = self._post_here(parse(line))
                except _Refused:
                    continue
                if post_id is None:
                    self.report.leave("likes" if kind == "likes" else "saves")
                    continue
                async with self.importing._new_uow() as uow:
                    add = uow.posts.add_like if name == "likes" else uow.posts.add_save
                    new = await add(post_id, self.owner)
                    await uow.commit()
                self.report.add("likes" if kind == "likes" else "saves", new=new)

    def _post_here(self, document: dict[str, Any]) -> PostId | None:
        """The post that is referred to, if it is one that was brought along."""
        post = document.get("post")
        return self.known_posts.get(_as_uuid(str(post.get("id")))) if isinstance(post, dict) else None

    # People

    async def people(self) -> None:
        """Those here who are called the same."""
        people = self.importing._following
        acts: tuple[tuple[str, Callable[[str], Any]], ...] = (
            ("blocked", lambda name: people.block(self.owner, name)),
            ("muted", lambda name: people.mute(self.owner, name, True)),
            ("following", lambda name: people.follow(self.owner, name)),
        )
        for name, act in acts:
            async for line in self._lines(name):
                who = "somebody"
                try:
                    who = _take(parse(line), "username", str)[:30]
                    await act(who)
                except NotFound:
                    self.report.refuse("people", f"@{who}", "nobody here has this name")
                except (_Refused, DomainError) as error:
                    self.report.refuse("people", f"@{who}", _reason(error))
                else:
                    self.report.add("people", new=True)

    # What all of it is read with

    def _lines(self, name: str) -> AsyncIterator[bytes]:
        return self.reader.lines(takeout.list_file(name), LINE_BYTES, LIST_BYTES)

    def _id(self, kind: str, source_id: UUID, created_at: datetime) -> UUID:
        """A UUIDv7 of the moment `created_at` whose rest follows from where it comes from and into whose account."""
        told = f"{kind} {source_id} of {self.source.account_id} for {self.owner}"
        rest = int.from_bytes(hashlib.sha256(told.encode()).digest()[:10], "big")
        milliseconds = int(created_at.timestamp() * 1_000)
        high, low = (rest >> 62) & 0xFFF, rest & (2**62 - 1)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)

    def _moment(self, document: dict[str, Any], name: str) -> datetime:
        """A time that may have been. Raises _Refused."""
        text = _take(document, name, str)
        try:
            moment = datetime.fromisoformat(text[:40])
        except ValueError:
            raise _Refused(f"{name} is no time") from None
        if moment.tzinfo is None or not _OLDEST <= moment <= self.importing._clock.now() + _AHEAD:
            raise _Refused(f"{name} is out of range")
        return moment.astimezone(UTC)


_BLANK = Account(UserId(UUID(int=0)), "", "", _OLDEST)


def parse(line: bytes) -> dict[str, Any]:
    """A JSON object as strict as those of requests. Raises RefusedArchive."""
    try:
        found = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError):
        raise RefusedArchive(why="something in it is no JSON") from None
    if not isinstance(found, dict):
        raise RefusedArchive(why="something in it is no JSON object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _take(document: dict[str, Any], name: str, kind: type[T]) -> T:
    """A member of this kind. Raises _Refused."""
    value = document.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _Refused(f"{name} is missing or of another kind")
    return value


def _expect_kind(name: str, value: object, kind: type) -> None:
    if type(value) is not kind:
        raise _Refused(f"{name} is of another kind")


def _uuid(document: dict[str, Any], name: str) -> UUID:
    try:
        return UUID(_take(document, name, str))
    except ValueError:
        raise _Refused(f"{name} is no id") from None


def _as_uuid(text: str) -> UUID:
    """An id, or one that nothing has."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _crop(document: dict[str, Any]) -> Crop | None:
    told = document.get("crop")
    if told is None:
        return None
    if not isinstance(told, dict):
        raise _Refused("crop is no object")
    x, y, width, height = (_number(told, name) for name in ("x", "y", "width", "height"))
    return Crop(x, y, width, height, _take(told, "rotate", int))


def _number(document: dict[str, Any], name: str) -> float:
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1_000:
        raise _Refused(f"{name} is no number")
    return float(value)


def _place(document: dict[str, Any]) -> Place | None:
    told = document.get("place")
    if told is None:
        return None
    if not isinstance(told, dict):
        raise _Refused("place is no object")
    at = [None if told.get(name) is None else _number(told, name) for name in ("lat", "lon")]
    name, lat, lon = clean_place(_take(told, "name", str), at[0], at[1])
    return Place(place_id(name, lat, lon), name, lat, lon)


def _audience(document: dict[str, Any]) -> Audience:
    value = _take(document, "audience", str)
    for each in get_args(Audience):
        if each == value:
            found: Audience = each
            return found
    raise _Refused("audience is not known")


def _name(document: dict[str, Any]) -> str:
    """What the file was called, as it may be shown."""
    name = document.get("name")
    shown = (
        "".join(c if c.isprintable() and c not in "/\\" else " " for c in name)
        if isinstance(name, str)
        else ""
    )
    return " ".join(shown.encode("utf-8", "ignore").decode().split())[:255] or "photo"


def _reason(error: Exception) -> str:
    """In one sentence, in English: reports are for those who run servers."""
    if isinstance(error, Invalid) and error.problems:
        return " ".join(fill(problem.message, problem.params) for problem in error.problems)
    if isinstance(error, DomainError):
        return fill(error.message, error.params)
    return str(error)
