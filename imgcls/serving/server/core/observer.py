"""Who is told what a server does, such as the figures for Prometheus."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np


class Observer:
    """Is told what happens, from any thread; this one forgets it all. A class that inherits from it counts."""

    def request(self, *, api: str, method: str, model: str, status: int, seconds: float) -> None:
        """A request was answered.

        Args:
            api: "REST" or "GRPC".
            method: The call by TensorFlow Serving's name, such as "Predict", "GetModelStatus", "GetModelMetadata".
            model: The name that was asked for; "" if the request names none that is served.
            status: The HTTP status; of gRPC, the one that belongs to its code.
            seconds: From its last byte to its answer.
        """

    def batch(self, *, model: str, version: int, rows: int, waited: float) -> None:
        """Rows of one or several requests go through the network together.

        Args:
            model: Its name.
            version: Its number.
            rows: Images in the batch.
            waited: Seconds that the oldest of the requests waited in the queue.
        """

    def run(self, *, model: str, seconds: float) -> None:
        """A signature was called and answered.

        Args:
            model: Its name.
            seconds: That it took, with the wait for others in a batch.
        """

    def load(self, *, folder: Path, is_loaded: bool, seconds: float) -> None:
        """A version was loaded, or could not be.

        Args:
            folder: Of the version.
            is_loaded: Whether it was.
            seconds: That it took, with the warm-up.
        """

    def images(
        self,
        *,
        model: str,
        version: int,
        inputs: Mapping[str, np.ndarray],
        ask: Callable[[str, Mapping[str, np.ndarray]], Mapping[str, np.ndarray]],
    ) -> None:
        """A bundle with embeddings answered a request; its images may be asked more.

        Args:
            model: Its name.
            version: Its number.
            inputs: Of the request, by name.
            ask: Answers a signature of the same version, by its name and its inputs, without being observed.
        """

    def answers(self, *, model: str, version: int, signature: str, outputs: Mapping[str, np.ndarray]) -> None:
        """A signature answered one request.

        Args:
            model: Its name.
            version: Its number.
            signature: Its name.
            outputs: By name, (B, ...), as the caller gets them.
        """
