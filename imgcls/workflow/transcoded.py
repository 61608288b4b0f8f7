"""The sentence about images that are not read as they are."""

from collections.abc import Sequence

from imgcls.counted import counted

NAMED = 3  # files in the sentence


def transcoded_sentence(names: Sequence[str]) -> str:
    """Which images are read as a PNG made of them; empty if there are none.

    Example:
        >>> transcoded_sentence(["a.heic"])
        'Read as a PNG made of it, because TensorFlow would not decode it or not rightly: 1 file, a.heic'
    """
    if not names:
        return ""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return (
        "Read as a PNG made of it, because TensorFlow would not decode it or not rightly: "
        f"{counted(len(names), 'file')}, {', '.join(names[:NAMED])}{more}"
    )
