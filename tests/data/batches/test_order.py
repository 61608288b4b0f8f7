import numpy as np
import pytest
import tensorflow as tf

from imgcls.data.batches.order import ByBlock, ByQuota, Shuffled, example_at, tempered_quotas

COUNTS = [500, 120, 30, 5]  # images a class
CLASSES = np.repeat(np.arange(4), COUNTS)
EPOCH = sum(COUNTS)
ORDERS = {
    "plain": Shuffled(EPOCH, seed=3),
    "quota": ByQuota(CLASSES, tempered_quotas(COUNTS, 0.5), seed=3),
    "block": ByBlock(CLASSES, 4, seed=3),
}


def examples(order, begin: int, end: int) -> np.ndarray:
    return order(tf.range(begin, end, dtype=tf.int64)).numpy()


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_is_a_function_of_the_position_alone(name):
    order = ORDERS[name]
    whole = examples(order, 0, 2000)
    assert np.array_equal(whole[777:1000], examples(order, 777, 1000))
    assert [example_at(order, i) for i in (0, 777, 1999)] == whole[[0, 777, 1999]].tolist()


def test_the_plain_order_is_that_of_tensorflows_own_shuffle():
    expected = [
        int(tf.random.experimental.index_shuffle(i % EPOCH, [3, i // EPOCH], EPOCH - 1)) for i in range(640, 680)
    ]
    assert examples(ORDERS["plain"], 640, 680).tolist() == expected


def test_balanced_batches_have_equal_shares_in_every_batch_and_epoch():
    shown = CLASSES[examples(ORDERS["block"], 0, 10 * EPOCH)]
    shares = np.bincount(shown[:EPOCH]) / EPOCH
    assert np.abs(shares / 0.25 - 1).max() < 0.01
    for batch in shown.reshape(-1, 10):
        counts = np.bincount(batch, minlength=4)
        assert counts.max() - counts.min() <= 2


def test_in_balanced_batches_every_image_of_a_class_comes_before_one_comes_again():
    shown = examples(ORDERS["block"], 0, 10 * EPOCH)
    for number, count in enumerate(COUNTS):
        of_class = shown[CLASSES[shown] == number]
        passes = of_class[: len(of_class) // count * count].reshape(-1, count)
        assert all(len(set(once)) == count for once in passes)
        if count > 5:
            assert not np.array_equal(passes[0], passes[1])


def test_with_quotas_the_images_of_a_class_come_as_often_as_one_another():
    shown = examples(ORDERS["quota"], 0, 7 * EPOCH)
    for number in range(4):
        times = np.bincount(shown, minlength=EPOCH)[number == CLASSES]
        assert times.max() - times.min() <= 1


def test_quotas_are_kept_in_every_epoch():
    quotas = tempered_quotas(COUNTS, 0.5)
    for epoch in range(3):
        shown = CLASSES[examples(ORDERS["quota"], epoch * EPOCH, (epoch + 1) * EPOCH)]
        assert np.bincount(shown).tolist() == quotas.tolist()


@pytest.mark.parametrize("exponent", [0.0, 0.3, 1.0])
def test_quotas_add_up_to_the_epoch(exponent):
    for counts in (COUNTS, [1, 1], [10_000, 1, 1, 1], [7]):
        quotas = tempered_quotas(counts, exponent)
        assert quotas.sum() == sum(counts)
        assert quotas.min() >= 1
    assert tempered_quotas(COUNTS, 1.0).tolist() == COUNTS
    assert np.ptp(tempered_quotas(COUNTS, 0.0)) <= 1


def test_a_class_without_images_is_refused():
    with pytest.raises(ValueError, match="Class number 1 has no training image"):
        ByBlock([0, 0, 2], 3, seed=0)
