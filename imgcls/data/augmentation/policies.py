"""RandAugment and AugMix: a few operations, drawn from a table, in a row or side by side."""

import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import tensorflow as tf

from imgcls.data.augmentation.color import LUMA
from imgcls.data.augmentation.draws import Draws
from imgcls.data.augmentation.geometry import warp

CHAINS, DEPTH = 3, 3  # of AugMix: Hendrycks et al., 2020, section 3


def autocontrast(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Stretch each channel to [0, 255], whatever the strength."""
    low, high = tf.reduce_min(image, (0, 1)), tf.reduce_max(image, (0, 1))
    return tf.where(high > low, (image - low) * (255 / tf.maximum(high - low, 1e-3)), image)


def equalize(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Equalize the histogram of each channel, whatever the strength."""
    height, width, channels = image.shape
    level = tf.cast(tf.clip_by_value(image, 0.0, 255.0), tf.int32)
    place = level + 256 * tf.range(channels)
    counts = tf.reshape(tf.math.bincount(place, minlength=256 * channels, maxlength=256 * channels), (channels, 256))
    last = 255 - tf.argmax(tf.reverse(counts, [1]) > 0, axis=1, output_type=tf.int32)
    step = (height * width - tf.gather(counts, last[:, None], batch_dims=1)) // 255  # pixels a level, as Pillow counts
    lookup = (tf.cumsum(counts, axis=1, exclusive=True) + step // 2) // tf.maximum(step, 1)
    spread = tf.cast(tf.gather(tf.reshape(tf.minimum(lookup, 255), (-1,)), place), tf.float32)
    return tf.where(step[:, 0] > 0, spread, image)


def posterize(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Keep fewer bits of each value: 8 at strength 0, 4 at full strength."""
    step = tf.exp(math.log(2) * tf.round(4 * tf.abs(strength)))
    return tf.floor(image / step) * step


def solarize(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Invert the pixels that are brighter than a threshold: all pixels at full strength."""
    return tf.where(image >= 256 * (1 - tf.abs(strength)), 255 - image, image)


def saturate(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Change the saturation by a factor of 0.1 to 1.9."""
    if image.shape[-1] == 1:
        return image
    return _blend(tf.reduce_sum(image * LUMA, axis=-1, keepdims=True), image, strength)


def brighten(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Change the brightness by a factor of 0.1 to 1.9."""
    return _blend(0.0, image, strength)


def contrast(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Change the contrast about the mean by a factor of 0.1 to 1.9."""
    return _blend(tf.reduce_mean(image), image, strength)


def sharpen(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Sharpen, or smooth where the strength is negative."""
    height, width, channels = image.shape
    if min(height, width) < 3:
        return image
    padded = tf.pad(image, [[1, 1], [1, 1], [0, 0]], "REFLECT")
    kernel = tf.tile(tf.constant([[1.0, 1, 1], [1, 5, 1], [1, 1, 1]])[..., None, None] / 13, (1, 1, channels, 1))
    return _blend(tf.nn.depthwise_conv2d(padded[None], kernel, (1, 1, 1, 1), "VALID")[0], image, strength)


def rotate(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Rotate by up to 30 degrees."""
    angle = strength * (30 * math.pi / 180)
    return warp(image, [[tf.cos(angle), -tf.sin(angle)], [tf.sin(angle), tf.cos(angle)]])


def shear_x(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Shear horizontally by a slope of up to 0.3."""
    return warp(image, [[1.0, 0.3 * strength], [0.0, 1.0]])


def shear_y(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Shear vertically by a slope of up to 0.3."""
    return warp(image, [[1.0, 0.0], [0.3 * strength, 1.0]])


def shift_x(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Shift horizontally by up to 30 % of the width."""
    return warp(image, [[1.0, 0.0], [0.0, 1.0]], (strength * 0.3 * image.shape[1], 0.0))


def shift_y(image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Shift vertically by up to 30 % of the height."""
    return warp(image, [[1.0, 0.0], [0.0, 1.0]], (0.0, strength * 0.3 * image.shape[0]))


def _blend(other: tf.Tensor, image: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Away from `other`, or towards it where the strength is negative: 0.1 to 1.9 times the difference."""
    return other + (1 + 0.9 * strength) * (image - other)


Operation = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # (image (H, W, C) in [0, 255], strength in [-1, 1]) -> image
AUGMIX: tuple[Operation, ...] = (  # none that the corruptions of ImageNet-C hold
    autocontrast, equalize, posterize, solarize, rotate, shear_x, shear_y, shift_x, shift_y,
)  # fmt: skip
RANDAUGMENT: tuple[Operation, ...] = (*AUGMIX, saturate, brighten, contrast, sharpen)


def randaugment(image: tf.Tensor, draws: Draws, values: SimpleNamespace) -> tf.Tensor:
    """Apply operations of the table one after the other.

    Args:
        image: (H, W, C) in [0, 255].
        draws: The random numbers of the image.
        values: `randaugment`, the number of operations; `randaugment_magnitude`, their strength, in [0, 1], whose sign
            is drawn.

    Reference:
        Cubuk et al., RandAugment, 2020.
    """
    for i in range(values.largest["randaugment"]):
        choice, sign = draws("randaugment", 2 * i), draws("randaugment", 2 * i + 1)
        strength = tf.where(sign < 0.5, -values.randaugment_magnitude, values.randaugment_magnitude)
        image = tf.cond(
            i < values.randaugment, lambda x=image, c=choice, s=strength: _one(RANDAUGMENT, x, c, s), lambda x=image: x
        )
    return image


def augmix(image: tf.Tensor, draws: Draws, values: SimpleNamespace) -> tf.Tensor:
    """Blend the image with a mixture of three chains of one to three operations.

    Args:
        image: (H, W, C) in [0, 255].
        draws: The random numbers of the image.
        values: `augmix`, the probability; `randaugment_magnitude`, the operations' largest strength, in [0, 1].

    Reference:
        Hendrycks et al., AugMix, 2020; the weights are drawn evenly (their Dirichlet and Beta have the parameter 1).
    """

    def mixed() -> tf.Tensor:
        weights = -tf.math.log(1 - draws.many("augmix", 1, CHAINS))
        weights /= tf.reduce_sum(weights)
        depths = 1 + tf.cast(draws.many("augmix", 4, CHAINS) * DEPTH, tf.int32)
        uniform = tf.random.stateless_uniform((CHAINS, DEPTH, 2), draws.seed("augmix"))

        def step(i: tf.Tensor, total: tf.Tensor, chained: tf.Tensor) -> tuple[tf.Tensor, ...]:
            chain, place = i // DEPTH, i % DEPTH
            start = tf.where(place == 0, image, chained)
            strength = (2 * uniform[chain, place, 1] - 1) * values.randaugment_magnitude
            choice = uniform[chain, place, 0]
            moved = tf.cond(place < depths[chain], lambda: _one(AUGMIX, start, choice, strength), lambda: start)
            total = tf.cond(place == DEPTH - 1, lambda: total + weights[chain] * moved, lambda: total)
            return i + 1, total, moved

        shapes = (tf.TensorShape(()), image.shape, image.shape)
        state = (tf.constant(0), tf.zeros_like(image), image)
        _, total, _ = tf.while_loop(lambda i, *_: i < CHAINS * DEPTH, step, state, shapes, parallel_iterations=1)
        kept = draws("augmix", 7)
        return kept * image + (1 - kept) * total

    return tf.cond(draws("augmix") < values.augmix, mixed, lambda: image)


def _one(table: Sequence[Operation], image: tf.Tensor, choice: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """The operation that `choice` in [0, 1) stands for, applied."""
    branches = [
        lambda operation=operation: tf.ensure_shape(operation(image, strength), image.shape) for operation in table
    ]
    return tf.clip_by_value(tf.switch_case(tf.cast(choice * len(table), tf.int32), branches), 0.0, 255.0)
