"""Spans, as a collector gets them."""

import http.server
import threading
from contextlib import contextmanager

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from imgcls.serving.server.tracing import ENDPOINTS, make_tracer
from tests.serving.conftest import models_of, serving


@contextmanager
def collector():
    """A collector on a free port; yields its address and the spans that it gets."""
    spans = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                spans.extend(span for scope in resource.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *anything):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", spans
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_span_for_each_request(half_plus_three, monkeypatch):
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with collector() as (place, spans):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", place)
        with serving(models_of(half_plus_three)) as address:
            url = f"{address}/v1/models/half_plus_three"
            httpx.post(
                f"{url}:predict", json={"instances": [1.0]}, headers={"traceparent": parent, "X-Request-ID": "a"}
            )
            httpx.get(f"{url}/versions/7")
    first, second = spans
    assert first.name == "POST /v1/models/half_plus_three:predict"
    assert first.trace_id.hex() == parent.split("-")[1]
    assert first.parent_span_id.hex() == parent.split("-")[2]
    values = {each.key: each.value.string_value or each.value.int_value for each in first.attributes}
    assert values == {"http.request.method": "POST", "url.path": "/v1/models/half_plus_three:predict",
                      "http.response.status_code": 200, "http.request.header.x-request-id": "a"}  # fmt: skip
    assert not second.parent_span_id
    assert first.end_time_unix_nano > first.start_time_unix_nano


def test_no_spans_unless_a_collector_is_named(monkeypatch):
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert make_tracer() is None
    monkeypatch.setenv(ENDPOINTS[0], "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert make_tracer() is None


def test_a_collector_without_the_package(monkeypatch):
    monkeypatch.setenv(ENDPOINTS[0], "http://127.0.0.1:1")
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ValueError, match=r"pip install imgcls\[otel\]"):
        make_tracer()
