"""`imgcls.serving.server.rest.rest_api` over HTTP, with what an operator needs around it."""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from typing_extensions import override

from imgcls.heard_signals import heard_signals
from imgcls.serving.server.core.models import Models
from imgcls.serving.server.memory import give_back_freed
from imgcls.serving.server.monitoring.exposition import CONTENT_TYPE
from imgcls.serving.server.monitoring.metrics import Metrics
from imgcls.serving.server.request_error import (
    CLIENT_CLOSED,
    FAULT,
    GATEWAY_TIMEOUT,
    NOT_FOUND,
    REQUEST_TIMEOUT,
    TOO_LARGE,
    UNAVAILABLE,
    RequestError,
)
from imgcls.serving.server.request_log import RequestLog
from imgcls.serving.server.rest.access import Access
from imgcls.serving.server.rest.classify import Question, classify
from imgcls.serving.server.rest.connection import connection_of
from imgcls.serving.server.rest.http_options import HttpOptions
from imgcls.serving.server.rest.json_tensors import encode
from imgcls.serving.server.rest.openapi import openapi
from imgcls.serving.server.rest.request_body import EarlyResponse, RequestBody
from imgcls.serving.server.rest.rest_api import answer, call_of
from imgcls.serving.server.rest.routes import operations
from imgcls.serving.server.rest.sent_images import read_images

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
Handler = Callable[[Request], Awaitable[Response]]
GIVE_BACK_SECONDS = 60.0  # between two times that freed memory is given back, which a busy server does not notice
SAME_SIGNAL_SECONDS = 0.5  # after the first one: `timeout` sends it to the process and to its group
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]  # all get an answer, if only that they are malformed
OWN = {each.path: each.method for each in operations() if not each.is_rest}
PAGE = Path(__file__).with_name("try_page.html")
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def make_app(
    models: Models,
    *,
    most_bytes: int,
    threads: int,
    poll_seconds: float,
    options: HttpOptions | None = None,
    log: RequestLog | None = None,
) -> Starlette:
    """Make the ASGI application that serves models.

    Args:
        models: What is served. If its observer is `Metrics`, they are served too.
        most_bytes: Of a request's body.
        threads: Requests that are worked on at the same time; the others wait.
        poll_seconds: Between two looks for a new version.
        options: What is asked of clients.
        log: Where requests are written down; None for nowhere.

    Returns:
        The application. Its `state.working` holds what threads are working on: requests, and the loading of a version.
    """
    options = options or HttpOptions()
    requests = _Requests(models, most_bytes, options, _Threads(threads, "inference"))
    versions = _Threads(1, "versions", requests.threads.working)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        watches = [
            asyncio.create_task(_watch(lambda: versions.work_on(models.refresh, False), poll_seconds)),
            asyncio.create_task(_watch(lambda: versions.work_on(give_back_freed), GIVE_BACK_SECONDS)),
        ]
        yield
        for watch in watches:
            watch.cancel()
        requests.threads.close()
        versions.close()

    async def other(request: Request, error: Exception) -> Response:
        """Answer what no route takes, such as a name with a line break or TRACE, as every malformed request."""
        return await requests.rest(request)

    app = Starlette(routes=requests.routes(), lifespan=lifespan, exception_handlers={404: other, 405: other})
    app.add_middleware(Access, options=options, log=log or RequestLog())
    app.state.working = requests.threads.working
    app.state.options = options
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
    """The handlers of all requests."""

    models: Models
    most_bytes: int
    options: HttpOptions
    threads: _Threads

    def routes(self) -> list[Route]:
        """A route for each operation of the table; the REST API reads its own addresses."""
        own: Mapping[str, Handler] = {
            "classify": self.classify,
            "live": self.live,
            "ready": self.ready,
            "metrics": self.metrics,
            "openapi": self.openapi,
            "docs": self.page,
            "page": self.page,
        }
        rows = [each for each in operations() if not each.is_rest]
        handlers = {each.name: own[each.name.partition("_")[0]] for each in rows}
        named = [Route(each.path, handlers[each.name], methods=[each.method]) for each in rows]
        return [*named, Route("/{path:path}", self.rest, methods=METHODS)]

    async def rest(self, request: Request) -> Response:
        if allowed := OWN.get(request.url.path):
            why = f"{request.url.path} answers {allowed}, not {request.method}."
            return Response(encode({"error": why}), 405, {"Allow": allowed}, "application/json")
        path = request.scope["raw_path"].decode("ascii", "replace")  # the name in it may have escaped signs
        if request.url.query:
            path += f"?{request.url.query}"  # which the official server takes for a part of the path

        def work(body: bytes, seconds: float) -> bytes:
            return answer(self.models, request.method, path, body, seconds)

        return await self._respond(request, *call_of(request.method, path), work)

    async def classify(self, request: Request) -> Response:
        asked = [*parse_qsl(request.url.query, keep_blank_values=True), *request.path_params.items()]

        def work(body: bytes, seconds: float) -> bytes:
            question = Question.from_query(asked)
            content_type = request.headers.get("content-type", "")
            images = read_images(content_type, body, self.models.limits.instances)
            return classify(self.models, question, images, seconds)

        return await self._respond(request, "ClassifyImages", dict(asked).get("model") or self._first(), work)

    async def live(self, request: Request) -> Response:
        return _json(encode({"live": True}))

    async def ready(self, request: Request) -> Response:
        is_ready = self.models.is_ready
        return _json(encode({"ready": is_ready}), 200 if is_ready else UNAVAILABLE)

    async def metrics(self, request: Request) -> Response:
        if not isinstance(self.models.observer, Metrics):
            return _json(encode({"error": "This server keeps no figures."}), NOT_FOUND)
        page = await asyncio.to_thread(self.models.observer.page, self.models.served)
        return Response(page, headers={"Content-Type": CONTENT_TYPE})

    async def openapi(self, request: Request) -> Response:
        return _json(encode(openapi(self.models.names, bool(self.options.token))))

    async def page(self, request: Request) -> Response:
        return Response(PAGE.read_bytes(), media_type="text/html", headers=PAGE_HEADERS)

    async def _respond(
        self, request: Request, method: str, model: str, work: Callable[[bytes, float], bytes]
    ) -> Response:
        """Read the body, work on it in a thread, and count how it went."""
        body = RequestBody(request, self.most_bytes)
        try:
            content = await self._content(body)
            begin = time.perf_counter()
            response = await self._worked_on(work, content)
        except RequestError as error:
            begin = time.perf_counter()
            response = _refusal(error, body)
        except ClientDisconnect:
            return Response(status_code=CLIENT_CLOSED)  # nobody reads it
        self._count(method, model, response.status_code, time.perf_counter() - begin)
        return response

    async def _content(self, body: RequestBody) -> bytes:
        try:
            async with asyncio.timeout(self.options.upload_seconds):
                return await body.read()
        except TimeoutError as error:
            message = f"The body of the request took longer than {self.options.upload_seconds:g} s to arrive."
            raise RequestError(message, REQUEST_TIMEOUT) from error

    async def _worked_on(self, work: Callable[[bytes, float], bytes], content: bytes) -> Response:
        seconds = self.options.request_seconds
        try:
            async with asyncio.timeout(seconds):
                return _json(await self.threads.work_on(work, content, seconds))
        except RequestError as error:
            return _json(encode({"error": error.message}), error.status)
        except TimeoutError:
            why = (
                f"The answer took longer than {seconds:g} s. Send fewer images at once, or start the server with more "
            )
            return _json(encode({"error": why + "--request-seconds."}), GATEWAY_TIMEOUT)
        except asyncio.CancelledError:  # the time for the requests at hand is over
            return _json(encode({"error": "The server stops; it had no time left for this request."}), UNAVAILABLE)
        except Exception as error:  # a request must not take the server with it
            log.exception("A request was not answered:")
            why = f"A fault of the server, which is in its log: {type(error).__name__}"
            return _json(encode({"error": why}), FAULT)

    def _first(self) -> str:
        return next(iter(self.models.names), "")

    def _count(self, method: str, model: str, status: int, seconds: float) -> None:
        known = model if model in self.models.names else ""  # or every misspelling would be counted by itself
        self.models.observer.request(api="REST", method=method, model=known, status=status, seconds=seconds)


