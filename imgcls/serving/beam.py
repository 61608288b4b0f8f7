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

    Every row has all of them, also that of an image with a problem; a number that there is not is None.

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
        self._handler: Any = KeyedModelHandler(_RowHandler(bundle, top, format_name, batch_size))

    def expand(self, images: Any) -> Any:
        """From (name, content) to rows."""
        return images | RunInference(self._handler) | beam.MapTuple(lambda name, row: {**row, "image": name})


class _RowHandler(BundleHandler):
    """Gives the row of each image but for its name, as the table of its batch has it."""

    def __init__(self, bundle: str | Path, top: int, format_name: str, batch_size: int) -> None:
        super().__init__(bundle, format_name, batch_size)
        self._top = top

    def run_inference(
        self, batch: Sequence[bytes], model: Bundle, inference_args: Mapping[str, Any] | None = None
    ) -> Iterable[Any]:
        """Predict a batch."""
        return [_plain(row) for row in model.predict(batch).table(self._top).to_dict("records")]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """The same without NaN, which JSON has not."""
    return {name: None if value != value else value for name, value in row.items()}  # NaN alone is not itself
