"""What computes the features of a frozen backbone: TensorFlow, or OpenVINO if it gives the same numbers."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

LARGEST_DIFFERENCE = 1e-4  # in a feature, of the largest feature
IMAGES_AT_ONCE = {"GPU": 64, "OpenVINO": 2, "TensorFlow": 16}  # with which each is fastest
Batches = Iterable[tuple[np.ndarray, np.ndarray]]
Forward = Callable[[Batches], Iterator[tuple[np.ndarray, np.ndarray]]]


def images_at_once() -> int:
    """The batch size that is fastest with the backend that is likely to compute."""
    if tf.config.list_physical_devices("GPU"):
        return IMAGES_AT_ONCE["GPU"]
    return IMAGES_AT_ONCE["OpenVINO" if find_spec("openvino") else "TensorFlow"]


def fast_forward(model: keras.Model) -> tuple[Forward, str]:
    """The fastest backend that gives the numbers of TensorFlow.

    Args:
        model: from pixels to features.

    Returns:
        A function from batches (keys, pixels) to batches (keys, features) in float32, and a sentence on what computes.
        The batches hold `images_at_once()` images or fewer, and may come back in another order.
    """
    shape = (images_at_once(), *model.input_shape[1:])
    pixels = tf.TensorSpec(shape, tf.float32)
    function = tf.function(lambda pixels: model(pixels, training=False), input_signature=[pixels], autograph=False)

    def with_tensorflow(batches: Batches) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for keys, pixels in batches:
            yield keys, function(_filled_up(pixels, shape)).numpy()[: len(keys)]

    if tf.config.list_physical_devices("GPU"):
        return with_tensorflow, "The GPU computes the features."
    try:
        with_openvino = _openvino(function, shape)
    except ImportError:
        return with_tensorflow, "TensorFlow computes the features; `pip install imgcls[openvino]` makes it faster."
    except Exception as error:  # of another project, which may fail in ways of its own
        return with_tensorflow, f"TensorFlow computes the features; OpenVINO failed: {str(error).splitlines()[0]}"
    probe = np.arange(shape[0]), np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    ((_, expected),), ((_, found),) = with_tensorflow([probe]), with_openvino([probe])
    difference = np.abs(expected - found).max() / max(1.0, np.abs(expected).max())
    if not difference <= LARGEST_DIFFERENCE:
        return with_tensorflow, f"TensorFlow computes the features; OpenVINO's differ by {difference:.1g}."
    return with_openvino, f"OpenVINO computes the features; they differ from TensorFlow's by {difference:.1g} at most."


def _openvino(function: tf.types.experimental.PolymorphicFunction, shape: tuple[int, ...]) -> Forward:
    import openvino

    frozen = convert_variables_to_constants_v2(function.get_concrete_function())  # so that the conversion is fast
    network = openvino.convert_model(frozen.graph)
    settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "THROUGHPUT"}
    compiled = openvino.Core().compile_model(network, "CPU", settings)

    def compute(batches: Batches) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        found = deque()
        queue = openvino.AsyncInferQueue(compiled)
        queue.set_callback(lambda request, keys: found.append((keys, request.get_output_tensor(0).data.copy())))
        for keys, pixels in batches:
            queue.start_async(_filled_up(pixels, shape), keys)  # waits until a request is idle
            while found:
                yield _without_filling(*found.popleft())
        queue.wait_all()
        yield from (_without_filling(*each) for each in found)

    return compute


def _filled_up(pixels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The batch with as many images as `shape` says, black ones at its end."""
    pixels = np.ascontiguousarray(pixels)
    return pixels if pixels.shape == shape else np.pad(pixels, [(0, shape[0] - len(pixels)), (0, 0), (0, 0), (0, 0)])


def _without_filling(keys: np.ndarray, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return keys, features[: len(keys)]
