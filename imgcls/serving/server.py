"""A local server of one model, for trying out and for small loads: `imgcls.serving.rest_api` over HTTP."""

import asyncio
import socket
import zlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from imgcls.serving.json_tensors import encode
from imgcls.serving.rest_api import answer
from imgcls.serving.rest_error import FAULT, TOO_LARGE, RestError
from imgcls.serving.served_model import ServedModel

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]  # all get an answer, if only that they are malformed


def make_app(served: ServedModel, *, most_bytes: int, threads: int, poll_seconds: float) -> Starlette:
    """The ASGI application that serves one model.

    most_bytes: of a request's body. threads: requests that are worked on at the same time; the others wait.
    poll_seconds: between two looks for a new version.
    """
    pool = ThreadPoolExecutor(threads, "inference")

    async def respond(request: Request) -> Response:
        path = request.scope["raw_path"].decode("ascii", "replace")  # the name in it may have escaped signs
        try:
            body = await _read_body(request, most_bytes)
            loop = asyncio.get_running_loop()
            content = await loop.run_in_executor(pool, answer, served, request.method, path, body)
        except RestError as error:
            return _json(encode({"error": error.message}), error.status)
        return _json(content)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        watch = asyncio.create_task(_watch(served, poll_seconds))
        yield
        watch.cancel()
        pool.shutdown(cancel_futures=True)

    return Starlette(
        routes=[Route("/{path:path}", respond, methods=METHODS)],
        exception_handlers={Exception: _fault},
        lifespan=lifespan,
    )


def serve(app: Starlette, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve on a bound socket until Ctrl-C, which is raised as KeyboardInterrupt once the last request is answered.

    on_ready: called when requests are taken.
    """
    server = _Server(uvicorn.Config(app, log_level="warning", access_log=False))
    server.on_ready = on_ready
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_ready()


async def _watch(served: ServedModel, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        with suppress(OSError):  # the folder changed while it was looked at; the next look comes soon
            await asyncio.to_thread(served.refresh)


async def _fault(request: Request, error: Exception) -> Response:
    return _json(encode({"error": f"A fault of the server, which is in its log: {type(error).__name__}"}), FAULT)


def _json(content: bytes, status: int = 200) -> Response:
    return Response(content, status, media_type="application/json")


async def _read_body(request: Request, most_bytes: int) -> bytes:
    """The body, unpacked if it is gzip. One that is too large is read to its end, and forgotten on the way."""
    body, size = bytearray(), 0
    async for part in request.stream():
        size += len(part)
        if size <= most_bytes:
            body += part
        else:
            body.clear()
    content = bytes(body)
    if request.headers.get("content-encoding", "").lower() == "gzip":
        content = _unpacked(content, most_bytes)
        size = max(size, len(content))
    if size > most_bytes:
        raise RestError(
            f"The request is larger than the {most_bytes / 2**20:g} MiB that this server takes. Send fewer images at "
            "once, or start it with a larger --max-request-mib.",
            TOO_LARGE,
        )
    return content


def _unpacked(content: bytes, most_bytes: int) -> bytes:
    """The content of gzip data, or its first bytes if there are more than `most_bytes`."""
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(content, most_bytes + 1)
    except zlib.error as error:
        raise RestError(f"The body is not the gzip data that its header announces: {error}") from error
