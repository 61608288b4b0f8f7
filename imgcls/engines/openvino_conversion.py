"""Keras models as networks of OpenVINO, in memory and on disk."""

import io
import logging
from collections.abc import Mapping
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

import numpy as np

from imgcls.engines.openvino_signature import convert_signature
from imgcls.engines.tensorflow import network_function

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    return convert_signature(function.get_concrete_function())  # type: ignore[attr-defined]


def quantized(network: "openvino.Model", pixels: np.ndarray, kept: str = "") -> "openvino.Model":
    """Quantize a network to 8 bits after its training.

    Args:
        network: From `convert`.
        pixels: (N, height, width, channels), float32 in [0, 255]: images of which the ranges of all numbers are taken.
        kept: Layers with this in their name stay in float32.

    Returns:
        The network with weights in 8 bits. It takes and gives float32.

    Raises:
        ValueError: If nncf is not installed.
    """
    try:
        import nncf
    except ImportError as error:
        raise ValueError("OpenVINO in int8 needs the package nncf: pip install imgcls[int8]") from error
    layers = [operation.get_friendly_name() for operation in network.get_ops()]
    left_out = [name for name in layers if kept and kept in name]
    with _quiet():
        return nncf.quantize(
            network,
            nncf.Dataset([image[None] for image in pixels]),
            preset=nncf.QuantizationPreset.MIXED,  # ranges that are not symmetric, as after ReLU6 and swish
            subset_size=len(pixels),
            ignored_scope=nncf.IgnoredScope(names=left_out, validate=False) if left_out else None,
        )


@contextmanager
def _quiet() -> "Iterator[None]":
    """Keep the bars and lines of nncf from the terminal."""
    logger = logging.getLogger("nncf")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)
