"""The metrics of a classifier: one table, which everything that measures or chooses reads.

Validation after each epoch, `--best-epoch`, early stopping, the search and the folds, the evaluation on the test split
and its report all take their metrics from `METRICS`. A new one is a function and a row: see docs/extend/metric.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from imgcls.metrics.functions import (
    accuracy,
    among_the_top_5,
    balanced_accuracy,
    brier_score,
    cohen_kappa,
    cross_entropies,
    cross_entropy,
    hamming_loss,
    label_errors,
    macro_average_precision,
    macro_f1,
    macro_precision,
    macro_recall,
    macro_roc_area,
    matthews_coefficient,
    micro_f1,
    right,
    squared_errors,
    top_5_accuracy,
)
from imgcls.metrics.predictions import Predictions, Task

if TYPE_CHECKING:
    import numpy as np

BOTH: tuple[Task, ...] = ("single_label", "multi_label")


@dataclass(frozen=True)
class Metric:
    """A row of `METRICS`.

    Attributes:
        name: what `--best-epoch`, metrics.jsonl (behind "val_") and evaluation.json call it.
        function: computes it; None where these images cannot say.
        title: what reports call it.
        explanation: a few words for readers of the report.
        higher_is_better: whether a higher value is that of the better classifier.
        is_share: whether it lies in [0, 1] and is shown in percent.
        least_classes: with fewer classes it says nothing, and reports leave it out.
        in_curves: whether the report and the app draw it after each epoch.
        tasks: whether it is for images of one class, for those of several, or for both.
        limits: the lowest and the highest value that it can have; those of a share are 0 and 1.
        of_images: (N,), what each image has, of which the metric is the mean; None where it is no mean over images.
    """

    name: str
    function: Callable[[Predictions], float | None]
    title: str
    explanation: str = ""
    higher_is_better: bool = True
    is_share: bool = True
    least_classes: int = 2
    in_curves: bool = False
    tasks: tuple[Task, ...] = BOTH
    limits: tuple[float, float] = (-inf, inf)
    of_images: "Callable[[Predictions], np.ndarray] | None" = None

    @property
    def on_validation(self) -> str:
        """The name of its value on the validation split, as Keras names it.

        Example:
            >>> METRICS["accuracy"].on_validation
            'val_accuracy'
        """
        return f"val_{self.name}"

    @property
    def curve_title(self) -> str:
        """The title of its curve: the loss that is trained may be another one than log loss.

        Example:
            >>> METRICS["balanced_accuracy"].curve_title
            'balanced accuracy'
        """
        return self.name.replace("_", " ")

    def rank(self, value: float) -> float:
        """A number that is higher for the better classifier: the value, or its negative. The rank of a rank is the
        value.

        Example:
            >>> METRICS["loss"].rank(0.25)
            -0.25
        """
        return value if self.higher_is_better else -value

    def shown(self, value: float) -> str:
        """The value as reports show it.

        Example:
            >>> METRICS["accuracy"].shown(0.9125), METRICS["loss"].shown(0.25)
            ('91.2 %', '0.250')
        """
        return f"{100 * value:.1f} %" if self.is_share else f"{value:.3f}"


SINGLE: tuple[Task, ...] = ("single_label",)
MULTI: tuple[Task, ...] = ("multi_label",)
UNIT = (0.0, 1.0)
LOWER: dict[str, Any] = {"higher_is_better": False, "is_share": False}  # of what is no share, and best when it is low
ROWS = (
    Metric("accuracy", accuracy, "accuracy", "share of the images that are right", in_curves=True, of_images=right),
    Metric("balanced_accuracy", balanced_accuracy, "balanced accuracy", "mean recall of the classes", tasks=SINGLE),
    Metric("macro_precision", macro_precision, "macro precision", "mean precision of the classes"),
    Metric("macro_recall", macro_recall, "macro recall", "mean recall of the classes", tasks=MULTI),
    Metric("macro_f1", macro_f1, "macro F1", "mean F1 of the classes", is_share=False, limits=UNIT),
    Metric("micro_f1", micro_f1, "micro F1", "F1 of all labels together", is_share=False, limits=UNIT, tasks=MULTI),
    Metric(
        "hamming_loss",
        hamming_loss,
        "Hamming loss",
        "share of the labels that are wrong",
        higher_is_better=False,
        tasks=MULTI,
        of_images=label_errors,
    ),
    Metric(
        "top_5_accuracy",
        top_5_accuracy,
        "top-5 accuracy",
        "the class is among the best five",
        least_classes=6,
        tasks=SINGLE,
        of_images=among_the_top_5,
    ),
    Metric(
        "macro_average_precision",
        macro_average_precision,
        "macro average precision",
        "mean area under precision and recall",
        is_share=False,
        limits=UNIT,
    ),
    Metric(
        "macro_roc_area",
        macro_roc_area,
        "macro ROC area",
        "mean area under the ROC curves",
        is_share=False,
        limits=UNIT,
    ),
    Metric(
        "cohen_kappa",
        cohen_kappa,
        "Cohen's kappa",
        "0 is no better than chance",
        is_share=False,
        limits=(-1.0, 1.0),
        tasks=SINGLE,
    ),
    Metric(
        "matthews_coefficient",
        matthews_coefficient,
        "Matthews' coefficient",
        "0 is no better than chance",
        is_share=False,
        limits=(-1.0, 1.0),
        tasks=SINGLE,
    ),
    Metric(
        "loss",
        cross_entropy,
        "log loss",
        "0 is certain and right",
        in_curves=True,
        limits=(0.0, inf),
        of_images=cross_entropies,
        **LOWER,
    ),
    Metric(
        "brier_score",
        brier_score,
        "Brier score",
        "0 is certain and right",
        limits=(0.0, 2.0),
        of_images=squared_errors,
        **LOWER,
    ),
)
METRICS = {metric.name: metric for metric in ROWS}
AUTO = {"single_label": "accuracy", "multi_label": "macro_average_precision"}  # what `--best-epoch auto` goes by


def metric_for(name: str, task: Task) -> Metric:
    """The metric of this name, as `--best-epoch` has it.

    Args:
        name: of a row of `METRICS`; "auto" is accuracy, and macro average precision where an image may have several
            classes.
        task: what the metric is to judge.

    Raises:
        ValueError: the metric is not for this task.

    Example:
        >>> metric_for("auto", "single_label").name, metric_for("auto", "multi_label").name
        ('accuracy', 'macro_average_precision')
    """
    metric = METRICS[AUTO[task] if name == "auto" else name]
    if task not in metric.tasks:
        images = "one class" if task == "single_label" else "several classes"
        others = ", ".join(other.name for other in metrics_of(task))
        raise ValueError(f"{name} is no metric for images of {images}. Choose one of {others}.")
    return metric


def metrics_of(task: Task) -> list[Metric]:
    """The rows of `METRICS` that are for images of one class, or for images of several."""
    return [metric for metric in METRICS.values() if task in metric.tasks]


def measure(predictions: Predictions) -> dict[str, float | None]:
    """The value of every metric that is for these predictions, by name; None where these images cannot say.

    Args:
        predictions: of one image at the least.

    Example:
        >>> import numpy as np
        >>> values = measure(Predictions.from_probabilities(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])))
        >>> values["accuracy"], round(values["loss"], 3)
        (0.5, 0.857)
    """
    return {metric.name: metric.function(predictions) for metric in metrics_of(predictions.task)}


def measure_validation(predictions: Predictions) -> dict[str, float]:
    """The value of every metric, with "val_" before its name, as Keras names those of the validation split.

    A metric that the images cannot say is 0 after every epoch, so that it prefers none.
    """
    return {METRICS[name].on_validation: value or 0.0 for name, value in measure(predictions).items()}
