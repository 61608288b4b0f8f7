"""Keras models as networks of ONNX, in memory and on disk. The package tf2onnx translates the operations."""

import logging
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import tensorflow as tf

from imgcls.engines.plain_graph import plain_graph
from imgcls.engines.tensorflow import network_function
from imgcls.framework_internals import graph_with_constants

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras
    import onnx

OPSET = 18  # version of ONNX's operations, of 2023: ONNX Runtime 1.14 and all later ones know it
BATCH = "batch"  # name of the dimension of any size


def convert(models: Mapping[str, "keras.Model"]) -> "onnx.ModelProto":
    """Convert Keras models of the same pixels to one network of ONNX.

    Args:
        models: By the name of their output. Each takes pixels (B, height, width, channels), float32 in [0, 255].

    Returns:
        The network. Its input is called "pixels"; its outputs have the names of the models.

    Raises:
        ImportError: If onnx or tf2onnx is not installed.
        ValueError: If the network has an operation that tf2onnx cannot translate.
    """
    from tf2onnx.convert import from_graph_def

    graph = graph_with_constants(network_function(models))
    inputs = [tensor.name for tensor in graph.inputs]
    outputs = [tensor.name for tensor in graph.outputs]
    names = {inputs[0]: "pixels", **dict(zip(outputs, sorted(models), strict=True))}  # TensorFlow sorts outputs by name
    with _quiet():
        network, _ = from_graph_def(
            plain_graph(graph),
            name="imgcls",
            input_names=inputs,
            output_names=outputs,
            opset=OPSET,
            tensors_to_rename=names,
        )
    _check_operations(network)
    for value in (*network.graph.input, *network.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    return network


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
