from dataclasses import replace

import pytest

from imgcls.workflow.benchmark.recommendation import fastest, recommend
from imgcls.workflow.benchmark.request import BenchmarkRequest
from tests.workflow.benchmark.measured import measured

NAMED = BenchmarkRequest("photos", models=("any",))
SMALL = measured("mobilenet_v2", 8.0, 0.80)
MIDDLE = measured("efficientnet_lite0", 9.0, 0.91)
LARGE = measured("resnet50", 90.0, 0.92, size_mb=100.0)
RANDOM = measured("resnet18", 2.0, 0.99, weights="none")


def test_the_fastest_of_those_that_the_images_cannot_tell_apart_is_taken():
    found = recommend([SMALL, MIDDLE, LARGE], NAMED)
    assert found.best is MIDDLE
    assert found.sentences[0].startswith("Take efficientnet_lite0 on OpenVINO: 91.0 % (88.0 to 94.0) of 425 images")
    assert "resnet50, has 92.0 %, which 425 images cannot tell from it for sure" in found.sentences[1]
    assert "takes 10.0 times as long" in found.sentences[1]


def test_images_of_several_classes_are_spoken_of_by_their_metric():
    small, large = (replace(row, metric="macro_average_precision") for row in (SMALL, LARGE))
    found = recommend([small, large, replace(RANDOM, metric="macro_average_precision")], NAMED)
    assert found.sentences[0].startswith("Take resnet50 on OpenVINO: mAP 92.0 % (89.0 to 95.0) on 425 images, by")
    assert found.sentences[1] == "It is the best of those that were measured."
    assert "the mAP is that of random features" in found.sentences[2]


def test_the_commands_train_and_export_it():
    assert recommend([MIDDLE], NAMED).commands == (
        "python -m imgcls.train --data photos --model efficientnet_lite0",
        "python -m imgcls.export runs/photos-efficientnet_lite0-1 --format openvino",
    )


def test_the_commands_name_the_pixels_that_the_user_named():
    foreign = measured("models/mine.keras", 9.0, 0.91, preprocessing="0-1")
    assert recommend([foreign], NAMED).commands == (
        "python -m imgcls.train --data photos --model models/mine.keras --preprocessing 0-1",
        "python -m imgcls.export runs/photos-mine-1 --format openvino",
    )
    random = measured("models/mine.keras", 9.0, 0.91, preprocessing="0-1", weights="none")
    assert (
        recommend([random], NAMED)
        .commands[0]
        .endswith("--models models/mine.keras --train short --preprocessing models/mine.keras=0-1")
    )


def test_the_run_that_is_exported_is_called_as_training_calls_it():
    foreign = measured("keras_applications:MobileNetV2", 9.0, 0.91)
    assert "runs/photos-keras_applications_MobileNetV2-1" in recommend([foreign], NAMED).commands[1]


def test_random_features_have_no_part_in_the_choice():
    found = recommend([RANDOM, MIDDLE], NAMED)
    assert found.best is MIDDLE
    assert any("resnet18 has no trained weights here" in sentence for sentence in found.sentences)


def test_where_all_are_random_it_says_so_and_how_to_train():
    found = recommend([RANDOM], NAMED)
    assert found.best is None
    assert "none has trained weights here" in found.sentences[0]
    assert found.commands == ("python -m imgcls.benchmark photos --models resnet18 --train short",)


def test_random_weights_that_were_trained_count():
    trained = measured("resnet18", 2.0, 0.95, weights="none", train="short")
    assert recommend([trained, MIDDLE], NAMED).best is trained


@pytest.mark.parametrize("limits", [{"at_most_ms": 50.0}, {"at_most_mb": 20.0}])
def test_measured_limits_are_obeyed(limits):
    better = measured("resnet50", 90.0, 0.99, size_mb=100.0)
    found = recommend([MIDDLE, better], BenchmarkRequest("photos", **limits))
    assert found.best is MIDDLE
    assert "Outside the limits by what was measured: resnet50." in found.sentences


def test_an_accuracy_that_is_wanted_decides():
    found = recommend([SMALL, MIDDLE, LARGE], BenchmarkRequest("photos", models=("any",), to_accuracy=0.915))
    assert found.best is LARGE
    assert "It is the fastest that reaches 91.5 %." in found.sentences


def test_nothing_within_the_limits_is_said():
    found = recommend([LARGE], BenchmarkRequest("photos", at_most_ms=10.0))
    assert (found.best, found.sentences[0]) == (None, "No network is within the limits.")


def test_each_network_is_taken_on_its_fastest_engine():
    slower = measured("efficientnet_lite0", 20.0, 0.91, engine="onnx")
    assert fastest([slower, MIDDLE, SMALL]) == [MIDDLE, SMALL]
