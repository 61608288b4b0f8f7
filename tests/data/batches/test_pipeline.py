from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from imgcls.config import AugmentationConfig
from imgcls.data.augmentation import Augmentation, from_preset
from imgcls.data.augmentation.layer_function import LayerFunction
from imgcls.data.batches.examples import LabeledImages
from imgcls.data.batches.order import Shuffled, example_at
from imgcls.data.batches.pipeline import BatchOptions, evaluation_batches, training_batches
from imgcls.data.images.preprocessing import Preprocessing

GRAY = Preprocessing(28, 28, channels=1)


@pytest.fixture(scope="module")
def paths(small_data):
    return sorted((small_data / "train").rglob("*.png"))


def batches(
    paths, steps, batch_size=10, seed=0, preset="light", position=0, layers=(), **options
) -> list[SimpleNamespace]:
    """Every image has a class of its own, so that the targets tell which it is."""
    augmentation = Augmentation(from_preset(preset), layers=[LayerFunction(text) for text in layers])
    dataset = training_batches(
        LabeledImages(paths, range(len(paths)), len(paths)),
        GRAY,
        BatchOptions(batch_size, seed, augmentation=augmentation, **options),
        steps=steps,
        position=position,
    )
    names = ("positions", "pixels", "targets", "weights")
    return [SimpleNamespace(**{n: part.numpy() for n, part in zip(names, batch, strict=True)}) for batch in dataset]


def same(a: SimpleNamespace, b: SimpleNamespace) -> bool:
    return all(np.array_equal(value, vars(b)[name]) for name, value in vars(a).items())


@pytest.mark.thorough
def test_each_epoch_has_every_image_once_in_its_own_order(paths):
    labels = np.concatenate([batch.targets.argmax(axis=1) for batch in batches(paths, 24)])
    first, second = labels[:120], labels[120:]
    assert sorted(first) == sorted(second) == list(range(120))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("preset", [pytest.param("light", marks=pytest.mark.slow), "strong"])
@pytest.mark.thorough
def test_a_resumed_run_sees_what_an_unbroken_one_sees_whatever_the_parallelism(paths, preset):
    whole = batches(paths, 8, preset=preset)
    resumed = batches(paths, 3, preset=preset, position=50, parallel=1)
    assert all(same(*pair) for pair in zip(whole[5:], resumed, strict=True))


LAYERS = (
    "keras_cv.RandomRotation(factor=0.1)",
    "keras.RandomErasing",
    "keras_cv.GridMask",
    "keras_cv.RandomShear(0.2)",
)


@pytest.mark.thorough
def test_layers_of_others_repeat_too_whatever_the_batch_and_the_parallelism(paths):
    whole = batches(paths, 8, layers=LAYERS)
    resumed = batches(paths, 6, batch_size=5, layers=LAYERS, position=50, parallel=1)
    pixels, others = (np.concatenate([batch.pixels for batch in each]) for each in (whole, resumed))
    assert np.array_equal(pixels[50:80], others)
    assert not np.array_equal(pixels[:10], batches(paths, 1)[0].pixels)
    assert pixels.min() >= 0
    assert pixels.max() <= 255


@pytest.mark.thorough
def test_augmentation_draws_anew_in_each_epoch_and_for_each_seed(paths):
    one_image = paths[:1]
    views = [batch.pixels for batch in batches(one_image, 6, batch_size=1)]
    assert len({view.tobytes() for view in views}) > 3
    other = [batch.pixels for batch in batches(one_image, 6, batch_size=1, seed=1)]
    assert any(not np.array_equal(a, b) for a, b in zip(views, other, strict=True))


