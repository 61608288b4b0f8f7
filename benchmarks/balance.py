"""Balanced accuracy of each way of balancing, on Fashion-MNIST with its classes thinned to 1:100.

    apt-get install dataset-fashion-mnist
    python benchmarks/balance.py --results balance.jsonl

Class number k keeps 2,000 * 100^(-k/9) of its training images, as in the data sets of Cui et al., 2019; the order
of the classes is drawn anew with each seed, so that no class is rare in every round. A LeNet-5 is trained for each
mode and seed with the run's own pipeline, and judged on the 10,000 test images. A round that stands in the results file
is not run again. Printed is a table: mean and standard error over the seeds, and the mean difference to "none" of the
same seed.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import numpy as np

from imgcls.processor import describe

SOURCE = Path("/usr/share/datasets/fashion-mnist")
MODES = ("none", "weights", "effective_number", "batch", "sample", "augment", "logits", "auto")
LARGEST, RATIO = 2000, 100


def thinned(manifest, seed: int):
    """The manifest with a long tail of training images."""
    from imgcls.data.manifest.table import Manifest

    random = np.random.default_rng(seed)
    table, names = manifest.table, np.array(manifest.class_names)
    random.shuffle(names)
    kept = [table[table["split"] == "test"]]
    for place, name in enumerate(names):
        rows = table[(table["split"] == "train") & (table["label"] == name)]
        kept.append(rows.sample(round(LARGEST * RATIO ** (-place / (len(names) - 1))), random_state=seed))
    import pandas as pd

    return Manifest(pd.concat(kept, ignore_index=True), manifest.root)


def train(manifest_file: Path, mode: str, seed: int, epochs: int, folder: Path) -> dict:
    """Train and judge once."""
    import keras

    from imgcls.config import BalanceConfig, InputConfig, NetworkConfig, TrainConfig, TrainingConfig
    from imgcls.training.run import train_network
    from imgcls.workflow.create import create_run
    from imgcls.workflow.evaluate import evaluate_run

    keras.backend.clear_session()
    config = TrainConfig(
        input=InputConfig(data=str(manifest_file), image_size=32),
        balance=BalanceConfig(balance=mode),
        network=NetworkConfig(model="lenet5"),
        training=TrainingConfig(epochs=epochs, seed=seed),
        runs=str(folder),
        name=f"{mode}-{seed}",
    )
    run, manifest = create_run(config)
    train_network(run, manifest)
    evaluation = evaluate_run(run)
    return {
        "mode": mode,
        "seed": seed,
        "chosen": run.config.balance.balance,
        "accuracy": evaluation.accuracy,
        "balanced_accuracy": evaluation.metrics["balanced_accuracy"],
    }


def show(rows: list[dict]) -> None:
    by_mode = {mode: {r["seed"]: r["balanced_accuracy"] for r in rows if r["mode"] == mode} for mode in MODES}
    print("| `--balance` | balanced accuracy | difference to `none` |\n|---|---|---|")
    for mode, found in by_mode.items():
        values = [100 * value for value in found.values()]
        error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
        pairs = [100 * (value - by_mode["none"][seed]) for seed, value in found.items() if seed in by_mode["none"]]
        if values:
            print(f"| `{mode}` | {statistics.mean(values):.1f} ± {error:.1f} % | {statistics.mean(pairs):+.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("balance.jsonl"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--modes", nargs="+", default=MODES)
    parser.add_argument("--images", type=Path, help="where the images are written to, or are from last time")
    options = parser.parse_args()
    print(describe(), flush=True)
    from imgcls.data.inspection.inspect import inspect
    from imgcls.data.manifest.table import Manifest
    from imgcls.labels.formats.idx import read
    from imgcls.labels.image_index import ImageIndex

    rows = [json.loads(line) for line in options.results.read_text().splitlines()] if options.results.exists() else []
    done = {(row["mode"], row["seed"]) for row in rows}
    with tempfile.TemporaryDirectory() as temporary:
        images = options.images or Path(temporary, "images")
        images.mkdir(parents=True, exist_ok=True)
        if not (images / "all.parquet").exists():
            records = read(SOURCE, ImageIndex(SOURCE, extract=images))
            Manifest.from_records(records.boxes_or_images, records.root).save(images / "all.parquet")
        whole = Manifest.load(images / "all.parquet")
        for seed in range(options.seeds):
            data = Path(temporary, f"thinned-{seed}.parquet")
            inspect(thinned(whole, seed)).save(data)
            for mode in options.modes:
                if (mode, seed) not in done:
                    rows.append(train(data, mode, seed, options.epochs, Path(temporary)))
                    with options.results.open("a") as file:
                        file.write(json.dumps(rows[-1]) + "\n")
    show(rows)


if __name__ == "__main__":
    main()
