"""A judgement in the terminal: a row a class, and the metrics of all, each with its 95 % interval."""

from imgcls.cli.terminal import percent, say, table
from imgcls.counted import counted
from imgcls.evaluation.metrics import ClassMetrics, Ends, Evaluation
from imgcls.evaluation.report import most_confused
from imgcls.metrics import Metric

TOO_FEW = "too few to say"


def show_evaluation(evaluation: Evaluation, part: str, data: str = "") -> None:
    """Print the figures of each class and of all. part, data: as `imgcls.workflow.evaluate.Judged` has them."""
    heads = ["class", "precision (95 %)", "recall (95 %)", "F1", "average precision", "ROC area", "images"]
    table(heads, [_class_row(each) for each in evaluation.classes])
    _show_confusions(evaluation)
    say("")
    table(
        ["all images", "", "95 % interval"], [_metric_row(evaluation, *shown) for shown in evaluation.shown_metrics()]
    )
    where = "all images" if part == "all" else f"the {part} split"
    where = f"{where} of {data}" if data else where
    say(
        f"\nAccuracy on {where}: {percent(evaluation.accuracy)}"
        f" (95 % interval {percent(evaluation.accuracy_low)} to {percent(evaluation.accuracy_high)},"
        f" {counted(evaluation.images, 'image')}{_in_groups(evaluation)})"
    )
    if evaluation.missing:
        say(f"{counted(evaluation.missing, 'image')} could not be read, and so counted neither as right nor as wrong.")


def _show_confusions(evaluation: Evaluation) -> None:
    if evaluation.multi_label:
        return
    confusions = [f"{true} taken for {taken} ({count})" for true, taken, count, _ in most_confused(evaluation)[:3]]
    if confusions:
        say(f"\nMost confused: {', '.join(confusions)}")


def _in_groups(evaluation: Evaluation) -> str:
    return f" in {counted(evaluation.groups, 'group')}" if evaluation.groups else ""


def _class_row(found: ClassMetrics) -> list[str]:
    shares = [_with_interval(getattr(found, name), found.intervals.get(name)) for name in ("precision", "recall")]
    numbers = ("-" if value is None else f"{value:.3f}" for value in (found.average_precision, found.roc_area))
    return [found.name, *shares, percent(found.f1), *numbers, str(found.support)]


def _with_interval(value: float | None, ends: Ends | None) -> str:
    """Such as "84.0 % (76-90)"."""
    return percent(value) + (f" ({100 * ends[0]:.0f}-{100 * ends[1]:.0f})" if ends else "")


def _metric_row(evaluation: Evaluation, metric: Metric, value: str) -> list[str]:
    ends = evaluation.intervals.get(metric.name)
    return [metric.title, value, " to ".join(metric.shown(end) for end in ends) if ends else TOO_FEW]
