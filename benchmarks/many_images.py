"""Many small images through `python -m imgcls.predict`: memory, speed, and what a killed process leaves.

    python benchmarks/many_images.py --images 100000

A LeNet is trained for an epoch on the sample and exported; its images are put into tar shards of 10,000 under as many
names as asked for. Then all are predicted into a folder of parts, with the resident memory at 10 %, and at 100 % of the
images. Then they are predicted again into another folder, killed (-9) at 40 % and started again: every image has to
have one row. A million images take about 1.6 GB in the folder for temporary files.
"""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet

from imgcls.cli import command
from imgcls.processor import describe

IN_A_SHARD = 10_000
WORK = """
import json, sys
from pathlib import Path
import psutil
from imgcls.workflow.engine_choice import choose_engine
from imgcls.workflow.many_images.predict import ManyImages, predict_many
from imgcls.workflow.predictor import load_predictor

bundle, shards, folder, engine = sys.argv[1:]
process = psutil.Process()
said = 0

def progress(done, total=None):
    global said
    if done >= said + 1000:
        said = done
        print(json.dumps([done, process.memory_info().rss]), flush=True)

predictor = choose_engine(load_predictor(bundle), engine)
summary = predict_many(predictor, ManyImages(bundle, [shards], 3, Path(folder), ".parquet"), progress)
print(json.dumps([-1, process.memory_info().rss]), flush=True)
"""


@dataclass(frozen=True)
class Options:
    """What is measured."""

    images: int = 1_000_000  # that are predicted
    engine: str = "auto"  # auto, tensorflow or openvino


def main(options: Options) -> int:
    """Predict, and predict again with a kill in between."""
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = make_bundle(folder)
        make_shards(folder / "shards", options.images)
        print(f"{options.images:,} images in tar shards", flush=True)
        line = [sys.executable, "-c", WORK, str(bundle), f"{folder}/shards/*.tar"]
        seconds, memory = watched([*line, str(folder / "whole"), options.engine])
        early = next(rss for done, rss in memory if done >= options.images / 10)
        late = memory[-1][1]
        print(f"{options.images / seconds:.0f} images/s; memory {early / 1e6:.0f} MB at 10 %, {late / 1e6:.0f} MB at "
              f"100 %: {100 * (late / early - 1):+.1f} %", flush=True)  # fmt: skip
        again = [*line, str(folder / "killed"), options.engine]
        watched(again, kill_at=0.4 * options.images)
        kept = sum(1 for _ in names_in(folder / "killed"))
        watched(again)
        for place in ("whole", "killed"):
            names = list(names_in(folder / place))
            print(f"{place}: {len(names):,} rows, {len(set(names)):,} different names")
            if len(names) != options.images or len(set(names)) != options.images:
                return command.FAULT
        print(f"killed at 40 %, it kept {kept:,} rows")
    return command.OK


def make_bundle(folder: Path) -> Path:
    """A small classifier, trained as a user trains."""
    run = [sys.executable, "-m"]
    train = ["imgcls.train", "--data", "fashion_mini", "--model", "lenet5_relu", "--epochs", "1"]
    subprocess.run([*run, *train, "--runs", str(folder / "runs"), "--name", "small"], check=True, capture_output=True)
    export = ["imgcls.export", str(folder / "runs" / "small"), "--output", str(folder / "bundles")]
    subprocess.run([*run, *export], check=True, capture_output=True)
    return folder / "bundles" / "small"


def make_shards(folder: Path, count: int) -> None:
    """Images of the sample, again and again, under different names."""
    folder.mkdir()
    sample = [path.read_bytes() for path in sorted(Path("datasets/fashion_mini/test").rglob("*.png"))]
    for shard in range(-(-count // IN_A_SHARD)):
        with tarfile.open(folder / f"{shard:05}.tar", "w") as archive:
            for number in range(shard * IN_A_SHARD, min((shard + 1) * IN_A_SHARD, count)):
                data = sample[number % len(sample)]
                info = tarfile.TarInfo(f"{number:08}.png")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))


def watched(line: list[str], kill_at: float = float("inf")) -> tuple[float, list[tuple[int, int]]]:
    """Seconds from the first thousand images to the end, and (images done, resident bytes) on the way."""
    found, began = [], 0.0
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        for text in process.stdout:
            done, rss = json.loads(text)
            began = began or time.perf_counter()
            found.append((done, rss))
            if done >= kill_at:
                os.kill(process.pid, signal.SIGKILL)
                break
    if kill_at == float("inf") and process.returncode:
        raise RuntimeError("The prediction failed.")
    return time.perf_counter() - began, found


def names_in(folder: Path):
    for part in sorted(folder.glob("part-*.parquet")):
        yield from pyarrow.parquet.read_table(part, columns=["image"])["image"].to_pylist()


if __name__ == "__main__":
    command.run(main, Options, __doc__)
