"""What happens after a step or an epoch, as Keras callbacks."""

import time
from collections.abc import Callable
from typing import Any

import keras

from imgcls.framework_internals import learning_rate_schedule
from imgcls.metrics import Metric
from imgcls.run_folder import BEST
from imgcls.training.checkpoints import save_checkpoint
from imgcls.training.run_output import RunOutput
from imgcls.training.trainer import Trainer
from imgcls.training.waiting import WaitingForData

PLATEAU_EPOCHS, PLATEAU_FACTOR = 3, 0.2  # without a lower validation loss, and what the learning rate is then times


class RunLog(keras.callbacks.Callback):
    """Reports the metrics of each step and each epoch, and the images per second.

    Args:
        output: where it reports them.
        epochs: of the whole run.
        steps_per_epoch: number of steps.
        images_per_step: the global batch size.
        waiting: of the trainer; measures how much of the time the steps wait for images.
    """

    def __init__(
        self, output: RunOutput, epochs: int, steps_per_epoch: int, images_per_step: int, waiting: WaitingForData
    ) -> None:
        super().__init__()
        self.output, self.epochs, self._waiting, self.waited = output, epochs, waiting, 0.0
        self.steps_per_epoch, self.images_per_step = steps_per_epoch, images_per_step
        self._first: int | None = None  # step of the epoch that this start of the run made first
        self._epoch, self._steps, self._epoch_began = 0, 0, time.monotonic()
        self._last: dict[str, Any] = {}  # metrics that are known, of the epoch before until this one's are

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._epoch, self._first, self._steps, self._epoch_began = epoch, None, 0, time.monotonic()

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Note where in the epoch this start of the run began."""
        self._first = batch if self._first is None else self._first

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Report what status.json says."""
        self._steps = batch + 1 - (self._first or 0)
        self.waited = round(self._waiting.share, 3)
        self._last = logs or self._last
        facts = {
            "epoch": self._epoch + 1,
            "epochs": self.epochs,
            "step": batch + 1,
            "steps": self.steps_per_epoch,
            "images_per_second": self._rate(),
            "waiting_for_data": self.waited,
            "metrics": self._last,
        }
        self.output.status(facts)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Report what metrics.jsonl says."""
        seconds = round(time.monotonic() - self._epoch_began, 3)
        row = {"epoch": epoch + 1, **(logs or {}), "seconds": seconds, "images_per_second": self._rate()}
        self.output.epoch(row | ({"waiting_for_data": self.waited} if epoch >= 0 else {}), self.epochs)

    def _rate(self) -> float:
        return round(self._steps * self.images_per_step / (time.monotonic() - self._epoch_began), 1)


class Checkpointing(keras.callbacks.Callback):
    """Calls `save` after every epoch, and within an epoch when `minutes` have passed since the last time.

    It does not save between the last step of an epoch and its end: a run that went on from there would never validate
    that epoch.
    """

    def __init__(self, save: Callable[[], None], minutes: float, steps_per_epoch: int) -> None:
        super().__init__()
        self.save, self.seconds, self.steps_per_epoch = save, 60 * minutes, steps_per_epoch
        self._saved = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Save if it is time."""
        if batch + 1 < self.steps_per_epoch and time.monotonic() - self._saved >= self.seconds:
            self._save()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save."""
        self._save()

    def _save(self) -> None:
        self.save()
        self._saved = time.monotonic()


class KeepBest(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the best value of a metric; the lower loss decides between equals.

    Epoch 0 is the fitted head, without any training of the backbone: the simpler model, which an epoch has to surpass.

    Args:
        trainer: whose weights are kept.
        output: writes them; a worker that writes nothing only notes the epoch.
        metric: whose value on the validation images is compared.
    """

    def __init__(self, trainer: Trainer, output: RunOutput, metric: Metric) -> None:
        super().__init__()
        self.trainer, self.output, self.metric = trainer, output, metric

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keep the weights if they are the best so far."""
        self.output.settle()  # what is still being written settles which epoch is the best before this one
        if logs is not None and self._is_better(logs):
            found = {"epoch": epoch + 1} | {name: logs[name] for name in (self.metric.on_validation, "val_loss")}
            progress = self.trainer.progress
            before, progress.best = progress.best, found
            if self.output.writes:
                self._keep(found, before)

    def _is_better(self, logs: dict[str, float]) -> bool:
        best = self.trainer.progress.best
        if not best:
            return True
        if best["epoch"] == 0:
            return self._rank(logs)[0] > self._rank(best)[0]
        return self._rank(logs) > self._rank(best)

    def _rank(self, logs: dict[str, float]) -> tuple[float, float]:
        return self.metric.rank(logs[self.metric.on_validation]), -logs["val_loss"]

    def _keep(self, best: dict[str, Any], before: dict[str, Any]) -> None:
        with self.trainer.averaged_weights():
            weights = self.trainer.variables.weights()
        progress = self.trainer.progress

        def write() -> None:
            try:
                save_checkpoint(self.output.run.checkpoints, BEST, weights, best)
            except OSError:
                progress.best = before  # whose weights are on the disk
                raise

        self.output.write_beside(write)


class ReduceOnPlateau(keras.callbacks.Callback):
    """Lowers the learning rate when the validation loss has not been lower for some epochs."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self.trainer = trainer

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compare the loss with the lowest one."""
        progress = self.trainer.progress
        if logs is None:
            return
        if logs["val_loss"] < progress.lowest_loss:
            progress.lowest_loss, progress.waited = logs["val_loss"], 0
            return
        progress.waited += 1
        if progress.waited >= PLATEAU_EPOCHS:
            progress.waited = 0
            factor = learning_rate_schedule(self.trainer.optimizer).factor
            factor.assign(PLATEAU_FACTOR * factor)


class EarlyStopping(keras.callbacks.Callback):
    """Ends the run when the best epoch is `patience` epochs ago.

    Args:
        trainer: of the run.
        patience: epochs; 0: the run is not ended early.
        first_epoch: from which epoch on the patience counts; that of the last stage.
    """

    def __init__(self, trainer: Trainer, patience: int, first_epoch: int = 0) -> None:
        super().__init__()
        self.trainer, self.patience, self.first_epoch = trainer, patience, first_epoch

    def is_over(self, epochs_done: int) -> bool:
        """Whether the run is to end after this many epochs."""
        since = max(self.first_epoch, self.trainer.progress.best.get("epoch", 0))
        return bool(self.patience) and epochs_done - since >= self.patience

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Ask the trainer to stop if the patience is over."""
        self.trainer.model.stop_training |= self.is_over(epoch + 1)
