"""One folder of images a class, with train/, validation/ and test/ above them where they exist."""

from itertools import islice
from pathlib import Path

import pandas as pd

from imgcls.image_files import SUFFIXES, shown_name, why_not_opened
from imgcls.labels.assembly import assemble
from imgcls.labels.pictures import Pictures
from imgcls.labels.records import Problems, Records
from imgcls.labels.split_names import SPLIT_NAMES

NOT_IMAGES = {"thumbs.db", "desktop.ini"}  # that file managers leave behind
MOST_OPENED = 100  # files without a suffix


def detect(source: Path) -> bool:
    """Whether there are folders with pictures in them."""
    if not source.is_dir():
        return False
    files = [path for pattern in ("*/*", "*/*/*") for path in source.glob(pattern)]
    if any(path.name.lower().endswith(SUFFIXES) for path in files):
        return True
    bare = (path for path in files if not path.suffix and not path.name.startswith(".") and path.is_file())
    return any(not why_not_opened(path) for path in islice(bare, MOST_OPENED))


def read(source: Path, pictures: Pictures | None = None) -> Records:
    """The folders as records. Raises what `read_folders` raises; files that are no pictures by their names are told."""
    rows = read_folders(source).assign(source="folders")
    rows["file"] = rows["image"]
    return assemble(rows, Problems(), pictures or Pictures(source))


def read_folders(root: str | Path) -> pd.DataFrame:
    """Read a folder with one folder of images a class.

    Returns one row a file with the columns image (path relative to `root`, with forward slashes), label (the name of
    the class folder) and split ("train", "validation", "test", or empty where the folders name none). Files are listed,
    not opened; hidden files are left out.

    Raises FileNotFoundError if there is no such folder, ValueError if it has no class folders or an empty one.
    """
    root = Path(root)
    if not root.is_dir():
        what = "a file" if root.exists() else "nothing"
        raise FileNotFoundError(f"There is {what} at {root}. Expected a folder with one folder of images a class.")
    rows = []
    for split, folder in _split_folders(root):
        for class_folder in _folders(folder):
            files = [path for path in sorted(class_folder.rglob("*")) if path.is_file() and _may_be_image(path)]
            if not files:
                raise ValueError(
                    f"The class folder {class_folder} holds no images. Put images into it, or remove the folder."
                )
            label = shown_name(class_folder.name)
            rows.extend((shown_name(path.relative_to(root).as_posix()), label, split) for path in files)
    if not rows:
        raise ValueError(
            f"{root} has no folders in it. Expected one folder of images a class, such as {root}/cat/1.jpg."
        )
    return pd.DataFrame(rows, columns=["image", "label", "split"])


def _split_folders(root: Path) -> list[tuple[str, Path]]:
    """The splits are folders if all folders of `root` are named like one and hold folders themselves."""
    folders = _folders(root)
    named = [SPLIT_NAMES.get(folder.name.lower()) for folder in folders]
    if folders and all(named) and all(_folders(folder) for folder in folders):
        if "train" not in named:
            raise ValueError(
                f"{root} has {', '.join(f.name for f in folders)} but no train. Add it, or name one folder a class."
            )
        return list(zip(named, folders, strict=True))
    return [("", root)]


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _may_be_image(path: Path) -> bool:
    return not path.name.startswith(".") and path.name.lower() not in NOT_IMAGES
