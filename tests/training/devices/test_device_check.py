"""One step on each device against the processor; a second logical processor stands for another device."""

import numpy as np
import pytest
import tensorflow as tf

from imgcls.models import layout_choice
from imgcls.training.devices import device_check
from imgcls.training.devices.device_check import check_devices


@pytest.fixture(autouse=True)
def a_small_network(monkeypatch):
    monkeypatch.setattr(device_check, "NETWORK", "lenet5")


def test_a_device_that_computes_right_is_right():
    (found,) = check_devices()
    assert found.device == "CPU:1"
    assert found.difference == pytest.approx(0.0, abs=1e-5)
    assert found.is_right


def test_a_device_that_computes_something_else_is_not(monkeypatch):
    step = device_check._step

    def wrong(device):
        return [x * 1.01 if device.name.endswith("1") else x for x in step(device)]

    monkeypatch.setattr(device_check, "_step", wrong)
    (found,) = check_devices()
    assert found.difference == pytest.approx(0.01, rel=0.1)
    assert not found.is_right


def test_a_card_on_which_no_network_can_be_built_is_said(monkeypatch):
    monkeypatch.setattr(layout_choice, "convolves", lambda dtype, data_format="channels_last": False)
    (found,) = check_devices()
    assert not found.is_right
    assert "cannot convolve at all: its driver, CUDA or cuDNN do not fit TensorFlow." in found.problem


def test_a_card_without_memory_is_said(monkeypatch):
    def full(kind):
        raise tf.errors.InternalError(None, None, "cudaSetDevice() on GPU:0 failed. Status: out of memory")

    monkeypatch.setattr(tf.config, "list_logical_devices", full)
    assert check_devices() == [
        device_check.DeviceCheck("GPU", None, "cudaSetDevice() on GPU:0 failed. Status: out of memory")
    ]


def test_a_device_that_fails_says_why(monkeypatch):
    def failing(device):
        if device.name.endswith("1"):
            raise tf.errors.InternalError(None, None, "'cuModuleLoadData' failed with 'CUDA_ERROR_INVALID_PTX'\nmore")
        return [np.zeros(1)]

    monkeypatch.setattr(device_check, "_step", failing)
    (found,) = check_devices()
    assert (found.difference, found.is_right) == (None, False)
    assert found.problem == "'cuModuleLoadData' failed with 'CUDA_ERROR_INVALID_PTX'"
