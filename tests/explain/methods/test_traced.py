import numpy as np
import pytest
import tensorflow as tf

from imgcls.explain.methods.traced import in_batches, traced


def test_one_graph_serves_batches_of_every_size():
    traces = []

    def double(values):
        traces.append(values.shape[0])
        return 2 * values

    found = in_batches(double, [np.arange(7)], batch_size=3)
    assert found.tolist() == [0, 2, 4, 6, 8, 10, 12]
    assert traces == [3]


def test_many_graphs_are_no_reason_for_a_warning(caplog):
    for _ in range(8):
        traced(lambda x: [tf.identity(x)], np.zeros(2))(np.zeros(1))
    assert "retracing" not in caplog.text


def test_progress_is_reported_and_no_image_is_refused():
    done = []
    in_batches(tf.identity, [np.arange(5)], 2, done.append)
    assert done == [2, 4, 5]
    with pytest.raises(ValueError, match="no image to explain"):
        in_batches(tf.identity, [np.zeros((0, 3))], 2)
