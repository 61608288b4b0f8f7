"""What is to be excited: a class, or a unit of a layer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tensorflow as tf

from imgcls.explain.methods.backward_rules import Function, at_activations
from imgcls.explain.network import Network, Pass


@dataclass(frozen=True)
class Wish:
    """A class, or a unit.

    Attributes:
        class_name: The class, whose logit counts; empty for a unit.
        layer: Of the unit; empty for the last feature map.
        unit: Its number.
        center: Whether the unit's value in the middle of its map counts alone; else the mean of the map.

    Example:
        >>> str(Wish("espresso")), str(Wish(layer="stem", unit=3, center=True))
        ('espresso', 'stem, unit 3, center')
    """

    class_name: str = ""
    layer: str = ""
    unit: int = 0
    center: bool = False

    def __str__(self) -> str:
        return self.class_name or f"{self.layer}, unit {self.unit}{', center' if self.center else ''}"


def scores_of(network: Network, wishes: Sequence[Wish]) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """A function from pixels, one image a wish, to how much each wish is fulfilled, (B,).

    Its second argument is a leak: the share of a gradient that passes an activation which is flat there, so that a
    unit which is silent at the start can be woken; 0 for the gradient itself.

    Raises:
        ValueError: If there is no wish, or no such class, layer or unit.
    """
    if not wishes:
        raise ValueError("No class and no unit is given; expected at least one that is to be excited.")
    readers = [_reader(network, wish) for wish in wishes]
    keep = sorted({network.layer(wish.layer).name for wish in wishes if not wish.class_name})

    def scores(pixels: tf.Tensor, leak: tf.Tensor) -> tf.Tensor:
        rule = at_activations(lambda activation: _leaking(activation, leak)) if keep else None
        passed = network.run(pixels, keep=keep, rule=rule)
        return tf.stack([read(passed, row) for row, read in enumerate(readers)])

    return scores


def _reader(network: Network, wish: Wish) -> Callable[[Pass, int], tf.Tensor]:
    """From a pass and a row of the batch to the score."""
    if wish.class_name:
        place = network.place(wish.class_name)
        return lambda passed, row: passed.logits[row, place]
    name, unit = network.unit(wish.layer, wish.unit).name, wish.unit
    if not wish.center:
        return lambda passed, row: tf.reduce_mean(passed.maps[name][row, :, :, unit])
    height, width, _ = network.layer(name).shape
    return lambda passed, row: passed.maps[name][row, height // 2, width // 2, unit]


def _leaking(activation: Function, leak: tf.Tensor) -> Function:
    """The same values; a share of the gradient passes by."""

    def call(inputs: tf.Tensor, **keywords: object) -> tf.Tensor:
        return activation(inputs, **keywords) + leak * (inputs - tf.stop_gradient(inputs))

    return call
