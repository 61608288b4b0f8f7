"""The port that a server listens at."""

import socket

BACKLOG = 2048  # callers that may wait to be let in, as uvicorn has it


def take_port(host: str, port: int, flag: str = "--port") -> socket.socket:
    """Take a port at once. Callers are refused until `listen` opens it, when there is a model to ask.

    Args:
        host: The address of this machine that is listened at.
        port: Its port; 0 takes any that is free.
        flag: That chooses the port.

    Returns:
        A socket with this address.

    Raises:
        ValueError: If the port cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio delays small packets
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise _refusal(host, port, error, flag) from error
    return listener


def listen(listener: socket.socket) -> None:
    """Let callers in.

    Args:
        listener: What `take_port` gave.

    Raises:
        ValueError: If another process has begun to listen there meanwhile.
    """
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        host, port = listener.getsockname()[:2]
        listener.close()
        raise _refusal(host, port, error) from error


def check_free(host: str, port: int, flag: str = "--port") -> None:
    """Check that a port can be had, for a server that takes it itself later.

    Args:
        host: The address of this machine.
        port: Its port; 0 is any.
        flag: That chooses the port.

    Raises:
        ValueError: If it cannot.
    """
    take_port(host, port, flag).close()


def _refusal(host: str, port: int, error: OSError, flag: str = "--port") -> ValueError:
    return ValueError(
        f"Port {port} of {host} cannot be used: {(error.strerror or str(error)).lower()}. "
        f"Choose another, such as {flag} {port + 1}, or {flag} 0 for any that is free."
    )
