import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from imgcls.data.audit import Finding
from imgcls.evaluation.metrics import evaluate_predictions
from imgcls.evaluation.pages.section import Chart, NextStep, Section, TextTable
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.report.report import Report, most_confused, warnings_of, write_report
from tests.evaluation.predicted import predicted, several

NAMES = ["bag", "shoe"]
PROBABILITIES = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]]
HOSTILE = ["</script><script>alert(1)</script>", "\"quoted\" & 'quoted'", "👟 스니커즈", "x" * 200]


def report_of(table: PredictionTable, **more) -> Report:
    labels = [label or table.class_names[0] for label in table.rows["label"]]
    evaluation = evaluate_predictions(labels, table.probabilities, list(table.class_names))
    return Report(title="a run", facts={"model": "resnet20"}, evaluation=evaluation, table=table, **more)


def written(folder: Path, report: Report) -> str:
    write_report(folder / "report.html", report)
    return (folder / "report.html").read_text("utf-8")


@pytest.fixture
def table(tmp_path):
    return predicted(tmp_path / "images", ["bag", "bag", "shoe", "shoe"], PROBABILITIES, NAMES)


def shown(page: str) -> str:
    """The page without its style and its scripts."""
    return page.split("<main>")[1].split("<script")[0]


def script_data(page: str, name: str):
    return json.loads(re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.S)[1])


def test_the_page_stands_alone(table, tmp_path):
    epochs = [{"epoch": n, "loss": 1 / n, "val_loss": 2 / n, "accuracy": 0.5, "val_accuracy": 0.4} for n in (1, 2, 3)]
    page = written(tmp_path, report_of(table, metrics=epochs, problems=[("gone.png", "no such file")]))
    assert not re.search(r"""(src|href)=["']?(?!data:|#)[^"'{]*//""", page)
    assert "@import" not in page
    assert not re.search(r"""\b(fetch|XMLHttpRequest|WebSocket|importScripts)\b""", page)
    assert not re.search(r"url\((?!#)", page)
    assert len(script_data(page, "thumbnails")) == 4
    assert "gone.png" in page
    assert page.count("<svg") == 2


def test_the_parts_come_in_the_order_in_which_they_are_read(table, tmp_path):
    section = Section("risk-coverage", "When it should not answer", ("One sentence.",))
    steps = [NextStep("Small", "1 of 4.", gain=0.5), NextStep("Large", "2 of 4.", "python -m imgcls.review r", 5.0)]
    page = written(tmp_path, report_of(table, sections=[section], next_steps=steps, config="[training]"))
    anchors = re.findall(r'<section[^>]* id="([\w-]+)"', page)
    assert anchors == [
        "verdict",
        "trained",
        "next",
        "figures",
        "classes",
        "confusion",
        "images",
        "risk-coverage",
        "repeat",
    ]
    assert page.index("Large") < page.index("Small")
    assert "up to 5.0 points" in page
    assert all(f'href="#{anchor}"' in page for anchor in anchors)


def test_without_advice_the_page_says_so(table, tmp_path):
    page = written(tmp_path, report_of(table, commands={"export the model": "python -m imgcls.export runs/a"}))
    assert "No figure of this run says what to do next" in page
    assert "python -m imgcls.export runs/a" in page


def test_a_section_shows_its_charts_and_folds_a_long_table(table, tmp_path):
    def section(rows):
        chart = Chart("<svg></svg>", 'Falls from "1" to 0')
        return Section("s", "S", ("First.", "Second."), (chart,), TextTable(("name", "share"), (("a", "1 %"),) * rows))

    page = written(tmp_path, report_of(table, sections=[section(3)]))
    assert 'aria-label="Falls from &#34;1&#34; to 0"' in page
    assert "<p>First.</p>" in page
    assert "Table of 13 rows" not in page
    assert "Table of 13 rows" in written(tmp_path, report_of(table, sections=[section(13)]))


def test_the_audit_warns_or_found_nothing_or_was_not_asked(table, tmp_path):
    findings = [
        Finding("dark", ("a.png",), "dark"),
        Finding("dark", ("b.png",), "dark"),
        Finding("same image in two splits", ("a.png", "b.png"), "the same"),
        Finding("16-bit", ("c.png",), "16 bits"),
    ]
    assert [(warned.severity, warned.findings) for warned in warnings_of(findings)] == [("error", 1), ("warning", 2)]
    page = written(tmp_path, report_of(table, findings=findings))
    assert "Dark images: 2" in page
    assert "16 bits" not in shown(page)
    assert "found nothing that has to be mended" in written(tmp_path, report_of(table, findings=[]))
    assert "audit" not in shown(written(tmp_path, report_of(table)))


@pytest.mark.parametrize("several_labels", [False, True])
def test_names_are_not_taken_for_markup(tmp_path, several_labels):
    probabilities = np.full((4, 4), 0.1) + 0.6 * np.eye(4)[[1, 0, 3, 2]]
    table = predicted(tmp_path / "images", HOSTILE, probabilities, HOSTILE, multi_label=several_labels)
    table.rows["labels"] = [[name] for name in HOSTILE]
    table.rows["image"] = [f"{name[:20].replace('/', '')}.png" for name in HOSTILE]
    page = written(tmp_path, report_of(table, problems=[(HOSTILE[0], HOSTILE[1])], config=HOSTILE[0]))
    assert "<script>alert" not in page
    assert script_data(page, "data")["names"] == HOSTILE
    tags = Tags()
    tags.feed(page)
    assert tags.count["script"] == 3


class Tags(HTMLParser):
    """Counts the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.count: dict[str, int] = {}

    def handle_starttag(self, tag, attrs) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1


def test_one_image_and_no_mistakes_are_enough(table, tmp_path):
    page = written(tmp_path, report_of(table.take(np.array([0]))))
    assert "too few to say" in page
    assert "No image was taken for another class." in page
    assert "no images" in page  # of the other class


def test_several_labels_an_image_have_a_table_of_classes_and_no_matrix(tmp_path):
    page = written(tmp_path, report_of(several(tmp_path)))
    assert "Confusion matrix" not in shown(page)
    assert page.count("data-class=") == 2
    assert "all labels" in page or "too few to say" in page


def test_a_report_of_nothing_is_refused(table, tmp_path):
    report = report_of(table)
    with pytest.raises(ValueError, match="no image was judged"):
        write_report(tmp_path / "report.html", replace(report, table=table.take(np.array([], int))))
    assert not (tmp_path / "report.html").exists()


def test_many_images_are_said_not_to_be_shown_all(table, tmp_path, monkeypatch):
    monkeypatch.setattr("imgcls.evaluation.report.page_data.MOST_BYTES", 100)
    page = written(tmp_path, report_of(table))
    assert re.search(r"Not all images are shown: this page has \d small images? of 4", page)


def test_the_most_frequent_confusion_comes_first():
    probabilities = np.eye(3)[[1, 1, 2, 1, 2]]
    evaluation = evaluate_predictions(["a", "a", "a", "b", "c"], probabilities, ["a", "b", "c"])
    assert most_confused(evaluation) == [("a", "b", 2, 2 / 3), ("a", "c", 1, 1 / 3)]
