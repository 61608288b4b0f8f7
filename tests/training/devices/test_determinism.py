"""Whether a run repeats to the bit: by default on a processor; and which operations TensorFlow refuses on a GPU."""

import numpy as np
import pytest
import tensorflow as tf

from imgcls.training.devices import determinism
from imgcls.training.devices.determinism import check_repeatable, choose_determinism, refused_operations
from imgcls.training.stage_batches import StageBatches
from tests.training.test_trainer import batches, one_device_trainer


def graph_of(function, *shapes) -> tf.Graph:
    specs = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    return tf.function(function, autograph=False).get_concrete_function(*specs).graph


def gradient(function):
    def of(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return tape.gradient(y, x)

    return of


def test_a_processor_repeats_by_default_and_a_gpu_does_when_asked(monkeypatch):
    assert choose_determinism(None)[0] is True
    assert choose_determinism(False) == (False, "")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a card"] if kind == "GPU" else [])
    chosen, why = choose_determinism(None)
    assert not chosen
    assert "--deterministic repeats it to the bit" in why
    assert choose_determinism(True) == (True, "")


def test_what_a_convolution_needs_is_repeated():
    kernel = tf.ones((3, 3, 1, 4))
    graph = graph_of(
        gradient(lambda x: tf.nn.max_pool2d(tf.nn.conv2d(x, kernel, 1, "SAME"), 2, 2, "SAME")), (1, 8, 8, 1)
    )
    assert refused_operations(graph) == []
    check_repeatable(graph)


def test_an_operation_that_is_not_repeated_is_named_even_inside_a_loop():
    def resized(x):
        return tf.image.resize(x, (16, 16), "nearest")

    def loop(x):
        return tf.while_loop(lambda i, y: i < 3, lambda i, y: [i + 1, gradient(resized)(y)], [tf.constant(0), x])[1]

    graph = graph_of(loop, (1, 8, 8, 1))
    assert refused_operations(graph) == ["ResizeNearestNeighborGrad"]
    with pytest.raises(ValueError, match=r"ResizeNearestNeighborGrad .*UpSampling2D.* Train with --no-deterministic"):
        check_repeatable(graph)


@pytest.mark.parametrize("is_training", [True, False])
def test_batch_normalization_is_not_repeated_where_it_is_frozen(is_training):
    def normalized(x):
        ones, zeros = tf.ones(2), tf.zeros(2)
        moments = {} if is_training else {"mean": zeros, "variance": ones}
        return tf.compat.v1.nn.fused_batch_norm(x, ones, zeros, is_training=is_training, **moments)[0]

    found = refused_operations(graph_of(gradient(normalized), (1, 4, 4, 2)))
    assert found == ([] if is_training else ["FusedBatchNormGradV3"])


def test_a_step_is_refused_before_it_is_made_on_a_gpu_alone(monkeypatch):
    """No card can be had: TensorFlow is told that there is one, and the step of the processor is looked at."""
    trainer, spoilt = one_device_trainer(), {"Conv2DBackpropFilter": "a convolution"}
    stage = StageBatches(lambda position, steps: batches(), [], np.zeros(0))
    monkeypatch.setattr(determinism, "REFUSED", spoilt)
    determinism.check_step(trainer, stage, deterministic=True)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a card"] if kind == "GPU" else [])
    with pytest.raises(ValueError, match=r"Conv2DBackpropFilter \(a convolution\)"):
        determinism.check_step(trainer, stage, deterministic=True)
    determinism.check_step(trainer, stage, deterministic=False)
    assert trainer.progress.step == 0
