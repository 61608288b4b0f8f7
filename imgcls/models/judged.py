"""What the last layer of a classifier carries: temperature and judgement, both fitted after training."""

import keras

from imgcls.layers import ClassProbabilities, Judgement
from imgcls.layers.judgement import DECISION, OUTPUTS, PREDICTION_SET
from imgcls.models.recursion import deep_networks


def temperature(model: keras.Model) -> float:
    """What the logits are divided by before they become probabilities; 1 where none was fitted.

    Example:
        >>> from imgcls.models import build_model
        >>> temperature(build_model("lenet5", class_names=["cat", "dog"]))
        1.0
    """
    return float(model.get_layer("probabilities").temperature)


def is_multi_label(model: keras.Model) -> bool:
    """Whether an image may have several classes, or none: each probability stands by itself then."""
    return bool(model.get_layer("probabilities").activation == "sigmoid")


def judgement(model: keras.Model) -> Judgement | None:
    """The layer with what was fitted after training; None where nothing was.

    Example:
        >>> from imgcls.models import build_model
        >>> judgement(build_model("lenet5", class_names=["cat", "dog"])) is None
        True
    """
    found: Judgement | None = model.get_layer("probabilities").judgement
    return found


@deep_networks()
def with_judgement(model: keras.Model, temperature: float = 1.0, judgement: Judgement | None = None) -> keras.Model:
    """The same layers and weights with another temperature and judgement.

    Args:
        model: A classifier.
        temperature: What its logits are divided by.
        judgement: What was fitted after training; None takes out what was there.

    Returns:
        A model of its own, which shares the layers before the last.
    """
    last = model.get_layer("probabilities")
    probabilities = ClassProbabilities(last.class_names, temperature, last.activation, judgement, name=last.name)
    return keras.Model(model.input, probabilities(last.input), name=model.name)


@deep_networks()
def judgement_models(model: keras.Model) -> dict[str, keras.Model]:
    """The same layers and weights, from pixels to what the judgement says, as `imgcls.layers.Judgement` describes it.

    Returns:
        By the name of the output: "decision", "prediction_set", and "unknown_score" if one was fitted; none without
            a judgement.
    """
    layer = judgement(model)
    if layer is None:
        return {}
    found = layer([model.get_layer(name).output for name in ("probabilities", "logits", "embedding")])
    names = OUTPUTS if layer.unknown_method else (DECISION, PREDICTION_SET)
    return {name: keras.Model(model.input, found[name], name=model.name) for name in names}
