"""Ask a served bundle for the names of images, be it served by `python -m imgcls.serve` or by TensorFlow Serving."""

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np

from imgcls.serving.explanation import Explanation
from imgcls.serving.given_images import content
from imgcls.serving.prediction import Prediction

BATCH = 32  # images in a request
MAPS = 8  # images in a request for heat maps, each of which is a megabyte of text at 224 x 224
BATCH_BYTES = 32 << 20  # of a request's images; base64 makes a third more of it, and servers take some 64 MiB


class Client:
    """A model on a server.

    Args:
        url: The address of the server, such as "http://127.0.0.1:8501".
        name: The name of the model.
        version: The number of a version; None takes the newest.
        timeout: Seconds that the server may take for a request.

    Raises:
        ValueError: If `url` is no address. From the methods: if the server does not know the model or the version.
        ConnectionError: From the methods: if no server answers.
        TimeoutError: From the methods: if the server takes too long.
        RuntimeError: From the methods: for every other refusal, in the server's words.

    Example:
        With a server that `python -m imgcls.serve saved_models/flowers` started::

            with Client("http://127.0.0.1:8501", "flowers") as client:
                first, second = client.predict(["a.jpg", "b.jpg"])
                print(first.classes[0], first.probabilities[0])
    """

    def __init__(self, url: str, name: str, version: int | None = None, timeout: float = 60.0) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"url is {url!r}; expected an address such as 'http://127.0.0.1:8501'.")
        self.url = url.rstrip("/")
        self.name = name
        self.version = version
        self.timeout = timeout
        self._http = httpx.Client(timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)))

    def predict(self, images: Sequence[str | Path | bytes]) -> list[Prediction]:
        """The classes of images, the likeliest first.

        Args:
            images: Files, or encoded images as bytes. Files may be all that training reads: the client sends a PNG
                of one that the server cannot decode. Bytes are sent as they are.

        Returns:
            A prediction for each image. What cannot be read, here or there, has its reason as the problem.
        """
        predictions = []
        for data, problems in _batches(images):
            rows = iter(self._ask("serving_default", data))
            predictions += [Prediction([], [], problem) if problem else _prediction(next(rows)) for problem in problems]
        return predictions

    def embedding(self, images: Sequence[str | Path | bytes]) -> tuple[list[list[float]], list[str]]:
        """The features of images, which are given as for `predict`.

        Returns:
            The features of each image, and its problem; the features are empty where there is a problem.
        """
        features: list[list[float]] = []
        problems: list[str] = []
        for data, batch_problems in _batches(images):
            rows = iter(self._ask("embedding", data))
            for problem in batch_problems:
                row: dict[str, Any] = {"embedding": [], "problem": problem} if problem else next(rows)
                features.append([] if row["problem"] else row["embedding"])
                problems.append(row["problem"])
        return features, problems

    def explain(self, images: Sequence[str | Path | bytes], classes: Sequence[str] | None = None) -> list[Explanation]:
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
        names = list(classes) if classes is not None else [""] * len(images)
        if len(names) != len(images):
            raise ValueError(f"There are {len(names)} classes for {len(images)} images; expected one for each.")
        explanations: list[Explanation] = []
        for data, problems in _batches(images, MAPS):
            wanted = names[len(explanations) :]
            readable = [name for name, problem in zip(wanted, problems, strict=False) if not problem]
            rows = iter(self._ask("explanation", data, readable))
            explanations += [_unread(problem) if problem else _explanation(next(rows)) for problem in problems]
        return explanations

    def status(self) -> dict[str, Any]:
        """The versions that the server knows, and their states."""
        return self._request("GET", "")

    def metadata(self) -> dict[str, Any]:
        """The signatures of the model: names, types and shapes of inputs and outputs."""
        return self._request("GET", "/metadata")

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _ask(self, signature: str, data: list[bytes], classes: Sequence[str] = ()) -> list[dict[str, Any]]:
        if not data:
            return []
        instances: list[dict[str, Any]] = [{"b64": base64.b64encode(image).decode("ascii")} for image in data]
        if classes:
            instances = [
                {"image_bytes": image, "class_name": name} for image, name in zip(instances, classes, strict=True)
            ]
        predictions: list[dict[str, Any]] = self._request(
            "POST", ":predict", {"signature_name": signature, "instances": instances}
        )["predictions"]
        return predictions

    def _request(self, method: str, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        version = "" if self.version is None else f"/versions/{self.version}"
        address = f"{self.url}/v1/models/{quote(self.name, safe='')}{version}{what}"
        try:
            response = self._http.request(method, address, content=None if body is None else json.dumps(body))
        except httpx.TimeoutException as error:
            raise TimeoutError(
                f"The server at {self.url} did not answer within {self.timeout:g} seconds. Send fewer images, or give "
                "the client a longer timeout."
            ) from error
        except httpx.TransportError as error:
            raise ConnectionError(
                f"No server answers at {self.url} ({error}). Start one: python -m imgcls.serve saved_models/{self.name}"
            ) from error
        return self._content(response)

    def _content(self, response: httpx.Response) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(response.content)
            refusal = answer.get("error", "")
        except (ValueError, AttributeError) as error:
            raise RuntimeError(
                f"What answers at {self.url} is no TensorFlow Serving (HTTP {response.status_code}, "
                f"{response.headers.get('content-type', 'no content type')}). Check the address."
            ) from error
        if response.status_code == httpx.codes.NOT_FOUND:
            version = "" if self.version is None else f" in version {self.version}"
            raise ValueError(f"The server at {self.url} has no model {self.name!r}{version}: {refusal}")
        if response.is_error:
            raise RuntimeError(f"The server at {self.url} refused (HTTP {response.status_code}): {refusal}")
        return answer


def _prediction(row: dict[str, Any]) -> Prediction:
    if row["problem"]:
        return Prediction([], [], row["problem"])
    names = row["classes"]
    members = [name for name, belongs in zip(names, row.get("prediction_set", []), strict=False) if belongs]
    return Prediction(names, row["probabilities"], "", row.get("decision", ""), members, row.get("unknown_score", 0.0))


def _explanation(row: dict[str, Any]) -> Explanation:
    heat_map, picture = np.array(row["heat_map"], np.float32), base64.b64decode(row["picture_bytes"]["b64"])
    return Explanation(row["class"], row["probability"], heat_map, picture, row["problem"])


def _unread(problem: str) -> Explanation:
    return Explanation("", 0.0, np.zeros((0, 0), np.float32), b"", problem)


def _batches(images: Sequence[str | Path | bytes], most: int = 0) -> Iterator[tuple[list[bytes], list[str]]]:
    """Requests of bounded size: the images that could be read, and a problem, or "", for each image."""
    if isinstance(images, str | Path | bytes):
        raise ValueError(f"images is a single {type(images).__name__}; expected a list of files or of bytes.")
    data: list[bytes] = []
    problems: list[str] = []
    size = 0
    for image in images:
        encoded, problem = content(image)
        if problems and (len(problems) == (most or BATCH) or size + len(encoded) > BATCH_BYTES):
            yield data, problems
            data, problems, size = [], [], 0
        problems.append(problem)
        if not problem:
            data.append(encoded)
            size += len(encoded)
    if problems:
        yield data, problems
