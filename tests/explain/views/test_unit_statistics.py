"""How units behave over a data set, against NumPy on all values at once."""

import numpy as np
import pytest

from imgcls.explain.network import Network
from imgcls.explain.views.unit_statistics import statistics_table, unit_statistics
from imgcls.models import build_model

PIXELS = np.random.default_rng(0).uniform(0, 255, (23, 32, 32, 1)).astype("float32")


@pytest.fixture(scope="module")
def network() -> Network:
    """LeNet-5 with a dead rectifier: unit 2 of the first layer is always below 0."""
    model = build_model("lenet5_relu", class_names=["a", "b"])
    weights, bias = model.get_layer("c1_conv").get_weights()
    bias[2] = -1000
    model.get_layer("c1_conv").set_weights([weights, bias])
    return Network(model)


@pytest.fixture(scope="module")
def found(network):
    uneven = [PIXELS[:9], PIXELS[9:9], PIXELS[9:10], PIXELS[10:]]
    return {each.layer: each for each in unit_statistics(network, iter(uneven))}


def test_every_feature_map_is_there_in_order(network, found):
    assert list(found) == [each.name for each in network.maps]


@pytest.mark.parametrize("layer", ["c1_conv", "c1", "c3"])
def test_figures_equal_those_of_all_values_at_once(network, found, layer):
    values = network.run(PIXELS, keep=[layer]).maps[layer].numpy().astype(np.float64)
    one, axes = found[layer], (0, 1, 2)
    np.testing.assert_allclose(one.mean, values.mean(axes), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(one.deviation, values.std(axes), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(one.maximum, values.max(axes), rtol=1e-5)
    np.testing.assert_allclose(one.minimum, values.min(axes), rtol=1e-5)
    np.testing.assert_allclose(one.active_positions, (values > 0).mean(axes), atol=1e-6)
    np.testing.assert_allclose(one.active_images, (values > 0).any((1, 2)).mean(0), atol=1e-6)


def test_quantiles_are_near(network, found):
    values = network.run(PIXELS, keep=["c3_conv"]).maps["c3_conv"].numpy()
    spread = values.std()
    for share in (0.05, 0.5, 0.95):
        true = np.quantile(values, share, axis=(0, 1, 2))
        assert np.abs(found["c3_conv"].quantile(share) - true).max() < 0.2 * spread
    np.testing.assert_allclose(found["c3_conv"].quantile(0.0), found["c3_conv"].minimum)


def test_the_dead_unit_is_named_and_a_negative_one_is_not_dead(found):
    assert found["c1"].dead == [2]
    assert "c1: 1 of 6 units is dead (2); " in found["c1"].sentence
    assert found["c1_conv"].dead == []  # it varies, below 0
    assert found["c1_conv"].active_images[2] == 0


def test_a_table_has_a_row_for_each_unit(found):
    table = statistics_table(list(found.values()))
    assert len(table) == sum(each.units for each in found.values())
    assert table[table["dead"] & (table["layer"] == "c1")]["unit"].tolist() == [2]


def test_some_layers_can_be_chosen_and_others_are_unknown(network):
    assert [each.layer for each in unit_statistics(network, [PIXELS], ["c1"])] == ["c1"]
    with pytest.raises(ValueError, match="no layer 'c9'"):
        unit_statistics(network, [PIXELS], ["c9"])


def test_no_image_and_broken_weights_are_said(network):
    with pytest.raises(ValueError, match="No image was given"):
        unit_statistics(network, [], ["c1"])
    with pytest.raises(ValueError, match="c1_conv gives values that are not finite"):
        unit_statistics(network, [PIXELS[:1] * np.float32(np.nan)], ["c1_conv"])
