"""A network of OpenVINO, which Intel's processors compute faster than a SavedModel, in float32, bfloat16 or int8."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from imgcls.engines.openvino import OpenVINOEngine, read_network
from imgcls.serving.export_format import BFLOAT16, INT8, KEPT_IN_FLOAT32, ExportedClassifier, Package
from imgcls.serving.file_metadata import file_metadata
from imgcls.serving.precision_format import PrecisionFormat

FILE = "model.xml"  # model.bin lies beside it, with the weights


@dataclass(frozen=True)
class OpenVINOFormat(PrecisionFormat):
    """The intermediate representation (IR) of OpenVINO: model.xml and model.bin.

    It takes pixels (B, height, width, channels), float32 in [0, 255], and gives "probabilities" (B, K), in the order
    of the class names, "embedding" (B, D), and "logits" and the judgement where the classifier has them.

    Attributes:
        device: What loaded networks compute on, by OpenVINO's name: "CPU", "GPU", "NPU".
        precision: "float32", "bfloat16" or "int8". Inputs and outputs are float32 in all. bfloat16 is what the network
            is computed in where the device can; its file holds the weights in 16 bits.
    """

    device: str = "CPU"
    base_name, base_title = "openvino", "OpenVINO IR"
    precisions = (BFLOAT16, INT8)
    needs = Package("openvino", "pip install imgcls[openvino]")

    def write(self, folder: Path, classifier: ExportedClassifier) -> dict[str, object]:
        """Write the network, and return the version of OpenVINO that wrote it."""
        from imgcls.engines.openvino_conversion import convert, quantized  # `load` needs no Keras
        from imgcls.engines.openvino_signature import write_network

        network = convert(classifier.outputs)
        if self.precision == INT8:
            network = quantized(network, classifier.calibration_pixels, KEPT_IN_FLOAT32)
        write_network(network, folder / FILE, file_metadata(classifier), in_16_bits=self.precision == BFLOAT16)
        return {"openvino": version("openvino")}

    def load(self, folder: Path) -> OpenVINOEngine:
        """Compile the network for this machine. Raises ValueError if it is missing or damaged."""
        return OpenVINOEngine(read_network(folder / FILE), self.device, precision=self.precision)


FORMAT = OpenVINOFormat()
