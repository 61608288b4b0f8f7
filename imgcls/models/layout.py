"""The same network in the other layout, and which layout suits the device at hand."""

import os
from functools import cache

import keras
import tensorflow as tf

from imgcls.data_format import CHANNELS_FIRST, CHANNELS_LAST, channel_axis, check_data_format

AUTO = "auto"


def choose_data_format(data_format: str) -> tuple[str, str]:
    """(layout, why): `data_format` itself, or for "auto" the one that is fast on the device at hand.

    Raises ValueError if the layout is unknown, or if this machine cannot run a convolution in it.
    """
    if data_format != AUTO:
        if check_data_format(data_format) == CHANNELS_FIRST:
            _require_channels_first()
        return data_format, "as asked"
    if not tf.config.list_physical_devices("GPU"):
        return CHANNELS_LAST, "there is no GPU, and a CPU computes channels_last faster"
    if keras.config.dtype_policy().compute_dtype != "float32":
        return CHANNELS_LAST, "a GPU's half-precision units read channels_last"
    return CHANNELS_FIRST, "a GPU computes float32 convolutions in channels_first"


def _require_channels_first() -> None:
    device = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    fault = channels_first_fault(keras.config.dtype_policy().compute_dtype, device, os.environ.get(ONEDNN, ""))
    if fault:
        raise ValueError(fault)


ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


@cache
def channels_first_fault(dtype: str, device: str, onednn: str) -> str:
    """What keeps this device from running a channels_first convolution in `dtype`; empty if nothing does."""
    try:
        with tf.device(f"/{device}:0"):
            tf.nn.conv2d(tf.zeros((1, 1, 4, 4), dtype), tf.zeros((2, 2, 1, 1), dtype), 1, "VALID", "NCHW")
    except tf.errors.OpError as error:
        reason = error.message.splitlines()[0][:200]
        return (
            f"The {device} of this machine runs no channels_first convolution in {dtype} ({reason}). Build the model "
            f"with data_format channels_last, which takes the same weights, or leave {ONEDNN} (now {onednn!r}) at 1."
        )
    return ""


def in_layout(model: keras.Model, data_format: str) -> keras.Model:
    """The same classifier with the same weights, in channels_first or channels_last.

    Every layer is made anew from its config with another layout. So any model can be turned whose layers are told
    their layout by `data_format` or by the `axis` of the channels.
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
