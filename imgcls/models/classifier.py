"""A whole classifier: the door (standardisation, layout), a network of the table, the roof (classes)."""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras

from imgcls import layers
from imgcls.counted import counted
from imgcls.data_format import CHANNELS_LAST, from_channels_last
from imgcls.models import keras_file
from imgcls.models.cost import describe
from imgcls.models.keras_wiring import KerasWiring
from imgcls.models.layout import in_layout
from imgcls.models.layout_choice import resolve_data_format
from imgcls.models.own_file import KEPT_AS, own_file
from imgcls.models.recursion import deep_networks
from imgcls.models.registry import Architecture, PretrainedWeights, find_architecture
from imgcls.models.weights.earlier import copy_layers, start_from
from imgcls.models.weights.file_check import check_saved_classifier
from imgcls.models.weights.imagenet import IMAGENET_CLASSES, imagenet_class_names
from imgcls.models.weights.state_dict import StateDict, is_state_dict, load_state_dict, read_state_dict

NO_WEIGHTS = "none"
AUXILIARY_WEIGHT = 0.3  # of the loss of each head: Szegedy et al., 2015, section 5
HALF = 127.5  # brings pixels of [0, 255] to [-1, 1]


@deep_networks()
def build_model(
    name: str,
    input_shape: tuple[int, int, int] | None = None,
    class_names: Sequence[str] | None = None,
    *,
    num_classes: int | None = None,
    data_format: str = CHANNELS_LAST,
    weights: str | Path = NO_WEIGHTS,
    activation: str | None = None,
    normalization: str | None = None,
    dropout: float | None = None,
    drop_path: float | None = None,
    regularizer: str | None = None,
    regularizer_strength: float = 1e-4,
    initializer: str | None = None,
    pooling: str | None = None,
    include_top: bool = True,
    auxiliary_heads: bool = False,
    init_from: keras.Model | str | Path | None = None,
    mean: Sequence[float] = (HALF,),
    std: Sequence[float] = (HALF,),
    preprocessing: dict | None = None,
    whitening: keras.layers.Layer | None = None,
    say: Callable[[str], None] = print,
) -> keras.Model:
    """Build a classifier from pixels (B, H, W, C) in [0, 255] to probabilities (B, number of classes).

    The layer "embedding" holds the features under the classifier, the layer "logits" the scores before the softmax.
    Where an argument is None, the architecture's own choice holds, which is that of its paper.

    name: an architecture of `list_models()`, or a Python file that adds one.
    input_shape: (height, width, channels), channels_last in every layout; by default the paper's.
    class_names: the names of the classes; by default those of the weights, or "0", "1", ... for `num_classes`.
    data_format: layout inside the network, "channels_last" or "channels_first", with the same weights and outputs;
        "auto" picks what is fast on this machine, and says which.
    weights: "none" starts from random numbers; "imagenet" from published weights, and keeps their head where
        `class_names` are theirs or not given; the path of a .keras file from an earlier model, head included where the
        classes agree; the path of a .pth, .pt, .bin or .safetensors file from a PyTorch state dict.
    activation: in place of all the network's activations, by a name that `imgcls.layers.activation` knows.
    normalization: "batch", "group", "layer" or "none".
    dropout: share in [0, 1) of the features that are dropped in training, wherever the network has dropout.
    drop_path: share in [0, 1) of the samples that the last residual block drops.
    regularizer: "l1", "l2" or "elastic_net" on every kernel, `regularizer_strength` times.
    initializer: of every kernel, by name.
    pooling: "average" or "max" over the feature map. Without a top also "none": the map itself, channels_last.
    include_top: False leaves out the classifier and the dense layers before it: the output is the pooled feature map.
    auxiliary_heads: adds the further classifiers of GoogLeNet; see `imgcls.models.auxiliary`.
    init_from: a shallower model of the family, or its .keras file; layers of the same name and shape start from it.
    mean, std, preprocessing: see `PixelStandardization`; published weights bring their own.
    whitening: a `PCAWhitening`, which is made anew in the network's layout and gets the standardised pixels.
    say: gets one sentence about what "auto" chose and what a state dict or `init_from` filled.

    Raises ValueError for an unknown name, weights that do not fit, or images that are too small, and FileNotFoundError
    for a path where nothing is.
    """
    architecture = find_architecture(name)
    state = _state_dict(architecture, weights)
    published = None if state else published_weights(name, weights)
    chosen, why = resolve_data_format(data_format)
    if why:
        say(why)
    options = {
        "every_activation": activation,
        "normalization": normalization,
        "dropout": dropout,
        "drop_path": drop_path,
        "initializer": initializer,
        "pooling": pooling,
        "regularizer": layers.regularizer(regularizer, regularizer_strength) if regularizer else None,
    }
    net = KerasWiring(
        data_format=chosen,
        auxiliary_heads=auxiliary_heads and include_top,
        **{
            **architecture.wiring,
            **(state.wiring if state else {}),
            **{field: value for field, value in options.items() if value is not None},
        },
    )
    if published or state:
        mean, std = (published or state).mean, (published or state).std
    if published:
        preprocessing = {**(preprocessing or {}), **published.preprocessing}
    shape = tuple(input_shape or (architecture.image_size, architecture.image_size, architecture.channels))
    names = _class_names(architecture, class_names, num_classes, published, state) if include_top else None

    pixels = keras.Input(shape, name="pixels")
    door = {**(preprocessing or {}), **dict(zip(("height", "width", "channels"), shape, strict=True))}
    x = layers.PixelStandardization(mean, std, chosen, door, name="standardization")(pixels)
    if whitening is not None:
        x = type(whitening).from_config({**whitening.get_config(), "data_format": chosen})(x)
    features = _built(architecture, net, x, shape)
    outputs = _roof(architecture, net, features, names) if include_top else _bare(net, features)
    try:
        model = keras.Model(pixels, outputs, name=architecture.name)
    except ValueError:
        describe(name, shape, len(names or [0]))  # says which name is there twice, and where
        raise

    if published is not None:
        if shape[-1] != 3:
            raise ValueError(f"The {weights} weights of {name} expect 3 channels, not {shape[-1]}; use --color rgb.")
        published.load(model, names is not None and names == published.class_names())
    elif state is not None:
        say(load_state_dict(model, state).sentence())
    elif str(weights) != NO_WEIGHTS:
        _load_earlier(model, Path(weights))
    if init_from is not None:
        say(start_from(model, load_model(init_from) if isinstance(init_from, str | Path) else init_from))
    return model


