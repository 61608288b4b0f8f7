"""The address of a server, which may name a model too."""

import re
from typing import NamedTuple
from urllib.parse import unquote

WHICH = r"(?P<model>[^/:?#]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:?#]+))?"
REST = re.compile(rf"(?P<server>https?://[^/?#\s]+(?:/[^?#\s]*?)??)(?:/v1/models/{WHICH})?(?::predict)?/*")
GRPC = re.compile(rf"(?P<server>grpcs?://[^/?#\s]+)(?:/{WHICH})?/*")
TOKEN = "IMGCLS_TOKEN"  # the variable that holds what a server asks for: other users see flags
EXAMPLES = "'http://127.0.0.1:8501' or 'grpc://127.0.0.1:8500'"


class Address(NamedTuple):
    """Where a server is.

    Attributes:
        server: Without what names a model, such as "http://127.0.0.1:8501" or "grpc://127.0.0.1:8500".
        model: The name of a model; "" if the address names none.
        version: The number of a version, likewise.
        label: The label of a version, likewise.
    """

    server: str
    model: str = ""
    version: int | None = None
    label: str = ""

    @property
    def is_grpc(self) -> bool:
        """Whether the server speaks gRPC."""
        return self.server.startswith("grpc")

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection has TLS."""
        return self.server.startswith(("https:", "grpcs:"))


def parse_address(text: str) -> Address:
    """Read an address.

    Args:
        text: http://HOST:PORT or https://, as a server prints it with /v1/models/NAME behind it or without;
            grpc://HOST:PORT, or grpcs:// with TLS, with /NAME or without.

    Raises:
        ValueError: If it is none of these.

    Example:
        >>> parse_address("http://127.0.0.1:8501/v1/models/flowers/versions/3")
        Address(server='http://127.0.0.1:8501', model='flowers', version=3, label='')
        >>> parse_address("grpc://127.0.0.1:8500/flowers/labels/canary").label
        'canary'
    """
    found = REST.fullmatch(text) or GRPC.fullmatch(text)
    if not found:
        raise ValueError(f"url is {text!r}; expected an address such as {EXAMPLES}.")
    version = found["version"]
    return Address(
        found["server"].rstrip("/"),
        unquote(found["model"] or ""),
        int(version) if version else None,
        unquote(found["label"] or ""),
    )
