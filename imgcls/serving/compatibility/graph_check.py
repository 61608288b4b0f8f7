"""The check of a SavedModel against the release of TensorFlow that is going to serve it."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.protobuf import saved_model_pb2

from imgcls.serving.compatibility.lacks import lack_of
from imgcls.serving.compatibility.operation_table import OperationTable, read_table
from imgcls.serving.compatibility.origins import Origins, nodes_of
from imgcls.serving.compatibility.targets import list_targets

_MOST_NAMED = 5


def check_saved_model(folder: Path, version: str, layers: Iterable[str] = ()) -> dict[str, object]:
    """Look every node of a SavedModel up in the table of the server's TensorFlow.

    Args:
        folder: The folder of the SavedModel.
        version: The release of TensorFlow Serving, such as "2.20".
        layers: The names of the network's layers, for the sentence.

    Returns:
        What assets/imgcls.json says of it: "version", how many different "operations" the graph has, and
        "unread_formats" of images.

    Raises:
        ValueError: If the server lacks something. The sentence says what, and which layers or steps ask for it.
    """
    message = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    graph, target = message.meta_graphs[0].graph_def, read_table(version)
    found = find_lacks(graph, target, layers)
    if found:
        named = "; ".join(f"{who} asks for {what}" for who, what in list(found)[:_MOST_NAMED])
        more = f"; and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        raise ValueError(
            f"TensorFlow Serving {version} cannot load this bundle: {named}{more}. {_advice(found, graph)}"
        )
    functions = {function.signature.name for function in graph.library.function}
    used = {node.op for _, node in nodes_of(graph)} - functions
    return {"version": version, "operations": len(used), "unread_formats": target.unread_formats}


def find_lacks(graph: GraphDef, target: OperationTable, layers: Iterable[str] = ()) -> Mapping[tuple[str, str], None]:
    """What a graph asks for and the target lacks.

    Returns:
        Who asks and for what, each once, in the order of the graph.
    """
    found: dict[tuple[str, str], None] = {}
    least = graph.versions.min_consumer
    if least > target.graph_version:
        found["the graph", f"version {least} of graphs; it reads up to {target.graph_version}"] = None
    origins, functions = Origins(graph, layers), {function.signature.name for function in graph.library.function}
    writer = read_table(_running())
    for function, node in nodes_of(graph):
        lack = "" if node.op in functions else lack_of(node, target, writer)
        if lack:
            found[origins.of(function, node.name), lack] = None
    return found


def _named(found: Mapping[tuple[str, str], None]) -> str:
    named = "; ".join(f"{who} asks for {what}" for who, what in list(found)[:_MOST_NAMED])
    return f"{named}; and {len(found) - _MOST_NAMED} more." if len(found) > _MOST_NAMED else f"{named}."


def _advice(found: Mapping[tuple[str, str], None], graph: GraphDef) -> str:
    newer = [version for version in list_targets() if not find_lacks(graph, read_table(version))]
    otherwise = f", or serve it with a newer release: --for-serving {newer[0]}" if newer else ""
    return f"Build the network without {'them' if len(found) > 1 else 'it'}{otherwise}."


def _running() -> str:
    """The release that is running, or the newest that there is a table for."""
    release = ".".join(tf.__version__.split(".")[:2])
    return release if release in list_targets() else list_targets()[-1]
