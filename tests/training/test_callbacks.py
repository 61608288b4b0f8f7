"""Which epoch is kept, when a run ends early, and when its learning rate is lowered."""

import errno
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from imgcls.config import BalanceConfig, TrainConfig
from imgcls.metrics import METRICS
from imgcls.run_folder import RunFolder
from imgcls.training import callbacks
from imgcls.training.callbacks import EarlyStopping, KeepBest
from imgcls.training.checkpoints import load_checkpoint
from imgcls.training.progress import TrainingProgress
from imgcls.training.run_output import RunOutput


@pytest.fixture
def trainer():
    """What the callbacks ask of a trainer."""
    return SimpleNamespace(
        progress=TrainingProgress(),
        averaged_weights=nullcontext,
        variables=SimpleNamespace(weights=lambda: {"00000": np.zeros(1)}),
        model=SimpleNamespace(stop_training=False),
    )


@pytest.mark.parametrize(
    ("name", "values", "kept"),
    [("accuracy", (0.5, 0.7, 0.6), 2), ("loss", (0.5, 0.7, 0.4), 3), ("macro_f1", (0.7, 0.7, 0.6), 1)],
)
def test_the_epoch_with_the_best_value_of_the_metric_is_kept(tmp_path, trainer, name, values, kept):
    run = RunFolder.create(TrainConfig(balance=BalanceConfig(best_epoch=name), runs=str(tmp_path)))
    callback = KeepBest(trainer, RunOutput(run), run.best_metric)
    for epoch, value in enumerate(values):
        logs = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5, METRICS[name].on_validation: value}
        callback.on_epoch_end(epoch, logs)
        run.append_metrics({"epoch": epoch + 1, **logs})
    callback.output.settle()
    assert trainer.progress.best["epoch"] == kept
    assert run.kept_epoch()[f"val_{name}"] == values[kept - 1]


def test_a_fitted_head_is_kept_unless_an_epoch_is_better_by_the_metric(tmp_path, trainer):
    run = RunFolder.create(TrainConfig(runs=str(tmp_path)))
    callback = KeepBest(trainer, RunOutput(run), METRICS["accuracy"])
    for epoch, (accuracy, loss) in enumerate(((0.8, 1.0), (0.8, 0.5), (0.81, 2.0)), start=-1):
        callback.on_epoch_end(epoch, {"val_accuracy": accuracy, "val_loss": loss})
    assert trainer.progress.best == {"epoch": 2, "val_accuracy": 0.81, "val_loss": 2.0}


def test_an_epoch_whose_weights_the_disk_refuses_is_not_the_best(tmp_path, trainer, monkeypatch, caplog):
    run = RunFolder.create(TrainConfig(runs=str(tmp_path)))
    callback = KeepBest(trainer, RunOutput(run), METRICS["accuracy"])
    callback.on_epoch_end(0, {"val_accuracy": 0.5, "val_loss": 1.0})
    callback.output.settle()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(callbacks, "save_checkpoint", full)
    callback.on_epoch_end(1, {"val_accuracy": 0.9, "val_loss": 0.5})
    callback.output.settle()
    assert trainer.progress.best["epoch"] == 1
    assert load_checkpoint(run.checkpoints / "best").state["epoch"] == 1
    assert "no space left on device" in caplog.text


def test_early_stopping_counts_from_the_best_epoch_and_from_the_last_stage(trainer):
    trainer.progress.best = {"epoch": 3}
    assert [EarlyStopping(trainer, 2).is_over(done) for done in (3, 4, 5)] == [False, False, True]
    assert [EarlyStopping(trainer, 2, first_epoch=4).is_over(done) for done in (5, 6)] == [False, True]
    assert not EarlyStopping(trainer, 0).is_over(1000)
