"""What pixels a Keras model was trained with: named by the user or its project, never guessed."""

from dataclasses import dataclass, replace

from imgcls.models.input_layers import HALF, InputLayers
from imgcls.models.registry import Architecture
from imgcls.nearest_name import did_you_mean


@dataclass(frozen=True)
class ExpectedPixels:
    """What pixels in [0, 255] become before a model sees them.

    Attributes:
        meaning: In words.
        mean: Subtracted, for each channel or for all.
        std: What is left is divided by it.
        blue_first: Whether the channels come as blue, green, red.
    """

    meaning: str
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    blue_first: bool = False


EXPECTED = {
    "0-1": ExpectedPixels("from 0 to 1", std=(255.0,)),
    "plus-minus-1": ExpectedPixels("from -1 to 1", mean=(HALF,), std=(HALF,)),
    "imagenet": ExpectedPixels(  # of torchvision, times 255
        "less ImageNet's mean, by its deviation", mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)
    ),
    "caffe": ExpectedPixels(
        "less ImageNet's mean, blue before red", mean=(123.68, 116.779, 103.939), blue_first=True
    ),  # Simonyan and Zisserman, 2014, in OpenCV's order of channels
    "0-255": ExpectedPixels("as they are"),
    "own": ExpectedPixels("as they are, for the model rescales them itself"),
}
MODES = {"tf": "plus-minus-1", "torch": "imagenet", "caffe": "caffe"}  # as keras.applications calls them


def expected_pixels(architecture: Architecture, named: str | None) -> str:
    """The name of the pixels that an architecture takes.

    Args:
        architecture: A network of ours, for which it is empty, or a Keras model.
        named: What the user called them, by a name of `EXPECTED`.

    Raises:
        ValueError: If nobody named them, if the name is unknown, or if the model is known to take others.
    """
    known, there_are = architecture.preprocessing, ", ".join(f"{key} ({row.meaning})" for key, row in EXPECTED.items())
    if named is not None and named not in EXPECTED:
        raise ValueError(f"There is no preprocessing {named!r}.{did_you_mean(named, EXPECTED)} There are: {there_are}.")
    if known is None:
        if named is not None:
            raise ValueError(
                f"--preprocessing {named} is for Keras models; {architecture.name} is a network of imgcls, whose "
                "pixels --standardize and the weights settle. Leave it out."
            )
        return ""
    if not known and named is None:
        raise ValueError(
            f"Nothing in the model {architecture.name!r} says which pixels it was trained with. Name them with "
            f"--preprocessing: {there_are}."
        )
    if known and named not in (None, known):
        raise ValueError(
            f"{architecture.name} takes pixels of --preprocessing {known}, not {named}. Leave --preprocessing out."
        )
    return known or str(named)


def input_layers(architecture: Architecture, named: str | None, given: InputLayers) -> InputLayers:
    """The layers before a network: those that a Keras model expects, or `given` for a network of ours.

    Raises:
        ValueError: As `expected_pixels`; and for whitening, which a Keras model does not know.
    """
    name = expected_pixels(architecture, named)
    if not name:
        return given
    if given.whitening is not None:
        raise ValueError(f"Whitening changes the pixels that {architecture.name} expects. Choose --whitening none.")
    row = EXPECTED[name]
    return replace(given, mean=row.mean, std=row.std, blue_first=row.blue_first)
