"""The port that a server listens at."""

import socket


def listen(host: str, port: int, flag: str = "--port") -> socket.socket:
    """Take a port; callers wait until the model is loaded.

    Args:
        host: The address of this machine that is listened at.
        port: Its port; 0 takes any that is free.
        flag: That chooses the port.

    Returns:
        A socket that listens.

    Raises:
        ValueError: If the port cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio delays small packets
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise ValueError(
            f"Port {port} of {host} cannot be used: {(error.strerror or str(error)).lower()}. "
            f"Choose another, such as {flag} {port + 1}, or {flag} 0 for any that is free."
        ) from error
    return listener


def check_free(host: str, port: int, flag: str = "--port") -> None:
    """Check that a port can be had, for a server that binds it itself later.

    Raises:
        ValueError: If it cannot.
    """
    listen(host, port, flag).close()
