"""The one door: things are fetched through the viewer, and what they may not see is NotFound."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.drafts import Draft
from domain.files import File
from domain.follows import Relationship
from domain.kernel import (
    CommentId,
    DomainError,
    DraftId,
    FileId,
    Invalid,
    NotFound,
    PostId,
    TooMany,
    UserId,
    msg,
)
from domain.moderation import Action, AuditEntry, Staff
from domain.ports import PasswordHasher, Rate, RateLimiter, UnitOfWork, UnitOfWorks
from domain.posts import Comment, NotYours, Post, Standing
from domain.sessions import Identity
from domain.users import Account, LastAdmin
from domain.visibility import can_know, can_unblock, can_view

# Not the rate of signing in, which strangers can use up: it must not keep owners from their accounts.
CONFIRMATIONS = Rate("confirm", 25, 3600)


class Gone(DomainError):
    """A post that was removed, said to whom it would be shown if it were still there; to others it never was."""

    code = "gone"
    message = msg("This post was removed.")


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from. `address` is the key by which it is counted; `relaxed` lifts the demo's limits."""

    address: str = ""
    user_agent: str = ""
    relaxed: bool = False


def viewer_of(identity: Identity | None) -> UserId | None:
    """Who looks; None for somebody signed out."""
    return identity.user_id if identity else None


def may_view(viewer: UserId | None, standing: Standing) -> bool:
    """The privacy rule, on what a look at a post found."""
    return can_view(
        viewer,
        standing.author_id,
        standing.audience,
        active=standing.author_active,
        private=standing.author_private,
        relationship=standing.relationship,
    )


def admit(viewer: UserId | None, standing: Standing | None) -> Standing:
    """What was found, if the viewer may see it. Raises NotFound, or Gone."""
    if standing is None or not may_view(viewer, standing):
        raise NotFound
    if standing.removed:
        raise Gone
    return standing


async def access_post(uow: UnitOfWork, viewer: UserId | None, post_id: PostId) -> Standing:
    """A post that the viewer may see. Raises NotFound, or Gone."""
    return admit(viewer, await uow.posts.standing(viewer, post_id))


async def access_own_post(uow: UnitOfWork, viewer: UserId, post_id: PostId, *, lock: bool = True) -> Post:
    """The viewer's own post, locked unless it is only looked at.

    Raises NotFound, Gone, or NotYours for one that the viewer can only see.
    """
    standing = await access_post(uow, viewer, post_id)
    post = await uow.posts.find(post_id, lock=lock)
    if post is None:
        raise NotFound
    if standing.author_id != viewer:
        raise NotYours
    return post


async def access_own_draft(uow: UnitOfWork, viewer: UserId, draft_id: DraftId) -> Draft:
    """The viewer's own draft, locked. Raises NotFound."""
    draft = await uow.drafts.find(draft_id, lock=True)
    if draft is None or draft.author_id != viewer:
        raise NotFound
    return draft


async def access_comment(uow: UnitOfWork, viewer: UserId, comment_id: CommentId) -> tuple[Comment, Standing]:
    """A comment under a post that the viewer may see, by somebody they may know. Raises NotFound."""
    comment = await uow.comments.find(comment_id, lock=True)
    if comment is None:
        raise NotFound
    return comment, await admit_comment(uow, viewer, comment)


async def admit_comment(uow: UnitOfWork, viewer: UserId, comment: Comment) -> Standing:
    """The post of a comment that the viewer may see, by somebody they may know. Raises NotFound."""
    standing = await access_post(uow, viewer, comment.post_id)
    author = await uow.accounts.find(comment.author_id)
    relationship = await uow.follows.relationship(viewer, comment.author_id)
    if author is None or not can_know(viewer, author.id, active=author.active, relationship=relationship):
        raise NotFound
    return standing


