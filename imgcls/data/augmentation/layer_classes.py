"""The augmentation layers of keras-cv and Keras: found by their names, made with their arguments, or refused."""

import inspect
from typing import Any

import keras

from imgcls.counted import counted
from imgcls.data.augmentation.answered_draws import ensure_generator
from imgcls.layer_precision import FLOAT32, layers_in
from imgcls.named_layer import PACKAGES, NamedLayer
from imgcls.nearest_name import did_you_mean

MIXES = "mixes images with their labels, which a step does here: write {} instead"
REFUSED = {  # layers of the right class that are nothing for single images, by their names in either package
    "MixUp": MIXES.format("--mixup 0.2"),
    "CutMix": MIXES.format("--cutmix 1.0"),
    "FourierMix": MIXES.format("--cutmix 1.0, which is the nearest,"),
    "Mosaic": MIXES.format("--cutmix 1.0, which is the nearest,"),
    "RepeatedAugmentation": "makes several images of one: write its layers one after the other instead",
    "MaxNumBoundingBoxes": "changes boxes and no pixel: leave it out",
}
CONTAINERS = {"keras_cv": ("Augmenter",), "keras": ("Pipeline",)}  # of other layers, which are no images' layers
UNIT_RANGE = {"RandomJpegQuality"}  # take [0, 1] and have no argument for it
BASES = ("BaseImageAugmentationLayer", "VectorizedBaseImageAugmentationLayer", "BaseImagePreprocessingLayer")
BOLD = "\x1b[1m"  # before what Keras says of an error in a layer
BOLD = "\x1b[1m"  # before what Keras says of an error in a layer
SETTLED: dict[str, tuple[Any, str]] = {  # arguments with one right value: that value, and why
    "value_range": ((0, 255), "images have 0 to 255"),
    "data_format": ("channels_last", "images are channels_last"),
    "seed": (None, "what is drawn follows from --seed"),
    "bounding_box_format": (None, "there are no boxes here"),
    "segmentation_classes": (None, "there are no masks here"),
}


def layer_names(package: str) -> list[str]:
    """The augmentation layers of a package that this one takes.

    Args:
        package: `keras_cv` or `keras`.
    """
    layers = _layers_of(package)
    return [
        name for name in sorted(vars(layers) | dict.fromkeys(dir(layers)))
        if name not in REFUSED and _is_of_images(package, getattr(layers, name))
    ]  # fmt: skip


def make_layer(named: NamedLayer) -> keras.layers.Layer:
    """Make the layer that a text names.

    Args:
        named: The text, read.

    Raises:
        ValueError: There is no such layer or argument, or the layer is nothing for the images of a classifier.
    """
    found = _find(named)
    arguments = _arguments(named, found)
    ensure_generator()
    try:
        with layers_in(FLOAT32):  # whatever the run does: bfloat16 has no single gray levels
            layer: keras.layers.Layer = (_in_gray_levels(found) if named.name in UNIT_RANGE else found)(**arguments)
    except Exception as error:
        raise ValueError(f"{named} cannot be made with these arguments: {reason(error)}") from error
    return layer


def reason(error: Exception) -> str:
    """What an error of Keras or TensorFlow says, in one line, without where it was raised."""
    text = str(error).split(BOLD)[-1].split("\x1b[0m")[0].split("Arguments received")[0].split(" for '{{node")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:300].rstrip(". ") + "."


def _layers_of(package: str) -> Any:
    if package == "keras":
        return keras.layers
    import keras_cv  # takes a second

    return keras_cv.layers


def _find(named: NamedLayer) -> type:
    found = getattr(_layers_of(named.package), named.name, None)
    if named.name in REFUSED and found is not None:
        raise ValueError(f"{named} {REFUSED[named.name]}.")
    if not inspect.isclass(found) or not issubclass(found, keras.layers.Layer):
        raise ValueError(f"There is no layer {named}.{_nearest(named)}")
    if not _is_of_images(named.package, found):
        kind = "changes points in space" if "3D" in str(found.__mro__) else "is a layer of networks"
        raise ValueError(f"{named} {kind} and no augmentation of images.{_nearest(named)}")
    return found


def _is_of_images(package: str, found: Any) -> bool:
    """Whether a class is a layer that changes images."""
    if not inspect.isclass(found) or found.__name__ in BASES:
        return False
    return found.__name__ in CONTAINERS[package] or any(each.__name__ in BASES for each in found.__mro__)


def _in_gray_levels(found: Any) -> Any:
    """A class like one that takes [0, 1], for images in [0, 255]."""

    class InGrayLevels(found):  # type: ignore[misc]
        def augment_image(self, image: Any, transformation: Any, **others: Any) -> Any:
            return super().augment_image(image / 255.0, transformation, **others) * 255.0

    return InGrayLevels


def _nearest(named: NamedLayer) -> str:
    own = layer_names(named.package)
    nearest = did_you_mean(str(named), [f"{named.package}.{name}" for name in own], 0.75)
    others = [package for package in PACKAGES if package != named.package and named.name in layer_names(package)]
    return f" Did you mean '{others[0]}.{named.name}'?" if others else nearest or f" There are: {', '.join(own)}."


def _arguments(named: NamedLayer, found: type) -> dict[str, Any]:
    """The arguments by their names, with the layers among them made, and what has one right value."""
    parameters = [
        each for each in inspect.signature(found).parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD
    ]
    names = [each.name for each in parameters]
    given = _in_order(named, [name for name in names if name not in SETTLED]) | named.named
    for name, value in given.items():
        _check_argument(named, name, value, names)
    given = {name: _made(value) for name, value in given.items()}
    given |= {name: SETTLED[name][0] for name in ("value_range", "data_format") if name in names}
    missing = [each.name for each in parameters if each.default is each.empty and each.name not in given]
    if missing:
        example = f"{named}({', '.join(f'{name}=...' for name in missing)})"
        raise ValueError(f'{named} needs {" and ".join(missing)}: write "{example}", with values for the dots.')
    return given


def _in_order(named: NamedLayer, free: list[str]) -> dict[str, Any]:
    """The arguments without a name; those that are settled have no place among them."""
    if len(named.positional) > len(free):
        takes = counted(len(free), "argument")
        raise ValueError(f"{named} takes {takes} ({', '.join(free)}), and here are {len(named.positional)}.")
    given = dict(zip(free, named.positional, strict=False))
    for name in set(given) & set(named.named):
        raise ValueError(f"{named} has {name} twice: by its place and by its name.")
    return given


def _check_argument(named: NamedLayer, name: str, value: Any, names: list[str]) -> None:
    if name not in names:
        others = [each for each in names if each not in SETTLED]
        takes = f"takes {', '.join(others)}" if others else "takes none"
        raise ValueError(f"{named} has no argument {name!r}.{did_you_mean(name, others)} It {takes}.")
    if name in SETTLED:
        right, why = SETTLED[name]
        if value != right and (not isinstance(value, list) or tuple(value) != right):
            raise ValueError(f"{named} has {name}={value!r}, but {why}. Leave it out.")


def _made(value: Any) -> Any:
    if isinstance(value, NamedLayer):
        return make_layer(value)
    return type(value)(map(_made, value)) if isinstance(value, list | tuple) else value
