"""Keras models as networks of OpenVINO, in memory and on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcls.engines.tensorflow import network_function
from imgcls.framework_internals import graph_with_constants

if TYPE_CHECKING:
    import keras
    import openvino


def convert(models: Mapping[str, "keras.Model"], batch_size: int | None = None) -> "openvino.Model":
    """Convert Keras models of the same pixels to one network of OpenVINO.

    Args:
        models: By the name of their output.
        batch_size: The only size of batches that the network will take; None for every size.

    Returns:
        The network, whose outputs have the names of the models.

    Raises:
        ImportError: If openvino is not installed.
    """
    function = network_function(models, batch_size)
    return convert_function(function.get_concrete_function(), sorted(models))  # type: ignore[attr-defined]


def convert_function(function: Any, outputs: Sequence[str]) -> "openvino.Model":
    """Convert a function of pixels, such as a signature of a SavedModel, to a network of OpenVINO.

    Args:
        function: A concrete function of TensorFlow with one input.
        outputs: The names of what it returns, in alphabetical order, as TensorFlow sorts them.

    Returns:
        The network, whose outputs have these names.

    Raises:
        ImportError: If openvino is not installed.
    """
    import openvino

    network = openvino.convert_model(graph_with_constants(function))  # with constants the conversion is fast
    for name, output in zip(outputs, network.outputs, strict=True):
        output.get_tensor().set_names({name})
    return network


def write_network(network: "openvino.Model", path: Path) -> None:
    """Write a network as an .xml file with its graph, and a .bin file beside it with its weights in float32."""
    import openvino

    openvino.save_model(network, path, compress_to_fp16=False)
