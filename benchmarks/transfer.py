"""A new head on EfficientNet-Lite0: `--plan head` against Keras' own recipe, start-up included in both.

Keras' recipe (keras.io/guides/transfer_learning): the backbone frozen and in inference, a dropout and a dense layer
on it, `fit` for a number of epochs; ours is fitted to its optimum and has none. Both see the 2,500 images of the
sample at 224 pixels, 2,000 for training and 490 for validation, each in a process of its own, start-up included; --side
ours leaves the other out. Keras' side takes about twelve minutes a round on two cores, ours half a minute. OpenVINO
(the extra `openvino`) computes our features where it is installed.

    python benchmarks/transfer.py --repeats 1                      about thirteen minutes
    python benchmarks/transfer.py --repeats 5 --keras-epochs 4     ten minutes

With --keras-epochs fewer, Keras' side is timed with so many epochs and with half as many, and the time of all its
epochs is worked out from the two on a straight line, which the output says; its accuracy is then that of the few.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from imgcls.processor import describe

ROOT = Path(__file__).parents[1]


def keras_recipe(run: str, epochs: int) -> None:
    """Train as the guide does, on the splits of an earlier run, and print the best validation accuracy."""
    import keras
    import tensorflow as tf

    from imgcls.data.manifest.table import Manifest
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
    """Train with --plan head, without the judgement on the test split, and print the best validation accuracy.

    The sample's test images are the ones for validation here, but for one of each class, which a run asks for.
    """
    from imgcls.config import InputConfig, NetworkConfig, TrainConfig, TrainingConfig
    from imgcls.data.sources.load import load_manifest
    from imgcls.training.run import train_network
    from imgcls.workflow.create import create_run

    manifest = load_manifest("fashion_mini")
    test = manifest.table["split"] == "test"
    manifest.table.loc[test & manifest.table.duplicated(["split", "label"]), "split"] = "validation"
    manifest.save(Path(runs) / "sample.parquet")
    config = TrainConfig(
        input=InputConfig(data=f"{runs}/sample.parquet", augmentation="none"),
        network=NetworkConfig(model="efficientnet_lite0", weights="imagenet", plan="head"),
        training=TrainingConfig(epochs=epochs, batch_size=64),
        runs=runs,
        name=name,
    )
    run, manifest = create_run(config)
    train_network(run, manifest)
    print(json.dumps({"accuracy": max(row["val_accuracy"] for row in run.metrics())}))


def timed(*arguments: object) -> tuple[float, float]:
    """Seconds and accuracy of one of the two in a process of its own."""
    began = time.perf_counter()
    line = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return time.perf_counter() - began, json.loads(done.stdout.strip().splitlines()[-1])["accuracy"]


def timed_keras(run: str, epochs: int, timed_epochs: int) -> tuple[float, float]:
    """Seconds and accuracy of Keras' side; worked out from fewer epochs where `timed_epochs` says so."""
    if timed_epochs in (0, epochs):
        return timed("keras", run, epochs)
    half = timed_epochs // 2
    (few, _), (more, accuracy) = timed("keras", run, half), timed("keras", run, timed_epochs)
    return more + (more - few) / (timed_epochs - half) * (epochs - timed_epochs), accuracy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--keras-epochs", type=int, default=0, help="at least 2; 0: all of them")
    parser.add_argument("--side", choices=("both", "ours", "keras"), default="both")
    options = parser.parse_args()
    print(describe(), flush=True)
    found = {"ours": [], "keras": []}
    for number in range(options.repeats):
        with tempfile.TemporaryDirectory() as runs:  # so that no feature is known yet
            found["ours"].append(timed("ours", runs, "run", options.epochs))
            if options.side != "ours":
                found["keras"].append(timed_keras(f"{runs}/run", options.epochs, options.keras_epochs))
        text = ", ".join(f"{side} {each[-1][0]:.1f} s" for side, each in found.items() if each)
        print(f"round {number + 1}: {text}", flush=True)
    for side, results in found.items():
        if results:
            seconds = statistics.median(second for second, _ in results)
            accuracy = statistics.median(accuracy for _, accuracy in results)
            print(f"{side}: {seconds:.1f} s, validation accuracy {100 * accuracy:.1f} % (median of {len(results)})")
    if found["keras"]:
        ratios = [theirs[0] / ours[0] for ours, theirs in zip(found["ours"], found["keras"], strict=True)]
        how = "" if options.keras_epochs in (0, options.epochs) else f"; keras from {options.keras_epochs} epochs"
        print(f"median of the rounds: {statistics.median(ratios):.1f} times as fast{how}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["keras"]:
        keras_recipe(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1:2] == ["ours"]:
        our_run(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main()
