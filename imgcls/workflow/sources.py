"""What a user names to predict with, and the images that are to be predicted; needs no TensorFlow."""

import glob
from collections.abc import Sequence
from pathlib import Path

from imgcls.data.sources.cards import list_cards
from imgcls.data.sources.load import load_manifest
from imgcls.run_folder import RunFolder
from imgcls.serving.versions import check_no_format


def list_images(names: Sequence[str | Path]) -> list[Path]:
    """The image files that the names stand for, in their order, each once.

    Args:
        names: Files, folders (all files in them), globs, and data set cards (all their images). A name that matches
            nothing is kept, so that it appears among the problems.

    Raises:
        ValueError: If a folder is empty.
    """
    paths: dict[Path, None] = {}
    for name in map(str, names):
        path = Path(name)
        if not path.exists() and name in list_cards():
            manifest = load_manifest(name)
            found = manifest.paths(manifest.usable)
        elif path.is_dir():
            found = [p for p in sorted(path.rglob("*")) if p.is_file() and not p.name.startswith(".")]
            if not found:
                raise ValueError(f"The folder {path} holds no files. Name a folder with images in it.")
        else:
            found = [] if path.exists() else [Path(p) for p in sorted(glob.glob(name, recursive=True))]
            found = [p for p in found if p.is_file()] or [path]
        paths.update(dict.fromkeys(found))
    return list(paths)


def check_source(path: Path) -> None:
    """Check that there is a run with a model or a bundle, before anything heavy is loaded.

    Raises:
        FileNotFoundError: If there is nothing at `path`.
        ValueError: If it is something else.
    """
    check_no_format(path)
    if is_bundle(path):
        return
    if not path.exists():
        raise FileNotFoundError(
            f"There is nothing at {path}. Expected the folder of a run or a bundle, and images after it; "
            "or images alone, with --model efficientnet_lite0."
        )
    if not path.is_dir():
        raise ValueError(
            f"{path} is a file. Expected the folder of a run or a bundle before the images; "
            "or add --model efficientnet_lite0 to name things with ImageNet's classes."
        )
    RunFolder(path).require_model()


def is_bundle(path: Path) -> bool:
    """Whether the folder is an exported bundle, or one version of it."""
    return any(path.glob("saved_model.pb")) or any(path.glob("[0-9]*/saved_model.pb"))
