"""`python -m imgcls.tune`, as a user meets it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from imgcls.config import TrainConfig
from imgcls.tune import parse_range, with_values

ROOT = Path(__file__).parents[1]


def test_ranges_are_read_with_the_section_of_their_field():
    found = parse_range("learning-rate=1e-4:1e-2")
    assert (found.section, found.name, found.values, found.continuous) == (
        "training",
        "learning_rate",
        (1e-4, 1e-2),
        True,
    )
    found = parse_range("dropout=0:0.5")
    assert (found.section, found.values) == ("network", (0.0, 0.5))
    found = parse_range("optimizer=adamw,sgd")
    assert (found.section, found.values, found.continuous) == ("training", ("adamw", "sgd"), False)
    assert parse_range("epochs=3:9").values == (3, 9)
    assert parse_range("nesterov=true,false").values == (True, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lerning_rate=1:2", "Did you mean 'learning_rate'"),
        ("epochs", "such as learning_rate"),
        ("epochs=9:3", "no range"),
    ],
)
def test_what_is_no_range_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        parse_range(text)


def test_values_out_of_range_are_refused_before_the_first_run():
    ranges = [parse_range("label_smoothing=0:2")]
    with pytest.raises(ValueError, match="--label-smoothing"):
        with_values(TrainConfig(), {"label_smoothing": 2.0}, ranges)


def test_a_value_that_means_nothing_beside_the_others_is_left_out():
    ranges = [parse_range("weight_decay=0.1:0.2"), parse_range("optimizer=adamw,sgd")]
    sgd, adamw = (with_values(TrainConfig(), {"weight_decay": 0.1, "optimizer": o}, ranges) for o in ("sgd", "adamw"))
    assert (sgd.training.optimizer, sgd.training.weight_decay) == ("sgd", TrainConfig().training.weight_decay)
    assert (adamw.training.optimizer, adamw.training.weight_decay) == ("adamw", 0.1)


@pytest.mark.slow
def test_several_processes_share_a_search_from_its_first_second(tmp_path, small_data):
    line = [sys.executable, "-m", "imgcls.tune", "--data", small_data, "--epochs", 1, "--image-size", 16, "--runs",
            tmp_path, "--study", "s", "--trials", 3]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    both = [subprocess.Popen([str(each) for each in line], env=environment, **pipes) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    tried = [line for text in said for line in text.splitlines() if line.startswith("trial ")]
    assert len(tried) >= 3
    assert len({line.partition("%")[2] for line in tried}) == len(tried), "two trials had the same values"


@pytest.mark.slow
def test_a_search_goes_on_where_it_stopped(tmp_path, small_data, command):
    settings = ("--data", small_data, "--epochs", 1, "--image-size", 16, "--runs", tmp_path, "--study", "s")
    search = ("--search", "learning_rate=1e-3:1e-2", "optimizer=adamw,sgd")
    assert command("tune", *settings, "--trials", 1, *search).code == 0
    result = command("tune", *settings, "--trials", 2, *search)
    assert result.code == 0
    assert "Best of 2 trials" in result.out
    assert (tmp_path / "s" / "trial-0001" / "model.keras").is_file()
