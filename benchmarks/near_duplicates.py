"""How fast near-duplicates are found, how many of them, and how many that are none.

Three measurements, each in a process of its own:
- 1,000,000 random hashes of 64 bits, 1,000 of which have a neighbour at each distance of 1 to 6 bits: all pairs that
  differ in at most 4 bits, three times;
- every photo that scikit-image, scikit-learn and foolbox carry, with 19 copies of each, altered, mirrored, rotated or
  cropped: the share that is found next to their original, and the share of pairs of different photos that are taken for
  copies;
- all of Fashion-MNIST, whose images look alike (Debian's dataset-fashion-mnist): the clusters that are reported,
  which are drawn to --image so that one can see whether they are the same.

The exit code is 1 above 5 minutes or 4 GB, below 95 % of the copies, or above 0.1 % of the other pairs.

  python benchmarks/near_duplicates.py --image clusters.png
"""

import argparse
import gzip
import json
import resource
import statistics
import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from photos import COPIES, CROPPED, TURNED, photos
from PIL import Image

from imgcls.data.duplicates.hash_search import close_pairs
from imgcls.data.duplicates.near_duplicates import MOST_BITS, near_duplicate_groups
from imgcls.data.duplicates.perceptual_hash import grayscale_image, perceptual_hash
from imgcls.data.manifest.table import Manifest
from imgcls.processor import describe

HASHES, PLANTED, ROUNDS = 1_000_000, 1000, 3
FASHION = Path("/usr/share/datasets/fashion-mnist")
LIMITS = {"seconds": 300.0, "gigabytes": 4.0}
LEAST_FOUND, MOST_TAKEN = 0.95, 0.001


def million() -> dict[str, float]:
    random = np.random.default_rng(0)
    hashes = random.integers(0, 2**64, HASHES, dtype=np.uint64)
    expected = set()
    for distance in range(1, 7):
        for place in range(distance * PLANTED, (distance + 1) * PLANTED):
            bits = random.choice(64, distance, replace=False).astype(np.uint64)
            neighbour = HASHES - place
            hashes[neighbour] = hashes[place] ^ np.bitwise_or.reduce(np.uint64(1) << bits)
            if distance <= 4:
                expected.add((place, neighbour))
    began = time.perf_counter()
    distinct, place_of = np.unique(hashes, return_index=True)
    pairs = place_of[np.concatenate(list(close_pairs(distinct, MOST_BITS)))]
    seconds = time.perf_counter() - began
    found = {tuple(sorted(pair)) for pair in pairs.tolist()}
    return {"seconds": seconds, "pairs": len(found), "planted": len(expected), "planted found": len(expected & found)}


def manifest_of(images: dict[str, np.ndarray]) -> Manifest:
    """As the inspection leaves it. images: (H, W, 3) uint8 by name."""
    rows = []
    for name, pixels in images.items():
        hashed, thumbnail = perceptual_hash(grayscale_image(pixels))
        rows.append((name, "", "", hashed, thumbnail, pixels.shape[1], pixels.shape[0]))
    columns = ["image", "label", "split", "perceptual_hash", "thumbnail", "width", "height"]
    return Manifest.from_records(pd.DataFrame(rows, columns=columns), "/")


def copies_of_photos() -> dict[str, float]:
    """The photo and each copy alone, so that no other copy stands between them; and all photos together."""
    originals = photos()
    copies = COPIES | TURNED | CROPPED
    found = dict.fromkeys(copies, 0)
    for image in originals.values():
        for name, change in copies.items():
            pair = manifest_of({"original": np.asarray(image), "copy": np.asarray(change(image))})
            found[name] += near_duplicate_groups(pair).nunique() == 1
    everything = manifest_of(
        {f"{name}|{what}": np.asarray(change(image)) for name, image in originals.items()
         for what, change in ({"itself": lambda image: image} | copies).items()}
    )  # fmt: skip
    groups = near_duplicate_groups(everything)
    names = everything.table["image"].str.split("|").str[0]
    clusters = names.groupby(groups).agg(lambda group: sorted(set(group)))
    taken = {pair for cluster in clusters for pair in combinations(cluster, 2)}
    pairs = len(originals) * (len(originals) - 1) // 2
    print(json.dumps({"found by copy": {name: f"{100 * count / len(originals):.1f} %" for name, count in found.items()},
                      "taken for copies": sorted(taken)}, indent=1))  # fmt: skip
    share = sum(found.values()) / len(found) / len(originals)
    return {"photos": len(originals), "found": share, "taken": len(taken) / pairs}


def fashion(sheet_file: Path | None) -> dict[str, float]:
    files = [FASHION / f"{part}-images-idx3-ubyte.gz" for part in ("train", "t10k")]
    parts = [gzip.decompress(file.read_bytes()) for file in files]
    images = np.concatenate([np.frombuffer(part, np.uint8, offset=16).reshape(-1, 28, 28) for part in parts])
    manifest = manifest_of({str(i): np.repeat(image[..., None], 3, axis=-1) for i, image in enumerate(images)})
    began = time.perf_counter()
    groups = near_duplicate_groups(manifest)
    seconds = time.perf_counter() - began
    clusters = [list(rows) for rows in groups.groupby(groups).groups.values() if len(rows) > 1]
    if sheet_file:
        sheet = Image.new("L", (12 * 120, -(-len(clusters) // 12) * 64), 128)
        for place, rows in enumerate(clusters):
            pair = Image.fromarray(np.concatenate(images[rows[:2]], axis=1)).resize((112, 56), Image.Resampling.NEAREST)
            sheet.paste(pair, (place % 12 * 120, place // 12 * 64))
        sheet.save(sheet_file)
    return {"seconds": seconds, "images": len(images), "clusters": len(clusters), "largest": max(map(len, clusters))}


def main(image: Path | None) -> int:
    def run(what: str) -> dict[str, float]:
        command = [sys.executable, __file__, "--only", what, *(["--image", str(image)] if image else [])]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        print(output, end="", flush=True)
        return json.loads(output.splitlines()[-1])

    print(describe(), flush=True)
    rounds = [run("million") for _ in range(ROUNDS)]
    found = run("photos")
    run("fashion")
    medians = {name: statistics.median(figures[name] for figures in rounds) for name in LIMITS}
    print("median: " + ", ".join(f"{name} {value:.2f} (limit {LIMITS[name]:.0f})" for name, value in medians.items()))
    print(f"copies found {100 * found['found']:.1f} % (to reach {100 * LEAST_FOUND:.0f}), "
          f"other pairs taken {100 * found['taken']:.3f} % (limit {100 * MOST_TAKEN:.1f})")  # fmt: skip
    missed = any(figures["planted found"] < figures["planted"] for figures in rounds)
    slow = any(medians[name] > limit for name, limit in LIMITS.items())
    return int(missed or slow or found["found"] < LEAST_FOUND or found["taken"] > MOST_TAKEN)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("million", "photos", "fashion"), help="one measurement, in this process")
    parser.add_argument("--image", type=Path, help="where the clusters of Fashion-MNIST are drawn")
    options = parser.parse_args()
    if options.only:
        measurements = {"million": million, "photos": copies_of_photos, "fashion": lambda: fashion(options.image)}
        figures = measurements[options.only]()
        figures["gigabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        print(json.dumps({"measured": options.only, **figures}))
    else:
        sys.exit(main(options.image))
