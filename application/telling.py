"""Who hears about what happened: the facts that `domain.notifications` decides by, and what it decided, written down.

Each runs in the transaction that marks its job as done, so that everybody is told exactly once.
"""

from collections.abc import Sequence
from datetime import datetime

from application.access import may_view
from domain import notifications
from domain.exports import ExportReady
from domain.files import FileFailed
from domain.follows import FollowAsked, Followed
from domain.kernel import PostId, UserId
from domain.live import notification_created
from domain.notifications import CommentSaid, Notice
from domain.ports import UnitOfWork
from domain.posts import Commented, CommentLiked, PostLiked, PostPublished


async def tell_of_like(uow: UnitOfWork, event: PostLiked, at: datetime) -> None:
    """The author hears of a like."""
    standing = await uow.posts.standing(event.user_id, event.post_id)
    if standing is not None:
        told = notifications.of_like(event.post_id, standing.author_id, event.user_id)
        await tell(uow, told, at)


async def tell_of_comment_like(uow: UnitOfWork, event: CommentLiked, at: datetime) -> None:
    """The author of a comment hears of a like."""
    comment = await uow.comments.find(event.comment_id)
    if comment is not None:
        told = notifications.of_comment_like(comment.post_id, comment.id, comment.author_id, event.user_id)
        await tell(uow, told, at)


async def tell_of_comment(uow: UnitOfWork, event: Commented, at: datetime) -> None:
    """The author of the post, of the comment that is answered, and whoever is named hear of a comment."""
    comment = await uow.comments.find(event.comment_id)
    standing = await uow.posts.standing(event.author_id, event.post_id)
    if comment is None or standing is None:
        return
    answered = await uow.comments.find(comment.reply_to) if comment.reply_to else None
    said = CommentSaid(
        comment.id,
        comment.post_id,
        comment.author_id,
        standing.author_id,
        answered.author_id if answered else None,
        await _ids(uow, comment.mentions),
    )
    await tell(uow, notifications.of_comment(said), at)


async def tell_of_post(uow: UnitOfWork, event: PostPublished, at: datetime) -> None:
    """Whoever a new post names hears of it."""
    post = await uow.posts.find(event.post_id)
    if post is not None:
        named = await _ids(uow, post.mentions)
        await tell(uow, notifications.of_post(post.id, post.author_id, named), at)


async def tell_of_follow(uow: UnitOfWork, event: Followed, at: datetime) -> None:
    """Whoever is followed hears of it, or, where they had to be asked, whoever asked."""
    told = notifications.of_follow(event.follower_id, event.followee_id, was_asked=event.was_asked)
    await tell(uow, told, at)


async def tell_of_request(uow: UnitOfWork, event: FollowAsked, at: datetime) -> None:
    """Whoever is asked hears of it."""
    await tell(uow, notifications.of_request(event.requester_id, event.target_id), at)


async def tell_of_failure(uow: UnitOfWork, event: FileFailed, at: datetime) -> None:
    """Whoever uploaded a file hears that it could not be processed."""
    file = await uow.files.find(event.file_id)
    if file is not None:
        await tell(uow, [Notice(file.owner_id, "file_failed", file=file.id)], at)


async def tell_of_export(uow: UnitOfWork, event: ExportReady, at: datetime) -> None:
    """Whoever asked for an archive hears that it is there."""
    export = await uow.exports.find(event.export_id)
    if export is not None:
        await tell(uow, [Notice(export.user_id, "system", export=export.id)], at)


async def tell(uow: UnitOfWork, notices: Sequence[Notice], at: datetime) -> None:
    """Write down those of the notices that are about nothing hidden from their recipients."""
    seen = [notice for notice in notices if await _may_see(uow, notice.recipient, notice.post)]
    for heard in await uow.notifications.tell(seen, at):
        uow.announce(notification_created(heard.recipient, heard.notification, heard.kind))


async def _may_see(uow: UnitOfWork, viewer: UserId, post: PostId | None) -> bool:
    if post is None:
        return True
    standing = await uow.posts.standing(viewer, post)
    return standing is not None and not standing.removed and may_view(viewer, standing)


async def _ids(uow: UnitOfWork, names: Sequence[str]) -> list[UserId]:
    found = [await uow.accounts.find_by_name(name) for name in names]
    return [account.id for account in found if account is not None]
