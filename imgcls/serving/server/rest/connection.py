"""One connection of a client: only so many are served, and each gets only so much time to send and to read."""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import h11
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

from imgcls.serving.server.rest.http_options import HttpOptions
from imgcls.serving.server.rest.json_tensors import encode

App = Callable[[Any, Any, Any], Awaitable[None]]  # of ASGI: scope, receive, send
HEALTH = "/v2/health/"
CLOSE = (b"connection", b"close")
UNSENT = 2**16  # bytes that the system keeps and has not sent: of megabytes, it would say late that a client reads


class Connection(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with the limits of `HttpOptions`.

    Over more connections than are served, only the calls for health are answered, so that an orchestrator does not
    take a busy server for a dead one. Twice as many are cut off. So is a client that leaves an answer lying.
    """

    options = HttpOptions()
    _timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        system = transport.get_extra_info("socket")
        system.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        transport.set_write_buffer_limits(high=1)  # writing pauses at the first byte that does not fit into the system
        if len(self.connections) > 2 * self.options.most_connections:
            transport.abort()
        elif len(self.connections) > self.options.most_connections:
            self.app = _but_health(self.app, self.options.most_connections)
        self._start_timer()

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:  # the head is there; http.py gives the body its time
            self._stop_timer()
        elif self._timer is None:
            self._start_timer()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._stop_unread_timer()
        super().connection_lost(exc)

    @override
    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP in JSON, as everything else is; a request that has its answer only ends.

        Called while the error is handled that says what is wrong.
        """
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            error = sys.exception()
            message = f"The request is not valid HTTP: {str(error or msg)[:200]}."
            status = HTTPStatus(getattr(error, "error_status_hint", HTTPStatus.BAD_REQUEST))
            self.transport.write(_raw(status, status.phrase.encode(), encode({"error": message})))
        self.transport.close()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._start_unread_timer()

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_unread_timer()

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self.options.upload_seconds, self._too_slow)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start_unread_timer(self) -> None:
        unread = self.transport.get_write_buffer_size()
        self._unread_timer = self.loop.call_later(self.options.upload_seconds, self._look_at_unread, unread)

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _look_at_unread(self, before: int) -> None:
        """Cut a client off that has read nothing of an answer since `before` bytes of it were left."""
        if self.transport.get_write_buffer_size() < before:
            self._start_unread_timer()
        else:
            self.transport.abort()

    def _too_slow(self) -> None:
        """End a connection that has not brought the head of a request; say why, if it has brought a part."""
        self._timer = None
        if self.transport.is_closing():
            return
        if self.conn.trailing_data[0] and self.conn.our_state is h11.IDLE:
            message = f"The head of the request took longer than {self.options.upload_seconds:g} s to arrive."
            self.transport.write(_raw(408, b"Request Timeout", encode({"error": message})))
        self.transport.close()


def connection_of(options: HttpOptions) -> type[Connection]:
    """The class of connections with these limits, as uvicorn wants it."""
    return type("LimitedConnection", (Connection,), {"options": options})


def _but_health(app: App, most: int) -> App:
    """Refuse all requests but those for health."""

    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].startswith(HEALTH):
            await app(scope, receive, send)
            return
        content = encode({"error": f"The server has its {most} connections. Try again, or start it with a larger "
                          "--max-connections."})  # fmt: skip
        headers = [(b"content-type", b"application/json"), (b"retry-after", b"1"), CLOSE]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return refuse


def _raw(status: int, phrase: bytes, content: bytes) -> bytes:
    head = b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
    return head % (status, phrase, len(content)) + content
