"""`python -m imgcls.benchmark`, as a user meets it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import pandas as pd
import pytest

from tests.conftest import copy_sample

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[1]
FAILING = """from imgcls.models import architecture


@architecture("failing_in_a_benchmark", image_size=32)
def failing(net, x):
    raise ValueError("stage 3 has no filters")
"""
QUICK = ("--image-size", 32, "--engines", "openvino", "tensorflow")


def small_keras_model(folder: Path) -> Path:
    """A .keras file that says nothing of its pixels."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(16, 5, strides=2, activation="relu"), keras.layers.Conv2D(32, 3, activation="relu")]
    keras.Sequential([keras.Input((32, 32, 3)), *layers]).save(folder / "mine.keras")
    return folder / "mine.keras"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("benchmark")


@pytest.fixture(scope="module")
def measured(runs, small_data):
    """The real command, in a process of its own, on one network that works and one that does not."""
    (runs / "failing.py").write_text(FAILING)
    names = ("--models", "lenet5", runs / "failing.py")
    line = [sys.executable, "-m", "imgcls.benchmark", small_data, *names, *QUICK, "--runs", runs]
    done = subprocess.run(
        [str(each) for each in line], capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    return done


def test_every_network_is_a_row_also_one_that_fails(measured):
    assert re.search(r"^lenet5 +(OpenVINO|TensorFlow) +[\d.]+ % \([\d.]+ to [\d.]+\) random", measured.stdout, re.M)
    assert "failing: " in measured.stdout
    assert "stage 3 has no filters" in measured.stdout
    assert "Traceback" not in measured.stderr


def test_an_accuracy_of_random_features_is_called_so_and_the_next_step_trains(measured):
    assert "none has trained weights here" in measured.stdout
    assert "--train short" in measured.stdout.partition("Next:")[2]


def test_every_figure_is_in_the_table_of_measurements(measured, runs):
    table = pd.read_parquet(runs / "benchmark" / "measurements.parquet")
    row = table[(table["model"] == "lenet5") & (table["engine"] == "openvino")].iloc[0]
    assert 0 < row["network_ms"] < row["latency_ms"] <= row["latency_p95_ms"]
    assert row["latency_low_ms"] <= row["latency_high_ms"]
    assert row["rounds"] == 5
    assert row["images_per_second"] > 0
    assert row["peak_memory_mb"] > row["memory_base_mb"] > 50
    assert 0.2 < row["size_mb"] < 2
    assert row["parameters"] == 61_111  # three classes, 32 x 32 gray
    assert 0.5 < row["accuracy_low"] < row["accuracy"] < row["accuracy_high"] <= 1
    assert row["train_seconds"] > 0
    assert row["machine"]
    assert row["fingerprint"]


def test_the_page_stands_alone_and_has_the_pictures_with_their_numbers(measured, runs):
    page = (runs / "benchmark" / "report.html").read_text()
    assert page.count("<svg") == 3
    for title in ("Accuracy against multiply-adds", "Accuracy against latency", "Information density"):
        assert title in page
    assert "light-dark(" in page
    assert "http" not in page.replace("http://www.w3.org/", "")


def test_a_second_start_measures_only_what_is_missing(measured, runs, small_data, command, monkeypatch):
    monkeypatch.setattr("imgcls.workflow.benchmark.benchmark.build", lambda *_: pytest.fail("it was measured again"))
    before = (runs / "benchmark" / "measurements.parquet").read_bytes()
    result = command("benchmark", small_data, "--models", "lenet5", *QUICK, "--runs", runs)
    assert result.code == 0, result.err
    assert "lenet5" in result.out
    assert (runs / "benchmark" / "measurements.parquet").read_bytes() == before


def test_timings_of_fewer_rounds_are_not_known_for_good(measured, runs, small_data, command, monkeypatch, tmp_path):
    """As an interruption after the first round leaves them."""
    table = pd.read_parquet(runs / "benchmark" / "measurements.parquet")
    table = table[table["model"] == "lenet5"].assign(rounds=1, latency_ms=1e-3)
    (tmp_path / "benchmark").mkdir()
    table.to_parquet(tmp_path / "benchmark" / "measurements.parquet")
    monkeypatch.setattr("imgcls.workflow.benchmark.benchmark.linear_probe", lambda *_: pytest.fail("judged again"))
    result = command("benchmark", small_data, "--models", "lenet5", *QUICK, "--runs", tmp_path)
    assert result.code == 0, result.err
    after = pd.read_parquet(tmp_path / "benchmark" / "measurements.parquet")
    again = after[after["run"] != table["run"].iloc[0]]
    assert (again["engine"].tolist(), again["rounds"].tolist()) == (["openvino", "tensorflow"], [5, 5])
    assert (again["latency_ms"] > 1e-3).all()
    for figure in ("accuracy", "accuracy_low", "accuracy_high", "judged_images", "how", "train_seconds", "reached"):
        assert set(again[figure]) == set(table[figure])
    assert "0.0 ms an image" not in result.out


def test_a_misspelt_network_is_corrected(small_data, command, no_data_is_read):
    assert "Did you mean 'resnet50'?" in command("benchmark", small_data, "--models", "resnt50").err


def test_neither_names_nor_limits_is_an_error(small_data, command, no_data_is_read):
    assert "Which networks? Name some" in command("benchmark", small_data).err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--engines", "openvin"), "Did you mean 'openvino'?"),
        (("--minutes", -1), "--minutes is -1; expected 0 to"),
        (("--to-accuracy", 93), "--to-accuracy is 93; expected 0 to 1"),
        (("--price-per-hour", 1), "Add --to-accuracy"),
        (("--candidates", 0), "--candidates is 0; expected 1 to 100"),
    ],
)
def test_flags_that_cannot_be_are_refused_in_a_sentence(small_data, command, no_data_is_read, flags, said):
    result = command("benchmark", small_data, "--models", "lenet5", *flags)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert said in result.err


