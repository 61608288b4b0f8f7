"""Our networks against the same ones of keras.applications: building, forward pass, training step.

python benchmarks/models.py                        those that are reported
python benchmarks/models.py --names resnet50_v2 --batch-size 16 --pairs 15

Both are timed in one process, by turns, and each pair gives one ratio of ours to theirs: what else the machine does
falls on both. Below 1 ours is faster. The spread is from the first to the third quartile.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imgcls.cli import command
from imgcls.processor import describe


@dataclass(frozen=True)
class Options:
    """What is timed."""

    names: tuple[str, ...] = (
        "mobilenet_v2",
        "resnet50",
        "densenet121",
        "efficientnet_b0",
        "convnext_tiny",
    )  # architectures with a twin
    batch_size: int = 8  # images
    pairs: int = 9  # of timed runs
    builds: int = 7  # pairs of timed builds
    image_size: int = 224  # pixels, square


def main(options: Options) -> int:
    """Print one line for each architecture."""
    command.import_tensorflow()
    print(describe(), flush=True)
    print(
        f"ratio of times, ours to keras.applications', batch {options.batch_size}, {options.pairs} pairs, CPU or GPU 0"
    )
    for name in options.names:
        print(f"{name:22}" + "   ".join(f"{what} {text}" for what, text in timed(name, options)), flush=True)
    return command.OK


def timed(name: str, options: Options):
    """(what, median ratio and spread) for building, forward pass and training step."""
    import keras

    from imgcls.models import build_model, find_architecture

    published = find_architecture(name).weights.get("imagenet")
    if published is None or not published.source.startswith("keras.applications"):
        raise ValueError(f"{name} has no twin in keras.applications to be compared with.")
    network = getattr(keras.applications, published.source.rpartition(".")[2])
    arguments = published.load.keywords["arguments"]
    shape = (options.image_size, options.image_size, 3)

    def ours():
        return build_model(name, shape, num_classes=1000)

    def theirs():
        return network(weights=None, input_shape=shape, **arguments)

    ours(), theirs()
    yield "build", ratios(ours, theirs, options.builds)
    models = ours(), theirs()
    images = np.random.default_rng(0).uniform(0, 255, (options.batch_size, *shape)).astype("float32")
    yield "forward", ratios(*(forward(model, images) for model in models), options.pairs)
    yield "training", ratios(*(training_step(model, images) for model in models), options.pairs)
    keras.backend.clear_session()


def forward(model, images: np.ndarray) -> Callable[[], None]:
    import tensorflow as tf

    pixels, run = tf.constant(images), tf.function(lambda x: model(x, training=False))
    return lambda: run(pixels).numpy()


def training_step(model, images: np.ndarray) -> Callable[[], None]:
    """One step of plain gradient descent; the optimiser is the same in both, so it should weigh little."""
    import keras
    import tensorflow as tf

    pixels, labels = tf.constant(images), tf.range(len(images))
    variables = [variable.value for variable in model.trainable_variables]
    loss_function = keras.losses.SparseCategoricalCrossentropy()

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = loss_function(labels, model(pixels, training=True))
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(1e-6 * gradient)
        return loss

    return lambda: step().numpy()


def ratios(ours: Callable[[], object], theirs: Callable[[], object], pairs: int) -> str:
    """Median and quartiles of the paired ratios; which of the two begins changes from pair to pair."""
    ours(), theirs()  # tracing and the first allocation are not counted
    found = []
    for pair in range(pairs):
        order = (ours, theirs) if pair % 2 else (theirs, ours)
        seconds = {run: seconds_of(run) for run in order}
        found.append(seconds[ours] / seconds[theirs])
    first, median, third = np.quantile(found, (0.25, 0.5, 0.75))
    return f"{median:.2f} ({first:.2f} to {third:.2f})"


def seconds_of(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


if __name__ == "__main__":
    command.run(main, Options, __doc__)
