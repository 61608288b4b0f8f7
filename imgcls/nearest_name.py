"""The known name that a misspelt one may have meant."""

import difflib
from collections.abc import Iterable

ALIKE = str.maketrans({"o": "0", "l": "1", "i": "1", "-": None, "_": None, " ": None})


def nearest_name(name: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    """The most similar of `names`, or an empty string if none is similar enough.

    Args:
        name: What was typed.
        names: What could have been meant.
        cutoff: Similarity in [0, 1] from which a name counts, as `difflib` measures it; 0 always gives a name.

    Returns:
        One of `names`, or "".

    Example:
        >>> nearest_name("cocoa", ["voc", "coco"]), nearest_name("ResNet-2O", ["resnet32", "resnet20"])
        ('coco', 'resnet20')
    """
    typed = _looks(name)
    matcher = difflib.SequenceMatcher(b=typed)
    found = []
    for each in names:
        looks = _looks(each)
        matcher.set_seq1(looks)
        if (likeness := matcher.ratio()) >= cutoff:
            found.append((not looks.startswith(typed), -likeness, each))  # what was begun may have been meant
    return min(found, default=(True, 0.0, ""))[2]


def _looks(name: str) -> str:
    """The name without what is easily typed in another way: case, dashes, and letters that look like numbers."""
    return name.casefold().translate(ALIKE)


def did_you_mean(name: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    """The sentence of an error message that proposes the nearest name.

    Args:
        name: What was typed.
        names: What could have been meant.
        cutoff: As in `nearest_name`.

    Returns:
        The sentence with a space before it, or "" if no name is similar enough.

    Example:
        >>> did_you_mean("cocoa", ["voc", "coco"])
        " Did you mean 'coco'?"
    """
    nearest = nearest_name(name, names, cutoff)
    return f" Did you mean {nearest!r}?" if nearest else ""
