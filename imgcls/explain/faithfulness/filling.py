"""Covered pixels filled from what surrounds them, so that a cover is no object of its own."""

import tensorflow as tf

SURE = 0.2  # share of a cell's pixels that is known, from which on they alone say its color


def filled(images: tf.Tensor, covered: tf.Tensor) -> tf.Tensor:
    """The images with their covered pixels in the colors around them, by a pyramid: push and pull.

    A cover of one color is an object that a network answers to, and its outline gives away what was covered. A single
    covered pixel is filled as its neighbors are, so nothing is lost there; a covered region fades to what lies around
    it; an image that is all covered has its mean color.

    Args:
        images: (B, H, W, C).
        covered: (B, H, W), bool.

    Reference:
        Gortler et al., The Lumigraph, 1996, section 3.4 (push-pull). Why covers are to be filled: Rong et al., A
        Consistent and Efficient Evaluation Strategy for Attribution Methods, 2022, section 4.

    Example:
        >>> column = tf.constant([[[[10.0]], [[0.0]], [[10.0]]]])
        >>> filled(column, tf.constant([[[False], [True], [False]]]))[0, :, 0, 0].numpy().tolist()
        [10.0, 10.0, 10.0]
    """
    known = 1.0 - tf.cast(covered, images.dtype)[..., None]
    levels = [(images * known, known)]
    while max(levels[-1][0].shape[1:3]) > 1:
        levels.append(tuple(tf.nn.avg_pool2d(each, 2, 2, "SAME") for each in levels[-1]))  # pull
    colors = tf.reduce_mean(images, (1, 2), keepdims=True)
    for color, share in reversed(levels):  # push
        colors = tf.image.resize(colors, color.shape[1:3])
        sure = tf.minimum(share / SURE, 1.0)
        colors = sure * tf.math.divide_no_nan(color, share) + (1.0 - sure) * colors
    return colors
