"""What a Keras model sees in an image: its layers without its classification head, as ours are built on them."""

import logging
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from imgcls.data_format import CHANNELS_FIRST, CHANNELS_LAST, channel_axis
from imgcls.framework_internals import inputs_of_call, producer
from imgcls.models.foreign.flat_graph import LayerCopies, Replaced, as_it_is, is_graph
from imgcls.models.recursion import deep_networks

CHANNELS = (1, 3)
PASSED = (keras.layers.Dropout, keras.layers.Identity, keras.layers.Reshape, keras.layers.Flatten)
CLASSIFIES = ("softmax", "sigmoid", "linear")  # activations of a classification head
ALIKE = 1e-4  # of two layouts' features, as a share of the largest
log = logging.getLogger(__name__)

Shape = tuple[int | None, int | None, int]  # height, width, channels; None: any


@deep_networks()
def feature_network(model: keras.Model, named: str, replaced: Replaced = as_it_is) -> keras.Model:
    """A model's layers up to its classification head, flat and in channels_last, with its weights.

    The head is a dense layer with softmax, sigmoid or no activation at the end, or a 1x1 convolution of one position.

    Args:
        model: Functional or sequential, from one batch of images to one vector, feature map, or sequence of tokens an
            image.
        named: What the user called it, for messages.
        replaced: Gives the layer that stands for one that cannot be copied, and any other as it is.

    Returns:
        A model of its own, from images to (B, features) or (B, height, width, channels). Of tokens it gives the mean.

    Raises:
        ValueError: If the model is of another kind, in one sentence.
    """
    check_kind(model, named)
    copies = LayerCopies(replaced)
    images = keras.Input(model.inputs[0].shape[1:], name="images")
    output = copies.through(model, [images])[0]
    copies.copy_weights()
    if copies.left_out:
        log.info("%s: its layers %s are left out; --augmentation changes images.", named, ", ".join(copies.left_out))
    flat = _in_channels_last(keras.Model(images, output, name=model.name), named)
    features, head = without_head(flat)
    if head:
        log.info("%s: its last layer, %s, is taken off for a head of this run's classes.", named, head)
    check_features(features.shape, named)
    if len(features.shape) == 3:
        log.info("%s gives %s tokens of %s features; their mean is taken.", named, *features.shape[1:])
        features = keras.layers.GlobalAveragePooling1D(data_format=CHANNELS_LAST, name="mean_of_tokens")(features)
    return keras.Model(flat.inputs[0], features, name=model.name)


def check_kind(model: Any, named: str) -> None:
    """Raise ValueError unless a model is a graph from one batch of images to one output."""
    if not isinstance(model, keras.Model):
        raise ValueError(f"{named} is a {type(model).__name__}; expected a keras.Model.")
    if not is_graph(model):
        what = "has no input shape yet" if isinstance(model, keras.Sequential) else "is a subclassed model"
        raise ValueError(
            f"{named} {what}, so its layers cannot be seen from outside. Make it keras.Model(inputs, outputs), or a "
            "Sequential that begins with keras.Input."
        )
    for what, tensors in (("input", model.inputs), ("output", model.outputs)):
        if len(tensors) != 1:
            names = ", ".join(tensor.name for tensor in tensors)
            raise ValueError(f"{named} has {len(tensors)} {what}s ({names}); expected one.")
    shape = model.inputs[0].shape
    if len(shape) != 4:
        raise ValueError(f"{named} takes {_shown(shape)}; expected images, (batch, height, width, channels).")
    if not ({shape[1], shape[-1]} & set(CHANNELS)):
        raise ValueError(f"{named} takes images of {shape[-1]} channels; expected 1 or 3.")


def layout_of(model: keras.Model) -> str:
    """The layout that the layers of a flat model say, else what the shape of its images says."""
    said = {getattr(layer, "data_format", None) for layer in model.layers} - {None}
    if len(said) == 1:
        return str(said.pop())
    shape = model.inputs[0].shape
    return CHANNELS_FIRST if shape[1] in CHANNELS and shape[-1] not in CHANNELS else CHANNELS_LAST


