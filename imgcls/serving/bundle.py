"""An exported classifier: saved_models/<name>/<version>/, a SavedModel that carries its names and its preprocessing.

saved_models/flowers/3/
  saved_model.pb, variables/       what TensorFlow Serving loads
  assets/class_names.txt           a name a line, in the order of the model's outputs
  assets/imgcls.json               preprocessing, architecture, config, licence of the data, parity
  assets/network.json              the network and the places of its weights in variables/, for gradients
  assets.extra/                    the warm-up requests
  openvino/                        another format, if it was asked for
"""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.engines.engine import DECISION, PREDICTION_SET, UNKNOWN_SCORE, Engine
from imgcls.files import unfinished
from imgcls.serving.compatibility.graph_check import check_saved_model
from imgcls.serving.compatibility.targets import NEWEST_SERVING, check_target
from imgcls.serving.details import held_formats, read_details, write_class_names, write_details
from imgcls.serving.drift_reference import write_drift_reference
from imgcls.serving.export_format import FLOAT32, ExportedClassifier
from imgcls.serving.formats import SAVED_MODEL, find_format, format_folder, full_name, split_name
from imgcls.serving.formats.saved_model import SavedModelEngine
from imgcls.serving.given_images import Image, content, without_arrays
from imgcls.serving.loaded_model import LoadedModel, signature_shapes
from imgcls.serving.low_precision import LowPrecision, plan_formats, write_low_precision
from imgcls.serving.network_file import write_network
from imgcls.serving.parity import Reference, ReferenceAnswers, ask_reference, compare_engine, compare_saved_model
from imgcls.serving.prediction import Prediction
from imgcls.serving.predictor import Predictor
from imgcls.serving.server_files import write_server_files
from imgcls.serving.signatures import CLASSES, EMBEDDING, IMAGE_BYTES, PIXELS, PREPROCESS
from imgcls.serving.versions import check_name, find_version, next_version, take_next_version
from imgcls.serving.warmup import write_warmup
from imgcls.serving.warmup_requests import warmup_requests
from imgcls.tensor_float_32 import without_tensor_float_32


class Bundle(Predictor):
    """One version of an exported classifier, loaded.

    Args:
        path: The folder of the version.
        format_name: The format whose engine computes the network.

    Attributes:
        path: The folder of the version.
        name: The name of the folder above it, such as "flowers".
        version: The number of the version.
        details: Everything that assets/imgcls.json says.
        engine: What computes the network.
        class_names: The names of the outputs, in order.
        preprocessing: How images become pixels.

    Raises:
        ValueError: If the folder holds no whole version, or not this format.
    """

    def __init__(self, path: Path, format_name: str = SAVED_MODEL) -> None:
        self.path = path
        self.name, self.version = path.parent.name, int(path.name)
        self.details = read_details(path)
        engine = load_format(path, format_name)
        names, several = self.details["class_names"], bool(self.details.get("multi_label", False))
        judgement = self.details.get("judgement", {})
        tells_strangers = judgement.get("unknown", {}) is not None  # None where too few images were there to fit it
        super().__init__(engine, names, Preprocessing(**self.details["preprocessing"]), several, tells_strangers)

    @cached_property
    def model(self) -> LoadedModel:
        """The SavedModel with its signatures."""
        return self.engine.model if isinstance(self.engine, SavedModelEngine) else LoadedModel(self.path)

    def __call__(self, images: Sequence[Image]) -> list[Prediction]:
        """The classes of images, the likeliest first. The images are given as for `predict`.

        A SavedModel gets the encoded images and decodes them itself, as on a server.
        """
        if not isinstance(self.engine, SavedModelEngine):
            return self.predict(images).ranked()
        found, problems = self._ask(CLASSES, images)
        return [
            Prediction([], [], problem)
            if problem
            else _prediction({name: values[row] for name, values in found.items()}, self.tells_strangers)
            for row, problem in enumerate(problems)
        ]

    def decode(self, images: Sequence[bytes], boxes: Sequence[np.ndarray | None] = ()) -> tuple[np.ndarray, list[str]]:
        """Decode a batch as `Predictor.decode` does, by the bundle's own signature "preprocess".

        So a bundle reads images as the version of imgcls did that wrote it. One without this signature is read as
        this version reads, and so are parts of images.
        """
        if PREPROCESS not in self.model.signature_defs or boxes:
            return super().decode(images, boxes)
        strings = tf.constant(images, tf.string, shape=(len(images),))
        found = self.model.run(PREPROCESS, {IMAGE_BYTES: strings})
        return found[PIXELS], [problem.decode() for problem in found["problem"]]

    def embed(self, images: Sequence[Image] | np.ndarray) -> tuple[np.ndarray, list[str]]:
        """The features of images, as `Predictor.embed` gives them."""
        if not isinstance(self.engine, SavedModelEngine):
            return super().embed(images)
        found, problems = self._ask(EMBEDDING, images)
        return found["embedding"], problems

    def _ask(self, signature: str, images: Sequence[Image] | np.ndarray) -> tuple[dict[str, np.ndarray], list[str]]:
        """What a signature of the SavedModel says of encoded images, and a problem for each."""
        contents = [content(image) for image in without_arrays(images)]
        strings = tf.constant([data for data, _ in contents], tf.string, shape=(len(contents),))
        found = self.model.run(signature, {IMAGE_BYTES: strings})
        return found, [why or problem.decode() for (_, why), problem in zip(contents, found["problem"], strict=True)]


