import numpy as np
import pytest

from imgcls.layers import HighwayGate

SHAPE = (2, 6, 6, 4)
TRANSFORMED, CARRIED = np.random.default_rng(0).normal(size=(2, *SHAPE)).astype("float32")


def test_a_new_gate_lets_its_bias_through():
    outputs = HighwayGate(gate_bias=-2.0, kernel_initializer="zeros")([TRANSFORMED, CARRIED])
    gate = 1 / (1 + np.exp(2.0))
    np.testing.assert_allclose(outputs, gate * TRANSFORMED + (1 - gate) * CARRIED, rtol=1e-4, atol=1e-6)


def test_the_gate_sees_the_carried_input_only():
    layer = HighwayGate(kernel_size=1)
    layer([TRANSFORMED, CARRIED])
    kernel, bias = layer.get_weights()
    gate = 1 / (1 + np.exp(-(CARRIED @ kernel[0, 0] + bias)))
    expected = gate * TRANSFORMED + (1 - gate) * CARRIED
    np.testing.assert_allclose(layer([TRANSFORMED, CARRIED]), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("gate_bias", "expected"), [(40.0, TRANSFORMED), (-40.0, CARRIED)])
def test_an_open_gate_transforms_and_a_closed_one_carries(gate_bias, expected):
    layer = HighwayGate(gate_bias=gate_bias, kernel_initializer="zeros")
    np.testing.assert_allclose(layer([TRANSFORMED, CARRIED]), expected, atol=1e-6)


def test_with_two_open_gates_it_is_the_addition_of_a_residual_network():
    layer = HighwayGate(coupled=False, kernel_initializer="zeros")
    layer([TRANSFORMED, CARRIED])
    layer.transform_gate.bias.assign(np.full(4, 40.0))
    layer.carry_gate.bias.assign(np.full(4, 40.0))
    np.testing.assert_allclose(layer([TRANSFORMED, CARRIED]), TRANSFORMED + CARRIED, atol=1e-6)


def test_two_gates_begin_by_carrying():
    layer = HighwayGate(coupled=False, gate_bias=-4.0, kernel_initializer="zeros")
    np.testing.assert_allclose(
        layer([TRANSFORMED, CARRIED]), (TRANSFORMED + np.exp(4.0) * CARRIED) / (1 + np.exp(4.0)), rtol=1e-4, atol=1e-6
    )


def test_inputs_of_different_shape_are_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 6, 6, 4\), the carried \(2, 6, 6, 3\)"):
        HighwayGate()([TRANSFORMED, CARRIED[..., :3]])
