"""What a run tells while it runs, as Keras callbacks: the terminal's line, the metrics file, the sign of life."""

import time
from collections.abc import Callable
from dataclasses import asdict

import keras

from imgcls.framework_internals import learning_rate_schedule
from imgcls.metrics import Metric
from imgcls.run_folder import BEST, RunFolder
from imgcls.training.checkpoints import save_checkpoint
from imgcls.training.loop import Loop

SIGN_OF_LIFE = 1.0  # seconds between two
PLATEAU_EPOCHS, PLATEAU_FACTOR = 3, 0.2  # without a lower validation loss, and what the learning rate is then times


class RunLog(keras.callbacks.Callback):
    """Writes metrics.jsonl, a line an epoch, and status.json, about once a second.

    write: calls what it is given, and warns where the disk refuses.
    on_step, on_epoch: get what was written, as a dictionary, for those who watch.
    """

    def __init__(
        self,
        run: RunFolder,
        *,
        epochs: int,
        steps_per_epoch: int,
        images_per_step: int,
        write: Callable[[Callable[[], None]], None],
        on_step: Callable[[dict], None],
        on_epoch: Callable[[dict], None],
    ):
        super().__init__()
        self.run, self.epochs, self.steps_per_epoch = run, epochs, steps_per_epoch
        self.images_per_step = images_per_step
        self.write, self.on_step, self.on_epoch = write, on_step, on_epoch
        self._epoch, self._steps, self._epoch_began, self._told = 0, 0, time.monotonic(), 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._steps, self._epoch_began = epoch, 0, time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        self._steps += 1
        facts = {
            "epoch": self._epoch + 1,
            "epochs": self.epochs,
            "step": batch + 1,
            "steps": self.steps_per_epoch,
            "images_per_second": self._rate(),
            "metrics": logs or {},
        }
        self.on_step(facts)
        if time.monotonic() - self._told >= SIGN_OF_LIFE:
            self._told = time.monotonic()
            self.write(lambda: self.run.write_status("training", **facts))

    def on_epoch_end(self, epoch, logs=None):
        seconds = round(time.monotonic() - self._epoch_began, 3)
        row = {"epoch": epoch + 1, **(logs or {}), "seconds": seconds, "images_per_second": self._rate()}
        self.write(lambda: self.run.append_metrics(row))
        self.on_epoch({**row, "epochs": self.epochs})

    def _rate(self) -> float:
        return round(self._steps * self.images_per_step / (time.monotonic() - self._epoch_began), 1)


class Interrupted(Exception):
    """The run is to end, while it does something that is not an epoch."""


class Doing:
    """Tells what a run does between epochs: callable with what that is, how much of it is done, and of how much.

    write, on_step: as `RunLog` has them. is_over: asked each time; if it says so, `Interrupted` is raised.
    """

    def __init__(self, run: RunFolder, write: Callable[[Callable[[], None]], None], on_step: Callable[[dict], None]):
        self.run, self.write, self.on_step = run, write, on_step
        self.is_over = lambda: False
        self._told = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        if self.is_over():
            raise Interrupted
        facts = {"doing": what, "done": done, "total": total}
        self.on_step(facts)
        if time.monotonic() - self._told >= SIGN_OF_LIFE:
            self._told = time.monotonic()
            self.write(lambda: self.run.write_status("training", **facts))


class Checkpointing(keras.callbacks.Callback):
    """Calls `save` after every epoch, and within an epoch when `minutes` have passed since the last time.

    Not between an epoch's last step and its end: a run that went on from there would never judge that epoch.
    """

    def __init__(self, save: Callable[[], None], minutes: float, steps_per_epoch: int):
        super().__init__()
        self.save, self.seconds, self.steps_per_epoch = save, 60 * minutes, steps_per_epoch
        self._saved = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 < self.steps_per_epoch and time.monotonic() - self._saved >= self.seconds:
            self._save()

    def on_epoch_end(self, epoch, logs=None):
        self._save()

    def _save(self):
        self.save()
        self._saved = time.monotonic()


