"""The options of a network, which hold for every architecture."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Self, TypedDict, Unpack

from imgcls.data_format import CHANNELS_LAST
from imgcls.nearest_name import did_you_mean


class NetworkKeywords(TypedDict, total=False):
    """The fields of `NetworkOptions` as keywords of a call."""

    data_format: str
    activation: str | None
    normalization: str | None
    pooling: str | None
    initializer: str | None
    regularizer: str | None
    regularizer_strength: float
    dropout: float | None
    drop_path: float | None
    auxiliary_heads: bool


@dataclass(frozen=True)
class NetworkOptions:
    """What a user may choose of a network, whatever its architecture.

    An option that is None leaves the architecture's own choice, which is that of its paper.

    Attributes:
        data_format: Layout inside the network, "channels_last" or "channels_first", with the same weights and outputs;
            "auto" picks the faster one on this machine.
        activation: Replaces every activation of the network, by a name that `imgcls.layers.activation` knows.
        normalization: Replaces every normalization: "batch", "group", "layer", "channel" or "none".
        pooling: Replaces the global pooling before the classifier: "average" or "max", of vision transformers also
            "token", the class token; without a classifier also "none", the feature map itself.
        initializer: Kernel initializer, by a name that `imgcls.layers.initializer` knows.
        regularizer: Kernel regularizer: "l1", "l2" or "elastic_net".
        regularizer_strength: Factor of the kernel regularizer, at least 0.
        dropout: Dropout rate in [0, 1) before the classifier and wherever the architecture has dropout.
        drop_path: Drop path rate (stochastic depth) in [0, 1) of the last residual block; earlier blocks have less.
        auxiliary_heads: Whether to add the auxiliary classifiers of architectures that have them, such as GoogLeNet.

    Example:
        >>> NetworkOptions(activation="elu").to_wiring()["every_activation"]
        'elu'
    """

    data_format: str = CHANNELS_LAST
    activation: str | None = None
    normalization: str | None = None
    pooling: str | None = None
    initializer: str | None = None
    regularizer: str | None = None
    regularizer_strength: float = 1e-4
    dropout: float | None = None
    drop_path: float | None = None
    auxiliary_heads: bool = False

    @classmethod
    def from_config(cls, config: object) -> Self:
        """Take every option from the attribute of the same name.

        Args:
            config: An object with an attribute for each option, such as `imgcls.config.NetworkConfig`.

        Raises:
            AttributeError: If an attribute is missing.
        """
        return cls(**{name: getattr(config, name) for name in option_names()})

    def changed(self, **keywords: Unpack[NetworkKeywords]) -> Self:
        """The same options with those of `keywords` in their place.

        Raises:
            TypeError: For a keyword that is no option; the message has the nearest name.
        """
        for name in keywords:
            if name not in option_names():
                hint, there_are = did_you_mean(name, option_names()), ", ".join(option_names())
                raise TypeError(f"A network has no option {name!r}.{hint} There are: {there_are}.")
        return dataclasses.replace(self, **keywords)

    def to_wiring(self) -> dict[str, Any]:
        """The fields of `imgcls.models.wiring.Wiring` that these options set, by name."""
        fields = {name: value for name, value in vars(self).items() if value is not None}
        if "activation" in fields:  # Wiring.activation yields to an activation that the architecture names
            fields["every_activation"] = fields.pop("activation")
        return fields


def option_names() -> list[str]:
    """The names of all options, in their order."""
    return [field.name for field in dataclasses.fields(NetworkOptions)]