def _prediction(row: Mapping[str, Any], tells_strangers: bool) -> Prediction:
    """What the signature serving_default says of one image."""
    names, probabilities = [name.decode() for name in row["classes"]], row["probabilities"].tolist()
    if DECISION not in row:
        return Prediction(names, probabilities, "")
    members = [name for name, belongs in zip(names, row[PREDICTION_SET], strict=True) if belongs]
    return Prediction(
        names,
        probabilities,
        "",
        row[DECISION].decode(),
        members,
        float(row[UNKNOWN_SCORE]) if tells_strangers and UNKNOWN_SCORE in row else float("nan"),
    )


def load_bundle(path: str | Path, format_name: str = SAVED_MODEL, precision: str = FLOAT32) -> Bundle:
    """Load an exported classifier.

    Args:
        path: A version, or the folder above it, of which the newest version is taken.
        format_name: The format whose engine computes the network, such as "openvino".
        precision: That of the format: "float32", "bfloat16" or "int8".

    Raises:
        ValueError: If there is no whole version, or if it does not hold this format.

    Example:
        After `python -m imgcls.export runs/flowers --format openvino`::

            load_bundle("saved_models/flowers", "openvino").predict(["a.jpg"]).table()
    """
    return Bundle(find_version(path), full_name(format_name, precision))


def load_format(version: Path, name: str) -> Engine:
    """Load what computes the network of a version in one of its formats.

    Args:
        version: The folder of the version.
        name: Of the format, such as "openvino-int8".

    Raises:
        ValueError: If there is no such format, its package is not installed, or the version does not hold it.
    """
    form = find_format(name)
    held = held_formats(read_details(version))
    if form.name not in held:
        base, precision = split_name(form.name)
        flags = f"--format {base}" + (f" --precision {precision}" if precision != FLOAT32 else "")
        raise ValueError(f"{version} holds {', '.join(held)}, and no {form.name}. Export the run again with {flags}.")
    return form.load(format_folder(version, form.name))


def list_held(path: str | Path) -> list[str]:
    """The names of the formats that a version holds, which `load_bundle` takes.

    Args:
        path: A version, or the folder above it, of which the newest version is taken.

    Returns:
        "saved_model" first; then such as "openvino" and "openvino-int8".

    Raises:
        ValueError: If there is no whole version.
    """
    return held_formats(read_details(find_version(path)))


