"""A WebSocket as we speak it: what comes in is counted before anything is made of it, what goes out never waits.

Sanic's own answers every ping of a flood from memory without end, waits for ever for a client that stops reading, and
takes text that is not UTF-8. The parsing is the `websockets` package's, without its input and output.
"""

import time
from asyncio import AbstractEventLoop, Future, get_running_loop
from collections.abc import Callable
from typing import Any

from sanic import Request
from sanic.exceptions import BadRequest
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

MAX_MESSAGE = 64 * 1024
# What a client may send: pieces of one message, and frames that carry none, in a second.
MAX_FRAGMENTS = 1_000
MAX_CONTROL = 50
# How long one message may take, and how long nothing may be heard at all, in seconds. It is asked after half of that.
MESSAGE_SECONDS = 10.0
SILENT_SECONDS = 40.0
# How much may wait for a client that reads too slowly, and for how long.
MAX_WAITING_BYTES = 2**20
MAX_WAITING_FRAMES = 256
LINGER_SECONDS = 3.0
STALLED_SECONDS = 10.0
# Floods are cut between two of these.
_SLICE = 4 * 1024
_PING = b"\x89\x00"


def text_frame(payload: bytes) -> bytes:
    """UTF-8 as one WebSocket frame, ready for every client (RFC 6455, 5.2: unmasked, final, text)."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


class Wire:
    """One connection. `on_text` gets each message; `closed` is done when the connection is.

    Stands in the place of Sanic's own in its protocol, and has what that asks for.
    """

    __slots__ = (
        "_began",
        "_control",
        "_fragments",
        "_heard",
        "_on_text",
        "_parts",
        "_second",
        "_transport",
        "_waiting_frames",
        "_waiting_since",
        "closed",
        "loop",
        "ws_proto",
    )

    def __init__(self, protocol: ServerProtocol, transport: Any, loop: AbstractEventLoop) -> None:
        self.ws_proto = protocol
        self.loop = loop
        self.closed: Future[None] = loop.create_future()
        self._transport = transport
        self._on_text: Callable[[str], None] = lambda _: None
        self._parts: list[bytes] = []
        self._fragments = 0
        self._began = 0.0
        self._second, self._control = 0, 0
        self._heard = time.monotonic()
        self._waiting_frames, self._waiting_since = 0, 0.0

    def listen(self, on_text: Callable[[str], None]) -> None:
        """From now on messages go to `on_text`, which must not wait."""
        self._on_text = on_text

    # Out

    def send(self, frame: bytes) -> None:
        """Send a ready frame. Whoever reads too slowly for too long is cut off, and finds what they missed later."""
        if self.ws_proto.state is not State.OPEN or self._transport.is_closing():
            return
        self._transport.write(frame)
        waiting = self._transport.get_write_buffer_size()
        if not waiting:
            self._waiting_frames = 0
            return
        self._waiting_frames += 1
        if self._waiting_frames == 1:
            self._waiting_since = time.monotonic()
        if waiting > MAX_WAITING_BYTES or self._waiting_frames > MAX_WAITING_FRAMES:
            self.abort()

    def end(self, code: int, reason: str = "") -> None:
        """Say why and close; whoever does not answer is cut off soon."""
        if self.ws_proto.state is State.OPEN:
            self.ws_proto.send_close(code, reason)
            self._flush()
            self._wait_for_the_end()

    def abort(self) -> None:
        """Cut the connection off at once."""
        self._transport.abort()

    def tend(self, now: float) -> None:
        """Called every second or so: asks who is silent, cuts off who does not answer, read or finish."""
        if self._transport.is_closing():
            return
        if self._waiting_frames:
            if not self._transport.get_write_buffer_size():
                self._waiting_frames = 0
            elif now - self._waiting_since > STALLED_SECONDS:
                self.abort()
                return
        unfinished = bool(self._parts) and now - self._began > MESSAGE_SECONDS
        if unfinished or now - self._heard > SILENT_SECONDS:
            self.abort()
        elif now - self._heard > SILENT_SECONDS / 2:
            self.send(_PING)

    # In, called by Sanic's protocol

    def data_received(self, data: bytes) -> None:
        self._heard = now = time.monotonic()
        for start in range(0, len(data), _SLICE):
            if self._transport.is_closing():
                return
            self.ws_proto.receive_data(data[start : start + _SLICE])
            for event in self.ws_proto.events_received():
                if isinstance(event, Frame) and not self._take(event, now):
                    return
            self._flush()

    def _take(self, frame: Frame, now: float) -> bool:
        """Whether the connection goes on after this frame."""
        if frame.opcode is Opcode.CLOSE:
            self._flush()
            self._hang_up()
            return False
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            return self._count_control(now)
        # Nobody listens any more to what is still coming in while it is closed.
        return self.ws_proto.state is not State.OPEN or self._collect(frame, now)

    def _collect(self, frame: Frame, now: float) -> bool:
        if not self._parts:
            self._began, self._fragments = now, 0
        self._fragments += 1
        if self._fragments > MAX_FRAGMENTS:
            self.end(1009, "too many fragments")
            return False
        self._parts.append(frame.data)
        if not frame.fin:
            return True
        whole, self._parts = b"".join(self._parts), []
        try:
            text = whole.decode()
        except UnicodeDecodeError:
            self.end(1007, "not UTF-8")
            return False
        self._on_text(text)
        return True

    def _count_control(self, now: float) -> bool:
        if int(now) != self._second:
            self._second, self._control = int(now), 0
        self._control += 1
        if self._control > MAX_CONTROL:
            self.abort()
            return False
        return True

    def _flush(self) -> None:
        for data in self.ws_proto.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._wait_for_the_end()

    def _wait_for_the_end(self) -> None:
        """Whoever is still sending would lose the reason if the connection were closed under them."""
        self._parts.clear()
        self.loop.call_later(LINGER_SECONDS, self._transport.abort)

    def _hang_up(self) -> None:
        if not self._transport.is_closing():
            self._transport.close()

    def eof_received(self) -> bool:
        self.ws_proto.receive_eof()
        self._hang_up()
        return False

    def connection_lost(self, _: Exception | None) -> None:
        self.ws_proto.state = State.CLOSED
        if not self.closed.done():
            self.closed.set_result(None)

    def end_connection(self, code: int = 1001) -> None:
        """Sanic's: the request that became this connection has ended."""
        self.end(code)

    async def close(self, code: int = 1001) -> None:
        """Sanic's: the server stops."""
        self.end(code)


async def accept(request: Request) -> Wire:
    """Answer a handshake with 101, and go on as a WebSocket. Raises BadRequest for what is none."""
    connection: Any = request.transport.get_protocol()  # type: ignore[union-attr]
    protocol = ServerProtocol(max_size=MAX_MESSAGE, state=State.OPEN)
    answer = protocol.accept(connection.sanic_request_to_ws_request(request))
    if answer.status_code != 101:
        raise BadRequest("this address speaks WebSocket, version 13")
    head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.raw_items())
    await connection.send(f"HTTP/1.1 101 Switching Protocols\r\n{head}\r\n".encode())
    wire = Wire(protocol, request.transport, get_running_loop())
    connection.websocket = wire
    return wire
