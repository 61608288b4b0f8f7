"""The sentence about images that are not read as they are."""

from collections.abc import Sequence

from imgcls.counted import counted

NAMED = 3  # files in the sentence


def transcoded_sentence(names: Sequence[str], count: int | None = None) -> str:
    """Which images are read as a PNG made of them; empty if there are none.

    Args:
        names: Of the images, or of the first of them.
        count: How many there are; None: as many as names.

    Example:
        >>> transcoded_sentence(["a.heic"])
        'Read as a PNG made of it, because TensorFlow would not decode it or not rightly: 1 file, a.heic'
    """
    if not names:
        return ""
    count = len(names) if count is None else count
    more = f" and {count - NAMED:,} more" if count > NAMED else ""
    return (
        "Read as a PNG made of it, because TensorFlow would not decode it or not rightly: "
        f"{counted(count, 'file')}, {', '.join(names[:NAMED])}{more}"
    )
