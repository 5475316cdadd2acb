"""Originals for others than their owner: without what the files tell, and where the author allows it."""

from dataclasses import dataclass
from pathlib import Path

from application.access import Client, access_post, throttle
from application.uploading import Turns
from domain.files import MAX_SIDE, File, RenditionPlan
from domain.kernel import FileId, Forbidden, NotFound, PostId, UserId, msg
from domain.ports import Images, MediaStore, Rate, RateLimiter, UnitOfWorks, Workspace

DOWNLOADS = Rate("download", 60, 600)
_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WebP": "webp", "GIF": "gif"}


class NotOffered(Forbidden):
    """The author keeps the originals to themselves."""

    code = "not_offered"
    message = msg("The author of this post does not offer its originals.")


@dataclass(frozen=True, slots=True)
class Download:
    """Where the bytes lie in the media store, and what to call them."""

    key: str
    name: str


class Downloading:
    """Full-size photos of posts for whoever may see them.

    The pixels are those of the upload. Only what its author cut or turned, and kinds of files that cannot be freed of
    what they tell, are decoded and written anew, as a JPEG.
    """

    def __init__(
        self,
        new_uow: UnitOfWorks,
        images: Images,
        media: MediaStore,
        workspace: Workspace,
        turns: Turns,
        limiter: RateLimiter,
    ) -> None:
        self._new_uow = new_uow
        self._images = images
        self._media = media
        self._workspace = workspace
        self._turns = turns
        self._limiter = limiter

    async def original(
        self, viewer: UserId | None, client: Client, post_id: PostId, photo: FileId
    ) -> Download:
        """A photo of a post in full size. It is made at the first call and lies beside the photo's other sizes.

        Raises NotFound, Gone, NotOffered, TooMany, Unavailable.
        """
        async with self._new_uow() as uow:
            standing = await access_post(uow, viewer, post_id)
            file = await uow.files.find(photo)
            author = await uow.accounts.find(standing.author_id)
        if file is None or file.post_id != post_id or file.position is None or author is None:
            raise NotFound
        if not author.downloads and viewer != author.id:
            raise NotOffered
        await throttle(self._limiter, client, DOWNLOADS, str(viewer or client.address))
        extension = _EXTENSIONS.get(file.facts.format, "jpg") if file.facts and file.crop is None else "jpg"
        made = Download(
            f"{file.rendition_prefix}full.{extension}",
            f"{author.username}-{file.created_at:%Y-%m-%d}-{file.position + 1}.{extension}",
        )
        if await self._media.stat(made.key) is None:
            async with self._turns.of(author.id):
                await self._make(file, made.key)
            if not await self._stays(file):
                await self._media.delete(made.key)
                raise NotFound
        return made

    async def _stays(self, file: File) -> bool:
        """Whether the photo is still there, cut as it was: who removed it meanwhile did not know of what was being made."""
        async with self._new_uow() as uow:
            now = await uow.files.find(file.id)
        return now is not None and now.rendition_prefix == file.rendition_prefix

    async def _make(self, file: File, key: str) -> None:
        async with self._workspace.directory() as room:
            source, clean = room / "original", room / "clean"
            await self._media.fetch(file.original_key, source)
            if file.crop is not None or not await self._images.clean(source, clean):
                clean = await self._decoded(file, source, room)
            await self._media.put(key, clean)

    async def _decoded(self, file: File, source: Path, room: Path) -> Path:
        made = await self._images.render(source, RenditionPlan(jpeg=(MAX_SIDE,)), file.crop, room)
        return room / made.renditions[0].name
