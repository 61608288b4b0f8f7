"""Why a network answers as it does as one function of tensors, picture included: what a SavedModel can hold."""

from dataclasses import dataclass
from functools import cached_property

import tensorflow as tf

from imgcls.explain.drawing.heat_graph import heat_pngs
from imgcls.explain.heatmaps import ALL_ZERO, NOT_FINITE
from imgcls.explain.methods.grad_cam import METHOD, by_mean_gradient
from imgcls.explain.methods.map_gradients import explained_map
from imgcls.explain.network import Network, Pass
from imgcls.models.recursion import deep_networks

PREDICTED = -1  # in place of a class: the likeliest one


@dataclass(frozen=True)
class ExplanationGraph:
    """Grad-CAM of a network at its last feature map, in operations of TensorFlow alone.

    Attributes:
        network: The classifier. Its variables become those of the graph.

    Raises:
        ValueError: The network has no feature map.

    Example:
        >>> from imgcls.models import build_model
        >>> explain = ExplanationGraph(Network(build_model("lenet5", class_names=["cat", "dog"])))
        >>> found = explain(tf.zeros((2, 32, 32, 1)), tf.constant([PREDICTED, 1]))
        >>> found["heat_map"].shape, int(found["place"][1])
        (TensorShape([2, 32, 32]), 1)
    """

    network: Network
    title = METHOD.title

    def __post_init__(self) -> None:
        self.network.layer("")

    @cached_property
    def layer(self) -> str:
        """The layer whose feature map is read."""
        return self.network.layer("").name

    @deep_networks()
    def __call__(self, pixels: tf.Tensor, places: tf.Tensor) -> dict[str, tf.Tensor]:
        """Explain some images.

        Args:
            pixels: (B, H, W, C), float32 in [0, 255]; B is at least 1.
            places: (B,), int32, of the classes that are explained; `PREDICTED` for the likeliest one.

        Returns:
            place (B,) of the explained class, its probability (B,), heat_map (B, H, W) as
            `imgcls.explain.methods.grad_cam` gives it, picture_bytes (B,): the map over the image as a PNG file, and
            problem (B,): why the map is not to be shown as one, or "".
        """

        def score(passed: Pass) -> tf.Tensor:
            return tf.gather(passed.logits, _chosen(passed, places), batch_dims=1)

        heat_map, passed = explained_map(self.network, self.layer, pixels, score, by_mean_gradient)
        place = _chosen(passed, places)
        return {
            "place": place,
            "probability": tf.gather(self.network.probabilities(passed.logits), place, batch_dims=1),
            "heat_map": heat_map,
            "picture_bytes": heat_pngs(pixels, heat_map),
            "problem": _problems(heat_map),
        }


def _chosen(passed: Pass, places: tf.Tensor) -> tf.Tensor:
    return tf.where(places == PREDICTED, tf.argmax(passed.logits, axis=1, output_type=tf.int32), places)


def _problems(maps: tf.Tensor) -> tf.Tensor:
    """(B,), as `imgcls.explain.heatmaps.Heatmaps.problems` says it."""
    is_finite = tf.reduce_all(tf.math.is_finite(maps), axis=(1, 2))
    return tf.where(is_finite, tf.where(tf.reduce_any(maps != 0, axis=(1, 2)), "", ALL_ZERO), NOT_FINITE)
