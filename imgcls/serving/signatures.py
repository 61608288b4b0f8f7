"""What a SavedModel can be asked: functions of TensorFlow, by the name that callers give."""

from collections.abc import Callable, Mapping
from functools import partial

import tensorflow as tf

from imgcls.engines.engine import DECISION, PREDICTION_SET, PROBABILITIES, UNKNOWN_SCORE
from imgcls.serving.export_format import Explain, ExportedClassifier
from imgcls.serving.guarded_reading import in_places, problems, read_batch

CLASSES = "serving_default"
EMBEDDING = "embedding"
PIXELS = "pixels"
PREPROCESS = "preprocess"
OUTPUTS = "outputs"
TOP_K = "top_k"
EXPLANATION = "explanation"
IMAGE_BYTES = "image_bytes"
K = "k"
CLASS_NAME = "class_name"
PREDICTED, UNKNOWN = -1, -2  # in place of the place of a class: the likeliest one, none
NOT_SURE = "not sure"  # the decision where no class is likely enough
NONE_OF_THESE = "none of these"  # the decision where the image is unlike those of training

Tensors = dict[str, tf.Tensor]
Signatures = dict[str, tuple[Callable[..., Tensors], list[tf.TensorSpec]]]


def make_signatures(classifier: ExportedClassifier) -> Signatures:
    """Make each signature's function and the inputs that it takes.

    Returns:
        By name:

        - serving_default: image_bytes (B,) to classes (B, K) and probabilities (B, K), both the likeliest first, and
          problem (B,): "" or the reason why the image could not be read; its classes are then "" and its
          probabilities 0. With a judgement also decision (B,): a class, "not sure" or "none of these"; prediction_set
          (B, K) bool, in the order of `classes`; where it was fitted, unknown_score (B,), higher is stranger: "", False
          and 0 where there is a problem.
        - top_k: image_bytes (B,) and k (B,), int32, to what serving_default gives, of the k likeliest classes alone:
          classes and probabilities (B, the largest k), "" and 0 beyond a row's own k, so that a server may join
          requests with different k. A k above K is K; one below 1 is the row's problem. There is no prediction_set,
          which would be cut off.
        - embedding: image_bytes (B,) to embedding (B, D) and problem (B,).
        - preprocess: image_bytes (B,) to pixels (B, H, W, C), float32 in [0, 255], and problem (B,); the pixels are 0
          where there is a problem. It reads images as this version does, whichever version of imgcls asks it.
        - pixels: pixels (B, H, W, C), float32 in [0, 255], to what serving_default gives but for `problem`.
        - outputs: the same pixels to all that an engine gives, in the order of the class names: probabilities,
          embedding, logits, and with a judgement decision (B,) as a place, prediction_set and, where it was fitted,
          unknown_score.
        - explanation, where the classifier has it: image_bytes (B,) and class_name (B,), "" for the likeliest class,
          to class (B,), its probability (B,), heat_map (B, H, W), picture_bytes (B,), which is a PNG file of the map
          over the image, and problem (B,). Where the image or the class is unknown, there is no class and no picture.
    """
    functions = _Functions(classifier)
    return {
        CLASSES: (functions.serving_default, [functions.encoded]),
        TOP_K: (functions.top_k, [functions.encoded, tf.TensorSpec((None,), tf.int32, K)]),
        EMBEDDING: (functions.embed, [functions.encoded]),
        PREPROCESS: (functions.preprocess, [functions.encoded]),
        PIXELS: (functions.from_pixels, [functions.decoded]),
        OUTPUTS: (functions.all_outputs, [functions.decoded]),
        **_explained(functions, classifier.explain),
    }


def _explained(functions: "_Functions", explain: Explain | None) -> Signatures:
    if explain is None:
        return {}
    inputs = [functions.encoded, tf.TensorSpec((None,), tf.string, CLASS_NAME)]
    return {EXPLANATION: (partial(functions.explain, explain), inputs)}


