"""Runs that go on with another end, and the figures of the epoch that is kept."""

import json
import shutil

import keras
import pytest

from imgcls.config import BalanceConfig, InputConfig, TrainConfig
from imgcls.data.manifest.table import Manifest
from imgcls.run_folder import RunFolder
from imgcls.training.continuation import changed_config, lengthened
from imgcls.training.run import train_network
from imgcls.training.transfer.stages import Stage
from imgcls.workflow.create import create_run
from imgcls.workflow.folds import Folds
from imgcls.workflow.train import change_run


@pytest.fixture
def finished(tiny_run, tmp_path):
    """A run of two epochs that came to its end."""
    run = RunFolder(shutil.copytree(tiny_run.path, tmp_path / "finished"))
    run.write_status("finished", accuracy=0.5)
    return run, Manifest.load(run.manifest_file)


def rank(row: dict) -> tuple[float, float]:
    return row["val_accuracy"], -row["val_loss"]


@pytest.mark.thorough
def test_a_finished_run_is_trained_longer_with_what_was_typed_although_it_is_the_default(finished, command):
    run, _ = finished
    before, rows = run.kept_epoch(), run.metrics()
    result = command(
        "train", "--resume", run.path, "--epochs", 4, "--learning-rate", TrainConfig().training.learning_rate
    )
    assert result.code == 0, result.err
    assert "goes on after epoch 2, from its last checkpoint, and ends with epoch 4 in place of 2" in result.out
    assert (run.config.training.epochs, run.config.training.learning_rate) == (4, 0.003)
    assert [row["epoch"] for row in run.metrics()] == [1, 2, 3, 4]
    assert run.metrics()[:2] == rows
    assert 0 < run.metrics()[2]["learning_rate"] < 0.003
    assert rank(run.kept_epoch()) >= rank(before)
    assert json.loads(run.status_file.read_text())["state"] == "finished"


@pytest.mark.slow
def test_a_lengthened_run_that_dies_ends_as_an_unbroken_one(finished, tmp_path, command):
    run, manifest = finished
    copy = RunFolder(shutil.copytree(run.path, tmp_path / "copy"))
    assert command("train", "--resume", run.path, "--epochs", 5, "--early-stopping-patience", 4).code == 0

    class Die(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                raise RuntimeError("killed")

    shutil.copy(run.config_file, copy.config_file)
    with pytest.raises(RuntimeError, match="killed"):
        train_network(copy, manifest, callbacks=[Die()])
    assert command("train", "--resume", copy.path).code == 0
    assert [row["loss"] for row in copy.metrics()] == [row["loss"] for row in run.metrics()]


@pytest.mark.slow
def test_a_run_that_lost_patience_has_it_anew_where_it_is_lengthened(tiny_config, command):
    run, manifest = create_run(
        tiny_config(epochs=9, early_stopping_patience=1, learning_rate=1e-8, schedule="constant")
    )
    assert train_network(run, manifest)
    run.write_status("finished", accuracy=0.5)
    done = len(run.metrics())
    assert done < 9
    refused = command("train", "--resume", run.path, "--learning-rate", 0.01)
    assert "Name more epochs" in refused.err
    assert command("train", "--resume", run.path, "--epochs", 10).code == 0
    assert len(run.metrics()) > done


def test_what_a_run_cannot_go_on_with_is_refused_and_its_config_stays(finished, command):
    run, _ = finished
    config = run.config_file.read_bytes()
    for flags, said in (
        (("--epochs", 1), "has done 2 epochs, and --epochs is 1."),
        (("--learning-rate", 0.003), "is finished, after 2 epochs, so --learning-rate would change nothing."),
        (("--epochs", 2), "such as --epochs 4"),
        (("--epochs", 4, "--batch-size", 64), "--epochs, --learning-rate, --early-stopping-patience"),
    ):
        result = command("train", "--resume", run.path, *flags)
        assert result.code == 2
        assert said in result.err
    assert run.config_file.read_bytes() == config


def test_a_finished_run_that_is_killed_once_its_config_asks_for_more_takes_the_same_command_again(finished):
    run, _ = finished
    change_run(run, {"epochs": 4})  # and is killed here
    assert (run.config.training.epochs, run.state()) == (4, "interrupted")
    assert changed_config(run, {"epochs": 4}) == changed_config(run, {}) == run.config


def test_a_run_goes_on_with_the_rate_of_its_batches_where_auto_is_asked_for(finished):
    run, _ = finished
    changed = changed_config(run, {"epochs": 4, "learning_rate": 0.0}).training
    assert (changed.learning_rate, changed.batch_size) == (0.003, run.config.training.batch_size)


def test_only_the_last_stage_of_a_run_takes_another_end():
    planned = [Stage("head", 0, 9, 0), Stage("last_blocks", 9, 30, 3)]
    for epochs in (60, 12):
        assert lengthened(planned, epochs) == [planned[0], Stage("last_blocks", 9, epochs, 3)]
    with pytest.raises(ValueError, match="begins after epoch 9"):
        lengthened(planned, 9)


def test_the_kept_epoch_is_the_one_whose_weights_were_written(tmp_path):
    run = RunFolder.create(TrainConfig(balance=BalanceConfig(best_epoch="balanced_accuracy"), runs=str(tmp_path)))
    assert (run.best_metric.name, run.kept_epoch()) == ("balanced_accuracy", {})
    for epoch, (plain, balanced) in enumerate(((0.9, 0.4), (0.7, 0.6), (0.8, 0.6)), start=1):
        figures = {"val_accuracy": plain, "val_balanced_accuracy": balanced, "val_loss": epoch}
        run.append_metrics({"epoch": epoch, "seconds": 1.0, "loss": 1.0, "accuracy": 0.5, **figures})
    assert run.kept_epoch()["epoch"] == 2
    (run.checkpoints / "best").mkdir(parents=True)
    (run.checkpoints / "best" / "state.json").write_text('{"epoch": 3, "val_balanced_accuracy": 0.6}')
    assert run.kept_epoch()["val_accuracy"] == 0.8


def test_folds_without_a_name_go_on_until_all_are_finished(tmp_path):
    config = TrainConfig(input=InputConfig(data="photos", folds=2), runs=str(tmp_path))

    def make(folds: Folds, fold: int, state: str) -> None:
        run = RunFolder.create(folds.config(fold))
        run.manifest_file.touch()
        folds.note_in(run)
        run.write_status(state)

    first = Folds.from_config(config)
    assert first.config(2).name == "photos-2folds-1-fold2"
    make(first, 1, "finished")
    make(first, 2, "interrupted")
    assert Folds.from_config(config) == first
    other = Folds.from_config(TrainConfig(input=InputConfig(data="photos", folds=2, image_size=32), runs=str(tmp_path)))
    assert other.asked.name == "photos-2folds-2"
    run = first.run(2)
    assert Folds.of(run) == first
    run.write_status("finished")
    assert Folds.from_config(config).asked.name == "photos-2folds-2"


def test_a_fold_that_ended_before_it_was_prepared_is_made_anew(tmp_path):
    folds = Folds.from_config(TrainConfig(input=InputConfig(folds=2), runs=str(tmp_path), name="cv"))
    RunFolder.create(folds.config(1))
    assert folds.run(1) is None
    assert not (tmp_path / "cv-fold1").exists()
