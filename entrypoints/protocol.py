"""Connections with deadlines that sending a byte now and then does not move.

Sanic's own timers start again at every byte, so one byte per second holds a connection for ever. Here a request's head
has a total deadline, and the rest of a body that nobody wants any more has a short one. Bodies that somebody does read have
theirs in `body.chunks`.

Whoever is refused in the middle of a body can still read the answer: closing at once would reset the connection under
it, so the connection is half closed and listens a little longer.
"""

import re
from asyncio import BaseTransport
from collections.abc import Iterator
from time import monotonic
from typing import Any

from sanic import Request
from sanic.exceptions import BadRequest, RequestTimeout, ServiceUnavailable
from sanic.http import Http, Stage
from sanic.response import BaseHTTPResponse, HTTPResponse
from sanic.server.protocols.websocket_protocol import WebSocketProtocol

from entrypoints.wire import Wire, accept

# How late a deadline may be noticed, in seconds.
_STEP_SECONDS = 1.0
_DRAIN_SECONDS = 2.0
_LINGER_SECONDS = 5.0
# How much of one request may come in all. Who announced a length is somewhat too large; who did not may never end.
_ENDLESS_BYTES = 21 * 2**20
_ANNOUNCED_BYTES = 64 * 2**20


_TRAILER_BYTES, _TRAILER_FIELDS = 8 * 1024, 32
_CHUNK_LINE_BYTES = 64

_FIELD = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*"
_HEAD = re.compile(rb"[^\r\n]*(?:\r\n" + _FIELD + rb")*")
_TRAILER = re.compile(_FIELD + rb"(?:\r\n" + _FIELD + rb")*")
# Letters that Python takes for spaces, where a proxy sees none.
_ODD_FRAMING = re.compile(rb"\r\n(?:content-length|transfer-encoding|host):[^\r\n]*[\x80-\xff]", re.I)
_DECIMAL, _HEX = re.compile(r"[0-9]+"), re.compile(r"[0-9A-Fa-f]+")


class Bare(HTTPResponse):
    """An answer without content, and so without the type of one: Sanic would say `None`."""

    @property
    def processed_headers(self) -> Iterator[tuple[bytes, bytes]]:
        """See Sanic."""
        return (header for header in super().processed_headers if header[0] != b"content-type")


class HonestHttp(Http):
    """Says `Connection: close` where it will be closed: the rest of a body is too much to skip, or the server stops."""

    __slots__ = ()

    async def http1_request_header(self) -> None:
        """Refuses what a proxy in front could read in another way than Sanic does."""
        await super().http1_request_header()
        if not _HEAD.fullmatch(self.request.head):
            raise BadRequest("a header's name is no token, or its value no text")
        if _ODD_FRAMING.search(self.request.head):
            raise BadRequest("a length, a coding or a host is no plain text")
        hosts = len(self.request.headers.getall("host", ()))
        if hosts > 1 or (not hosts and self.request.version == "1.1"):
            raise BadRequest("a request names one host")

    async def read(self) -> bytes | None:
        """Some of the body; None after its end. Raises BadRequest."""
        is_chunked = self.request_body == "chunked"
        if is_chunked and not self.request_bytes_left:
            await self._end_chunk()
        try:
            data: bytes | None = await super().read()
        except BadRequest:
            if not is_chunked or self.request_body is not None:
                raise
            # Sanic stops at the fields that may follow the last chunk, and has the connection end with the answer.
            await self._drop_trailer()
            return None
        return data

    async def _end_chunk(self) -> None:
        """Sanic takes any two bytes for the end of a chunk, and line feeds for a part of what follows its size."""
        while len(self.recv_buffer) < 2:
            await self._receive_more()
        if self.recv_buffer[:2] != b"\r\n":
            self.keep_alive = False
            raise BadRequest("a chunk is longer than it says")
        while (end := self.recv_buffer.find(b"\r\n", 2)) < 0 and len(self.recv_buffer) < _CHUNK_LINE_BYTES:
            await self._receive_more()
        if b"\n" in self.recv_buffer[2 : max(end, 0)]:
            self.keep_alive = False
            raise BadRequest("a chunk's size is one line")

    async def _drop_trailer(self) -> None:
        """Nobody here asks for them, but they are legal. Raises BadRequest for what is no field, or for too many."""
        buffer = self.recv_buffer
        while (end := buffer.find(b"\r\n\r\n")) < 0 and len(buffer) <= _TRAILER_BYTES:
            await self._receive_more()
        trailer = bytes(buffer[: max(end, 0)])
        many = len(trailer) > _TRAILER_BYTES or trailer.count(b"\r\n") >= _TRAILER_FIELDS
        if many or not _TRAILER.fullmatch(trailer):
            raise BadRequest("what follows the last chunk is too much, or no field")
        del buffer[: end + 4]

    @staticmethod
    def _safe_int(value: str, base: int = 10) -> int:
        """A length. Python's own numbers may have other digits, signs, spaces, underscores and prefixes."""
        if not (_HEX if base == 16 else _DECIMAL).fullmatch(value):
            raise ValueError
        return int(value, base)

    def create_empty_request(self) -> None:
        """For an answer to what is no request. Its target may be what was wrong with it."""
        self.url = None
        super().create_empty_request()

    def respond(self, response: BaseHTTPResponse) -> BaseHTTPResponse:
        too_much = self.request_body == "chunked" or (
            self.request_body and self.request_bytes > self.protocol.request_max_size
        )
        # A server that stops waits for its connections, and nobody else would end one that asks again and again.
        if too_much or self.protocol.app.ctx.stopping:
            self.keep_alive = False
        return super().respond(response)


