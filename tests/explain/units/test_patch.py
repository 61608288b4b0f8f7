import numpy as np

from imgcls.explain.units.patch import cut

IMAGE = np.arange(12, dtype=np.float32).reshape(3, 4, 1)


def test_a_window_inside_the_image_is_cut_out():
    patch, seen = cut(IMAGE, (1, 0, 3, 2), 99)
    assert patch[..., 0].tolist() == [[1, 2], [5, 6]]
    assert seen.all()


def test_what_lies_outside_is_filled_and_known():
    patch, seen = cut(IMAGE, (2, 2, 5, 4), 99)
    assert patch[..., 0].tolist() == [[10, 11, 99], [99, 99, 99]]
    assert seen.tolist() == [[True, True, False], [False, False, False]]


def test_a_window_larger_than_the_image_shows_the_image():
    patch, seen = cut(IMAGE, (-400, -300, 500, 600), 99)
    assert (patch == IMAGE).all()
    assert seen.all()


def test_of_the_image_only_what_a_large_window_sees_is_shown():
    patch, seen = cut(IMAGE, (-6, 1, 2, 9), 99)
    assert patch[..., 0].tolist() == [[99] * 4, [4, 5, 99, 99], [8, 9, 99, 99]]
    assert seen.sum() == 4


def test_all_windows_of_a_size_give_patches_of_a_size():
    for size in (2, 3, 4, 7):
        shapes = {
            cut(IMAGE, (left, top, left + size, top + size), 0)[0].shape for left in (-1, 0, 2) for top in (-1, 1)
        }
        assert len(shapes) == 1
