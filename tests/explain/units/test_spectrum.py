import numpy as np
import pytest

from imgcls.explain.units.spectrum import Spectrum


@pytest.mark.parametrize("size", [(28, 28), (96, 64), (33, 27)])
def test_noise_of_one_contrast_varies_alike_at_any_size(size):
    pixels = Spectrum(40, size, 1, contrast=0.1, seed=0).pixels().numpy() / 255
    assert pixels.shape == (40, *size, 1)
    assert np.std(np.log(pixels / (1 - pixels))) == pytest.approx(0.1, rel=0.15)


def test_the_seed_decides():
    one, same, other = (Spectrum(1, (8, 8), 3, 0.2, seed).pixels().numpy() for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_a_blur_leaves_the_mean_and_takes_the_noise():
    spectrum = Spectrum(1, (32, 32), 1, contrast=0.3, seed=0)
    before = spectrum.pixels().numpy()
    spectrum.blur(2.0)
    after = spectrum.pixels().numpy()
    assert np.abs(np.diff(after, axis=1)).mean() < 0.5 * np.abs(np.diff(before, axis=1)).mean()
    assert after.mean() == pytest.approx(before.mean(), abs=1.0)
