"""The deconvnet: an answer, or one unit, projected back to the pixels that excite it."""

import numpy as np
import tensorflow as tf

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods import backward_rules
from imgcls.explain.methods.input_gradients import input_gradients, pixel_gradients
from imgcls.explain.methods.method import Method, MethodOptions
from imgcls.explain.methods.saliency import strongest_channel
from imgcls.explain.network import Network, Pass
from imgcls.models.feature_maps import FeatureMap

RULE = backward_rules.at_activations(backward_rules.deconvnet)


def deconvnet(network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions) -> Heatmaps:
    """The largest absolute value over the channels of the score's projection to the pixels; see `Compute`.

    Reference:
        Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014, section 2.1.
    """
    return Heatmaps(strongest_channel(pixel_gradients(network, pixels, coefficients, options, RULE)))


def deconvnet_of_unit(
    network: Network,
    pixels: np.ndarray,
    layer: str,
    unit: int | np.ndarray,
    positions: np.ndarray | None = None,
    batch_size: int = 16,
) -> np.ndarray:
    """What in each image excites a unit, as in the paper's figure 2.

    All values of the layer but one of this unit are set to zero, and that one is projected back to the pixels.

    Args:
        network: The classifier.
        pixels: (B, H, W, C), in [0, 255].
        layer: Whose unit it is; empty for the last feature map.
        unit: Number of the channel; one for all images, or (B,).
        positions: Row and column of the value in each image's map, (B, 2); by default those of the largest one.
        batch_size: Images that pass the network at once.

    Returns:
        (B, H, W, C), float32, on both sides of 0 and of any size: only the shape of it means something.

    Raises:
        ValueError: If there is no such layer or unit, or a position outside its map.

    Reference:
        Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014, sections 2.1 and 4.

    Example:
        >>> from imgcls.models import build_model
        >>> network = Network(build_model("lenet5_relu", class_names=["cat", "dog"]))
        >>> deconvnet_of_unit(network, np.full((1, 32, 32, 1), 255.0), "", 3).shape
        (1, 32, 32, 1)
    """
    units = np.broadcast_to(np.asarray(unit, np.int32), len(pixels))
    found = network.layer(layer)
    for each in np.unique(units):
        network.unit(found.name, int(each))
    per_image = [units] if positions is None else [units, _checked(positions, len(pixels), found)]

    def value(passed: Pass, channels: tf.Tensor, places: tf.Tensor | None = None) -> tf.Tensor:
        maps = tf.gather(passed.maps[found.name], channels, axis=3, batch_dims=1)
        chosen = tf.gather_nd(maps, _largest(maps) if places is None else places, batch_dims=1)
        return chosen * tf.stop_gradient(chosen)  # so that the value itself is projected, as in the paper, and not 1

    return input_gradients(network, pixels, value, RULE, [found.name], per_image, batch_size)


def _largest(maps: tf.Tensor) -> tf.Tensor:
    """Row and column of the first largest value of each map: (B, 2) of (B, h, w)."""
    height, width = maps.shape[1:]
    first = tf.argmax(tf.reshape(maps, (-1, height * width)), axis=1, output_type=tf.int32)
    return tf.stack([first // width, first % width], axis=1)


def _checked(positions: np.ndarray, images: int, found: FeatureMap) -> np.ndarray:
    places, size = np.asarray(positions, np.int32), found.shape[:2]
    if places.shape != (images, 2) or (places < 0).any() or (places >= size).any():
        raise ValueError(
            f"The positions have the shape {places.shape} and lie between {places.min(initial=0)} and "
            f"{places.max(initial=0)}; expected a row and a column for each of {images} images, inside the "
            f"{size[0]} x {size[1]} positions of {found.name}."
        )
    return places


METHOD = Method("deconvnet", "Deconvnet", deconvnet, "pixels", signed=False, paper="Zeiler and Fergus, 2014")
