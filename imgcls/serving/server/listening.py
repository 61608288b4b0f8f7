"""The port that a server listens at."""

import socket


def listen(host: str, port: int) -> socket.socket:
    """Take a port; callers wait until the model is loaded.

    Args:
        host: The address of this machine that is listened at.
        port: Its port; 0 takes any that is free.

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
            f"Choose another, such as --port {port + 1}, or --port 0 for any that is free."
        ) from error
    return listener
