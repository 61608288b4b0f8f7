"""What our training loop costs beside bare `train_on_batch` of the same network on one device.

    python benchmarks/loop.py                       resnet20 at 32 pixels and mobilenet_v2 at 96
    python benchmarks/loop.py --pairs 21

Both sides get the same batch from memory, with the same weights, optimiser, loss and accuracy, in one process, by
turns. The loop does all that a run does in each step: the counts, the sign of life in status.json, the look at the
clock for checkpoints. Each pair gives one ratio of ours to theirs; 1.03 is 3 % slower. About six minutes on two
cores.
"""

import tempfile
import time
from dataclasses import dataclass

import numpy as np

from imgcls.cli import command
from imgcls.processor import describe

CASES = (("resnet20", 32, 64), ("mobilenet_v2", 96, 32))  # architecture, pixels, images a step
SECONDS = 8.0  # that one side of a pair takes, about; beginning and ending an epoch is in it


@dataclass(frozen=True)
class Options:
    """What is timed."""

    pairs: int = 9  # for each network


def main(options: Options) -> int:
    command.import_tensorflow()
    print(describe(), flush=True)
    for name, size, batch_size in CASES:
        theirs, ours = BareSteps(name, size, batch_size), LoopSteps(name, size, batch_size)
        ours.seconds(10), theirs.seconds(10)  # tracing is not counted
        steps = max(5, round(SECONDS / theirs.seconds(10) * 10))
        ratios, milliseconds = [], []
        for pair in range(options.pairs):
            seconds = {side: side.seconds(steps) for side in ((ours, theirs) if pair % 2 else (theirs, ours))}
            ratios.append(seconds[ours] / seconds[theirs])
            milliseconds.append(1000 * seconds[theirs] / steps)
        first, median, third = np.quantile(ratios, (0.25, 0.5, 0.75))
        print(
            f"{name}, {size} pixels, batch {batch_size}: train_on_batch {np.median(milliseconds):.1f} ms; ours to it "
            f"{median:.3f} ({first:.3f} to {third:.3f}), {options.pairs} pairs of {steps} steps",
            flush=True,
        )
    return command.OK


def batch_of(size: int, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    pixels = random.uniform(0, 255, (batch_size, size, size, 3)).astype("float32")
    return pixels, np.eye(10, dtype="float32")[random.integers(0, 10, batch_size)]


def network(name: str, size: int):
    import keras

    from imgcls.models import build_model

    keras.utils.set_random_seed(0)
    return build_model(name, (size, size, 3), num_classes=10)


class BareSteps:
    """Keras' own `train_on_batch` on the logits, as our step computes them."""

    def __init__(self, name: str, size: int, batch_size: int):
        import keras
        import tensorflow as tf

        whole = network(name, size)
        self.model = keras.Model(whole.input, whole.get_layer("logits").output)
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        self.model.compile(keras.optimizers.AdamW(1e-4), loss, metrics=["accuracy"])
        self.batch = [tf.constant(x) for x in batch_of(size, batch_size)]
        self.model.train_on_batch(*self.batch)

    def seconds(self, steps: int) -> float:
        began = time.perf_counter()
        for _ in range(steps):
            self.model.train_on_batch(*self.batch)
        return time.perf_counter() - began


class LoopSteps:
    """Our loop, with the callbacks that a run has in every step."""

    def __init__(self, name: str, size: int, batch_size: int):
        import tensorflow as tf

        from imgcls.config import TrainConfig, TrainingConfig
        from imgcls.run_folder import RunFolder
        from imgcls.training.callbacks import Checkpointing, RunLog
        from imgcls.training.devices.strategy import make_strategy
        from imgcls.training.optimizers import make_optimizer
        from imgcls.training.run_output import RunOutput
        from imgcls.training.trainer import Trainer

        self.folder = tempfile.TemporaryDirectory()
        run = RunFolder.create(TrainConfig(runs=self.folder.name, name="run"))
        strategy = make_strategy("one_device")
        with strategy.scope():
            optimizer = make_optimizer(TrainingConfig(), 1e-4)
            self.trainer = Trainer(network(name, size), optimizer, strategy, batch_size=batch_size)
        log = RunLog(RunOutput(run), epochs=1, steps_per_epoch=1, images_per_step=batch_size)
        self.callbacks = [log, Checkpointing(lambda: None, minutes=10.0, steps_per_epoch=10**6)]
        pixels, targets = batch_of(size, batch_size)
        batch = (np.arange(batch_size), pixels, targets, np.ones(batch_size, "float32"))
        options = tf.data.Options()
        options.autotune.enabled = False  # as in every chain of ours; it would make the end of an epoch wait
        self.batches = tf.data.Dataset.from_tensors(batch).repeat().with_options(options)
        self.epochs = 0

    def seconds(self, steps: int) -> float:
        self.epochs += 1
        self.trainer.progress.step = (self.epochs - 1) * steps  # the next epoch, whatever its length
        began = time.perf_counter()
        self.trainer.train(
            self.batches, steps, self.epochs, validate=lambda: {"val_loss": 0.0}, callbacks=self.callbacks
        )
        return time.perf_counter() - began


if __name__ == "__main__":
    command.run(main, Options, __doc__)
