"""Publishing, editing and removing posts; liking and saving them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from application.access import access_own_post, access_post
from application.attaching import exchange, lock_uploads, put_out
from application.views import DraftPhoto, PostViewer, Reacted, present_file
from domain.files import Crop
from domain.kernel import FileId, PostId, UserId
from domain.ports import Clock, Ids, UnitOfWork, UnitOfWorks
from domain.posts import (
    Audience,
    Changed,
    Photo,
    Place,
    Post,
    PostDeleted,
    PostLiked,
    Standing,
    check_photos,
    clean_alt,
)
from domain.visibility import shown_to


@dataclass(frozen=True, slots=True)
class PhotoDraft:
    """A photo as its author wants it. `alt` and `crop` of None keep what it has; a crop that cuts nothing off is `Crop()`."""

    upload_id: FileId
    alt: str | None = None
    crop: Crop | None = None


@dataclass(frozen=True, slots=True)
class PlaceDraft:
    """A place as its author names it; position in degrees."""

    name: str
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class PostDraft:
    """What a new post is made of."""

    media: Sequence[PhotoDraft]
    caption: str = ""
    place: PlaceDraft | None = None
    audience: Audience = "everyone"
    comments: bool = True
    show_camera: bool | None = None


@dataclass(frozen=True, slots=True)
class PostEdit:
    """The parts of a post to change; None leaves a part alone. `media` gives the photos in their new order.

    With `expected_versions` the post must have one of them.
    """

    caption: str | None = None
    place: PlaceDraft | None = None
    remove_place: bool = False
    audience: Audience | None = None
    comments: bool | None = None
    show_camera: bool | None = None
    media: Sequence[PhotoDraft] | None = None
    expected_versions: Collection[int] | None = None


class Posting:
    """What people do with posts. Likes and saves are sets: doing it twice is doing it once."""

    def __init__(self, new_uow: UnitOfWorks, clock: Clock, ids: Ids) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids

    async def publish(self, author: UserId, draft: PostDraft, new_id: PostId | None = None) -> PostId:
        """A new post of the author's own, unused, not failed uploads. Raises Invalid naming each field at fault.

        `new_id` is for requests that may be repeated: the same id can become a post only once.
        """
        now = self._clock.now()
        post = Post(
            new_id or PostId(self._ids.new()),
            author,
            tuple(as_photo(i, photo) for i, photo in enumerate(draft.media)),
            now,
            audience=draft.audience,
            comments=draft.comments,
        )
        post.write(draft.caption)
        post.place = named_place(draft.place)
        async with self._new_uow() as uow:
            files = await lock_uploads(uow, author, post.photos)
            post.show_camera = await self._shows_camera(uow, author, draft.show_camera)
            await put_out(uow, post, files)
            await uow.commit()
        return post.id

    async def edit(self, viewer: UserId, post_id: PostId, edit: PostEdit) -> None:
        """Change one's own post; what says nothing new changes nothing. Raises NotFound, NotYours, Changed, Invalid."""
        async with self._new_uow() as uow:
            post = await access_own_post(uow, viewer, post_id)
            expect(post.version, edit.expected_versions)
            before = replace(post)
            if edit.caption is not None:
                post.write(edit.caption)
                changed = post.caption != before.caption
                known = await uow.accounts.known_names(viewer, post.mentions) if changed else before.mentions
                post.mentions = known
            if edit.place is not None or edit.remove_place:
                post.place = named_place(edit.place)
            post.audience = edit.audience or post.audience
            post.comments = post.comments if edit.comments is None else edit.comments
            post.show_camera = post.show_camera if edit.show_camera is None else edit.show_camera
            if edit.media is not None:
                post.photos = _rearranged(before, edit.media)
            if post == before:
                return
            seen = not post.shows(before)
            if seen:
                account = await uow.accounts.find(viewer)
                private = account is None or account.private
                await uow.posts.keep_version(
                    replace(before, audience=shown_to(before.audience, private=private))
                )
            if post.photos != before.photos:
                await exchange(uow, post, before)
            post.touch(self._clock.now(), seen=seen)
            if post.place is not None:
                await uow.posts.add_place(post.place)
            await uow.posts.save(post)
            await uow.commit()

    async def photos(self, viewer: UserId, post_id: PostId) -> list[DraftPhoto]:
        """The photos of one's own post, with how they are cut. Raises NotFound, NotYours."""
        async with self._new_uow() as uow:
            await access_own_post(uow, viewer, post_id, lock=False)
            files = await uow.files.of_post(post_id)
        return [DraftPhoto(file.id, file.alt, file.crop, present_file(file)) for file in files]

    async def forget_history(self, viewer: UserId, post_id: PostId) -> None:
        """Forget what one's own post showed before it was edited. Raises NotFound, NotYours."""
        async with self._new_uow() as uow:
            await access_own_post(uow, viewer, post_id)
            await uow.posts.forget_versions(post_id)
            await uow.commit()

    async def delete(
        self, viewer: UserId, post_id: PostId, expected_versions: Collection[int] | None = None
    ) -> None:
        """Remove one's own post; its pictures go from the store right after. Raises NotFound, NotYours, Changed."""
        async with self._new_uow() as uow:
            post = await access_own_post(uow, viewer, post_id)
            expect(post.version, expected_versions)
            await remove_post(uow, post)
            await uow.commit()

    async def like(self, viewer: UserId, post_id: PostId) -> Reacted:
        """Like a post that the viewer can see. Raises NotFound."""
        async with self._new_uow() as uow:
            standing = await access_post(uow, viewer, post_id)
            if await uow.posts.add_like(post_id, viewer):
                uow.record(PostLiked(post_id=post_id, user_id=viewer))
            return await self._reacted(uow, viewer, standing)

    async def unlike(self, viewer: UserId, post_id: PostId) -> Reacted:
        """Take a like back. Raises NotFound."""
        async with self._new_uow() as uow:
            standing = await access_post(uow, viewer, post_id)
            await uow.posts.remove_like(post_id, viewer)
            return await self._reacted(uow, viewer, standing)

    async def save(self, viewer: UserId, post_id: PostId, saved: bool) -> Reacted:
        """Keep a post in the viewer's own list, or take it out. Raises NotFound."""
        async with self._new_uow() as uow:
            standing = await access_post(uow, viewer, post_id)
            if saved:
                await uow.posts.add_save(post_id, viewer)
            else:
                await uow.posts.remove_save(post_id, viewer)
            return await self._reacted(uow, viewer, standing)

    async def hide(self, viewer: UserId, post_id: PostId, hidden: bool) -> Reacted:
        """Say or take back "not interested". Raises NotFound."""
        async with self._new_uow() as uow:
            standing = await access_post(uow, viewer, post_id)
            await uow.posts.hide(post_id, viewer, hidden)
            return await self._reacted(uow, viewer, standing)

    async def _reacted(self, uow: UnitOfWork, viewer: UserId, standing: Standing) -> Reacted:
        counts, liked, saved = await uow.posts.tally(standing.post_id, viewer)
        await uow.commit()
        own = standing.author_id == viewer
        return Reacted(counts, PostViewer(liked, saved, own, standing.comments or own))

    async def _shows_camera(self, uow: UnitOfWork, author: UserId, wanted: bool | None) -> bool:
        if wanted is not None:
            return wanted
        account = await uow.accounts.find(author)
        return account is not None and account.show_camera


