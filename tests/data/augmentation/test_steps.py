import dataclasses
import inspect
import io
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps
from skimage import data
from skimage.filters import gaussian

from imgcls.config import AugmentationConfig
from imgcls.data.augmentation import NONE, PRESETS, STEPS, Augmentation, Draws, from_preset, mix, policies, sheet
from imgcls.data.augmentation.color import principal_axes
from imgcls.data.augmentation.draws import STREAMS
from imgcls.data.augmentation.geometry import warp
from imgcls.data.augmentation.mixing import draw_mixing
from imgcls.data.augmentation.steps import MIXING, REGION
from imgcls.data.images.preprocessing import Preprocessing

CAT = data.chelsea()[40:264, 90:314]  # 224 by 224
PIXELS = tf.constant(CAT, tf.float32)


def encoded(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


IMAGES = [encoded(CAT[i : i + 64, i : i + 64]) for i in (0, 40, 80, 120)]


def draws(position: int = 0, seed: int = 0) -> Draws:
    return Draws(tf.constant([seed, position], tf.int64))


def change(image: tf.Tensor = PIXELS, position: int = 0, **own: float) -> np.ndarray:
    chosen = from_preset("none", AugmentationConfig(**own))
    return Augmentation(chosen, color_covariance=np.eye(3) * 400).change(image, draws(position)).numpy()


def test_the_rows_of_the_sheet_have_titles_and_no_names_of_parameters():
    assert not [title for title in sheet.SHOWN if "_" in title]


NEEDS_COLOR = {"saturation and hue", "PCA colour shift"}


@pytest.mark.parametrize(
    ("name", "channels"), [(n, c) for n in sheet.SHOWN for c in (1, 3) if c == 3 or n not in NEEDS_COLOR]
)
@pytest.mark.thorough
def test_a_step_changes_images_and_gives_the_same_again(name, channels):
    preprocessing = Preprocessing(32, 32, channels)
    chosen = from_preset("none", AugmentationConfig(**sheet.SHOWN[name]))
    first, again, other = (sheet.changed(IMAGES, preprocessing, chosen, seed) for seed in (0, 0, 1))
    assert first.shape == (4, 32, 32, channels)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, sheet.originals(IMAGES, preprocessing).images)
    if name not in ("horizontal flip", "vertical flip"):
        assert not np.array_equal(first, other)


def test_presets_differ_and_none_does_nothing():
    preprocessing = Preprocessing(32, 32)
    rows = {row.name: row.images for row in sheet.presets(IMAGES, preprocessing)}
    assert list(rows) == list(PRESETS)
    assert np.array_equal(rows["none"], sheet.originals(IMAGES, preprocessing).images)
    assert len({images.tobytes() for images in rows.values()}) == len(rows)


def test_what_the_user_sets_stands_in_the_preset_and_the_rest_stays():
    chosen = from_preset("standard", AugmentationConfig(rotation=45.0, horizontal_flip=0.0))
    assert (chosen.rotation, chosen.horizontal_flip) == (45.0, 0.0)
    assert chosen.crop_scale == PRESETS["standard"]["crop_scale"]


def test_mirrors():
    assert np.array_equal(change(horizontal_flip=1.0), CAT[:, ::-1])
    assert np.array_equal(change(vertical_flip=1.0), CAT[::-1])


def test_about_the_named_share_of_the_images_is_changed():
    changed = [not np.array_equal(change(PIXELS[:8, :8], i, horizontal_flip=0.3), CAT[:8, :8]) for i in range(200)]
    assert 0.2 < np.mean(changed) < 0.4


def test_regions_lie_in_the_image_and_have_the_sides_that_are_asked_for():
    augmentation = Augmentation(from_preset("none", AugmentationConfig(crop_scale=0.25, crop_ratio=2.0)))
    for position in range(100):
        cut = augmentation.region(draws(position), Preprocessing(50, 50))
        top, left, height, width = (int(number) for number in cut(tf.constant(100), tf.constant(200)))
        assert top >= 0
        assert left >= 0
        assert top + height <= 100
        assert left + width <= 200
        assert min(height, width) >= 0.5 * 100 / 2**0.5 - 1
        assert 1 / 2.1 <= height / width <= 2.1


def test_a_quarter_turn_is_the_transposed_image():
    turned = warp(PIXELS, [[0.0, -1.0], [1.0, 0.0]]).numpy()
    assert np.allclose(turned, np.rot90(CAT, -1), atol=0.01) or np.allclose(turned, np.rot90(CAT), atol=0.01)


def test_light_is_a_factor_and_gray_has_no_hue():
    bright = change(PIXELS / 4, brightness=1.0)
    ratio = bright[CAT > 40] / (CAT[CAT > 40] / 4)
    assert ratio.std() < 1e-3
    gray = tf.fill((4, 4, 3), 100.0)
    assert np.allclose(change(gray, hue=0.5, saturation=1.0), 100, atol=0.1)


@pytest.mark.thorough
def test_the_colour_shift_lies_along_the_principal_components():
    covariance = np.cov(CAT.reshape(-1, 3), rowvar=False)
    axes = principal_axes(covariance)
    assert np.allclose(axes @ axes.T, covariance, rtol=1e-4)
    augmentation = Augmentation(from_preset("none", AugmentationConfig(pca_color=0.1)), color_covariance=covariance)
    gray = tf.fill((2, 2, 3), 128.0)
    shifts = np.array([augmentation.change(gray, draws(i)).numpy()[0, 0] - 128 for i in range(400)])
    assert np.allclose(np.cov(shifts, rowvar=False), 0.01 * covariance, rtol=0.35, atol=1)


