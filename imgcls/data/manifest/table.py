"""The manifest: one table of images and labels, which every importer makes and every command reads."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

from imgcls.data.manifest.overlay import lay_over
from imgcls.files import replacing
from imgcls.labels.records import BOX, LABELLED_BOX

SCHEMA_VERSION = 3
SPLITS = ("train", "validation", "test")
NO_LABEL = "no label yet"  # problem of an image that waits for one
SET_ASIDE = "left out by you"  # problem of an image that the user does not want
OF_PEOPLE = (NO_LABEL, SET_ASIDE)  # problems that people mend; nothing is wrong with the file
MEASURED = (  # of the image; see `imgcls.data.inspection.quality`
    "brightness_5",  # 0 to 1; 5 % of the pixels are at most so bright
    "brightness_99",  # 0 to 1; all pixels but 1 % are at most so bright
    "entropy",  # bits, of the values of all channels; most photos have 6 to 9; NaN for small images
    "sharpness",  # of the sharpest edges: 1 if they are hard, 0.25 if all is blurred; NaN for small images
)
LATER = (*MEASURED, *LABELLED_BOX)  # columns that manifests of earlier versions lack
COLUMNS = {  # in this order; None where a source does not know
    "image": "",  # path relative to the root, with forward slashes
    "label": "",  # name of the class; the first one of several; empty for an image of none of the classes
    "labels": [],  # names of all classes, where an image has several; else only that of `label`; may be empty
    **dict.fromkeys(BOX, math.nan),  # pixels of the upright image, from its top left; NaN if the example is all of it
    "split": "",  # train, validation, test, or empty
    "group": "",  # patient, camera, burst: what must not be divided between splits
    "source": "",  # format of the annotations, or address that the image was fetched from
    "annotators": "",  # who labelled it, with commas between
    "agreement": math.nan,  # share of the annotators' answers that say the label
    "width": 0,  # pixels, upright; 0 before the inspection
    "height": 0,
    "grayscale": False,  # whether all channels are equal
    "format": "",  # JPEG, PNG, ...
    "sha256": "",  # of the file
    "perceptual_hash": "",  # 64 bits as 16 hexadecimal digits; similar images differ in few bits
    "thumbnail": "",  # 16 x 16 gray levels as 512 hexadecimal digits, to tell copies from what only looks alike
    **dict.fromkeys(MEASURED, math.nan),  # NaN where nothing was measured, as in manifests of earlier versions
    "traits": "",  # what the file is besides, such as "CMYK, alpha"; see `imgcls.data.images.image_header.TRAITS`
    "attributes": "",  # what else the annotation says, such as difficult or occluded, as a JSON object; empty for none
    **dict.fromkeys(LABELLED_BOX, math.nan),  # the box before a margin was added, for other tools; NaN if none was
    "problems": "",  # why the file cannot be used; empty if it can
}


@dataclass(frozen=True)
class Manifest:
    """A table of images and labels, and the folder that its paths start from.

    Rows with a problem stay in the table and are not used.

    Args:
        table: A row for each example, with the columns of `COLUMNS`. Its `attrs` say how it was made, such as the mode
            that made examples of boxes; they are saved with it.
        root: The folder that the paths in the column image start from.

    Example:
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"image": ["a.png", "b.png"], "label": ["cat", "dog"], "split": ["train", "test"]})
        >>> manifest = Manifest.from_records(rows, "photos")
        >>> manifest.usable["label"].tolist()
        ['cat', 'dog']
        >>> len(manifest.split("test"))
        1
    """

    table: pd.DataFrame
    root: Path

    @classmethod
    def from_records(cls, records: pd.DataFrame, root: str | Path, **how: object) -> "Manifest":
        """Make a manifest of what a labels importer returns.

        Args:
            records: A row for each example, with any of the columns of `COLUMNS`; the others get their defaults.
            root: The folder that the paths of the images start from.
            **how: Facts about the import, which are kept in the table's `attrs`.
        """
        table = records.rename(columns={"annotator": "annotators"}).reindex(columns=list(COLUMNS))
        if "labels" not in records:
            table["labels"] = [[label] for label in table["label"]]
        else:
            table["label"] = [names[0] if len(names) else "" for names in table["labels"]]
        for column, default in COLUMNS.items():
            if column != "labels":
                values = table[column].astype(object)
                table[column] = values.where(values.notna(), default).astype(type(default))
        table = table.reset_index(drop=True)
        table.attrs = how
        return cls(table, Path(root).resolve())

    def with_overlay(self, decisions: str | Path) -> tuple["Manifest", pd.DataFrame]:
        """Lay a CSV file of decisions over the manifest; see `imgcls.data.manifest.overlay`.

        Args:
            decisions: A file with the columns image and label. The image gets the label; it is left out if the label is
                empty or `drop`.

        Returns:
            The new manifest, and a problems table of the decisions that fit nothing.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The file lacks one of the columns.
        """
        table, problems = lay_over(self.table, self.root, Path(decisions))
        return Manifest(table, self.root), problems

    @property
    def has_several_labels(self) -> bool:
        """Whether there is an image with more than one class."""
        return bool((self.usable["labels"].str.len() > 1).any())

    @property
    def has_unlabelled(self) -> bool:
        """Whether there is an image with none of the classes."""
        return bool((self.usable["labels"].str.len() == 0).any())

    @property
    def usable(self) -> pd.DataFrame:
        """The rows without a problem."""
        return self.table[self.table["problems"] == ""]

    @property
    def problems(self) -> pd.DataFrame:
        """The rows whose file cannot be used: image and reason; not those that a person has still to decide on."""
        return self.table.loc[~self.table["problems"].isin({"", *OF_PEOPLE}), ["image", "problems"]]

    @property
    def waiting(self) -> int:
        """How many images wait for a label."""
        return int(self.table.loc[self.table["problems"] == NO_LABEL, "image"].nunique())

    @property
    def transcoded(self) -> list[str]:
        """The usable images that training reads as PNG copies, each once."""
        from imgcls.data.images.image_header import TRANSCODED

        usable = self.usable
        return list(usable.loc[usable["traits"].str.contains(TRANSCODED), "image"].unique())

    @property
    def class_names(self) -> list[str]:
        """The names of the classes that training images have, sorted; all classes before there are splits."""
        usable = self._a_row_a_label
        training = usable[usable["split"] == "train"]
        return sorted((training if len(training) else usable)["label"].unique())

    @property
    def _a_row_a_label(self) -> pd.DataFrame:
        """Label and split of the usable rows, those of several classes once for each."""
        usable = self.usable
        labels = a_row_a_label(usable)
        return pd.DataFrame({"label": labels, "split": usable["split"].reindex(labels.index)})

    def split(self, name: str) -> pd.DataFrame:
        """The usable rows of one split."""
        usable = self.usable
        return usable[usable["split"] == name]

    def paths(self, rows: pd.DataFrame) -> list[Path]:
        """The paths of images as training reads them.

        Args:
            rows: Rows of the table.

        Returns:
            The absolute path of each row's image, or of its PNG copy where TensorFlow cannot decode the image.
        """
        from imgcls.data.images.image_header import TRANSCODED
        from imgcls.data.images.transcoding import transcoded

        paths = [self.root / image for image in rows["image"]]
        for place in np.flatnonzero(rows["traits"].str.contains(TRANSCODED)):
            paths[place] = transcoded(paths[place], rows["sha256"].iloc[place])
        return paths

    def boxes(self, rows: pd.DataFrame) -> np.ndarray | None:
        """The boxes of examples.

        Args:
            rows: Rows of the table.

        Returns:
            (rows, 4), float32: left, top, right and bottom in pixels of the upright image, NaN for a whole image; None
            if all examples are whole images.
        """
        boxes = rows[BOX].to_numpy(np.float32)
        return None if np.isnan(boxes).all() else boxes

    def sizes(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The sizes of examples: of the box, or of the whole image.

        Args:
            rows: Rows of the table.

        Returns:
            The columns width and height, in pixels.
        """
        boxed = rows[BOX].notna().all(axis=1)
        sides = {"width": rows["x_max"] - rows["x_min"], "height": rows["y_max"] - rows["y_min"]}
        return pd.DataFrame({side: length.where(boxed, rows[side]) for side, length in sides.items()})

    def counts(self) -> pd.DataFrame:
        """The numbers of usable examples.

        Returns:
            A row for each class and a column for each split. An example of several classes counts for each of them.
        """
        usable = self._a_row_a_label
        counts = pd.crosstab(usable["label"], usable["split"].replace("", "unsplit"))
        return counts[[name for name in (*SPLITS, "unsplit") if name in counts]]

    def save(self, path: str | Path) -> None:
        """Write the table as a Parquet file with the root and the schema's version. A reader never sees half of it.

        Raises:
            ValueError: The table lacks a column, as after a `load` without it.
        """
        if missing := [column for column in COLUMNS if column not in (*self.table, *LATER)]:
            raise ValueError(f"The manifest lacks the columns {missing}, so it cannot be saved. Load all of it.")
        table = self.table.copy()
        table.attrs = {**table.attrs, "imgcls_manifest": SCHEMA_VERSION, "root": str(self.root)}
        with replacing(path, durable=True) as partial:
            table.to_parquet(partial, index=False)

    @classmethod
    def load(cls, path: str | Path, without: Collection[str] = ()) -> "Manifest":
        """Read a manifest that `save` wrote.

        Args:
            path: The file.
            without: Columns that are not read, such as "thumbnail", which is half of the memory.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The file is no manifest of this version.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"No manifest at {path}. Write one with `python -m imgcls.import_labels`.")
        try:
            columns = [name for name in pyarrow.parquet.read_schema(path).names if name not in without]
            table = pd.read_parquet(path, columns=columns)
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} is no Parquet file ({error}). Expected a manifest.") from error
        version = table.attrs.get("imgcls_manifest")
        table = table.reindex(columns=[*table.columns, *(name for name in LATER if name not in table)])
        missing = [column for column in COLUMNS if column not in table and column not in without]
        if version != SCHEMA_VERSION or missing:
            raise ValueError(
                f"{path} is no manifest of version {SCHEMA_VERSION} (version {version}, without {missing}). "
                "Write it again with `python -m imgcls.import_labels`."
            )
        root = Path(table.attrs["root"])
        table.attrs = {name: fact for name, fact in table.attrs.items() if name not in ("imgcls_manifest", "root")}
        return cls(table, root)


def a_row_a_label(rows: pd.DataFrame) -> pd.Series:
    """The classes of examples, on the index of their rows: those of several classes come once for each.

    Args:
        rows: Of a manifest's table. A row with none of the classes has no part in the result.

    Example:
        >>> rows = pd.DataFrame({"label": ["cat", "dog"], "labels": [["cat"], ["cow", "dog"]]})
        >>> a_row_a_label(rows).tolist()
        ['cat', 'cow', 'dog']
    """
    if (rows["labels"].str.len() == 1).all():
        return rows["label"]
    return rows["labels"].explode().dropna().rename("label")


def indices_of(rows: pd.DataFrame, class_names: Sequence[str]) -> np.ndarray:
    """The class of each example: (N,) indices of `class_names`.

    Args:
        rows: Of a manifest's table.
        class_names: All classes.
    """
    index = {name: place for place, name in enumerate(class_names)}
    return np.array([index[label] for label in rows["label"]], int)


def targets_of(rows: pd.DataFrame, class_names: Sequence[str]) -> np.ndarray:
    """Which classes each example has: (N, classes) bool.

    Args:
        rows: Of a manifest's table.
        class_names: All classes.

    Example:
        >>> targets_of(pd.DataFrame({"labels": [["cat"], [], ["cat", "dog"]]}), ["cat", "dog"]).astype(int).tolist()
        [[1, 0], [0, 0], [1, 1]]
    """
    index = {name: place for place, name in enumerate(class_names)}
    targets = np.zeros((len(rows), len(class_names)), bool)
    for row, labels in enumerate(rows["labels"]):
        targets[row, [index[label] for label in labels]] = True
    return targets


def is_manifest(path: str | Path) -> bool:
    """Whether a file is a manifest of any version; a Parquet table of labels is none."""
    try:
        metadata = pyarrow.parquet.read_schema(path).metadata or {}
    except (OSError, pyarrow.ArrowException):
        return False
    return b"imgcls_manifest" in metadata.get(b"PANDAS_ATTRS", b"")
