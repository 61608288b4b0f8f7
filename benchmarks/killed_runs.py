"""Runs that are killed with -9 at random moments, again and again, and resumed, against a run that was not.

Every kill comes at a random time of the training, and every fourth one while a checkpoint is being written.

    python benchmarks/killed_runs.py --kills 20
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
NET = """from imgcls.models import architecture


@architecture("killed_net", image_size=28)
def killed_net(net, x):
    for stage, filters in enumerate((4, 8), start=1):
        x = net.dropped(net.conv_norm_act(x, filters, 3, strides=2, name=f"stage{stage}"), name=f"drop{stage}")
    return x
"""


def start(*arguments: object) -> subprocess.Popen:
    line = [sys.executable, "-m", "imgcls.train", *map(str, arguments)]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def weights(run: Path) -> list[np.ndarray]:
    from imgcls.models import load_model

    return load_model(run / "model.keras").get_weights()


def status(folder: Path) -> tuple[str, int]:
    try:
        found = json.loads((folder / "status.json").read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return "", 0
    return found["state"], found["pid"]


def kill_at_random(process: subprocess.Popen, folder: Path, generator: random.Random, while_writing: bool) -> bool:
    """Kill the process at a random moment of its training; returns whether it was still alive."""
    while process.poll() is None and status(folder) != ("training", process.pid):
        time.sleep(0.02)
    time.sleep(generator.uniform(0.0, 2.0))
    while while_writing and process.poll() is None and not any((folder / "checkpoints").glob(".partial-*")):
        time.sleep(0.0005)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return alive


def broken_runs(folder: Path, kills: int, seed: int, epochs: int = 12) -> tuple[int, int]:
    """(kills that hit a living run, runs that ended) after which every run's weights were those of the unbroken one.

    Raises RuntimeError if a weight differs.
    """
    net = folder / "net.py"
    net.write_text(NET)
    settings = ("--model", net, "--epochs", epochs, "--dropout", 0.3, "--checkpoint-minutes", 0.01, "--runs", folder)
    if start(*settings, "--name", "unbroken").wait():
        raise RuntimeError("The unbroken run failed.")
    expected, generator, hit, runs = weights(folder / "unbroken"), random.Random(seed), 0, 0
    while hit < kills:
        run = folder / f"broken-{runs}"
        process = start(*settings, "--name", run.name)
        while hit < kills and kill_at_random(process, run, generator, while_writing=hit % 4 == 3):
            hit += 1
            process = start("--resume", run)
        if hit == kills and process.poll() is None and process.wait():
            raise RuntimeError(f"{run} could not be resumed.")
        runs += 1
        if (run / "model.keras").is_file():
            for a, b in zip(expected, weights(run), strict=True):
                if not np.array_equal(a, b):
                    raise RuntimeError(f"{run} ended with other weights after it was killed.")
        shutil.rmtree(run)
    return hit, runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        hit, runs = broken_runs(Path(folder), options.kills, options.seed)
    print(f"{hit} kills in {runs} runs; every run ended with the weights of the unbroken one, bit for bit.")


if __name__ == "__main__":
    main()
