"""Colors of numbers: a scale from nothing to most, and one from against to for.

Both are made of a few anchors in OKLab, a space in which equal distances look equal, and both stay readable for people
who see red and green alike: the first changes in lightness all along, the second has blue on one side and orange on the
other, each as light as its partner.

Reference:
    Ottosson, A perceptual color space for image processing, 2020 (OKLab). van der Walt and Smith, viridis, 2015, of
    which nine of 256 colors are the anchors. Okabe and Ito, Color Universal Design, 2008, whose blues, orange and
    vermillion give the hues of the diverging scale.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

VIRIDIS = ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725")
FOR = ("#f7f7f7", "#e69f00", "#d55e00")  # neutral, orange, vermillion
AGAINST = ("#f7f7f7", "#56b4e9", "#0072b2")  # neutral, sky blue, blue
DARKEST = 0.53  # OKLab lightness of both ends of the diverging scale, that of the blue
STEPS = 256  # colors on each side
UNKNOWN = (128, 128, 128)  # of a value that is not a number

TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)  # from linear sRGB
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def sequential(values: np.ndarray) -> np.ndarray:
    """The colors of strengths: dark violet for nothing, over green, to yellow for most.

    Args:
        values: (...), in [0, 1]; what lies outside gets the color of the nearer end, what is no number gray.

    Returns:
        (..., 3), uint8.

    Example:
        >>> sequential(np.array([0.0, 1.0])).tolist()
        [[68, 1, 84], [253, 231, 37]]
    """
    return _looked_up(_sequential_colors(), np.asarray(values, np.float64))


def diverging(values: np.ndarray) -> np.ndarray:
    """The colors of what speaks against and for: blue below 0, near white at 0, orange above.

    Args:
        values: (...), in [-1, 1]; what lies outside gets the color of the nearer end, what is no number gray.

    Returns:
        (..., 3), uint8.

    Example:
        >>> diverging(np.array([0.0])).tolist()
        [[247, 247, 247]]
    """
    return _looked_up(_diverging_colors(), (np.asarray(values, np.float64) + 1) / 2)


def _looked_up(colors: np.ndarray, places: np.ndarray) -> np.ndarray:
    numbers = np.nan_to_num(np.clip(places, 0, 1)) * (len(colors) - 1)
    found: np.ndarray = colors[np.rint(numbers).astype(np.int64)]
    found[np.isnan(places)] = UNKNOWN
    return found


@cache
def _sequential_colors() -> np.ndarray:
    return _in_srgb(_between(VIRIDIS, np.linspace(0, 1, STEPS)))


@cache
def _diverging_colors() -> np.ndarray:
    """An odd number, so that 0 has a color of its own."""
    strengths = np.linspace(0, 1, STEPS)
    one, other = _between(AGAINST, strengths), _between(FOR, strengths)
    for side in (one, other):  # equally light where equally strong
        side[:, 0] = side[0, 0] + (DARKEST - side[0, 0]) * strengths
    return _in_srgb(np.concatenate([one[:0:-1], other]))


def _between(anchors: Sequence[str], places: np.ndarray) -> np.ndarray:
    """(n, 3), OKLab, on straight lines between equally spaced anchors."""
    known = _in_oklab(np.array([[int(each[at : at + 2], 16) for at in (1, 3, 5)] for each in anchors]))
    spaced = np.linspace(0, 1, len(anchors))
    return np.stack([np.interp(places, spaced, axis) for axis in known.T], axis=-1)


def _in_oklab(srgb: np.ndarray) -> np.ndarray:
    """(n, 3): lightness in [0, 1], green to red, blue to yellow."""
    shares = srgb / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    lab: np.ndarray = np.cbrt(linear @ TO_CONES.T) @ TO_LAB.T
    return lab


def _in_srgb(lab: np.ndarray) -> np.ndarray:
    """(n, 3), uint8; what no screen shows is clipped."""
    linear = np.clip((lab @ np.linalg.inv(TO_LAB).T) ** 3 @ np.linalg.inv(TO_CONES).T, 0, 1)
    shares = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    colors: np.ndarray = np.rint(shares * 255).astype(np.uint8)
    return colors
