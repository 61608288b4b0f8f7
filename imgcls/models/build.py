"""A whole classifier: input layers (standardization, layout), a network of the table, a classification head."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

import keras

from imgcls.counted import counted
from imgcls.data_format import CHANNELS_LAST, from_channels_last
from imgcls.layers import ClassProbabilities
from imgcls.layers.class_probabilities import SIGMOID, SOFTMAX
from imgcls.models.classifier import load_model
from imgcls.models.cost import describe
from imgcls.models.foreign.expected_pixels import input_layers as pixels_for
from imgcls.models.foreign.fixed_options import usable_options
from imgcls.models.foreign.model_object import architecture_of_model
from imgcls.models.input_layers import InputLayers
from imgcls.models.keras_wiring import KerasWiring
from imgcls.models.layout_choice import resolve_data_format
from imgcls.models.network_options import NetworkKeywords, NetworkOptions
from imgcls.models.recursion import deep_networks
from imgcls.models.registry import Architecture, find_architecture
from imgcls.models.weights.earlier import start_from
from imgcls.models.weights.initial import NO_WEIGHTS, InitialWeights, initial_weights

AUXILIARY_WEIGHT = 0.3  # of the loss of each auxiliary head: Szegedy et al., 2015, section 5

logger = logging.getLogger(__name__)


@deep_networks()
def build_model(
    name: str | keras.Model,
    input_shape: tuple[int, int, int] | None = None,
    class_names: Sequence[str] | None = None,
    *,
    num_classes: int | None = None,
    weights: str | Path = NO_WEIGHTS,
    init_from: keras.Model | str | Path | None = None,
    include_top: bool = True,
    multi_label: bool = False,
    input_layers: InputLayers | None = None,
    preprocessing: str | None = None,
    options: NetworkOptions | None = None,
    **keywords: Unpack[NetworkKeywords],
) -> keras.Model:
    """Build a classifier from pixels (B, H, W, C) in [0, 255] to probabilities (B, number of classes).

    The layer "embedding" holds the features before the classifier, the layer "logits" the scores before the softmax.

    Args:
        name: An architecture of `list_models()`, a Python file that adds one, or any Keras model of images: itself, its
            .keras file, or a name such as "keras_applications:MobileNetV2".
        input_shape: (height, width, channels), channels_last in every layout; by default the paper's.
        class_names: The names of the classes; by default those of the weights, or "0", "1", ... for `num_classes`.
        num_classes: The number of classes, where they need no names.
        weights: "none" starts from random numbers; "own" from those of a Keras model; "imagenet" from published ones,
            and keeps their head where `class_names` are theirs or not given; the path of a .keras file from an earlier
            model, head included where the classes agree; the path of a .pth, .pt, .bin or .safetensors file from a
            PyTorch state dict.
        init_from: A shallower model of the family, or its .keras file; layers of the same name and shape start from it.
        include_top: False leaves out the classifier and the dense layers before it: the output is the pooled feature
            map.
        multi_label: Whether an image has any number of the classes: each probability is a sigmoid then.
        input_layers: How pixels become the input of the stem; published weights bring their own mean and deviation.
        preprocessing: The pixels that a Keras model of another project was trained with, by a name of
            `imgcls.models.foreign.expected_pixels.EXPECTED`; models of `keras.applications` say it themselves.
        options: What is chosen of the network: layout, activation, normalization, dropout and so on.
        **keywords: Fields of `NetworkOptions` that replace those of `options`.

    Returns:
        The model. Its layer "standardization" carries the preprocessing, its layer "probabilities" the class names.

    Raises:
        ValueError: For an unknown name, weights that do not fit, or images that are too small.
        FileNotFoundError: For a path where no file is.
        TypeError: For a keyword that is no option.

    Example:
        >>> model = build_model("resnet20", (32, 32, 3), ["cat", "dog"], activation="elu")
        >>> model.output_shape
        (None, 2)
    """
    options = (options or NetworkOptions()).changed(**keywords)
    architecture = find_architecture(name) if isinstance(name, str) else architecture_of_model(name)
    options = usable_options(architecture, options)
    start = initial_weights(architecture, weights)
    net = _wiring(architecture, start, options, include_top)
    height, width, channels = input_shape or (architecture.image_size, architecture.image_size, architecture.channels)
    shape = (height, width, channels)
    names = _output_names(architecture, class_names, num_classes, start) if include_top else None
    head = _Head(names, SIGMOID if multi_label else SOFTMAX) if names is not None else None
    start.check_channels(channels)
    inputs = start.input_layers(input_layers or InputLayers())
    inputs = pixels_for(architecture, preprocessing, inputs)
    model = _connected(start.network_of(architecture), net, inputs, shape, head)
    start.fill(model, names)
    if init_from is not None:
        shallower = load_model(init_from) if isinstance(init_from, str | Path) else init_from
        logger.info(start_from(model, shallower))
    return model


def _wiring(
    architecture: Architecture, start: InitialWeights, options: NetworkOptions, include_top: bool
) -> KerasWiring:
    """The architecture's own settings, over them those of the weights, over them the user's options."""
    chosen, why = resolve_data_format(options.data_format)
    if why:
        logger.info(why)
    auxiliary_heads = options.auxiliary_heads and include_top
    pooling = None if options.pooling == "none" and include_top else options.pooling  # a classifier takes a vector
    options = replace(options, data_format=chosen, auxiliary_heads=auxiliary_heads, pooling=pooling)
    return KerasWiring(**{**architecture.wiring, **start.wiring, **options.to_wiring()})


def _output_names(
    architecture: Architecture, names: Sequence[str] | None, num_classes: int | None, start: InitialWeights
) -> list[str]:
    """The names of the outputs: those given, else those of the weights, else numbers."""
    if names is not None:
        if num_classes not in (None, len(names)):
            raise ValueError(
                f"num_classes is {num_classes} and class_names has {counted(len(names), 'name')}; give one of them."
            )
        return [str(name) for name in names]
    count = num_classes or start.num_classes
    known = start.class_names()
    if known and count in (None, len(known)):
        return known
    if not count:
        raise ValueError(f"{architecture.name} has no classes of its own; give class_names or num_classes.")
    return [str(number) for number in range(count)]


def _connected(
    architecture: Architecture,
    net: KerasWiring,
    inputs: InputLayers,
    shape: tuple[int, int, int],
    head: "_Head | None",
) -> keras.Model:
    """The model from pixels to probabilities, or without a head where there is none."""
    pixels = keras.Input(shape, name="pixels")
    features = _feature_map(architecture, net, inputs.apply(pixels, net.data_format), shape)
    outputs = _without_head(architecture, net, features) if head is None else head.apply(architecture, net, features)
    try:
        return keras.Model(pixels, outputs, name=architecture.name)
    except ValueError:
        describe(architecture.name, shape, len(head.names) if head else 1)  # says which name is there twice, and where
        raise


def _feature_map(
    architecture: Architecture, net: KerasWiring, x: keras.KerasTensor, shape: tuple[int, int, int]
) -> keras.KerasTensor:
    try:
        return architecture.build(net, x)
    except ValueError as error:
        if "negative dimension" in str(error).lower() or "computed output size would be" in str(error).lower():
            raise ValueError(
                f"Images of {shape[0]}x{shape[1]} are too small for {architecture.name}: a layer would have no output. "
                f"Its paper uses {architecture.image_size}; choose a larger --image-size."
            ) from error
        raise


@dataclass(frozen=True)
class _Head:
    """From the feature map to the probabilities of classes with these names, by this activation."""

    names: list[str]
    activation: str

    def apply(self, architecture: Architecture, net: KerasWiring, features: keras.KerasTensor) -> keras.KerasTensor:
        embedding = architecture.head(net, features) if architecture.head else net.to_vector(features, name="embedding")
        logits = net.logits(net.dropped(embedding, name="dropout"), len(self.names), name="logits")
        if net.auxiliary_heads:
            logits = _with_auxiliary_heads(architecture, net, logits, len(self.names))
        return ClassProbabilities(self.names, activation=self.activation, name="probabilities")(logits)


def _with_auxiliary_heads(
    architecture: Architecture, net: KerasWiring, logits: keras.KerasTensor, num_classes: int
) -> keras.KerasTensor:
    if not architecture.auxiliary_head:
        raise ValueError(f"{architecture.name} has no auxiliary heads; build it without auxiliary_heads.")
    heads = [architecture.auxiliary_head(net, x, num_classes, i) for i, x in enumerate(net.branches, start=1)]
    return net.auxiliary(logits, heads, AUXILIARY_WEIGHT, name="auxiliary_heads")


def _without_head(architecture: Architecture, net: KerasWiring, features: keras.KerasTensor) -> keras.KerasTensor:
    """The pooled feature map; with pooling "none" the map itself, channels_last."""
    if net.pooling != "none":
        in_backbone = architecture.head if architecture.head_in_backbone else None
        return in_backbone(net, features) if in_backbone else net.to_vector(features, name="embedding")
    if net.data_format == CHANNELS_LAST or len(features.shape) != 4:
        return features
    back = [from_channels_last(net.data_format).index(axis) + 1 for axis in (1, 2, 3)]
    return keras.layers.Permute(back, name="features")(features)
