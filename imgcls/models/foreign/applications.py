"""The networks of `keras.applications`, as Keras builds them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras

from imgcls.data_format import CHANNELS_LAST
from imgcls.framework_internals import downloaded_file
from imgcls.models.foreign.as_architecture import ModelSource, Shape, as_architecture
from imgcls.models.registry import Architecture
from imgcls.nearest_name import did_you_mean

PIXELS = (  # beginning of the names -> the pixels, as each network's documentation has them; the first that fits
    ("DenseNet", "imagenet"),
    ("VGG", "caffe"),
    (("ResNet50V2", "ResNet101V2", "ResNet152V2"), "plus-minus-1"),
    ("ResNet", "caffe"),
    (("EfficientNet", "ConvNeXt", "MobileNetV3"), "own"),
    (("Inception", "MobileNet", "NASNet", "Xception"), "plus-minus-1"),
)
SIZES = (  # beginning of the names -> pixels of a side; 224 where none fits
    (("Inception", "Xception"), 299),
    ("NASNetLarge", 331),
    ("EfficientNetB1", 240),
    ("EfficientNetB2", 260),
    ("EfficientNetB3", 300),
    ("EfficientNetB4", 380),
    ("EfficientNetB5", 456),
    ("EfficientNetB6", 528),
    ("EfficientNetB7", 600),
    ("EfficientNetV2B1", 240),
    ("EfficientNetV2B2", 260),
    ("EfficientNetV2B3", 300),
    ("EfficientNetV2S", 384),
    (("EfficientNetV2M", "EfficientNetV2L"), 480),
)


def list_applications() -> list[str]:
    """The names of the networks of `keras.applications`, sorted.

    Example:
        >>> "MobileNetV2" in list_applications()
        True
    """
    return sorted(name for name in dir(keras.applications) if name[0].isupper())


def architecture_of_application(name: str) -> Architecture:
    """The architecture called `keras_applications:<name>`. Raises ValueError if there is none."""
    known = {each.lower(): each for each in list_applications()}
    if name.lower() not in known:
        hint = did_you_mean(name, list_applications(), cutoff=0.4)
        raise ValueError(f"keras.applications has no network {name!r}.{hint} It has: {', '.join(list_applications())}.")
    return _architecture(known[name.lower()])


@lru_cache
def _architecture(name: str) -> Architecture:
    source = ModelSource(
        f"keras_applications:{name}",
        f"keras_{name.lower()}",
        lambda shape: _built(name, shape),
        preprocessing=next(pixels for start, pixels in PIXELS if name.startswith(start)),
        has_weights=False,
        with_weights={"imagenet": lambda shape, path: _pretrained(name, shape, path)},
        licence="that of keras.applications",
    )
    return as_architecture(source, next((size for start, size in SIZES if name.startswith(start)), 0))


def _built(name: str, shape: Shape, weights: Any = None) -> keras.Model:
    """The network without its head. The smallest size that it takes is Keras' own sentence."""
    build = getattr(keras.applications, name)
    with _in_channels_last(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # MobileNet: weights of another size than the images
        model: keras.Model = build(include_top=False, weights=weights, input_shape=shape)
    return model


def _pretrained(name: str, shape: Shape, path: Path | None) -> keras.Model:
    """The network with its published weights, downloaded unless a file is given."""
    if path is None:
        return _downloaded(name, shape)
    try:
        with downloaded_file(path):  # given a path, Keras builds EfficientNet without a layer of its published form
            return _built(name, shape, weights="imagenet")
    except (ValueError, OSError, KeyError) as error:
        first = str(error).strip().splitlines()[0][:200]
        raise ValueError(
            f"{path} does not hold the weights of keras.applications.{name} without its head ({first}). Expected the "
            "file whose name ends in notop.h5."
        ) from error


def _downloaded(name: str, shape: Shape) -> keras.Model:
    try:
        return _built(name, shape, weights="imagenet")
    except Exception as error:  # what keras.utils.get_file raises
        if "fetch failure" not in str(error):
            raise
        raise ConnectionError(
            f"The weights of keras.applications.{name} could not be downloaded. Download the .h5 file without top "
            "elsewhere and give its path with --weights, or choose --weights none."
        ) from error


@contextmanager
def _in_channels_last() -> Iterator[None]:
    """Within, Keras builds in channels_last whatever it is set to."""
    before = keras.config.image_data_format()
    keras.config.set_image_data_format(CHANNELS_LAST)
    try:
        yield
    finally:
        keras.config.set_image_data_format(before)
