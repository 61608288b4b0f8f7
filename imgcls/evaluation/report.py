"""The report of a run: one HTML file with everything inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from imgcls.evaluation.charts import confusion_matrix, learning_curves
from imgcls.evaluation.metrics import Evaluation
from imgcls.evaluation.page import write_page
from imgcls.evaluation.thumbnails import thumbnail
from imgcls.evaluation.whitening import Whitened

MOST_MISTAKES = 24
MOST_CONFUSIONS = 12


@dataclass(frozen=True)
class Mistake:
    """A wrong prediction.

    Attributes:
        image: The image as a data address.
        file: Name of its file.
        label: Its true class.
        predicted: The class that it was taken for.
        probability: Of the predicted class, in [0, 1].
    """

    image: str
    file: str
    label: str
    predicted: str
    probability: float


@dataclass(frozen=True)
class Report:
    """What the report of a run shows.

    Attributes:
        title: Name of the run.
        facts: What the reader should know first, such as the model and the data, by name.
        evaluation: The figures.
        metrics: A dictionary an epoch, as metrics.jsonl holds them.
        mistakes: Wrong predictions with their images.
        problems: (file, reason) of the images that were left out.
        config: The run's config.toml as text.
        whitening: What it does to some images; None where the network has none.
    """

    title: str
    facts: Mapping[str, str]
    evaluation: Evaluation
    metrics: Sequence[dict[str, Any]]
    mistakes: Sequence[Mistake]
    problems: Sequence[tuple[str, str]]
    config: str
    whitening: Whitened | None = None


def worst_mistakes(
    paths: Sequence[Path],
    labels: Sequence[str],
    probabilities: np.ndarray,
    class_names: Sequence[str],
    boxes: np.ndarray | None = None,
) -> list[Mistake]:
    """The wrong predictions with the highest probabilities, the highest first.

    Args:
        paths: Image files, N of them.
        labels: The true class of each.
        probabilities: (N, number of classes).
        class_names: In the order of the columns of `probabilities`.
        boxes: (N, 4), the part of each image that was judged, as `Manifest.boxes` gives them; None for all of it.

    Returns:
        `MOST_MISTAKES` at most.
    """
    predicted = probabilities.argmax(axis=1)
    surest = probabilities.max(axis=1)
    wrong = [i for i in np.argsort(-surest) if class_names[predicted[i]] != labels[i]][:MOST_MISTAKES]
    return [
        Mistake(
            thumbnail(paths[i], None if boxes is None else boxes[i]),
            Path(paths[i]).name,
            labels[i],
            class_names[predicted[i]],
            float(surest[i]),
        )
        for i in wrong
    ]


def most_confused(evaluation: Evaluation) -> list[tuple[str, str, int, float]]:
    """The confusions of two classes, the most frequent first.

    Returns:
        Tuples of the true class, the predicted class, the number of images, and their share of the true class in
        [0, 1]; `MOST_CONFUSIONS` at most.

    Example:
        >>> import numpy as np
        >>> from imgcls.evaluation.metrics import evaluate_predictions
        >>> most_confused(evaluate_predictions(["cat", "dog"], np.array([[0.2, 0.8], [0.1, 0.9]]), ["cat", "dog"]))
        [('cat', 'dog', 1, 1.0)]
    """
    names = [c.name for c in evaluation.classes]
    pairs = [
        (names[i], names[j], count, count / sum(row))
        for i, row in enumerate(evaluation.confusion)
        for j, count in enumerate(row)
        if i != j and count
    ]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))[:MOST_CONFUSIONS]


def write_report(path: Path, report: Report) -> None:
    """Write the report as one HTML file.

    Raises:
        OSError: The file cannot be written.
    """
    values = {
        **{each.name: getattr(report, each.name) for each in fields(report)},
        "curves": learning_curves(report.metrics),
        "matrix": confusion_matrix(report.evaluation),
        "confusions": most_confused(report.evaluation),
    }
    write_page(path, "report.html", values)
