"""Predict any number of images: rows, sorted copies and a summary, as the predictions come."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from imgcls.checksums import sha256_of
from imgcls.files import replacing
from imgcls.image_files import shown_name
from imgcls.labels.fetching import Limits
from imgcls.progress import ProgressFunction, no_progress
from imgcls.run_folder import RunFolder
from imgcls.serving.export_format import FLOAT32
from imgcls.serving.predictor import Predictor
from imgcls.serving.versions import find_version
from imgcls.workflow.many_images.inputs import count_images, images_of
from imgcls.workflow.many_images.other_command import FOR_PEOPLE
from imgcls.workflow.many_images.parts_folder import PartsFolder
from imgcls.workflow.many_images.row_files import row_file
from imgcls.workflow.many_images.seen_names import SeenNames
from imgcls.workflow.many_images.share import Share
from imgcls.workflow.many_images.sorted_copies import SortedCopies
from imgcls.workflow.many_images.summary import Summary
from imgcls.workflow.sources import is_bundle


@dataclass(frozen=True)
class ManyImages:
    """What is to be predicted, and where the results go.

    Attributes:
        source: The run or bundle, or the name of an architecture with published weights.
        inputs: Files, folders, globs, archives, tables, addresses, cards.
        top: Classes named for each image.
        output: A file that ends in .csv, .jsonl or .parquet, which is written whole or not at all; None: no table.
        parts: The suffix of parts, where `output` is a folder, which goes on when it is named again; "" for a file.
        share: Which of the images are predicted.
        sort_into: A folder for copies by class; None: no copies.
        link: Whether it gets links.
        limits: What fetching an address may take.
        precision: In which the network is computed; rows of two precisions are not put into one folder.
    """

    source: str
    inputs: Sequence[str]
    top: int = 3
    output: Path | None = None
    parts: str = ""
    share: Share = field(default_factory=Share)
    sort_into: Path | None = None
    link: bool = False
    limits: Limits = field(default_factory=Limits)
    precision: str = FLOAT32


def predict_many(predictor: Predictor, asked: ManyImages, on_progress: ProgressFunction = no_progress) -> Summary:
    """Predict images, of which only some batches are in memory, and write each row as it comes.

    Args:
        predictor: Of `asked.source`.
        asked: What is to be predicted.
        on_progress: Gets the number of images that are done, and of all as soon as that is known.

    Returns:
        What was predicted now; images whose rows were in the folder before are only counted in it.

    Raises:
        ValueError: The folder `asked.output` holds predictions of something else, an input is none, or there
            is no image.
        OSError: A result cannot be written.
    """
    summary, seen = Summary(), SeenNames()
    columns = columns_of(predictor, asked.top)
    with _rows(asked, columns) as rows:
        for name, problem in rows.known():
            summary.add_before(problem)
            seen.add(name)
        before = len(seen)
        total = _Total(asked)
        copies = asked.sort_into and SortedCopies(asked.sort_into, predictor.class_names, asked.link)
        images = images_of(asked.inputs, lambda name: asked.share.holds(name) and seen.add(name), asked.limits)
        for chunk, predictions in predictor.stream(images):
            if copies:
                copies.put(chunk, predictions)
                summary.new_files, summary.equal_files = copies.new, copies.equal
            rows.write(predictions.table(asked.top, [image.name for image in chunk])[columns])
            summary.add(chunk, predictions)
            on_progress(before + summary.count, total.value)
        if not summary.count and not summary.before and asked.share.count == 1:
            raise ValueError(f"There is no image in {', '.join(asked.inputs)}. Name images, or what holds some.")
    return summary


def columns_of(predictor: Predictor, top: int) -> list[str]:
    """The columns of the predictor's table."""
    return list(predictor.predict([]).table(top).columns)


class _Memory:
    """Where the rows go when no table is asked for: nowhere."""

    def known(self) -> Iterable[tuple[str, str]]:
        return ()

    def write(self, rows: pd.DataFrame) -> None:
        pass


class _OneFile(_Memory):
    def __init__(self, write: Any) -> None:
        self.write = write  # type: ignore[method-assign]


@contextmanager
def _rows(asked: ManyImages, columns: list[str]) -> Iterator[Any]:
    if asked.output is None:
        yield _Memory()
    elif asked.parts:
        with PartsFolder(asked.output, record_of(asked), columns, asked.parts, asked.share) as parts:
            yield parts
    else:
        with ExitStack() as stack:
            partial = stack.enter_context(replacing(asked.output))
            yield _OneFile(stack.enter_context(row_file(partial, columns)))


def record_of(asked: ManyImages) -> dict[str, Any]:
    """What a folder of parts says of the command: the model by its content, the inputs by their place and name.

    The names of the images, by which they are known, begin with those of the inputs.
    """
    named = [shown_name(Path(name)) if Path(name).exists() else name for name in asked.inputs]
    inputs = [shown_name(Path(name).absolute()) if Path(name).exists() else name for name in asked.inputs]
    model = model_of(asked.source)
    if asked.precision != FLOAT32:
        model["precision"] = asked.precision
    source = {FOR_PEOPLE: _place_of(asked.source)}
    return {"model": model, **source, "inputs": inputs, "named": named, "shards": str(asked.share)}


def model_of(source: str) -> dict[str, str]:
    """A model by its name and by the checksum of what its answers depend on."""
    path = Path(source)
    if not path.is_dir():
        return {"name": source}
    if not is_bundle(path):
        return {"name": path.resolve().name, "sha256": sha256_of(RunFolder(path).require_model())}
    version = find_version(path)
    index = version / "variables" / "variables.index"  # which holds a checksum of each weight
    checksums = [sha256_of(file) for file in (version / "saved_model.pb", index) if file.is_file()]
    return {"name": f"{version.resolve().parent.name}/{version.name}", "sha256": " ".join(checksums)}


def _place_of(source: str) -> str:
    """Where a model is, with the version of a bundle; of the name of an architecture, that name."""
    path = Path(source)
    if not path.is_dir():
        return source
    return shown_name(find_version(path) if is_bundle(path) else path.absolute())


class _Total:
    """About how many images there are, counted while others are predicted."""

    def __init__(self, asked: ManyImages) -> None:
        self.value: int | None = None
        threading.Thread(target=self._count, args=(asked,), daemon=True).start()

    def _count(self, asked: ManyImages) -> None:
        try:
            found = count_images(asked.inputs)
        except (OSError, ValueError):  # who reads them says so
            return
        self.value = None if found is None else -(-found // asked.share.count)
