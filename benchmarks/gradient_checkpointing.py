"""What `--gradient-checkpointing` saves and costs on ResNet-152: memory for activations, and time a step.

    python benchmarks/gradient_checkpointing.py                    16 images of 224 pixels, five rounds
    python benchmarks/gradient_checkpointing.py --image-size 160 --batch-size 8

Each side trains in a process of its own, and they take turns. Memory is the largest that the process ever held beyond
what it held before its first step, when weights, optimiser and the step's graph are there; so the gradients count too.
Time is the median of the steps after the first one. About nine minutes on two cores, and 8 GB of memory.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from imgcls.processor import describe

ROOT = Path(__file__).parents[1]


def train(gradient_checkpointing: bool, image_size: int, batch_size: int, steps: int) -> None:
    """Print megabytes that activations needed at most, and seconds a step."""
    import keras
    import tensorflow as tf

    from imgcls.config import TrainingConfig
    from imgcls.models import build_model
    from imgcls.models.recursion import deep_networks
    from imgcls.training.devices.strategy import make_strategy
    from imgcls.training.optimizers import make_optimizer
    from imgcls.training.step import StepOptions
    from imgcls.training.trainer import Trainer

    keras.utils.set_random_seed(0)
    strategy = make_strategy("one_device")
    with deep_networks(), strategy.scope():
        trainer = Trainer(
            build_model("resnet152", (image_size, image_size, 3), num_classes=10),
            make_optimizer(TrainingConfig(optimizer="sgd"), 1e-4),
            strategy,
            batch_size=batch_size,
            options=StepOptions(gradient_checkpointing=gradient_checkpointing),
        )
        pixels = tf.random.uniform((batch_size, image_size, image_size, 3), 0, 255)
        images = pixels, tf.one_hot(tf.range(batch_size) % 10, 10), tf.ones(batch_size)
        trainer.step._run.get_concrete_function(*images)
        held, seconds = memory("VmRSS"), []
        for _ in range(steps + 1):
            began = time.perf_counter()
            float(trainer.step(*images).loss)
            seconds.append(time.perf_counter() - began)
    print(json.dumps({"megabytes": memory("VmHWM") - held, "seconds": statistics.median(seconds[1:])}))


def memory(line: str) -> float:
    """Megabytes that this process holds now (VmRSS) or has held at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(each.split()[1]) for each in lines if each.startswith(line)) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=2, help="timed in each process")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--side", choices=("plain", "checkpointed"), help="one side alone, in this process")
    options = parser.parse_args()
    if options.side:
        return train(options.side == "checkpointed", options.image_size, options.batch_size, options.steps)
    print(describe(), flush=True)
    memory, times = [], []
    for number in range(options.rounds):
        order = ("plain", "checkpointed") if number % 2 else ("checkpointed", "plain")
        found = {side: measured(side, options) for side in order}
        plain, checkpointed = found["plain"], found["checkpointed"]
        memory.append(checkpointed["megabytes"] / plain["megabytes"])
        times.append(checkpointed["seconds"] / plain["seconds"])
        print(
            f"round {number + 1}: {plain['megabytes']:.0f} to {checkpointed['megabytes']:.0f} MB of activations "
            f"({memory[-1]:.2f}), {plain['seconds']:.2f} to {checkpointed['seconds']:.2f} s a step ({times[-1]:.2f})",
            flush=True,
        )
    print(f"medians: memory {statistics.median(memory):.2f}, time {statistics.median(times):.2f}")
    return None


def measured(side: str, options: argparse.Namespace) -> dict:
    line = [sys.executable, __file__, "--side", side]
    for name in ("steps", "image_size", "batch_size"):
        line += [f"--{name.replace('_', '-')}", str(getattr(options, name))]
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
