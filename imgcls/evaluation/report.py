"""The report of a run: one HTML file with everything inside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import jinja2
import numpy as np

from imgcls.evaluation.charts import confusion_matrix, learning_curves
from imgcls.evaluation.metrics import Evaluation
from imgcls.evaluation.thumbnails import thumbnail
from imgcls.evaluation.whitening import Whitened
from imgcls.files import replacing

MOST_MISTAKES = 24
MOST_CONFUSIONS = 12


@dataclass(frozen=True)
class Mistake:
    """A wrong prediction: the image, what it is, what it was taken for, and how surely (0 to 1)."""

    image: str
    file: str
    label: str
    predicted: str
    probability: float


def worst_mistakes(
    paths: Sequence[Path],
    labels: Sequence[str],
    probabilities: np.ndarray,
    class_names: Sequence[str],
    boxes: np.ndarray | None = None,
) -> list[Mistake]:
    """The wrong predictions that were made most surely, the surest first.

    boxes: (paths, 4), the part of each image that was judged, as `Manifest.boxes` gives them; None for all of it.
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
    """Pairs (true class, taken for, images, share of the true class), the most frequent first."""
    names = [c.name for c in evaluation.classes]
    pairs = [
        (names[i], names[j], count, count / sum(row))
        for i, row in enumerate(evaluation.confusion)
        for j, count in enumerate(row)
        if i != j and count
    ]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))[:MOST_CONFUSIONS]


def write_report(
    path: Path,
    *,
    title: str,
    facts: dict[str, str],
    evaluation: Evaluation,
    metrics: list[dict],
    mistakes: Sequence[Mistake],
    problems: Sequence[tuple[str, str]],
    config: str,
    whitening: Whitened | None = None,
) -> None:
    """Write the page.

    facts: what the reader should know first, such as the model and the data, by name.
    metrics: a dictionary an epoch, as metrics.jsonl holds them.
    problems: (file, reason) of the images that were left out.
    config: the run's config.toml as text.
    whitening: what it does to some images, where the network has it.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("imgcls.evaluation", "."), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template("report.html").render(
        title=title,
        facts=facts,
        evaluation=evaluation,
        curves=learning_curves(metrics),
        matrix=confusion_matrix(evaluation),
        confusions=most_confused(evaluation),
        mistakes=mistakes,
        problems=problems,
        config=config,
        whitening=whitening,
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    with replacing(path) as partial:
        partial.write_text(page, "utf-8")
