"""Share the input work: processes on this or other machines that make a run's batches.

Examples:
  python -m imgcls.data_service dispatcher
  python -m imgcls.data_service worker --dispatcher grpc://localhost:5050
  python -m imgcls.train --data photos --data-service grpc://localhost:5050

A dispatcher and as many workers as wanted; each must find the images under the paths that the run has. What a run
learns is the same to the bit with and without. There is no password: keep the ports inside your own network.
"""

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from imgcls import command

DISPATCHER_PORT = 5050


@dataclass(frozen=True)
class Options:
    role: Annotated[Literal["dispatcher", "worker"], tyro.conf.Positional]  # one dispatcher, any number of workers
    port: int | None = None  # that it listens at; by default 5050 for the dispatcher, any that is free for a worker
    dispatcher: str | None = None  # grpc://host:port of the dispatcher (worker only)
    host: str = "localhost"  # name of this machine, by which the runs reach a worker (worker only)

    def __post_init__(self):
        if self.port is not None and not 1 <= self.port <= 65_535:
            raise ValueError(f"--port is {self.port}; expected 1 to 65535.")
        if self.role == "worker" and not self.dispatcher:
            raise ValueError("A worker needs its dispatcher's address: --dispatcher grpc://localhost:5050.")
        if self.role == "dispatcher" and self.dispatcher:
            raise ValueError("--dispatcher is a worker's; a dispatcher has none above it.")


def main(options: Options) -> int:
    command.import_tensorflow()
    import tensorflow as tf

    try:
        server, address = _start(options)
    except tf.errors.OpError as error:
        raise ValueError(
            f"The {options.role} could not start at port {options.port or 'any'}: {error.message.splitlines()[0][:200]}"
        ) from error
    print(f"The {options.role} is ready at grpc://{address}. Ctrl-C ends it.", flush=True)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()  # the server's own `join` cannot be interrupted
    server._stop()
    print("Stopped.")
    return command.OK


def _start(options: Options):
    """The running server, and host:port of it."""
    from tensorflow.data.experimental import service

    from imgcls.data.service import check_answers, parse_address

    if options.role == "dispatcher":
        server = service.DispatchServer(service.DispatcherConfig(port=options.port or DISPATCHER_PORT))
        return server, server.target.removeprefix("grpc://")
    check_answers(options.dispatcher)
    host, port = parse_address(options.dispatcher)
    server = service.WorkerServer(
        service.WorkerConfig(
            dispatcher_address=f"{host}:{port}", worker_address=f"{options.host}:%port%", port=options.port or 0
        )
    )
    return server, server._address


if __name__ == "__main__":
    command.run(main, Options, __doc__)
