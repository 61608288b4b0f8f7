"""Serve bundles on this machine over TensorFlow Serving's REST API and its gRPC services.

Examples:
  python -m imgcls.serve saved_models/fashion_mini-resnet20-1
  python -m imgcls.serve saved_models/fashion_mini-resnet20-1/2 --port 9000 --grpc-port -1
  python -m imgcls.serve saved_models/flowers saved_models/birds --engine openvino
  python -m imgcls.serve --model-config-file models.config --model-config-poll-seconds 10
  python -m imgcls.serve check http://127.0.0.1:8501/v1/models/flowers   # does it answer as the bundle does?
  python -m imgcls.serve load http://127.0.0.1:8501/v1/models/flowers    # how fast is it?

A newer version that is exported while it runs takes the place of the old one. deploy/ has the same for the official
TensorFlow Serving image.
"""

import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated

import tyro

from imgcls.cli import command
from imgcls.cli.http_flags import HttpFlags
from imgcls.cli.serving_flags import BatchingFlags, ModelFlags, check_ranges, check_sources
from imgcls.serving.server.listening import check_free, take_port
from imgcls.serving.server.memory import keep_few_arenas

REQUESTS_AT_ONCE = 64
RANGES = {
    "port": (0, 65_535),
    "grpc_port": (-1, 65_535),
    "max_request_mib": (0.001, 4096.0),
    "max_instances": (1, 1_000_000),
    "max_request_megapixels": (0.001, 1e9),
    "threads": (0, 1024),
    "poll_seconds": (0.01, 86_400.0),
    "drain_seconds": (0.0, 86_400.0),
}

GRPC_PORT = 8500
PARTS = {"check": "imgcls.cli.serve_check", "load": "imgcls.cli.serve_load"}  # commands behind this one's name


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    bundles: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()  # saved_models/<name>, or one version in it
    port: int = 8501  # 0 takes any that is free
    grpc_port: int | None = None  # 8500 if it is not given, or any free one with --port 0; -1 for no gRPC
    host: str = "127.0.0.1"  # 0.0.0.0 lets other machines in; see --token-file
    max_request_mib: float = 64.0  # size of a request, and of the numbers in its answer
    max_instances: int = 1000  # images in a request
    max_request_megapixels: float = 1000.0  # of all images in a request, as their files announce it, or as resized
    threads: int = 0  # requests worked on at once; 0: 64, of which batches are made
    poll_seconds: float = 2.0  # between two looks for a newer version
    drain_seconds: float = 10.0  # that requests at hand may take after Ctrl-C or SIGTERM
    models: Annotated[ModelFlags, tyro.conf.arg(name="")] = field(default_factory=ModelFlags)
    batching: Annotated[BatchingFlags, tyro.conf.arg(name="")] = field(default_factory=BatchingFlags)
    http: Annotated[HttpFlags, tyro.conf.arg(name="")] = field(default_factory=HttpFlags)

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)


def main(options: Options) -> int:
    """Serve the models until Ctrl-C or SIGTERM."""
    folders = check_sources(options.bundles, options.models.model_config_file)
    http, tls = options.http.options(), options.http.tls()
    listener, grpc_port = take_port(options.host, options.port), _grpc_port(options)
    if grpc_port >= 0:
        check_free(options.host, grpc_port, "--grpc-port")
    keep_few_arenas()
    command.import_tensorflow(with_keras=False)
    from imgcls.cli.run_serve import Settings, serve_models

    settings = Settings(
        most_bytes=int(options.max_request_mib * 2**20),
        most_instances=options.max_instances,
        most_pixels=int(options.max_request_megapixels * 1e6),
        threads=options.threads or REQUESTS_AT_ONCE,
        poll_seconds=options.poll_seconds,
        drain_seconds=options.drain_seconds,
        models=options.models,
        batching=options.batching,
        host=options.host,
        grpc_port=grpc_port,
        drift_seconds=options.http.drift_seconds,
        http=http,
        tls=tls,
    )
    host = f"[{options.host}]" if ":" in options.host else options.host
    scheme = "https" if tls else "http"
    return serve_models(folders, listener, f"{scheme}://{host}:{listener.getsockname()[1]}", settings)


def _grpc_port(options: Options) -> int:
    if options.grpc_port is not None:
        return options.grpc_port
    return GRPC_PORT if options.port else 0


def part(arguments: list[str]) -> ModuleType | None:
    """The module of the sub-command that a command line begins with, if it does."""
    return import_module(PARTS[arguments[0]]) if arguments and arguments[0] in PARTS else None


if __name__ == "__main__":
    if found := part(sys.argv[1:]):
        command.run(found.main, found.Options, found.__doc__ or "", part=sys.argv.pop(1))
    command.run(main, Options, __doc__)
