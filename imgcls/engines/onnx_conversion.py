"""Keras models as networks of ONNX, in memory and on disk. The package tf2onnx translates the operations."""

import logging
import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from imgcls.engines.plain_graph import plain_graph
from imgcls.engines.tensorflow import network_function
from imgcls.framework_internals import function_with_constants

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras
    import onnx

OPSET = 18  # version of ONNX's operations, of 2023: ONNX Runtime 1.14 and all later ones know it
BATCH = "batch"  # name of the dimension of any size
CALIBRATION_BATCH = 8  # images
IN_8_BITS = (  # what is computed in 8 bits; softmax would give probabilities in steps of 1/256
    "Add", "AveragePool", "Clip", "Concat", "Conv", "Gemm", "GlobalAveragePool", "MatMul", "MaxPool", "Relu",
)  # fmt: skip


def convert(models: Mapping[str, "keras.Model"]) -> "onnx.ModelProto":
    """Convert Keras models of the same pixels to one network of ONNX.

    Args:
        models: By the name of their output. Each takes pixels (B, height, width, channels), float32 in [0, 255].

    Returns:
        The network. Its input is called "pixels"; its outputs have the names of the models.

    Raises:
        ValueError: If onnx or tf2onnx is not installed, or the network has an operation that tf2onnx cannot translate.
    """
    try:
        from tf2onnx.convert import from_graph_def
    except ImportError as error:
        raise ValueError("Writing ONNX needs the packages onnx and tf2onnx: pip install imgcls[onnx]") from error

    graph = function_with_constants(network_function(models)).graph
    inputs = [tensor.name for tensor in graph.inputs]
    outputs = [tensor.name for tensor in graph.outputs]
    names = {inputs[0]: "pixels", **dict(zip(outputs, sorted(models), strict=True))}  # TensorFlow sorts outputs by name
    with _quiet():
        network: onnx.ModelProto = from_graph_def(
            plain_graph(graph),
            name="imgcls",
            input_names=inputs,
            output_names=outputs,
            opset=OPSET,
            tensors_to_rename=names,
        )[0]
    _check_operations(network)
    for value in (*network.graph.input, *network.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    return network


def quantized(network: "onnx.ModelProto", pixels: np.ndarray, kept: str = "") -> "onnx.ModelProto":
    """Quantize a network to 8 bits after its training.

    Args:
        network: From `convert`.
        pixels: (N, height, width, channels), float32 in [0, 255]: images of which the ranges of all numbers are taken.
        kept: Layers with this in their name stay in float32.

    Returns:
        The network with weights in 8 bits. It takes and gives float32.
    """
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder, _quiet():
        given, prepared, result = (Path(folder) / f"{name}.onnx" for name in ("given", "prepared", "quantized"))
        onnx.save(network, given)  # ONNX Runtime 1.32 fails to prepare what it does not read from a file
        quant_pre_process(given, prepared, skip_symbolic_shape=True)  # folds normalizations into convolutions
        quantize_static(
            prepared,
            result,
            _Calibration(pixels),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(IN_8_BITS),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[node.name for node in network.graph.node if kept and kept in node.name],
        )
        return onnx.load(result)


class _Calibration:
    """Hands out batches of pixels, as onnxruntime.quantization.CalibrationDataReader does."""

    def __init__(self, pixels: np.ndarray) -> None:
        self._batches = iter(np.array_split(pixels, max(1, len(pixels) // CALIBRATION_BATCH)))

    def get_next(self) -> dict[str, np.ndarray] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"pixels": batch}


def write_network(network: "onnx.ModelProto", path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write a network as one file.

    Args:
        network: From `convert`.
        path: The file.
        metadata: What the file says of itself, as ONNX's "metadata_props".
    """
    import onnx

    onnx.helper.set_model_props(network, dict(metadata or {}))
    onnx.save(network, path)


def _check_operations(network: "onnx.ModelProto") -> None:
    """Raise ValueError if an operation was copied because nothing translates it."""
    import onnx

    for node in network.graph.node:
        if not onnx.defs.has(node.op_type, node.domain):
            raise ValueError(
                f"ONNX has nothing for the operation {node.op_type} of {node.name}, so this network cannot be written "
                "as ONNX. Export it without --format onnx."
            )


@contextmanager
def _quiet() -> "Iterator[None]":
    """Keep what tf2onnx and TensorFlow 1's functions, which it calls, would write to the terminal."""
    loggers = [logging.getLogger("tf2onnx"), tf.get_logger()]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
