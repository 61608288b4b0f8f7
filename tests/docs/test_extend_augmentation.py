"""docs/extend/augmentation.md does what it says."""

import numpy as np
import tensorflow as tf

from imgcls.data.augmentation import Draws
from tests.docs import code_of


def test_the_page_adds_a_step_that_works():
    page: dict = {"__name__": "page"}
    exec(compile(code_of("extend/augmentation.md"), "augmentation.md", "exec"), page)
    changed, image = page["changed"], page["image"]
    assert changed[0, 0, 0] < 0.95 * 200 < changed[32, 32, 0] <= 200
    again = page["augmentation"].change(image, Draws(tf.constant([0, 1], tf.int64)))
    other = page["augmentation"].change(image, Draws(tf.constant([0, 2], tf.int64)))
    assert np.array_equal(again, changed)
    assert not np.array_equal(other, changed)


def test_the_new_step_changes_no_other_ones_images():
    page: dict = {"__name__": "page"}
    exec(compile(code_of("extend/augmentation.md"), "augmentation.md", "exec"), page)
    config = page["from_preset"]("rare", page["WithVignette"]())
    with_it = page["Augmentation"](config, steps=(page["step"], *page["STEPS"]))
    without = page["Augmentation"](page["from_preset"]("rare"))
    for position in range(3):
        draws = Draws(tf.constant([0, position], tf.int64))
        assert np.array_equal(with_it.change(page["image"], draws), without.change(page["image"], draws))
