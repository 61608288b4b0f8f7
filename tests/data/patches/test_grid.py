import numpy as np
import pytest

from imgcls.data.patches.grid import SCALES, square_patches


@pytest.mark.parametrize(("width", "height"), [(500, 375), (375, 500), (224, 224), (101, 67), (33, 7), (1, 1)])
def test_each_size_covers_the_image_and_neighbors_share_half(width, height):
    patches = square_patches(width, height)
    sides = patches[:, 2] - patches[:, 0]
    assert np.array_equal(sides, patches[:, 3] - patches[:, 1])
    assert patches.min() == 0
    assert patches[:, 2].max() == width
    assert patches[:, 3].max() == height
    assert len(np.unique(patches, axis=0)) == len(patches)
    assert set(sides) == {max(1, round(min(width, height) / scale)) for scale in SCALES}
    for side in set(sides):
        part = patches[sides == side]
        for low, length in ((0, width), (1, height)):
            starts = np.unique(part[:, low])
            assert starts[0] == 0
            assert starts[-1] + side == length
            assert (np.diff(starts) <= max(1, side / 2)).all()
        assert len(part) == len(np.unique(part[:, 0])) * len(np.unique(part[:, 1]))


def test_the_numbers_of_patches_are_those_of_the_docstring():
    assert (len(square_patches(224, 224)), len(square_patches(500, 375))) == (198, 275)


@pytest.mark.parametrize("given", [{"scales": (0.5,)}, {"overlap": 1.0}, {"overlap": -0.1}])
def test_a_grid_that_covers_nothing_is_refused(given):
    with pytest.raises(ValueError, match=r"Expected at least 1, and 0 to below 1\."):
        square_patches(10, 10, **given)
