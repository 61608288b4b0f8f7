"""The pixels that the user names for Keras models of others: one name for all of them, or one for each."""

from collections.abc import Mapping, Sequence
from typing import get_args

from imgcls.config import Preprocessed
from imgcls.nearest_name import did_you_mean

NAMES: tuple[str, ...] = get_args(Preprocessed)
EVERY = ""  # stands for each model that says nothing itself


def named_pixels(texts: Sequence[str], models: Sequence[str]) -> Mapping[str, str]:
    """The names of pixels by the name of a model; `EVERY` has the one for all others that say nothing themselves.

    Args:
        texts: Such as "0-1", or "my_backbone.keras=plus-minus-1".
        models: That are measured.

    Raises:
        ValueError: If there are no such pixels or no such model, or if two are named for the same model.

    Example:
        >>> named_pixels(["0-1", "a.keras=caffe"], ["a.keras", "b.keras"])
        {'': '0-1', 'a.keras': 'caffe'}
    """
    found: dict[str, str] = {}
    for text in texts:
        model, _, pixels = text.rpartition("=")
        if pixels not in NAMES:
            raise ValueError(
                f"--preprocessing has no pixels {pixels!r}.{did_you_mean(pixels, NAMES)} Expected one of "
                f"{', '.join(NAMES)}, or MODEL=PIXELS for each model."
            )
        if model != EVERY and model not in models:
            raise ValueError(
                f"--preprocessing {text} is for a model that is not measured.{did_you_mean(model, models)} --models "
                f"has: {', '.join(models) or 'none'}."
            )
        if model in found:
            whose = f"for {model}" if model else "for all models; write MODEL=PIXELS for each"
            raise ValueError(f"--preprocessing has two names, {found[model]} and {pixels}, {whose}.")
        found[model] = pixels
    return found
