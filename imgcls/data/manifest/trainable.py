"""Whether a classifier can be trained and evaluated on a manifest."""

from collections.abc import Sequence

from imgcls.config import Task
from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest, a_row_a_label
from imgcls.data.manifest.task import settle_task


def check_trainable(manifest: Manifest, divided: bool = True, task: Task = "auto", fewest_classes: int = 2) -> None:
    """Check that a classifier can be trained and evaluated on a manifest.

    Args:
        manifest: The manifest.
        divided: Whether every image has its split already.
        task: Whether an image has one class, or any number of them.
        fewest_classes: 1 where background is to become one more.

    Raises:
        ValueError: It cannot; why, in one sentence.
    """
    names = manifest.class_names
    task, _ = settle_task(task, manifest)
    if manifest.usable.empty:
        raise ValueError(f"Of {counted(len(manifest.table), 'file')} under {manifest.root} none is a readable image.")
    if not names:
        raise ValueError("No image has a class. Expected at least one class that some of the training images have.")
    if len(names) < min(fewest_classes, 2):
        _check_one_class(manifest, task)
    _check_classes_left(manifest)
    for split in ("validation", "test"):
        strangers = sorted(set(a_row_a_label(manifest.split(split))) - set(names))
        if strangers:
            raise ValueError(
                f"The {split} split has {_listed(strangers)}, which the training split lacks. "
                "Add training images of it, or remove it from that split."
            )
        if divided and manifest.split(split).empty:
            raise ValueError(f"The {split} split has no readable images. Add some, or leave the folder out.")


def _check_one_class(manifest: Manifest, task: Task) -> None:
    (name,) = manifest.class_names
    if task != "multi_label":
        raise ValueError(
            f"There is only one class, {name!r}. Expected at least two; add a folder of images for another."
        )
    if not manifest.has_unlabelled:
        raise ValueError(
            f"There is only one class, {name!r}, and every image has it. Expected images without it too, which "
            "`python -m imgcls.import_labels` keeps with --boxes multi_label --negatives."
        )


def _check_classes_left(manifest: Manifest) -> None:
    training = manifest.table[manifest.table["split"].isin(["train", ""])]
    lost = sorted(set(a_row_a_label(training)) - set(a_row_a_label(training[training["problems"] == ""])))
    if lost:
        raise ValueError(
            f"Class {_listed(lost)} has no readable image left to train on. Mend its files, or remove the class."
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
