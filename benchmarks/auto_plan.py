"""`--plan auto` on EfficientNet-Lite0 and few images, beside logistic regression on the same network's features.

    python benchmarks/auto_plan.py                            seven sets, three seeds
    python benchmarks/auto_plan.py --sets pieces digits

The sets are made here, anew for each seed, of what the repository and the test extras (and foolbox) carry:

pieces          20 photos of scikit-image, scikit-learn and foolbox are the classes. Their images are pieces, turned,
                mirrored and lit at random, 12 for training, 4 for validation and 10 for the test, which come from the
                right third of the photo, so that none of it has been seen
pieces thinned  the same with 2 to 12 pieces for training
clothes 20      20, 50 and 200 images a class of the sample, of which the run takes 15 % for validation; tested on the
clothes 50      sample's 500 test images
clothes 200
clothes thinned 100 images of the first class, fewer of each next one, down to 10
digits          30 images a class of scikit-learn's digits, enlarged from 8 pixels; tested on 500 others

scikit-learn's logistic regression gets the embeddings of the training images, standardised; its strength is chosen by
cross-validation. Ours is one run with `--plan auto`, as a user starts it. Both are judged on the same images. To reach:
at least its accuracy in the mean over all sets, and on none more than one standard error less.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from photos import photos
from PIL import Image, ImageEnhance

from imgcls.cli import command
from imgcls.processor import describe

SAMPLE = Path(__file__).parents[1] / "datasets" / "fashion_mini"
PIECES = {"train": 12, "validation": 4, "test": 10}  # of each photo
PHOTOS = 20
FEWEST_PIECES = 2  # for training, in the thinned set
LARGE_ENOUGH = 160  # pixels of the shorter side of a photo
TEST_FROM = 0.62  # share of the width at which the pieces for the test begin
CLOTHES_FROM, CLOTHES_TO = 100, 10  # images of the first and of the last class, in the thinned set
DIGITS, DIGITS_FOR_TEST, DIGITS_SIDE = 30, 50, 96  # images a class, and pixels that they are enlarged to
STRENGTHS = np.logspace(-4, 1, 6)  # that scikit-learn chooses from


@dataclass(frozen=True)
class Options:
    """What is tried."""

    sets: tuple[str, ...] = ()  # names of sets, with - for a space; none: all
    seeds: int = 3
    epochs: int = 4  # of fine-tuning, where the plan has any
    image_size: int = 96  # pixels that the network sees
    plan: str = "auto"


def main(options: Options) -> int:
    command.import_tensorflow()
    print(describe(), flush=True)
    names = [name.replace("-", " ") for name in options.sets] or list(SETS)
    found = []
    with tempfile.TemporaryDirectory() as folder:  # one, so that the features of an image are computed once
        for name in names:
            rows = [compared(Path(folder), name, seed, options) for seed in range(options.seeds)]
            found.append(summary(name, rows))
            print(found[-1]["text"], flush=True)
    ours, regression = (np.mean([row[side] for row in found]) for side in ("ours", "regression"))
    print(f"| mean | | **{ours:.1f}** | {regression:.1f} | |")
    below = [row["name"] for row in found if row["ours"] < row["regression"] - row["error"]]
    print(f"More than one standard error less: {', '.join(below) or 'on none'}.")
    return command.OK if ours >= regression and not below else command.FAULT


def summary(name: str, rows: list[dict]) -> dict:
    """The mean over the seeds, in per cent, and the standard error of the accuracy on the images of one seed."""
    ours, regression = (100 * np.mean([row[side] for row in rows]) for side in ("ours", "regression"))
    error = float(np.sqrt(regression * (100 - regression) / rows[0]["images"]))
    plans = ", ".join(f"`{plan}`" for plan in dict.fromkeys(row["plan"] for row in rows))
    text = f"| {name} | {plans} | {ours:.1f} | {regression:.1f} | {error:.1f} |"
    return {"name": name, "ours": ours, "regression": regression, "error": error, "text": text}


def compared(folder: Path, name: str, seed: int, options: Options) -> dict:
    """Accuracies on the test images of a set."""
    from imgcls.config import InputConfig, NetworkConfig, TrainConfig, TrainingConfig
    from imgcls.training.run import train_network
    from imgcls.workflow.create import create_run
    from imgcls.workflow.evaluate import evaluate_run

    data = folder / f"{name.replace(' ', '-')}-{seed}"
    SETS[name](data, np.random.default_rng(seed))
    config = TrainConfig(
        input=InputConfig(data=str(data), image_size=options.image_size),
        network=NetworkConfig(model="efficientnet_lite0", weights="imagenet", plan=options.plan),
        training=TrainingConfig(epochs=options.epochs, seed=seed),
        runs=str(folder / "runs"),
    )
    run, manifest = create_run(config)
    train_network(run, manifest)
    ours = evaluate_run(run).accuracy
    regression, images = regression_accuracy(run.config, manifest)
    plan = json.loads(run.plan_file.read_text())["plan"] if run.plan_file.exists() else options.plan
    kept = [(row["epoch"], round(row["val_accuracy"], 3), round(row["val_loss"], 3)) for row in run.metrics()]
    print(f"{name}, seed {seed}: --plan {plan} {100 * ours:.1f} %, logistic regression {100 * regression:.1f} %; "
          f"epochs, accuracy and loss on validation {kept}", flush=True)  # fmt: skip
    return {"ours": ours, "regression": regression, "plan": plan, "images": images}


def regression_accuracy(config, manifest) -> tuple[float, int]:
    """scikit-learn's, on the embeddings of the published weights, and on how many images."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    embeddings = frozen_embeddings(config, manifest)
    known, unseen = manifest.split("train"), manifest.split("test")
    folds = min(3, known["label"].value_counts().min())
    strengths = GridSearchCV(LogisticRegression(max_iter=1000), {"C": STRENGTHS}, cv=max(2, folds))
    regression = make_pipeline(StandardScaler(), strengths)
    regression.fit(embeddings(known), known["label"])
    right = regression.predict(embeddings(unseen)) == unseen["label"].to_numpy()
    return float(right.mean()), len(right)


