"""Stratified splits and folds that keep together what belongs together (`imgcls.data.splits.units`).

All are a pure function of the seed and of the names of images and groups.
"""

import hashlib

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest
from imgcls.data.splits.iterative import SMALLEST_SPLIT, dealt_iteratively, drawn_iteratively
from imgcls.data.splits.units import (
    NO_CLASS,
    Contents,
    classes_of,
    contents_of,
    random_numbers,
    units_a_class,
    units_of,
)
from imgcls.labels.records import BOX


def assign_splits(
    manifest: Manifest, validation_size: float, test_size: float, seed: int, copies: pd.Series | None = None
) -> Manifest:
    """Divide images into training, validation and test, so that each class is divided alike.

    A split that the source names is kept. Where test or validation is missing, its part of each class, and at least one
    image, is drawn from the training images. Images that are added later hardly move the others.

    Args:
        manifest: The manifest; images that belong together (groups, copies, crops of one image) are not divided.
        validation_size: Below 1, the share of each class; from 1 on, the number of images over all classes.
        test_size: The same for the test.
        seed: Of the draw. The result depends on the seed and the names of images and groups alone.
        copies: The result of `near_duplicate_groups`, if it is known already.

    Returns:
        The manifest with a split for every image.

    Raises:
        ValueError: A class has too few images, or too few that may be divided.

    Example:
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"image": [f"{i}.png" for i in range(40)], "label": ["cat", "dog"] * 20})
        >>> divided = assign_splits(Manifest.from_records(rows, "photos"), 0.1, 0.2, seed=0)
        >>> divided.counts().loc["cat"].to_dict()
        {'train': 14, 'validation': 2, 'test': 4}
    """
    table = manifest.table.copy()
    units = units_of(manifest, copies)
    for split, size in (("test", test_size), ("validation", validation_size)):
        if not (table["split"] == split).any():
            free = table[(table["problems"] == "") & table["split"].isin(["", "train"])]
            drawn = _drawn(free, units[free.index], split, size, seed)
            table.loc[drawn, "split"] = split
    table.loc[table["split"] == "", "split"] = "train"
    return Manifest(table, manifest.root)


def folds(manifest: Manifest, count: int, seed: int, copies: pd.Series | None = None) -> list[Manifest]:
    """Divide the images for cross-validation; each class is divided alike.

    Args:
        manifest: The manifest. Its test split stays as it is and is in no fold.
        count: The number of folds, from 2 on.
        seed: Of the draw.
        copies: The result of `near_duplicate_groups`, if it is known already.

    Returns:
        `count` manifests, in each of which another part of the images is the validation split, and the rest is for
        training.

    Raises:
        ValueError: There are fewer than two folds, or a class cannot be divided into so many.
    """
    if count < 2:
        raise ValueError(f"Got {count} folds; expected at least 2.")
    table = manifest.table
    free = table[(table["problems"] == "") & (table["split"] != "test")]
    units = units_of(manifest, copies)[free.index]
    for label, number in units_a_class(contents_of(units, free)).items():
        if number < count:
            raise ValueError(
                f"Class {label!r} can be divided into {counted(number, 'part')} only, by image or group, too few for "
                f"{count} folds. Add images of it, or take fewer folds."
            )
    fold = fold_numbers(free, units, count, seed)
    made = []
    for place in range(count):
        split = table["split"].mask(table.index.isin(free.index), "train")
        split[fold.index[fold == place]] = "validation"
        made.append(Manifest(table.assign(split=split), manifest.root))
    return made


def fold_numbers(rows: pd.DataFrame, units: pd.Series, count: int, seed: int) -> pd.Series:
    """The fold of each row, from 0, so that each class is divided alike and no unit is divided.

    Args:
        rows: Rows of a manifest's table.
        units: The unit of each row, as `units_of` gives it.
        count: The number of folds.
        seed: Of the draw.
    """
    deal = _dealt if (rows["labels"].str.len() == 1).all() else dealt_iteratively
    return units.map(deal(contents_of(units, rows), count, random_numbers(rows, units, f"{seed}/fold")))


