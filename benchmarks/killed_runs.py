"""Runs that are killed with -9 at random moments, again and again, and resumed, against a run that was not.

Every kill comes at a random moment of the training; every fourth one while a checkpoint is half written, for which the
process is stopped until it is certain that one is. A run is killed until it reaches its end, or five times, and must
end with the weights and the metrics of the unbroken run, bit for bit; then the next run begins, until there were enough
kills. The runs take turns with one step a call of TensorFlow and with many; the unbroken one has one.

    python benchmarks/killed_runs.py --kills 20
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgcls.processor import describe

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
STEPS_PER_CALL = ("1", "auto")  # of the runs, by turns
KILLS_OF_A_RUN = 5  # at most, so that both kinds of run are killed on a slow machine too
LONGEST_WAIT = 3.0  # seconds from the first step of a process to its kill
NET = """from imgcls.models import architecture


@architecture("killed_net", image_size=28)
def killed_net(net, x):
    for stage, filters in enumerate((4, 64, 512), start=1):  # the last one makes checkpoints of some megabytes
        x = net.dropped(net.conv_norm_act(x, filters, 3, strides=2, name=f"stage{stage}"), name=f"drop{stage}")
    return x
"""


@dataclass(frozen=True)
class Kill:
    """Where it hit. step: of the newest whole checkpoint; writing: the checkpoint that was half written, or empty."""

    run: str
    steps_per_call: str
    step: int
    writing: str


def start(*arguments: object) -> subprocess.Popen:
    line = [sys.executable, "-m", "imgcls.train", *map(str, arguments)]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen, what: str) -> None:
    _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{what} ended with exit code {process.returncode}: {said.strip()[-500:]}")


def is_training(process: subprocess.Popen, run: Path) -> bool:
    """Whether it is this process, not one before it, that made the last step."""
    try:
        found = json.loads((run / "status.json").read_text("utf-8"))
    except FileNotFoundError:
        return False
    return (found["state"], found["pid"]) == ("training", process.pid)


def half_written(run: Path) -> str:
    return next((path.name for path in (run / "checkpoints").glob(".partial-*")), "")


def stop_while_writing(process: subprocess.Popen, run: Path) -> bool:
    """Stop the process with a checkpoint half written; returns whether that came before its end."""
    while process.poll() is None:
        if half_written(run):
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.01)  # in which the signal arrives
            if half_written(run):
                return True
            process.send_signal(signal.SIGCONT)
        time.sleep(0.0002)
    return False


def kill(
    process: subprocess.Popen, run: Path, steps_per_call: str, generator: random.Random, while_writing: bool
) -> Kill | None:
    """Kill the process at a random moment of its training; None if it came to its end before."""
    while process.poll() is None and not is_training(process, run):
        time.sleep(0.02)
    time.sleep(generator.uniform(0.0, LONGEST_WAIT))
    if process.poll() is not None or (while_writing and not stop_while_writing(process, run)):
        return None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    whole = [int(path.name.removeprefix("step-")) for path in (run / "checkpoints").glob("step-*")]
    return Kill(run.name, steps_per_call, max(whole, default=0), half_written(run))


def outcome(run: Path) -> tuple[list[np.ndarray], list[dict]]:
    """The weights of the run's model and of its last checkpoint, and its metrics but for the times."""
    from imgcls.models import load_model
    from imgcls.training.checkpoints import load_latest

    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    metrics = [{name: row[name] for name in row if "second" not in name and "waiting" not in name} for row in rows]
    arrays = load_latest(run / "checkpoints").arrays
    return [*load_model(run / "model.keras").get_weights(), *(arrays[name] for name in sorted(arrays))], metrics


def compare(run: Path, expected: tuple[list[np.ndarray], list[dict]]) -> None:
    """Raise RuntimeError if a weight or a metric of the run is another one than expected."""
    weights, metrics = outcome(run)
    if not all(np.array_equal(a, b) for a, b in zip(expected[0], weights, strict=True)):
        raise RuntimeError(f"{run.name} ended with other weights after it was killed.")
    if metrics != expected[1]:
        raise RuntimeError(f"{run.name} ended with other metrics after it was killed.")


def broken_runs(folder: Path, kills: int, seed: int, epochs: int) -> Iterator[Kill]:
    """Each kill, after which every run ended as the unbroken one did.

    Raises RuntimeError if a run ended otherwise, or could not be resumed.
    """
    (folder / "net.py").write_text(NET)
    settings = ("--model", folder / "net.py", "--epochs", epochs, "--batch-size", 64, "--dropout", 0.3)
    settings += ("--ema-momentum", 0.9, "--checkpoint-minutes", 0.01, "--runs", folder)
    finish(start(*settings, "--name", "unbroken", "--steps-per-call", "1"), "The unbroken run")
    expected, generator = outcome(folder / "unbroken"), random.Random(seed)
    done, runs = 0, 0
    while done < kills:
        run, steps = folder / f"broken-{runs}", STEPS_PER_CALL[runs % len(STEPS_PER_CALL)]
        process = start(*settings, "--name", run.name, "--steps-per-call", steps)
        for _ in range(min(KILLS_OF_A_RUN, kills - done)):
            hit = kill(process, run, steps, generator, while_writing=done % 4 == 3)
            if hit is None:
                break
            yield hit
            done += 1
            process = start("--resume", run)
        finish(process, run.name)
        compare(run, expected)
        shutil.rmtree(run)
        runs += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(describe(), flush=True)
    began, hits = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        for hit in broken_runs(Path(folder), options.kills, options.seed, options.epochs):
            hits.append(hit)
            where = f", while {hit.writing.removeprefix('.partial-')} was being written" if hit.writing else ""
            kind = f"{hit.run}, {hit.steps_per_call} steps a call"
            print(f"kill {len(hits):>2} of {kind}: whole up to step {hit.step}{where}", flush=True)
    writing = sum(bool(hit.writing) for hit in hits)
    counts = [f"{sum(hit.steps_per_call == steps for hit in hits)} with {steps}" for steps in STEPS_PER_CALL]
    print(
        f"{len(hits)} kills in {len({hit.run for hit in hits})} runs ({' and '.join(counts)} steps a call), "
        f"{writing} of them with a checkpoint half written; every run ended with the weights and metrics of the "
        f"unbroken one, bit for bit ({time.monotonic() - began:.0f} s)."
    )


if __name__ == "__main__":
    main()
