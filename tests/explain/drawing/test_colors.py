"""The scales of colors, as people with and without color blindness see them."""

import numpy as np
import pytest

from imgcls.explain.drawing.colors import TO_CONES, TO_LAB, diverging, sequential

DEUTERANOPE = np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])  # on linear sRGB
PROTANOPE = np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]])  # Machado et al., 2009


def as_seen(colors: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """OKLab of what such eyes see."""
    shares = colors / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return np.cbrt(np.clip(linear @ eyes.T, 0, 1) @ TO_CONES.T) @ TO_LAB.T


@pytest.mark.parametrize("eyes", [np.eye(3), DEUTERANOPE, PROTANOPE], ids=["normal", "deuteranope", "protanope"])
def test_more_is_always_lighter(eyes):
    lightness = as_seen(sequential(np.linspace(0, 1, 32)), eyes)[:, 0]
    assert (np.diff(lightness) > 0).all()


def test_equal_steps_look_about_equal():
    steps = np.linalg.norm(np.diff(as_seen(sequential(np.linspace(0, 1, 17)), np.eye(3)), axis=0), axis=1)
    assert steps.max() < 2 * steps.min()


@pytest.mark.parametrize("eyes", [np.eye(3), DEUTERANOPE, PROTANOPE], ids=["normal", "deuteranope", "protanope"])
def test_for_and_against_are_told_apart(eyes):
    strengths = np.linspace(0.25, 1, 8)
    one, other = as_seen(diverging(strengths), eyes), as_seen(diverging(-strengths), eyes)
    assert (np.linalg.norm(one - other, axis=1) > 0.06).all()  # 0.02 is the least that is seen
    assert (one[:, 2] > 0).all()  # yellowish
    assert (other[:, 2] < 0).all()  # bluish


def test_both_sides_are_equally_light():
    strengths = np.linspace(0, 1, 9)
    one, other = (as_seen(diverging(sign * strengths), np.eye(3))[:, 0] for sign in (1, -1))
    np.testing.assert_allclose(one, other, atol=0.02)
    assert (np.diff(one) < 0).all()


def test_zero_is_neutral_and_what_is_no_number_is_gray():
    assert diverging(np.zeros((2, 3))).shape == (2, 3, 3)
    assert len(set(diverging(np.array(0.0)).tolist())) == 1
    assert sequential(np.array([np.nan])).tolist() == [[128, 128, 128]]
    assert (sequential(np.array([-5.0, 7.0])) == sequential(np.array([0.0, 1.0]))).all()
