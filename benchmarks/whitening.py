"""Time and memory of PCAWhitening.adapt against scikit-learn's IncrementalPCA, on the same images.

    python benchmarks/whitening.py

Both read the same batches from one file and run in processes of their own, in turn. The images are squares of
scikit-image's photos. Printed are the median and the range over the rounds, and the ratio of each pair of runs.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from imgcls.processor import describe

SIDE = 32  # pixels
BATCH = 500  # images
CONTESTANTS = ("imgcls", "scikit-learn")


def write_images(path: Path, count: int) -> None:
    """Write `count` squares of photos, (SIDE, SIDE, 3) bytes each, one after the other."""
    import skimage

    photos = [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea()]
    random = np.random.default_rng(0)
    with path.open("wb") as file:
        for i in range(count):
            photo = photos[i % len(photos)]
            row, column = random.integers(0, np.array(photo.shape[:2]) - SIDE)
            file.write(photo[row : row + SIDE, column : column + SIDE].tobytes())


def batches(path: Path) -> Iterator[np.ndarray]:
    """The images of the file, (BATCH, SIDE, SIDE, 3)."""
    with path.open("rb") as file:
        while data := file.read(BATCH * SIDE * SIDE * 3):
            yield np.frombuffer(data, np.uint8).reshape(-1, SIDE, SIDE, 3)


def learn(contestant: str, path: Path, mode: str, n_components: int) -> dict:
    """Learn the statistics once. seconds: without the imports; peak, growth: resident memory in MB."""
    if contestant == "imgcls":
        from imgcls.layers import PCAWhitening

        layer = PCAWhitening(mode, n_components=n_components)
        layer.build((None, SIDE, SIDE, 3))
    else:
        from sklearn.decomposition import IncrementalPCA

        pca = IncrementalPCA(n_components, whiten=True)
    before, begin = peak_memory(), time.perf_counter()
    if contestant == "imgcls":
        layer.adapt(batches(path))
        eigenvalues = np.asarray(layer.eigenvalues_)
    else:
        for images in batches(path):
            pca.partial_fit(images.reshape(-1, 3 if mode == "channels" else SIDE * SIDE * 3))
        eigenvalues = pca.explained_variance_
    seconds = time.perf_counter() - begin
    return {
        "seconds": seconds,
        "growth": peak_memory() - before,
        "peak": peak_memory(),
        "eigenvalues": eigenvalues[:3].tolist(),
    }


def peak_memory() -> float:
    """Largest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def compare(mode: str, n_components: int, path: Path, rounds: int) -> None:
    results = {contestant: [] for contestant in CONTESTANTS}
    for _ in range(rounds):
        for contestant in CONTESTANTS:
            command = [sys.executable, __file__, "--worker", contestant, str(path), mode, str(n_components)]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            results[contestant].append(json.loads(output.stdout.splitlines()[-1]))
    print(f"\nmode {mode!r}, {n_components} components, {rounds} rounds")
    for contestant, runs in results.items():
        times = [run["seconds"] for run in runs]
        print(
            f"  {contestant:13} {statistics.median(times):7.1f} s ({min(times):.1f} to {max(times):.1f}), "
            f"memory grows by {max(run['growth'] for run in runs):.0f} to {max(run['peak'] for run in runs):.0f} MB, "
            f"largest variances {', '.join(f'{value:.6g}' for value in runs[0]['eigenvalues'])}"
        )
    pairs = zip(*results.values(), strict=True)
    ratios = [ours["seconds"] / theirs["seconds"] for ours, theirs in pairs]
    print(f"  time, imgcls / scikit-learn: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--components", type=int, default=64, help="kept in the mode 'image', of 3072")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        contestant, path, mode, n_components = options.worker
        print(json.dumps(learn(contestant, Path(path), mode, int(n_components))))
    else:
        print(describe(), flush=True)
        with tempfile.TemporaryDirectory() as folder:
            images = Path(folder) / "images"
            write_images(images, options.images)
            compare("image", options.components, images, options.rounds)
            compare("channels", 3, images, options.rounds)
