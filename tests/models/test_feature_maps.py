import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.models import build_model, describe
from imgcls.models.feature_maps import feature_maps, last_feature_map
from imgcls.models.layout import in_layout

NAMES = ("alexnet", "googlenet", "highway19", "lenet5", "mobilenet_v2_035", "nin", "resnet20", "resnet18_v2", "vgg11")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.thorough
def test_what_a_built_network_sees_is_what_the_table_of_costs_says(name):
    expected = {layer.name: (layer.shape, layer.fields) for layer in describe(name, num_classes=3).layers}
    found = feature_maps(build_model(name, num_classes=3))
    assert len(found) > 3
    known = [each for each in found if each.name in expected]
    assert len(known) > len(found) / 2
    for each in known:
        assert (each.shape, each.fields) == expected[each.name], each.name


def test_a_position_sees_its_window_and_nothing_else():
    model = build_model("vgg11", (64, 64, 3), num_classes=3, normalization="none")
    found = next(each for each in feature_maps(model) if each.name == "stage3_1")
    part = keras.Model(model.input, model.get_layer("stage3_1").output)
    pixels = tf.constant(np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        response = tf.reduce_sum(tf.abs(part(pixels)[0, 7, 8]))
    seen = np.abs(tape.gradient(response, pixels)[0]).sum(-1) > 0
    left, top, right, bottom = found.window(7, 8, (64, 64))
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    assert (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) == (left, top, right, bottom)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vgg11", "stage5_2"),  # not the pooling behind it
        ("resnet50", "stage4_block3"),
        ("densenet121", "last"),
        ("efficientnet_lite0", "head"),
        ("googlenet", "module_5b"),
        ("lenet5", "c3"),
        ("convnext_atto", "stage4_block2"),
        ("vit_tiny_patch16", "block12_attention_norm"),  # behind it no patch token counts
    ],
)
@pytest.mark.thorough
def test_the_layer_of_class_activation_maps_is_found(name, expected):
    assert last_feature_map(build_model(name, num_classes=3)).name == expected


def test_of_tokens_the_patches_are_a_map():
    maps = {each.name: each for each in feature_maps(build_model("vit_tiny_patch16", (64, 96, 3), num_classes=3))}
    assert (maps["patches"].shape, maps["patches"].prefix) == ((4, 6, 192), 0)
    assert (maps["block3_mlp_sum"].shape, maps["block3_mlp_sum"].prefix) == ((4, 6, 192), 1)
    assert maps["positions"].window(1, 2, (64, 96)) == (32, 16, 48, 32)
    assert maps["block1_attention"].fields is None
    assert "embedding" not in maps


def test_where_the_patches_are_averaged_they_count_to_the_end():
    model = build_model("vit_tiny_patch16", (64, 96, 3), num_classes=3, pooling="average")
    assert last_feature_map(model).name == "block12_mlp_sum"


def test_a_map_of_one_position_shows_no_place():
    model = build_model("efficientnet_lite0", (32, 32, 3), num_classes=3)
    assert [each.shape[:2] for each in feature_maps(model)][-1] == (1, 1)
    assert min(last_feature_map(model).shape[:2]) == 2


def test_a_network_without_maps_has_none():
    assert last_feature_map(build_model("mlp", num_classes=3)) is None


def test_the_other_layout_is_refused():
    with pytest.raises(ValueError, match="expected channels_last"):
        feature_maps(in_layout(build_model("lenet5", num_classes=3), "channels_first"))
