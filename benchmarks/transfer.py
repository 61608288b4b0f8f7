"""A new head on EfficientNet-Lite0: `--plan head` against Keras' own recipe, start-up included in both.

Keras' recipe (keras.io/guides/transfer_learning): the backbone frozen and in inference, a dropout and a dense layer
on it, `fit`. Both see the 2,500 pictures of the sample at 224 pixels, divided alike, for the same number of epochs,
each in a process of its own. Needs about an hour on two cores; --epochs and --repeats make it shorter.

    python benchmarks/transfer.py
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def keras_recipe(run: str, epochs: int) -> None:
    """Train as the guide does, on the splits of an earlier run, and print the best validation accuracy."""
    import keras
    import tensorflow as tf

    from imgcls.data.manifest import Manifest
    from imgcls.models import build_model

    manifest = Manifest.load(Path(run) / "manifest.parquet")
    names = manifest.class_names

    def dataset(split: str) -> tf.data.Dataset:
        rows = manifest.split(split)
        files = [str(path) for path in manifest.paths(rows)]
        labels = [names.index(label) for label in rows["label"]]

        def read(file, label):
            pixels = tf.io.decode_png(tf.io.read_file(file), channels=3)
            return tf.image.resize(pixels, (224, 224), "bicubic", antialias=True), label

        found = tf.data.Dataset.from_tensor_slices((files, labels))
        found = found.shuffle(len(files)) if split == "train" else found
        return found.map(read, tf.data.AUTOTUNE).batch(64).prefetch(tf.data.AUTOTUNE)

    backbone = build_model("efficientnet_lite0", (224, 224, 3), num_classes=len(names), weights="imagenet")
    backbone = keras.Model(backbone.input, backbone.get_layer("embedding").output)
    backbone.trainable = False
    pixels = keras.Input((224, 224, 3))
    x = keras.layers.Dropout(0.2)(backbone(pixels, training=False))
    model = keras.Model(pixels, keras.layers.Dense(len(names))(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.003), loss, metrics=["accuracy"])
    history = model.fit(dataset("train"), validation_data=dataset("validation"), epochs=epochs, verbose=0)
    print(json.dumps({"accuracy": max(history.history["val_accuracy"])}))


def our_run(runs: str, name: str, epochs: int) -> None:
    """Train with --plan head, without the judgement on the test split, and print the best validation accuracy."""
    from imgcls.config import InputConfig, NetworkConfig, TrainConfig, TrainingConfig
    from imgcls.train import prepare_run
    from imgcls.training.run import train_run

    config = TrainConfig(
        input=InputConfig(augmentation="none"),
        network=NetworkConfig(model="efficientnet_lite0", weights="imagenet", plan="head"),
        training=TrainingConfig(epochs=epochs, batch_size=64),
        runs=runs,
        name=name,
    )
    run, manifest = prepare_run(config)
    train_run(run, manifest)
    print(json.dumps({"accuracy": max(row["val_accuracy"] for row in run.metrics())}))


def timed(*arguments: object) -> tuple[float, float]:
    """Seconds and accuracy of one of the two in a process of its own."""
    began = time.perf_counter()
    line = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return time.perf_counter() - began, json.loads(done.stdout.strip().splitlines()[-1])["accuracy"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--side", choices=("both", "ours", "keras"), default="both")
    options = parser.parse_args()
    found = {"ours": [], "keras": []}
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as runs:  # so that no feature is known yet
            found["ours"].append(timed("ours", runs, "run", options.epochs))
            if options.side != "ours":
                found["keras"].append(timed("keras", f"{runs}/run", options.epochs))
    for side, results in found.items():
        if results:
            seconds = statistics.median(second for second, _ in results)
            accuracy = statistics.median(accuracy for _, accuracy in results)
            print(f"{side}: {seconds:.1f} s, validation accuracy {100 * accuracy:.1f} % (median of {len(results)})")


if __name__ == "__main__":
    if sys.argv[1:2] == ["keras"]:
        keras_recipe(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1:2] == ["ours"]:
        our_run(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main()
