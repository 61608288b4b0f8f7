"""Connections with a deadline, to public machines only, unless private ones are allowed.

An address is resolved once, every machine that it stands for is checked, and the connection goes to one of those: so
neither a redirect nor a name that is answered differently the second time leads into the own network.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 behind NAT64, RFC 6052


class PrivateAddressError(Exception):
    """A name or address that stands for a machine of a private network, or for this one."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open net: not private, of this machine, a link, a group or reserved.

    Example:
        >>> is_public("8.8.8.8"), is_public("192.168.0.1"), is_public("::1")
        (True, False, False)
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if ip in TRANSLATED:
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inside:
            return is_public(str(inside))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


class CheckedBackend(httpcore.NetworkBackend):
    """Opens connections for httpcore, to machines that may be connected to."""

    def __init__(self, deadline: float, private: bool) -> None:
        self._deadline = deadline
        self._private = private
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first machine that answers.

        Args:
            host: Name or address.
            port: Number.
            timeout: Not used: the deadline counts.
            local_address: As httpcore has it.
            socket_options: As httpcore has them.

        Raises:
            PrivateAddressError: The name stands for a machine of a private network.
            httpcore.ConnectError: No machine answers.
        """
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._resolve(host, port):
            try:
                stream = self._backend.connect_tcp(address, port, _left(self._deadline), local_address, socket_options)
                return _TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def _resolve(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host!r} is not known") from error
        addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
        for address in addresses:
            if not self._private and not is_public(address):
                raise PrivateAddressError(f"{host} is the private address {address}")
        return addresses


class _TimedStream(httpcore.NetworkStream):
    """A stream whose reads and writes share one deadline, so that no drip of bytes prolongs it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes = self._stream.read(max_bytes, _left(self._deadline))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return left
