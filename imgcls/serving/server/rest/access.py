"""The way of a request into a server and out: its id, the line in the access log, its span, and who may ask."""

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers, MutableHeaders

from imgcls.serving.server.rest.http_options import HttpOptions
from imgcls.serving.server.rest.json_tensors import encode
from imgcls.serving.server.rest.token import names_token
from imgcls.serving.server.rest.tracing import Tracer

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
REQUEST_ID = "X-Request-ID"
PLAIN = re.compile(r"[\w.:/+=-]{1,128}", re.ASCII)  # an id that may stand in a log
OPEN = re.compile(r"/v2/health/.*|/|/docs")  # what is answered without a token
SCHEME = re.compile(r"https?://")


def open_log(place: str) -> logging.Logger | None:
    """Open an access log.

    Args:
        place: A file, which may be moved away while it is written to; "-" for standard output; "" for none.

    Raises:
        ValueError: If the file cannot be written.
    """
    if not place:
        return None
    try:
        handler = logging.StreamHandler(sys.stdout) if place == "-" else WatchedFileHandler(place, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"--access-log {Path(place)} cannot be written: {error}.") from error
    log = logging.Logger("imgcls.access", logging.INFO)  # of no tree: no other handler gets its lines
    log.addHandler(handler)
    return log


@dataclass(frozen=True)
class Access:
    """Gives every request an id, lets those in that may, and writes down how they went.

    Attributes:
        app: Answers them.
        options: Say who may ask.
        log: Gets a line of JSON for each; None for no log.
        tracer: Gets a span for each; None for no spans.
    """

    app: App
    options: HttpOptions
    log: logging.Logger | None
    tracer: Tracer | None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI wants it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        passage = _Passage(scope, send, self.options)
        headers = Headers(scope=scope)
        try:
            if self.tracer is None:
                await self._answer(scope, headers, receive, passage)
            else:
                with self.tracer.span(scope["method"], scope["path"], headers) as span:
                    await self._answer(scope, headers, receive, passage)
                    self.tracer.end(span, passage.status, passage.request_id)
        finally:
            if self.log:
                self.log.info(passage.line())

    async def _answer(self, scope: Message, headers: Headers, receive: Receive, passage: "_Passage") -> None:
        if scope["method"] == "OPTIONS":
            await _preflight(headers, passage.send)
        elif self._may(scope["path"], headers):
            await self.app(scope, receive, passage.send)
        else:
            why = "This server asks for a token. Send the header `Authorization: Bearer TOKEN`."
            await _reply(passage.send, 401, {"error": why}, [(b"www-authenticate", b"Bearer")])

    def _may(self, path: str, headers: Headers) -> bool:
        if not self.options.token or OPEN.fullmatch(path):
            return True
        return names_token(headers.get("authorization", ""), self.options.token)


class _Passage:
    """What becomes of one request."""

    def __init__(self, scope: Message, send: Send, options: HttpOptions) -> None:
        self._scope, self._send, self._options = scope, send, options
        self._begin = time.perf_counter()
        self._headers = Headers(scope=scope)
        named = self._headers.get(REQUEST_ID, "")
        self.request_id = named if PLAIN.fullmatch(named) else uuid.uuid4().hex
        self.status, self._bytes = 500, 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[REQUEST_ID] = self.request_id
            if self._options.cors:
                _allow(headers, self._headers.get("origin", ""), self._options)
        else:
            self._bytes += len(message.get("body", b""))
        await self._send(message)

    def line(self) -> str:
        """The request as one line of JSON."""
        client = self._scope.get("client")
        query = self._scope["query_string"].decode("ascii", "replace")
        found = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "id": self.request_id,
            "client": client[0] if client else "",
            "method": self._scope["method"],
            "path": self._scope["raw_path"].decode("ascii", "replace") + (f"?{query}" if query else ""),
            "status": self.status,
            "seconds": round(time.perf_counter() - self._begin, 6),
            "request_bytes": int(size) if (size := self._headers.get("content-length", "")).isdecimal() else None,
            "response_bytes": self._bytes,
            "agent": self._headers.get("user-agent", ""),
        }
        return json.dumps(found, ensure_ascii=False)


async def _preflight(headers: Headers, send: Send) -> None:
    """Answer what a browser asks before it lets a page ask, as the official server does."""
    if SCHEME.search(headers.get("origin", "")):
        await _reply(send, 200, None)
    else:
        await _reply(send, 400, {"error": "Origin header is missing in CORS preflight"})


def _allow(headers: MutableHeaders, origin: str, options: HttpOptions) -> None:
    """Let a browser show the answer to a page of the origin that may ask."""
    if options.cors != "*":
        headers.add_vary_header("Origin")
        if origin != options.cors:
            return
    headers["Access-Control-Allow-Origin"] = options.cors
    headers["Access-Control-Allow-Methods"] = "POST, GET"
    headers["Access-Control-Allow-Headers"] = "Content-Type, Authorization" if options.token else "Content-Type"


async def _reply(
    send: Send, status: int, values: dict[str, Any] | None, more: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    content = encode(values) if values else b""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