@pytest.mark.parametrize("preset", [pytest.param("light", marks=pytest.mark.slow), "strong"])
@pytest.mark.thorough
def test_an_unreadable_image_weighs_nothing_and_none_takes_its_place(paths, tmp_path, preset):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    mixed = [*paths[:39], broken]
    found = batches(mixed, 4, preset=preset)
    positions = np.concatenate([batch.positions for batch in found])
    weights = np.concatenate([batch.weights for batch in found])
    assert positions.tolist() == list(range(40))
    (gap,) = np.flatnonzero(weights == 0)
    assert example_at(Shuffled(40, seed=0), int(gap)) == 39
    batch = found[gap // 10]
    assert np.all(batch.pixels[gap % 10] == 0)
    assert batch.weights.sum() == pytest.approx(10)
    assert np.delete(batch.targets, gap % 10, axis=0)[:, 39].max() == 0


def test_a_batch_of_nothing_but_unreadable_images_is_black(paths, tmp_path):
    (batch,) = batches([tmp_path / f"{i}.png" for i in range(4)], 1, batch_size=4)
    assert batch.weights.tolist() == [0, 0, 0, 0]
    assert not batch.pixels.any()


@pytest.mark.thorough
def test_class_weights_follow_the_mixture_of_soft_labels(paths):
    class_weights = np.linspace(0.1, 3, 120)
    mixed = False
    for batch in batches(paths, 4, preset="strong", class_weights=class_weights):
        assert np.allclose(batch.targets.sum(axis=1), 1, atol=1e-5)
        assert np.allclose(batch.weights, batch.targets @ class_weights, rtol=1e-4)
        mixed |= bool((batch.targets.max(axis=1) < 0.9).any())
    assert mixed


def test_several_labels_an_image_are_kept(paths):
    labels = np.eye(3)[np.arange(6) % 3] + np.eye(3)[2]
    dataset = training_batches(LabeledImages(paths[:6], labels, 3), GRAY, BatchOptions(6, 0), steps=1)
    ((_, _, targets, weights),) = dataset.as_numpy_iterator()
    assert sorted(targets.tolist()) == sorted(labels.tolist())
    assert np.all(weights == 1)


def test_images_of_none_of_the_classes_weigh_as_the_others_do(paths):
    labels = np.repeat([[1, 0, 1], [0, 0, 0]], 3, axis=0)
    mixing = Augmentation(from_preset("none", AugmentationConfig(mixup=1.0, cutmix=0.0)))
    dataset = training_batches(
        LabeledImages(paths[:6], labels, 3), GRAY, BatchOptions(6, 0, augmentation=mixing), steps=1
    )
    ((_, _, targets, weights),) = dataset.as_numpy_iterator()
    assert np.all(weights == 1)
    assert 0 < targets[:, 0].min() + targets[:, 0].max() < 2
    assert np.all(targets[:, 1] == 0)


def test_a_position_inside_of_a_batch_is_refused(paths):
    with pytest.raises(ValueError, match="position is 7; expected a multiple of the batch size, 10"):
        batches(paths, 1, position=7)


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        ([0, 1, 3, 9], {}, r"Image number 2 has the label number 3, .* expected 0 to 2\. \(2 such images\.\)"),
        ([0, -1, 1, 2], {}, "Image number 1 has the label number -1, which the model does not know"),
        ([0, 1], {}, "4 images and 2 labels; expected a label for each image"),
        (np.eye(4), {}, "4 columns; expected one for each of 3 classes"),
        ([0, 1, 2, 0], {"batch_size": 0}, "0 images for 1 worker; expected one for each"),
        ([0, 1, 2, 0], {"part": (0, 4)}, "2 images for 4 workers; expected one for each"),
    ],
)
def test_what_cannot_become_batches_is_refused_before_the_first(paths, labels, options, message):
    with pytest.raises(ValueError, match=message):
        training_batches(
            LabeledImages(paths[:4], labels, 3), GRAY, BatchOptions(**{"batch_size": 2, "seed": 0} | options), steps=1
        )


@pytest.mark.thorough
def test_an_array_gives_what_its_files_give(paths):
    array = np.stack([np.asarray(Image.open(path)) for path in paths])[..., None]
    options = BatchOptions(8, 0, augmentation=Augmentation(from_preset("light")))
    examples = [LabeledImages(images, np.arange(len(paths)) % 2, 2) for images in (paths, array)]
    sources = [training_batches(each, GRAY, options, steps=2) for each in examples]
    for a, b in zip(*sources, strict=True):
        assert np.array_equal(a[1], b[1])
    whole = evaluation_batches(array, GRAY, batch_size=len(array))
    assert np.abs(next(iter(whole))[1] - array).max() < 0.05  # gray levels
    with pytest.raises(ValueError, match=r"an array of float64 with the shape \(2, 8, 8\); expected uint8"):
        evaluation_batches(np.zeros((2, 8, 8)), GRAY, batch_size=2)


def test_no_images_are_refused():
    with pytest.raises(ValueError, match="There are no images, so every batch would be empty"):
        LabeledImages([], [], num_classes=3)


@pytest.mark.thorough
def test_an_image_of_one_pixel_is_an_image_of_one_colour(tmp_path):
    Image.new("RGB", (1, 1), (200, 100, 50)).save(tmp_path / "pixel.png")
    plain = AugmentationConfig(brightness=0, contrast=0, random_erasing=0)
    dataset = training_batches(
        LabeledImages([tmp_path / "pixel.png"], [0], 1),
        Preprocessing(16, 16),
        BatchOptions(4, 0, augmentation=Augmentation(from_preset("standard", plain))),
        steps=1,
    )
    ((_, pixels, _, weights),) = dataset.as_numpy_iterator()
    assert weights.tolist() == [1, 1, 1, 1]
    assert np.ptp(pixels, axis=(1, 2)).max() < 0.01


@pytest.mark.thorough
def test_evaluation_keeps_the_order_and_names_what_is_missing(paths, tmp_path):
    mixed = [*paths[:5], tmp_path / "missing.png", *paths[5:12]]
    for cache in (False, True):
        dataset = evaluation_batches(mixed, GRAY, batch_size=4)
        dataset = dataset.cache() if cache else dataset
        for _ in range(2):
            indices = np.concatenate([index for index, _ in dataset.as_numpy_iterator()])
            assert indices.tolist() == [i for i in range(13) if i != 5]


@pytest.mark.parametrize("preset", ["none", "strong"])
def test_rounded_pixels_are_the_whole_numbers_nearest_to_those_of_float32(paths, preset):
    exact, rounded = batches(paths, 2, preset=preset), batches(paths, 2, preset=preset, rounded=True)
    for a, b in zip(exact, rounded, strict=True):
        assert b.pixels.dtype == np.uint8
        assert np.array_equal(np.round(a.pixels), b.pixels)
        assert np.array_equal(a.targets, b.targets)
