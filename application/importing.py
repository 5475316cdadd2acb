"""Bringing an archive of another Heliograph into an account here. Archives are anybody's work: nothing in one is believed.

What is brought gets ids that follow from where it comes from, so doing it again finds what is there instead of making it
twice. A post appears whole, with all of its pictures, or not at all. Nobody is told about it as something new.
"""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from application import takeout
from application.accounts import Accounts, ProfileChange
from application.following import FollowingPeople
from application.unpacking import (
    Refused,
    RefusedArchive,
    Source,
    TakeoutReader,
    account_of,
    as_id,
    check_lists,
    expect_kind,
    lines_of,
    parse,
    read_audience,
    read_crop,
    read_id,
    read_moment,
    read_place,
    take,
)
from application.uploading import check_quota, clear_away, take_in
from domain.files import File, FileStored
from domain.kernel import CommentId, DomainError, FileId, Invalid, NotFound, PostId, Unavailable, UserId, fill
from domain.ports import Clock, Ids, Images, MediaStore, UnitOfWorks, Upload, Workspace
from domain.posts import MAX_PHOTOS, Comment, Photo, Post, check_photos, clean_alt
from domain.users import Account

# What is told one by one; the rest is counted.
TOLD = 200
_AHEAD = timedelta(minutes=5)

Kind = Literal["settings", "avatar", "posts", "comments", "likes", "saves", "people"]


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
            self.refused.append(Refusal(kind, _shown(what[:80]), _shown(why)))


