"""Images written as waves, so that a large shape is as easy to change as a single pixel."""

import numpy as np
import tensorflow as tf

# Columns are the directions in which the colors of photos vary, from most to least: light, red to blue, green. The
# published square root of ImageNet's color covariance (Olah et al.), by its largest column.
COLORS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32) / 0.46


class Spectrum:
    """The waves of some images, and their pixels.

    A wave counts by its length, as in photos, whose long waves are the strong ones. At coefficients of standard
    deviation 1 the pixels before the last squeeze into [0, 255] have a standard deviation of about 1, at any size.

    Args:
        images: How many.
        size: Their height and width in pixels.
        channels: 3 for colors; others are independent.
        contrast: Standard deviation of the coefficients at the start.
        seed: Of the start.

    Attributes:
        waves: The coefficients, a variable (2, B, C, H, W // 2 + 1), real and imaginary.

    Reference:
        Olah, Mordvintsev and Schubert, Feature Visualization, Distill, 2017, "Preconditioning and Parameterization".

    Example:
        >>> Spectrum(2, (28, 28), 1, contrast=0.0, seed=0).pixels().numpy()[0, 0, 0]
        array([127.5], dtype=float32)
    """

    def __init__(self, images: int, size: tuple[int, int], channels: int, contrast: float, seed: int) -> None:
        height, width = size
        frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])  # waves a pixel
        lengths = 1 / np.maximum(frequencies, 1 / max(size))
        weights = lengths * height * width / np.sqrt(2 * np.square(lengths).sum())
        half = width // 2 + 1  # the other half of the waves follows, as pixels are real
        self._size = size
        self._frequencies = frequencies[:, :half].astype(np.float32)
        self._weights = weights[:, :half].astype(np.float32)
        self._colors = COLORS if channels == 3 else np.eye(channels, dtype=np.float32)
        start = np.random.default_rng(seed).normal(0, contrast, (2, images, channels, height, half))
        self.waves = tf.Variable(start.astype(np.float32))

    def pixels(self) -> tf.Tensor:
        """(B, H, W, C), in [0, 255]."""
        weighted = self.waves * self._weights
        planes = tf.signal.irfft2d(tf.complex(weighted[0], weighted[1]), self._size)
        colored = tf.einsum("bihw,ci->bhwc", planes, self._colors)
        return 255.0 * tf.sigmoid(colored)

    def blur(self, deviation: float) -> None:
        """Weaken the short waves, as a Gaussian blur does.

        Args:
            deviation: Of the Gaussian, in pixels.
        """
        self.waves.assign(self.waves * tf.exp(-2 * (np.pi * deviation * self._frequencies) ** 2))
