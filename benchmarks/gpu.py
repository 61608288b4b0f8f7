"""Training steps a second on one GPU: layouts, precisions, XLA, repeatable operations, and the loop around the step.

    python benchmarks/gpu.py                                    ResNet-50 at 224 pixels, 128 images a step
    python benchmarks/gpu.py --model mobilenet_v2 --batch-size 256
    python benchmarks/gpu.py --cases xla loop_xla --results rates.json
    python benchmarks/gpu.py --cases files_xla --images FOLDER         read from JPEG files, cropped and mirrored

`benchmarks/gpu_torch.py` is timm's side, for another environment on the same card. A case makes its step many times
on one batch, with SGD, momentum and cross-entropy, and reads once at the end of a round. In the cases that begin with
"loop" and the ones after them, `Trainer.train` takes the batch from the host's memory in each step, or reads it from
files, as a run does. Printed are medians and quartiles of the rounds in images a second; --results has them as they
come. Cases that ask TensorFlow for repeatable operations come last, because that cannot be taken back.
"""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgcls.cli import command


@dataclass(frozen=True)
class Case:
    """One way to make a step."""

    xla: bool = False
    data_format: str = "channels_last"
    precision: str = "bfloat16"
    loop: bool = False
    repeatable: bool = False
    waits: bool = False  # the host reads the loss in each step
    steps_per_call: int = 0
    late: bool = False  # each batch is copied when its step asks for it
    pixels: str = "float32"
    augmentation: str = ""  # preset, with which the loop reads the files of --images


CASES = {
    "xla": Case(xla=True),
    "plain": Case(),
    "plain_first": Case(data_format="channels_first"),
    "xla_first": Case(xla=True, data_format="channels_first"),
    "plain_waits": Case(waits=True),
    "loop_xla": Case(xla=True, loop=True),
    "loop_plain": Case(loop=True),
    "loop_plain_one": Case(loop=True, steps_per_call=1),
    "late_xla": Case(xla=True, loop=True, late=True),
    "float16_xla": Case(xla=True, loop=True, pixels="float16"),
    "uint8_xla": Case(xla=True, loop=True, pixels="uint8"),
    "files_xla": Case(xla=True, loop=True, augmentation="light"),
    "files_standard_xla": Case(xla=True, loop=True, augmentation="standard"),
    "float32": Case(precision="float32"),
    "xla_float32": Case(xla=True, precision="float32"),
    "repeatable_xla": Case(xla=True, repeatable=True),
    "repeatable_plain": Case(repeatable=True),
}


@dataclass(frozen=True)
class Options:
    """What is timed."""

    cases: tuple[str, ...] = ("xla", "plain", "plain_first", "loop_xla", "loop_plain", "repeatable_xla")  # of CASES
    model: str = "resnet50"  # architecture
    image_size: int = 224  # pixels
    batch_size: int = 128  # images
    rounds: int = 5  # of each case
    seconds: float = 1.0  # that a round takes, about
    images: Path | None = None  # folder of JPEG files, for the cases that read them
    label: str = "ours"  # what the rows are called
    results: Path | None = None  # JSON lines; each case is written when it is done


def main(options: Options) -> int:
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    command.import_tensorflow()
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    card = tf.config.experimental.get_device_details(gpus[0]).get("device_name") if gpus else "no GPU"
    print(f"TensorFlow {tf.__version__}, {card}", flush=True)
    for name in sorted(options.cases, key=lambda name: CASES[name].repeatable):
        row = {"side": options.label, "case": name, "model": options.model, "batch": options.batch_size, "card": card}
        try:
            row |= measured(options, CASES[name])
        except Exception as error:  # the other cases are measured in any case
            row |= {"error": f"{type(error).__name__}: {str(error)[:1500]}"}
        print(json.dumps(row), flush=True)
        if options.results is not None:
            with options.results.open("a") as file:
                file.write(json.dumps(row) + "\n")
    return command.OK


