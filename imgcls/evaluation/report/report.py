"""The report of a run: one HTML file with everything inside, for those who decide and for those who look closer."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from imgcls.counted import counted
from imgcls.data.audit import KINDS, SEVERITIES, Finding
from imgcls.evaluation.metrics import Evaluation
from imgcls.evaluation.pages.charts import learning_curves
from imgcls.evaluation.pages.page import write_page
from imgcls.evaluation.pages.section import NextStep, Section, TextTable
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.report.answers import Answers, Share
from imgcls.evaluation.report.next_steps import ranked
from imgcls.evaluation.report.page_data import as_json, page_data
from imgcls.evaluation.report.verdict import verdict
from imgcls.evaluation.report.whitening import Whitened

MOST_CONFUSIONS = 12
NUMBER = re.compile("[<>\u00b1+\u2212-]?\\s?\\d|\u2013$")  # begins a cell with a number; a dash is none
MOST_VARIANCES = 50  # of whitening's components, as numbers
MOST_PROBLEMS = 200  # files that are named
COLUMNS = {  # of the table of classes, besides recall and precision: attributes of `ClassMetrics`
    "F1": "f1",
    "average precision": "average_precision",
    "ROC area": "roc_area",
}


@dataclass(frozen=True)
class Report:
    """What the report of a run shows.

    Attributes:
        title: Name of the run.
        facts: What the reader should know first, such as the model and the data, by name.
        evaluation: The figures.
        table: The judged images.
        neighbours: The training images with embeddings of the same model, which are shown beside the mistakes; None
            where there are none.
        splits: How many images of each class there are in each split: {"train": {"cat": 40, ...}, ...}.
        sections: What further analyses found.
        next_steps: What to do next; the page ranks them by their gain.
        findings: What the audit found in the images of the run; None if they were not audited.
        metrics: A dictionary an epoch, as metrics.jsonl holds them.
        problems: (file, reason) of the images that were left out.
        config: The run's config.toml as text.
        commands: What to type, by what it does: "repeat the run", "write this report", "audit the images" and such.
        whitening: What it does to some images; None where the network has none.
    """

    title: str
    facts: Mapping[str, str]
    evaluation: Evaluation
    table: PredictionTable
    neighbours: PredictionTable | None = None
    splits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    sections: Sequence[Section] = ()
    next_steps: Sequence[NextStep] = ()
    findings: Sequence[Finding] | None = None
    metrics: Sequence[dict[str, Any]] = ()
    problems: Sequence[tuple[str, str]] = ()
    config: str = ""
    commands: Mapping[str, str] = field(default_factory=dict)
    whitening: Whitened | None = None


class ClassRow(NamedTuple):
    """A row of the table of classes.

    Attributes:
        name: Of the class.
        place: Its column.
        training: Number of training images; None where it is not known.
        recall: The share of its images that is found.
        precision: The share of the answers that is right.
        figures: Its figures under the columns that `figure_columns` names, each with the ends of its interval; None
            where the data cannot say.
        taken_for: What it is taken for most often, and how many images; None where that does not happen.
    """

    name: str
    place: int
    training: int | None
    recall: Share
    precision: Share
    figures: tuple[tuple[float | None, tuple[float, float] | None], ...]
    taken_for: tuple[str, int] | None


class Tile(NamedTuple):
    """A figure of all images.

    Attributes:
        title: Its name.
        value: As it is read.
        interval: Its 95 % interval in words; empty where there is none.
        explanation: A few words.
    """

    title: str
    value: str
    interval: str
    explanation: str


class Warned(NamedTuple):
    """A kind of finding of the audit.

    Attributes:
        severity: "error" or "warning".
        title: Of the kind.
        findings: How many.
        advice: What to do.
        without_flags: The same for who has no command line.
    """

    severity: str
    title: str
    findings: int
    advice: str
    without_flags: str


def most_confused(evaluation: Evaluation) -> list[tuple[str, str, int, float]]:
    """The confusions of two classes, the most frequent first.

    Returns:
        Tuples of the true class, the predicted class, the number of images, and their share of the true class in
        [0, 1]; `MOST_CONFUSIONS` at most. None where an image may have several classes: there is no telling which was
        taken for which.

    Example:
        >>> import numpy as np
        >>> from imgcls.evaluation.metrics import evaluate_predictions
        >>> most_confused(evaluate_predictions(["cat", "dog"], np.array([[0.2, 0.8], [0.1, 0.9]]), ["cat", "dog"]))
        [('cat', 'dog', 1, 1.0)]
    """
    if evaluation.multi_label:
        return []
    names = [c.name for c in evaluation.classes]
    pairs = [
        (names[i], names[j], count, count / sum(row))
        for i, row in enumerate(evaluation.confusion)
        for j, count in enumerate(row)
        if i != j and count
    ]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))[:MOST_CONFUSIONS]


def figure_columns(evaluation: Evaluation) -> dict[str, str]:
    """The rows of `COLUMNS` of which at least one class has the figure."""
    return {
        title: name
        for title, name in COLUMNS.items()
        if any(getattr(metrics, name) is not None for metrics in evaluation.classes)
    }


def tiles_of(evaluation: Evaluation) -> list[Tile]:
    """The figures of all images."""
    accuracy = (evaluation.accuracy_low, evaluation.accuracy_high)
    intervals = {"accuracy": accuracy, **evaluation.intervals}
    found = []
    for metric, value in evaluation.shown_metrics():
        ends = intervals.get(metric.name)
        interval = "" if ends is None else f"{metric.shown(ends[0])} to {metric.shown(ends[1])}"
        found.append(Tile(metric.title, value, interval, metric.explanation))
    return found


def warnings_of(findings: Sequence[Finding]) -> list[Warned]:
    """The errors and warnings of an audit, a kind each, the gravest first."""
    counts = Counter(finding.kind for finding in findings if finding.severity != SEVERITIES[-1])
    found = [
        Warned(kind.severity, kind.title, counts[name], kind.advice, kind.without_flags or kind.advice)
        for name, kind in KINDS.items()
        if counts[name]
    ]
    return sorted(found, key=lambda warned: SEVERITIES.index(warned.severity))


def class_rows(report: Report, answers: Answers) -> list[ClassRow]:
    """The table of classes, in the order of the model."""
    taken: dict[int, tuple[str, int]] = {}
    for true, answer, count in answers.confusions():
        taken.setdefault(true, (report.table.class_names[answer], count))
    training, columns = report.splits.get("train"), figure_columns(report.evaluation)
    return [
        ClassRow(
            metrics.name,
            place,
            None if training is None else training.get(metrics.name, 0),
            answers.recall(place),
            answers.precision(place),
            tuple((getattr(metrics, name), metrics.intervals.get(name)) for name in columns.values()),
            taken.get(place),
        )
        for place, metrics in enumerate(report.evaluation.classes)
    ]


def epochs_table(metrics: Sequence[Mapping[str, Any]]) -> TextTable:
    """The metrics after each epoch, as metrics.jsonl has them."""
    columns = tuple(dict.fromkeys(name for row in metrics for name in row))
    rows = tuple(tuple(_short(row.get(name)) for name in columns) for row in metrics)
    return TextTable(tuple(name.replace("_", " ") for name in columns), rows)


def variances_of(whitening: Whitened | None) -> list[tuple[str, str]]:
    """The first components of whitening and the variance along each, as a table has them."""
    variances = whitening.variances[:MOST_VARIANCES] if whitening else ()
    return [(str(place), f"{variance:.4g}") for place, variance in enumerate(variances, 1)]


def columns_of_words(rows: Sequence[Sequence[str]]) -> set[int]:
    """The columns of a table of text that are read as words: they are aligned to the left, numbers to the right.

    Example:
        >>> columns_of_words([("shirt", "62 %", "coat (3)"), ("coat", "–", "")])
        {0, 2}
    """
    return {place for row in rows for place, cell in enumerate(row) if cell and not NUMBER.match(cell)}


def _short(value: object) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def write_report(path: Path, report: Report) -> None:
    """Write the report as one HTML file.

    Raises:
        OSError: The file cannot be written.
        ValueError: No image was judged.
    """
    if not len(report.table):
        raise ValueError(f"{path} cannot be written: no image was judged. Check that the split has readable images.")
    answers, data = Answers(report.table, report.evaluation), page_data(report.table, report.neighbours)
    values = {
        **{each.name: getattr(report, each.name) for each in fields(report)},
        "next_steps": ranked(report.next_steps),
        "verdict": verdict(answers),
        "accuracy": answers.accuracy,
        "classes": class_rows(report, answers),
        "columns": list(figure_columns(report.evaluation)),
        "confusions": answers.confusions()[:MOST_CONFUSIONS],
        "support": answers.support,
        "tiles": tiles_of(report.evaluation),
        "epochs": epochs_table(report.metrics),
        "warnings": warnings_of(report.findings or ()),
        "curves": learning_curves(report.metrics),
        "data": data,
        "json": as_json(data.values),
        "thumbnails": as_json(data.thumbnails),
        "most_problems": MOST_PROBLEMS,
        "most_variances": MOST_VARIANCES,
        "variances": variances_of(report.whitening),
        "counted": counted,
        "columns_of_words": columns_of_words,
    }
    write_page(path, "report/report.html", values)
