"""What `python -m imgcls.serve` does once its flags are read."""

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from imgcls.cli import command
from imgcls.cli.grpc_beside import GrpcBeside
from imgcls.serving.server.grpc_server import GrpcSettings
from imgcls.serving.server.http import make_app, serve
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
        host: The address of this machine that is listened at.
        grpc_port: Of gRPC; 0 takes any that is free, below 0 there is none.
    """

    most_bytes: int
    most_instances: int
    most_pixels: int
    threads: int
    poll_seconds: float
    drain_seconds: float
    host: str = "127.0.0.1"
    grpc_port: int = -1

    @property
    def grpc(self) -> GrpcSettings | None:
        """How gRPC is served, if it is."""
        if self.grpc_port < 0:
            return None
        return GrpcSettings(self.host, self.grpc_port, most_bytes=self.most_bytes, threads=self.threads)


def serve_bundle(folder: Path, listener: socket.socket, address: str, settings: Settings) -> int:
    """Serve until Ctrl-C or SIGTERM. address: as clients call it."""
    name = folder.parent.name if is_version(folder) else folder.name
    models = Models([ModelSettings(name, folder)], Limits(settings.most_instances, settings.most_pixels))
    app = make_app(
        models,
        most_bytes=settings.most_bytes,
        threads=settings.threads,
        poll_seconds=settings.poll_seconds,
    )
    grpc = GrpcBeside(models, settings.grpc, settings.drain_seconds)

    def begin() -> None:
        grpc.start()
        print(welcome(name, models.find(name).version, address, grpc.address), flush=True)

    with suppress(KeyboardInterrupt):
        serve(app, listener, begin, settings.drain_seconds, grpc.stop)
    print("Stopped.", flush=True)
    if app.state.working or not grpc.is_drained:  # no thread can be ended from outside, and Python would wait for each
        os._exit(command.OK)
    return command.OK


def welcome(name: str, version: int | None, address: str, grpc_address: str = "") -> str:
    """What is served where, and how it is asked."""
    url = f"{address}/v1/models/{name}"
    over_grpc = f"Over gRPC, at {grpc_address}/{name}\n" if grpc_address else ""
    return f"""Serving {name}, version {version}, at {url}   (Ctrl-C ends it)
{over_grpc}
With curl:
  (printf '{{"instances": [{{"b64": "'; base64 < IMAGE | tr -d '\\n'; printf '"}}]}}') | curl -d @- {url}:predict

In Python:
  from imgcls import Client
  client = Client("{address}", "{name}")
  print(client.predict(["IMAGE"]))
"""