def _built(architecture: Architecture, net: KerasWiring, x, shape: tuple):
    try:
        return architecture.build(net, x)
    except ValueError as error:
        if "negative dimension" in str(error).lower() or "computed output size would be" in str(error).lower():
            raise ValueError(
                f"Images of {shape[0]}x{shape[1]} are too small for {architecture.name}: a layer would have no output. "
                f"Its paper uses {architecture.image_size}; choose a larger --image-size."
            ) from error
        raise


def _roof(architecture: Architecture, net: KerasWiring, features, names: Sequence[str]):
    embedding = architecture.head(net, features) if architecture.head else net.to_vector(features, name="embedding")
    logits = net.logits(net.dropped(embedding, name="dropout"), len(names), name="logits")
    if net.auxiliary_heads:
        if not architecture.auxiliary_head:
            raise ValueError(f"{architecture.name} has no auxiliary heads; build it without auxiliary_heads.")
        heads = [architecture.auxiliary_head(net, x, len(names), i) for i, x in enumerate(net.branches, start=1)]
        logits = net.auxiliary(logits, heads, AUXILIARY_WEIGHT, name="auxiliary_heads")
    return layers.ClassProbabilities(names, name="probabilities")(logits)


def _bare(net: KerasWiring, features):
    if net.pooling != "none":
        return net.to_vector(features, name="embedding")
    if net.data_format == CHANNELS_LAST or len(features.shape) != 4:
        return features
    back = [from_channels_last(net.data_format).index(axis) + 1 for axis in (1, 2, 3)]
    return keras.layers.Permute(back, name="features")(features)


