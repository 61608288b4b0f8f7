import re
from pathlib import Path

import numpy as np

from imgcls.evaluation.metrics import evaluate_predictions
from imgcls.evaluation.report import Report, most_confused, worst_mistakes, write_report

NAMES = ["bag", "<b>shoe</b>"]


def report(folder: Path, images: list[Path]) -> str:
    labels = ["bag", "bag", "<b>shoe</b>"]
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    evaluation = evaluate_predictions(labels, probabilities, NAMES)
    epochs = [{"epoch": n, "loss": 1 / n, "val_loss": 2 / n, "accuracy": 0.5, "val_accuracy": 0.4} for n in range(1, 4)]
    shown = Report(
        title="a run",
        facts={"model": "resnet20"},
        evaluation=evaluation,
        metrics=epochs,
        mistakes=worst_mistakes(images, labels, probabilities, NAMES),
        problems=[("gone.png", "no such file")],
        config="[training]",
    )
    write_report(folder / "report.html", shown)
    return (folder / "report.html").read_text("utf-8")


def test_the_page_stands_alone_and_shows_the_mistakes(small_data, tmp_path):
    images = sorted((small_data / "test" / "bag").iterdir())[:3]
    page = report(tmp_path, images)
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert "<script" not in page
    assert page.count("<svg") == 2
    assert page.count("data:image/jpeg;base64,") == 2
    assert page.index(images[1].name) < page.index(images[2].name)  # the surest first
    assert "gone.png" in page


def test_names_are_not_taken_for_markup(small_data, tmp_path):
    page = report(tmp_path, sorted((small_data / "test" / "bag").iterdir())[:3])
    outside_charts = re.sub(r"<svg.*?</svg>", "", page, flags=re.S)
    assert "<b>shoe</b>" not in outside_charts
    assert "&lt;b&gt;shoe&lt;/b&gt;" in outside_charts


def test_the_most_frequent_confusion_comes_first():
    probabilities = np.eye(3)[[1, 1, 2, 1, 2]]
    evaluation = evaluate_predictions(["a", "a", "a", "b", "c"], probabilities, ["a", "b", "c"])
    assert most_confused(evaluation) == [("a", "b", 2, 2 / 3), ("a", "c", 1, 1 / 3)]
