"""What a client asks, in requests of bounded size, and what it makes of the answers.

Each question is a generator: it gives what is to be sent, takes what came back, and returns the result. So `Client` and
`AsyncClient`, REST and gRPC ask the same.
"""

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from imgcls.serving.client.transport import Columns, Inputs
from imgcls.serving.explanation import Explanation
from imgcls.serving.given_images import content
from imgcls.serving.prediction import Prediction

BATCH = 32  # images in a request
MOST_CLASSES = 2**31 - 1  # that may be asked for, as 32 bits
MAPS = 8  # images in a request for heat maps, each of which is a megabyte of text at 224 x 224
BATCH_BYTES = 32 << 20  # of a request's images; base64 makes a third more of it, and servers take some 64 MiB
CLASSES, TOP_K, EMBEDDING, EXPLANATION = "serving_default", "top_k", "embedding", "explanation"  # signatures
IMAGES = "image_bytes"  # the input of all of them

Result = TypeVar("Result")
Images = Sequence[str | Path | bytes]


class Request(NamedTuple):
    """A signature and its inputs."""

    signature: str
    inputs: Inputs


Steps = Generator[Request, Columns, Result]


def predict(images: Images, top_k: int | None = None) -> Steps[list[Prediction]]:
    """Ask for the classes of images.

    Args:
        images: Files, or encoded images as bytes.
        top_k: How many classes are named; None for all.

    Returns:
        A prediction for each image.

    Raises:
        ValueError: If `top_k` is below 1, or above what a signature takes.
    """
    if top_k is not None and not 1 <= top_k <= MOST_CLASSES:
        bound = "at least 1" if top_k < 1 else f"at most {MOST_CLASSES:,}"
        raise ValueError(f"top_k is {top_k}; expected {bound}.")
    predictions = []
    for data, problems in batches(images):
        request = _classes_of(data, top_k)
        rows = _rows((yield request)) if data else iter(())
        predictions += [Prediction([], [], problem) if problem else _prediction(next(rows)) for problem in problems]
    return predictions


def embed(images: Images) -> Steps[tuple[list[list[float]], list[str]]]:
    """Ask for the features of images.

    Returns:
        The features of each image, and its problem.
    """
    features: list[list[float]] = []
    found: list[str] = []
    for data, problems in batches(images):
        rows = _rows((yield Request(EMBEDDING, {IMAGES: data}))) if data else iter(())
        for problem in problems:
            row: dict[str, Any] = {"embedding": [], "problem": problem} if problem else next(rows)
            features.append([] if row["problem"] else row["embedding"])
            found.append(row["problem"])
    return features, found


def explain(images: Images, classes: Sequence[str | None] | None) -> Steps[list[Explanation]]:
    """Ask why images are answered as they are.

    Args:
        images: As for `predict`.
        classes: For each image, the class that is explained; "" or None for the likeliest one.

    Returns:
        An explanation for each image.

    Raises:
        ValueError: If there is not one class for each image.
    """
    names = [name or "" for name in classes] if classes is not None else [""] * len(images)
    if len(names) != len(images):
        raise ValueError(f"There are {len(names)} classes for {len(images)} images; expected one for each.")
    explanations: list[Explanation] = []
    for data, problems in batches(images, MAPS):
        wanted = names[len(explanations) :]
        readable = [name for name, problem in zip(wanted, problems, strict=False) if not problem]
        request = Request(EXPLANATION, {IMAGES: data, "class_name": readable})
        rows = _rows((yield request)) if data else iter(())
        explanations += [_unread(problem) if problem else _explanation(next(rows)) for problem in problems]
    return explanations


def batches(images: Images, most: int = 0) -> Iterator[tuple[list[bytes], list[str]]]:
    """Divide images into requests of bounded size.

    Args:
        images: Files, or encoded images as bytes.
        most: Images in a request; 0 for `BATCH`.

    Yields:
        The images that could be read, and a problem, or "", for each image.

    Raises:
        ValueError: If `images` is a single image.
    """
    if isinstance(images, str | Path | bytes):
        raise ValueError(f"images is a single {type(images).__name__}; expected a list of files or of bytes.")
    data: list[bytes] = []
    problems: list[str] = []
    size = 0
    for image in images:
        encoded, problem = content(image)
        if problems and (len(problems) == (most or BATCH) or size + len(encoded) > BATCH_BYTES):
            yield data, problems
            data, problems, size = [], [], 0
        problems.append(problem)
        if not problem:
            data.append(encoded)
            size += len(encoded)
    if problems:
        yield data, problems


def _classes_of(data: list[bytes], top_k: int | None) -> Request:
    if top_k is None:
        return Request(CLASSES, {IMAGES: data})
    return Request(TOP_K, {IMAGES: data, "k": np.full(len(data), top_k, np.int32)})


def _rows(columns: Columns) -> Iterator[dict[str, Any]]:
    """The outputs of each image."""
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, row, strict=True))


def _prediction(row: dict[str, Any]) -> Prediction:
    if row["problem"]:
        return Prediction([], [], row["problem"])
    names = row["classes"]
    members = [name for name, belongs in zip(names, row.get("prediction_set", []), strict=False) if belongs]
    decision = row.get("decision", "")
    score = row.get("unknown_score", float("nan") if decision else 0.0)
    return Prediction(names, row["probabilities"], "", decision, members, score)


def _explanation(row: dict[str, Any]) -> Explanation:
    heat_map = np.array(row["heat_map"], np.float32)
    return Explanation(row["class"], row["probability"], heat_map, row["picture_bytes"], row["problem"])


def _unread(problem: str) -> Explanation:
    return Explanation("", 0.0, np.zeros((0, 0), np.float32), b"", problem)
