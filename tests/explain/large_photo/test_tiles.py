import numpy as np
import pytest

from imgcls.explain.large_photo.tiles import Sliding, computed_pixels, tiles
from imgcls.models.receptive_field import ReceptiveField

FIELD = ReceptiveField(-20, 43, 16)
SLIDING = Sliding((64, 64), (4, 4), (FIELD, FIELD), (64 + 16 * 20, 64 + 16 * 33))


@pytest.mark.parametrize("most", [10**9, 100_000, 40_000, 9_000, 1])
def test_tiles_cover_each_position_once_with_all_that_it_sees(most):
    seen = np.zeros((SLIDING.count(0), SLIDING.count(1)), int)
    for sides in tiles(SLIDING, most):
        seen[sides[0].kept, sides[1].kept] += 1
        for side, size in zip(sides, SLIDING.size, strict=True):
            assert side.pixels.start % 16 == 0
            assert side.length % 16 == 0
            assert side.length >= 64
            first, last = FIELD.first + 16 * side.kept.start, FIELD.last + 16 * (side.kept.stop - 1)
            assert side.pixels.start <= max(first, 0)
            assert side.pixels.stop >= min(last + 1, size)
            assert side.inner.start == side.kept.start - side.pixels.start // 16
            assert side.inner.stop - side.inner.start == side.kept.stop - side.kept.start
    assert (seen == 1).all()


def test_tiles_are_small_enough_and_none_is_cut_without_need():
    height, width = SLIDING.size
    assert len(tiles(SLIDING, height * width)) == 1
    some = tiles(SLIDING, height * width / 3)
    assert len(some) > 1
    assert max(rows.length * columns.length for rows, columns in some) <= height * width / 3
    assert height * width < computed_pixels(some) < 2 * height * width
