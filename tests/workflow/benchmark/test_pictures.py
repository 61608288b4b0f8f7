import re
from dataclasses import replace

import pytest

from imgcls.workflow.benchmark.label_places import Dot, placed
from imgcls.workflow.benchmark.pictures import (
    Axis,
    _log_axis,
    accuracy_against_latency,
    accuracy_against_macs,
    information_density,
    pareto_front,
)
from tests.workflow.benchmark.measured import measured

ROWS = [
    measured("mobilenet_v2", 8.0, 0.80, macs=301e6, parameters=3.5e6),
    measured("efficientnet_lite0", 9.0, 0.91),
    measured("resnet18", 30.0, 0.85, macs=1.81e9, parameters=11.7e6, weights="none"),
    measured("resnet50", 90.0, 0.92, macs=3.86e9, parameters=25.6e6),
]


@pytest.mark.parametrize("draw", [accuracy_against_macs, accuracy_against_latency, information_density])
@pytest.mark.parametrize("rows", [ROWS, ROWS[:1]], ids=["four", "one"])
def test_a_picture_names_every_network_and_follows_the_colours_of_the_page(draw, rows):
    drawn = draw(rows)
    for row in rows:
        assert row.model in drawn.svg
        assert row.model in drawn.description
    assert "var(--chart-blue" in drawn.svg
    assert not re.search(r'(fill|stroke)="#', drawn.svg)  # a colour that a dark page could not change


def test_a_picture_names_the_metric():
    drawn = accuracy_against_latency([replace(row, metric="macro_average_precision") for row in ROWS])
    assert "mAP, with its 95 % interval" in drawn.svg
    assert drawn.description.startswith("mAP over latency")


def test_the_areas_of_the_circles_are_the_parameters():
    svg = accuracy_against_macs(ROWS[:2]).svg
    second, first = sorted({float(radius) for radius in re.findall(r"M([\d.]+),0A", svg)})[-2:]  # the legend's are less
    assert first**2 / second**2 == pytest.approx(4.65 / 3.5, rel=0.02)


def test_the_front_has_those_that_no_other_surpasses():
    slower = measured("vgg11", 100.0, 0.90)
    assert [row.model for row in pareto_front([slower, *ROWS])] == ["mobilenet_v2", "efficientnet_lite0", "resnet50"]


def test_names_cover_no_other_name():
    labels = placed([Dot(f"network_{i}", 100 + 5 * i, 100 + 3 * i, 4) for i in range(8)], 640, 360)
    covered = [one.covers(other) for i, one in enumerate(labels) for other in labels[:i]]
    assert max(covered) == 0


def test_names_stay_inside():
    (label,) = placed([Dot("a_long_name_of_a_network", 630, 5, 10)], 640, 360)
    assert label.right <= 640


def test_a_logarithmic_axis_has_equal_steps_for_equal_factors():
    axis = Axis(1.0, 100.0, 640.0, True)
    assert axis.pixels(10.0) == pytest.approx(320.0)


@pytest.mark.parametrize(("low", "high"), [(9.6, 12.6), (1.01, 1.04), (100.0, 480.0), (3e5, 2e7), (9.0, 19.0)])
def test_an_axis_has_a_few_ticks_however_short_it_is(low, high):
    ticks = _log_axis(Axis(low, high, 640.0, True)).values
    assert 3 <= len(ticks) <= 12
    assert low <= min(ticks) < max(ticks) <= high


@pytest.mark.parametrize("value", [0.0, 0.25, 0.983, 1.0])
def test_an_axis_of_equal_accuracies_has_ticks_that_differ(value):
    svg = accuracy_against_macs([replace(row, accuracy=value) for row in ROWS]).svg
    ticks = re.findall(r">(-?\d+)%<", svg)
    assert len(ticks) >= 3
    assert len(set(ticks)) == len(ticks)
    assert all(0 <= int(tick) <= 100 for tick in ticks)


def test_of_a_very_long_name_the_picture_has_the_beginning_and_the_end():
    name = f"keras_hub:{'a' * 100}_{'b' * 30}_small"
    drawn = accuracy_against_macs([*ROWS, measured(name, 50.0, 0.88)])
    assert f"keras_hub:{'a' * 9}…{'b' * 14}_small<" in drawn.svg
    assert name in drawn.description
