"""Images a second of each augmentation step against the layers of keras-cv and Keras that do nearly the same.

    python benchmarks/augmentation_layers.py steps       about three minutes at rest
    python benchmarks/augmentation_layers.py layers      every layer of both packages, about two minutes

A photo of 224 x 224 goes through each in a tf.data map with as many threads as there are processors, as in training.
All of a group take their turn in each round; a ratio is the median, with quartiles, of the ratios within the rounds.
MixUp and CutMix, which take a batch with its labels, are called on batches of 32.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[1]))  # for the arguments of every layer, which stand in the tests

import keras
import numpy as np
import tensorflow as tf
from skimage import data

from imgcls.config import AugmentationConfig
from imgcls.data.augmentation import Augmentation, Draws, from_preset, mix
from imgcls.data.augmentation.layer_function import LayerFunction, try_layers
from imgcls.processor import describe
from tests.data.augmentation.named_layers import NEVER, NO_CHANGE, WORKING, text_of

SIZE, BATCH, THREADS = 224, 32, os.cpu_count() or 2
SECONDS = 0.7  # of a turn
PHOTO = data.chelsea()[40 : 40 + SIZE, 90 : 90 + SIZE].astype(np.float32)
STEPS = {  # of ours, and the layers that come nearest
    "horizontal_flip": ({"horizontal_flip": 0.5}, "keras_cv.RandomFlip", "keras.RandomFlip('horizontal')"),
    "vertical_flip": ({"vertical_flip": 0.5}, "keras_cv.RandomFlip('vertical')", "keras.RandomFlip('vertical')"),
    "rotation": ({"rotation": 36.0}, "keras_cv.RandomRotation(0.1)", "keras.RandomRotation(0.1)"),
    "zoom": ({"zoom": 0.2}, "keras_cv.RandomZoom(0.2)", "keras.RandomZoom(0.2)"),
    "brightness": ({"brightness": 0.2}, "keras_cv.RandomBrightness(0.2)", "keras.RandomBrightness(0.2)"),
    "contrast": ({"contrast": 0.2}, "keras_cv.RandomContrast(0.2)", "keras.RandomContrast(0.2)"),
    "saturation": ({"saturation": 0.2}, "keras_cv.RandomSaturation((0.4, 0.6))", "keras.RandomSaturation((0.4, 0.6))"),
    "hue": ({"hue": 0.1}, "keras_cv.RandomHue(0.1)", "keras.RandomHue(0.1)"),
    "all four": (
        {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1},
        "keras_cv.RandomColorJitter(0.2, 0.2, (0.4, 0.6), 0.1)",
        "keras.RandomColorJitter(brightness_factor=0.2, contrast_factor=0.2, saturation_factor=0.2, hue_factor=0.1)",
    ),
    "randaugment": (
        {"randaugment": 2},
        "keras_cv.RandAugment(augmentations_per_image=2)",
        "keras.RandAugment(num_ops=2)",
    ),
    "augmix": ({"augmix": 1.0}, "keras_cv.AugMix"),
    "blur": (
        {"blur": 2.0},
        "keras_cv.RandomGaussianBlur(kernel_size=17, factor=(0.0, 2.0))",
        "keras.RandomGaussianBlur(kernel_size=17)",
    ),
    "jpeg": ({"jpeg_quality": 40}, "keras_cv.RandomJpegQuality((40, 100))"),
    "random_erasing": (
        {"random_erasing": 1.0},
        "keras_cv.RandomCutout(0.5, 0.5, 'gaussian_noise')",
        "keras.RandomErasing(factor=(1.0, 1.0))",
    ),
    "gridmask": ({"gridmask": 1.0}, "keras_cv.GridMask(rotation_factor=0)"),
}
Chain = Iterator[tf.Tensor]


def chain(change: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> Chain:
    photo = tf.constant(PHOTO)
    numbers = tf.data.Dataset.range(10**9)
    made = numbers.map(lambda i: change(photo + tf.cast(i % 2, tf.float32), i), num_parallel_calls=THREADS)
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.max_intra_op_parallelism = 1
    return iter(made.with_options(options))


def of_step(values: dict[str, float]) -> Chain:
    augmentation = Augmentation(from_preset("none", AugmentationConfig(**values)), color_covariance=np.eye(3))
    return chain(lambda image, i: augmentation.change(image, Draws(tf.stack([tf.constant(0, tf.int64), i]))))


def of_layer(text: str) -> Chain:
    augmentation = Augmentation(from_preset("none"), layers=[LayerFunction(text)])
    return chain(lambda image, i: augmentation.change(image, Draws(tf.stack([tf.constant(0, tf.int64), i]))))


def of_mixing(name: str) -> tuple[Chain, Chain, Chain]:
    """Ours, keras-cv's and Keras': one element is a batch."""
    import keras_cv

    augmentation = Augmentation(from_preset("none", AugmentationConfig(**{name.lower(): 1.0})))
    labels, readable = tf.eye(BATCH), tf.ones(BATCH, tf.bool)

    def ours(batch: tf.Tensor, i: tf.Tensor) -> tf.Tensor:
        draws = [Draws(tf.stack([tf.constant(0, tf.int64), i * BATCH + n])) for n in range(BATCH)]
        return mix(batch, labels, readable, tf.stack([augmentation.mixing(each) for each in draws]))[0]

    def theirs(layer: keras.layers.Layer) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
        return lambda batch, i: layer({"images": batch, "labels": labels}, training=True)["images"]

    layers = [getattr(package.layers, name)(alpha=1.0) for package in (keras_cv,)]
    made = [ours, *(lambda batch, i, one=one: one({"images": batch, "labels": labels})["images"] for one in layers)]
    made.append(theirs(getattr(keras.layers, name)(1.0)))
    batched = [lambda image, i, one=one: one(tf.repeat(image[None], BATCH, 0), i) for one in made]
    return tuple(chain(one) for one in batched)


def speed(images: Chain) -> float:
    for _ in range(2 * THREADS):  # what lies ready
        next(images)
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < SECONDS or count < 2:
        next(images)
        count += 1
    return count / (time.perf_counter() - begin)


def compare(title: str, chains: dict[str, Chain], rounds: int) -> None:
    names = list(chains)
    found = [{name: speed(chains[name]) for name in names} for _ in range(rounds)]
    print(f"{title:16}" + "".join(f"{statistics.median(row[name] for row in found):>9,.0f}" for name in names), end="")
    for name in names[1:]:
        low, middle, high = statistics.quantiles([row[names[0]] / row[name] for row in found], n=4)
        print(f"   {middle:5.2f} ({low:.2f}-{high:.2f}) of {name}", end="")
    print(flush=True)


def steps(rounds: int) -> None:
    print(f"{'images/s':16}{'ours':>9}{'keras_cv':>9}{'keras':>9}   ours against each")
    for title, (values, *texts) in STEPS.items():
        chains = {"ours": of_step(values)} | {text.split(".")[0]: of_layer(text) for text in texts}
        compare(title, chains, rounds)
    print(f"batches/s of {BATCH}")
    for name in ("MixUp", "CutMix"):
        compare(name, dict(zip(("ours", "keras_cv", "keras"), of_mixing(name), strict=True)), rounds)


def layers(rounds: int) -> None:
    print("| layer | repeats | images/s |\n|---|---|---|")
    for name in sorted(WORKING | NO_CHANGE):
        text = text_of(name, SIZE)
        try_layers([LayerFunction(text)], PHOTO.shape)
        made = of_layer(text)
        found = statistics.median(speed(made) for _ in range(rounds))
        print(f"| `{text}` | yes | {found:,.0f} |", flush=True)
    for name in NEVER:
        print(f"| `{text_of(name, SIZE)}` | refused | |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("steps", "layers"))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(describe(), flush=True)
    (steps if options.what == "steps" else layers)(max(options.rounds, 2))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # tf.data's threads are not waited for
