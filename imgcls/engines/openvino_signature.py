"""A function of TensorFlow, such as a signature of a SavedModel, as a network of OpenVINO."""

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
