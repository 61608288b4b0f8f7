"""Check that a server answers as a bundle does.

Examples:
  python -m imgcls.serve check http://127.0.0.1:8501/v1/models/flowers
  python -m imgcls.serve check grpc://127.0.0.1:8500 --model flowers --bundle saved_models/flowers/3

The warm-up requests of the bundle are sent to the server, which is `python -m imgcls.serve` or TensorFlow Serving, and
the answers are compared with those that the bundle itself gives here: no number may differ by more than 1e-4,
or by that share of its output's largest number where that is above 1. The exit code is 3 if something differs.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from imgcls.cli import command
from imgcls.cli.terminal import next_step
from imgcls.command_line import command_line
from imgcls.serving.client.address import TOKEN, parse_address
from imgcls.serving.versions import check_bundle


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    address: Annotated[str, tyro.conf.Positional]  # http://HOST:PORT or grpc://HOST:PORT, with or without the model
    bundle: Path | None = None  # what is expected; saved_models/<model> if it is not given
    model: str = ""  # its name on the server, where the address does not say it
    label: str = ""  # of a version, such as stable or canary
    timeout: float = 60.0  # seconds that the server may take for a request
    ca_file: Path | None = None  # PEM file of the authority that signed the server's certificate


def main(options: Options) -> int:
    """Compare, and print the table."""
    model = model_of(options.address, options.model)
    bundle = check_bundle(options.bundle or Path("saved_models") / model)
    command.import_tensorflow()
    from imgcls.cli.run_serve_check import check
    from imgcls.serving.client import Client

    with Client(
        options.address,
        model,
        timeout=options.timeout,
        label=options.label,
        token=os.environ.get(TOKEN, ""),
        ca_file=options.ca_file or "",
    ) as client:
        code = check(client, bundle)
    if code == command.OK:
        next_step(_load(options))
    return code


def _load(options: Options) -> str:
    """The line that measures the same server."""
    given = {"--model": options.model, "--bundle": options.bundle, "--ca-file": options.ca_file}
    flags = [word for flag, value in given.items() if value for word in (flag, value)]
    return f"{command_line('serve', 'load', options.address, *flags)}   # how fast is it?"


def model_of(address: str, model: str) -> str:
    """The name of the model, by its flag or in the address.

    Raises:
        ValueError: If neither says it.
    """
    name = model or parse_address(address).model
    if not name:
        raise ValueError(f"{address} names no model; expected --model NAME, or the address with its name.")
    return name
