"""The same network, computed in another precision."""

from typing import Any

import keras

from imgcls.layers import HOG, ClassProbabilities, Judgement, PixelStandardization
from imgcls.models.recursion import deep_networks

OF_FULL_PRECISION = (HOG, ClassProbabilities, Judgement, PixelStandardization)  # sums and thresholds need 32 bits
GIVEN_OUT = ("embedding", "logits")  # layers whose values leave the network


@deep_networks()
def in_bfloat16(model: keras.Model) -> keras.Model:
    """The same classifier with the same weights, whose layers compute in bfloat16.

    Weights stay in float32, as do the layers that begin and end the network, so that it takes and gives float32.

    Args:
        model: A classifier.

    Example:
        >>> from imgcls.models import build_model
        >>> in_bfloat16(build_model("lenet5", class_names=["cat", "dog"])).get_layer("c1_conv").compute_dtype
        'bfloat16'
    """

    def recast(layer: keras.layers.Layer) -> keras.layers.Layer:
        config: dict[str, Any] = layer.get_config()
        if not isinstance(layer, OF_FULL_PRECISION) and layer.name not in GIVEN_OUT:
            config["dtype"] = "mixed_bfloat16"
        return type(layer).from_config(config)

    twin = keras.models.clone_model(model, clone_function=recast)
    twin.set_weights(model.get_weights())
    return twin
