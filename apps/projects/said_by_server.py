"""What a model on a server says of an image. The server names probabilities, and not whether there can be several."""

from imgcls.serving.prediction import Prediction

ALIKE = 0.02  # by which the sum of probabilities that exclude each other may differ from 1
LIKELY = 0.5  # probability from which on an image has a class, where the server does not say which it has


def has_several(said: Prediction) -> bool:
    """Whether each class was judged by itself: then the probabilities of all classes do not add up to 1.

    An image that surely has exactly one class does not tell, but those beside it do.
    """
    return bool(said.classes) and abs(sum(said.probabilities) - 1) > ALIKE


def labels_of(said: Prediction) -> list[str]:
    """The classes that an image has if it may have several, the likeliest first."""
    if said.decision:
        return said.prediction_set
    return [name for name, share in zip(said.classes, said.probabilities, strict=True) if share >= LIKELY]
