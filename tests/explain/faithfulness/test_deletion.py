import numpy as np
import pytest

from imgcls.explain.faithfulness import Curves, deletion_and_insertion, explained_scores, pixel_order
from imgcls.explain.faithfulness.deletion import blurred


def test_the_highest_pixels_come_first_and_equal_ones_in_random_order():
    values = np.zeros((20, 20))
    values[12, 5], values[3, 3] = 2.0, 1.0
    order = pixel_order(values, np.random.default_rng(0))
    assert (order[12, 5], order[3, 3]) == (0.0, np.float32(1 / 400))
    assert len(np.unique(order)) == 400
    assert abs(np.corrcoef(order.ravel(), np.arange(400))[0, 1]) < 0.2


def test_an_early_fall_has_a_small_area():
    shares = np.array([0.0, 0.5, 1.0])
    curves = Curves(shares, np.array([[[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]]), np.zeros((1, 2, 3)))
    assert curves.deletion_areas.tolist() == [[0.25, 0.75]]


def test_curves_begin_and_end_with_the_whole_image_and_with_none_of_it(cat):
    scores = explained_scores(cat.network)
    rng = np.random.default_rng(0)
    size = cat.pixels.shape[1:3]
    orders = np.stack([pixel_order(rng.random(size), rng)[None] for _ in range(2)])
    seen = []
    found = deletion_and_insertion(
        scores, cat.pixels, cat.coefficients, orders, 3, batch_size=4, on_progress=lambda done, of: seen.append(done)
    )
    whole, blurry = (
        float((cat.network.probabilities(cat.network.run(images).logits).numpy() * cat.coefficients).sum())
        for images in (cat.pixels, blurred(cat.pixels))
    )
    np.testing.assert_allclose(found.deletion[:, 0, 0], whole, atol=1e-4)
    np.testing.assert_allclose(found.insertion[:, 0, -1], whole, atol=1e-4)
    np.testing.assert_allclose(found.insertion[:, 0, 0], blurry, atol=1e-4)
    assert found.deletion.shape == (2, 1, 4)
    assert len(set(found.deletion[:, 0, -1])) == 1
    assert seen[-1] == 1
    one_by_one = deletion_and_insertion(scores, cat.pixels, cat.coefficients, orders, 3, batch_size=1)
    np.testing.assert_allclose(one_by_one.insertion, found.insertion, atol=1e-4)


def test_one_step_is_no_curve(cat):
    with pytest.raises(ValueError, match="expected at least 2 parts"):
        deletion_and_insertion(lambda *_: None, cat.pixels, cat.coefficients, np.zeros((1, 1, 224, 224)), steps=1)
