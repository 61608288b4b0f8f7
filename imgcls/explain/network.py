"""A classifier taken apart: every feature map can be read, watched and changed on the way from pixels to scores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import keras
import tensorflow as tf

from imgcls.framework_internals import graph_nodes
from imgcls.models.auxiliary import without_auxiliary_heads
from imgcls.models.classifier import class_names, in_channels_last, is_multi_label, preprocessing
from imgcls.models.feature_maps import FeatureMap, feature_maps, last_feature_map
from imgcls.models.recursion import deep_networks
from imgcls.nearest_name import did_you_mean

Change = Callable[[tf.Tensor], tf.Tensor]
Rule = Callable[[Any], Callable[..., tf.Tensor]]  # from a layer to what computes in its place


@dataclass(frozen=True)
class Pass:
    """What one pass through a network gave.

    Attributes:
        logits: (B, K), the scores before the softmax.
        embedding: (B, D).
        maps: The outputs of the layers that were asked for, by name; feature maps are (B, h, w, C), and so are the
            patch tokens of a vision transformer.
    """

    logits: tf.Tensor
    embedding: tf.Tensor
    maps: dict[str, tf.Tensor] = field(default_factory=dict)


class Network:
    """A classifier that is explained, always channels_last and in float32, whatever it was trained in.

    Args:
        model: A classifier, as `build_model` and `load_model` give it.

    Attributes:
        model: The same in channels_last and float32, without auxiliary heads.
        name: Of the architecture.
        class_names: The names of the K classes, in order.
        is_multi_label: Whether an image has any number of them.
        size: Height and width of the pixels that it takes.
        channels: Of the pixels, 1 or 3.
        preprocessing: Fields of `imgcls.data.images.preprocessing.Preprocessing`.
        maps: Its feature maps, in the order in which they are computed.

    Example:
        >>> from imgcls.models import build_model
        >>> network = Network(build_model("lenet5", class_names=["cat", "dog"]))
        >>> network.layer("").shape
        (10, 10, 16)
    """

    @deep_networks()
    def __init__(self, model: keras.Model) -> None:
        self.model = _in_float32(in_channels_last(without_auxiliary_heads(model)))
        self.name = str(model.name)
        self.class_names = class_names(self.model)
        self.is_multi_label = is_multi_label(self.model)
        self.size: tuple[int, int] = tuple(self.model.input_shape[1:3])
        self.channels = int(self.model.input_shape[3])
        self.preprocessing = preprocessing(self.model)
        self.maps = feature_maps(self.model)
        self._grids = {each.name: each.shape[:2] for each in self.maps if each.prefix is not None}
        ends = [self.model.get_layer(name).output for name in ("logits", "embedding")]
        self._part = keras.Model(self.model.input, ends)
        self._nodes = [node for node in graph_nodes(self._part) if node.input_tensors]

    @cached_property
    def last_map(self) -> FeatureMap | None:
        """The map that class activation maps are made of; None for a network without feature maps."""
        return last_feature_map(self.model)

    def layer(self, name: str = "") -> FeatureMap:
        """The feature map of a layer.

        Args:
            name: Of the layer; empty for the last one before height and width are gone.

        Raises:
            ValueError: If there is no such layer, with the nearest name; if the network has no feature map at all.
        """
        if not name and self.last_map:
            return self.last_map
        if not self.maps or not name:
            raise ValueError(
                f"{self.name} has no feature map with height and width, so there is no layer to look into. Methods on "
                "pixels work for it: saliency, gradient_x_input, smoothgrad, integrated_gradients, occlusion, rise."
            )
        for each in self.maps:
            if each.name == name:
                return each
        hint = did_you_mean(name, [each.name for each in self.maps], cutoff=0.4)
        raise ValueError(
            f"{self.name} has no layer {name!r} with a feature map.{hint} It has {len(self.maps)}, from "
            f"{self.maps[0].name} to {self.maps[-1].name}; python -m imgcls.explain RUN --show layers lists them."
        )

    def unit(self, layer: str, unit: int) -> FeatureMap:
        """The feature map of a layer that has this unit (channel).

        Raises:
            ValueError: If there is no such layer, or no such unit.
        """
        found = self.layer(layer)
        if not 0 <= unit < found.units:
            raise ValueError(f"{found.name} has no unit {unit}; it has {found.units}, from 0 to {found.units - 1}.")
        return found

    def place(self, class_name: str) -> int:
        """The place of a class among the outputs.

        Raises:
            ValueError: If the network does not know it, with the nearest name.
        """
        if class_name in self.class_names:
            return self.class_names.index(class_name)
        hint = did_you_mean(class_name, self.class_names, cutoff=0.4)
        known = ", ".join(self.class_names[:10]) + (", ..." if len(self.class_names) > 10 else "")
        raise ValueError(f"{self.name} knows no class {class_name!r}.{hint} It knows: {known}.")

    def run(
        self,
        pixels: tf.Tensor,
        keep: Sequence[str] = (),
        change: Mapping[str, Change] | None = None,
        rule: Rule | None = None,
    ) -> Pass:
        """Compute the network.

        Gradients are those of the tape around it. `tape.watch` as a change of a layer makes that layer's output a
        source of gradients; then only what follows it is recorded.

        Args:
            pixels: (B, H, W, C), float32 in [0, 255].
            keep: Names of layers whose outputs are returned.
            change: By the name of a layer, a function that is given its output and returns what goes on in its place.
            rule: Gives, for a layer, what is computed in its place; the layer itself for those that stay as they are.
        """
        wanted, change = {*keep, "logits", "embedding"}, change or {}
        tensors: dict[int, tf.Tensor] = {id(self._part.inputs[0]): pixels}
        found: dict[str, tf.Tensor] = {}
        for node in self._nodes:
            operation = node.operation
            arguments, keywords = node.arguments.fill_in(tensors)
            output = (rule(operation) if rule else operation)(*arguments, **keywords)
            if operation.name in {*change, *wanted} and operation.name not in found:
                output, kept = self._taken(operation.name, output, change.get(operation.name))
                if operation.name in wanted:
                    found[operation.name] = kept
            for symbolic, tensor in zip(node.outputs, tf.nest.flatten(output), strict=True):
                tensors[id(symbolic)] = tensor
        return Pass(found["logits"], found["embedding"], {name: found[name] for name in keep})

    def _taken(self, name: str, output: tf.Tensor, change: Change | None) -> tuple[tf.Tensor, tf.Tensor]:
        """What goes on from a layer, and the map of it that is kept; tokens become a map for the change."""
        grid = self._grids.get(name)
        if grid is None:
            output = change(output) if change else output
            return output, output
        prefix, tokens = output.shape[1] - grid[0] * grid[1], output.shape[1:]
        maps = tf.reshape(output[:, prefix:], (-1, *grid, tokens[1]))
        if change is None:
            return output, maps
        maps = change(maps)
        patches = tf.reshape(maps, (-1, tokens[0] - prefix, tokens[1]))
        return tf.concat([output[:, :prefix], patches], axis=1), maps

    def probabilities(self, logits: tf.Tensor) -> tf.Tensor:
        """(B, K), as the classifier gives them: temperature included, sigmoid with several labels an image."""
        return self.model.get_layer("probabilities")(logits)


def watched(tape: tf.GradientTape) -> Change:
    """A change for `Network.run` that changes nothing and makes the output a source of the tape's gradients."""

    def watch(tensor: tf.Tensor) -> tf.Tensor:
        tensor = tf.identity(tensor)
        tape.watch(tensor)
        return tensor

    return watch


def _in_float32(model: keras.Model) -> keras.Model:
    """The same weights, computed in float32; the same model if it is so already."""
    if all(layer.compute_dtype == "float32" for layer in model.layers):
        return model

    def exact(layer: keras.layers.Layer) -> keras.layers.Layer:
        return type(layer).from_config({**layer.get_config(), "dtype": "float32"})

    twin = keras.models.clone_model(model, clone_function=exact)
    twin.set_weights(model.get_weights())
    return twin
