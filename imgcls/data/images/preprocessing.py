"""The one function from encoded bytes to the pixels that a model sees.

Training, evaluation, prediction and the exported bundle all call `preprocess`, so that none can differ from another.
The standardisation that follows (mean and deviation) is the first layer of the model and travels with its weights.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

import tensorflow as tf

from imgcls.data.images.decoding import Cut, decode_region

RESIZE_MODES = ("crop", "stretch")
INTERPOLATIONS = ("bilinear", "bicubic", "nearest", "area")
LOST_DETAIL = 1.5  # times fewer pixels a side, from which on a bilinear lookup without antialiasing shows
OUTSIDE = "a box that lies outside of its image"


@dataclass(frozen=True)
class Preprocessing:
    """How encoded images become pixels.

    height, width: pixels of the result.
    channels: 3 for colour, 1 for gray (luma of ITU-R BT.601).
    resize: "crop" takes the largest central region with the shape of the result, "stretch" the whole image.
    crop_share: share in (0, 1] of that region's height and width that is kept; 0.875 is usual for ImageNet.
    interpolation: of the resize, antialiased.
    """

    height: int
    width: int
    channels: int = 3
    resize: str = "crop"
    crop_share: float = 1.0
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            if not 1 <= getattr(self, name) <= 4096:
                raise ValueError(f"{name} is {getattr(self, name)} pixels; expected 1 to 4096.")
        if self.channels not in (1, 3):
            raise ValueError(f"channels is {self.channels}; expected 1 (gray) or 3 (colour).")
        if self.resize not in RESIZE_MODES:
            raise ValueError(f"resize is {self.resize!r}; expected one of {', '.join(RESIZE_MODES)}.")
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(f"interpolation is {self.interpolation!r}; expected one of {', '.join(INTERPOLATIONS)}.")
        if not 0 < self.crop_share <= 1:
            raise ValueError(f"crop_share is {self.crop_share}; expected a share above 0 and at most 1.")

    def to_dict(self) -> dict:
        return asdict(self)


def preprocess(
    image_bytes: tf.Tensor, preprocessing: Preprocessing, region: Cut | None = None, box: tf.Tensor | None = None
) -> tf.Tensor:
    """Decode, turn upright, cut out, resize: a scalar string to pixels (height, width, channels), float32, [0, 255].

    region: (height, width of the upright image) -> (top, left, height, width) of what is cut out. The default is what
        `preprocessing` says. Augmentation hands in a random one, which is shrunk as the mean of the pixels that fall
        into one: four times faster than the antialiased kernels, and 0.6 gray levels away from them in the mean. One
        that has to be enlarged is looked up bilinearly.
    box: (4,) float32, left, top, right and bottom in pixels of the upright image, for an example that is a part of its
        image: everything after the decoding sees that part alone. NaN, or None, is the whole image.

    Raises tf.errors.InvalidArgumentError for what is no readable image, and for a box without a pixel of it.
    """
    return preprocess_region(partial(decode_region, image_bytes), preprocessing, region, box)


def preprocess_region(
    decoded: Callable[[Cut, int, int], tf.Tensor],
    preprocessing: Preprocessing,
    region: Cut | None = None,
    box: tf.Tensor | None = None,
) -> tf.Tensor:
    """The same of an image that gives regions of itself, as `decode_region` does once it has the bytes."""
    target = (preprocessing.height, preprocessing.width)
    cut = region or (lambda height, width: central_region(height, width, preprocessing))
    image = decoded(cut if box is None else within(box, cut), *target)
    if preprocessing.channels == 1:
        image = tf.image.rgb_to_grayscale(tf.cast(image, tf.float32))
    height, width = tf.unstack(tf.shape(image)[:2])

    def resized() -> tf.Tensor:
        method, enlarges = preprocessing.interpolation, (height <= target[0]) & (width <= target[1])
        pixels = tf.cond(  # the same kernels; nothing needs antialiasing where there are more pixels than before
            enlarges,
            lambda: tf.image.resize(image, target, method=method),
            lambda: tf.image.resize(image, target, method=method, antialias=True),
        )
        return tf.raw_ops.ClipByValue(t=pixels, clip_value_min=0.0, clip_value_max=255.0)

    def shrunk() -> tf.Tensor:
        return tf.image.resize(image, target, method="area")

    def enlarged() -> tf.Tensor:
        return tf.image.resize(image, target, method="bilinear")

    if region is None or preprocessing.interpolation == "nearest":
        fits = (height == target[0]) & (width == target[1])
        image = tf.cond(fits, lambda: tf.cast(image, tf.float32), resized)
    else:
        shrinks = (height >= target[0]) & (width >= target[1])
        hardly = (height / target[0] < LOST_DETAIL) & (width / target[1] < LOST_DETAIL)
        image = tf.case([(shrinks, shrunk), (hardly, enlarged)], default=resized)
    return tf.ensure_shape(image, (*target, preprocessing.channels))


def central_region(
    height: tf.Tensor, width: tf.Tensor, preprocessing: Preprocessing
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """The region that `preprocessing` takes from an image of this height and width: (top, left, height, width).

    Cutting first and resizing after gives what resizing first and cutting after gives, at less work.
    """
    if preprocessing.resize == "stretch":
        kept_height, kept_width = tf.cast(height, tf.float32), tf.cast(width, tf.float32)
    else:
        scale = tf.minimum(height / preprocessing.height, width / preprocessing.width)
        kept_height = tf.cast(scale * preprocessing.height, tf.float32)
        kept_width = tf.cast(scale * preprocessing.width, tf.float32)
    kept_height = _pixels(kept_height * preprocessing.crop_share, height)
    kept_width = _pixels(kept_width * preprocessing.crop_share, width)
    return (height - kept_height) // 2, (width - kept_width) // 2, kept_height, kept_width


def within(box: tf.Tensor, cut: Cut) -> Cut:
    """The same cut of every pixel that the box touches, as a region of the whole image."""

    def region(height, width) -> tuple[tf.Tensor, ...]:
        height, width = tf.cast(height, tf.float32), tf.cast(width, tf.float32)
        whole = tf.reduce_any(tf.math.is_nan(box))
        left, top, right, bottom = tf.unstack(tf.where(whole, tf.stack([0.0, 0.0, width, height]), box))
        left, top = tf.maximum(tf.floor(left), 0.0), tf.maximum(tf.floor(top), 0.0)
        right, bottom = tf.minimum(tf.math.ceil(right), width), tf.minimum(tf.math.ceil(bottom), height)
        with tf.control_dependencies([tf.debugging.Assert((left < right) & (top < bottom), [OUTSIDE])]):
            left, top, right, bottom = (tf.cast(edge, tf.int32) for edge in (left, top, right, bottom))
        inner_top, inner_left, kept_height, kept_width = cut(bottom - top, right - left)
        return top + inner_top, left + inner_left, kept_height, kept_width

    return region


def _pixels(length: tf.Tensor, longest: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(tf.cast(tf.round(length), tf.int32), 1, longest)
