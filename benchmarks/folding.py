"""What an exported graph gains by batch normalization folded into the convolutions, by branches merged, and frozen.

python benchmarks/folding.py
python benchmarks/folding.py --names resnet50 --rounds 9

Four graphs of one network are timed in one process, by turns: a SavedModel of the network as it was trained; one of the
network as `imgcls.models.inference_form` makes it, which is what export writes; and both with their
variables made constants. Each round gives a ratio of processor seconds to the first: below 1 is faster. Outputs are
compared too.

Two cores with AVX-512 and oneDNN, on a machine that did other work too; median of 7 rounds and quartiles:

                            folded                  frozen                  both
  efficientnet_lite0, 1     0.74 (0.68 to 0.75)     0.69 (0.69 to 0.72)     0.55 (0.54 to 0.63)
  efficientnet_lite0, 32    0.54 (0.53 to 0.56)     0.67 (0.65 to 0.70)     0.54 (0.53 to 0.55)
  resnet20, 1               0.94 (0.89 to 0.99)     0.75 (0.73 to 0.79)     0.72 (0.70 to 0.74)
  resnet20, 32              0.75 (0.70 to 0.79)     0.78 (0.74 to 0.82)     0.72 (0.67 to 0.73)

Export folds and does not freeze. Constants would stand in memory once for each signature, beside the variables that the
gradients of `python -m imgcls.explain` are made of, and all of them in one file, which may have at most 2 GB.
"""

import statistics
import tempfile
import time
from dataclasses import dataclass

import numpy as np

from imgcls.cli import command
from imgcls.processor import describe


@dataclass(frozen=True)
class Options:
    """What is timed."""

    names: tuple[str, ...] = ("efficientnet_lite0", "resnet20")  # architectures
    batch_sizes: tuple[int, ...] = (1, 32)  # images
    rounds: int = 7  # of timed runs
    seconds: float = 0.5  # that a run takes at least


SIZES = {"resnet20": (32, 32, 3)}  # of images; else 224 x 224


def main(options: Options) -> int:
    """Print a line for each network, batch size and graph."""
    command.import_tensorflow()
    print(describe(), flush=True)
    for name in options.names:
        graphs = graphs_of(name)
        for size in options.batch_sizes:
            images = np.random.default_rng(0).uniform(0, 255, (size, *SIZES.get(name, (224, 224, 3))))
            compare(f"{name}, batch {size}", graphs, images.astype("float32"), options)
    return command.OK


def graphs_of(name: str) -> dict:
    """The three graphs, from pixels to probabilities."""
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    from imgcls.models import build_model
    from imgcls.models.inference_form import inference_form

    keras.utils.set_random_seed(1)
    model = build_model(name, SIZES.get(name, (224, 224, 3)), num_classes=1000)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):  # as after training: all its numbers matter
            random = np.random.default_rng(len(layer.name))
            layer.set_weights([random.uniform(0.8, 1.2, weight.shape) for weight in layer.get_weights()])

    def loaded(network):
        with tempfile.TemporaryDirectory() as folder:
            archive = keras.export.ExportArchive()
            spec = tf.TensorSpec((None, *network.input_shape[1:]), tf.float32, "pixels")
            archive.add_endpoint("serve", lambda pixels: network(pixels, training=False), input_signature=[spec])
            archive.write_out(folder, verbose=False)
            return tf.saved_model.load(folder)

    models = {"SavedModel": loaded(model), "folded": loaded(inference_form(model))}
    functions = {name: model.signatures["serving_default"] for name, model in models.items()}
    frozen = {name: convert_variables_to_constants_v2(function) for name, function in functions.items()}
    return {
        "SavedModel": (models, functions["SavedModel"]),
        "folded": (models, functions["folded"]),
        "frozen": (models, frozen["SavedModel"]),
        "folded and frozen": (models, frozen["folded"]),
    }


def compare(title: str, graphs: dict, images: np.ndarray, options: Options) -> None:
    import tensorflow as tf

    pixels = tf.constant(images)
    expected = first_of(graphs["SavedModel"][1](pixels))
    times: dict[str, list[float]] = {name: [] for name in graphs}
    for name, (_, function) in graphs.items():
        difference = np.abs(first_of(function(pixels)) - expected).max()
        print(f"{title}: {name} differs by at most {difference:.1e} in a probability", flush=True)
    for _ in range(options.rounds):
        for name, (_, function) in graphs.items():
            times[name].append(seconds(function, pixels, options.seconds))
    for name in graphs:
        ratios = [mine / theirs for mine, theirs in zip(times[name], times["SavedModel"], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        rate = len(images) / statistics.median(times[name])
        print(f"{title:30}{name:20}{rate:8.1f} images/s   ratio {middle:.3f} ({low:.3f} to {high:.3f})", flush=True)


def seconds(function, pixels, least: float) -> float:
    """Of one call: the mean over as many as take `least` seconds."""
    began, busy, calls = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < least or not calls:
        first_of(function(pixels))
        calls += 1
    return (time.process_time() - busy) / calls


def first_of(found) -> np.ndarray:
    return next(iter(found.values())).numpy() if isinstance(found, dict) else found[0].numpy()


if __name__ == "__main__":
    command.run(main, Options, __doc__)
