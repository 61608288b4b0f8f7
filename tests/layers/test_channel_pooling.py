import numpy as np
import pytest

from imgcls.layers import ChannelPooling, Maxout

IMAGES = np.random.default_rng(0).normal(size=(2, 9, 8, 6)).astype("float32")


@pytest.mark.parametrize(("mode", "reduce"), [("max", np.max), ("average", np.mean)])
def test_channel_pooling_takes_adjacent_channels(mode, reduce):
    expected = reduce(IMAGES.reshape(2, 9, 8, 2, 3), axis=-1)
    np.testing.assert_allclose(ChannelPooling(3, mode)(IMAGES), expected, rtol=1e-6)


def test_maxout_takes_vectors_too():
    np.testing.assert_array_equal(Maxout(2)(np.array([[1.0, 5.0, -3.0, -4.0]], "float32")), [[5.0, -3.0]])
    np.testing.assert_array_equal(
        Maxout(2, data_format="channels_first")(np.array([[1.0, 5.0, -3.0, -4.0]], "float32")), [[5.0, -3.0]]
    )


def test_channel_pooling_refuses_what_it_cannot_divide():
    with pytest.raises(ValueError, match="6 channels; expected a multiple of 4"):
        Maxout(4)(IMAGES)
    with pytest.raises(ValueError, match="mode is 'min'; expected one of max, average"):
        ChannelPooling(2, "min")
