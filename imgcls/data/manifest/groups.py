"""Which images belong together, as the annotations or the file names say: a patient, a camera, a burst."""

import json
import re

import pandas as pd

from imgcls.counted import counted
from imgcls.labels.records import Problems
from imgcls.nearest_name import did_you_mean


def is_pattern(wish: str) -> bool:
    """Whether a wish is a regular expression; only one has brackets around the part that names the group.

    Raises ValueError if it looks like one and is broken.
    """
    if "(" not in wish:
        return False
    try:
        groups = re.compile(wish).groups
    except re.error as error:
        raise ValueError(f"--group {wish!r} is no regular expression: {error}.") from error
    if groups != 1:
        raise ValueError(
            f"--group {wish!r} has {groups} groups in brackets; expected one, such as '(patient[0-9]+)_'. "
            "Write (?:...) for brackets that only hold together."
        )
    return True


def groups_of(rows: pd.DataFrame, wish: str, problems: Problems) -> dict[str, str]:
    """The group of each image; those that name none are told, and are not in it.

    rows: with the columns image and attributes.
    wish: a regular expression with one group, searched for in the path of the image, or the name of an attribute.

    Raises ValueError if no image has a group, with the nearest name of an attribute.
    """
    if is_pattern(wish):
        found = {image: match[1] for image in rows["image"].unique() if (match := re.search(wish, image)) and match[1]}
        missing = f"--group {wish!r} matches no image's path, such as {rows['image'].iloc[0]!r}."
    else:
        found, names = _by_attribute(rows, wish, problems)
        near = did_you_mean(wish, names) or f" There are: {', '.join(sorted(names)) or 'none'}."
        missing = (
            f"--group {wish!r}: no annotation has a column or attribute of this name.{near} "
            "A regular expression on the path has brackets around the group, such as '(patient[0-9]+)_'."
        )
    if not found:
        raise ValueError(missing)
    alone = [image for image in rows["image"].unique() if image not in found]
    if alone:
        problems.noted(alone[0], "", f"{counted(len(alone), 'image')}, such as this one, without a group of {wish!r}.")
    return found


def _by_attribute(rows: pd.DataFrame, name: str, problems: Problems) -> tuple[dict[str, str], set[str]]:
    """The group of each image, and the names of all attributes."""
    found: dict[str, str] = {}
    names: set[str] = set()
    for image, text in zip(rows["image"], rows["attributes"], strict=True):
        stated = json.loads(text) if text else {}
        names.update(stated)
        group = str(stated.get(name, "")).strip()
        if group and found.setdefault(image, group) != group:
            problems.noted(image, "", f"this image is in the groups {found[image]!r} and {group!r}; the first counts.")
    return found, names
