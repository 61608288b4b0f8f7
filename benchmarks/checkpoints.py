"""What a checkpoint costs the training: the pause in which its values are copied, and the steps while it is written.

    python benchmarks/checkpoints.py --model resnet152

One process trains a network on one batch. By turns it makes steps with nothing else, steps after a checkpoint that is
written in place (as before the thread), and steps after one that is written beside them, until that is on the disk.
Printed are the medians of the rounds: a step, the pause of each, and how much longer a step takes while a checkpoint is
written. To reach: a checkpoint every ten minutes costs at most 5 % of the time.
"""

import statistics
import tempfile
import time
from dataclasses import dataclass

from imgcls.cli import command
from imgcls.processor import describe

EVERY = 600  # seconds, between checkpoints within an epoch


@dataclass(frozen=True)
class Options:
    """What is timed."""

    model: str = "resnet152"  # network
    image_size: int = 64  # pixels, square
    batch_size: int = 8  # images
    rounds: int = 5  # of each kind
    steps: int = 3  # without a checkpoint, in a round


def main(options: Options) -> int:
    """Time a step, and both ways to write a checkpoint; returns the exit code."""
    command.import_tensorflow()
    import tensorflow as tf

    from imgcls.config import TrainConfig
    from imgcls.models import build_model
    from imgcls.models.recursion import deep_networks
    from imgcls.run_folder import RunFolder
    from imgcls.training.checkpoints import save_checkpoint, step_name
    from imgcls.training.devices.strategy import make_strategy
    from imgcls.training.optimizers import make_optimizer
    from imgcls.training.run_output import RunOutput
    from imgcls.training.trainer import Trainer

    config, strategy, size = TrainConfig(), make_strategy("one_device"), options.image_size
    with deep_networks(), strategy.scope():
        model = build_model(options.model, (size, size, 3), num_classes=10)
        trainer = Trainer(model, make_optimizer(config.training, 1e-4), strategy, batch_size=options.batch_size)
    pixels = tf.random.uniform((options.batch_size, size, size, 3), 0, 255)
    batch = pixels, tf.one_hot(tf.range(options.batch_size) % 10, 10), tf.ones(options.batch_size)
    numbers = iter(range(10**6))

    def step() -> float:
        began = time.perf_counter()
        float(trainer.step(*batch).loss)
        return time.perf_counter() - began

    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder.create(TrainConfig(runs=folder))
        output = RunOutput(run)

        def write(beside: bool) -> tuple[float, list[float]]:
            """The pause, and the seconds of the steps until the checkpoint is on the disk."""
            began, name = time.perf_counter(), step_name(next(numbers))
            arrays, state = trainer.state()
            work = lambda: save_checkpoint(run.checkpoints, name, arrays, state)  # noqa: E731
            (output.write_beside if beside else output.write)(work)
            pause, steps = time.perf_counter() - began, []
            while beside and not (run.checkpoints / name).exists():
                steps.append(step())
            output.settle()
            return pause, steps

        step(), step()
        alone, in_place, pauses, meanwhile = [], [], [], []
        for _ in range(options.rounds):
            alone += [step() for _ in range(options.steps)]
            in_place.append(write(beside=False)[0])
            pause, steps = write(beside=True)
            pauses.append(pause)
            meanwhile.append(sum(steps) - len(steps) * statistics.median(alone))
    cost = statistics.median(pauses) + statistics.median(meanwhile)
    print(describe())
    print(f"{options.model}: a step of {options.batch_size} images takes {statistics.median(alone):.2f} s")
    print(f"in place: a pause of {_said(in_place)} s for each checkpoint, {_share(statistics.median(in_place))}")
    print(f"beside: a pause of {_said(pauses)} s, and {_said(meanwhile)} s more in the steps, {_share(cost)}")
    return 0


def _said(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


def _share(seconds: float) -> str:
    return f"{100 * seconds / EVERY:.2f} % of the time with one every {EVERY / 60:.0f} minutes"


if __name__ == "__main__":
    command.run(main, Options, __doc__)
