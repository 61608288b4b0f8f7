"""Whether a classifier can be trained and evaluated on a manifest."""

from collections.abc import Sequence

from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest


def check_trainable(manifest: Manifest, divided: bool = True) -> None:
    """Check that a classifier can be trained and evaluated on a manifest.

    Args:
        manifest: The manifest.
        divided: Whether every image has its split already.

    Raises:
        ValueError: It cannot; why, in one sentence.
    """
    names = manifest.class_names
    check_one_label(manifest)
    if not names:
        raise ValueError(f"Of {counted(len(manifest.table), 'file')} under {manifest.root} none is a readable image.")
    if len(names) < 2:
        raise ValueError(
            f"There is only one class, {names[0]!r}. Expected at least two; add a folder of images for another."
        )
    _check_classes_left(manifest)
    for split in ("validation", "test"):
        strangers = sorted(set(manifest.split(split)["label"]) - set(names))
        if strangers:
            raise ValueError(
                f"The {split} split has {_listed(strangers)}, which the training split lacks. "
                "Add training images of it, or remove it from that split."
            )
        if divided and manifest.split(split).empty:
            raise ValueError(f"The {split} split has no readable images. Add some, or leave the folder out.")


def check_one_label(manifest: Manifest) -> None:
    """Check that every image has one class.

    Raises:
        ValueError: An image has several classes.
    """
    if manifest.has_several_labels:
        raise ValueError(
            "Some images have several classes, and a classifier gives one. Import the labels again with --boxes crop "
            "(an example a box), largest (the class of the largest box) or single (images with one class)."
        )


def _check_classes_left(manifest: Manifest) -> None:
    training = manifest.table[manifest.table["split"].isin(["train", ""])]
    lost = sorted(set(training["label"]) - set(training.loc[training["problems"] == "", "label"]))
    if lost:
        raise ValueError(
            f"Class {_listed(lost)} has no readable image left to train on. Mend its files, or remove the class."
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
