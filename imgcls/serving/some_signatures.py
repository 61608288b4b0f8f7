"""A SavedModel with some of its signatures alone, because each takes memory when it is loaded.

TensorFlow builds an object in Python for every operation of every function, about 20 KB each. Older bundles hold the
network once for each signature: one of EfficientNet-Lite0 takes 170 MB, most of it for copies that a server does not
call.
"""

import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

from imgcls.serving.versions import MODEL

Functions = dict[str, FunctionDef]


@contextmanager
def with_some_signatures(version: Path, kept: Collection[str]) -> Iterator[Path]:
    """A folder that can be loaded in place of a SavedModel, with some of its signatures.

    Args:
        version: The folder of the SavedModel.
        kept: The names of the signatures.

    Yields:
        A folder with the smaller graph, and with links to the variables and the assets.
    """
    message = saved_model_pb2.SavedModel.FromString((version / MODEL).read_bytes())
    keep_signatures(message.meta_graphs[0], kept)
    with tempfile.TemporaryDirectory(prefix="imgcls-") as folder:
        (Path(folder) / MODEL).write_bytes(message.SerializeToString())
        for name in ("variables", "assets"):
            if (version / name).is_dir():
                os.symlink((version / name).resolve(), Path(folder) / name)
        yield Path(folder)


def keep_signatures(graph: MetaGraphDef, kept: Collection[str]) -> None:
    """Take the other signatures, and the functions that only they call, out of a graph.

    Args:
        graph: Is changed.
        kept: The names of the signatures.
    """
    nodes = graph.object_graph_def.nodes
    wanted = set()
    for node in nodes:
        if node.HasField("user_object") and node.user_object.identifier == "signature_map":
            for child in [child for child in node.children if child.local_name not in kept]:
                node.children.remove(child)
            wanted |= {nodes[child.node_id].bare_concrete_function.concrete_function_name for child in node.children}
    library: Functions = {function.signature.name: function for function in graph.graph_def.library.function}
    called = _called(wanted, library)
    for node in nodes:
        if node.HasField("bare_concrete_function") and node.bare_concrete_function.concrete_function_name not in called:
            node.user_object.SetInParent()  # an object without anything
        elif node.HasField("function"):
            node.function.concrete_functions[:] = [each for each in node.function.concrete_functions if each in called]
    for name in set(graph.object_graph_def.concrete_functions) - called:
        del graph.object_graph_def.concrete_functions[name]
    del graph.graph_def.library.function[:]
    graph.graph_def.library.function.extend(library[name] for name in sorted(called))


def _called(names: Collection[str], library: Functions) -> set[str]:
    """Functions, and all that they call."""
    found: set[str] = set()
    waiting = [name for name in names if name in library]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [each for each in _named(library[name]) if each in library]
    return found


def _named(function: FunctionDef) -> Iterator[str]:
    for node in function.node_def:
        yield node.op
        for value in node.attr.values():
            yield value.func.name
            yield from (each.name for each in value.list.func)
