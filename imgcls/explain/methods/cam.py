"""Class activation maps, exactly: what each position of the last map adds to the score."""

from typing import Any

import numpy as np
import tensorflow as tf
from keras import layers

from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods.map_gradients import enlarged
from imgcls.explain.methods.method import Method, MethodOptions
from imgcls.explain.methods.traced import in_batches
from imgcls.explain.network import Network
from imgcls.framework_internals import inputs_of_call, producer

PASSED_THROUGH = (layers.Dropout, layers.Flatten, layers.Identity)  # in inference they change no number


def cam(network: Network, pixels: np.ndarray, coefficients: np.ndarray, options: MethodOptions) -> Heatmaps:
    """The last map before global average pooling, weighed by the weights of the linear head; see `Compute`.

    The mean of a map, in the size of its layer, is the score less the head's bias.

    Reference:
        Zhou et al., Learning Deep Features for Discriminative Localization, 2016, section 2.
    """
    asked, layer = network.layer(options.layer).name, pooled_layer(network)
    if not layer or (options.layer and asked != layer):
        raise ValueError(_refusal(network, layer, asked))
    head = network.model.get_layer("logits").kernel

    def maps(some: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
        weights = tf.einsum("bk,ck->bc", scores, tf.convert_to_tensor(head))
        features = network.run(some, keep=[layer]).maps[layer]
        return enlarged(tf.einsum("bhwc,bc->bhw", features, weights), network.size)

    return Heatmaps(in_batches(maps, [pixels, coefficients], options.batch_size, options.on_progress), layer)


def pooled_layer(network: Network) -> str:
    """The layer whose map goes through global average pooling and nothing else into a linear head; "" for none."""
    head = network.model.get_layer("logits")
    if not isinstance(head, layers.Dense):
        return ""
    pooling = _behind(head.input)
    if not isinstance(pooling, layers.GlobalAveragePooling2D):
        return ""
    name = str(_behind(pooling.input).name)
    return name if name in [each.name for each in network.maps] else ""


def _behind(tensor: Any) -> Any:
    """The operation that a tensor comes from, without what passes numbers through as they are."""
    operation, index = producer(tensor)
    while isinstance(operation, PASSED_THROUGH):
        operation, index = producer(inputs_of_call(operation, index)[0])
    return operation


def _refusal(network: Network, layer: str, asked: str) -> str:
    if layer:
        return f"The class activation map of {network.name} is made of {layer}, not of {asked}. Use grad_cam for that."
    return (
        f"{network.name} has no global average pooling right before a linear head, so its class activation map is not "
        "exact. Use grad_cam, which needs neither."
    )


METHOD = Method("cam", "CAM", cam, "map", signed=True, paper="Zhou et al., 2016")
