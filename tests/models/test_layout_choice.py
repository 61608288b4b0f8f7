import os
import subprocess
import sys

import pytest

from imgcls.data_format import CHANNELS_FIRST, CHANNELS_LAST, DATA_FORMATS
from imgcls.layer_precision import layers_in
from imgcls.models import layout_choice
from imgcls.models.layout_choice import resolve_data_format

WITHOUT_ONEDNN = """
import keras
import numpy as np
import tensorflow as tf
from imgcls.models.layout_choice import resolve_data_format
from imgcls.models import build_model

print(resolve_data_format("auto").reason)
print(resolve_data_format("channels_first").reason)
keras.config.set_dtype_policy("mixed_bfloat16")
print(resolve_data_format("channels_first").data_format)
keras.config.set_dtype_policy("float32")
networks = [build_model("mobilenet_v3_small_075", (40, 40, 3), num_classes=3, data_format=layout)
            for layout in ("channels_last", "channels_first")]
networks[1].set_weights(networks[0].get_weights())
pixels, gradients = tf.random.stateless_uniform((2, 40, 40, 3), (0, 0), 0, 255), []
for network in networks:
    with tf.GradientTape() as tape:
        loss = tf.math.log(network(pixels)[0, 0])
    gradients.append(np.concatenate([np.ravel(each) for each in tape.gradient(loss, network.trainable_weights)]))
print(np.abs(gradients[0] - gradients[1]).max() / np.abs(gradients[0]).max() < 1e-4)
"""


@pytest.fixture
def slow_step(monkeypatch):
    """Makes one layout slow, on a device that has both; returns the function that says which."""
    layout_choice._fastest.cache_clear()
    monkeypatch.setattr(layout_choice, "convolves", lambda dtype, data_format="channels_last": True)
    yield lambda slow: monkeypatch.setattr(layout_choice, "_step", lambda layout, *_: lambda: _spend(layout == slow))
    layout_choice._fastest.cache_clear()


def _spend(long: bool) -> None:
    sum(range(200_000 if long else 20_000))


@pytest.mark.parametrize(("slow", "chosen"), [(CHANNELS_FIRST, CHANNELS_LAST), (CHANNELS_LAST, CHANNELS_FIRST)])
def test_auto_takes_the_layout_that_is_faster(slow_step, slow, chosen):
    slow_step(slow)
    choice = resolve_data_format("auto")
    assert choice.data_format == chosen
    assert choice.reason.startswith(f"{chosen}, because a step of channels_first takes")


def test_auto_times_the_device_at_hand():
    assert resolve_data_format("auto").data_format in DATA_FORMATS


def test_a_layout_that_is_asked_for_is_taken():
    for data_format in DATA_FORMATS:
        assert resolve_data_format(data_format).data_format == data_format


def test_an_unknown_layout_is_refused():
    with pytest.raises(ValueError, match="data_format is 'NCHW'; expected 'channels_last' or 'channels_first'"):
        resolve_data_format("NCHW")


@pytest.mark.thorough
def test_without_onednn_channels_first_computes_the_same_and_says_that_it_takes_longer():
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", WITHOUT_ONEDNN]
    auto, first, sixteen_bits, equal = subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert auto == "channels_last, as the CPU convolves (float32)."
    assert first.startswith(
        "channels_first: the CPU convolves in channels_last (float32), so the images are turned at each convolution"
    )
    assert sixteen_bits == "channels_first"
    assert equal == "True"


@pytest.mark.parametrize(
    ("kept", "said"), [(["float32"], r"cannot convolve in bfloat16; choose --precision float32"), ([], "at all: its ")]
)
def test_a_type_that_the_device_cannot_convolve_in_is_refused(monkeypatch, kept, said):
    monkeypatch.setattr(layout_choice, "convolves", lambda dtype, data_format="channels_last": dtype in kept)
    for data_format in ("auto", *DATA_FORMATS):
        layout_choice._fastest.cache_clear()
        with layers_in("bfloat16"), pytest.raises(ValueError, match=said):
            resolve_data_format(data_format)
