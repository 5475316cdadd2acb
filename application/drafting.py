"""Drafts: saving posts in the making, publishing them, and having them published at a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from application.access import access_own_draft, own_account
from application.attaching import check_processed, lock_uploads, put_out
from application.paging import Cursors, Key, Slice, rank_of
from application.posting import PhotoDraft, PlaceDraft, as_photo, expect, named_place
from application.views import DraftView, Page, present_draft
from domain.drafts import MAX_DRAFTS, Draft, DraftScheduled, TooManyDrafts
from domain.files import File
from domain.kernel import DraftId, Invalid, NotFound, PostId, UserId, fill, msg
from domain.ports import Clock, Ids, UnitOfWork, UnitOfWorks
from domain.posts import Audience


@dataclass(frozen=True, slots=True)
class DraftEdit:
    """The parts of a draft to set; None leaves a part alone. `media` gives all of the photos, in their order.

    `withdraw` takes back that it is published at a time. With `expected_versions` the draft must have one of them.
    """

    media: Sequence[PhotoDraft] | None = None
    caption: str | None = None
    place: PlaceDraft | None = None
    remove_place: bool = False
    audience: Audience | None = None
    comments: bool | None = None
    show_camera: bool | None = None
    publish_at: datetime | None = None
    withdraw: bool = False
    expected_versions: Collection[int] | None = None


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft as the database has it, with its uploads in order."""

    draft: Draft
    files: tuple[File, ...]


class DraftReads(Protocol):
    """Somebody's drafts."""

    async def of_author(self, author: UserId, part: Slice) -> list[DraftRow]:
        """The author's drafts, last changed first; a key's rank is `rank_of` the moment of the change."""
        ...

    async def one(self, author: UserId, draft_id: DraftId) -> DraftRow | None:
        """One of the author's drafts, or None."""
        ...

    async def count(self, author: UserId) -> int:
        """How many drafts the author has."""
        ...


