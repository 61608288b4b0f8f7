"""`imgcls.serving.server.rest_api` over HTTP."""

import asyncio
import logging
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from imgcls.serving.server.json_tensors import encode
from imgcls.serving.server.models import Models
from imgcls.serving.server.request_error import FAULT, TOO_LARGE, UNAVAILABLE, RequestError
from imgcls.serving.server.rest_api import answer

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
CLIENT_CLOSED = 499  # the status that the official server gives to what was cancelled
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]  # all get an answer, if only that they are malformed


def make_app(models: Models, *, most_bytes: int, threads: int, poll_seconds: float) -> Starlette:
    """Make the ASGI application that serves models.

    Args:
        models: What is served.
        most_bytes: Of a request's body.
        threads: Requests that are worked on at the same time; the others wait.
        poll_seconds: Between two looks for a new version.

    Returns:
        The application. Its `state.working` holds what threads are working on: requests, and the loading of a version.
    """
    requests = _Requests(models, most_bytes, _Threads(threads, "inference"))
    versions = _Threads(1, "versions", requests.threads.working)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        watch = asyncio.create_task(_watch(lambda: versions.work_on(models.refresh, False), poll_seconds))
        yield
        watch.cancel()
        requests.threads.close()
        versions.close()

    app = Starlette(
        routes=[Route("/{path:path}", requests.respond, methods=METHODS)],
        exception_handlers={Exception: _fault},
        lifespan=lifespan,
    )
    app.state.working = requests.threads.working
    return app


class _Threads:
    """Threads that work while the event loop waits, and what they are working on."""

    def __init__(self, count: int, name: str, working: set[Future[Any]] | None = None) -> None:
        self._pool = ThreadPoolExecutor(count, name)
        self.working: set[Future[Any]] = set() if working is None else working

    async def work_on(self, function: Callable[..., Answer], *arguments: object) -> Answer:
        future = self._pool.submit(function, *arguments)
        self.working.add(future)
        future.add_done_callback(self.working.discard)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)  # who waited has an answer, or has waited long enough


@dataclass(frozen=True)
class _Requests:
    """The handler of all requests."""

    models: Models
    most_bytes: int
    threads: _Threads

    async def respond(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode("ascii", "replace")  # the name in it may have escaped signs
        if request.url.query:
            path += f"?{request.url.query}"  # which the official server takes for a part of the path
        try:
            body = await _read_body(request, self.most_bytes)
            content = await self.threads.work_on(answer, self.models, request.method, path, body)
        except RequestError as error:
            return _json(encode({"error": error.message}), error.status)
        except asyncio.CancelledError:  # the time for the requests at hand is over
            return _json(encode({"error": "The server stops; it had no time left for this request."}), UNAVAILABLE)
        except ClientDisconnect:
            return Response(status_code=CLIENT_CLOSED)  # nobody reads it
        return _json(content)


def serve(
    app: Starlette,
    listener: socket.socket,
    on_ready: Callable[[], None],
    drain_seconds: float,
    on_stop: Callable[[], None] = lambda: None,
) -> None:
    """Serve on a bound socket until Ctrl-C or SIGTERM.

    Args:
        app: What `make_app` made.
        listener: The socket.
        on_ready: Called when requests are taken.
        drain_seconds: Time in which the requests at hand have to be answered; new ones are not taken.
        on_stop: Called at the beginning of that time, in a thread; the server waits for it.

    Raises:
        KeyboardInterrupt: After Ctrl-C. SIGTERM ends the process.
    """
    timeout: Any = drain_seconds  # uvicorn asks for an int; asyncio, which gets it, takes a float
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=timeout)
    server = _Server(config)
    server.on_ready, server.on_stop = on_ready, on_stop
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    on_ready: Callable[[], None]
    on_stop: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.gather(asyncio.to_thread(self.on_stop), super().shutdown(sockets))


async def _watch(refresh: Callable[[], Awaitable[object]], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await refresh()
        except Exception as error:  # such as a folder that changed while it was looked at; the next look comes soon
            log.warning("No newer version was looked for: %s", error)


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
        raise RequestError(
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
        raise RequestError(f"The body is not the gzip data that its header announces: {error}") from error
