"""MixUp and CutMix: images and labels of a batch, two by two."""

from types import SimpleNamespace

import tensorflow as tf

from imgcls.data.augmentation.draws import Draws

NUMBERS = 4  # of `draw_mixing`, for each image


def draw_mixing(draws: Draws, values: SimpleNamespace) -> tf.Tensor:
    """Draw how one image is mixed with the next one of its batch.

    Args:
        draws: The random numbers of the image.
        values: `mixup` and `cutmix`, alpha of the Beta distributions of the image's own share; 0 for none. With both,
            an image gets one or the other, with the same probability.

    Returns:
        (4,): 1 for CutMix and 0 for MixUp, the image's own share, and the centre of the cut (y, x), in [0, 1).
    """
    mixup, cutmix = values.mixup, values.cutmix
    by_cut = tf.where(mixup > 0, tf.where(cutmix > 0, draws("mixing") < 0.5, False), cutmix > 0)
    parameter = tf.where(by_cut, cutmix, mixup)
    gamma = tf.random.stateless_gamma((2,), draws.seed("mixing"), tf.maximum(parameter, 0.01))
    kept = tf.where(parameter > 0, (gamma[0] + 1e-9) / (tf.reduce_sum(gamma) + 2e-9), 1.0)
    return tf.stack([tf.cast(by_cut, tf.float32), kept, draws("mixing", 1), draws("mixing", 2)])


def mix(pixels: tf.Tensor, targets: tf.Tensor, readable: tf.Tensor, numbers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mix each image of a batch with the next one, by MixUp or CutMix.

    Args:
        pixels: (B, H, W, C).
        targets: (B, classes).
        readable: (B,), bool. An image that could not be read is not mixed.
        numbers: (B, 4), a row of `draw_mixing` for each image.

    Returns:
        The mixed pixels, (B, H, W, C), and the mixed targets, (B, classes).

    Reference:
        MixUp: Zhang et al., 2018. CutMix: Yun et al., 2019.
    """
    height, width = pixels.shape[1:3]
    by_cut, kept, center_y, center_x = tf.unstack(numbers, axis=1)
    kept = tf.where(readable & tf.roll(readable, -1, 0), kept, 1.0)

    side = tf.sqrt(1 - kept)
    top, bottom = _edges(center_y, side, height)
    left, right = _edges(center_x, side, width)
    area = tf.cast((bottom - top) * (right - left), tf.float32) / (height * width)
    share = tf.where(by_cut > 0, 1 - area, kept)

    y, x = tf.range(height)[None, :, None, None], tf.range(width)[None, None, :, None]
    inside = (y >= _as_map(top)) & (y < _as_map(bottom)) & (x >= _as_map(left)) & (x < _as_map(right))
    of_own = tf.where(_as_map(by_cut) > 0, 1 - tf.cast(inside, tf.float32), _as_map(kept))
    pixels = of_own * pixels + (1 - of_own) * tf.roll(pixels, -1, 0)
    targets = share[:, None] * targets + (1 - share)[:, None] * tf.roll(targets, -1, 0)
    return pixels, targets


def _edges(center: tf.Tensor, share: tf.Tensor, length: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The first pixel inside, and the first one behind."""
    half, middle = share * length / 2, center * length
    edges = (tf.cast(tf.round(middle + sign * half), tf.int32) for sign in (-1, 1))
    return tuple(tf.clip_by_value(edge, 0, length) for edge in edges)


def _as_map(values: tf.Tensor) -> tf.Tensor:
    return values[:, None, None, None]
