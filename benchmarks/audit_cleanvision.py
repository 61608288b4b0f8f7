"""What our audit finds beside cleanvision, on one folder of planted defects: how many of them, and false alarms.

    python benchmarks/audit_cleanvision.py --cleanvision-python PATH      about four minutes on two cores

PATH is a Python with cleanvision (0.3.7 was measured), for example of a virtual environment of its own. The folder has
the photos of at least 200 pixels that scikit-image, scikit-learn and foolbox carry, which count as clean, and each of
them spoilt and copied in each way of `PLANTED`. A spoilt image is found if it is told under its kind; a copy is found
if it is told together with its original. False alarms are clean photos that are told under a kind, and pairs of
different photos that are told to be copies. Both tools run with their defaults.

Two photos are not counted as clean: of a stereo pair only one is taken, and the clock was blurred by its camera.

The exit code is 1 if cleanvision finds more of a kind, or has fewer false alarms in it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path

import numpy as np
from photos import COPIES, CROPPED, TURNED, photos
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from scipy.ndimage import uniform_filter1d

from imgcls.processor import describe

SMALLEST_SIDE, QUALITY = 200, 95
MOST_SHOWN = 5  # false alarms of a kind and tool
SECOND_OF_A_PAIR, BLURRED = "skimage/motorcycle_right", "skimage/clock_motion"
Change = Callable[[Image.Image], Image.Image]
CLEANVISION = """
import json, sys
from cleanvision import Imagelab

