"""Ask a served bundle for the names of images, be it served by `python -m imgcls.serve` or by TensorFlow Serving."""

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import httpx

from imgcls.data.images.transcoding import decodable
from imgcls.image_files import Refused
from imgcls.serving.prediction import Prediction

BATCH = 32  # images in a request
BATCH_BYTES = 32 << 20  # of a request's images; base64 makes a third more of it, and servers take some 64 MiB


class Client:
    """A model on a server.

    url: of the server, such as "http://127.0.0.1:8501". name: of the model.
    version: the number of a version; None takes the newest.
    timeout: seconds that the server may take for a request.

    Its methods raise ConnectionError if no server answers, TimeoutError if it takes too long, ValueError if it does not
    know the model or the version, and RuntimeError with its own words for every other refusal.
    """

    def __init__(self, url: str, name: str, version: int | None = None, timeout: float = 60.0):
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"url is {url!r}; expected an address such as 'http://127.0.0.1:8501'.")
        self.url = url.rstrip("/")
        self.name = name
        self.version = version
        self.timeout = timeout
        self._http = httpx.Client(timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)))

    def predict(self, images: Sequence[str | Path | bytes]) -> list[Prediction]:
        """The classes of image files or encoded images, the likeliest first.

        Files may be all that training reads: of one that the server cannot decode a PNG is sent. Bytes go as they are.
        What cannot be read, here or there, gets its reason as the problem; the others are predicted.
        """
        predictions = []
        for data, problems in _batches(images):
            rows = iter(self._ask("serving_default", data))
            predictions += [Prediction([], [], problem) if problem else _prediction(next(rows)) for problem in problems]
        return predictions

    def embedding(self, images: Sequence[str | Path | bytes]) -> tuple[list[list[float]], list[str]]:
        """The features of each image and its problem; the features are empty where there is a problem."""
        features, problems = [], []
        for data, batch_problems in _batches(images):
            rows = iter(self._ask("embedding", data))
            for problem in batch_problems:
                row = {"embedding": [], "problem": problem} if problem else next(rows)
                features.append([] if row["problem"] else row["embedding"])
                problems.append(row["problem"])
        return features, problems

    def status(self) -> dict:
        """The versions that the server knows, and their states."""
        return self._request("GET", "")

    def metadata(self) -> dict:
        """The signatures of the model: names, types and shapes of inputs and outputs."""
        return self._request("GET", "/metadata")

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def _ask(self, signature: str, data: list[bytes]) -> list[dict]:
        if not data:
            return []
        instances = [{"b64": base64.b64encode(image).decode("ascii")} for image in data]
        found = self._request("POST", ":predict", {"signature_name": signature, "instances": instances})
        return found["predictions"]

    def _request(self, method: str, what: str, body: dict | None = None) -> dict:
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

    def _content(self, response: httpx.Response) -> dict:
        try:
            content = json.loads(response.content)
            refusal = content.get("error", "")
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
        return content


def _prediction(row: dict) -> Prediction:
    if row["problem"]:
        return Prediction([], [], row["problem"])
    return Prediction(row["classes"], row["probabilities"], "")


def _batches(images: Sequence[str | Path | bytes]) -> Iterator[tuple[list[bytes], list[str]]]:
    """Requests of bounded size: the images that could be read, and a problem, or "", for each image."""
    if isinstance(images, str | Path | bytes):
        raise ValueError(f"images is a single {type(images).__name__}; expected a list of files or of bytes.")
    data: list[bytes] = []
    problems: list[str] = []
    size = 0
    for image in images:
        content, problem = _read(image)
        if problems and (len(problems) == BATCH or size + len(content) > BATCH_BYTES):
            yield data, problems
            data, problems, size = [], [], 0
        problems.append(problem)
        if not problem:
            data.append(content)
            size += len(content)
    if problems:
        yield data, problems


def _read(image: str | Path | bytes) -> tuple[bytes, str]:
    if isinstance(image, bytes):
        return image, ""
    try:
        return decodable(Path(image).read_bytes()), ""
    except Refused as error:
        return b"", str(error)
    except OSError as error:
        return b"", (error.strerror or str(error)).lower()
