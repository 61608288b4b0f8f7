"""How fast this machine computes and trains a network, and reads the images of a project: a trial of some seconds."""

import time
from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

from imgcls.files import write_json

SECONDS = 2.0  # of each trial, once it is warm
BATCH = 16  # images a training step
SAMPLE = 48  # images of the project that are read
LAST = 1 / 3  # share of the layers that "the last blocks" are
ANY_PIXELS = "0-1"  # for a Keras model that does not say its own; none of them is slower


def of_network(model: str, image_size: int, file: str) -> bool:
    """Measure the images a second of a network with random weights, which are as fast as any.

    Args:
        model: Name of an architecture.
        image_size: Pixels of a side; 0: the architecture's own.
        file: That the result is written to, also when nobody waits for it: image_size; looks, last_blocks and learns,
            images a second to compute features, to train the last third, and to train everything; begin, seconds
            until the first step is done; day.
    """
    from imgcls.layer_precision import layers_in
    from imgcls.models import find_architecture
    from imgcls.training.devices.precision import choose_precision

    size = image_size or find_architecture(model).image_size
    began = time.monotonic()
    with layers_in(choose_precision("auto")[0]):
        network = _built(model, size)
    learns = _training_rate(network, size)
    begin = time.monotonic() - began - SECONDS
    for layer in network.layers[: round(len(network.layers) * (1 - LAST))]:
        layer.trainable = False
    last_blocks = _training_rate(network, size)
    rates = {"looks": _feature_rate(model, size), "last_blocks": last_blocks, "learns": learns}
    write_json(file, {"image_size": size, **rates, "begin": begin, "day": date.today().isoformat()})
    return True


def of_reading(manifest: str, image_size: int, file: str) -> bool:
    """Measure the images a second that are read, decoded and resized.

    Args:
        manifest: File with the images.
        image_size: Pixels of a side.
        file: That the result is written to.
    """
    import numpy as np

    from imgcls.data.images.preprocessing import Preprocessing
    from imgcls.data.images.reading import read_images
    from imgcls.data.manifest.table import Manifest

    images = Manifest.load(manifest)
    rows = images.usable
    rows = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, SAMPLE).astype(int))]
    paths, prepared = images.paths(rows), Preprocessing(image_size, image_size)
    list(read_images(paths[:2], prepared))  # what is made once
    began = time.monotonic()
    read = len(list(read_images(paths, prepared, images.boxes(rows))))
    write_json(file, {"images_per_second": read / max(1e-6, time.monotonic() - began)})
    return True


def _built(model: str, size: int) -> Any:
    """The network with a head of ten classes."""
    from imgcls.models import build_model, find_architecture

    pixels = ANY_PIXELS if find_architecture(model).preprocessing == "" else None
    return build_model(model, (size, size, 3), num_classes=10, preprocessing=pixels)


def _training_rate(network: Any, size: int) -> float:
    import tensorflow as tf

    pixels = tf.random.uniform((BATCH, size, size, 3), 0.0, 255.0)
    labels = tf.one_hot(tf.range(BATCH) % 10, 10)
    variables = [weight.value for weight in network.trainable_variables]

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            found = tf.cast(network(pixels, training=True), tf.float32)
            loss = -tf.reduce_mean(labels * tf.math.log(found + 1e-7))
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            if gradient is not None:
                variable.assign_sub(1e-6 * gradient)

    return BATCH * _times_a_second(step)


def _feature_rate(model: str, size: int) -> float:
    """With the engine and the batches that features are computed with."""
    import keras
    import numpy as np

    from imgcls.training.transfer.backend import fastest_engine, images_at_once

    network = _built(model, size)
    engine, _ = fastest_engine(keras.Model(network.input, network.get_layer("embedding").output))
    pixels = np.random.default_rng(0).uniform(0, 255, (images_at_once(), size, size, 3)).astype(np.float32)
    numbers = count()
    began = time.monotonic()
    for done, _ in engine.predict_batches((number, pixels) for number in numbers):
        if done == 0:
            began = time.monotonic()
        elif time.monotonic() > began + SECONDS:
            break
    return len(pixels) * done / (time.monotonic() - began)


def _times_a_second(work: Callable[[], object]) -> float:
    """After a first time, which makes what is made once."""
    work()
    began, done = time.monotonic(), 0
    while time.monotonic() < began + SECONDS:
        work()
        done += 1
    return done / (time.monotonic() - began)
