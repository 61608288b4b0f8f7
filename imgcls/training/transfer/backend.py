"""Which engine computes a frozen network: TensorFlow, or OpenVINO where it is installed and gives the same numbers."""

from importlib.util import find_spec

import keras
import numpy as np
import tensorflow as tf

from imgcls.engines.engine import FEATURES, Engine
from imgcls.engines.openvino import OpenVINOEngine, openvino_reason
from imgcls.engines.openvino_conversion import convert
from imgcls.engines.tensorflow import TensorFlowEngine

LARGEST_DIFFERENCE = 1e-4  # in a feature, of the largest feature
IMAGES_AT_ONCE = {"GPU": 64, "OpenVINO": 2, "TensorFlow": 16}  # with which each is fastest


def images_at_once() -> int:
    """The size of batches with which the engine that is likely to compute is fast."""
    if tf.config.list_physical_devices("GPU"):
        return IMAGES_AT_ONCE["GPU"]
    return IMAGES_AT_ONCE["OpenVINO" if find_spec("openvino") else "TensorFlow"]


def fastest_engine(model: keras.Model) -> tuple[Engine, str]:
    """Choose what computes a frozen network on this machine.

    Args:
        model: From pixels (B, height, width, channels) to features (B, F).

    Returns:
        The engine, whose output is called "features", and a sentence on the choice. It takes batches of at most
        `images_at_once()` images.
    """
    batch_size = images_at_once()
    models = {FEATURES: model}
    with_tensorflow = TensorFlowEngine(models, batch_size)
    if with_tensorflow.device == "GPU":
        return with_tensorflow, "The GPU computes the features."
    try:
        with_openvino = OpenVINOEngine(convert(models, batch_size), batch_size=batch_size)
    except ImportError:
        return with_tensorflow, "TensorFlow computes the features; `pip install imgcls[openvino]` makes it faster."
    except Exception as error:  # of another project, which may fail in ways of its own
        return with_tensorflow, f"TensorFlow computes the features; OpenVINO failed: {openvino_reason(error)}"
    difference = _difference(with_tensorflow, with_openvino, (batch_size, *model.input_shape[1:]))
    if not difference <= LARGEST_DIFFERENCE:
        return with_tensorflow, f"TensorFlow computes the features; OpenVINO's differ by {difference:.1g}."
    return with_openvino, f"OpenVINO computes the features; they differ from TensorFlow's by {difference:.1g} at most."


def _difference(one: Engine, other: Engine, shape: tuple[int, ...]) -> float:
    """The largest difference of a feature on random pixels, as a share of the largest feature."""
    pixels = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    expected, found = one.predict(pixels)[FEATURES], other.predict(pixels)[FEATURES]
    return float(np.abs(expected - found).max() / max(1.0, np.abs(expected).max()))
