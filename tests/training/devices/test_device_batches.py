"""Where a step finds its batch."""

from threading import Semaphore

import numpy as np
import pytest
import tensorflow as tf

from imgcls.training.devices.device_batches import DeviceBatches
from imgcls.training.devices.strategy import make_strategy


def some_batches() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((np.arange(6), np.ones((6, 4, 4, 3), "float32"))).batch(2)


@pytest.mark.parametrize("name", ["one_device", "mirrored"])
def test_processors_take_batches_as_they_are(name):
    batches, given = DeviceBatches(make_strategy(name)), some_batches()
    assert batches.place == "CPU:0"
    assert batches.ahead(given) is given


def test_a_device_has_two_batches_before_they_are_asked_for():
    batches, made = DeviceBatches(make_strategy("one_device")), Semaphore(0)
    batches.place = "CPU:1"  # in place of a GPU

    def count(positions, pixels):
        made.release()
        return positions, pixels

    counted = some_batches().map(lambda *batch: tf.numpy_function(count, batch, [tf.int64, tf.float32]))
    found = iter(batches.ahead(counted))
    positions, pixels = next(found)
    assert "CPU:1" in positions.device
    assert "CPU:1" in pixels.device
    assert all(made.acquire(timeout=60) for _ in range(3))
    assert [positions.numpy().tolist(), *(where.numpy().tolist() for where, _ in found)] == [[0, 1], [2, 3], [4, 5]]


def test_batches_of_other_workers_are_taken_as_they_come():
    batches, given = DeviceBatches(make_strategy("one_device")), [(1, 2)]
    batches.place = "CPU:1"
    assert batches.ahead(given) is given
