"""Our networks against the same ones of timm and torchvision, compiled, in float32.

The forward pass, that of what is served, and the training step.

    python benchmarks/models_torch.py --torch-python OTHER/bin/python
    python benchmarks/models_torch.py --torch-python OTHER/bin/python --names squeezenet_1_1=torchvision:squeezenet1_1

OTHER is an environment of its own with `torch`, `timm` and `torchvision` (processors are enough, and a C++ compiler for
torch.compile); nothing of it is needed here. Theirs is channels_last in memory, as fast as it gets. Each side is a
process that stays warm; both are told to run, by turns, and each pair gives one ratio of ours to theirs: what else the
machine does falls on both. Below 1 ours is faster. The spread is from the first to the third quartile.

What is served is ours as export writes it (`imgcls.models.inference_form`), against theirs with
branches merged (timm's `reparameterize_model`) and frozen (torch.compile's option `freezing`, which folds too).

On a machine that does other work too, `--threads 1` is the fair comparison: OpenMP, which PyTorch computes with, waits
for its slowest thread at each operation, and was ten times slower with two threads than with one where both cores were
taken.

The backward pass of torch 2.13 in channels_last ends in a segmentation fault for timm's repvgg_a0, compiled or not (on
AVX-512). Where their side crashes, its training step runs in channels_first instead, and the line says so.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgcls.cli import command
from imgcls.processor import describe

ROOT = Path(__file__).parents[1]
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")  # environment variables of both sides
OURS = r"""
import sys, time
import numpy as np
from imgcls.cli import command
command.import_tensorflow()
from benchmarks.models import forward, training_step
from imgcls.models import build_model
from imgcls.models.inference_form import inference_form

name, batch, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
model = build_model(name, (size, size, 3), num_classes=1000, dropout=0.0, drop_path=0.0)
images = np.random.default_rng(0).uniform(0, 255, (batch, size, size, 3)).astype("float32")
served = inference_form(model)
runs = {
    "forward": forward(model, images), "served": forward(served, images), "training": training_step(model, images)
}
"""
THEIRS = r"""
import sys, time
import torch

name, batch, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
project, _, name = name.partition(":")
if project == "timm":
    import timm
    made = lambda: timm.create_model(name, num_classes=1000)
else:
    import torchvision
    made = lambda: torchvision.models.get_model(name, weights=None)
evaluated, trained = made().to(memory_format=torch.channels_last).eval(), made().train()
pixels, labels = torch.rand(batch, 3, size, size).to(memory_format=torch.channels_last), torch.arange(batch)
learned = pixels if sys.argv[4] == "channels_last" else pixels.contiguous()
if sys.argv[4] == "channels_last":
    trained = trained.to(memory_format=torch.channels_last)
predict = torch.compile(evaluated)
layout = {"layout_optimization": sys.argv[4] == "channels_last"}  # which is to make it channels_last
learn = torch.compile(trained, options=layout)
served = timm.utils.reparameterize_model(evaluated) if project == "timm" else evaluated
serve = torch.compile(served, options={"freezing": True})
optimizer = torch.optim.SGD(trained.parameters(), 1e-6)

def forward():
    with torch.inference_mode():
        predict(pixels).sum().item()

def answer():
    with torch.inference_mode():
        serve(pixels).sum().item()

def training():
    loss = torch.nn.functional.cross_entropy(learn(learned), labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    loss.item()

runs = {"forward": forward, "served": answer, "training": training}
"""
SERVE = r"""
for run in runs.values():
    run(), run()
print("ready", flush=True)
for line in sys.stdin:
    run = runs[line.strip()]
    began = time.perf_counter()
    run()
    print(time.perf_counter() - began, flush=True)
"""


@dataclass(frozen=True)
class Options:
    """What is timed."""

    torch_python: Path  # Python of an environment with torch, timm and torchvision
    names: tuple[str, ...] = (  # ours=project:theirs
        "mobilenet_v4_conv_small=timm:mobilenetv4_conv_small",
        "shufflenet_v2=torchvision:shufflenet_v2_x1_0",
    )
    batch_size: int = 8  # images
    pairs: int = 15  # of timed runs
    image_size: int = 224  # pixels, square
    threads: int = 0  # that each side computes with; 0: as many as there are cores


class Ended(RuntimeError):
    """A side has ended before it was told to."""


class Side:
    """One process, warm, that runs what it is told to."""

    def __init__(self, python: str | Path, code: str, threads: int, *arguments: object) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process that writes into it
        self._process = subprocess.Popen(
            [python, "-c", code + SERVE, *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **(dict.fromkeys(THREADS, str(threads)) if threads else {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def wait(self) -> None:
        """Until it is warm. Raises Ended, with what it said, if it ends before."""
        while self._answer() != "ready":
            pass

    def seconds(self, what: str) -> float:
        """That it takes for one run. Raises Ended, with what it said, if it ends meanwhile."""
        with suppress(BrokenPipeError):  # it has ended; its answer says so
            self._process.stdin.write(f"{what}\n")
            self._process.stdin.flush()
        return float(self._answer())

    def _answer(self) -> str:
        if line := self._process.stdout.readline():
            return line.strip()
        code = self._process.wait()
        self._errors.seek(0)
        raise Ended(f"A side ended with {code}. It said:\n{self._errors.read()[-2000:]}")

    def end(self) -> None:
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()


def main(options: Options) -> int:
    """Print one line for each network."""
    print(describe(), flush=True)
    print(f"ratio of times, ours to theirs compiled, float32, batch {options.batch_size}, {options.pairs} pairs")
    for pair in options.names:
        ours, _, theirs = pair.partition("=")
        print(f"{ours:26}" + "   ".join(timed(ours, theirs, options)), flush=True)
    return command.OK


def timed(ours: str, theirs: str, options: Options) -> list[str]:
    """What `compared` gives; where their side crashes, with its training step in channels_first."""
    try:
        return compared(ours, theirs, options, "channels_last")
    except Ended:
        return ["their training step in channels_first", *compared(ours, theirs, options, "channels_first")]


def compared(ours: str, theirs: str, options: Options, layout: str) -> list[str]:
    """What was timed, the median ratio with its spread, and the median milliseconds of both."""
    sizes, found = (options.batch_size, options.image_size), []
    both = [Side(sys.executable, OURS, options.threads, ours, *sizes)]
    both[0].wait()  # one after the other, so that neither is warmed up while the other needs the processor
    both.append(Side(options.torch_python, THEIRS, options.threads, theirs, *sizes, layout))
    try:
        both[1].wait()
        for what in ("forward", "served", "training"):
            seconds = np.array([one_pair(both, what, number) for number in range(options.pairs)])
            first, median, third = np.quantile(seconds[:, 0] / seconds[:, 1], (0.25, 0.5, 0.75))
            here, there = 1000 * np.median(seconds, axis=0)
            found.append(f"{what} {median:.2f} ({first:.2f} to {third:.2f}; {here:.0f} and {there:.0f} ms)")
    finally:
        for side in both:
            side.end()
    return found


def one_pair(both: list[Side], what: str, number: int) -> tuple[float, float]:
    """The seconds of both; which of the two begins changes from pair to pair."""
    order = (0, 1) if number % 2 else (1, 0)
    seconds = {side: both[side].seconds(what) for side in order}
    return seconds[0], seconds[1]


if __name__ == "__main__":
    command.run(main, Options, __doc__)
