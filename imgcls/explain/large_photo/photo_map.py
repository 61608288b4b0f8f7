"""What a network finds in a large photo: class maps at several scales, one map of them all, and boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imgcls.explain.large_photo.boxes import Box
from imgcls.explain.large_photo.sliding_plan import SlidingPlan


@dataclass(frozen=True)
class ScaleMap:
    """The responses of all windows of one size.

    Attributes:
        factor: Of the resize; 0.5 halves height and width of the photo.
        size: Height and width of the resized photo, in which windows fall on whole strides.
        window: Height and width of a window, in pixels of the photo.
        stride: From one window to the next, down and to the right, in pixels of the photo.
        maps: (classes, rows, columns), float32 in [0, 1]: the probability of each class in each window.
        computed_pixels: That went through the network, overlap of tiles included.
        seconds: What this scale took, with its decoding and resizing.
    """

    factor: float
    size: tuple[int, int]
    window: tuple[float, float]
    stride: tuple[float, float]
    maps: np.ndarray
    computed_pixels: int
    seconds: float

    @property
    def windows(self) -> int:
        """How many windows there are."""
        return int(self.maps.shape[1] * self.maps.shape[2])

    def edges(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """The windows at (row, column), (N, 4): left, top, right and bottom in pixels of the photo, float64."""
        left, top = columns * self.stride[1], rows * self.stride[0]
        return np.stack([left, top, left + self.window[1], top + self.window[0]], axis=1)


@dataclass(frozen=True)
class PhotoMap:
    """What a network finds in a photo.

    Attributes:
        photo: The name of its file.
        network: The name of the architecture.
        size: Height and width of the photo, upright.
        class_names: The C classes that maps are kept of, the highest response first, or as they were asked for.
        plan: Which way the network went over the photo, and why.
        scales: One for each size of window, the largest windows first.
        joined: (C, rows, columns), float32: at each place of the photo the highest response of the windows around it,
            over all scales; between the centers of windows it is interpolated, and it fades to the photo's border.
        boxes: Of all classes but the background, the highest probability first.
        notes: Sentences on what was done to the photo, or is to be known of the result.
        shown: (h, w, 3), uint8: the photo, small enough to be drawn.
        seconds: What all of it took.
    """

    photo: str
    network: str
    size: tuple[int, int]
    class_names: tuple[str, ...]
    plan: SlidingPlan
    scales: tuple[ScaleMap, ...]
    joined: np.ndarray
    boxes: tuple[Box, ...]
    notes: tuple[str, ...]
    shown: np.ndarray
    seconds: float

    def heat(self, class_name: str) -> np.ndarray:
        """The joined map of a class, (rows, columns).

        Raises:
            ValueError: If no map of it was kept.
        """
        if class_name not in self.class_names:
            kept = ", ".join(self.class_names)
            raise ValueError(f"No map of {class_name!r} was kept; there are maps of {kept}. Name it among the classes.")
        return self.joined[self.class_names.index(class_name)]


def join(scales: Sequence[ScaleMap], size: tuple[int, int], cells: int) -> np.ndarray:
    """One map of all scales: the highest response at each place, between windows' centers interpolated.

    A window speaks for its center. From the outermost centers to the border of the photo, which is the windows' border
    too, their responses fade to 0.

    Args:
        scales: Of the same classes.
        size: Height and width of the photo.
        cells: Of the longer side of the result.

    Returns:
        (classes, rows, columns), float32.
    """
    unit = max(size) / cells
    shape = [max(1, round(side / unit)) for side in size]
    places = [(np.arange(count) + 0.5) * side / count for count, side in zip(shape, size, strict=True)]
    return np.max([_at_places(scale, places[0], places[1]) for scale in scales], axis=0).astype(np.float32)


def _at_places(scale: ScaleMap, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    maps = _interpolated(scale.maps, 1, down, scale.window[0], scale.stride[0])
    return _interpolated(maps, 2, across, scale.window[1], scale.stride[1])


def _interpolated(maps: np.ndarray, axis: int, places: np.ndarray, window: float, stride: float) -> np.ndarray:
    """Linear along one axis between the centers of windows; fading outside of them."""
    last = maps.shape[axis] - 1
    anywhere = (places - window / 2) / stride
    at = np.clip(anywhere, 0, last)
    fade = np.maximum(1 - np.abs(anywhere - at) * stride / (window / 2), 0)
    below = np.floor(at).astype(int)
    shape = [-1 if i == axis else 1 for i in range(maps.ndim)]
    share, fade = (at - below).reshape(shape), fade.reshape(shape)
    between: np.ndarray = maps.take(below, axis) * (1 - share) + maps.take(np.minimum(below + 1, last), axis) * share
    return between * fade
