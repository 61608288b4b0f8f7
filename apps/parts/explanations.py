"""Images explained for the page: the pictures, their figures, and what can be downloaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from imgcls.data.manifest.table import Manifest
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from parts import allowed_paths

if TYPE_CHECKING:
    from imgcls.explain.network import Network
    from imgcls.workflow.explanation.answers import Question


@dataclass(frozen=True)
class ShownMap:
    """One heat map on the page.

    Attributes:
        picture: PNG, with title, legend and lines.
        caption: What the check found; empty where nothing was checked.
        fails: Whether it is not to be believed.
    """

    picture: bytes
    caption: str
    fails: bool


@dataclass(frozen=True)
class Explained:
    """Images that were explained.

    Attributes:
        images: The name of each, what is explained of it, and its maps.
        problems: Files that could not be explained, each with its reason.
        table: A row for each map.
        sheet: All pictures on one PNG; empty if there are none.
        arrays: All maps, as .npz; empty if there are none.
    """

    images: list[tuple[str, str, list[ShownMap]]]
    problems: list[tuple[str, str]]
    table: pd.DataFrame
    sheet: bytes
    arrays: bytes


class Bar(Progress):
    """Shows on the page how much is done."""

    def __init__(self) -> None:
        self.shown = st.progress(0.0, text="Looking at the images")

    def doing(self, what: str, done: int, total: int | None = None) -> None:
        """Move the bar."""
        self.shown.progress(min(done / total, 1.0) if total else 0.0, text=what)


def explain(
    network: "Network", paths: Sequence[Path], question: "Question", true_classes: Mapping[Path, str]
) -> Explained:
    """Explain the answers for image files.

    Raises:
        ValueError: For a layer or class that the network has not, or a method that it cannot be explained by.
    """
    from imgcls.workflow.explanation.answers import explain_answers
    from imgcls.workflow.explanation.why import write_answers
    from imgcls.workflow.explanation.written import Written

    bar = Bar()
    try:
        with TemporaryDirectory(prefix="imgcls-") as folder:
            written = Written(Path(folder), network.name)
            table = write_answers(written, network, explain_answers(network, paths, question, true_classes, bar))
            names = table["image"].map(lambda path: PurePosixPath(path).name)  # where it lies here is nobody's business
            return _read(written.files, table.assign(image=names))
    finally:
        bar.shown.empty()


def _read(files: Sequence[Path], table: pd.DataFrame) -> Explained:
    """What was written, before its folder goes."""
    maps = table[table["method"].notna()]
    pictures = [file for file in files if file.suffix == ".png" and not file.stem.startswith("contact_sheet")]
    images: list[tuple[str, str, list[ShownMap]]] = []
    before = ""
    for file, row in zip(pictures, maps.to_dict("records"), strict=True):
        number = file.name.split("-")[0]
        if number != before:
            images.append((row["image"], _answer(row), []))
        before = number
        images[-1][2].append(ShownMap(file.read_bytes(), row["caption"], bool(row["fails"])))
    problems = table[table["method"].isna()][["image", "problem"]].itertuples(index=False, name=None)
    sheets = [file for file in files if file.stem.startswith("contact_sheet")]
    return Explained(images, list(problems), maps, sheets[0].read_bytes() if sheets else b"", _arrays(files))


def _answer(row: Mapping[str, object]) -> str:
    share = f"{100 * float(str(row['probability'])):.1f} %"
    return f"The network says {row['predicted']}. Explained: {row['explained']}, {share}."


def _arrays(files: Sequence[Path]) -> bytes:
    """One .npz of all: by the image's name and a slash, its pixels and its maps."""
    found = {}
    for file in (file for file in files if file.suffix == ".npz"):
        with np.load(file) as arrays:
            found |= {f"{file.stem}/{name}": arrays[name] for name in arrays.files}
    whole = BytesIO()
    np.savez_compressed(whole, **found)
    return whole.getvalue() if found else b""


def saved_uploads(folder: Path, files: Sequence) -> list[Path]:
    """Write uploaded files below a folder, each under its own name in a folder of its own."""
    paths = []
    for place, file in enumerate(files):
        path = folder / f"upload-{place}" / (PurePosixPath(file.name).name or "image")
        path.parent.mkdir()
        path.write_bytes(file.getvalue())
        paths.append(path)
    return paths


def images_of_test(run: RunFolder, count: int, class_name: str, draw: int) -> list[Path]:
    """Some images of a run's test split.

    Args:
        run: The run.
        count: How many at most.
        class_name: Of which class; empty for any.
        draw: Another number draws others.

    Raises:
        ValueError: The run has no such images, they lie outside of the root, or are parts of images.
    """
    manifest = allowed_paths.check_images(Manifest.load(run.manifest_file), run.config.input.data)
    rows = manifest.split("test")
    rows = rows[rows["label"] == class_name] if class_name else rows
    if rows.empty:
        raise ValueError(f"The test split of {run.path.name} has no image of {class_name or 'any class'}.")
    if manifest.boxes(rows) is not None:
        raise ValueError(f"The images of {run.path.name} are parts of larger ones. Upload the parts instead.")
    return manifest.paths(rows.sample(min(count, len(rows)), random_state=draw))
