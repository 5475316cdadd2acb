"""The event → reactions table: every side effect of the system on one screen.

A reaction does its slow part first, outside any transaction, and answers with what to write. The runner writes that and
marks the job done in one transaction, so running a reaction twice is the same as running it once.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from application.archiving import ExportMaker, failed
from application.drafting import give_up, publish_due
from application.telling import (
    tell_of_comment,
    tell_of_comment_like,
    tell_of_export,
    tell_of_failure,
    tell_of_follow,
    tell_of_like,
    tell_of_post,
    tell_of_request,
)
from domain.drafts import DraftScheduled
from domain.exports import ExportAsked, ExportReady
from domain.files import (
    FIRST_PLAN,
    SECOND_PLAN,
    File,
    FileFailed,
    FileReady,
    FileStored,
    ImageRefused,
    NotProcessed,
    ObjectsOrphaned,
    RenditionPlan,
    RenditionSet,
)
from domain.follows import FollowAsked, Followed
from domain.kernel import Event, FileId, Message, PostId, UserId
from domain.live import LiveEvent, post_created
from domain.ports import Clock, Ids, Images, MediaStore, UnitOfWork, UnitOfWorks, Workspace
from domain.posts import Commented, CommentLiked, PostDeleted, PostLiked, PostPublished
from domain.users import AccountDeleted

Write = Callable[[UnitOfWork], Awaitable[None]]

FAN_OUT_CHUNK = 2_000
ERASE_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Means:
    """What reactions work with. `happened_at` is when the event did that they answer, which may be long ago."""

    new_uow: UnitOfWorks
    images: Images
    media: MediaStore
    workspace: Workspace
    clock: Clock
    ids: Ids
    exports: ExportMaker
    happened_at: datetime | None = None

    @property
    def moment(self) -> datetime:
        """When what they answer happened."""
        return self.happened_at or self.clock.now()


Reaction = Callable[[Means, Any], Awaitable[Write]]


async def nothing(_: UnitOfWork) -> None:
    """Nothing is left to write."""


async def fan_out_to_followers(means: Means, event: PostPublished) -> Write:
    """Put a new post into its followers' home feeds and tell those who want to hear of it.

    Chunk by chunk, each in its own transaction; whoever is connected hears of it once all have it.
    """
    after: UserId | None = None
    while True:
        async with means.new_uow() as uow:
            await uow.notifications.tell_followers(event.post_id, after, FAN_OUT_CHUNK, means.moment)
            after = await uow.posts.fan_out(event.post_id, after, FAN_OUT_CHUNK)
            await uow.commit()
        if after is None:
            return _announcing(post_created(event.post_id, event.author_id))


def _announcing(news: LiveEvent) -> Write:
    async def write(uow: UnitOfWork) -> None:
        uow.announce(news)

    return write


def _only_writes(
    tell: Callable[[UnitOfWork, Any, datetime], Awaitable[None]],
) -> Reaction:
    """A reaction that has nothing slow to do first."""

    @wraps(tell)
    async def reaction(means: Means, event: Event) -> Write:
        async def write(uow: UnitOfWork) -> None:
            await tell(uow, event, means.moment)

        return write

    return reaction


async def make_first_sizes(means: Means, event: FileStored) -> Write:
    """Make the sizes that pages need first; a picture that cannot be cut ends as failed, for its owner to retry."""
    return await _make_sizes(means, event.file_id, FIRST_PLAN, "sizes")


async def make_small_sizes(means: Means, event: FileReady) -> Write:
    """Make the large sizes and the well-compressed ones, which take longer and are not waited for."""
    return await _make_sizes(means, event.file_id, SECOND_PLAN, "small sizes")


async def remove_objects(means: Means, event: ObjectsOrphaned) -> Write:
    """Take from the media store what nothing refers to any more."""
    await means.media.delete(event.prefix)
    return nothing


async def publish_draft(means: Means, event: DraftScheduled) -> Write:
    """Turn a draft into a post at its time, unless its author has changed or taken back the time since."""

    async def write(uow: UnitOfWork) -> None:
        draft = await uow.drafts.find(event.draft_id, lock=True)
        if draft is not None and draft.publish_at == event.due_at:
            await publish_due(uow, draft, PostId(means.ids.new()), means.clock.now())

    return write


async def withdraw_from_feeds(means: Means, event: PostDeleted) -> Write:
    """Take a removed post out of home feeds, chunk by chunk. Nobody sees it there meanwhile; this saves room."""
    more = True
    while more:
        async with means.new_uow() as uow:
            more = await uow.posts.fan_in(event.post_id, FAN_OUT_CHUNK)
            await uow.commit()
    return nothing


async def remove_photos(means: Means, event: PostDeleted) -> Write:
    """Take a removed post's pictures from the media store, originals too."""
    for prefix in event.prefixes:
        await means.media.delete(prefix)
    return nothing


async def erase_account(means: Means, event: AccountDeleted) -> Write:
    """Erase what a deleted account left, in bounded steps; stopping anywhere and starting again ends the same."""
    finished = False
    while not finished:
        async with means.new_uow() as uow:
            finished, prefixes = await uow.accounts.erase(event.user_id, ERASE_CHUNK)
            for prefix in prefixes:
                uow.record(ObjectsOrphaned(prefix=prefix))
            await uow.commit()
    return nothing


