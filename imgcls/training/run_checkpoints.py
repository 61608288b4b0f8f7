"""The checkpoints of one run, and the model that is made of the best one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy

from imgcls.command_line import command_line
from imgcls.files import replacing
from imgcls.models import keras_file
from imgcls.models.auxiliary import without_auxiliary_heads
from imgcls.run_folder import BEST
from imgcls.training.checkpoints import (
    Checkpoint,
    check_same,
    load_checkpoint,
    load_latest,
    remove_half_written,
    save_checkpoint,
    step_name,
)
from imgcls.training.devices.precision import as_float32
from imgcls.training.devices.strategy import sync_batch_normalization
from imgcls.training.measurements import Measurements
from imgcls.training.run_output import RunOutput, reason
from imgcls.training.trainer import Trainer

FIXED = "fixed"  # name of the checkpoint with the weights that no stage changes; written once


class RunCheckpoints:
    """The checkpoints of one run.

    Args:
        output: of the run; a worker that is not the first writes nothing.
        trainer: whose state is kept.
        measured: what the run measured, which is kept too.
        class_names: of the run; a checkpoint with others is refused.
    """

    def __init__(self, output: RunOutput, trainer: Trainer, measured: Measurements, class_names: Sequence[str]) -> None:
        self.run, self.output, self.trainer, self.measured = output.run, output, trainer, measured
        self.folder = self.run.checkpoints
        self._identity = {"network": trainer.model.name, "class_names": list(class_names)}

    def restore(self, saved: Checkpoint | None) -> None:
        """Go on from a checkpoint; without one, write down what no stage changes.

        Args:
            saved: the latest checkpoint.

        Raises:
            ValueError: it is of another network or of other classes.
        """
        variables = self.trainer.variables
        if self.output.writes:
            remove_half_written(self.folder)
        if saved:
            check_same(saved.state, self._identity)
            if (self.folder / FIXED).is_dir():
                variables.set_weights(load_checkpoint(self.folder / FIXED).arrays)
            self.trainer.restore(saved.arrays, saved.state)
        elif variables.fixed_weights():
            self.output.write(lambda: save_checkpoint(self.folder, FIXED, variables.fixed_weights(), {}))

    def save(self) -> None:
        """Write down everything that the run needs to go on, beside the training; `RunOutput.settle` waits for it."""
        (arrays, state), progress = self.trainer.state(), self.trainer.progress
        state = deepcopy(state | self.measured.to_state() | self._identity)
        name = step_name(progress.step)
        self.output.write_beside(lambda: save_checkpoint(self.folder, name, arrays, {**state, "best": progress.best}))

    def save_model(self) -> None:
        """Write the model of the best epoch, in float32 and without auxiliary heads.

        Raises:
            OSError: the disk refuses; the sentence says how to go on.
        """
        if not self.output.writes:
            return
        self.trainer.variables.set_weights(load_checkpoint(self.folder / BEST).arrays)
        model = without_auxiliary_heads(self.trainer.model)
        as_float32(model)
        sync_batch_normalization(model, False)
        try:
            with replacing(self.run.model_file, durable=True) as partial:
                keras_file.save(model, partial)
        except OSError as error:
            raise OSError(
                f"The model could not be written to {self.run.model_file}: {reason(error)}. Its checkpoint is whole; "
                f"make room, then: {command_line('train', '--resume', self.run.path)}"
            ) from error

    @contextmanager
    def offered_if_not_finite(self) -> Iterator[None]:
        """Within, an error because the loss is not finite says how the run can go on from before that."""
        try:
            yield
        except FloatingPointError as error:
            self.output.settle()
            whole = load_latest(self.folder)
            where = f"from its last good checkpoint, of step {whole.state['step']}" if whole else "from its beginning"
            rate = f"{self.run.config.training.learning_rate / 10:g}"
            go_on = command_line("train", "--resume", self.run.path, "--learning-rate", rate)
            raise FloatingPointError(f"{error} Go on {where}: {go_on}") from error
