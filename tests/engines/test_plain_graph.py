"""A graph in plain operations computes what the graph computes."""

import numpy as np
import tensorflow as tf

from imgcls.engines.plain_graph import plain_graph
from imgcls.framework_internals import function_with_constants


@tf.custom_gradient
def doubled(x):
    return 2 * x, lambda gradient: gradient


@tf.function(jit_compile=True)
def compiled(x):
    return x * x


def test_it_has_no_functions_that_cannot_be_inlined_and_no_identities():
    function = tf.function(
        lambda x: {"y": compiled(doubled(x) + 3.0)}, input_signature=[tf.TensorSpec((None, 4), tf.float32, "x")]
    )
    constant = function_with_constants(function)
    plain = plain_graph(constant.graph)
    assert "IdentityN" not in {node.op for node in plain.node}
    assert not any("_XlaMustCompile" in node.attr for node in plain.node)
    shapes = {node.name: node.attr["value"].tensor.tensor_shape for node in plain.node if node.op == "Const"}
    added = [shapes[name] for node in plain.node if node.op == "AddV2" for name in node.input if name in shapes]
    assert [len(shape.dim) for shape in added] == [1]
    values = np.arange(8, dtype=np.float32).reshape(2, 4)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(plain, name="")
        found = session.run(constant.outputs[0].name, {constant.inputs[0].name: values})
    np.testing.assert_allclose(found, (2 * values + 3) ** 2)
