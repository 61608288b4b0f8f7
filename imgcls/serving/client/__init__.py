"""A model on a server, asked over REST or gRPC, with or without an event loop.

`Client` and `AsyncClient` speak to `python -m imgcls.serve` and to TensorFlow Serving.
"""

from imgcls.serving.client.async_client import AsyncClient
from imgcls.serving.client.client import Client

__all__ = ["AsyncClient", "Client"]
