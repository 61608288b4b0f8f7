"""How long the patches that excite every unit of a layer take over Fashion-MNIST's 10,000 test images, in what memory.

To reach: 60 s for all units of one layer, with a memory that does not grow with the images. There is no peer that
streams: what others show keeps all feature maps, whose size is printed beside. Each round looks for nine patches of
every unit, deconvnet pictures included, in ResNet-20 on 28 by 28 pixels; a tenth of the images is measured first, so
that what grows with the images shows.

    python benchmarks/top_patches.py                       # random weights, which cost the same
    python benchmarks/top_patches.py runs/NAME/model.keras --rounds 3

Needs the Debian package dataset-fashion-mnist.
"""

import argparse
import gzip
import resource
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from imgcls.explain.network import Network
from imgcls.explain.units.layers import layers_low_to_high
from imgcls.explain.units.top_patches import top_patches
from imgcls.models import build_model, load_model

IMAGES = Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
BATCH = 128  # images


class Stream:
    """The first images of the file, unpacked anew each time they are read, batch by batch."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Iterator[tuple[np.ndarray, list[str]]]:
        with gzip.open(IMAGES) as file:
            file.read(16)  # the header of IDX
            for start in range(0, self.count, BATCH):
                size = min(BATCH, self.count - start)
                pixels = np.frombuffer(file.read(28 * 28 * size), np.uint8).reshape(size, 28, 28, 1)
                yield pixels.astype(np.float32), [f"t10k/{start + row}" for row in range(size)]


def peak() -> float:
    """Of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure each layer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", help="a .keras file for 28 by 28 pixels in one channel")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    model = load_model(options.model) if options.model else build_model("resnet20", (28, 28, 1), num_classes=10)
    network = Network(model)
    for layer in layers_low_to_high(network):
        top_patches(network, Stream(1000), {layer: ()})
        before, seconds = peak(), []
        for _ in range(options.rounds):
            start = time.perf_counter()
            found = top_patches(network, Stream(10_000), {layer: ()})
            seconds.append(time.perf_counter() - start)
        patches = sum(len(unit.patches) for unit in found[layer])
        maps = 10_000 * 4 * np.prod(network.layer(layer).shape) / 2**20
        print(
            f"{layer}: {len(found[layer])} units, {patches} patches, {statistics.median(seconds):.1f} s "
            f"({min(seconds):.1f} to {max(seconds):.1f}); peak memory {peak() - before:+.0f} MB from 1,000 to 10,000 "
            f"images, all maps would be {maps:,.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
