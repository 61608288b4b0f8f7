"""The proof that a bundle says what its run's model says of the same image files.

The SavedModel gets the encoded files in a fresh process that has never seen the model. Every other format gets their
pixels, from an engine that was loaded from the files that it wrote.
"""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

from imgcls.counted import counted
from imgcls.data.images.encoded import read_encoded
from imgcls.data.images.reading import ReadResult, read_images
from imgcls.engines.agreement import LARGEST_DIFFERENCE
from imgcls.engines.engine import DECISION, PREDICTION_SET, PROBABILITIES, UNKNOWN_SCORE, Engine
from imgcls.serving.export_format import ExportedClassifier
from imgcls.serving.fresh_process import call_fresh
from imgcls.serving.signatures import CLASS_NAME, CLASSES, EXPLANATION, IMAGE_BYTES, NONE_OF_THESE, NOT_SURE

if TYPE_CHECKING:
    import keras  # the fresh process of `imgcls.serving.parity` does without

LARGEST_UNKNOWN_DIFFERENCE = 1e-3  # of the score of strangeness, as a share of its range over the images
LARGEST_HEAT_DIFFERENCE = 1e-4  # of a heat map, as a share of the map's maximum
LEAST_HEAT = 1e-3  # of the strongest map's maximum, below which a map is measured by that instead of its own
ON_A_BORDER = 0.02  # share of images, and one more, that may lie so near a threshold that rounding decides
BATCH = 16  # images
EXPLAINED, HEAT = "class", "heat_map"  # outputs of the signature that says why


@dataclass(frozen=True)
class Reference:
    """What an exported classifier has to agree with.

    Attributes:
        model: The run's model, which may be in another layout than the one that is exported.
        images: Real image files, on all of which both are compared.
        judge: What the run says of pixels (N, height, width, channels), by the names of
            `imgcls.engines.engine.JUDGEMENT`: decision (N,) of text, prediction_set (N, K) bool, and unknown_score (N,)
            if one was fitted. None where nothing was fitted.
        explain: What the run says of the same pixels and the names of N classes: heat maps (N, height, width). None
            where the classifier does not say why.
    """

    model: "keras.Model"
    images: Sequence[Path]
    judge: Callable[[np.ndarray], Mapping[str, np.ndarray]] | None = None
    explain: Callable[[np.ndarray, Sequence[str]], np.ndarray] | None = None


@dataclass(frozen=True)
class ReferenceAnswers:
    """What the run's model says of the images.

    Attributes:
        outcomes: For each image its pixels, or the reason why there are none.
        images: The N images that could be read.
        pixels: (N, height, width, channels), of these.
        probabilities: (N, K), of these, in the order of `class_names`.
        class_names: The K names of the outputs.
        judgement: What `Reference.judge` says of these; empty without one.
        explain: As `Reference` has it.
    """

    outcomes: list[ReadResult]
    images: list[Path]
    pixels: np.ndarray
    probabilities: np.ndarray
    class_names: Sequence[str]
    judgement: Mapping[str, np.ndarray] = field(default_factory=dict)
    explain: Callable[[np.ndarray, Sequence[str]], np.ndarray] | None = None


class Parity(NamedTuple):
    """How far two classifiers agree.

    Attributes:
        largest_difference: Of a probability.
        images: How many images were compared.
        other_decisions: For how many of them the decision or the prediction set is another one; None where nothing was
            fitted.
        unknown_difference: The largest difference of the score of strangeness, as a share of its range.
        heat_map_difference: The largest difference of a value of a heat map, as a share of the map's maximum; None
            where the classifier does not say why.
    """

    largest_difference: float
    images: int
    other_decisions: int | None = None
    unknown_difference: float = 0.0
    heat_map_difference: float | None = None

    def check(self, title: str) -> dict[str, float]:
        """Return what assets/imgcls.json says of it.

        Args:
            title: Of the format that was compared, for the sentence.

        Raises:
            RuntimeError: If a probability differs by more than 1e-4, the score of strangeness by more than 0.1 % of its
                range, or more than a few decisions, or a
                heat map by more than 1e-4 of its maximum.
        """
        if not self.largest_difference <= LARGEST_DIFFERENCE:  # nor if it is not a number
            raise RuntimeError(
                f"The bundle ({title}) differs from the run's model by up to {self.largest_difference:.1e} in a "
                f"probability; expected at most {LARGEST_DIFFERENCE:.0e}. It was not kept."
            )
        found = {"largest_difference": self.largest_difference, "allowed": LARGEST_DIFFERENCE, "images": self.images}
        if self.other_decisions is not None:
            found |= self._judgement(title, self.other_decisions)
        return found if self.heat_map_difference is None else {**found, **self._heat(self.heat_map_difference)}

    def _judgement(self, title: str, others: int) -> dict[str, float]:
        if others > ON_A_BORDER * self.images + 1 or not self.unknown_difference <= LARGEST_UNKNOWN_DIFFERENCE:
            raise RuntimeError(
                f"The bundle ({title}) decides otherwise than the run's model for {others} of "
                f"{counted(self.images, 'image')}, and its unknown_score differs by up to "
                f"{self.unknown_difference:.1e} of its range; expected the same decisions, and at most "
                f"{LARGEST_UNKNOWN_DIFFERENCE:.0e}. It was not kept."
            )
        return {"other_decisions": others, "unknown_difference": self.unknown_difference}

    def _heat(self, difference: float) -> dict[str, float]:
        if not difference <= LARGEST_HEAT_DIFFERENCE:
            raise RuntimeError(
                f"The heat maps of the bundle differ from the run's by up to {difference:.1e} of a map's maximum; "
                f"expected at most {LARGEST_HEAT_DIFFERENCE:.0e}. It was not kept."
            )
        return {"heat_map_difference": difference, "heat_map_allowed": LARGEST_HEAT_DIFFERENCE}


