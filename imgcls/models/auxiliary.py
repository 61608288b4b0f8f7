"""Further classifiers in the middle of a network, which help in training and are not wanted afterwards."""

from typing import Any

import keras
from keras import KerasTensor
from typing_extensions import override

from imgcls.layers import ClassProbabilities
from imgcls.models.recursion import deep_networks


@keras.saving.register_keras_serializable("imgcls")
class AuxiliaryHeads(keras.layers.Layer):
    """Passes the first of its inputs on; it keeps the others in the model's graph, where a training loop finds them.

    Args:
        weight: Of the loss of each of the others, where the main loss has 1.

    Input shape:
        A list of logits (B, number of classes), the main ones first.

    Output shape:
        (B, number of classes): the main logits.

    Reference:
        Szegedy et al., Going Deeper with Convolutions, 2015, section 5.
    """

    def __init__(self, weight: float = 0.3, **kwargs: Any) -> None:
        super().__init__(dtype=kwargs.pop("dtype", "float32"), **kwargs)
        self.weight = float(weight)

    @override
    def call(self, logits: list[KerasTensor]) -> KerasTensor:
        return logits[0]

    @override
    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        return input_shape[0]

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "weight": self.weight}


@deep_networks()
def auxiliary_logits_model(model: keras.Model) -> tuple[keras.Model, list[float]]:
    """The same layers and weights, from pixels to a list of logits, and the weight of each one's loss.

    The loss of training is the sum of the losses of all the logits, each times its weight; the first logits are those
    of inference.

    Returns:
        The model, and a weight for each of its outputs. A model without auxiliary heads has one output, with weight 1.
    """
    logits = model.get_layer("logits").output
    heads = _heads(model)
    if heads is None:
        return keras.Model(model.input, [logits], name=model.name), [1.0]
    every = list(heads.input)
    return keras.Model(model.input, every, name=model.name), [1.0, *[heads.weight] * (len(every) - 1)]


@deep_networks()
def without_auxiliary_heads(model: keras.Model) -> keras.Model:
    """The same layers and weights without the auxiliary heads: what is exported and counted."""
    if _heads(model) is None:
        return model
    last = model.get_layer("probabilities")
    probabilities = ClassProbabilities.from_config(last.get_config())
    outputs = probabilities(model.get_layer("logits").output)
    probabilities.set_weights(last.get_weights())
    return keras.Model(model.input, outputs, name=model.name)


def _heads(model: keras.Model) -> AuxiliaryHeads | None:
    return next((layer for layer in model.layers if isinstance(layer, AuxiliaryHeads)), None)
