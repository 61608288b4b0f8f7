"""The comparison of two images by what is left between their thumbnails once all is removed that a copy may change.

Copies of the same size may differ in brightness and contrast. Copies of another size may also be cropped, that is
shifted and scaled a little; the shift and scale are found by the method of Lucas and Kanade ("An iterative image
registration technique", IJCAI 1981), for larger crops beginning at a window (`imgcls.data.duplicates.crop_windows`).
The difference that remains is small for copies only.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np

from imgcls.data.duplicates.crop_windows import EDGEWARD, warps
from imgcls.data.duplicates.perceptual_hash import THUMBNAIL_SIDE as SIDE

# Measured by benchmarks/near_duplicates.py on photos, their copies, and Fashion-MNIST, whose images look alike.
MOST_DIFFERENT = 1.6  # gray levels, root mean square, between copies of the same size
MOST_DIFFERENT_RESIZED = 8.0  # gray levels between an image and a resized or cropped copy
MOST_DIFFERENT_SHARE = 0.25  # of the contrast of the images, for the same
LEAST_CORRELATION = 0.98  # of the means of 8 x 8 fields, before anything is fitted; of the same size
LEAST_CORRELATION_RESIZED = 0.8
SATURATED = 235  # gray levels from which on brightening loses what was there
LEAST_SEEN = 0.3  # share of the thumbnail that is not saturated
LEAST_GAIN = 0.5  # contrast of one as a multiple of the other's
STEPS = 3
LONGEST_SHIFT = 0.9  # cells of the thumbnail
SMOOTHING = 0.7  # cells, standard deviation
SMOOTHING_CROPPED = 0.9, 1.1  # of an image, and of its crop, whose cells are smaller
MOST_DIFFERENT_CROPPED = 3.5  # gray levels, root mean square, between a crop and its part of the image, once fitted
MOST_STRETCHED = 0.07  # by which a crop was scaled more in width than in height, as a share
AT_ONCE = 4096  # pairs; bounds the memory


class Thumbnails:
    """The thumbnails of N images, which can be compared.

    Args:
        cells: (N, 16, 16), uint8, as `perceptual_hash` makes them.
        sizes: (N, 2), width and height of the images.
    """

    def __init__(self, cells: np.ndarray, sizes: np.ndarray) -> None:
        self.cells, self.sizes = cells, sizes
        self._fields = _fields(cells)

    def are_copies(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Whether images are copies of each other.

        Args:
            first: (P,), int, numbers of images.
            second: (P,), int, numbers of the images to compare them with.

        Returns:
            (P,), bool.
        """
        copies = np.zeros(len(first), bool)
        same_size = (self.sizes[first] == self.sizes[second]).all(1)
        correlations = [np.einsum("ij,ij->i", self._fields[a], self._fields[b]) for a, b in _parts(first, second)]
        correlation = np.concatenate(correlations or [np.zeros(0)])
        for judge, chosen in (
            (_brightened, same_size & (correlation >= LEAST_CORRELATION)),
            (_resized, ~same_size & (correlation >= LEAST_CORRELATION_RESIZED)),
        ):
            places = np.flatnonzero(chosen)
            verdicts = [judge(self._smooth(a), self._smooth(b)) for a, b in _parts(first[places], second[places])]
            copies[places] = np.concatenate([*verdicts, np.zeros(0, bool)])
        return copies

    def are_crops(self, crops: np.ndarray, images: np.ndarray, windows: np.ndarray) -> np.ndarray:
        """Whether images are crops of others. Only an image that is smaller, and not stretched, counts as a crop.

        Args:
            crops: (P,), int, numbers of images.
            images: (P,), int, numbers of the images that they may be crops of.
            windows: (P,), int, about which window of the image the crop shows.

        Returns:
            (P,), bool.
        """
        verdict: np.ndarray = (self.sizes[crops] <= self.sizes[images]).all(1) & (
            self.sizes[crops] < self.sizes[images]
        ).any(1)
        places = np.flatnonzero(verdict)
        for begin in range(0, len(places), AT_ONCE):
            part = places[begin : begin + AT_ONCE]
            whole, crop = (
                _smoothed(self.cells[x[part]], s) for x, s in zip((images, crops), SMOOTHING_CROPPED, strict=True)
            )
            ratios = self.sizes[crops[part]] / self.sizes[images[part]]
            verdict[part] = _cropped(crop, whole, warps()[windows[part]], ratios)
        return verdict

    def _smooth(self, places: np.ndarray) -> np.ndarray:
        return _smoothed(self.cells[places], SMOOTHING)


