"""Comments under posts: writing, answering, editing, deleting and liking them, and reading what was said."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from application.access import access_comment, access_post, admit, admit_comment
from application.paging import Cursors, Key, Slice
from application.views import CommentView, Page
from domain.kernel import CommentId, Invalid, NotFound, PostId, UserId, msg
from domain.ports import Clock, Ids, UnitOfWork, UnitOfWorks
from domain.posts import Comment, Commented, CommentLiked, CommentsOff, NotYours, Standing

_LAST = UUID(int=2**128 - 1)


class CommentReads(Protocol):
    """The queries behind lists of comments."""

    async def standing(self, viewer: UserId | None, post_id: PostId) -> Standing | None:
        """How the viewer stands to a post, removed ones included; None when there never was such a post."""
        ...

    async def newest(self, viewer: UserId | None, posts: Sequence[UUID], each: int) -> list[CommentView]:
        """The newest comments of each post, oldest first within a post, by people the viewer may know."""
        ...

    async def of_post(self, viewer: UserId | None, post_id: PostId, part: Slice) -> list[CommentView]:
        """A post's comments: `after` walks from old to new (also without a key), `before` back."""
        ...

    async def one(self, viewer: UserId | None, comment_id: CommentId) -> CommentView | None:
        """One comment by somebody the viewer may know, or None."""
        ...


