"""The health service that gRPC's own protocol defines, grpc.health.v1: may requests come?

`Check` answers once; `Watch` tells the state and each change of it, until the caller has enough or the server ends.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import grpc

from imgcls.serving.server.core.models import Models
from imgcls.serving.server.grpc.health_messages import (
    NOT_SERVING,
    SERVICE_UNKNOWN,
    SERVING,
    HealthCheckRequest,
    HealthCheckResponse,
)
from imgcls.serving.server.request_error import RequestError

NAME = "grpc.health.v1.Health"
SERVICES = ("", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService", NAME)  # "" is the server
SECONDS = 0.2  # between two looks at the states that are watched
MOST_WATCHERS = 64  # they need no token, and must leave room for calls


class HealthService:
    """Answers for the server, for its services, and for each model by its name.

    The server, and each of its services, is healthy when every model has a version that is served; a model, when it
    has one.

    Args:
        models: What is served.
    """

    def __init__(self, models: Models) -> None:
        self._models = models
        self._watchers: set[_Watcher] = set()
        self._lock = threading.Lock()
        self._looks = False  # whether a thread looks for changes
        self._ends = False

    def handler(self) -> grpc.GenericRpcHandler:
        """What a server of gRPC needs of the service."""

        def watch(request: Any, context: grpc.ServicerContext, send_response_callback: Callable[[Any], None]) -> None:
            self._watch(request, context, send_response_callback)

        watch.experimental_non_blocking = True  # type: ignore[attr-defined]  # else each watcher would hold a thread
        messages = HealthCheckRequest.FromString, HealthCheckResponse.SerializeToString
        methods = {
            "Check": grpc.unary_unary_rpc_method_handler(self._check, *messages),
            "Watch": grpc.unary_stream_rpc_method_handler(watch, *messages),
        }
        return grpc.method_handlers_generic_handler(NAME, methods)

    def close(self) -> None:
        """Tell all who watch that nothing is served any more, and let them go."""
        with self._lock:
            self._ends = True
            watchers, self._watchers = self._watchers, set()
        for watcher in watchers:
            watcher.tell(NOT_SERVING, is_last=True)

    def _check(self, request: Any, context: grpc.ServicerContext) -> Any:
        status = self._status(request.service)
        if status == SERVICE_UNKNOWN:
            context.abort(grpc.StatusCode.NOT_FOUND, f"There is no service or model {request.service!r}.")
        return HealthCheckResponse(status=status)

    def _watch(self, request: Any, context: grpc.ServicerContext, send: Callable[[Any], None]) -> None:
        watcher = _Watcher(request.service, send)
        with self._lock:
            if len(self._watchers) >= MOST_WATCHERS:
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{MOST_WATCHERS} callers watch already. Use Check.")
            if not self._ends:
                self._watchers.add(watcher)
        if not context.add_callback(lambda: self._forget(watcher)):  # the caller has gone already
            self._forget(watcher)
        if self._ends:
            watcher.tell(NOT_SERVING, is_last=True)
        else:
            watcher.tell(self._status(watcher.service))
            self._look_from_now_on()

    def _look_from_now_on(self) -> None:
        with self._lock:
            if self._looks or not self._watchers:
                return
            self._looks = True
        threading.Thread(target=self._look, name="health", daemon=True).start()

    def _look(self) -> None:
        """Tell the changes as long as somebody watches."""
        while True:
            with self._lock:
                watchers = list(self._watchers)
                self._looks = bool(watchers)
            if not watchers:
                return
            for watcher in watchers:
                watcher.tell(self._status(watcher.service))
            time.sleep(SECONDS)

    def _forget(self, watcher: "_Watcher") -> None:
        with self._lock:
            self._watchers.discard(watcher)

    def _status(self, service: str) -> int:
        if service in SERVICES:
            return SERVING if self._models.is_ready else NOT_SERVING
        if service not in self._models.names:
            return SERVICE_UNKNOWN
        try:
            self._models.find(service)
        except RequestError:
            return NOT_SERVING
        return SERVING


class _Watcher:
    """A caller of `Watch`, who is told each state once."""

    def __init__(self, service: str, send: Callable[[Any], None]) -> None:
        self.service, self._send = service, send
        self._told: int | None = None
        self._has_ended = False
        self._lock = threading.Lock()

    def tell(self, status: int, is_last: bool = False) -> None:
        with self._lock:
            if self._has_ended:
                return
            if status != self._told:
                self._told = status
                self._send(HealthCheckResponse(status=status))
            if is_last:
                self._has_ended = True
                self._send(None)  # the end of the stream