def _parts(first: np.ndarray, second: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for begin in range(0, len(first), AT_ONCE):
        yield first[begin : begin + AT_ONCE], second[begin : begin + AT_ONCE]


def _fields(cells: np.ndarray) -> np.ndarray:
    """The means of 8 x 8 fields, without their mean and with length 1, so that a product is a correlation: (N, 64)."""
    fields = cells.reshape(-1, 8, SIDE // 8, 8, SIDE // 8).mean((2, 4), dtype=np.float32).reshape(-1, 64)
    fields -= fields.mean(1, keepdims=True)
    unit: np.ndarray = fields / np.maximum(np.linalg.norm(fields, axis=1, keepdims=True), 1e-6)
    return unit


def _brightened(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether one is the other with another brightness and contrast: (P,) bool."""
    seen = ((a < SATURATED) & (b < SATURATED)).astype(np.float32)
    return (_left_over(a, b, seen) <= MOST_DIFFERENT) & (_left_over(b, a, seen) <= MOST_DIFFERENT)


def _resized(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether one is the other, shifted and scaled a little, with another brightness and contrast: (P,) bool."""
    limit, start = np.minimum(MOST_DIFFERENT_RESIZED, _share_of_contrast(a, b)), np.zeros((len(a), 4), np.float32)
    one_way = _left_over_after(a, b, _fitted(a, b, start)) <= limit
    other_way = _left_over_after(b, a, _fitted(b, a, start)) <= limit
    both: np.ndarray = one_way & other_way
    return both


def _cropped(a: np.ndarray, b: np.ndarray, start: np.ndarray, ratios: np.ndarray) -> np.ndarray:
    """Whether `a` is about that part of `b` to which the warp `start` (P, 4) leads: (P,) bool.

    ratios: (P, 2), width and height of the images `a` as a multiple of those of `b`.
    """
    found = _left_over(a, _moved(b, start), np.ones_like(a)) <= MOST_DIFFERENT_RESIZED
    if found.any():
        a, b, ratios = a[found], b[found], ratios[found]
        warp = _fitted(a, b, start[found])
        scales = np.log(ratios / (1 + warp[:, 1::2] / (SIDE / 2)))
        fits = _left_over_after(a, b, warp) <= np.minimum(MOST_DIFFERENT_CROPPED, _share_of_contrast(a, b))
        found[found] = fits & (np.abs(scales[:, 0] - scales[:, 1]) <= MOST_STRETCHED)
    return found


def _share_of_contrast(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    share: np.ndarray = MOST_DIFFERENT_SHARE * np.minimum(a.std((1, 2)), b.std((1, 2)))
    return share


def _left_over(a: np.ndarray, b: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The root mean square of a - gain · b - offset with the best gain and offset: (P,); infinite if there is none.

    seen: (P, ...) 1 where the difference counts, else 0.
    """
    a, b, seen = (x.reshape(len(x), -1) for x in (a, b, seen))
    count = np.maximum(seen.sum(1, keepdims=True), 1)
    a, b = (seen * (x - (seen * x).sum(1, keepdims=True) / count) for x in (a, b))
    gain = (a * b).sum(1) / np.maximum(np.square(b).sum(1), 1e-6)
    rest = np.sqrt(np.square(a - gain[:, None] * b).sum(1) / count[:, 0])
    return np.where((gain >= LEAST_GAIN) & (seen.mean(1) >= LEAST_SEEN), rest, np.inf)


def _fitted(a: np.ndarray, b: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The warp (P, 4) by which b fits a best: shift and growth towards the edge, in cells, of x and then of y.

    start: (P, 4), the first guess.
    """
    warp, inner = start, INNER
    for _ in range(STEPS):
        moved = _moved(b, warp)
        seen = ((a < SATURATED) & (moved < SATURATED)).astype(np.float32)
        slope_y, slope_x = np.gradient(moved, axis=(1, 2))
        each = (slope_x, slope_x * EDGEWARD, slope_y, slope_y * EDGEWARD[:, None], moved, np.ones_like(moved))
        terms = np.stack([term[inner].reshape(len(a), -1) for term in each], axis=-1)
        weighted = terms * seen[inner].reshape(len(a), -1, 1)
        normal = weighted.transpose(0, 2, 1) @ terms + 0.01 * np.eye(6, dtype=np.float32)
        fitted = np.linalg.solve(normal, weighted.transpose(0, 2, 1) @ a[inner].reshape(len(a), -1, 1))[..., 0]
        gain = np.maximum(fitted[:, 4:5], 0.2)
        warp = np.clip(warp + fitted[:, :4] / gain, start - LONGEST_SHIFT, start + LONGEST_SHIFT)
    return warp


def _left_over_after(a: np.ndarray, b: np.ndarray, warp: np.ndarray) -> np.ndarray:
    """What is left over between a and b after b was warped: (P,). The border is left out."""
    moved, inner = _moved(b, warp), INNER
    return _left_over(a[inner], moved[inner], ((a < SATURATED) & (moved < SATURATED))[inner].astype(np.float32))


def _moved(images: np.ndarray, warp: np.ndarray) -> np.ndarray:
    """(P, 16, 16), sampled at places that are shifted by `warp`, between the cells by linear interpolation."""
    across, down = (
        np.maximum(0, 1 - np.abs(np.clip(CELLS + shift + growth * EDGEWARD, 0, SIDE - 1)[..., None] - CELLS))
        for shift, growth in ((warp[:, 0:1], warp[:, 1:2]), (warp[:, 2:3], warp[:, 3:4]))
    )
    sampled: np.ndarray = down @ images @ across.transpose(0, 2, 1)
    return sampled


def _smoothed(cells: np.ndarray, deviation: float) -> np.ndarray:
    """Images (P, 16, 16), smoothed by a Gaussian of that standard deviation in cells."""
    matrix = _smoothing(deviation)
    smoothed: np.ndarray = matrix @ cells.astype(np.float32) @ matrix.T
    return smoothed


@cache
def _smoothing(deviation: float) -> np.ndarray:
    """The matrix (16, 16) that smooths columns by a Gaussian; beyond the edge the last cell goes on."""
    places = np.arange(SIDE)
    weights = np.zeros((SIDE, SIDE), np.float32)
    for step in range(-3, 4):
        np.add.at(weights, (places, np.clip(places + step, 0, SIDE - 1)), np.exp(-0.5 * (step / deviation) ** 2))
    matrix: np.ndarray = weights / weights.sum(1, keepdims=True)
    return matrix


INNER = np.s_[:, 1:-1, 1:-1]
CELLS = np.arange(SIDE, dtype=np.float32)
