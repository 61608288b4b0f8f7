"""What `python -m imgcls.serve` does once its flags are read."""

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from imgcls.cli import command
from imgcls.cli.drift_references import read_reference
from imgcls.cli.grpc_beside import GrpcBeside
from imgcls.cli.serving_flags import BatchingFlags, ModelFlags
from imgcls.serving.server.core.batch_queue import Batching
from imgcls.serving.server.core.load_version import Execution
from imgcls.serving.server.core.model_config_file import ConfigFileWatch, read_model_config
from imgcls.serving.server.core.model_settings import settings_of_folder
from imgcls.serving.server.core.models import Models
from imgcls.serving.server.core.parts import Limits
from imgcls.serving.server.grpc.server import GrpcSettings
from imgcls.serving.server.listening import listen
from imgcls.serving.server.monitoring.drift_window import Reference
from imgcls.serving.server.monitoring.metrics import Metrics
from imgcls.serving.server.request_log import RequestLog, open_request_log
from imgcls.serving.server.rest.http import configuration, make_app, serve
from imgcls.serving.server.rest.http_options import HttpOptions


@dataclass(frozen=True)
class Settings:
    """How a server works.

    Attributes:
        most_bytes: Of a request, and of the arrays in its answer.
        most_instances: Images in a request.
        most_pixels: Of all images in a request.
        threads: Requests worked on at once.
        poll_seconds: Between two looks for a newer version.
        drain_seconds: That requests at hand may take after Ctrl-C or SIGTERM.
        models: What is served besides bundles, and the engine.
        batching: How requests are joined.
        host: The address of this machine that is listened at.
        grpc_port: Of gRPC; 0 takes any that is free, below 0 there is none.
        drift_seconds: Between two images whose embeddings are compared with those of training; 0 for none.
        http: What is asked of clients.
        tls: What uvicorn needs for TLS; empty for none.
    """

    most_bytes: int
    most_instances: int
    most_pixels: int
    threads: int
    poll_seconds: float
    drain_seconds: float
    models: ModelFlags
    batching: BatchingFlags
    host: str = "127.0.0.1"
    grpc_port: int = -1
    drift_seconds: float = 10.0
    http: HttpOptions = field(default_factory=HttpOptions)
    tls: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grpc(self) -> GrpcSettings | None:
        """How gRPC is served, if it is: with the token and the certificate of REST."""
        if self.grpc_port < 0:
            return None
        return GrpcSettings(
            self.host,
            self.grpc_port,
            most_bytes=self.most_bytes,
            threads=self.threads,
            token=self.http.token,
            certificate=_certificate(self.tls),
            request_seconds=self.http.request_seconds,
        )


def serve_models(folders: Sequence[Path], listener: socket.socket, address: str, settings: Settings) -> int:
    """Serve until Ctrl-C or SIGTERM.

    folders: of bundles; empty where the settings name a model config file.
    address: as clients call it.
    """
    models = _models(folders, settings)
    with open_request_log(settings.http.access_log) as log:
        is_drained = _serve(models, listener, address, settings, log)
    print("Stopped.", flush=True)
    if not is_drained:  # no thread can be ended from outside, and Python would wait for each
        os._exit(command.OK)
    return command.OK


def _serve(models: Models, listener: socket.socket, address: str, settings: Settings, log: RequestLog) -> bool:
    """Serve until Ctrl-C or SIGTERM; returns whether no thread is at work any more."""
    app = make_app(
        models,
        most_bytes=settings.most_bytes,
        threads=settings.threads,
        poll_seconds=settings.poll_seconds,
        options=settings.http,
        log=log,
    )
    grpc = GrpcBeside(models, settings.grpc, settings.drain_seconds, log)
    listen(listener)

    def begin() -> None:
        grpc.start()
        print(welcome(models, address, grpc.address), flush=True)

    with suppress(KeyboardInterrupt):
        serve(configuration(app, settings.drain_seconds, **settings.tls), listener, begin, grpc.stop)
    return not app.state.working and not models.is_loading and grpc.is_drained


def _models(folders: Sequence[Path], settings: Settings) -> Models:
    """What is served: the bundles, or what a model config file names, which is looked at again if that is wanted."""
    file = settings.models.model_config_file
    wanted = read_model_config(file) if file else [settings_of_folder(folder) for folder in folders]

    def reference_of(name: str, version: int) -> Reference | None:
        folder = models.folder(name, version)
        return read_reference(folder) if folder else None

    models = Models(
        wanted,
        Limits(settings.most_instances, settings.most_pixels, settings.most_bytes),
        Metrics(reference_of, settings.drift_seconds),
        Execution(settings.models.engine, Batching(**asdict(settings.batching))),
    )
    if file and settings.models.model_config_poll_seconds:
        ConfigFileWatch(file, wanted, models.reload, settings.models.model_config_poll_seconds)
    return models


def _certificate(tls: Mapping[str, Any]) -> tuple[bytes, bytes] | None:
    """The key and the certificate as gRPC wants them."""
    if not tls:
        return None
    chain = Path(tls["ssl_certfile"]).read_bytes()
    return (Path(tls["ssl_keyfile"]).read_bytes() if tls["ssl_keyfile"] else chain), chain


def welcome(models: Models, address: str, grpc_address: str = "") -> str:
    """What is served where, and how it is asked."""
    lines = []
    for name in models.names:
        version = models.find(name)
        lines.append(f"Serving {name}, version {version.version}, at {address}/v1/models/{name}")
        lines += [f"  and at {grpc_address}/{name} over gRPC"] if grpc_address else []
        lines += [f"  {version.running.note}"] if version.running.note else []
    name = models.names[0]
    url, served = f"{address}/v1/models/{name}", "\n".join(lines)
    return f"""{served}   (Ctrl-C ends it)

In the browser: {address}/

With curl:
  curl -F image=@IMAGE {url}/classify

In Python:
  from imgcls import Client
  client = Client("{address}", "{name}")
  print(client.predict(["IMAGE"]))
"""
