"""What a channels_first network takes on a processor: turned at each convolution, as here, and as oneDNN convolves it.

python benchmarks/channels_first.py
python benchmarks/channels_first.py --names mobilenet_v2 --side 96

Two networks are timed in one process, by turns: the answers of a batch, those of a single image by the same graph, and
a training step. A round gives a ratio of times to those of oneDNN's own convolutions: below 1, to turn the images is
faster. Printed are median, least and largest.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imgcls.cli import command
from imgcls.processor import describe


@dataclass(frozen=True)
class Options:
    """What is timed."""

    names: tuple[str, ...] = ("resnet20", "mobilenet_v2")  # architectures
    side: int = 64  # pixels
    batch_size: int = 16  # images
    rounds: int = 5


def main(options: Options) -> int:
    """Print a line for each network."""
    command.import_tensorflow()
    print(describe(), flush=True)
    for name in options.names:
        turned, own = timed(name, options, own=False), timed(name, options, own=True)
        ratios: dict[str, list[float]] = {}
        for _ in range(options.rounds):
            for kind in turned:
                ratios.setdefault(kind, []).append(seconds(turned[kind]) / seconds(own[kind]))
        for kind, found in ratios.items():
            middle, least, most = statistics.median(found), min(found), max(found)
            print(f"{name:16} {kind:10} {middle:.3f} ({least:.3f} to {most:.3f})", flush=True)
    return command.OK


def timed(name: str, options: Options, own: bool) -> dict[str, Callable[[], object]]:
    """What is called, by its name; `own` has oneDNN convolve in channels_first. Each has run once."""
    import tensorflow as tf

    from imgcls.layers import native_layout
    from imgcls.models import build_model
    from imgcls.models.classifier import logits_model

    as_shipped = native_layout.convolves
    if own:
        native_layout.convolves = lambda dtype, data_format="channels_last": True
    shape = (options.side, options.side, 3)
    network = logits_model(build_model(name, shape, num_classes=10, data_format="channels_first"))
    pixels = tf.constant(np.random.default_rng(0).uniform(0, 255, (options.batch_size, *shape)), tf.float32)
    labels = tf.range(options.batch_size) % 10

    @tf.function(input_signature=[tf.TensorSpec((None, *shape))], autograph=False)
    def answer(pixels: tf.Tensor) -> tf.Tensor:
        return network(pixels, training=False)

    @tf.function(autograph=False)
    def step() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            logits = network(pixels, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        return tape.gradient(loss, [variable.value for variable in network.trainable_variables])

    calls = {"batch": lambda: answer(pixels), "one image": lambda: answer(pixels[:1]), "training": step}
    for call in calls.values():
        call()
    native_layout.convolves = as_shipped
    return calls


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


if __name__ == "__main__":
    command.run(main, Options, __doc__)
