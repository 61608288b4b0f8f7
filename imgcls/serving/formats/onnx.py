"""A network of ONNX, which ONNX Runtime and Triton compute, in float32."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from imgcls.engines.onnx import ONNXEngine
from imgcls.serving.export_format import ExportedClassifier, Package
from imgcls.serving.file_metadata import file_metadata

FILE = "model.onnx"


@dataclass(frozen=True)
class ONNXFormat:
    """One file, model.onnx, with the class names and the preprocessing in its metadata.

    It takes "pixels" (B, height, width, channels), float32 in [0, 255], and gives "probabilities" (B, K), in the order
    of the class names, "embedding" (B, D), and "logits" and the judgement where the classifier has them.
    """

    name = "onnx"
    title = "ONNX"
    needs = Package("onnxruntime", "pip install imgcls[onnx]")

    def write(self, folder: Path, classifier: ExportedClassifier) -> dict[str, object]:
        """Write the network, and return the versions of what wrote it. Raises ValueError if ONNX lacks an operation."""
        from imgcls.engines.onnx_conversion import OPSET, convert, write_network  # needs Keras, which `load` does not

        write_network(convert(classifier.outputs), folder / FILE, file_metadata(classifier))
        return {"onnx": version("onnx"), "tf2onnx": version("tf2onnx"), "opset": OPSET}

    def load(self, folder: Path) -> ONNXEngine:
        """Load the network. Raises ValueError if it is missing or damaged."""
        return ONNXEngine(folder / FILE)


FORMAT = ONNXFormat()
