"""The live channel `/ws`: who may connect, what they may say, and what they are told.

Frames are JSON objects, one per message: `{"v":1,"type":…,"id":…,"data":…}`. What everybody hears is encoded once.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from sanic import Request, Sanic

from application.program import Application
from domain.kernel import Forbidden, TooMany, UserId, msg
from domain.live import HOME, LoggedEvent, me
from domain.sessions import Identity
from entrypoints import VERSION, requests
from entrypoints.errors import Unauthenticated
from entrypoints.wire import Wire, text_frame

HEARTBEAT = 20
# How often connections are tended, and how often it is asked whether sessions still stand, in seconds.
TEND_SECONDS = 1.0
CHECK_SECONDS = 3.0
SOCKETS_PER_PERSON = 10
SOCKETS_IN_ALL = 20_000
MAX_TOPICS = 100
# What one connection may say at once, and per second after that.
_BURST, _PER_SECOND = 40.0, 20.0
# Whoever goes on after being told so often is closed.
_PATIENCE = 100

CLOSE_RESTART, CLOSE_SIGNED_OUT, CLOSE_TOO_MANY = 1012, 4401, 4429


class WrongOrigin(Forbidden):
    """A page of another site opened it, or it does not say whose page did."""

    code = "wrong_origin"
    message = msg("The live channel opens for pages of this server.")


class _Data(msgspec.Struct):
    resume: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] | None = None
    topics: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=80)]], msgspec.Meta(max_length=MAX_TOPICS)
    ] = []


class _In(msgspec.Struct):
    """What a client says. Types that this version does not know are answered, not closed."""

    type: Annotated[str, msgspec.Meta(max_length=40)]
    v: Literal[1] = 1
    id: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


_read = msgspec.json.Decoder(_In).decode
_read_data = msgspec.json.Decoder(_Data).decode
_encode = msgspec.json.Encoder().encode


def frame(kind: str, data: Any = None, **members: Any) -> bytes:
    """A message of ours, ready to send."""
    said = {"v": 1, "type": kind} | members
    return text_frame(_encode(said if data is None else said | {"data": data}))


def event_frame(event: LoggedEvent) -> bytes:
    """An event of the log, ready to send to everybody who hears it."""
    # Clients know the topic of their own account as `me`.
    topic = event.topic if event.topic == HOME else event.topic.partition(":")[0]
    return frame(event.type, msgspec.Raw(event.data.encode()), topic=topic, seq=event.seq, at=event.at)


def counts_frame(unread: int) -> bytes:
    """How much is unread."""
    return frame("counts", {"notifications": unread}, topic="me")


class Connection:
    """Somebody's connection. Implements application.living.Listener."""

    def __init__(self, wire: Wire, app: Application, identity: Identity) -> None:
        self.wire = wire
        self.identity = identity
        self.user: UserId = identity.user_id
        self.topics: set[str] = set()
        self.since = 0
        self._app = app
        self._said: asyncio.Queue[str] = asyncio.Queue()
        self._held: list[bytes] | None = None
        self._credit, self._credited = _BURST, time.monotonic()
        self._refused = 0

    def deliver(self, ready: bytes) -> None:
        """Send; what comes while something missed is still looked up comes after it."""
        if self._held is not None:
            self._held.append(ready)
        else:
            self.wire.send(ready)

    def hear(self, text: str) -> None:
        """A message came. It is answered in turn; floods are refused here, before anything is kept of them."""
        now = time.monotonic()
        self._credit = min(_BURST, self._credit + (now - self._credited) * _PER_SECOND)
        self._credited = now
        if self._credit < 1:
            self._refused += 1
            if self._refused > _PATIENCE:
                self.wire.end(CLOSE_TOO_MANY, "too many messages")
            elif self._refused == 1 or self._refused % 20 == 0:
                self.wire.send(_nack(None, 429, "rate_limited", retry_after_seconds=1))
            return
        self._credit -= 1
        self._said.put_nowait(text)

    async def converse(self) -> None:
        """Answer what is said until the connection ends."""
        answering = asyncio.create_task(self._answer_all(), name="live answers")
        try:
            await self.wire.closed
        finally:
            self._app.living.leave(self)
            answering.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await answering

    async def _answer_all(self) -> None:
        while True:
            try:
                said = _read(await self._said.get())
            except msgspec.MsgspecError:
                self.wire.send(_nack(None, 400, "bad_frame"))
                continue
            answer = _ANSWERS.get(said.type)
            if answer is None:
                self.wire.send(_nack(said.id, 422, "unknown_type"))
                continue
            try:
                await answer(self, said, _read_data(said.data))
            except msgspec.MsgspecError:
                self.wire.send(_nack(said.id, 422, "validation"))
            except Exception:  # noqa: BLE001 - one message that cannot be answered ends no connection
                self.wire.send(_nack(said.id, 503, "unavailable", retry_after_seconds=2))

    async def _greet(self, said: _In, data: _Data) -> None:
        self._subscribe(data.topics or ["me"])
        self._held = held = []
        try:
            seq = await self._app.living.join(self)
            missed: list[bytes] | None = []
            if data.resume is not None:
                missed = await self._app.living.replay(self.user, self.topics, data.resume, seq)
            counts = await self._app.notifying.counts(self.user)
        except Exception:
            # Half a greeting would hide that something is missing: nothing is told until it is tried again.
            self._app.living.leave(self)
            raise
        finally:
            self._held = None
        welcome = {"build": VERSION, "replayed": len(missed or ()), "heartbeat": HEARTBEAT}
        self.wire.send(frame("welcome", welcome, re=said.id, seq=seq))
        for ready in missed if missed is not None else [frame("resync", {}, topic="me", seq=seq)]:
            self.wire.send(ready)
        self.wire.send(counts_frame(counts.unread))
        for ready in held:
            self.wire.send(ready)

    def _subscribe(self, names: list[str]) -> list[str]:
        """Which of the topics there are for this account; others are told as refused."""
        known = {"me": me(self.user), HOME: HOME}
        self.topics.update(known[name] for name in names if name in known)
        return [name for name in names if name not in known]

    async def _more(self, said: _In, data: _Data) -> None:
        refused = self._subscribe(data.topics)
        self.wire.send(frame("ack", {"refused": refused}, re=said.id))

    async def _fewer(self, said: _In, data: _Data) -> None:
        known = {"me": me(self.user)}
        self.topics.difference_update(known.get(name, name) for name in data.topics)
        self.wire.send(frame("ack", {}, re=said.id))

    async def _ping(self, said: _In, _: _Data) -> None:
        self.wire.send(frame("pong", re=said.id))


