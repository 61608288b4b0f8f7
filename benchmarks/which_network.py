"""`python -m imgcls.benchmark` on eight networks and 500 photos: how long it takes, and whether its latencies hold.

    python benchmarks/which_network.py --output /tmp/which_network

The photos are crops of the photos that scikit-image, scikit-learn and foolbox carry, saved as JPEG. A class is a photo,
which is divided into six tiles; the crops of a tile are a group, so that no probe sees a piece of what it is asked.
The latency of the networks alone is compared with that of a bare loop over the same graph in OpenVINO, in turns with
the engine as the benchmark asks it, and with OpenVINO's own benchmark_app where it is installed; "decoding" is the
ratio of the calls that follow the decoding of an image, as those of a user do.

To reach: 8 minutes on two cores; each latency within 5 % of the bare loop's.
"""

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from imgcls.processor import describe

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from photos import photos  # noqa: E402

NETWORKS = (
    "efficientnet_lite0",
    "efficientnet_lite1",
    "efficientnet_lite2",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "resnet18",
    "resnet50",
)
COUNT, CLASSES, LEAST_SIDE = 500, 10, 256  # photos that are made, of which so many classes, from photos so large
TILES = [(column, row) for row in range(2) for column in range(3)]
ROUNDS, CALLS, WARM_UP = 9, 40, 5


def make_photos(folder: Path) -> Path:
    """500 JPEG files of ten classes, and the manifest that says which belong together."""
    random, rows = np.random.default_rng(0), []
    large = {name: image for name, image in photos().items() if min(image.size) >= LEAST_SIDE}
    for name, image in list(large.items())[:CLASSES]:
        for number in range(COUNT // CLASSES):
            tile = number % len(TILES)
            piece = crop(image, *TILES[tile], random)
            path = folder / "images" / name / f"{number:03}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            piece.save(path, quality=90)
            rows.append({"image": f"{name}/{number:03}.jpg", "label": name, "group": f"{name} {tile}"})
    from imgcls.data.manifest.table import Manifest

    Manifest.from_records(pd.DataFrame(rows), folder / "images").save(folder / "photos.parquet")
    return folder / "photos.parquet"


def crop(image: Image.Image, column: int, row: int, random: np.random.Generator) -> Image.Image:
    """A piece of a tile, of 50 to 95 % of its sides, as a photo of 500 pixels."""
    width, height = image.size[0] // 3, image.size[1] // 2
    share = random.uniform(0.5, 0.95)
    wide, high = int(width * share), int(height * share)
    left = column * width + int(random.integers(0, width - wide + 1))
    top = row * height + int(random.integers(0, height - high + 1))
    return image.crop((left, top, left + wide, top + high)).resize((500, max(64, 500 * high // wide)))


def run_command(data: Path, runs: Path) -> float:
    """The seconds of the whole command, start-up included."""
    line = [sys.executable, "-m", "imgcls.benchmark", str(data), "--models", *NETWORKS, "--runs", str(runs)]
    began = time.perf_counter()
    done = subprocess.run(line, cwd=ROOT, check=False)
    assert done.returncode in (0, 3), done.returncode
    return time.perf_counter() - began


def latencies(data: Path, folder: Path, names: tuple[str, ...]) -> None:
    """The network alone: as the benchmark asks it, and as a bare loop does, in turns on the same graph."""
    import openvino

    from imgcls.data.images.encoded import read_encoded
    from imgcls.progress import Progress
    from imgcls.workflow.benchmark.bundle import write_measured_bundle
    from imgcls.workflow.benchmark.images import load_images
    from imgcls.workflow.benchmark.latency import Loaded, network_alone, one_by_one
    from imgcls.workflow.benchmark.network import build
    from imgcls.workflow.benchmark.request import BenchmarkRequest

    request = BenchmarkRequest(str(data), models=names, weights="none")
    images = load_images(request, Progress())
    heads = ("network alone, ms", "benchmark", "bare loop", "ratio", "of the 10th %", "decoding", "benchmark_app")
    print("{:24}{:>11}{:>11}{:>8}{:>16}{:>10}{:>15}".format(*heads))
    for name in names:
        version, _ = write_measured_bundle(folder / "bundles" / name, build(request, images, name), ["openvino"])
        loaded = Loaded(version, ["openvino"], [read_encoded(path) for path in images.files(16)])
        bundle = loaded.bundle("openvino")
        pixels, _ = bundle.decode(loaded.images[:1])
        core = openvino.Core()
        network = core.compile_model(
            core.read_model(version / "openvino" / "model.xml"),
            "CPU",
            {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"},
        )
        asked, between, bare = [], [], []
        for _ in range(ROUNDS):
            between += one_by_one(bundle, loaded.images)[1]
            asked += network_alone(bundle, loaded.images[0])
            bare += bare_loop(network, pixels)
        ours, theirs = 1000 * statistics.median(asked), 1000 * statistics.median(bare)
        after_decoding = statistics.median(between) / statistics.median(bare)
        quick = np.percentile(asked, 10) / np.percentile(bare, 10)  # which other work on the machine changes little
        app = benchmark_app(version / "openvino" / "model.xml", pixels.shape)
        print(
            f"{name:24}{ours:11.2f}{theirs:11.2f}{ours / theirs:8.3f}{quick:16.3f}{after_decoding:10.3f}{app:>15}",
            flush=True,
        )
        shutil.rmtree(folder / "bundles" / name)


def bare_loop(network: object, pixels: np.ndarray) -> list[float]:
    request, times = network.create_infer_request(), []
    for call in range(CALLS + WARM_UP):
        began = time.perf_counter()
        request.infer([pixels])
        if call >= WARM_UP:
            times.append(time.perf_counter() - began)
    return times


def benchmark_app(model: Path, shape: tuple[int, ...]) -> str:
    """The median latency that OpenVINO's own tool reports, in milliseconds."""
    tool = Path(sys.executable).with_name("benchmark_app")
    if not tool.is_file():
        return "not installed"
    line = [tool, "-m", model, "-shape", str(list(shape)), "-hint", "none", "-api", "sync", "-nstreams", "1", "-t", "3",
            "-infer_precision", "f32"]  # fmt: skip
    said = subprocess.run(line, capture_output=True, text=True, check=False).stdout
    found = re.search(r"Median:\s+([\d.]+) ms", said)
    return found[1] if found else "failed"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="folder for photos, runs and bundles")
    parser.add_argument("--only-latency", action="store_true", help="leave the whole command out")
    parser.add_argument("--networks", nargs="*", default=["mobilenet_v3_small", "efficientnet_lite0", "resnet50"])
    options = parser.parse_args()
    print(describe())
    manifest = options.output / "photos.parquet"
    if not manifest.is_file():
        make_photos(options.output)
    if not options.only_latency:
        shutil.rmtree(options.output / "runs", ignore_errors=True)
        print(f"the whole command: {run_command(manifest, options.output / 'runs'):.0f} s (to reach: 480 s)")
    latencies(manifest, options.output, tuple(options.networks))
