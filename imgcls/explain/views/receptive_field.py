"""What a position of a feature map sees: by the network's geometry, and by its gradients."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from PIL import Image

from imgcls.explain.drawing.boxes import Box, boxed
from imgcls.explain.drawing.heat import heat_picture, shown_image
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.network import Network
from imgcls.models.feature_maps import FeatureMap

OUTSIDE = 225  # gray level of what lies outside of the image, where the network sees padding
FARTHEST = 0.5  # of the image's side: what of the surroundings is drawn
AT_ONCE = 8  # images
SMALL = 4  # a field is small if the image is this many times as large
HALF = 0.5  # of the gradient, in the smallest centered square that holds it


@dataclass(frozen=True)
class EffectiveField:
    """How much each pixel moves one position of a feature map.

    Attributes:
        layer: The feature map.
        position: Row and column in it.
        values: (H, W), float32, absolute gradient of the position's activation by the pixels, summed over their
            channels, averaged over the images.
        window: Left, top, right and bottom of the theoretical field, the last two not included; see
            `FeatureMap.window`.
    """

    layer: FeatureMap
    position: tuple[int, int]
    values: np.ndarray
    window: tuple[int, int, int, int]

    @property
    def outside(self) -> float:
        """The share of the gradient outside of the theoretical field: 0, but where a layer looks at the whole image to
        weigh its channels, as squeeze-and-excitation and group normalization do."""
        left, top, right, bottom = self.window
        whole = float(self.values.sum(dtype=np.float64))
        inside = self.values[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)].sum(dtype=np.float64)
        return 1 - float(inside) / whole if whole else 0.0

    @property
    def half_side(self) -> int:
        """The side, in pixels, of the smallest square around the field's center that holds half of the gradient."""
        left, top, right, bottom = self.window
        rows, columns = np.indices(self.values.shape)
        far = np.maximum(abs(rows - (top + bottom - 1) / 2), abs(columns - (left + right - 1) / 2))
        order = np.argsort(far, axis=None)
        reached = np.cumsum(self.values.flat[order], dtype=np.float64)
        if not reached[-1]:
            return 0
        place = int(np.searchsorted(reached, HALF * reached[-1]))
        return round(2 * float(far.flat[order][place]) + 1)


def center(layer: FeatureMap) -> tuple[int, int]:
    """Row and column of the middle of a feature map."""
    return layer.shape[0] // 2, layer.shape[1] // 2


def strongest_position(maps: np.ndarray, unit: int) -> tuple[int, int]:
    """Row and column where a unit responds most.

    Args:
        maps: Of one image, (h, w, units).
        unit: Its number.
    """
    row, column = np.unravel_index(int(np.argmax(maps[..., unit])), maps.shape[:2])
    return int(row), int(column)