async def erase_account_again(means: Means, event: AccountDeleted) -> Write:
    """Erase what requests wrote that were under way when the account was deleted."""
    return await erase_account(means, event)


async def make_export(means: Means, event: ExportAsked) -> Write:
    """Pack everything of an account into one archive. Repeating starts anew and leaves what another try made alone."""
    return await means.exports.make(event.export_id) or nothing


REACTIONS: Mapping[type[Event], tuple[Reaction, ...]] = {
    PostPublished: (fan_out_to_followers, _only_writes(tell_of_post)),
    PostLiked: (_only_writes(tell_of_like),),
    Commented: (_only_writes(tell_of_comment),),
    CommentLiked: (_only_writes(tell_of_comment_like),),
    Followed: (_only_writes(tell_of_follow),),
    FollowAsked: (_only_writes(tell_of_request),),
    FileFailed: (_only_writes(tell_of_failure),),
    ExportReady: (_only_writes(tell_of_export),),
    PostDeleted: (remove_photos, withdraw_from_feeds),
    DraftScheduled: (publish_draft,),
    FileStored: (make_first_sizes,),
    FileReady: (make_small_sizes,),
    ObjectsOrphaned: (remove_objects,),
    AccountDeleted: (erase_account, erase_account_again),
    ExportAsked: (make_export,),
}
# How long after the event a reaction is due, where that is not at once and the event does not say it in `due_at`.
# No request lasts longer than this.
DELAYS: Mapping[Reaction, timedelta] = {erase_account_again: timedelta(minutes=5)}


def tell_the_owner(event: FileStored) -> Write:
    """A picture without its first sizes ends as failed, for its owner to retry."""
    return _failed(event.file_id, NotProcessed())


def leave_to_the_author(event: DraftScheduled) -> Write:
    """A draft that nothing could publish stays, and says so."""

    async def write(uow: UnitOfWork) -> None:
        await give_up(uow, event.draft_id, event.due_at)

    return write


def tell_who_asked(event: ExportAsked) -> Write:
    """An archive that cannot be made ends as failed, for its owner to ask again."""
    return failed(event.export_id, "not_made")


# What is written where the job of a reaction is parked as dead, in the same transaction.
WHEN_GIVEN_UP: Mapping[Reaction, Callable[[Any], Write]] = {
    make_first_sizes: tell_the_owner,
    publish_draft: leave_to_the_author,
    make_export: tell_who_asked,
}


async def _make_sizes(means: Means, file_id: FileId, plan: RenditionPlan, step: str) -> Write:
    async with means.new_uow() as uow:
        file = await uow.files.find(file_id)
    if file is None:
        return nothing
    if plan is FIRST_PLAN:
        await _show_progress(means, file, step)
    started = time.perf_counter()
    try:
        made = await _render_into_store(means, file, plan)
    except ImageRefused as refused:
        return _failed(file.id, refused, file.cut)
    seconds = round(time.perf_counter() - started, 3)
    return _made(file, made, step, seconds, first=plan is FIRST_PLAN)


async def _show_progress(means: Means, file: File, step: str) -> None:
    async with means.new_uow() as uow:
        now = await uow.files.find(file.id, lock=True)
        if now is not None and now.state == "waiting":
            now.state, now.step = "processing", step
            await uow.files.save(now)
            await uow.commit()


async def _render_into_store(means: Means, file: File, plan: RenditionPlan) -> RenditionSet:
    async with means.workspace.directory() as room:
        source = room / "original"
        await means.media.fetch(file.original_key, source)
        made = await means.images.render(source, plan, file.crop, room)
        for rendition in made.renditions:
            await means.media.put(file.rendition_prefix + rendition.name, room / rendition.name)
    return made


def _made(file: File, made: RenditionSet, step: str, seconds: float, *, first: bool) -> Write:
    async def write(uow: UnitOfWork) -> None:
        now = await uow.files.find(file.id, lock=True)
        if now is None or now.cut != file.cut:
            # Removed or cut anew while we worked: what we made belongs to nothing.
            uow.record(ObjectsOrphaned(prefix=file.prefix if now is None else file.rendition_prefix))
            return
        names = {rendition.name for rendition in made.renditions}
        kept = tuple(rendition for rendition in now.renditions if rendition.name not in names)
        now.renditions = tuple(sorted((*kept, *made.renditions), key=lambda r: (r.type, r.width)))
        now.width, now.height, now.lqip = made.width, made.height, made.lqip
        now.state, now.step, now.error = "ready", None, None
        now.steps = (*(known for known in now.steps if known[0] != step), (step, seconds))
        await uow.files.save(now)
        if first:
            uow.record(FileReady(file_id=file.id))

    return write


def _failed(file_id: FileId, why: ImageRefused, cut: int | None = None) -> Write:
    async def write(uow: UnitOfWork) -> None:
        now = await uow.files.find(file_id, lock=True)
        # A picture that already has its first sizes stays as good as it is.
        if now is not None and cut in (None, now.cut) and not now.renditions:
            # With what fills its braces now: the limits may be others when it is read.
            reason = Message(why.message, why.params)
            await uow.files.save(replace(now, state="failed", step=None, error=(why.code, reason)))
            uow.record(FileFailed(file_id=file_id))

    return write
