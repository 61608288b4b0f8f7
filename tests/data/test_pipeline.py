import numpy as np
import pytest

from imgcls.data.pipeline import evaluation_batches, example_at, training_batches
from imgcls.data.preprocessing import Preprocessing

GREY = Preprocessing(28, 28, channels=1)


@pytest.fixture(scope="module")
def paths(small_data):
    return sorted((small_data / "train").rglob("*.png"))


def batches(paths, steps, batch_size=10, seed=0, **options):
    dataset = training_batches(
        paths, range(len(paths)), GREY, batch_size=batch_size, steps=steps, seed=seed, augmentation="light", **options
    )
    return [tuple(part.numpy() for part in batch) for batch in dataset]


def test_each_epoch_has_every_image_once_in_its_own_order(paths):
    labels = np.concatenate([labels for _, _, labels in batches(paths, 24)])
    first, second = labels[:120], labels[120:]
    assert sorted(first) == sorted(second) == list(range(120))
    assert not np.array_equal(first, second)


def test_a_resumed_run_sees_what_an_unbroken_one_sees(paths):
    whole, resumed = batches(paths, 20), batches(paths, 7, position=130)
    for expected, found in zip(whole[13:], resumed, strict=True):
        for a, b in zip(expected, found, strict=True):
            assert np.array_equal(a, b)


def test_augmentation_draws_anew_in_each_epoch_and_for_each_seed(paths):
    one_image = paths[:1]
    views = [pixels for _, pixels, _ in batches(one_image, 6, batch_size=1)]
    assert len({view.tobytes() for view in views}) > 3
    other = [pixels for _, pixels, _ in batches(one_image, 6, batch_size=1, seed=1)]
    assert any(not np.array_equal(a, b) for a, b in zip(views, other, strict=True))


def test_an_unreadable_image_leaves_a_gap_and_nothing_takes_its_place(paths, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    mixed = [*paths[:39], broken]
    positions, _, labels = (np.concatenate(parts) for parts in zip(*batches(mixed, 4), strict=True))
    (gap,) = np.setdiff1d(np.arange(40), positions)
    assert example_at(int(gap), 40, seed=0) == 39
    assert 39 not in labels


def test_too_many_unreadable_images_end_the_data(paths, tmp_path):
    missing = [tmp_path / f"{i}.png" for i in range(30)]
    assert len(batches([*paths[:30], *missing], 10)) < 10


def test_evaluation_keeps_the_order_and_names_what_is_missing(paths, tmp_path):
    mixed = [*paths[:5], tmp_path / "missing.png", *paths[5:12]]
    for cache in (False, True):
        dataset = evaluation_batches(mixed, GREY, batch_size=4, cache=cache)
        for _ in range(2):
            indices = np.concatenate([index for index, _ in dataset.as_numpy_iterator()])
            assert indices.tolist() == [i for i in range(13) if i != 5]
