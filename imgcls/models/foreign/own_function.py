"""A function of the user's own that returns a Keras model, as an entry of the table."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import keras

from imgcls.models.foreign.as_architecture import ModelSource, Shape, entry
from imgcls.models.foreign.expected_pixels import EXPECTED
from imgcls.models.registry import architecture
from imgcls.nearest_name import did_you_mean

MakesModel = TypeVar("MakesModel", bound=Callable[..., Any])


def keras_model(
    name: str, preprocessing: str, image_size: int = 224, *, channels: int = 3, trained: bool = False
) -> Callable[[MakesModel], MakesModel]:
    """Decorator for a function that returns a Keras model of images, with or without a classification head.

    A function with an argument gets the shape of the images, (height, width, channels), and makes its model for it. One
    without makes a model for images of `image_size` and `channels`.

    Args:
        name: Of the network.
        preprocessing: The pixels that the model takes: "0-1", "plus-minus-1", "imagenet", "caffe", "0-255", or "own"
            for a model that rescales them itself.
        image_size: Height and width of its images, in pixels.
        channels: Of the images of a function without an argument, 1 or 3.
        trained: Whether the model comes with weights that a run is to start from.

    Raises:
        ValueError: If the name is taken, or if there is no such preprocessing.

    Example:
        >>> import keras
        >>> @keras_model("two_stages", preprocessing="0-1", image_size=32)
        ... def two_stages(shape):
        ...     return keras.Sequential([keras.Input(shape), keras.layers.Conv2D(8, 3), keras.layers.ReLU()])
        >>> from imgcls.models import build_model
        >>> build_model("two_stages", num_classes=2).get_layer("embedding").output.shape
        (None, 8)
    """
    if preprocessing not in EXPECTED:
        hint = did_you_mean(str(preprocessing), EXPECTED)
        raise ValueError(
            f"@keras_model({name!r}) has no preprocessing {preprocessing!r}.{hint} There are: {', '.join(EXPECTED)}."
        )

    def register(function: MakesModel) -> MakesModel:
        takes_shape = bool(inspect.signature(function).parameters)

        def make(shape: Shape) -> keras.Model:
            model: keras.Model = function(shape) if takes_shape else function()
            return model

        source = ModelSource(
            f"The model of {name}",
            name,
            make,
            image_size=0 if takes_shape else image_size,
            channels=0 if takes_shape else channels,
            preprocessing=preprocessing,
            has_weights=trained,
        )
        found = entry(source, image_size)
        facts = {each: getattr(found, each) for each in ("head", "channels", "weights", "preprocessing")}
        architecture(name, image_size, **facts)(found.build)
        return function

    return register
