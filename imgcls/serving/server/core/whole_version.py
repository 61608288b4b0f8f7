"""Whether a version that lies in the folder of a model is whole, or still being copied."""

from pathlib import Path

from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

from imgcls.serving.versions import MODEL

VARIABLES = Path("variables")
INDEX = VARIABLES / "variables.index"

Files = frozenset[tuple[str, int, int]]


def files_of(version: Path) -> Files:
    """The files of a version, each with its size and the time of its last change in nanoseconds.

    Two looks that see the same found nothing that was written between them.
    """
    found = [(path, path.stat()) for path in version.rglob("*") if path.is_file()]
    return frozenset((str(path.relative_to(version)), stat.st_size, stat.st_mtime_ns) for path, stat in found)


def what_is_missing(version: Path) -> str:
    """Name the first file that a SavedModel speaks of and that is not there.

    Args:
        version: The folder of the version.

    Returns:
        Its path in the folder; "" if all are there. What a damaged graph speaks of is unknown, so that nothing is
        missing: loading it says what is wrong.
    """
    if not (version / MODEL).is_file():
        return MODEL
    try:
        graph = saved_model_pb2.SavedModel.FromString((version / MODEL).read_bytes()).meta_graphs[0]
    except (DecodeError, IndexError):
        return ""
    wanted = [*(Path("assets") / asset.filename for asset in graph.asset_file_def), *_variables(version, graph)]
    return next((str(path) for path in wanted if not (version / path).is_file()), "")


def _variables(version: Path, graph: MetaGraphDef) -> list[Path]:
    """The index of the variables and its shards, where the graph has variables."""
    nodes = graph.object_graph_def.nodes
    if not any(node.HasField("variable") for node in nodes) and "variables" not in graph.collection_def:
        return []
    shards = sorted((version / VARIABLES).glob("variables.data-*-of-*"))
    count = int(shards[0].name.rpartition("-of-")[2]) if shards else 1
    return [INDEX, *(VARIABLES / f"variables.data-{place:05d}-of-{count:05d}" for place in range(count))]
