"""What our training loop costs beside its own compiled step in an empty Python loop, and beside `train_on_batch`.

    python benchmarks/loop.py                       four networks, from a head on features to MobileNetV2
    python benchmarks/loop.py --networks lenet5 head --pairs 21

All sides get the same batch from memory, with the same weights, optimiser and loss, in one process, by turns: our loop
with one step a call and with as many as it chooses, the step alone, and Keras' `train_on_batch`. The loop does all that
a run does in each step: the counts, the sign of life in status.json, the look at the clock for checkpoints. Each round
gives one ratio of the loop's time to that of the others; 1.03 is 3 % slower. About ten minutes on two cores.
"""

import tempfile
import time
from dataclasses import dataclass

import numpy as np

from imgcls.cli import command
from imgcls.processor import describe

CASES = {  # shape of an example, examples a step; "head" is a Dense layer on features
    "resnet20": ((32, 32, 3), 64),
    "lenet5": ((32, 32, 1), 64),
    "mobilenet_v2": ((96, 96, 3), 32),
    "head": ((1280,), 64),
}
SECONDS = 4.0  # that one side of a round takes, about; beginning and ending an epoch is in it


@dataclass(frozen=True)
class Options:
    """What is timed."""

    networks: tuple[str, ...] = ("head", "lenet5", "resnet20", "mobilenet_v2")  # of CASES
    rounds: int = 7  # for each network


def main(options: Options) -> int:
    command.import_tensorflow()
    print(describe(), flush=True)
    for name in options.networks:
        shape, batch_size = CASES[name]
        sides = {
            "the loop, one step a call": LoopSteps(name, shape, batch_size, 1),
            "the loop, several steps a call": LoopSteps(name, shape, batch_size, 0),
            "the step alone": EmptyLoop(name, shape, batch_size),
            "train_on_batch": BareSteps(name, shape, batch_size),
        }
        for side in sides.values():
            side.seconds(10)  # tracing is not counted
        steps = max(5, round(SECONDS / sides["the step alone"].seconds(20) * 20))
        found = {kind: [] for kind in sides}
        for number in range(options.rounds):
            for kind in list(sides)[:: 1 if number % 2 else -1]:
                found[kind].append(1000 * sides[kind].seconds(steps) / steps)
        print(f"{name} {shape}, batch {batch_size}, {options.rounds} rounds of {steps} steps", flush=True)
        for kind, milliseconds in found.items():
            alone = np.array(milliseconds) / np.array(found["the step alone"])
            print(f"  {kind}: {np.median(milliseconds):.3f} ms; to the step alone {spread(alone)}", flush=True)
    return command.OK


def spread(values: np.ndarray) -> str:
    first, median, third = np.quantile(values, (0.25, 0.5, 0.75))
    return f"{median:.3f} ({first:.3f} to {third:.3f})"


def batch_of(shape: tuple[int, ...], batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    pixels = random.uniform(0, 255, (batch_size, *shape)).astype("float32")
    return pixels, np.eye(10, dtype="float32")[random.integers(0, 10, batch_size)]


def network(name: str, shape: tuple[int, ...]):
    import keras

    from imgcls.layers import ClassProbabilities
    from imgcls.models import build_model

    keras.utils.set_random_seed(0)
    if name != "head":
        return build_model(name, shape, num_classes=10)
    features = keras.Input(shape)
    logits = keras.layers.Dense(10, name="logits")(features)
    return keras.Model(features, ClassProbabilities([str(i) for i in range(10)], name="probabilities")(logits))


class BareSteps:
    """Keras' own `train_on_batch` on the logits, as our step computes them."""

    def __init__(self, name: str, shape: tuple[int, ...], batch_size: int):
        import keras
        import tensorflow as tf

        whole = network(name, shape)
        self.model = keras.Model(whole.input, whole.get_layer("logits").output)
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        self.model.compile(keras.optimizers.AdamW(1e-4), loss, metrics=["accuracy"])
        self.batch = [tf.constant(x) for x in batch_of(shape, batch_size)]
        self.model.train_on_batch(*self.batch)

    def seconds(self, steps: int) -> float:
        began = time.perf_counter()
        for _ in range(steps):
            self.model.train_on_batch(*self.batch)
        return time.perf_counter() - began


def make_trainer(name: str, shape: tuple[int, ...], batch_size: int, steps_per_call: int):
    from imgcls.config import TrainingConfig
    from imgcls.training.devices.strategy import make_strategy
    from imgcls.training.optimizers import make_optimizer
    from imgcls.training.step import StepOptions
    from imgcls.training.trainer import Trainer

    strategy, options = make_strategy("one_device"), StepOptions(steps_per_call=steps_per_call)
    with strategy.scope():
        optimizer = make_optimizer(TrainingConfig(), 1e-4)
        return Trainer(network(name, shape), optimizer, strategy, batch_size=batch_size, options=options)


class EmptyLoop:
    """Our compiled step, called again and again."""

    def __init__(self, name: str, shape: tuple[int, ...], batch_size: int):
        import tensorflow as tf

        self.step = make_trainer(name, shape, batch_size, 1).step
        self.batch = [tf.constant(x) for x in (*batch_of(shape, batch_size), np.ones(batch_size, "float32"))]

    def seconds(self, steps: int) -> float:
        began = time.perf_counter()
        for _ in range(steps):
            outcome = self.step(*self.batch)
        float(outcome.loss)
        return time.perf_counter() - began


class LoopSteps:
    """Our loop, with the callbacks that a run has in every step."""

    def __init__(self, name: str, shape: tuple[int, ...], batch_size: int, steps_per_call: int):
        import tensorflow as tf

        from imgcls.config import TrainConfig
        from imgcls.run_folder import RunFolder
        from imgcls.training.callbacks import Checkpointing, RunLog
        from imgcls.training.run_output import RunOutput

        self.folder = tempfile.TemporaryDirectory()
        run = RunFolder.create(TrainConfig(runs=self.folder.name, name="run"))
        self.trainer = make_trainer(name, shape, batch_size, steps_per_call)
        log = RunLog(RunOutput(run), 1, 1, batch_size, self.trainer.waiting)
        self.callbacks = [log, Checkpointing(lambda: None, minutes=10.0, steps_per_epoch=10**6)]
        pixels, targets = batch_of(shape, batch_size)
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
