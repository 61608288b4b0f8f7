"""How fast the input chain is: decoded, cropped, resized, mirrored images a second, against others on the same files.

    python benchmarks/pipeline.py speed --torch-python PATH      about eight minutes at rest
    python benchmarks/pipeline.py memory                         about five minutes

PATH is a Python with PyTorch and torchvision for the processor; without it that row is left out. `simplejpeg` and
`pillow` must be installed here. Everything that is timed takes its turn in each round; a row that says "of" is the
median, with quartiles, of the ratios within the rounds. The exit code is 1 if a figure is missed.

The images are cut out of the photos that scikit-image, scikit-learn and foolbox carry: 500 x 375 JPEG of 60 kB, and
64 of them as one of 4000 x 3000 (12 megapixels). All have as many threads as there are processors. A chain works only
until its queue is full; the queue is emptied before the clock starts.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from imgcls.processor import describe

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SIZE, BATCH, THREADS = 224, 32, os.cpu_count() or 2
SMALL, QUALITY, LARGE = 512, 94, 24  # files, quality for 60 kB, files of 12 megapixels
QUEUED = 6  # batches that may lie ready
SETTLE_SECONDS = 0.5  # for a chain that fills its queue again
CLASSES, RATIO = 10, 100
FILES, EPOCHS, EARLY, MOST_GROWTH = 20_000, 20, 2, 1.03
FIGURES = (  # a over b, and what to reach
    ("light", "simplejpeg alone", 0.75),
    ("light", "PyTorch", 1.6),
    ("12 megapixels", "12 megapixels, decoded whole", 3.0),
    ("prepared", "PyTorch", 5.0),
    ("standard", "light", 1 / 1.35),
    ("balanced", "unbalanced", 1 / 1.10),
)
TORCH = """
import sys
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

size, batch, workers, *files = sys.argv[1:]
change = transforms.Compose(
    [transforms.RandomResizedCrop(int(size)), transforms.RandomHorizontalFlip(), transforms.ToTensor()]
)


class Images(Dataset):
    def __len__(self):
        return 10**9

    def __getitem__(self, place):
        return change(Image.open(files[place % len(files)]).convert("RGB")), 0


batches = iter(DataLoader(Images(), int(batch), num_workers=int(workers)))
for line in sys.stdin:
    for _ in range(int(line)):
        next(batches)
    print("done", flush=True)