class Commenting:
    """What people do with comments, and what they read of them. Viewer first; None is somebody signed out."""

    def __init__(
        self, new_uow: UnitOfWorks, clock: Clock, ids: Ids, reads: CommentReads, cursors: Cursors
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._reads = reads
        self._cursors = cursors

    async def add(
        self,
        viewer: UserId,
        post_id: PostId,
        text: str,
        reply_to: CommentId | None = None,
        new_id: CommentId | None = None,
    ) -> CommentId:
        """Comment, or reply one level below a comment. Raises NotFound, CommentsOff, Invalid."""
        comment = Comment(new_id or CommentId(self._ids.new()), post_id, viewer, "", self._clock.now())
        comment.write(text)
        async with self._new_uow() as uow:
            standing = await access_post(uow, viewer, post_id)
            if not standing.comments and standing.author_id != viewer:
                raise CommentsOff
            if reply_to is not None:
                comment.reply_to = await self._thread(uow, viewer, post_id, reply_to)
            comment.mentions = await uow.accounts.known_names(viewer, comment.mentions)
            await uow.comments.add(comment)
            uow.record(Commented(comment_id=comment.id, post_id=post_id, author_id=viewer))
            await uow.commit()
        return comment.id

    async def edit(self, viewer: UserId, comment_id: CommentId, text: str) -> PostId:
        """Change one's own comment; the same text changes nothing. Raises NotFound, NotYours, Invalid."""
        async with self._new_uow() as uow:
            comment, _ = await access_comment(uow, viewer, comment_id)
            if comment.author_id != viewer:
                raise NotYours
            before = comment.text
            comment.write(text)
            if comment.text == before:
                return comment.post_id
            comment.mentions = await uow.accounts.known_names(viewer, comment.mentions)
            comment.edited_at = self._clock.now()
            await uow.comments.save(comment)
            await uow.commit()
        return comment.post_id

    async def delete(self, viewer: UserId, comment_id: CommentId) -> PostId:
        """Remove one's own comment, or any under one's own post, with its replies. Raises NotFound, NotYours.

        For a moment `restore` undoes that; until then nobody sees or counts them.
        """
        async with self._new_uow() as uow:
            comment, standing = await access_comment(uow, viewer, comment_id)
            if viewer not in (comment.author_id, standing.author_id):
                raise NotYours
            await uow.comments.put_aside(comment, viewer, self._clock.now())
            await uow.commit()
        return comment.post_id

    async def restore(self, viewer: UserId, comment_id: CommentId) -> PostId:
        """Bring back what one has just deleted, with its replies and likes. Raises NotFound, also when it is too late."""
        async with self._new_uow() as uow:
            removed = await uow.comments.find_aside(comment_id)
            if removed is None or not removed.can_return(viewer, self._clock.now()):
                raise NotFound
            await admit_comment(uow, viewer, removed.comment)
            await uow.comments.bring_back(comment_id)
            await uow.commit()
        return removed.comment.post_id

    async def like(self, viewer: UserId, comment_id: CommentId, liked: bool) -> PostId:
        """Like a comment that the viewer can see, or take it back. Raises NotFound."""
        async with self._new_uow() as uow:
            comment, _ = await access_comment(uow, viewer, comment_id)
            if liked:
                if await uow.comments.add_like(comment_id, viewer):
                    uow.record(CommentLiked(comment_id=comment_id, user_id=viewer))
            else:
                await uow.comments.remove_like(comment_id, viewer)
            await uow.commit()
        return comment.post_id

    async def list(
        self,
        viewer: UserId | None,
        post_id: PostId,
        limit: int,
        cursor: str | None = None,
        *,
        newest: bool = False,
    ) -> Page[CommentView]:
        """A post's comments, oldest first. Without a cursor the first ones, or the last ones when `newest`.

        Raises NotFound, Gone, BadCursor.
        """
        admit(viewer, await self._reads.standing(viewer, post_id))
        scope = f"comments:{post_id}"
        part = self._cursors.slice(scope, limit, cursor)
        at_end = newest and cursor is None
        if at_end:
            part = Slice(limit, before=Key(_LAST))
        rows = await self._reads.of_post(viewer, post_id, part.one_more)
        views = rows[:limit]
        back = part.before is not None
        if back:
            views.reverse()
        more = len(rows) > limit
        return Page(
            views,
            next=self._cursors.write(scope, "p", Key(views[-1].id))
            if views and (more or back) and not at_end
            else None,
            prev=self._cursors.write(scope, "n", Key(views[0].id))
            if views and (more if back else part.after is not None)
            else None,
        )

    async def around(
        self, viewer: UserId | None, post_id: PostId, at: CommentId, limit: int
    ) -> Page[CommentView]:
        """The newest comments of a post if `at` is one of them, else those before and after it, at most `limit`.

        The newest as well where there is no such comment. Raises NotFound, Gone.
        """
        newest = await self.list(viewer, post_id, limit, newest=True)
        found = await self._reads.one(viewer, at)
        if found is None or found.post_id != post_id or any(each.id == at for each in newest.items):
            return newest
        half = limit // 2
        before = await self._reads.of_post(viewer, post_id, Slice(half + 1, before=Key(at)))
        after = await self._reads.of_post(viewer, post_id, Slice(half + 1, after=Key(at)))
        views = [*before[:half][::-1], found, *after[: half - 1]]
        scope = f"comments:{post_id}"
        return Page(
            views,
            next=self._cursors.write(scope, "p", Key(views[-1].id)) if len(after) >= half else None,
            prev=self._cursors.write(scope, "n", Key(views[0].id)) if len(before) > half else None,
        )

    async def get(self, viewer: UserId | None, comment_id: CommentId) -> CommentView:
        """One comment under a post that the viewer may see. Raises NotFound."""
        comment = await self._reads.one(viewer, comment_id)
        if comment is None:
            raise NotFound
        admit(viewer, await self._reads.standing(viewer, PostId(comment.post_id)))
        return comment

    async def _thread(
        self, uow: UnitOfWork, viewer: UserId, post_id: PostId, reply_to: CommentId
    ) -> CommentId:
        """The top of the thread that a reply joins: replies to replies stay on one level."""
        try:
            parent, _ = await access_comment(uow, viewer, reply_to)
        except NotFound:
            parent = None
        if parent is None or parent.post_id != post_id:
            raise Invalid.field(
                "#/reply_to", "not_found", msg("The comment you answer is not there any more.")
            )
        return parent.reply_to or parent.id
