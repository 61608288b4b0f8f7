"""The table of predictions: what a classifier says of labelled images, and all that is known of each of them.

Everything that judges a classifier reads this table, and no judgement computes the network again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest
from imgcls.files import remove, replacing
from imgcls.metrics import Predictions

VERSION = 1
KEY = b"imgcls_predictions"
VECTORS = ("probabilities", "logits")  # columns of one number a class
PLACE = "embedding"  # the column with the place of each image's embedding in the file beside the table


@dataclass(frozen=True)
class PredictionTable:
    """What a classifier says of N labelled images, with their K classes.

    Attributes:
        rows: N rows, with the manifest's columns: image, label, labels, split, group, source, width, height, ...
        class_names: The K names, in the order of the columns below.
        probabilities: (N, K) in [0, 1].
        logits: (N, K), before temperature and softmax; None where the classifier does not give them, as a bundle.
        embeddings: (N, D), the features under the classifier; None where the classifier does not give them.
        facts: What else is known, such as "data", "split", "split_hash", "root", "run" and "model"; as JSON has it.
        problems: (file, reason) of the images that could not be read. They have no row.

    Raises:
        ValueError: If the parts do not fit together, or a probability is no number.

    Example:
        >>> rows = pd.DataFrame({"image": ["a.png", "b.png"], "label": ["cat", "dog"]})
        >>> table = PredictionTable(rows, ["cat", "dog"], np.array([[0.9, 0.1], [0.6, 0.4]]))
        >>> table.labels.tolist(), table.predicted.tolist(), table.correct.tolist()
        ([0, 1], [0, 0], [True, False])
    """

    rows: pd.DataFrame
    class_names: Sequence[str]
    probabilities: np.ndarray
    logits: np.ndarray | None = None
    embeddings: np.ndarray | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    problems: Sequence[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        expected = (len(self.rows), len(self.class_names))
        for name in VECTORS:
            values = getattr(self, name)
            if values is not None and values.shape != expected:
                raise ValueError(f"{name} has shape {values.shape}; expected {expected}: an image a row, a class each.")
        if self.embeddings is not None and len(self.embeddings) != len(self.rows):
            raise ValueError(f"There are {len(self.embeddings)} embeddings for {counted(len(self.rows), 'image')}.")
        broken = ~np.isfinite(self.probabilities).all(axis=1)
        if broken.any():
            first = self.rows["image"].iloc[int(broken.argmax())]
            raise ValueError(
                f"The probabilities of {counted(int(broken.sum()), 'image')} are no numbers, first {first}. "
                "The weights of the model are damaged; train it again."
            )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_multi_label(self) -> bool:
        """Whether an image may have several classes, or none: each probability stands by itself then."""
        return bool(self.facts.get("multi_label", False))

    @cached_property
    def targets(self) -> np.ndarray:
        """Which classes each image has: (N, K) bool.

        Raises:
            ValueError: If a label is none of the classes.
        """
        index = {name: place for place, name in enumerate(self.class_names)}
        found = np.zeros((len(self), len(self.class_names)), bool)
        every = self.rows["labels"] if self.is_multi_label else ([label] for label in self.rows["label"])
        for row, labels in enumerate(every):
            for label in labels:
                if label not in index:
                    known = ", ".join(self.class_names)
                    raise ValueError(f"The model does not know the class {label!r}. It knows: {known}.")
                found[row, index[label]] = True
        return found

    @cached_property
    def labels(self) -> np.ndarray:
        """The index of each image's class: (N,); of its first one where it has several."""
        index = {name: place for place, name in enumerate(self.class_names)}
        unknown = sorted(set(self.rows["label"]) - set(index))
        if unknown:
            raise ValueError(f"The model does not know the class {unknown[0]!r}. It knows: {', '.join(index)}.")
        return np.array([index[label] for label in self.rows["label"]], int)

    @cached_property
    def predicted(self) -> np.ndarray:
        """The index of the likeliest class of each image: (N,)."""
        likeliest: np.ndarray = self.probabilities.argmax(axis=1)
        return likeliest

    @property
    def correct(self) -> np.ndarray:
        """Whether the likeliest class of each image is its own: (N,) bool."""
        right: np.ndarray = self.targets[np.arange(len(self)), self.predicted]
        return right

    @cached_property
    def confidence(self) -> np.ndarray:
        """The probability of the likeliest class of each image: (N,)."""
        highest: np.ndarray = self.probabilities.max(axis=1)
        return highest

    @property
    def predictions(self) -> Predictions:
        """What the rows of `imgcls.metrics.METRICS` read."""
        labels = self.targets if self.is_multi_label else self.labels
        return Predictions.from_probabilities(labels, self.probabilities)

    @cached_property
    def groups(self) -> np.ndarray | None:
        """A number for each image, the same for those of one group, such as a patient: (N,); None without groups.

        An image without a group is one by itself.
        """
        if "group" not in self.rows or not (self.rows["group"] != "").any():
            return None
        own = self.rows["group"].where(self.rows["group"] != "", [f"\0{place}" for place in range(len(self))])
        return np.asarray(pd.factorize(own)[0])

    def paths(self) -> list[Path]:
        """The files of the images, as absolute paths."""
        root = Path(self.facts.get("root", "."))
        return [root / image for image in self.rows["image"]]

    def boxes(self) -> np.ndarray | None:
        """The part of each image that is its example, (N, 4), as `Manifest.boxes` gives it; None for whole images."""
        if "x_min" not in self.rows:
            return None
        return Manifest(self.rows, Path(self.facts.get("root", "."))).boxes(self.rows)

    def take(self, places: np.ndarray) -> "PredictionTable":
        """The table of some of the images.

        Args:
            places: Their places, or (N,) bool.
        """
        places = np.flatnonzero(places) if places.dtype == bool else places
        return replace(
            self,
            rows=self.rows.iloc[places].reset_index(drop=True),
            probabilities=self.probabilities[places],
            logits=None if self.logits is None else self.logits[places],
            embeddings=None if self.embeddings is None else self.embeddings[places],
        )

    def save(self, path: str | Path) -> None:
        """Write a Parquet file, and the embeddings as <name>.npy beside it. A reader never sees half of either.

        Any reader of Parquet finds the columns of the manifest, `probabilities` and `logits` as lists, and
        `embedding`, the row of the other file.
        """
        path = Path(path)
        embeddings = path.with_suffix(".npy")
        path.parent.mkdir(parents=True, exist_ok=True)
        remove(path)  # so that no table stands beside the embeddings of another
        if self.embeddings is None:
            remove(embeddings)
        else:
            with replacing(embeddings) as partial, partial.open("wb") as file:
                np.save(file, np.asarray(self.embeddings, np.float32))
        facts = {
            "version": VERSION,
            "class_names": list(self.class_names),
            "problems": list(self.problems),
            "facts": dict(self.facts),
        }
        table = pyarrow.Table.from_pandas(self.rows.reset_index(drop=True), preserve_index=False)
        for name in VECTORS:
            values = getattr(self, name)
            if values is not None:
                flat = pyarrow.array(np.ascontiguousarray(values, np.float32).ravel())
                table = table.append_column(name, pyarrow.FixedSizeListArray.from_arrays(flat, len(self.class_names)))
        if self.embeddings is not None:
            table = table.append_column(PLACE, pyarrow.array(np.arange(len(self), dtype=np.int32)))
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), KEY: json.dumps(facts).encode()})
        with replacing(path) as partial:
            pyarrow.parquet.write_table(table, partial, compression="zstd")

    def saved(self, path: str | Path) -> "PredictionTable":
        """The table itself, once it is written as `save` does."""
        self.save(path)
        return self

    @classmethod
    def load(cls, path: str | Path) -> "PredictionTable":
        """Read a table that `save` wrote; the embeddings stay on the disk until they are read.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is no table of predictions, or if the embeddings beside it are gone.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"No predictions at {path}. Write them with `python -m imgcls.evaluate`.")
        try:
            table = pyarrow.parquet.read_table(path)
            kept = json.loads((table.schema.metadata or {})[KEY])
            if kept["version"] != VERSION:
                raise ValueError(f"its version is {kept['version']}, and this imgcls reads {VERSION}")
            names = table.column_names
            vectors = {name: _vectors(table[name], len(kept["class_names"])) for name in VECTORS if name in names}
            embeddings = None
            if PLACE in names:
                embeddings = np.load(path.with_suffix(".npy"), mmap_mode="r")[table[PLACE].to_numpy()]
        except (OSError, KeyError, ValueError, pyarrow.ArrowException) as error:
            raise ValueError(
                f"{path} is no whole table of predictions ({error}). Write it again with `python -m imgcls.evaluate`."
            ) from error
        rows = table.drop_columns([name for name in (*VECTORS, PLACE) if name in names]).to_pandas()
        problems = [tuple(pair) for pair in kept["problems"]]
        return cls(rows, kept["class_names"], embeddings=embeddings, facts=kept["facts"], problems=problems, **vectors)


def _vectors(column: pyarrow.ChunkedArray, classes: int) -> np.ndarray:
    values: np.ndarray = column.combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, classes)
    return values
