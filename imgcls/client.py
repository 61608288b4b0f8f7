"""Ask a server for the names of images, over REST or gRPC.

Examples:
  python -m imgcls.client http://127.0.0.1:8501/v1/models/flowers photos/
  python -m imgcls.client grpc://127.0.0.1:8500 'photos/*.jpg' --model flowers --label stable --output names.csv

The server is `python -m imgcls.serve` or TensorFlow Serving. The address may name the model; https:// and grpcs:// have
TLS. Where the server asks for a token, it is taken from the variable IMGCLS_TOKEN. Files that cannot be read, here or
there, stand in the table with their reason; the exit code is then 3.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from imgcls.cli import command
from imgcls.cli.terminal import next_step
from imgcls.command_line import command_line
from imgcls.files import check_writable
from imgcls.image_files import WHAT_IS_READ
from imgcls.serving.client.address import TOKEN, parse_address

__doc__ = f"{__doc__}\n{WHAT_IS_READ}\n"

MOST_REPEATED = 3  # names of images that the next step repeats
OUTPUT_FORMATS = (".csv", ".jsonl", ".parquet")


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    address: Annotated[str, tyro.conf.Positional]  # http://HOST:PORT or grpc://HOST:PORT, with or without the model
    images: Annotated[tuple[str, ...], tyro.conf.Positional]  # image files, folders, globs, cards
    model: str = ""  # its name on the server, where the address does not say it
    version: int | None = None  # its number; without it the label says which, else the newest answers
    label: str = ""  # of a version, such as stable or canary
    top: int = 3  # classes named for each image
    output: Path | None = None  # .csv, .jsonl or .parquet file for the table
    timeout: float = 60.0  # seconds that the server may take for a request of at most 32 images
    retries: int = 2  # times that a request is repeated where the connection breaks or the server is full
    ca_file: Path | None = None  # PEM file of the authority that signed the server's certificate


def main(options: Options) -> int:
    """Ask for the images and print the table."""
    if not options.images:
        raise ValueError(f"Expected images, such as: {command_line('client', options.address, 'photos/')}")
    if options.top < 1:
        raise ValueError(f"--top is {options.top}; expected at least 1.")
    if options.output and options.output.suffix not in OUTPUT_FORMATS:
        raise ValueError(f"--output is {options.output}; expected a file that ends in {', '.join(OUTPUT_FORMATS)}.")
    if options.output:
        check_writable(options.output)
    if not (options.model or parse_address(options.address).model):
        raise ValueError(f"{options.address} names no model; expected --model NAME, or the address with its name.")
    from imgcls.workflow.sources import list_images

    paths = list_images(options.images)
    command.import_tensorflow()
    from imgcls.cli.run_client import ask
    from imgcls.serving.client import Client

    with Client(
        options.address,
        options.model,
        options.version,
        options.timeout,
        label=options.label,
        token=os.environ.get(TOKEN, ""),
        retries=options.retries,
        ca_file=options.ca_file or "",
    ) as client:
        code = ask(client, paths, options.top, options.output)
    next_step(_what_next(options))
    return code


def _what_next(options: Options) -> str:
    """What to type next: keep the table, and then compare it with what the model was made for."""
    if options.output:
        bundle = f"saved_models/{options.model or parse_address(options.address).model}"
        return f"{command_line('drift', bundle, options.output)}   # are they like the images of training?"
    typed = sys.argv[1:]
    if len(options.images) > MOST_REPEATED:
        typed = [*(word for word in typed if word not in options.images), "YOUR_IMAGES"]
    return command_line("client", *typed, "--output", "predictions.csv")


if __name__ == "__main__":
    command.run(main, Options, __doc__)
