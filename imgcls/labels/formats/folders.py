"""One folder of images a class, with train/, validation/ and test/ above them where they exist."""

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from imgcls.image_files import SUFFIXES, shown_name, why_not_opened
from imgcls.labels.assembly import assemble
from imgcls.labels.documents import files_of, name_in
from imgcls.labels.format import Format
from imgcls.labels.image_index import ANNOTATION_FOLDERS, IMAGE_FOLDERS, ImageIndex
from imgcls.labels.records import Problems, Records
from imgcls.labels.split_names import SPLIT_NAMES
from imgcls.labels.unread import loose_files, tool_of, unread_sentence

FORMAT = Format(
    "folders",
    "one folder of images a class",
    "The name of an image's folder is its class.",
    last_resort=True,
    order=2_010,
)

NO_CLASS = ANNOTATION_FOLDERS | IMAGE_FOLDERS | {"image", "imgs", "pictures", "photos", "data", "imagesets", "masks"}
SHOWN = 3  # files that a sentence names
NOT_IMAGES = {"thumbs.db", "desktop.ini"}  # that file managers leave behind
MOST_OPENED = 100  # files without a suffix


def detect(source: Path) -> bool:
    """Whether there are folders with images in them."""
    if not source.is_dir():
        return False
    files = [path for pattern in ("*/*", "*/*/*") for path in source.glob(pattern)]
    if any(path.name.lower().endswith(SUFFIXES) for path in files):
        return True
    bare = (path for path in files if not path.suffix and not path.name.startswith(".") and path.is_file())
    return any(not why_not_opened(path) for path in islice(bare, MOST_OPENED))


def read(source: Path, image_index: ImageIndex | None = None) -> Records:
    """Read class folders; files that are no images are reported.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: It has no class folders.
    """
    source, problems = Path(source), Problems()
    rows = read_folders(source, problems)
    rows = _without_other_files(rows.assign(source="folders", file=rows["image"]), source, problems)
    return assemble(rows, problems, image_index or ImageIndex(source))


def read_folders(root: str | Path, problems: Problems | None = None) -> pd.DataFrame:
    """Read a folder with one folder of images a class. Files are listed, not opened.

    Args:
        root: The folder.
        problems: Gets the images that lie in no folder of a class, and the files beside the folders that are not read.

    Returns:
        One row a file with the columns image (path relative to `root`, with forward slashes), label (name of the class
        folder) and split ("train", "validation", "test", or empty where the folders name none). Hidden files are left
        out.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: It has no class folders or an empty one; or its folders are called like images, annotations or
            splits, and so are no classes.
    """
    root = Path(root)
    if not root.is_dir():
        what = "a file" if root.exists() else "nothing"
        raise FileNotFoundError(f"There is {what} at {root}. Expected a folder with one folder of images a class.")
    rows: list[tuple[str, str, str]] = []
    class_folders: list[Path] = []
    for split, folder in _split_folders(root):
        for class_folder in _class_folders(folder):
            files = [path for path in sorted(class_folder.rglob("*")) if path.is_file() and _may_be_image(path)]
            if not files:
                raise ValueError(
                    f"The class folder {class_folder} holds no images. Put images into it, or remove the folder."
                )
            class_folders.append(class_folder)
            label = shown_name(class_folder.name)
            rows.extend((shown_name(path.relative_to(root).as_posix()), label, split) for path in files)
    if not rows:
        raise ValueError(
            f"{root} has no folders in it. Expected one folder of images a class, such as {root}/cat/1.jpg."
        )
    table = pd.DataFrame(rows, columns=["image", "label", "split"])
    _check_names(root, class_folders)
    _report_outside(root, set(table["image"]), Problems() if problems is None else problems)
    return table


def _split_folders(root: Path) -> list[tuple[str, Path]]:
    """The splits are the folders that are named like one and hold folders themselves.

    That is so if there are several, or if nothing beside them holds images; else they are classes that happen to be
    called like a split.
    """
    folders = _folders(root)
    splits = [(SPLIT_NAMES[f.name.lower()], f) for f in folders if f.name.lower() in SPLIT_NAMES and _folders(f)]
    others = [folder for folder in folders if folder not in [split for _, split in splits]]
    if not splits or (len(splits) == 1 and any(map(_holds_images, others))):
        return [("", root)]
    if "train" not in [split for split, _ in splits]:
        raise ValueError(
            f"{root} has {', '.join(f.name for _, f in splits)} but no train. Add it, or name one folder a class."
        )
    return splits


def _class_folders(folder: Path) -> list[Path]:
    """The folders of a folder, but for those of annotations beside classes."""
    folders = _folders(folder)
    return [path for path in folders if not _names_no_class(path.name) or _holds_images(path)] or folders


def _holds_images(folder: Path) -> bool:
    return any(path.name.lower().endswith(SUFFIXES) and _may_be_image(path) for path in folder.rglob("*"))


def _check_names(root: Path, class_folders: Sequence[Path]) -> None:
    """Raise ValueError if no folder has the name of a class; whatever may hold the labels is named."""
    names = sorted({folder.name for folder in class_folders})
    if any(not _names_no_class(name) for name in names):
        return
    loose = [name_in(path, root) for path in islice(loose_files(root), SHOWN)]
    inner = sorted(path for folder in class_folders for path in _folders(folder) if not _names_no_class(path.name))
    if loose:
        hint = f"Its labels may be in {', '.join(loose)}: {_way_out(root)}"
    elif inner:
        hint = f"Did you mean {inner[0].parent}, whose folders are called {inner[0].name} and so on?"
    else:
        hint = f"Put the images of each class into a folder of its own, such as {root}/cat/1.jpg."
    raise ValueError(
        f"{root} has no folder that is named like a class: {', '.join(names)} "
        f"{'says' if len(names) == 1 else 'say'} only what lies in there. {hint}"
    )


def _way_out(root: Path) -> str:
    return unread_sentence(root) or (
        "see `python -m imgcls.import_labels --help` for the formats that are read, or name one with --format."
    )


def _names_no_class(name: str) -> bool:
    """Whether a folder is called like images, annotations or a split, such as `images` or `val2017`."""
    plain = name.lower()
    return plain in NO_CLASS or re.fullmatch(rf"({'|'.join(SPLIT_NAMES)})[-_]?(\d*|images|imgs)", plain) is not None


def _report_outside(root: Path, listed: set[str], problems: Problems) -> None:
    """Name the images that lie in no folder of a class, and the files that may hold annotations."""
    for path in files_of(root, *SUFFIXES):
        image = name_in(path, root)
        if image not in listed:
            problems.left_out(image, "", "it lies in no folder of a class; left out.")
    for path in loose_files(root):
        file = name_in(path, root)
        if file not in listed:
            tool = tool_of(path)
            of = f" It is of {tool.name}: {tool.way_out}" if tool else ""
            problems.noted(file, "", f"this file is not read; the classes are the names of the folders.{of}")


def _without_other_files(rows: pd.DataFrame, root: Path, problems: Problems) -> pd.DataFrame:
    """The rows but for the files that no image's suffix has and whose first bytes are no image's."""
    other = np.zeros(len(rows), bool)
    for place, image in enumerate(rows["image"]):
        if not image.lower().endswith(SUFFIXES) and (root / image).is_file():
            why = why_not_opened(root / image)
            other[place] = why != ""
            if why:
                problems.left_out(image, "", f"this file is {why}; left out.")
    return rows[~other]


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _may_be_image(path: Path) -> bool:
    return not path.name.startswith(".") and path.name.lower() not in NOT_IMAGES
