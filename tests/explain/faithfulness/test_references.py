import numpy as np

from imgcls.explain.faithfulness import centered_blob, scrambled


def test_the_blob_is_highest_in_the_middle_and_lowest_at_the_corners():
    blob = centered_blob((5, 9))
    assert np.unravel_index(blob.argmax(), blob.shape) == (2, 4)
    assert blob[0, 0] == blob[-1, -1] == blob.min()


def neighbors(values: np.ndarray) -> float:
    return float(np.corrcoef(values[:, 1:].ravel(), values[:, :-1].ravel())[0, 1])


def test_a_scrambled_map_is_as_smooth_as_the_map_and_lies_elsewhere():
    smooth = centered_blob((64, 64))
    rough = np.random.default_rng(1).normal(size=(64, 64))
    rng = np.random.default_rng(0)
    assert neighbors(scrambled(smooth, rng)) > 0.95
    assert abs(neighbors(scrambled(rough, rng))) < 0.1
    likeness = [np.corrcoef(smooth.ravel(), scrambled(smooth, rng).ravel())[0, 1] for _ in range(20)]
    assert abs(np.mean(likeness)) < 0.3


def test_the_same_seed_draws_the_same_map_and_an_even_map_becomes_noise():
    values = centered_blob((8, 8))
    drawn = [scrambled(values, np.random.default_rng(3)) for _ in range(2)]
    np.testing.assert_array_equal(*drawn)
    assert np.ptp(scrambled(np.zeros((8, 8)), np.random.default_rng(0))) > 0