def frozen_embeddings(config, manifest) -> Callable:
    """A function from rows of the manifest to the embeddings (N, F) of the published weights."""
    from imgcls.training.network import build_network, run_statistics
    from imgcls.training.transfer.plan import feature_cache, images

    config = replace(config, training=replace(config.training, precision="float32"))
    statistics = run_statistics(config, manifest)
    cache, places = feature_cache(config, build_network(config, manifest.class_names, statistics), statistics)
    return lambda rows: cache.features(images(manifest, rows))[:, places["embedding"]]


def cut_pieces(folder: Path, random: np.random.Generator, fewest: int = PIECES["train"]) -> None:
    """Write the pieces as <split>/<class>/<number>.png. fewest: for training, of the last class."""
    large = {name: photo for name, photo in photos().items() if min(photo.size) >= LARGE_ENOUGH}
    names = random.choice(sorted(large), min(PHOTOS, len(large)), replace=False)
    for name, training in zip(names, np.linspace(PIECES["train"], fewest, len(names)), strict=True):
        for split, count in {**PIECES, "train": round(training)}.items():
            target = folder / split / name.replace("/", "-")
            target.mkdir(parents=True)
            for number in range(count):
                piece(large[name], split == "test", random).save(target / f"{number:02d}.png")


def piece(photo: Image.Image, for_test: bool, random: np.random.Generator) -> Image.Image:
    """A square of a fifth to a third of the photo's shorter side, from its right or left part, a little changed."""
    side = int(min(photo.size) * random.uniform(0.2, 0.33))
    border = int(photo.width * TEST_FROM)
    left, right = (border, photo.width - side) if for_test else (0, border - side)
    x, y = random.integers(left, max(left, right) + 1), random.integers(0, photo.height - side + 1)
    square = photo.crop((x, y, x + side, y + side)).rotate(random.uniform(-15, 15), Image.Resampling.BICUBIC)
    square = square.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else square
    return ImageEnhance.Brightness(square.resize((128, 128))).enhance(random.uniform(0.7, 1.3))


def draw_clothes(folder: Path, random: np.random.Generator, first: int, last: int) -> None:
    """Copy so many images of the first and of the last class of the sample for training, and all of the test."""
    shutil.copytree(SAMPLE / "test", folder / "test")
    classes = sorted(path for path in (SAMPLE / "train").iterdir() if path.is_dir())
    for source, count in zip(classes, np.geomspace(first, last, len(classes)).round().astype(int), strict=True):
        (folder / "train" / source.name).mkdir(parents=True)
        for path in random.permutation(sorted(source.iterdir()))[:count]:
            shutil.copy(path, folder / "train" / source.name)


def enlarge_digits(folder: Path, random: np.random.Generator) -> None:
    from sklearn.datasets import load_digits

    found = load_digits()
    for digit in range(10):
        places = random.permutation(np.flatnonzero(found.target == digit))
        for number, place in enumerate(places[: DIGITS + DIGITS_FOR_TEST]):
            target = folder / ("train" if number < DIGITS else "test") / f"digit {digit}"
            target.mkdir(parents=True, exist_ok=True)
            small = Image.fromarray((found.images[place] * 255 / 16).astype(np.uint8))
            small.resize((DIGITS_SIDE, DIGITS_SIDE), Image.Resampling.BICUBIC).save(target / f"{number:02d}.png")


SETS: dict[str, Callable[[Path, np.random.Generator], None]] = {
    "pieces": cut_pieces,
    "pieces thinned": lambda folder, random: cut_pieces(folder, random, FEWEST_PIECES),
    "clothes 20": lambda folder, random: draw_clothes(folder, random, 20, 20),
    "clothes 50": lambda folder, random: draw_clothes(folder, random, 50, 50),
    "clothes 200": lambda folder, random: draw_clothes(folder, random, 200, 200),
    "clothes thinned": lambda folder, random: draw_clothes(folder, random, CLOTHES_FROM, CLOTHES_TO),
    "digits": enlarge_digits,
}


if __name__ == "__main__":
    command.run(main, Options, __doc__)
