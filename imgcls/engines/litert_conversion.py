"""Keras models as networks of LiteRT, which was TensorFlow Lite, in memory and on disk."""

import re
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import tensorflow as tf

from imgcls.engines.tensorflow import network_function
from imgcls.framework_internals import function_with_constants

if TYPE_CHECKING:
    import keras

SIGNATURE = "serving_default"  # under which the file keeps the names of its outputs
NO_GRADIENTS = tf.saved_model.SaveOptions(experimental_custom_gradients=False)  # they would need the variables


def convert(models: Mapping[str, "keras.Model"]) -> bytes:
    """Convert Keras models of the same pixels to one network of LiteRT.

    Args:
        models: By the name of their output. Each takes pixels (B, height, width, channels), float32 in [0, 255].

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
        return _converted(tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE]))


def _converted(converter: tf.lite.TFLiteConverter) -> bytes:
    try:
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
