"""A network of OpenVINO, which Intel's processors compute faster than a SavedModel, in float32."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from imgcls.engines.openvino import OpenVINOEngine, read_network
from imgcls.serving.export_format import ExportedClassifier, Package

FILE = "model.xml"  # model.bin lies beside it, with the weights


@dataclass(frozen=True)
class OpenVINOFormat:
    """The intermediate representation (IR) of OpenVINO: model.xml and model.bin.

    It takes pixels (B, height, width, channels), float32 in [0, 255], and gives "probabilities" (B, K), in the order
    of the class names, "embedding" (B, D), and "logits" and the judgement where the classifier has them.

    Attributes:
        device: What loaded networks compute on, by OpenVINO's name: "CPU", "GPU", "NPU".
    """

    device: str = "CPU"
    name = "openvino"
    title = "OpenVINO IR"
    needs = Package("openvino", "pip install imgcls[openvino]")

    def write(self, folder: Path, classifier: ExportedClassifier) -> dict[str, object]:
        """Write the network, and return the version of OpenVINO that wrote it."""
        from imgcls.engines.openvino_conversion import convert, write_network  # needs Keras, which `load` does not

        write_network(convert(classifier.outputs), folder / FILE)
        return {"openvino": version("openvino")}

    def load(self, folder: Path) -> OpenVINOEngine:
        """Compile the network for this machine. Raises ValueError if it is missing or damaged."""
        return OpenVINOEngine(read_network(folder / FILE), self.device)


FORMAT = OpenVINOFormat()