class DeadlineProtocol(WebSocketProtocol):
    """HTTP/1.1 and WebSockets as Sanic speaks them, with total deadlines.

    `REQUEST_TIMEOUT` runs from the first byte of a head to its last, and from the connection to the first byte;
    `RESPONSE_TIMEOUT` from the last byte in or out while a request is handled; `KEEP_ALIVE_TIMEOUT` between requests.
    """

    HTTP_CLASS = HonestHttp
    __slots__ = ("_got_bytes", "_has_spoken", "_is_lingering", "_last_http")

    def connection_made(self, transport: BaseTransport) -> None:
        self._has_spoken = self._is_lingering = False
        self._got_bytes = 0
        self._last_http: Http | None = None
        super().connection_made(transport)

    async def websocket_handshake(self, request: Request, _: Any = None) -> Wire:
        """Who may connect is decided before anything is opened; see `entrypoints.live`."""
        request.ctx.identity = await self.app.ctx.switchboard.admit(request)
        return await accept(request)

    def _setup_connection(self, *arguments: Any, **named: Any) -> None:
        super()._setup_connection(*arguments, **named)
        self._last_http = self._http

    def data_received(self, data: bytes) -> None:
        phase = self._phase()
        self._got_bytes = len(data) + (0 if phase == "between" else self._got_bytes)
        if self._is_lingering:
            if not self._is_sending():
                self.close()
            return
        since = self._time
        self._has_spoken = True
        super().data_received(data)
        if phase in ("head", "rest"):
            self._time = since

    def _phase(self) -> str:
        """`between` requests, in a `head`, `busy` with a request, in the `rest` of a body after the answer, or `over`."""
        http = self.http
        if http is None:
            return "over"
        if http.stage is Stage.IDLE:
            return "rest" if getattr(http, "request_body", None) else "between"
        return "head" if http.stage is Stage.REQUEST else "busy"

    def check_timeouts(self) -> None:
        """End the connection when its time is up, else look again soon. Sockets that became WebSockets have none."""
        http = self.http
        if not self._task or http is None:
            return
        if self.websocket is not None:  # asking to become one is not enough
            return
        left = self._time + self._seconds() - monotonic()
        if left > 0:
            self._callback_check_timeouts = self.loop.call_later(
                min(left + 0.01, _STEP_SECONDS), self.check_timeouts
            )
            return
        if http.stage is Stage.REQUEST:
            http.exception = RequestTimeout("the head took too long")
        elif http.stage is not Stage.IDLE:
            http.exception = ServiceUnavailable("the answer took too long")
        self._task.cancel()

    def _seconds(self) -> float:
        """How long the present phase may last."""
        seconds = {
            "head": self.request_timeout,
            "rest": _DRAIN_SECONDS,
            "between": self.keep_alive_timeout if self._has_spoken else self.request_timeout,
        }
        return float(seconds.get(self._phase(), self.response_timeout))

    def close(self, timeout: float | None = None) -> None:
        """Close; at once, unless somebody is still sending what was refused."""
        if not self._is_lingering and self._is_sending():
            self._is_lingering = True
            self.recv_buffer.clear()
            self.transport.write_eof()
            self.transport.resume_reading()
            self.loop.call_later(_LINGER_SECONDS, self.close)
            return
        super().close(timeout)

    def _is_sending(self) -> bool:
        """Whether a body is on its way that nobody will read, and little enough came to wait for the rest."""
        body = getattr(self._last_http, "request_body", None)
        if not body or self.transport is None or self.transport.is_closing():
            return False
        most = _ENDLESS_BYTES if body == "chunked" else _ANNOUNCED_BYTES
        return self._got_bytes <= most and bool(self.transport.can_write_eof())
