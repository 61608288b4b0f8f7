"""The arithmetic of the bench, held against SciPy's."""

import numpy as np
import pytest
from scipy.ndimage import correlate
from scipy.signal import correlate2d


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (17, 23)).astype(float)


@pytest.mark.parametrize("side", [3, 5])
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (3, 2, 2), (1, 4, 3)])
def test_the_feature_map_is_a_correlation(here, pixels, side, stride, padding, dilation):
    from parts.learn.convolution import Kernel, feature_map

    weights = np.random.default_rng(1).normal(size=(side, side))
    spread = np.zeros(((side - 1) * dilation + 1,) * 2)
    spread[::dilation, ::dilation] = weights
    expected = correlate2d(np.pad(pixels, padding), spread, "valid")[::stride, ::stride]
    kernel = Kernel(weights, stride, padding, dilation)
    found = feature_map(pixels, kernel)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert found.shape == tuple(map(kernel.positions, pixels.shape))


def test_presets_do_what_they_are_called(here, pixels):
    from parts.learn.convolution import PRESETS, SIDES, Kernel, feature_map, parsed, written

    flat = np.full((9, 9), 40.0)
    for name, kernels in PRESETS.items():
        for side in SIDES:
            weights = parsed(written(kernels[side][0]), kernels[side][1])
            kept = 40 if name in ("Identity", "Blur", "Sharpen", "Emboss") else 0
            np.testing.assert_allclose(feature_map(flat, Kernel(weights)), kept, err_msg=f"{name} {side}")
    sobel = parsed(written(PRESETS["Sobel, upright edges"][3][0]))
    np.testing.assert_allclose(
        feature_map(pixels, Kernel(sobel, padding=1)), correlate(pixels, sobel, mode="constant"), atol=1e-9
    )


def test_the_arithmetic_comes_to_the_pixel_of_the_map(here, pixels):
    from parts.learn.convolution import Kernel, arithmetic, feature_map, window

    kernel = Kernel(np.arange(9.0).reshape(3, 3) - 4, stride=2, padding=1, dilation=2)
    found, seen = feature_map(pixels, kernel), window(pixels, kernel, 0, 3)
    assert (seen[0] == 0).all()  # padding
    assert (seen * kernel.weights).sum() == found[0, 3]
    lines = arithmetic(seen, kernel).splitlines()
    assert lines[-1].endswith(f"=  {found[0, 3]:g}")
    assert len(lines) == 4