class KeepBest(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the best value of a metric; the lower loss decides between equals.

    Epoch 0 is the fitted head, without any training of the network: the simpler model, which an epoch has to surpass.

    writes: False for a worker that is not the first, which only notes the epoch.
    """

    def __init__(
        self,
        loop: Loop,
        run: RunFolder,
        write: Callable[[Callable[[], None]], None],
        metric: Metric,
        writes: bool = True,
    ):
        super().__init__()
        self.loop, self.run, self.write, self.metric, self.writes = loop, run, write, metric, writes

    def on_epoch_end(self, epoch, logs=None):
        if self._is_better(logs):
            found = {"epoch": epoch + 1} | {name: logs[name] for name in (self.metric.on_validation, "val_loss")}
            if self.writes:
                self.write(lambda: self._keep(found))
            else:
                self.loop.progress.best = found

    def _is_better(self, logs: dict[str, float]) -> bool:
        best = self.loop.progress.best
        if not best:
            return True
        if best["epoch"] == 0:
            return self._rank(logs)[0] > self._rank(best)[0]
        return self._rank(logs) > self._rank(best)

    def _rank(self, logs: dict[str, float]) -> tuple[float, float]:
        return self.metric.rank(logs[self.metric.on_validation]), -logs["val_loss"]

    def _keep(self, best: dict) -> None:
        with self.loop.averaged_weights():
            save_checkpoint(self.run.checkpoints, BEST, self.loop.weights(), best)
        self.loop.progress.best = best  # only once it is on the disk


class LowerOnPlateau(keras.callbacks.Callback):
    """Lowers the learning rate when the validation loss has not been lower for some epochs."""

    def __init__(self, loop: Loop):
        super().__init__()
        self.loop = loop

    def on_epoch_end(self, epoch, logs=None):
        progress = self.loop.progress
        if logs["val_loss"] < progress.lowest_loss:
            progress.lowest_loss, progress.waited = logs["val_loss"], 0
            return
        progress.waited += 1
        if progress.waited >= PLATEAU_EPOCHS:
            progress.waited = 0
            factor = learning_rate_schedule(self.loop.optimizer).factor
            factor.assign(PLATEAU_FACTOR * factor)


class Patience(keras.callbacks.Callback):
    """Ends the run when the best epoch is `epochs` epochs ago; a stage of the run has the patience anew."""

    def __init__(self, loop: Loop, epochs: int):
        super().__init__()
        self.loop, self.epochs, self.first_epoch = loop, epochs, 0

    def is_over(self, epochs_done: int) -> bool:
        since = max(self.first_epoch, self.loop.progress.best.get("epoch", 0))
        return bool(self.epochs) and epochs_done - since >= self.epochs

    def on_epoch_end(self, epoch, logs=None):
        self.loop.model.stop_training |= self.is_over(epoch + 1)


class MLflowLog(keras.callbacks.Callback):
    """Tells MLflow the run's config and each epoch's metrics. Raises ValueError if MLflow is not installed."""

    def __init__(self, run: RunFolder, first_epoch: int):
        super().__init__()
        try:
            import mlflow
        except ImportError as error:
            raise ValueError("--mlflow needs MLflow: pip install imgcls[mlflow]") from error
        self.mlflow, self.run, self.first_epoch = mlflow, run, first_epoch

    def on_train_begin(self, logs=None):
        self.mlflow.start_run(run_name=self.run.path.name)
        if self.first_epoch == 0:
            for section, values in asdict(self.run.config).items():
                values = values if isinstance(values, dict) else {section: values}
                self.mlflow.log_params({f"{section}.{name}": value for name, value in values.items()})

    def on_epoch_end(self, epoch, logs=None):
        self.mlflow.log_metrics(logs or {}, step=epoch + 1)

    def on_train_end(self, logs=None):
        self.mlflow.end_run()