def _shown(text: str) -> str:
    """What an archive says, as a terminal may show it: without orders to it, and characters that nothing can write."""
    return "".join(c if c.isprintable() else "?" for c in text)


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
        await check_lists(reader, source)
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
        document = await account_of(self.reader)
        # Those two say who somebody is, and are decided here.
        names = [each.name for each in fields(ProfileChange) if each.name not in ("username", "email")]
        for name in sorted(names, key=lambda each: each != "private"):
            if name not in document:
                continue
            value = document[name]
            try:
                expect_kind(name, value, type(getattr(_BLANK, name, "")))
                change = ProfileChange(**{name: value})
                await self.importing._accounts.change_profile(self.owner, change)
            except (Refused, DomainError) as error:
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
        async for document in self._documents("posts", "posts"):
            number += 1
            try:
                new = await self._post(document)
            except (Refused, DomainError) as error:
                self.report.refuse("posts", str(document.get("id", f"post {number}")), _reason(error))
            else:
                self.report.add("posts", new=new)
            progress(number)

    async def _post(self, document: dict[str, Any]) -> bool:
        """False when it is here already. Raises Refused, DomainError, Unavailable."""
        source_id, created_at = read_id(document, "id"), self._moment(document, "created_at")
        post_id = PostId(self._id("post", source_id, created_at))
        media = take(document, "media", list)
        if not 1 <= len(media) <= MAX_PHOTOS:
            raise Refused(f"a post has 1 to {MAX_PHOTOS} photos")
        photos = []
        for number, each in enumerate(media):
            if not isinstance(each, dict):
                raise Refused("a photo is no object")
            file_id = FileId(self._id(f"photo {number} of", source_id, created_at))
            photos.append(Photo(file_id, clean_alt(number, take(each, "alt", str)), read_crop(each)))
        check_photos(photos)
        post = Post(
            post_id,
            self.owner,
            tuple(photos),
            created_at,
            place=read_place(document),
            audience=read_audience(document),
            comments=take(document, "comments_on", bool),
            show_camera=take(document, "show_camera", bool),
        )
        post.write(take(document, "caption", str))
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
                size = sum(file.size for file in files)
                await check_quota(uow, self.owner, size, self.importing._quota_bytes, lock=True)
                for file in files:
                    await uow.files.add(file)
                    uow.record(FileStored(file_id=file.id))
                post.mentions = await uow.accounts.known_names(self.owner, post.mentions)
                if post.place is not None:
                    await uow.posts.add_place(post.place)
                await uow.posts.add(post)
                if post.edited_at is not None:
                    await uow.posts.save(post)
                await uow.commit()
        except BaseException:
            with suppress(Unavailable):  # housekeeping finds what stays
                await clear_away(self.importing._new_uow, store, files)
            raise

    async def _picture(self, photo: Photo, document: dict[str, Any], path: Path) -> File:
        name, wanted = take(document, "file", str), take(document, "sha256", str)
        if not name.startswith("media/") or name not in self.reader.names:
            raise Refused(f"{name[:80]} is not in the archive")
        written = await self.reader.extract(name, path, self.importing._max_file)
        if written.sha256 != wanted:
            raise Refused(f"{name[:80]} is not what it was when the archive was made")
        called, here = document.get("name"), self.importing
        sent = Upload(path, called if isinstance(called, str) else "", written.size, written.sha256)
        file = await take_in(here._images, here._ids, here._clock, self.owner, sent, photo.file_id)
        file.alt, file.crop = photo.alt, photo.crop
        return file

    # Comments, likes, saves

    async def comments(self) -> None:
        """One's own words under one's own posts: threads first, then the answers in them."""
        for answers in (False, True):
            async for document in self._documents("comments", "comments", again=answers):
                if (document.get("reply_to") is not None) is not answers:
                    continue
                try:
                    await self._comment(document)
                except (Refused, DomainError) as error:
                    self.report.refuse("comments", str(document.get("id", "comment")), _reason(error))

    async def _comment(self, document: dict[str, Any]) -> None:
        """An answer to words that are not here stands for itself."""
        source_id, created_at = read_id(document, "id"), self._moment(document, "created_at")
        post_id = self._post_here(document)
        if post_id is None:
            post = document.get("post")
            if isinstance(post, dict) and post.get("author") == self.source.username:
                raise Refused("the post that it stands under is not here")
            self.report.leave("comments")
            return
        parent = document.get("reply_to")
        comment = Comment(
            CommentId(self._id("comment", source_id, created_at)), post_id, self.owner, "", created_at
        )
        comment.write(take(document, "text", str))
        comment.reply_to = (
            self.known_comments.get((post_id, as_id(parent))) if isinstance(parent, str) else None
        )
        if document.get("edited_at") is not None:
            comment.edited_at = self._moment(document, "edited_at")
        async with self.importing._new_uow() as uow:
            new = await uow.comments.find(comment.id) is None
            if new:
                comment.mentions = await uow.accounts.known_names(self.owner, comment.mentions)
                await uow.comments.add(comment)
                if comment.edited_at is not None:
                    await uow.comments.save(comment)
                await uow.commit()
        if parent is None:
            self.known_comments[post_id, source_id] = comment.id
        self.report.add("comments", new=new)

    async def reactions(self) -> None:
        """Likes and saves of one's own posts. Those of others are not here."""
        lists: tuple[tuple[str, Kind], ...] = (("likes", "likes"), ("saved", "saves"))
        for name, kind in lists:
            async for document in self._documents(name, kind):
                post_id = self._post_here(document)
                if post_id is None:
                    self.report.leave(kind)
                    continue
                try:
                    async with self.importing._new_uow() as uow:
                        add = uow.posts.add_like if kind == "likes" else uow.posts.add_save
                        new = await add(post_id, self.owner)
                        await uow.commit()
                except DomainError as error:
                    self.report.refuse(kind, str(post_id), _reason(error))
                else:
                    self.report.add(kind, new=new)

    def _post_here(self, document: dict[str, Any]) -> PostId | None:
        """The post that is referred to, if it is one that was brought along."""
        post = document.get("post")
        return self.known_posts.get(as_id(str(post.get("id")))) if isinstance(post, dict) else None

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
            async for document in self._documents(name, "people"):
                who = "somebody"
                try:
                    who = take(document, "username", str)[:30]
                    await act(who)
                except NotFound:
                    self.report.refuse("people", f"@{who}", "nobody here has this name")
                except (Refused, DomainError) as error:
                    self.report.refuse("people", f"@{who}", _reason(error))
                else:
                    self.report.add("people", new=True)

    # What all of it is read with

    async def _documents(
        self, name: str, kind: Kind, *, again: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        """What a list holds. A line that is no document is refused, unless the list is read `again`."""
        number = 0
        async for line in lines_of(self.reader, name):
            number += 1
            try:
                document = parse(line)
            except RefusedArchive as error:
                if not again:
                    self.report.refuse(kind, f"line {number} of {name}", _reason(error))
            else:
                yield document

    def _id(self, kind: str, source_id: UUID, created_at: datetime) -> UUID:
        """A UUIDv7 of the moment `created_at` whose rest follows from where it comes from and into whose account."""
        told = f"{kind} {source_id} of {self.source.account_id} for {self.owner}"
        rest = int.from_bytes(hashlib.sha256(told.encode()).digest()[:10], "big")
        milliseconds = int(created_at.timestamp() * 1_000)
        high, low = (rest >> 62) & 0xFFF, rest & (2**62 - 1)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)

    def _moment(self, document: dict[str, Any], name: str) -> datetime:
        return read_moment(document, name, self.importing._clock.now() + _AHEAD)


_BLANK = Account(UserId(UUID(int=0)), "", "", datetime.fromtimestamp(0, UTC))


def _reason(error: Exception) -> str:
    """In one sentence, in English: reports are for those who run servers."""
    if isinstance(error, Invalid) and error.problems:
        return " ".join(fill(problem.message, problem.params) for problem in error.problems)
    if isinstance(error, DomainError):
        return fill(error.message, error.params)
    return str(error)
