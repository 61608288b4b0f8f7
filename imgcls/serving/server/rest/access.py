"""The way of a request into a server and out: its id, the line in the access log, its span, and who may ask."""

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, MutableHeaders

from imgcls.serving.server.request_error import FAULT
from imgcls.serving.server.request_log import REQUEST_ID, RequestLog, id_of, line
from imgcls.serving.server.rest.http_options import HttpOptions
from imgcls.serving.server.rest.json_tensors import encode
from imgcls.serving.server.rest.token import names_token

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
OPEN = re.compile(r"/v2/health/.*|/|/docs")  # what is answered without a token
SCHEME = re.compile(r"https?://")


@dataclass(frozen=True)
class Access:
    """Gives every request an id, lets those in that may, and writes down how they went.

    Attributes:
        app: Answers them.
        options: Say who may ask.
        log: Where requests are written down.
    """

    app: App
    options: HttpOptions
    log: RequestLog

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI wants it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        passage = _Passage(scope, send, self.options)
        headers = Headers(scope=scope)
        try:
            if self.log.tracer is None:
                await self._answer(scope, headers, receive, passage)
            else:
                name, attributes = f"{scope['method']} {scope['path']}", passage.attributes()
                with self.log.tracer.span(name, attributes, headers) as span:
                    try:
                        await self._answer(scope, headers, receive, passage)
                    finally:
                        self.log.tracer.end(span, passage.attributes_at_end(), passage.status >= FAULT)
        finally:
            if self.log.lines:
                self.log.lines.info(passage.line())

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
        self.request_id = id_of(self._headers.get(REQUEST_ID, ""))
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

    def attributes(self) -> dict[str, Any]:
        return {"http.request.method": self._scope["method"], "url.path": self._scope["path"]}

    def attributes_at_end(self) -> dict[str, Any]:
        name = f"http.request.header.{REQUEST_ID.lower()}"
        return {"http.response.status_code": self.status, name: self.request_id}

    def line(self) -> str:
        """The request as one line of JSON."""
        client = self._scope.get("client")
        query = self._scope["query_string"].decode("ascii", "replace")
        return line(
            request_id=self.request_id,
            client=client[0] if client else "",
            method=self._scope["method"],
            path=self._scope["raw_path"].decode("ascii", "replace") + (f"?{query}" if query else ""),
            status=self.status,
            began=self._begin,
            request_bytes=int(size) if (size := self._headers.get("content-length", "")).isdecimal() else None,
            response_bytes=self._bytes,
            agent=self._headers.get("user-agent", ""),
        )


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
    sent = ["Content-Type", REQUEST_ID, *(["Authorization"] if options.token else [])]
    headers["Access-Control-Allow-Headers"] = ", ".join(sent)
    headers["Access-Control-Expose-Headers"] = REQUEST_ID


async def _reply(
    send: Send, status: int, values: dict[str, Any] | None, more: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    content = encode(values) if values else b""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
