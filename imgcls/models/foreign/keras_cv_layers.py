"""Layers of KerasCV with a config that they can be made of again."""

from typing import Any

import keras
from keras_cv.layers import HierarchicalTransformerEncoder
from typing_extensions import override


@keras.saving.register_keras_serializable("imgcls")
class MiTEncoder(HierarchicalTransformerEncoder):  # type: ignore[misc]
    """The transformer block of MiT. That of KerasCV 0.9 names in its config what its constructor does not take.

    Its arguments and shapes are those of `keras_cv.layers.HierarchicalTransformerEncoder`.
    """

    @override
    def get_config(self) -> dict[str, Any]:
        return {**keras.layers.Layer.get_config(self), **arguments(self)}


def arguments(layer: keras.layers.Layer) -> dict[str, Any]:
    """What the constructor of a `HierarchicalTransformerEncoder` was given."""
    return {
        "project_dim": layer.project_dim,
        "num_heads": layer.num_heads,
        "sr_ratio": layer.attn.sr_ratio,
        "drop_prob": layer.drop_prop,
        "layer_norm_epsilon": layer.norm1.epsilon,
    }


def copyable(layer: keras.layers.Layer) -> keras.layers.Layer:
    """A `MiTEncoder` with the arguments of a `HierarchicalTransformerEncoder`."""
    made: keras.layers.Layer = MiTEncoder(**arguments(layer), name=layer.name, dtype=layer.dtype_policy.name)
    return made
