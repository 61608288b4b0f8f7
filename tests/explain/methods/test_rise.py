import numpy as np

from imgcls.explain.methods import METHODS, MethodOptions
from imgcls.explain.methods.rise import random_masks
from imgcls.explain.target import class_scores
from tests.explain.methods.test_occlusion import bright_block

compute = METHODS["rise"].compute


def test_it_finds_the_only_block_that_matters(block_network):
    found = compute(block_network, bright_block(), class_scores(block_network, ["dog"]), MethodOptions(masks=400))
    row, column = np.unravel_index(found.values[0].argmax(), (32, 32))
    assert 8 <= row < 16
    assert 16 <= column < 24
    assert found.values[0, 8:16, 16:24].mean() > 5 * np.abs(found.values[0, :, :8]).mean()


def test_a_pixel_counts_by_the_probability_where_masks_show_it(block_network):
    """Equation 4 of the paper, in NumPy, less the mean over all masks."""
    options, pixels = MethodOptions(masks=20, batch_size=6), bright_block()
    masks = np.concatenate(list(random_masks((32, 32), options)))
    shown = masks[..., None] * pixels
    answers = block_network.probabilities(block_network.run(shown).logits).numpy()[:, 1]
    expected = np.einsum("n,nhw->hw", answers, masks) / masks.sum(0) - answers.mean()
    found = compute(block_network, pixels, class_scores(block_network, ["dog"]), options)
    np.testing.assert_allclose(found.values[0], expected, atol=1e-5)


def test_masks_are_those_of_the_seed_in_any_batch_size():
    one, other, third = (
        np.concatenate(list(random_masks((33, 40), MethodOptions(masks=30, batch_size=size, seed=seed))))
        for size, seed in ((7, 0), (30, 0), (30, 1))
    )
    np.testing.assert_array_equal(one, other)
    assert (one != third).any()
    assert one.shape == (30, 33, 40)
    assert one.min() >= 0
    assert one.max() <= 1
    assert abs(one.mean() - 0.5) < 0.05
