"""A span for each request, for OpenTelemetry, where it is installed and its own variables name a collector."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from imgcls import __version__

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class Tracer:
    """Makes spans and sends them to a collector in the background.

    Args:
        provider: OpenTelemetry's provider of tracers.
    """

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("imgcls.serve")

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[Any]:
        """A span around an answer, below that of the caller if the headers name one.

        What is raised within is no part of it: `end` says how the request went.

        Args:
            name: What was asked.
            attributes: That are known at the begin.
            headers: Of the request, or its metadata; "traceparent" is read.

        Yields:
            The span.
        """
        from opentelemetry import propagate, trace

        with self._tracer.start_as_current_span(
            name,
            propagate.extract(dict(headers)),
            trace.SpanKind.SERVER,
            attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield span

    def end(self, span: Any, attributes: Mapping[str, Any], is_fault: bool) -> None:
        """Write into a span how the request went.

        Args:
            span: What `span` gave.
            attributes: That are known at the end.
            is_fault: Whether the server failed.
        """
        from opentelemetry.trace import StatusCode

        span.set_attributes(attributes)
        if is_fault:
            span.set_status(StatusCode.ERROR)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def make_tracer() -> Tracer | None:
    """Make a tracer if OpenTelemetry's variables name a collector.

    Returns:
        None if they name none.

    Raises:
        ValueError: If they name one, and OpenTelemetry or its exporter over HTTP is not installed.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS) or os.environ.get("OTEL_SDK_DISABLED", "") == "true":
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ValueError(
            f"{' or '.join(ENDPOINTS)} is set, and spans need `pip install imgcls[otel]` ({error}). Install it, or "
            "unset the variable."
        ) from error
    name = os.environ.get("OTEL_SERVICE_NAME", "imgcls.serve")
    provider = TracerProvider(resource=Resource.create({"service.name": name, "service.version": __version__}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracer(provider)
