"""A functional model as one flat graph: models inside of it are taken apart, and each call is that of a layer.

What walks through a network (the heat maps, the plan of fine-tuning, the table of costs) then finds every layer, also
those of a backbone that is a single layer of another model.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from imgcls.framework_internals import graph_nodes
from imgcls.layers import KerasOperation
from imgcls.layers.keras_operation import PLACE

TAKEN = (  # names of our own layers around those of a model
    "pixels", "standardization", "blue_first", "embedding", "dropout", "logits", "probabilities", "judgement",
    "depth_pool", "depth_features", "depth_standardization", "adaptation", "adaptation_dropout",
)  # fmt: skip
FOLLOWS = ("float32", "mixed_bfloat16", "mixed_float16")  # precisions in whose place a run has its own
GRAPH_CALLS = ("keras.src.models.functional", "keras.src.models.sequential")  # whose call goes through the graph
Replaced = Callable[[keras.layers.Layer], keras.layers.Layer]
RANDOM_CHANGES = "keras.src.layers.preprocessing.image_preprocessing"


def as_it_is(layer: keras.layers.Layer) -> keras.layers.Layer:
    """The layer."""
    return layer


def on_tensor(model: keras.Model, x: keras.KerasTensor) -> keras.KerasTensor:
    """Put copies of a flat model's layers on `x`, with new weights and in the precision that Keras is set to.

    Args:
        model: Flat, with one input and one output.
        x: Images for it.
    """
    return LayerCopies().through(model, [x])[0]


class LayerCopies:
    """Copies of layers, by the layer, so that one that is called twice is one still.

    A call's own `training`, such as that of a backbone called with `training=False`, is forgotten: the plan of a run
    says what is frozen. Layers that change images at random are left out: `--augmentation` does that.

    Args:
        replaced: Gives the layer that stands for one that cannot be copied, and any other as it is.

    Attributes:
        left_out: Names of the layers that were left out.
    """

    def __init__(self, replaced: Replaced = as_it_is) -> None:
        self._replaced = replaced
        self.left_out: list[str] = []
        self._copies: dict[int, tuple[keras.layers.Layer, keras.layers.Layer]] = {}
        self._names = set(TAKEN)

    def through(self, model: keras.Model, inputs: Sequence[keras.KerasTensor]) -> list[keras.KerasTensor]:
        """The outputs of a model, of copies of its layers, on other inputs."""
        graph = keras.Model(model.inputs, model.outputs)  # which a sequential model only has inside
        tensors = {id(own): given for own, given in zip(graph.inputs, inputs, strict=True)}
        for node in graph_nodes(graph):
            if node.input_tensors:
                outputs = keras.tree.flatten(self._called(node, tensors))
                tensors |= {id(own): made for own, made in zip(node.outputs, outputs, strict=True)}
        return [tensors[id(each)] for each in graph.outputs]

    def copy_weights(self) -> None:
        """Give the copies the weights of what they are copies of."""
        for layer, copy in self._copies.values():
            if copy.weights:
                copy.set_weights(layer.get_weights())

    def _called(self, node: Any, tensors: dict[int, keras.KerasTensor]) -> Any:
        operation = node.operation
        arguments, keywords = node.arguments.fill_in(tensors)
        keywords = {name: value for name, value in keywords.items() if name != "training" and value is not None}
        if is_graph(operation):
            given = keras.tree.flatten((arguments, keywords))
            return self.through(operation, [each for each in given if isinstance(each, keras.KerasTensor)])
        if is_random_change(operation, node.input_tensors[0].shape, node.outputs[0].shape):
            self.left_out.append(operation.name)
            return arguments[0]
        if not isinstance(operation, keras.layers.Layer):
            return self._as_layer(node, tensors)
        return self._copy(operation)(*arguments, **keywords)

    def _copy(self, layer: keras.layers.Layer) -> keras.layers.Layer:
        if id(layer) not in self._copies:
            source = self._replaced(layer)
            config = {**_config(source), "name": self._free(layer.name)}
            self._copies[id(layer)] = layer, _made(source, config)
        return self._copies[id(layer)][1]

    def _as_layer(self, node: Any, tensors: dict[int, keras.KerasTensor]) -> Any:
        """The operation of a node as a layer, called."""
        inputs: list[keras.KerasTensor] = []

        def template(value: object) -> Any:
            if isinstance(value, keras.KerasTensor):
                inputs.append(tensors[id(value)])
                return {PLACE: len(inputs) - 1}
            if isinstance(value, list | tuple):
                return [template(each) for each in value]
            return keras.saving.serialize_keras_object(value)

        arguments = [template(each) for each in node.arguments.args]
        keywords = {name: template(each) for name, each in node.arguments.kwargs.items()}
        operation = keras.saving.serialize_keras_object(node.operation)
        layer = KerasOperation(operation, arguments, keywords, name=self._free(node.operation.name))
        return layer(inputs if len(inputs) > 1 else inputs[0])

    def _free(self, name: str) -> str:
        """The name, with a number where another layer has it."""
        free, number = name, 1
        while free in self._names:
            number += 1
            free = f"{name}_{number}"
        self._names.add(free)
        return free


def is_graph(operation: object) -> bool:
    """Whether an operation is a model whose layers can be seen: functional or sequential, and called as such."""
    is_model = isinstance(operation, keras.Model) and type(operation).call.__module__ in GRAPH_CALLS
    return is_model and bool(getattr(operation, "inputs", None))


def is_random_change(operation: object, shape: Sequence[int | None], after: Sequence[int | None]) -> bool:
    """Whether an operation is a random change of training images, which keeps their shape."""
    kind = type(operation)
    is_of_keras = kind.__module__.startswith(f"{RANDOM_CHANGES}.")
    return is_of_keras and kind.__name__.startswith(("Rand", "Aug")) and tuple(shape) == tuple(after)


def _config(layer: keras.layers.Layer) -> dict[str, Any]:
    """The config of a layer: in the precision that Keras is set to, and with what it has learned besides weights."""
    try:
        config: dict[str, Any] = layer.get_config()
    except NotImplementedError as error:
        raise ValueError(
            f"The layer {layer.name!r} ({type(layer).__name__}) has no get_config, which is needed to copy it."
        ) from error
    if isinstance(config.get("dtype"), dict) and getattr(layer.dtype_policy, "name", "") in FOLLOWS:
        config["dtype"] = keras.config.dtype_policy().name
    if type(layer) is keras.layers.Normalization and layer.built:  # Keras keeps adapted statistics as weights
        config["mean"], config["variance"] = (np.ravel(each).tolist() for each in (layer.mean, layer.variance))
    return config


def _made(layer: keras.layers.Layer, config: dict[str, Any]) -> keras.layers.Layer:
    try:
        made: keras.layers.Layer = type(layer).from_config(config)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The layer {layer.name!r} ({type(layer).__name__}) cannot be made again from its config: {error}"
        ) from error
    return made
