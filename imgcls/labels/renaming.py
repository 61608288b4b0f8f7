"""Renames, merges and drops classes by a table."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from imgcls.counted import counted
from imgcls.labels.records import Problems, Records, attributes_text
from imgcls.labels.table_files import read_table
from imgcls.nearest_name import did_you_mean

DROPPED = ""  # the new name of a class that is dropped


def rename_classes(records: Records, table: Mapping[str, str] | str | Path) -> Records:
    """Give classes new names: two with one new name are merged, one with an empty new name is dropped.

    Args:
        records: The labels.
        table: New name by old name, or the path of a CSV file with the columns `from` and `to`. All names are changed
            at once, so they can be swapped. Classes that are not in it stay.

    Returns:
        The records with the new names. What was dropped is reported, a row a class; an image that has no label left
        goes with it.

    Raises:
        FileNotFoundError: There is no table at that path.
        ValueError: An old name is no class; the message has the nearest name.
    """
    new_names = dict(table) if isinstance(table, Mapping) else read_new_names(table)
    check_old_names(new_names, records.class_names)
    rows = records.boxes_or_images.copy()
    problems = Problems()
    counts = {str(name): int(count) for name, count in rows["label"].value_counts().items()}
    for name, count in counts.items():
        if name and new_names.get(name, name) == DROPPED:
            reason = f"the class {name!r} was dropped by the table, and its {counted(count, 'label')} with it."
            problems.left_out("", "", reason)
    labelled = rows["label"] != ""
    rows["label"] = [new_names.get(name, name) for name in rows["label"]]
    rows["attributes"] = [
        _golden_renamed(text, new_names) if '"golden"' in text else text for text in rows["attributes"]
    ]
    return records.with_rows(rows[~labelled | (rows["label"] != DROPPED)], problems)


def _golden_renamed(attributes: str, new_names: Mapping[str, str]) -> str:
    """The known answer to a golden image is the name of a class too."""
    stated = json.loads(attributes)
    golden = stated["golden"]
    return attributes_text(stated | {"golden": new_names.get(golden, golden) if isinstance(golden, str) else golden})


def check_old_names(new_names: Mapping[str, str], class_names: Sequence[str]) -> None:
    """Check that each old name is a class.

    Raises:
        ValueError: One is not; the message has the nearest name.

    Example:
        >>> check_old_names({"cat": "pet"}, ["cat", "dog"])
    """
    for name in new_names:
        if name not in class_names:
            raise ValueError(f"There is no class {name!r} to rename.{did_you_mean(name, class_names, cutoff=0)}")


def read_new_names(path: str | Path) -> dict[str, str]:
    """The new name by old name, empty for a class that is dropped.

    Args:
        path: A CSV file with the columns `from` and `to`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It has other columns or broken lines, or names a class twice.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no table of class names at {path}. Expected a CSV file with from and to.")
    problems = Problems()
    table = read_table(path, path.name, problems)
    if problems.rows:
        _, line, reason, _ = problems.rows[0]
        raise ValueError(f"{path.name}, line {line}: {reason}")
    if list(table.columns) != ["from", "to"]:
        raise ValueError(f"{path.name} has the columns {', '.join(table.columns)}. Expected from and to.")
    twice = table.loc[table["from"].duplicated(), "from"]
    if len(twice):
        raise ValueError(f"{path.name} names the class {twice.iloc[0]!r} twice, in line {twice.index[0]}.")
    return dict(zip(table["from"], table["to"], strict=True))
