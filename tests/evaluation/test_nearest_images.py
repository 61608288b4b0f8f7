import numpy as np

from imgcls.evaluation.nearest_images import directions, nearest_places


def test_the_nearest_are_those_of_the_smallest_angle_among_the_allowed():
    angles = np.radians([0, 180, 30, 210, 90, 270])  # around their mean
    unit = directions(np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32))
    allowed = np.array([False, False, True, True, True, True])
    assert nearest_places(unit, 0, allowed, 2) == [2, 4]
    assert nearest_places(unit, 0, np.zeros(6, bool), 2) == []


def test_an_image_without_a_direction_is_no_error():
    assert np.isfinite(directions(np.ones((3, 4), np.float32))).all()
