"""A whole classifier: the door (standardisation, layout), a network of the table, the roof (classes)."""

from collections.abc import Sequence
from pathlib import Path

import keras
from keras import layers

from imgcls.data_format import CHANNELS_FIRST, CHANNELS_LAST
from imgcls.layers import ClassProbabilities, PixelStandardization
from imgcls.models.registry import PretrainedWeights, find_architecture
from imgcls.models.wiring import Wiring

NO_WEIGHTS = "none"


def build_model(
    name: str,
    input_shape: tuple[int, int, int] | None = None,
    class_names: Sequence[str] | None = None,
    *,
    weights: str | Path = NO_WEIGHTS,
    data_format: str = CHANNELS_LAST,
    dropout: float = 0.0,
    mean: Sequence[float] = (127.5,),
    std: Sequence[float] = (127.5,),
    preprocessing: dict | None = None,
) -> keras.Model:
    """Build a classifier from pixels (B, H, W, C) in [0, 255] to probabilities (B, number of classes).

    The layer "embedding" holds the features under the classifier, the layer "logits" the scores before the softmax.

    name: an architecture of `list_models()`.
    input_shape: (height, width, channels), channels_last in every layout; by default the paper's size, in colour.
    class_names: the names of the classes; by default those of the published weights.
    weights: "none" starts from random numbers; "imagenet" from published weights, and keeps their head where
        `class_names` are theirs; a path from the weights of an earlier model, head included where the classes agree.
    data_format: layout inside the network. The weights are the same in both.
    dropout: share in [0, 1) of the embedding that is dropped in training.
    mean, std, preprocessing: see `PixelStandardization`; published weights bring their own.

    Raises ValueError for an unknown name, unknown weights, or shapes that do not agree; FileNotFoundError for a path.
    """
    architecture = find_architecture(name)
    published = published_weights(name, weights)
    if class_names is None:
        if published is None:
            raise ValueError(f"{name} without published weights has no classes of its own; give class_names.")
        class_names = published.class_names()
    if published is not None:
        mean, std = published.mean, published.std
        preprocessing = {**(preprocessing or {}), **published.preprocessing}
    height, width, channels = input_shape or (architecture.image_size, architecture.image_size, 3)
    preprocessing = {**(preprocessing or {}), "height": height, "width": width, "channels": channels}
    net = Wiring(data_format=data_format, **architecture.wiring)

    pixels = keras.Input((height, width, channels), name="pixels")
    x = PixelStandardization(mean, std, data_format, preprocessing, name="standardization")(pixels)
    x = architecture.build(net, x)
    x = net.global_average(x, name="embedding")
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(len(class_names), dtype="float32", name="logits")(x)
    probabilities = ClassProbabilities(class_names, name="probabilities")(x)
    model = keras.Model(pixels, probabilities, name=name)

    if published is not None:
        if channels != 3:
            raise ValueError(f"The {weights} weights of {name} expect 3 channels, not {channels}; use --color rgb.")
        _load_published(model, published)
    elif str(weights) != NO_WEIGHTS:
        _load_earlier(model, Path(weights))
    return model


def published_weights(name: str, weights: str | Path) -> PretrainedWeights | None:
    """The published weights called `weights` of the architecture `name`; None for "none" and for a path.

    Raises ValueError if the architecture has no weights of that name.
    """
    known = find_architecture(name).weights
    if str(weights) == NO_WEIGHTS:
        return None
    if Path(weights).suffix:
        if not Path(weights).is_file():
            raise FileNotFoundError(f"No weight file at {weights}. Expected a .keras file, as a run folder holds.")
        return None
    if weights not in known:
        there_are = ", ".join([*known, NO_WEIGHTS])
        raise ValueError(
            f"{name} has no weights {str(weights)!r}. There are: {there_are}, or the path of a .keras file."
        )
    return known[weights]


def _load_published(model: keras.Model, published: PretrainedWeights) -> None:
    names = published.class_names()
    if class_names(model) == names:
        published.load(model)
        return
    whole = build_with_classes(model, names)
    published.load(whole)
    _copy_body(whole, model)


def build_with_classes(model: keras.Model, names: Sequence[str]) -> keras.Model:
    """`model` with another roof: the same layers up to the embedding, and new outputs for `names`."""
    x = layers.Dense(len(names), dtype="float32", name="logits")(model.get_layer("embedding").output)
    return keras.Model(model.input, ClassProbabilities(names, name="probabilities")(x), name=model.name)


def _load_earlier(model: keras.Model, path: Path) -> None:
    earlier = load_model(path)
    if earlier.name != model.name:
        raise ValueError(f"{path} holds a {earlier.name}; expected a {model.name}. Choose --model {earlier.name}.")
    _copy_body(earlier, model, head=class_names(earlier) == class_names(model))


def _copy_body(source: keras.Model, target: keras.Model, head: bool = False) -> None:
    for layer in target.layers:
        if layer.weights and (head or layer.name != "logits"):
            theirs = source.get_layer(layer.name).get_weights()
            shapes, expected = [w.shape for w in theirs], [tuple(w.shape) for w in layer.weights]
            if shapes != expected:
                raise ValueError(f"Layer {layer.name!r} has shapes {shapes} in the weight file; expected {expected}.")
            layer.set_weights(theirs)


def load_model(path: str | Path) -> keras.Model:
    """Load a classifier that was saved as a .keras file.

    Raises FileNotFoundError if there is none, ValueError if the file holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No model file at {path}. Expected a .keras file, as a run folder holds.")
    try:
        model = keras.models.load_model(path, compile=False)
        class_names(model), preprocessing(model)
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no classifier that imgcls saved ({error}). Name another file.") from error
    return model


def class_names(model: keras.Model) -> list[str]:
    """The names of the outputs, in order."""
    return list(model.get_layer("probabilities").class_names)


def preprocessing(model: keras.Model) -> dict:
    """The fields of `imgcls.data.preprocessing.Preprocessing` that the model's pixels are made with."""
    return dict(model.get_layer("standardization").preprocessing)


def logits_model(model: keras.Model) -> keras.Model:
    """The same layers and weights, from pixels to logits (B, number of classes)."""
    return keras.Model(model.input, model.get_layer("logits").output, name=model.name)


def embedding_model(model: keras.Model) -> keras.Model:
    """The same layers and weights, from pixels to the embedding (B, features)."""
    return keras.Model(model.input, model.get_layer("embedding").output, name=model.name)


def freeze_body(model: keras.Model) -> None:
    """Leave only the classifier's own last layer trainable; batch normalisation then runs with its saved statistics."""
    for layer in model.layers:
        layer.trainable = layer.name == "logits"


def in_channels_last(model: keras.Model) -> keras.Model:
    """The same classifier with the same weights in channels_last, which every processor runs."""
    door = model.get_layer("standardization")
    if door.data_format == CHANNELS_LAST:
        return model
    if door.data_format != CHANNELS_FIRST:
        raise ValueError(f"data_format is {door.data_format!r}.")
    dropout = next((layer.rate for layer in model.layers if layer.name == "dropout"), 0.0)
    twin = build_model(
        model.name,
        tuple(model.input_shape[1:]),
        class_names(model),
        dropout=dropout,
        mean=door.mean,
        std=door.std,
        preprocessing=door.preprocessing,
    )
    twin.set_weights(model.get_weights())
    return twin
