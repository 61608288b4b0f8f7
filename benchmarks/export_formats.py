"""Images a second of one network in every format and precision, and how far bfloat16 and int8 are from float32.

All engines compute the same photos in turns in one process. The peer is TensorFlow's SavedModel in float32. It needs
the extras onnx, litert, openvino and int8, and foolbox with its photos, whose classes stand in their names, so it also
counts the photos that each format names rightly. int8 is calibrated on other photos: those of scikit-image and
scikit-learn, whole, mirrored and in quarters.

    python benchmarks/export_formats.py efficientnet_lite0
"""

import sys
import tempfile
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from photos import cropped, photos
from PIL.ImageOps import mirror

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.engines.engine import PROBABILITIES
from imgcls.models import build_model
from imgcls.models.classifier import class_names, embedding_model, logits_model, preprocessing
from imgcls.models.inference_form import inference_form
from imgcls.processor import describe
from imgcls.serving import speed
from imgcls.serving.export_format import ExportedClassifier
from imgcls.serving.formats import find_format
from imgcls.workflow.export import computed_in_bfloat16

NAMES = (
    "saved_model", "saved_model-bfloat16", "onnx", "onnx-int8", "litert", "litert-int8", "openvino",
    "openvino-bfloat16", "openvino-int8",
)  # fmt: skip


def judged() -> list[Path]:
    return sorted((Path(find_spec("foolbox").origin).parent / "data").glob("imagenet_*.jpg"))


def calibration(how: Preprocessing, folder: Path) -> np.ndarray:
    """Pixels of photos that are not judged, (N, height, width, channels)."""
    whole = [image for name, image in photos().items() if not name.startswith("foolbox/")]
    quarters = [(0, 0, 0.5, 0.5), (0.5, 0, 0, 0.5), (0, 0.5, 0.5, 0), (0.5, 0.5, 0, 0)]
    parts = [part for image in whole for part in (image, mirror(image), *(cropped(image, *each) for each in quarters))]
    for number, part in enumerate(parts):
        part.save(folder / f"{number}.png")
    return pixels_of([folder / f"{number}.png" for number in range(len(parts))], how)


def pixels_of(paths: list[Path], how: Preprocessing) -> np.ndarray:
    return np.stack([outcome.result for outcome in read_images(paths, how)])


def classifier_of(name: str, weights: str, folder: Path) -> ExportedClassifier:
    model = inference_form(
        build_model(name, weights=weights, **({} if weights == "imagenet" else {"num_classes": 1000}))
    )
    how = Preprocessing(**preprocessing(model))
    parts = embedding_model(model), class_names(model), how, logits_model(model)
    classifier = ExportedClassifier(model, *parts, calibration=calibration(how, folder))
    return replace(classifier, in_bfloat16=partial(computed_in_bfloat16, classifier))


def main(name: str = "efficientnet_lite0", weights: str = "imagenet") -> None:
    classes = [int(path.stem.rpartition("_")[2]) for path in judged()]
    with tempfile.TemporaryDirectory() as folder:
        classifier = classifier_of(name, weights, Path(folder))
        pixels = pixels_of(judged(), classifier.preprocessing)
        engines = {}
        for each in NAMES:
            place = Path(folder) / each
            place.mkdir()
            find_format(each).write(place, classifier)
            engines[each] = find_format(each).load(place)
        found = {each: engine.predict(pixels)[PROBABILITIES] for each, engine in engines.items()}
        rates = speed.images_per_second(engines, pixels)
        print(describe())
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
