"""A network over pixels of any size in one pass: its feature maps slide, and its head slides over the last of them."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from imgcls.explain.large_photo.classified import Classified
from imgcls.explain.large_photo.cuts import FLOAT_BYTES, Cut, cuts
from imgcls.explain.large_photo.sliding_plan import SlidingPlan, classifying_nodes, head_openings
from imgcls.explain.large_photo.tiles import Sliding, Tile, computed_pixels, tiles
from imgcls.explain.network import Network, Rule
from imgcls.progress import ProgressFunction, no_progress

Compute = Callable[[tf.Tensor], tf.Tensor]


class OnePass:
    """The probabilities of all windows of some pixels.

    The layers before a cut are computed in tiles, those behind it over the whole photo, the head over rows of windows.
    What is too large for the memory is so computed in parts, and the result is that of the whole.

    Args:
        network: The classifier.
        plan: Of the way "one pass".
        memory: Of feature maps at once, in bytes.
    """

    def __init__(self, network: Network, plan: SlidingPlan, memory: float) -> None:
        self._network, self._plan, self._memory = network, plan, memory
        nodes = classifying_nodes(network)
        self._last = head_openings(nodes)[0].input_tensors[0]
        self._body, self._head_nodes = _parted(nodes, self._last)
        self._cuts = cuts(network, self._body)
        self._compiled: dict[Cut, tuple[Compute, Compute]] = {}
        self._head = self._compile(self._head_nodes, self._last, None, sliding_head(plan.positions))

    def __call__(self, pixels: np.ndarray, on_progress: ProgressFunction = no_progress) -> Classified:
        """Classify every window.

        Args:
            pixels: (H, W, C), float32 in [0, 255]; H and W are the window's and a multiple of the stride more.
            on_progress: Gets how many parts are done, and how many there are.
        """
        cut, parts = self._cut_for((pixels.shape[0], pixels.shape[1]))
        first, second = self._compiled.setdefault(cut, self._halves(cut))
        maps = self._in_tiles(first, parts, pixels, lambda done: on_progress(done, len(parts) + 1))
        found = self._slide_head(second(tf.constant(maps[None])))
        on_progress(len(parts) + 1, len(parts) + 1)
        return Classified(found, computed_pixels(parts))

    def _cut_for(self, size: tuple[int, int]) -> tuple[Cut, list[Tile]]:
        """The cut, and the tiles before it.

        A photo that fits as a whole is not cut, or where a graph was made already. Else the first cut is taken behind
        which all fits as a whole: the layers before it see least, so the margins of its tiles are the narrowest.
        """
        area = size[0] * size[1]
        for cut in (*self._compiled, self._cuts[-1]):
            if max(cut.before, cut.after) * area <= self._memory:
                return cut, tiles(self._sliding(cut, size), area)
        cut = next(cut for cut in self._cuts if cut.after * area <= self._memory)
        return cut, tiles(self._sliding(cut, size), self._memory / cut.before)

    def _sliding(self, cut: Cut, size: tuple[int, int]) -> Sliding:
        return Sliding(self._plan.window, cut.positions, cut.fields, size)

    def _halves(self, cut: Cut) -> tuple[Compute, Compute]:
        place = next(i for i, node in enumerate(self._body) if node.operation.name == cut.layer)
        tensor = self._body[place].outputs[0]
        first = self._compile(self._body[: place + 1], self._body[0].input_tensors[0], tensor)
        return first, self._compile(self._body[place + 1 :], tensor, self._last)

    def _compile(
        self, nodes: list[Any], start: keras.KerasTensor, end: keras.KerasTensor | None, rule: Rule | None = None
    ) -> Compute:
        """A graph from a map to another; to probabilities, where the end is None."""

        def compute(maps: tf.Tensor) -> tf.Tensor:
            if end is not None:
                return run_nodes(nodes, start, maps, end)
            return self._network.probabilities(run_nodes(nodes, start, maps, nodes[-1].outputs[0], rule))

        spec = tf.TensorSpec((1, None, None, start.shape[-1]), tf.float32)
        return tf.function(compute, input_signature=[spec], autograph=False)

    def _in_tiles(
        self, compute: Compute, parts: list[Tile], pixels: np.ndarray, on_progress: Callable[[int], object]
    ) -> np.ndarray:
        """The map of the whole photo, (h, w, C)."""
        maps: np.ndarray | None = None
        for done, (rows, columns) in enumerate(parts, start=1):
            found = compute(tf.constant(pixels[None, rows.pixels, columns.pixels]))[0, rows.inner, columns.inner]
            if maps is None:
                shape = (parts[-1][0].kept.stop, parts[-1][1].kept.stop, found.shape[-1])
                maps = np.empty(shape, np.float32)
            maps[rows.kept, columns.kept] = found
            on_progress(done)
        if maps is None:
            raise ValueError("The photo has no pixel; expected at least one window.")
        return maps

    def _slide_head(self, maps: tf.Tensor) -> np.ndarray:
        """The probabilities of all windows, (rows, columns, K), some rows at a time."""
        height, width = self._plan.positions
        rows, columns = maps.shape[1] - height + 1, maps.shape[2] - width + 1
        flat = height * width if isinstance(head_openings(self._head_nodes)[0].operation, layers.Flatten) else 1
        bytes_a_window = 2 * FLOAT_BYTES * (flat * maps.shape[-1] + len(self._network.class_names))
        at_once = max(1, int(self._memory / 4 / (bytes_a_window * columns)))
        found = [
            self._head(maps[:, begin : min(begin + at_once, rows) + height - 1]).numpy()
            for begin in range(0, rows, at_once)
        ]
        return np.concatenate(found).reshape(rows, columns, -1)


def _parted(nodes: list[Any], last: keras.KerasTensor) -> tuple[list[Any], list[Any]]:
    """What computes a tensor, up to the node that gives it, and what comes after."""
    wanted, body = {id(last)}, []
    for node in reversed(nodes):
        if any(id(tensor) in wanted for tensor in node.outputs):
            wanted.update(id(tensor) for tensor in node.input_tensors)
            body.append(node)
    inside = {id(node) for node in body}
    return body[::-1], [node for node in nodes if id(node) not in inside]


def run_nodes(
    nodes: list[Any],
    start: keras.KerasTensor,
    value: tf.Tensor,
    end: keras.KerasTensor,
    rule: Rule | None = None,
) -> tf.Tensor:
    """Compute some calls of layers.

    Args:
        nodes: The calls, each after those that it depends on.
        start: What they begin with.
        value: Its value.
        end: What is wanted of them.
        rule: As `Network.run` takes it.
    """
    tensors: dict[int, tf.Tensor] = {id(start): value}
    for node in nodes:
        arguments, keywords = node.arguments.fill_in(tensors)
        output = (rule(node.operation) if rule else node.operation)(*arguments, **keywords)
        for symbolic, tensor in zip(node.outputs, tf.nest.flatten(output), strict=True):
            tensors[id(symbolic)] = tensor
    return tensors[id(end)]


def sliding_head(positions: tuple[int, int]) -> Rule:
    """What stands in for layers of the head: what ends the maps gives one vector for each window of a larger map.

    Every layer behind it sees these vectors as a batch, (windows, features), and computes what it always does. A dense
    layer behind `Flatten` is so a convolution whose kernel has the size of the map.

    Args:
        positions: Height and width of the map of one window.
    """
    one, size = [1, 1, 1, 1], [1, *positions, 1]
    sliding: dict[type, Compute] = {
        layers.GlobalAveragePooling2D: lambda maps: tf.nn.avg_pool2d(maps, positions, 1, "VALID"),
        layers.GlobalMaxPooling2D: lambda maps: tf.nn.max_pool2d(maps, positions, 1, "VALID"),
        # a window's numbers in the order row, column, channel, as Flatten has them
        layers.Flatten: lambda maps: tf.image.extract_patches(maps, size, one, one, "VALID"),
    }

    def rule(layer: Any) -> Callable[..., tf.Tensor]:
        usual: Callable[..., tf.Tensor] = layer
        slide = sliding.get(type(layer))
        if slide is None:
            return usual

        def vectors(maps: tf.Tensor, **_: object) -> tf.Tensor:
            if len(maps.shape) != 4:  # a Flatten of vectors
                return maps
            flat = positions[0] * positions[1] if type(layer) is layers.Flatten else 1
            return tf.reshape(slide(maps), (-1, flat * maps.shape[-1]))

        return vectors

    return rule
