"""How the units of every layer behave over a data set of any size."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import tensorflow as tf

from imgcls.counted import counted
from imgcls.explain.network import Change, Network
from imgcls.progress import ProgressFunction, no_progress

LEAST, MOST = 2.0**-10, 2.0**14  # of absolute values, between which the histogram tells them apart
PER_OCTAVE = 4  # bins for each doubling: an edge is 19 % above the one before
SIDE = int(math.log2(MOST / LEAST)) * PER_OCTAVE  # bins on each side of 0
BINS = 2 * SIDE + 3  # and one around 0, and one beyond each end
SAMPLED = 64  # positions of each image that enter the histogram, on a lattice; all others count everywhere else
AT_ONCE = 4  # images: what is computed of a map on the side stays in the processor's cache
STILL = 1e-5  # of the layer's deviation: a unit that varies less is constant


@dataclass(frozen=True)
class UnitStatistics:
    """What the units of one layer gave over all images.

    Attributes:
        layer: Its name.
        kind: Its class, such as "Activation".
        images: How many there were.
        positions: Height times width.
        mean: (units,), over all images and positions.
        deviation: (units,), standard deviation over the same.
        minimum: (units,).
        maximum: (units,).
        active_positions: (units,), share of all images' positions with a value above 0.
        active_images: (units,), share of the images with a value above 0 anywhere.
        histogram: (units, BINS), values on a lattice of positions by their logarithm.
    """

    layer: str
    kind: str
    images: int
    positions: int
    mean: np.ndarray
    deviation: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    active_positions: np.ndarray
    active_images: np.ndarray
    histogram: np.ndarray

    @property
    def units(self) -> int:
        """Their number."""
        return len(self.mean)

    @property
    def dead(self) -> list[int]:
        """The units that say nothing: their value is the same at each position of each image.

        Behind a rectifier those are the units that were never above 0 (and of ReLU6 those that were always at 6). A
        unit of swish, sigmoid or a normalization is dead in the same sense alone: being negative everywhere is no death
        there, because the next layer still hears it.
        """
        still = STILL * float(self.deviation.max(initial=0))
        return np.flatnonzero((self.deviation <= still) & (self.maximum - self.minimum <= 10 * still)).tolist()

    def quantile(self, share: float) -> np.ndarray:
        """(units,), the value below which a share of the values lies, within a tenth of the value.

        Args:
            share: In [0, 1].
        """
        counts = self.histogram.astype(np.float64)
        reached = np.cumsum(counts, axis=1)
        wanted = share * reached[:, -1:]
        place = np.minimum((reached < wanted).sum(1), BINS - 1)
        rows = np.arange(self.units)
        inside = counts[rows, place]
        before = reached[rows, place] - inside
        part = np.where(inside > 0, (wanted[:, 0] - before) / np.where(inside > 0, inside, 1), 0)
        edges = _edges()
        value = edges[place] + part * (edges[place + 1] - edges[place])
        value[place == SIDE + 1] = 0  # the bin around 0 holds little else behind a rectifier
        clipped: np.ndarray = np.clip(value, self.minimum, self.maximum)
        return clipped

    @property
    def sentence(self) -> str:
        """What is notable of the layer, in one sentence."""
        dead, active = self.dead, f"{self.active_positions.mean():.0%} of the values are above 0"
        if not dead:
            return f"{self.layer}: none of {counted(self.units, 'unit')} is dead; {active}."
        named = ", ".join(str(unit) for unit in dead[:20]) + (", ..." if len(dead) > 20 else "")
        verb = "is" if len(dead) == 1 else "are"
        return f"{self.layer}: {len(dead):,} of {counted(self.units, 'unit')} {verb} dead ({named}); {active}."


def unit_statistics(
    network: Network,
    batches: Iterable[np.ndarray],
    layers: Sequence[str] = (),
    on_progress: ProgressFunction = no_progress,
) -> list[UnitStatistics]:
    """Statistics of the units over any number of images, in one pass.

    Each map is reduced to a few numbers a unit as soon as it is computed, so the memory depends on the network and the
    size of a batch, and not on the number of images.

    Args:
        network: The classifier.
        batches: Pixels, each (B, H, W, C), float32 in [0, 255], as the network takes them; B may differ.
        layers: Names of feature maps; none for all.
        on_progress: Gets how many images are done.

    Returns:
        One for each layer, in the order in which they are computed.

    Raises:
        ValueError: If there is no such layer, no image, or a layer gives values that are not finite.
    """
    chosen = {network.layer(name).name for name in layers}
    maps = [each for each in network.maps if not layers or each.name in chosen]
    if not maps:
        network.layer("")  # says why there are none
    observe = _observer(network, [each.name for each in maps])
    sums: dict[str, _Sums] = {each.name: _Sums(each.units) for each in maps}
    images = 0
    for batch in batches:
        for start in range(0, len(batch), AT_ONCE):
            some = tf.constant(batch[start : start + AT_ONCE], tf.float32)
            for name, seen in observe(some).items():
                sums[name].add({key: value.numpy() for key, value in seen.items()})
            images += len(some)
            on_progress(images)
    if not images:
        raise ValueError("No image was given; expected at least one to know what the units do.")
    return [sums[each.name].result(each.name, each.kind, images, each.shape[0] * each.shape[1]) for each in maps]


def statistics_table(layers: Sequence[UnitStatistics]) -> pd.DataFrame:
    """A row for each unit of each layer.

    Returns:
        Columns: `layer`, `unit`, `dead`, `mean`, `deviation`, `minimum`, `median`, `quantile_99`, `maximum`,
        `active_positions` and `active_images`; the last two are shares in [0, 1].
    """
    return pd.concat([_table(each) for each in layers], ignore_index=True)


def _table(one: UnitStatistics) -> pd.DataFrame:
    columns = {
        "layer": one.layer,
        "unit": np.arange(one.units),
        "dead": np.isin(np.arange(one.units), one.dead),
        "mean": one.mean,
        "deviation": one.deviation,
        "minimum": one.minimum,
        "median": one.quantile(0.5),
        "quantile_99": one.quantile(0.99),
        "maximum": one.maximum,
        "active_positions": one.active_positions,
        "active_images": one.active_images,
    }
    return pd.DataFrame(columns)


class _Sums:
    """What is added up of one layer; means and deviations by Chan, Golub and LeVeque, 1979, in 64 bits."""

    def __init__(self, units: int) -> None:
        self.count = 0
        self.mean, self.squares = np.zeros(units), np.zeros(units)
        self.minimum, self.maximum = np.full(units, np.inf), np.full(units, -np.inf)
        self.positions, self.images = np.zeros(units), np.zeros(units)
        self.histogram = np.zeros((units, BINS), np.int64)

    def add(self, seen: dict[str, np.ndarray]) -> None:
        """Take in one batch."""
        count = int(seen["count"])
        step = seen["mean"] - self.mean
        whole = self.count + count
        self.squares += seen["variance"].astype(np.float64) * count + step**2 * self.count * count / whole
        self.mean += step * count / whole
        self.count = whole
        self.minimum = np.minimum(self.minimum, seen["minimum"])
        self.maximum = np.maximum(self.maximum, seen["maximum"])
        self.positions += seen["active_positions"]
        self.images += seen["active_images"]
        self.histogram += seen["histogram"]

    def result(self, layer: str, kind: str, images: int, positions: int) -> UnitStatistics:
        """What it comes to."""
        if not (np.isfinite(self.minimum).all() and np.isfinite(self.maximum).all() and np.isfinite(self.mean).all()):
            raise ValueError(f"{layer} gives values that are not finite, so its units have no statistics.")
        return UnitStatistics(
            layer, kind, images, positions, self.mean, np.sqrt(self.squares / self.count), self.minimum, self.maximum,
            self.positions / self.count, self.images / images, self.histogram,
        )  # fmt: skip


def _observer(network: Network, names: Sequence[str]) -> Callable[[tf.Tensor], dict[str, dict[str, tf.Tensor]]]:
    """A function of pixels that gives what is added up of each layer; each map is let go once it is reduced."""

    @tf.function(input_signature=[tf.TensorSpec((None, *network.size, network.channels))])
    def observe(pixels: tf.Tensor) -> dict[str, dict[str, tf.Tensor]]:
        found: dict[str, dict[str, tf.Tensor]] = {}

        def reduced(name: str) -> Change:
            def watch(values: tf.Tensor) -> tf.Tensor:
                found[name] = _of_batch(values)
                return values

            return watch

        network.run(pixels, change={name: reduced(name) for name in names})
        return found

    return observe


def _of_batch(values: tf.Tensor) -> dict[str, tf.Tensor]:
    """What one batch of a map, (B, h, w, units), adds. TensorFlow reduces one axis ten times as fast as three."""
    units = values.shape[-1]
    by_image = tf.reshape(values, (-1, values.shape[1] * values.shape[2], units))
    flat = tf.reshape(values, (-1, units))
    mean = tf.reduce_mean(flat, axis=0)
    largest = tf.reduce_max(by_image, axis=1)
    return {
        "count": tf.shape(flat)[0],
        "mean": mean,
        "variance": tf.reduce_mean(tf.math.squared_difference(flat, mean), axis=0),
        "minimum": tf.reduce_min(flat, axis=0),
        "maximum": tf.reduce_max(largest, axis=0),
        "active_positions": tf.reduce_sum(tf.cast(flat > 0, tf.float32), axis=0),
        "active_images": tf.reduce_sum(tf.cast(largest > 0, tf.float32), axis=0),
        "histogram": _histogram(values),
    }


def _histogram(values: tf.Tensor) -> tf.Tensor:
    """(units, BINS), of the values on a lattice."""
    height, width, units = values.shape[1:]
    step = max(math.ceil(math.sqrt(height * width / SAMPLED)), 1)
    some = tf.reshape(values[:, step // 2 :: step, step // 2 :: step], (-1, units))
    some = tf.where(tf.math.is_finite(some), some, 0.0)  # what is not finite is refused at the end
    octaves = tf.math.log(tf.maximum(tf.abs(some), LEAST / 2) / LEAST) / math.log(2.0)
    far = tf.clip_by_value(tf.floor(octaves * PER_OCTAVE) + 1, 0, SIDE + 1)
    bins = tf.cast(tf.sign(some) * far, tf.int32) + SIDE + 1
    numbers = tf.reshape(bins + tf.range(units) * BINS, [-1])
    return tf.reshape(tf.math.bincount(numbers, minlength=units * BINS, maxlength=units * BINS), (units, BINS))


def _edges() -> np.ndarray:
    """(BINS + 1,), of the bins; the outermost are as far again as the histogram reaches."""
    positive = LEAST * 2.0 ** (np.arange(SIDE + 2) / PER_OCTAVE)
    positive[-1] = 2 * MOST
    return np.concatenate([-positive[::-1], positive])
