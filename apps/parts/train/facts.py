"""What of a project's data decides how to train on it, and what it lacks. Nothing here knows Streamlit."""

from dataclasses import dataclass

import numpy as np
from projects.versions import NO_LABEL, SET_ASIDE

from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest, a_row_a_label
from imgcls.data.manifest.trainable import check_trainable

SMALL_IMAGE = 64  # pixels of the shorter side, up to which what was learned from photos helps little
SHARE = 0.15  # of the images that validation and test get each, where the data does not say
FEWEST = 3  # images of a class: one each to learn from, to validate and to test


@dataclass(frozen=True)
class Facts:
    """What a way of training is chosen by.

    Attributes:
        training: Images to learn from.
        validation: Images that choose the best epoch.
        test: Images that training never sees.
        counts: Training images of each class, by its name.
        side: Pixels; the median of the images' shorter sides.
        image_size: Pixels of a side that small images of one size are trained at; 0: the network's own.
        several: Whether an image may have several classes, or none.
    """

    training: int
    validation: int
    test: int
    counts: dict[str, int]
    side: float
    image_size: int
    several: bool

    @property
    def are_small(self) -> bool:
        """Whether the images are too small for a network of photos."""
        return self.side <= SMALL_IMAGE

    @property
    def ratio(self) -> float:
        """The largest class over the smallest."""
        return max(self.counts.values()) / max(1, min(self.counts.values()))


def facts_of(manifest: Manifest) -> Facts:
    """The facts of data that can be trained on.

    Raises:
        ValueError: It cannot; what is missing, and what to do.
    """
    _check(manifest)
    sizes = manifest.sizes(manifest.usable)
    sides = set(sizes["width"]) | set(sizes["height"])
    own = int(max(sides)) if len(sides) == 1 and 16 <= max(sides) <= SMALL_IMAGE else 0
    training, validation, test = _split_sizes(manifest)
    counts = a_row_a_label(manifest.split("train") if "train" in set(manifest.usable["split"]) else manifest.usable)
    share = training / max(1, len(manifest.usable)) if not len(manifest.split("train")) else 1.0
    each = {name: max(1, round(share * number)) for name, number in counts.value_counts().items()}
    several = manifest.has_several_labels or manifest.has_unlabelled
    return Facts(training, validation, test, each, float(sizes.min(axis=1).median()), own, several)


def _split_sizes(manifest: Manifest) -> tuple[int, int, int]:
    """Images for training, validation and test, with those that are divided when the run begins."""
    numbers = manifest.usable["split"].value_counts()
    validation, test = int(numbers.get("validation", 0)), int(numbers.get("test", 0))
    rest = manifest.usable[~manifest.usable["split"].isin(["validation", "test"])]
    parts = [len(rest)] if manifest.has_several_labels else rest["label"].value_counts()
    share = sum(max(1, round(SHARE * images)) for images in parts)  # of each class
    drawn = [0 if given else share for given in (validation, test)]
    return len(rest) - sum(drawn), validation or drawn[0], test or drawn[1]


def _check(manifest: Manifest) -> None:
    usable = manifest.usable
    if usable.empty:
        raise ValueError(_why_none(manifest))
    names = manifest.class_names
    if len(names) == 1 and not manifest.has_unlabelled:
        raise ValueError(f"All images are of one class, {names[0]!r}. Add images of another one to tell it from.")
    counts = a_row_a_label(usable).value_counts()
    rare = [str(name) for name in counts.index[counts < FEWEST]]
    if rare and not set(usable["split"]) - {""}:
        raise ValueError(
            f"{_listed(rare)} {'has' if len(rare) == 1 else 'have'} fewer than {FEWEST} images: one to learn from, one "
            "to validate and one to test. Add images of it, or merge it with another class."
        )
    check_trainable(manifest, divided=False)


def _why_none(manifest: Manifest) -> str:
    problems = manifest.table["problems"]
    waiting, aside = int((problems == NO_LABEL).sum()), int((problems == SET_ASIDE).sum())
    if waiting:
        return f"None of the images has a label yet: {counted(waiting, 'image')} wait for one."
    if aside:
        return "All images are left out. Bring some of them back on the page Data."
    return "There is no image that can be read. Add some on the page Data."


def _listed(names: list[str]) -> str:
    shown = " and ".join(repr(name) for name in names[:2])
    return f"{shown} and {len(names) - 2} more" if len(names) > 2 else shown


def imbalance(facts: Facts) -> str:
    """A sentence on the sizes of the classes."""
    if np.isclose(facts.ratio, 1.0):
        return "All classes have the same number of images."
    rarest, largest = min(facts.counts, key=facts.counts.get), max(facts.counts, key=facts.counts.get)
    return (
        f"{rarest!r} is the smallest class with {counted(facts.counts[rarest], 'image')} to learn from, {largest!r} "
        f"the largest with {facts.counts[largest]:,}."
    )