def effective_field(
    network: Network,
    pixels: np.ndarray,
    layer: str = "",
    position: tuple[int, int] | None = None,
    unit: int | None = None,
) -> EffectiveField:
    """How much each pixel moves one position, on average over images.

    Args:
        network: The classifier.
        pixels: (B, H, W, C), float32 in [0, 255], as the network takes them; more images give a smoother field.
        layer: Name of the feature map; empty for the last one.
        position: Row and column in it; the middle by default.
        unit: Whose activation; the sum of all units by default.

    Raises:
        ValueError: If there is no such layer, unit or position.

    Reference:
        Luo, Li, Urtasun and Zemel, Understanding the Effective Receptive Field in Deep Convolutional Neural Networks,
        2016, section 2.
    """
    found = network.layer(layer) if unit is None else network.unit(layer, unit)
    row, column = _checked(found, position or center(found))

    @tf.function  # a trace for each size of batch: TensorFlow 2.21 dies of grouped convolutions of unknown size
    def gradients(some: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(some)
            values = network.run(some, keep=[found.name]).maps[found.name][:, row, column]
            answer = tf.reduce_sum(values if unit is None else values[:, unit])
        return tf.reduce_sum(tf.abs(tape.gradient(answer, some)), axis=[0, 3])

    parts = [pixels[start : start + AT_ONCE] for start in range(0, len(pixels), AT_ONCE)]
    sums = [gradients(tf.constant(part, tf.float32)).numpy() for part in parts]
    values = np.sum(sums, axis=0) / max(len(pixels), 1)
    return EffectiveField(found, (row, column), values.astype(np.float32), found.window(row, column, network.size))


def field_picture(
    pixels: np.ndarray, layer: FeatureMap, position: tuple[int, int], title: str, lines: tuple[str, ...] = ()
) -> Picture:
    """The theoretical receptive field of a position as a box on the image; what lies outside of the image is gray.

    Args:
        pixels: The image, (H, W, 1 or 3), in [0, 255].
        layer: The feature map.
        position: Row and column in it.
        title: The line above.
        lines: Further lines.

    Raises:
        ValueError: If the layer has no such position.
    """
    height, width = pixels.shape[:2]
    window = layer.window(*_checked(layer, position), (height, width))
    image, scale, (left, top) = _with_surroundings(pixels, window)
    box = Box(window[0] + left, window[1] + top, window[2] + left, window[3] + top)
    return Picture(boxed(image, [box], scale), title, (*lines, field_sentence(layer, position, (height, width))))


def effective_picture(
    pixels: np.ndarray, effective: EffectiveField, title: str, lines: tuple[str, ...] = ()
) -> Picture:
    """The effective receptive field as heat on the image, with the theoretical one as a box.

    Of a field that is small beside the image only its surroundings are shown.

    Args:
        pixels: The image, (H, W, 1 or 3), in [0, 255].
        effective: Of `effective_field`.
        title: The line above.
        lines: Further lines.
    """
    said = [f"half of the gradient lies within {effective.half_side} x {effective.half_side} pixels"]
    if effective.outside > 0.001:
        said.append(f"{effective.outside:.1%} lies outside of the box: a layer before weighs channels by all pixels")
    rows, columns = (_around(*ends) for ends in _along(effective.window, pixels.shape[:2]))
    if (rows.stop - rows.start, columns.stop - columns.start) != pixels.shape[:2]:
        said.append(f"shown: rows {rows.start} to {rows.stop - 1}, columns {columns.start} to {columns.stop - 1}")
    picture = heat_picture(pixels[rows, columns], effective.values[rows, columns], False, title, (*lines, *said))
    scale = picture.image.width / (columns.stop - columns.start)
    left, top, right, bottom = effective.window
    box = Box(left - columns.start, top - rows.start, right - columns.start, bottom - rows.start)
    return Picture(boxed(picture.image, [box], scale), title, picture.lines, picture.legend)


def field_sentence(layer: FeatureMap, position: tuple[int, int], size: tuple[int, int]) -> str:
    """What a position sees, in words.

    Args:
        layer: The feature map.
        position: Row and column in it.
        size: Height and width of the image.
    """
    where = f"position {position[0]}, {position[1]} of {layer.shape[0]} x {layer.shape[1]} in {layer.name}"
    if not isinstance(layer.fields, tuple):
        known = "sees all of the image" if layer.fields is None else "sees an unknown part of the image"
        return f"{where} {known}"
    left, top, right, bottom = layer.window(*position, size)
    inside = max(min(right, size[1]) - max(left, 0), 0) * max(min(bottom, size[0]) - max(top, 0), 0)
    share = inside / ((right - left) * (bottom - top))
    beyond = "" if share == 1 else f", {1 - share:.0%} of it outside of the image"
    return f"{where} sees {bottom - top} x {right - left} pixels{beyond}"


def _along(window: tuple[int, int, int, int], size: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Start and end of a window and size of the image, along rows and columns."""
    left, top, right, bottom = window
    return [(top, bottom, size[0]), (left, right, size[1])]


def _around(start: int, end: int, size: int) -> slice:
    """A small field with as much again on each side, all of the image for a larger one."""
    field = end - start
    if SMALL * field >= size or end <= 0 or start >= size:
        return slice(0, size)
    return slice(max(start - field, 0), min(end + field, size))


def _checked(layer: FeatureMap, position: tuple[int, int]) -> tuple[int, int]:
    height, width, _ = layer.shape
    if not (0 <= position[0] < height and 0 <= position[1] < width):
        raise ValueError(
            f"{layer.name} has no position {position[0]}, {position[1]}; rows run from 0 to {height - 1}, columns from "
            f"0 to {width - 1}."
        )
    return position


def _with_surroundings(
    pixels: np.ndarray, window: tuple[int, int, int, int]
) -> tuple[Image.Image, float, tuple[int, int]]:
    """The image with as much gray around it as the window reaches, up to `FARTHEST`; scale, and what is added left and
    above in pixels of the image."""
    height, width = pixels.shape[:2]
    most = round(FARTHEST * max(height, width))
    left, top = (min(max(-start, 0), most) for start in window[:2])
    right, bottom = (min(max(end - size, 0), most) for end, size in zip(window[2:], (width, height), strict=True))
    inner = shown_image(pixels)
    scale = inner.width / width
    sizes = [round(each * scale) for each in (width + left + right, height + top + bottom, left, top)]
    page = Image.new("RGB", (sizes[0], sizes[1]), (OUTSIDE,) * 3)
    page.paste(inner, (sizes[2], sizes[3]))
    return page, scale, (left, top)
