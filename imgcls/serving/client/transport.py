"""The contract of a transport: a signature with its inputs to a server, its outputs back."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from imgcls.serving.client.refusals import UnavailableError, UnreachableError
from imgcls.serving.client.target import Target

Inputs = Mapping[str, Sequence[Any] | np.ndarray]  # by name: bytes, texts or numbers, the first dimension is the batch
Columns = dict[str, list[Any]]  # outputs by name; those that end in _bytes are bytes, other strings are texts
PASSING = (UnreachableError, UnavailableError)  # what a repeated request may get past


class Transport(Protocol):
    """What a client asks with. Every method raises what `imgcls.serving.client.refusals` makes."""

    def run(self, signature: str, inputs: Inputs) -> Columns:
        """Call a signature."""

    def status(self) -> dict[str, Any]:
        """The versions that the server knows, as the REST API writes them."""

    def metadata(self) -> dict[str, Any]:
        """The signatures, likewise."""

    def close(self) -> None:
        """Give the connections back."""


class AsyncTransport(Protocol):
    """The same where an event loop waits."""

    async def run(self, signature: str, inputs: Inputs) -> Columns:
        """Call a signature."""

    async def status(self) -> dict[str, Any]:
        """The versions that the server knows, as the REST API writes them."""

    async def metadata(self) -> dict[str, Any]:
        """The signatures, likewise."""

    async def close(self) -> None:
        """Give the connections back."""


def make_transport(target: Target) -> Transport:
    """Make the transport that the address asks for. The libraries of gRPC, TensorFlow among them, are imported then."""
    if target.address.is_grpc:
        from imgcls.serving.client.grpc_transport import GrpcTransport

        return GrpcTransport(target)
    from imgcls.serving.client.rest_transport import RestTransport

    return RestTransport(target)


def make_async_transport(target: Target) -> AsyncTransport:
    """The same where an event loop waits."""
    if target.address.is_grpc:
        from imgcls.serving.client.grpc_transport import AsyncGrpcTransport

        return AsyncGrpcTransport(target)
    from imgcls.serving.client.rest_transport import AsyncRestTransport

    return AsyncRestTransport(target)
