"""Names for images, a few at a time."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from projects.said_by_server import has_several, labels_of

if TYPE_CHECKING:
    from imgcls.serving.prediction import Prediction
    from imgcls.serving.predictions import Predictions
    from imgcls.serving.predictor import Predictor

TOP = 5  # classes kept of each image
AT_ONCE = 8  # images in a request
MODELS_KEPT = 3  # in memory, over all users


def name_pictures(source: str, state: str, pictures: Sequence[tuple[str, str]]) -> Iterator[list[dict]]:
    """What a model says of images, some at a time, in their order.

    Args:
        source: A run, a bundle, or the name of an architecture with ImageNet weights.
        state: Of the model; another one is loaded anew.
        pictures: File and sha256 of each.

    Yields:
        A few rows, as `projects.answers` keeps them.
    """
    from imgcls.serving.named_image import NamedImage

    predictor = _predictor(source, state)
    keys = iter([key for _, key in pictures])
    images = (NamedImage.of(Path(file)) for file, _ in pictures)
    for _, predictions in predictor.stream(images):
        yield [{"sha256": next(keys), **row} for row in _rows(predictions)]


def name_on_server(address: str, token: str, pictures: Sequence[tuple[str, str]]) -> Iterator[list[dict]]:
    """What a model on a server says of images; see `name_images`.

    Args:
        address: With the name of the model.
        token: That the server asks for; may be empty.
        pictures: File and sha256 of each.
    """
    from imgcls.serving.client import Client

    with Client(address, token=token) as client:
        for start in range(0, len(pictures), AT_ONCE):
            chunk = pictures[start : start + AT_ONCE]
            try:
                found = client.predict([file for file, _ in chunk])
            except (ConnectionError, RuntimeError) as error:  # here they would mean that the worker itself failed
                raise ValueError(str(error)) from error
            yield [_said_by_server(key, each) for (_, key), each in zip(chunk, found, strict=True)]


def _said_by_server(key: str, said: "Prediction") -> dict:
    return {
        "sha256": key,
        "classes": said.classes[:TOP],
        "probabilities": said.probabilities[:TOP],
        "several": has_several(said),
        "labels": labels_of(said),
        "decision": said.decision,
        "unknown_score": float(said.unknown_score) if said.decision else float("nan"),
        "problem": said.problem,
    }


def _rows(predictions: "Predictions") -> list[dict]:
    labels = predictions.labels() if predictions.multi_label else [[]] * len(predictions)
    judged = predictions.is_judged
    return [
        {
            "classes": found.classes[:TOP],
            "probabilities": found.probabilities[:TOP],
            "several": predictions.multi_label,
            "labels": names,
            "decision": found.decision,
            "unknown_score": float(found.unknown_score) if judged and not found.problem else float("nan"),
            "problem": found.problem,
        }
        for found, names in zip(predictions.ranked(), labels, strict=True)
    ]


@lru_cache(maxsize=MODELS_KEPT)
def _predictor(source: str, state: str) -> "Predictor":
    """`state` makes a model that was written again another entry of the cache."""
    from imgcls.workflow.predictor import load_predictor

    return load_predictor(source)
