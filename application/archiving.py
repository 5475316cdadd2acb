"""Making takeouts: passes over an account's data, a page of rows at a time. `packing.py` puts what they find into a file."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from application import takeout
from application.access import may_view
from application.commenting import CommentReads
from application.exporting import discard
from application.feeds import PostReads, PostRow
from application.packing import Packing, Place, Stopped, TakeoutPages, TakeoutWriter
from application.paging import Key, Slice
from application.people import ListKind, PeopleReads
from application.views import CommentView, MemberRow
from domain.exports import ExportReady, archive_key
from domain.files import File, ObjectsOrphaned
from domain.kernel import ExportId, PostId, Unavailable, UserId
from domain.ports import Clock, Ids, MediaStore, UnitOfWork, UnitOfWorks, Workspace
from domain.posts import Comment, Post, Standing

PAGE = 100
POSTS_PER_PAGE = 24
ROWS_PER_PAGE = 500

Document = dict[str, Any]
# Rows of a list by the ids that it is walked by; None stands for what the owner may not see (any more).
Rows = list[tuple[UUID, Document | None]]
Write = Callable[[UnitOfWork], Awaitable[None]]


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

    async def former_names(self, user: UserId) -> list[str]:
        """User names that the account had before."""
        ...

    async def posts(self, user: UserId, before: UUID | None, limit: int) -> list[OwnPost]:
        """The owner's posts."""
        ...

    async def history(self, posts: Sequence[UUID]) -> list[Document]:
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

    async def others(self, user: UserId) -> dict[str, list[Document]]:
        """Short lists of what is nobody else's business, as documents, by the names of takeout.LISTS."""
        ...


WriterAt = Callable[[Path], AbstractContextManager[TakeoutWriter]]


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
        comments: CommentReads,
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
        self._comments = comments
        self._people = people
        self._writer_at = writer_at
        self._pages = pages
        self._place = place
        self._busy = False

    async def make(self, export_id: ExportId) -> Write | None:
        """The archive in the store, and what to write about it, if anything.

        Raises Unavailable while another one is being made.
        """
        if self._busy:
            raise Unavailable("another archive is being made")
        self._busy = True
        try:
            return await self._make(export_id)
        finally:
            self._busy = False

    async def _make(self, export_id: ExportId) -> Write | None:
        async with self._new_uow() as uow:
            export = await uow.exports.find(export_id)
            account = await uow.accounts.find(export.user_id) if export else None
        if export is None or account is None or not export.running:
            return None
        # Its own for every try: who lost its lease must not change what another has finished.
        key = self._ids.key()
        try:
            async with self._workspace.directory() as folder:
                path = folder / "archive.zip"
                with self._writer_at(path) as writer:
                    packing = Packing(
                        writer,
                        self._pages(),
                        self._media,
                        self._new_uow,
                        self._place,
                        export,
                        account,
                        folder,
                    )
                    making = _Making(
                        packing, self._reads, self._posts, self._comments, self._people, self._clock
                    )
                    await making.write()
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
            uow.record(ExportReady(export_id=export_id))
            # One at a time is enough for everybody, and for the disk.
            await discard(
                uow, [each for each in await uow.exports.of_user(export.user_id) if each.id != export_id]
            )

        return write


def failed(export_id: ExportId, error: str) -> Write:
    """What is written where there will be no archive."""

    async def write(uow: UnitOfWork) -> None:
        export = await uow.exports.find(export_id, lock=True)
        if export is not None and export.running:
            export.fail(error)
            await uow.exports.save(export)

    return write


