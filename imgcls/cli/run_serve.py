"""What `python -m imgcls.serve` does once its flags are read."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imgcls.cli import command
from imgcls.cli.drift_references import reference_of
from imgcls.serving.server.http import configuration, make_app, serve
from imgcls.serving.server.http_options import HttpOptions
from imgcls.serving.server.metrics import Metrics
from imgcls.serving.server.models import Models, ModelSettings
from imgcls.serving.server.parts import Limits
from imgcls.serving.versions import is_version


@dataclass(frozen=True)
class Settings:
    """How a server works.

    Attributes:
        most_bytes: Of a request.
        most_instances: Images in a request.
        most_pixels: Of all images in a request.
        threads: Requests worked on at once.
        poll_seconds: Between two looks for a newer version.
        drain_seconds: That requests at hand may take after Ctrl-C or SIGTERM.
        http: What is asked of clients.
        tls: What uvicorn needs for TLS; empty for none.
    """

    most_bytes: int
    most_instances: int
    most_pixels: int
    threads: int
    poll_seconds: float
    drain_seconds: float
    http: HttpOptions = field(default_factory=HttpOptions)
    tls: Mapping[str, Any] = field(default_factory=dict)


def serve_bundle(folder: Path, listener: socket.socket, address: str, settings: Settings) -> int:
    """Serve until Ctrl-C or SIGTERM. address: as clients call it."""
    name = folder.parent.name if is_version(folder) else folder.name
    limits = Limits(settings.most_instances, settings.most_pixels)
    models = Models([ModelSettings(name, folder)], limits, Metrics(reference_of({name: folder})))
    app = make_app(
        models,
        most_bytes=settings.most_bytes,
        threads=settings.threads,
        poll_seconds=settings.poll_seconds,
        options=settings.http,
    )
    with suppress(KeyboardInterrupt):
        serve(
            configuration(app, settings.drain_seconds, **settings.tls),
            listener,
            lambda: print(welcome(name, models.find(name).version, address), flush=True),
        )
    print("Stopped.", flush=True)
    if app.state.working:  # no thread can be ended from outside, and Python would wait for each
        os._exit(command.OK)
    return command.OK


def welcome(name: str, version: int | None, address: str) -> str:
    """What is served where, and how it is asked."""
    url = f"{address}/v1/models/{name}"
    return f"""Serving {name}, version {version}, at {url}   (Ctrl-C ends it)

With curl:
  (printf '{{"instances": [{{"b64": "'; base64 < IMAGE | tr -d '\\n'; printf '"}}]}}') | curl -d @- {url}:predict

In Python:
  from imgcls import Client
  client = Client("{address}", "{name}")
  print(client.predict(["IMAGE"]))
"""