def expect(version: int, versions: Collection[int] | None) -> None:
    """Raises Changed when `versions` are given and this is none of them."""
    if versions is not None and version not in versions:
        raise Changed


async def remove_post(uow: UnitOfWork, post: Post) -> None:
    """Remove a locked post, whoever may; its pictures go from the store right after the commit."""
    prefixes = tuple(file.prefix for file in await uow.files.of_post(post.id))
    await uow.posts.remove(post)
    uow.record(PostDeleted(post_id=post.id, prefixes=prefixes))


def named_place(draft: PlaceDraft | None) -> Place | None:
    """The place that is meant. Raises Invalid."""
    if draft is None:
        return None
    return Place.named(draft.name, draft.lat, draft.lon)


def as_photo(index: int, draft: PhotoDraft) -> Photo:
    """Photo number `index` as it may be stored. Raises Invalid that points at it."""
    alt = None if draft.alt is None else clean_alt(index, draft.alt)
    return Photo(draft.upload_id, alt or "", None if draft.crop == Crop() else draft.crop)


def _rearranged(before: Post, media: Sequence[PhotoDraft]) -> tuple[Photo, ...]:
    """The photos of an edited post: those that it had, with what is said of them, and uploads. Raises Invalid."""
    known = {photo.file_id: photo for photo in before.photos}
    photos = tuple(_edited(i, draft, known.get(draft.upload_id)) for i, draft in enumerate(media))
    check_photos(photos)
    return photos


def _edited(index: int, draft: PhotoDraft, known: Photo | None) -> Photo:
    photo = as_photo(index, draft)
    if known is None:
        return photo
    return Photo(
        known.file_id,
        known.alt if draft.alt is None else photo.alt,
        known.crop if draft.crop is None else photo.crop,
    )
