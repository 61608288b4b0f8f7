"""The folders of exported models: <output>/<name>/<version>, where a version is a whole number."""

import errno
import os
import re
from pathlib import Path

from imgcls.command_line import command_line
from imgcls.nearest_name import nearest_name

MODEL = "saved_model.pb"
PARTS = ("variables", "assets", "assets.extra")  # folders of a version that are no further format


def check_name(name: str) -> str:
    """Return `name` if a folder and an address can be called so.

    Raises:
        ValueError: If they cannot.

    Example:
        >>> check_name("flowers-2")
        'flowers-2'
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(f"--name is {name!r}; expected letters, digits, '_', '-' and '.', and no other sign at first.")
    return name


def versions(folder: Path) -> dict[int, Path]:
    """The version folders in `folder`, by number, ascending; what is not called by a whole number is none."""
    found = {int(path.name): path for path in folder.iterdir() if path.name.isdecimal() and path.is_dir()}
    return dict(sorted(found.items()))


def is_version(path: Path) -> bool:
    """Whether a folder is one version, and not the folder of several."""
    return path.name.isdecimal() and (path / MODEL).is_file()


def next_version(folder: Path) -> Path:
    """The folder of the version after the newest."""
    newest = max(versions(folder), default=0) if folder.is_dir() else 0
    return folder / str(newest + 1)


def take_next_version(finished: Path, folder: Path) -> Path:
    """Rename a finished folder to the next version. Of two processes that do it at once each gets a number of its own.

    Args:
        finished: The folder to rename, on the same disk.
        folder: The folder of the versions.

    Returns:
        The folder of the new version.
    """
    while True:
        version = next_version(folder)
        try:
            return finished.rename(version)
        except OSError as error:  # another process has taken the number meanwhile
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


def find_version(path: str | Path) -> Path:
    """The version folder that a user means: `path` itself, or the newest version in it.

    Raises:
        ValueError: If there is none.
    """
    path = check_bundle(path)
    return path if is_version(path) else list(versions(path).values())[-1]


def check_bundle(path: str | Path) -> Path:
    """The absolute path of a version, or of a folder with versions in it.

    Raises:
        ValueError: If `path` is anything else.
    """
    path = Path(os.path.abspath(path))  # so that "." has a name too
    if not path.exists():
        nearest = nearest_name(path.name, _bundles(path.parent))
        hint = f" Did you mean {path.parent / nearest}?" if nearest else ""
        raise ValueError(f"There is nothing at {path}.{hint} Expected a bundle that `python -m imgcls.export` wrote.")
    if not path.is_dir():
        raise ValueError(f"{path} is a file; expected the folder of a bundle, such as saved_models/flowers.")
    if is_version(path):
        return path
    check_no_format(path)
    if (path / MODEL).is_file():
        raise ValueError(
            f"{path} holds a SavedModel, but the folder of a version is called by a whole number; "
            f"rename it, for example to {path.parent / '1'}."
        )
    if not versions(path):
        raise ValueError(f"{path} is no bundle: it holds no version, such as {path.name}/1. {_what_it_is(path)}")
    return path


def check_no_format(path: Path) -> None:
    """Refuse the folder of a further format, such as photos/1/openvino-int8, where a bundle is expected.

    Raises:
        ValueError: If it is one.
    """
    version = Path(os.path.abspath(path)).parent
    if path.is_dir() and is_version(version) and path.name not in PARTS:
        raise ValueError(
            f"{path} is one format of a bundle, not the bundle. Name {version} instead; "
            f"{command_line('predict', version, 'IMAGES', '--engine', path.name)} computes with this format."
        )


def _bundles(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_dir() and versions(path)] if folder.is_dir() else []


def _what_it_is(path: Path) -> str:
    if (path / "config.toml").is_file():
        return f"It is a run; export it first: {command_line('export', path)}"
    inside = _bundles(path)
    if inside:
        return f"It holds the bundles {', '.join(inside[:5])}; name one of them."
    return "Write one with `python -m imgcls.export RUN`."
