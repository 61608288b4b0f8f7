"""What the signatures of a bundle make of a network's outputs, computed outside of the graph.

The server decodes images and computes the network in two steps, so that each joins the requests of many callers. What
comes after is the same as in `imgcls.serving.signatures`, in NumPy.
"""

from collections.abc import Mapping

import numpy as np

from imgcls.engines.engine import DECISION, PREDICTION_SET, PROBABILITIES, UNKNOWN_SCORE

Arrays = dict[str, np.ndarray]


def ranked(outputs: Mapping[str, np.ndarray], names: np.ndarray, k: int | None = None) -> Arrays:
    """The classes, the likeliest first, and the judgement with names.

    Args:
        outputs: Of a network, (B, ...), in the order of the classes.
        names: (K + 2,) bytes, of the classes and of the two other answers.
        k: How many of the classes; None for all.

    Returns:
        What the signature "pixels" gives.

    Example:
        >>> found = ranked({"probabilities": np.array([[0.2, 0.8]])}, np.array([b"cat", b"dog", b"?", b"-"], object))
        >>> found["classes"].tolist()
        [[b'dog', b'cat']]
    """
    order = np.argsort(-outputs[PROBABILITIES], axis=1, kind="stable")[:, :k]
    found = {"classes": names[order], "probabilities": np.take_along_axis(outputs[PROBABILITIES], order, 1)}
    if DECISION in outputs:
        found[DECISION] = names[outputs[DECISION].astype(np.int64)]
        found[PREDICTION_SET] = np.take_along_axis(outputs[PREDICTION_SET], order, 1)
    if UNKNOWN_SCORE in outputs:
        found[UNKNOWN_SCORE] = outputs[UNKNOWN_SCORE]
    return found


def in_places(values: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """Put rows back where their images are.

    Args:
        values: (M, ...), a row for each image that could be read.
        places: (M,), of the images that could be read.
        count: B, of all images.

    Returns:
        (B, ...); the other rows are 0, or b"" for strings.
    """
    if len(places) == count:
        return values
    rows = np.full((count, *values.shape[1:]), _blank(values.dtype), values.dtype)
    rows[places] = values
    return rows


def cut(answers: Mapping[str, np.ndarray], k: np.ndarray) -> Arrays:
    """Blank what the signature "top_k" does not show.

    Args:
        answers: classes and probabilities (B, the largest k), problem (B,), and others (B,).
        k: (B,), how many classes each image wants; below 1 that is its problem.

    Returns:
        The same, with b"" and 0 in the columns beyond each row's k.
    """
    width = answers["classes"].shape[1]
    hidden = np.arange(width)[None, :] >= k[:, None]
    found = {
        name: np.where(
            hidden if array.ndim > 1 else k < 1, b"" if array.dtype == object else array.dtype.type(0), array
        )
        for name, array in answers.items()
        if name != "problem"
    }
    why = np.array([f"k is {each}; expected at least 1".encode() for each in k], object)
    return {**found, "problem": np.where((answers["problem"] == b"") & (k < 1), why, answers["problem"])}


def _blank(dtype: np.dtype) -> bytes | int:
    return b"" if dtype.kind == "O" else 0