class _Functions:
    def __init__(self, classifier: ExportedClassifier) -> None:
        from imgcls.engines.tensorflow import network_function  # needs Keras, which whoever serves does without

        self.encoded = tf.TensorSpec((None,), tf.string, IMAGE_BYTES)
        self.decoded = tf.TensorSpec((None, *classifier.model.input_shape[1:]), tf.float32, "pixels")
        self._answered = (PROBABILITIES, *classifier.judgement)
        self._names = tf.constant([*classifier.class_names, NOT_SURE, NONE_OF_THESE])
        self._num_classes = len(classifier.class_names)

        @tf.function(input_signature=[self.encoded], autograph=False)
        def read(image_bytes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            image_bytes = tf.ensure_shape(image_bytes, self.encoded.shape)
            places, pixels = read_batch(image_bytes, classifier.preprocessing)
            return places, pixels, problems(image_bytes, places)

        self._read = read.get_concrete_function()  # traced, written and loaded once for all signatures
        network = network_function(classifier.outputs)
        self._everything = network.get_concrete_function()  # type: ignore[attr-defined]  # so is this

    def serving_default(self, image_bytes: tf.Tensor) -> Tensors:
        places, pixels, unread = self._read(image_bytes)
        found = _ranked(self._answers(pixels), self._names, self._num_classes)
        in_place = {name: in_places(values, image_bytes, places) for name, values in found.items()}
        return {**in_place, "problem": unread}

    def top_k(self, image_bytes: tf.Tensor, k: tf.Tensor) -> Tensors:
        with tf.control_dependencies([_one_for_each(image_bytes, k, f"{K} needs one number for each image")]):
            places, pixels, unread = self._read(image_bytes)
        width = tf.clip_by_value(tf.reduce_max(tf.pad(k, [[0, 1]])), 1, self._num_classes)
        found = _ranked(self._answers(pixels), self._names, width)
        found.pop(PREDICTION_SET, None)
        in_place = {name: _only(in_places(values, image_bytes, places), k >= 1) for name, values in found.items()}
        shown = tf.range(width)[None, :] < k[:, None]
        for name in ("classes", "probabilities"):
            in_place[name] = tf.where(shown, in_place[name], tf.zeros_like(in_place[name]))
        too_small = tf.strings.join(["k is ", tf.strings.as_string(k), "; expected at least 1"])
        return {**in_place, "problem": tf.where((unread == "") & (k < 1), too_small, unread)}

    def embed(self, image_bytes: tf.Tensor) -> Tensors:
        places, pixels, unread = self._read(image_bytes)
        features = self._everything(pixels)[EMBEDDING]
        return {
            "embedding": in_places(features, image_bytes, places),
            "problem": unread,
        }

    def preprocess(self, image_bytes: tf.Tensor) -> Tensors:
        places, pixels, unread = self._read(image_bytes)
        return {PIXELS: in_places(pixels, image_bytes, places), "problem": unread}

    def from_pixels(self, pixels: tf.Tensor) -> Tensors:
        count, at_least_one = self._checked(pixels)
        found = _ranked(self._answers(at_least_one), self._names, self._num_classes)
        return {name: values[:count] for name, values in found.items()}

    def all_outputs(self, pixels: tf.Tensor) -> Tensors:
        count, at_least_one = self._checked(pixels)
        return {name: values[:count] for name, values in self._everything(at_least_one).items()}

    def explain(self, explain: Explain, image_bytes: tf.Tensor, class_name: tf.Tensor) -> Tensors:
        message = f"{CLASS_NAME} needs one text for each image, which may be empty"
        with tf.control_dependencies([_one_for_each(image_bytes, class_name, message)]):
            places, pixels, unread = self._read(image_bytes)
        wanted = self._wanted(class_name)
        rows = tf.gather(wanted, places)
        missing = tf.shape(pixels)[0] - tf.size(rows)  # see `read_batch`: a black image where there is none
        found = dict(explain(pixels, tf.pad(tf.maximum(rows, PREDICTED), [[0, missing]])))
        found["class"] = tf.gather(self._names, found.pop("place"))
        in_place = {name: in_places(values, image_bytes, places) for name, values in found.items()}
        is_known = wanted != UNKNOWN
        unknown = tf.strings.join(["the network knows no class '", class_name, "'"])
        why = tf.where(is_known, in_place.pop("problem"), unknown)
        explained = {name: _only(values, is_known) for name, values in in_place.items()}
        return {**explained, "problem": tf.where(unread == "", why, unread)}

    def _answers(self, pixels: tf.Tensor) -> Tensors:
        found = self._everything(pixels)
        return {name: found[name] for name in self._answered}

    def _wanted(self, class_name: tf.Tensor) -> tf.Tensor:
        """The place of each class, (B,), int32; `PREDICTED` for "", `UNKNOWN` for what is none."""
        same = class_name[:, None] == self._names[None, :-2]
        places = tf.where(tf.reduce_any(same, 1), tf.argmax(same, 1, output_type=tf.int32), UNKNOWN)
        return tf.where(class_name == "", PREDICTED, places)

    def _checked(self, pixels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """How many images there are, and the same pixels, or a black image where there are none."""
        pixels = tf.ensure_shape(pixels, self.decoded.shape)  # a loaded graph takes any size that its layers take
        count = tf.shape(pixels)[0]
        missing = 1 - tf.minimum(count, 1)  # see `read_batch`: no batch of none
        return count, tf.pad(pixels, [[0, missing], [0, 0], [0, 0], [0, 0]])


def _one_for_each(image_bytes: tf.Tensor, values: tf.Tensor, message: str) -> tf.Operation:
    """Fail the request, with the message, if there is not one value for each image."""
    return tf.debugging.assert_equal(tf.size(image_bytes), tf.size(values), message)


def _only(values: tf.Tensor, is_known: tf.Tensor) -> tf.Tensor:
    """The same, with 0 or "" in the rows (B,) of what is not known."""
    rows = tf.reshape(is_known, [-1, *[1] * (len(values.shape) - 1)])
    return tf.where(rows, values, tf.zeros_like(values))


def _ranked(outputs: Mapping[str, tf.Tensor], names: tf.Tensor, k: tf.Tensor | int) -> Tensors:
    """The classes, the likeliest first, and the judgement with names.

    Args:
        outputs: Of a network, in the order of the classes.
        names: (K + 2,), of the classes and of the two other answers.
        k: How many of the classes.
    """
    probabilities, order = tf.math.top_k(outputs[PROBABILITIES], k=k)
    found = {"classes": tf.gather(names, order), "probabilities": probabilities}
    if DECISION in outputs:
        found[DECISION] = tf.gather(names, outputs[DECISION])
        found[PREDICTION_SET] = tf.gather(outputs[PREDICTION_SET], order, batch_dims=1)
    if UNKNOWN_SCORE in outputs:
        found[UNKNOWN_SCORE] = outputs[UNKNOWN_SCORE]
    return found
