"""A search whose trials end early, fail, and are taken up again."""

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from imgcls.config import TrainConfig
from imgcls.config_file import save_toml
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.workflow.flat_options import with_options
from imgcls.workflow.search import Search
from imgcls.workflow.search_space import parse_range, with_values
from imgcls.workflow.trials import TrialRun

ROOT = Path(__file__).parents[2]


@pytest.fixture
def search(tmp_path):
    """A search in which five trials reached 0.9 after every epoch."""
    found = Search(TrainConfig(runs=str(tmp_path)), [parse_range("learning_rate=1e-4:1e-2")], "s")
    for _ in range(5):
        values = dict.fromkeys(range(1, 31), 0.9)
        found.study.add_trial(optuna.trial.create_trial(value=0.9, intermediate_values=values))
    return found


def run_that_says(run: TrialRun, accuracy: float, epochs: int) -> subprocess.Popen:
    """A process that writes what training writes, an epoch of four steps every tenth of a second."""
    RunFolder.create(TrainConfig(name=run.name, runs=str(run.path.parent))).manifest_file.touch()
    code = (
        "import sys, time; from imgcls.run_folder import RunFolder; run = RunFolder(sys.argv[1])\n"
        "for epoch in range(1, int(sys.argv[3]) + 1):\n"
        "    now = {'epoch': epoch, 'epochs': int(sys.argv[3]), 'step': 3, 'steps': 4, 'images_per_second': 1.0}\n"
        "    run.write_status('training', **now)\n"
        "    run.append_metrics({'epoch': epoch, 'seconds': 1.0, 'loss': 1.0, 'accuracy': 0.5,\n"
        "        'val_accuracy': float(sys.argv[2]), 'val_loss': 1.0})\n"
        "    time.sleep(0.1)\n"
    )
    line = [sys.executable, "-c", code, str(run.path), str(accuracy), str(epochs)]
    return subprocess.Popen(line, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_a_hopeless_trial_is_ended_early_and_a_good_one_is_not(search):
    for accuracy, hopeless in ((0.2, True), (0.95, False)):
        trial = search.study.ask()
        run = TrialRun(search.folder, trial.number)
        epochs, shown = 30 if hopeless else 9, []
        assert run.steps() == (0, None)  # there is no folder yet
        process = run_that_says(run, accuracy, epochs)
        pruned, code = search._follow(trial, run, process, lambda *steps, seen=shown: seen.append(steps))
        assert {total for _, total in shown} - {None} == {4 * epochs}
        assert [done for done, _ in shown] == sorted(done for done, _ in shown)
        assert (pruned, code) == (hopeless, -signal.SIGTERM if hopeless else 0)
        reported = search.study.get_trials()[trial.number].intermediate_values
        assert reported[1] == accuracy
        assert (7 <= len(reported) < 30) if hopeless else len(reported) == 9
    assert search.metric.name == "accuracy"


def test_trials_are_counted_from_one_and_those_that_were_refused_are_not(search, monkeypatch, caplog):
    search.study.tell(search.study.ask(), state=optuna.trial.TrialState.FAIL)
    monkeypatch.setattr(TrialRun, "start", lambda run, config: run_that_says(run, 0.95, 30))
    shown = []

    class Shown(Progress):
        def doing(self, what, done, total=None):
            shown.append(what)

    with caplog.at_level("INFO"):
        search.run(6, Shown())
    assert list(dict.fromkeys(shown)) == ["Beginning trial 6 of 6", "Trial 6 of 6"]
    assert "trial 6 (trial-0006): 95.0 %" in caplog.text


def test_a_trial_that_no_process_is_at_is_taken_up_by_one(search):
    assert search._taken_up() is None
    left = search.study.ask()
    trial, run = search._taken_up()
    assert trial.number == left.number
    assert search._taken_up() is None
    run.let_go()
    again, run = search._taken_up()
    run.let_go()
    assert again.number == left.number


def test_a_trial_whose_process_outlived_its_search_is_waited_for(search):
    left = search.study.ask()
    run = TrialRun(search.folder, left.number)
    process = run_that_says(run, 0.9, 8)
    while not run.folder.is_alive():
        assert process.poll() is None
    trial, run = search._taken_up()
    assert trial.number == left.number
    seen = []
    run.wait(lambda: seen.append(run.steps()))
    assert process.wait(5) == 0
    assert seen[0][1] == 32
    assert len(run.folder.metrics()) == 8
    run.let_go()


def test_what_failed_with_its_values_counts_and_what_was_refused_does_not(search):
    failed, diverged = search.study.ask(), search.study.ask()
    search.study.tell(failed, state=optuna.trial.TrialState.FAIL)
    search._note_failure(diverged, "The loss became nan.", 1)
    assert [trial.number for trial in search.ended()] == [0, 1, 2, 3, 4, diverged.number]
    empty = Search(TrainConfig(runs=str(search.folder)), search.space, "empty")
    with pytest.raises(ValueError, match="no such data"):
        empty._note_failure(empty.study.ask(), "There is no such data.", 2)


def begin(runs: Path, config: TrainConfig, space: list[str]) -> Search:
    """A search that has begun its first trial, and whose process was ended."""
    begun = Search(replace(config, runs=str(runs)), [parse_range(text) for text in space], "s")
    trial = begun.study.ask()
    run = TrialRun(begun.folder, trial.number)
    save_toml(with_values(begun.base, begun._values(trial), begun.space), run.config_file)
    return begun


RATES = ["learning_rate=1e-4:1e-2"]
OTHERS = [
    ({"data": "bags"}, RATES, "--data was 'shoes', now 'bags'"),
    ({"model": "resnet20"}, RATES, "--model was 'lenet5', now 'resnet20'"),
    ({"epochs": 3}, RATES, "--epochs was 30, now 3"),
    ({"augmentation_layers": ("keras_cv.RandAugment",)}, RATES, "--augmentation-layers was "),
    ({}, ["learning_rate=1e-4:1e-1"], r"--search was \['learning_rate=0.0001:0.01'\], now .*0.0001:0.1"),
    ({}, ["optimizer=adamw,sgd"], r"--search was .*, now \['optimizer=adamw,sgd'\]"),
]


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize(("changes", "space", "said"), OTHERS)
def test_a_search_that_was_begun_with_other_settings_is_refused(tmp_path, changes, space, said, is_old):
    config = with_options(TrainConfig(), {"data": "shoes", "model": "lenet5"})
    begun = begin(tmp_path, config, RATES)
    if is_old:
        forget(begun)
    with pytest.raises(ValueError, match=f"'s' was begun with other settings: {said}.* Choose another --study"):
        Search(with_options(config, {**changes, "runs": str(tmp_path)}), [parse_range(text) for text in space], "s")


@pytest.mark.parametrize("is_old", [False, True])
def test_a_search_goes_on_with_what_does_not_change_its_trials(tmp_path, monkeypatch, is_old):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shoes").mkdir()
    config = with_options(TrainConfig(), {"data": "shoes", "augmentation_layers": ("keras_cv.RandAugment",)})
    begun = begin(tmp_path, config, [*RATES, "optimizer=adamw,sgd"])
    if is_old:
        forget(begun)
    same = {"data": str(tmp_path / "shoes"), "cache": "none", "learning_rate": 0.1, "checkpoint_minutes": 1.0}
    space = [parse_range(text) for text in ("optimizer=adamw,sgd", *RATES)]
    again = Search(with_options(config, {**same, "runs": str(tmp_path)}), space, "s", prune=False)
    assert again.study.user_attrs == Search(again.base, again.space, "s").study.user_attrs


def test_a_search_that_could_not_begin_its_first_trial_is_bound_to_nothing(tmp_path):
    wrong = Search(with_options(TrainConfig(), {"data": "shoos", "runs": str(tmp_path)}), [parse_range(*RATES)], "s")
    with pytest.raises(ValueError, match="nothing at shoos"):
        wrong._note_failure(wrong.study.ask(), "There is nothing at shoos.", 2)
    right = Search(with_options(wrong.base, {"data": "shoes"}), wrong.space, "s")
    right.study.ask()
    with pytest.raises(ValueError, match="--data was 'shoes', now 'shoos'"):
        wrong.try_next()


def test_choices_of_a_trial_that_was_refused_do_not_bind_the_search(tmp_path):
    base = with_options(TrainConfig(), {"data": "shoes", "runs": str(tmp_path)})
    wrong = Search(base, [parse_range("model=lenet5,lenet6")], "s")
    trial, run = wrong._begun()
    wrong._values(trial)
    run.let_go()
    with pytest.raises(ValueError, match="lenet6"):
        wrong._note_failure(trial, "Unknown architecture 'lenet6'.", 2)
    right = Search(base, [parse_range("model=lenet5,resnet20")], "s")
    trial, run = right._begun()
    run.let_go()
    assert right._values(trial)["model"] in ("lenet5", "resnet20")


def forget(search: Search) -> None:
    """What an imgcls of before left: no record of the settings."""
    with sqlite3.connect(search.folder / "study.sqlite") as database:
        database.execute("DELETE FROM study_user_attributes")