def measured(options: Options, case: Case) -> dict[str, object]:
    """The images a second of a case, and how long it took to prepare."""
    import tensorflow as tf

    if case.repeatable:
        tf.config.experimental.enable_op_determinism()
    began = time.perf_counter()
    side = Side(options, case)
    side.seconds(2)
    prepared = time.perf_counter() - began
    side.seconds(3)
    steps = max(5, round(options.seconds / side.seconds(10) * 10))
    rates = [steps * options.batch_size / side.seconds(steps) for _ in range(options.rounds)]
    first, median, third = (round(float(x), 1) for x in np.quantile(rates, (0.25, 0.5, 0.75)))
    found = {
        "images_per_second": median,
        "quartiles": [first, third],
        "ms": round(1000 * options.batch_size / median, 3),
    }
    gpus = tf.config.list_physical_devices("GPU")
    peak = tf.config.experimental.get_memory_info("GPU:0")["peak"] / 1e9 if gpus else 0.0
    return found | {"steps": steps, "prepared_s": round(prepared, 1), "peak_gb": round(peak, 2)}


class Side:
    """One trainer with its batch."""

    def __init__(self, options: Options, case: Case):
        import tensorflow as tf

        self.case, self.epochs = case, 0
        self.trainer = make_trainer(options, case)
        if case.late:
            self.trainer.batches.ahead = lambda batches: batches
            self.trainer.batches.place = "CPU:0"
            self.trainer.prepare_step()
        if case.augmentation:
            self.batches = batches_of_files(options, case.augmentation)
            return
        random = np.random.default_rng(0)
        size, count = options.image_size, options.batch_size
        pixels = random.uniform(0, 255, (count, size, size, 3)).astype(case.pixels)
        targets = np.eye(1000, dtype="float32")[random.integers(0, 1000, count)]
        batch = (np.arange(count), pixels, targets, np.ones(count, "float32"))
        if case.loop:
            nothing = tf.data.Options()
            nothing.autotune.enabled = False
            self.batches = tf.data.Dataset.from_tensors(batch).cache().repeat().with_options(nothing).prefetch(2)
        else:
            with tf.device(self.trainer.strategy.extended.worker_devices[0]):
                self.batch = [tf.identity(tf.constant(x)) for x in batch[1:]]

    def seconds(self, steps: int) -> float:
        began = time.perf_counter()
        if self.case.loop:
            self.epochs += 1
            self.trainer.progress.step = (self.epochs - 1) * steps
            self.trainer.train(self.batches, steps, self.epochs, validate=dict)
            return time.perf_counter() - began
        for _ in range(steps):
            outcome = self.trainer.step(*self.batch)
            if self.case.waits:
                float(outcome.loss), bool(outcome.updated), float(outcome.correct)
        float(outcome.loss)
        np.asarray(self.trainer.optimizer.iterations)
        return time.perf_counter() - began


def batches_of_files(options: Options, augmentation: str):
    """The batches of a run on the files of --images, without end."""
    from imgcls.data.augmentation import Augmentation, from_preset
    from imgcls.data.batches.examples import LabeledImages
    from imgcls.data.batches.pipeline import BatchOptions, training_batches
    from imgcls.data.images.preprocessing import Preprocessing

    paths = sorted(options.images.rglob("*.jpg")) if options.images else []
    if not paths:
        raise ValueError("There are no JPEG files. Name their folder: --images FOLDER.")
    return training_batches(
        LabeledImages(paths, np.arange(len(paths)) % 1000, 1000),
        Preprocessing(options.image_size, options.image_size),
        BatchOptions(options.batch_size, 0, augmentation=Augmentation(from_preset(augmentation)), rounded=True),
        steps=10**9,
    )


def make_trainer(options: Options, case: Case):
    import keras

    from imgcls.config import TrainingConfig
    from imgcls.layer_precision import layers_in
    from imgcls.models import NetworkOptions, build_model
    from imgcls.training.devices.strategy import make_strategy
    from imgcls.training.optimizers import make_optimizer
    from imgcls.training.step import StepOptions
    from imgcls.training.trainer import Trainer

    keras.backend.clear_session()
    size, known = options.image_size, StepOptions.__dataclass_fields__
    several = {"steps_per_call": case.steps_per_call} if "steps_per_call" in known else {}
    strategy = make_strategy("one_device")
    with layers_in(case.precision), strategy.scope():
        model = build_model(
            options.model, (size, size, 3), num_classes=1000, options=NetworkOptions(data_format=case.data_format)
        )
        optimizer = make_optimizer(TrainingConfig(optimizer="sgd"), 1e-3)
        step = StepOptions(xla=case.xla, **several)
        return Trainer(model, optimizer, strategy, batch_size=options.batch_size, options=step)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
