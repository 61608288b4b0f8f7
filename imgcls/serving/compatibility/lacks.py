"""What a node of a graph asks for and a release of TensorFlow lacks."""

from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.op_def_pb2 import OpDef
from tensorflow.core.framework.types_pb2 import DataType

from imgcls.serving.compatibility.operation_table import OperationTable, first_release_with

_PYTHON = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}  # every release has them; a server has no Python


def lack_of(node: NodeDef, target: OperationTable, writer: OperationTable) -> str:
    """Say what a node asks for and the target lacks, as "the operation X (...)"; "" if it lacks nothing.

    Args:
        node: A node that is no call of a function of the graph.
        target: What the server has.
        writer: What the release has that wrote the graph. It left out the attributes that have its own defaults.
    """
    if node.op in _PYTHON:
        return "a Python function (py_function or numpy_function), which no server runs"
    if node.op not in target.operations:
        first = first_release_with(node.op)
        since = f"TensorFlow has it since {first}" if first else "a custom operation, which no server has"
        return f"the operation {node.op} ({since})"
    expected, known = target.operations[node.op], writer.operations.get(node.op)
    if known is not None and _arity(known) != _arity(expected):
        return f"the operation {node.op} with other inputs or outputs"
    return next(filter(None, (_unfit(node, name, expected) for name in sorted(node.attr))), "") or _other_default(
        node, expected, known
    )


def _arity(operation: OpDef) -> tuple[int, int]:
    return len(operation.input_arg), len(operation.output_arg)


def _unfit(node: NodeDef, name: str, expected: OpDef) -> str:
    """Whether an attribute is unknown, or has a type that is not allowed; those that begin with "_" are notes."""
    if name.startswith("_"):
        return ""
    attribute = next((each for each in expected.attr if each.name == name), None)
    if attribute is None:
        return f"the operation {node.op} with the attribute {name} = {_shown(node.attr[name])}"
    allowed = attribute.allowed_values.list
    wanted = node.attr[name]
    unfit_type = allowed.type and wanted.type and wanted.type not in allowed.type
    unfit_text = allowed.s and wanted.s and wanted.s not in allowed.s
    return f"the operation {node.op} for {name} = {_shown(wanted)}" if unfit_type or unfit_text else ""


def _other_default(node: NodeDef, expected: OpDef, known: OpDef | None) -> str:
    """Whether an attribute was left out that the target fills in otherwise, or cannot fill in."""
    meant = {} if known is None else {each.name: each.default_value for each in known.attr}
    for each in expected.attr:
        if each.name not in node.attr and meant.get(each.name) != each.default_value:
            return f"the operation {node.op} with another default of {each.name}"
    return ""


def _shown(value: AttrValue) -> str:
    if value.WhichOneof("value") == "type":
        return str(DataType.Name(value.type)).removeprefix("DT_").lower()
    return str(value).strip().replace("\n", " ")
