import math
from types import SimpleNamespace

import pytest

from imgcls.models.cost import LayerCost, NetworkCost, describe
from imgcls.workflow.benchmark.measured_network import with_network
from tests.workflow.benchmark.measured import PLAIN

KNOWN = describe("lenet5")
UNKNOWN = LayerCost("encoder", "HierarchicalTransformerEncoder", (28, 28, 6), 0, None, None)


def facts_of(cost):
    """A row of a network of this cost."""
    model = SimpleNamespace(input_shape=(None, *cost.input_shape))
    return with_network(PLAIN, SimpleNamespace(cost=cost, weights="none", why="", model=model))


def test_the_macs_of_a_network_are_those_of_the_formulas():
    assert facts_of(KNOWN).macs == pytest.approx(KNOWN.macs)


def test_the_macs_of_a_network_with_a_layer_that_the_formulas_do_not_know_are_unknown():
    assert math.isnan(facts_of(NetworkCost("mine", KNOWN.input_shape, [*KNOWN.layers, UNKNOWN])).macs)
