import keras
import numpy as np
import pytest
import tensorflow as tf

from imgcls.explain.methods import backward_rules
from imgcls.explain.methods.backward_rules import at_activations
from imgcls.layers import by_name


def passed_back(rule, layer, values, upstream):
    """What a layer gives, and what goes back through it, under a rule."""
    inputs = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = rule(layer)(inputs)
    return outputs.numpy().tolist(), tape.gradient(outputs, inputs, tf.constant(upstream)).numpy().tolist()


def test_each_rule_passes_back_what_its_paper_says():
    """The four cases of figure 1 of Springenberg et al.: sign on the way forward, sign on the way back."""
    relu, values, upstream = keras.layers.ReLU(), [[2.0, 2.0, -2.0, -2.0]], [[3.0, -3.0, 3.0, -3.0]]
    assert passed_back(lambda layer: layer, relu, values, upstream)[1] == [[3.0, -3.0, 0.0, 0.0]]
    assert passed_back(at_activations(backward_rules.guided), relu, values, upstream)[1] == [[3.0, 0.0, 0.0, 0.0]]
    assert passed_back(at_activations(backward_rules.deconvnet), relu, values, upstream)[1] == [[3.0, 0.0, 3.0, 0.0]]


@pytest.mark.parametrize("name", sorted(set(by_name.ACTIVATIONS) - {"linear"}))
@pytest.mark.parametrize("backward", [backward_rules.guided, backward_rules.deconvnet])
def test_every_activation_of_a_network_is_reached_and_computes_what_it_did(name, backward):
    layer, values = by_name.activation(name), np.linspace(-3, 3, 8, dtype=np.float32)[None]
    outputs, gradients = passed_back(at_activations(backward), layer, values, np.full_like(values, -1.0))
    assert outputs == layer(values).numpy().tolist()
    assert not np.any(gradients)  # nothing below zero passes


@pytest.mark.parametrize("backward", [backward_rules.guided, backward_rules.deconvnet])
def test_an_activation_inside_of_a_layer_and_one_made_by_a_function_are_reached_too(backward):
    symbolic = keras.Input((4,))
    function = keras.ops.relu(symbolic)._keras_history.operation
    dense = keras.layers.Dense(4, activation="relu", kernel_initializer="identity")
    for layer in (function, dense):
        outputs, gradients = passed_back(at_activations(backward), layer, [[1.0, 2.0, -1.0, 3.0]], [[-1.0] * 4])
        assert outputs == [[1.0, 2.0, 0.0, 3.0]]
        assert gradients == [[0.0] * 4]
    assert dense.activation is keras.activations.relu  # the layer is as it was


def test_a_layer_without_activation_stays_as_it_is():
    rule = at_activations(backward_rules.guided)
    for layer in (keras.layers.Dense(2), keras.layers.MaxPooling2D(), by_name.activation("linear")):
        assert rule(layer) is layer
