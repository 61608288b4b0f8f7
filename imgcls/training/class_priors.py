"""The start of sigmoid heads: each class with the share of the images that have it as its probability."""

import keras
import numpy as np

LEAST_SHARE = 0.01  # of a class that few images have, or all of them but a few


def begin_with_shares(model: keras.Model, targets: np.ndarray) -> None:
    """Set the biases of the logits so that the first probabilities are about the shares of the classes.

    Rare classes would begin at a half otherwise, and the first epochs would learn little but that they are rare. Biases
    that are not zero, as those of given weights, stay as they are.

    Args:
        model: the classifier; its auxiliary heads begin likewise.
        targets: (N, classes), 1 where a training image has a class.

    Reference:
        Lin et al., Focal Loss for Dense Object Detection, 2017, section 3.3.
    """
    shares = np.clip(np.mean(targets, axis=0), LEAST_SHARE, 1 - LEAST_SHARE)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense) and layer.name.endswith("logits") and not _is_set(layer):
            layer.bias.assign(np.log(shares / (1 - shares)).astype(np.float32))


def _is_set(layer: keras.layers.Dense) -> bool:
    return bool(np.any(keras.ops.convert_to_numpy(layer.bias)))
