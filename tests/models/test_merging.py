"""A network whose branches are merged answers as before, and only what may be merged is."""

import keras
import pytest
from keras import layers

from imgcls import layers as ours
from imgcls.models import build_model
from imgcls.models.folding import fold_batch_normalization
from imgcls.models.merging import merge_branches
from tests.models.conftest import give_random_weights
from tests.models.same_answers import check, images_for


@pytest.mark.parametrize("size", [32, 33])
@pytest.mark.thorough
def test_a_repvgg_becomes_a_row_of_convolutions(size):
    model = build_model("repvgg_a0", (size, size, 3), num_classes=4)
    give_random_weights(model, images_for(model))
    merged = check(merge_branches, fold_batch_normalization(model))
    kinds = [type(layer) for layer in merged.layers if layer.weights]
    assert kinds == [ours.Conv2D] * 22 + [layers.Dense]  # the stem, 2, 4, 14 and 1 blocks
    assert {layer.name for layer in merged.layers} <= {layer.name for layer in model.layers}


@pytest.mark.parametrize("name", ["resnet20", "googlenet"])
def test_a_network_without_such_branches_is_left_as_it_is(name):
    model = build_model(name, class_names=["a", "b"])
    assert merge_branches(model) is model


def conv(x, filters: int = 4, size: int = 3, **arguments):
    return ours.Conv2D(filters, size, **{"padding": "same", **arguments})(x)


def test_what_is_merged_besides():
    pixels = keras.Input((8, 8, 4))
    three = layers.add([conv(pixels), conv(pixels, size=1)])
    x = layers.add([three, layers.BatchNormalization()(pixels)], name="three")
    x = layers.add([conv(x, 8, groups=2), conv(x, 8, 1, groups=2, use_bias=False)], name="in_groups")
    x = layers.add([conv(x, 8, 5), conv(x, 8), layers.BatchNormalization(scale=False)(x)], name="five_wide")
    model = keras.Model(pixels, x)
    give_random_weights(model, images_for(model))
    assert sum(bool(layer.weights) for layer in check(merge_branches, model).layers) == 3


@pytest.mark.parametrize(
    "branches",
    [
        lambda x: [conv(x), x],
        lambda x: [conv(x), conv(conv(x), size=1)],
        lambda x: [conv(x), conv(x, size=1, activation="relu")],
        lambda x: [conv(x, strides=2), conv(x, size=1, strides=2)],  # TensorFlow's padding: not around the same pixel
        lambda x: [conv(x, groups=2), conv(x, size=1)],
        lambda x: [conv(x, size=1), conv(x)],
        lambda x: [conv(x, dilation_rate=2), conv(x, size=1)],
        lambda x: [conv(x), layers.MaxPooling2D(1)(x)],
    ],
)
def test_what_stays(branches):
    pixels = keras.Input((8, 8, 4))
    model = keras.Model(pixels, layers.add(branches(pixels)))
    assert merge_branches(model) is model


def test_a_branch_that_something_else_reads_stays():
    pixels = keras.Input((8, 8, 4))
    narrow = conv(pixels, size=1)
    model = keras.Model(pixels, layers.concatenate([layers.add([conv(pixels), narrow]), narrow]))
    assert merge_branches(model) is model