class Drafting:
    """What people do with drafts. Nobody but their author knows of them."""

    def __init__(
        self, new_uow: UnitOfWorks, clock: Clock, ids: Ids, reads: DraftReads, cursors: Cursors
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._reads = reads
        self._cursors = cursors

    async def create(self, author: UserId, edit: DraftEdit, new_id: DraftId | None = None) -> DraftId:
        """A new draft of the author's own uploads that nothing else holds. Raises Invalid, TooManyDrafts.

        `new_id` is for requests that may be repeated: the same id can become a draft only once.
        """
        now = self._clock.now()
        draft = Draft(new_id or DraftId(self._ids.new()), author, now, now)
        _apply(draft, edit, now)
        async with self._new_uow() as uow:
            await lock_uploads(uow, author, draft.photos)
            # Locked, so that drafts that are made at once are counted one after the other.
            account = await own_account(uow, author)
            if await uow.drafts.count(author) >= MAX_DRAFTS:
                raise TooManyDrafts(limit=MAX_DRAFTS)
            if edit.show_camera is None:
                draft.show_camera = account.show_camera
            await uow.drafts.add(draft)
            _record_schedule(uow, draft)
            await uow.commit()
        return draft.id

    async def edit(self, author: UserId, draft_id: DraftId, edit: DraftEdit) -> None:
        """Change one's own draft; what says nothing new changes nothing. Raises NotFound, Changed, Invalid."""
        now = self._clock.now()
        async with self._new_uow() as uow:
            draft = await access_own_draft(uow, author, draft_id)
            expect(draft.version, edit.expected_versions)
            before = replace(draft)
            _apply(draft, edit, now)
            if draft == before:
                return
            if draft.photos != before.photos:
                await lock_uploads(uow, author, draft.photos, draft=draft.id)
            draft.touch(now)
            await uow.drafts.save(draft)
            if draft.publish_at != before.publish_at:
                _record_schedule(uow, draft)
            await uow.commit()

    async def delete(
        self, author: UserId, draft_id: DraftId, expected_versions: Collection[int] | None = None
    ) -> None:
        """Remove one's own draft; its uploads are swept like any that nothing uses. Raises NotFound, Changed."""
        async with self._new_uow() as uow:
            draft = await access_own_draft(uow, author, draft_id)
            expect(draft.version, expected_versions)
            await uow.drafts.remove(draft.id)
            await uow.commit()

    async def publish(
        self,
        author: UserId,
        draft_id: DraftId,
        new_id: PostId | None = None,
        expected_versions: Collection[int] | None = None,
    ) -> PostId:
        """Turn one's own draft into a post, now and in one step. Raises NotFound, Changed, Invalid.

        `new_id` is for requests that may be repeated: the same id can become a post only once.
        """
        post_id = new_id or PostId(self._ids.new())
        async with self._new_uow() as uow:
            draft = await access_own_draft(uow, author, draft_id)
            expect(draft.version, expected_versions)
            files = await lock_uploads(uow, author, draft.photos, draft=draft.id)
            await uow.drafts.remove(draft.id)
            await put_out(uow, draft.as_post(post_id, self._clock.now()), files)
            await uow.commit()
        return post_id

    async def get(self, author: UserId, draft_id: DraftId) -> DraftView:
        """One of one's own drafts. Raises NotFound."""
        row = await self._reads.one(author, draft_id)
        if row is None:
            raise NotFound
        return present_draft(row.draft, row.files)

    async def list(self, author: UserId, limit: int, cursor: str | None = None) -> Page[DraftView]:
        """One's own drafts, last changed first. Raises BadCursor."""
        scope = f"drafts:{author}"
        part = self._cursors.slice(scope, limit, cursor)
        rows = await self._reads.of_author(author, part.one_more)
        views = [present_draft(row.draft, row.files) for row in rows]
        return self._cursors.cut(scope, part, views, lambda view: Key(view.id, rank_of(view.updated_at)))

    async def count(self, author: UserId) -> int:
        """How many drafts somebody has."""
        return await self._reads.count(author)


async def publish_due(uow: UnitOfWork, draft: Draft, post_id: PostId, now: datetime) -> None:
    """Publish a locked draft whose time has come. Where that cannot be, it stays and says why."""
    try:
        files = await lock_uploads(uow, draft.author_id, draft.photos, draft=draft.id)
        check_processed(files)
        post = draft.as_post(post_id, now)
    except Invalid as error:
        await _give_back(uow, draft, *_reason(error))
        return
    account = await uow.accounts.find(draft.author_id, lock=True)
    if account is None or not account.active:
        await _give_back(uow, draft, "inactive", msg("Your account was not in use at that time."))
        return
    await uow.drafts.remove(draft.id)
    await put_out(uow, post, files)


async def give_up(uow: UnitOfWork, draft_id: DraftId, due_at: datetime) -> None:
    """Leave a draft that could not be published at its time to its author."""
    draft = await uow.drafts.find(draft_id, lock=True)
    if draft is not None and draft.publish_at == due_at:
        await _give_back(
            uow, draft, "not_published", msg("Something failed on our side. Publish it yourself.")
        )


async def _give_back(uow: UnitOfWork, draft: Draft, code: str, reason: str) -> None:
    draft.fail(code, reason)
    await uow.drafts.save(draft)


def _reason(error: Invalid) -> tuple[str, str]:
    """Code and sentence of the first thing that is wrong."""
    problem = error.problems[0] if error.problems else error
    return problem.code, fill(problem.message, problem.params)


def _record_schedule(uow: UnitOfWork, draft: Draft) -> None:
    if draft.publish_at is not None:
        uow.record(DraftScheduled(draft_id=draft.id, due_at=draft.publish_at))


def _apply(draft: Draft, edit: DraftEdit, now: datetime) -> None:
    """Set what `edit` gives. Raises Invalid."""
    if edit.media is not None:
        draft.photos = tuple(as_photo(i, photo) for i, photo in enumerate(edit.media))
    if edit.caption is not None:
        draft.write(edit.caption)
    if edit.place is not None or edit.remove_place:
        draft.place = named_place(edit.place)
    draft.audience = edit.audience or draft.audience
    draft.comments = draft.comments if edit.comments is None else edit.comments
    draft.show_camera = draft.show_camera if edit.show_camera is None else edit.show_camera
    if edit.withdraw:
        draft.withdraw()
    elif edit.publish_at is not None and edit.publish_at != draft.publish_at:
        draft.schedule(edit.publish_at, now)
    draft.check()