def ask_reference(reference: Reference, classifier: ExportedClassifier) -> ReferenceAnswers:
    """Ask the run's model about the images.

    Raises:
        ValueError: If none of the images can be read.
    """
    outcomes = list(read_images(reference.images, classifier.preprocessing))
    readable = [outcome for outcome in outcomes if not outcome.problem]
    if not readable:
        why = f", such as {outcomes[0].path} ({outcomes[0].problem})" if outcomes else ""
        raise ValueError(
            f"Of {counted(len(outcomes), 'image')} that the bundle would be compared on none can be read{why}. "
            "Bring the run's test images back to where they were."
        )
    pixels = np.stack([np.asarray(outcome.result) for outcome in readable])
    images = [outcome.path for outcome in readable]
    probabilities = _probabilities(reference.model, pixels)
    judgement = {} if reference.judge is None else reference.judge(pixels)
    explain = reference.explain
    return ReferenceAnswers(outcomes, images, pixels, probabilities, classifier.class_names, judgement, explain)


def compare_saved_model(folder: Path, answers: ReferenceAnswers) -> Parity:
    """Compare what the SavedModel in `folder` says of the encoded images with what the run's model says.

    Raises:
        RuntimeError: If the SavedModel does not run in a fresh process, or if only one of the two can read a file.
    """
    found = _in_fresh_process(folder, [outcome.path for outcome in answers.outcomes])
    for outcome, problem in zip(answers.outcomes, found["problem"], strict=True):
        if bool(outcome.problem) != bool(problem):
            raise RuntimeError(
                f"The model and the bundle do not agree on {outcome.path}: {outcome.problem or 'readable'} for the "
                f"model, {problem or 'readable'} for the bundle. The bundle was not kept."
            )
    readable = [place for place, outcome in enumerate(answers.outcomes) if not outcome.problem]
    column = {name: place for place, name in enumerate(answers.class_names)}
    order = np.vectorize(column.__getitem__)(found["classes"][readable])
    differences = np.abs(np.take_along_axis(answers.probabilities, order, 1) - found["probabilities"][readable])
    parity = Parity(float(differences.max()), len(readable))
    if answers.explain:
        of_maps = _heat_difference({name: found[name][readable] for name in (EXPLAINED, HEAT)}, answers)
        parity = parity._replace(heat_map_difference=of_maps)
    if not answers.judgement:
        return parity
    judgement = {name: found[name][readable] for name in answers.judgement}
    in_order = np.empty_like(judgement[PREDICTION_SET])
    np.put_along_axis(in_order, order, judgement[PREDICTION_SET], axis=1)
    others, of_scores = _differences({**judgement, PREDICTION_SET: in_order}, answers)
    return parity._replace(other_decisions=others, unknown_difference=of_scores)


