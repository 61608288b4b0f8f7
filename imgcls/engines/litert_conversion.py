"""Keras models as networks of LiteRT, which was TensorFlow Lite, in memory and on disk."""

import re
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from imgcls.engines.tensorflow import network_function
from imgcls.framework_internals import function_with_constants

if TYPE_CHECKING:
    import keras

SIGNATURE = "serving_default"  # under which the file keeps the names of its outputs
NO_GRADIENTS = tf.saved_model.SaveOptions(experimental_custom_gradients=False)  # they would need the variables


def convert(models: Mapping[str, "keras.Model"], calibration: np.ndarray | None = None) -> bytes:
    """Convert Keras models of the same pixels to one network of LiteRT.

    Args:
        models: By the name of their output. Each takes pixels (B, height, width, channels), float32 in [0, 255].
        calibration: (N, height, width, channels), float32 in [0, 255]: images of which the ranges of all numbers are
            taken, for a network of 8 bits that takes and gives float32; None for one of float32.

    Returns:
        The content of a file, without metadata. Its input is called "pixels"; its outputs have the names of the models.

    Raises:
        ValueError: If LiteRT has no operation for a part of the network.
    """
    constant = function_with_constants(network_function(models))  # LiteRT would not find the values of variables
    pixels = [tf.TensorSpec(tensor.shape, tensor.dtype, "pixels") for tensor in constant.inputs]
    module = tf.Module()
    module.function = tf.function(
        lambda pixels: dict(zip(sorted(models), constant(pixels), strict=True)),  # TensorFlow sorts outputs by name
        input_signature=pixels,
        autograph=False,
    )
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, {SIGNATURE: module.function}, NO_GRADIENTS)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
        if calibration is not None:
            _in_8_bits(converter, calibration)
        return _converted(converter)


def _in_8_bits(converter: tf.lite.TFLiteConverter, calibration: np.ndarray) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ({"pixels": image[None]} for image in calibration)
    kinds = tf.lite.OpsSet
    converter.target_spec.supported_ops = [
        kinds.TFLITE_BUILTINS_INT8,
        kinds.TFLITE_BUILTINS,
    ]  # the judgement's: float32


def _converted(converter: tf.lite.TFLiteConverter) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "(?s).*tf.lite.Interpreter is deprecated", UserWarning)  # calibration's
            content: bytes = converter.convert()
    except Exception as error:  # its class is private to TensorFlow
        missing = re.search(r"(?:TF Select|Custom) ops: ([^\n]*)", str(error))
        why = f"the operations {missing[1].strip()}" if missing else str(error).strip().splitlines()[0]
        raise ValueError(
            f"LiteRT has nothing for {why}, so this network cannot be written as LiteRT. Export it without "
            "--format litert."
        ) from error
    return content


def write_network(content: bytes, path: Path, files: Mapping[str, str] | None = None) -> None:
    """Write a network as one file.

    Args:
        content: From `convert`.
        path: The file.
        files: Texts by the name of a file. They become a zip archive at the end of the file, where LiteRT's own
            metadata has its files; every program that unpacks zip archives reads them.
    """
    path.write_bytes(content)
    with zipfile.ZipFile(path, "a") as archive:
        for name, text in (files or {}).items():
            archive.writestr(name, text)
