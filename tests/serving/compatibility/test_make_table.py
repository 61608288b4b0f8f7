from imgcls.serving.compatibility import make_table
from imgcls.serving.compatibility.operation_table import OperationTable, read_table


def test_the_table_of_this_tensorflow_is_the_one_in_the_package(tmp_path):
    """A TensorFlow of another version needs a table of its own, and this fails until it is made."""
    table = make_table.table_of_operations()
    version = ".".join(table.meta_info_def.tensorflow_version.split(".")[:2])
    operations = {each.name: each for each in table.meta_info_def.stripped_op_list.op}
    assert OperationTable(version, table.graph_def.versions.producer, operations) == read_table(version)
    assert "Conv2D" in operations
    assert not any(each.summary or each.description for each in operations.values())