def configuration(app: Starlette, drain_seconds: float = 10.0, **more: Any) -> uvicorn.Config:
    """How uvicorn serves an application.

    Args:
        app: What `make_app` made.
        drain_seconds: Time in which the requests at hand have to be answered at the end.
        more: Of uvicorn, such as ssl_certfile.
    """
    connection: Any = connection_of(app.state.options)
    timeout: Any = drain_seconds  # uvicorn asks for an int; asyncio, which gets it, takes a float
    return uvicorn.Config(
        app,
        http=connection,
        ws="none",
        log_level="error",  # what a client does wrong is no warning to the operator
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,  # seconds; a client keeps its connection between two requests
        timeout_graceful_shutdown=timeout,
        **more,
    )


def serve(
    config: uvicorn.Config,
    listener: socket.socket,
    on_ready: Callable[[], None],
    on_stop: Callable[[], None] = lambda: None,
) -> None:
    """Serve on a bound socket until Ctrl-C or SIGTERM. A second one ends the process at once, with 128 + its number.

    Args:
        config: What `configuration` made.
        listener: The socket.
        on_ready: Called when requests are taken.
        on_stop: Called at the beginning of the time to drain, in a thread; the server waits for it.

    Raises:
        KeyboardInterrupt: After Ctrl-C or SIGTERM, when the requests at hand are answered.
    """
    server = _Server(config)
    server.on_ready, server.on_stop = on_ready, on_stop
    with heard_signals([signal.SIGTERM], signal.default_int_handler):  # uvicorn raises at its end what it got
        server.run(sockets=[listener])


class _Server(uvicorn.Server):
    on_ready: Callable[[], None]
    on_stop: Callable[[], None]
    _first_signal: float | None = None  # on the clock of time.monotonic

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; at a second signal, end at once."""
        if self._first_signal is None:
            self._first_signal = time.monotonic()
            super().handle_exit(sig, frame)
        elif time.monotonic() - self._first_signal > SAME_SIGNAL_SECONDS:
            os.write(2, b"Ended at once by a second signal; the requests at hand were not answered.\n")
            os._exit(128 + sig)  # as a shell has it; Python would wait for each thread, and none can be ended

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


def _json(content: bytes, status: int = 200) -> Response:
    return Response(content, status, media_type="application/json")


def _refusal(error: RequestError, body: RequestBody) -> Response:
    """Refuse a request whose body is not right, or did not come to its end."""
    content = encode({"error": error.message})
    if error.status == TOO_LARGE:
        return EarlyResponse(content, error.status, body)
    response = _json(content, error.status)
    if error.status == REQUEST_TIMEOUT:
        response.headers["Connection"] = "close"
    return response
