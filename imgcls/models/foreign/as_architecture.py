"""A Keras model as an entry of the table of architectures, so that everything that knows ours knows it too."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import keras

from imgcls.counted import counted
from imgcls.layer_precision import FLOAT32, layers_in
from imgcls.models.foreign.feature_network import feature_network
from imgcls.models.foreign.flat_graph import as_it_is
from imgcls.models.registry import Architecture, PretrainedWeights, registered, remember
from imgcls.models.weights.earlier import copy_layers
from imgcls.models.wiring import Tensor, Wiring

OWN = "own"  # name of the weights that a model comes with
ANY_SIZE = 224  # pixels of a side, where a model takes any
KEPT = 2  # models of one source, of other sizes or weights, that are kept to be built on

Shape = tuple[int, int, int]
MakeModel = Callable[[Shape], keras.Model]
MakeWithWeights = Callable[[Shape, Path | None], keras.Model]


@dataclass(frozen=True)
class ModelSource:
    """Where Keras models of one kind come from.

    Attributes:
        named: What the user called it.
        name: Of the network, in reports.
        make: (height, width, channels) -> a Keras model that takes such images, with the weights that it comes with.
        image_size: That it was made for, in pixels; 0: any.
        channels: Of its images; 0: any.
        preprocessing: The pixels it expects, by a name of `imgcls.models.foreign.expected_pixels.EXPECTED`; empty: the
            user says it.
        has_weights: Whether what `make` gives has been trained.
        with_weights: By the name of other weights, what makes the model with them: (height, width, channels) and the
            path of a file or None -> a Keras model. ".h5" stands for those of any file.
        licence: What may be done with the weights.
        replaced: The layer that stands for one of the model's that cannot be copied; others are returned as they are.
    """

    named: str
    name: str
    make: MakeModel
    image_size: int = 0
    channels: int = 0
    preprocessing: str = ""
    has_weights: bool = True
    with_weights: Mapping[str, MakeWithWeights] = field(default_factory=dict)
    licence: str = "that of the model"
    replaced: Callable[[keras.layers.Layer], keras.layers.Layer] = as_it_is


def as_architecture(source: ModelSource, usual_size: int = 0) -> Architecture:
    """The architecture whose layers are those of a Keras model without its head. It can be found by its name after.

    Args:
        source: Where the model comes from.
        usual_size: Of images, in pixels, where the model takes any.
    """
    found = entry(source, usual_size)
    remember(found)
    return found


def entry(source: ModelSource, usual_size: int = 0) -> Architecture:
    """The same, which nothing remembers."""
    foreign = _Foreign(source)
    own = {OWN: foreign.published(OWN)} if source.has_weights else {}
    return Architecture(
        name=_free_name(source.name),
        build=foreign.build,
        image_size=source.image_size or usual_size or ANY_SIZE,
        head=head,
        channels=source.channels or 3,
        weights=own | {name: foreign.published(name) for name in source.with_weights},
        preprocessing=source.preprocessing,
    )


class _Foreign:
    """The networks of one source, each made once at a size."""

    def __init__(self, source: ModelSource) -> None:
        self._source = source
        self._features = lru_cache(KEPT)(self._made)

    def build(self, net: Wiring[Tensor], x: Tensor, weights: str = OWN, path: Path | None = None) -> Tensor:
        """The feature map or vector of `x`. The graph may depend on the weights that will be laid into it."""
        height, width, channels = (int(size) for size in _sizes(x)[-3:])
        return net.keras_model(self._features((height, width, channels), weights, path), x)

    def load(self, model: keras.Model, with_head: bool, weights: str = OWN, path: Path | None = None) -> None:
        """Fill a classifier that `build` made of the same arguments. The head is that of its own classes."""
        height, width, channels = model.input_shape[1:]
        copy_layers(self._features((height, width, channels), weights, path), model, head=False)

    def published(self, name: str) -> PretrainedWeights:
        """Weights of this name; their pixels are those of the model, whatever the weights."""
        return PretrainedWeights(
            load=partial(self.load, weights=name),
            class_names=list,
            mean=(0.0,),
            std=(1.0,),
            preprocessing={},
            licence=self._source.licence,
            source=f"{name} of {self._source.named}",
            build=partial(self.build, weights=name),
        )

    def _made(self, shape: Shape, weights: str, path: Path | None) -> keras.Model:
        source = self._source
        check_size(source, shape)
        with_weights = source.with_weights.get(weights)
        with layers_in(FLOAT32):  # it is kept, and runs of every precision build on it
            model = with_weights(shape, path) if with_weights else source.make(shape)
            features = feature_network(model, source.named, source.replaced)
        _check_made(features, shape, source.named)
        return features


def check_size(source: ModelSource, shape: Shape) -> None:
    """Raise ValueError unless the model takes images of this shape."""
    height, width, channels = shape
    if source.channels and channels != source.channels:
        color = "grayscale" if source.channels == 1 else "rgb"
        raise ValueError(
            f"{source.named} takes images of {counted(source.channels, 'channel')}, not {channels}. Choose --color "
            f"{color}."
        )
    if source.image_size and {height, width} != {source.image_size}:
        raise ValueError(
            f"{source.named} takes images of {source.image_size}x{source.image_size}, not {height}x{width}. Choose "
            f"--image-size {source.image_size}."
        )


def _check_made(features: keras.Model, shape: Shape, named: str) -> None:
    """Raise ValueError unless what was made takes the images that it was made for."""
    takes = features.inputs[0].shape[1:]
    if any(own not in (None, size) for own, size in zip(takes, shape, strict=True)):
        if tuple(takes) == (shape[2], *shape[:2]):
            raise ValueError(
                f"{named} takes images with the channels first and turns them itself, which imgcls cannot turn back. "
                f"Save one that takes {'x'.join(map(str, shape))}."
            )
        raise ValueError(
            f"{named} takes images of {'x'.join(map(str, takes))}, not {'x'.join(map(str, shape))}. Choose another "
            "--image-size or --color."
        )


def head(net: Wiring[Tensor], x: Tensor) -> Tensor:
    """The model's vector as the embedding, or its feature map pooled."""
    if _is_map(x):
        return net.to_vector(x, name="embedding")
    return net.apply(keras.layers.Identity(name="embedding"), x)


def _is_map(x: Any) -> bool:
    return len(_sizes(x)) > 2


def _sizes(x: Any) -> tuple[int, ...]:
    """The shape of what either wiring has, with or without the batch."""
    return tuple(x.shape)


def _free_name(name: str) -> str:
    """A name that Keras takes, and that is none of the table's."""
    name = re.sub(r"[^\w.-]", "_", name).strip("_.-") or "model"
    return f"keras_{name}" if name in registered() else name
