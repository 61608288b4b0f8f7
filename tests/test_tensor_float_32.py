import pytest
import tensorflow as tf

from imgcls.tensor_float_32 import without_tensor_float_32

rounds = tf.config.experimental.tensor_float_32_execution_enabled


def test_it_is_off_within_and_as_before_afterwards_also_where_something_fails():
    with without_tensor_float_32():
        assert not rounds()
        with without_tensor_float_32():
            assert not rounds()
        assert not rounds()
    assert rounds()
    with pytest.raises(ValueError, match="wrong"), without_tensor_float_32():
        raise ValueError("wrong")
    assert rounds()
