"""The last layer of every classifier: logits in, probabilities out, and the names of the classes."""

from collections.abc import Sequence
from typing import Any, Self

import keras
from keras import KerasTensor
from typing_extensions import override

from imgcls.counted import counted
from imgcls.layers.judgement import Judgement
from imgcls.layers.known_size import known

SOFTMAX, SIGMOID = ACTIVATIONS = ("softmax", "sigmoid")


@keras.saving.register_keras_serializable("imgcls")
class ClassProbabilities(keras.layers.Layer):
    """Softmax, or sigmoids, of logits / temperature, in float32, that knows the name of each class.

    The names travel in the layer's config, so a saved model needs no second file to say what its outputs mean. So does
    the judgement, with its numbers as weights; it does not change the probabilities.

    Args:
        class_names: One distinct name for each output, in the order of the outputs.
        temperature: Above 0; 1 leaves the probabilities as they are.
        activation: "softmax" for one class an image; "sigmoid" where an image may have several, or none.
        judgement: What was fitted after training; None before.

    Input shape:
        (B, number of classes).

    Output shape:
        (B, number of classes), in [0, 1]; with softmax, each row sums to 1.

    Raises:
        ValueError: For a name that is there twice, a temperature of 0 or below, an unknown activation, or another
            number of outputs.

    Reference:
        Guo et al., On Calibration of Modern Neural Networks, 2017, for the temperature.

    Example:
        >>> ClassProbabilities(["cat", "dog"])(keras.ops.zeros((1, 2))).numpy().tolist()
        [[0.5, 0.5]]
    """

    def __init__(
        self,
        class_names: Sequence[str],
        temperature: float = 1.0,
        activation: str = SOFTMAX,
        judgement: Judgement | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=kwargs.pop("dtype", "float32"), **kwargs)
        if len(set(class_names)) != len(class_names):
            repeated = sorted({name for name in class_names if list(class_names).count(name) > 1})
            raise ValueError(f"class_names repeats {repeated}; expected distinct names.")
        if not temperature > 0:
            raise ValueError(f"temperature is {temperature}; expected a number above 0.")
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation is {activation!r}; expected one of {', '.join(ACTIVATIONS)}.")
        if judgement is not None and judgement.num_classes != len(class_names):
            raise ValueError(
                f"The judgement is for {counted(judgement.num_classes, 'class')}; expected {len(class_names)}."
            )
        self.class_names = [str(name) for name in class_names]
        self.temperature = float(temperature)
        self.activation = activation
        self.judgement = judgement

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        outputs = known(input_shape[-1], "number of outputs")
        if outputs != len(self.class_names):
            raise ValueError(
                f"{counted(len(self.class_names), 'class name')} for {counted(outputs, 'output')}; expected as many."
            )
        if self.judgement is not None and not self.judgement.built:
            self.judgement.build()

    @override
    def call(self, logits: KerasTensor) -> KerasTensor:
        function = keras.ops.softmax if self.activation == SOFTMAX else keras.ops.sigmoid
        return function(logits / self.temperature)

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    @override
    def get_config(self) -> dict[str, Any]:
        own = {
            "class_names": self.class_names,
            "temperature": self.temperature,
            "activation": self.activation,
            "judgement": None if self.judgement is None else self.judgement.get_config(),
        }
        return {**super().get_config(), **own}

    @classmethod
    @override
    def from_config(cls, config: dict[str, Any]) -> Self:
        judgement = config.get("judgement")
        if isinstance(judgement, dict):
            config = {**config, "judgement": Judgement.from_config(judgement)}
        layer: Self = super().from_config(config)
        return layer
