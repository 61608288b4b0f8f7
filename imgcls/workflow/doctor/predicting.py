"""How many images a second each installed engine predicts with one network, and whether their answers agree."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.engines.agreement import LARGEST_DIFFERENCE, difference
from imgcls.engines.engine import PROBABILITIES, Engine
from imgcls.engines.tensorflow import TensorFlowEngine
from imgcls.models import build_model
from imgcls.models.classifier import class_names, embedding_model, preprocessing
from imgcls.models.inference_form import inference_form
from imgcls.serving.export_format import ExportedClassifier
from imgcls.serving.formats import SAVED_MODEL, find_format
from imgcls.serving.speed import images_per_second
from imgcls.workflow.benchmark.request import ENGINES
from imgcls.workflow.doctor.speed import Speed

NETWORK, SIZE, CLASSES, BATCH = "efficientnet_lite0", 224, 10, 16


def predicting_speeds(engines: Sequence[str], on_begin: Callable[[str], None]) -> list[Speed]:
    """Measure the engines in turns, so that what else the machine does meets all of them.

    Args:
        engines: Names of `ENGINES` whose packages are installed, with "tensorflow", which the others are compared to.
        on_begin: Called with the name of each engine, before the network is made ready for it.
    """
    classifier = _classifier()
    pixels = np.random.default_rng(0).uniform(0, 255, (BATCH, SIZE, SIZE, 3)).astype(np.float32)
    tensorflow = TensorFlowEngine({PROBABILITIES: classifier.model})
    expected = tensorflow.predict(pixels)[PROBABILITIES]
    ready: dict[str, Engine] = {}
    problems: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in engines:
            on_begin(name)
            try:
                own = ENGINES[name] == SAVED_MODEL
                engine = tensorflow if own else _engine(name, Path(folder) / name, classifier)
                problems[name] = _difference(engine.predict(pixels)[PROBABILITIES], expected)
                ready[name] = engine
            except Exception as error:  # of another project, which may fail in ways of its own
                problems[name] = (str(error).strip().splitlines() or [type(error).__name__])[0]
        rates = images_per_second(ready, pixels, (BATCH,))[str(BATCH)]
    return [
        Speed("predicted", _what(name), ready[name].device if name in ready else "", rates.get(name, 0.0), problem)
        for name, problem in problems.items()
    ]


def _what(engine: str) -> str:
    return f"{NETWORK}, {SIZE} pixels, batch {BATCH}, {engine}"


def _classifier() -> ExportedClassifier:
    keras.utils.set_random_seed(0)
    model = inference_form(build_model(NETWORK, (SIZE, SIZE, 3), num_classes=CLASSES))
    prepared = Preprocessing(**preprocessing(model))
    return ExportedClassifier(model, embedding_model(model), class_names(model), prepared)


def _engine(name: str, folder: Path, classifier: ExportedClassifier) -> Engine:
    form = find_format(ENGINES[name])
    folder.mkdir()
    form.write(folder, classifier)
    return form.load(folder)


def _difference(found: np.ndarray, expected: np.ndarray) -> str:
    """A sentence if an engine's probabilities are others; else empty."""
    largest = difference(expected, found)
    if largest <= LARGEST_DIFFERENCE:
        return ""
    return f"its probabilities differ by {largest:.1g} from TensorFlow's; at most {LARGEST_DIFFERENCE} is right"