def test_blur_is_a_gaussian():
    blurred = change(blur=2.0)
    deviation = 2.0 * float(draws()("blur", 1))
    expected = gaussian(CAT.astype(np.float64), deviation, mode="mirror", channel_axis=-1, truncate=8 / deviation)
    assert np.abs(blurred - expected).max() < 0.1


def test_noise_has_the_deviation_and_differs_between_channels():
    gray = tf.fill((100, 100, 3), 128.0)
    found = change(gray, noise=20.0).std(axis=(0, 1))
    expected = 20 * draws().many("noise", 1, 3).numpy()
    assert np.allclose(found, expected, rtol=0.05)


@pytest.mark.parametrize(
    ("operation", "strength", "expected"),
    [
        (policies.autocontrast, 0.0, ImageOps.autocontrast(Image.fromarray(CAT))),
        (policies.equalize, 0.0, ImageOps.equalize(Image.fromarray(CAT))),
        (policies.posterize, 1.0, ImageOps.posterize(Image.fromarray(CAT), 4)),
        (policies.solarize, 0.5, ImageOps.solarize(Image.fromarray(CAT), 128)),
    ],
)
def test_operations_are_pillows(operation, strength, expected):
    found = operation(PIXELS, tf.constant(strength)).numpy()
    assert np.abs(found - np.asarray(expected, np.float32)).max() <= 1  # gray level; Pillow rounds


@pytest.mark.parametrize("operation", policies.RANDAUGMENT)
def test_operations_stand_images_of_one_pixel_and_of_one_colour(operation):
    for shape in ((1, 1, 3), (1, 1, 1), (5, 4, 3)):
        found = operation(tf.fill(shape, 200.0), tf.constant(0.7)).numpy()
        assert found.shape == shape
        assert np.isfinite(found).all()


def test_labels_are_mixed_as_the_images_are():
    both = SimpleNamespace(mixup=tf.constant(0.5), cutmix=tf.constant(1.0))
    black_and_white = tf.stack([tf.zeros((40, 40, 3)), tf.fill((40, 40, 3), 255.0)])
    for position in range(30):
        numbers = tf.stack([draw_mixing(draws(2 * position + i), both) for i in (0, 1)])
        pixels, targets = mix(black_and_white, tf.eye(2), tf.constant([True, True]), numbers)
        assert np.allclose(tf.reduce_mean(pixels, (1, 2, 3)) / 255, targets[:, 1], atol=1e-4)
        assert np.allclose(tf.reduce_sum(targets, 1), 1, atol=1e-6)


def test_the_second_row_of_settings_is_for_the_images_that_are_told_so():
    augmentation = Augmentation(from_preset("none"), from_preset("none", AugmentationConfig(horizontal_flip=1.0)))
    assert np.array_equal(augmentation.change(PIXELS, draws(), 0), CAT)
    assert np.array_equal(augmentation.change(PIXELS, draws(), 1), CAT[:, ::-1])


EVERY = (REGION, *STEPS, MIXING)


class Recorded(Draws):
    """Draws that remember which streams were asked for."""

    def __init__(self, seed: tf.Tensor):
        super().__init__(seed)
        self.streams: set[str] = set()

    def many(self, stream: str, begin: int, count: int) -> tf.Tensor:
        self.streams.add(stream)
        return super().many(stream, begin, count)

    def __call__(self, stream: str, place: int = 0) -> tf.Tensor:
        self.streams.add(stream)
        return super().__call__(stream, place)

    def seed(self, stream: str) -> tf.Tensor:
        self.streams.add(stream)
        return super().seed(stream)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_reads_its_own_parameters_and_random_numbers_only(step):
    chosen = from_preset("none", AugmentationConfig(**{k: v for row in step.shown.values() for k, v in row.items()}))
    recorded = Recorded(tf.constant([0, 0], tf.int64))
    Augmentation(chosen, color_covariance=np.eye(3)).change(PIXELS[:32, :32], recorded)
    assert recorded.streams == set(step.streams or (step.name,))
    source = inspect.getsource(step.function)
    assert all(f"values.{name}" in source or f'values.largest["{name}"]' in source for name in step.parameters)


def test_every_parameter_has_a_step_and_every_step_is_on_the_sheet():
    used = {name for step in EVERY for name in step.parameters}
    assert used == {field.name for field in dataclasses.fields(AugmentationConfig)}
    for step in EVERY:
        assert {name for row in step.shown.values() for name in row} >= set(step.switches)
    titles = [title for step in EVERY for title in step.shown]
    assert len(titles) == len(set(titles)) == len(sheet.SHOWN)


def test_no_two_steps_share_a_stream_and_the_first_ones_keep_their_numbers():
    streams = [stream for step in EVERY for stream in step.streams or (step.name,)]
    assert len(streams) == len(set(streams))
    assert set(STREAMS) <= set(streams)
    assert STREAMS[:4] == ("region", "horizontal_flip", "vertical_flip", "warp")
    assert float(draws(7)("warp", 1)) == pytest.approx(0.03754628)  # as in the first version


def test_a_stream_that_is_in_no_table_has_numbers_of_its_own():
    numbers = {name: draws().many(name, 0, 24).numpy() for name in ("warp", "vignette", "fog")}
    assert all((each >= 0).all() and (each < 1).all() for each in numbers.values())
    assert len({each.tobytes() for each in numbers.values()}) == 3
    assert np.array_equal(draws().many("fog", 0, 24), numbers["fog"])


def test_neutral_values_lie_in_their_ranges():
    assert from_preset("none") == NONE  # the config checks each value
    assert not [name for name, value in dataclasses.asdict(NONE).items() if value is None]
