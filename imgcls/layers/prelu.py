"""The rectifier whose slope below zero is learned, one slope a channel."""

import keras
from keras import initializers, ops, regularizers

from imgcls.data_format import channel_axis


@keras.saving.register_keras_serializable("imgcls")
class PReLU(keras.layers.Layer):
    """x where x is positive, alpha · x elsewhere, with one learned alpha for each channel.

    He et al., Delving Deep into Rectifiers, 2015. Keras' own PReLU has a weight of another shape in each layout; this
    one has the shape (C,) in both, so the same weights fit both.

    Input and output: (B, H, W, C), or (B, C, H, W) in channels_first, or (B, C).
    alpha_initializer: 0.25 in the paper.
    alpha_regularizer: none in the paper, because a penalty pushes the slope to that of ReLU.
    """

    def __init__(self, alpha_initializer=None, alpha_regularizer=None, data_format: str = "channels_last", **kwargs):
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer) or initializers.Constant(0.25)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.axis = channel_axis(data_format)
        self.data_format = data_format

    def build(self, input_shape):
        self.alpha = self.add_weight(
            name="alpha",
            shape=(input_shape[self.axis],),
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
        )
        self.alpha_shape = [1] * len(input_shape)
        self.alpha_shape[self.axis] = -1

    def call(self, inputs):
        return ops.relu(inputs) - ops.reshape(self.alpha, self.alpha_shape) * ops.relu(-inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "data_format": self.data_format,
        }
        return {**super().get_config(), **own}
