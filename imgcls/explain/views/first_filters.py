"""What the first learned layer looks for: its filters as tiles of color."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers
from PIL import Image

from imgcls import layers as ours
from imgcls.counted import counted
from imgcls.explain.drawing.heat import enlarged
from imgcls.explain.drawing.legend import Legend, number
from imgcls.explain.drawing.paper import LIGHT, Paper
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.drawing.tiles import tiles
from imgcls.explain.network import Network

MOST = 256  # filters on a sheet
TILES = ((64, 72), (256, 48), (10**9, 32))  # up to so many filters: pixels, about the side of each as it is drawn
FULL = 3.0  # of unit-norm filters: as many times the root mean square gets the last color
PASSED = (  # what may stand between the pixels and the first filters, because it leaves a pixel a pixel
    layers.InputLayer, ours.PixelStandardization, ours.LayoutChange, layers.ZeroPadding2D, layers.Cropping2D,
    ours.ReflectPadding2D, layers.Dropout, layers.SpatialDropout2D, layers.GaussianNoise, layers.Flatten,
    layers.Identity, layers.Rescaling,
)  # fmt: skip


@dataclass(frozen=True)
class FirstFilters:
    """The filters of the first learned layer.

    Attributes:
        layer: Its name.
        kind: Its class, such as "Conv2D".
        weights: (units, height, width, C), float32, what each filter multiplies the standardized pixels with.
    """

    layer: str
    kind: str
    weights: np.ndarray

    @property
    def unit_norm(self) -> np.ndarray:
        """The same filters, each divided by its length, so that filters of two networks are comparable; a filter of
        zeros stays one."""
        lengths = np.sqrt((self.weights.astype(np.float64) ** 2).sum((1, 2, 3), keepdims=True))
        return (self.weights / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def first_filters(network: Network) -> FirstFilters:
    """The filters of the first learned layer, as weights on the standardized pixels.

    A grouped or depthwise convolution has zeros at the channels that a unit does not see; a separable one is multiplied
    out. The dense layer of a network without convolutions has filters as large as the image. Where pixels are whitened
    channel by channel, the whitening is multiplied in.

    Args:
        network: The classifier.

    Raises:
        ValueError: If the first learned layer does not see pixels, with what is possible.

    Example:
        >>> from imgcls.models import build_model
        >>> first_filters(Network(build_model("lenet5", class_names=["cat", "dog"]))).weights.shape
        (6, 5, 5, 1)
    """
    whitening = np.eye(network.channels, dtype=np.float32)
    for layer in network.model.layers:
        if isinstance(layer, ours.PCAWhitening) and layer.mode == "channels":
            whitening = _linear(layer, network.channels)
        elif not isinstance(layer, PASSED):
            kernel = _kernel(layer, len(whitening), (*network.size, network.channels))
            if kernel is None:
                break
            weights = np.einsum("hwku,kc->uhwc", kernel, whitening, optimize=True)
            return FirstFilters(layer.name, type(layer).__name__, weights.astype(np.float32))
    raise ValueError(
        f"{network.name} computes {layer.name} ({type(layer).__name__}) from the pixels before it learns anything, so "
        "it has no first filters to draw. Methods on pixels work for it: saliency, occlusion, rise."
    )


def filters_picture(
    filters: FirstFilters,
    title: str,
    lines: tuple[str, ...] = (),
    unit_norm: bool = False,
    most: int = MOST,
    paper: Paper = LIGHT,
) -> Picture:
    """A sheet of the filters, all on one scale that is symmetric around 0: a weight of 0 is gray.

    Of three channels each is drawn in its color; a filter on one channel is gray, as is the mean over any other number
    of channels.

    Args:
        filters: Of `first_filters`.
        title: The line above.
        lines: Further lines.
        unit_norm: Whether each filter is divided by its length, and three times the root mean square gets the last
            color. Sheets of two networks then have the same scale; without it, the largest weight of the network gets
            the last color.
        most: Filters that are shown, from the first on.
        paper: What it is drawn on.
    """
    weights = _visible(np.nan_to_num(filters.unit_norm if unit_norm else filters.weights, posinf=0, neginf=0))
    size = filters.weights[0].size
    top = FULL / np.sqrt(size) if unit_norm else float(np.abs(weights).max())
    shown = np.clip(127.5 + 127.5 * weights[:most] / (top or 1.0), 0, 255)
    side = next(side for count, side in TILES if len(shown) <= count)
    drawn = tiles([_tile(each, side) for each in shown], [str(unit) for unit in range(len(shown))], paper=paper)
    said, legend = _said(filters, unit_norm, len(shown)), _legend(top, weights.shape[-1])
    return Picture(drawn, title, (*lines, *said), legend, paper)


def _said(filters: FirstFilters, unit_norm: bool, shown: int) -> list[str]:
    units, height, width, _ = filters.weights.shape
    rest = units - shown
    first = (
        f"{counted(units, 'filter')} of {filters.layer} ({filters.kind}), {height} x {width}, on standardized pixels"
    )
    scale = "each filter divided by its length: comparable between networks" if unit_norm else "one scale for all"
    broken = int((~np.isfinite(filters.weights).all((1, 2, 3))).sum())
    left_out = [f"{counted(rest, 'further filter')} not shown"] if rest else []
    return [first, scale, *left_out, *([f"{counted(broken, 'filter')} not finite"] if broken else [])]


def _legend(top: float, channels: int) -> Legend:
    note = "weight on each of red, green and blue" if channels == 3 else "weight"
    return Legend(number(-top), number(top), signed=True, gray=True, note=note)


def _visible(weights: np.ndarray) -> np.ndarray:
    """(units, height, width, 1 or 3)."""
    return weights if weights.shape[-1] in (1, 3) else weights.mean(-1, keepdims=True)


def _tile(filter_: np.ndarray, side: int) -> Image.Image:
    colors = np.broadcast_to(np.rint(filter_).astype(np.uint8), (*filter_.shape[:2], 3))
    return enlarged(Image.fromarray(colors.copy()), side)


def _linear(layer: Any, channels: int) -> np.ndarray:
    """(K, C): what a layer that mixes the channels of each pixel multiplies them with."""
    one_each = np.concatenate([np.eye(channels), np.zeros((1, channels))])[:, None, None].astype(np.float32)
    answers = keras.ops.convert_to_numpy(layer(one_each))[:, 0, 0]
    mixed: np.ndarray = (answers[:-1] - answers[-1]).T
    return mixed


def _kernel(layer: Any, channels: int, image: tuple[int, int, int]) -> np.ndarray | None:
    """(height, width, channels, units), or None if the layer is none that has filters on pixels."""
    if isinstance(layer, layers.SeparableConv2D):
        return _separable(layer)
    if isinstance(layer, layers.DepthwiseConv2D):
        return _depthwise(np.asarray(layer.kernel))
    if isinstance(layer, layers.Conv2D) and not isinstance(layer, layers.Conv2DTranspose):
        return _grouped(np.asarray(layer.kernel), layer.groups, channels)
    if isinstance(layer, layers.Dense) and layer.kernel.shape[0] == np.prod(image):
        return np.asarray(layer.kernel).reshape(*image, -1)
    if isinstance(layer, ours.PCAWhitening):
        size = image[:2] if layer.mode == "image" else (layer.patch_size,) * 2
        return np.asarray(layer.components_).T.reshape(*size, channels, -1)
    return None


def _grouped(kernel: np.ndarray, groups: int, channels: int) -> np.ndarray:
    if groups == 1:
        return kernel
    height, width, seen, units = kernel.shape
    whole = np.zeros((height, width, channels, units), np.float32)
    for group in range(groups):
        of_group = slice(group * units // groups, (group + 1) * units // groups)
        whole[:, :, group * seen : (group + 1) * seen, of_group] = kernel[..., of_group]
    return whole


def _depthwise(kernel: np.ndarray) -> np.ndarray:
    """Unit channel · multiplier + m sees one channel alone."""
    height, width, channels, multiplier = kernel.shape
    whole = np.zeros((height, width, channels, channels, multiplier), np.float32)
    for channel in range(channels):
        whole[:, :, channel, channel] = kernel[:, :, channel]
    return whole.reshape(height, width, channels, channels * multiplier)


def _separable(layer: Any) -> np.ndarray:
    depthwise = _depthwise(np.asarray(layer.depthwise_kernel))
    mixed: np.ndarray = depthwise @ np.asarray(layer.pointwise_kernel)[0, 0]
    return mixed
