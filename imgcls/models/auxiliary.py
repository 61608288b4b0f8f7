"""Further classifiers in the middle of a network, which help in training and are not wanted afterwards."""

import keras

from imgcls.layers import ClassProbabilities
from imgcls.models.recursion import deep_networks


@keras.saving.register_keras_serializable("imgcls")
class AuxiliaryHeads(keras.layers.Layer):
    """Passes the first of its inputs on; it keeps the others in the model's graph, where a training loop finds them.

    Szegedy et al., Going Deeper with Convolutions, 2015, section 5.

    Input: a list of logits (B, number of classes), the main ones first. Output: the main ones.
    weight: of the loss of each of the others, where the main loss has 1.
    """

    def __init__(self, weight: float = 0.3, **kwargs):
        super().__init__(dtype=kwargs.pop("dtype", "float32"), **kwargs)
        self.weight = float(weight)

    def call(self, logits):
        return logits[0]

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}


@deep_networks()
def auxiliary_logits_model(model: keras.Model) -> tuple[keras.Model, list[float]]:
    """The same layers and weights, from pixels to a list of logits, and the weight of each one's loss.

    A training loop's loss is the sum of the losses of all the logits, each times its weight; the first are those that
    count in inference. A model without auxiliary heads gives a list of one, with weight 1.
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
    roof = ClassProbabilities.from_config(model.get_layer("probabilities").get_config())
    return keras.Model(model.input, roof(model.get_layer("logits").output), name=model.name)


def _heads(model: keras.Model) -> AuxiliaryHeads | None:
    return next((layer for layer in model.layers if isinstance(layer, AuxiliaryHeads)), None)
