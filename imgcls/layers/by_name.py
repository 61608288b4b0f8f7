"""What a model is told by a name: activations, initialisers and penalties."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from keras import initializers, layers, regularizers

from imgcls.data_format import CHANNELS_LAST
from imgcls.layers.gelu import GELU
from imgcls.layers.prelu import PReLU
from imgcls.layers.rrelu import RReLU
from imgcls.nearest_name import did_you_mean

Entry = TypeVar("Entry")

KERAS_ACTIVATIONS = ("linear", "sigmoid", "hard_sigmoid", "tanh", "relu", "relu6", "elu", "selu", "softplus")
ACTIVATIONS: dict[str, Callable[..., Any]] = {
    **{name: partial(layers.Activation, name) for name in KERAS_ACTIVATIONS},
    "swish": partial(layers.Activation, "silu"),
    "hard_swish": partial(layers.Activation, "hard_silu"),
    "leaky_relu": partial(layers.LeakyReLU, 0.01),  # Maas et al., 2013
    "very_leaky_relu": partial(layers.LeakyReLU, 1 / 5.5),  # Xu et al., 2015
    "gelu": GELU,
    "prelu": PReLU,
    "rrelu": RReLU,
}

INITIALIZERS = {
    "glorot_uniform": initializers.GlorotUniform,
    "glorot_normal": initializers.GlorotNormal,
    "he_uniform": initializers.HeUniform,
    "he_normal": initializers.HeNormal,
    "he_normal_fan_out": partial(initializers.VarianceScaling, 2.0, "fan_out", "untruncated_normal"),
    "lecun_uniform": initializers.LecunUniform,
    "lecun_normal": initializers.LecunNormal,
    "normal": partial(initializers.RandomNormal, 0.0, 0.01),  # AlexNet and VGG
    "truncated_normal": partial(initializers.TruncatedNormal, 0.0, 0.05),
    "orthogonal": initializers.Orthogonal,
}

L1_SHARES = {"l1": 1.0, "l2": 0.0, "elastic_net": 0.5}


def activation(name: str, /, data_format: str = CHANNELS_LAST, **kwargs: Any) -> layers.Layer:
    """A new layer with the activation called `name`, one of the keys of ACTIVATIONS.

    leaky_relu has the slope 0.01 below zero, very_leaky_relu 1/5.5.

    Args:
        name: Of the activation.
        data_format: Where the channels are, for an activation with a weight a channel.
        **kwargs: Arguments of the layer, such as its name.

    Raises:
        ValueError: For an unknown name, with the nearest one.

    Example:
        >>> activation("relu")(initializers.Ones()((2,)) * -1.0).numpy().tolist()
        [0.0, 0.0]
    """
    layer = find("activation", name, ACTIVATIONS)
    return layer(data_format=data_format, **kwargs) if layer is PReLU else layer(**kwargs)


def initializer(name: str, seed: int | None = None) -> initializers.Initializer:
    """A new initialiser called `name`, one of the keys of INITIALIZERS.

    Ask for one for each weight: one object gives the same numbers to every weight of the same shape.

    Args:
        name: Of the initialiser.
        seed: Of its draws; None draws one.

    Raises:
        ValueError: For an unknown name, with the nearest one.

    Example:
        >>> initializer("he_normal", seed=1)((3, 3, 8, 16)).shape
        TensorShape([3, 3, 8, 16])
    """
    return find("initializer", name, INITIALIZERS)(seed=seed)


def regularizer(name: str, strength: float) -> regularizers.Regularizer | None:
    """The penalty called `name` on the weights w; None where strength is 0.

    "l1": strength · sum of |w|; "l2": strength · sum of w²; "elastic_net": half of each.

    Args:
        name: "l1", "l2" or "elastic_net".
        strength: At least 0. Many papers give a weight decay d, which is "l2" with strength d/2.

    Raises:
        ValueError: For an unknown name, or a strength below 0.

    Example:
        >>> regularizer("l2", 0.5).l2
        0.5
    """
    l1_share = find("regularizer", name, L1_SHARES)
    if not strength >= 0:
        raise ValueError(f"The strength of the penalty is {strength}; expected a number of at least 0.")
    return regularizers.L1L2(l1_share * strength, (1 - l1_share) * strength) if strength else None


def find(kind: str, name: str, table: Mapping[str, Entry]) -> Entry:
    """The entry called `name`.

    Args:
        kind: What the table holds, for the message.
        name: Of the entry.
        table: Entries by name.

    Raises:
        ValueError: If there is none, with the nearest name.
    """
    if name in table:
        return table[name]
    hint = did_you_mean(str(name).lower(), table, cutoff=0.4)
    raise ValueError(f"Unknown {kind} {name!r}.{hint} There are: {', '.join(table)}.")
