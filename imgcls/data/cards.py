"""Data set cards: a TOML file that gives a data set its name, source and licence."""

import difflib
import tomllib
from dataclasses import dataclass
from pathlib import Path

CARD_FOLDERS = (Path("datasets"), Path(__file__).parents[2] / "datasets")  # here, then beside the package


@dataclass(frozen=True)
class Card:
    """name, title and licence as written; source: absolute path of a folder or manifest."""

    name: str
    title: str
    source: Path
    licence: str
    citation: str = ""


def list_cards() -> dict[str, Path]:
    """The file of each card, by name; a card of the working folder hides one of the package with the same name."""
    return {path.stem: path for folder in reversed(CARD_FOLDERS) for path in sorted(folder.glob("*.toml"))}


def load_card(name: str) -> Card:
    """The card called `name`. Raises ValueError, with the nearest name, if there is none or it is not whole."""
    cards = list_cards()
    if name not in cards:
        close = difflib.get_close_matches(name, cards, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"{name!r} is neither a folder, nor a manifest (.parquet), nor a data set card.{hint} "
            f"There are the cards: {', '.join(sorted(cards)) or 'none'}."
        )
    path = cards[name]
    try:
        fields = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"The data set card {path} is no TOML file: {error}.") from error
    missing = [field for field in ("name", "title", "source", "licence") if not isinstance(fields.get(field), str)]
    if missing:
        raise ValueError(f"The data set card {path} lacks {', '.join(missing)}; each is a line of text.")
    source = (path.parent / fields["source"]).resolve()
    return Card(fields["name"], fields["title"], source, fields["licence"], fields.get("citation", ""))


def licence_of(source: str) -> str:
    """The licence of the data set card called `source`; "not stated" for everything that is no card."""
    return load_card(source).licence if source in list_cards() else "not stated"
