import numpy as np
import pytest
import tensorflow as tf

from imgcls.explain.network import Network
from imgcls.explain.units.wish import Wish, scores_of
from imgcls.models import build_model


@pytest.fixture(scope="module")
def network():
    return Network(build_model("lenet5_relu", class_names=["cat", "dog"]))


def test_each_image_is_scored_by_its_own_wish(network):
    pixels = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 1)).astype(np.float32)
    wishes = [Wish("dog"), Wish(layer="c3", unit=5), Wish(layer="c3", unit=5, center=True), Wish(unit=2)]
    passed = network.run(pixels, keep=["c3"])
    c3 = passed.maps["c3"].numpy()
    expected = [passed.logits[0, 1], c3[1, ..., 5].mean(), c3[2, 5, 5, 5], c3[3, ..., 2].mean()]
    for leak in (0.0, 0.1):  # values stay; only gradients leak
        assert np.allclose(scores_of(network, wishes)(tf.constant(pixels), tf.constant(leak)), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ([], "No class and no unit"),
        ([Wish("dgo")], "no class 'dgo'.*dog"),
        ([Wish(layer="c9")], "no layer 'c9'"),
        ([Wish(layer="c1", unit=6)], "no unit 6"),
    ],
)
def test_what_does_not_exist_is_named(network, wishes, message):
    with pytest.raises(ValueError, match=message):
        scores_of(network, wishes)
