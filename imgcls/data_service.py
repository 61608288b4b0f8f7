"""Share the input work: processes on this or other machines that make a run's batches.

Examples:
  python -m imgcls.data_service dispatcher
  python -m imgcls.data_service worker --dispatcher grpc://localhost:5050
  python -m imgcls.train --data photos --data-service grpc://localhost:5050

A dispatcher and as many workers as wanted; each must find the images under the paths that the run has. What a run
learns is the same to the bit with and without. There is no password: keep the ports inside your own network.
"""

import socket
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from imgcls.cli import command

DISPATCHER_PORT = 5050


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    role: Annotated[Literal["dispatcher", "worker"], tyro.conf.Positional]  # one dispatcher, any number of workers
    port: int | None = None  # that it listens at; by default 5050 for the dispatcher, any that is free for a worker
    dispatcher: str | None = None  # grpc://host:port of the dispatcher (worker only)
    host: str = "localhost"  # name of this machine, by which the others reach it

    def __post_init__(self) -> None:
        if self.port is not None and not 1 <= self.port <= 65_535:
            raise ValueError(f"--port is {self.port}; expected 1 to 65535.")


def main(options: Options) -> int:
    """Serve until Ctrl-C."""
    _check_role(options)
    if options.role == "dispatcher" or options.port:
        _check_port(options.port or DISPATCHER_PORT)
    command.import_tensorflow()
    from imgcls.cli.run_data_service import serve

    port = options.port or (DISPATCHER_PORT if options.role == "dispatcher" else 0)
    return serve(port, options.host, options.dispatcher)


def _check_role(options: Options) -> None:
    if options.role == "worker" and not options.dispatcher:
        raise ValueError("A worker needs its dispatcher's address: --dispatcher grpc://localhost:5050.")
    if options.role == "dispatcher" and options.dispatcher:
        raise ValueError("--dispatcher is a worker's; a dispatcher has none above it. Leave it out.")


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            raise ValueError(
                f"Port {port} cannot be had: {(error.strerror or str(error)).lower()}. Choose another --port."
            ) from error


if __name__ == "__main__":
    command.run(main, Options, __doc__)
