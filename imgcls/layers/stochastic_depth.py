"""Stochastic depth, also called drop path."""

import keras


@keras.saving.register_keras_serializable("imgcls")
class StochasticDepth(keras.layers.Dropout):
    """Drops the whole input of some samples in training; stands at the end of a residual branch.

    Huang et al., Deep Networks with Stochastic Depth, 2016. As in most code since, what survives is divided by
    1 - rate in training, where the paper multiplies by it in inference: the expected value is the same.

    Input and output: (B, ...), any layout.
    rate: share in [0, 1] of the samples that become zero. In inference the input passes unchanged.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs):
        super().__init__(rate, seed=seed, **kwargs)

    def build(self, input_shape):
        self.noise_shape = (None, *(1 for _ in input_shape[1:]))  # one draw a sample
        super().build(input_shape)

    def get_config(self):
        config = super().get_config()
        del config["noise_shape"]
        return config
