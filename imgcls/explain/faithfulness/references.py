"""Heat maps that know nothing of the network: what a real one has to beat."""

import numpy as np


def centered_blob(size: tuple[int, int]) -> np.ndarray:
    """A Gaussian in the middle of the image, as wide as it is high; photographers put what they show there.

    Only the order of its pixels is read, and that is the same for a Gaussian of any width.

    Args:
        size: Height and width, in pixels.

    Returns:
        (H, W), float32 in (0, 1].

    Example:
        >>> centered_blob((3, 3)).argmax()
        np.int64(4)
    """
    rows, columns = (np.linspace(-1.0, 1.0, side) if side > 1 else np.zeros(1) for side in size)
    blob: np.ndarray = np.exp(-2.0 * (rows[:, None] ** 2 + columns[None, :] ** 2)).astype(np.float32)
    return blob


def scrambled(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random map that is as smooth as a given one: the same spectrum with random phases.

    Pixel noise would be no fair opponent. To a network a photo full of single gray pixels is an odd image, and its
    score falls for that reason alone, whatever they cover; a smooth map covers regions. So each map is held against a
    random one with the same autocorrelation.

    Args:
        values: (H, W), finite.
        rng: Draws the phases.

    Returns:
        (H, W), float32; pixel noise if all values are equal.

    Reference:
        Theiler et al., Testing for nonlinearity in time series: the method of surrogate data, 1992, section 2.4.1.
    """
    noise = rng.standard_normal(values.shape)
    if np.ptp(values) == 0:
        return noise.astype(np.float32)
    phases = np.exp(1j * np.angle(np.fft.rfft2(noise)))
    spectrum = np.abs(np.fft.rfft2(values - values.mean()))
    return np.asarray(np.fft.irfft2(spectrum * phases, values.shape), np.float32)
