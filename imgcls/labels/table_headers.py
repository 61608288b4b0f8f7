"""Names for the columns of a table without a header, whose first line names an image."""

from collections.abc import Sequence

from imgcls.image_files import SUFFIXES
from imgcls.labels.records import BOX
from imgcls.labels.split_names import SPLIT_NAMES

UNDIVIDED = "unassigned"  # how Google's import files call no split


def names_of_columns(first: Sequence[str]) -> list[str]:
    """Names for the columns of a table whose first line is a row, such as `a.jpg,cat`.

    The forms: image and class, in any order, with a split and further cells around them; image, four corners and class,
    as https://github.com/fizyr/keras-retinanet#csv-datasets has them; class, box, image and its size, as Make Sense
    writes them.

    Args:
        first: The cells of the first line.

    Returns:
        A name for each cell; no names if the line is a header.

    Example:
        >>> names_of_columns(["a.jpg", "cat"]), names_of_columns(["image", "label"])
        (['image', 'label'], [])
    """
    images = [place for place, cell in enumerate(first) if cell.strip().lower().endswith(SUFFIXES)]
    if not images:
        return []
    names = [f"column {place + 1}" for place in range(len(first))]
    image = names.index(f"column {images[0] + 1}")
    names[image] = "image"
    if len(first) == 6 and image == 0 and all(_number_or_nothing(cell) for cell in first[1:5]):
        return ["image", *BOX, "label"]
    if len(first) == 8 and image == 5 and all(_number_or_nothing(cell) for cell in (*first[1:5], *first[6:])):
        return ["label", "x", "y", "w", "h", "image", "width", "height"]
    others = [place for place in range(len(first)) if place != image]
    split = next((place for place in others if first[place].strip().lower() in (*SPLIT_NAMES, UNDIVIDED)), None)
    if split is not None and len(others) > 1:
        names[split] = "split"
        others.remove(split)
    texts = [place for place in others if not _number_or_nothing(first[place])]
    label = others if len(others) == 1 else [place for place in texts if place > image] or texts
    if label:
        names[label[0]] = "label"
    return names


def _number_or_nothing(cell: str) -> bool:
    try:
        float(cell or "0")
    except ValueError:
        return False
    return True