lab = Imagelab(data_path=sys.argv[1], verbose=False)
lab.find_issues(n_jobs=int(sys.argv[2]), verbose=False)
names = [name for name in lab.issues if name.startswith("is_")]
found = {name[3:-6]: [str(path) for path in lab.issues.index[lab.issues[name]]] for name in names}
found["sets"] = [list(map(str, s)) for kind in ("exact", "near") for s in lab.info[f"{kind}_duplicates"]["sets"]]
print(json.dumps(found))
"""
KINDS = {  # ours, and cleanvision's; what is not here is a copy
    "dark": ({"dark"}, "dark"),
    "light": ({"light"}, "light"),
    "blurred": ({"blurred"}, "blurry"),
    "low information": ({"low information", "one colour"}, "low_information"),
    "odd aspect": ({"extreme aspect"}, "odd_aspect_ratio"),
    "odd size": ({"odd size", "tiny"}, "odd_size"),
}


def blurred(share: float) -> Change:
    """A Gaussian, its standard deviation as a share of the longer side."""
    return lambda image: image.filter(ImageFilter.GaussianBlur(share * max(image.size)))


def moved(share: float) -> Change:
    """The mean over so many pixels to the side."""
    return lambda image: Image.fromarray(uniform_filter1d(np.asarray(image), round(share * image.width), axis=1))


def whitened(share: float) -> Change:
    return lambda image: Image.blend(image, Image.new("RGB", image.size, "white"), share)


def scaled(factor: float) -> Change:
    return lambda image: image.resize(tuple(round(factor * side) for side in image.size))


def brightness(factor: float) -> Change:
    return lambda image: ImageEnhance.Brightness(image).enhance(factor)


PLANTED: dict[str, dict[str, Change]] = {
    "dark": {"0.3": brightness(0.3), "0.15": brightness(0.15), "0.05": brightness(0.05)},
    "light": {"0.9 white": whitened(0.9), "0.97 white": whitened(0.97), "exposed 8 times": brightness(8)},
    "blurred": {"1.5 %": blurred(0.015), "2.5 %": blurred(0.025), "5 %": blurred(0.05), "moved by 6 %": moved(0.06)},
    "low information": {
        "two shades": lambda image: image.convert("L").point(lambda level: 40 + 150 * (level > 100)).convert("RGB"),
        "two levels a channel": lambda image: ImageOps.posterize(image, 1),
        "one colour": lambda image: Image.new("RGB", image.size, image.resize((1, 1)).getpixel((0, 0))),
    },
    "odd aspect": {
        "1 to 3": lambda image: image.resize((image.width, image.width // 3)),
        "4 to 1": lambda image: image.crop((0, 0, image.width // 4, max(image.size))),
    },
    "odd size": {"an eighth": scaled(1 / 8), "four times": scaled(4)},
    "copies, exact": {"the same bytes": lambda image: image},
    "copies, near": COPIES,
    "copies, turned": TURNED,
    "copies, cropped by 10 %": CROPPED,
}


def plant(folder: Path) -> dict[str, str]:
    """Write the images, a folder a photo, and return the kind of each file, "" of a clean one."""
    kind_of = {}
    for name, image in photos().items():
        if min(image.size) < SMALLEST_SIDE or name == SECOND_OF_A_PAIR:
            continue
        own = folder / name.replace("/", "-")
        own.mkdir(parents=True)
        image.save(own / "clean.jpg", quality=QUALITY)
        kind_of[str(own / "clean.jpg")] = "blurred" if name == BLURRED else ""
        for kind, changes in PLANTED.items():
            for how, change in changes.items():
                path = own / f"{kind}-{how}.{'png' if kind == 'low information' else 'jpg'}"
                change(image).save(path, quality=QUALITY)
                kind_of[str(path)] = kind
    return kind_of


def ours(folder: Path, output: Path) -> dict[str, set[str] | list[set[str]]]:
    """Files by our kind of finding, and `sets` of copies."""
    command = [sys.executable, "-m", "imgcls.audit", str(folder), "--output", str(output / "audit")]
    subprocess.run(command, capture_output=True, env={**os.environ, "IMGCLS_CACHE": str(output / "cache")}, check=False)
    found: dict = {"sets": []}
    for finding in json.loads((output / "audit" / "audit.json").read_text("utf-8"))["findings"]:
        images = {str(folder / image) for image in finding["images"]}
        found.setdefault(finding["kind"], set()).update(images)
        if finding["kind"].endswith("copies"):
            found["sets"].append(images)
    return found


def theirs(folder: Path, python: str) -> dict[str, set[str] | list[set[str]]]:
    command = [python, "-c", CLEANVISION, str(folder), str(os.cpu_count())]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(output.splitlines()[-1])
    return {kind: [*map(set, files)] if kind == "sets" else set(files) for kind, files in found.items()}


def with_their_original(sets: Iterable[set[str]]) -> set[str]:
    """The files that are in one set with the clean photo of their folder."""
    return {file for files in sets for file in files if str(Path(file).with_name("clean.jpg")) in files}


def strangers(sets: Iterable[set[str]], whole: set[str]) -> set[tuple[str, str]]:
    """The pairs of different photos in one set, by the files that show them whole: spoilt ones do not count."""
    names = [sorted({Path(file).parent.name for file in files & whole}) for files in sets]
    return {pair for photos_in_set in names for pair in combinations(photos_in_set, 2)}


def main(python: str, folder: Path) -> int:
    print(describe(), flush=True)
    images = folder / "images"
    kind_of = plant(images)
    results = []
    for look in (lambda: ours(images, folder), lambda: theirs(images, python)):
        began = time.perf_counter()
        results.append(look())
        print(f"{len(kind_of):,} files in {time.perf_counter() - began:.0f} s", flush=True)
    clean = {file for file, kind in kind_of.items() if not kind}
    whole = {file for file, kind in kind_of.items() if not kind or kind.startswith("copies")}
    worse = False
    print(f"{'found: ours':>40} {'cleanvision':>12}   false alarms: ours cleanvision")
    for kind in PLANTED:
        planted = {file for file, its in kind_of.items() if its == kind}
        if kind in KINDS:
            our_kinds, their_kind = KINDS[kind]
            told = [set().union(*(results[0].get(name, set()) for name in our_kinds)), results[1][their_kind]]
            false = [files & clean for files in told]
        else:
            told = [with_their_original(found["sets"]) for found in results]
            false = [strangers(found["sets"], whole) for found in results]
        shares = [len(files & planted) / len(planted) for files in told]
        worse |= shares[0] < shares[1] or len(false[0]) > len(false[1])
        print(f"{kind:25} {100 * shares[0]:12.1f} % {100 * shares[1]:10.1f} % {len(false[0]):20} {len(false[1]):11}")
        for name, files in zip(("ours", "cleanvision"), false, strict=True):
            for file in sorted(map(str, files))[:MOST_SHOWN]:
                print(f"    false, {name}: {file.removeprefix(str(images))}")
    return int(worse)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cleanvision-python", required=True, help="a Python that can import cleanvision")
    parser.add_argument("--folder", type=Path, help="an empty or new folder, in which the images and the page stay")
    options = parser.parse_args()
    if options.folder:
        sys.exit(main(options.cleanvision_python, options.folder.resolve()))
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(main(options.cleanvision_python, Path(temporary)))
