"""Whether an image has one class, or any number of them."""

from imgcls.config import Task
from imgcls.data.manifest.table import Manifest


def settle_task(asked: Task, manifest: Manifest) -> tuple[Task, str]:
    """Settle "auto" by the labels.

    Args:
        asked: What the user asks for.
        manifest: The images.

    Returns:
        "single_label" or "multi_label", and a sentence on the choice, which is empty where nothing was chosen.

    Raises:
        ValueError: Images have several classes, or none, and the task asked for is of one class an image.

    Example:
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"image": ["a.png", "b.png"], "labels": [["cat"], ["cat", "dog"]]})
        >>> settle_task("auto", Manifest.from_records(rows, "photos"))[0]
        'multi_label'
    """
    several, none = manifest.has_several_labels, manifest.has_unlabelled
    if asked == "multi_label" or not (several or none):
        return ("multi_label" if asked == "multi_label" else "single_label"), ""
    if asked == "single_label":
        raise ValueError(_not_one_class(several))
    return "multi_label", (
        f"--task multi_label: {_numbers(manifest)}, so each class gets a probability by itself. "
        "For one class an example, import the labels again with --boxes crop (an example a box), largest or single."
    )


def _numbers(manifest: Manifest) -> str:
    counts = manifest.usable["labels"].str.len()
    numbers = (((counts > 1).sum(), "several classes"), ((counts == 0).sum(), "none of the classes"))
    return f"of {len(counts):,} images {' and '.join(f'{count:,} have {what}' for count, what in numbers if count)}"


def _not_one_class(several: bool) -> str:
    if several:
        return (
            "Some images have several classes, and a classifier of one label gives one. Add --task multi_label to "
            "learn all classes of each image, or import the labels again with --boxes crop (an example a box), "
            "largest (the class of the largest box) or single (images with one class)."
        )
    return (
        "Some images have none of the classes, and a classifier of one label gives one. Add --task multi_label, or "
        "import the labels again without --negatives."
    )
