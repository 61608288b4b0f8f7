"""What a SavedModel can be asked: three functions of TensorFlow, by the name that callers give."""

from collections.abc import Callable

import tensorflow as tf

from imgcls.serving.export_format import ExportedClassifier
from imgcls.serving.guarded_reading import in_places, problems, read_batch

CLASSES = "serving_default"
EMBEDDING = "embedding"
PIXELS = "pixels"
IMAGE_BYTES = "image_bytes"

Tensors = dict[str, tf.Tensor]


def make_signatures(classifier: ExportedClassifier) -> dict[str, tuple[Callable[[tf.Tensor], Tensors], tf.TensorSpec]]:
    """Make each signature's function and the input that it takes.

    Returns:
        By name:

        - serving_default: image_bytes (B,) to classes (B, K) and probabilities (B, K), both the likeliest first, and
          problem (B,): "" or the reason why the image could not be read; its classes are then "" and its
          probabilities 0.
        - embedding: image_bytes (B,) to embedding (B, D) and problem (B,).
        - pixels: pixels (B, H, W, C), float32 in [0, 255], to classes and probabilities.
    """
    functions = _Functions(classifier)
    return {
        CLASSES: (functions.serving_default, functions.encoded),
        EMBEDDING: (functions.embed, functions.encoded),
        PIXELS: (functions.from_pixels, functions.decoded),
    }


class _Functions:
    def __init__(self, classifier: ExportedClassifier) -> None:
        self.encoded = tf.TensorSpec((None,), tf.string, IMAGE_BYTES)
        self.decoded = tf.TensorSpec((None, *classifier.model.input_shape[1:]), tf.float32, "pixels")
        self._model, self._embedding = classifier.model, classifier.embedding
        self._names = tf.constant(list(classifier.class_names))

        @tf.function(input_signature=[self.encoded])
        def read(image_bytes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return read_batch(tf.ensure_shape(image_bytes, self.encoded.shape), classifier.preprocessing)

        self._read = read.get_concrete_function()  # traced once for both signatures

    def serving_default(self, image_bytes: tf.Tensor) -> Tensors:
        places, pixels = self._read(image_bytes)
        classes, probabilities = self._ranked(pixels)
        return {
            "classes": in_places(classes, image_bytes, places),
            "probabilities": in_places(probabilities, image_bytes, places),
            "problem": problems(image_bytes, places),
        }

    def embed(self, image_bytes: tf.Tensor) -> Tensors:
        places, pixels = self._read(image_bytes)
        features = self._embedding(pixels, training=False)
        return {
            "embedding": in_places(features, image_bytes, places),
            "problem": problems(image_bytes, places),
        }

    def from_pixels(self, pixels: tf.Tensor) -> Tensors:
        pixels = tf.ensure_shape(pixels, self.decoded.shape)  # a loaded graph takes any size that its layers take
        count = tf.shape(pixels)[0]
        missing = 1 - tf.minimum(count, 1)  # see `read_batch`: no batch of none
        classes, probabilities = self._ranked(tf.pad(pixels, [[0, missing], [0, 0], [0, 0], [0, 0]]))
        return {"classes": classes[:count], "probabilities": probabilities[:count]}

    def _ranked(self, pixels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        probabilities, order = tf.math.top_k(self._model(pixels, training=False), k=len(self._names))
        return tf.gather(self._names, order), probabilities
