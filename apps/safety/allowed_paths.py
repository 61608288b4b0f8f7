"""What the app may open, and whether it may run a network file; both are set when it is started.

  streamlit run apps/app.py -- --root /srv/images --allow-network-files

Whoever can open the app can type a path and upload files. So every path has to lie, with its symlinks resolved, below
the root or in a folder that the app itself writes, and a network of one's own (a Python file) is refused by the app and
by the training processes that it starts, unless the flag allows it. This file owns the rule.
"""

import argparse
import dataclasses
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import get_args, get_type_hints

from projects.image_folders import places_of
from projects.project import PROJECTS

from imgcls.data.cache import cache_home
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.cards import CARD_FOLDERS, list_cards
from imgcls.models.registry import NETWORK_FILES, REFUSED

START = "streamlit run apps/app.py -- [--root FOLDER] [--allow-network-files]"
OWN_FOLDERS = (
    PROJECTS,
    Path("manifests"),
    Path("runs"),
    Path("saved_models"),
    *CARD_FOLDERS,
)  # written here, or shipped
NO_PATHS = {  # other texts may be paths
    "format", "group", "activation", "initializer", "data_service", "name", "augmentation_layers",
}  # fmt: skip
KERAS_HUB = "keras_hub"  # before the folder of a preset
TFDS = re.compile(r"tfds:\w+(/[\w.-]+)?(:\d+\.\d+\.\d+)?")  # without the name space of a community


@dataclass(frozen=True)
class Start:
    """How the app was started.

    Attributes:
        root: The folder that typed paths have to lie in; by default the one that the app was started in.
        network_files: Whether a network of one's own, a Python file, may be run.
    """

    root: Path
    network_files: bool


class StartError(ValueError):
    """The app was started in a wrong way, which its sentence says to whoever started it, with flags."""


class _Flags(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise StartError(f"The app was started with flags that it does not know ({message}). Expected: {START}")


def start() -> Start:
    """Read the flags behind `--`.

    Raises:
        StartError: A flag is unknown, or the root is no folder.
    """
    flags = _Flags(add_help=False, allow_abbrev=False)
    flags.add_argument("--root", type=Path, default=Path())
    flags.add_argument("--allow-network-files", action="store_true")
    given = flags.parse_args(sys.argv[1:])
    if not given.root.is_dir():
        raise StartError(f"The app was started with --root {given.root}, which is no folder. Expected: {START}")
    return Start(given.root.resolve(), given.allow_network_files)


def environment() -> dict[str, str]:
    """What a process that the app starts finds in its environment: network files are refused unless allowed."""
    return {**os.environ, NETWORK_FILES: "" if start().network_files else REFUSED}


def enforce() -> None:
    """Let the app's own process refuse network files too, whatever a view may forget."""
    os.environ[NETWORK_FILES] = environment()[NETWORK_FILES]


def typed_path(text: str) -> Path:
    """The path that somebody typed: one that is not absolute begins at the root, or else where the app was started."""
    path, root = Path(text), start().root
    if text.startswith("~"):  # one that is refused is called as it was typed
        return path.expanduser() if is_allowed(path) else path
    below = root / path
    if path.is_absolute() or root == Path.cwd() or (not _is_there(below) and _is_there(path)):
        return path
    return below


def typed_name(text: str) -> str:
    """What somebody typed where a name or a file may stand, such as that of a network: a file is a `typed_path`."""
    project, _, preset = text.partition(":")
    if project == KERAS_HUB:
        folder = typed_path(preset)
        return f"{project}:{folder}" if is_allowed(folder) and folder.is_dir() else text
    is_file = os.sep in text or text.startswith("~") or Path(text).suffix
    if ":" in text or not is_file:
        return text
    path = typed_path(text)
    return text if path == Path(text) else str(path)


def where_paths_begin() -> str:
    """What a form says beside the field of a path."""
    return f"Paths lie below {start().root}, the folder that this app may read, and can be typed from there on."


def check_path(path: str | Path) -> Path:
    """The same path, before anything at it is looked at.

    Raises:
        ValueError: It leads out of the root.
    """
    if not is_allowed(path):
        raise ValueError(
            f"{path} lies outside of {start().root}, the folder that this app may read. Choose something below it, or "
            "copy it there. Whoever starts the app can let it read another folder."
        )
    return Path(path)


def is_allowed(path: str | Path) -> bool:
    """Whether a path lies below the root, or in a folder that the app writes."""
    return _below(path, folders())


def folders() -> list[Path]:
    """The folders that the app may read, with all that is below them."""
    return [start().root, *(folder.resolve() for folder in OWN_FOLDERS)]


def check_model(name: str) -> str:
    """The same name of an architecture.

    Raises:
        ValueError: It is a Python file, and the start did not allow them; or a preset of KerasHub that is no folder
            below the root.
    """
    project, _, model = name.partition(":")
    if project == KERAS_HUB:
        if not Path(model).is_dir():
            raise ValueError(f"{name} would be downloaded, which this app does not do. Name the folder of a preset.")
        check_path(model)
    if name.endswith(".py") and not start().network_files:
        raise ValueError(
            f"{name} is a Python file, and this app runs none: its users could run any program on this machine. Choose "
            "a network by name. Whoever starts the app can allow such files."
        )
    return name


def check_source(named: str) -> str:
    """The same data set: a path below the root, `tfds:` and a name, or the name of a card.

    Raises:
        ValueError: The path leads out of the root, or the name is none of TensorFlow Datasets' own.
    """
    if named.startswith("tfds:") and not TFDS.fullmatch(named):
        raise ValueError(
            f"{named!r} is no data set that this app reads: those of others than TensorFlow Datasets bring programs of "
            "their own. Expected a name such as tfds:cats_vs_dogs or tfds:cats_vs_dogs:4.0.0"
        )
    if _is_path(named):
        check_path(named)
    return named


def check_images(manifest: Manifest, source: str) -> Manifest:
    """The same manifest. The images of a card may lie anywhere, because its author wrote it on this machine.

    Args:
        manifest: The images.
        source: What the user named.

    Raises:
        ValueError: Its images lie outside of the root, as an uploaded manifest may say.
    """
    if not _is_path(source) and source in list_cards():
        return manifest
    if not manifest.table["sha256"].str.fullmatch("([0-9a-f]{64})?").all():  # they name transcoded images' files
        raise ValueError(f"{source} is a manifest with checksums that are none. Import its images again.")
    for place in places_of(manifest):
        if not _below(place, [cache_home().resolve()]):  # where images from inside other files are unpacked
            check_path(place)
    return manifest


def check_config(config: object) -> None:
    """Raise ValueError if a text of a config is a path out of the root, or a network file that is not allowed."""
    for name, kind in get_type_hints(type(config)).items():
        value = getattr(config, name)
        if dataclasses.is_dataclass(kind):
            check_config(value)
        elif value and str in (kind, *get_args(kind)) and name not in NO_PATHS:
            check_source(value)
        if name == "model":
            check_model(value)


def _is_path(text: str) -> bool:
    """Whether a text means a file or folder, and not the name of something."""
    if text.startswith("tfds:"):
        return False
    return os.sep in text or text.startswith((".", "~")) or os.path.lexists(text)


def _is_there(path: Path) -> bool:
    """Whether there is something that the app may read."""
    return is_allowed(path) and os.path.lexists(path)


def _below(path: str | Path, folders: list[Path]) -> bool:
    resolved = Path(path).expanduser().resolve()
    return any(resolved.is_relative_to(folder) for folder in folders)
