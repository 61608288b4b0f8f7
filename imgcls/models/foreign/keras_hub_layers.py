"""Layers of KerasHub with a config that they can be made of again."""

import inspect
from typing import Any

import keras
from keras_hub.src.models.deit.deit_layers import DeiTEmbeddings, DeiTEncoder
from keras_hub.src.models.vit.vit_layers import ViTPatchingAndEmbedding
from typing_extensions import override


def arguments(layer: keras.layers.Layer) -> dict[str, Any]:
    """What the constructor of a layer was given, besides what every layer takes. KerasHub keeps it in attributes."""
    named = [
        name
        for name, parameter in inspect.signature(type(layer)).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    return {name: getattr(layer, name) for name in named}


class MadeAgain(keras.layers.Layer):
    """A layer whose config is what its constructor takes. Those of KerasHub 0.32 name more, and leave some out."""

    @override
    def get_config(self) -> dict[str, Any]:
        return {**keras.layers.Layer.get_config(self), **arguments(self)}


@keras.saving.register_keras_serializable("imgcls")
class ViTEmbedding(MadeAgain, ViTPatchingAndEmbedding):  # type: ignore[misc]
    """The patches of ViT as tokens; arguments and shapes are those of KerasHub's `ViTPatchingAndEmbedding`."""


@keras.saving.register_keras_serializable("imgcls")
class DeiTEmbedding(MadeAgain, DeiTEmbeddings):  # type: ignore[misc]
    """The patches of DeiT as tokens; arguments and shapes are those of KerasHub's `DeiTEmbeddings`."""


@keras.saving.register_keras_serializable("imgcls")
class DeiTBlocks(MadeAgain, DeiTEncoder):  # type: ignore[misc]
    """The transformer blocks of DeiT; arguments and shapes are those of KerasHub's `DeiTEncoder`."""


OURS = {"ViTPatchingAndEmbedding": ViTEmbedding, "DeiTEmbeddings": DeiTEmbedding, "DeiTEncoder": DeiTBlocks}


def copyable(layer: keras.layers.Layer) -> keras.layers.Layer:
    """One of ours with the arguments of a layer of KerasHub whose class `OURS` names."""
    ours = OURS[type(layer).__name__]
    made: keras.layers.Layer = ours(**arguments(layer), name=layer.name, dtype=layer.dtype_policy.name)
    return made
