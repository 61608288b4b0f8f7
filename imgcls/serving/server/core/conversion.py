"""The network of a bundle for OpenVINO, converted in a process of its own.

The conversion of EfficientNet-Lite0 needs 350 MB, and a process that has done it keeps two thirds of them: Keras, which
OpenVINO's converter asks for, the graph with its weights as constants, and the libraries that read it. The server needs
none of that.
"""

from pathlib import Path

from imgcls.engines.openvino_signature import convert_signature, write_network
from imgcls.serving.fresh_process import call_fresh
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.signatures import OUTPUTS


def convert_apart(version: Path, file: Path) -> None:
    """Convert the signature "outputs" of a bundle.

    Args:
        version: The folder of the version.
        file: The .xml file that is written, with a .bin file beside it.

    Raises:
        ValueError: If OpenVINO does not know an operation of the network.
    """
    try:
        call_fresh(__name__, convert_here.__name__, str(version), str(file), with_keras=True)
    except RuntimeError as error:
        raise ValueError(f"OpenVINO cannot compute this network ({error}).") from error


def convert_here(version: str, file: str) -> None:
    """The fresh process: convert the network, and write it."""
    model = LoadedModel(Path(version), [OUTPUTS])  # held, because the function does not keep its weights
    write_network(convert_signature(model.function(OUTPUTS)), Path(file))
