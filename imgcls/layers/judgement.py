"""What a classifier answers in the end: a class, "not sure" or "none of these", and the set of classes that may be."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops
from typing_extensions import override

NOT_SURE = "not sure"  # the answer where no class is likely enough
NONE_OF_THESE = "none of these"  # the answer where the image is unlike those of training
DECISION, PREDICTION_SET, UNKNOWN_SCORE = OUTPUTS = ("decision", "prediction_set", "unknown_score")
MULTI_LABEL = "multi_label"  # an image may have several classes, or none
SHARE_METHODS = ("lac", "class_conditional", MULTI_LABEL)  # a class belongs to the set by its own probability
SUM_METHODS = ("aps", "raps")  # by the sum of the probabilities down to it
UNKNOWN_ARRAYS = {  # of each score of strangeness, the arrays that it needs
    "msp": (),
    "energy": (),
    "max_logit": (),
    "joint_energy": (),
    "mahalanobis": ("mean", "components", "variances", "residual_variance", "class_means"),
    "knn": ("bank",),
}
LEAST_NORM = 1e-12
FAR = 1e9  # takes a logit out of a sum of exponentials
NEVER = float(np.finfo(np.float32).max)  # a threshold that no score exceeds


@keras.saving.register_keras_serializable("imgcls")
class Judgement(keras.layers.Layer):
    """What was fitted on validation images after training, applied to what the network says of an image.

    The numbers are weights that no training changes: `numbers` gives them, `assign` sets them. A new layer answers
    every image with the likeliest class, and with the set of all classes.

    - thresholds (K,): the least probability at which each class is answered; below it the answer is "not sure".
    - quantiles (K,): the largest score of conformity at which each class belongs to the prediction set.
    - unknown_threshold (): above it an image is "none of these".
    - unknown_...: the arrays of the score of strangeness.

    Args:
        num_classes: K.
        set_method: How prediction sets are made. "lac", "class_conditional", "multi_label": the score of a class is 1
            minus its probability. "aps": the sum of the probabilities of all classes that are likelier. "raps": the
            same and `penalty` for each rank after the first `free_classes`.
        penalty: Of "raps".
        free_classes: Of "raps".
        unknown_method: The score of strangeness. "": none, always 0. "msp": minus the logit of the likeliest class's
            probability. "energy": minus the log of the sum of exp(logits). "max_logit", "joint_energy": the same two
            for several labels an image. "mahalanobis": the squared distance to the nearest class mean, in the
            covariance of the classes. "knn": the cosine distance to the nearest training embeddings.
        unknown_shapes: The shapes of the arrays of `unknown_method`, by name.
        neighbors: Of "knn": the distance to the embedding of this rank counts.
        facts: What else is kept about the fit, such as the wished coverage; as JSON has it.

    Input shape:
        A list: probabilities (B, K), logits (B, K) before temperature, embedding (B, D).

    Output shape:
        A dict: decision (B,) int32, the place of a class, K for "not sure", K + 1 for "none of these"; prediction_set
        (B, K) bool, in the order of the classes; unknown_score (B,) float32, higher is stranger.

    Raises:
        ValueError: For an unknown method, or arrays of other shapes.

    Reference:
        Sadinle et al., Least Ambiguous Set-Valued Classifiers, 2019, for "lac"; Romano et al., Classification with
        Valid and Adaptive Coverage, 2020, for "aps"; Angelopoulos et al., Uncertainty Sets for Image Classifiers, 2021,
        for "raps"; Hendrycks and Gimpel, 2017, for "msp"; Liu et al., 2020, for "energy"; Wang et al., 2021, for
        "joint_energy"; Lee et al., 2018, for "mahalanobis"; Sun et al., 2022, for "knn".
    """

    def __init__(
        self,
        num_classes: int,
        set_method: str = "lac",
        penalty: float = 0.0,
        free_classes: int = 0,
        unknown_method: str = "",
        unknown_shapes: Mapping[str, Sequence[int]] | None = None,
        neighbors: int = 1,
        facts: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=kwargs.pop("dtype", "float32"), trainable=kwargs.pop("trainable", False), **kwargs)
        if set_method not in SHARE_METHODS + SUM_METHODS:
            raise ValueError(f"set_method is {set_method!r}; expected one of {', '.join(SHARE_METHODS + SUM_METHODS)}.")
        if unknown_method and unknown_method not in UNKNOWN_ARRAYS:
            raise ValueError(f"unknown_method is {unknown_method!r}; expected one of {', '.join(UNKNOWN_ARRAYS)}.")
        self.num_classes = int(num_classes)
        self.set_method = set_method
        self.penalty = float(penalty)
        self.free_classes = int(free_classes)
        self.unknown_method = unknown_method
        self.unknown_shapes = {name: [int(size) for size in shape] for name, shape in (unknown_shapes or {}).items()}
        self.neighbors = int(neighbors)
        self.facts = dict(facts or {})
        expected = UNKNOWN_ARRAYS.get(unknown_method, ())
        if set(self.unknown_shapes) != set(expected):
            given = ", ".join(self.unknown_shapes) or "none"
            raise ValueError(f"unknown_shapes has {given}; {unknown_method!r} needs {', '.join(expected) or 'none'}.")

    @override
    def build(self, input_shape: object = None) -> None:
        self.thresholds = self._number("thresholds", (self.num_classes,), 0.0)
        self.quantiles = self._number("quantiles", (self.num_classes,), NEVER)
        self.unknown_threshold = self._number("unknown_threshold", (), NEVER)
        self._unknown = {
            name: self._number(f"unknown_{name}", tuple(shape), 0.0)
            for name, shape in sorted(self.unknown_shapes.items())
        }

    def _number(self, name: str, shape: tuple[int, ...], start: float) -> keras.Variable:
        initializer = keras.initializers.Constant(start)
        return self.add_weight(name=name, shape=shape, initializer=initializer, trainable=False)

    def numbers(self) -> dict[str, np.ndarray]:
        """The weights, by name."""
        self._ensure_built()
        return {weight.name: np.asarray(weight) for weight in self.weights}

    def assign(self, numbers: Mapping[str, np.ndarray]) -> None:
        """Set weights.

        Args:
            numbers: By name, as `numbers` gives them; those that are not given stay as they are.

        Raises:
            ValueError: For a name that is none, or an array of another shape.
        """
        self._ensure_built()
        weights = {weight.name: weight for weight in self.weights}
        for name, values in numbers.items():
            found = np.shape(values)
            if name not in weights or found != tuple(weights[name].shape):
                expected = ", ".join(f"{each} {tuple(weight.shape)}" for each, weight in weights.items())
                raise ValueError(f"{name} has shape {found}; expected {expected}.")
            weights[name].assign(np.clip(np.asarray(values, np.float64), -NEVER, NEVER))

    def _ensure_built(self) -> None:
        if not self.built:
            self.build()

    @override
    def call(self, inputs: Sequence[KerasTensor]) -> dict[str, KerasTensor]:
        probabilities, logits, embedding = (ops.cast(each, self.compute_dtype) for each in inputs)
        strangeness = self.strangeness(logits, embedding)
        return {
            DECISION: self._decision(probabilities, strangeness),
            PREDICTION_SET: self._prediction_set(probabilities),
            UNKNOWN_SCORE: strangeness,
        }

    def _decision(self, probabilities: KerasTensor, strangeness: KerasTensor) -> KerasTensor:
        """The place of the class that is answered, and of the other two answers: (B,)."""
        enough = probabilities >= self.thresholds
        if self.set_method == MULTI_LABEL:
            chosen, sure = _place_of_largest(ops.where(enough, probabilities, -1.0)), ops.any(enough, axis=-1)
        else:
            chosen = _place_of_largest(probabilities)
            sure = ops.max(probabilities, axis=-1) >= ops.take(self.thresholds, chosen)
        answer = ops.where(sure, ops.cast(chosen, "int32"), self.num_classes)
        return ops.cast(ops.where(strangeness > self.unknown_threshold, self.num_classes + 1, answer), "int32")

    def _prediction_set(self, probabilities: KerasTensor) -> KerasTensor:
        """Which classes belong to the set; at least the likeliest, unless an image may have none: (B, K)."""
        found = self._conformity(probabilities) <= self.quantiles
        if self.set_method == MULTI_LABEL:
            return found
        likeliest = ops.one_hot(_place_of_largest(probabilities), self.num_classes, dtype="bool")
        is_empty = ops.logical_not(ops.any(found, axis=-1, keepdims=True))
        return ops.logical_or(found, ops.logical_and(is_empty, likeliest))

    def _conformity(self, probabilities: KerasTensor) -> KerasTensor:
        """The score of each class: the lower, the better it fits; (B, K)."""
        if self.set_method in SHARE_METHODS:
            return 1.0 - probabilities
        falling, order = ops.top_k(probabilities, self.num_classes)  # of equals, the first in order first
        scores = ops.cumsum(falling, axis=-1) - falling
        if self.set_method == "raps":
            behind = np.maximum(np.arange(1, self.num_classes + 1) - self.free_classes, 0)
            scores = scores + (self.penalty * behind).astype(np.float32)
        _, rank = ops.top_k(-ops.cast(order, "float32"), self.num_classes)  # the inverse of `order`
        return ops.take_along_axis(scores, rank, axis=-1)

    def strangeness(self, logits: KerasTensor, embedding: KerasTensor) -> KerasTensor:
        """The score of strangeness, (B,).

        Args:
            logits: (B, K), before temperature.
            embedding: (B, D).
        """
        scores = {
            "": lambda: 0.0 * ops.sum(logits, axis=-1),
            "msp": lambda: _others(logits),
            "energy": lambda: -ops.logsumexp(logits, axis=-1),
            "max_logit": lambda: -ops.max(logits, axis=-1),
            "joint_energy": lambda: -ops.sum(ops.softplus(logits), axis=-1),
            "mahalanobis": lambda: self._mahalanobis(embedding),
            "knn": lambda: self._neighbor_distance(embedding),
        }
        return scores[self.unknown_method]()

    def _mahalanobis(self, embedding: KerasTensor) -> KerasTensor:
        """Squared distance to the nearest class mean, along the kept components, and evenly across the others."""
        parts = self._unknown
        centered = embedding - parts["mean"]
        along = ops.matmul(centered, ops.transpose(parts["components"]))
        across = ops.sum(centered**2, axis=-1) - ops.sum(along**2, axis=-1)
        white = along / ops.sqrt(parts["variances"])
        means = parts["class_means"]
        squares = ops.sum(white**2, axis=-1, keepdims=True) + ops.sum(means**2, axis=-1)
        nearest = ops.min(squares - 2.0 * ops.matmul(white, ops.transpose(means)), axis=-1)
        return ops.maximum(nearest, 0.0) + ops.maximum(across, 0.0) / parts["residual_variance"]

    def _neighbor_distance(self, embedding: KerasTensor) -> KerasTensor:
        length = ops.sqrt(ops.sum(embedding**2, axis=-1, keepdims=True))
        unit = embedding / ops.maximum(length, LEAST_NORM)
        nearest, _ = ops.top_k(ops.matmul(unit, ops.transpose(self._unknown["bank"])), self.neighbors)
        return 1.0 - nearest[:, -1]

    @override
    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> dict[str, tuple[int | None, ...]]:
        batch = input_shape[0][0]
        return {DECISION: (batch,), PREDICTION_SET: (batch, self.num_classes), UNKNOWN_SCORE: (batch,)}

    def compute_output_spec(self, inputs: Sequence[KerasTensor]) -> dict[str, KerasTensor]:
        """Shapes and types of the outputs, which Keras asks for before there are images."""
        shapes = self.compute_output_shape([each.shape for each in inputs])
        types = {DECISION: "int32", PREDICTION_SET: "bool", UNKNOWN_SCORE: self.compute_dtype}
        return {name: KerasTensor(shape, types[name]) for name, shape in shapes.items()}

    @override
    def get_config(self) -> dict[str, Any]:
        own = {
            "num_classes": self.num_classes,
            "set_method": self.set_method,
            "penalty": self.penalty,
            "free_classes": self.free_classes,
            "unknown_method": self.unknown_method,
            "unknown_shapes": self.unknown_shapes,
            "neighbors": self.neighbors,
            "facts": self.facts,
        }
        return {**super().get_config(), **own}


def _others(logits: KerasTensor) -> KerasTensor:
    """log((1 - p) / p) of the likeliest class's probability p: it orders images as 1 - p does, and does not round to 0.

    It is the log of the sum of exp(logit - largest) over all other classes.
    """
    largest = ops.max(logits, axis=-1, keepdims=True)
    is_largest = ops.one_hot(_place_of_largest(logits), logits.shape[-1], dtype=logits.dtype)
    return ops.logsumexp(logits - largest - FAR * is_largest, axis=-1)


def _place_of_largest(values: KerasTensor) -> KerasTensor:
    """The place of the largest of each row, (B,); `ops.argmax` has an operation that OpenVINO does not know."""
    return ops.top_k(values, 1)[1][:, 0]
