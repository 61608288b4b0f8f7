"""What `python -m imgcls.data_service` does once its flags are read."""

import threading
from contextlib import suppress

from tensorflow.data.experimental import service

from imgcls.cli import command
from imgcls.cli.terminal import next_step
from imgcls.command_line import command_line
from imgcls.data.batches.service import check_answers, parse_address
from imgcls.framework_internals import service_address, stop_service


def serve(port: int, host: str, dispatcher: str | None) -> int:
    """Serve until Ctrl-C: as the dispatcher, or as a worker of the one that is named.

    port: 0 takes any that is free, for a worker. host: name of this machine, by which the others reach it.
    """
    server, address = start(port, host, dispatcher)
    role = "worker" if dispatcher else "dispatcher"
    print(f"The {role} is ready at grpc://{address}. Ctrl-C ends it.", flush=True)
    following = ("train", "--data-service") if dispatcher else ("data_service", "worker", "--dispatcher")
    next_step(command_line(*following, dispatcher or f"grpc://{address}"))
    with suppress(KeyboardInterrupt):
        threading.Event().wait()  # the server's own `join` cannot be interrupted
    stop_service(server)
    print("Stopped.")
    return command.OK


def start(port: int, host: str, dispatcher: str | None) -> tuple[object, str]:
    """The running server, and host:port of it."""
    if dispatcher is None:
        return service.DispatchServer(service.DispatcherConfig(port=port)), f"{host}:{port}"
    check_answers(dispatcher)
    above, above_port = parse_address(dispatcher)
    config = service.WorkerConfig(
        dispatcher_address=f"{above}:{above_port}", worker_address=f"{host}:%port%", port=port
    )
    server = service.WorkerServer(config)
    return server, service_address(server)
