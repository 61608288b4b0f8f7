"""Serve bundles on this machine over TensorFlow Serving's REST API.

Examples:
  python -m imgcls.serve saved_models/fashion_mini-resnet20-1
  python -m imgcls.serve saved_models/fashion_mini-resnet20-1/2 --port 9000
  python -m imgcls.serve saved_models/flowers saved_models/birds --engine openvino
  python -m imgcls.serve --model-config-file models.config --model-config-poll-seconds 10

A newer version that is exported while it runs takes the place of the old one. deploy/ has the same for the official
TensorFlow Serving image.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from imgcls.cli import command
from imgcls.cli.serving_flags import BatchingFlags, ModelFlags, check_ranges, check_sources
from imgcls.serving.server.listening import take_port
from imgcls.serving.server.memory import keep_few_arenas

REQUESTS_AT_ONCE = 64
RANGES = {
    "port": (0, 65_535),
    "max_request_mib": (0.001, 4096.0),
    "max_instances": (1, 1_000_000),
    "max_request_megapixels": (0.001, 1e9),
    "threads": (0, 1024),
    "poll_seconds": (0.01, 86_400.0),
    "drain_seconds": (0.0, 86_400.0),
}


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    bundles: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()  # saved_models/<name>, or one version in it
    port: int = 8501  # 0 takes any that is free
    host: str = "127.0.0.1"  # 0.0.0.0 lets other machines in; there is no password
    max_request_mib: float = 64.0  # size of a request
    max_instances: int = 1000  # images in a request
    max_request_megapixels: float = 1000.0  # of all images in a request, as their files announce it, or as resized
    threads: int = 0  # requests worked on at once; 0: 64, of which batches are made
    poll_seconds: float = 2.0  # between two looks for a newer version
    drain_seconds: float = 10.0  # that requests at hand may take after Ctrl-C or SIGTERM
    models: Annotated[ModelFlags, tyro.conf.arg(name="")] = field(default_factory=ModelFlags)
    batching: Annotated[BatchingFlags, tyro.conf.arg(name="")] = field(default_factory=BatchingFlags)

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)


def main(options: Options) -> int:
    """Serve the models until Ctrl-C or SIGTERM."""
    folders = check_sources(options.bundles, options.models.model_config_file)
    listener = take_port(options.host, options.port)
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
    )
    host = f"[{options.host}]" if ":" in options.host else options.host
    return serve_models(folders, listener, f"http://{host}:{listener.getsockname()[1]}", settings)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
