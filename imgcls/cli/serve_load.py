"""Measure how fast a server answers, and find values for its batching.

Examples:
  python -m imgcls.serve load http://127.0.0.1:8501/v1/models/flowers
  python -m imgcls.serve load grpc://127.0.0.1:8500/flowers --output batching.config --chart load.png

1, 2, 4, ... clients ask at the same time, each with one image in a request, then one client with more and more images.
The images are the warm-up images of the bundle, or those of --images. Clients and server on the same machine take
each other's time; measure from another one for figures to rely on.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from imgcls.cli import command
from imgcls.cli.serve_check import model_of
from imgcls.files import check_writable
from imgcls.serving.client.address import TOKEN
from imgcls.serving.versions import check_bundle

CHARTS = (".png", ".svg")


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    address: Annotated[str, tyro.conf.Positional]  # http://HOST:PORT or grpc://HOST:PORT, with or without the model
    model: str = ""  # its name on the server, where the address does not say it
    bundle: Path | None = None  # whose warm-up images are sent; saved_models/<model> if it is not given
    images: tuple[str, ...] = ()  # image files, folders or globs to send in their place
    seconds: float = 5.0  # that each number of clients is measured
    most_clients: int = 32  # at the same time
    output: Path | None = None  # a batching.config with the values that were found
    overwrite: bool = False  # write over what is there
    chart: Path | None = None  # .png or .svg file: images a second and waiting time over clients
    timeout: float = 60.0  # seconds that the server may take for a request
    ca_file: Path | None = None  # PEM file of the authority that signed the server's certificate

    def __post_init__(self) -> None:
        if self.seconds <= 0 or not 1 <= self.most_clients <= 1024:
            raise ValueError("Expected --seconds above 0, and --most-clients from 1 to 1024.")
        if self.chart and self.chart.suffix not in CHARTS:
            raise ValueError(f"--chart is {self.chart}; expected a file that ends in {' or '.join(CHARTS)}.")


def main(options: Options) -> int:
    """Measure, print the table, and write what was asked for."""
    model = model_of(options.address, options.model)
    for path in filter(None, (options.output, options.chart)):
        if path.exists() and not options.overwrite:
            raise ValueError(f"{path} is there already. Choose another name, or give --overwrite.")
        check_writable(path)
    bundle = None if options.images else check_bundle(options.bundle or Path("saved_models") / model)
    command.import_tensorflow()
    from imgcls.cli.run_serve_load import Outputs, load, read_images, warmup_images
    from imgcls.serving.client import Client

    images = warmup_images(bundle) if bundle else read_images(options.images)
    with Client(
        options.address,
        model,
        timeout=options.timeout,
        token=os.environ.get(TOKEN, ""),
        retries=0,
        connections=options.most_clients,
        ca_file=options.ca_file or "",
    ) as client:
        outputs = Outputs(options.output, options.chart)
        return load(client, images, options.seconds, options.most_clients, outputs)