"""


def write_images(folder: Path, count: int) -> list[Path]:
    """Regions of real photos, scaled."""
    from photos import photos
    from PIL import Image

    large = [image for image in photos().values() if min(image.size) >= 300]
    draw, paths = random.Random(0), [folder / f"{i:05}.jpg" for i in range(count)]
    folder.mkdir(parents=True, exist_ok=True)
    for i, path in enumerate(paths):
        if not path.exists():
            image, share = large[i % len(large)], draw.uniform(0.4, 0.9)
            kept = share * image.width, share * image.height
            left, top = draw.uniform(0, image.width - kept[0]), draw.uniform(0, image.height - kept[1])
            part = image.resize((500, 375), Image.Resampling.BICUBIC, (left, top, left + kept[0], top + kept[1]))
            part.save(path, quality=QUALITY)
    return paths


def write_mosaics(folder: Path, count: int, images: list[Path]) -> list[Path]:
    """64 of the images side by side: 12 megapixels with the detail, and so the bytes, that a camera's have."""
    from PIL import Image

    draw, paths = random.Random(1), [folder / f"mosaic-{i:05}.jpg" for i in range(count)]
    for path in paths:
        if not path.exists():
            whole = Image.new("RGB", (4000, 3000))
            for place, part in enumerate(draw.sample(images, 64)):
                whole.paste(Image.open(part), (place % 8 * 500, place // 8 * 375))
            whole.save(path, quality=90)
    return paths


def chain(paths: list[Path], preset: str = "light", labels=None, balance: str = "none", whole: bool = False):
    """Our training batches, without end."""
    import numpy as np
    import tensorflow as tf

    from imgcls.data.augmentation import Augmentation, from_preset
    from imgcls.data.batches.balance import Balance
    from imgcls.data.batches.examples import LabeledImages
    from imgcls.data.batches.pipeline import BatchOptions, training_batches
    from imgcls.data.images import collection as images
    from imgcls.data.images.decoding import decode
    from imgcls.data.images.preprocessing import Preprocessing

    labels = np.arange(len(paths)) % CLASSES if labels is None else labels
    weighed = Balance(balance, np.bincount(labels))
    kept = images.decode_region

    def decode_whole(image_bytes: tf.Tensor, cut, height: int, width: int) -> tf.Tensor:
        image = decode(image_bytes)
        top, left, rows, columns = cut(*tf.unstack(tf.shape(image)[:2]))
        return image[top : top + rows, left : left + columns]

    images.decode_region = decode_whole if whole else kept
    try:
        return training_batches(
            LabeledImages(paths, labels, CLASSES),
            Preprocessing(SIZE, SIZE),
            BatchOptions(BATCH, 0, order=weighed.order(labels, 0), augmentation=Augmentation(from_preset(preset))),
            steps=10**9,
        )
    finally:
        images.decode_region = kept


def prepared(folder: Path) -> list[Path]:
    """The small files as `python -m imgcls.prepare` lays them down."""
    import pandas as pd

    from imgcls.data.inspection.inspect import inspect
    from imgcls.data.manifest.table import Manifest
    from imgcls.data.prepared.shards import Preparation, prepare

    rows = [{"image": f"{i:05}.jpg", "label": str(i % CLASSES)} for i in range(SMALL)]
    manifest = inspect(Manifest.from_records(pd.DataFrame(rows), folder))
    ready = prepare(manifest, folder / "prepared", Preparation("pixels"))
    return ready.paths(ready.usable)


def timed(batches: Iterator, count: int) -> float:
    """Images a second over `count` batches, the queue emptied first."""
    for _ in range(QUEUED):
        next(batches)
    began = time.perf_counter()
    for _ in range(count):
        next(batches)
    return count * BATCH / (time.perf_counter() - began)


def simplejpeg_alone(paths: list[Path]) -> float:
    import simplejpeg

    with ThreadPoolExecutor(THREADS) as pool:
        began = time.perf_counter()
        for _ in pool.map(lambda path: simplejpeg.decode_jpeg(path.read_bytes()).shape, paths):
            pass
        return len(paths) / (time.perf_counter() - began)


class Torch:
    """PyTorch's DataLoader, with as many workers as we have threads, in a process of its own."""

    def __init__(self, python: Path, paths: list[Path]):
        command = [str(python), "-c", TORCH, str(SIZE), str(BATCH), str(THREADS), *map(str, paths)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def take(self, count: int) -> None:
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "done\n":
            raise RuntimeError("PyTorch's side ended; its reason stands above.")

    def rate(self, count: int) -> float:
        self.take(QUEUED)
        began = time.perf_counter()
        self.take(count)
        return count * BATCH / (time.perf_counter() - began)


def long_tail(count: int):
    """(count,) labels, the largest class 100 times the smallest."""
    import numpy as np

    shares = RATIO ** (-np.arange(CLASSES) / (CLASSES - 1))
    counts = np.maximum(np.round(count * shares / shares.sum()).astype(int), 1)
    counts[0] += count - counts.sum()
    return np.repeat(np.arange(CLASSES), counts)


def candidates(folder: Path, torch_python: Path | None) -> dict[str, Callable[[], float]]:
    """What is timed: a name, and a function that takes a turn and gives images a second."""
    small = write_images(folder, SMALL)
    large = write_mosaics(folder, LARGE, small)
    sizes = [statistics.mean(path.stat().st_size for path in paths) / 1000 for paths in (small, large)]
    print(f"{SMALL} files of {sizes[0]:.0f} kB, {LARGE} of 12 megapixels and {sizes[1]:,.0f} kB; {THREADS} threads")
    tail = long_tail(SMALL)
    chains = {  # batches, and how many of them a turn is
        "light": (chain(small), 32),
        "standard": (chain(small, "standard"), 32),
        "unbalanced": (chain(small, labels=tail), 32),
        "balanced": (chain(small, labels=tail, balance="batch"), 32),
        "prepared": (chain(prepared(folder)), 64),
        "12 megapixels": (chain(large), 4),
        "12 megapixels, decoded whole": (chain(large, whole=True), 2),
    }
    found: dict[str, Callable[[], float]] = {"simplejpeg alone": lambda: simplejpeg_alone(small)}
    if torch_python:
        torch = Torch(torch_python, small)
        found["PyTorch"] = lambda: torch.rate(32)
    return found | {name: partial(timed, iter(batches), count) for name, (batches, count) in chains.items()}


def shown(values: list[float], form: str) -> str:
    first, middle, last = statistics.quantiles(values, n=4)
    return f"{middle:{form}} ({first:{form}} to {last:{form}})"


def speed(folder: Path, torch_python: Path | None, rounds: int) -> bool:
    """Print the rates and the figures; whether all are reached."""
    found = candidates(folder, torch_python)
    for rate in found.values():
        rate()
    rates: dict[str, list[float]] = {name: [] for name in found}
    for number in range(1, rounds + 1):
        for name, rate in found.items():
            time.sleep(SETTLE_SECONDS)
            rates[name].append(rate())
        print(f"round {number} of {rounds}; load of the machine {os.getloadavg()[0]:.1f}", flush=True)
    for name, values in rates.items():
        print(f"{name:32} {shown(values, ',.0f')} images/s")
    reached = balanced_shares()
    for a, b, least in FIGURES:
        if a in rates and b in rates:
            ratios = [x / y for x, y in zip(rates[a], rates[b], strict=True)]
            reached &= statistics.median(ratios) >= least
            print(f"{a} of {b}: {shown(ratios, '.2f')}; to reach {least:.2f}")
    return reached


def balanced_shares() -> bool:
    """Whether each class has its equal share of an epoch of balanced positions, to 1 %."""
    import numpy as np
    import tensorflow as tf

    from imgcls.data.batches.balance import Balance

    labels = long_tail(FILES)
    order = Balance("batch", np.bincount(labels)).order(labels, 0)
    counts = np.bincount(labels[order(tf.range(FILES, dtype=tf.int64)).numpy()])
    worst = float(np.abs(counts / counts.mean() - 1).max())
    print(f"shares of {CLASSES} classes at 1:{RATIO} in a balanced epoch: {worst:.2%} from equal at most; limit 1 %")
    return worst <= 0.01


def memory(folder: Path) -> bool:
    """Whether resident memory after the last epoch is about that after an early one."""
    from photos import photos

    paths = [folder / "tiny" / f"{i:05}.{('jpg', 'png')[i % 2]}" for i in range(FILES)]
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    draw, large = random.Random(0), [image for image in photos().values() if min(image.size) >= 300]
    for i, path in enumerate(paths):
        if not path.exists():
            image = large[i % len(large)]
            left, top = draw.randrange(image.width - 64), draw.randrange(image.height - 64)
            image.crop((left, top, left + 48 + i % 16, top + 48)).save(path)
    after = {}
    batches = iter(tiny_chain(paths))
    for epoch in range(1, EPOCHS + 1):
        for _ in range(FILES // BATCH):
            next(batches)
        after[epoch] = resident_megabytes()
        print(f"epoch {epoch}: {after[epoch]:,.0f} MB", flush=True)
    growth = after[EPOCHS] / after[EARLY]
    print(f"after epoch {EPOCHS}: {growth - 1:+.1%} of that after epoch {EARLY}; limit {MOST_GROWTH - 1:+.0%}")
    return growth <= MOST_GROWTH


def tiny_chain(paths: list[Path]):
    import numpy as np

    from imgcls.data.augmentation import Augmentation, from_preset
    from imgcls.data.batches.examples import LabeledImages
    from imgcls.data.batches.pipeline import BatchOptions, training_batches
    from imgcls.data.images.preprocessing import Preprocessing

    return training_batches(
        LabeledImages(paths, np.arange(len(paths)) % CLASSES, CLASSES),
        Preprocessing(32, 32),
        BatchOptions(BATCH, 0, augmentation=Augmentation(from_preset("standard"))),
        steps=10**9,
    )


def resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> bool:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "memory"))
    parser.add_argument("--torch-python", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="keeps the images there, and takes those that are there")
    options = parser.parse_args()
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if options.what == "memory":
            return memory(folder)
        return speed(folder, options.torch_python, max(options.rounds, 5))


if __name__ == "__main__":
    reached = main()
    sys.stdout.flush()
    os._exit(int(not reached))  # tf.data's threads are not waited for
