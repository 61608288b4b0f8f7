"""A layer of keras-cv or Keras as a pure function of an image and a seed, tried out before a run begins."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from imgcls.data.augmentation.answered_draws import answered
from imgcls.data.augmentation.layer_classes import make_layer, reason
from imgcls.layer_precision import FLOAT32, layers_in
from imgcls.named_layer import parse_layer

STATEFUL = re.compile(  # operations that give something else at the next call
    r"Random|Rng|Multinomial|ParameterizedTruncatedNormal|TruncatedNormal|Stateful(?!PartitionedCall)|Assign|(Eager)?PyFunc"
)
TRIED = 6  # draws of an image
LEAST_CONTRAST = 2.0  # gray levels between the darkest and the brightest pixel of an image that is left

Shape = tuple[int, int, int]


class _Way(NamedTuple):
    """How a layer is called: with one image or a batch of one, and with Python's `if` translated for graphs or not."""

    batched: bool
    autograph: bool


WAYS = (_Way(False, False), _Way(False, True), _Way(True, True))  # the fastest first


class LayerFunction:
    """A layer whose random numbers come from a seed alone.

    Args:
        text: The layer, as `imgcls.named_layer.parse_layer` reads it.

    Raises:
        ValueError: There is no such layer, or it cannot be made.

    Example:
        >>> import tensorflow as tf
        >>> hue, seed = LayerFunction("keras.RandomHue(factor=0.5)"), tf.constant([3, 17])
        >>> image = 255 * tf.random.stateless_uniform((8, 8, 3), (0, 0))
        >>> bool(tf.reduce_all(hue(image, seed) == hue(image, seed)))
        True
    """

    def __init__(self, text: str) -> None:
        named = parse_layer(text)
        self.text, self.name = text, str(named)
        self._layer = make_layer(named)
        self._traced: dict[Shape, Any] = {}

    def __call__(self, image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """The changed image.

        Args:
            image: (H, W, C), float32 in [0, 255], with a known shape.
            seed: (2,), whole numbers.

        Returns:
            (H, W, C), float32.
        """
        return self.traced(tuple(image.shape))(image, tf.cast(seed, tf.int64))

    def traced(self, shape: Shape) -> Any:
        """The graph for images of a shape.

        Raises:
            ValueError: The layer cannot be called with such an image.
        """
        if shape not in self._traced:
            with tf.init_scope(), layers_in(FLOAT32):
                self._traced[shape] = self._trace(shape)
        return self._traced[shape]

    def _trace(self, shape: Shape) -> Any:
        errors: list[Exception] = []
        for way in WAYS:
            function = tf.function(self._function(way.batched), autograph=way.autograph)
            try:
                return function.get_concrete_function(tf.TensorSpec(shape), tf.TensorSpec((2,), tf.int64))
            except Exception as error:  # a layer may raise anything
                errors.append(error)
        untranslated = tf.errors.OperatorNotAllowedInGraphError
        why = reason(next((each for each in errors if not isinstance(each, untranslated)), errors[-1]))
        hint = " Grayscale images have one channel; --color rgb gives them three." if shape[2] == 1 else ""
        raise ValueError(f"{self.name} does not work on images of {_in_words(shape)}: {why}{hint}")

    def _function(self, batched: bool) -> Any:
        def changed(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
            with answered(seed), _scope_kept():
                after = self._layer(image[None] if batched else image)
            if isinstance(after, tf.RaggedTensor):
                raise ValueError("it gives images of other sizes")
            after = tf.cast(after[0] if batched else after, tf.float32)
            return tf.ensure_shape(after, image.shape) if after.shape.is_compatible_with(image.shape) else after

        return changed


@contextmanager
def _scope_kept() -> Iterator[None]:
    """Undo what `tf.map_fn` sets in the variable scope and leaves there if it fails: no strategy could begin then."""
    scope = tf.compat.v1.get_variable_scope()
    before = scope.caching_device
    try:
        yield
    finally:
        scope.set_caching_device(before)


@lru_cache(maxsize=64)
def layer_function(text: str) -> LayerFunction:
    """The layer that a text names, made once in a process; see `LayerFunction`."""
    return LayerFunction(text)


def try_layers(layers: Iterable[LayerFunction], shape: Shape) -> None:
    """Try layers on images of a run's shape, so that what cannot be used is refused before the run.

    Args:
        layers: The layers.
        shape: (H, W, C) of the images.

    Raises:
        ValueError: A layer fails, gives another shape, makes numbers that are not finite or images without contrast, or
            does not give the same image again.
    """
    for layer in layers:
        _try(layer, shape)


def _try(layer: LayerFunction, shape: Shape) -> None:
    function = layer.traced(shape)
    if tuple(function.structured_outputs.shape) != shape:
        after = _in_words(tuple(function.structured_outputs.shape))
        raise ValueError(
            f"{layer.name} makes images of {after} from images of {_in_words(shape)}, and the network takes one size. "
            "Leave it out, or give it the size of --image-size."
        )
    kept = sorted({node for node in _operations(function) if STATEFUL.match(node)})
    if kept:
        raise ValueError(
            f"{layer.name} does not give the same image again: it draws from a state ({', '.join(kept)}), so that no "
            "run with it could be resumed exactly. Leave it out."
        )
    for image in _images(shape):
        first = [_changed(layer, function, image, number) for number in range(TRIED)]
        again = [_changed(layer, function, image, number) for number in reversed(range(TRIED))][::-1]
        if not np.array_equal(first, again):
            raise ValueError(f"{layer.name} does not give the same image again for the same seed. Leave it out.")
        if np.ptp(image) and max(np.ptp(each) for each in first) < LEAST_CONTRAST:
            raise ValueError(
                f"{layer.name} leaves nothing of an image: its pixels are within {LEAST_CONTRAST:g} of 255 gray "
                "levels. Weaken it, or leave it out."
            )


def _changed(layer: LayerFunction, function: Any, image: np.ndarray, number: int) -> np.ndarray:
    try:
        after: np.ndarray = function(tf.constant(image), tf.constant([number, 1], tf.int64)).numpy()
    except tf.errors.OpError as error:
        size = _in_words(image.shape)
        raise ValueError(f"{layer.name} does not work on images of {size}: {reason(error)}") from error
    if after.shape != image.shape:
        raise ValueError(f"{layer.name} makes images of {_in_words(after.shape)} from {_in_words(image.shape)}.")
    if not np.isfinite(after).all():
        of = "" if np.ptp(image) else " of an image of one color"
        raise ValueError(f"{layer.name} makes numbers that are not finite (NaN){of}. Weaken it, or leave it out.")
    return after


def _images(shape: Shape) -> list[np.ndarray]:
    """One with edges, slopes and noise, and two of one color."""
    draws = np.random.default_rng(0)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    slopes = np.stack([rows / shape[0], columns / shape[1], (rows // 4 + columns // 4) % 2][: shape[2]], -1)
    structured = np.clip(200 * slopes + draws.uniform(0, 55, shape), 0, 255)
    return [each.astype(np.float32) for each in (structured, np.zeros(shape), np.full(shape, 255.0))]


def _operations(function: Any) -> list[str]:
    graph = function.graph.as_graph_def()
    return [node.op for part in (graph.node, *(each.node_def for each in graph.library.function)) for node in part]


def _in_words(shape: tuple[int | None, ...]) -> str:
    return " by ".join("?" if side is None else str(side) for side in shape)
