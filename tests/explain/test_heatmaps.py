import numpy as np

from imgcls.explain.heatmaps import ALL_ZERO, NOT_FINITE, Heatmaps


def test_a_map_of_nothing_is_called_so():
    values = np.zeros((3, 4, 4), np.float32)
    values[1, 2, 2], values[2, 0, 0] = 1e-9, np.nan
    assert Heatmaps(values).problems == [ALL_ZERO, "", NOT_FINITE]
