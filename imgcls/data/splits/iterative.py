"""Iterative stratification: splits and folds of images with several classes, in which each class is divided alike.

The class with the fewest images that are not yet placed comes first, because later nothing could make up for it.

Reference:
    Sechidis, Tsoumakas and Vlahavas, On the Stratification of Multi-Label Data, 2011.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from imgcls.data.splits.units import NO_CLASS, Contents

SMALLEST_SPLIT = 2  # images a class that training keeps at the least


def drawn_iteratively(contents: Contents, numbers: pd.Series, wanted: dict[str, int]) -> set[int]:
    """Draw the units of a split.

    Args:
        contents: The classes of each unit.
        numbers: The random number of each unit.
        wanted: How many images of each class the split wants. `NO_CLASS` may be among them.

    Returns:
        The units. A class has fewer images than wanted where its units are larger, or have classes that are full.
    """
    missing, taken = dict(wanted), set[int]()
    left = {label: sum(dict(held).get(label, 0) for held in contents.values()) for label in wanted}

    def fits(unit: int, exactly: bool) -> bool:
        held = contents[unit]
        spare = all(label == NO_CLASS or left[label] - number >= SMALLEST_SPLIT for label, number in held)
        return spare and (not exactly or all(missing[label] >= number for label, number in held))

    for label, units in _rarest_first(contents, numbers):
        for exactly in (True, False):
            for unit in units:
                size = dict(contents[unit])[label]
                nearer = abs(missing[label] - size) < abs(missing[label])
                if unit not in taken and nearer and fits(unit, exactly):
                    taken.add(unit)
                    for name, number in contents[unit]:
                        missing[name] -= number
                        left[name] -= number
    return taken


def dealt_iteratively(contents: Contents, count: int, numbers: pd.Series) -> pd.Series:
    """The fold of each unit, from 0: where the class at hand has the fewest images so far, then where all have.

    Args:
        contents: The classes of each unit.
        count: The number of folds.
        numbers: The random number of each unit.
    """
    dealt = {label: np.zeros(count, int) for held in contents.values() for label, _ in held}
    total, fold = np.zeros(count, int), {}
    for label, units in _rarest_first(contents, numbers):
        for unit in sorted(units, key=lambda unit: -dict(contents[unit])[label]):
            place = fold[unit] = int(np.lexsort((total, dealt[label]))[0])
            for name, number in contents[unit]:
                dealt[name][place] += number
                total[place] += number
    return pd.Series(fold)


def _rarest_first(contents: Contents, numbers: pd.Series) -> Iterator[tuple[str, list[int]]]:
    """The class with the fewest images among the units that are left, and these in the order of their numbers."""
    order = sorted(contents, key=lambda unit: numbers[unit])
    sizes: dict[str, int] = {}
    members: dict[str, list[int]] = {}
    for unit in order:
        for label, number in contents[unit]:
            sizes[label] = sizes.get(label, 0) + number
            members.setdefault(label, []).append(unit)
    placed: set[int] = set()
    while sizes:
        label = min(sizes, key=lambda name: (sizes[name], name))
        del sizes[label]
        units = [unit for unit in members[label] if unit not in placed]
        yield label, units
        placed.update(units)
        for unit in units:
            for name, number in contents[unit]:
                if name in sizes:
                    sizes[name] -= number
