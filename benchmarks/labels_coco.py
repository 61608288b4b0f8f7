"""How long, and with how much memory, a large COCO file is imported.

Writes a file with 1,000,000 annotations, each with an outline of ten points, over 200,000 images, and an empty file for
each image; then imports it in a process of its own, three times, and prints each round and the median. The exit code is
1 if the median is above 60 s or 4 GB. A busy machine shows in the rounds: processor time tells what the import took.

  python benchmarks/labels_coco.py --folder /tmp/coco    keeps what it wrote there, and reads it the next time
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from imgcls.processor import describe

ANNOTATIONS, IMAGES, CLASSES = 1_000_000, 200_000, 80
WIDTH, HEIGHT = 640, 480
ROUNDS = 3
LIMITS = {"seconds": 60.0, "gigabytes": 4.0}


def write_set(folder: Path) -> None:
    """Annotations and image files; ids have holes, as they have in the real set."""
    random = np.random.default_rng(0)
    names = [f"train/{i // 1000:03d}/{i:012d}.jpg" for i in range(IMAGES)]
    for i in range(0, IMAGES, 1000):
        (folder / names[i]).parent.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    images = [{"id": 7 * i + 3, "file_name": name, "width": WIDTH, "height": HEIGHT} for i, name in enumerate(names)]
    corners = np.round(random.uniform((0, 0), (WIDTH - 101, HEIGHT - 101), (ANNOTATIONS, 2)), 2)
    sides = np.round(random.uniform(2, 100, (ANNOTATIONS, 2)), 2)
    places = np.round(random.uniform(0, 1, (ANNOTATIONS, 10, 2)) * sides[:, None] + corners[:, None], 2)
    image_ids = (7 * random.integers(0, IMAGES, ANNOTATIONS) + 3).tolist()
    category_ids = (2 * random.integers(0, CLASSES, ANNOTATIONS) + 1).tolist()
    annotations = [
        {
            "segmentation": [outline],
            "area": box[2] * box[3],
            "iscrowd": 0,
            "image_id": image_id,
            "bbox": box,
            "category_id": category_id,
            "id": i,
        }
        for i, (outline, box, image_id, category_id) in enumerate(
            zip(
                places.reshape(ANNOTATIONS, 20).tolist(),
                np.hstack([corners, sides]).tolist(),
                image_ids,
                category_ids,
                strict=True,
            )
        )
    ]
    categories = [{"id": 2 * i + 1, "name": f"class {i}"} for i in range(CLASSES)]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "instances_train.json").write_text(json.dumps(content), "utf-8")


def import_once(folder: Path) -> None:
    """Import it and print the figures as JSON."""
    from imgcls.labels import read_labels

    began, processor = time.perf_counter(), time.process_time()
    records = read_labels(folder)
    figures = {
        "seconds": time.perf_counter() - began,
        "processor seconds": time.process_time() - processor,
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        "rows": len(records.boxes_or_images),
        "problems": len(records.problems),
    }
    print(json.dumps(figures))


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "instances_train.json").exists():
        print("Writing the set ...", flush=True)
        subprocess.run([sys.executable, __file__, "--folder", folder, "--write"], check=True)
    size = (folder / "instances_train.json").stat().st_size / 1e6
    print(f"{ANNOTATIONS:,} annotations over {IMAGES:,} images in {size:.0f} MB; {describe()}", flush=True)
    rounds = []
    for number in range(1, ROUNDS + 1):
        command = [sys.executable, __file__, "--folder", str(folder), "--once"]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        rounds.append(json.loads(out))
        load = os.getloadavg()[0]
        shown = ", ".join(f"{name} {value:,.1f}" for name, value in rounds[-1].items())
        print(f"round {number}: {shown}; load of the machine {load:.1f}", flush=True)
    medians = {name: statistics.median(figures[name] for figures in rounds) for name in LIMITS}
    print("median: " + ", ".join(f"{name} {value:.1f} (limit {LIMITS[name]:.0f})" for name, value in medians.items()))
    return int(any(medians[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--once", action="store_true", help="one round, in this process")
    parser.add_argument("--write", action="store_true", help="only write the set")
    options = parser.parse_args()
    if options.once:
        import_once(options.folder)
    elif options.write:
        write_set(options.folder)
    elif options.folder:
        sys.exit(main(options.folder))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            sys.exit(main(Path(temporary)))
