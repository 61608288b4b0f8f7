"""A few images of a manifest, of different classes, to show augmentation on."""

from imgcls.counted import counted
from imgcls.data.images.decoding import decode
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import for_each_file
from imgcls.data.manifest.table import Manifest

SMALLEST, USUAL = 16, 160  # pixels of a side


def sample_images(manifest: Manifest, count: int, image_size: int = 0) -> tuple[list[bytes], Preprocessing]:
    """Images of as many classes as there are, one of each class at a time.

    Args:
        manifest: The images to choose from.
        count: The number of images; fewer come back if fewer of the first ones can be read.
        image_size: Side in pixels; 0 takes the images' own size where they are small, and else 160.

    Returns:
        The images' files as bytes, and the preprocessing that turns them into pixels.

    Raises:
        ValueError: None of the first images can be read.
    """
    table = manifest.usable
    order = table.assign(place=table.groupby("label").cumcount()).sort_values(["place", "label"])
    candidates = manifest.paths(order.head(4 * count))
    outcomes = for_each_file(candidates, lambda data: (data, max(decode(data).shape[:2])))
    readable = [outcome.result for outcome in outcomes if not outcome.problem][:count]
    if not readable:
        raise ValueError(f"Of the first {counted(len(candidates), 'image')} of {manifest.root} none can be read.")
    longest = max(side for _, side in readable)
    size = image_size or (max(longest, SMALLEST) if longest <= USUAL else USUAL)
    return [data for data, _ in readable], Preprocessing(size, size)
