"""The live channel: what happens is told in order and once, and nothing that a client does holds it up."""

import asyncio
import base64
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import jsonschema
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from application import living
from application.access import Client as Visitor
from domain.live import LiveEvent, me
from entrypoints import live, wire
from tests.builders import Someone, a_follow, a_post, new_uow
from tests.conftest import PASSWORD, Member, Server, settle

pytestmark = pytest.mark.usefixtures("telling")


@pytest.fixture
async def telling(server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """What happens is told, as in a server at work."""
    monkeypatch.setattr(living, "COUNT_SECONDS", 0.05)
    task = asyncio.create_task(server.program.living.run())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class Client:
    """A program at the other end."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, kind: str, data: Any = None, **members: Any) -> None:
        said = {"v": 1, "type": kind} | members
        await self.socket.send(json.dumps(said if data is None else said | {"data": data}))

    async def hear(self, seconds: float = 10) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            heard: dict[str, Any] = json.loads(await self.socket.recv())
        assert heard["v"] == 1
        return heard

    async def until(self, kind: str) -> dict[str, Any]:
        while (heard := await self.hear())["type"] != kind:
            pass
        return heard

    async def hears_nothing(self) -> bool:
        """Beside the counts, which everybody is told at the beginning."""
        try:
            while (await self.hear(0.5))["type"] == "counts":
                pass
        except TimeoutError:
            return True
        return False

    async def hello(self, resume: int | None = None, *topics: str) -> dict[str, Any]:
        await self.say("hello", {"resume": resume, "topics": list(topics or ("me", "feed:home"))}, id="c1")
        return await self.until("welcome")


@asynccontextmanager
async def connected(server: Server, who: Member, **options: Any) -> AsyncIterator[Client]:
    url = server.url.replace("http", "ws") + "/ws"
    async with connect(url, additional_headers=who.headers, **options) as opened:
        yield Client(opened)


def someone(member: Member) -> Someone:
    return Someone(member.id, member.name)


async def announce(server: Server, who: Member, *numbers: int) -> None:
    async with new_uow(server.program)() as uow:
        for number in numbers:
            uow.announce(LiveEvent(me(who.id), "test", {"n": number}))
        await uow.commit()


@pytest.mark.goal("W5")
async def test_only_who_is_signed_in_and_on_a_page_of_ours_connects(server: Server) -> None:
    mira = await server.join("mira")
    session = (await server.program.signing_in.sign_in(Visitor(), "mira", PASSWORD)).secret
    url, cookie = server.url.replace("http", "ws") + "/ws", {"Cookie": f"hg_session={session}"}
    host = server.url.removeprefix("http://")
    foreign = ("https://evil.example", "null", f"http://{host}.evil.example", f"http://{host}1", "http://[")
    refused: list[tuple[dict[str, str], int]] = [
        ({}, 401),
        ({"Authorization": "Bearer hg_nothing"}, 401),
        ({"Cookie": "hg_session=nothing", "Origin": server.url}, 401),
        (cookie, 403),
        *[(cookie | {"Origin": origin}, 403) for origin in foreign],
    ]
    for headers, status in refused:
        with pytest.raises(InvalidStatus) as error:
            await connect(url, additional_headers=headers).__aenter__()
        assert error.value.response.status_code == status, headers
    async with connect(url, additional_headers=cookie | {"Origin": server.url}) as opened:
        assert (await Client(opened).hello())["data"]["heartbeat"] == 20
    async with connected(server, mira) as client:
        assert (await client.hello())["re"] == "c1"


async def test_a_like_and_a_follow_reach_every_tab_of_whom_they_concern(server: Server) -> None:
    mira, joon, noor = [await server.join(name) for name in ("mira", "joon", "noor")]
    post = await a_post(server.program, someone(mira))
    await settle(server.program)
    async with (
        connected(server, mira) as tab,
        connected(server, mira) as phone,
        connected(server, noor) as other,
    ):
        for each in (tab, phone, other):
            await each.hello()
        await server.program.posting.like(joon.id, post)
        await server.program.following.follow(joon.id, "mira")
        await settle(server.program)
        for each in (tab, phone):
            kinds = {(await each.until("notification.created"))["data"]["type"] for _ in range(2)}
            assert kinds == {"like", "follow"}
            counts = await each.until("counts")
            assert (counts["topic"], counts["data"]) == ("me", {"notifications": 2})
        assert await other.hears_nothing()


async def test_a_new_post_reaches_followers_who_want_to_see_it(server: Server) -> None:
    mira, joon, noor, deaf = [await server.join(name) for name in ("mira", "joon", "noor", "deaf")]
    for who in (joon, noor):
        await a_follow(server.program, someone(who), someone(mira))
    await server.program.following.mute(noor.id, "mira", True)
    await settle(server.program)
    async with (
        connected(server, joon) as follower,
        connected(server, noor) as muting,
        connected(server, deaf) as stranger,
    ):
        for each in (follower, muting, stranger):
            await each.hello()
        post = await a_post(server.program, someone(mira))
        await settle(server.program)
        told = await follower.until("post.created")
        assert (told["topic"], told["data"]) == ("feed:home", {"id": str(post), "author_id": str(mira.id)})
        for each in (muting, stranger):
            assert await each.hears_nothing()


@pytest.mark.goal("D6")
async def test_new_posts_that_were_missed_are_those_of_the_own_feed(server: Server) -> None:
    mira, joon, noor = [await server.join(name) for name in ("mira", "joon", "noor")]
    for author in (joon, noor):
        await a_follow(server.program, someone(mira), someone(author))
    await settle(server.program)
    async with connected(server, mira) as client:
        seq = (await client.hello())["seq"]
    stranger = await server.join("stranger")
    posts = [await a_post(server.program, someone(who)) for who in (joon, stranger, noor, joon)]
    await settle(server.program)
    await server.program.following.mute(mira.id, "noor", True)
    await server.program.posting.delete(joon.id, posts[3])
    async with connected(server, mira) as client:
        await client.hello(seq, "feed:home")
        assert (await client.hear())["data"] == {"id": str(posts[0]), "author_id": str(joon.id)}
        assert (await client.hear())["type"] == "counts"


@pytest.mark.goal("D6")
async def test_whoever_comes_back_is_told_exactly_what_they_missed(server: Server) -> None:
    mira, joon = await server.join("mira"), await server.join("joon")
    async with connected(server, mira) as client:
        await client.hello()
        await announce(server, mira, 1)
        seq = (await client.until("test"))["seq"]
    await announce(server, mira, 2, 3)
    await announce(server, joon, 99)
    async with connected(server, mira) as client:
        welcome = await client.hello(seq)
        assert welcome["data"]["replayed"] == 2
        await announce(server, mira, 4)
        heard = [await client.until("test") for _ in range(3)]
        assert [each["data"]["n"] for each in heard] == [2, 3, 4]
        numbers = [each["seq"] for each in heard]
        assert numbers == sorted(set(numbers))
        assert numbers[1] <= welcome["seq"] < numbers[2]


async def test_whoever_was_away_too_long_is_told_to_look_anew(
    server: Server, sql: asyncpg.Connection
) -> None:
    mira = await server.join("mira")
    await announce(server, mira, *range(501))
    head = await sql.fetchval("SELECT seq FROM live_head")
    for resume in (head - 501, head + 1):
        async with connected(server, mira) as client:
            assert (await client.hello(resume))["data"]["replayed"] == 0
            assert (await client.hear())["type"] == "resync"
    async with connected(server, mira) as client:
        assert (await client.hello(head - 500))["data"]["replayed"] == 500
    await sql.execute("DELETE FROM live_events WHERE seq <= $1", head - 1)
    async with connected(server, mira) as client:
        await client.hello(head - 2)
        assert (await client.hear())["type"] == "resync"
    async with connected(server, mira) as client:
        assert (await client.hello(head - 1))["data"]["replayed"] == 1


async def test_writers_at_once_leave_no_gap_and_no_event_is_missed_or_doubled(server: Server) -> None:
    mira = await server.join("mira")
    async with connected(server, mira) as client:
        await client.hello()

        async def write(writer: int) -> None:
            for number in range(10):
                await announce(server, mira, writer * 10 + number)

        writing = asyncio.gather(*(write(writer) for writer in range(6)))
        heard = [await client.until("test") for _ in range(60)]
        await writing
        assert sorted(each["data"]["n"] for each in heard) == list(range(60))
        numbers = [each["seq"] for each in heard]
        assert numbers == list(range(numbers[0], numbers[0] + 60))


async def test_what_is_not_committed_is_not_told(server: Server) -> None:
    mira = await server.join("mira")
    async with connected(server, mira) as client:
        await client.hello()
        async with new_uow(server.program)() as uow:
            uow.announce(LiveEvent(me(mira.id), "test", {"n": 1}))
        await announce(server, mira, 2)
        assert (await client.until("test"))["data"] == {"n": 2}


@pytest.mark.goal("A4")
async def test_whoever_is_signed_out_is_cut_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.1)
    mira, joon = await server.join("mira"), await server.join("joon")
    async with connected(server, mira) as ending, connected(server, joon) as staying:
        await ending.hello()
        await staying.hello()
        identity = await server.program.signing_in.identify_token(mira.token)
        assert identity
        await server.program.signing_in.sign_out(identity)
        assert (await ending.until("session.ended"))["topic"] == "me"
        with pytest.raises(ConnectionClosed):
            await ending.hear()
        assert ending.socket.close_code == 4401
        await staying.say("ping", id="still")
        assert (await staying.until("pong"))["re"] == "still"


async def test_nonsense_is_answered_and_ends_nothing(server: Server) -> None:
    mira = await server.join("mira")
    async with connected(server, mira) as client:
        await client.hello()
        for said, status in (
            ("{", 400),
            ("[]", 400),
            ('"hello"', 400),
            ("{}", 400),
            ('{"v":2,"type":"ping"}', 400),
            ('{"type":5}', 400),
            ('{"type":"dance","id":"x"}', 422),
            ('{"type":"hello","data":{"resume":-1}}', 422),
            ('{"type":"hello","data":{"resume":1e400}}', 422),
            ('{"type":"hello","data":{"resume":"1"}}', 422),
            ('{"type":"subscribe","data":{"topics":"me"}}', 422),
            (json.dumps({"type": "subscribe", "data": {"topics": ["me"] * 101}}), 422),
            ("[" * 60_000, 400),
            ('{"type":"ping","id":"\\ud800"}', 400),
        ):
            await client.socket.send(said)
            heard = await client.until("nack")
            assert heard["problem"]["status"] == status, said[:60]
        other = f"me:{(await server.join('joon')).id}"
        await client.say("subscribe", {"topics": [other, "conversation:1", "feed:home"]}, id="s")
        assert (await client.until("ack"))["data"]["refused"] == [other, "conversation:1"]
        await client.say("ping", id="p")
        assert (await client.until("pong"))["re"] == "p"


@pytest.mark.goal("O2")
async def test_messages_that_are_too_large_not_text_or_too_many_end_the_connection(server: Server) -> None:
    mira = await server.join("mira")
    async with connected(server, mira) as client:
        await client.socket.send("x" * (64 * 1024 + 1))
        with pytest.raises(ConnectionClosed):
            await client.until("never")
        assert client.socket.close_code == 1009
    async with connected(server, mira) as client:
        await client.hello()
        with contextlib.suppress(ConnectionClosed):
            for number in range(400):
                await client.say("ping", id=str(number))
        with pytest.raises(ConnectionClosed):
            await client.until("never")
        assert client.socket.close_code == 4429
    for code, frames in (
        (b"\x03\xef", masked(0x81, b"\xff\xfe")),
        (b"\x03\xf1", masked(0x01, b"x") + masked(0x00, b"x") * 1_001),
    ):
        answer = await raw(server, mira, frames)
        assert answer[-2:] == code or answer[2:4] == code, (code, answer[:20])


@pytest.mark.goal("O2")
@pytest.mark.parametrize("flood", [b"\x89\x80\0\0\0\0", b"\x8a\x80\0\0\0\0"])
async def test_floods_of_pings_are_cut_off_within_little_memory(server: Server, flood: bytes) -> None:
    mira = await server.join("mira")
    answer = await raw(server, mira, flood * 200_000)
    assert len(answer) < 4_096


@pytest.mark.goal("O1")
async def test_whoever_stops_reading_is_cut_off_and_holds_nobody_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    mira, joon = await server.join("mira"), await server.join("joon")
    deaf = await open_raw(server, mira, receive=4_096)
    await asyncio.get_running_loop().sock_sendall(
        deaf, masked(0x81, b'{"type":"hello","data":{"topics":["me"]}}')
    )
    async with connected(server, joon) as client:
        await client.hello()
        await asyncio.sleep(0.2)
        board = server.app.ctx.switchboard
        assert mira.id in board._by_person
        async with new_uow(server.program)() as uow:
            for _ in range(100):
                uow.announce(LiveEvent(me(mira.id), "test", {"text": "x" * 60_000}))
            uow.announce(LiveEvent(me(joon.id), "test", {"n": 1}))
            await uow.commit()
        assert (await client.until("test"))["data"] == {"n": 1}
        for _ in range(100):
            if mira.id not in board._by_person:
                break
            await asyncio.sleep(0.05)
        assert mira.id not in board._by_person, "what waited for them was more than may wait"
    deaf.close()


async def test_whoever_says_nothing_for_long_is_asked_and_then_cut_off(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "TEND_SECONDS", 0.05)
    monkeypatch.setattr(wire, "SILENT_SECONDS", 2.6)
    mira, joon = await server.join("mira"), await server.join("joon")
    silent = await open_raw(server, mira)
    async with connected(server, joon) as client:
        async with asyncio.timeout(5):
            data = b""
            while chunk := await asyncio.get_running_loop().sock_recv(silent, 4_096):
                data += chunk
        assert b"\x89\x00" in data, "it was asked first"
        await client.say("ping", id="here")
        assert (await client.until("pong"))["re"] == "here", "whoever answers pings stays"
    silent.close()


async def test_one_person_has_so_many_connections(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SOCKETS_PER_PERSON", 2)
    mira = await server.join("mira")
    async with connected(server, mira), connected(server, mira):
        with pytest.raises(InvalidStatus) as error:
            await connected(server, mira).__aenter__()
        assert error.value.response.status_code == 429
    async with connected(server, mira) as client:
        await client.hello()


@pytest.mark.goal("O9")
async def test_a_server_that_stops_says_so(server: Server) -> None:
    mira = await server.join("mira")
    async with connected(server, mira) as client:
        await client.hello()
        await server.app.ctx.switchboard.close()
        with pytest.raises(ConnectionClosed):
            await client.until("never")
        assert client.socket.close_code == 1012


def masked(first: int, payload: bytes) -> bytes:
    """A client's frame; the mask of zeros changes nothing."""
    assert len(payload) < 126
    return bytes((first, 0x80 | len(payload), 0, 0, 0, 0)) + payload


async def open_raw(server: Server, who: Member, receive: int | None = None) -> socket.socket:
    """A connected socket behind a handshake."""
    loop = asyncio.get_running_loop()
    made = socket.socket()
    if receive:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    made.setblocking(False)
    host, _, port = server.url.removeprefix("http://").partition(":")
    await loop.sock_connect(made, (host, int(port)))
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {who.token}\r\n\r\n"
    )
    await loop.sock_sendall(made, head.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += await loop.sock_recv(made, 1)
    assert answer.startswith(b"HTTP/1.1 101")
    return made


async def raw(server: Server, who: Member, frames: bytes) -> bytes:
    """What comes back for these bytes until the server ends the connection."""
    loop = asyncio.get_running_loop()
    made = await open_raw(server, who)
    answer = b""
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            sending = asyncio.create_task(loop.sock_sendall(made, frames))
            while chunk := await loop.sock_recv(made, 65_536):
                answer += chunk
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await sending
    made.close()
    return answer


async def test_the_description_knows_every_message_and_close_code(server: Server) -> None:
    """Of what the tests above heard and said, and what the code can."""
    async with server.browser() as browser:
        answer = await browser.get("/api/v1/asyncapi.json")
        described = await answer.json()
    assert described["asyncapi"] == "3.1.0"
    assert described["servers"]["here"]["host"] == server.url.removeprefix("http://")
    messages = {each["name"] for each in described["channels"]["live"]["messages"].values()}
    assert set(live._ANSWERS) <= messages
    for code in (live.CLOSE_RESTART, live.CLOSE_SIGNED_OUT, live.CLOSE_TOO_MANY):
        assert f"* {code}: " in described["info"]["description"]
    mira = await server.join("mira")
    async with connected(server, mira) as client:
        await announce(server, mira, 1)
        for said in ("hello", "subscribe", "ping", "dance"):
            await client.say(said, {}, id="x")
        heard = [await client.hear() for _ in range(5)]
    schemas = {each["name"]: each["payload"] for each in described["channels"]["live"]["messages"].values()}
    assert {each["type"] for each in heard} == {"welcome", "counts", "ack", "pong", "nack"}
    for each in heard:
        jsonschema.validate(each, schemas[each["type"]])
