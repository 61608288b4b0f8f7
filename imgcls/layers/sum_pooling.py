"""Pooling that adds up, as in the first convolutional networks."""

import math

import keras


@keras.saving.register_keras_serializable("imgcls")
class SumPooling2D(keras.layers.AveragePooling2D):
    """The sum of each window of `pool_size` pixels; windows that do not fit are left out.

    LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, section II.B ("sub-sampling").

    Input and output: (B, H, W, C), or (B, C, H, W) in channels_first.
    pool_size, strides: an integer or (height, width); strides are pool_size by default.
    """

    def __init__(self, pool_size, strides=None, data_format: str = "channels_last", **kwargs):
        super().__init__(pool_size, strides, data_format=data_format, **kwargs)

    def call(self, inputs):
        return super().call(inputs) * math.prod(self.pool_size)

    def get_config(self):
        config = super().get_config()
        del config["padding"]
        return config
