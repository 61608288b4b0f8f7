"""A client for an event loop."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple, Unpack

from imgcls.serving.client import questions
from imgcls.serving.client.questions import Images, Request, Result, Steps
from imgcls.serving.client.target import Options, make_target
from imgcls.serving.client.transport import Columns, Inputs, make_async_transport
from imgcls.serving.explanation import Explanation
from imgcls.serving.prediction import Prediction


class AsyncClient:
    """A model on a server, asked from an event loop; else as `Client`, argument for argument and error for error.

    Files are read in threads, so that the loop goes on meanwhile.

    Args:
        url: The address of the server.
        name: The name of the model; "" for the one in the address.
        version: The number of a version; None takes the newest.
        timeout: Seconds that the server may take for a request.
        **options: Those of `Client`.

    Raises:
        ValueError: If `url` is no address, or `ca_file` holds no certificate.

    Example:
        Many requests at once::

            async with AsyncClient("grpc://127.0.0.1:8500", "flowers") as client:
                answers = await asyncio.gather(*(client.predict([path]) for path in paths))
    """

    def __init__(
        self,
        url: str,
        name: str = "",
        version: int | None = None,
        timeout: float = 60.0,
        **options: Unpack[Options],
    ) -> None:
        self.target = make_target(url, name, version, timeout, **options)
        self._transport = make_async_transport(self.target)

    async def predict(self, images: Images, top_k: int | None = None) -> list[Prediction]:
        """The classes of images, as `Client.predict` gives them."""
        return await self._answered(questions.predict(images, top_k))

    async def embedding(self, images: Images) -> tuple[list[list[float]], list[str]]:
        """The features of images, as `Client.embedding` gives them."""
        return await self._answered(questions.embed(images))

    async def explain(self, images: Images, classes: Sequence[str | None] | None = None) -> list[Explanation]:
        """Why images are answered as they are, as `Client.explain` gives it."""
        return await self._answered(questions.explain(images, classes))

    async def run(self, signature: str, inputs: Inputs) -> Columns:
        """Call any signature of any model, as `Client.run` does."""
        return await self._transport.run(signature, inputs)

    async def status(self) -> dict[str, Any]:
        """The versions that the server knows, and their states."""
        return await self._transport.status()

    async def metadata(self) -> dict[str, Any]:
        """The signatures of the model: names, types and shapes of inputs and outputs."""
        return await self._transport.metadata()

    async def close(self) -> None:
        """Give the connections back."""
        await self._transport.close()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def _answered(self, steps: Steps[Result]) -> Result:
        """Send each request of a question, until there is a result."""
        answer: Columns | None = None
        while True:
            step = await asyncio.to_thread(_next, steps, answer)
            if not isinstance(step, Request):
                result: Result = step.result
                return result
            answer = await self._transport.run(*step)


class _Done(NamedTuple):
    """The end of a question."""

    result: Any


def _next(steps: Steps[Result], answer: Columns | None) -> Request | _Done:
    """The next request of a question, or its result; the exception that ends a generator cannot leave a thread."""
    try:
        return next(steps) if answer is None else steps.send(answer)
    except StopIteration as done:
        return _Done(done.value)