def without_head(flat: keras.Model) -> tuple[keras.KerasTensor, str]:
    """The features before a classification head, and the head's name; the output and "" where there is none."""
    tensor = flat.outputs[0]
    while True:
        layer, index = producer(tensor)
        if not index and not inputs_of_call(layer, 0):  # the images
            return flat.outputs[0], ""
        before = inputs_of_call(layer, index)[0]
        if _is_head(layer, before.shape):
            return _without_dropout(before), layer.name
        if not _is_passed(layer):
            return flat.outputs[0], ""
        tensor = before


def _is_head(layer: Any, shape: Sequence[int | None]) -> bool:
    if getattr(getattr(layer, "activation", None), "__name__", "") not in CLASSIFIES:
        return False
    if type(layer) is keras.layers.Dense:
        return len(shape) == 2
    return type(layer) is keras.layers.Conv2D and tuple(shape[1:3]) == (1, 1)


def _is_passed(layer: Any) -> bool:
    """Whether a layer behind a head belongs to it."""
    is_last = type(layer) is keras.layers.Activation and layer.activation.__name__ in CLASSIFIES
    return is_last or isinstance(layer, (*PASSED, keras.layers.Softmax))


def _without_dropout(tensor: keras.KerasTensor) -> keras.KerasTensor:
    layer, index = producer(tensor)
    while isinstance(layer, keras.layers.Dropout):
        tensor = inputs_of_call(layer, index)[0]
        layer, index = producer(tensor)
    return tensor


def check_features(shape: Sequence[int | None], named: str) -> None:
    """Raise ValueError unless a shape, with the batch, is that of one vector, feature map or sequence an image."""
    if len(shape) not in (2, 3, 4) or shape[-1] is None:
        raise ValueError(
            f"{named} gives {_shown(shape)}; expected a vector (batch, features), tokens (batch, tokens, features) or "
            "a feature map (batch, height, width, channels) for each image."
        )


def _in_channels_last(flat: keras.Model, named: str) -> keras.Model:
    """The same network in channels_last, which everything behind it reads; tried on an image."""
    if layout_of(flat) == CHANNELS_LAST:
        return flat
    channels, height, width = flat.inputs[0].shape[1:]
    if channels not in CHANNELS:
        raise ValueError(f"{named} takes images of {channels} channels; expected 1 or 3.")

    def turned(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if "data_format" in config:
            config["data_format"] = CHANNELS_LAST
        if config.get("axis") in (1, [1], (1,)) and len(layer.output.shape) == 4:
            config["axis"] = channel_axis(CHANNELS_LAST)
        return type(layer).from_config(config)

    try:
        twin = _rebuilt(flat, (height, width, channels), turned)
        twin.set_weights(flat.get_weights())
        _check_alike(flat, twin, (height or 64, width or 64, channels))
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{named} is in channels_first and cannot be turned into channels_last, because of a layer that names an "
            "axis. Save it in channels_last."
        ) from error
    log.info("%s is in channels_first; it is used in channels_last, with the same weights and features.", named)
    return twin


def _rebuilt(flat: keras.Model, shape: Shape, turned: Any) -> keras.Model:
    pixels = keras.Input(shape, name="images")
    return keras.models.clone_model(flat, input_tensors=pixels, clone_function=turned)


def _check_alike(first: keras.Model, last: keras.Model, shape: tuple[int, int, int]) -> None:
    """Raise ValueError unless both see the same in a random image, each in its layout."""
    image = np.random.default_rng(0).uniform(0, 1, (1, *shape)).astype(np.float32)
    expected, found = np.asarray(first(np.moveaxis(image, -1, 1))), np.asarray(last(image))
    expected = np.moveaxis(expected, 1, -1) if expected.ndim == 4 else expected
    if not np.abs(expected - found).max() <= ALIKE * max(1.0, np.abs(expected).max()):
        raise ValueError("the features differ")


def _shown(shape: Sequence[int | None]) -> str:
    return f"({', '.join('any' if size is None else str(size) for size in shape[1:])})"
