"""A function of TensorFlow, such as a signature of a SavedModel, as a network of OpenVINO, in memory and on disk."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcls.framework_internals import graph_with_constants

if TYPE_CHECKING:
    import openvino


def convert_signature(function: Any) -> "openvino.Model":
    """Convert a signature to a network of OpenVINO.

    Args:
        function: A concrete function whose outputs have names.

    Returns:
        The network, whose outputs have the same names.

    Raises:
        ImportError: If openvino is not installed.
        RuntimeError: If it has an operation that OpenVINO does not know.
    """
    import openvino

    network = openvino.convert_model(graph_with_constants(function))  # with constants the conversion is fast
    for name, output in zip(sorted(function.structured_outputs), network.outputs, strict=True):
        output.get_tensor().set_names({name})  # TensorFlow sorts outputs by name
    return network


def write_network(
    network: "openvino.Model", path: Path, metadata: Mapping[str, str] | None = None, in_16_bits: bool = False
) -> None:
    """Write a network as an .xml file with its graph, and a .bin file beside it with its weights.

    Args:
        network: The network.
        path: The .xml file.
        metadata: What the file says of itself, as OpenVINO's "rt_info" under "imgcls".
        in_16_bits: Whether weights in float32 are stored in 16 bits.
    """
    import openvino

    for key, text in (metadata or {}).items():
        network.set_rt_info(text, ["imgcls", key])
    openvino.save_model(network, path, compress_to_fp16=in_16_bits)
