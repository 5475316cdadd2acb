"""People, posts and what happens between them, made by the use cases in one line each."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from application.accounts import ProfileChange
from application.drafting import DraftEdit
from application.posting import PhotoDraft, PlaceDraft, PostDraft
from application.program import Application
from domain.files import File
from domain.kernel import CommentId, DomainError, DraftId, FileId, PostId, UserId
from domain.ports import UnitOfWork, Upload
from domain.posts import Audience
from tests.conftest import PASSWORD, a_jpeg

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Someone:
    """A member."""

    id: UserId
    name: str


def new_uow(program: Application) -> Callable[[], UnitOfWork]:
    """The program's own units of work, to look at entities and to bend them."""
    return program.runner._means.new_uow


async def a_person(
    program: Application, name: str | None = None, *, private: bool = False, role: Any = "member"
) -> Someone:
    """A member; `person7` where no name is given."""
    account = await program.joining.add(name or f"person{next(_numbers)}", PASSWORD, role=role)
    if private:
        await program.accounts.change_profile(account.id, ProfileChange(private=True))
    return Someone(account.id, account.username)


async def a_picture(program: Application, owner: Someone, **changes: Any) -> FileId:
    """A ready upload with its original in the store. No picture was decoded for it, so it has no sizes."""
    number = next(_numbers)
    content = f"original {number}".encode()
    file = File(
        FileId(program.ids.new()),
        owner.id,
        f"{number}.jpg",
        len(content),
        hashlib.sha256(content).hexdigest(),
        "image",
        program.ids.key(),
        program.clock.now(),
        state="ready",
        width=1600,
        height=1200,
    )
    for name, value in changes.items():
        setattr(file, name, value)
    async with program.workspace.directory() as folder:
        (folder / "original").write_bytes(content)
        await program.media.put(file.original_key, folder / "original")
    async with new_uow(program)() as uow:
        await uow.files.add(file)
        await uow.commit()
    return file.id


async def an_upload(
    program: Application, owner: Someone, *, content: bytes | None = None, **picture: Any
) -> FileId:
    """A picture that came in as people's do; its sizes are made by the next `drain`."""
    content = a_jpeg(**picture) if content is None else content
    async with program.workspace.directory() as folder:
        path = folder / "sent"
        path.write_bytes(content)
        sent = Upload(path, "sent.jpg", len(content), hashlib.sha256(content).hexdigest())
        view = await program.uploading.receive(owner.id, sent)
    return FileId(view.id)


async def a_post(
    program: Application,
    by: Someone,
    caption: str = "",
    *,
    audience: Audience = "everyone",
    place: str | None = None,
    photos: int = 1,
    **draft: Any,
) -> PostId:
    """A post of ready pictures. It reaches home feeds at the next `drain`."""
    media = [PhotoDraft(await a_picture(program, by)) for _ in range(photos)]
    where = PlaceDraft(place) if place else None
    return await program.posting.publish(
        by.id, PostDraft(media, caption, place=where, audience=audience, **draft)
    )


async def a_draft(program: Application, by: Someone, *, photos: int = 1, **edit: Any) -> DraftId:
    """A draft of ready pictures."""
    media = [PhotoDraft(await a_picture(program, by)) for _ in range(photos)]
    return await program.drafting.create(by.id, DraftEdit(media=media, **edit))


async def a_follow(program: Application, follower: Someone, followee: Someone) -> None:
    """`follower` follows `followee`, who accepts if they have to."""
    if await program.following.follow(follower.id, followee.name) == "requested":
        await program.following.answer_request(followee.id, follower.name, accept=True)


async def a_comment(
    program: Application,
    by: Someone,
    post: PostId,
    text: str = "so bright",
    reply_to: CommentId | None = None,
) -> CommentId:
    """A remark, or a reply."""
    return await program.commenting.add(by.id, post, text, reply_to)


async def together(calls: Sequence[Awaitable[Any]]) -> Counter[Any]:
    """How often each outcome came: `None` or a value's type, or the class of a rule that said no."""
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, DomainError):
            raise outcome
    return Counter(type(outcome) for outcome in outcomes)


def shuffled(calls: list[Awaitable[Any]], seed: int) -> list[Awaitable[Any]]:
    Random(seed).shuffle(calls)
    return calls
