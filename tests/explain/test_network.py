import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.explain.network import Network, watched
from imgcls.models import build_model
from imgcls.models.layout import in_layout


def pixels_for(network: Network, count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (count, *network.size, network.channels)).astype(np.float32)


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(build_model("resnet20", (32, 32, 3), ["cat", "dog"]))


@pytest.mark.parametrize("name", ["resnet20", "googlenet", "mobilenet_v3_small", "highway19", "mlp"])
@pytest.mark.thorough
def test_a_pass_gives_what_the_model_gives(name):
    model = build_model(name, num_classes=3, auxiliary_heads=True) if name == "googlenet" else None
    model = model or build_model(name, num_classes=3)
    network = Network(model)
    pixels = pixels_for(network)
    found = network.probabilities(network.run(pixels).logits)
    np.testing.assert_allclose(found, model(pixels, training=False), atol=1e-5)


def test_both_layouts_are_explained_as_one(network):
    first = Network(in_layout(network.model, "channels_first"))
    pixels = pixels_for(network)
    names = [network.maps[3].name, network.maps[-1].name]
    mine, theirs = network.run(pixels, keep=names), first.run(pixels, keep=names)
    for name in names:
        np.testing.assert_allclose(mine.maps[name], theirs.maps[name], atol=1e-5)


def test_sixteen_bits_are_explained_in_32(bfloat16):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_model("resnet20", (32, 32, 3), ["cat", "dog"])
    finally:
        keras.config.set_dtype_policy(before)
    network = Network(model)
    found = network.run(pixels_for(network), keep=[network.last_map.name])
    assert found.maps[network.last_map.name].dtype == tf.float32
    for mine, theirs in zip(network.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_layer_can_be_watched_and_only_what_follows_is_recorded(network):
    pixels, name = tf.constant(pixels_for(network)), network.last_map.name
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        found = network.run(pixels, keep=[name], change={name: watched(tape)})
        score = found.logits[:, 0]
    gradient = tape.gradient(score, found.maps[name])
    kernel = network.model.get_layer("logits").kernel
    positions = np.prod(network.last_map.shape[:2])  # each counts alike behind the average
    np.testing.assert_allclose(gradient[0, 0, 0], kernel[:, 0] / positions, rtol=1e-4, atol=1e-6)


def test_a_layer_can_be_changed(network):
    pixels = pixels_for(network)
    changed = network.run(pixels, change={network.last_map.name: tf.zeros_like})
    np.testing.assert_allclose(changed.logits, np.broadcast_to(network.model.get_layer("logits").bias, (2, 2)))


def test_a_rule_replaces_layers(network):
    def without_activation(layer):
        return (lambda x: x) if layer.name == "stage1_block1" else layer

    assert (
        np.abs(
            network.run(pixels_for(network), rule=without_activation).logits - network.run(pixels_for(network)).logits
        ).max()
        > 0
    )


def test_names_that_there_are_not_are_answered_with_the_nearest(network):
    with pytest.raises(ValueError, match=r"no layer 'stage1_blok1'.*Did you mean 'stage1_block1'"):
        network.layer("stage1_blok1")
    with pytest.raises(ValueError, match="has no unit 64; it has 64, from 0 to 63"):
        network.unit("", 64)
    with pytest.raises(ValueError, match=r"knows no class 'dogg'. Did you mean 'dog'\? It knows: cat, dog"):
        network.place("dogg")


def test_a_network_without_convolutions_says_what_is_possible():
    with pytest.raises(ValueError, match=r"no feature map.*Methods on pixels work for it: saliency"):
        Network(build_model("mlp", num_classes=2)).layer()
