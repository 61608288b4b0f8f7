import numpy as np

from imgcls.explain.large_photo.photo_map import ScaleMap, join


def scale(window, stride, values):
    return ScaleMap(1.0, (1, 1), (window, window), (stride, stride), np.asarray(values, np.float32)[None], 0, 0.0)


def test_a_response_stands_at_the_center_of_its_window():
    found = join([scale(40, 20, [[0, 0, 1, 0], [0, 0, 0, 0]])], (60, 100), 100)
    assert found.shape == (1, 60, 100)
    row, column = np.unravel_index(found[0].argmax(), found[0].shape)
    assert abs(row + 0.5 - 20) <= 0.5
    assert abs(column + 0.5 - 60) <= 0.5  # 40 pixels to the left edge of the window, and half of it
    assert np.isclose(found[0, 20, 69] / found[0, 20, 60], 0.525 / 0.975)  # halfway to the next center, which has 0
    assert found[0, 0, 60] < 0.05  # at the border of the photo


def test_the_highest_response_of_all_scales_counts():
    found = join([scale(100, 100, [[0.3]]), scale(50, 50, [[0.9, 0.1], [0.1, 0.1]])], (100, 100), 100)
    assert np.isclose(found[0, 25, 25], 0.9, atol=0.03)
    assert np.isclose(found[0, 60, 60], 0.3 * 0.79**2, atol=0.03)  # near the center of the large window


def test_windows_have_edges_in_the_photo():
    edges = scale(40, 20, [[0, 0]]).edges(np.array([0, 2]), np.array([1, 0]))
    assert edges.tolist() == [[20, 0, 60, 40], [0, 40, 40, 80]]
