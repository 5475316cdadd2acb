"""Connections with deadlines that sending a byte now and then does not move.

Sanic's own timers start again at every byte, so one byte per second holds a connection for ever. Here a request's head
has a total deadline, and so has the rest of a body that nobody wants any more. Bodies that somebody does read have
theirs in `body.chunks`.
"""

from asyncio import BaseTransport
from time import monotonic

from sanic.exceptions import RequestTimeout, ServiceUnavailable
from sanic.http import Stage
from sanic.server.protocols.websocket_protocol import WebSocketProtocol

# How late a deadline may be noticed, in seconds.
_STEP_SECONDS = 1.0


class DeadlineProtocol(WebSocketProtocol):
    """HTTP/1.1 and WebSockets as Sanic speaks them, with total deadlines.

    `REQUEST_TIMEOUT` runs from the first byte of a head to its last, and from the connection to the first byte;
    `RESPONSE_TIMEOUT` from the last byte in or out while a request is handled; `KEEP_ALIVE_TIMEOUT` between requests.
    """

    __slots__ = ("_has_spoken",)

    def connection_made(self, transport: BaseTransport) -> None:
        self._has_spoken = False
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        since, total = self._time, self._is_total()
        self._has_spoken = True
        super().data_received(data)
        if total:
            self._time = since

    def _is_total(self) -> bool:
        """Whether the time runs on whatever is sent: in a head, and in what is left of a body after the answer."""
        http = self.http
        if http is None:
            return False
        return http.stage is Stage.REQUEST or (
            http.stage is Stage.IDLE and bool(getattr(http, "request_body", None))
        )

    def check_timeouts(self) -> None:
        """End the connection when its time is up, else look again soon. Sockets that became WebSockets have none."""
        http = self.http
        if not self._task or http is None:
            return
        if http.stage is Stage.HANDLER and http.upgrade_websocket:
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
        if self._is_total() or not self._has_spoken:
            return float(self.request_timeout)
        idle = self.http.stage is Stage.IDLE
        return float(self.keep_alive_timeout if idle else self.response_timeout)
