import numpy as np
import pytest
import tensorflow as tf

from imgcls.explain.faithfulness import likeness, random_network
from imgcls.explain.network import Network
from imgcls.models import build_model

NAMES = ["cat", "dog", "owl"]


@pytest.mark.parametrize("name", ["lenet5", "resnet20", "mobilenet_v2"])
@pytest.mark.thorough
def test_nothing_learned_is_left_and_signals_pass(name):
    network = Network(build_model(name, (32, 32, 3), NAMES))
    before = [np.array(each) for each in network.model.get_weights()]
    random = random_network(network, seed=1)
    for mine, theirs in zip(network.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for weight, other in zip(random.model.trainable_weights, network.model.trainable_weights, strict=True):
        if "kernel" in weight.name:
            assert abs(np.corrcoef(np.ravel(weight), np.ravel(other))[0, 1]) < 0.5
    logits = random.run(tf.random.stateless_uniform((4, 32, 32, 3), (0, 1), 0, 255)).logits.numpy()
    assert np.isfinite(logits).all()
    assert 1e-3 < np.abs(logits).max() < 1e4


def test_weights_come_from_the_seed():
    network = Network(build_model("lenet5", class_names=NAMES))
    first, same, other = (random_network(network, seed).model.get_weights() for seed in (1, 1, 2))
    for one, two in zip(first, same, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not all(np.array_equal(one, two) for one, two in zip(first, other, strict=True))


def test_what_is_measured_from_data_and_frozen_layers(cat):
    cat.network.model.get_layer("logits").trainable = False
    random = random_network(cat.network)
    cat.network.model.get_layer("logits").trainable = True
    ours, theirs = (each.model.get_layer("standardization").get_weights() for each in (random, cat.network))
    assert all(np.array_equal(*pair) for pair in zip(ours, theirs, strict=True))
    assert not np.allclose(random.model.get_weights()[-2], cat.network.model.get_weights()[-2])
    assert random.class_names == cat.network.class_names


def test_likeness_reads_ranks_and_the_sign_where_it_counts():
    values = np.random.default_rng(0).normal(size=(16, 16))
    assert likeness(values, np.exp(values)) == 1
    assert likeness(values, -values) == -1
    assert likeness(values, -values, signed=True) == 1
    assert abs(likeness(values, np.random.default_rng(1).normal(size=(16, 16)))) < 0.2


@pytest.mark.parametrize("nothing", [np.zeros((4, 4)), np.full((4, 4), np.nan)])
def test_a_map_that_is_none_is_like_nothing(nothing):
    assert likeness(np.arange(16.0).reshape(4, 4), nothing) == 0
