"""How many images a second are decoded, and decoded and augmented, by the chains that validation and training use."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from imgcls.data.augmentation import Augmentation, from_preset
from imgcls.data.batches.examples import LabeledImages
from imgcls.data.batches.pipeline import BatchOptions, evaluation_batches, training_batches
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.workflow.doctor.speed import Speed, rate

PHOTOS, WIDTH, HEIGHT, QUALITY = 16, 500, 375, 85  # a file is about as large as one of ImageNet's
SIZE, BATCH, SECONDS = 224, 32, 2.0
ENOUGH = 100_000  # batches, of which as many are made as there is time for
PRESET = "light"  # the augmentation that training takes by itself


def write_photos(folder: Path) -> list[Path]:
    """Write JPEG files of smooth noise, which are decoded as fast as photos of their size."""
    random, paths = np.random.default_rng(0), []
    for number in range(PHOTOS):
        coarse = tf.constant(random.uniform(0, 255, (24, 32, 3)), tf.float32)
        smooth = tf.image.resize(coarse, (HEIGHT, WIDTH), "bicubic") + random.normal(0, 12, (HEIGHT, WIDTH, 3))
        pixels = tf.cast(tf.clip_by_value(smooth, 0, 255), tf.uint8)
        paths.append(folder / f"{number}.jpg")
        paths[-1].write_bytes(tf.io.encode_jpeg(pixels, quality=QUALITY).numpy())
    return paths


def reading_speeds(photos: list[Path]) -> Iterator[Speed]:
    """Measure both chains. photos: files of `write_photos`."""
    preprocessing = Preprocessing(SIZE, SIZE, 3)
    what = f"JPEG files of {WIDTH} x {HEIGHT} to {SIZE} pixels, as validation reads them"
    plain = evaluation_batches(photos * (ENOUGH // PHOTOS), preprocessing, batch_size=BATCH)
    yield Speed("decoded", what, "CPU", _rate(plain))
    options = BatchOptions(BATCH, 0, augmentation=Augmentation(from_preset(PRESET)))
    examples = LabeledImages(photos, [0] * len(photos), 2)
    augmented = training_batches(examples, preprocessing, options, steps=ENOUGH)
    yield Speed(
        "augmented", f"the same files, as training reads them with --augmentation {PRESET}", "CPU", _rate(augmented)
    )


def _rate(batches: Iterable[object]) -> float:
    iterator = iter(batches)

    def one_batch() -> int:
        next(iterator)
        return BATCH

    return rate(one_batch, SECONDS)
