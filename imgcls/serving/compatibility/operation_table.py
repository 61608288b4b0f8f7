"""The operations that a release of TensorFlow has, as `make_table.py` wrote them."""

import lzma
from dataclasses import dataclass
from functools import cache

from tensorflow.core.framework.op_def_pb2 import OpDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

from imgcls.serving.compatibility.targets import list_targets, table_path

_READ_BY = {"WebP": "DecodeWebP"}  # DecodeImage reads the format from the release on that has this operation too


@dataclass(frozen=True)
class OperationTable:
    """What a release of TensorFlow has.

    Attributes:
        version: The release, such as "2.20".
        graph_version: The newest version of graphs that it reads.
        operations: Each operation without its documentation, by name.
    """

    version: str
    graph_version: int
    operations: dict[str, OpDef]

    @property
    def unread_formats(self) -> list[str]:
        """The image formats that a bundle reads in newer releases and not in this one."""
        return [name for name, operation in _READ_BY.items() if operation not in self.operations]


@cache
def read_table(version: str) -> OperationTable:
    """Read the table of a release.

    Raises:
        ValueError: If there is none.

    Example:
        >>> sorted(set(read_table("2.20").operations) - set(read_table("2.19").operations))[0]
        'DecodeWebP'
    """
    message = MetaGraphDef.FromString(lzma.decompress(table_path(version).read_bytes()))
    operations = {operation.name: operation for operation in message.meta_info_def.stripped_op_list.op}
    return OperationTable(version, message.graph_def.versions.producer, operations)


def first_release_with(operation: str) -> str:
    """The oldest release that has an operation, or "" if none of those known here has it."""
    return next((version for version in list_targets() if operation in read_table(version).operations), "")
