"""The way of a gRPC call into a server and out: its id, the line in the access log, and its span."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from urllib.parse import unquote

import grpc

from imgcls.serving.server.grpc.status import http_status
from imgcls.serving.server.request_error import FAULT
from imgcls.serving.server.request_log import REQUEST_ID, RequestLog, id_of, line

ID = REQUEST_ID.lower()  # the names in metadata are lower case
Answer = Callable[[Any, grpc.ServicerContext], Any]


class Access(grpc.ServerInterceptor):  # type: ignore[misc]  # has no types
    """Gives every call an id, and writes down how it went. A stream, which health's Watch is, is no such call.

    Args:
        log: Where it is written.
    """

    def __init__(self, log: RequestLog) -> None:
        self._log = log

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Take the place of what answers a call."""
        found = continuation(details)
        if found is None or not found.unary_unary:
            return found
        return grpc.unary_unary_rpc_method_handler(
            self._written_down(details.method, found.unary_unary), found.request_deserializer, found.response_serializer
        )

    def _written_down(self, path: str, answer: Answer) -> Answer:
        def answered(request: Any, context: grpc.ServicerContext) -> Any:
            call = _Call(path, request, context)
            with self._span(call) as span:
                try:
                    call.response = answer(request, context)
                    call.code = context.code() or grpc.StatusCode.OK
                    return call.response
                except BaseException:
                    call.code = context.code() or grpc.StatusCode.UNKNOWN  # as gRPC answers it
                    raise
                finally:
                    if self._log.tracer:
                        self._log.tracer.end(span, call.attributes_at_end(), http_status(call.code) >= FAULT)
                    if self._log.lines:
                        self._log.lines.info(call.line())

        return answered

    def _span(self, call: "_Call") -> AbstractContextManager[Any]:
        if self._log.tracer is None:
            return nullcontext()
        return self._log.tracer.span(call.path.lstrip("/"), call.attributes(), call.metadata)


class _Call:
    """What becomes of one call."""

    def __init__(self, path: str, request: Any, context: grpc.ServicerContext) -> None:
        self.path, self._request, self._peer = path, request, context.peer()
        self._begin = time.perf_counter()
        self.metadata = {name: value for name, value in context.invocation_metadata() if isinstance(value, str)}
        self._id = id_of(self.metadata.get(ID, ""))
        self.code, self.response = grpc.StatusCode.UNKNOWN, None
        context.set_trailing_metadata([(ID, self._id)])

    @property
    def model(self) -> str:
        """The name that the call asks for; "" if it names none."""
        return str(getattr(getattr(self._request, "model_spec", None), "name", ""))

    def attributes(self) -> dict[str, Any]:
        service, _, method = self.path.lstrip("/").partition("/")
        return {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method, "imgcls.model": self.model}

    def attributes_at_end(self) -> dict[str, Any]:
        return {"rpc.grpc.status_code": self.code.value[0], f"rpc.grpc.request.metadata.{ID}": self._id}

    def line(self) -> str:
        """The call as one line of JSON."""
        return line(
            request_id=self._id,
            client=_host(self._peer),
            method=self.path.rpartition("/")[2],
            path=self.path,
            status=http_status(self.code),
            began=self._begin,
            request_bytes=_size(self._request),
            response_bytes=_size(self.response),
            agent=self.metadata.get("user-agent", ""),
            code=self.code.name,
            model=self.model,
        )


def _host(peer: str) -> str:
    """The address of a caller without its port.

    Example:
        >>> _host("ipv4:127.0.0.1:50210"), _host("ipv6:%5B::1%5D:50210")
        ('127.0.0.1', '::1')
    """
    return unquote(peer).partition(":")[2].rpartition(":")[0].strip("[]")


def _size(message: Any) -> int:
    """The bytes of a message of gRPC; of one that nobody has read, as it came."""
    if message is None or isinstance(message, bytes):
        return len(message or b"")
    return int(message.ByteSize())
