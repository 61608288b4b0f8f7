"""The engine of ONNX Runtime.

The package onnxruntime is imported when an engine is made, so that this module can be imported without it.
"""

from pathlib import Path

import numpy as np

from imgcls.engines.engine import Engine, Outputs


class ONNXEngine(Engine):
    """A network that ONNX Runtime has loaded.

    Args:
        path: A file that takes pixels (B, height, width, channels) for any B, such as
            `imgcls.engines.onnx_conversion.write_network` writes.
        threads: Of one prediction; 0 for as many as the processor has cores.

    Raises:
        ImportError: If onnxruntime is not installed.
        ValueError: If the file is missing or damaged.
    """

    name = "ONNX Runtime"
    device = "CPU"

    def __init__(self, path: Path, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # what goes wrong comes as an exception
        try:
            self._session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        except Exception as error:  # it has many of its own, which share no other class
            reason = str(error).strip().splitlines()[0]
            raise ValueError(f"{path} holds no network of ONNX ({reason}). Export the run again.") from error
        self.outputs = tuple(output.name for output in self._session.get_outputs())
        self._input = self._session.get_inputs()[0].name

    def predict(self, pixels: np.ndarray) -> Outputs:
        """Compute the network on a batch, as `Engine.predict` describes it."""
        found = self._session.run(list(self.outputs), {self._input: np.ascontiguousarray(pixels, np.float32)})
        return dict(zip(self.outputs, found, strict=True))