def split_hash(manifest: Manifest) -> str:
    """The SHA-256 of which example is in which split. Two runs with the same hash were divided alike."""
    rows = manifest.usable[["image", *BOX, "split"]]
    lines = sorted("\t".join(map(str, row)) for row in rows.itertuples(index=False, name=None))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _drawn(free: pd.DataFrame, units: pd.Series, split: str, size: float, seed: int) -> pd.Index:
    """The rows for a split: units in the order of their draw, each if its classes come nearer to what is wanted."""
    contents, numbers = contents_of(units, free), random_numbers(free, units, f"{seed}/{split}")
    left = classes_of(free).value_counts().to_dict()
    if not (free["labels"].str.len() == 1).all():
        wanted = _targets_of_several(left, size, split, len(free))
        taken = drawn_iteratively(contents, numbers, wanted)
        _check_each_drawn(contents, taken, left, split)
        return units.index[units.isin(taken)]
    wanted = _targets(left, size, split)
    missing = dict(wanted)
    order = numbers.sort_values(kind="stable").index
    taken = set()

    def leaves_enough(unit: int) -> bool:
        return all(left[label] - number >= SMALLEST_SPLIT for label, number in contents[unit])

    def take(unit: int) -> None:
        taken.add(unit)
        for label, number in contents[unit]:
            left[label] -= number
            missing[label] -= number

    for unit in order:
        gain = sum(abs(missing[label]) - abs(missing[label] - number) for label, number in contents[unit])
        if gain > 0 and leaves_enough(unit):
            take(unit)
    for label, number in wanted.items():
        if missing[label] == number:  # each of its units is far larger than what is wanted
            holding = [unit for unit in order if label in dict(contents[unit]) and leaves_enough(unit)]
            if not holding:
                raise ValueError(_indivisible(label, left[label], units_a_class(contents)[label], split))
            take(min(holding, key=lambda unit: sum(number for _, number in contents[unit])))
    return units.index[units.isin(taken)]


def _targets(have: dict[str, int], size: float, split: str) -> dict[str, int]:
    """How many images of each class a split wants: a share of them, or its part of a number over all classes.

    Args:
        have: Images of each class that are left to divide.
        size: Below 1 the share, from 1 on the number.
        split: The split's name.

    Raises:
        ValueError: A class has too few images.
    """
    if size < 1:
        wanted = {label: max(1, round(size * number)) for label, number in have.items()}
    else:
        wanted = _apportioned(have, int(size), split)
    for label, number in sorted(have.items()):
        if number - wanted[label] < SMALLEST_SPLIT:
            raise ValueError(
                f"Class {label!r} has {counted(number, 'image')} to divide, too few to take {wanted[label]} of them "
                f"for {split}. Add images of it, or remove the class."
            )
    return wanted


def _targets_of_several(have: dict[str, int], size: float, split: str, images: int) -> dict[str, int]:
    """The same for images with several classes; a number is turned into the share of all images that it is."""
    if size >= max(images, 1):
        raise ValueError(f"--{split}-size is {size:g}; expected fewer than the {counted(images, 'image')} there are.")
    share = size if size < 1 else size / images
    wanted = _targets({label: number for label, number in have.items() if label != NO_CLASS}, share, split)
    return wanted | ({NO_CLASS: round(share * have[NO_CLASS])} if NO_CLASS in have else {})


def _check_each_drawn(contents: Contents, taken: set[int], have: dict[str, int], split: str) -> None:
    drawn = {label for unit in taken for label, _ in contents[unit]}
    for label in sorted(set(have) - drawn - {NO_CLASS}):
        raise ValueError(_indivisible(label, have[label], units_a_class(contents)[label], split))


def _apportioned(have: dict[str, int], size: int, split: str) -> dict[str, int]:
    """`size` images divided over the classes by their numbers, by largest remainder, and at least one for each."""
    if size < len(have):
        raise ValueError(f"--{split}-size is {size}; expected at least {len(have)}, an image of each class.")
    exact = {label: size * number / sum(have.values()) for label, number in have.items()}
    wanted = {label: max(1, int(part)) for label, part in exact.items()}
    by_remainder = sorted(have, key=lambda label: (wanted[label] - exact[label], label))
    for label in by_remainder[: max(0, size - sum(wanted.values()))]:
        wanted[label] += 1
    while sum(wanted.values()) > size:  # small classes have got more than their part
        wanted[max(sorted(wanted), key=wanted.__getitem__)] -= 1
    return wanted


def _indivisible(label: str, images: int, units: int, split: str) -> str:
    together = "one part that stays" if units == 1 else f"{units} parts that stay"
    return (
        f"Class {label!r} has its {counted(images, 'image')} in {together} together (a group, or copies and crops of "
        f"one image), so none can be taken for {split}. Add other images of it, or name the splits in the source."
    )


def _dealt(contents: Contents, count: int, numbers: pd.Series) -> pd.Series:
    """The fold of each unit: large ones first, each where its classes are fewest so far."""
    order = sorted(contents, key=lambda unit: (-sum(number for _, number in contents[unit]), numbers[unit]))
    dealt = {label: np.zeros(count, int) for held in contents.values() for label, _ in held}
    total = np.zeros(count, int)
    fold = {}
    for unit in order:
        crowding = sum((number * dealt[label] for label, number in contents[unit]), start=np.zeros(count, int))
        place = fold[unit] = int(np.lexsort((total, crowding))[0])
        for label, number in contents[unit]:
            dealt[label][place] += number
            total[place] += number
    return pd.Series(fold)
