"""`python -m imgcls.tune`, as a user meets it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imgcls.run_folder import RunFolder
from imgcls.workflow.search import Search

ROOT = Path(__file__).parents[1]


def test_a_search_for_nothing_is_refused(command):
    assert "--search names nothing that is searched" in command("tune", "--search").err


def test_a_search_of_its_own_for_each_data_and_no_mixing(tmp_path, small_data, command, monkeypatch):
    tried = []
    monkeypatch.setattr(Search, "run", lambda search, trials, progress: tried.append(search.folder.name))
    monkeypatch.setattr("imgcls.cli.run_tune.show_search", lambda search: search.study.ask())
    for data in (small_data, "fashion_mini"):
        assert command("tune", "--data", data, "--runs", tmp_path).code == 0
    assert tried == ["small-search", "fashion_mini-search"]
    mixed = command("tune", "--data", small_data, "--runs", tmp_path, "--study", "fashion_mini-search")
    assert mixed.code == 2
    assert "was begun with other settings: --data was 'fashion_mini', now" in mixed.err


DIVERGES = """import keras
from imgcls.models import architecture


@architecture("diverging_test_net", image_size=28)
def diverging(net, x):
    x = net.conv_norm_act(x, 4, 3, strides=2, name="stage1")
    for number in (1, 2):
        x = net.apply(keras.layers.Rescaling(3e38, name=f"far{number}"), x)
    return x
"""


@pytest.mark.slow
def test_a_trial_that_diverges_fails_and_the_search_goes_on(tmp_path, small_data, command):
    (tmp_path / "diverging.py").write_text(DIVERGES)
    settings = ("--data", small_data, "--epochs", 1, "--image-size", 32, "--runs", tmp_path, "--precision", "float32")
    search = ("--search", f"model={tmp_path / 'diverging.py'},lenet5", "learning_rate=1e-3:1e-2")
    result = command("tune", *settings, "--study", "s", "--trials", 3, *search)
    assert result.code == 0, result.err
    assert "failed: The loss became nan at step 1" in result.out
    assert "Best of 3 trials, of which 0 were ended early and" in result.out


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_search_that_is_stopped_in_a_trial_goes_on_in_it(tmp_path, small_data, number):
    line = [sys.executable, "-m", "imgcls.tune", "--data", small_data, "--epochs", 40, "--model", "lenet5", "--runs",
            tmp_path, "--study", "s", "--trials", 1, "--search", "learning_rate=1e-3:1e-2"]  # fmt: skip
    start = {"env": {**os.environ, "PYTHONPATH": str(ROOT)}, "text": True, "start_new_session": True,
             "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}  # fmt: skip
    stopped = subprocess.Popen([str(each) for each in line], **start)
    rows, until = tmp_path / "s" / "trial-0000" / "metrics.jsonl", time.monotonic() + 900
    while not rows.is_file() and time.monotonic() < until:
        time.sleep(0.1)
    os.killpg(stopped.pid, number)
    said, _ = stopped.communicate(timeout=900)
    if number == signal.SIGINT:
        assert stopped.returncode == 130, said
        assert f"python -m imgcls.tune --data {small_data}" in said
    assert not (rows.parent / "model.keras").exists()
    again = subprocess.run(
        [str(each) for each in line], timeout=900, check=False, **start | {"start_new_session": False}
    )
    assert again.returncode == 0, again.stdout
    assert "trial 1 (trial-0000): goes on" in again.stdout
    assert "Best of 1 trial" in again.stdout
    assert [row["epoch"] for row in RunFolder(rows.parent).metrics()] == list(range(1, 41))


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
