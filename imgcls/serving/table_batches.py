"""A bundle over batches of a table that a cluster hands out: Ray Data's `map_batches`, Spark's `mapInPandas`.

Neither Ray nor Spark is imported here. A worker loads the bundle once, from a folder that every machine can read.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.engines.engine import DECISION, PREDICTION_SET, UNKNOWN_SCORE
from imgcls.serving.bundle import load_bundle
from imgcls.serving.details import read_details
from imgcls.serving.formats import SAVED_MODEL
from imgcls.serving.named_image import NamedImage
from imgcls.serving.predictions import Predictions
from imgcls.serving.versions import find_version

NUMBERS = ("probability", "unknown_score")  # how the names of columns of numbers begin


class PredictBatch:
    """Adds predictions to batches of images, as a class that Ray Data's `map_batches` takes.

    Args:
        bundle: A version of a bundle, or the folder above it.
        content: The column of encoded images.
        top: Classes that are named.
        format_name: The format whose engine computes the network, such as "openvino".

    Example:
        ::

            import ray
            from imgcls.serving.table_batches import PredictBatch

            images = ray.data.read_binary_files("photos", include_paths=True)
            rows = images.map_batches(
                PredictBatch, fn_constructor_args=["saved_models/flowers"], batch_size=64, concurrency=1
            )  # concurrency: workers, of a core each; one core has to be left for reading
            rows.drop_columns(["bytes"]).write_parquet("predictions")
    """

    def __init__(
        self, bundle: str | Path, content: str = "bytes", top: int = 3, format_name: str = SAVED_MODEL
    ) -> None:
        self._content, self._top = content, top
        self._bundle = load_bundle(bundle, format_name)

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The same columns and those of a table of predictions but for `image`: class, probability, ..., problem."""
        images = [NamedImage("", bytes(content or b"")) for content in batch[self._content]]
        tables = [predictions.table(self._top) for _, predictions in self._bundle.stream(images)]
        found = pd.concat(tables or [self._bundle.predict([]).table(self._top)], ignore_index=True)
        return {**batch, **{name: _column(found[name], name) for name in found if name != "image"}}


def predict_frames(
    bundle: str | Path, name: str = "path", content: str = "content", top: int = 3, format_name: str = SAVED_MODEL
) -> Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """A function that Spark's `DataFrame.mapInPandas` takes.

    Args:
        bundle: A version of a bundle, or the folder above it.
        name: The column of the images' names, which is kept under this name.
        content: The column of encoded images.
        top: Classes that are named.
        format_name: The format whose engine computes the network.

    Returns:
        A function from frames with these columns to frames with the name and the columns of a table of predictions.

    Example:
        ::

            images = spark.read.format("binaryFile").load("photos")
            rows = images.mapInPandas(predict_frames("saved_models/flowers"), frame_schema("saved_models/flowers"))
            rows.write.parquet("predictions")
    """

    def predicted(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        predict = PredictBatch(bundle, content, top, format_name)
        for frame in frames:
            found = predict({name: frame[name].to_numpy(), content: frame[content].to_numpy()})
            yield pd.DataFrame({each: values for each, values in found.items() if each != content})

    return predicted


def frame_schema(bundle: str | Path, name: str = "path", top: int = 3) -> str:
    """The columns of the frames that `predict_frames` gives, as Spark wants to know them before it begins.

    Args:
        bundle: A version of a bundle, or the folder above it.
        name: The column of the images' names.
        top: Classes that are named.

    Returns:
        Names and types as Spark's DDL has them, such as "`path` string, `class` string, `probability` double, ...".

    Raises:
        ValueError: If there is no whole version.
    """
    details = read_details(find_version(bundle))
    classes = list(details["class_names"])
    of_none = np.zeros((0, len(classes)), np.float32)
    judged = {DECISION: of_none[:, 0], PREDICTION_SET: of_none, UNKNOWN_SCORE: of_none[:, 0]}
    several = bool(details.get("multi_label", False))
    rows = Predictions([], classes, of_none, [], [], judged if "judgement" in details else {}, several).table(top)
    columns = [name, *(column for column in rows if column != "image")]
    return ", ".join(f"`{each}` {'double' if each.startswith(NUMBERS) else 'string'}" for each in columns)


def _column(values: pd.Series, name: str) -> np.ndarray:
    column: np.ndarray = values.to_numpy(np.float64 if name.startswith(NUMBERS) else object)
    return column
