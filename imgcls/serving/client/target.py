"""Which model is asked, on which server, and how patiently."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict, Unpack

from imgcls.serving.client.address import Address, parse_address
from imgcls.serving.client.authorities import check_authorities
from imgcls.serving.client.retries import Retries

CONNECT_SECONDS = 5.0  # until a connection stands, however long the answer may take


class Options(TypedDict, total=False):
    """What a client may be given beside address, name, version and time-out; `Target` says what it means."""

    label: str
    token: str
    retries: int
    connections: int
    ca_file: str | Path


@dataclass(frozen=True)
class Target:
    """A model on a server.

    Attributes:
        address: Of the server.
        name: Of the model.
        version: Its number; None for what the label says, or for the newest.
        label: Of a version; "" for none.
        timeout: Seconds that the server may take for a request.
        token: That the server asks for; "" for none.
        retries: How a request is repeated.
        connections: That are open at once over HTTP; over gRPC one carries all.
        ca_file: A PEM file of the authorities that may have signed the server's certificate; "" for the usual ones.
    """

    address: Address
    name: str
    version: int | None = None
    label: str = ""
    timeout: float = 60.0
    token: str = field(default="", repr=False)
    retries: Retries = field(default_factory=Retries)
    connections: int = 32
    ca_file: str | Path = ""

    @property
    def described(self) -> str:
        """The model, as a sentence names it."""
        if self.version is not None:
            return f"model {self.name!r} in version {self.version}"
        return f"model {self.name!r} with the label {self.label!r}" if self.label else f"model {self.name!r}"


def make_target(url: str, name: str, version: int | None, timeout: float, **options: Unpack[Options]) -> Target:
    """Check what a client is given.

    Args:
        url: The address, which may name the model and its version or label.
        name: Of the model; "" for the one in the address.
        version: Its number; None for that in the address, or for the newest.
        timeout: Seconds that the server may take for a request.
        **options: Those of `Target`.

    Raises:
        ValueError: If the address is none, no model is named, both a version and a label are, or `ca_file` holds no
            certificate.
    """
    address = parse_address(url)
    name, label = name or address.model, options.get("label", "")
    if not name:
        raise ValueError(f"{url} names no model. Give the client its name, such as Client({url!r}, 'flowers').")
    if version is None and not label:
        version, label = address.version, address.label
    if version is not None and label:
        raise ValueError(f"Both version {version} and label {label!r} are given; expected one of them.")
    if options.get("ca_file"):
        check_authorities(options["ca_file"])
    return Target(
        address,
        name,
        version,
        label,
        timeout,
        options.get("token", ""),
        Retries(options.get("retries", Retries.count)),
        options.get("connections", Target.connections),
        options.get("ca_file", ""),
    )
