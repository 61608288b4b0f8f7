"""What a server writes down of each request, over REST or gRPC: a line in the access log, and a span."""

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path

from imgcls.serving.server.tracing import Tracer, make_tracer

REQUEST_ID = "X-Request-ID"
PLAIN = re.compile(r"[\w.:/+=-]{1,128}", re.ASCII)  # an id that may stand in a log


@dataclass(frozen=True)
class RequestLog:
    """Where requests are written down.

    Attributes:
        lines: Gets a line of JSON for each; None for no log.
        tracer: Gets a span for each; None for no spans.
    """

    lines: logging.Logger | None = None
    tracer: Tracer | None = None


@contextmanager
def open_request_log(place: str) -> Iterator[RequestLog]:
    """Within, requests are written down in an access log, and as spans where a collector is named.

    Args:
        place: Of the access log, as `open_log` takes it.

    Raises:
        ValueError: If the access log cannot be written, or there is no way to send spans.
    """
    lines, tracer = open_log(place), make_tracer()
    try:
        yield RequestLog(lines, tracer)
    finally:
        if tracer:
            tracer.close()
        for handler in lines.handlers if lines else ():
            handler.close()


def open_log(place: str) -> logging.Logger | None:
    """Open an access log.

    Args:
        place: A file, which may be moved away while it is written to; "-" for standard output; "" for none.

    Raises:
        ValueError: If the file cannot be written.
    """
    if not place:
        return None
    try:
        handler = logging.StreamHandler(sys.stdout) if place == "-" else WatchedFileHandler(place, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"--access-log {Path(place)} cannot be written: {error}.") from error
    log = logging.Logger("imgcls.access", logging.INFO)  # of no tree: no other handler gets its lines
    log.addHandler(handler)
    return log


def id_of(named: str) -> str:
    """The id of a request: the one that its sender names if it may stand in a log, else a new one."""
    return named if PLAIN.fullmatch(named) else uuid.uuid4().hex


def line(
    *,
    request_id: str,
    client: str,
    method: str,
    path: str,
    status: int,
    began: float,
    request_bytes: int | None,
    response_bytes: int,
    agent: str,
    **more: str,
) -> str:
    """One request as a line of JSON.

    Args:
        request_id: What `id_of` gives.
        client: The address that it came from, without the port.
        method: Of HTTP, or the name of a call.
        path: That was asked, with the query string.
        status: Of HTTP; of gRPC, the one that belongs to its code.
        began: On the clock of time.perf_counter.
        request_bytes: None if they are not known.
        response_bytes: Of the answer.
        agent: As the client calls itself.
        more: What there is only over REST or only over gRPC.
    """
    found = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "id": request_id,
        "client": client,
        "method": method,
        "path": path,
        "status": status,
        "seconds": round(time.perf_counter() - began, 6),
        "request_bytes": request_bytes,
        "response_bytes": response_bytes,
        "agent": agent,
        **more,
    }
    return json.dumps(found, ensure_ascii=False)
