"""A bundle in a pipeline of Apache Beam, on any runner: `pip install 'imgcls[beam]'`.

A worker loads the bundle once, from a folder that every worker can read.
"""

# mypy: allow-untyped-calls, allow-any-generics
# since Beam is typed in parts alone

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.io import fileio
from apache_beam.ml.inference.base import KeyedModelHandler, ModelHandler, RunInference

from imgcls.serving.bundle import Bundle, load_bundle
from imgcls.serving.formats import SAVED_MODEL
from imgcls.serving.prediction import Prediction

BATCH = 32  # images, at most


class BundleHandler(ModelHandler[bytes, Prediction, Bundle]):
    """Loads a bundle for Beam's `RunInference`, whose elements are encoded images.

    Args:
        bundle: A version of a bundle, or the folder above it, of which each worker takes the newest version.
        format_name: The format whose engine computes the network, such as "openvino".
        batch_size: The most images that are predicted together.
    """

    def __init__(self, bundle: str | Path, format_name: str = SAVED_MODEL, batch_size: int = BATCH) -> None:
        super().__init__()
        self._path, self._format, self._batch_size = str(bundle), format_name, batch_size

    def load_model(self) -> Bundle:
        """Load the bundle, once in each worker."""
        return load_bundle(self._path, self._format)

    def run_inference(
        self, batch: Sequence[bytes], model: Bundle, inference_args: Mapping[str, Any] | None = None
    ) -> Iterable[Prediction]:
        """Predict a batch; what cannot be read has its problem, and fails no other."""
        return model.predict(batch).ranked()

    def get_num_bytes(self, batch: Sequence[bytes]) -> int:
        """The size of a batch, which Beam counts."""
        return sum(map(len, batch))

    def batch_elements_kwargs(self) -> Mapping[str, Any]:
        """How large batches are."""
        return {"min_batch_size": 1, "max_batch_size": self._batch_size}


class ReadImages(beam.PTransform):
    """The images of a pattern such as "gs://photos/**.jpg", as (name, content).

    Args:
        pattern: Of any file system that Beam knows.
    """

    def __init__(self, pattern: str) -> None:
        super().__init__()
        self._pattern = pattern

    def expand(self, begin: Any) -> Any:
        """From the beginning of a pipeline to (name, content) of each file."""
        files = begin | fileio.MatchFiles(self._pattern) | fileio.ReadMatches()
        return files | beam.Map(_named_content)


def _named_content(file: Any) -> tuple[str, bytes]:
    with file.open() as opened:  # which `file.read()` would leave open
        content: bytes = opened.read()
    return file.metadata.path, content


class PredictImages(beam.PTransform):
    """Names for images: (name, content) to rows, which are dictionaries with the columns of `python -m imgcls.predict`.

    Args:
        bundle: A version of a bundle, or the folder above it. Name a version where a new one may be exported meanwhile.
        top: Classes that are named.
        format_name: The format whose engine computes the network, such as "openvino".
        batch_size: The most images that are predicted together.

    Example:
        ::

            import json

            import apache_beam as beam
            from imgcls.serving.beam import PredictImages, ReadImages

            with beam.Pipeline() as pipeline:
                rows = pipeline | ReadImages("photos/**") | PredictImages("saved_models/flowers/1")
                rows | beam.Map(json.dumps) | beam.io.WriteToText("predictions", ".jsonl")
    """

    def __init__(
        self, bundle: str | Path, top: int = 3, format_name: str = SAVED_MODEL, batch_size: int = BATCH
    ) -> None:
        super().__init__()
        self._top = top
        self._handler: Any = KeyedModelHandler(BundleHandler(bundle, format_name, batch_size))

    def expand(self, images: Any) -> Any:
        """From (name, content) to rows."""
        top = self._top
        return images | RunInference(self._handler) | beam.MapTuple(lambda name, found: row_of(name, found, top))


def row_of(name: str, prediction: Prediction, top: int = 3) -> dict[str, str | float | None]:
    """A prediction as a row.

    Args:
        name: Of the image.
        prediction: What was said of it.
        top: Classes that are named.

    Returns:
        image, class, probability, class_2, probability_2, ..., problem; where the classifier decides, also decision,
        unknown_score and prediction_set.

    Example:
        >>> row_of("a.jpg", Prediction(["rose", "tulip"], [0.75, 0.25], ""), 1)
        {'image': 'a.jpg', 'class': 'rose', 'probability': 0.75, 'problem': ''}
    """
    row: dict[str, str | float | None] = {"image": name}
    for place in range(top if prediction.problem else min(top, len(prediction.classes))):
        ending = f"_{place + 1}" if place else ""
        row[f"class{ending}"] = "" if prediction.problem else prediction.classes[place]
        row[f"probability{ending}"] = None if prediction.problem else prediction.probabilities[place]
    if prediction.decision:
        row["decision"] = prediction.decision
        row["unknown_score"] = prediction.unknown_score
        row["prediction_set"] = " | ".join(prediction.prediction_set)
    return {**row, "problem": prediction.problem}
