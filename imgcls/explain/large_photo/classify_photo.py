"""A classifier over a photo of any size, at several scales."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from imgcls.counted import counted
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.explain.large_photo.boxes import Box, best_boxes
from imgcls.explain.large_photo.classified import Classified
from imgcls.explain.large_photo.one_pass import OnePass
from imgcls.explain.large_photo.photo import MOST_PIXELS, Photo, read_photo
from imgcls.explain.large_photo.photo_map import PhotoMap, ScaleMap, join
from imgcls.explain.large_photo.photo_options import BACKGROUND, PhotoOptions
from imgcls.explain.large_photo.sliding_plan import ONE_PASS, SlidingPlan, as_windows, sliding_plan
from imgcls.explain.large_photo.windows import WindowByWindow
from imgcls.explain.network import Network
from imgcls.progress import ProgressFunction

Classify = Callable[[np.ndarray, ProgressFunction], Classified]
MEGABYTE = 1_000_000
CELLS = 128  # of the joined map's longer side
ENLARGED = 1.1  # times; less is only the rounding to whole strides
SHOWN = 1024  # pixels, of the longer side of the photo that is drawn


class PhotoClassifier:
    """Classifies large photos with one network, whose graph is built once.

    Args:
        network: The classifier.
        options: What is chosen.

    Raises:
        ValueError: If the network does not know a class of the options.

    Reference:
        Oquab et al., Learning and Transferring Mid-Level Image Representations, 2014, section 3.3: a classifier over
        patches of several sizes. Sermanet et al., OverFeat, 2013, section 3.3: many scales in one pass each.
    """

    def __init__(self, network: Network, options: PhotoOptions | None = None) -> None:
        self.network, self.options = network, options or PhotoOptions()
        for name in self.options.classes:
            network.place(name)
        plan = sliding_plan(network)
        one_pass = plan.way == ONE_PASS and self.options.way == "auto"
        self.plan = plan if one_pass else as_windows(plan, self.options.step)
        self._classify: Classify = (
            OnePass(network, self.plan, self.options.memory * MEGABYTE)
            if one_pass
            else WindowByWindow(network, self.plan, self.options.batch_size)
        )
        self._preprocessing = Preprocessing(**network.preprocessing)

    def __call__(self, source: str | Path | bytes) -> PhotoMap:
        """Classify a photo.

        Args:
            source: The file, or its bytes.

        Raises:
            ValueError: If it cannot be read, or a scale makes it larger than 4096 pixels a side.
        """
        begin = time.perf_counter()
        photo = read_photo(source)
        sizes = scaled_sizes(self.plan, photo.size, _factors(self.plan, photo.size, self.options))
        reports = _reports(self.options.on_progress, sizes)
        every = [self._scale(photo, size, report) for size, report in zip(sizes, reports, strict=True)][::-1]
        places = _kept_classes(self.network, self.options, every)
        scales = tuple(_of_classes(scale, places) for scale in every)
        names = tuple(self.network.class_names[place] for place in places)
        boxes = _boxes(names, scales, self.options)
        return PhotoMap(
            photo=photo.name,
            network=self.network.name,
            size=photo.size,
            class_names=names,
            plan=self.plan,
            scales=scales,
            joined=join(scales, photo.size, CELLS),
            boxes=boxes,
            notes=tuple(_notes(photo, scales, boxes, self.options)),
            shown=_shown(photo),
            seconds=time.perf_counter() - begin,
        )

    def _scale(self, photo: Photo, size: tuple[int, int], on_progress: ProgressFunction) -> ScaleMap:
        begin = time.perf_counter()
        found = self._classify(photo.resized(size, self._preprocessing), on_progress)
        ratio = (photo.size[0] / size[0], photo.size[1] / size[1])
        return ScaleMap(
            factor=size[0] / photo.size[0],
            size=size,
            window=(self.plan.window[0] * ratio[0], self.plan.window[1] * ratio[1]),
            stride=(self.plan.stride[0] * ratio[0], self.plan.stride[1] * ratio[1]),
            maps=np.moveaxis(found.maps, -1, 0),
            computed_pixels=found.computed_pixels,
            seconds=time.perf_counter() - begin,
        )


def classify_photo(network: Network, source: str | Path | bytes, options: PhotoOptions | None = None) -> PhotoMap:
    """Classify one photo; see `PhotoClassifier`, which does so for many."""
    return PhotoClassifier(network, options)(source)


def scaled_sizes(plan: SlidingPlan, size: tuple[int, int], factors: Sequence[float]) -> list[tuple[int, int]]:
    """The sizes that a photo is resized to: windows fall on whole strides from the first pixel to the last.

    So height and width change by factors that differ by at most half a stride.

    Args:
        plan: Of the network.
        size: Height and width of the photo.
        factors: Of the resize.

    Raises:
        ValueError: If a size is above 4096 pixels.

    Example:
        >>> scaled_sizes(SlidingPlan("windows", "", (224, 224), (32, 32)), (3000, 4000), [0.1])
        [(288, 416)]
    """
    sizes = []
    for factor in factors:
        height, width = (
            window + stride * max(0, round((side * factor - window) / stride))
            for side, window, stride in zip(size, plan.window, plan.stride, strict=True)
        )
        if max(height, width) > MOST_PIXELS:
            raise ValueError(
                f"A scale makes {height}x{width} pixels of a photo of {size[0]}x{size[1]}; expected at most "
                f"{MOST_PIXELS} a side, so let a window cover more of it."
            )
        sizes.append((height, width))
    return list(dict.fromkeys(sizes))


def _factors(plan: SlidingPlan, size: tuple[int, int], options: PhotoOptions) -> list[float]:
    """From the largest photo, in which windows are smallest, to the smallest."""
    whole = max(window / side for window, side in zip(plan.window, size, strict=True))
    factors = options.factors or [whole / share for share in options.shares]
    return sorted((max(factor, whole) for factor in factors), reverse=True)


def _reports(report: ProgressFunction, sizes: Sequence[tuple[int, int]]) -> list[ProgressFunction]:
    """One function for each size: of what is done there, its share of all pixels is reported in percent."""
    areas = np.array([height * width for height, width in sizes])
    before = np.concatenate([[0], areas.cumsum()])

    def at(place: int) -> ProgressFunction:
        def done(count: int, total: int | None = None, /) -> None:
            pixels = before[place] + areas[place] * count / (total or 1)
            report(int(100 * pixels / before[-1]), 100)

        return done

    return [at(place) for place in range(len(sizes))]


def _kept_classes(network: Network, options: PhotoOptions, scales: Sequence[ScaleMap]) -> list[int]:
    if options.classes:
        return [network.place(name) for name in dict.fromkeys(options.classes)]
    highest = np.max([scale.maps.max((1, 2)) for scale in scales], axis=0)
    order = [int(place) for place in np.argsort(-highest, kind="stable")]
    return [place for place in order if network.class_names[place] != BACKGROUND][: options.best]


def _of_classes(scale: ScaleMap, places: list[int]) -> ScaleMap:
    return ScaleMap(**{**vars(scale), "maps": np.ascontiguousarray(scale.maps[places])})


def _boxes(names: Sequence[str], scales: Sequence[ScaleMap], options: PhotoOptions) -> tuple[Box, ...]:
    found = [
        box
        for place, name in enumerate(names)
        if name != BACKGROUND
        for box in best_boxes(
            name, scales, [scale.maps[place] for scale in scales], options.threshold, options.overlap, options.boxes
        )
    ]
    return tuple(sorted(found, key=lambda box: -box.probability))


def _notes(photo: Photo, scales: Sequence[ScaleMap], boxes: Sequence[Box], options: PhotoOptions) -> Iterator[str]:
    height, width = photo.size
    enlarged = [scale for scale in scales if max(scale.size[0] / height, scale.size[1] / width) > ENLARGED]
    if enlarged:
        largest = max(scale.factor for scale in enlarged)
        yield (
            f"{photo.name} has {height}x{width} pixels, which is small for this network: it was enlarged up to "
            f"{largest:.1f} times for {counted(len(enlarged), 'scale')}, so that details are missing there."
        )
    if not options.factors and len(scales) < len(options.shares):
        yield f"{counted(len(options.shares) - len(scales), 'scale')} fell on the size of another and was left out."
    if not boxes:
        yield f"No window reaches a probability of {options.threshold:g}, so there is no box."


def _shown(photo: Photo) -> np.ndarray:
    factor = min(1.0, SHOWN / max(photo.size))
    size = (max(1, round(photo.size[0] * factor)), max(1, round(photo.size[1] * factor)))
    return photo.resized(size, Preprocessing(*size)).round().astype(np.uint8)
