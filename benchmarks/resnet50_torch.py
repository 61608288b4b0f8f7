"""A training step of ResNet-50 at 224 pixels: ours at its best precision against PyTorch's (timm) at its best.

    python benchmarks/resnet50_torch.py --torch-python OTHER/bin/python

OTHER is an environment of its own with `torch` and `timm` (processors are enough); nothing of it is needed here. timm's
`resnet50` runs channels_last in float32, in bfloat16 (autocast), and compiled in the faster of the two (needs a C++
compiler; left out with what it says where it fails). Both sides have SGD with momentum and cross-entropy on one batch
from memory. Each side is a process that stays warm and is told to make steps, by turns. Printed are the medians of
images a second, and the median of the paired ratios of our best to their best. About nine minutes on two cores.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgcls.cli import command
from imgcls.processor import describe

ROOT = Path(__file__).parents[1]
OURS = r"""
import sys, time
import keras, tensorflow as tf
from imgcls.config import TrainingConfig
from imgcls.models import build_model
from imgcls.training.trainer import Trainer
from imgcls.training.optimizers import make_optimizer
from imgcls.layer_precision import layers_in
from imgcls.training.devices.strategy import make_strategy

precision, batch = sys.argv[1], int(sys.argv[2])
strategy = make_strategy("one_device")
with layers_in(precision), strategy.scope():
    model = build_model("resnet50", (224, 224, 3), num_classes=1000)
    trainer = Trainer(model, make_optimizer(TrainingConfig(optimizer="sgd"), 1e-3), strategy, batch_size=batch)
pixels, labels = tf.random.uniform((batch, 224, 224, 3), 0, 255), tf.one_hot(tf.range(batch), 1000)
step = lambda: float(trainer.step(pixels, labels, tf.ones(batch)).loss)
"""
THEIRS = r"""
import sys, time
import timm, torch

kind, batch = sys.argv[1], int(sys.argv[2])
model = timm.create_model("resnet50", num_classes=1000).to(memory_format=torch.channels_last).train()
optimizer = torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9, nesterov=True)
pixels, labels = torch.rand(batch, 3, 224, 224).to(memory_format=torch.channels_last), torch.arange(batch)
forward = torch.compile(model) if kind.startswith("compiled") else model

def step():
    with torch.autocast("cpu", torch.bfloat16, enabled=kind.endswith("bfloat16")):
        loss = torch.nn.functional.cross_entropy(forward(pixels), labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item()
"""
SERVE = r"""
step(), step()
print("ready", flush=True)
for line in sys.stdin:
    began = time.perf_counter()
    for _ in range(int(line)):
        step()
    print(time.perf_counter() - began, flush=True)
"""


@dataclass(frozen=True)
class Options:
    """What is timed."""

    torch_python: Path  # Python of an environment with torch and timm
    batch_size: int = 16  # images
    rounds: int = 5  # in each of which every side makes its steps
    steps: int = 3  # of a side in a round


class Side:
    """A process that makes training steps when it is told to."""

    def __init__(self, python: Path | str, program: str, kind: str, batch_size: int):
        self.kind = kind
        line = [str(python), "-c", program + SERVE, kind, str(batch_size)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT)
        self.ready = "ready" in iter(lambda: self.process.stdout.readline().strip() or None, None)

    def why(self) -> str:
        """The last line that a process that is not ready has left."""
        return (self.process.communicate()[1].strip().splitlines() or ["it said nothing"])[-1]

    def seconds(self, steps: int) -> float:
        print(steps, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def main(options: Options) -> int:
    batch = options.batch_size
    print(describe(), flush=True)
    ours = [Side(sys.executable, OURS, kind, batch) for kind in ("float32", "bfloat16")]
    theirs = [Side(options.torch_python, THEIRS, kind, batch) for kind in ("float32", "bfloat16")]
    first = {side.kind: side.seconds(1) for side in theirs if side.ready}
    if not first:
        raise ValueError(f"{options.torch_python} cannot run timm: {theirs[0].why()}")
    faster = min(first, key=first.get)
    theirs.append(Side(options.torch_python, THEIRS, f"compiled {faster}", batch))
    for side in theirs:
        if not side.ready:
            print(f"timm, {side.kind}, is left out: {side.why()}")
    sides = {("ours", side.kind): side for side in ours} | {("timm", s.kind): s for s in theirs if s.ready}
    rates = {name: [] for name in sides}
    for number in range(options.rounds):
        for name in list(sides)[:: 1 if number % 2 else -1]:
            rates[name].append(options.steps * batch / sides[name].seconds(options.steps))
    for (project, kind), found in rates.items():
        print(f"{project}, {kind}: {spread(found, 2)} images/s")
    for side in sides.values():
        side.end()
    best = {project: max((n for n in rates if n[0] == project), key=lambda n: np.median(rates[n]))
            for project in ("ours", "timm")}  # fmt: skip
    ratios = np.array(rates[best["ours"]]) / np.array(rates[best["timm"]])
    print(f"{best['ours'][1]} to timm's {best['timm'][1]}: {spread(ratios, 2)} times as fast")
    return command.OK


def spread(values, digits: int) -> str:
    first, median, third = (round(float(value), digits) for value in np.quantile(values, (0.25, 0.5, 0.75)))
    return f"{median} ({first} to {third})"


if __name__ == "__main__":
    command.run(main, Options, __doc__)
