"""What every call of a gRPC service does around its own work: deadline, errors, and who is told."""

import logging
import time
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import grpc
from tensorflow_serving.apis.model_pb2 import ModelSpec

from imgcls.serving.server.core.models import Models, ServedVersion
from imgcls.serving.server.grpc.status import http_status, refusal
from imgcls.serving.server.request_error import CLIENT_CLOSED, GATEWAY_TIMEOUT, RequestError

log = logging.getLogger(__name__)
Response = TypeVar("Response")
LONGEST = 365 * 86_400.0  # seconds; gRPC gives some 10^18 where there is no deadline


class Calls:
    """Answers calls by functions that raise what they refuse.

    Args:
        models: What is served; its observer is told of each call.
        most_seconds: That the work may take, however long the caller would wait; None for no such limit.
    """

    def __init__(self, models: Models, most_seconds: float | None = None) -> None:
        self.models, self._most_seconds = models, most_seconds

    def answer(self, method: str, model: str, context: grpc.ServicerContext, work: Callable[[], Response]) -> Response:
        """Answer a call.

        Args:
            method: The name of the call.
            model: The name of the model that it asks.
            context: Of the call.
            work: Gives the response; what it raises becomes a gRPC code and one line.
        """
        begin = time.perf_counter()
        code, why = grpc.StatusCode.OK, ""
        try:
            return work()
        except Exception as error:
            code, why = refusal(error)
            if code is grpc.StatusCode.INTERNAL:
                log.exception("A call of %s failed", method)
            _abort(context, code, why)
        finally:
            seconds = time.perf_counter() - begin
            known = model if model in self.models.names else ""
            self.models.observer.request(
                api="GRPC", method=method, model=known, status=http_status(code), seconds=seconds
            )

    def seconds_left(self, context: grpc.ServicerContext) -> float | None:
        """How long the work may take; None for as long as it takes.

        Raises:
            RequestError: If the caller waits no longer, so that no work is begun for nobody.
        """
        left: float | None = context.time_remaining()
        if left is not None and left <= 0:
            raise RequestError("The time that the caller gave is over.", GATEWAY_TIMEOUT)
        if not context.is_active():
            raise RequestError("The caller waits no longer.", CLIENT_CLOSED)
        limits = [limit for limit in (left, self._most_seconds) if limit is not None and limit < LONGEST]
        return min(limits, default=None)

    def find(self, request: Any) -> ServedVersion:
        """Find the version that a request asks for by number, by label, or as the newest.

        Args:
            request: A message with a model_spec.

        Raises:
            RequestError: If it is not served.
        """
        spec = model_spec(request)
        if not spec.name:
            raise RequestError("ModelSpec has no name specified.")
        choice = spec.WhichOneof("version_choice")
        version = spec.version.value if choice == "version" else None
        return self.models.find(spec.name, version, spec.version_label if choice == "version_label" else None)


def model_spec(request: Any) -> ModelSpec:
    """The part of a request that says which model is asked.

    Raises:
        RequestError: If it is missing.
    """
    if not request.HasField("model_spec"):
        raise RequestError("Missing ModelSpec")
    spec: ModelSpec = request.model_spec
    return spec


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, why: str) -> NoReturn:
    context.abort(code, why.splitlines()[0] if why else code.name)
    raise AssertionError  # `abort` raises; its types do not say so
