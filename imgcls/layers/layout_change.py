"""From one layout to the other."""

import keras
from keras import ops

from imgcls.data_format import CHANNELS_FIRST, CHANNELS_LAST, check_data_format

ORDERS = {  # (source, target) -> order of the axes
    (CHANNELS_LAST, CHANNELS_FIRST): (0, 3, 1, 2),
    (CHANNELS_FIRST, CHANNELS_LAST): (0, 2, 3, 1),
}


@keras.saving.register_keras_serializable("imgcls")
class LayoutChange(keras.layers.Layer):
    """(B, H, W, C) into (B, C, H, W) or back; nothing where both layouts are the same.

    source, target: "channels_last" or "channels_first".
    """

    def __init__(self, source: str, target: str, **kwargs):
        super().__init__(**kwargs)
        self.source = check_data_format(source)
        self.target = check_data_format(target)
        self.order = ORDERS.get((source, target), (0, 1, 2, 3))

    def call(self, inputs):
        return inputs if self.source == self.target else ops.transpose(inputs, self.order)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[axis] for axis in self.order)

    def get_config(self):
        return {**super().get_config(), "source": self.source, "target": self.target}