def write_bundle(
    output: str | Path,
    name: str,
    classifier: ExportedClassifier,
    reference: Reference,
    formats: Sequence[str] = (),
    for_serving: str = NEWEST_SERVING,
    low_precision: LowPrecision | None = None,
) -> Path:
    """Write the next version of a bundle, and prove it.

    It is written under a name that no server takes for a version and renamed when it has proved itself, so that a
    reader sees it whole or not at all. Then the files that a server is started with are written beside the bundles; see
    `imgcls.serving.server_files`.

    Args:
        output: The folder of all bundles.
        name: The name of the bundle; `output`/`name` holds its versions.
        classifier: What is exported.
        reference: The model that the bundle has to agree with, and the images on which they are compared. Some of
            the images become the warm-up requests.
        formats: The names of formats that are written besides the SavedModel.
        for_serving: The release of TensorFlow Serving that has to load it.
        low_precision: Precisions below float32 in which these formats are written too; None for none. It is needed
            where `formats` names one, such as "openvino-int8".

    Returns:
        The folder of the version.

    Raises:
        RuntimeError: If a probability differs by more than 1e-4, or a precision loses more accuracy than is allowed.
        ValueError: If the name is no folder's name, a format or the release is unknown, the release lacks what the
            graph asks for, or no image can be read.
        OSError: If the disk is full or may not be written.
    """
    check_name(name), check_target(for_serving)
    plan = plan_formats(formats, low_precision.precisions if low_precision else ())
    plan.check()
    folder = Path(output) / name
    expected = next_version(folder)
    try:
        with without_tensor_float_32(), unfinished(expected) as partial:
            answers = ask_reference(reference, classifier)
            facts = _write_saved_model(partial, classifier, answers, for_serving)
            facts["formats"] = {each: _write_format(partial, each, classifier, answers) for each in plan.float32}
            if low_precision:
                facts["formats"] |= write_low_precision(partial, plan.low, classifier, low_precision)
            _write_beside(partial, name, classifier, answers)
            write_details(partial, classifier, facts)
            version = take_next_version(partial, folder)
    except (OSError, tf.errors.OpError) as error:
        why = "no space left on device" if "No space left" in str(error) else str(error)  # TensorFlow's is very long
        raise OSError(f"The bundle could not be written to {expected}: {why}. Nothing of it was left.") from error
    finally:
        _remove_if_empty(folder)
    write_server_files(folder.parent)
    return version


def _write_saved_model(
    version: Path, classifier: ExportedClassifier, answers: ReferenceAnswers, for_serving: str
) -> dict[str, Any]:
    """Write what a server loads, and prove it; returns what assets/imgcls.json says of it."""
    saved_model = find_format(SAVED_MODEL)
    facts: dict[str, Any] = dict(saved_model.write(version, classifier))
    facts["for_serving"] = check_saved_model(version, for_serving, classifier.layer_names)
    facts["parity"] = compare_saved_model(version, answers).check(saved_model.title)
    return facts


def _write_beside(version: Path, name: str, classifier: ExportedClassifier, answers: ReferenceAnswers) -> None:
    write_class_names(version, classifier)
    write_network(version, classifier)
    write_warmup(version, name, warmup_requests(signature_shapes(version), answers))
    if classifier.drift_reference:
        write_drift_reference(version, classifier.drift_reference)


def _write_format(
    version: Path, name: str, classifier: ExportedClassifier, answers: ReferenceAnswers
) -> dict[str, object]:
    """Write a format in a folder of its own, and prove it; returns what assets/imgcls.json says of it."""
    form = find_format(name)
    folder = format_folder(version, form.name)
    folder.mkdir()
    facts = form.write(folder, classifier)
    parity = compare_engine(form.load(folder), answers).check(form.title)
    return {"title": form.title, "parity": parity, **facts}


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        os.rmdir(folder)
