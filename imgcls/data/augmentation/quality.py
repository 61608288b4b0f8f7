"""Image quality, as cameras and files change it: noise, blur, JPEG."""

from types import SimpleNamespace

import tensorflow as tf

from imgcls.data.augmentation.draws import Draws

RADIUS = 8  # pixels, twice the largest deviation of the blur


def noise(image: tf.Tensor, draws: Draws, values: SimpleNamespace) -> tf.Tensor:
    """Add Gaussian noise, drawn for each pixel and channel.

    Args:
        image: (H, W, C); the result may leave [0, 255].
        draws: The random numbers of the image.
        values: `noise`, the largest standard deviation in gray levels, drawn evenly for each channel;
            `noise_probability`.
    """

    def noisy() -> tf.Tensor:
        deviation = draws.many("noise", 1, image.shape[-1]) * values.noise
        return image + tf.random.stateless_normal(image.shape, draws.seed("noise")) * deviation

    return tf.cond(draws("noise") < values.noise_probability, noisy, lambda: image)


def blur(image: tf.Tensor, draws: Draws, values: SimpleNamespace) -> tf.Tensor:
    """Blur with a Gaussian; at the border the image is reflected.

    Args:
        image: (H, W, C).
        draws: The random numbers of the image.
        values: `blur`, the largest standard deviation in pixels, drawn evenly; `blur_probability`.
    """

    def blurred() -> tf.Tensor:
        deviation = tf.maximum(draws("blur", 1) * values.blur, 0.05)
        radius = min(RADIUS, min(image.shape[:2]) - 1)
        kernel = tf.exp(-0.5 * (tf.range(-radius, radius + 1, dtype=tf.float32) / deviation) ** 2)
        kernel /= tf.reduce_sum(kernel)
        planes = tf.transpose(image, (2, 0, 1))[..., None]
        padded = tf.pad(planes, [[0, 0], [radius, radius], [radius, radius], [0, 0]], "REFLECT")
        rows = tf.nn.conv2d(padded, kernel[:, None, None, None], 1, "VALID")
        both = tf.nn.conv2d(rows, kernel[None, :, None, None], 1, "VALID")
        return tf.transpose(both[..., 0], (1, 2, 0))

    return tf.cond(draws("blur") < values.blur_probability, blurred, lambda: image)


def jpeg(image: tf.Tensor, draws: Draws, values: SimpleNamespace) -> tf.Tensor:
    """Compress as JPEG and decode again.

    Args:
        image: (H, W, C).
        draws: The random numbers of the image.
        values: `jpeg_quality`, the lowest quality, drawn evenly up to 100; `jpeg_probability`.
    """

    def written() -> tf.Tensor:
        drawn = tf.cast(values.jpeg_quality + draws("jpeg", 1) * (100 - values.jpeg_quality), tf.int32)
        as_bytes = tf.cast(tf.round(tf.clip_by_value(image, 0.0, 255.0)), tf.uint8)
        return tf.cast(tf.image.adjust_jpeg_quality(as_bytes, drawn), tf.float32)

    return tf.cond(draws("jpeg") < values.jpeg_probability, written, lambda: image)
