"""The technology seams. Each is a Protocol whose docstrings are its contract. Storage of a concept stands with it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self
from uuid import UUID

from domain.files import Crop, ImageFacts, RenditionPlan, RenditionSet
from domain.kernel import Event, Unavailable

if TYPE_CHECKING:
    from domain.drafts import Drafts
    from domain.exports import Exports
    from domain.files import Files
    from domain.follows import Follows
    from domain.instance import Instances
    from domain.jobs import Jobs
    from domain.live import LiveEvent
    from domain.moderation import Moderation
    from domain.notifications import Notifications
    from domain.posts import Comments, Posts
    from domain.sessions import Invites, PasswordResets, Sessions, Tokens
    from domain.sign_ins import SignIns
    from domain.users import Accounts


class Clock(Protocol):
    """Where `now` comes from."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...


class Ids(Protocol):
    """Where ids and secrets come from."""

    def new(self) -> UUID:
        """A UUIDv7: unique, and sorting by the time it was made."""
        ...

    def at(self, moment: datetime) -> UUID:
        """A UUIDv7 of that moment, to the millisecond."""
        ...

    def secret(self) -> str:
        """256 random bits, URL-safe."""
        ...

    def key(self) -> str:
        """A storage key nobody can guess: 160 random bits, `[a-z2-7]`."""
        ...


class UnitOfWork(Protocol):
    """One transaction. Leaving without `commit` undoes everything; `commit` also stores what `record` was given.

    A unit lives in one task, holds no network call and no `gather`. Raises Unavailable when the database cannot be
    reached or none of its connections becomes free in time.
    """

    accounts: "Accounts"
    sessions: "Sessions"
    sign_ins: "SignIns"
    tokens: "Tokens"
    invites: "Invites"
    resets: "PasswordResets"
    follows: "Follows"
    posts: "Posts"
    drafts: "Drafts"
    comments: "Comments"
    files: "Files"
    jobs: "Jobs"
    moderation: "Moderation"
    exports: "Exports"
    notifications: "Notifications"
    instance: "Instances"

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def record(self, event: Event) -> None:
        """Remember `event`; its reactions become jobs in the same transaction and are woken after the commit."""
        ...

    def announce(self, event: "LiveEvent") -> None:
        """Write `event` into the log of what happened, at the commit, and tell whoever is connected after it."""
        ...

    async def commit(self) -> None:
        """Make everything durable. Once per unit; returning means that it survives a power cut."""
        ...


UnitOfWorks = Callable[[], UnitOfWork]


class TryAgain(Unavailable):
    """The database undid the transaction to end a deadlock or the like. Running the whole use case again is right."""


class TooLong(Unavailable):
    """The database ended a statement that took longer than any may. Unlike one that is away, it may be so each time."""


class PasswordHasher(Protocol):
    """Slow on purpose, and off the event loop; at most a few at once, so callers may wait their turn."""

    async def hash(self, password: str) -> str:
        """A PHC string (argon2id). Raises Unavailable when too many are waiting."""
        ...

    async def verify(self, password: str, phc: str | None) -> bool:
        """Whether `password` made `phc`. With None the same time is spent and the answer is False."""
        ...

    def is_weak(self, phc: str) -> bool:
        """Whether the string was made with weaker settings than today's."""
        ...


class RateLimiter(Protocol):
    """Counts tries per key in a sliding window, as far as the adapter reaches: that of today, in one process."""

    async def hit(self, policy: "Rate", key: str) -> "Allowance":
        """Count one try. `allowed` is False once more than `policy.limit` fell into the window; those count too."""
        ...

    async def forget(self, policy: "Rate", key: str) -> None:
        """Start `key` afresh, as after a successful sign-in."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """A named limit: at most `limit` tries in `window_seconds`. Names of one policy differ behind a colon."""

    name: str
    limit: int
    window_seconds: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a try was told.

    `reset_seconds` is the time until another one would pass where none is left, else until the window ends in which
    this one counts in full.
    """

    allowed: bool
    remaining: int
    reset_seconds: int


class Wake(Protocol):
    """Tells runners that jobs may be due. Only a hint: the job table is the truth and is also swept on a timer."""

    def kick(self) -> None:
        """Wake the runners soon. Never blocks and never fails."""
        ...

    async def wait(self, timeout_seconds: float) -> None:
        """Return at the next kick, at once if one came since the last wait, or after the time is up."""
        ...


