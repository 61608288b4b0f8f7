"""The body of a request: read up to the size that a server takes, and refused as soon as it is known to be larger."""

import asyncio
import zlib
from contextlib import suppress

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from imgcls.serving.server.request_error import TOO_LARGE, RequestError

REST_SECONDS = 10.0  # in which a client that sends all before it reads may end a body that was refused


class RequestBody:
    """The body of one request, as it arrives.

    Args:
        request: The request.
        most_bytes: That it may have, packed and unpacked.
    """

    def __init__(self, request: Request, most_bytes: int) -> None:
        self._headers = request.headers
        self._parts = request.stream()
        self._most_bytes = most_bytes

    async def read(self) -> bytes:
        """The content, unpacked if it is gzip.

        Raises:
            RequestError: If it is too large, by what its head announces or by what has come, or is not gzip.
            ClientDisconnect: If the client hangs up.
        """
        announced = self._headers.get("content-length", "")
        self._check(int(announced) if announced.isdecimal() else 0)  # before a byte of it is asked for
        content = bytearray()
        async for part in self._parts:
            content += part
            self._check(len(content))
        if self._headers.get("content-encoding", "").lower() != "gzip":
            return bytes(content)
        unpacked = _unpacked(bytes(content), self._most_bytes)
        self._check(len(unpacked))
        return unpacked

    async def forget_rest(self) -> None:
        """Read what still comes, up to `REST_SECONDS`, and forget it."""
        with suppress(TimeoutError, ClientDisconnect):
            async with asyncio.timeout(REST_SECONDS):
                async for _ in self._parts:
                    pass

    def _check(self, size: int) -> None:
        if size > self._most_bytes:
            raise RequestError(
                f"The request is larger than the {self._most_bytes / 2**20:g} MiB that this server takes. Send fewer "
                "images at once, or start it with a larger --max-request-mib.",
                TOO_LARGE,
            )


class EarlyResponse(Response):
    """An answer that may come before the end of the body, after which the connection is closed.

    The answer is sent whole at once. The connection stays open until the client has ended its body or hung up, but no
    longer than `REST_SECONDS`: one that is closed while bytes arrive is reset, and takes the answer with it.

    Args:
        content: Of the answer, JSON.
        status: Of HTTP.
        body: Of the request.
    """

    def __init__(self, content: bytes, status: int, body: RequestBody) -> None:
        super().__init__(content, status, {"Connection": "close"}, "application/json")
        self._request_body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, wait for the rest of the body, and end."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        await self._request_body.forget_rest()
        await send({"type": "http.response.body", "body": b""})


def _unpacked(content: bytes, most_bytes: int) -> bytes:
    """The content of gzip data, or its first bytes if there are more than `most_bytes`."""
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(content, most_bytes + 1)
    except zlib.error as error:
        raise RequestError(f"The body is not the gzip data that its header announces: {error}") from error
