"""`python -m imgcls.tune`, as a user meets it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest

from imgcls.config import TrainConfig
from imgcls.run_folder import RunFolder
from imgcls.training.trials import TrialRun
from imgcls.tune import Options, _ended, _follow, _note_failure, _pruner, _taken_up, _values, parse_range, with_values

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


def test_a_search_for_nothing_is_refused(command):
    assert "--search names nothing that is searched" in command("tune", "--search").err


@pytest.fixture
def study():
    """A search in which five trials reached 0.9 after every epoch."""
    found = optuna.create_study(direction="maximize", pruner=_pruner(Options()))
    for _ in range(5):
        values = dict.fromkeys(range(1, 31), 0.9)
        found.add_trial(optuna.trial.create_trial(value=0.9, intermediate_values=values))
    return found


def run_that_says(run: TrialRun, accuracy: float, epochs: int) -> subprocess.Popen:
    """A process that writes what training writes, an epoch every tenth of a second."""
    RunFolder.create(TrainConfig(name=run.name, runs=str(run.path.parent))).manifest_file.touch()
    code = (
        "import sys, time; from imgcls.run_folder import RunFolder; run = RunFolder(sys.argv[1])\n"
        "for epoch in range(1, int(sys.argv[3]) + 1):\n"
        "    run.append_metrics({'epoch': epoch, 'seconds': 1.0, 'loss': 1.0, 'accuracy': 0.5,\n"
        "        'val_accuracy': float(sys.argv[2]), 'val_loss': 1.0})\n"
        "    time.sleep(0.1)\n"
    )
    line = [sys.executable, "-c", code, str(run.path), str(accuracy), str(epochs)]
    return subprocess.Popen(line, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_a_hopeless_trial_is_ended_early_and_a_good_one_is_not(study, tmp_path):
    for accuracy, hopeless in ((0.2, True), (0.95, False)):
        trial = study.ask()
        run = TrialRun(tmp_path, trial.number)
        pruned, code = _follow(study, trial, run, run_that_says(run, accuracy, epochs=30 if hopeless else 9))
        assert (pruned, code) == (hopeless, -signal.SIGTERM if hopeless else 0)
        reported = study.get_trials()[trial.number].intermediate_values
        assert reported[1] == accuracy
        assert (7 <= len(reported) < 30) if hopeless else len(reported) == 9
    assert study.user_attrs["metric"] == "accuracy"


def test_a_trial_that_no_process_is_at_is_taken_up_by_one(study, tmp_path):
    assert _taken_up(study, tmp_path) is None
    left = study.ask()
    trial, run = _taken_up(study, tmp_path)
    assert trial.number == left.number
    assert _taken_up(study, tmp_path) is None
    run.let_go()
    again, run = _taken_up(study, tmp_path)
    run.let_go()
    assert again.number == left.number


def test_what_failed_with_its_values_counts_and_what_was_refused_does_not(study):
    failed, refused, diverged = study.ask(), optuna.create_study().ask(), study.ask()
    study.tell(failed, state=optuna.trial.TrialState.FAIL)
    _note_failure(study, diverged, "The loss became nan.", 1)
    assert [trial.number for trial in _ended(study)] == [0, 1, 2, 3, 4, diverged.number]
    with pytest.raises(ValueError, match="no such data"):
        _note_failure(refused.study, refused, "There is no such data.", 2)


def test_a_search_that_was_begun_with_other_choices_is_named(study):
    _values(study, study.ask(), [parse_range("optimizer=adamw,sgd")])
    with pytest.raises(ValueError, match="was begun with other values than this --search has"):
        _values(study, study.ask(), [parse_range("optimizer=adamw,lion")])


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
    assert "trial 0: goes on" in again.stdout
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
