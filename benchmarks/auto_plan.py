"""`--plan auto` on EfficientNet-Lite0 and few photos, beside logistic regression on the same network's features.

    python benchmarks/auto_plan.py            three seeds, about ten minutes on two cores

The classes are the photos that scikit-image, scikit-learn and foolbox carry (the test extras, and foolbox); the images
of a class are pieces of one photo, each turned, mirrored and lit at random: 12 for training, 4 for validation, 10 for
the test. The pieces for the test are cut from the right third of the photo and the others from the left part, so that
none has been seen. scikit-learn's logistic regression gets the embeddings of the training pieces; its strength is
chosen by cross-validation. Ours is one run with `--plan auto`, as a user starts it. Both are judged on the
same pieces; to reach: at least the accuracy of logistic regression minus one standard error.
"""

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from photos import photos
from PIL import Image, ImageEnhance

from imgcls import command

PIECES = {"train": 12, "validation": 4, "test": 10}  # of each photo
LARGE_ENOUGH = 160  # pixels of the shorter side of a photo
TEST_FROM = 0.62  # share of the width at which the pieces for the test begin


@dataclass(frozen=True)
class Options:
    """What is tried."""

    seeds: int = 3  # each with pieces and photos of its own
    classes: int = 20  # photos, drawn anew for each seed
    epochs: int = 20
    plan: str = "auto"


def main(options: Options) -> int:
    command.import_tensorflow()
    rows = []
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(compared(Path(folder), seed, options))
        row = rows[-1]
        print(
            f"seed {seed}: --plan {row['plan']} {100 * row['ours']:.1f} %, logistic regression "
            f"{100 * row['regression']:.1f} % (standard error {100 * row['error']:.1f}, {row['images']} pieces)",
            flush=True,
        )
    ours, regression = (100 * np.mean([row[side] for row in rows]) for side in ("ours", "regression"))
    error = 100 * np.sqrt(np.sum([row["error"] ** 2 for row in rows])) / len(rows)
    print(f"mean: {ours:.1f} % and {regression:.1f} %, standard error {error:.1f}")
    return command.OK


def compared(folder: Path, seed: int, options: Options) -> dict:
    """Accuracies on the test pieces, and the standard error of logistic regression's."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from imgcls.config import InputConfig, NetworkConfig, TrainConfig, TrainingConfig
    from imgcls.evaluate import evaluate_run
    from imgcls.train import prepare_run
    from imgcls.training.run import train_run
    from imgcls.training.transfer import feature_cache, pictures

    cut_pieces(folder / "pieces", seed, options.classes)
    config = TrainConfig(
        input=InputConfig(data=str(folder / "pieces")),
        network=NetworkConfig(model="efficientnet_lite0", weights="imagenet", plan=options.plan),
        training=TrainingConfig(epochs=options.epochs, seed=seed),
        runs=str(folder / "runs"),
    )
    run, manifest = prepare_run(config)
    train_run(run, manifest)
    ours = evaluate_run(run).accuracy

    embeddings = frozen_embeddings(run.config, manifest, feature_cache)
    known, unseen = manifest.split("train"), manifest.split("test")
    strengths = GridSearchCV(LogisticRegression(max_iter=300), {"C": np.logspace(-4, 1, 6)}, cv=3)
    regression = make_pipeline(StandardScaler(), strengths)
    regression.fit(embeddings(pictures(manifest, known)), known["label"])
    right = regression.predict(embeddings(pictures(manifest, unseen))) == unseen["label"].to_numpy()
    accuracy = right.mean()
    error = np.sqrt(accuracy * (1 - accuracy) / len(right))
    plan = json.loads(run.plan_file.read_text())["plan"] if run.plan_file.exists() else options.plan
    return {"ours": ours, "regression": accuracy, "error": error, "plan": plan, "images": len(right)}


def frozen_embeddings(config, manifest, feature_cache):
    """A function from pictures to the embeddings (N, F) of the published weights."""
    from imgcls.training.network import build_network, run_statistics

    config = replace(config, training=replace(config.training, precision="float32"))
    statistics = run_statistics(config, manifest)
    cache, places = feature_cache(config, build_network(config, manifest.class_names, statistics), statistics)
    return lambda some: cache.features(some)[:, places["embedding"]]


def cut_pieces(folder: Path, seed: int, classes: int) -> None:
    """Write the pieces as <split>/<class>/<number>.png."""
    random = np.random.default_rng(seed)
    large = {name: photo for name, photo in photos().items() if min(photo.size) >= LARGE_ENOUGH}
    for name in random.choice(sorted(large), min(classes, len(large)), replace=False):
        for split, count in PIECES.items():
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


if __name__ == "__main__":
    command.run(main, Options, __doc__)
