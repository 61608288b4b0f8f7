"""How fast a data set is audited, with how much memory, and how much faster the second time.

Writes JPEG files of 500 x 375 pixels, cut at random out of the photos that scikit-image, scikit-learn and foolbox
carry, and audits them (every file opened, hashed and compared, all findings), with an empty cache and then with a full
one, each in a process of its own. The time is that of the audit without the start of Python and TensorFlow; the last
line has that of the whole command too. The exit code is 1 if the median is below 400 images a second, above 1 GB, or
less than 20 times faster the second time.

  python benchmarks/audit.py --images 5000
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

from imgcls.processor import describe

WIDTH, HEIGHT, QUALITY = 500, 375, 90
ROUNDS = 3
LEAST_IMAGES_A_SECOND, MOST_GIGABYTES, LEAST_RATIO = 400, 1.0, 20


def write_images(folder: Path, count: int) -> None:
    """Regions of real photos, scaled, some of them mirrored: few are copies of each other."""
    import numpy as np
    from photos import photos
    from PIL import Image, ImageOps

    large = [image for image in photos().values() if min(image.size) >= 300]
    random = np.random.default_rng(0)
    for i in range(count):
        image = large[i % len(large)]
        share = random.uniform(0.4, 0.9)
        width, height = share * image.width, share * image.height
        left, top = random.uniform(0, image.width - width), random.uniform(0, image.height - height)
        part = image.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC, (left, top, left + width, top + height))
        part = ImageOps.mirror(part) if random.random() < 0.5 else part
        path = folder / ("even", "odd")[i % 2] / f"{i:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        part.save(path, quality=QUALITY)


def audit_once(folder: Path) -> None:
    """Audit in this process and print the figures as JSON."""
    from imgcls.cli import command
    from imgcls.data.audit import find_problems
    from imgcls.data.duplicates.near_duplicates import find_copies
    from imgcls.data.inspection.inspect import inspect
    from imgcls.data.sources.load import load_manifest

    manifest = load_manifest(folder)
    if not any(Path(os.environ["IMGCLS_CACHE"]).iterdir()):
        command.import_tensorflow()  # which takes the same few seconds however many images there are
    began, processor = time.perf_counter(), time.process_time()
    manifest = inspect(manifest, again=True)
    copies = find_copies(manifest)
    findings = find_problems(manifest, copies)
    figures = {
        "seconds": time.perf_counter() - began,
        "processor seconds": time.process_time() - processor,
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        "findings": len(findings),
    }
    print(json.dumps(figures))


def measured(folder: Path, cache: Path) -> dict[str, float]:
    environment = {**os.environ, "IMGCLS_CACHE": str(cache), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, __file__, "--folder", str(folder), "--once"]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return json.loads(output.splitlines()[-1])


def command_seconds(folder: Path, cache: Path, output: Path) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "imgcls.audit", str(folder), "--output", str(output)],
        check=False, capture_output=True, env={**os.environ, "IMGCLS_CACHE": str(cache)},
    )  # fmt: skip
    return time.perf_counter() - began


def main(folder: Path, count: int) -> int:
    images = folder / "images"
    if not images.is_dir():
        print(f"Writing {count:,} images ...", flush=True)
        write_images(images, count)
    sizes = [path.stat().st_size for path in images.rglob("*.jpg")]
    count = len(sizes)
    print(f"{count:,} images of {statistics.mean(sizes) / 1000:.0f} kB; {describe()}")
    cold, warm, ratios = [], [], []
    for number in range(1, ROUNDS + 1):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(measured(images, Path(cache)))
            warm.append(measured(images, Path(cache)))
        ratios.append(cold[-1]["seconds"] / warm[-1]["seconds"])
        for name, figures in (("first", cold[-1]), ("second", warm[-1])):
            shown = ", ".join(f"{what} {value:,.2f}" for what, value in figures.items())
            print(f"round {number}, {name} audit: {count / figures['seconds']:,.0f} images/s, {shown}")
        print(f"round {number}: {ratios[-1]:.0f} times; load of the machine {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as cache:
        commands = [command_seconds(images, Path(cache), folder / "audit") for _ in ("first", "second")]
    speed = statistics.median(count / figures["seconds"] for figures in cold)
    memory = max(figures["gigabytes"] for figures in cold)
    ratio = statistics.median(ratios)
    print(f"median: {speed:,.0f} images/s (to reach {LEAST_IMAGES_A_SECOND}), second time {ratio:.0f} times faster "
          f"(to reach {LEAST_RATIO}); most memory {memory:.2f} GB (limit {MOST_GIGABYTES}); "
          f"the whole command {commands[0]:.1f} s, then {commands[1]:.1f} s")  # fmt: skip
    return int(speed < LEAST_IMAGES_A_SECOND or memory > MOST_GIGABYTES or ratio < LEAST_RATIO)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--folder", type=Path, help="keeps the images there, and takes those that are there")
    parser.add_argument("--once", action="store_true", help="one audit of --folder, in this process")
    options = parser.parse_args()
    if options.once:
        audit_once(options.folder)
    elif options.folder:
        sys.exit(main(options.folder, options.images))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            sys.exit(main(Path(temporary), options.images))
