"""Arrays that PyTorch's process and ours make alike, so that no weights need to be kept."""

import math
import zlib

import numpy as np


def random_array(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """An array by its name in a state dict: factors and variances near 1, shifts near 0, kernels that keep sizes."""
    random = np.random.RandomState(zlib.crc32(name.encode()))  # whose stream NumPy never changes
    if len(shape) > 1 and name.endswith(".weight"):
        return (random.standard_normal(shape) / math.sqrt(math.prod(shape[1:]))).astype(np.float32)
    ends = (0.5, 1.5) if name.endswith((".weight", "gamma", "layer_scale", "running_var")) else (-0.3, 0.3)
    return np.asarray(random.uniform(*ends, shape), np.float32)


def random_pixels(size: tuple[int, int]) -> np.ndarray:
    """(2, height, width, 3), float32 in [0, 255]."""
    return np.random.RandomState(0).uniform(0, 255, (2, *size, 3)).astype(np.float32)
