"""The proof that a bundle says what its run's model says: both get the same files, the bundle in a fresh process."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import tensorflow as tf

import imgcls
from imgcls.counted import counted
from imgcls.data.images.encoded import read_encoded
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.serving.signatures import CLASSES, IMAGE_BYTES

if TYPE_CHECKING:
    import keras  # the fresh process of `imgcls.serving.parity` does without

BATCH = 16  # images


class Parity(NamedTuple):
    """The largest difference of a probability, and the images that could be read and were compared."""

    largest_difference: float
    images: list[Path]


def compare(
    folder: Path,
    images: Sequence[Path],
    model: "keras.Model",
    class_names: Sequence[str],
    preprocessing: Preprocessing,
) -> Parity:
    """Compare what `model` and the SavedModel in `folder` say of image files.

    Raises RuntimeError if the SavedModel does not run in a fresh process, or if only one of the two can read a file;
    ValueError if none of the files can be read.
    """
    outcomes = list(read_images(images, preprocessing))
    read = [place for place, outcome in enumerate(outcomes) if not outcome.problem]
    if not read:
        why = f", such as {outcomes[0].path} ({outcomes[0].problem})" if outcomes else ""
        raise ValueError(
            f"Of {counted(len(images), 'image')} that the bundle would be compared on none can be read{why}. "
            "Bring the run's test images back to where they were."
        )
    theirs = _in_fresh_process(folder, images)
    for outcome, problem in zip(outcomes, theirs["problem"], strict=True):
        if bool(outcome.problem) != bool(problem):
            raise RuntimeError(
                f"The model and the bundle do not agree on {outcome.path}: {outcome.problem or 'readable'} for the "
                f"model, {problem or 'readable'} for the bundle. The bundle was not kept."
            )
    column = {name: place for place, name in enumerate(class_names)}
    order = np.vectorize(column.__getitem__)(theirs["classes"][read])
    ours = _probabilities(model, np.stack([outcomes[place].result for place in read]))
    differences = np.abs(np.take_along_axis(ours, order, 1) - theirs["probabilities"][read])
    return Parity(float(differences.max()), [images[place] for place in read])


def _probabilities(model: "keras.Model", pixels: np.ndarray) -> np.ndarray:
    function = tf.function(lambda batch: model(batch, training=False))
    batches = [pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH)]
    return np.concatenate([function(tf.constant(batch)).numpy() for batch in batches])


def _in_fresh_process(folder: Path, images: Sequence[Path]) -> dict[str, np.ndarray]:
    """What the SavedModel says of the images, asked in a new Python that has never seen the model."""
    home = str(Path(imgcls.__file__).parents[1])
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "CUDA_VISIBLE_DEVICES": "-1",  # the memory of a GPU is taken by this process
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    with tempfile.TemporaryDirectory() as place:
        question, answer = Path(place) / "images.json", Path(place) / "answer.npz"
        question.write_text(json.dumps([str(path.resolve()) for path in images]), "utf-8")
        arguments = [sys.executable, "-m", __name__, str(folder), str(question), str(answer)]
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, errors="replace")
        if done.returncode or not answer.is_file():
            why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise RuntimeError(f"The bundle does not run in a fresh process: {why} The bundle was not kept.")
        with np.load(answer) as arrays:
            return dict(arrays)


def _answer(folder: str, question: str, answer: str) -> None:
    """The fresh process: ask the SavedModel in `folder` for the files that `question` lists; needs no Keras."""
    signature = tf.saved_model.load(folder).signatures[CLASSES]
    data = [_bytes(path) for path in json.loads(Path(question).read_text("utf-8"))]
    rows = []
    for start in range(0, len(data), BATCH):
        found = signature(**{IMAGE_BYTES: tf.constant(data[start : start + BATCH])})
        rows.append({name: tensor.numpy() for name, tensor in found.items()})
    arrays = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    texts = {name: np.char.decode(arrays[name].astype(bytes), "utf-8") for name in ("classes", "problem")}
    np.savez(answer, probabilities=arrays["probabilities"], **texts)


def _bytes(path: str) -> bytes:
    try:
        return read_encoded(path)
    except OSError:
        return b""  # as unreadable for the bundle as it is for the model


if __name__ == "__main__":
    _answer(*sys.argv[1:])
