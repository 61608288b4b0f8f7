"""Standardisation, layout change, the parameter-free shortcut, and class probabilities."""

import numpy as np
import pytest

from imgcls.layers import ClassProbabilities, LayoutChange, ParameterFreeShortcut, PixelStandardization

IMAGES = np.random.default_rng(0).uniform(0, 255, size=(2, 6, 7, 3)).astype("float32")


def test_standardization_is_per_channel_and_changes_the_layout():
    mean, std = (100.0, 120.0, 140.0), (50.0, 60.0, 70.0)
    expected = (IMAGES - mean) / std
    np.testing.assert_allclose(PixelStandardization(mean, std)(IMAGES), expected, rtol=1e-5, atol=1e-6)
    first = PixelStandardization(mean, std, "channels_first")(IMAGES)
    np.testing.assert_allclose(first, np.moveaxis(expected, -1, 1), rtol=1e-5, atol=1e-6)


def test_standardization_takes_whole_numbers_and_carries_the_preprocessing():
    layer = PixelStandardization((1.0,), (2.0,), preprocessing={"height": 6, "resize": "crop"})
    np.testing.assert_array_equal(layer(np.full((1, 2, 2, 1), 255, "uint8")), np.full((1, 2, 2, 1), 127.0))
    assert PixelStandardization.from_config(layer.get_config()).preprocessing == {"height": 6, "resize": "crop"}


def test_standardization_refuses_a_deviation_of_zero_and_a_wrong_number_of_channels():
    with pytest.raises(ValueError, match="expected numbers above 0"):
        PixelStandardization((0.0,), (0.0,))
    with pytest.raises(ValueError, match="mean has 2 values for 3 channels; expected 1 or 3"):
        PixelStandardization((1.0, 2.0))(IMAGES)


def test_layout_change_there_and_back():
    first = LayoutChange("channels_last", "channels_first")(IMAGES)
    np.testing.assert_array_equal(first, np.moveaxis(IMAGES, -1, 1))
    np.testing.assert_array_equal(LayoutChange("channels_first", "channels_last")(first), IMAGES)
    np.testing.assert_array_equal(LayoutChange("channels_first", "channels_first")(IMAGES), IMAGES)


def test_layouts_have_two_names():
    with pytest.raises(ValueError, match="expected 'channels_last' or 'channels_first'"):
        LayoutChange("NHWC", "channels_first")


def test_shortcut_subsamples_and_fills_with_zeros_on_both_sides():
    outputs = np.asarray(ParameterFreeShortcut(8, strides=2)(IMAGES))
    assert outputs.shape == (2, 3, 4, 8)
    np.testing.assert_array_equal(outputs[..., 2:5], IMAGES[:, ::2, ::2])
    assert np.all(outputs[..., :2] == 0)
    assert np.all(outputs[..., 5:] == 0)


def test_shortcut_cannot_lose_channels():
    with pytest.raises(ValueError, match="filters is 2, fewer than the 3 channels"):
        ParameterFreeShortcut(2)(IMAGES)


def test_probabilities_sum_to_one_and_follow_the_temperature():
    logits = np.array([[2.0, 0.0, -4.0]], "float32")
    for temperature in (0.5, 1.0, 4.0):
        expected = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
        outputs = ClassProbabilities(["a", "b", "c"], temperature)(logits)
        np.testing.assert_allclose(outputs, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ClassProbabilities(["a", "b", "a"]), r"class_names repeats \['a'\]"),
        (lambda: ClassProbabilities(["a"], temperature=0.0), "temperature is 0.0; expected a number above 0"),
        (lambda: ClassProbabilities(["a", "b"])(np.ones((1, 3))), "2 class names for 3 outputs"),
    ],
)
def test_probabilities_need_a_name_for_each_output(make, message):
    with pytest.raises(ValueError, match=message):
        make()
