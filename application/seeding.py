"""Puts composed content (`demo_content`) into an instance through the use cases, each action at its own past moment.

Stopping anywhere and starting again with the same content ends the same: posts and comments have ids that follow from
what they are, likes and follows are sets, and people are recognised by when they joined.
"""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from application.access import Gone
from application.accounts import ProfileChange
from application.demo_content import DemoComment, DemoContent, DemoPerson, DemoPost
from application.posting import PhotoDraft, PlaceDraft, PostDraft
from application.program import Application
from domain.kernel import CommentId, Conflict, FileId, Invalid, NotFound, PostId, UserId
from domain.ports import Upload

AVATAR = "avatar"
# The well-compressed sizes take most of the time and nobody waits for them: their jobs come due this much later.
PUT_OFF = timedelta(minutes=2)
AT_ONCE = 4
JOINING_DAYS, BEFORE_DAYS = 14, 45
FOLLOWING_TIME = timedelta(days=2)
SETTLE_SECONDS = 0.1
NEWS = timedelta(days=3)


class Time(Protocol):
    """A clock, and ids that follow it, which can be set."""

    def at(self, moment: datetime) -> AbstractContextManager[None]:
        """Inside the block, and in tasks started in it, it is `moment`."""
        ...


class Pictures(Protocol):
    """Where pictures come from."""

    async def file(self, scene: str, seed: int) -> Path:
        """A local JPEG, complete. Waits while it is being drawn. Raises RuntimeError when it cannot be."""
        ...


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the content is made of. The same recipe finds again what an earlier, interrupted run put in."""

    now: datetime
    people: int = 24
    posts: int = 60
    random_seed: int = 7
    password: str = ""


@dataclass(slots=True)
class Seeded:
    """What was put in so far, and what was left out because its name belongs to somebody else."""

    people: int = 0
    posts: int = 0
    photos: int = 0
    likes: int = 0
    comments: int = 0
    follows: int = 0
    left_out: int = 0


class Seeding:
    """Fills an instance with `content`, which was composed after `recipe`."""

    def __init__(
        self,
        program: Application,
        time: Time,
        pictures: Pictures,
        content: DemoContent,
        recipe: Recipe,
    ) -> None:
        self._program = program
        self._time = time
        self._pictures = pictures
        self._content = content
        self._now = recipe.now
        self._password = recipe.password
        self._salt = f"{recipe.random_seed}:{recipe.people}:{recipe.posts}"
        self._ids: dict[str, UserId] = {}
        self._files: list[tuple[UserId, FileId]] = []
        self.seeded = Seeded()

    async def add_people(self, progress: Callable[[], object]) -> None:
        """Everybody, still without pictures and follows."""
        # Administrators first: an instance with people has one at every moment.
        for number, person in sorted(enumerate(self._content.people), key=lambda one: one[1].role != "admin"):
            await self._add_person(number, person)
            progress()

    async def add_follows(self, pairs: Collection[tuple[str, str]]) -> None:
        """These pairs of (follower, followed) among those of the content."""
        await _all(self._follow(*one) for one in enumerate(self._content.follows) if one[1] in pairs)

    async def add_avatars(self, usernames: Collection[str]) -> None:
        """The faces of those among them who have none yet."""
        people = [p for p in self._content.people if p.username in usernames and p.username in self._ids]
        await asyncio.gather(*(self._add_avatar(person) for person in people))

    async def add_posts(self, posts: Sequence[DemoPost], progress: Callable[[], object]) -> None:
        """These posts with their pictures, likes and comments; the first sizes of all pictures are ready at the end."""

        async def one(post: DemoPost) -> None:
            await self._add_post(post)
            progress()

        await _all(map(one, posts))
        await self._settle()

    async def look_at_old_news(self, usernames: Collection[str]) -> None:
        """These people have read what they were told until three days ago: new to them is what happened since."""
        for name in usernames:
            if name in self._ids:
                await self._program.notifying.read(self._ids[name], before=self._now - NEWS)

    async def work(self) -> None:
        """Run jobs until cancelled, as a server would; those for the well-compressed sizes are put off."""
        with self._time.at(self._now + PUT_OFF):
            await self._program.runner.run()

    # People

    async def _add_person(self, number: int, person: DemoPerson) -> None:
        joined = self._joined(number)
        with self._time.at(joined):
            try:
                account = await self._program.joining.add(
                    person.username, self._password, display_name=person.name, role=person.role
                )
            except Conflict:
                await self._recognise(person, joined)
                return
            self._ids[person.username] = account.id
            self.seeded.people += 1
            change = ProfileChange(bio=person.bio, place=person.place, private=person.private)
            await self._program.accounts.change_profile(account.id, change)

    def _joined(self, number: int) -> datetime:
        step = timedelta(days=JOINING_DAYS) / len(self._content.people)
        return self._now - timedelta(days=BEFORE_DAYS + JOINING_DAYS) + number * step

    async def _recognise(self, person: DemoPerson, joined: datetime) -> None:
        """Somebody of an earlier run; another's account is left alone, and so is all that its owner would have done."""
        try:
            found = await self._program.people.profile(None, person.username)
        except NotFound:
            return
        if found.created_at == joined:
            self._ids[person.username] = UserId(found.id)
            self.seeded.people += 1

    async def _add_avatar(self, person: DemoPerson) -> None:
        user = self._ids[person.username]
        if (await self._program.people.me(user)).avatar is None:
            await self._program.accounts.set_avatar(user, await self._upload(AVATAR, person.avatar_seed))

    async def _follow(self, number: int, pair: tuple[str, str]) -> None:
        follower, followed = pair
        one, other = self._ids.get(follower), self._ids.get(followed)
        if one is None or other is None:
            self.seeded.left_out += 1
            return
        part = number / len(self._content.follows)
        with self._time.at(self._now - timedelta(days=BEFORE_DAYS) + FOLLOWING_TIME * part):
            if await self._program.following.follow(one, followed) == "requested":
                await self._program.following.answer_request(other, follower, accept=True)
        self.seeded.follows += 1

    # Posts

    async def _add_post(self, post: DemoPost) -> None:
        author = self._ids.get(post.author)
        if author is None:
            self.seeded.left_out += 1
            return
        post_id = PostId(self._id("post", post.author, post.created_at))
        try:
            await self._program.feeds.post(author, post_id)
        except Gone:
            return
        except NotFound:
            await self._publish_again(author, post, post_id)
        self.seeded.posts += 1
        self.seeded.photos += len(post.photos)
        await self._react(post, post_id)

    async def _publish_again(self, author: UserId, post: DemoPost, post_id: PostId) -> None:
        """Twice if need be: a running server removes old uploads without a post, and ours are dated back."""
        try:
            await self._publish(author, post, post_id)
        except Invalid:
            await self._publish(author, post, post_id)

    async def _publish(self, author: UserId, post: DemoPost, post_id: PostId) -> None:
        files = [await self._pictures.file(photo.scene, photo.seed) for photo in post.photos]
        with self._time.at(post.created_at - timedelta(minutes=2)):
            uploads = [await self._take_in(author, file) for file in files]
        media = [PhotoDraft(upload, photo.alt) for upload, photo in zip(uploads, post.photos, strict=True)]
        where = post.place
        place = PlaceDraft(where.name, where.latitude, where.longitude) if where else None
        with self._time.at(post.created_at):
            draft = PostDraft(media, post.caption, place, post.audience)
            await self._program.posting.publish(author, draft, post_id)
        self._files += [(author, upload) for upload in uploads]

    async def _take_in(self, author: UserId, file: Path) -> FileId:
        upload = await asyncio.to_thread(_measured, file)
        return FileId((await self._program.uploading.receive(author, upload)).id)

    async def _react(self, post: DemoPost, post_id: PostId) -> None:
        span = min(self._now - post.created_at, timedelta(days=3))
        for number, name in enumerate(post.likes, start=1):
            if name in self._ids:
                with self._time.at(post.created_at + span * (number / (len(post.likes) + 1)) ** 2):
                    await self._program.posting.like(self._ids[name], post_id)
                self.seeded.likes += 1
        said: list[CommentId | None] = []
        for number, comment in enumerate(post.comments):
            parent = None if comment.reply_to is None else said[comment.reply_to]
            said.append(await self._comment(post_id, number, comment, parent))

    async def _comment(
        self, post_id: PostId, number: int, comment: DemoComment, parent: CommentId | None
    ) -> CommentId | None:
        author = self._ids.get(comment.author)
        if author is None or (comment.reply_to is not None and parent is None):
            return None
        comment_id = CommentId(self._id("comment", str(post_id), comment.created_at, number))
        try:
            await self._program.commenting.get(author, comment_id)
        except NotFound:
            with self._time.at(comment.created_at):
                await self._program.commenting.add(author, post_id, comment.text, parent, comment_id)
        self.seeded.comments += 1
        return comment_id

    async def _settle(self) -> None:
        """Wait until every picture has its first sizes, or has failed."""
        while self._files:
            owner, file = self._files[-1]
            if (await self._program.uploading.get(owner, file)).state in ("ready", "failed"):
                self._files.pop()
            else:
                await asyncio.sleep(SETTLE_SECONDS)

    async def _upload(self, scene: str, seed: int) -> Upload:
        return await asyncio.to_thread(_measured, await self._pictures.file(scene, seed))

    def _id(self, kind: str, whose: str, moment: datetime, number: int = 0) -> UUID:
        return dated_id(moment, f"{self._salt}:{kind}:{whose}:{number}")


async def _all(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Do everything, a few at once, begun in order."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(part: Coroutine[None, None, None]) -> None:
        async with room:
            await part

    await asyncio.gather(*map(one, work))


def dated_id(moment: datetime, name: str) -> UUID:
    """A UUIDv7 (RFC 9562) of that millisecond whose other bits follow from `name`."""
    milliseconds = int(moment.timestamp() * 1000)
    rest = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=10).digest(), "big")
    high, low = rest >> 68, rest & (2**62 - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def _measured(file: Path) -> Upload:
    content = file.read_bytes()
    return Upload(file, file.name, len(content), hashlib.sha256(content).hexdigest())
