"""An exported classifier: saved_models/<name>/<version>/, a SavedModel that carries its names and its preprocessing.

saved_models/flowers/3/
  saved_model.pb, variables/       what TensorFlow Serving loads
  assets/class_names.txt           a name a line, in the order of the model's outputs
  assets/imgcls.json               preprocessing, architecture, config, licence of the data, parity
  assets.extra/                    the warm-up requests
"""

import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

import imgcls
from imgcls.data.images.encoded import encoded_size, read_encoded
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.files import replacing, write_json
from imgcls.serving.loaded_model import LoadedModel, describe
from imgcls.serving.parity import compare
from imgcls.serving.prediction import Prediction
from imgcls.serving.predictor import Predictor
from imgcls.serving.signatures import CLASSES, EMBEDDING, IMAGE_BYTES, PIXELS, make_signatures
from imgcls.serving.versions import check_name, find_version, next_version
from imgcls.serving.warmup import Request, write_warmup

if TYPE_CHECKING:
    import keras

DETAILS = Path("assets") / "imgcls.json"
CLASS_NAMES = Path("assets") / "class_names.txt"
LARGEST_DIFFERENCE = 1e-4  # of a probability, between the run's model and the bundle
WARMUP_IMAGES = 8  # in the larger of the two warm-up requests


