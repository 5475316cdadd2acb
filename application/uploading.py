"""Uploads: taking them in, looking inside, retrying, removing, handing the original back."""

import math
from asyncio import Semaphore
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol
from weakref import WeakValueDictionary

from application.access import Client, access_own_file, throttle
from application.paging import Cursors, Key, Slice
from application.views import Descriptions, FileView, Page, Storage, present_file
from domain.files import File, FileStored, ImageRefused, Kind, ObjectsOrphaned, State
from domain.kernel import Conflict, DraftId, FileId, Invalid, NotFound, Unavailable, UserId, msg
from domain.ports import Clock, Ids, Images, MediaStore, Rate, RateLimiter, UnitOfWork, UnitOfWorks, Upload
from domain.text import clean

UPLOADS = Rate("upload", 30, 1800)
# Of one member; the others come in between.
LOOKS_AT_ONCE = 2


class Turns:
    """Lets LOOKS_AT_ONCE pictures of one member be looked at together; those of others come in between."""

    def __init__(self) -> None:
        self._of: WeakValueDictionary[UserId, Semaphore] = WeakValueDictionary()

    def of(self, member: UserId) -> Semaphore:
        """What to hold while looking at a picture."""
        return self._of.setdefault(member, Semaphore(LOOKS_AT_ONCE))


class InUse(Conflict):
    """The file is part of a post, or of a draft."""

    code = "in_use"
    message = msg("This file is part of a post. Remove it there first.")


class QuotaReached(Invalid):
    """The owner's originals would take more room than the operator gives to each member."""

    code = "quota"
    message = msg(
        "This needs {needed_mb} MB, and {left_mb} of your {limit_mb} MB are left. Remove something first."
    )


class FileReads(Protocol):
    """Lists of uploads."""

    async def of_owner(
        self, owner: UserId, kind: Kind | None, state: State | None, part: Slice, *, undescribed: bool = False
    ) -> list[File]:
        """The owner's uploads, newest first; only posted photos without a description when `undescribed`."""
        ...

    async def posted(self, owner: UserId, file_ids: Sequence[FileId]) -> list[File]:
        """Those of `file_ids` that are the owner's and in a post, in that order."""
        ...

    async def descriptions(self, owner: UserId) -> Descriptions:
        """How many photos the owner posted, and how many of them have a description."""
        ...

    async def stored_bytes(self, owner: UserId) -> int:
        """The sum of the sizes of the owner's originals."""
        ...

    async def unused(
        self, owner: UserId, file_ids: Sequence[FileId], draft: DraftId | None = None
    ) -> list[File]:
        """Those of `file_ids` that are the owner's, in no post and in no draft but `draft`, in that order."""
        ...


