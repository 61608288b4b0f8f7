"""The results of a crowdsourcing platform: a table with a row an answer, and the columns that the user named in it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from imgcls.labels.assembly import assemble
from imgcls.labels.documents import files_of, name_in, peek
from imgcls.labels.image_index import ImageIndex
from imgcls.labels.records import Problems, Records, Row

RowsOf = Callable[[Path, str, Problems], Iterable[Row]]  # of a file, which problems call by the second


@dataclass(frozen=True)
class AnswerColumns:
    """The columns that the user named.

    Attributes:
        image: Of the image; None if it is found by its content or name.
        answer: Of the label; None if it is found.
        keep: Further columns that are kept as attributes.
    """

    image: str | None = None
    answer: str | None = None
    keep: Sequence[str] = ()


def read_answers(
    source: Path, image_index: ImageIndex | None, suffixes: Sequence[str], fits: Callable[[str], bool], rows_of: RowsOf
) -> Records:
    """The answers of a file, or of all files in a folder that fit.

    Args:
        source: The file or folder.
        image_index: The images, if they are not in the source's folder.
        suffixes: Of the files in a folder.
        fits: Whether a file that begins with this text is of the platform.
        rows_of: Reads one file.
    """
    image_index, problems, rows = image_index or ImageIndex.of(source), Problems(), list[Row]()
    for path in files_of(source, *suffixes):
        if source.is_file() or fits(peek(path)):
            rows.extend(rows_of(path, name_in(path, source), problems))
    return assemble(rows, problems, image_index)
