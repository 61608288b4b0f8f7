"""What a bundle can be asked: three functions of TensorFlow, by the name that callers give."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import tensorflow as tf

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.serving.guarded_reading import in_places, problems, read_batch

if TYPE_CHECKING:
    import keras  # the fresh process of `imgcls.serving.parity` does without

CLASSES = "serving_default"
EMBEDDING = "embedding"
PIXELS = "pixels"
IMAGE_BYTES = "image_bytes"


def make_signatures(
    model: "keras.Model", embedding: "keras.Model", class_names: Sequence[str], preprocessing: Preprocessing
) -> dict[str, tuple[Callable, tf.TensorSpec]]:
    """Each signature's function and the input that it takes.

    model: pixels (B, H, W, C) in [0, 255] to probabilities (B, K), in the order of `class_names`.
    embedding: the same pixels to features (B, D).

    serving_default: image_bytes (B,) to classes (B, K) and probabilities (B, K), both the likeliest first, and problem
        (B,): "" or the reason why the image could not be read; its classes are then "" and its probabilities 0.
    embedding: image_bytes (B,) to embedding (B, D) and problem (B,).
    pixels: pixels (B, H, W, C), float32 in [0, 255], to classes and probabilities.
    """
    names = tf.constant(list(class_names))
    encoded = tf.TensorSpec((None,), tf.string, IMAGE_BYTES)
    decoded = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, "pixels")

    @tf.function(input_signature=[encoded])
    def read_encoded(image_bytes):
        return read_batch(tf.ensure_shape(image_bytes, encoded.shape), preprocessing)

    read = read_encoded.get_concrete_function()  # traced once for both signatures

    def ranked(pixels):
        probabilities, order = tf.math.top_k(model(pixels, training=False), k=len(class_names))
        return tf.gather(names, order), probabilities

    def serving_default(image_bytes):
        places, pixels = read(image_bytes)
        classes, probabilities = ranked(pixels)
        return {
            "classes": in_places(classes, image_bytes, places),
            "probabilities": in_places(probabilities, image_bytes, places),
            "problem": problems(image_bytes, places),
        }

    def embed(image_bytes):
        places, pixels = read(image_bytes)
        features = embedding(pixels, training=False)
        return {
            "embedding": in_places(features, image_bytes, places),
            "problem": problems(image_bytes, places),
        }

    def from_pixels(pixels):
        pixels = tf.ensure_shape(pixels, decoded.shape)  # a loaded graph takes any size that its layers take
        count = tf.shape(pixels)[0]
        missing = 1 - tf.minimum(count, 1)  # see `read_batch`: no batch of none
        classes, probabilities = ranked(tf.pad(pixels, [[0, missing], [0, 0], [0, 0], [0, 0]]))
        return {"classes": classes[:count], "probabilities": probabilities[:count]}

    return {
        CLASSES: (serving_default, encoded),
        EMBEDDING: (embed, encoded),
        PIXELS: (from_pixels, decoded),
    }