def _class_names(
    architecture: Architecture,
    names: Sequence[str] | None,
    num_classes: int | None,
    published: PretrainedWeights | None,
    state: StateDict | None,
) -> list[str]:
    """The names of the outputs: those given, else those of the weights, else numbers."""
    if names is not None:
        if num_classes not in (None, len(names)):
            raise ValueError(
                f"num_classes is {num_classes} and class_names has {counted(len(names), 'name')}; give one of them."
            )
        return [str(name) for name in names]
    count = num_classes or (state.num_classes if state else None)
    known = published.class_names() if published else None
    if known and count in (None, len(known)):
        return known
    if count == IMAGENET_CLASSES and state:
        return imagenet_class_names()
    if not count:
        raise ValueError(f"{architecture.name} has no classes of its own; give class_names or num_classes.")
    return [str(number) for number in range(count)]


def _state_dict(architecture: Architecture, weights: str | Path) -> StateDict | None:
    return read_state_dict(architecture, Path(weights)) if is_state_dict(weights) else None


def published_weights(name: str, weights: str | Path) -> PretrainedWeights | None:
    """The published weights called `weights` of the architecture `name`; None for "none" and for a path.

    The path of a file in the format of `keras.applications` (.h5) stands for the published weights, without a download.

    Raises ValueError if the architecture has no weights of that name.
    """
    known = find_architecture(name).weights
    if str(weights) == NO_WEIGHTS:
        return None
    suffix = Path(weights).suffix
    if suffix == ".h5" and "imagenet" in known:
        return replace(known["imagenet"], load=partial(known["imagenet"].load, path=Path(weights)))
    if suffix:
        if not Path(weights).is_file():
            raise FileNotFoundError(f"No weight file at {weights}. Expected a .keras file, as a run folder holds.")
        return None
    if weights not in known:
        there_are = ", ".join([*known, NO_WEIGHTS])
        raise ValueError(
            f"{name} has no weights {str(weights)!r}. There are: {there_are}, or the path of a .keras file."
        )
    return known[weights]


def _load_earlier(model: keras.Model, path: Path) -> None:
    check_saved_classifier(path, model.name)
    earlier = load_model(path)
    same_head = "probabilities" in {layer.name for layer in model.layers} and class_names(earlier) == class_names(model)
    copy_layers(earlier, model, head=same_head)


@deep_networks()
def load_model(path: str | Path) -> keras.Model:
    """Load a classifier that was saved as a .keras file.

    Layers of a network of one's own are found in the file that its run keeps beside the model.

    Raises FileNotFoundError if there is none, ValueError if the file holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No model file at {path}. Expected a .keras file, as a run folder holds.")
    try:
        model = _loaded(path)
        class_names(model), preprocessing(model)
    except (ValueError, OSError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no classifier that imgcls saved ({error}). Name another file.") from error
    return model


def _loaded(path: Path) -> keras.Model:
    try:
        return keras_file.load(path)
    except (ValueError, TypeError):
        kept = path.with_name(KEPT_AS)
        if not kept.is_file():
            raise
    with keras.saving.custom_object_scope(own_file(kept).classes):
        return keras_file.load(path)


def class_names(model: keras.Model) -> list[str]:
    """The names of the outputs, in order."""
    return list(model.get_layer("probabilities").class_names)


def preprocessing(model: keras.Model) -> dict:
    """The fields of `imgcls.data.images.preprocessing.Preprocessing` that the model's pixels are made with."""
    return dict(model.get_layer("standardization").preprocessing)


@deep_networks()
def logits_model(model: keras.Model) -> keras.Model:
    """The same layers and weights, from pixels to logits (B, number of classes)."""
    return keras.Model(model.input, model.get_layer("logits").output, name=model.name)


@deep_networks()
def embedding_model(model: keras.Model) -> keras.Model:
    """The same layers and weights, from pixels to the embedding (B, features)."""
    return keras.Model(model.input, model.get_layer("embedding").output, name=model.name)


def freeze_body(model: keras.Model) -> None:
    """Leave only the classifier's own last layer trainable; batch normalisation then runs with its saved statistics."""
    for layer in model.layers:
        layer.trainable = layer.name == "logits"


def in_channels_last(model: keras.Model) -> keras.Model:
    """The same classifier with the same weights in channels_last, which every processor runs."""
    return in_layout(model, CHANNELS_LAST)
