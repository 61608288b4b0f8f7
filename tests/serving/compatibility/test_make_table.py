import lzma
import subprocess
import sys

from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

from imgcls.serving.compatibility import make_table
from imgcls.serving.compatibility.targets import table_path


def operations(path) -> tuple[int, dict[str, object]]:
    table = MetaGraphDef.FromString(lzma.decompress(path.read_bytes()))
    return table.graph_def.versions.producer, {each.name: each for each in table.meta_info_def.stripped_op_list.op}


def test_the_table_of_this_tensorflow_is_the_one_in_the_package(tmp_path):
    """A TensorFlow of another version needs a table of its own, and this fails until it is made.

    In a process of its own, because other packages add operations to the TensorFlow that they find.
    """
    code = "import sys, runpy; sys.modules['keras'] = None; runpy.run_path(sys.argv.pop(1), run_name='__main__')"
    line = [sys.executable, "-c", code, make_table.__file__, tmp_path]
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (made,) = tmp_path.iterdir()
    version, found = operations(made)
    assert (version, found) == operations(table_path(made.stem.removeprefix("tensorflow-")))
    assert "Conv2D" in found
    assert not any(each.summary or each.description for each in found.values())