class LiveBus(Protocol):
    """Carries events to whoever is connected now. A hint, not a record: a subscriber may miss any of them."""

    async def publish(self, topic: str, payload: bytes) -> None:
        """Hand `payload` to every present subscriber of `topic`. Returns without waiting for them."""
        ...

    def subscribe(self, *topics: str) -> AsyncIterator[tuple[str, bytes]]:
        """(topic, payload) from now on, in publishing order per topic; ends when the iterator is closed.

        A subscriber that does not keep up loses the oldest of what is waiting for it, never the newest.
        """
        ...


class Presence(Protocol):
    """Who is connected, counted per person, so that one of two closed tabs does not make anybody absent."""

    async def enter(self, person: UUID, connection: str) -> None:
        """Count `connection` for `person` for the next 60 s; repeat to renew. Repeating never counts twice."""
        ...

    async def leave(self, person: UUID, connection: str) -> None:
        """Stop counting `connection`. Leaving twice is harmless."""
        ...

    async def present(self, people: Sequence[UUID]) -> set[UUID]:
        """Those of `people` with at least one connection."""
        ...


class Cache(Protocol):
    """A place for derived bytes. May forget anything at any time; never the only copy; failing means a miss."""

    async def get(self, key: str) -> bytes | None:
        """The bytes stored under `key`, or None."""
        ...

    async def put(self, key: str, value: bytes, ttl_seconds: int) -> None:
        """Keep `value` for at most `ttl_seconds`."""
        ...

    async def drop(self, *keys: str) -> None:
        """Forget `keys`. Unknown ones are ignored."""
        ...


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What the store knows about a key. `size` in bytes; `stored_at` aware, UTC."""

    key: str
    size: int
    stored_at: datetime


class MediaStore(Protocol):
    """Bytes under keys (`photos/<key>/640.webp`). Keys are relative, slash-separated, `[a-z0-9._/-]`.

    Raises Unavailable when the store is down or full (`insufficient_storage`).
    """

    async def put(self, key: str, source: Path) -> None:
        """Copy the local file `source` under `key`, durably; readers see nothing or all of it. Replaces what is there."""
        ...

    async def fetch(self, key: str, target: Path) -> None:
        """Copy the object to the local file `target`. Raises NotFound."""
        ...

    async def stat(self, key: str) -> StoredObject | None:
        """The object's size and time, or None."""
        ...

    def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` on, `length` of them or to the end, in chunks of at most 256 KiB. Raises NotFound."""
        ...

    async def delete(self, prefix: str) -> int:
        """Remove the object `prefix`, or everything under it when it ends with `/`; how many went. None is no error."""
        ...

    def walk(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        """Everything under `prefix`, in no particular order."""
        ...

    async def folders(self, prefix: str) -> list[str]:
        """What `prefix`, which ends with `/`, has one level below it: prefixes again, without looking into them."""
        ...


class Images(Protocol):
    """Understands and cuts pictures. Every decode happens in a disposable process with hard limits, never in ours.

    Raises ImageRefused for a file that is not an acceptable picture, and Unavailable when too many are waiting or the
    picture process cannot be started.
    """

    async def inspect(self, source: Path) -> ImageFacts:
        """Decode `source` once, completely, at a small size, and say what it is. The content decides, not the name."""
        ...

    async def clean(self, source: Path, into: Path) -> bool:
        """Write to `into` the same picture without anything that its file tells beside the pixels, which stay as they are.

        Colour profile and turn stay too. False, and nothing written, for a kind in which that is not possible.
        """
        ...

    async def render(self, source: Path, plan: RenditionPlan, crop: Crop | None, into: Path) -> RenditionSet:
        """Write the renditions that `plan` asks for into the directory `into`, named `<width>.<ext>`.

        Upright, cropped, sRGB, 8 bit, without any metadata. Sizes larger than the (cropped) picture are left out, but
        the largest size that the picture can fill is always there, at its own width when it is below every size. A
        square plan has every size, for which small pictures are enlarged.
        """
        ...


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes that somebody sent, complete, in a local file that is gone when the request ends. `size` in bytes."""

    path: Path
    name: str
    size: int
    sha256: str


class Workspace(Protocol):
    """Local disk for files in the making. Whatever a crash leaves there is removed at the next start."""

    def directory(self) -> AbstractAsyncContextManager[Path]:
        """A new empty directory, removed with its content at the end. Raises Unavailable when the disk is full."""
        ...
