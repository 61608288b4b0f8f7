"""Write the table of the operations that a TensorFlow has. It is run by that TensorFlow, and needs nothing else.

The table is a message of TensorFlow's own, `MetaGraphDef`, filled as in every SavedModel: the operations without their
documentation in `meta_info_def.stripped_op_list`, and the newest version of graphs that is read in
`graph_def.versions.producer`. It is packed with xz.

Examples:
  pip install --no-deps --target build/tensorflow-2.20 tensorflow-cpu==2.20.0
  PYTHONPATH=build/tensorflow-2.20 python imgcls/serving/compatibility/make_table.py
"""

import lzma
import sys
from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework import op_def_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow.python.client import pywrap_tf_session


def table_of_operations() -> meta_graph_pb2.MetaGraphDef:
    """The table of the TensorFlow that is running."""
    table = meta_graph_pb2.MetaGraphDef()
    table.meta_info_def.tensorflow_version = tf.__version__
    table.graph_def.versions.producer = tf.version.GRAPH_DEF_VERSION
    every = op_def_pb2.OpList.FromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    for operation in sorted(every.op, key=lambda each: each.name):
        _strip(operation)
        table.meta_info_def.stripped_op_list.op.append(operation)
    return table


def _strip(operation: op_def_pb2.OpDef) -> None:
    """Remove the documentation."""
    for part in (operation, *operation.input_arg, *operation.output_arg, *operation.attr):
        for field in ("summary", "description"):
            if field in part.DESCRIPTOR.fields_by_name:
                part.ClearField(field)


def main(folder: Path) -> None:
    """Write the table to `folder`, under the name of the version."""
    version = ".".join(tf.__version__.split(".")[:2])
    path = folder / f"tensorflow-{version}.xz"
    path.write_bytes(lzma.compress(table_of_operations().SerializeToString(deterministic=True), preset=9))
    print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