def compare_engine(engine: Engine, answers: ReferenceAnswers) -> Parity:
    """Compare what an engine says of the pixels of the images with what the run's model says.

    Raises:
        RuntimeError: If its answers have another shape.
    """
    batches = [engine.predict(batch) for batch in _batches(answers.pixels)]
    found = np.concatenate([batch[PROBABILITIES] for batch in batches])
    if found.shape != answers.probabilities.shape:
        raise RuntimeError(
            f"{engine.name} gives probabilities of shape {found.shape}; expected {answers.probabilities.shape}: a row "
            "an image, a column a class. The bundle was not kept."
        )
    largest = float(np.abs(found - answers.probabilities).max())
    if not set(answers.judgement) & set(engine.outputs):
        return Parity(largest, len(found))
    judgement = {name: np.concatenate([batch[name] for batch in batches]) for name in answers.judgement}
    names = np.array([*answers.class_names, NOT_SURE, NONE_OF_THESE], object)
    judgement[DECISION] = names[judgement[DECISION].astype(int)]
    return Parity(largest, len(found), *_differences(judgement, answers))


def _differences(judgement: Mapping[str, np.ndarray], answers: ReferenceAnswers) -> tuple[int, float]:
    """For how many images the decision or the set differs, and by how much the score, as a share of its range."""
    expected = answers.judgement
    others = np.asarray(judgement[DECISION]) != np.asarray(expected[DECISION])
    others |= (judgement[PREDICTION_SET].astype(bool) != expected[PREDICTION_SET]).any(axis=1)
    if UNKNOWN_SCORE not in expected:
        return int(others.sum()), 0.0
    scores, found = expected[UNKNOWN_SCORE], judgement[UNKNOWN_SCORE]
    range_of_scores = max(float(np.ptp(scores)), float(np.abs(scores).max()) / 100, 1e-6)
    return int(others.sum()), float(np.abs(found - scores).max()) / range_of_scores


def _heat_difference(found: Mapping[str, np.ndarray], answers: ReferenceAnswers) -> float:
    """The largest difference of a heat map, for the classes that the bundle explained."""
    if answers.explain is None:
        raise ValueError("The reference does not say why.")
    expected = answers.explain(answers.pixels, list(found[EXPLAINED]))
    most: np.ndarray = np.abs(expected).max(axis=(1, 2))
    unit = np.maximum(most, max(LEAST_HEAT * float(most.max()), float(np.finfo(np.float32).tiny)))
    differences: np.ndarray = np.abs(found[HEAT] - expected).max(axis=(1, 2))
    return float((differences / unit).max())


def _probabilities(model: "keras.Model", pixels: np.ndarray) -> np.ndarray:
    function = tf.function(lambda batch: model(batch, training=False))
    return np.concatenate([function(tf.constant(batch)).numpy() for batch in _batches(pixels)])


def _batches(pixels: np.ndarray) -> list[np.ndarray]:
    return [pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH)]


def _in_fresh_process(folder: Path, images: Sequence[Path]) -> dict[str, np.ndarray]:
    """What the SavedModel says of the images, asked in a new Python that has never seen the model, nor Keras."""
    with tempfile.TemporaryDirectory() as place:
        question, answer = Path(place) / "images.json", Path(place) / "answer.npz"
        question.write_text(json.dumps([str(path.resolve()) for path in images]), "utf-8")
        try:
            call_fresh(__name__, answer_fresh.__name__, str(folder), str(question), str(answer))
        except RuntimeError as error:
            raise RuntimeError(
                f"The bundle does not run in a fresh process: {error} The bundle was not kept."
            ) from error
        with np.load(answer) as arrays:
            return dict(arrays)


def answer_fresh(folder: str, question: str, answer: str) -> None:
    """The fresh process: ask a SavedModel for image files, and keep what it says.

    Args:
        folder: The folder of the SavedModel.
        question: A JSON file with a list of the paths of image files.
        answer: The .npz file that is written, with an array for each output of the signatures.
    """
    signatures = tf.saved_model.load(folder).signatures
    data = [_bytes(path) for path in json.loads(Path(question).read_text("utf-8"))]
    rows = []
    for start in range(0, len(data), BATCH):
        batch = tf.constant(data[start : start + BATCH])
        found = signatures[CLASSES](**{IMAGE_BYTES: batch})
        if EXPLANATION in signatures:
            why = signatures[EXPLANATION](**{IMAGE_BYTES: batch, CLASS_NAME: tf.fill(batch.shape, "")})
            found |= {name: why[name] for name in (EXPLAINED, HEAT)}
        rows.append({name: tensor.numpy() for name, tensor in found.items()})
    arrays: dict[str, Any] = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    for name in {"classes", "problem", DECISION, EXPLAINED} & set(arrays):
        arrays[name] = np.char.decode(arrays[name].astype(bytes), "utf-8")
    np.savez(answer, **arrays)


def _bytes(path: str) -> bytes:
    try:
        return read_encoded(path)
    except OSError:
        return b""  # as unreadable for the bundle as it is for the model