def test_a_keras_model_whose_pixels_nobody_names_is_refused(tmp_path, small_data, command, no_data_is_read):
    own = small_keras_model(tmp_path)
    result = command("benchmark", small_data, "--models", "lenet5", own, "--runs", tmp_path)
    assert result.code == 2
    assert "Name them with --preprocessing: 0-1" in result.err


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("lenet5=0-1", "--preprocessing 0-1 is for Keras models; lenet5 is a network of imgcls"),
        (
            "0-1",
            "--preprocessing 0-1 is for Keras models that do not say which pixels they take, and --models has none",
        ),
    ],
)
def test_pixels_are_not_named_for_networks_that_know_their_own(
    tmp_path, small_data, command, no_data_is_read, named, said
):
    flags = ("--models", "lenet5", "--preprocessing", named, "--runs", tmp_path)
    result = command("benchmark", small_data, *flags)
    assert result.code == 2
    assert said in result.err


def test_an_engine_that_is_not_installed_is_named(small_data, command, monkeypatch, no_data_is_read, tmp_path):
    monkeypatch.setattr("imgcls.serving.export_format.find_spec", lambda name: None)
    flags = ("--models", "lenet5", "--engines", "litert", "--runs", tmp_path)
    result = command("benchmark", small_data, *flags)
    assert result.code == 2
    assert "The engine 'litert' is not installed." in result.err
    assert "pip install imgcls[litert]" in result.err


def test_no_data_is_an_error(command, tmp_path):
    result = command("benchmark", tmp_path / "nowhere", "--models", "lenet5", "--runs", tmp_path)
    assert result.code == 2
    assert "nowhere" in result.err
    assert not (tmp_path / "benchmark").exists()


def test_one_class_is_an_error(command, tmp_path):
    data = copy_sample(tmp_path / "one", ("bag",), 5, 2)
    result = command("benchmark", data, "--models", "lenet5", "--runs", tmp_path)
    assert result.code == 2
    assert "There is only one class, 'bag'" in result.err


def test_fewer_images_than_the_classes_need_is_an_error(command, tmp_path):
    data = copy_sample(tmp_path / "few", ("bag", "coat", "sneaker"), 1, 0)
    shutil.rmtree(data / "test")
    result = command("benchmark", data, "--models", "lenet5", "--runs", tmp_path)
    assert result.code == 2
    assert "There are 3 readable images of 3 classes" in result.err


def test_a_time_that_is_over_leaves_the_rest_for_the_next_start(small_data, command, tmp_path):
    result = command("benchmark", small_data, "--models", "lenet5", "--minutes", 1e-9, *QUICK, "--runs", tmp_path)
    assert result.code == 3
    assert "python -m imgcls.benchmark" in result.out.partition("Next:")[2]


