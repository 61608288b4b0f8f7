"""Ten epochs on all of Fashion-MNIST: our loop against Keras' `fit`, with the same network and tf.data chain.

    apt-get install dataset-fashion-mnist
    python benchmarks/whole_run.py                   three rounds, about ten minutes on two cores
    python benchmarks/whole_run.py --autotune off    fit without tf.data's autotuning

Each side is a process of its own, start-up included; they take turns. The network is LeNet-5 with ReLU on images
padded to 32 pixels, batches of 128, Adam, validation on the 10,000 test images after each epoch. Our side also does
what a run does: status, metrics, a checkpoint each epoch and the best epoch kept.

`fit` makes a new iterator each epoch and waits until the autotuning of the old one wakes up, which it does 0.01 s times
(2^k - 1) after it began; so what it loses depends on how long an epoch takes. Our loop has one iterator a run, and its
chain has autotuning switched off, as `imgcls.data.batches.pipeline` does.
"""

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from imgcls.processor import describe

ROOT = Path(__file__).parents[1]
SOURCE = Path("/usr/share/datasets/fashion-mnist")
HEADS = {"images": 16, "labels": 8}  # bytes before the data of an IDX file
BATCH, SIZE = 128, 32


def arrays(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 32, 32, 1) uint8 and one-hot labels (N, 10) of "train" or "t10k"."""
    read = {}
    for kind, head in HEADS.items():
        (file,) = SOURCE.glob(f"{part}-{kind}-*.gz")
        read[kind] = np.frombuffer(gzip.decompress(file.read_bytes())[head:], np.uint8)
    images = np.pad(read["images"].reshape(-1, 28, 28, 1), ((0, 0), (2, 2), (2, 2), (0, 0)))
    return images, np.eye(10, dtype="float32")[read["labels"]]


def chain(images: np.ndarray, labels: np.ndarray, training: bool):
    """Batches (pixels, targets) of one epoch: shuffled, mirrored at random and whole in training."""
    import tensorflow as tf

    def prepared(pixels, targets):
        pixels = tf.cast(pixels, tf.float32)
        return (tf.image.random_flip_left_right(pixels) if training else pixels), targets

    dataset = tf.data.Dataset.from_tensor_slices((images, labels))
    dataset = dataset.shuffle(len(images), seed=0) if training else dataset
    dataset = dataset.batch(BATCH, drop_remainder=training).map(prepared, tf.data.AUTOTUNE)
    return dataset.prefetch(tf.data.AUTOTUNE)


def without_autotuning(dataset):
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def network():
    import keras

    from imgcls.models import build_model

    keras.utils.set_random_seed(0)
    return build_model("lenet5_relu", (SIZE, SIZE, 1), num_classes=10)


def with_fit(epochs: int, autotune: bool) -> None:
    import keras

    whole = network()
    model = keras.Model(whole.input, whole.get_layer("logits").output)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.001), loss, metrics=["accuracy"])
    training, validation = chain(*arrays("train"), True), chain(*arrays("t10k"), False)
    if not autotune:
        training, validation = without_autotuning(training), without_autotuning(validation)
    history = model.fit(training, validation_data=validation, epochs=epochs, verbose=0)
    print(json.dumps(max(history.history["val_accuracy"])))


def with_loop(epochs: int, folder: str) -> None:
    import tensorflow as tf

    from imgcls.config import TrainConfig, TrainingConfig
    from imgcls.metrics import METRICS, Predictions, measure_validation
    from imgcls.run_folder import RunFolder
    from imgcls.training.callbacks import Checkpointing, KeepBest, RunLog
    from imgcls.training.checkpoints import save_checkpoint, step_name
    from imgcls.training.devices.strategy import make_strategy
    from imgcls.training.optimizers import make_optimizer
    from imgcls.training.run_output import RunOutput
    from imgcls.training.trainer import Trainer

    run = RunFolder.create(TrainConfig(runs=folder, name="run"))
    strategy = make_strategy("one_device")
    with strategy.scope():
        optimizer = make_optimizer(TrainingConfig(optimizer="adam"), 0.001)
        trainer = Trainer(network(), optimizer, strategy, batch_size=BATCH)
    (images, labels), (tests, known) = arrays("train"), arrays("t10k")
    steps = len(images) // BATCH

    def with_places(step, batch):
        return step * BATCH + tf.range(BATCH, dtype=tf.int64), *batch, tf.ones(BATCH)

    training = chain(images, labels, True).repeat(epochs).enumerate().map(with_places)
    validation = without_autotuning(chain(tests, known, False))

    def validate() -> dict[str, float]:
        _, logits = trainer.predict((np.arange(len(pixels)), pixels) for pixels, _ in validation)
        return measure_validation(Predictions.from_logits(known.argmax(1), logits))

    def save() -> None:
        save_checkpoint(run.checkpoints, step_name(trainer.progress.step), *trainer.state())

    output = RunOutput(run)
    log = RunLog(output, epochs, steps, BATCH, trainer.waiting)
    callbacks = [KeepBest(trainer, output, METRICS["accuracy"]), log, Checkpointing(save, 10.0, steps)]
    trainer.train(without_autotuning(training.prefetch(2)), steps, epochs, validate=validate, callbacks=callbacks)
    print(json.dumps(max(row["val_accuracy"] for row in run.metrics())))


def timed(side: str, epochs: int, autotune: str) -> tuple[float, float]:
    """Seconds and best validation accuracy of one side in a process of its own."""
    line = [sys.executable, __file__, "--side", side, "--epochs", str(epochs), "--autotune", autotune]
    began = time.perf_counter()
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return time.perf_counter() - began, json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--autotune", choices=("on", "off"), default="on", help="of fit's chain")
    parser.add_argument("--side", choices=("loop", "fit"), help="one side alone, in this process")
    options = parser.parse_args()
    if options.side == "fit":
        return with_fit(options.epochs, options.autotune == "on")
    if options.side == "loop":
        with tempfile.TemporaryDirectory() as folder:
            return with_loop(options.epochs, folder)
    print(describe(), flush=True)
    ratios = []
    for number in range(options.rounds):
        order = ("loop", "fit") if number % 2 else ("fit", "loop")
        found = {side: timed(side, options.epochs, options.autotune) for side in order}
        ratios.append(found["fit"][0] / found["loop"][0])
        text = ", ".join(f"{side} {found[side][0]:.1f} s ({100 * found[side][1]:.1f} %)" for side in ("fit", "loop"))
        print(f"round {number + 1}: {text}: {ratios[-1]:.2f} times as fast", flush=True)
    quartiles = np.quantile(ratios, (0.25, 0.75))
    print(f"median {statistics.median(ratios):.2f} ({quartiles[0]:.2f} to {quartiles[1]:.2f})")
    return None


if __name__ == "__main__":
    main()
