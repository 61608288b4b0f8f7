"""Weights that move from one of our models to another."""

import keras
import numpy as np

from imgcls.layers import PositionEmbedding
from imgcls.models.registry import find_architecture
from imgcls.models.weights.position_interpolation import for_grid


def copy_layers(source: keras.Model, target: keras.Model, head: bool) -> None:
    """Copy every layer's weights by name.

    Args:
        source: The model that has them.
        target: The model that gets them.
        head: Whether the last layer, "logits", is copied too.

    Raises:
        ValueError: Before any weight is changed, if a layer is missing or has other shapes.
    """
    theirs = {layer.name: layer for layer in source.layers}
    copies = []
    for layer in target.layers:
        if not layer.weights or (layer.name == "logits" and not head):
            continue
        found = weights_for(layer, theirs[layer.name]) if layer.name in theirs else []
        shapes, expected = [w.shape for w in found], [tuple(w.shape) for w in layer.weights]
        if shapes != expected:
            raise ValueError(
                f"Layer {layer.name!r} has shapes {shapes} in the weight file; expected {expected}. "
                "Build the network with the options that the file was made with."
            )
        copies.append((layer, found))
    for layer, found in copies:
        layer.set_weights(found)


def weights_for(layer: keras.layers.Layer, source: keras.layers.Layer) -> list[np.ndarray]:
    """The weights of the same layer of another model; position embeddings of another image size are interpolated."""
    if isinstance(layer, PositionEmbedding) and isinstance(source, PositionEmbedding):
        return [for_grid(each, layer, source.grid) for each in source.get_weights()]
    weights: list[np.ndarray] = source.get_weights()
    return weights


def start_from(model: keras.Model, shallower: keras.Model) -> str:
    """Copy the layers of `shallower` that have the name and the shapes of one of `model`; a sentence says how many.

    Where the paper says which layers start so, only these are copied.

    Raises:
        ValueError: If nothing agrees.
    """
    wanted = find_architecture(model.name).starts_from
    theirs = {layer.name: layer.get_weights() for layer in shallower.layers if layer.weights}
    ours = [layer for layer in model.layers if layer.weights]
    copied = []
    for layer in ours:
        found = theirs.get(layer.name)
        fits = found is not None and [w.shape for w in found] == [tuple(w.shape) for w in layer.weights]
        if fits and (wanted is None or layer.name in wanted):
            layer.set_weights(found)
            copied.append(layer.name)
    if not copied:
        raise ValueError(f"No layer of {model.name} has the name and shapes of one of {shallower.name}.")
    numbers = sum(int(np.prod(w.shape)) for name in copied for w in theirs[name])
    return f"{len(copied)} of {len(ours)} layers ({numbers:,} numbers) start from {shallower.name}."
