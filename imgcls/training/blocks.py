"""A network as a row of blocks, found in its graph: what is unfrozen together, and what is computed again together.

A cut is a place that everything passes through: after it, nothing from before is used but the one map that it gives.
Residual branches and modules have no cut inside. Layers between two cuts, and neighbours whose names begin alike, such
as `stage2_block1_conv` and `stage2_block1_norm`, are one block.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count

import keras


@dataclass(frozen=True)
class Block:
    """Neighbouring layers. before, after: the tensors that come in and go out, with which a part can be built."""

    name: str
    layers: tuple[keras.layers.Layer, ...]
    before: keras.KerasTensor
    after: keras.KerasTensor

    @property
    def weights(self) -> list[keras.Variable]:
        return [weight for layer in self.layers for weight in layer.weights]

    def part(self) -> keras.Model:
        """The block alone, with the same layers."""
        return keras.Model(self.before, self.after, name=f"part_{self.name}")


def blocks(model: keras.Model) -> list[Block]:
    """The blocks of a model with one input, the first ones first; together they hold every layer but the input."""
    found, since, start = [], [], model.inputs[0]
    for nodes, tensor in _between_cuts(model):
        layers = tuple(node.operation for node in nodes)
        name = _name(layers)
        weightless = not any(layer.weights for layer in layers)
        if found and (found[-1].name == name or weightless):
            last = found.pop()
            name, layers, start = last.name, (*last.layers, *layers), last.before
        found.append(Block(name, layers, start, tensor))
        start = tensor
        since.clear()
    return found


def _between_cuts(model: keras.Model) -> Iterator[tuple[list, keras.KerasTensor]]:
    """The nodes of the graph from one cut to the next, and the tensor at its end."""
    nodes = [node for depth in sorted(model._nodes_by_depth, reverse=True) for node in model._nodes_by_depth[depth]]
    nodes = [node for node in nodes if node.input_tensors]
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


def recomputed_in_blocks(model: keras.Model) -> Callable:
    """(pixels, training) -> the model's outputs, where the gradient computes each block again from its input.

    Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016. Random layers draw once for both times, and batch
    normalisation counts the batch once.
    """
    *parts, last = [block.part() for block in blocks(model)]

    def forward(pixels, training: bool):
        x = pixels
        for part in parts:
            x = _recomputed(part, x, training)
        return last(x, training=training)

    return forward


def _recomputed(part: keras.Model, x, training: bool):
    layers = part._flatten_layers()
    layers = list(layers)
    generators = [generator for layer in layers for generator in getattr(layer, "_seed_generators", [])]
    seeds = [generator.next() for generator in generators] if training else []
    normalizations = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    calls = count()

    def run(x):
        again = next(calls) > 0
        with ExitStack() as stack:
            for generator, seed in zip(generators, seeds, strict=False):
                stack.enter_context(_replaced(generator, "next", lambda ordered=True, seed=seed: seed))
            for layer in normalizations if again else ():
                stack.enter_context(_replaced(layer, "momentum", 1.0))  # moving statistics stay as they are, exactly
            return part(x, training=training)

    return keras.remat(run)(x)


@contextmanager
def _replaced(thing: object, name: str, value: object) -> Iterator[None]:
    own = vars(thing).get(name)
    object.__setattr__(thing, name, value)
    try:
        yield
    finally:
        object.__delattr__(thing, name) if own is None else object.__setattr__(thing, name, own)
