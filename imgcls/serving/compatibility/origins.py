"""Which layer, or which step of a signature, a node of a SavedModel belongs to."""

import re
from collections.abc import Iterable

from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

_FUNCTION = re.compile(r"__(inference|forward)_(signature_wrapper_)?(?P<name>.+?)(_\d+)*$")


class Origins:
    """Finds the layers by the names of nodes, which Keras gives the name of their layer.

    A loop or a step of tf.data has a function of its own; its layer is found by the node that calls the function.

    Args:
        graph: The graph with its functions.
        layers: The names of the network's layers.
    """

    def __init__(self, graph: GraphDef, layers: Iterable[str]) -> None:
        self._layers = set(layers)
        self._callers: dict[str, tuple[str, str]] = {}  # function: the function and the node that call it
        for function, node in nodes_of(graph):
            for called in _called(node):
                self._callers.setdefault(called, (function, node.name))

    def of(self, function: str, node: str) -> str:
        """Say where a node stands, as "the layer 'conv2d'" or "the step 'read'".

        Args:
            function: The name of its function; "" for the graph itself.
            node: The name of the node.
        """
        step, seen = "", set()
        while function not in seen:
            seen.add(function)
            layer = self._layer(node)
            if layer:
                return f"the layer {layer!r}"
            step = step or _step(function)
            function, node = self._callers.get(function, (function, node))
        return f"the step {step!r}" if step else "the graph"

    def _layer(self, node: str) -> str:
        """The innermost layer in a name such as "network/block_1/odd_2/Mul"; a layer used twice gets a number."""
        for part in reversed(node.split("/")):
            for name in (part, re.sub(r"_\d+$", "", part)):
                if name in self._layers:
                    return name
        return ""


def nodes_of(graph: GraphDef) -> list[tuple[str, NodeDef]]:
    """Every node with the name of its function; "" for the graph itself."""
    functions = [(function.signature.name, node) for function in graph.library.function for node in function.node_def]
    return [("", node) for node in graph.node] + functions


def _called(node: NodeDef) -> list[str]:
    values: list[AttrValue] = list(node.attr.values())
    several = [each.name for value in values for each in value.list.func]
    return [node.op, *(value.func.name for value in values if value.func.name), *several]


def _step(function: str) -> str:
    found = _FUNCTION.fullmatch(function)
    return found["name"] if found else ""
