"""The batch is doubled as long as it fits into memory and makes the images faster."""

import pytest
import tensorflow as tf

from imgcls.training.batch_search import BatchTrial, search, sizes_to_try


def card(rates: dict[int, float]):
    """Measures these rates; batches of other sizes do not fit into memory."""

    def measure(size: int) -> float:
        measure.asked.append(size)
        if size not in rates:
            raise tf.errors.ResourceExhaustedError(None, None, "no memory")
        return rates[size]

    measure.asked = []
    return measure


@pytest.mark.parametrize(
    ("first", "images", "sizes"),
    [
        (64, 1_000_000, [64, 128, 256, 512, 1024]),
        (60, 1_000_000, [60, 120, 240, 480, 960]),
        (64, 2048, [64, 128, 256]),  # 8 steps an epoch
        (64, 2047, [64, 128]),
        (21, 168, [21]),
        (2048, 1_000_000, [2048]),
    ],
)
def test_batches_are_doubled_up_to_the_most_and_leave_eight_steps_an_epoch(first, images, sizes):
    assert sizes_to_try(first, images) == sizes


def test_the_largest_batch_is_taken_whose_images_are_a_tenth_faster_than_in_the_one_before():
    measure = card({64: 1000.0, 128: 1100.0, 256: 1209.0, 512: 9000.0})
    trial = search([64, 128, 256, 512], measure)
    assert (trial.size, measure.asked) == (128, [64, 128, 256])
    assert trial.why == (
        "images a second are 1,000 in batches of 64, 1,100 in batches of 128, 1,209 in batches of 256, which is not "
        "10 % more."
    )


def test_a_batch_that_does_not_fit_into_memory_ends_the_search():
    measure = card({64: 1000.0, 128: 2000.0})
    trial = search([64, 128, 256, 512], measure)
    assert (trial, measure.asked) == (BatchTrial(128, {64: 1000.0, 128: 2000.0}, too_large=256), [64, 128, 256])
    assert trial.why.endswith("2,000 in batches of 128; 256 do not fit into memory.")


def test_where_not_even_the_smallest_fits_it_stays_and_is_computed_in_parts():
    trial = search([64, 128], card({}))
    assert trial == BatchTrial(64, {}, too_large=64)
    assert trial.why == "64 images do not fit into memory at once, so that parts of them are computed."


def test_the_last_size_is_taken_where_each_is_worth_it():
    trial = search([64, 128], card({64: 1000.0, 128: 1900.0}))
    assert trial.size == 128
    assert trial.why.endswith("1,900 in batches of 128; larger ones are not tried.")


def test_another_error_is_not_taken_for_a_lack_of_memory():
    def measure(size: int) -> float:
        raise tf.errors.InvalidArgumentError(None, None, "wrong shape")

    with pytest.raises(tf.errors.InvalidArgumentError):
        search([64], measure)
