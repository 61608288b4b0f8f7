import numpy as np
import tensorflow as tf

from imgcls.explain.units.wobble import wobbled

IMAGES = np.random.default_rng(0).uniform(0, 255, (3, 16, 16, 2)).astype(np.float32)


def test_nothing_wobbles_by_nothing():
    assert np.allclose(wobbled(tf.constant(IMAGES), 0, 0, 0, tf.constant([0, 1])), IMAGES, atol=1e-2)


def test_each_image_wobbles_by_itself_and_alike_by_the_same_seed():
    same = tf.constant(np.repeat(IMAGES[:1], 3, 0))
    one, again, other = (wobbled(same, 0.2, 20, 0.2, tf.constant([0, seed])).numpy() for seed in (1, 1, 2))
    assert (one == again).all()
    assert np.abs(one - other).mean() > 1
    assert np.abs(one[0] - one[1]).mean() > 1
    assert 0 <= one.min() <= one.max() <= 255.01


def test_the_middle_stays_where_it_is_when_turned():
    images = np.zeros((1, 17, 17, 1), np.float32)
    images[0, 8, 8] = 1
    turned = wobbled(tf.constant(images), 0, 90, 0, tf.constant([0, 1])).numpy()
    assert turned[0, 8, 8, 0] > 0.99