async def access_member(
    uow: UnitOfWork, viewer: UserId | None, username: str, *, blocked: bool = False
) -> tuple[Account, Relationship]:
    """A member whom the viewer may know, with `blocked` also one whom they block themselves. Raises NotFound."""
    account = await uow.accounts.find_by_name(username)
    if account is None:
        raise NotFound
    relationship = await uow.follows.relationship(viewer, account.id)
    if blocked and can_unblock(active=account.active, relationship=relationship):
        return account, relationship
    if not can_know(viewer, account.id, active=account.active, relationship=relationship):
        raise NotFound
    return account, relationship


async def access_own_file(uow: UnitOfWork, viewer: UserId, file_id: FileId, *, lock: bool = True) -> File:
    """The viewer's own upload, locked unless it is only looked at. Raises NotFound."""
    file = await uow.files.find(file_id, lock=lock)
    if file is None or file.owner_id != viewer:
        raise NotFound
    return file


async def account_of(uow: UnitOfWork, login: str) -> Account:
    """The account with this user name, also with @ before it, or e-mail address, whoever asks. Raises NotFound.

    For those who run the server.
    """
    account = await uow.accounts.find_by_login(login.strip().removeprefix("@"))
    if account is None:
        raise NotFound
    return account


async def audit(
    uow: UnitOfWork, new_id: UUID, now: datetime, by: Staff, action: Action, target: str, detail: str = ""
) -> None:
    """Write to the log what somebody does as an administrator, in the unit that does it."""
    entry = AuditEntry(
        id=new_id, at=now, actor=by.username, action=action, target=target, detail=detail, address=by.address
    )
    await uow.moderation.log(entry)


async def keep_an_admin(uow: UnitOfWork, leaving: UserId) -> None:
    """Lock the administrators, of whom one must stay. Raises LastAdmin when there is nobody but `leaving`."""
    if await uow.accounts.lock_admins() == [leaving]:
        raise LastAdmin


async def still_staff(uow: UnitOfWork, by: Staff) -> None:
    """Raises NotFound for who is no administrator any more. Nobody stops being one before the unit ends."""
    if by.user_id is not None and by.user_id not in await uow.accounts.lock_admins():
        raise NotFound


async def own_account(uow: UnitOfWork, user: UserId) -> Account:
    """One's own account, locked. Raises NotFound when it was suspended or deleted meanwhile."""
    account = await uow.accounts.find(user, lock=True)
    if account is None or not account.active:
        raise NotFound
    return account


async def confirm(
    new_uow: UnitOfWorks,
    hasher: PasswordHasher,
    limiter: RateLimiter,
    client: Client,
    user: UserId,
    password: str,
    pointer: str = "#/password",
) -> Account:
    """The account of somebody signed in who gives their password again. Raises Invalid at `pointer`, TooMany.

    Checking takes a while: the unit that acts on it asks `unchanged` again.
    """
    await throttle(limiter, client, CONFIRMATIONS, str(user))
    async with new_uow() as uow:
        account = await own_account(uow, user)
    if not await hasher.verify(password, account.password_hash):
        raise wrong_password(pointer)
    await limiter.forget(CONFIRMATIONS, str(user))
    return account


async def unchanged(uow: UnitOfWork, checked: Account) -> Account | None:
    """The account, locked; None when it is not what a password was checked against any more.

    A password that was changed meanwhile must not open anything, nor undo the change.
    """
    now = await uow.accounts.find(checked.id, lock=True)
    if now is None or not (now.active or now.away):
        return None
    same = (now.state, now.password_hash) == (checked.state, checked.password_hash)
    return now if same else None


def wrong_password(pointer: str) -> Invalid:
    """What is said of a password that is not the caller's."""
    return Invalid.field(pointer, "wrong_password", msg("This is not your password."))


async def throttle(limiter: RateLimiter, client: Client, rate: Rate, key: str) -> None:
    """Count one more under `key`. Raises TooMany."""
    if client.relaxed:
        return
    allowance = await limiter.hit(rate, key)
    if not allowance.allowed:
        raise TooMany(allowance.reset_seconds, rate=rate)
