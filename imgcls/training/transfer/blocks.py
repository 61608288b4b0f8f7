"""A network as a row of blocks, found in its graph: they are unfrozen together, and recomputed together.

A cut is a place that everything passes through: after it, nothing from before is used but the one map that it gives.
Residual branches and modules have no cut inside. Layers between two cuts, and neighbours whose names begin alike, such
as `stage2_block1_conv` and `stage2_block1_norm`, are one block.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import keras
import tensorflow as tf

from imgcls.framework_internals import graph_nodes, seed_generators
from imgcls.training.random_state import draw_by_device, pinned

_of_this_thread = threading.local()


@dataclass(frozen=True)
class Block:
    """Neighbouring layers.

    Attributes:
        name: what their names begin with.
        layers: the first ones first.
        before: the tensor that comes in.
        after: the tensor that goes out.
    """

    name: str
    layers: tuple[keras.layers.Layer, ...]
    before: keras.KerasTensor
    after: keras.KerasTensor

    @property
    def weights(self) -> list[keras.Variable]:
        """The weights of all layers."""
        return [weight for layer in self.layers for weight in layer.weights]

    def part(self) -> keras.Model:
        """The block alone, with the same layers."""
        return keras.Model(self.before, self.after, name=f"part_{self.name}")


def blocks(model: keras.Model) -> list[Block]:
    """The blocks of a model with one input, the first ones first; together they hold every layer but the input."""
    found: list[Block] = []
    start = model.inputs[0]
    for nodes, tensor in _between_cuts(model):
        layers = tuple(node.operation for node in nodes)
        name = _name(layers)
        weightless = not any(layer.weights for layer in layers)
        if found and (found[-1].name == name or weightless):
            last = found.pop()
            name, layers, start = last.name, (*last.layers, *layers), last.before
        found.append(Block(name, layers, start, tensor))
        start = tensor
    return found


def _between_cuts(model: keras.Model) -> Iterator[tuple[list[Any], keras.KerasTensor]]:
    """The nodes of the graph from one cut to the next, and the tensor at its end."""
    nodes = [node for node in graph_nodes(model) if node.input_tensors]
    last_use = {id(tensor): place for place, node in enumerate(nodes) for tensor in node.input_tensors}
    last_use |= {id(tensor): len(nodes) for tensor in model.outputs}
    live, part = {id(model.inputs[0])}, []
    for place, node in enumerate(nodes):
        part.append(node)
        live |= {id(tensor) for tensor in node.outputs}
        live = {tensor for tensor in live if last_use.get(tensor, -1) > place}
        if live <= {id(node.outputs[0])} or place == len(nodes) - 1:
            yield part, node.outputs[0]
            part = []


def _name(layers: Sequence[keras.layers.Layer]) -> str:
    """What the first layer with weights is called, up to its last numbered part: `stage2_block1` of both above."""
    named = next((layer for layer in layers if layer.weights), layers[0]).name
    numbered = re.match(r"(?:[a-z]+\d+)(?:_[a-z]+\d+)?(?=_|$)", named)
    return numbered.group() if numbered else named.split("_")[0]


def recomputed_in_blocks(model: keras.Model) -> Callable[..., Any]:
    """Gradient checkpointing: the gradient computes each block again from its input.

    Random layers draw once for both times, and batch normalization counts the batch once.

    Args:
        model: with one input.

    Returns:
        A function from (pixels, training) to the model's outputs.

    Reference:
        Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016.
    """
    draw_by_device(model)
    *parts, last = [block.part() for block in blocks(model)]
    for part in parts:
        for variable in part.non_trainable_variables:
            variable.assign = partial(_assign_once, variable)

    def forward(pixels: tf.Tensor, training: bool) -> object:
        x = pixels
        for part in parts:
            x = _recomputed(part, x, training)
        return last(x, training=training)

    return forward


def _recomputed(part: keras.Model, x: tf.Tensor, training: bool) -> tf.Tensor:
    generators = seed_generators(part) if training else []
    seeds = [generator.next() for generator in generators]
    calls = count()

    def run(x: tf.Tensor) -> tf.Tensor:
        with pinned(generators, seeds), _again(next(calls) > 0):
            return part(x, training=training)

    return keras.remat(run)(x)


@contextmanager
def _again(again: bool) -> Iterator[None]:
    """Within, this thread computes something for the second time; the threads of a step's devices take turns."""
    _of_this_thread.again = again
    try:
        yield
    finally:
        _of_this_thread.again = False


def _assign_once(variable: keras.Variable, value: tf.Tensor) -> object:
    """Assign to a moving statistic, but not when its layer is computed again."""
    return value if getattr(_of_this_thread, "again", False) else type(variable).assign(variable, value)
