"""A network of ONNX, which ONNX Runtime and Triton compute, in float32 or int8."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from imgcls.engines.onnx import ONNXEngine
from imgcls.serving.export_format import INT8, KEPT_IN_FLOAT32, ExportedClassifier, Package
from imgcls.serving.file_metadata import file_metadata
from imgcls.serving.precision_format import PrecisionFormat

FILE = "model.onnx"


@dataclass(frozen=True)
class ONNXFormat(PrecisionFormat):
    """One file, model.onnx, with the class names and the preprocessing in its metadata.

    It takes "pixels" (B, height, width, channels), float32 in [0, 255], and gives "probabilities" (B, K), in the order
    of the class names, "embedding" (B, D), and "logits" and the judgement where the classifier has them.

    Attributes:
        precision: "float32" or "int8". Inputs and outputs are float32 in both.
    """

    base_name, base_title = "onnx", "ONNX"
    precisions = (INT8,)
    needs = Package("onnxruntime", "pip install imgcls[onnx]")

    def write(self, folder: Path, classifier: ExportedClassifier) -> dict[str, object]:
        """Write the network, and return the versions of what wrote it. Raises ValueError if ONNX lacks an operation."""
        from imgcls.engines.onnx_conversion import (  # needs Keras, which `load` does not
            OPSET,
            convert,
            quantized,
            write_network,
        )

        network = convert(classifier.outputs)
        if self.precision == INT8:
            network = quantized(network, classifier.calibration_pixels, KEPT_IN_FLOAT32)
        write_network(network, folder / FILE, file_metadata(classifier))
        return {"onnx": version("onnx"), "tf2onnx": version("tf2onnx"), "opset": OPSET}

    def load(self, folder: Path) -> ONNXEngine:
        """Load the network. Raises ValueError if it is missing or damaged."""
        return ONNXEngine(folder / FILE)


FORMAT = ONNXFormat()
