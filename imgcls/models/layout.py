"""The same network in the other layout."""

import keras

from imgcls.data_format import channel_axis, check_data_format
from imgcls.models.recursion import deep_networks


@deep_networks()
def in_layout(model: keras.Model, data_format: str) -> keras.Model:
    """The same classifier with the same weights, in channels_first or channels_last.

    Every layer is made anew from its config with another layout. So any model can be turned whose layers have
    `data_format` or the `axis` of the channels in their config.

    Args:
        model: A classifier.
        data_format: "channels_last" or "channels_first".
    """
    check_data_format(data_format)
    before = model.get_layer("standardization").data_format
    if before == data_format:
        return model

    def turned(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if "data_format" in config:
            config["data_format"] = data_format
        if config.get("axis") == channel_axis(before) and len(layer.output.shape) == 4:
            config["axis"] = channel_axis(data_format)
        return type(layer).from_config(config)

    twin = keras.models.clone_model(model, clone_function=turned)
    twin.set_weights(model.get_weights())
    return twin
