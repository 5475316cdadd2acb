"""Takeouts: asking for one, and making it. What it looks like inside is told in `takeout.py`."""

import asyncio
import base64
import hashlib
import hmac
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar
from uuid import UUID

from application import takeout
from application.access import Client, may_view, own_account, throttle
from application.feeds import PostReads, PostRow
from application.paging import Key, Slice
from application.people import ListKind, PeopleReads
from application.views import CommentView, MemberRow
from domain.exports import REASONS, Export, ExportAsked, ExportState, archive_key
from domain.files import File, ObjectsOrphaned
from domain.kernel import ExportId, NotFound, PostId, Unavailable, UserId
from domain.ports import Clock, Ids, MediaStore, Rate, RateLimiter, UnitOfWork, UnitOfWorks, Workspace
from domain.posts import Comment, Post, Standing
from domain.users import Account

EXPORTS = Rate("export", 3, 24 * 3600)
LINK_SECONDS = 600
_STEP = 60

PAGE = 100
POSTS_PER_PAGE = 24
ROWS_PER_PAGE = 500
TELL_SECONDS = 1.0

Write = Callable[[UnitOfWork], Awaitable[None]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ExportError:
    """Why there is no archive."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ExportView:
    """An archive as its owner sees it: `progress` in percent, `size` in bytes; `link` opens it once, while it is ready."""

    id: UUID
    state: ExportState
    progress: int
    size: int
    created_at: datetime
    expires_at: datetime | None
    error: ExportError | None
    link: str


class ExportLinks:
    """Keys that open an archive once, within LINK_SECONDS. Only its owner, signed in, can use them."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._secret = hashlib.blake2b(b"export", key=secret[:64], digest_size=32).digest()
        self._clock = clock

    def make(self, export: Export) -> str:
        """A key for the next download. Using any key makes all that were made before it useless."""
        until = int(self._clock.now().timestamp()) // _STEP * _STEP + LINK_SECONDS
        return base64.urlsafe_b64encode(struct.pack(">I", until) + self._mac(export, until)).decode()

    def opens(self, export: Export, key: str) -> bool:
        """Whether the key is of this archive, was not used and is not too old."""
        try:
            raw = base64.b64decode(key.encode("ascii"), altchars=b"-_", validate=True)
        except (ValueError, UnicodeEncodeError):
            return False
        if len(raw) != 22:
            return False
        (until,) = struct.unpack(">I", raw[:4])
        right = hmac.compare_digest(raw[4:], self._mac(export, until))
        return right and self._clock.now().timestamp() < until

    def _mac(self, export: Export, until: int) -> bytes:
        body = struct.pack(">I16s16sQ", until, export.id.bytes, export.user_id.bytes, export.downloads)
        return hashlib.blake2b(body, key=self._secret, digest_size=18).digest()


class Exporting:
    """What people do about their archives."""

    def __init__(
        self, new_uow: UnitOfWorks, clock: Clock, ids: Ids, limiter: RateLimiter, links: ExportLinks
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._limiter = limiter
        self._links = links

    async def ask(
        self, user: UserId, client: Client, language: str = "", new_id: ExportId | None = None
    ) -> ExportView:
        """Have an archive made; while one is being made, that one. Raises TooMany, NotFound."""
        export = Export(new_id or ExportId(self._ids.new()), user, self._clock.now(), language=language[:12])
        async with self._new_uow() as uow:
            # Locked, so that of two requests at once the second finds what the first has asked for.
            account = await own_account(uow, user)
            export.language = export.language or account.language
            running = next((each for each in await uow.exports.of_user(user) if each.running), None)
            if running is not None:
                return self._view(running)
            await throttle(self._limiter, client, EXPORTS, str(user))
            await uow.exports.add(export)
            uow.record(ExportAsked(export_id=export.id))
            await uow.commit()
        return self._view(export)

    async def get(self, user: UserId, export_id: ExportId) -> ExportView:
        """One of one's own, with a link when it is ready. Raises NotFound, also when its time is over."""
        async with self._new_uow() as uow:
            return self._view(await self._own(uow, user, export_id))

    async def all(self, user: UserId) -> list[ExportView]:
        """One's own, newest first."""
        async with self._new_uow() as uow:
            found = await uow.exports.of_user(user)
        return [self._view(export) for export in found if self._lasts(export)]

    async def remove(self, user: UserId, export_id: ExportId) -> None:
        """Remove one's own, or stop making it. Raises NotFound."""
        async with self._new_uow() as uow:
            export = await self._own(uow, user, export_id, lock=True)
            _forget(uow, export)
            await uow.exports.remove([export.id])
            await uow.commit()

    async def open(self, user: UserId, export_id: ExportId, key: str) -> Export:
        """The archive for one download. Raises NotFound for a key that was used, is too old or somebody else's."""
        async with self._new_uow() as uow:
            export = await self._own(uow, user, export_id, lock=True)
            if export.state != "ready" or not self._links.opens(export, key):
                raise NotFound
            export.downloads += 1
            await uow.exports.save(export)
            await uow.commit()
        return export

    async def sweep(self) -> int:
        """Remove archives that are past their time; how many. Called on a timer."""
        async with self._new_uow() as uow:
            expired = await uow.exports.expired(self._clock.now(), 100)
            for export in expired:
                _forget(uow, export)
            if expired:
                await uow.exports.remove([export.id for export in expired])
                await uow.commit()
        return len(expired)

    async def _own(self, uow: UnitOfWork, user: UserId, export_id: ExportId, *, lock: bool = False) -> Export:
        export = await uow.exports.find(export_id, lock=lock)
        if export is None or export.user_id != user or not self._lasts(export):
            raise NotFound
        return export

    def _lasts(self, export: Export) -> bool:
        return export.expires_at is None or self._clock.now() < export.expires_at

    def _view(self, export: Export) -> ExportView:
        why = ExportError(export.error, REASONS[export.error]) if export.error else None
        link = self._links.make(export) if export.state == "ready" else ""
        return ExportView(
            export.id,
            export.state,
            export.progress,
            export.size,
            export.created_at,
            export.expires_at,
            why,
            link,
        )


def _forget(uow: UnitOfWork, export: Export) -> None:
    if export.prefix:
        uow.record(ObjectsOrphaned(prefix=export.prefix))


# Making one


@dataclass(frozen=True, slots=True)
class OwnPost:
    """A post of the owner's with its files in order."""

    post: Post
    files: tuple[File, ...]
    likes: int
    comments: int


@dataclass(frozen=True, slots=True)
class Said:
    """A comment, with what decides whether its author still sees the post that it stands under, and whose that is."""

    comment: Comment
    standing: Standing
    author: str


class TakeoutReads(Protocol):
    """What an archive holds beyond the lists that pages show. Lists are newest first, `limit` rows before a key."""

    async def size(self, user: UserId) -> int:
        """The sum of the sizes of the originals."""
        ...

    async def former_names(self, user: UserId) -> list[str]:
        """User names that the account had before."""
        ...

    async def posts(self, user: UserId, before: UUID | None, limit: int) -> list[OwnPost]:
        """The owner's posts."""
        ...

    async def history(self, posts: Sequence[UUID]) -> list[dict[str, Any]]:
        """What these posts showed before they were edited, as documents."""
        ...

    async def uploads(self, user: UserId, before: UUID | None, limit: int) -> list[File]:
        """Files that are in no post."""
        ...

    async def comments(self, user: UserId, before: UUID | None, limit: int) -> list[Said]:
        """The owner's comments, wherever they stand."""
        ...

    async def liked_comments(self, user: UserId, before: UUID | None, limit: int) -> list[Said]:
        """Comments that the owner likes, by people whom they may know."""
        ...

    async def hidden(self, user: UserId, before: UUID | None, limit: int) -> list[tuple[Standing, str]]:
        """Posts that the owner is not interested in, with the user names of their authors."""
        ...

    async def others(self, user: UserId) -> dict[str, list[dict[str, Any]]]:
        """Short lists of what is nobody else's business, as documents, by the names of takeout.LISTS."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """A file in the archive. `sha256` in hexadecimal."""

    size: int
    sha256: str


class TakeoutWriter(Protocol):
    """An archive in the making, on local disk. Raises OSError when there is no room for it."""

    async def add(self, name: str, content: bytes) -> Written:
        """Append a text."""
        ...

    async def add_chunks(self, name: str, chunks: AsyncIterator[bytes], *, packed: bool = False) -> Written:
        """Append what comes, without holding it in memory; pictures are not `packed`, as nothing makes them smaller."""
        ...


class TakeoutPages(Protocol):
    """The part of an archive that people read."""

    def extras(self) -> Mapping[str, bytes]:
        """Files that are the same in every archive, by name: style sheet, fonts, README."""
        ...

    def render(self, template: str, language: str, timezone: str, values: Mapping[str, Any]) -> bytes:
        """A page, in the owner's language."""
        ...


WriterAt = Callable[[Path], AbstractContextManager[TakeoutWriter]]


class Stopped(Exception):
    """Nobody wants the archive any more."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an archive says of where it was made."""

    version: str
    instance: str
    origin: str


class ExportMaker:
    """Makes archives, one at a time in this process: pictures of others must not wait for them."""

    def __init__(
        self,
        new_uow: UnitOfWorks,
        clock: Clock,
        ids: Ids,
        media: MediaStore,
        workspace: Workspace,
        reads: TakeoutReads,
        posts: PostReads,
        people: PeopleReads,
        writer_at: WriterAt,
        pages: Callable[[], TakeoutPages],
        place: Place,
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._media = media
        self._workspace = workspace
        self._reads = reads
        self._posts = posts
        self._people = people
        self._writer_at = writer_at
        self._pages = pages
        self._place = place
        self._busy = False

    async def make(self, export_id: ExportId) -> Write:
        """The archive in the store, and what to write about it. Raises Unavailable while another one is being made."""
        if self._busy:
            raise Unavailable("another archive is being made")
        self._busy = True
        try:
            return await self._make(export_id)
        finally:
            self._busy = False

    async def _make(self, export_id: ExportId) -> Write:
        async with self._new_uow() as uow:
            export = await uow.exports.find(export_id)
            account = await uow.accounts.find(export.user_id) if export else None
        if export is None or account is None or not export.running:
            return _nothing
        # Its own for every try: who lost its lease must not change what another has finished.
        key = self._ids.key()
        try:
            async with self._workspace.directory() as folder:
                path = folder / "archive.zip"
                making = _Making(self, export, account, folder)
                with self._writer_at(path) as writer:
                    await making.write(writer)
                size = (await asyncio.to_thread(path.stat)).st_size
                await self._media.put(archive_key(key), path)
        except Stopped:
            return failed(export_id, "stopped")
        except Unavailable as error:
            if error.code != "insufficient_storage":
                raise
            return failed(export_id, "insufficient_storage")
        return self._finished(export_id, key, size)

    def _finished(self, export_id: ExportId, key: str, size: int) -> Write:
        async def write(uow: UnitOfWork) -> None:
            export = await uow.exports.find(export_id, lock=True)
            if export is None or not export.running:
                uow.record(ObjectsOrphaned(prefix=f"exports/{key}/"))
                return
            export.finish(key, size, self._clock.now())
            await uow.exports.save(export)
            # One at a time is enough for everybody, and for the disk.
            older = [each for each in await uow.exports.of_user(export.user_id) if each.id != export_id]
            for each in older:
                _forget(uow, each)
            await uow.exports.remove([each.id for each in older])

        return write


def failed(export_id: ExportId, error: str) -> Write:
    """What is written where there will be no archive."""

    async def write(uow: UnitOfWork) -> None:
        export = await uow.exports.find(export_id, lock=True)
        if export is not None and export.running:
            export.fail(error)
            await uow.exports.save(export)

    return write


async def _nothing(_: UnitOfWork) -> None:
    pass


class _List:
    """A list on its way into the archive: lines in a local file, because an archive takes one file at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._file: BinaryIO = path.open("wb")

    async def add(self, documents: Sequence[Mapping[str, Any]]) -> None:
        if documents:
            lines = b"".join(map(takeout.encode, documents))
            await asyncio.to_thread(self._file.write, lines)
            self.lines += len(documents)

    def close(self) -> None:
        self._file.close()


@dataclass(slots=True)
class _Making:
    """One archive in the making: passes over the account's data, each a page of rows at a time."""

    maker: ExportMaker
    export: Export
    account: Account
    folder: Path
    done: int = 0
    total: int = 1
    told_at: float = 0.0
    lists: dict[str, _List] = field(default_factory=dict)
    pages: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    newest: list[dict[str, Any]] = field(default_factory=list)

    @property
    def owner(self) -> UserId:
        return self.account.id

    async def write(self, writer: TakeoutWriter) -> None:
        """Everything, the list of contents last: an archive that was cut off has none. Raises Stopped, Unavailable."""
        maker, pages = self.maker, self.maker._pages()
        self.total = await maker._reads.size(self.owner) or 1
        await self._tell(0, at_once=True)
        try:
            for name, content in pages.extras().items():
                await writer.add(name, content)
            avatar = await self._avatar(writer)
            await self._write_posts(writer, pages)
            await self._write_uploads(writer)
            await self._write_words(writer, pages)
            await self._write_people(writer, pages)
            document = takeout.account_document(
                self.account, await maker._reads.former_names(self.owner), avatar=avatar
            )
            await writer.add(takeout.ACCOUNT, takeout.encode(document, indent=1))
            files = await self._close_lists(writer)
            values = {"account": document, "newest": self.newest}
            await self._page(writer, pages, "index.html", "index.html", values)
            await writer.add(takeout.ABOUT, takeout.encode(self._about(files), indent=1))
        finally:
            for each in self.lists.values():
                each.close()

    def _about(self, files: dict[str, Any]) -> dict[str, Any]:
        place = self.maker._place
        return {
            "format": takeout.FORMAT,
            "version": takeout.VERSION,
            "heliograph": place.version,
            "instance": place.instance,
            "origin": place.origin,
            "created_at": self.export.created_at,
            "account": {"id": self.account.id, "username": self.account.username},
            "files": files,
            "missing": self.missing,
        }

    # Posts and other files

    async def _avatar(self, writer: TakeoutWriter) -> bool:
        key = self.account.avatar_key
        return (
            key is not None and await self._copy(writer, f"avatars/{key}/320.jpg", takeout.AVATAR) is not None
        )

    async def _write_posts(self, writer: TakeoutWriter, pages: TakeoutPages) -> None:
        before, number = None, 0
        while True:
            found = await self.maker._reads.posts(self.owner, before, POSTS_PER_PAGE + 1)
            shown = found[:POSTS_PER_PAGE]
            number += 1
            posts = [await self._post(writer, own) for own in shown]
            await self._list("posts").add([document for document, _, _ in posts])
            history = await self.maker._reads.history([own.post.id for own in shown])
            await self._list("post_history").add(history)
            values = {"posts": posts, "number": number, "more": len(found) > len(shown)}
            await self._page(writer, pages, "posts.html", f"pages/posts-{number}.html", values)
            self.pages["posts"] = number
            if len(found) == len(shown):
                return
            before = shown[-1].post.id

    async def _post(
        self, writer: TakeoutWriter, own: OwnPost
    ) -> tuple[dict[str, Any], list[dict[str, Any]], list[CommentView]]:
        """A post as a document, its pictures for the page, and the comments under it."""
        documents, pictures = [], []
        for number, file in enumerate(own.files, start=1):
            path = takeout.photo_file(own.post.id, number, file)
            written = await self._copy(writer, file.original_key, path, file.size)
            documents.append(takeout.file_document(file, path if written else None))
            small = await self._small(writer, own.post.id, number, file)
            pictures.append(
                {
                    "src": small,
                    "original": path if written else None,
                    "alt": file.alt,
                    "width": file.width or 1,
                    "height": file.height or 1,
                }
            )
        url = f"{self.maker._place.origin}/p/{own.post.id}"
        document = takeout.post_document(own.post, documents, url, own.likes, own.comments)
        comments = await self._comments_under(own.post.id) if own.comments else []
        if len(self.newest) < 12 and pictures[0]["src"]:
            page = self.pages.get("posts", 0) + 1
            self.newest.append(pictures[0] | {"href": f"pages/posts-{page}.html#p-{own.post.id}"})
        return document, pictures, comments

    async def _small(self, writer: TakeoutWriter, post_id: UUID, number: int, file: File) -> str | None:
        """A size of a photo that pages can show, as it was cut; its name, or None where there is none."""
        sizes = [size for size in file.renditions if size.type == "image/webp" and size.width <= 1080]
        if not sizes:
            return None
        best = max(sizes, key=lambda size: size.width)
        name = f"pages/photos/{post_id}-{number}.webp"
        written = await self._copy(writer, file.rendition_prefix + best.name, name)
        return name if written else None

    async def _comments_under(self, post_id: PostId) -> list[CommentView]:
        """Comments that the owner sees now, oldest first; those of others join their list. A page shows the first 500."""
        shown: list[CommentView] = []
        part = Slice(PAGE)
        while rows := await self.maker._posts.comments(self.owner, post_id, part):
            views = [row.view for row in rows]
            others = [view for view in views if view.author.id != self.owner]
            await self._list("comments_received").add([takeout.received_document(view) for view in others])
            shown += views[: ROWS_PER_PAGE - len(shown)]
            if len(rows) < PAGE:
                break
            part = Slice(PAGE, after=Key(views[-1].id))
        return shown

    async def _write_uploads(self, writer: TakeoutWriter) -> None:
        before = None
        while files := await self.maker._reads.uploads(self.owner, before, PAGE):
            documents = []
            for file in files:
                path = takeout.upload_file(file)
                written = await self._copy(writer, file.original_key, path, file.size)
                documents.append(takeout.file_document(file, path if written else None) | {"id": file.id})
            await self._list("uploads").add(documents)
            before = files[-1].id

    async def _copy(self, writer: TakeoutWriter, key: str, name: str, counts: int = 0) -> Written | None:
        """Copy an object into the archive; None where the store does not have it (any more)."""
        chunks = self.maker._media.read(key)
        try:
            first = await anext(chunks, b"")
        except NotFound:
            self.missing.append(name)
            return None

        async def every() -> AsyncIterator[bytes]:
            yield first
            async for chunk in chunks:
                yield chunk

        written = await writer.add_chunks(name, every())
        await self._tell(counts)
        return written

    # Comments, likes, saves

    async def _write_words(self, writer: TakeoutWriter, pages: TakeoutPages) -> None:
        origin, reads = self.maker._place.origin, self.maker._reads

        async def comments(before: UUID | None) -> list[tuple[UUID, dict[str, Any] | None]]:
            said = await reads.comments(self.owner, before, PAGE)
            return [(each.comment.id, self._own_comment(each)) for each in said]

        async def liked_comments(before: UUID | None) -> list[tuple[UUID, dict[str, Any] | None]]:
            said = await reads.liked_comments(self.owner, before, PAGE)
            return [(each.comment.id, self._liked_comment(each)) for each in said]

        async def hidden(before: UUID | None) -> list[tuple[UUID, dict[str, Any] | None]]:
            found = await reads.hidden(self.owner, before, PAGE)
            return [
                (
                    standing.post_id,
                    {"post": takeout.reference(standing.post_id, author, origin)}
                    if may_view(self.owner, standing)
                    else None,
                )
                for standing, author in found
            ]

        await self._write_list(writer, pages, "comments", comments)
        await self._write_list(writer, pages, "likes", self._rows(self.maker._posts.liked))
        await self._write_list(writer, pages, "saved", self._rows(self.maker._posts.saved))
        await self._write_list(writer, None, "hidden", hidden)
        await self._write_list(writer, None, "comment_likes", liked_comments)

    def _own_comment(self, said: Said) -> dict[str, Any]:
        sees = may_view(self.owner, said.standing)
        post = takeout.reference(said.standing.post_id, said.author, self.maker._place.origin)
        return takeout.comment_document(said.comment, post if sees else None)

    def _liked_comment(self, said: Said) -> dict[str, Any] | None:
        if not may_view(self.owner, said.standing):
            return None
        post = takeout.reference(said.standing.post_id, said.author, self.maker._place.origin)
        return {"comment": said.comment.id, "post": post}

    def _rows(
        self, source: Callable[[UserId, Slice], Awaitable[list[PostRow]]]
    ) -> Callable[[UUID | None], Awaitable[list[tuple[UUID, dict[str, Any] | None]]]]:
        """A list of posts of anybody's: those that the owner may see now."""

        async def read(before: UUID | None) -> list[tuple[UUID, dict[str, Any] | None]]:
            rows = await source(self.owner, Slice(PAGE, before=Key(before) if before else None))
            return [(row.key.id, self._row(row)) for row in rows]

        return read

    def _row(self, row: PostRow) -> dict[str, Any] | None:
        if not may_view(self.owner, row.standing):
            return None
        post = takeout.post_reference(row, self.maker._place.origin)
        return {"post": post, "at": takeout.made_at(row.key.id)}

    async def _write_list(
        self,
        writer: TakeoutWriter,
        pages: TakeoutPages | None,
        name: str,
        read: Callable[[UUID | None], Awaitable[list[tuple[UUID, dict[str, Any] | None]]]],
    ) -> None:
        """Walk a list, in pages of ROWS_PER_PAGE where people read it too."""
        before: UUID | None = None
        rows: list[dict[str, Any]] = []
        number = 0
        while found := await read(before):
            documents = [document for _, document in found if document is not None]
            await self._list(name).add(documents)
            await self._tell(0)
            rows += documents if pages else []
            before = found[-1][0]
            while pages and len(rows) > ROWS_PER_PAGE:
                number += 1
                await self._rows_page(writer, pages, name, rows[:ROWS_PER_PAGE], number, more=True)
                rows = rows[ROWS_PER_PAGE:]
        if pages:
            await self._rows_page(writer, pages, name, rows, number + 1, more=False)

    async def _rows_page(
        self,
        writer: TakeoutWriter,
        pages: TakeoutPages,
        name: str,
        rows: list[dict[str, Any]],
        number: int,
        *,
        more: bool,
    ) -> None:
        self.pages[name] = number
        values = {"rows": rows, "number": number, "more": more, "name": name}
        await self._page(writer, pages, f"{name}.html", f"pages/{name}-{number}.html", values)

    # People and what is about the account itself

    async def _write_people(self, writer: TakeoutWriter, pages: TakeoutPages) -> None:
        shown: dict[str, list[dict[str, Any]]] = {}
        kinds: tuple[tuple[str, ListKind], ...] = (
            ("following", "following"),
            ("followers", "followers"),
            ("requests_received", "requests"),
            ("blocked", "blocked"),
            ("muted", "muted"),
        )
        for name, kind in kinds:
            shown[name] = await self._write_members(name, kind)
        others = await self.maker._reads.others(self.owner)
        for name, documents in others.items():
            await self._list(name).add(documents)
        shown["requests_sent"] = others.get("requests_sent", [])
        await self._page(writer, pages, "people.html", "pages/people.html", {"lists": shown})
        async with self.maker._new_uow() as uow:
            now = self.maker._clock.now()
            sessions = [takeout.session_document(s) for s in await uow.sessions.of_user(self.owner, now)]
            tokens = [takeout.token_document(t) for t in await uow.tokens.of_user(self.owner, now)]
        await self._list("sessions").add(sessions)
        await self._list("tokens").add(tokens)
        names = await self.maker._reads.former_names(self.owner)
        values = {
            "account": takeout.account_document(self.account, names, avatar=False),
            "sessions": sessions,
            "tokens": tokens,
        }
        await self._page(writer, pages, "account.html", "pages/account.html", values)

    async def _write_members(self, name: str, kind: ListKind) -> list[dict[str, Any]]:
        """A list of people; a page shows the first 500 of them."""
        shown: list[dict[str, Any]] = []
        part = Slice(PAGE)
        while rows := await self.maker._people.members(self.owner, kind, self.owner, part):
            documents = [self._member(kind, key, row) for key, row in rows]
            await self._list(name).add(documents)
            shown += documents[: ROWS_PER_PAGE - len(shown)]
            part = Slice(PAGE, before=rows[-1][0])
        return shown

    def _member(self, kind: ListKind, key: Key, row: MemberRow) -> dict[str, Any]:
        document = takeout.member_document(row, takeout.made_at(key.id))
        return document | {"notify_posts": row.viewer.notify_posts} if kind == "following" else document

    # What all of it is written with

    def _list(self, name: str) -> _List:
        if name not in self.lists:
            self.lists[name] = _List(self.folder / f"{name}.jsonl")
        return self.lists[name]

    async def _close_lists(self, writer: TakeoutWriter) -> dict[str, Any]:
        """Move the lists into the archive; what `about.json` says of them."""
        files: dict[str, Any] = {}
        for name in takeout.LISTS:
            if name not in self.lists:
                continue
            each = self.lists[name]
            await asyncio.to_thread(each.close)
            written = await writer.add_chunks(takeout.list_file(name), _chunks(each.path), packed=True)
            each.path.unlink()
            files[takeout.list_file(name)] = {
                "lines": each.lines,
                "size": written.size,
                "sha256": written.sha256,
            }
        return files

    async def _page(
        self, writer: TakeoutWriter, pages: TakeoutPages, template: str, name: str, values: dict[str, Any]
    ) -> None:
        place = self.maker._place
        shared = {
            "me": self.account,
            "counts": {each: found.lines for each, found in self.lists.items()},
            "pages": self.pages,
            "instance": place.instance,
            "origin": place.origin,
            "made_at": self.export.created_at,
            "root": "" if "/" not in name else "../",
        }
        content = await asyncio.to_thread(
            pages.render, template, self.export.language, self.account.timezone, shared | values
        )
        await writer.add(name, content)

    async def _tell(self, counts: int, *, at_once: bool = False) -> None:
        """Say how far it is, at most once a second. Raises Stopped."""
        self.done += counts
        now = time.monotonic()
        if not at_once and now - self.told_at < TELL_SECONDS:
            return
        self.told_at = now
        percent = min(99, 100 * self.done // self.total)
        async with self.maker._new_uow() as uow:
            if not await uow.exports.show_progress(self.export.id, percent):
                raise Stopped
            await uow.commit()


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, 256 * 1024):
            yield chunk
    finally:
        file.close()