class Bundle(Predictor):
    """One version of an exported classifier, loaded.

    path: its folder. name, version: of the folders, such as "flowers" and 3.
    class_names: in the order of the model's outputs. preprocessing: how files become its pixels.
    details: everything that assets/imgcls.json says.
    model: the SavedModel with its signatures.
    """

    def __init__(self, path: Path):
        self.path = path
        self.name, self.version = path.parent.name, int(path.name)
        self.details = read_details(path)
        self.model = LoadedModel(path)
        super().__init__(
            self._probabilities, self.details["class_names"], Preprocessing(**self.details["preprocessing"])
        )
        self._order = np.argsort(self.class_names)

    def __call__(self, images: Sequence[bytes]) -> list[Prediction]:
        """The classes of encoded images, the likeliest first."""
        found = self.model.run(CLASSES, {IMAGE_BYTES: _strings(images)})
        rows = zip(found["classes"], found["probabilities"], found["problem"], strict=True)
        return [
            Prediction([], [], problem.decode())
            if problem
            else Prediction([name.decode() for name in classes], probabilities.tolist(), "")
            for classes, probabilities, problem in rows
        ]

    def embed(self, images: Sequence[bytes]) -> tuple[np.ndarray, list[str]]:
        """Features (B, D) of encoded images, and a problem for each; a row is 0 where there is a problem."""
        found = self.model.run(EMBEDDING, {IMAGE_BYTES: _strings(images)})
        return found["embedding"], [problem.decode() for problem in found["problem"]]

    def _probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Probabilities (B, K) of pixels (B, H, W, C), in the order of `class_names`."""
        found = self.model.run(PIXELS, {"pixels": tf.constant(pixels, tf.float32)})
        names = np.char.decode(found["classes"].astype(bytes), "utf-8")
        places = self._order[np.searchsorted(self.class_names, names, sorter=self._order)]
        probabilities = np.empty_like(found["probabilities"])
        np.put_along_axis(probabilities, places, found["probabilities"], axis=1)
        return probabilities


def load_bundle(path: str | Path) -> Bundle:
    """Load a version folder, or the newest version in the folder above it.

    Raises ValueError, in one sentence, for anything else.
    """
    return Bundle(find_version(path))


def write_bundle(
    output: str | Path,
    name: str,
    model: "keras.Model",
    *,
    run_model: "keras.Model",
    embedding: "keras.Model",
    class_names: Sequence[str],
    preprocessing: Preprocessing,
    images: Sequence[Path],
    architecture: str,
    config: str,
    licence: str,
) -> Path:
    """Write the next version of the bundle `name` under `output` and prove it; returns its folder.

    It is written under a name that no server takes for a version and renamed when it has proved itself, so that a
    reader sees it whole or not at all.

    model: pixels (B, H, W, C) in [0, 255] to probabilities (B, K), channels_last. embedding: the same pixels to
        features (B, D), of the same layers.
    run_model: the model that the bundle has to agree with; it may be in another layout.
    images: real image files, of which some become the warm-up requests, and on all of which bundle and model are
        compared.
    architecture, config, licence: name of the network, the run's config as TOML, licence of its data; they are kept.

    Raises RuntimeError if a probability differs by more than 1e-4; ValueError for a name that is no folder's name,
    or if no image can be read; OSError if the disk is full or may not be written.
    """
    check_name(name)
    version = next_version(Path(output) / name)
    try:
        with replacing(version) as partial:
            signatures = _write_saved_model(partial, model, embedding, class_names, preprocessing)
            (partial / CLASS_NAMES).write_text("".join(f"{label}\n" for label in class_names), "utf-8")
            parity = compare(partial, images, run_model, class_names, preprocessing)
            if not parity.largest_difference <= LARGEST_DIFFERENCE:  # nor if it is not a number
                raise RuntimeError(
                    f"The bundle differs from the run's model by up to {parity.largest_difference:.1e} in a "
                    f"probability; expected at most {LARGEST_DIFFERENCE:.0e}. It was not kept."
                )
            write_warmup(partial, name, _warmup_requests(parity.images, preprocessing))
            details = {
                "imgcls": imgcls.__version__,
                "tensorflow": tf.__version__,
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                "architecture": architecture,
                "class_names": list(class_names),
                "preprocessing": preprocessing.to_dict(),
                "signatures": signatures,
                "parity": {
                    "largest_difference": parity.largest_difference,
                    "allowed": LARGEST_DIFFERENCE,
                    "images": len(parity.images),
                },
                "licence_of_data": licence,
                "config": config,
            }
            write_json(partial / DETAILS, details)
    except (OSError, tf.errors.OpError) as error:
        why = "no space left on device" if "No space left" in str(error) else str(error)  # TensorFlow's is very long
        raise OSError(f"The bundle could not be written to {version}: {why}. Nothing of it was left.") from error
    finally:
        _remove_if_empty(version.parent)
    return version


def _write_saved_model(
    folder: Path,
    model: "keras.Model",
    embedding: "keras.Model",
    class_names: Sequence[str],
    preprocessing: Preprocessing,
) -> dict:
    """Write the SavedModel; returns the names, shapes and types of its inputs and outputs."""
    from keras.export import ExportArchive

    archive = ExportArchive()  # it finds the weights by itself; after `track` they would be in the file twice
    for name, (function, spec) in make_signatures(model, embedding, class_names, preprocessing).items():
        archive.add_endpoint(name, function, input_signature=[spec])
    archive.write_out(folder, verbose=False)
    return describe(folder)


def _warmup_requests(images: Sequence[Path], preprocessing: Preprocessing) -> Iterator[Request]:
    """One image, then some, for each signature: the smallest files, because they travel with the bundle."""
    smallest = sorted(images, key=encoded_size)[:WARMUP_IMAGES]
    data = [read_encoded(path) for path in smallest]
    for signature in (CLASSES, EMBEDDING):
        for count in sorted({1, len(data)}):
            yield signature, {IMAGE_BYTES: data[:count]}
    (outcome,) = read_images(smallest[:1], preprocessing)
    yield PIXELS, {"pixels": outcome.result[None]}


def read_details(path: Path) -> dict:
    """What assets/imgcls.json says of the version in `path`. Raises ValueError if there is none, or half of one."""
    try:
        details = json.loads((path / DETAILS).read_text("utf-8"))
        Preprocessing(**details["preprocessing"]), list(details["class_names"])
    except FileNotFoundError as error:
        raise ValueError(
            f"{path} is a SavedModel without {DETAILS}, so it was not written by `python -m imgcls.export`. "
            "Export the run again."
        ) from error
    except (json.JSONDecodeError, KeyError, TypeError, ValueError, OSError) as error:
        raise ValueError(f"{path / DETAILS} cannot be read ({error}). Export the run again.") from error
    return details


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        os.rmdir(folder)


def _strings(images: Sequence[bytes]) -> tf.Tensor:
    return tf.constant(list(images), tf.string, shape=(len(images),))
