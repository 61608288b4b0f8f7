from pathlib import Path

from imgcls.workflow.benchmark.outcome import Outcome
from imgcls.workflow.benchmark.page import benchmark_page
from imgcls.workflow.benchmark.request import BenchmarkRequest
from tests.workflow.benchmark.measured import PLAIN, measured

UNCOUNTED = measured("keras_cv:mit_b0", 6.0, 0.88, macs=float("nan"))


def macs_section(*rows):
    """The section of the multiply-adds on the page of these rows."""
    page = benchmark_page(
        Outcome(BenchmarkRequest("photos", models=("any",)), rows, (), "", {}, Path("measurements.parquet"))
    )
    return next(section for section in page.sections if section.name == "macs")


def test_a_network_whose_macs_are_not_known_is_left_out_of_the_picture_and_named_below_it():
    section = macs_section(UNCOUNTED, PLAIN)
    (chart,) = section.charts
    assert PLAIN.model in chart.description
    assert "mit_b0" not in chart.svg + chart.description
    assert section.sentences[-1].startswith("Not in the picture, since the MACs of some of their layers are not known")
    assert "mit_b0" in section.sentences[-1]
    assert [row[:2] for row in section.table.rows] == [("efficientnet_lite0", "385 M"), ("keras_cv:mit_b0", "-")]


def test_where_no_macs_are_known_there_is_no_picture_of_them():
    section = macs_section(UNCOUNTED)
    assert section.charts == ()
    assert [row[1] for row in section.table.rows] == ["-"]


def test_a_page_whose_macs_are_all_known_leaves_nothing_out():
    assert not any("Not in the picture" in sentence for sentence in macs_section(PLAIN).sentences)
