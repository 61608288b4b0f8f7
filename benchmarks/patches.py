"""Whether a network that is trained on patches finds objects, beside one that is trained on the objects alone.

Plants items of Fashion-MNIST (the sample that comes along) in crops of the photos that scikit-image, scikit-learn and
foolbox carry, one or two a canvas, and describes them by COCO files; no photo and no item is in two splits. All
networks have EfficientNet-Lite0's frozen ImageNet features; what is trained on them differs:

- crops: --plan head on the boxes (`--boxes crop`), without a background class;
- patches: --plan patches, with partial patches left out or as background, with a linear head or a hidden layer.

Every patch of the grid of each test canvas is then classified. "found": the patch in which a planted class is most
likely shows it (by the rule of the labels); "IoU": the mean intersection over union of that patch with the box; "false
alarms": patches that touch no object whose likeliest class is an object, and those where its probability is 0.9 or
more; "recall": patches that show an object whose likeliest class is that object. Prints each round's figures, and the
median with the range. Needs no internet.

  python benchmarks/patches.py --canvases 120 --rounds 3
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
from photos import photos

from imgcls import RunFolder, TrainConfig
from imgcls.config import InputConfig, JudgementConfig, LabelsConfig, NetworkConfig, PatchesConfig, TrainingConfig
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import Manifest
from imgcls.data.patches.grid import square_patches
from imgcls.data.patches.labels import BACKGROUND, objects_shown
from imgcls.data.sources.importing import import_manifest
from imgcls.labels.records import BOX
from imgcls.models import classifier, load_model
from imgcls.training.run import train_network
from imgcls.training.transfer.features import FeatureCache, ImageSet, depth_features
from imgcls.training.transfer.head_layers import head_part
from imgcls.workflow.create import create_run

WIDTH, HEIGHT, BLANK = 320, 240, 20
CLASSES = ("bag", "trouser", "dress", "sneaker")
SAMPLE = Path(__file__).parents[1] / "datasets" / "fashion_mini"
SPLITS = {"train": 0.55, "validation": 0.15, "test": 0.3}  # shares of the canvases
TRAINED = {  # name: plan, and what of its patches differs
    "crops": ("head", PatchesConfig()),
    "patches": ("patches", PatchesConfig()),
    "patches, partial ones as background": ("patches", PatchesConfig(partial_patches="background")),
    "patches, hidden layer of 2048": ("patches", PatchesConfig(adaptation_units=2048)),
    "the same, partial ones as background": (
        "patches",
        PatchesConfig(adaptation_units=2048, partial_patches="background"),
    ),
}
FIGURES = ("found", "IoU", "false alarms", "false alarms from 0.9", "recall", "seconds")


def write_canvases(folder: Path, count: int, seed: int) -> None:
    """Write canvases, and a COCO file a split; no photo and no item is in two of them."""
    random = np.random.default_rng(seed)
    every = [np.asarray(image) for image in photos().values() if image.width > WIDTH and image.height > HEIGHT]
    (folder / "images").mkdir(parents=True)
    for number, (split, share) in enumerate(SPLITS.items()):
        backgrounds = every[number :: len(SPLITS)]
        items = {name: items_of(name, split) for name in CLASSES}
        images, annotations = [], []
        for canvas_number in range(round(share * count)):
            name = f"{split}_{canvas_number:04}.png"
            canvas = background(backgrounds[random.integers(len(backgrounds))], random)
            images.append({"id": canvas_number, "file_name": name, "width": WIDTH, "height": HEIGHT})
            for turn in range(1 + canvas_number % 2):
                place, (x, y, side) = int(random.integers(len(CLASSES))), square(turn, random)
                files = items[CLASSES[place]]
                plant(canvas[y : y + side, x : x + side], files[random.integers(len(files))])
                annotations.append(
                    {"id": len(annotations) + 1, "image_id": canvas_number, "category_id": place + 1, "iscrowd": 0,
                     "bbox": [x, y, side, side], "area": side * side, "segmentation": []}
                )  # fmt: skip
            PIL.Image.fromarray(canvas).save(folder / "images" / name)
        categories = [{"id": place, "name": name} for place, name in enumerate(CLASSES, start=1)]
        content = {"images": images, "annotations": annotations, "categories": categories}
        (folder / f"instances_{split}.json").write_text(json.dumps(content))


def items_of(name: str, split: str) -> list[Path]:
    """Training items for two splits, alternately; test items for the test."""
    files = sorted((SAMPLE / ("test" if split == "test" else "train") / name).iterdir())
    return files if split == "test" else files[split == "validation" :: 2]


def background(photo: np.ndarray, random: np.random.Generator) -> np.ndarray:
    top, left = random.integers(photo.shape[0] - HEIGHT), random.integers(photo.shape[1] - WIDTH)
    return photo[top : top + HEIGHT, left : left + WIDTH].copy()


def square(turn: int, random: np.random.Generator) -> tuple[int, int, int]:
    """Left, top and side: in the right half for the first item, in the left half for the second."""
    side = int(random.integers(56, 120))
    return int(random.integers(WIDTH // 2 - side)) + (1 - turn) * WIDTH // 2, int(random.integers(HEIGHT - side)), side


def plant(part: np.ndarray, item: Path) -> None:
    """Draw an item over a square of the canvas; where the item is black, the canvas stays."""
    with PIL.Image.open(item) as image:
        pixels = np.asarray(image.convert("L").resize(part.shape[:2], PIL.Image.Resampling.BICUBIC))
    part[pixels > BLANK] = pixels[pixels > BLANK, None]


def config_of(name: str, data: Path, folder: Path, seed: int) -> TrainConfig:
    plan, patches = TRAINED[name]
    return TrainConfig(
        input=InputConfig(data=str(data), image_size=96, resize="stretch", augmentation="none"),
        network=NetworkConfig(model="efficientnet_lite0", weights="imagenet", plan=plan),
        patches=patches,
        training=TrainingConfig(seed=seed, epochs=20),
        judgement=JudgementConfig(calibrate=False),
        runs=str(folder / "runs"),
    )


def probabilities(run: RunFolder, objects: Manifest, rows: list[tuple[str, np.ndarray]]) -> np.ndarray:
    """(patches, classes) by the run's model, whose backbone's features the runs share."""
    model = load_model(run.model_file)
    body, places = depth_features(model)
    cache = FeatureCache(Path(run.path).parent / ".judged", body, Preprocessing(**classifier.preprocessing(model)), {})
    files = objects.usable.groupby("image")["sha256"].first()
    paths = [objects.root / image for image, patches in rows for _ in patches]
    hashes = [files[image] for image, patches in rows for _ in patches]
    boxes = np.concatenate([patches for _, patches in rows]).astype(np.float32)
    features = cache.features(ImageSet(paths, hashes, boxes))[:, places["embedding"]]
    logits = head_part(model).predict(features, verbose=0)
    return np.asarray(model.get_layer("probabilities")(logits))


def judged(run: RunFolder, objects: Manifest) -> dict[str, float]:
    """The figures of a run on all patches of the test canvases."""
    test = objects.split("test")
    canvases = [(image, square_patches(WIDTH, HEIGHT)) for image in test["image"].unique()]
    values = probabilities(run, objects, canvases).reshape(len(canvases), -1, len(class_names(run)))
    found, overlaps, empty, shown_right = [], [], [], []
    for (image, patches), likely in zip(canvases, values, strict=True):
        mine = test[test["image"] == image]
        for truth in outcomes(run, patches, mine, likely):
            found.append(truth[0]), overlaps.append(truth[1])
        shown = objects_shown(patches, mine[BOX].to_numpy(float), mine["label"].tolist())
        empty.append(likely[shown == BACKGROUND])
        names = np.array(class_names(run))[likely.argmax(1)]
        shown_right += (names[shown >= 0] == mine["label"].to_numpy()[shown[shown >= 0]]).tolist()
    background = np.concatenate(empty)
    planted = background[:, [class_names(run).index(name) for name in CLASSES]]
    alarms = planted.max(1) == background.max(1)
    return {"found": np.mean(found), "IoU": np.mean(overlaps), "false alarms": np.mean(alarms),
            "false alarms from 0.9": np.mean(planted.max(1) >= 0.9), "recall": np.mean(shown_right)}  # fmt: skip


def class_names(run: RunFolder) -> list[str]:
    return Manifest.load(run.manifest_file).class_names


def outcomes(run: RunFolder, patches: np.ndarray, mine, likely: np.ndarray) -> Iterator[tuple[bool, float]]:
    """For each class on the canvas: whether its likeliest patch shows it, and the intersection over union."""
    for label, objects in mine.groupby("label"):
        boxes = objects[BOX].to_numpy(float)
        best = patches[[likely[:, class_names(run).index(label)].argmax()]]
        overlap = max(intersection_over_union(best[0], box) for box in boxes)
        yield bool(objects_shown(best, boxes, [label] * len(boxes))[0] >= 0), overlap


def intersection_over_union(one: np.ndarray, other: np.ndarray) -> float:
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    shared = float(np.clip(sides, 0, None).prod())
    return shared / (float((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod()) - shared)


def one_round(folder: Path, count: int, seed: int) -> dict[str, dict[str, float]]:
    write_canvases(folder / "canvases", count, seed)
    objects = inspect(import_manifest(folder / "canvases", LabelsConfig(boxes="crop")).manifest)
    data = folder / "objects.parquet"
    objects.save(data)
    figures = {}
    for name in TRAINED:
        began = time.perf_counter()
        run, manifest = create_run(config_of(name, data, folder, seed))
        train_network(run, manifest)
        seconds = time.perf_counter() - began
        figures[name] = judged(run, objects) | {"seconds": seconds}
        shown = ", ".join(f"{what} {figures[name][what]:.3g}" for what in FIGURES)
        print(f"round {seed + 1}, {name}: {shown}", flush=True)
    return figures


def main(count: int, rounds: int) -> None:
    every = []
    for seed in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            every.append(one_round(Path(folder), count, seed))
    for name in TRAINED:
        print(f"\n{name}")
        for what in FIGURES:
            values = [figures[name][what] for figures in every]
            print(f"  {what}: {statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--canvases", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    main(arguments.canvases, arguments.rounds)
