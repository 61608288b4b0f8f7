import keras
import pytest

from imgcls.layer_precision import layers_in


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_precision_within_is_the_one_that_was_named(precision):
    before = keras.config.dtype_policy()
    with layers_in("float16"):
        with layers_in(precision):
            assert keras.layers.ReLU().compute_dtype == precision
        assert keras.layers.ReLU().compute_dtype == "float16"
    assert keras.config.dtype_policy() is before
