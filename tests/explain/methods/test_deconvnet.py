import keras
import numpy as np
import pytest

from imgcls.explain.methods.deconvnet import deconvnet_of_unit
from tests.explain.methods.conftest import classifier


def conv_relu_pool(kernel):
    """A network that computes a convolution, a rectifier and max pooling of single pixels, as one can by hand."""
    network = classifier(
        (4, 4, 1),
        [
            keras.layers.Conv2D(1, 3, padding="same", use_bias=False, name="conv"),
            keras.layers.ReLU(name="relu"),
            keras.layers.MaxPooling2D(2, name="pool"),
        ],
        np.ones((4, 3), np.float32),
    )
    network.model.get_layer("conv").set_weights([kernel[:, :, None, None]])
    return network


def correlated(image, kernel):
    """A "same" convolution, as neural networks mean it, in NumPy."""
    padded = np.pad(image, 1)
    return np.array([[(padded[r : r + 3, c : c + 3] * kernel).sum() for c in range(4)] for r in range(4)])


def unpooled(pooled, before):
    """Each value at the place where its maximum was, as the paper's switches remember it."""
    back = np.zeros_like(before)
    for row, column in np.ndindex(2, 2):
        window = before[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        r, c = np.unravel_index(window.argmax(), (2, 2))
        back[2 * row + r, 2 * column + c] = pooled[row, column]
    return back


def test_a_unit_is_projected_as_in_the_paper_by_hand():
    rng = np.random.default_rng(2)
    kernel, image = rng.normal(size=(3, 3)).astype(np.float32), rng.uniform(0, 255, (4, 4)).astype(np.float32)
    convolved = np.maximum(correlated(image, kernel), 0)
    pooled = convolved.reshape(2, 2, 2, 2).max(axis=(1, 3))
    alone = np.where(pooled == pooled.max(), pooled, 0)
    expected = correlated(np.maximum(unpooled(alone, convolved), 0), kernel[::-1, ::-1])  # the transposed filter
    found = deconvnet_of_unit(conv_relu_pool(kernel), image[None, :, :, None], "pool", 0)
    np.testing.assert_allclose(found[0, :, :, 0], expected, rtol=1e-5)


def test_the_position_can_be_chosen_and_one_outside_is_refused():
    network = conv_relu_pool(np.ones((3, 3), np.float32))
    image = np.full((2, 4, 4, 1), 9.0, np.float32)
    found = deconvnet_of_unit(network, image, "relu", 0, np.array([[0, 0], [3, 3]]))
    assert found[0, :2, :2].all()
    assert not found[0, 2:].any()
    assert not found[0, :, 2:].any()
    assert found[1, 2:, 2:].all()
    assert not found[1, :2].any()
    with pytest.raises(ValueError, match="inside the 4 x 4 positions of relu"):
        deconvnet_of_unit(network, image, "relu", 0, np.array([[0, 0], [3, 4]]))


def test_each_image_can_have_a_unit_of_its_own(small_network):
    images = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 3)).astype(np.float32)
    together = deconvnet_of_unit(small_network, images, "", np.array([5, 0, 5]))
    alone = deconvnet_of_unit(small_network, images[1:2], "", 0)
    assert np.abs(together).max() > 0
    np.testing.assert_allclose(together[1:2], alone, rtol=1e-4, atol=1e-5 * np.abs(alone).max())


def test_a_unit_that_does_not_exist_is_refused(small_network):
    with pytest.raises(ValueError, match="has no unit 64; it has 64, from 0 to 63"):
        deconvnet_of_unit(small_network, np.zeros((1, 32, 32, 3), np.float32), "", np.array([64]))
    with pytest.raises(ValueError, match="has no layer 'block_of_nothing'"):
        deconvnet_of_unit(small_network, np.zeros((1, 32, 32, 3), np.float32), "block_of_nothing", 0)
