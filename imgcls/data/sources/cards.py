"""Data set cards: a TOML file that gives a data set its name, source and licence, and says how its labels are read.

A card is read here or beside the package; paths in it start from its own folder. Besides the fields of `Card` it may
have those of `LabelsConfig`, such as `format = "coco"` and `boxes = "crop"`.
"""

import dataclasses
import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dacite
import tomli_w

from imgcls.config import LabelsConfig
from imgcls.files import replacing
from imgcls.nearest_name import did_you_mean

CHECKOUT = Path(__file__).parents[3]
BESIDE = (CHECKOUT / "datasets",) if (CHECKOUT / "pyproject.toml").is_file() else ()  # an installed package has none
CARD_FOLDERS = (Path("datasets"), *BESIDE)  # here, then beside the package
NEEDED = ("name", "title", "source", "licence")
ALLOWED = (*NEEDED, "citation", "homepage")
PATHS = ("images", "unpack_to", "rename", "golden", "overlay")  # of LabelsConfig


@dataclass(frozen=True)
class Card:
    """A data set card.

    Attributes:
        name: What every command calls the data set.
        title: One line about it.
        source: The absolute path of a folder, a manifest or an annotation file, or `tfds:` and a name.
        licence: The licence of the images, as its owner states it.
        citation: What to cite.
        homepage: Where the data set comes from.
        labels: How its labels are read.
    """

    name: str
    title: str
    source: str
    licence: str
    citation: str = ""
    homepage: str = ""
    labels: LabelsConfig = field(default_factory=LabelsConfig)


def list_cards() -> dict[str, Path]:
    """The file of each card by its name. A card in the working folder hides one of the package with the same name."""
    return {path.stem: path for folder in reversed(CARD_FOLDERS) for path in sorted(folder.glob("*.toml"))}


def load_card(name: str) -> Card:
    """Load a card by its name.

    Raises:
        ValueError: There is no such card (with the nearest name of a card or a folder here), or it is not complete.
    """
    cards = list_cards()
    if name not in cards:
        raise ValueError(
            f"{name!r} is neither a folder, nor a manifest (.parquet), nor an annotation file, nor a data set card."
            f"{did_you_mean(name, [*cards, *_folders_here()])} {_what_there_is(cards)}"
        )
    path = cards[name]
    try:
        fields = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"The data set card {path} is no TOML file: {error}.") from error
    missing = [name for name in NEEDED if not isinstance(fields.get(name), str)]
    if missing:
        raise ValueError(f"The data set card {path} lacks {', '.join(missing)}; each is a line of text.")
    own = {name: fields.pop(name) for name in ALLOWED if name in fields}
    return Card(**own | {"source": _absolute(own["source"], path.parent)}, labels=_labels(fields, path))


def _folders_here() -> list[str]:
    return [path.name for path in sorted(Path().iterdir()) if path.is_dir() and not path.name.startswith(".")]


def _what_there_is(cards: dict[str, Path]) -> str:
    if cards:
        return f"There are the cards: {', '.join(sorted(cards))}."
    return "There are no cards here; name your images with --data FOLDER, a folder with one folder of images a class."


def save_card(card: Card, folder: str | Path = CARD_FOLDERS[0], replace: bool = False) -> Path:
    """Write a card, so that every command takes its name.

    Args:
        card: The card.
        folder: The folder that the card is written to.
        replace: Whether to replace a card of the same name.

    Returns:
        The file.

    Raises:
        ValueError: The card's name is no file name.
        FileExistsError: There is such a card, and `replace` is not set.
    """
    if not re.fullmatch(r"[\w-][\w.-]*", card.name):
        raise ValueError(
            f"A card is called {card.name!r}; expected letters, digits, '-', '_' and '.', such as flowers."
        )
    path = Path(folder) / f"{card.name}.toml"
    if path.exists() and not replace:
        raise FileExistsError(f"There is a data set card {path} already. Choose another name, or remove it.")
    plain = LabelsConfig()
    wishes = {name: value for name, value in vars(card.labels).items() if value != getattr(plain, name)}
    wishes |= {name: _from_folder(wishes[name], path.parent) for name in PATHS if name in wishes}
    fields = {name: getattr(card, name) for name in ALLOWED if getattr(card, name)}
    fields["source"] = _from_folder(card.source, path.parent)
    with replacing(path) as partial:
        partial.write_text(tomli_w.dumps(fields | wishes), "utf-8")
    return path


def licence_of(source: str) -> str:
    """The licence of the data set card called `source`; "not stated" for everything that is no card."""
    return load_card(source).licence if source in list_cards() else "not stated"


def _from_folder(source: str, folder: Path) -> str:
    """A path as a card in `folder` states it: relative to it if both lie in one project, so that they can move."""
    if source.startswith("tfds:"):
        return source
    resolved = Path(source).resolve()
    if resolved.is_relative_to(folder.resolve().parent):
        return Path(os.path.relpath(resolved, folder.resolve())).as_posix()
    return str(resolved)


def _absolute(source: str, folder: Path) -> str:
    return source if source.startswith("tfds:") else str((folder / source).resolve())


def _labels(fields: dict[str, Any], path: Path) -> LabelsConfig:
    names = [field.name for field in dataclasses.fields(LabelsConfig)]
    for name in fields:
        if name not in names:
            hint = did_you_mean(name, [*ALLOWED, *names])
            raise ValueError(f"The data set card {path} has an unknown field {name!r}.{hint}")
    fields |= {name: _absolute(fields[name], path.parent) for name in PATHS if isinstance(fields.get(name), str)}
    try:
        return dacite.from_dict(LabelsConfig, fields, dacite.Config(strict=True, cast=[float]))
    except (dacite.DaciteError, ValueError) as error:
        raise ValueError(f"The data set card {path}: {error}") from error
