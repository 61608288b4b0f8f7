from dataclasses import replace
from pathlib import Path

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


@pytest.mark.parametrize("order", [1, -1])
def test_a_tie_is_decided_by_the_milliseconds_and_said(order):
    slow = measured("resnet50", 90.0, 0.91)
    found = recommend([slow, MIDDLE][::order], NAMED)
    assert found.best is MIDDLE
    assert found.sentences[1] == "It is as accurate as resnet50, and faster."
    found = recommend([slow, MIDDLE][::order], replace(NAMED, to_accuracy=0.9))
    assert found.sentences[1:3] == (
        "It is the fastest that reaches 90 %.",
        "It is as accurate as resnet50, and faster.",
    )
    by_precision = [replace(row, metric="macro_average_precision") for row in (slow, MIDDLE)]
    assert recommend(by_precision[::order], NAMED).sentences[1] == "It is as good as resnet50, and faster."


def test_an_accuracy_that_may_be_that_of_a_guess_is_said():
    said = recommend([measured("resnet18", 8.0, 0.27, classes=4)], NAMED).sentences
    assert said[2] == (
        "It may be no better than guessing, which is right for 25.0 % with 4 classes. Use more images. Train them with "
        "--train short or full, or measure other networks with --models."
    )
    better = [measured("resnet18", 8.0, 0.29, classes=4), measured("resnet18", 8.0, 0.27, classes=10)]
    by_precision = measured("resnet18", 8.0, 0.27, classes=4, metric="macro_average_precision")
    assert not any("guessing" in " ".join(recommend([row], NAMED).sentences) for row in [*better, by_precision])


def test_images_of_several_classes_are_spoken_of_by_their_metric():
    small, large = (replace(row, metric="macro_average_precision") for row in (SMALL, LARGE))
    found = recommend([small, large, replace(RANDOM, metric="macro_average_precision")], NAMED)
    assert found.sentences[0].startswith("Take resnet50 on OpenVINO: mAP 92.0 % (89.0 to 95.0) on 425 images, by")
    assert found.sentences[1] == "It is the best of those that were measured."
    assert "the mAP is that of random features" in found.sentences[2]


def test_the_commands_train_and_export_it():
    assert recommend([MIDDLE], NAMED).commands == (
        "python -m imgcls.train --data photos --model efficientnet_lite0 --name photos-efficientnet_lite0-1",
        "python -m imgcls.export runs/photos-efficientnet_lite0-1 --format openvino",
    )


def test_the_run_that_is_exported_is_the_one_that_is_trained_beside_earlier_ones(tmp_path):
    (tmp_path / "photos-efficientnet_lite0-1").mkdir()
    train, export = recommend([MIDDLE], replace(NAMED, runs=tmp_path)).commands
    assert train.endswith(f"--runs {tmp_path} --name photos-efficientnet_lite0-2")
    assert f" {tmp_path}/photos-efficientnet_lite0-2 " in export


def test_the_commands_name_the_pixels_that_the_user_named():
    foreign = measured("models/mine.keras", 9.0, 0.91, preprocessing="0-1")
    assert recommend([foreign], NAMED).commands == (
        "python -m imgcls.train --data photos --model models/mine.keras --preprocessing 0-1 --name photos-mine-1",
        "python -m imgcls.export runs/photos-mine-1 --format openvino",
    )
    random = measured("models/mine.keras", 9.0, 0.91, preprocessing="0-1", weights="none")
    assert (
        recommend([random], NAMED)
        .commands[0]
        .endswith("--models models/mine.keras --preprocessing models/mine.keras=0-1 --train short")
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


def test_the_benchmark_that_trains_keeps_the_flags_that_were_typed():
    request = BenchmarkRequest(
        "my photos", at_most_ms=50.0, engines=("openvino",), image_size=96, weights="none", to_accuracy=0.9,
        runs=Path("my runs"), output=Path("out"), seed=3, minutes=10.0, candidates=2, again=True,
    )  # fmt: skip
    assert recommend([RANDOM], request).commands == (
        "python -m imgcls.benchmark 'my photos' --models resnet18 --at-most-ms 50 --candidates 2 --train short "
        "--engines openvino --image-size 96 --weights none --minutes 10 --to-accuracy 0.9 --runs 'my runs' "
        "--output out --seed 3",
    )


def test_weights_that_nobody_wanted_are_not_said_to_be_missing():
    found = recommend([RANDOM], replace(NAMED, weights="none"))
    assert "--weights none was asked for" in found.sentences[0]
    assert "none has trained weights here" not in found.sentences[0]


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


@pytest.mark.parametrize(
    ("train", "advice"),
    [
        ("probe", "Train them with --train short or full, or measure other networks with --models."),
        ("short", "Train them longer, with --train full, or measure other networks with --models."),
        ("full", "Measure other networks with --models."),
    ],
)
def test_an_accuracy_that_none_reaches_is_said_first(train, advice):
    request = BenchmarkRequest("photos", models=("any",), to_accuracy=0.99, train=train)
    found = recommend([SMALL, MIDDLE, LARGE], request)
    assert found.sentences[0] == f"No network reaches 99 %; resnet50 comes nearest, with 92.0 %. {advice}"
    assert found.sentences[1].startswith("Take efficientnet_lite0")
    assert found.best is MIDDLE


def test_nothing_within_the_limits_is_said():
    found = recommend([LARGE], BenchmarkRequest("photos", at_most_ms=10.0))
    assert (found.best, found.sentences[0]) == (None, "No network is within the limits.")


def test_each_network_is_taken_on_its_fastest_engine():
    slower = measured("efficientnet_lite0", 20.0, 0.91, engine="onnx")
    assert fastest([slower, MIDDLE, SMALL]) == [MIDDLE, SMALL]


def test_timings_of_few_rounds_are_said():
    found = recommend([replace(MIDDLE, rounds=1), LARGE], NAMED)
    assert found.sentences[-1] == (
        "Timed in fewer than 5 rounds, so that the milliseconds are less sure: efficientnet_lite0. The same command "
        "again times it anew."
    )
    assert "rounds" not in " ".join(recommend([MIDDLE, LARGE], NAMED).sentences)


def test_timings_of_few_rounds_and_the_limits_are_said_where_no_network_can_be_recommended_too():
    slow = measured("resnet50", 90.0, 0.99, weights="none")
    found = recommend([replace(RANDOM, rounds=2), slow], replace(NAMED, at_most_ms=50.0))
    assert found.best is None
    assert found.sentences[2:] == (
        "Outside the limits by what was measured: resnet50.",
        "Timed in fewer than 5 rounds, so that the milliseconds are less sure: resnet18. The same command again "
        "times it anew.",
    )
    assert len(recommend([RANDOM], NAMED).sentences) == 2


def test_weights_that_were_measured_are_named_in_the_line_that_trains():
    row = measured("convnext_atto", 9.0, 0.91, weights="timm:convnext_atto.d2_in1k")
    assert " --weights timm:convnext_atto.d2_in1k " in recommend([row], NAMED).commands[0]


def test_weights_by_name_are_of_one_network():
    weights = "timm:convnext_atto.d2_in1k"
    assert BenchmarkRequest("photos", models=("convnext_atto",), weights=weights).weights == weights
    with pytest.raises(ValueError, match="are of one network, and --models has 2"):
        BenchmarkRequest("photos", models=("convnext_atto", "resnet18"), weights=weights)
    with pytest.raises(ValueError, match="expected auto, none, or a name with its source"):
        BenchmarkRequest("photos", models=("resnet18",), weights="imagenet")
