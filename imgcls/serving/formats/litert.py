"""A network of LiteRT, which was TensorFlow Lite and computes on phones and small boards, in float32 or int8."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from imgcls.engines.litert import LiteRTEngine
from imgcls.serving.export_format import INT8, ExportedClassifier, Package
from imgcls.serving.file_metadata import metadata_files
from imgcls.serving.precision_format import PrecisionFormat

FILE = "model.tflite"


@dataclass(frozen=True)
class LiteRTFormat(PrecisionFormat):
    """One file, model.tflite, with a zip archive at its end: labels.txt, a class a line, and imgcls.json.

    It takes "pixels" (B, height, width, channels), float32 in [0, 255], and gives "probabilities" (B, K), in the order
    of the class names, "embedding" (B, D), and "logits" and the judgement where the classifier has them.

    Attributes:
        precision: "float32" or "int8". Inputs and outputs are float32 in both.
    """

    base_name, base_title = "litert", "LiteRT"
    precisions = (INT8,)
    needs = Package("ai_edge_litert", "pip install imgcls[litert]")

    def write(self, folder: Path, classifier: ExportedClassifier) -> dict[str, object]:
        """Write the network, and return what it was written with. Raises ValueError if LiteRT lacks an operation."""
        from imgcls.engines.litert_conversion import convert, write_network  # needs Keras, which `load` does not

        calibration = classifier.calibration_pixels if self.precision == INT8 else None
        write_network(convert(classifier.outputs, calibration), folder / FILE, metadata_files(classifier))
        return {"tensorflow": version("tensorflow")}

    def load(self, folder: Path) -> LiteRTEngine:
        """Load the network. Raises ValueError if it is missing or damaged."""
        return LiteRTEngine(folder / FILE)


FORMAT = LiteRTFormat()