@dataclass(slots=True)
class _Making:
    """One archive in the making: passes over the account's data, each a page of rows at a time."""

    packing: Packing
    reads: TakeoutReads
    posts: PostReads
    comments: CommentReads
    people: PeopleReads
    clock: Clock
    newest: list[Document] = field(default_factory=list)

    @property
    def owner(self) -> UserId:
        return self.packing.account.id

    @property
    def origin(self) -> str:
        return self.packing.place.origin

    async def write(self) -> None:
        """Everything, the list of contents last: an archive that was cut off has none. Raises Stopped, Unavailable."""
        packing = self.packing
        async with packing.new_uow() as uow:
            packing.total = await uow.files.stored_bytes(self.owner) or 1
        await packing.tell(at_once=True)
        try:
            await packing.add_extras()
            avatar = await self._avatar()
            await self._write_posts()
            await self._write_uploads()
            await self._write_words()
            await self._write_people()
            names = await self.reads.former_names(self.owner)
            document = takeout.account_document(packing.account, names, avatar=avatar)
            await packing.add_document(takeout.ACCOUNT, document)
            files = await packing.close_lists()
            await packing.add_page("index.html", "index.html", {"account": document, "newest": self.newest})
            await packing.add_document(takeout.ABOUT, packing.about(files))
        finally:
            packing.close()

    # Posts and other files

    async def _avatar(self) -> bool:
        key = self.packing.account.avatar_key
        return (
            key is not None and await self.packing.copy(f"avatars/{key}/320.jpg", takeout.AVATAR) is not None
        )

    async def _write_posts(self) -> None:
        before, number = None, 0
        while True:
            found = await self.reads.posts(self.owner, before, POSTS_PER_PAGE + 1)
            shown = found[:POSTS_PER_PAGE]
            number += 1
            posts = [await self._post(own) for own in shown]
            await self.packing.list("posts").add([document for document, _, _ in posts])
            history = await self.reads.history([own.post.id for own in shown])
            await self.packing.list("post_history").add(history)
            values = {"posts": posts, "number": number, "more": len(found) > len(shown)}
            await self.packing.add_page("posts.html", f"pages/posts-{number}.html", values)
            self.packing.page_counts["posts"] = number
            if len(found) == len(shown):
                return
            before = shown[-1].post.id

    async def _post(self, own: OwnPost) -> tuple[Document, list[Document], list[CommentView]]:
        """A post as a document, its pictures for the page, and the comments under it."""
        documents, pictures = [], []
        for number, file in enumerate(own.files, start=1):
            path = takeout.photo_file(own.post.id, number, file)
            written = await self.packing.copy(file.original_key, path, file.size)
            documents.append(takeout.file_document(file, path if written else None))
            small = await self._small(own.post.id, number, file)
            pictures.append(
                {
                    "src": small,
                    "original": path if written else None,
                    "alt": file.alt,
                    "width": file.width or 1,
                    "height": file.height or 1,
                }
            )
        url = f"{self.origin}/p/{own.post.id}"
        document = takeout.post_document(own.post, documents, url, own.likes, own.comments)
        comments = await self._comments_under(own.post.id) if own.comments else []
        if len(self.newest) < 12 and pictures[0]["src"]:
            page = self.packing.page_counts.get("posts", 0) + 1
            self.newest.append(pictures[0] | {"href": f"pages/posts-{page}.html#p-{own.post.id}"})
        return document, pictures, comments

    async def _small(self, post_id: UUID, number: int, file: File) -> str | None:
        """A size of a photo that pages can show, as it was cut; its name, or None where there is none."""
        sizes = [size for size in file.renditions if size.type == "image/webp" and size.width <= 1080]
        if not sizes:
            return None
        best = max(sizes, key=lambda size: size.width)
        name = f"pages/photos/{post_id}-{number}.webp"
        written = await self.packing.copy(file.rendition_prefix + best.name, name)
        return name if written else None

    async def _comments_under(self, post_id: PostId) -> list[CommentView]:
        """Comments that the owner sees now, oldest first; those of others join their list. A page shows the first 500."""
        shown: list[CommentView] = []
        part = Slice(PAGE)
        while views := await self.comments.of_post(self.owner, post_id, part):
            others = [view for view in views if view.author.id != self.owner]
            await self.packing.list("comments_received").add(
                [takeout.received_document(view) for view in others]
            )
            shown += views[: ROWS_PER_PAGE - len(shown)]
            if len(views) < PAGE:
                break
            part = Slice(PAGE, after=Key(views[-1].id))
        return shown

    async def _write_uploads(self) -> None:
        before = None
        while files := await self.reads.uploads(self.owner, before, PAGE):
            documents = []
            for file in files:
                path = takeout.upload_file(file)
                written = await self.packing.copy(file.original_key, path, file.size)
                documents.append(takeout.file_document(file, path if written else None) | {"id": file.id})
            await self.packing.list("uploads").add(documents)
            before = files[-1].id

    # Comments, likes, saves

    async def _write_words(self) -> None:
        origin, reads = self.origin, self.reads

        async def comments(before: UUID | None) -> Rows:
            said = await reads.comments(self.owner, before, PAGE)
            return [(each.comment.id, self._own_comment(each)) for each in said]

        async def liked_comments(before: UUID | None) -> Rows:
            said = await reads.liked_comments(self.owner, before, PAGE)
            return [(each.comment.id, self._liked_comment(each)) for each in said]

        async def hidden(before: UUID | None) -> Rows:
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

        await self._write_list("comments", comments)
        await self._write_list("likes", self._rows(self.posts.liked))
        await self._write_list("saved", self._rows(self.posts.saved))
        await self._write_list("hidden", hidden, readable=False)
        await self._write_list("comment_likes", liked_comments, readable=False)

    def _own_comment(self, said: Said) -> Document:
        sees = may_view(self.owner, said.standing)
        post = takeout.reference(said.standing.post_id, said.author, self.origin)
        return takeout.comment_document(said.comment, post if sees else None)

    def _liked_comment(self, said: Said) -> Document | None:
        if not may_view(self.owner, said.standing):
            return None
        post = takeout.reference(said.standing.post_id, said.author, self.origin)
        return {"comment": said.comment.id, "post": post}

    def _rows(
        self, source: Callable[[UserId, Slice], Awaitable[list[PostRow]]]
    ) -> Callable[[UUID | None], Awaitable[Rows]]:
        """A list of posts of anybody's: those that the owner may see now."""

        async def read(before: UUID | None) -> Rows:
            rows = await source(self.owner, Slice(PAGE, before=Key(before) if before else None))
            return [(row.key.id, self._row(row)) for row in rows]

        return read

    def _row(self, row: PostRow) -> Document | None:
        if not may_view(self.owner, row.standing):
            return None
        post = takeout.post_reference(row, self.origin)
        return {"post": post, "at": takeout.made_at(row.key.id)}

    async def _write_list(
        self, name: str, read: Callable[[UUID | None], Awaitable[Rows]], *, readable: bool = True
    ) -> None:
        """Walk a list, in pages of ROWS_PER_PAGE where people read it too."""
        before: UUID | None = None
        rows: list[Document] = []
        number = 0
        while found := await read(before):
            documents = [document for _, document in found if document is not None]
            await self.packing.list(name).add(documents)
            await self.packing.tell()
            rows += documents if readable else []
            before = found[-1][0]
            while len(rows) > ROWS_PER_PAGE:
                number += 1
                await self._rows_page(name, rows[:ROWS_PER_PAGE], number, more=True)
                rows = rows[ROWS_PER_PAGE:]
        if readable:
            await self._rows_page(name, rows, number + 1, more=False)

    async def _rows_page(self, name: str, rows: list[Document], number: int, *, more: bool) -> None:
        self.packing.page_counts[name] = number
        values = {"rows": rows, "number": number, "more": more, "name": name}
        await self.packing.add_page(f"{name}.html", f"pages/{name}-{number}.html", values)

    # People and what is about the account itself

    async def _write_people(self) -> None:
        shown: dict[str, list[Document]] = {}
        kinds: tuple[tuple[str, ListKind], ...] = (
            ("following", "following"),
            ("followers", "followers"),
            ("requests_received", "requests"),
            ("blocked", "blocked"),
            ("muted", "muted"),
        )
        for name, kind in kinds:
            shown[name] = await self._write_members(name, kind)
        others = await self.reads.others(self.owner)
        for name, documents in others.items():
            await self.packing.list(name).add(documents)
        shown["requests_sent"] = others.get("requests_sent", [])
        await self.packing.add_page("people.html", "pages/people.html", {"lists": shown})
        now = self.clock.now()
        async with self.packing.new_uow() as uow:
            sessions = [takeout.session_document(s) for s in await uow.sessions.of_user(self.owner, now)]
            tokens = [takeout.token_document(t) for t in await uow.tokens.of_user(self.owner, now)]
        await self.packing.list("sessions").add(sessions)
        await self.packing.list("tokens").add(tokens)
        names = await self.reads.former_names(self.owner)
        values = {
            "account": takeout.account_document(self.packing.account, names, avatar=False),
            "sessions": sessions,
            "tokens": tokens,
        }
        await self.packing.add_page("account.html", "pages/account.html", values)

    async def _write_members(self, name: str, kind: ListKind) -> list[Document]:
        """A list of people; a page shows the first 500 of them."""
        shown: list[Document] = []
        part = Slice(PAGE)
        while rows := await self.people.members(self.owner, kind, self.owner, part):
            documents = [self._member(kind, key, row) for key, row in rows]
            await self.packing.list(name).add(documents)
            shown += documents[: ROWS_PER_PAGE - len(shown)]
            part = Slice(PAGE, before=rows[-1][0])
        return shown

    def _member(self, kind: ListKind, key: Key, row: MemberRow) -> Document:
        document = takeout.member_document(row, takeout.made_at(key.id))
        return document | {"notify_posts": row.viewer.notify_posts} if kind == "following" else document
