"""A graph of TensorFlow in plainer operations of the same meaning, which a translator to another format knows."""

import tensorflow as tf

HANDED_ON = ("EnsureShape", "IdentityN")
NOT_INLINED = ("_XlaMustCompile", "_noinline")  # Keras sets them where it convolves in groups
POWER = "power_of_two"  # a constant


def plain_graph(graph: tf.Graph) -> tf.compat.v1.GraphDef:
    """Make a graph plain.

    - Functions may be inlined, also those that Keras marks for XLA.
    - Operations that hand on what they get are left out: "IdentityN" is what a function with a gradient of its own
      leaves behind, and a translator moves no transposition past it; "EnsureShape" stands between a convolution in
      groups and its bias.
    - A number that is added to an array is an array of one number. tf2onnx 1.17 fails to move a transposition past
      another.
    - A square of maps that are one pixel high or wide, or have one channel, is a power. tf2onnx 1.17 moves a
      transposition past a product of an array with itself, keeps the shape from before, and reshapes by it.

    Args:
        graph: With its weights as constants, as `imgcls.framework_internals.graph_with_constants` makes it.

    Returns:
        The plain graph. Its inputs and outputs keep their names.
    """
    plain = graph.as_graph_def()
    for function in plain.library.function:
        _may_be_inlined(function)
        for node in function.node_def:
            _may_be_inlined(node)
    for node in plain.node:
        _may_be_inlined(node)
    _leave_out_identities(plain)
    _add_arrays_only(plain, graph)
    _squares_as_powers(plain, graph)
    return plain


def _may_be_inlined(part: tf.compat.v1.NodeDef) -> None:
    for name in NOT_INLINED:
        part.attr.pop(name, None)


def _leave_out_identities(plain: tf.compat.v1.GraphDef) -> None:
    sources: dict[str, str] = {}
    for node in plain.node:
        if node.op in HANDED_ON:
            sources |= {f"{node.name}:{place}" if place else node.name: name for place, name in enumerate(node.input)}
    for node in plain.node:
        for place, name in enumerate(node.input):
            while name in sources:
                name = sources[name]
            node.input[place] = name
    kept = [node for node in plain.node if node.op not in HANDED_ON]
    del plain.node[:]
    plain.node.extend(kept)


def _add_arrays_only(plain: tf.compat.v1.GraphDef, graph: tf.Graph) -> None:
    numbers = {
        node.name: node
        for node in plain.node
        if node.op == "Const" and graph.get_operation_by_name(node.name).outputs[0].shape.rank == 0
    }
    for node in list(plain.node):
        rank = graph.get_operation_by_name(node.name).outputs[0].shape.rank if node.op == "AddV2" else 0
        for place, name in enumerate(node.input if rank else ()):
            if name in numbers:
                node.input[place] = _array_of(numbers[name], plain)


def _array_of(number: tf.compat.v1.NodeDef, plain: tf.compat.v1.GraphDef) -> str:
    """Put an array of one number beside a number; returns its name."""
    name = f"{number.name}/as_array"
    if all(node.name != name for node in plain.node):
        array = plain.node.add()
        array.CopyFrom(number)
        array.name = name
        values = tf.make_ndarray(number.attr["value"].tensor).reshape(1)
        array.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values))
        array.attr.pop("_output_shapes", None)
    return name


def _squares_as_powers(plain: tf.compat.v1.GraphDef, graph: tf.Graph) -> None:
    for node in list(plain.node):
        if not _is_square(node):
            continue
        shape = graph.get_operation_by_name(node.name).outputs[0].shape
        if shape.rank == 4 and 1 in shape[1:].as_list() and node.attr["T"].type == tf.float32.as_datatype_enum:
            node.op = "Pow"
            node.input[:] = [node.input[0], _two(plain)]


def _is_square(node: tf.compat.v1.NodeDef) -> bool:
    return bool(node.op == "Square" or (node.op == "Mul" and node.input[0] == node.input[1]))


def _two(plain: tf.compat.v1.GraphDef) -> str:
    """Put the number 2 into a graph that has none; returns its name."""
    if all(node.name != POWER for node in plain.node):
        two = plain.node.add(name=POWER, op="Const")
        two.attr["dtype"].type = tf.float32.as_datatype_enum
        two.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(2.0, tf.float32))
    return POWER
