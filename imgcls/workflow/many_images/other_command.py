"""What differs between the command that a folder of parts is of and the one at hand, as its flags say it."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from imgcls.serving.export_format import FLOAT32

ADDED = "named"  # what records have since imgcls 0.8
FOR_PEOPLE = "source"  # the model's path at that time, which may be another one next time
MOST_NAMES = 5  # of inputs in a sentence
CLASS = re.compile(r"class(_\d+)?")  # of the columns, one for each of --top
Record = dict[str, Any]


def differences(before: Record, now: Record) -> list[str]:
    """What is asked for now in another way than before, each in a clause.

    Args:
        before: A record of a folder, perhaps of an older imgcls; empty if it is damaged, and then nothing differs.
        now: What a record would be of.
    """
    noted = [name for name in now if before and name != FOR_PEOPLE and (name in before or name != ADDED)]
    other = [name for name in noted if _compared(name, before) != _compared(name, now)]
    return [clause for name in other if (clause := _clause(name, before, now, other))]


def _compared(name: str, record: Record) -> Any:
    """A value of a record; of the share only how many there are."""
    return str(record.get(name)).partition("of")[2] if name == "shards" else record.get(name)


def _clause(name: str, before: Record, now: Record, other: Sequence[str]) -> str:
    """The difference in what is called `name`; empty where one of the `other` ones says it already."""
    if IMPLIED.get(name) in other:
        return ""
    if name == "model":
        return _model(before, now)
    if name not in SAID or type(before.get(name)) is not type(now[name]):
        return f"{name} was {before.get(name)!r}, now {now[name]!r}"
    return SAID[name](before[name], now[name])


def _model(before: Record, now: Record) -> str:
    was, new = _noted_model(before), _noted_model(now)
    clauses = []
    if was["name"] != new["name"]:
        clauses.append(f"the model was {was['name']}, now {new['name']}{_advice(before)}")
    elif was["sha256"] != new["sha256"]:
        clauses.append(f"the weights of the model {new['name']} are other ones now")
    if was["precision"] != new["precision"]:
        clauses.append(f"--engine computed in {was['precision']}, now in {new['precision']}")
    return "; ".join(clauses) or f"the model was {before['model']}, now {now['model']}"


def _noted_model(record: Record) -> dict[str, str]:
    noted = record.get("model")
    return {"name": "another", "sha256": "", "precision": FLOAT32} | (noted if isinstance(noted, dict) else {})


def _advice(before: Record) -> str:
    source = Path(str(before.get(FOR_PEOPLE, "")))
    if not before.get(FOR_PEOPLE) or not source.exists():
        return ""
    here = Path.cwd()
    return f"; name {source.relative_to(here) if source.is_relative_to(here) else source} to go on"


def _columns(before: list[str], now: list[str]) -> str:
    was, new = (sum(CLASS.fullmatch(name) is not None for name in names) for names in (before, now))
    if was != new:
        return f"--top was {was}, now {new}"
    return f"the columns were {', '.join(before)}, now {', '.join(now)}"


def _shards(before: str, now: str) -> str:
    was, new = (each.replace("of", "/") for each in (before, now))
    return f"--shards was {was}, now {new}"


def _suffix(before: str, now: str) -> str:
    was, new = (each.removeprefix(".") for each in (before, now))
    return f"--parts was {was}, now {new}"


def _inputs(before: list[str], now: list[str]) -> str:
    return f"the images were {_listed(before, now)}, now {_listed(now, before)}"


def _named(before: list[str], now: list[str]) -> str:
    return f"the images were named as {_listed(before, now)}, now as {_listed(now, before)}"


def _listed(names: list[str], others: list[str]) -> str:
    """The names; of many, the first that are not among the others."""
    others_first = [name for name in names if name not in others] or names
    shown = names if len(names) <= MOST_NAMES else others_first[:MOST_NAMES]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


IMPLIED = {"columns": "model", ADDED: "inputs"}  # what differs where something else does
SAID: dict[str, Callable[[Any, Any], str]] = {
    "columns": _columns,
    "shards": _shards,
    "suffix": _suffix,
    "inputs": _inputs,
    ADDED: _named,
}
