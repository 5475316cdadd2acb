"""Uploads on their way into posts and drafts: whose they are, that nothing else holds them, and how they are cut."""

from collections.abc import Sequence

from domain.files import Crop, File, FileStored, ObjectsOrphaned
from domain.kernel import DraftId, Invalid, PostId, UserId, msg
from domain.ports import UnitOfWork
from domain.posts import Photo, Post, PostPublished


async def lock_uploads(
    uow: UnitOfWork,
    owner: UserId,
    photos: Sequence[Photo],
    *,
    post: PostId | None = None,
    draft: DraftId | None = None,
) -> list[File]:
    """The uploads behind `photos`, in their order: pictures of the owner's, in no post but `post` and no draft but `draft`.

    They are locked, so that this stays so. Raises Invalid that points at one of which it is not.
    """
    ids = [photo.file_id for photo in photos]
    found = {file.id: file for file in await uow.files.find_many(ids, lock=True)}
    held = await uow.drafts.holding(ids)
    files = []
    for i, photo in enumerate(photos):
        file = found.get(photo.file_id)
        pointer = f"#/media/{i}/upload_id"
        if file is None or file.owner_id != owner:
            raise Invalid.field(pointer, "not_found", msg("This upload is not there."))
        if file.kind != "image":
            raise Invalid.field(pointer, "not_a_photo", msg("Only pictures can be posted."))
        if file.post_id not in (None, post):
            raise Invalid.field(pointer, "in_use", msg("This upload is already part of a post."))
        if held.get(file.id, draft) != draft:
            raise Invalid.field(pointer, "in_use", msg("This upload is already part of a draft."))
        files.append(file)
    return files


def check_processed(files: Sequence[File]) -> None:
    """Raises Invalid that points at one whose sizes could not be made, unless a post shows it already."""
    for i, file in enumerate(files):
        if file.state == "failed" and file.post_id is None:
            raise Invalid.field(
                f"#/media/{i}/upload_id",
                "not_ready",
                msg("This file could not be processed. Try it again first."),
            )


async def put_out(uow: UnitOfWork, post: Post, files: Sequence[File]) -> None:
    """Publish a post of locked uploads. Raises AlreadyMade, and NotFound for an author who has left.

    It mentions those alone whom its author may know: a name that leads nowhere is a word like others.
    """
    post.mentions = await uow.accounts.known_names(post.author_id, post.mentions)
    check_processed(files)
    # Before the post takes them in: a file that was read earlier would be written back as nobody's.
    for file, photo in zip(files, post.photos, strict=True):
        if photo.crop is not None:
            await cut(uow, file, photo.crop)
    if post.place is not None:
        await uow.posts.add_place(post.place)
    await uow.posts.add(post)
    uow.record(PostPublished(post_id=post.id, author_id=post.author_id))


async def exchange(uow: UnitOfWork, post: Post, before: Post) -> None:
    """Take in what is new among the photos of a locked post, let go of what is not there any more, cut what is cut anew.

    Raises Invalid that points at an upload that cannot be taken in.
    """
    files = await lock_uploads(uow, post.author_id, post.photos, post=post.id)
    check_processed(files)
    for file, photo in zip(files, post.photos, strict=True):
        await cut(uow, file, photo.crop)
    kept = {photo.file_id for photo in post.photos}
    gone = [photo.file_id for photo in before.photos if photo.file_id not in kept]
    for file in await uow.files.find_many(gone, lock=True):
        await uow.files.remove(file.id)
        uow.record(ObjectsOrphaned(prefix=file.prefix))
    if gone:
        await uow.posts.forget_photos(post.id, gone)


async def cut(uow: UnitOfWork, file: File, crop: Crop | None) -> None:
    """Have the sizes made anew under a new key, unless it is cut so: an address always shows the same picture."""
    if crop == file.crop:
        return
    uow.record(ObjectsOrphaned(prefix=file.rendition_prefix))
    file.crop = crop
    file.cut += 1
    file.renditions = ()
    file.state = "waiting"
    await uow.files.save(file)
    uow.record(FileStored(file_id=file.id))
