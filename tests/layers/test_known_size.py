import pytest

from imgcls.layers.known_size import known


def test_a_size_that_is_open_is_named():
    with pytest.raises(ValueError, match="The height of the input is None; expected a number"):
        known(None, "height")