class Uploading:
    """What people do with their uploads."""

    def __init__(
        self,
        new_uow: UnitOfWorks,
        clock: Clock,
        ids: Ids,
        images: Images,
        media: MediaStore,
        limiter: RateLimiter,
        reads: FileReads,
        cursors: Cursors,
        turns: Turns,
        *,
        quota_bytes: int,
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._images = images
        self._media = media
        self._limiter = limiter
        self._reads = reads
        self._cursors = cursors
        self.quota_bytes = quota_bytes
        self._turns = turns

    async def admit(self, owner: UserId, client: Client) -> None:
        """Count an upload before its bytes are read. Raises TooMany."""
        await throttle(self._limiter, client, UPLOADS, str(owner))

    async def receive(self, owner: UserId, upload: Upload, new_id: FileId | None = None) -> FileView:
        """Take in a picture: it is decoded once, stored durably, and its sizes are made by a job.

        Raises ImageRefused, QuotaReached, or Unavailable; then nothing is kept.
        """
        async with self._new_uow() as uow:
            await check_quota(uow, owner, upload.size, self.quota_bytes)
        async with self._turns.of(owner):
            file = await take_in(self._images, self._ids, self._clock, owner, upload, new_id)
        await self._media.put(file.original_key, upload.path)
        try:
            async with self._new_uow() as uow:
                # Again, and one at a time now: uploads at once would each find room for themselves.
                await check_quota(uow, owner, upload.size, self.quota_bytes, lock=True)
                file.duplicate_of = await uow.files.find_same(owner, file.sha256)
                await uow.files.add(file)
                uow.record(FileStored(file_id=file.id))
                await uow.commit()
        except BaseException:
            with suppress(Unavailable):  # housekeeping finds what stays
                await clear_away(self._new_uow, self._media, [file])
            raise
        return present_file(file)

    async def get(self, owner: UserId, file_id: FileId) -> FileView:
        """One of one's own uploads. Raises NotFound."""
        async with self._new_uow() as uow:
            return present_file(await access_own_file(uow, owner, file_id, lock=False))

    async def storage(self, owner: UserId) -> Storage:
        """How much room the owner has, and uses."""
        return Storage(await self._reads.stored_bytes(owner), self.quota_bytes)

    async def descriptions(self, owner: UserId) -> Descriptions:
        """How many of the owner's posted photos tell people who cannot see them what is in them."""
        return await self._reads.descriptions(owner)

    async def posted(self, owner: UserId, file_ids: Sequence[FileId]) -> list[FileView]:
        """Those of `file_ids` that are in a post of the owner's, in that order."""
        return [present_file(file) for file in await self._reads.posted(owner, file_ids)]

    async def unused(
        self, owner: UserId, file_ids: Sequence[FileId], draft: DraftId | None = None
    ) -> list[FileView]:
        """Those of `file_ids` that the owner can still post, or put into their draft `draft`, in that order."""
        return [present_file(file) for file in await self._reads.unused(owner, file_ids, draft)]

    async def list(
        self,
        owner: UserId,
        limit: int,
        cursor: str | None,
        kind: Kind | None = None,
        state: State | None = None,
        *,
        undescribed: bool = False,
    ) -> Page[FileView]:
        """One's own uploads, newest first; only posted photos without a description when `undescribed`.

        Raises BadCursor.
        """
        scope = f"files:{owner}:{kind}:{state}:{undescribed}"
        part = self._cursors.slice(scope, limit, cursor)
        files = await self._reads.of_owner(owner, kind, state, part.one_more, undescribed=undescribed)
        return self._cursors.cut(scope, part, [present_file(file) for file in files], lambda f: Key(f.id))

    async def original(self, owner: UserId, file_id: FileId) -> File:
        """The file whose original its owner wants back. Raises NotFound."""
        async with self._new_uow() as uow:
            return await access_own_file(uow, owner, file_id, lock=False)

    async def retry(self, owner: UserId, file_id: FileId) -> FileView:
        """Process a failed upload again. Raises NotFound, or Conflict when it has not failed."""
        async with self._new_uow() as uow:
            file = await access_own_file(uow, owner, file_id)
            if file.state != "failed":
                raise Conflict(msg("Only a failed file can be tried again."))
            file.state, file.error, file.step = "waiting", None, None
            await uow.files.save(file)
            uow.record(FileStored(file_id=file.id))
            await uow.commit()
        return present_file(file)

    async def remove(self, owner: UserId, file_id: FileId) -> None:
        """Remove an upload that nothing uses, with everything made from it. Raises NotFound, InUse."""
        async with self._new_uow() as uow:
            file = await access_own_file(uow, owner, file_id)
            if file.post_id is not None:
                raise InUse
            if await uow.drafts.holding([file.id]):
                raise InUse(msg("This file is part of a draft. Remove it there first."))
            await uow.files.remove(file.id)
            uow.record(ObjectsOrphaned(prefix=file.prefix))
            await uow.commit()


async def take_in(
    images: Images, ids: Ids, clock: Clock, owner: UserId, upload: Upload, file_id: FileId | None = None
) -> File:
    """The picture that somebody sent, to be stored; it is decoded once. Raises ImageRefused, Unavailable."""
    if upload.size == 0:
        raise ImageRefused(msg("This file is empty."), code="empty")
    facts = await images.inspect(upload.path)
    return File(
        file_id or FileId(ids.new()),
        owner,
        _display_name(upload.name),
        upload.size,
        upload.sha256,
        "image",
        ids.key(),
        clock.now(),
        facts=facts,
        width=facts.width,
        height=facts.height,
        lqip=facts.lqip,
    )


async def check_quota(
    uow: UnitOfWork, owner: UserId, size: int, quota_bytes: int, *, lock: bool = False
) -> None:
    """Whether `size` more bytes fit; with `lock` others of the owner's wait until the unit ends. Raises QuotaReached.

    Raises NotFound for who has left.
    """
    account = await uow.accounts.find(owner, lock=lock)
    if account is None or not account.active:
        raise NotFound
    used = await uow.files.stored_bytes(owner)
    if used + size > quota_bytes:
        left = Storage(used, quota_bytes).free_bytes
        raise QuotaReached(
            needed_mb=f"{math.ceil(size / 2**20 * 100) / 100:g}",
            left_mb=f"{math.floor(left / 2**20 * 100) / 100:g}",
            limit_mb=quota_bytes // 2**20,
        )


async def clear_away(new_uow: UnitOfWorks, media: MediaStore, files: Sequence[File]) -> None:
    """Take the bytes of what was refused back. Who left during the commit may have rows all the same: those stay."""
    async with new_uow() as uow:
        kept = {file.key for file in await uow.files.find_many([file.id for file in files])}
    for file in files:
        if file.key not in kept:
            await media.delete(file.prefix)


def _display_name(name: str) -> str:
    """A name that can be shown and never acts as a path: the last part, without control characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(c if c.isprintable() and not "\ud800" <= c <= "\udfff" else " " for c in last)
    try:
        return clean("#/name", printable[:400], limit=400)[:255].strip() or "photo"
    except Invalid:
        return "photo"
