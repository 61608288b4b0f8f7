"""The engine of Intel's processors: OpenVINO.

The package openvino is imported when an engine is made, so that this module can be imported without it.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imgcls.engines.engine import Engine, Key, Outputs, fill_up

if TYPE_CHECKING:
    import openvino


class OpenVINOEngine(Engine):
    """A network that OpenVINO has compiled.

    Args:
        network: From pixels to outputs with names, as `imgcls.engines.openvino_conversion` makes it.
        device: By OpenVINO's name: "CPU", "GPU", "NPU".
        batch_size: The only size that the network takes; smaller batches are filled up. None if it takes every size.
            With a size it is compiled for many batches at a time, without one for one that is soon ready.
        precision: "bfloat16" for a device that computes in it; anything else computes in float32 what the network does
            not say itself to be of 8 bits.
        streams: Batches that are computed at the same time, which share the cores; None for what OpenVINO chooses.

    Raises:
        ImportError: If openvino is not installed.
    """

    name = "OpenVINO"

    def __init__(
        self,
        network: "openvino.Model",
        device: str = "CPU",
        batch_size: int | None = None,
        precision: str = "float32",
        streams: int | None = None,
    ) -> None:
        import openvino

        self.device = device
        self.outputs = tuple(output.any_name for output in network.outputs)
        self.batch_size = batch_size
        if batch_size is not None and network.input().partial_shape.is_dynamic:
            network = network.clone()  # the caller's stays as it is
            network.reshape([batch_size, *(side.get_length() for side in list(network.input().partial_shape)[1:])])
        hint = "LATENCY" if batch_size is None else "THROUGHPUT"
        core = openvino.Core()
        in_16_bits = precision == "bfloat16" and "BF16" in core.get_property(device, "OPTIMIZATION_CAPABILITIES")
        speed: dict[str, str | int] = {"PERFORMANCE_HINT": hint} if streams is None else {"NUM_STREAMS": streams}
        settings = {"INFERENCE_PRECISION_HINT": "bf16" if in_16_bits else "f32", **speed}
        self._compiled = core.compile_model(network, device, settings)
        self._idle: deque[openvino.InferRequest] = deque()  # to make one anew takes a fifth of a small network's time

    def predict(self, pixels: np.ndarray) -> Outputs:
        """Compute the network on a batch, as `Engine.predict` describes it."""
        try:
            request = self._idle.pop()  # one request cannot serve two threads
        except IndexError:
            request = self._compiled.create_infer_request()
        request.infer(self._batch(pixels), share_inputs=True)
        outputs = {name: request.get_tensor(name).data[: len(pixels)].copy() for name in self.outputs}
        self._idle.append(request)
        return outputs

    def predict_batches(self, batches: Iterable[tuple[Key, np.ndarray]]) -> Iterator[tuple[Key, Outputs]]:
        """Compute many batches, several at a time, as `Engine.predict_batches` describes it."""
        at_once = self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        idle = [self._compiled.create_infer_request() for _ in range(at_once)]
        computing: deque[tuple[Key, int, openvino.InferRequest]] = deque()
        try:
            for key, pixels in batches:
                if not idle:
                    yield self._finished(computing, idle)
                request = idle.pop()
                request.start_async(self._batch(pixels))
                computing.append((key, len(pixels), request))
            while computing:
                yield self._finished(computing, idle)
        finally:
            for _, _, request in computing:  # nobody wants the rest; it must not outlive the network
                request.wait()

    def _finished(
        self, computing: "deque[tuple[Key, int, openvino.InferRequest]]", idle: "list[openvino.InferRequest]"
    ) -> tuple[Key, Outputs]:
        """Wait for the oldest batch. A callback would end in a thread of OpenVINO, and with it perhaps the last
        reference to the network, whose end waits for that very thread: the process is aborted (OpenVINO 2026.4).
        """
        key, count, request = computing.popleft()
        request.wait()
        outputs = {name: request.get_tensor(name).data[:count].copy() for name in self.outputs}
        idle.append(request)
        return key, outputs

    def _batch(self, pixels: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(pixels) if self.batch_size is None else fill_up(pixels, self.batch_size)


def read_network(path: Path) -> "openvino.Model":
    """Read a network that `imgcls.engines.openvino_signature.write_network` wrote.

    Raises:
        ValueError: If the file is missing or damaged.
    """
    import openvino

    try:
        return openvino.Core().read_model(path)
    except RuntimeError as error:
        raise ValueError(
            f"{path} holds no network of OpenVINO ({openvino_reason(error)}). Export the run again."
        ) from error


def openvino_reason(error: Exception) -> str:
    """What an error of OpenVINO says, in one line, without the places in its source that it passed.

    Example:
        >>> openvino_reason(RuntimeError("Exception from core.cpp:117:\\nUnsupported operation: Convert\\nDetails:"))
        'Unsupported operation: Convert'
    """
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.startswith(("Exception from", "Check '")) and line[-1] != ":"]
    return "; ".join(said[:2])[:300] or type(error).__name__
