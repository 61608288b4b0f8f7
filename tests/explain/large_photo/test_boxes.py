import numpy as np

from imgcls.explain.large_photo.boxes import best_boxes, suppressed
from imgcls.explain.large_photo.photo_map import ScaleMap


def scale(window, stride, values):
    maps = np.asarray(values, np.float32)[None]
    return ScaleMap(1.0, (1, 1), (window, window), (stride, stride), maps, 0, 0.0)


def test_a_better_box_takes_those_that_overlap_it_away_at_every_scale():
    small = scale(10, 5, [[0.2, 0.9, 0.8, 0.1, 0.1, 0.1, 0.6]])
    large = scale(20, 10, [[0.7, 0.55]])
    boxes = best_boxes("cat", [large, small], [large.maps[0], small.maps[0]], 0.5, 0.5, 10)
    assert [(b.left, b.top, b.right, b.bottom, b.scale) for b in boxes] == [(5, 0, 15, 10, 1), (30, 0, 40, 10, 1)]
    assert [round(b.probability, 2) for b in boxes] == [0.9, 0.6]
    assert boxes[0].class_name == "cat"
    assert boxes[0].center == (10, 5)


def test_nothing_above_the_threshold_is_no_box():
    one = scale(10, 5, [[0.2, 0.3]])
    assert best_boxes("cat", [one], [one.maps[0]], 0.5, 0.5, 10) == []


def test_the_most_boxes_are_the_best_ones():
    corners = np.array([[0, 0, 1, 1], [5, 5, 6, 6], [9, 9, 10, 10]])
    assert suppressed(corners, np.array([0.1, 0.3, 0.2]), 0.5, 2) == [1, 2]
    assert suppressed(corners[:0], np.zeros(0), 0.5, 2) == []
