"""What computes a frozen network: TensorFlow, or OpenVINO where it is installed and gives the same numbers."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

LARGEST_DIFFERENCE = 1e-4  # in a feature, of the largest feature


def fast_forward(model: keras.Model) -> tuple[Callable[[Sequence[np.ndarray]], list[np.ndarray]], str]:
    """A function from batches of pixels to batches of features in float32, and a sentence on what computes them."""
    function = tf.function(
        lambda pixels: model(pixels, training=False),
        input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)],
    )

    def with_tensorflow(batches: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [function(batch).numpy() for batch in batches]

    if tf.config.list_physical_devices("GPU"):
        return with_tensorflow, "The GPU computes the features."
    try:
        with_openvino = _openvino(function)
    except ImportError:
        return with_tensorflow, "TensorFlow computes the features; `pip install imgcls[openvino]` makes it faster."
    except Exception as error:  # of another project, which may fail in ways of its own
        return with_tensorflow, f"TensorFlow computes the features; OpenVINO failed: {str(error).splitlines()[0]}"
    probe = np.random.default_rng(0).uniform(0, 255, (4, *model.input_shape[1:])).astype(np.float32)
    expected, found = with_tensorflow([probe])[0], with_openvino([probe])[0]
    difference = np.abs(expected - found).max() / max(1.0, np.abs(expected).max())
    if not difference <= LARGEST_DIFFERENCE:
        return with_tensorflow, f"TensorFlow computes the features; OpenVINO's differ by {difference:.1g}."
    return with_openvino, f"OpenVINO computes the features; they differ from TensorFlow's by {difference:.1g} at most."


def _openvino(function: tf.types.experimental.PolymorphicFunction) -> Callable:
    import openvino

    network = openvino.convert_model(function.get_concrete_function())
    settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "THROUGHPUT"}
    queue = openvino.AsyncInferQueue(openvino.Core().compile_model(network, "CPU", settings))

    def compute(batches: Sequence[np.ndarray]) -> list[np.ndarray]:
        found = {}
        queue.set_callback(lambda request, place: found.update({place: request.get_output_tensor(0).data.copy()}))
        for place, batch in enumerate(batches):
            queue.start_async(np.ascontiguousarray(batch), place)
        queue.wait_all()
        return [found[place] for place in range(len(batches))]

    return compute
