"""Which layout a network should have on the device at hand."""

import functools
import time
from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from imgcls.data_format import CHANNELS_FIRST, CHANNELS_LAST, DATA_FORMATS, channel_axis, check_data_format
from imgcls.layers.batch_normalization import BatchNormalization
from imgcls.layers.convolution import Conv2D
from imgcls.layers.layout_change import LayoutChange
from imgcls.layers.native_layout import convolves

AUTO = "auto"
ADVANTAGE = 1.25  # how many times faster channels_first must be to be chosen: a bet against noise
ROUNDS = 5
IMAGES = {"CPU": (8, 32, 32, 64), "GPU": (256, 32, 32, 64)}  # enough work that starting it does not count


class LayoutChoice(NamedTuple):
    """A layout, and what the user should know of it.

    Attributes:
        data_format: "channels_last" or "channels_first".
        reason: One sentence; empty where there is nothing to say.
    """

    data_format: str
    reason: str


def resolve_data_format(data_format: str) -> LayoutChoice:
    """The layout to build a network in, on the device at hand and in the precision that Keras is set to.

    Args:
        data_format: "channels_last"; "channels_first", which a processor computes by transposing the images at each
            convolution; or "auto", which times the training step of a convolution with batch normalization in both,
            where the device has both. That takes about a second, once a process.

    Raises:
        ValueError: For another name, and if the device cannot convolve in the precision at all.
    """
    dtype = keras.config.dtype_policy().compute_dtype
    if data_format == AUTO:
        return _fastest(dtype)
    check_data_format(data_format)
    require_convolutions(dtype)
    if convolves(dtype, data_format):
        return LayoutChoice(data_format, "")
    return LayoutChoice(
        data_format,
        f"{data_format}: {_device()} convolves in channels_last ({dtype}), so the images are turned at each "
        "convolution, which takes longer. channels_last has the same weights.",
    )


def require_convolutions(dtype: str) -> None:
    """Raise ValueError if the device at hand cannot convolve in `dtype` in any layout."""
    if convolves(dtype):
        return
    if dtype != "float32" and convolves("float32"):
        raise ValueError(f"{_device()} cannot convolve in {dtype}; choose --precision float32.")
    raise ValueError(
        f"{_device()} cannot convolve at all: its driver, CUDA or cuDNN do not fit TensorFlow. `python -m "
        "imgcls.doctor` shows them; CUDA_VISIBLE_DEVICES=-1 computes on the processor."
    )


@functools.cache
def _fastest(dtype: str) -> LayoutChoice:
    require_convolutions(dtype)
    if not convolves(dtype, CHANNELS_FIRST):
        return LayoutChoice(CHANNELS_LAST, f"channels_last, as {_device()} convolves ({dtype}).")
    steps = {data_format: _step(data_format, IMAGES[_device_kind()], dtype) for data_format in DATA_FORMATS}
    seconds: dict[str, list[float]] = {data_format: [] for data_format in DATA_FORMATS}
    for _ in range(ROUNDS):
        for data_format, step in steps.items():
            begin = time.perf_counter()
            step()
            seconds[data_format].append(time.perf_counter() - begin)
    ratio = min(seconds[CHANNELS_FIRST]) / min(seconds[CHANNELS_LAST])
    chosen = CHANNELS_FIRST if ratio * ADVANTAGE < 1 else CHANNELS_LAST
    return LayoutChoice(
        chosen,
        f"{chosen}, because a step of channels_first takes {ratio:.2f} times that of channels_last on {_device()}.",
    )


def _step(data_format: str, shape: tuple[int, ...], dtype: str) -> Callable[[], None]:
    """A function that convolves, normalises and rectifies, with gradients, and returns when the device is done.

    It has run once.
    """
    convolution = Conv2D(shape[-1], 3, padding="same", data_format=data_format, dtype=dtype)
    normalization = BatchNormalization(axis=channel_axis(data_format), dtype=dtype)
    images = LayoutChange(CHANNELS_LAST, data_format, dtype=dtype)(tf.ones(shape, dtype))
    convolution.build(images.shape)
    normalization.build(images.shape)

    @tf.function(autograph=False)
    def gradients() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.reduce_mean(tf.nn.relu(normalization(convolution(images), training=True)))
        return [tf.reduce_sum(each) for each in tape.gradient(loss, [images, convolution.kernel.value])]

    def step() -> None:
        for each in gradients():
            each.numpy()

    step()
    return step


def _device_kind() -> str:
    return "GPU" if tf.config.list_logical_devices("GPU") else "CPU"


def _device() -> str:
    """The name of the device that Keras computes on."""
    device = tf.config.list_physical_devices(_device_kind())[0]
    details: dict[str, str] = tf.config.experimental.get_device_details(device)
    return details.get("device_name", f"the {_device_kind()}")
