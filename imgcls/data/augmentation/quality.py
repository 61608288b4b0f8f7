"""What cameras and files do to images: noise, blur, JPEG."""

import tensorflow as tf

from imgcls.data.augmentation.draws import Draws

LARGEST_BLUR = 4.0  # pixels of deviation
RADIUS = 8  # pixels, twice that
WORST_JPEG = 10


def noise(image: tf.Tensor, draws: Draws, share: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Add normal noise, drawn for each pixel and channel, to this share of the images.

    image: (H, W, C). strength: largest deviation, in gray levels; each channel gets one of its own, drawn evenly.
    """

    def noisy():
        deviation = draws.many("noise", 1, image.shape[-1]) * strength
        return image + tf.random.stateless_normal(image.shape, draws.seed("noise")) * deviation

    return tf.cond(draws("noise") < share, noisy, lambda: image)


def blur(image: tf.Tensor, draws: Draws, share: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
    """Blur this share of the images with a Gaussian; at the border the edge is mirrored.

    image: (H, W, C). strength: largest deviation in pixels, drawn evenly.
    """

    def blurred():
        deviation = tf.maximum(draws("blur", 1) * strength, 0.05)
        radius = min(RADIUS, min(image.shape[:2]) - 1)
        kernel = tf.exp(-0.5 * (tf.range(-radius, radius + 1, dtype=tf.float32) / deviation) ** 2)
        kernel /= tf.reduce_sum(kernel)
        planes = tf.transpose(image, (2, 0, 1))[..., None]
        padded = tf.pad(planes, [[0, 0], [radius, radius], [radius, radius], [0, 0]], "REFLECT")
        rows = tf.nn.conv2d(padded, kernel[:, None, None, None], 1, "VALID")
        both = tf.nn.conv2d(rows, kernel[None, :, None, None], 1, "VALID")
        return tf.transpose(both[..., 0], (1, 2, 0))

    return tf.cond(draws("blur") < share, blurred, lambda: image)


def jpeg(image: tf.Tensor, draws: Draws, share: tf.Tensor, quality: tf.Tensor) -> tf.Tensor:
    """Write and read this share of the images as JPEG. quality: the lowest, 10 to 100; drawn evenly up to 100."""

    def written():
        drawn = tf.cast(quality + draws("jpeg", 1) * (100 - quality), tf.int32)
        as_bytes = tf.cast(tf.round(tf.clip_by_value(image, 0.0, 255.0)), tf.uint8)
        return tf.cast(tf.image.adjust_jpeg_quality(as_bytes, drawn), tf.float32)

    return tf.cond(draws("jpeg") < share, written, lambda: image)
