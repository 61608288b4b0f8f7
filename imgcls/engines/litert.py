"""The engine of LiteRT, which was TensorFlow Lite.

The package ai_edge_litert is imported when an engine is made, so that this module can be imported without it.
"""

import os
from pathlib import Path
from threading import Lock

import numpy as np

from imgcls.engines.engine import Engine, Outputs, fill_up


class LiteRTEngine(Engine):
    """A network that LiteRT has loaded.

    Threads take turns, because a network of LiteRT computes one batch at a time. Each batch has all cores.

    Args:
        path: A file that takes pixels (B, height, width, channels) for any B of at least 1, such as
            `imgcls.engines.litert_conversion.write_network` writes.
        threads: Of one prediction; 0 for as many as there are cores for this process.

    Raises:
        ImportError: If ai-edge-litert is not installed.
        ValueError: If the file is missing or damaged.
    """

    name = "LiteRT"
    device = "CPU"

    def __init__(self, path: Path, threads: int = 0) -> None:
        from ai_edge_litert.interpreter import Interpreter

        cores = len(os.sched_getaffinity(0))
        try:
            self._network = Interpreter(str(path), num_threads=threads or cores)
            self._run = self._network.get_signature_runner()
            self.outputs = tuple(sorted(self._run.get_output_details()))
        except (ValueError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(f"{path} holds no network of LiteRT ({reason}). Export the run again.") from error
        self._lock = Lock()

    def predict(self, pixels: np.ndarray) -> Outputs:
        """Compute the network on a batch, as `Engine.predict` describes it."""
        batch = fill_up(np.asarray(pixels, np.float32), max(1, len(pixels)))  # it has no batch of none
        with self._lock:
            found = self._run(pixels=batch)
        return {name: values[: len(pixels)] for name, values in found.items()}
