"""A client that waits for its answers."""

from collections.abc import Sequence
from typing import Any, Unpack

from imgcls.serving.client import questions
from imgcls.serving.client.questions import Images, Result, Steps
from imgcls.serving.client.target import Options, make_target
from imgcls.serving.client.transport import Columns, Inputs, make_transport
from imgcls.serving.explanation import Explanation
from imgcls.serving.prediction import Prediction


class Client:
    """A model on a server. It may be used from several threads at once.

    Args:
        url: The address of the server: "http://127.0.0.1:8501" or https:// for REST, "grpc://127.0.0.1:8500" or
            grpcs:// for gRPC. It may name the model, as the server prints it: "http://HOST:PORT/v1/models/flowers",
            "grpc://HOST:PORT/flowers".
        name: The name of the model; "" for the one in the address.
        version: The number of a version; None takes the newest.
        timeout: Seconds that the server may take for a request.
        **options: `label`: of a version, such as "stable". `token`: that the server asks for. `retries`: how often a
            request is repeated where the connection breaks or the server takes none at present (503, UNAVAILABLE),
            2 by default, after random waits. `connections`: open at once over HTTP, 32 by default. `ca_file`: a PEM
            file of the authority that signed the server's certificate.

    Raises:
        ValueError: If `url` is no address, or `ca_file` holds no certificate. From the methods: if the server does not
            know the model, the version or the label.
        ConnectionError: From the methods: if no server answers, or its certificate is not trusted.
        TimeoutError: From the methods: if the server takes too long.
        RuntimeError: From the methods: for every other refusal, in the server's words.

    Example:
        With a server that `python -m imgcls.serve saved_models/flowers` started::

            with Client("http://127.0.0.1:8501", "flowers") as client:
                first, second = client.predict(["a.jpg", "b.jpg"])
                print(first.classes[0], first.probabilities[0])
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
        self._transport = make_transport(self.target)

    def predict(self, images: Images, top_k: int | None = None) -> list[Prediction]:
        """The classes of images, the likeliest first.

        Args:
            images: Files, or encoded images as bytes. Files may be all that training reads: the client sends a PNG
                of one that the server cannot decode. Bytes are sent as they are.
            top_k: How many classes are named, of a bundle with the signature "top_k"; None for all, with the
                prediction set.

        Returns:
            A prediction for each image. What cannot be read, here or there, has its reason as the problem.

        Raises:
            ValueError: If `top_k` is below 1 or above 2,147,483,647.
        """
        return self._answered(questions.predict(images, top_k))

    def embedding(self, images: Images) -> tuple[list[list[float]], list[str]]:
        """The features of images, which are given as for `predict`.

        Returns:
            The features of each image, and its problem; the features are empty where there is a problem.
        """
        return self._answered(questions.embed(images))

    def explain(self, images: Images, classes: Sequence[str | None] | None = None) -> list[Explanation]:
        """Why images are answered as they are, of a bundle that was exported with `--explain`.

        Args:
            images: As for `predict`.
            classes: For each image, the class that is explained; "" or None for the likeliest one.

        Returns:
            An explanation for each image.

        Raises:
            ValueError: If there is not one class for each image.
            RuntimeError: If the bundle does not say why, in the server's words.
        """
        return self._answered(questions.explain(images, classes))

    def run(self, signature: str, inputs: Inputs) -> Columns:
        """Call any signature of any model.

        Args:
            signature: Its name.
            inputs: Lists or arrays by name, with the batch as the first dimension.

        Returns:
            The outputs by name, as lists. Strings are bytes where the name ends in "_bytes", else texts. Over REST,
            the only output of a signature has the name "".
        """
        return self._transport.run(signature, inputs)

    def status(self) -> dict[str, Any]:
        """The versions that the server knows, and their states; with a version or label, of that one."""
        return self._transport.status()

    def metadata(self) -> dict[str, Any]:
        """The signatures of the model: names, types and shapes of inputs and outputs."""
        return self._transport.metadata()

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _answered(self, steps: Steps[Result]) -> Result:
        """Send each request of a question, until there is a result."""
        try:
            request = next(steps)
            while True:
                request = steps.send(self._transport.run(*request))
        except StopIteration as done:
            result: Result = done.value
            return result
