"""The rectifier whose slope below zero is random in training."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("imgcls")
class RReLU(keras.layers.Layer):
    """x where x is positive, slope · x elsewhere, with a slope drawn for each element in training.

    Xu et al., Empirical Evaluation of Rectified Activations in Convolutional Network, 2015. The slope is uniform in
    [lower, upper] in training and its mean in inference, as in PyTorch; the paper draws the inverse of the slope from
    [3, 8].

    Input and output: (B, ...), any layout.
    lower, upper: 0 <= lower <= upper < 1.
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= lower <= upper < 1:
            raise ValueError(f"lower is {lower} and upper is {upper}; expected 0 <= lower <= upper < 1.")
        self.lower = lower
        self.upper = upper
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if training:
            slope = keras.random.uniform(
                ops.shape(inputs), self.lower, self.upper, dtype=inputs.dtype, seed=self.seed_generator
            )
        else:
            slope = (self.lower + self.upper) / 2
        return ops.relu(inputs) - slope * ops.relu(-inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "lower": self.lower, "upper": self.upper, "seed": self.seed}
