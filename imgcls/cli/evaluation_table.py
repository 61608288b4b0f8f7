"""A judgement in the terminal: a row a class, and the figures of all."""

from imgcls.cli.terminal import percent, say, table
from imgcls.counted import counted
from imgcls.evaluation.metrics import Evaluation
from imgcls.evaluation.report import most_confused


def show_evaluation(evaluation: Evaluation, part: str, data: str = "") -> None:
    """Print the figures of each class and of all. part, data: as `imgcls.workflow.evaluate.Judged` has them."""
    rows = [
        [c.name, percent(c.precision), percent(c.recall), percent(c.f1), str(c.support)] for c in evaluation.classes
    ]
    table(["class", "precision", "recall", "F1", "images"], rows)
    confusions = [f"{true} taken for {taken} ({count})" for true, taken, count, _ in most_confused(evaluation)[:3]]
    if confusions:
        say(f"\nMost confused: {', '.join(confusions)}")
    where = "all images" if part == "all" else f"the {part} split"
    where = f"{where} of {data}" if data else where
    say(
        f"\nAccuracy on {where}: {percent(evaluation.accuracy)}"
        f" (95 % interval {percent(evaluation.accuracy_low)} to {percent(evaluation.accuracy_high)},"
        f" {counted(evaluation.images, 'image')})"
    )
    others = [f"{metric.title} {value}" for metric, value in evaluation.shown_metrics() if metric.name != "accuracy"]
    say(f"{', '.join(others)}".capitalize())
    if evaluation.missing:
        say(f"{counted(evaluation.missing, 'image')} could not be read, and so counted neither as right nor as wrong.")
