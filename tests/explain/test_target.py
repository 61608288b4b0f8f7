import pytest
import tensorflow as tf

from imgcls.explain.network import Network
from imgcls.explain.target import class_scores, score_of
from imgcls.models import build_model


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(build_model("lenet5", class_names=["coat", "shirt", "bag"]))


def test_a_class_its_score_and_its_difference_to_another(network):
    coefficients = class_scores(network, ["shirt", "bag"], ["coat", ""])
    assert coefficients.tolist() == [[-1, 1, 0], [0, 0, 1]]
    assert score_of(tf.constant([[1.0, 5.0, 0.0], [0.0, 0.0, 7.0]]), coefficients).numpy().tolist() == [4, 7]


def test_a_class_against_itself_and_an_unknown_one_are_refused(network):
    with pytest.raises(ValueError, match="'bag' is explained against itself"):
        class_scores(network, ["bag"], ["bag"])
    with pytest.raises(ValueError, match="knows no class 'boot'"):
        class_scores(network, ["boot"])
