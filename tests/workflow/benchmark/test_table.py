from dataclasses import replace

from imgcls.workflow.benchmark.request import BenchmarkRequest
from imgcls.workflow.benchmark.table import measurements_table, problem_sentences
from imgcls.workflow.benchmark.to_accuracy import to_accuracy_table
from tests.workflow.benchmark.measured import PLAIN, measured


def test_a_network_stands_with_its_fastest_engine_first_and_the_most_accurate_network_first():
    slower = measured("efficientnet_lite0", 20.0, 0.91, engine="onnx")
    random = measured("vgg11", 2.0, 0.99, weights="none")
    rows = measurements_table([random, slower, PLAIN, measured("resnet50", 90.0, 0.95)]).rows
    assert [row[:2] for row in rows] == [
        ("resnet50", "OpenVINO"),
        ("efficientnet_lite0", "OpenVINO"),
        ("", "ONNX Runtime"),
        ("vgg11", "OpenVINO"),
    ]
    assert rows[3][2].endswith("random")


def test_published_figures_have_a_column_of_their_own():
    found = measurements_table([PLAIN])
    cells = dict(zip(found.columns, found.rows[0], strict=True))
    assert (cells["accuracy (95 %)"], cells["published top-1"]) == ("91.0 % (88.0 to 93.5)", "75.1 % ImageNet")


def test_the_column_of_the_metric_has_its_name():
    assert measurements_table([replace(PLAIN, metric="macro_average_precision")]).columns[2] == "mAP (95 %)"


def test_what_was_not_measured_is_a_dash():
    row = measured("resnet50", float("nan"), float("nan"), images_per_second=float("nan"), problem="too little memory")
    assert measurements_table([row]).rows[0][2:6] == ("-",) * 4
    assert problem_sentences([row]) == ["resnet50 on OpenVINO: too little memory"]


def test_time_and_cost_to_an_accuracy():
    reached = measured("resnet18", 20.0, 0.95, reached="[[1800, 0.9], [3600, 0.94], [5400, 0.95]]")
    request = BenchmarkRequest("photos", models=("any",), to_accuracy=0.93, price_per_hour=0.5)
    found = to_accuracy_table([PLAIN, reached], request)
    assert found.columns[:3] == ("network", "time to 93 %", "cost of it")
    assert [row[:3] for row in found.rows] == [
        ("resnet18", "1:00:00", "0.50"),
        ("efficientnet_lite0", "not reached (91.0 %)", ""),
    ]
    without = to_accuracy_table([PLAIN], BenchmarkRequest("photos", models=("any",), to_accuracy=0.9))
    assert without.columns == ("network", "time to 90 %", "engine", "ms an image")
    assert without.rows[0][1] == "6.0 s"