@pytest.mark.slow
def test_keras_models_of_others_are_measured(tmp_path, small_data, command):
    own, runs = small_keras_model(tmp_path), tmp_path / "runs"
    models = ("--models", own, "keras_applications:MobileNetV2", "--preprocessing", f"{own}=0-1")
    engines = ("--engines", "openvino", "--image-size", 32)
    result = command("benchmark", small_data, *models, *engines, "--runs", runs)
    assert result.code == 0, result.err
    rows = pd.read_parquet(runs / "benchmark" / "measurements.parquet").set_index("model")
    assert rows["preprocessing"].to_dict() == {str(own): "0-1", "keras_applications:MobileNetV2": ""}
    assert rows["weights"].to_dict() == {str(own): "own", "keras_applications:MobileNetV2": "none"}
    assert (rows["network_alone_ms"] > 0).all()
    assert (rows["accuracy"] > 0.4).all()  # of three classes
    assert f"--model {own} --preprocessing 0-1" in result.out.partition("Next:")[2]


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_measured(tmp_path, small_data):
    line = [sys.executable, "-m", "imgcls.benchmark", small_data, "--models", "lenet5", "resnet20", "resnet32",
            "lenet5_relu", *QUICK, "--runs", tmp_path]  # fmt: skip
    start = {"env": {**os.environ, "PYTHONPATH": str(ROOT)}, "text": True, "start_new_session": True,
             "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}  # fmt: skip
    process = subprocess.Popen([str(each) for each in line], **start)
    file, until = tmp_path / "benchmark" / "measurements.parquet", time.monotonic() + 600
    while not file.is_file() and time.monotonic() < until:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "python -m imgcls.benchmark" in said.partition("Next:")[2]
    assert "lenet5" in set(pd.read_parquet(file)["model"])


def test_ctrl_c_in_a_training_keeps_the_latency_and_says_that_the_training_is_kept(
    tmp_path, small_data, command, monkeypatch
):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("imgcls.workflow.benchmark.benchmark.trained_accuracy", interrupted)
    flags = ("--models", "lenet5", "--train", "short", "--engines", "tensorflow", "--image-size", 32)
    result = command("benchmark", small_data, *flags, "--runs", tmp_path)
    assert result.code == 130, result.err
    assert "Nothing was measured" not in result.out
    assert "The fastest is lenet5 on TensorFlow" in result.out
    assert f"is kept in {tmp_path / 'benchmark'}; the same command goes on with it." in " ".join(result.out.split())
    row = pd.read_parquet(tmp_path / "benchmark" / "measurements.parquet").iloc[0]
    assert row["latency_ms"] > 0


@pytest.mark.slow
def test_networks_are_trained_where_that_is_asked_for(tmp_path, small_data, command):
    flags = ("--models", "lenet5", "--train", "short", "--engines", "tensorflow", "--image-size", 32)
    goals = ("--to-accuracy", 0.1, "--price-per-hour", 0.5)
    result = command("benchmark", small_data, *flags, *goals, "--runs", tmp_path)
    assert result.code == 0, result.err
    assert "Take lenet5 on TensorFlow" in result.out
    assert "3 epochs from random weights" in result.out
    assert "time to 10 %" in result.out
    row = pd.read_parquet(tmp_path / "benchmark" / "measurements.parquet").iloc[0]
    assert row["reached"].count("[") == 4
    assert row["train_seconds"] > 0


@pytest.mark.slow
def test_networks_are_trained_on_images_of_several_classes(tmp_path, collages, command):
    flags = ("--models", "lenet5", "--train", "short", "--engines", "tensorflow", "--image-size", 32)
    result = command("benchmark", collages, *flags, "--runs", tmp_path)
    assert result.code == 0, result.err
    assert "Take lenet5 on TensorFlow: mAP" in result.out
    row = pd.read_parquet(tmp_path / "benchmark" / "measurements.parquet").iloc[0]
    assert row["metric"] == "macro_average_precision"
    assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]
    assert row["reached"].count("[") == 4


@pytest.mark.slow
def test_candidates_are_chosen_by_limits(tmp_path, small_data, command):
    limits = ("--at-most-ms", 200, "--at-most-mb", 3, "--candidates", 2)
    result = command("benchmark", small_data, *limits, "--engines", "openvino", "--runs", tmp_path)
    assert result.code in (0, 3), result.err
    assert "may be within 200 ms and 3 MB" in result.out
    assert (pd.read_parquet(tmp_path / "benchmark" / "measurements.parquet")["size_mb"] <= 3).all()