_ANSWERS: Mapping[str, Callable[[Connection, _In, _Data], Any]] = {
    "hello": Connection._greet,
    "subscribe": Connection._more,
    "unsubscribe": Connection._fewer,
    "ping": Connection._ping,
}


def _nack(re: str | None, status: int, code: str, **more: Any) -> bytes:
    return frame("nack", re=re, problem={"status": status, "code": code} | more)


class Switchboard:
    """The connections of this process."""

    def __init__(self) -> None:
        self._by_person: dict[UserId, set[Connection]] = {}
        self._count = 0
        self._tasks: list[asyncio.Task[None]] = []

    def open(self, app: Sanic[Any, Any]) -> None:
        """Begin to tend connections."""
        application: Application = app.ctx.application
        application.living.speak(event_frame, counts_frame)
        self._tasks = [
            asyncio.create_task(self._tend(), name="live connections"),
            asyncio.create_task(self._check(application), name="live sessions"),
        ]

    async def close(self) -> None:
        """Tell everybody to come back to another process, or to this one after a while."""
        for task in self._tasks:
            task.cancel()
        for connection in self._all():
            connection.wire.end(CLOSE_RESTART, "restart")

    async def admit(self, request: Request) -> Identity:
        """Who may connect. Raises Unauthenticated, WrongOrigin, MissingScope, TooMany, before anything is opened."""
        identity = await requests.identify(request)
        if identity is None:
            raise Unauthenticated
        requests.check_scope(identity, "read")
        if identity.via == "session":
            # A browser says whose page it is, and sends the cookie whosever it is.
            if not request.headers.get("origin"):
                raise WrongOrigin
            requests.check_origin(request)
        if (
            self._count >= SOCKETS_IN_ALL
            or len(self._by_person.get(identity.user_id, ())) >= SOCKETS_PER_PERSON
        ):
            raise TooMany(30)
        return identity

    async def serve(self, request: Request, wire: Wire) -> None:
        """One connection, from its first message to its end."""
        connection = Connection(wire, requests.application(request), request.ctx.identity)
        mine = self._by_person.setdefault(connection.user, set())
        mine.add(connection)
        self._count += 1
        wire.listen(connection.hear)
        try:
            await connection.converse()
        finally:
            self._count -= 1
            mine.discard(connection)
            if not mine:
                self._by_person.pop(connection.user, None)

    def _all(self) -> list[Connection]:
        return [each for mine in self._by_person.values() for each in mine]

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(TEND_SECONDS)
            now = time.monotonic()
            for connection in self._all():
                connection.wire.tend(now)

    async def _check(self, application: Application) -> None:
        """Whoever was signed out, suspended, or whose token was revoked hears nothing more."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            everybody = self._all()
            if not everybody:
                continue
            with contextlib.suppress(Exception):  # asked again soon
                ended = await application.signing_in.ended({each.identity.secret_id for each in everybody})
                for connection in everybody:
                    if connection.identity.secret_id in ended:
                        connection.wire.send(frame("session.ended", {}, topic="me"))
                        connection.wire.end(CLOSE_SIGNED_OUT, "signed out")
