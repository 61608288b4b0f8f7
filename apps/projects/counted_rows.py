"""How many images and boxes rows of the data are, in words."""

import pandas as pd

from imgcls.counted import counted
from imgcls.labels.records import BOX


def images_and_boxes(rows: pd.DataFrame) -> str:
    """Count whole images, and boxes with the images that they lie in.

    Args:
        rows: Of a manifest's table.

    Example:
        >>> rows = pd.DataFrame({"image": ["a", "b", "b"]}).assign(**dict.fromkeys(BOX, [float("nan"), 0, 1]))
        >>> images_and_boxes(rows)
        '1 image and 2 boxes of 1 image'
    """
    boxed = rows[BOX].notna().all(axis=1)
    whole, around = counted(rows.loc[~boxed, "image"].nunique(), "image"), rows.loc[boxed, "image"]
    if around.empty:
        return whole
    boxes = f"{counted(len(around), 'box')} of {counted(around.nunique(), 'image')}"
    return boxes if boxed.all() else f"{whole} and {boxes}"
